package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random programs over deadlines of fields, over conditions, over operators of bits, and over
 * deletions in streams, to a listener and to a redis-server that has them: replies and events of
 * keys must be the same. It is the one that {@code -Dhotpair.newerRedis} names, for deadlines, else
 * {@code -Dhotpair.newestRedis}; without it there is {@link NewerRepliesTest}.
 */
class NewerRedisDifferentialTest {
    private static final int PROGRAMS = Integer.getInteger("hotpair.programs", 20);
    private static final int COMMANDS = 500;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_123);

    /** More than two clocks are apart, less than two deadlines. */
    private static final long CLOCKS_SECONDS = 90;

    private static final Pattern STREAM_FIELDS =
            Pattern.compile(
                    "(length|last-generated-id|max-deleted-entry-id|entries-added"
                            + "|recorded-first-entry-id)\r\n(\\$\\d+\r\n)?[^\r]*");

    /** A server, a client of it, and one who hears of its keys. */
    private static final class Side implements AutoCloseable {
        private final RawClient client;
        private final Watched hearer;

        Side(int port, int protocol) {
            client = new RawClient(port);
            hearer = new Watched(port);
            client.call("HELLO", Integer.toString(protocol));
            client.call("CONFIG", "SET", "notify-keyspace-events", "KEAn");
            hearer.call("PSUBSCRIBE", "__key*@*__:*");
        }

        /**
         * A command's reply, and behind it the events, but for those of consumers: from 7.2 on
         * other commands make them than before.
         */
        String call(String... command) {
            StringBuilder text = new StringBuilder(client.call(command));
            for (String message : hearer.arrived()) {
                String[] lines = message.split("\r\n", -1);
                String event = lines[6] + ' ' + lines[8];
                if (!event.contains("xgroup-createconsumer")) {
                    text.append("\r\nevent ").append(event);
                }
            }
            return text.toString();
        }

        @Override
        public void close() {
            client.close();
            hearer.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void shouldAnswerAndTellAsTheNewerRedis(int protocol) {
        run(protocol, RealRedis.NEWER, FieldExpirySource::new);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void shouldAnswerAndTellOfConditionsAsTheNewestRedis(int protocol) {
        run(protocol, RealRedis.NEWEST, ConditionSource::new);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void shouldCombineBitsAsTheNewestRedis(int protocol) {
        run(protocol, RealRedis.NEWEST, BitOperatorSource::new);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void shouldDeleteInStreamsAndTellOfItAsTheNewestRedis(int protocol) {
        run(protocol, RealRedis.NEWEST, StreamDeletionSource::new, StreamDeletionSource.SETUP);
    }

    private static void run(
            int protocol,
            String property,
            Function<Random, CommandSource> sources,
            String[]... setup) {
        try (RealRedis redis = RealRedis.startNewer(property);
                TestListener listener = TestListener.open();
                Side theirs = new Side(redis.port(), protocol);
                Side ours = new Side(listener.port(), protocol)) {
            for (String[] command : setup) {
                assertEquals(theirs.call(command), ours.call(command));
            }
            for (int program = 0; program < PROGRAMS; program++) {
                run(SEED + program, sources, theirs, ours);
            }
        }
    }

    private static void run(
            long seed, Function<Random, CommandSource> sources, Side theirs, Side ours) {
        for (String command : List.of("DISCARD", "UNWATCH", "FLUSHALL")) {
            assertEquals(theirs.call(command), ours.call(command), "seed=" + seed);
        }
        Random random = new Random(seed);
        CommandSource source = sources.apply(random);
        List<String[]> commands = new ArrayList<>();
        int left = 0;
        while (commands.size() < COMMANDS) {
            boolean begins = left == 0 && random.nextInt(20) == 0;
            boolean ends = left > 0 && --left == 0;
            String[] command;
            if (begins) {
                left = 1 + random.nextInt(6);
                command = new String[] {"MULTI"};
            } else {
                command = ends ? new String[] {"EXEC"} : source.next();
            }
            commands.add(command);
            compare(seed, commands, theirs.call(command), ours.call(command));
            if (left == 0 && random.nextInt(30) == 0) {
                String from = source.key();
                String to = source.key();
                String where = "seed=" + seed + history(commands);
                assertEquals(restored(theirs, from, to), restored(ours, from, to), where);
            }
        }
    }

    /** Takes a value to another key by the server's own payload. */
    private static String restored(Side side, String from, String to) {
        String payload = side.client.call("DUMP", from);
        if (!payload.startsWith("$") || payload.startsWith("$-")) {
            return payload;
        }
        int begin = payload.indexOf("\r\n") + 2;
        String bytes = payload.substring(begin, payload.length() - 2);
        return side.call("RESTORE", to, "0", bytes, "REPLACE");
    }

    private static void compare(long seed, List<String[]> commands, String theirs, String ours) {
        if (theirs.equals(ours) || streamInfo(theirs).equals(streamInfo(ours))) {
            return;
        }
        String[] expected = theirs.split("\r\n", -1);
        String[] actual = ours.split("\r\n", -1);
        String command = String.join(" ", commands.get(commands.size() - 1));
        boolean seconds = command.matches("(?s).*\\b(TTL|HTTL|HEXPIRETIME)\\b.*");
        long apart = CLOCKS_SECONDS * (seconds ? 1 : 1000);
        if (areClose(expected, actual, apart)) {
            return;
        }
        // Hashes, and so what is chosen of them, have an order of their own.
        if (command.matches("(?s).*(HGETALL|HKEYS|HVALS|HSCAN|HRANDFIELD|EXEC).*")) {
            Arrays.sort(expected);
            Arrays.sort(actual);
            if (areClose(expected, actual, apart)) {
                return;
            }
        }
        assertEquals(theirs, ours, "seed=" + seed + history(commands));
    }

    /**
     * What XINFO STREAM says but for trees, which there are not here, and for what later versions
     * say of other commands; of anything else the reply as it is.
     */
    private static String streamInfo(String reply) {
        StringBuilder info = new StringBuilder();
        Matcher fields = STREAM_FIELDS.matcher(reply);
        while (fields.find()) {
            info.append(fields.group()).append(' ');
        }
        return info.length() == 0 ? reply : info.toString();
    }

    /** Whether two replies are the same but for times, which two clocks have told. */
    private static boolean areClose(String[] expected, String[] actual, long apart) {
        if (expected.length != actual.length) {
            return false;
        }
        for (int i = 0; i < expected.length; i++) {
            if (!expected[i].equals(actual[i]) && !areTimes(expected[i], actual[i], apart)) {
                return false;
            }
        }
        return true;
    }

    private static boolean areTimes(String expected, String actual, long most) {
        if (!expected.matches(":\\d{4,18}") || !actual.matches(":\\d{4,18}")) {
            return false;
        }
        long apart = Long.parseLong(expected.substring(1)) - Long.parseLong(actual.substring(1));
        return Math.abs(apart) <= most;
    }

    private static String history(List<String[]> commands) {
        List<String> last = Arrays.asList(commands.get(commands.size() - 1));
        StringBuilder text = new StringBuilder();
        for (String[] command : commands) {
            boolean same = last.size() == 1 || !Collections.disjoint(Arrays.asList(command), last);
            if (same) {
                text.append("\n  ").append(Arrays.toString(command));
            }
        }
        return text.toString();
    }

    /** A field that expires by itself, and the key with its last field. */
    @Test
    void shouldTellOfFieldsThatExpireAsTheNewerRedis() {
        try (RealRedis redis = RealRedis.startNewer(RealRedis.NEWER);
                TestListener listener = TestListener.open()) {
            assertEquals(heardOfExpiry(redis.port()), heardOfExpiry(listener.port()));
        }
    }

    private static String heardOfExpiry(int port) {
        try (Side side = new Side(port, 2)) {
            side.call("HSET", "h", "a", "1", "b", "2");
            StringBuilder heard = new StringBuilder();
            heard.append(side.call("HPEXPIRE", "h", "300", "FIELDS", "1", "a"));
            awaitHeard(side, heard, "hexpired h");
            heard.append(side.call("HGETEX", "h", "PX", "300", "FIELDS", "1", "b"));
            awaitHeard(side, heard, "del h");
            heard.append(side.call("HSETEX", "h", "PX", "300", "FIELDS", "1", "f", "v"));
            awaitHeard(side, heard, "del h");
            assertTrue(heard.toString().contains("hexpired"), heard::toString);
            return heard.toString();
        }
    }

    /** Waits until the event is the last that was heard. */
    private static void awaitHeard(Side side, StringBuilder heard, String event) {
        Await.until(
                () -> {
                    heard.append(side.call("PING").replace("+PONG\r\n", ""));
                    return heard.toString().endsWith(event);
                },
                heard::toString);
    }
}
