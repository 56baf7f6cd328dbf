package io.hotpair.persistence;

import io.hotpair.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** The machine's clock, put forward by as much as a test likes. */
final class TestClock implements Clock {
    private final AtomicLong aheadMs = new AtomicLong();

    void advance(Duration by) {
        aheadMs.addAndGet(by.toMillis());
    }

    @Override
    public long currentTimeMs() {
        return System.currentTimeMillis() + aheadMs.get();
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }
}
