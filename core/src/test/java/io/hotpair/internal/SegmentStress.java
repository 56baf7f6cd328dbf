package io.hotpair.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJZ_Result;
import org.openjdk.jcstress.infra.results.ZZI_Result;
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/**
 * Freezing and replacing a segment (I2, S1, S2). For {@link Variant#small()}, where a segment is
 * full of so few keys that every state can have an engine of its own, and where hashes are the same
 * in every engine.
 */
public class SegmentStress {
    private static final int FILLED = 5;
    private static final byte[][] KEYS = keys(0, FILLED + 4);

    /** A key of the same segment, with its home in the other bucket, which is empty. */
    private static final byte[] ELSEWHERE = keys(1, 1)[0];

    private SegmentStress() {}

    /** Keys of one segment with their home in one bucket. */
    private static byte[][] keys(int bucket, int count) {
        StressEngine engine = StressEngine.small();
        byte[][] keys =
                IntStream.iterate(0, i -> i + 1)
                        .mapToObj(i -> TestEngine.bytes("n" + i))
                        .filter(key -> isAt(bucket, engine.engine.hash(key)))
                        .limit(count)
                        .toArray(byte[][]::new);
        engine.close();
        return keys;
    }

    private static boolean isAt(int bucket, long hash) {
        return hash >= 0 && ((hash >>> 32) & 1) == bucket;
    }

    /** A segment into which no further key goes; the values are 0. */
    abstract static class FullSegment {
        final StressEngine engine = StressEngine.small();

        FullSegment() {
            for (int i = 0; i < FILLED; i++) {
                long unused = engine.put(KEYS[i], 0);
            }
        }

        /** Whether each of some keys has one entry, and none of the others is lost. */
        boolean holdsOnce(int... more) {
            boolean holds = IntStream.range(0, FILLED).allMatch(this::isOnce);
            return holds && Arrays.stream(more).allMatch(this::isOnce);
        }

        private boolean isOnce(int i) {
            return engine.recordCount(KEYS[i]) == 1 && engine.get(KEYS[i]) >= 0;
        }

        void close() {
            engine.close();
        }
    }

    /** A segment that is replaced while a key in it is changed. */
    @JCStressTest
    @Description("A change finds its way to the segment that counts.")
    @Outcome(id = "1, 2, true", expect = ACCEPTABLE, desc = "nothing is lost")
    @Outcome(expect = FORBIDDEN, desc = "a key, or a change of one, is lost")
    @State
    public static class SplitAndAdd extends FullSegment {
        @Actor
        public void split() {
            long unused = engine.put(KEYS[FILLED], 0);
        }

        @Actor
        public void add(JJZ_Result r) {
            r.r1 = engine.add(KEYS[0], 1);
            r.r2 = engine.add(KEYS[FILLED - 1], 2);
        }

        @Arbiter
        public void end(JJZ_Result r) {
            r.r3 =
                    holdsOnce(FILLED)
                            && engine.get(KEYS[0]) == 1
                            && engine.get(KEYS[FILLED - 1]) == 2;
            close();
        }
    }

    /** A segment that is replaced and then changed, under a reader. */
    @JCStressTest
    @Description("A reader may use a frozen entry, but not once its successor can be changed.")
    @Outcome(id = "0, 0, true|0, 1, true|1, 1, true", expect = ACCEPTABLE, desc = "forward")
    @Outcome(expect = FORBIDDEN, desc = "backward, absent, or lost")
    @State
    public static class SplitAndRead extends FullSegment {
        @Actor
        public void splitAndChange() {
            long unused = engine.put(KEYS[FILLED], 0) + engine.put(KEYS[0], 1);
        }

        @Actor
        public void reader(JJZ_Result r) {
            r.r1 = engine.get(KEYS[0]);
            r.r2 = engine.get(KEYS[0]);
        }

        @Arbiter
        public void end(JJZ_Result r) {
            r.r3 = holdsOnce(FILLED);
            close();
        }
    }

    /** A segment that is replaced while a key is put into an empty entry of it. */
    @JCStressTest
    @Description("An entry that was empty is in the new segment, or stays empty in the old one.")
    @Outcome(id = "true, true, 1", expect = ACCEPTABLE, desc = "nothing is lost")
    @Outcome(expect = FORBIDDEN, desc = "a key is lost, or stands twice")
    @State
    public static class SplitAndInsert extends FullSegment {
        @Actor
        public void split(ZZI_Result r) {
            r.r1 = engine.putIfAbsent(KEYS[FILLED], 0);
        }

        @Actor
        public void insert(ZZI_Result r) {
            r.r2 = engine.putIfAbsent(ELSEWHERE, 0);
        }

        @Arbiter
        public void end(ZZI_Result r) {
            r.r3 = holdsOnce(FILLED) ? engine.recordCount(ELSEWHERE) : -1;
            close();
        }
    }

    /** Two that replace a segment for the same key. */
    @JCStressTest
    @Description("A key stands in one entry.")
    @Outcome(id = "true, false, 1|false, true, 1", expect = ACCEPTABLE, desc = "put once")
    @Outcome(expect = FORBIDDEN, desc = "put twice, or not at all")
    @State
    public static class SplitAndInsertTheSame extends FullSegment {
        @Actor
        public void first(ZZI_Result r) {
            r.r1 = engine.putIfAbsent(KEYS[FILLED], 1);
        }

        @Actor
        public void second(ZZI_Result r) {
            r.r2 = engine.putIfAbsent(KEYS[FILLED], 2);
        }

        @Arbiter
        public void end(ZZI_Result r) {
            r.r3 = holdsOnce() ? engine.recordCount(KEYS[FILLED]) : -1;
            close();
        }
    }

    /** Two that replace segments for different keys. */
    @JCStressTest
    @Description("One replacement takes place, whoever began it.")
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "nothing is lost")
    @Outcome(expect = FORBIDDEN, desc = "a key is lost, or stands twice")
    @State
    public static class SplitTwice extends FullSegment {
        @Actor
        public void first(ZZZ_Result r) {
            r.r1 = engine.putIfAbsent(KEYS[FILLED], 0) && engine.putIfAbsent(KEYS[FILLED + 1], 0);
        }

        @Actor
        public void second(ZZZ_Result r) {
            r.r2 =
                    engine.putIfAbsent(KEYS[FILLED + 2], 0)
                            && engine.putIfAbsent(KEYS[FILLED + 3], 0);
        }

        @Arbiter
        public void end(ZZZ_Result r) {
            r.r3 = holdsOnce(FILLED, FILLED + 1, FILLED + 2, FILLED + 3);
            close();
        }
    }

    /** A segment that is rebuilt without its tombstones while one of those keys comes back. */
    @JCStressTest
    @Description("A key comes back in one entry, whether its tombstone was dropped or not.")
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "put once")
    @Outcome(expect = FORBIDDEN, desc = "put twice, or lost with the tombstone")
    @State
    public static class PurgeAndInsert extends FullSegment {
        public PurgeAndInsert() {
            boolean unused = engine.delete(KEYS[0]) && engine.delete(KEYS[1]);
        }

        @Actor
        public void rebuild(ZZZ_Result r) {
            r.r1 = engine.putIfAbsent(KEYS[FILLED], 0);
        }

        @Actor
        public void insert(ZZZ_Result r) {
            r.r2 = engine.putIfAbsent(KEYS[0], 0) && engine.putIfAbsent(KEYS[1], 0);
        }

        @Arbiter
        public void end(ZZZ_Result r) {
            r.r3 = holdsOnce(FILLED);
            close();
        }
    }

    /** Records and segments that are moved elsewhere while a key is changed. */
    @JCStressTest
    @Description("Nobody notices that what he reads or changes is moved.")
    @Outcome(id = "1, 1, true", expect = ACCEPTABLE, desc = "nothing is lost")
    @Outcome(expect = FORBIDDEN, desc = "a key, or a change of one, is lost")
    @State
    public static class MoveAndAdd extends FullSegment {
        @Actor
        public void move() {
            TestEngine.move(engine.engine);
        }

        @Actor
        public void add(JJZ_Result r) {
            r.r1 = engine.add(KEYS[0], 1);
            r.r2 = engine.get(KEYS[0]);
        }

        @Arbiter
        public void end(JJZ_Result r) {
            r.r3 = holdsOnce() && engine.get(KEYS[0]) == 1;
            close();
        }
    }

    /** A segment that is replaced while a transaction has its descriptor in it. */
    @JCStressTest
    @Description("A descriptor is brought to its end before its entry is frozen.")
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "both happened")
    @Outcome(expect = FORBIDDEN, desc = "one is lost, in part or as a whole")
    @State
    public static class SplitAndTransfer extends FullSegment {
        @Actor
        public void split(ZZZ_Result r) {
            r.r1 = engine.putIfAbsent(KEYS[FILLED], 0);
        }

        @Actor
        public void transfer(ZZZ_Result r) {
            boolean first = engine.add(KEYS[0], 3) == 3;
            r.r2 = first && engine.transfer(KEYS[0], KEYS[FILLED - 1]);
        }

        @Arbiter
        public void end(ZZZ_Result r) {
            r.r3 =
                    holdsOnce(FILLED)
                            && engine.get(KEYS[0]) == 2
                            && engine.get(KEYS[FILLED - 1]) == 1;
            close();
        }
    }
}
