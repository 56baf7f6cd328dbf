package io.hotpair.internal;

import io.hotpair.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a keyspace does by itself, a little every tenth of a second. On a master it removes keys
 * whose deadline has passed, and fields of hashes, segment by segment, so that a key that nobody
 * asks for gives its memory back; a replica waits for the tombstones. And it compacts memory.
 */
final class BackgroundCycle implements Runnable {
    private static final Logger LOGGER = LoggerFactory.getLogger(BackgroundCycle.class);
    private static final long INTERVAL_NS = 100_000_000;
    private static final long BUDGET_NS = 5_000_000;

    private final Engine engine;
    private final Clock clock;
    private final Runnable afterWrites;
    private final Outcome outcome = new Outcome();
    private volatile boolean stopped;
    private volatile @Nullable Thread thread;
    private int upper;

    BackgroundCycle(Engine engine, Clock clock, Runnable afterWrites) {
        this.engine = engine;
        this.clock = clock;
        this.afterWrites = afterWrites;
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        while (!stopped) {
            engine.tick();
            try {
                if (engine.mode().isMaster() && hasDeadlines()) {
                    removeExpired();
                }
                engine.maintainMemory(BUDGET_NS);
            } catch (RuntimeException | OutOfMemoryError e) {
                // A role that was lost or a full log: the next round sees what is left.
                LOGGER.debug("background cycle stopped early: {}", e.getMessage());
            }
            LockSupport.parkNanos(this, INTERVAL_NS);
        }
    }

    private boolean hasDeadlines() {
        return engine.sum(Engine.Counter.DEADLINES) > 0
                || engine.sum(Engine.Counter.FIELD_DEADLINES) > 0;
    }

    private void removeExpired() {
        long startNs = clock.nanoTime();
        List<byte[]> expired = new ArrayList<>();
        List<byte[]> hashes = new ArrayList<>();
        do {
            upper = engine.collectExpired(upper, expired, hashes);
            for (byte[] key : expired) {
                engine.removeIfExpired(key, outcome);
            }
            for (byte[] key : hashes) {
                removeExpiredFields(key, startNs);
            }
            if (!expired.isEmpty() || !hashes.isEmpty()) {
                afterWrites.run();
            }
            expired.clear();
            hashes.clear();
        } while (upper != 0 && hasTimeSince(startNs));
    }

    private void removeExpiredFields(byte[] key, long startNs) {
        while (engine.removeExpiredFields(key, outcome) && hasTimeSince(startNs)) {
            // A large hash is cleared bit by bit, so that no write of it is a large one.
        }
    }

    private boolean hasTimeSince(long startNs) {
        return clock.nanoTime() - startNs < BUDGET_NS;
    }

    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }
}
