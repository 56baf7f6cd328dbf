package io.hotpair.replication.internal;

import io.hotpair.HotpairException;
import io.hotpair.SavedSnapshot;
import io.hotpair.log.Lineage;
import io.hotpair.log.SnapshotReceiver;
import io.hotpair.topology.ReplicatedKeyspace;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * The replica's end of a full copy. Up to {@link #install} nothing depends on what comes, and
 * closing it leaves nothing behind.
 */
final class CopyIntake implements AutoCloseable {
    private final SnapshotReceiver receiver;
    private final long opId;
    private final Lineage lineage;
    private final long length;
    private long received;

    private CopyIntake(SnapshotReceiver receiver, long opId, Lineage lineage, long length) {
        this.receiver = receiver;
        this.opId = opId;
        this.lineage = lineage;
        this.length = length;
    }

    /**
     * Begins with what the master says of its copy.
     *
     * @param receivers gives what takes it
     * @param atLeast what it must show
     * @throws CopyException if this node has no room for it
     */
    static CopyIntake begin(Supplier<SnapshotReceiver> receivers, Message begin, long atLeast)
            throws ProtocolException, CopyException {
        long opId = begin.longAt(WireDescriptor.COPY_BEGIN_OP_ID_OFFSET);
        long length = begin.longAt(WireDescriptor.COPY_BEGIN_BYTES_OFFSET);
        Lineage lineage = begin.copyTerms();
        if (opId < Math.max(1, atLeast) || length <= 0 || lineage.termAt(opId) == 0) {
            throw new ProtocolException(
                    "copy of opId="
                            + opId
                            + " length="
                            + length
                            + " lineage="
                            + lineage
                            + ", expected one from opId="
                            + atLeast
                            + " on");
        }
        try {
            return new CopyIntake(receivers.get(), opId, lineage, length);
        } catch (HotpairException e) {
            throw new CopyException(String.valueOf(e.getMessage()), e);
        }
    }

    long opId() {
        return opId;
    }

    long length() {
        return length;
    }

    long received() {
        return received;
    }

    boolean isComplete() {
        return received == length;
    }

    /** Takes a part, if it is the next one and arrived as it was sent. */
    void take(Message part) throws ProtocolException, CopyException {
        long position = part.longAt(WireDescriptor.COPY_PART_POSITION_OFFSET);
        int count = part.copyPartLength();
        if (position != received || count > length - received) {
            throw new ProtocolException(
                    "copy's part at="
                            + position
                            + " length="
                            + count
                            + ", expected at="
                            + received
                            + " length<="
                            + (length - received));
        }
        int stated = part.intAt(WireDescriptor.COPY_PART_CRC_OFFSET);
        int computed = part.copyPartCrc();
        if (stated != computed) {
            throw new ProtocolException(
                    String.format(
                            Locale.ROOT,
                            "copy's part at=%d is damaged: checksum=%08x, computed %08x",
                            position,
                            stated,
                            computed));
        }
        try {
            receiver.write(part.bytes(), WireDescriptor.COPY_PART_BYTES_OFFSET, count);
        } catch (HotpairException e) {
            throw new CopyException(String.valueOf(e.getMessage()), e);
        }
        received += count;
    }

    /** Reads it back, all of it. */
    void check(Runnable onProgress) throws CopyException {
        SavedSnapshot shown;
        try {
            shown = receiver.check(onProgress);
        } catch (HotpairException e) {
            throw new CopyException(String.valueOf(e.getMessage()), e);
        }
        if (shown.opId() != opId || shown.term() != lineage.termAt(opId)) {
            throw new CopyException(
                    "opId="
                            + shown.opId()
                            + " term="
                            + shown.term()
                            + ", expected opId="
                            + opId
                            + " of "
                            + lineage,
                    null);
        }
    }

    /** Puts it in the place of all that the keyspace holds. */
    Path install(ReplicatedKeyspace keyspace, long sharedOpId, Runnable onProgress) {
        return keyspace.replaceWith(receiver, lineage, sharedOpId, onProgress);
    }

    @Override
    public void close() {
        receiver.close();
    }
}
