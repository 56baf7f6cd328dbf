package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Clock;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.topology.Lease;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which opId a snapshot on a replica shows, while operations of the log are applied. */
@Timeout(60)
class SnapshotOpIdTest {
    private final Engine engine =
            new Engine(
                    Mem.platform(),
                    8 << 20,
                    MaxMemoryPolicy.NOEVICTION,
                    true,
                    Clock.SYSTEM,
                    1_000_000_000L);

    private CompletableFuture<Long> snapshotOpId() {
        return CompletableFuture.supplyAsync(
                () -> {
                    try (EngineSnapshot snapshot = new EngineSnapshot(engine)) {
                        return snapshot.opId();
                    }
                });
    }

    @Test
    void shouldCountAnOperationThatWasBegunBeforeItsViewWasUp() throws InterruptedException {
        engine.mode(Mode.REPLICA);
        engine.applied(4);
        engine.applying(5);
        CompletableFuture<Long> opId = snapshotOpId();
        while (engine.snapshotView() == null && !opId.isDone()) {
            Thread.onSpinWait();
        }
        // What was begun may have no link to what was there before: it is waited for.
        TimeUnit.MILLISECONDS.sleep(20);
        assertFalse(opId.isDone());
        engine.applied(5);
        engine.applying(6);
        engine.applied(6);
        assertTrue(opId.join() >= 5);
        engine.release();
    }

    @Test
    void shouldWaitWhileMemoryIsTakenBackAndRefuseInTheEnd() {
        engine.mode(Mode.REPLICA);
        engine.applied(9);
        engine.unsettled();
        CompletionException e =
                assertThrows(CompletionException.class, () -> snapshotOpId().join());
        assertInstanceOf(IllegalStateException.class, e.getCause());
        engine.applied(7);
        assertEquals(7, snapshotOpId().join());
        engine.release();
    }

    @Test
    void shouldNotBeFixedWhenMemoryWasTakenBackMeanwhile() {
        engine.mode(Mode.REPLICA);
        engine.applied(9);
        Stripe inside = engine.stripes().enter();
        CompletableFuture<Long> opId = snapshotOpId();
        while (engine.snapshotView() == null) {
            Thread.onSpinWait();
        }
        engine.unsettled();
        engine.dropSnapshot();
        engine.applied(7);
        // What is begun from here on finds no view, so it leaves no link to what was there before.
        engine.applying(8);
        engine.applied(8);
        engine.stripes().leave(inside);

        CompletionException e = assertThrows(CompletionException.class, opId::join);
        assertInstanceOf(IllegalStateException.class, e.getCause());
        assertNull(engine.snapshotView());
        assertEquals(8, snapshotOpId().join());
        engine.release();
    }

    @Test
    void shouldEndWhereNumbersThatItCountsAreGivenAgain() {
        OperationRing ring = engine.ring();
        assertNotNull(ring);
        ring.reset(9);
        engine.mode(Mode.master(1, Lease.permanent(Clock.SYSTEM)));
        try (EngineSnapshot snapshot = new EngineSnapshot(engine)) {
            assertEquals(9, snapshot.opId());
            engine.dropSnapshotAfter(9);
            snapshot.requireUnbroken();

            engine.dropSnapshotAfter(8);

            assertThrows(IllegalStateException.class, snapshot::requireUnbroken);
        }
        engine.release();
    }
}
