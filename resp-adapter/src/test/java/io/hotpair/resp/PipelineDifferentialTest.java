package io.hotpair.resp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random pipelines of reads and writes, with commands among them that change what becomes of those
 * behind them: each is sent to a real redis-server too, and must have the same replies and leave
 * the same keys.
 */
class PipelineDifferentialTest {
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 600 : 150);
    private static final int MOST_COMMANDS = 80;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_201);
    private static final int KEYS = 4;

    private static String[] words(String line) {
        return line.split(" ", -1);
    }

    /** Most of a pipeline: what is worth a look ahead. */
    private static String[] plain(Random random) {
        String key = random.nextInt(KEYS) + "";
        return switch (random.nextInt(10)) {
            case 0, 1, 2 -> words("GET s" + key);
            case 3 -> words("SET s" + key + " " + random.nextInt(100));
            case 4 -> words("INCR s" + key);
            case 5 -> words("APPEND s" + key + " x");
            case 6 -> words("RPUSH l" + key + " a b");
            case 7 -> words("LPOP l" + key);
            case 8 -> words("DEL s" + key + " l" + key);
            default -> words("LRANGE l" + key + " 0 -1");
        };
    }

    private static String oneOf(Random random, String... lines) {
        return lines[random.nextInt(lines.length)];
    }

    /**
     * What those behind it depend on.
     *
     * @param id the client's own, by which it may end itself
     */
    private static String[] decisive(Random random, String id) {
        return words(
                switch (random.nextInt(10)) {
                    case 0, 1 -> "MULTI";
                    case 2 -> oneOf(random, "EXEC", "EXEC", "DISCARD");
                    case 3 -> oneOf(random, "SUBSCRIBE c d", "PSUBSCRIBE c*", "SSUBSCRIBE c");
                    case 4 -> oneOf(random, "UNSUBSCRIBE c d", "PUNSUBSCRIBE c*", "SUNSUBSCRIBE c");
                    case 5 -> oneOf(random, "HELLO 2", "HELLO 3", "RESET", "RESET");
                    case 6 ->
                            oneOf(
                                    random,
                                    "CLIENT REPLY SKIP",
                                    "CLIENT REPLY SKIP",
                                    "CLIENT REPLY OFF",
                                    "CLIENT REPLY ON");
                    case 7 ->
                            oneOf(
                                    random,
                                    "PUBLISH c m",
                                    "SELECT 1",
                                    "SELECT 0",
                                    "WATCH s0",
                                    "BLPOP l0 l1 0.01",
                                    "BLPOP s0 0.01");
                    case 8 -> oneOf(random, "GET", "NOSUCH s0", "SET s0", "CLIENT NOSUCH", "PING");
                    default ->
                            oneOf(
                                    random,
                                    "CLIENT SETNAME n",
                                    "CLIENT GETNAME",
                                    "CLIENT NO-EVICT on",
                                    "CLIENT TRACKING on",
                                    "MONITOR",
                                    "CLIENT KILL ID " + id + " SKIPME no",
                                    "CLIENT KILL ID " + id,
                                    "QUIT");
                });
    }

    private static List<String[]> program(Random random, String id) {
        List<String[]> commands = new ArrayList<>();
        int count = 1 + random.nextInt(MOST_COMMANDS);
        boolean isOpen = false;
        boolean isMute = false;
        boolean watches = false;
        for (int i = 0; i < count; i++) {
            String[] next = random.nextInt(6) == 0 ? decisive(random, id) : plain(random);
            String line = String.join(" ", next);
            boolean mutes = line.matches("CLIENT REPLY (OFF|SKIP)");
            // Inside of EXEC they have Redis leave out parts of an array that it has announced; who
            // quits without hearing of it is not disconnected there; and who watches without
            // hearing is not shown what it does itself.
            if ((isOpen && line.matches("CLIENT (REPLY|KILL).*"))
                    || (isMute && line.matches("QUIT|CLIENT KILL.*|MONITOR"))
                    || (watches && mutes)) {
                continue;
            }
            watches = line.equals("MONITOR") || (watches && !line.equals("RESET"));
            isOpen = line.equals("MULTI") || (isOpen && !line.matches("EXEC|DISCARD|RESET"));
            isMute = mutes || (isMute && !line.matches("CLIENT REPLY ON|RESET"));
            commands.add(next);
        }
        commands.add(words("RESET"));
        commands.add(words("QUIT"));
        return commands;
    }

    /** Without what is another one's: ids, times and addresses. */
    private static String comparable(String replies) {
        return replies.replaceAll("(\\$2\r\nid\r\n):\\d+", "$1:n")
                .replaceAll("\\+\\d+\\.\\d{6} \\[(\\d+) [^\\]]*\\]", "+time [$1 address]")
                .replaceAll("\"ID\" \"\\d+\"", "\"ID\" \"n\"");
    }

    /** Sends a program, and gives what is answered and what it leaves. */
    private static List<String> answers(int port, long seed) {
        try (RawClient control = new RawClient(port);
                RawClient client = new RawClient(port)) {
            control.call("FLUSHALL");
            StringBuilder pipeline = new StringBuilder();
            String id = client.call("CLIENT", "ID").substring(1).trim();
            for (String[] command : program(new Random(seed), id)) {
                pipeline.append(RawClient.command(command));
            }
            client.send(pipeline.toString());
            List<String> answers = new ArrayList<>(List.of(comparable(client.untilClosed())));
            for (String database : List.of("0", "1")) {
                control.call("SELECT", database);
                for (int key = 0; key < KEYS; key++) {
                    answers.add(control.call("GET", "s" + key));
                    answers.add(control.call("LRANGE", "l" + key, "0", "-1"));
                }
            }
            return answers;
        }
    }

    private static String text(long seed) {
        StringBuilder text = new StringBuilder("seed=" + seed);
        for (String[] command : program(new Random(seed), "n")) {
            text.append("\n  ").append(String.join(" ", command));
        }
        return text.toString();
    }

    private static byte[] bytes(List<String> answers) {
        return answers.toString().getBytes(ISO_8859_1);
    }

    /** All answers, from a little before a place on. */
    private static String from(int at, List<String> answers) {
        return answers.toString().substring(Math.max(0, at - 200));
    }

    @Test
    void shouldGoOnBehindAnyCommandAsRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            for (int i = 0; i < PROGRAMS; i++) {
                long seed = SEED + i;
                List<String> expected = answers(redis.port(), seed);
                List<String> actual = answers(listener.port(), seed);
                int at =
                        expected.equals(actual)
                                ? 0
                                : Arrays.mismatch(bytes(expected), bytes(actual));
                assertEquals(from(at, expected), from(at, actual), () -> text(seed));
            }
        }
    }
}
