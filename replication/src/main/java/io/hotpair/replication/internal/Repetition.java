package io.hotpair.replication.internal;

import io.hotpair.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets the same sentence into the application's log once, and then at most once a minute. Strangers
 * who can vary what is said of them get no more than so many sentences in. Thread-safe.
 */
final class Repetition {
    static final long INTERVAL_NS = TimeUnit.SECONDS.toNanos(60);
    static final int MAX_SENTENCES = 64;

    private final Clock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, Long> saidNs = new HashMap<>();

    Repetition(Clock clock) {
        this.clock = clock;
    }

    /** Whether a sentence is to be said now; if so, it counts as said. */
    boolean isDue(String sentence) {
        long nowNs = clock.nanoTime();
        lock.lock();
        try {
            saidNs.values().removeIf(atNs -> nowNs - atNs >= INTERVAL_NS);
            if (saidNs.containsKey(sentence) || saidNs.size() >= MAX_SENTENCES) {
                return false;
            }
            saidNs.put(sentence, nowNs);
            return true;
        } finally {
            lock.unlock();
        }
    }
}
