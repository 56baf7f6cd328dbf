package io.hotpair.replication.internal;

import io.hotpair.HotpairException;
import io.hotpair.SavedSnapshot;
import io.hotpair.log.Lineage;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationSource;
import io.hotpair.log.SnapshotBytes;
import io.hotpair.log.SnapshotStore;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The master's end of a full copy: a saved snapshot, and a hold on the log after it. As long as it
 * is open nothing goes that whoever gets the copy needs to follow on from it.
 *
 * <p>It belongs to the thread that serves the replica, but for what is acknowledged, which one
 * other thread says while parts are sent.
 */
final class CopySource implements AutoCloseable {
    private final SavedSnapshot snapshot;
    private final Lineage lineage;
    private final SnapshotBytes bytes;
    private final OperationSource hold;
    private final byte[] part = new byte[WireDescriptor.MAX_COPY_PART_LENGTH];
    private volatile long readBytes;
    private volatile long acknowledgedBytes;

    private CopySource(
            SavedSnapshot snapshot, Lineage lineage, SnapshotBytes bytes, OperationSource hold) {
        this.snapshot = snapshot;
        this.lineage = lineage;
        this.bytes = bytes;
        this.hold = hold;
    }

    /**
     * Takes the newest sound snapshot from which the log goes on.
     *
     * @param opId what it must show at least
     * @return the copy; null if there is none
     */
    static @Nullable CopySource newest(OperationLog log, SnapshotStore store, long opId) {
        for (SavedSnapshot snapshot : store.list()) {
            if (snapshot.opId() >= opId && store.verify(snapshot)) {
                CopySource source = tryOpen(log, store, snapshot);
                if (source != null) {
                    return source;
                }
            }
        }
        return null;
    }

    private static @Nullable CopySource tryOpen(
            OperationLog log, SnapshotStore store, SavedSnapshot snapshot) {
        OperationSource hold = log.openSource();
        try {
            // The hold first: what is there after it stays.
            hold.seekAfter(snapshot.opId());
            return new CopySource(snapshot, log.lineage(), store.read(snapshot), hold);
        } catch (HotpairException e) {
            hold.close();
            boolean isGone =
                    e.category() == HotpairException.Category.NOT_RETAINED
                            || !store.list().contains(snapshot);
            if (!isGone) {
                throw e;
            }
            return null;
        } catch (RuntimeException | Error e) {
            hold.close();
            throw e;
        }
    }

    SavedSnapshot snapshot() {
        return snapshot;
    }

    /** Bytes that are in the replica's file. */
    long acknowledgedBytes() {
        return acknowledgedBytes;
    }

    /** Bytes that are on their way. */
    long sentBytes() {
        return readBytes - acknowledgedBytes;
    }

    boolean isSent() {
        return readBytes == snapshot.lengthBytes();
    }

    boolean isReceived() {
        return acknowledgedBytes == snapshot.lengthBytes();
    }

    void begin(MessageWriter out) {
        List<Lineage.TermStart> terms =
                lineage.terms().stream().filter(t -> t.firstOpId() <= snapshot.opId()).toList();
        int from = Math.max(0, terms.size() - WireDescriptor.MAX_COPY_TERMS);
        out.copyBegin(snapshot.lengthBytes(), snapshot.opId(), terms.subList(from, terms.size()));
    }

    /** Hands out the next part. */
    void pump(MessageWriter out, int most) throws ProtocolException {
        int count = bytes.read(part, Math.min(most, part.length));
        if (count < 0 || count > snapshot.lengthBytes() - readBytes) {
            throw new ProtocolException(
                    "snapshot "
                            + snapshot.file()
                            + ": length="
                            + (readBytes + Math.max(0, count))
                            + ", expected "
                            + snapshot.lengthBytes());
        }
        long position = readBytes;
        // Before it is on its way, so that no acknowledgement can be ahead of it.
        readBytes = position + count;
        out.copyPart(position, part, count);
    }

    void acknowledged(long written) throws ProtocolException {
        if (written < acknowledgedBytes || written > readBytes) {
            throw new ProtocolException(
                    "acknowledged bytes="
                            + written
                            + ", expected "
                            + acknowledgedBytes
                            + " to "
                            + readBytes);
        }
        acknowledgedBytes = written;
    }

    @Override
    public void close() {
        try {
            bytes.close();
        } finally {
            hold.close();
        }
    }
}
