package io.hotpair.internal;

import io.hotpair.Watermark;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A watermark of opIds. Raising it costs one store while nobody waits.
 *
 * <p>A waiter registers first and looks at the value again afterwards; whoever raises the value
 * looks for waiters afterwards. One of the two sees the other. The lock is held for a few
 * operations on the queue, never while a waiter is called.
 */
public final class OpIdWatermark implements Watermark {
    private static final Logger LOGGER = LoggerFactory.getLogger(OpIdWatermark.class);

    private record Entry(long opId, Waiter waiter) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final PriorityQueue<Entry> waiters =
            new PriorityQueue<>(Comparator.comparingLong(Entry::opId));
    private volatile int waiterCount;
    private volatile long value;
    private volatile boolean closed;

    @Override
    public long get() {
        return value;
    }

    @Override
    public void whenReached(long opId, Waiter waiter) {
        if (value >= opId || closed) {
            waiter.done(value >= opId);
            return;
        }
        lock.lock();
        try {
            waiters.add(new Entry(opId, waiter));
            waiterCount = waiters.size();
        } finally {
            lock.unlock();
        }
        // It may have come so far since it was looked at, and been closed then.
        release(value);
        if (closed) {
            endAll();
        }
    }

    /** Raises it; a lower value than before is ignored. One thread at a time. */
    void raise(long opId) {
        if (opId > value) {
            value = opId;
            release(opId);
        }
    }

    /** Sets it, whatever it was, and tells all who wait that it did not come so far. */
    void reset(long opId) {
        List<Entry> failed;
        lock.lock();
        try {
            value = opId;
            failed = takeAll();
        } finally {
            lock.unlock();
        }
        failed.forEach(entry -> call(entry.waiter(), false));
    }

    /** Tells all who wait, now or later, that it goes no further than it is. */
    void close() {
        closed = true;
        endAll();
    }

    private void endAll() {
        List<Entry> ended;
        lock.lock();
        try {
            ended = takeAll();
        } finally {
            lock.unlock();
        }
        ended.forEach(entry -> call(entry.waiter(), value >= entry.opId()));
    }

    private List<Entry> takeAll() {
        List<Entry> all = new ArrayList<>(waiters);
        waiters.clear();
        waiterCount = 0;
        return all;
    }

    private void release(long reached) {
        if (waiterCount == 0) {
            return;
        }
        List<Entry> released = new ArrayList<>();
        lock.lock();
        try {
            for (Entry first = waiters.peek();
                    first != null && first.opId() <= reached;
                    first = waiters.peek()) {
                released.add(waiters.remove());
            }
            waiterCount = waiters.size();
        } finally {
            lock.unlock();
        }
        released.forEach(entry -> call(entry.waiter(), true));
    }

    /** A waiter that throws hurts nobody else: not the other waiters, and not the log. */
    private static void call(Waiter waiter, boolean reached) {
        try {
            waiter.done(reached);
        } catch (RuntimeException | Error e) {
            LOGGER.error("a waiter for an acknowledgement failed", e);
        }
    }
}
