package io.hotpair.persistence;

import io.hotpair.HotpairException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The segment that is being appended to, as a plain file beside Chronicle's mapping of it:
 * allocates ahead of the appender, and forces.
 *
 * <p>A store into a mapped page that the file system can't back kills the JVM, or worse, is lost.
 * So zeros are written ahead through ordinary writes, where a full disk is an exception, and the
 * appender only ever touches pages that are there. Chronicle writes nothing beyond what it has
 * appended but an index page right behind it, so the zeros never meet its data.
 *
 * <p>Whoever has time does it early ({@link #prepare}), so that an append seldom has to. Zeros are
 * written by one thread at a time, from where they end; the appender goes on without looking at
 * that lock while there is enough. It never touches what lies past the end of the zeros, and they
 * are written nowhere else, so a thread that is held up in the middle of writing some can't destroy
 * anything later.
 *
 * <pre>
 *   0 ........ used ................ allocated ........
 *     appended |    at least AHEAD   | zeros come here
 * </pre>
 *
 * <p>A {@code RandomAccessFile}, because the threads that come here may be interrupted, and an
 * interrupt closes a channel; its {@code sync} took as long as {@code FileChannel.force(false)}.
 */
final class AllocatedFile implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AllocatedFile.class);

    /** At least this much is allocated ahead of the appender. */
    static final int AHEAD_BYTES = 1024 * 1024;

    /** Small, because an append that needs it waits for it. */
    static final int STEP_BYTES = 256 * 1024;

    private static final byte[] ZEROS = new byte[64 * 1024];

    /** So much is there if others have time to see to it. */
    private static final int PREPARED_BYTES = 2 * AHEAD_BYTES;

    private final RandomAccessFile file;
    private final DiskSpace space;
    private final ReentrantLock growing = new ReentrantLock();
    private volatile long used;
    private volatile long allocated;

    // Guarded by growing.
    private boolean closed;

    private AllocatedFile(RandomAccessFile file, DiskSpace space, long allocated) {
        this.file = file;
        this.space = space;
        this.allocated = allocated;
        used = allocated;
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
        used = upTo;
        if (upTo + AHEAD_BYTES <= allocated) {
            return;
        }
        growing.lock();
        try {
            space.check();
            grow(upTo + AHEAD_BYTES + STEP_BYTES);
        } catch (IOException e) {
            throw space.orFull(e);
        } finally {
            growing.unlock();
        }
    }

    /**
     * Allocates what the next appends will need, by any thread beside the one that appends. What
     * goes wrong is not said here: the append that needs the room meets it again, and says it.
     */
    void prepare() {
        boolean goesOn = true;
        while (goesOn && used + PREPARED_BYTES - allocated >= STEP_BYTES) {
            goesOn = prepareStep();
        }
    }

    /** Small as well, for the append that comes meanwhile and has to wait for it. */
    private boolean prepareStep() {
        if (!growing.tryLock()) {
            return false;
        }
        try {
            if (closed) {
                return false;
            }
            space.check();
            if (space.isShort()) {
                return false;
            }
            grow(allocated + STEP_BYTES);
            return true;
        } catch (IOException | RuntimeException e) {
            LOG.debug("can't allocate ahead", e);
            return false;
        } finally {
            growing.unlock();
        }
    }

    private void grow(long target) throws IOException {
        long end = allocated;
        file.seek(end);
        while (end < target) {
            int count = (int) Math.min(ZEROS.length, target - end);
            file.write(ZEROS, 0, count);
            end += count;
            allocated = end;
        }
    }

    /** Forces all that was written to the file, by whatever way. */
    void force() throws IOException {
        file.getFD().sync();
    }

    @Override
    public void close() throws IOException {
        // Another thread may be writing zeros, and the descriptor may be somebody else's at once.
        growing.lock();
        try {
            closed = true;
            file.close();
        } finally {
            growing.unlock();
        }
    }
}
