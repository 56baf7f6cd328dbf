package io.hotpair.internal;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.SavedSnapshot;
import io.hotpair.log.OperationReader;
import io.hotpair.log.SnapshotSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
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
    private static final long REPORT_NS = 5_000_000_000L;

    private final Engine engine;
    private final Clock clock;
    private final ThreadFactory threadFactory;
    private final List<Worker> workers = new ArrayList<>();
    private final LongAdder operationCount = new LongAdder();

    SnapshotLoad(Engine engine, Clock clock, ThreadFactory threadFactory) {
        this.engine = engine;
        this.clock = clock;
        this.threadFactory = threadFactory;
    }

    /**
     * Loads.
     *
     * @param onProgress told by this thread how many bytes of the file were read; what it throws
     *     ends the load, and is thrown on
     * @throws HotpairException {@code CORRUPTION}, {@code LOG_FAILED} or {@code MEMORY_LIMIT}
     */
    void run(SnapshotSource source, SavedSnapshot snapshot, LongConsumer onProgress) {
        long beganNs = clock.nanoTime();
        LoadThreads threads = new LoadThreads(threadFactory);
        for (int i = 0; i < threads.count(); i++) {
            workers.add(new Worker());
        }
        try {
            distribute(source, snapshot, threads, onProgress);
        } catch (RuntimeException | Error e) {
            threads.fail(e);
        }
        threads.end();
        LOGGER.info(
                "loaded snapshot {}: opId={}, {} operations, {} bytes in {} ms",
                snapshot.file(),
                snapshot.opId(),
                operationCount,
                snapshot.lengthBytes(),
                (clock.nanoTime() - beganNs) / 1_000_000);
    }

    private void distribute(
            SnapshotSource source,
            SavedSnapshot snapshot,
            LoadThreads threads,
            LongConsumer onProgress) {
        long reportedNs = clock.nanoTime();
        int next = 0;
        for (SnapshotSource.Block block = source.next(); block != null; block = source.next()) {
            if (!block.continuesKey()) {
                next = (next + 1) % threads.count();
            }
            Worker worker = workers.get(next);
            SnapshotSource.Block given = block;
            if (!threads.give(next, () -> worker.apply(given))) {
                return;
            }
            onProgress.accept(block.endPosition());
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

    /** Applies the blocks that one thread is given. */
    private final class Worker {
        private final LoadBatch batch = new LoadBatch(engine, true);
        private @Nullable OperationReader reader;

        void apply(SnapshotSource.Block block) {
            block.forEach(this::add, this::applyBatch);
        }

        private void add(OperationReader operation) {
            reader = operation;
            batch.add(
                    operation.operationOffset(),
                    engine.hash(operation.bytes(), operation.keyOffset(), operation.keyLength()));
            if (batch.isFull()) {
                applyBatch();
            }
        }

        private void applyBatch() {
            OperationReader operation = reader;
            if (operation != null && batch.count() > 0) {
                operationCount.add(batch.count());
                batch.apply(operation);
            }
        }
    }
}
