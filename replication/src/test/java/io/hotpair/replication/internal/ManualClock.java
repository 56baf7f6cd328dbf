package io.hotpair.replication.internal;

import io.hotpair.Clock;

/** Time that passes when it is told to, with a rate and a jump of its own. */
final class ManualClock implements Clock {
    private long nowNs;

    ManualClock() {
        this(1_000_000_000L);
    }

    ManualClock(long startNs) {
        nowNs = startNs;
    }

    void advanceTo(long timeNs) {
        nowNs = timeNs;
    }

    @Override
    public long currentTimeMs() {
        return nowNs / 1_000_000;
    }

    @Override
    public long nanoTime() {
        return nowNs;
    }
}
