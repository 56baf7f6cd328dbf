package io.hotpair.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZII_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;

/** Claims of positions, the slots of the ring, and the log role that poisons (N2 to N5). */
public class NumberingStress {
    /** Rings whose states are gone. Each goes on where it is, round and round. */
    private static final Queue<OperationRing> RINGS = new ConcurrentLinkedQueue<>();

    private NumberingStress() {}

    /** A ring, with a log role that looks for one record after the other. */
    abstract static class RingState {
        private final OperationRing ring = ring();
        private int taken;
        private long positions;

        private static OperationRing ring() {
            OperationRing used = RINGS.poll();
            return used == null ? new OperationRing(StressMemory.MEM) : used;
        }

        long number(long record) {
            return ring.number(record);
        }

        /** Takes what is there, and poisons what was claimed and is empty for some looks. */
        void log(int looks, int patience) {
            int empty = 0;
            for (int i = 0; i < looks; i++) {
                OperationRing.Next next = ring.peek();
                if (next == OperationRing.Next.NONE) {
                    continue;
                }
                if (next == OperationRing.Next.PENDING) {
                    if (++empty % patience == 0) {
                        ring.poison();
                    }
                    continue;
                }
                if (next == OperationRing.Next.RECORD) {
                    took(ring.record(), ring.position());
                }
                ring.advance();
                ring.release();
            }
        }

        private void took(long record, long position) {
            if (Records.version(StressMemory.MEM, record) == position) {
                taken++;
                positions += position;
            }
        }

        /** Takes the rest; how many records were taken so far. */
        int logRest() {
            while (!ring.isEmpty()) {
                log(1, 1);
            }
            RINGS.add(ring);
            return taken;
        }

        /** The sum of the positions at which records were taken. */
        long positions() {
            return positions;
        }

        int taken() {
            return taken;
        }
    }

    /** A writer and a reader that met its record number it both. */
    @JCStressTest
    @Description("A record gets one number, and the log takes it once.")
    @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "one number, one place")
    @Outcome(expect = FORBIDDEN, desc = "two numbers, or not as often in the log")
    @State
    public static class NumberTwice extends RingState {
        private final long record = StressMemory.record(0, 1);
        private long first;
        private long second;

        @Actor
        public void first() {
            first = number(record);
        }

        @Actor
        public void second() {
            second = number(record);
        }

        @Arbiter
        public void log(ZI_Result r) {
            r.r2 = logRest();
            r.r1 = first == second && positions() == first;
        }
    }

    /** A writer and a log role that has no patience. */
    @JCStressTest
    @Description("The log takes a record at its number, helped or poisoned or not.")
    @Outcome(id = "true, [01], 1", expect = ACCEPTABLE, desc = "taken by then, or later")
    @Outcome(expect = FORBIDDEN, desc = "missing, twice, or elsewhere")
    @State
    public static class NumberAndPoison extends RingState {
        private final long record = StressMemory.record(0, 1);
        private long version;

        @Actor
        public void writer() {
            version = number(record);
        }

        @Actor
        public void log(ZII_Result r) {
            log(16, 1);
            r.r2 = taken();
        }

        @Arbiter
        public void rest(ZII_Result r) {
            r.r3 = logRest();
            r.r1 = positions() == version;
        }
    }

    /** The two that number one record, one of which then is the log role as well. */
    @JCStressTest
    @Description("Of several claims for a record the log takes the one that is its number.")
    @Outcome(id = "true, 1, 1", expect = ACCEPTABLE, desc = "at its number")
    @Outcome(expect = FORBIDDEN, desc = "missing, twice, or elsewhere")
    @State
    public static class NumberTwiceAndPoison extends RingState {
        private final long record = StressMemory.record(0, 1);
        private long first;
        private long second;

        @Actor
        public void first() {
            first = number(record);
        }

        @Actor
        public void second(ZII_Result r) {
            second = number(record);
            // The slot of the other one may become SKIP, or be poisoned, meanwhile.
            log(16, 1);
            r.r2 = taken();
        }

        @Arbiter
        public void rest(ZII_Result r) {
            r.r3 = logRest();
            r.r1 = first == second && positions() == first;
        }
    }

    /** More records than a short ring holds, with a log role that follows. */
    @JCStressTest
    @Description("A slot serves one lap after the other.")
    @Outcome(id = "true, 24, 48", expect = ACCEPTABLE, desc = "all of them, in their order")
    @Outcome(expect = FORBIDDEN, desc = "missing, twice, or elsewhere")
    @State
    public static class GoRound extends RingState {
        private static final int RECORDS = 48;
        private static final int PATIENCE = 64;

        private final long[] records = new long[RECORDS];
        private long sum;
        private boolean inOrder = true;

        public GoRound() {
            for (int i = 0; i < RECORDS; i++) {
                records[i] = StressMemory.record(0, i);
            }
        }

        @Actor
        public void writer() {
            long before = 0;
            for (long record : records) {
                long version = number(record);
                inOrder &= version > before;
                sum += version;
                before = version;
            }
        }

        @Actor
        public void log(ZII_Result r) {
            while (taken() < RECORDS / 2) {
                log(1, PATIENCE);
            }
            r.r2 = taken();
        }

        @Arbiter
        public void rest(ZII_Result r) {
            r.r3 = logRest();
            r.r1 = inOrder && positions() == sum;
        }
    }
}
