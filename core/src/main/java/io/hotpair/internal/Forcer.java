package io.hotpair.internal;

import io.hotpair.Clock;
import io.hotpair.log.OperationLog;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forces the log to the device: once an interval, and at once while somebody waits for it. A thread
 * of its own does it, so that appends go on meanwhile, and what is appended during one force goes
 * along with the next: with many who wait, one force serves them all.
 *
 * <p>Who wants an opId on the device says so first and looks whether the thread sleeps afterwards;
 * the thread says that it sleeps first and looks for what is wanted afterwards. One of the two sees
 * the other. The same holds for whoever appends.
 *
 * <p>A force that failed is never tried again: the device may have thrown away what it was given,
 * and would say yes the next time.
 */
final class Forcer implements Runnable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Forcer.class);
    private static final long PARK_NS = 10_000_000;

    /**
     * While nothing is to be forced: nobody who appends wakes the thread for the interval's sake.
     */
    private static final long IDLE_PARK_NS = 100_000_000;

    private final OperationLog log;
    private final Clock clock;
    private final long intervalNs;
    private final long idleParkNs;
    private final OpIdWatermark durable;
    private final Consumer<Throwable> ifFailed;
    private final AtomicLong wanted = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean always;
    private volatile boolean parked;
    private volatile boolean stopped;
    private volatile boolean failed;
    private volatile long lastForceNs;
    private volatile @Nullable Thread thread;

    /**
     * Makes one for a log.
     *
     * @param ifFailed is told once why a force failed
     */
    Forcer(
            OperationLog log,
            Clock clock,
            long intervalNs,
            OpIdWatermark durable,
            Consumer<Throwable> ifFailed) {
        this.log = log;
        this.clock = clock;
        this.intervalNs = intervalNs;
        idleParkNs = Math.max(PARK_NS, Math.min(intervalNs / 4, IDLE_PARK_NS));
        this.durable = durable;
        this.ifFailed = ifFailed;
        lastForceNs = clock.nanoTime();
    }

    /** Sees to it that an opId is forced as soon as it is logged. Never blocks. */
    void want(long opId) {
        if (wanted.get() < opId) {
            wanted.accumulateAndGet(opId, Math::max);
        }
        signal();
    }

    /** Says whether all that is appended is forced at once, or as its time comes. */
    void always(boolean everything) {
        always = everything;
        signal();
    }

    /** Wakes the thread if it sleeps and has something to do. */
    void signal() {
        if (parked && isAwaited()) {
            LockSupport.unpark(thread);
        }
    }

    private boolean isAwaited() {
        return always || wanted.get() > durable.get();
    }

    /**
     * Forces what is left, in this thread, before the log is closed: who has written and is about
     * to say that he waits for it may say so too late.
     */
    void forceRest() {
        if (!failed && log.lastOpId() > durable.get()) {
            tryForce();
        }
    }

    /** Forces what is in the log, in this thread. */
    void force() {
        lock.lock();
        try {
            lastForceNs = clock.nanoTime();
            durable.raise(log.force());
        } catch (RuntimeException | Error e) {
            failed = true;
            ifFailed.accept(e);
            throw e;
        } finally {
            lock.unlock();
        }
    }

    /** Keeps forces away, while the end of the log is moved back. */
    void pause() {
        lock.lock();
    }

    /** The end of what is forced is not above an opId from here on; whoever waits is told so. */
    void resume(long lastOpId) {
        try {
            wanted.set(0);
            durable.reset(Math.min(durable.get(), lastOpId));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        while (!stopped) {
            if (isDue()) {
                tryForce();
            } else {
                park();
            }
        }
    }

    private void tryForce() {
        try {
            force();
        } catch (RuntimeException | Error e) {
            // Whoever has to know was told.
            LOGGER.debug("a force failed", e);
        }
    }

    private boolean isDue() {
        return !failed
                && log.lastOpId() > durable.get()
                && (isAwaited() || clock.nanoTime() - lastForceNs >= intervalNs);
    }

    private void park() {
        parked = true;
        if (!isDue() && !stopped) {
            boolean isIdle = log.lastOpId() <= durable.get();
            LockSupport.parkNanos(this, isIdle ? idleParkNs : PARK_NS);
        }
        parked = false;
        if (Thread.interrupted()) {
            LOGGER.warn("the thread that forces the log was interrupted; it goes on until close");
        }
    }

    /** Tells all who wait that nothing more is forced. */
    void close() {
        failed = true;
        durable.close();
    }

    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }
}
