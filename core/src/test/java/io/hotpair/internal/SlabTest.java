package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SlabTest {
    private static final long LIMIT = 64L << 20;
    private static final int LENGTH = 100_000;
    private static final int ASIDE_LENGTH = 48;

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

    /** By a holder of a stripe that began to when the chunk was still being emptied. */
    @Test
    void shouldGiveABlockToOneOnlyThatIsPutAsideWhileItsChunkIsReopened() {
        Stripe stripe = stripes.enter();
        long first = slab.allocate(stripe, ASIDE_LENGTH, false);
        long second = slab.allocate(stripe, ASIDE_LENGTH, false);
        Chunk chunk = slab.chunks().of(first);
        evacuate(chunk);
        slab.free(stripe, first, ASIDE_LENGTH);
        drain(stripe);
        slab.free(stripe, second, ASIDE_LENGTH);
        boolean[] reopened = new boolean[1];
        mem.hook(
                (access, address, value) -> {
                    boolean isNoted = address == second && value == first;
                    if (access == StepMem.Access.STORE && isNoted && !reopened[0]) {
                        reopened[0] = true;
                        reopen(chunk);
                    }
                });
        drain(stripe);
        mem.unhook();
        assertTrue(reopened[0], "the second block is put before the first one");
        // What is left there is given out when the chunk is reopened once more.
        evacuate(chunk);
        reopen(chunk);
        stripes.leave(stripe);

        Set<Long> given = new HashSet<>();
        for (int i = 0; i < stripes.count(); i++) {
            assertTrue(stripes.claim(i));
            for (int j = 0; j < 300; j++) {
                long block = slab.allocate(stripes.stripe(i), ASIDE_LENGTH, false);
                assertTrue(given.add(block), "block=" + block + " is given twice");
            }
        }
        assertTrue(given.contains(first) && given.contains(second), "neither is lost");
    }

    private void evacuate(Chunk chunk) {
        chunk.evacuating = true;
        slab.evacuate(new Chunk[] {chunk});
    }

    private void reopen(Chunk chunk) {
        slab.evacuate(null);
        slab.reopen(chunk);
    }

    private void drain(Stripe stripe) {
        slab.requestDrain();
        slab.drainIfAsked(stripe);
    }
}
