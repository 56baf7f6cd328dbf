package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SlabTest {
    private static final long LIMIT = 64L << 20;
    private static final int LENGTH = 100_000;

    /** What the machine has, so that a test that fails takes no more of it. */
    private static final long MACHINE_BYTES = LIMIT;

    private final StepMem mem = new StepMem(new HeapMem());
    private final Stripes stripes = new Stripes(1);
    private final Slab slab = new Slab(mem, stripes, LIMIT, () -> Long.MAX_VALUE);

    /** Chunks are shorter then than blocks that were of use before, and still are. */
    @Test
    void shouldGiveALongBlockFromTheReserveUnderALimitThatWasLoweredFar() {
        long[] taken = new long[1];
        mem.hook(
                (access, address, value) -> {
                    taken[0] += access == StepMem.Access.ALLOCATE ? value : 0;
                    if (taken[0] > MACHINE_BYTES) {
                        throw new AssertionError("it takes " + taken[0] + " bytes, and goes on");
                    }
                });
        slab.accountant().limit(1);
        Stripe stripe = stripes.enter();
        try {
            assertEquals(0, slab.allocate(stripe, LENGTH, false));
            assertEquals(0, slab.accountant().used());

            long block = slab.allocate(stripe, LENGTH, true);

            assertNotEquals(0, block);
            assertTrue(slab.accountant().used() < 2 * LENGTH, "used=" + slab.accountant().used());
            mem.setZero(block, LENGTH);
        } finally {
            stripes.leave(stripe);
        }
    }

    /** Of what is added in vain nobody has anything until it is compacted away. */
    @Test
    void shouldTakeNoMoreThanALongBlockNeeds() {
        slab.accountant().limit(4 << 20);
        Stripe stripe = stripes.enter();
        try {
            long block = slab.allocate(stripe, LENGTH, false);

            assertNotEquals(0, block);
            assertTrue(slab.accountant().used() < 2 * LENGTH, "used=" + slab.accountant().used());
        } finally {
            stripes.leave(stripe);
        }
    }
}
