package io.hotpair.resp;

import io.hotpair.resp.Command.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Commands, with the keys and the channels that they may be executed on. Text stands for bytes, a
 * character for each. Changed while a user is being defined, then only read, by any thread.
 */
final class AclSelector {
    /** The answer of a check: allowed. Others are a reason, and in the lower half an argument. */
    static final long OK = 0;

    private static final int REASON_SHIFT = 32;

    /** Why a command is refused, the graver the later. */
    enum Denial {
        COMMAND(1),
        KEY(2),
        CHANNEL(3),
        AUTH(4);

        private final long gravity;

        Denial(int gravity) {
            this.gravity = gravity;
        }

        long at(int argument) {
            return gravity << REASON_SHIFT | argument;
        }

        static Denial of(long verdict) {
            return switch ((int) (verdict >> REASON_SHIFT)) {
                case 1 -> COMMAND;
                case 2 -> KEY;
                case 3 -> CHANNEL;
                default -> AUTH;
            };
        }

        static int argument(long verdict) {
            return (int) verdict;
        }
    }

    /**
     * Keys that may be read, written, or both.
     *
     * @param access of {@link KeySpec#READ} and {@link KeySpec#WRITE}
     */
    private record KeyRule(GlobPattern pattern, String text, int access) {
        boolean allows(Request request, int key, int wanted) {
            return (access & wanted) == wanted && matches(pattern, request, key);
        }

        @Override
        public String toString() {
            return switch (access) {
                case KeySpec.READ -> "%R~" + text;
                case KeySpec.WRITE -> "%W~" + text;
                default -> "~" + text;
            };
        }
    }

    /** Channels, or a pattern word by word. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared as records.
    private record ChannelRule(GlobPattern pattern, String text, byte[] bytes) {
        boolean allows(Request request, int channel, boolean isPattern) {
            return isPattern ? request.isSame(channel, bytes) : matches(pattern, request, channel);
        }

        @Override
        public String toString() {
            return "&" + text;
        }
    }

    private static boolean matches(GlobPattern pattern, Request request, int argument) {
        int length = request.length(argument);
        return length == 0
                ? pattern.isEmpty()
                : pattern.matches(request.bytes(), request.offset(argument), length);
    }

    private final AclCommandRules commands;
    private final List<KeyRule> keys = new ArrayList<>(1);
    private final List<ChannelRule> channels = new ArrayList<>(1);
    private boolean allKeys;
    private boolean allChannels;

    /** One that allows nothing, but channels if that is the default. */
    AclSelector(AclCatalog catalog, boolean allChannels) {
        this(new AclCommandRules(catalog));
        this.allChannels = allChannels;
    }

    private AclSelector(AclCommandRules commands) {
        this.commands = commands;
    }

    AclSelector copy() {
        AclSelector copy = new AclSelector(commands.copy());
        copy.keys.addAll(keys);
        copy.channels.addAll(channels);
        copy.allKeys = allKeys;
        copy.allChannels = allChannels;
        return copy;
    }

    /** Whether nothing is forbidden. */
    boolean isUnrestricted() {
        return commands.isAll() && allKeys && allChannels;
    }

    boolean hasAllChannels() {
        return allChannels;
    }

    // ---- checks

    /**
     * Whether a command that begins somewhere in a request may be executed.
     *
     * @return {@link #OK}, or why not
     */
    long check(Command command, Request request, int from) {
        if (!command.has(Command.Flag.NO_AUTH) && !commands.allows(command, request, from)) {
            return Denial.COMMAND.at(from);
        }
        long verdict = allKeys ? OK : checkKeys(command, request, from);
        if (verdict == OK && !allChannels && command.channels() != Channels.NONE) {
            verdict = checkChannels(command.channels(), request, from);
        }
        return verdict;
    }

    private long checkKeys(Command command, Request request, int from) {
        List<KeySpec> specs = command.keys();
        // With arguments that make no sense there are no keys; the command will refuse them.
        if (specs.isEmpty() || !KeySpec.areValid(specs, request, from)) {
            return OK;
        }
        for (int i = 0; i < specs.size(); i++) {
            KeySpec spec = specs.get(i);
            long keys = spec.locate(request, from);
            if (KeySpec.isSome(keys)) {
                int wanted = command.access(spec, request, from);
                int last = KeySpec.last(keys);
                for (int key = KeySpec.first(keys); key <= last; key += spec.step()) {
                    if (!allowsKey(request, key, wanted)) {
                        return Denial.KEY.at(key);
                    }
                }
            }
        }
        return OK;
    }

    private boolean allowsKey(Request request, int key, int wanted) {
        for (int i = 0; i < keys.size(); i++) {
            if (keys.get(i).allows(request, key, wanted)) {
                return true;
            }
        }
        return false;
    }

    private long checkChannels(Channels which, Request request, int from) {
        int last = which == Channels.PUBLISHED ? from + 1 : request.count() - 1;
        for (int i = from + 1; i <= last; i++) {
            if (!allowsChannel(request, i, which == Channels.PATTERNS)) {
                return Denial.CHANNEL.at(i);
            }
        }
        return OK;
    }

    private boolean allowsChannel(Request request, int channel, boolean isPattern) {
        for (int i = 0; i < channels.size(); i++) {
            if (channels.get(i).allows(request, channel, isPattern)) {
                return true;
            }
        }
        return false;
    }

    /** Whether all keys may be read, whatever their names. */
    boolean readsAllKeys() {
        return allKeys
                || keys.stream()
                        .anyMatch(
                                key ->
                                        (key.access() & KeySpec.READ) != 0
                                                && key.text().equals("*"));
    }

    /** Whether a subscription may stay. */
    boolean keepsSubscription(Topic.Kind kind, byte[] name) {
        if (allChannels) {
            return true;
        }
        for (ChannelRule rule : channels) {
            boolean same =
                    kind == Topic.Kind.PATTERN
                            ? Arrays.equals(rule.bytes(), name)
                            : Topic.matches(rule.pattern(), name);
            if (same) {
                return true;
            }
        }
        return false;
    }

    List<String> channelTexts() {
        return channels.stream().map(ChannelRule::text).toList();
    }

    // ---- changes

    /** Applies a rule. */
    void apply(String rule) {
        switch (AclUser.lower(rule)) {
            case "allkeys", "~*" -> keys(true);
            case "resetkeys" -> keys(false);
            case "allchannels", "&*" -> channels(true);
            case "resetchannels" -> channels(false);
            case "allcommands", "+@all" -> commands.allowAll();
            case "nocommands", "-@all" -> commands.denyAll();
            default -> {
                switch (rule.charAt(0)) {
                    case '~', '%' -> addKeys(rule);
                    case '&' -> addChannels(rule.substring(1));
                    case '+', '-' -> commands.apply(rule);
                    default -> throw AclException.syntax();
                }
            }
        }
    }

    private void keys(boolean all) {
        allKeys = all;
        keys.clear();
    }

    private void channels(boolean all) {
        allChannels = all;
        channels.clear();
    }

    private void addKeys(String rule) {
        if (allKeys) {
            throw AclException.keysAfterAll();
        }
        if (rule.charAt(0) == '~') {
            add(rule.substring(1), KeySpec.READ | KeySpec.WRITE);
            return;
        }
        int tilde = rule.indexOf('~');
        int access = access(tilde < 0 ? rule.substring(1) : rule.substring(1, tilde));
        add(tilde < 0 ? "" : rule.substring(tilde + 1), access);
    }

    private static int access(String letters) {
        return switch (letters.toUpperCase(Locale.ROOT)) {
            case "R" -> KeySpec.READ;
            case "W" -> KeySpec.WRITE;
            case "RW", "WR" -> KeySpec.READ | KeySpec.WRITE;
            default -> throw AclException.syntax();
        };
    }

    private void add(String text, int access) {
        GlobPattern pattern = pattern(text);
        for (int i = 0; i < keys.size(); i++) {
            KeyRule present = keys.get(i);
            if (present.text().equals(text)) {
                keys.set(i, new KeyRule(pattern, text, present.access() | access));
                return;
            }
        }
        keys.add(new KeyRule(pattern, text, access));
    }

    private void addChannels(String text) {
        if (allChannels) {
            throw AclException.channelsAfterAll();
        }
        GlobPattern pattern = pattern(text);
        if (!channelTexts().contains(text)) {
            channels.add(new ChannelRule(pattern, text, bytes(text)));
        }
    }

    private static GlobPattern pattern(String text) {
        if (AclUser.hasSpaces(text)) {
            throw AclException.syntax();
        }
        byte[] bytes = bytes(text);
        if (bytes.length > GlobPattern.MAX_LENGTH) {
            throw AclException.of(
                    "A pattern may be at most " + GlobPattern.MAX_LENGTH + " bytes long");
        }
        return new GlobPattern(bytes, false);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    // ---- description

    String describeCommands() {
        return commands.describe();
    }

    String describeKeys() {
        return allKeys ? "~*" : joined(keys);
    }

    String describeChannels() {
        return allChannels ? "&*" : joined(channels);
    }

    private static String joined(List<?> rules) {
        return String.join(" ", rules.stream().map(Object::toString).toList());
    }

    /** All of it, as rules that lead to the same. */
    String describe() {
        String ofKeys = describeKeys();
        String ofChannels = describeChannels();
        return ofKeys
                + (ofKeys.isEmpty() ? "" : " ")
                + (allChannels ? "" : "resetchannels ")
                + ofChannels
                + (ofChannels.isEmpty() ? "" : " ")
                + describeCommands();
    }
}
