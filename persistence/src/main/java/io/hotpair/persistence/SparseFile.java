package io.hotpair.persistence;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Writes a file that may end with a long stretch of zeros, such as a segment's: they are left out,
 * and take no space where the file system can do that.
 */
final class SparseFile extends OutputStream {
    private static final byte[] ZEROS = new byte[256 * 1024];

    private final RandomAccessFile file;
    private long position;
    private long written;

    /** Opens a file that is there and empty. */
    SparseFile(Path path) throws IOException {
        file = new RandomAccessFile(path.toFile(), "rw");
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        boolean isHole =
                length <= ZEROS.length
                        && Arrays.equals(bytes, offset, offset + length, ZEROS, 0, length);
        if (!isHole) {
            writeZeros();
            file.write(bytes, offset, length);
            written += length;
        }
        position += length;
    }

    /** Zeros before something else are written: a mapping may store there one day. */
    private void writeZeros() throws IOException {
        while (written < position) {
            int count = (int) Math.min(ZEROS.length, position - written);
            file.write(ZEROS, 0, count);
            written += count;
        }
    }

    @Override
    public void close() throws IOException {
        try (file) {
            file.setLength(position);
        }
    }
}
