package io.hotpair.persistence;

import io.hotpair.SavedSnapshot;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationType;
import io.hotpair.log.SnapshotWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;

/**
 * Writes a snapshot file, one block after the other, and forces it from time to time, so that the
 * log's own forces never meet a large amount of it. What it holds in memory is one block, packed
 * and not.
 */
final class SnapshotFileWriter implements SnapshotWriter {
    static final String PARTIAL_SUFFIX = ".partial";

    private static final long FORCE_EVERY_BYTES = 16 << 20;

    /** An operation that is longer stands alone in a block, and is not worth a second copy. */
    private static final int MAX_PACKED_LENGTH = 16 << 20;

    /** What is left to the log, above its own watermark, when the file system gets full. */
    private static final int SPACE_FACTOR = 2;

    private final SnapshotDirectory directory;
    private final SnapshotHeader header;
    private final Path partial;
    private final RandomAccessFile file;
    private final LogOptions options;
    private final LongConsumer onWritten;
    private final LZ4Compressor compressor = LZ4Factory.safeInstance().fastCompressor();
    private final CRC32C chain = new CRC32C();
    private final byte[] blockHeader = new byte[SnapshotDescriptor.BLOCK_HEADER_LENGTH];
    private byte[] operations = new byte[SnapshotDescriptor.BLOCK_LENGTH * 2];
    private byte[] packed = new byte[0];
    private int length;
    private int count;
    private boolean continuesKey;
    private int blockCount;
    private long operationCount;
    private long written;
    private long forced;
    private boolean closed;

    SnapshotFileWriter(
            SnapshotDirectory directory,
            SnapshotHeader header,
            Path partial,
            LogOptions options,
            LongConsumer onWritten)
            throws IOException {
        this.directory = directory;
        this.header = header;
        this.partial = partial;
        this.options = options;
        this.onWritten = onWritten;
        Files.deleteIfExists(partial);
        Directories.createFile(partial);
        file = new RandomAccessFile(partial.toFile(), "rw");
        byte[] encoded = header.encode();
        try {
            write(encoded, encoded.length);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
        SnapshotDescriptor.chain(
                chain, FrameDescriptor.getInt(encoded, SnapshotDescriptor.HEADER_CRC_OFFSET));
    }

    @Override
    public void add(OperationReader operation) {
        if (length >= SnapshotDescriptor.BLOCK_LENGTH) {
            writeBlock();
        }
        int operationLength = operation.operationLength();
        if (length > 0 && (long) length + operationLength > MAX_PACKED_LENGTH) {
            writeBlock();
        }
        if (count == 0) {
            continuesKey = operation.type() != OperationType.SET && !operation.replaces();
        }
        if (operationLength > operations.length - length) {
            operations = Arrays.copyOf(operations, Math.addExact(length, operationLength));
        }
        System.arraycopy(
                operation.bytes(),
                operation.operationOffset(),
                operations,
                length,
                operationLength);
        length += operationLength;
        count++;
    }

    private void writeBlock() {
        try {
            byte[] stored = operations;
            int storedLength = length;
            byte codec = SnapshotDescriptor.CODEC_STORED;
            if (length <= MAX_PACKED_LENGTH) {
                int packedLength = pack();
                if (packedLength < length) {
                    stored = packed;
                    storedLength = packedLength;
                    codec = SnapshotDescriptor.CODEC_LZ4;
                }
            }
            int crc = putBlockHeader(stored, storedLength, codec);
            write(blockHeader, blockHeader.length);
            write(stored, storedLength);
            SnapshotDescriptor.chain(chain, crc);
        } catch (IOException e) {
            throw failed(e);
        }
        blockCount++;
        operationCount += count;
        length = 0;
        count = 0;
        if (operations.length > MAX_PACKED_LENGTH) {
            operations = new byte[SnapshotDescriptor.BLOCK_LENGTH * 2];
        }
        onWritten.accept(written);
    }

    private int pack() {
        int most = compressor.maxCompressedLength(length);
        if (packed.length < most) {
            packed = new byte[most];
        }
        return compressor.compress(operations, 0, length, packed, 0, packed.length);
    }

    private int putBlockHeader(byte[] stored, int storedLength, byte codec) {
        Arrays.fill(blockHeader, (byte) 0);
        FrameDescriptor.putInt(blockHeader, 0, SnapshotDescriptor.BLOCK_MAGIC);
        FrameDescriptor.putInt(blockHeader, SnapshotDescriptor.BLOCK_INDEX_OFFSET, blockCount);
        FrameDescriptor.putInt(blockHeader, SnapshotDescriptor.BLOCK_STORED_OFFSET, storedLength);
        FrameDescriptor.putInt(blockHeader, SnapshotDescriptor.BLOCK_LENGTH_OFFSET, length);
        FrameDescriptor.putInt(blockHeader, SnapshotDescriptor.BLOCK_COUNT_OFFSET, count);
        blockHeader[SnapshotDescriptor.BLOCK_CODEC_OFFSET] = codec;
        blockHeader[SnapshotDescriptor.BLOCK_FLAGS_OFFSET] =
                continuesKey ? SnapshotDescriptor.FLAG_CONTINUES_KEY : 0;
        int crc = SnapshotDescriptor.blockCrc(blockHeader, stored, storedLength);
        FrameDescriptor.putInt(blockHeader, SnapshotDescriptor.BLOCK_CRC_OFFSET, crc);
        return crc;
    }

    private void write(byte[] bytes, int byteCount) throws IOException {
        requireSpace(directory.path(), partial, byteCount, options);
        file.write(bytes, 0, byteCount);
        written += byteCount;
        if (written - forced >= FORCE_EVERY_BYTES) {
            file.getFD().sync();
            forced = written;
        }
    }

    /** Checks that so many bytes leave the log enough. */
    static void requireSpace(Path directory, Path file, int byteCount, LogOptions options) {
        if (options.freeSpace().usableBytes(directory)
                < SPACE_FACTOR * options.watermarkBytes() + byteCount) {
            throw Failures.logFailed(
                    "snapshot " + file + ": too little free space, the log needs it", null);
        }
    }

    @Override
    public SavedSnapshot seal() {
        if (count > 0) {
            writeBlock();
        }
        try {
            SnapshotFooter footer =
                    new SnapshotFooter(
                            blockCount,
                            operationCount,
                            written + SnapshotDescriptor.FOOTER_LENGTH,
                            (int) chain.getValue());
            write(footer.encode(), SnapshotDescriptor.FOOTER_LENGTH);
            file.getFD().sync();
            file.close();
            SavedSnapshot saved = directory.publish(partial, header, footer);
            closed = true;
            return saved;
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private RuntimeException failed(IOException e) {
        return Failures.logFailed("snapshot " + partial + " can't be written: " + e, e);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            file.close();
            Files.deleteIfExists(partial);
        } catch (IOException e) {
            throw failed(e);
        }
    }
}
