package io.hotpair.internal;

import io.hotpair.Clock;
import io.hotpair.Watermark;
import java.util.concurrent.locks.LockSupport;

/**
 * A caller that waits for its write's acknowledgement. Holds no lock; an interrupt does not end it.
 */
final class CallerWait implements Watermark.Waiter {
    private static final int WAITING = 0;
    private static final int REACHED = 1;

    private final Thread caller;
    private volatile int state = WAITING;

    CallerWait(Thread caller) {
        this.caller = caller;
    }

    @Override
    public void done(boolean reached) {
        state = reached ? REACHED : -1;
        if (Thread.currentThread() != caller) {
            LockSupport.unpark(caller);
        }
    }

    boolean isReached() {
        return state == REACHED;
    }

    void await(Clock clock, long timeoutNs) {
        long giveUpNs = clock.nanoTime() + timeoutNs;
        boolean interrupted = false;
        while (state == WAITING && clock.nanoTime() - giveUpNs < 0) {
            LockSupport.parkNanos(this, Math.max(1, giveUpNs - clock.nanoTime()));
            // A park returns at once while the flag is up: lower it, and raise it again at the end.
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
