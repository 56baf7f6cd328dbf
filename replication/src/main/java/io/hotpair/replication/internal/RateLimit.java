package io.hotpair.replication.internal;

import io.hotpair.Clock;
import java.util.concurrent.TimeUnit;

/**
 * A token bucket over bytes, with a tenth of a second's worth of tokens. Used by one thread at a
 * time.
 */
final class RateLimit {
    private static final long BURST_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Clock clock;
    private final long bytesPerSecond;
    private long paidUntilNs;

    /**
     * Creates one.
     *
     * @param bytesPerSecond the rate, 0 for no limit
     */
    RateLimit(Clock clock, long bytesPerSecond) {
        this.clock = clock;
        this.bytesPerSecond = bytesPerSecond;
        paidUntilNs = clock.nanoTime() - BURST_NS;
    }

    /**
     * How much may be sent at once, so that a limit does not come as long pauses between floods.
     */
    int batchLength(int maxLength) {
        return bytesPerSecond == 0 ? maxLength : (int) Math.min(maxLength, bytesPerSecond / 20);
    }

    /** How long to wait before anything more may be sent. */
    long delayNs() {
        return bytesPerSecond == 0 ? 0 : Math.max(0, paidUntilNs - clock.nanoTime());
    }

    /** Takes tokens for what is sent, ahead of time if it must. */
    void pay(int bytes) {
        if (bytesPerSecond != 0) {
            double costNs = (double) bytes * TimeUnit.SECONDS.toNanos(1) / bytesPerSecond;
            paidUntilNs = Math.max(paidUntilNs, clock.nanoTime() - BURST_NS) + (long) costNs;
        }
    }
}
