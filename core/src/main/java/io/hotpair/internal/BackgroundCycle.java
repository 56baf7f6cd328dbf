package io.hotpair.internal;

import io.hotpair.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a keyspace does by itself, in a thread of its own. A little every tenth of a second: on a
 * master it removes keys whose deadline has passed, and fields of hashes, segment by segment, so
 * that a key that nobody asks for gives its memory back; a replica waits for the tombstones. It
 * compacts memory. And it serves consumers that nobody else could. When they are due: time-outs of
 * those who wait without a thread.
 */
final class BackgroundCycle implements Runnable {
    private static final Logger LOGGER = LoggerFactory.getLogger(BackgroundCycle.class);
    private static final long INTERVAL_NS = 100_000_000;
    private static final long BUDGET_NS = 5_000_000;

    private final Engine engine;
    private final Clock clock;
    private final Runnable afterWrites;
    private final Outcome outcome = new Outcome();
    private final BlockedConsumers consumers;
    private final Timers timers;
    private volatile boolean stopped;
    private volatile boolean keepsExpired;
    private volatile long keptUntilNs;
    private volatile @Nullable Thread thread;
    private int upper;

    BackgroundCycle(Engine engine, Clock clock, Runnable afterWrites) {
        this.engine = engine;
        this.clock = clock;
        this.afterWrites = afterWrites;
        consumers = engine.blockedConsumers();
        timers = consumers.timers();
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        timers.runBy(Thread.currentThread());
        boolean due = true;
        long lastNs = clock.nanoTime();
        while (!stopped) {
            if (due) {
                lastNs = clock.nanoTime();
                engine.tick();
                attempt(this::removeWhatHasExpired);
                attempt(() -> engine.maintainMemory(BUDGET_NS));
                attempt(consumers::servePostponed);
            }
            attempt(consumers::tidy);
            due = park() || clock.nanoTime() - lastNs >= INTERVAL_NS;
        }
    }

    private static void attempt(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            // A role that was lost or a full log: the next round sees what is left.
            LOGGER.debug("background cycle stopped early: {}", e.getMessage());
        }
    }

    /** Waits for a round or a time-out; returns whether a whole interval has passed. */
    private boolean park() {
        // Somebody's interrupt would make every park return at once.
        boolean unused = Thread.interrupted();
        long parkNs = timers.untilNextNs(INTERVAL_NS);
        LockSupport.parkNanos(this, parkNs);
        return !timers.takeWoken() && parkNs == INTERVAL_NS;
    }

    /** Removes nothing that has expired for so long from now on, or longer; 0 to go on. */
    synchronized void keepExpired(long ns) {
        long untilNs = clock.nanoTime() + ns;
        if (!keepsExpired || untilNs - keptUntilNs > 0) {
            keptUntilNs = untilNs;
        }
        keepsExpired = ns > 0;
    }

    private boolean mayRemove() {
        return !keepsExpired || clock.nanoTime() - keptUntilNs >= 0;
    }

    private void removeWhatHasExpired() {
        if (engine.mode().isMaster() && hasDeadlines() && mayRemove()) {
            removeExpired();
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
        } while (upper != 0 && hasTimeSince(startNs) && mayRemove());
    }

    private void removeExpiredFields(byte[] key, long startNs) {
        while (engine.removeExpiredFields(key, outcome) && hasTimeSince(startNs)) {
            // A large hash is cleared bit by bit, so that no write of it is a large one.
        }
    }

    private boolean hasTimeSince(long startNs) {
        return clock.nanoTime() - startNs < BUDGET_NS;
    }

    boolean isRunByThisThread() {
        return Thread.currentThread() == thread;
    }

    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }
}
