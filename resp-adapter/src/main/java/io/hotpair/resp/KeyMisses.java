package io.hotpair.resp;

import io.hotpair.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Which keys a command looks for to read them, and does not find. */
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
                    "xclaim",
                    "xautoclaim");

    private KeyMisses() {}

    static List<byte[]> before(Command command, Request request, Client client) {
        if (SILENT.contains(command.fullName()) || command.keys().isEmpty()) {
            return List.of();
        }
        boolean all =
                command.has(Command.Flag.READONLY)
                        || READ_FIRST.contains(command.name())
                        || readsBeforeItSets(command, request);
        List<byte[]> missing = new ArrayList<>();
        if (command.name().equals("pfmerge") && request.count() == 2) {
            // Without a source there is no range of keys.
            addIfMissing(request.copy(1), client, missing);
        }
        for (KeySpec.Found found : KeySpec.find(command.keys(), request, 0)) {
            if (all || found.spec().access().contains("RO")) {
                addIfMissing(request.copy(found.argument()), client, missing);
            }
        }
        if (command.name().equals("xread")) {
            // Looked for once to know the type, and again to read.
            missing.addAll(List.copyOf(missing));
        }
        return missing;
    }

    private static void addIfMissing(byte[] key, Client client, List<byte[]> missing) {
        if (client.session().deadlineMs(key, 0, key.length) == Session.ABSENT) {
            missing.add(key);
        }
    }

    private static boolean readsBeforeItSets(Command command, Request request) {
        if (command.name().equals("set")) {
            return KeyEventRules.setHas(request, "GET");
        }
        return command.name().equals("bitfield") && !KeyEventRules.has(request, 2, "SET", "INCRBY");
    }
}
