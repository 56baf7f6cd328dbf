package io.hotpair.internal;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.SavedSnapshot;
import io.hotpair.log.OperationReader;
import io.hotpair.log.SnapshotSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a saved snapshot into an empty engine, with all cores: one thread reads blocks, the others
 * unpack and apply them. A key's operations stay in order, because a block that goes on with the
 * key of the one before goes to the same thread. Holds a few blocks for each thread, whatever the
 * file's length is.
 */
final class SnapshotLoad {
    private static final Logger LOGGER = LoggerFactory.getLogger(SnapshotLoad.class);
    private static final int QUEUED_BLOCKS = 4;
    private static final long OFFER_MS = 100;
    private static final long REPORT_NS = 5_000_000_000L;

    private final Engine engine;
    private final Clock clock;
    private final List<Worker> workers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final LongAdder operationCount = new LongAdder();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    SnapshotLoad(Engine engine, Clock clock, ThreadFactory threadFactory) {
        this.engine = engine;
        this.clock = clock;
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            Worker worker = new Worker();
            workers.add(worker);
            threads.add(threadFactory.newThread(worker));
        }
    }

    /**
     * Loads.
     *
     * @param onProgress called by this thread from time to time; what it throws ends the load, and
     *     is thrown on
     * @throws HotpairException {@code CORRUPTION}, {@code LOG_FAILED} or {@code MEMORY_LIMIT}
     */
    void run(SnapshotSource source, SavedSnapshot snapshot, Runnable onProgress) {
        long beganNs = clock.nanoTime();
        threads.forEach(Thread::start);
        try {
            distribute(source, snapshot, onProgress);
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
        end();
        throwFailure();
        LOGGER.info(
                "loaded snapshot {}: opId={}, {} operations, {} bytes in {} ms",
                snapshot.file(),
                snapshot.opId(),
                operationCount,
                snapshot.lengthBytes(),
                (clock.nanoTime() - beganNs) / 1_000_000);
    }

    private void distribute(SnapshotSource source, SavedSnapshot snapshot, Runnable onProgress) {
        long reportedNs = clock.nanoTime();
        int next = 0;
        for (SnapshotSource.Block block = source.next(); block != null; block = source.next()) {
            if (!block.continuesKey()) {
                next = (next + 1) % workers.size();
            }
            if (!workers.get(next).take(block)) {
                return;
            }
            onProgress.run();
            if (clock.nanoTime() - reportedNs > REPORT_NS) {
                reportedNs = clock.nanoTime();
                LOGGER.info(
                        "loading snapshot {}: {} % of {} bytes, {} operations",
                        snapshot.file(),
                        block.endPosition() * 100 / snapshot.lengthBytes(),
                        snapshot.lengthBytes(),
                        operationCount);
            }
        }
    }

    /** Lets the threads finish, and waits for them: none may touch the engine afterwards. */
    private void end() {
        workers.forEach(worker -> worker.ended = true);
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
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
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

    /** Applies the blocks that it is given. */
    private final class Worker implements Runnable {
        private final BlockingQueue<SnapshotSource.Block> blocks =
                new ArrayBlockingQueue<>(QUEUED_BLOCKS);
        private final Replay replay = new Replay();
        private volatile boolean ended;
        private long applied;

        /** Hands over a block; false if the load has failed. */
        boolean take(SnapshotSource.Block block) {
            boolean interrupted = false;
            try {
                while (failure.get() == null) {
                    try {
                        if (blocks.offer(block, OFFER_MS, TimeUnit.MILLISECONDS)) {
                            return true;
                        }
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                }
                return false;
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        @Override
        public void run() {
            while (failure.get() == null) {
                // Asked before the queue is: what is handed over before the end is there then.
                boolean last = ended;
                try {
                    SnapshotSource.Block block = blocks.poll(OFFER_MS, TimeUnit.MILLISECONDS);
                    if (block != null) {
                        block.forEach(this::apply);
                        operationCount.add(applied);
                        applied = 0;
                    } else if (last) {
                        return;
                    }
                } catch (InterruptedException e) {
                    LOGGER.debug("a thread that loads a snapshot was interrupted; it goes on");
                } catch (RuntimeException | Error e) {
                    failure.compareAndSet(null, e);
                }
            }
        }

        private void apply(OperationReader operation) {
            engine.apply(
                    operation.bytes(),
                    operation.keyOffset(),
                    operation.keyLength(),
                    replay.of(operation),
                    operation.opId(),
                    true);
            applied++;
        }
    }
}
