package io.hotpair.resp;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The RDB files that clients are fetching, and the threads that write and read them. Thread-safe.
 */
final class RdbCopies implements AutoCloseable {
    /** How many may be fetched at the same time. Each has a thread then, and takes disk. */
    static final int MOST = 4;

    private static final long IDLE_SECONDS = 5;
    private static final long CLOSE_SECONDS = 5;

    private final Set<RdbCopy> present = new HashSet<>();
    private int writing;

    /** Done when no file is written any more. */
    private CompletableFuture<Void> written = CompletableFuture.completedFuture(null);

    private final ThreadPoolExecutor threads;

    RdbCopies(String keyspace) {
        threads =
                new ThreadPoolExecutor(
                        MOST,
                        MOST,
                        IDLE_SECONDS,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        task -> {
                            Thread thread = new Thread(task, "hotpair-sync-" + keyspace);
                            thread.setDaemon(true);
                            return thread;
                        });
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Begins one.
     *
     * @throws CommandException if there are as many as may be
     */
    synchronized void begin(RdbCopy copy) {
        if (present.size() == MOST) {
            throw new CommandException(
                    "ERR " + MOST + " clients fetch RDB files already, try again later");
        }
        if (!execute(() -> write(copy))) {
            throw new CommandException("ERR the listener is closing");
        }
        present.add(copy);
        if (writing++ == 0) {
            written = new CompletableFuture<>();
        }
    }

    private void write(RdbCopy copy) {
        try {
            copy.write();
        } finally {
            endWriting();
        }
    }

    private void endWriting() {
        CompletableFuture<Void> ended;
        synchronized (this) {
            writing--;
            ended = writing == 0 ? written : null;
        }
        if (ended != null) {
            ended.complete(null);
        }
    }

    /** Done when no file is written any more: all of them have let their snapshots go. */
    synchronized CompletableFuture<Void> written() {
        return written;
    }

    /** It is over, and nothing is left of it. */
    synchronized void end(RdbCopy copy) {
        present.remove(copy);
    }

    synchronized int count() {
        return present.size();
    }

    /** Has a thread execute a part that may take its time; false if the listener is closed. */
    boolean execute(Runnable part) {
        try {
            threads.execute(part);
            return true;
        } catch (RejectedExecutionException e) {
            RespServer.LOGGER.debug("The listener is closed, its clients are gone", e);
            return false;
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            List.copyOf(present).forEach(RdbCopy::cancel);
        }
        threads.shutdown();
        try {
            if (!threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                RespServer.LOGGER.warn("An RDB file did not end within {} s", CLOSE_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
