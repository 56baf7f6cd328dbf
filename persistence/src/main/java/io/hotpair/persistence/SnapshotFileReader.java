package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.OperationReader;
import io.hotpair.log.SnapshotSource;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.zip.CRC32C;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import org.jspecify.annotations.Nullable;

/**
 * Reads a snapshot file from its beginning, and believes nothing that has no right checksum: each
 * block is checked before it is given out, and that all of them are there when the last one was.
 */
final class SnapshotFileReader implements SnapshotSource {
    private final Path path;
    private final RandomAccessFile file;
    private final long fileLength;
    private final SnapshotHeader header;
    private final SnapshotFooter footer;
    private final CRC32C chain = new CRC32C();
    private final Buffers buffers = new Buffers();
    private long position = SnapshotDescriptor.HEADER_LENGTH;
    private int blockCount;
    private int blockCrc;
    private long operationCount;

    private SnapshotFileReader(Path path, RandomAccessFile file) throws IOException {
        this.path = path;
        this.file = file;
        fileLength = file.length();
        if (fileLength < SnapshotDescriptor.HEADER_LENGTH + SnapshotDescriptor.FOOTER_LENGTH) {
            throw Failures.corruption(
                    "snapshot "
                            + path
                            + ", header: length="
                            + fileLength
                            + ", expected at least "
                            + (SnapshotDescriptor.HEADER_LENGTH
                                    + SnapshotDescriptor.FOOTER_LENGTH));
        }
        byte[] head = read(0, SnapshotDescriptor.HEADER_LENGTH);
        header = SnapshotHeader.decode(head, path);
        SnapshotDescriptor.chain(
                chain, FrameDescriptor.getInt(head, SnapshotDescriptor.HEADER_CRC_OFFSET));
        long footerPosition = fileLength - SnapshotDescriptor.FOOTER_LENGTH;
        footer =
                SnapshotFooter.decode(
                        read(footerPosition, SnapshotDescriptor.FOOTER_LENGTH), path, fileLength);
    }

    /**
     * Opens a file, and checks its header and its footer.
     *
     * @throws HotpairException {@code CORRUPTION}, {@code UNKNOWN_VERSION}, {@code LOG_FAILED}
     */
    static SnapshotFileReader open(Path path) {
        RandomAccessFile opened;
        try {
            opened = new RandomAccessFile(path.toFile(), "r");
        } catch (FileNotFoundException e) {
            throw Failures.logFailed("snapshot " + path + " can't be opened", e);
        }
        try {
            return new SnapshotFileReader(path, opened);
        } catch (IOException | RuntimeException e) {
            Release release = new Release();
            release.run(opened);
            throw e instanceof HotpairException known ? known : unreadable(path, e);
        }
    }

    SnapshotHeader header() {
        return header;
    }

    SnapshotFooter footer() {
        return footer;
    }

    /**
     * Reads and checks all of it.
     *
     * @param onProgress called from time to time
     */
    void check(Runnable onProgress, IntConsumer onBlock) {
        PackedBlock block = next();
        while (block != null) {
            onBlock.accept(blockCrc);
            block.release();
            onProgress.run();
            block = next();
        }
    }

    @Override
    public @Nullable PackedBlock next() {
        long end = fileLength - SnapshotDescriptor.FOOTER_LENGTH;
        if (position == end) {
            requireAll();
            return null;
        }
        try {
            return readBlock(end);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private PackedBlock readBlock(long end) throws IOException {
        if (end - position < SnapshotDescriptor.BLOCK_HEADER_LENGTH) {
            throw damaged("bytes left=" + (end - position) + ", expected a block's header");
        }
        byte[] head = read(position, SnapshotDescriptor.BLOCK_HEADER_LENGTH);
        int storedLength = FrameDescriptor.getInt(head, SnapshotDescriptor.BLOCK_STORED_OFFSET);
        long content = position + SnapshotDescriptor.BLOCK_HEADER_LENGTH;
        if (storedLength < 0 || storedLength > end - content) {
            throw damaged(
                    "stored length=" + storedLength + ", expected at most " + (end - content));
        }
        byte[] stored = buffers.take(storedLength);
        file.seek(content);
        file.readFully(stored, 0, storedLength);
        int stated = FrameDescriptor.getInt(head, SnapshotDescriptor.BLOCK_CRC_OFFSET);
        int computed = SnapshotDescriptor.blockCrc(head, stored, storedLength);
        int index = FrameDescriptor.getInt(head, SnapshotDescriptor.BLOCK_INDEX_OFFSET);
        if (stated != computed
                || FrameDescriptor.getInt(head, 0) != SnapshotDescriptor.BLOCK_MAGIC) {
            throw damaged(
                    String.format(Locale.ROOT, "checksum=%08x, computed %08x", stated, computed));
        }
        if (index != blockCount) {
            throw damaged("index=" + index + ", expected " + blockCount);
        }
        SnapshotDescriptor.chain(chain, stated);
        blockCrc = stated;
        PackedBlock block =
                new PackedBlock(
                        place(), head, stored, storedLength, content + storedLength, buffers);
        position = content + storedLength;
        operationCount += FrameDescriptor.getInt(head, SnapshotDescriptor.BLOCK_COUNT_OFFSET);
        blockCount++;
        return block;
    }

    /** The footer's own checksum is right, so what does not fit it is missing or not ours. */
    private void requireAll() {
        if (footer.blockCount() != blockCount
                || footer.operationCount() != operationCount
                || footer.chain() != (int) chain.getValue()) {
            throw Failures.corruption(
                    String.format(
                            Locale.ROOT,
                            "snapshot %s, footer: blocks=%d operations=%d chain=%08x, expected %d,"
                                    + " %d and %08x",
                            path,
                            footer.blockCount(),
                            footer.operationCount(),
                            footer.chain(),
                            blockCount,
                            operationCount,
                            chain.getValue()));
        }
    }

    private String place() {
        return "snapshot " + path + ", block " + blockCount + " at position " + position;
    }

    private HotpairException damaged(String what) {
        return Failures.corruption(place() + ", is damaged: " + what);
    }

    private byte[] read(long from, int count) throws IOException {
        byte[] bytes = new byte[count];
        file.seek(from);
        file.readFully(bytes);
        return bytes;
    }

    private static HotpairException unreadable(Path path, Throwable cause) {
        return Failures.logFailed("snapshot " + path + " can't be read: " + cause, cause);
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw Failures.logFailed("snapshot " + path + " can't be closed", e);
        }
    }

    /**
     * Arrays that blocks have been read and unpacked into, to be used again: a snapshot of
     * gigabytes would otherwise take as much of the heap's memory, page after page, as it is long.
     */
    private static final class Buffers {
        /** A common block fits, packed or not. */
        private static final int LENGTH = SnapshotDescriptor.BLOCK_LENGTH + 64 * 1024;

        private final Queue<byte[]> free = new ConcurrentLinkedQueue<>();

        byte[] take(int length) {
            byte[] buffer = length <= LENGTH ? free.poll() : null;
            return buffer == null ? new byte[Math.max(length, LENGTH)] : buffer;
        }

        void give(byte[] buffer) {
            if (buffer.length == LENGTH) {
                free.add(buffer);
            }
        }
    }

    /** A block whose checksum is right. */
    static final class PackedBlock implements SnapshotSource.Block {
        private final String place;
        private final byte[] header;
        private final byte[] stored;
        private final int storedLength;
        private final long endPosition;
        private final Buffers buffers;

        PackedBlock(
                String place,
                byte[] header,
                byte[] stored,
                int storedLength,
                long endPosition,
                Buffers buffers) {
            this.place = place;
            this.header = header;
            this.stored = stored;
            this.storedLength = storedLength;
            this.endPosition = endPosition;
            this.buffers = buffers;
        }

        /** Nobody will ask for its operations. */
        void release() {
            buffers.give(stored);
        }

        @Override
        public long endPosition() {
            return endPosition;
        }

        @Override
        public boolean continuesKey() {
            return (header[SnapshotDescriptor.BLOCK_FLAGS_OFFSET]
                            & SnapshotDescriptor.FLAG_CONTINUES_KEY)
                    != 0;
        }

        @Override
        public void forEach(Consumer<OperationReader> consumer, Runnable atEnd) {
            int length = FrameDescriptor.getInt(header, SnapshotDescriptor.BLOCK_LENGTH_OFFSET);
            byte[] operations = unpack(length);
            OperationReader reader = new OperationReader();
            reader.wrap(operations, 0, length);
            int count = 0;
            while (reader.next()) {
                consumer.accept(reader);
                count++;
            }
            int stated = FrameDescriptor.getInt(header, SnapshotDescriptor.BLOCK_COUNT_OFFSET);
            if (count != stated) {
                throw Failures.corruption(place + ": operations=" + count + ", expected " + stated);
            }
            atEnd.run();
            buffers.give(operations);
        }

        private byte[] unpack(int length) {
            byte codec = header[SnapshotDescriptor.BLOCK_CODEC_OFFSET];
            if (codec == SnapshotDescriptor.CODEC_STORED && length == storedLength) {
                return stored;
            }
            if (codec != SnapshotDescriptor.CODEC_LZ4 || length < 0) {
                throw Failures.corruption(
                        place + ": codec=" + codec + " length=" + length + ", expected LZ4");
            }
            byte[] operations = buffers.take(length);
            try {
                int unpacked =
                        LZ4Factory.safeInstance()
                                .safeDecompressor()
                                .decompress(stored, 0, storedLength, operations, 0, length);
                if (unpacked != length) {
                    throw Failures.corruption(
                            place + ": length=" + unpacked + ", expected " + length);
                }
                buffers.give(stored);
                return operations;
            } catch (LZ4Exception e) {
                throw Failures.corruption(place + " can't be unpacked: " + e.getMessage());
            }
        }
    }
}
