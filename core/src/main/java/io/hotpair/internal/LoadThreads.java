package io.hotpair.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread for each core, for as long as memory is loaded. Each does what it is given, in the order
 * in which it was; one thread gives. The first thing that fails ends all of it.
 */
final class LoadThreads {
    private static final Logger LOGGER = LoggerFactory.getLogger(LoadThreads.class);
    private static final int QUEUED = 4;
    private static final long LOOK_MS = 100;

    private final List<BlockingQueue<Runnable>> queues = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /** Starts them. */
    LoadThreads(ThreadFactory factory) {
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            BlockingQueue<Runnable> queue = new ArrayBlockingQueue<>(QUEUED);
            queues.add(queue);
            threads.add(Tasks.thread(factory, "load", () -> run(queue)));
        }
        try {
            threads.forEach(Thread::start);
        } catch (RuntimeException | Error e) {
            // Those that were started end.
            failure.compareAndSet(null, e);
            throw e;
        }
    }

    int count() {
        return threads.size();
    }

    /**
     * Gives a thread something to do, as soon as it has done most of what it was given before.
     *
     * @return whether it will be done; if not, something has failed
     */
    boolean give(int thread, Runnable work) {
        boolean interrupted = false;
        try {
            while (failure.get() == null) {
                try {
                    if (queues.get(thread).offer(work, LOOK_MS, TimeUnit.MILLISECONDS)) {
                        return true;
                    }
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            return false;
        } finally {
            restoreInterrupt(interrupted);
        }
    }

    /**
     * Waits until all is done that was given.
     *
     * @throws RuntimeException or an error, if something has failed
     */
    void finish() {
        CountDownLatch done = new CountDownLatch(count());
        for (int i = 0; i < count(); i++) {
            boolean unused = give(i, done::countDown);
        }
        boolean interrupted = false;
        boolean finished = false;
        while (!finished && failure.get() == null) {
            try {
                finished = done.await(LOOK_MS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        restoreInterrupt(interrupted);
        throwFailure();
    }

    /** Says that something failed elsewhere: nothing more is done. */
    void fail(Throwable thrown) {
        failure.compareAndSet(null, thrown);
    }

    /**
     * Lets the threads do what they were given, and waits for them: none does anything afterwards.
     *
     * @throws RuntimeException or an error, if something has failed
     */
    void end() {
        for (int i = 0; i < count(); i++) {
            if (!give(i, End.INSTANCE)) {
                // It ends by itself; but one that waits need not wait any longer.
                boolean unused = queues.get(i).offer(End.INSTANCE);
            }
        }
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        restoreInterrupt(interrupted);
        throwFailure();
    }

    private void throwFailure() {
        Throwable thrown = failure.get();
        if (thrown instanceof Error error) {
            throw error;
        }
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
    }

    private void run(BlockingQueue<Runnable> queue) {
        while (failure.get() == null) {
            try {
                Runnable work = queue.poll(LOOK_MS, TimeUnit.MILLISECONDS);
                if (work == End.INSTANCE) {
                    return;
                }
                if (work != null) {
                    work.run();
                }
            } catch (InterruptedException e) {
                LOGGER.debug("a thread that loads memory was interrupted; it goes on");
            } catch (RuntimeException | Error e) {
                fail(e);
            }
        }
    }

    private static void restoreInterrupt(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stands for the end. */
    private enum End implements Runnable {
        INSTANCE;

        @Override
        public void run() {
            throw new IllegalStateException("the end can't be done");
        }
    }
}
