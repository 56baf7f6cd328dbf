package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What {@link NumberingStress} does not ask of the ring. */
@Timeout(60)
class OperationRingTest {
    /** As a replica, whose log fails, does. */
    @Test
    void shouldGiveNothingBackWhileNumberingIsSuspended() {
        OperationRing ring = new OperationRing(new HeapMem());
        ring.suspend();
        ring.release();
        assertEquals(OperationRing.Next.NONE, ring.peek());
        ring.reset(7);
        ring.release();
        assertEquals(7, ring.takenOpId());
        assertEquals(8, ring.position());
    }
}
