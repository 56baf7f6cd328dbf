package io.hotpair.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJZ_Result;
import org.openjdk.jcstress.infra.results.JJ_Result;
import org.openjdk.jcstress.infra.results.ZZJ_Result;

/** Install, then number: the order of opIds is what readers see (I3, N1). */
public class WriteStress {
    private static final StressEngine ENGINE = StressEngine.shared(true);

    /** Not to be made. */
    private WriteStress() {}

    /** A write of x among reads of x on both sides of a write of y. */
    @JCStressTest
    @Description(
            "Of two writes the log has that one later which came after the other for a reader.")
    @Outcome(id = "0, 0, false", expect = ACCEPTABLE, desc = "x came last")
    @Outcome(id = "0, 1, (true|false)", expect = ACCEPTABLE, desc = "x came in between")
    @Outcome(id = "1, 1, true", expect = ACCEPTABLE, desc = "x came first")
    @Outcome(expect = FORBIDDEN, desc = "the log says something else than the readers saw")
    @State
    public static class WriteAndRead {
        private final byte[] x = ENGINE.key(0);
        private final byte[] y = ENGINE.key(0);
        private long opIdOfX;
        private long opIdOfY;

        @Actor
        public void writer() {
            opIdOfX = ENGINE.put(x, 1);
        }

        @Actor
        public void reader(JJZ_Result r) {
            r.r1 = ENGINE.get(x);
            opIdOfY = ENGINE.put(y, 1);
            r.r2 = ENGINE.get(x);
        }

        @Arbiter
        public void order(JJZ_Result r) {
            r.r3 = opIdOfX < opIdOfY;
        }
    }

    /** Two increments of one key. */
    @JCStressTest
    @Description("Of two increments one acts on the other's result, and has the later opId.")
    @Outcome(id = "(1, 2|2, 1), true", expect = ACCEPTABLE, desc = "one after the other")
    @Outcome(expect = FORBIDDEN, desc = "an increment is lost, or the log has another order")
    @State
    public static class AddAndAdd {
        private final byte[] x = ENGINE.key(0);
        private long firstOpId;
        private long secondOpId;

        @Actor
        public void first(JJZ_Result r) {
            long[] sum = new long[1];
            firstOpId = ENGINE.add(x, 1, sum);
            r.r1 = sum[0];
        }

        @Actor
        public void second(JJZ_Result r) {
            long[] sum = new long[1];
            secondOpId = ENGINE.add(x, 1, sum);
            r.r2 = sum[0];
        }

        @Arbiter
        public void order(JJZ_Result r) {
            r.r3 = (r.r1 < r.r2) == (firstOpId < secondOpId) && ENGINE.get(x) == 2;
        }
    }

    /** Two writes, seen by two reads. */
    @JCStressTest
    @Description("Reads of one key go forward only.")
    @Outcome(id = "0, 0|0, 1|0, 2|1, 1|1, 2|2, 2", expect = ACCEPTABLE, desc = "forward")
    @Outcome(expect = FORBIDDEN, desc = "backward, or a value that nobody put")
    @State
    public static class WritesAndReads {
        private final byte[] x = ENGINE.key(0);

        @Actor
        public void writer() {
            long unused = ENGINE.put(x, 1) + ENGINE.put(x, 2);
        }

        @Actor
        public void reader(JJ_Result r) {
            r.r1 = ENGINE.get(x);
            r.r2 = ENGINE.get(x);
        }
    }

    /** Two conditional writes of a key that was deleted. */
    @JCStressTest
    @Description("Of two that put if absent one does.")
    @Outcome(id = "true, false, 1|false, true, 2", expect = ACCEPTABLE, desc = "one of them")
    @Outcome(expect = FORBIDDEN, desc = "both, none, or the loser's value")
    @State
    public static class PutIfAbsentTwice {
        private final byte[] x = ENGINE.key(StressEngine.ABSENT);

        @Actor
        public void first(ZZJ_Result r) {
            r.r1 = ENGINE.putIfAbsent(x, 1);
        }

        @Actor
        public void second(ZZJ_Result r) {
            r.r2 = ENGINE.putIfAbsent(x, 2);
        }

        @Arbiter
        public void value(ZZJ_Result r) {
            r.r3 = ENGINE.get(x);
        }
    }

    /** A deletion and a conditional write of one key. */
    @JCStressTest
    @Description("A key is put if absent only after it was deleted.")
    @Outcome(id = "true, true, 2", expect = ACCEPTABLE, desc = "deleted, then put")
    @Outcome(id = "true, false, -1", expect = ACCEPTABLE, desc = "found present, then deleted")
    @Outcome(expect = FORBIDDEN, desc = "acted on a record that was superseded")
    @State
    public static class DeleteAndPutIfAbsent {
        private final byte[] x = ENGINE.key(1);

        @Actor
        public void first(ZZJ_Result r) {
            r.r1 = ENGINE.delete(x);
        }

        @Actor
        public void second(ZZJ_Result r) {
            r.r2 = ENGINE.putIfAbsent(x, 2);
        }

        @Arbiter
        public void value(ZZJ_Result r) {
            r.r3 = ENGINE.get(x);
        }
    }
}
