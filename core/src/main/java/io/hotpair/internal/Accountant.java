package io.hotpair.internal;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts every byte that a keyspace takes, before it is taken, and refuses what would pass a bound.
 * The last part of the limit is a reserve for operations that give memory back, so that a full
 * keyspace can still be emptied. What the log says has happened already, so replay and a replica
 * may pass the limit: how much the same contents take differs a little from one process to the
 * next, and a keyspace that was full must open again.
 */
final class Accountant {
    private final AtomicLong used = new AtomicLong();
    private final long limit;
    private final long reserve;

    Accountant(long limit, long reserve) {
        this.limit = limit;
        this.reserve = reserve;
    }

    /** Counts bytes if the sum stays within a bound. */
    boolean charge(long bytes, long bound) {
        long now = used.get();
        while (bytes <= bound - now) {
            if (used.compareAndSet(now, now + bytes)) {
                return true;
            }
            now = used.get();
        }
        return false;
    }

    void refund(long bytes) {
        used.addAndGet(-bytes);
    }

    long used() {
        return used.get();
    }

    long limit() {
        return limit;
    }

    long reserve() {
        return reserve;
    }
}
