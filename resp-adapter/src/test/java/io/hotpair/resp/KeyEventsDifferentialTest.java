package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The random programs of the other tests, with a subscriber to all events of keys: a real
 * redis-server and a listener must tell of the same events, in the same order, after each command.
 */
class KeyEventsDifferentialTest {
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 60 : 6);
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_124);

    static Stream<Arguments> families() {
        List<Arguments> all = new ArrayList<>();
        all.add(family("strings", StringSource::new));
        all.add(family("hashes", HashSource::new));
        all.add(family("lists", ListSource::new));
        all.add(family("sets", SetSource::new));
        all.add(family("sorted sets", SortedSetSource::new));
        all.add(family("strings and bits", BitSource::new));
        all.add(family("positions", GeoSource::new));
        all.add(family("streams", StreamSource::new));
        all.add(family("transactions", TransactionSource::new));
        return all.stream();
    }

    private static Arguments family(String name, Function<Random, CommandSource> source) {
        return Arguments.of(name, source);
    }

    /** The program of strings, as a source among others. */
    private static final class StringSource extends CommandSource {
        private final RandomProgram program;

        StringSource(Random random) {
            super(random);
            program = new RandomProgram(random.nextLong());
        }

        @Override
        String[] next() {
            return program.next();
        }
    }

    /** A server, a client of it, and one who hears of its keys. */
    private static final class Side implements AutoCloseable {
        private final RawClient client;
        private final Watched hearer;

        Side(int port, String classes) {
            client = new RawClient(port);
            hearer = new Watched(port);
            assertEquals(
                    "+OK\r\n", client.call("CONFIG", "SET", "notify-keyspace-events", classes));
            hearer.call("PSUBSCRIBE", "__key*@*__:*");
        }

        /** What was heard since it was last asked, as channel and message. */
        List<String> heard() {
            List<String> events = new ArrayList<>();
            for (String message : hearer.arrived()) {
                String[] lines = message.split("\r\n", -1);
                String event = lines[6] + " " + lines[8];
                // Either server removes what has expired when it comes to it.
                if (!event.contains("expired")) {
                    events.add(event);
                }
            }
            return events;
        }

        @Override
        public void close() {
            client.close();
            hearer.close();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("families")
    void shouldTellOfTheSameEventsAsRedis(String name, Function<Random, CommandSource> source) {
        run("KEAn", source);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("families")
    void shouldTellOfMissesAsRedisDoes(String name, Function<Random, CommandSource> source) {
        run("Em", source);
    }

    private static void run(String classes, Function<Random, CommandSource> source) {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                Side theirs = new Side(redis.port(), classes);
                Side ours = new Side(listener.port(), classes)) {
            for (int program = 0; program < PROGRAMS; program++) {
                run(SEED + program, TypesDifferentialTest.programs(source), theirs, ours);
            }
        }
    }

    private static void run(
            long seed, Function<Long, List<String[]>> programs, Side theirs, Side ours) {
        for (String command : List.of("DISCARD", "UNWATCH", "FLUSHALL")) {
            assertEquals(theirs.client.call(command), ours.client.call(command), "seed=" + seed);
        }
        List<String[]> commands = programs.apply(seed);
        for (int i = 0; i < commands.size(); i++) {
            String[] command = commands.get(i);
            String expectedReply = theirs.client.call(command);
            String reply = ours.client.call(command);
            List<String> expected = theirs.heard();
            List<String> actual = ours.heard();
            if (!expected.equals(actual) && !isTolerated(command, expectedReply, reply)) {
                String where = "seed=" + seed + " reply=" + reply + "\n" + history(commands, i);
                assertEquals(String.join("\n", expected), String.join("\n", actual), where);
            }
        }
    }

    private static boolean isTolerated(String[] command, String theirs, String ours) {
        // The same time from now is later for who executes later.
        boolean clocks = command[0].matches("P?EXPIRE") && !theirs.equals(ours);
        // What makes the consumer for a stream that is named twice depends on what is new there.
        boolean twice =
                command[0].equals("XREADGROUP")
                        && Stream.of(command).distinct().count() < command.length;
        // Whether a key is looked for before a mistake is found differs from command to command.
        boolean refused = theirs.startsWith("-") || theirs.contains("\n-");
        return clocks || twice || refused;
    }

    private static String history(List<String[]> commands, int last) {
        StringBuilder text = new StringBuilder();
        for (int i = Math.max(0, last - 400); i <= last; i++) {
            boolean same =
                    i == last
                            || !Collections.disjoint(
                                    Arrays.asList(commands.get(i)),
                                    Arrays.asList(commands.get(last)));
            if (same) {
                text.append("\n  ").append(i).append(' ').append(Arrays.toString(commands.get(i)));
            }
        }
        return text.toString();
    }

    @Test
    void shouldPrintTheClassesAsRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            Random random = new Random(SEED);
            String letters = "KEg$lshzxetdnmA";
            for (int i = 0; i < 300; i++) {
                StringBuilder classes = new StringBuilder(i == 0 ? "KEq" : "");
                for (int j = random.nextInt(i == 1 ? 1 : 14); j > 0; j--) {
                    classes.append(letters.charAt(random.nextInt(letters.length())));
                }
                String[] set = {"CONFIG", "SET", "notify-keyspace-events", classes.toString()};
                assertEquals(theirs.call(set), ours.call(set), classes::toString);
                String[] get = {"CONFIG", "GET", "notify-keyspace-events"};
                assertEquals(theirs.call(get), ours.call(get), classes::toString);
            }
        }
    }

    /** Several clients on both servers, of which some wait: each step is "client command". */
    @Test
    void shouldTellOfThoseWhoAreServedAfterWhatServedThem() {
        String list = DumpTest.payload(new byte[] {1, 1, 1, 'a'});
        String[] steps = {
            "1 BLPOP k1 k2 0|2 BRPOPLPUSH k3 k2 0|0 RPUSH k3 a",
            "1 BLPOP k1 0|0 RPUSH k1 a b c",
            "1 BLMOVE k1 k4 LEFT RIGHT 0|2 BLMPOP 0 1 k4 RIGHT COUNT 2|0 LPUSH k1 x y",
            "1 BZPOPMIN z1 0|2 BZMPOP 0 1 z1 MAX|0 ZADD z1 1 a 2 b",
            "1 BLPOP k1 0|0 MULTI|0 RPUSH k1 a|0 SET s 1|0 DEL s|0 EXEC",
            "1 BLPOP k5 0|0 RPUSH k6 a|0 RENAME k6 k5",
            "0 XGROUP CREATE x g $ MKSTREAM|1 XREADGROUP GROUP g c BLOCK 0 STREAMS x >"
                    + "|0 XADD x 1-1 f v",
            "0 MULTI|0 GET no|0 SET k v EX 100|0 INCR n|0 RENAME k kk|0 DEL kk n|0 LPUSH l a|0 EXEC",
            "0 MULTI|0 SET k v|0 LPUSH k v|0 SET k w|0 EXEC",
            "0 SET w 1|0 WATCH w|2 SET w 2|0 MULTI|0 SET w 3|0 EXEC",
            "0 MULTI|0 LPUSH m a|0 LPOP m|0 SADD m x|0 SMOVE m m2 x|0 EXEC",
            "1 BLPOP r 0|0 RESTORE r 0 " + list,
            "0 RESTORE r 0 @|0 RESTORE r 0 @|0 RESTORE r 9000 @ REPLACE".replace("@", list),
            "0 RESTORE r 1 @ ABSTTL|0 SET r v|0 RESTORE r 1 @ ABSTTL REPLACE".replace("@", list),
            "0 MULTI|0 RESTORE r 0 @|0 RESTORE r 0 @ REPLACE|0 EXEC".replace("@", list),
        };
        for (String step : steps) {
            try (RealRedis redis = RealRedis.start();
                    TestListener listener = TestListener.open()) {
                assertEquals(
                        heardOf(step.split("\\|", -1), redis.port()),
                        heardOf(step.split("\\|", -1), listener.port()),
                        step);
            }
        }
    }

    private static List<String> heardOf(String[] steps, int port) {
        List<String> heard = new ArrayList<>();
        try (Side side = new Side(port, "KEAnm");
                RawClient first = new RawClient(port);
                RawClient second = new RawClient(port)) {
            int blocked = 0;
            for (String step : steps) {
                String[] command = step.substring(2).split(" ", -1);
                RawClient client = List.of(side.client, first, second).get(step.charAt(0) - '0');
                client.send(RawClient.command(command));
                if (command[0].startsWith("B") || step.contains("BLOCK")) {
                    blocked++;
                    awaitBlocked(blocked, port);
                } else {
                    client.reply();
                }
                heard.addAll(side.heard());
            }
            awaitBlocked(0, port);
            heard.addAll(side.heard());
        }
        return heard;
    }

    private static void awaitBlocked(int count, int port) {
        try (RawClient client = new RawClient(port)) {
            Await.until(
                    () ->
                            client.call("INFO", "clients")
                                    .contains("blocked_clients:" + count + "\r"),
                    () -> "not blocked: " + count);
        }
    }
}
