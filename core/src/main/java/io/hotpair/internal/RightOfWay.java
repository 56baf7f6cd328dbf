package io.hotpair.internal;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Lets a thread through that lost to others again and again: those who are about to begin wait a
 * moment. That is advice only. Whoever waited to no avail ends the request, so that a thread which
 * was stopped while it asked delays others once and not for ever.
 */
final class RightOfWay {
    private static final int COURTESY_PARKS = 100;
    private static final long COURTESY_PARK_NS = 10_000;

    private final AtomicReference<@Nullable Thread> asking = new AtomicReference<>();

    /** Asks for it, unless somebody else does. */
    void ask() {
        asking.compareAndSet(null, Thread.currentThread());
    }

    /** Ends the request of this thread, if there is one. */
    void end() {
        asking.compareAndSet(Thread.currentThread(), null);
    }

    /** Waits a moment if another thread asked. The caller holds nothing. */
    void give() {
        Thread other = asking.get();
        if (other != null && other != Thread.currentThread()) {
            waitFor(other);
        }
    }

    private void waitFor(Thread other) {
        for (int i = 0; i < COURTESY_PARKS; i++) {
            LockSupport.parkNanos(this, COURTESY_PARK_NS);
            if (asking.get() != other) {
                return;
            }
        }
        asking.compareAndSet(other, null);
    }

    @Override
    public String toString() {
        return "RightOfWay[asking=" + asking.get() + "]";
    }
}
