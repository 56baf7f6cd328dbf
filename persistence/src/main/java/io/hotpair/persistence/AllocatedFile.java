package io.hotpair.persistence;

import io.hotpair.HotpairException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The segment that is being appended to, as a plain file beside Chronicle's mapping of it:
 * allocates ahead of the appender, and forces.
 *
 * <p>A store into a mapped page that the file system can't back kills the JVM, or worse, is lost.
 * So zeros are written ahead through ordinary writes, where a full disk is an exception, and the
 * appender only ever touches pages that are there. Chronicle writes nothing beyond what it has
 * appended but an index page right behind it, so the zeros never meet its data.
 *
 * <p>A {@code RandomAccessFile}, because the threads that come here may be interrupted, and an
 * interrupt closes a channel; its {@code sync} took as long as {@code FileChannel.force(false)}.
 */
final class AllocatedFile implements AutoCloseable {
    /** At least this much is allocated ahead of the appender. */
    static final int AHEAD_BYTES = 1024 * 1024;

    /** Small, because the append that needs it waits for it. */
    static final int STEP_BYTES = 256 * 1024;

    private static final byte[] ZEROS = new byte[64 * 1024];

    private final RandomAccessFile file;
    private final DiskSpace space;
    private long allocated;

    private AllocatedFile(RandomAccessFile file, DiskSpace space, long allocated) {
        this.file = file;
        this.space = space;
        this.allocated = allocated;
    }

    /** Creates a segment's file for Chronicle to find, with its first part allocated. */
    static AllocatedFile create(Path path, DiskSpace space) throws IOException {
        try {
            Directories.createFile(path);
        } catch (IOException e) {
            throw space.orFull(e);
        }
        try {
            return open(path, space, 0);
        } catch (HotpairException e) {
            // There will be another attempt.
            Files.deleteIfExists(path);
            throw e;
        }
    }

    /**
     * Opens a segment's file before Chronicle does.
     *
     * @param end there are only zeros from here on
     */
    static AllocatedFile open(Path path, DiskSpace space, long end) throws IOException {
        AllocatedFile opened =
                new AllocatedFile(new RandomAccessFile(path.toFile(), "rw"), space, end);
        try {
            opened.allocate(end);
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    /**
     * Sees to it that everything up to a position, and {@link #AHEAD_BYTES} more, is backed.
     *
     * @throws HotpairException {@code DISK_FULL}: it may be tried again
     */
    void allocate(long upTo) throws IOException {
        if (upTo + AHEAD_BYTES <= allocated) {
            return;
        }
        space.check();
        long target = upTo + AHEAD_BYTES + STEP_BYTES;
        file.seek(allocated);
        while (allocated < target) {
            int count = (int) Math.min(ZEROS.length, target - allocated);
            try {
                file.write(ZEROS, 0, count);
            } catch (IOException e) {
                throw space.orFull(e);
            }
            allocated += count;
        }
    }

    /** Forces all that was written to the file, by whatever way. */
    void force() throws IOException {
        file.getFD().sync();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
