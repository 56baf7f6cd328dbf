package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameDescriptor;
import java.nio.file.Path;
import java.util.Locale;
import java.util.UUID;

/**
 * What a snapshot file says of itself before its first block.
 *
 * @param logId the log that it belongs to
 * @param opId the last operation that it shows
 * @param term in which that was made
 * @param timestampMs when it was begun
 * @param place in the log; all operations up to the opId lie before it, and every cut that was made
 *     before the snapshot
 */
record SnapshotHeader(UUID logId, long opId, long term, long timestampMs, Place place) {

    byte[] encode() {
        byte[] bytes = new byte[SnapshotDescriptor.HEADER_LENGTH];
        FrameDescriptor.putInt(bytes, 0, SnapshotDescriptor.MAGIC);
        FrameDescriptor.putShort(
                bytes, SnapshotDescriptor.HEADER_VERSION_OFFSET, SnapshotDescriptor.VERSION);
        FrameDescriptor.putLong(
                bytes, SnapshotDescriptor.LOG_ID_HIGH_OFFSET, logId.getMostSignificantBits());
        FrameDescriptor.putLong(
                bytes, SnapshotDescriptor.LOG_ID_LOW_OFFSET, logId.getLeastSignificantBits());
        FrameDescriptor.putLong(bytes, SnapshotDescriptor.OP_ID_OFFSET, opId);
        FrameDescriptor.putLong(bytes, SnapshotDescriptor.TERM_OFFSET, term);
        FrameDescriptor.putLong(bytes, SnapshotDescriptor.TIMESTAMP_OFFSET, timestampMs);
        FrameDescriptor.putInt(bytes, SnapshotDescriptor.CYCLE_OFFSET, place.cycle());
        FrameDescriptor.putLong(bytes, SnapshotDescriptor.POSITION_OFFSET, place.position());
        FrameDescriptor.putInt(
                bytes,
                SnapshotDescriptor.HEADER_CRC_OFFSET,
                SnapshotDescriptor.crc(bytes, SnapshotDescriptor.HEADER_CRC_OFFSET));
        return bytes;
    }

    /**
     * Reads it.
     *
     * @throws HotpairException {@code CORRUPTION} with both checksums, or {@code UNKNOWN_VERSION}
     */
    static SnapshotHeader decode(byte[] bytes, Path file) {
        int stated = FrameDescriptor.getInt(bytes, SnapshotDescriptor.HEADER_CRC_OFFSET);
        int computed = SnapshotDescriptor.crc(bytes, SnapshotDescriptor.HEADER_CRC_OFFSET);
        if (stated != computed || FrameDescriptor.getInt(bytes, 0) != SnapshotDescriptor.MAGIC) {
            throw Failures.corruption(
                    String.format(
                            Locale.ROOT,
                            "snapshot %s, header, is damaged: checksum=%08x, computed %08x",
                            file,
                            stated,
                            computed));
        }
        int version = FrameDescriptor.getShort(bytes, SnapshotDescriptor.HEADER_VERSION_OFFSET);
        if (version != SnapshotDescriptor.VERSION) {
            throw new HotpairException(
                    HotpairException.Category.UNKNOWN_VERSION,
                    "snapshot "
                            + file
                            + ": version="
                            + version
                            + ", expected "
                            + SnapshotDescriptor.VERSION
                            + ": written by a newer build");
        }
        return new SnapshotHeader(
                new UUID(
                        FrameDescriptor.getLong(bytes, SnapshotDescriptor.LOG_ID_HIGH_OFFSET),
                        FrameDescriptor.getLong(bytes, SnapshotDescriptor.LOG_ID_LOW_OFFSET)),
                FrameDescriptor.getLong(bytes, SnapshotDescriptor.OP_ID_OFFSET),
                FrameDescriptor.getLong(bytes, SnapshotDescriptor.TERM_OFFSET),
                FrameDescriptor.getLong(bytes, SnapshotDescriptor.TIMESTAMP_OFFSET),
                new Place(
                        FrameDescriptor.getInt(bytes, SnapshotDescriptor.CYCLE_OFFSET),
                        FrameDescriptor.getLong(bytes, SnapshotDescriptor.POSITION_OFFSET)));
    }
}
