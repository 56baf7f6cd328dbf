package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Trimming with {@code ~}, compared with a real server. Not a part of the random programs: where
 * entries are deleted or their number is set, Redis's nodes are not where counting finds them.
 */
class StreamTrimDifferentialTest {
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_122);
    private static final int STREAMS = 60;
    private static final int STEPS = 120;

    @Test
    void shouldLeaveAsManyEntriesAsRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (int stream = 0; stream < STREAMS; stream++) {
                Program program = new Program(SEED + stream);
                for (int i = 0; i < STEPS; i++) {
                    String[] command = program.next(i);
                    String where = "seed=" + (SEED + stream) + " " + String.join(" ", command);
                    assertEquals(theirs.call(command), ours.call(command), where);
                }
            }
        }
    }

    /**
     * One trim of each stream: then there are holes in Redis's nodes, which nobody counts here.
     * Skipped without {@code -Dhotpair.newestRedis}; of each build is {@link NewerRepliesTest}.
     */
    @Test
    void shouldLeaveAsManyAsTheNewestRedisDoesWhereReferencesCount() {
        try (RealRedis redis = RealRedis.startNewer(RealRedis.NEWEST);
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (int stream = 0; stream < 20 * STREAMS; stream++) {
                StringBuilder where = new StringBuilder("seed=" + (SEED + stream));
                for (String command : Program.withReferences(new Random(SEED + stream))) {
                    where.append("\n  ").append(command);
                    String[] words = command.split(" ", -1);
                    String expected = withoutTimes(theirs.call(words));
                    assertEquals(expected, withoutTimes(ours.call(words)), where::toString);
                }
            }
        }
    }

    /** An entry's time is its id's, which is never alone in a line. */
    private static String withoutTimes(String reply) {
        return reply.replaceAll(":\\d+\r\n:1\r\n", ":?\r\n:1\r\n");
    }

    private static final class Program {
        private final Random random;
        private int time;

        /** A stream, of which groups have read and acknowledged some, is trimmed. */
        static List<String> withReferences(Random random) {
            int size = 1 + random.nextInt(12);
            int length = 5 + random.nextInt(60);
            List<String> commands = new ArrayList<>();
            commands.add("DEL s");
            commands.add("CONFIG SET stream-node-max-entries " + size);
            for (int i = 1; i <= length; i++) {
                commands.add("XADD s " + i + " field value");
            }
            int gone = random.nextInt(3) * random.nextInt(10);
            commands.add("XTRIM s MAXLEN " + Math.max(1, length - gone));
            for (int group = random.nextInt(3); group > 0; group--) {
                int read = 1 + random.nextInt(length);
                commands.add("XGROUP CREATE s g" + group + " 0");
                commands.add("XREADGROUP GROUP g" + group + " c COUNT " + read + " STREAMS s >");
                int acknowledged = random.nextInt(12);
                for (int i = 1; i <= length; i++) {
                    if (random.nextInt(10) < acknowledged) {
                        commands.add("XACK s g" + group + " " + i);
                    }
                }
            }
            commands.add(trim(random, length));
            commands.add("XRANGE s - +");
            for (String group : List.of("g1", "g2")) {
                commands.add("XPENDING s " + group);
                commands.add("XPENDING s " + group + " - + 100");
            }
            return commands;
        }

        private static String trim(Random random, int length) {
            String threshold = (random.nextBoolean() ? "MAXLEN " : "MINID ");
            boolean loosely = random.nextBoolean();
            int at = random.nextInt(length + 2);
            String limit = random.nextBoolean() ? " LIMIT " + random.nextInt(40) : "";
            String what = threshold + (loosely ? "~ " : "") + at + (loosely ? limit : "");
            String policy = random.nextInt(3) == 0 ? " DELREF" : " ACKED";
            return random.nextBoolean()
                    ? "XTRIM s " + what + policy
                    : "XADD s" + policy + " " + what + " " + (length + 1) + " field value";
        }

        Program(long seed) {
            random = new Random(seed);
        }

        String[] next(int step) {
            if (step == 0) {
                return new String[] {"DEL", "s"};
            }
            if (step == 1) {
                String entries = Integer.toString(1 + random.nextInt(12));
                return new String[] {"CONFIG", "SET", "stream-node-max-entries", entries};
            }
            return switch (random.nextInt(8)) {
                case 0 -> trim("XTRIM");
                case 1 -> trim("XADD");
                case 2 -> new String[] {"XLEN", "s"};
                case 3 -> new String[] {"XTRIM", "s", "MAXLEN", "=", number(5, 40)};
                default -> new String[] {"XADD", "s", id(), "field", "value"};
            };
        }

        private String[] trim(String command) {
            boolean byLength = random.nextBoolean();
            String threshold =
                    byLength
                            ? number(1, 40)
                            : Integer.toString(Math.max(0, time - random.nextInt(40) - 1));
            String text = command + " s" + (byLength ? " MAXLEN ~ " : " MINID ~ ") + threshold;
            if (random.nextInt(3) == 0) {
                text += " LIMIT " + random.nextInt(30);
            }
            if (command.equals("XADD")) {
                text += " " + id() + " field value";
            }
            return text.split(" ", -1);
        }

        private String number(int least, int bound) {
            return Integer.toString(least + random.nextInt(bound));
        }

        private String id() {
            time++;
            return Integer.toString(time);
        }
    }
}
