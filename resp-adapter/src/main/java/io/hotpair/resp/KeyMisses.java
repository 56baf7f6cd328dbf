package io.hotpair.resp;

import io.hotpair.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Which keys a command looks for to read them, and which of those it does not find. */
final class KeyMisses {
    /** Redis says nothing of the keys that these look for. */
    private static final Set<String> SILENT =
            Set.of(
                    "object|encoding",
                    "object|freq",
                    "object|idletime",
                    "object|refcount",
                    "memory|usage",
                    "watch");

    /** Those that write and read their key first. */
    private static final Set<String> READ_FIRST =
            Set.of(
                    "getset",
                    "getdel",
                    "getex",
                    "migrate",
                    "pfmerge",
                    "xack",
                    "xackdel",
                    "xclaim",
                    "xautoclaim");

    /** Those that do so if an option says so, and else look at no key before they write it. */
    private static final Set<String> READ_BY_OPTION = Set.of("set", "bitfield");

    /** Those that read and write in one step, of whose reads the keyspace counts nothing. */
    private static final Set<String> IN_ONE_STEP =
            Set.of(
                    "sort",
                    "sort_ro",
                    "copy",
                    "bitop",
                    "sinterstore",
                    "sunionstore",
                    "sdiffstore",
                    "zinterstore",
                    "zunionstore",
                    "zdiffstore",
                    "zrangestore",
                    "pfmerge",
                    "xack",
                    "xackdel",
                    "xclaim",
                    "xautoclaim");

    private KeyMisses() {}

    /** Whether there are keys that a command looks for to read them. */
    static boolean reads(Command command) {
        return command.has(Command.Flag.READONLY)
                || READ_FIRST.contains(command.name())
                || READ_BY_OPTION.contains(command.name())
                || command.keys().stream().anyMatch(spec -> spec.access().contains("RO"));
    }

    /** Whether {@link #look} is to come before it. */
    static boolean readsInOneStep(Command command) {
        return IN_ONE_STEP.contains(command.name());
    }

    /** Looks for the keys that a command reads, as nothing else counts that. */
    static void look(Command command, Request request, Client client) {
        for (byte[] key : readKeys(command, request)) {
            long unused = client.session().deadlineMs(key, 0, key.length);
        }
    }

    static List<byte[]> before(Command command, Request request, Client client) {
        if (SILENT.contains(command.fullName()) || command.keys().isEmpty()) {
            return List.of();
        }
        List<byte[]> missing = readKeys(command, request);
        missing.removeIf(
                key -> client.unnoticed().deadlineMs(key, 0, key.length) != Session.ABSENT);
        if (command.name().equals("xread")) {
            // Looked for once to know the type, and again to read.
            missing.addAll(List.copyOf(missing));
        }
        return missing;
    }

    private static List<byte[]> readKeys(Command command, Request request) {
        boolean all =
                command.has(Command.Flag.READONLY)
                        || READ_FIRST.contains(command.name())
                        || readsBeforeItSets(command, request);
        List<byte[]> keys = new ArrayList<>();
        if (command.name().equals("pfmerge") && request.count() == 2) {
            // Without a source there is no range of keys.
            keys.add(request.copy(1));
        }
        for (KeySpec.Found found : KeySpec.find(command.keys(), request, 0)) {
            if (all || found.spec().access().contains("RO")) {
                keys.add(request.copy(found.argument()));
            }
        }
        return keys;
    }

    private static boolean readsBeforeItSets(Command command, Request request) {
        if (command.name().equals("set")) {
            return KeyEventRules.setHas(request, "GET");
        }
        return command.name().equals("bitfield") && !KeyEventRules.has(request, 2, "SET", "INCRBY");
    }
}
