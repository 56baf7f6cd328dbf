package io.hotpair.internal;

import io.hotpair.Clock;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The wall clock that decides whether a key has expired: one cell for all threads, which never goes
 * back. With a clock for each thread one of them could see a key gone that another, later, still
 * sees.
 */
final class ClockCell {
    private final Clock clock;
    private final AtomicLong nowMs = new AtomicLong();

    ClockCell(Clock clock) {
        this.clock = clock;
    }

    long nowMs() {
        long wall = clock.currentTimeMs();
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
