package io.hotpair.persistence;

import io.hotpair.log.FrameDescriptor;
import java.util.zip.CRC32C;

/**
 * The layout of a snapshot file: a header, blocks, a footer. The format document is {@code
 * persistence/docs/snapshot-format.md}; a test holds the two together.
 *
 * <pre>
 *   header
 *   offset size  field
 *        0    4  magic            "HPS1"
 *        4    2  version          1
 *        6    2  reserved, 0
 *        8    8  log id           the more significant half
 *       16    8  log id           the less significant half
 *       24    8  opId             the last operation that it shows
 *       32    8  term             in which that was made
 *       40    8  timestamp        milliseconds since 1970, when it was begun
 *       48    4  cycle            of the segment of the log
 *       52    4  reserved, 0
 *       56    8  position         in that segment; all operations up to the opId lie before
 *       64    4  reserved, 0
 *       68    4  CRC32C           of the 68 bytes before
 * </pre>
 *
 * <pre>
 *   block
 *        0    4  magic            "HPSB"
 *        4    4  index            from 0
 *        8    4  stored length    bytes that follow this header
 *       12    4  length           bytes when unpacked
 *       16    4  count            operations
 *       20    1  codec            0 = stored as it is, 1 = LZ4 block
 *       21    1  flags            1 = goes on with the key of the block before
 *       22    2  reserved, 0
 *       24    4  reserved, 0
 *       28    4  CRC32C           of the 28 bytes before and of what follows
 *       32       operations as in a frame, packed
 * </pre>
 *
 * <pre>
 *   footer
 *        0    4  magic            "HPSE"
 *        4    4  blocks           how many
 *        8    8  operations       in all blocks
 *       16    8  length           of the file, bytes
 *       24    4  chain            CRC32C of the checksums of header and blocks, in order
 *       28    4  CRC32C           of the 28 bytes before
 * </pre>
 *
 * <p>Little-endian throughout.
 */
final class SnapshotDescriptor {
    static final int MAGIC = 0x31535048;
    static final int VERSION = 1;
    static final int HEADER_LENGTH = 72;
    static final int HEADER_VERSION_OFFSET = 4;
    static final int LOG_ID_HIGH_OFFSET = 8;
    static final int LOG_ID_LOW_OFFSET = 16;
    static final int OP_ID_OFFSET = 24;
    static final int TERM_OFFSET = 32;
    static final int TIMESTAMP_OFFSET = 40;
    static final int CYCLE_OFFSET = 48;
    static final int POSITION_OFFSET = 56;
    static final int HEADER_CRC_OFFSET = 68;

    static final int BLOCK_MAGIC = 0x42535048;
    static final int BLOCK_HEADER_LENGTH = 32;
    static final int BLOCK_INDEX_OFFSET = 4;
    static final int BLOCK_STORED_OFFSET = 8;
    static final int BLOCK_LENGTH_OFFSET = 12;
    static final int BLOCK_COUNT_OFFSET = 16;
    static final int BLOCK_CODEC_OFFSET = 20;
    static final int BLOCK_FLAGS_OFFSET = 21;
    static final int BLOCK_CRC_OFFSET = 28;
    static final byte CODEC_STORED = 0;
    static final byte CODEC_LZ4 = 1;
    static final byte FLAG_CONTINUES_KEY = 1;

    /**
     * A block is closed when it has grown to this many bytes: it is packed in less than a tenth of
     * a millisecond, and who packs it lets others run then.
     */
    static final int BLOCK_LENGTH = 16 * 1024;

    static final int FOOTER_MAGIC = 0x45535048;
    static final int FOOTER_LENGTH = 32;
    static final int FOOTER_BLOCKS_OFFSET = 4;
    static final int FOOTER_OPERATIONS_OFFSET = 8;
    static final int FOOTER_FILE_LENGTH_OFFSET = 16;
    static final int FOOTER_CHAIN_OFFSET = 24;
    static final int FOOTER_CRC_OFFSET = 28;

    private SnapshotDescriptor() {}

    static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    /** The checksum of a block: its header but for the checksum's own bytes, and what follows. */
    static int blockCrc(byte[] header, byte[] stored, int storedLength) {
        CRC32C crc = new CRC32C();
        crc.update(header, 0, BLOCK_CRC_OFFSET);
        crc.update(stored, 0, storedLength);
        return (int) crc.getValue();
    }

    /** Takes one more checksum into the chain. */
    static void chain(CRC32C chain, int crc) {
        byte[] bytes = new byte[Integer.BYTES];
        FrameDescriptor.putInt(bytes, 0, crc);
        chain.update(bytes, 0, bytes.length);
    }
}
