package io.hotpair.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** Epochs: what a reader has met is not used again before the reader is gone (E1 to E3, I4). */
public class ReclamationStress {
    private static final Mem MEM = StressMemory.MEM;
    private static final Stripes STRIPES = new Stripes(2);
    private static final Slab SLAB = new Slab(MEM, STRIPES, 64 << 20, () -> Long.MAX_VALUE);
    private static final StressEngine ENGINE = StressEngine.shared(false);
    private static final int OLD = 1;
    private static final int NEW = 2;
    private static final int REUSED = 9;

    private ReclamationStress() {}

    /** A place that leads to a record, as an entry of the index does. */
    @JCStressTest
    @Description("A record stays as it is while somebody who met it is inside.")
    @Outcome(id = "[12]", expect = ACCEPTABLE, desc = "the record from before, or the new one")
    @Outcome(expect = FORBIDDEN, desc = "a record that changed under the reader")
    @State
    public static class ReadAndReuse {
        private static final int LOOKS = 8;

        private final long entry = StressMemory.block(Long.BYTES);

        public ReadAndReuse() {
            Stripe stripe = STRIPES.enter();
            MEM.putLong(entry, record(stripe, OLD));
            STRIPES.leave(stripe);
        }

        private static long record(Stripe stripe, long value) {
            long record = SLAB.allocate(stripe, Records.blockLength(0, 0, Long.BYTES), false);
            if (record == 0) {
                throw new IllegalStateException("record=0, expected room for it");
            }
            StressMemory.write(record, 1, value);
            return record;
        }

        @Actor
        public void reader(I_Result r) {
            Stripe stripe = STRIPES.enter();
            long record = MEM.getLongVolatile(entry);
            long first = StressMemory.value(record);
            r.r1 = (int) first;
            for (int i = 0; i < LOOKS; i++) {
                if (Records.version(MEM, record) != 1 || StressMemory.value(record) != first) {
                    r.r1 = REUSED;
                }
            }
            STRIPES.leave(stripe);
        }

        @Actor
        public void writer() {
            Stripe stripe = STRIPES.enter();
            long old = MEM.getLongVolatile(entry);
            boolean unused = MEM.compareAndSetLong(entry, old, record(stripe, NEW));
            SLAB.retire(stripe, old);
            STRIPES.leave(stripe);
            reuse();
        }

        private static void reuse() {
            Stripe stripe = STRIPES.enter();
            SLAB.reclaim(stripe);
            long block = record(stripe, REUSED);
            SLAB.free(stripe, block, Records.blockLength(MEM, block));
            STRIPES.leave(stripe);
        }

        @Arbiter
        public void retire() {
            Stripe stripe = STRIPES.enter();
            SLAB.retire(stripe, MEM.getLong(entry));
            STRIPES.leave(stripe);
        }
    }

    /** A key whose values follow each other in few blocks. */
    @JCStressTest
    @Description("A value is one that was put, whole, however soon its block is used again.")
    @Outcome(
            id = "(1111|2222|3333|4444), (1111|2222|3333|4444)",
            expect = ACCEPTABLE,
            desc = "whole")
    @Outcome(expect = FORBIDDEN, desc = "torn, absent, or another key's")
    @State
    public static class ReadAndOverwrite {
        private final byte[] x = ENGINE.key(1111);
        private final byte[] y = ENGINE.key(1111);

        @Actor
        public void writer() {
            for (long value = 2222; value <= 4444; value += 1111) {
                long unused = ENGINE.put(x, value) + ENGINE.put(y, value);
            }
        }

        @Actor
        public void reader(JJ_Result r) {
            r.r1 = ENGINE.get(x);
            r.r2 = ENGINE.get(y);
        }
    }
}
