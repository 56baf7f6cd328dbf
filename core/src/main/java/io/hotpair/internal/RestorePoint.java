package io.hotpair.internal;

import io.hotpair.HotpairException;
import io.hotpair.SavedSnapshot;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationSource;
import io.hotpair.log.SnapshotSource;
import io.hotpair.log.SnapshotStore;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What memory can be brought back from to some moment: the newest sound snapshot that is not newer,
 * and the log after it; or the log alone. As long as it is open nothing of it is deleted, however
 * long the way back takes.
 */
final class RestorePoint implements AutoCloseable {
    private final @Nullable SavedSnapshot snapshot;
    private final @Nullable SnapshotSource blocks;
    private final OperationSource operations;

    private RestorePoint(
            @Nullable SavedSnapshot snapshot,
            @Nullable SnapshotSource blocks,
            OperationSource operations) {
        this.snapshot = snapshot;
        this.blocks = blocks;
        this.operations = operations;
    }

    /**
     * Finds one.
     *
     * @param opId the last operation that memory is to show
     * @throws HotpairException {@code NOT_RETAINED} if there is no way back
     */
    static RestorePoint find(OperationLog log, long opId) {
        return find(log, opId, true);
    }

    /**
     * Finds one, for somebody who can do without what was read of the snapshot when it turns out to
     * be damaged.
     */
    static RestorePoint findUnchecked(OperationLog log, long opId) {
        return find(log, opId, false);
    }

    private static RestorePoint find(OperationLog log, long opId, boolean isChecked) {
        SnapshotStore store = log.snapshots();
        List<SavedSnapshot> snapshots = store == null ? List.of() : store.list();
        for (SavedSnapshot snapshot : snapshots) {
            if (store != null
                    && snapshot.opId() <= opId
                    && (!isChecked || store.verify(snapshot))) {
                RestorePoint point = tryOpen(log, store, snapshot);
                if (point != null) {
                    return point;
                }
            }
        }
        try {
            return new RestorePoint(null, null, openLog(log, 0));
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.NOT_RETAINED) {
                throw e;
            }
            // What was asked for is not the operation that the log would have to begin with.
            throw new HotpairException(
                    HotpairException.Category.NOT_RETAINED,
                    "opId="
                            + opId
                            + ", expected a later one: no sound snapshot is as old, and what the log"
                            + " had before opId="
                            + begin(log)
                            + " was deleted",
                    e);
        }
    }

    /** The first operation that the log has, or would have if there were any. */
    private static long begin(OperationLog log) {
        return log.firstOpId() == 0 ? log.lastOpId() + 1 : log.firstOpId();
    }

    /** Opens a snapshot, unless it is damaged, or it or the log after it was deleted meanwhile. */
    private static @Nullable RestorePoint tryOpen(
            OperationLog log, SnapshotStore store, SavedSnapshot snapshot) {
        OperationSource operations = null;
        try {
            operations = openLog(log, snapshot.opId());
            return new RestorePoint(snapshot, store.open(snapshot), operations);
        } catch (HotpairException e) {
            if (operations != null) {
                operations.close();
            }
            if (store.list().contains(snapshot) && store.verify(snapshot)) {
                throw e;
            }
            return null;
        }
    }

    private static OperationSource openLog(OperationLog log, long afterOpId) {
        OperationSource source = log.openSource();
        try {
            source.seekAfter(afterOpId);
            return source;
        } catch (RuntimeException | Error e) {
            source.close();
            throw e;
        }
    }

    /** The snapshot, or null if there is only the log. */
    @Nullable SavedSnapshot snapshot() {
        return snapshot;
    }

    /** The last opId that the snapshot shows; 0 without one. */
    long opId() {
        return snapshot == null ? 0 : snapshot.opId();
    }

    /** The blocks of the snapshot, to be read once; null if there is none. */
    @Nullable SnapshotSource blocks() {
        return blocks;
    }

    /** The log from there on, to be read once; it may begin with operations that are not newer. */
    OperationSource operations() {
        return operations;
    }

    /** Gives every operation of the snapshot, in this thread. */
    void eachOfSnapshot(Consumer<OperationReader> consumer) {
        if (blocks != null) {
            for (SnapshotSource.Block block = blocks.next(); block != null; block = blocks.next()) {
                block.forEach(consumer);
            }
        }
    }

    @Override
    public void close() {
        try {
            operations.close();
        } finally {
            if (blocks != null) {
                blocks.close();
            }
        }
    }
}
