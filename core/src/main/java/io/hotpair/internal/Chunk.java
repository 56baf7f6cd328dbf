package io.hotpair.internal;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of memory that blocks are cut from, with those of its free blocks that no stripe has.
 *
 * <p>Two counts say when nothing of it is in use: the bytes that were cut into blocks, and the
 * bytes of the free blocks in its lists. Both err on one side only, so that a chunk in use never
 * looks unused: bytes are counted as cut before anybody has them and as free after everybody has
 * given them back.
 */
final class Chunk {
    final long start;
    final long end;

    /** Where the next run is cut; beyond the end if there is none. */
    final AtomicLong cursor;

    /** Bytes of all blocks that were cut. */
    final AtomicLong cutBytes = new AtomicLong();

    /** Bytes of the blocks in the lists below. */
    final AtomicLong freeBytes = new AtomicLong();

    /** Free blocks by size class, a list through their first words. Guarded by the class's flag. */
    final long[] freeHead = new long[SizeClass.COUNT];

    /** The next chunk with free blocks of a class; null if not linked. Guarded in the same way. */
    final @Nullable Chunk[] nextAvailable = new Chunk[SizeClass.COUNT];

    /** Whether no more runs are cut from it, since another one has taken its place. */
    volatile boolean sealed;

    /** Whether it is being emptied, so that no block of it is given out any more. */
    volatile boolean evacuating;

    /**
     * Blocks that came back meanwhile: next 8, size class 8. Anybody adds one; they are taken out
     * all at once only, so that nobody compares with one that came back.
     */
    final AtomicLong asideHead = new AtomicLong();

    Chunk(long start, long lengthBytes) {
        this.start = start;
        end = start + lengthBytes;
        cursor = new AtomicLong(start);
    }

    boolean contains(long address) {
        return address >= start && address < end;
    }

    long lengthBytes() {
        return end - start;
    }

    /** Bytes that are in use, or in the hands of a stripe. */
    long usedBytes() {
        return cutBytes.get() - freeBytes.get();
    }
}
