package io.hotpair.persistence;

import io.hotpair.log.FrameDescriptor;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What seals a snapshot file.
 *
 * @param blockCount how many blocks there are
 * @param operationCount how many operations in all of them
 * @param fileLength of the whole file, the footer included
 * @param chain the checksum of the checksums of header and blocks, in order
 */
record SnapshotFooter(int blockCount, long operationCount, long fileLength, int chain) {

    byte[] encode() {
        byte[] bytes = new byte[SnapshotDescriptor.FOOTER_LENGTH];
        FrameDescriptor.putInt(bytes, 0, SnapshotDescriptor.FOOTER_MAGIC);
        FrameDescriptor.putInt(bytes, SnapshotDescriptor.FOOTER_BLOCKS_OFFSET, blockCount);
        FrameDescriptor.putLong(bytes, SnapshotDescriptor.FOOTER_OPERATIONS_OFFSET, operationCount);
        FrameDescriptor.putLong(bytes, SnapshotDescriptor.FOOTER_FILE_LENGTH_OFFSET, fileLength);
        FrameDescriptor.putInt(bytes, SnapshotDescriptor.FOOTER_CHAIN_OFFSET, chain);
        FrameDescriptor.putInt(
                bytes,
                SnapshotDescriptor.FOOTER_CRC_OFFSET,
                SnapshotDescriptor.crc(bytes, SnapshotDescriptor.FOOTER_CRC_OFFSET));
        return bytes;
    }

    /**
     * Reads it.
     *
     * @param fileLength the length that the file has
     * @throws io.hotpair.HotpairException {@code CORRUPTION}
     */
    static SnapshotFooter decode(byte[] bytes, Path file, long fileLength) {
        int stated = FrameDescriptor.getInt(bytes, SnapshotDescriptor.FOOTER_CRC_OFFSET);
        int computed = SnapshotDescriptor.crc(bytes, SnapshotDescriptor.FOOTER_CRC_OFFSET);
        if (stated != computed
                || FrameDescriptor.getInt(bytes, 0) != SnapshotDescriptor.FOOTER_MAGIC) {
            throw Failures.corruption(
                    String.format(
                            Locale.ROOT,
                            "snapshot %s, footer, is damaged or was never written: checksum=%08x,"
                                    + " computed %08x",
                            file,
                            stated,
                            computed));
        }
        SnapshotFooter footer =
                new SnapshotFooter(
                        FrameDescriptor.getInt(bytes, SnapshotDescriptor.FOOTER_BLOCKS_OFFSET),
                        FrameDescriptor.getLong(bytes, SnapshotDescriptor.FOOTER_OPERATIONS_OFFSET),
                        FrameDescriptor.getLong(
                                bytes, SnapshotDescriptor.FOOTER_FILE_LENGTH_OFFSET),
                        FrameDescriptor.getInt(bytes, SnapshotDescriptor.FOOTER_CHAIN_OFFSET));
        if (footer.fileLength != fileLength) {
            throw Failures.corruption(
                    "snapshot "
                            + file
                            + ", footer: length="
                            + footer.fileLength
                            + ", expected "
                            + fileLength);
        }
        return footer;
    }
}
