package io.hotpair.internal;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * What a keyspace does for a caller that takes long: each in a thread of its own, until a close.
 */
final class Tasks {
    private static final int MAX_JOINS = 10;

    private final ThreadFactory threadFactory;
    private final Set<Thread> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    Tasks(ThreadFactory threadFactory) {
        this.threadFactory = threadFactory;
    }

    /** A thread whose name also says what it does, for who looks at all threads of a process. */
    static Thread thread(ThreadFactory factory, String role, Runnable task) {
        Thread thread = factory.newThread(task);
        thread.setName(thread.getName() + "-" + role);
        return thread;
    }

    /** Begins one. It should call {@link #requireOpen} from time to time. */
    <T> CompletableFuture<T> run(String role, Supplier<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread =
                thread(
                        threadFactory,
                        role,
                        () -> {
                            try {
                                requireOpen();
                                result.complete(task.get());
                            } catch (RuntimeException | Error e) {
                                result.completeExceptionally(e);
                            } finally {
                                running.remove(Thread.currentThread());
                            }
                        });
        running.add(thread);
        try {
            thread.start();
        } catch (RuntimeException | Error e) {
            // Without memory for a thread: nobody would remove it.
            running.remove(thread);
            throw e;
        }
        return result;
    }

    /** Throws if the keyspace was closed. */
    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("keyspace is closed");
        }
    }

    /**
     * Ends them, and waits until they have; not for ever, as one may be writing to somebody who
     * does not read.
     */
    void close() {
        closed = true;
        boolean interrupted = false;
        for (Thread thread : running) {
            for (int i = 0; i < MAX_JOINS && isOther(thread); i++) {
                if (i == MAX_JOINS / 2) {
                    thread.interrupt();
                }
                try {
                    thread.join(TimeUnit.SECONDS.toMillis(1));
                } catch (InterruptedException e) {
                    // What reads the log should be gone before that is closed.
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isOther(Thread thread) {
        return thread != Thread.currentThread() && thread.isAlive();
    }
}
