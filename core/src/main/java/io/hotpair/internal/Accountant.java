package io.hotpair.internal;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts every byte that a keyspace takes, before it is taken, and refuses what would pass the
 * limit. The last part of the limit is a reserve for operations that give memory back, so that a
 * full keyspace can still be emptied.
 */
final class Accountant {
    private final AtomicLong used = new AtomicLong();
    private final long limit;
    private final long reserve;

    Accountant(long limit, long reserve) {
        this.limit = limit;
        this.reserve = reserve;
    }

    boolean charge(long bytes, boolean fromReserve) {
        long bound = fromReserve ? limit : limit - reserve;
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
}
