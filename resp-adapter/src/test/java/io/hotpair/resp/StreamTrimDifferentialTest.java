package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

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

    private static final class Program {
        private final Random random;
        private int time;

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
