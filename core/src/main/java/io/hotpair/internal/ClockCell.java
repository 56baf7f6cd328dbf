package io.hotpair.internal;

import io.hotpair.Clock;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The wall clock that decides whether a key has expired: one cell for all threads, which never goes
 * back. With a clock for each thread one of them could see a key gone that another, later, still
 * sees.
 *
 * <p>It can be held: then it stands where it is, and goes on only as far as it is told.
 */
final class ClockCell {
    private final Clock clock;
    private final AtomicLong nowMs = new AtomicLong();
    private volatile boolean held;

    ClockCell(Clock clock) {
        this.clock = clock;
    }

    long nowMs() {
        return held ? nowMs.get() : reach(clock.currentTimeMs());
    }

    /** Stops the clock; {@link #reach} moves it on. */
    void hold() {
        long unused = nowMs();
        held = true;
    }

    /** Lets it go again. */
    void release() {
        held = false;
    }

    /** Sees to it that it is as late as this at least; returns the time then. */
    long reach(long wall) {
        long seen = nowMs.get();
        while (wall > seen) {
            if (nowMs.compareAndSet(seen, wall)) {
                return wall;
            }
            seen = nowMs.get();
        }
        return seen;
    }
}
