package io.hotpair.internal;

import io.hotpair.Clock;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is to be done at a later time, by the keyspace's background thread. Whoever adds something
 * that is due before all else wakes that thread. Thread-safe; nobody waits.
 */
final class Timers {
    private static final Logger LOGGER = LoggerFactory.getLogger(Timers.class);

    /** When something is due, counted from the first use, so that the sums do not overflow. */
    record Key(long dueNs, long number) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int byTime = Long.compare(dueNs, other.dueNs);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    private final Clock clock;
    private final long startNs;
    private final ConcurrentSkipListMap<Key, Runnable> tasks = new ConcurrentSkipListMap<>();
    private final AtomicLong numbers = new AtomicLong();
    private volatile @Nullable Thread runner;
    private volatile boolean woken;
    private volatile boolean stopped;

    Timers(Clock clock) {
        this.clock = clock;
        startNs = clock.nanoTime();
    }

    /** Names the thread that calls {@link #run}. */
    void runBy(Thread thread) {
        runner = thread;
    }

    /** Whether there is a thread that calls {@link #run}. */
    boolean hasRunner() {
        return runner != null;
    }

    /** Makes that thread look for work at once. */
    void wake() {
        woken = true;
        LockSupport.unpark(runner);
    }

    /** Whether it was woken since this was asked last; by that thread only. */
    boolean takeWoken() {
        boolean was = woken;
        woken = false;
        return was;
    }

    /** Has a task done after some time, once. */
    Key schedule(long delayNs, Runnable task) {
        long nowNs = clock.nanoTime() - startNs;
        Key key =
                new Key(
                        delayNs > Long.MAX_VALUE - nowNs ? Long.MAX_VALUE : nowNs + delayNs,
                        numbers.incrementAndGet());
        tasks.put(key, task);
        if (stopped) {
            run();
        } else if (key.equals(firstKey())) {
            wake();
        }
        return key;
    }

    private @Nullable Key firstKey() {
        var first = tasks.firstEntry();
        return first == null ? null : first.getKey();
    }

    void cancel(Key key) {
        tasks.remove(key);
    }

    /**
     * Has whoever schedules something do at once what is due, as {@link #run} is not called any
     * more.
     */
    void stop() {
        stopped = true;
    }

    int count() {
        return tasks.size();
    }

    /** Does what is due. */
    void run() {
        long nowNs = clock.nanoTime() - startNs;
        for (Key key = firstKey(); key != null && key.dueNs() <= nowNs; key = firstKey()) {
            Runnable task = tasks.remove(key);
            if (task != null) {
                run(task);
            }
        }
    }

    /** One that fails hurts nobody else. */
    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LOGGER.error("a task of the background thread failed", e);
        }
    }

    /** How long nothing is due; no more than a limit. */
    long untilNextNs(long limitNs) {
        Key first = firstKey();
        return first == null
                ? limitNs
                : Math.max(0, Math.min(limitNs, first.dueNs() - (clock.nanoTime() - startNs)));
    }
}
