package io.hotpair.resp;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for conditions. */
final class Await {
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(20);
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private Await() {}

    /** Waits until something is so, and fails with what is instead if it does not come to be. */
    static void until(BooleanSupplier condition, Supplier<Object> state) {
        until(DEADLINE_NS, condition, state);
    }

    /** As {@link #until}, for what may take longer. */
    static void until(long deadlineNs, BooleanSupplier condition, Supplier<Object> state) {
        long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - startNs > deadlineNs) {
                throw new AssertionError(
                        "not so after " + deadlineNs / 1_000_000_000 + " s: " + state.get());
            }
            LockSupport.parkNanos(POLL_NS);
        }
    }
}
