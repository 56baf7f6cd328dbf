package io.hotpair.internal;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts every byte that a keyspace takes, before it is taken, and refuses what would pass a bound.
 * The last parts of the limit are reserves for operations that give memory back, so that a full
 * keyspace can still be emptied, and for compaction. What the log says has happened already, so
 * replay and a replica may pass the limit: how much the same contents take differs a little from
 * one process to the next, and a keyspace that was full must open again.
 */
final class Accountant {
    private static final int MIN_CHUNK_LENGTH = 64 << 10;
    private static final int MAX_CHUNK_LENGTH = 4 << 20;

    private final AtomicLong used = new AtomicLong();
    private volatile long limit;

    Accountant(long limit) {
        this.limit = limit;
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

    /** Changes the limit. Nothing is given back here. */
    void limit(long bytes) {
        limit = bytes;
    }

    /** How much is taken from the machine at a time, for blocks to be cut from. */
    int chunkLength() {
        long part = Long.highestOneBit(limit / 64);
        return (int) Math.min(MAX_CHUNK_LENGTH, Math.max(MIN_CHUNK_LENGTH, part));
    }

    /** How much is kept for each of the purposes for which something is kept. */
    long reserve() {
        return chunkLength();
    }
}
