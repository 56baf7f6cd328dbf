package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The client's end of a connection: what it has sent, and what must come of it. */
final class FuzzPeer {
    /** A command that was sent, and what is known of its reply. */
    static final class Sent {
        final String[] words;
        boolean resolved;
        boolean muted;

        /** Whether it waited, so that its reply comes when it may. */
        boolean floats;

        /** Whether its end is known: what waits has none yet. */
        boolean answered;

        /** What was written for it at once: replies and pushes. */
        byte @Nullable [] written;

        /** What its reply says, as {@link WireReply#plain} has it; null if anything may be. */
        @Nullable String plain;

        long stamp;

        Sent(String[] words) {
            this.words = words;
        }

        String name() {
            return words[0].toLowerCase(Locale.ROOT);
        }

        @Override
        public String toString() {
            return String.join(" ", words);
        }
    }

    /**
     * Something that it is to be told.
     *
     * @param texts what may stand there, in any order where there are several in a row
     * @param exact whether it comes before the replies to all that is executed later
     * @param own whether what it has done itself is told, and so behind the reply to that
     */
    record Told(List<String> texts, long stamp, boolean exact, boolean own) {
        Told(List<String> texts, long stamp, boolean exact) {
            this(texts, stamp, exact, false);
        }
    }

    final FuzzChannel channel;
    final Connection connection;
    final FuzzLoop loop;
    final int slot;
    final List<Sent> sent = new ArrayList<>();

    // ---- what the model knows of the connection
    int next;
    int database;
    int protocol = 2;
    boolean multi;
    boolean broken;
    boolean dirty;
    boolean dirtyAtExec;
    boolean maybeDirty;
    boolean caching;
    boolean monitor;
    boolean left;
    boolean mayEnd;
    int skips;
    boolean off;
    Tracking.@Nullable Mode tracking;
    final Set<String> prefixes = new HashSet<>();
    final Set<String> ownKeys = new HashSet<>();
    final Set<String> watched = new HashSet<>();
    final Map<Topic.Kind, Set<String>> topics = new HashMap<>();
    final List<Told> messages = new ArrayList<>();
    final List<Told> invalidations = new ArrayList<>();
    final List<Told> broadcasts = new ArrayList<>();
    final List<String> lines = new ArrayList<>();

    private final FuzzBytes unsent = new FuzzBytes();
    private int delivered;

    FuzzPeer(FuzzChannel channel, Connection connection, FuzzLoop loop, int slot) {
        this.channel = channel;
        this.connection = connection;
        this.loop = loop;
        this.slot = slot;
        for (Topic.Kind kind : Topic.Kind.values()) {
            topics.put(kind, new LinkedHashSet<>());
        }
    }

    long id() {
        return connection.client().id();
    }

    boolean isSubscriber() {
        return topics.values().stream().anyMatch(each -> !each.isEmpty());
    }

    void send(String[] words) {
        sent.add(new Sent(words));
        byte[][] arguments =
                Arrays.stream(words)
                        .map(word -> word.getBytes(StandardCharsets.ISO_8859_1))
                        .toArray(byte[][]::new);
        unsent.command(arguments);
    }

    int undelivered() {
        return unsent.length() - delivered;
    }

    byte[] deliver(int count) {
        byte[] all = unsent.toArray();
        int to = Math.min(all.length, delivered + count);
        byte[] piece = Arrays.copyOfRange(all, delivered, to);
        delivered = to;
        return piece;
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    // ---- what it has received

    /** Compares all that has come with what was to come. */
    void check(boolean complete) {
        new Received(complete).check();
    }

    /** Goes through the bytes. */
    private final class Received {
        private final byte[] bytes = channel.taken();
        private final boolean complete;
        private int version = 2;
        private int at;
        private int message;
        private int line;
        private boolean monitors;
        private boolean isVague;
        private final List<Told> invalid = new ArrayList<>(invalidations);
        private final Set<String> toBroadcast = new HashSet<>();
        private final Set<String> wasBroadcast = new HashSet<>();
        private long repliedStamp;

        /** The command whose reply is the next one, if it has not waited. */
        private @Nullable Sent awaited;

        Received(boolean complete) {
            this.complete = complete;
        }

        void check() {
            broadcasts.forEach(each -> toBroadcast.addAll(each.texts()));
            Set<String> mustBroadcast = new HashSet<>();
            broadcasts.stream()
                    .filter(Told::exact)
                    .forEach(each -> mustBroadcast.addAll(each.texts()));
            for (Sent each : sent) {
                if (!reply(each)) {
                    break;
                }
            }
            takePushes(Long.MAX_VALUE);
            // Of one that has gone nobody knows which of its last commands were refused.
            if (complete && at < bytes.length) {
                WireReply item = item();
                if (item != null) {
                    throw failure("more than was asked for: " + shown(item));
                }
            }
            if (complete) {
                if (message < messages.size()) {
                    throw failure("not told: " + messages.get(message));
                }
                if (!invalid.isEmpty()) {
                    throw failure("not told that it is old: " + invalid);
                }
                if (line < lines.size()) {
                    throw failure("not shown: " + lines.get(line));
                }
                mustBroadcast.removeAll(wasBroadcast);
                if (!mustBroadcast.isEmpty()) {
                    throw failure("not told that these are old: " + mustBroadcast);
                }
            }
        }

        /** Reads the reply to a command; false if there is none, and none behind it. */
        private boolean reply(Sent command) {
            if (!command.resolved) {
                return false;
            }
            List<WireReply> expected = new ArrayList<>();
            byte[] written = command.written;
            if (written != null) {
                List<WireReply> all = items(command, written);
                all.removeIf(each -> isLine(each) || (isPush(each) && !isConfirmation(each)));
                if (command.muted) {
                    all.removeIf(each -> !isConfirmation(each));
                }
                expected.addAll(all);
            } else if (!command.answered || command.muted) {
                if (!command.answered) {
                    return false;
                }
                return true;
            }
            int count = written == null ? 1 : expected.size();
            for (int i = 0; i < count; i++) {
                awaited = command.floats ? null : command;
                takePushes(command.floats ? Long.MAX_VALUE : command.stamp);
                awaited = null;
                int from = at;
                WireReply item = item(command);
                if (item == null) {
                    if (complete) {
                        throw failure("no reply to " + command);
                    }
                    return false;
                }
                compare(command, written == null ? null : expected.get(i), item, from);
                at = item.end();
            }
            if (!command.floats && count > 0) {
                repliedStamp = command.stamp;
            }
            follow(command, expected);
            return true;
        }

        private void follow(Sent command, List<WireReply> expected) {
            String name = command.name();
            boolean failed = !expected.isEmpty() && expected.get(0).isError();
            // What it was told before may come behind a change that nobody sees.
            isVague |= command.muted && (name.equals("hello") || name.equals("reset"));
            if (name.equals("hello") && command.written != null && !failed) {
                version = Integer.parseInt(command.words[1]);
            } else if (name.equals("reset") && command.written != null) {
                version = 2;
                monitors = false;
            } else if (name.equals("monitor") && !failed) {
                monitors = true;
            }
        }

        private void compare(Sent command, @Nullable WireReply written, WireReply item, int from) {
            if (written != null && !shown(written).equals(shown(item))) {
                throw failure(
                        "reply to "
                                + command
                                + ": expected "
                                + shown(written)
                                + ", was "
                                + shown(item)
                                + " at "
                                + from);
            }
            String plain = command.plain;
            if (plain != null && !isConfirmation(item) && !matches(plain, item)) {
                throw failure(
                        "reply to " + command + ": expected " + plain + ", was " + shown(item));
            }
        }

        /** Takes what it is told, up to what must come behind a reply with a stamp. */
        private void takePushes(long before) {
            // The reply to HELLO is the first in another protocol, and no push.
            while (at < bytes.length && bytes[at] != '%') {
                WireReply item = item();
                if (item == null || !(isPush(item) || isLine(item)) || isConfirmation(item)) {
                    break;
                }
                at = item.end();
                take(item);
            }
            boolean isMore =
                    complete || (at < bytes.length && (bytes[at] == '%' || item() != null));
            if (before < Long.MAX_VALUE && message < messages.size()) {
                Told due = messages.get(message);
                if (due.stamp() < before && isMore) {
                    throw failure("told too late, behind what was executed later: " + due);
                }
            }
            for (Told due : invalid) {
                boolean isLate = due.exact() && due.stamp() < before && before < Long.MAX_VALUE;
                if (isLate && isMore) {
                    throw failure("told too late that it is old: " + due);
                }
            }
        }

        private void take(WireReply item) {
            if (isLine(item)) {
                takeLine(item);
                return;
            }
            String text = pushText(item);
            if (text.startsWith("invalidate") || text.startsWith("tracking-redir")) {
                takeInvalidation(item, text);
                return;
            }
            if (message >= messages.size()) {
                throw failure("told without a reason: " + text);
            }
            Told expected = messages.get(message);
            List<String> left = new ArrayList<>(expected.texts());
            if (!left.remove(text)) {
                throw failure("told " + text + ", expected " + expected);
            }
            // What several patterns bring comes in any order.
            if (left.isEmpty()) {
                message++;
            } else {
                messages.set(message, new Told(left, expected.stamp(), true));
            }
            if (expected.stamp() < repliedStamp) {
                throw failure("told too late: " + text);
            }
        }

        private void takeInvalidation(WireReply item, String text) {
            WireReply keys = item.elements().get(item.elements().size() - 1);
            boolean isEarly = false;
            for (Told each : invalid) {
                if (each.texts().contains(text)) {
                    Sent before = awaited;
                    if (each.own() && before != null && before.stamp == each.stamp()) {
                        isEarly = true;
                    } else {
                        invalid.remove(each);
                        return;
                    }
                }
            }
            if (isEarly) {
                throw failure("told that it is old before the reply: " + text);
            }
            if (!keys.isNull()) {
                for (WireReply key : keys.elements()) {
                    String one = "invalidate " + key.text();
                    if (!toBroadcast.contains(one)) {
                        throw failure("told that it is old without a reason: " + one);
                    }
                    wasBroadcast.add(one);
                }
                return;
            }
            throw failure("told that all is old without a reason: " + text);
        }

        private void takeLine(WireReply item) {
            String text = item.text();
            if (text.endsWith("\"EXEC\"")) {
                return;
            }
            if (line >= lines.size() || !text.endsWith(lines.get(line))) {
                throw failure(
                        "shown "
                                + text
                                + ", expected "
                                + (line < lines.size() ? lines.get(line) : "nothing"));
            }
            line++;
        }

        private boolean isLine(WireReply item) {
            return monitors && item.kind() == '+' && item.text().matches("\\d+\\.\\d{6} \\[.*");
        }

        private @Nullable WireReply item() {
            return item(null);
        }

        /** What stands here; null if it is not all there, because the connection has ended. */
        private @Nullable WireReply item(@Nullable Sent command) {
            if (at >= bytes.length) {
                return null;
            }
            int form = version;
            if (command != null && command.name().equals("hello") && bytes[at] != '-') {
                form = Integer.parseInt(command.words[1]);
            }
            return item(form);
        }

        private @Nullable WireReply item(int form) {
            try {
                return WireReply.read(bytes, at, bytes.length, form);
            } catch (AssertionError e) {
                if (isVague) {
                    isVague = false;
                    try {
                        return item(5 - form);
                    } finally {
                        isVague = true;
                    }
                }
                if (!complete && !isOpen()) {
                    return null;
                }
                throw failure(String.valueOf(e.getMessage()));
            }
        }

        private List<WireReply> items(Sent command, byte[] from) {
            List<WireReply> items = new ArrayList<>();
            int form = version;
            if (command.name().equals("hello") && from.length > 0 && from[0] != '-') {
                form = Integer.parseInt(command.words[1]);
            }
            for (int i = 0; i < from.length; ) {
                WireReply item = WireReply.read(from, i, from.length, form);
                items.add(item);
                i = item.end();
            }
            return items;
        }

        private AssertionError failure(String what) {
            return new AssertionError("connection " + slot + " id=" + id() + ": " + what);
        }
    }

    static boolean isPush(WireReply item) {
        if (item.kind() == '>') {
            return true;
        }
        if (item.kind() != '*' || item.elements().size() < 2) {
            return false;
        }
        String first = item.elements().get(0).text();
        return first.equals("message")
                || first.equals("pmessage")
                || first.equals("smessage")
                || isConfirmation(item);
    }

    static boolean isConfirmation(WireReply item) {
        if ((item.kind() != '>' && item.kind() != '*') || item.elements().size() != 3) {
            return false;
        }
        return item.elements().get(0).text().matches("[ps]?(un)?subscribe");
    }

    private static String pushText(WireReply item) {
        List<WireReply> elements = item.elements();
        String first = elements.get(0).text();
        boolean isRedirected =
                first.equals("message") && elements.get(1).text().equals("__redis__:invalidate");
        if (first.equals("invalidate") || isRedirected) {
            WireReply keys = elements.get(elements.size() - 1);
            List<String> names = keys.elements().stream().map(WireReply::text).toList();
            return "invalidate " + (keys.isNull() ? "*" : String.join(" ", names));
        }
        return String.join(" ", elements.stream().map(WireReply::text).toList());
    }

    private static String shown(WireReply item) {
        return item.kind() + (item.isNull() ? "nil" : item.plain(false));
    }

    private static boolean matches(String plain, WireReply item) {
        if (plain.startsWith("-")) {
            return item.isError() && item.text().startsWith(plain.substring(1));
        }
        return plain.equals(item.plain(false));
    }
}
