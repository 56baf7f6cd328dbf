package io.hotpair.replication.internal;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition, never for luck. */
final class Await {
    private static final long LIMIT_NS = 60_000_000_000L;

    private Await() {}

    static void until(String what, BooleanSupplier condition, Supplier<?> state) {
        long end = System.nanoTime() + LIMIT_NS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("waited in vain until " + what + ": " + state.get());
            }
            LockSupport.parkNanos(200_000);
        }
    }
}
