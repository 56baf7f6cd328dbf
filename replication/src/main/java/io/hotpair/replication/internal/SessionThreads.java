package io.hotpair.replication.internal;

import io.hotpair.Clock;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The threads of one part of a session, so that it can wait until none of them is left. */
final class SessionThreads {
    private static final Logger LOG = LoggerFactory.getLogger(SessionThreads.class);
    private static final long JOIN_LIMIT_MS = 10_000;

    private final ThreadFactory factory;
    private final Clock clock;
    private final Set<Thread> running = ConcurrentHashMap.newKeySet();

    SessionThreads(ThreadFactory factory, Clock clock) {
        this.factory = factory;
        this.clock = clock;
    }

    /** Starts one, whose name also says what it does. */
    Thread start(String role, Runnable task) {
        Thread thread =
                factory.newThread(
                        () -> {
                            try {
                                task.run();
                            } catch (RuntimeException | Error e) {
                                // The host's handler of uncaught ones may end the JVM.
                                tellEnd(e);
                            } finally {
                                running.remove(Thread.currentThread());
                            }
                        });
        thread.setName(thread.getName() + "-" + role);
        running.add(thread);
        try {
            thread.start();
        } catch (RuntimeException | Error e) {
            // Without memory for a thread: nobody would remove it.
            running.remove(thread);
            throw e;
        }
        return thread;
    }

    private static void tellEnd(Throwable cause) {
        try {
            LOG.error("thread {} has ended", Thread.currentThread().getName(), cause);
        } catch (RuntimeException | Error e) {
            // Nothing is left to say it with; what the thread held was released before.
            return;
        }
    }

    /** Sleeps; may end early. */
    void pause(long limitNs) {
        LockSupport.parkNanos(this, limitNs);
    }

    /** Waits until every thread has ended. What ends them has to be done before. */
    void join() {
        for (Thread thread : running) {
            join(thread);
        }
    }

    /**
     * Waits until a thread has ended. An interrupt is kept for later: to return early would let the
     * thread meet a log that is closed.
     */
    void join(Thread thread) {
        boolean interrupted = false;
        long left = JOIN_LIMIT_MS;
        long end = TimeUnit.NANOSECONDS.toMillis(clock.nanoTime()) + left;
        while (thread.isAlive() && left > 0) {
            try {
                thread.join(left);
            } catch (InterruptedException e) {
                interrupted = true;
            }
            left = end - TimeUnit.NANOSECONDS.toMillis(clock.nanoTime());
        }
        if (thread.isAlive()) {
            LOG.error("thread {} did not end in {} ms", thread.getName(), JOIN_LIMIT_MS);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
