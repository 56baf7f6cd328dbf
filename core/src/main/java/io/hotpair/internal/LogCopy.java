package io.hotpair.internal;

import io.hotpair.BackupManifest;
import io.hotpair.HotpairException;
import io.hotpair.Moment;
import io.hotpair.Progress;
import io.hotpair.SavedSnapshot;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.Lineage;
import io.hotpair.log.LogProvider;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationSource;
import io.hotpair.log.SnapshotBytes;
import io.hotpair.log.SnapshotReceiver;
import io.hotpair.log.SnapshotStore;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes a log of its own from what another one holds up to some moment: it begins with the newest
 * sound snapshot that is not newer, and goes on with the operations after it. The other log may be
 * in use. Reads through the log's own readers, never the files that are being written.
 */
final class LogCopy {
    private static final int BUFFER_BYTES = 16 * 1024;

    private final OperationLog from;
    private final Progress progress;
    private final FrameEncoder encoder = new FrameEncoder();
    private long lastTimeMs;
    private long doneBytes;
    private long totalBytes;

    /**
     * Makes one.
     *
     * @param progress told from time to time; what it throws ends the copy
     */
    LogCopy(OperationLog from, Progress progress) {
        this.from = from;
        this.progress = progress;
    }

    /**
     * Copies.
     *
     * @param keyspace the name of the keyspace that the log is of
     * @param directory where the new keyspace's log goes, in {@code log}
     * @return what the copy holds
     */
    BackupManifest copy(
            String keyspace, LogProvider provider, Path directory, Moment moment, long nowMs) {
        long opId = opIdOf(from, moment);
        try (RestorePoint point = RestorePoint.find(from, opId);
                OperationLog into = provider.open(directory.resolve("log"))) {
            SavedSnapshot snapshot = point.snapshot();
            SnapshotStore store = from.snapshots();
            totalBytes = store == null ? 0 : store.logBytesAfter(snapshot);
            if (snapshot != null) {
                totalBytes += snapshot.lengthBytes();
                lastTimeMs = snapshot.time().toEpochMilli();
                beginWith(snapshot, into);
            }
            copyFrames(point.operations(), into, opId);
            requireOneHistory(into);
            into.force();
            return new BackupManifest(
                    keyspace,
                    into.id(),
                    Instant.ofEpochMilli(nowMs),
                    point.opId(),
                    into.lastOpId(),
                    into.lineage().lastTerm(),
                    Instant.ofEpochMilli(lastTimeMs == 0 ? nowMs : lastTimeMs));
        }
    }

    /** Another node's history may have taken the place of a part of this log meanwhile. */
    private void requireOneHistory(OperationLog into) {
        long lastOpId = into.lastOpId();
        List<Lineage.TermStart> terms =
                from.lineage().terms().stream()
                        .filter(term -> term.firstOpId() <= lastOpId)
                        .toList();
        if (!terms.equals(into.lineage().terms())) {
            throw new HotpairException(
                    HotpairException.Category.NOT_RETAINED,
                    "the log was cut while it was copied: terms="
                            + into.lineage().terms()
                            + ", now "
                            + terms
                            + "; try again");
        }
    }

    private void beginWith(SavedSnapshot snapshot, OperationLog into) {
        SnapshotStore store = store(from);
        try (SnapshotBytes bytes = store.read(snapshot);
                SnapshotReceiver receiver = store(into).receive()) {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int n = bytes.read(buffer, BUFFER_BYTES);
                    n >= 0;
                    n = bytes.read(buffer, BUFFER_BYTES)) {
                receiver.write(buffer, 0, n);
                add(n);
            }
            SavedSnapshot received = receiver.check(() -> add(0));
            if (received.opId() != snapshot.opId()) {
                throw new HotpairException(
                        HotpairException.Category.CORRUPTION,
                        "snapshot " + snapshot.file() + " shows opId=" + received.opId());
            }
            Path unused = receiver.install(from.lineage(), 0);
        }
    }

    private static SnapshotStore store(OperationLog log) {
        SnapshotStore store = log.snapshots();
        if (store == null) {
            throw new IllegalStateException("a log without snapshots can't be copied from one");
        }
        return store;
    }

    private void copyFrames(OperationSource source, OperationLog into, long upToOpId) {
        FrameBuffer frame = new FrameBuffer();
        while (into.lastOpId() < upToOpId) {
            if (!source.poll(frame)) {
                throw new HotpairException(
                        HotpairException.Category.NOT_RETAINED,
                        "the log ended at opId=" + into.lastOpId() + ", expected " + upToOpId);
            }
            if (FrameDescriptor.firstOpId(frame) > upToOpId) {
                // There never was an operation of that number.
                return;
            }
            FrameBuffer wanted = wanted(frame, into.lastOpId(), upToOpId);
            if (wanted != null) {
                into.append(wanted);
                lastTimeMs = FrameDescriptor.timestampMs(wanted);
            }
            add(frame.length());
            if (FrameDescriptor.isComplete(frame) && FrameDescriptor.lastOpId(frame) >= upToOpId) {
                return;
            }
        }
    }

    /** Counts what was done, and lets others run. */
    void add(long bytes) {
        TimeSlice.giveUp();
        doneBytes += bytes;
        progress.at(doneBytes, Math.max(doneBytes, totalBytes));
    }

    private @Nullable FrameBuffer wanted(FrameBuffer frame, long afterOpId, long upToOpId) {
        boolean isWhole =
                FrameDescriptor.previousOpId(frame) >= afterOpId
                        && FrameDescriptor.lastOpId(frame) <= upToOpId;
        if (isWhole) {
            return frame;
        }
        if (FrameDescriptor.fragmentCount(frame) == 1) {
            return encoder.slice(frame, afterOpId, upToOpId);
        }
        // One operation: it is wanted as a whole or not.
        long opId = FrameDescriptor.lastOpId(frame);
        if (opId <= afterOpId || opId > upToOpId) {
            return null;
        }
        FrameDescriptor.follow(frame, afterOpId);
        return frame;
    }

    /**
     * The last operation up to a moment.
     *
     * @return its opId; 0 if it is the empty keyspace
     * @throws HotpairException {@code NOT_RETAINED} if the log does not reach back so far
     * @throws IllegalArgumentException if the log has not come so far
     */
    static long opIdOf(OperationLog log, Moment moment) {
        long lastOpId = log.lastOpId();
        if (moment.isLatest()) {
            return lastOpId;
        }
        Instant time = moment.time();
        if (time != null) {
            return opIdAt(log, time.toEpochMilli(), lastOpId);
        }
        if (moment.opId() > lastOpId) {
            throw new IllegalArgumentException(moment + ", expected at most " + lastOpId);
        }
        return moment.opId();
    }

    /** Finds the last operation that was logged up to a time: times never go back. */
    private static long opIdAt(OperationLog log, long timeMs, long lastOpId) {
        FrameBuffer frame = new FrameBuffer();
        long low = log.firstOpId() == 0 ? lastOpId : log.firstOpId() - 1;
        long high = lastOpId;
        boolean isSure = low == 0;
        try (OperationSource source = log.openSource()) {
            while (low < high) {
                // All up to low was logged by then, nothing after high.
                long middle = low + (high - low) / 2;
                source.seekAfter(middle);
                if (!source.poll(frame)) {
                    break;
                }
                if (FrameDescriptor.timestampMs(frame) <= timeMs) {
                    low = Math.min(high, FrameDescriptor.lastOpId(frame));
                    isSure = true;
                } else {
                    high = Math.max(low, Math.min(middle, FrameDescriptor.previousOpId(frame)));
                }
            }
        }
        return isSure ? low : opIdOfSnapshot(log, low, timeMs);
    }

    /** Before the first operation that the log still has, a snapshot may be what was then. */
    private static long opIdOfSnapshot(OperationLog log, long opId, long timeMs) {
        SnapshotStore store = log.snapshots();
        if (store != null) {
            for (SavedSnapshot snapshot : store.list()) {
                if (snapshot.opId() == opId && snapshot.time().toEpochMilli() <= timeMs) {
                    return opId;
                }
            }
        }
        throw new HotpairException(
                HotpairException.Category.NOT_RETAINED,
                "time="
                        + Instant.ofEpochMilli(timeMs)
                        + ", expected a later one: the log begins with opId="
                        + log.firstOpId());
    }
}
