package io.hotpair.replication.internal;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Lets one thread sleep until any other wants it, without a lock. */
final class Signal {
    private volatile boolean raised;
    private volatile @Nullable Thread sleeper;

    /** Wakes the sleeper, or keeps its next sleep from beginning. */
    void raise() {
        raised = true;
        Thread thread = sleeper;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    /**
     * Sleeps until the signal is raised or the time has passed, and lowers it. May end early. The
     * sleeper announces itself before it looks at the flag, and {@link #raise} sets the flag before
     * it looks for the sleeper: one of both sees the other.
     */
    void await(long limitNs) {
        sleeper = Thread.currentThread();
        if (!raised && limitNs > 0) {
            LockSupport.parkNanos(this, limitNs);
        }
        sleeper = null;
        raised = false;
    }
}
