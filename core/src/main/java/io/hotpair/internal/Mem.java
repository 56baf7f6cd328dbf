package io.hotpair.internal;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Raw memory by {@code long} addresses: the one seam between the engine and the JDK's ways to reach
 * memory outside the heap. An address is opaque to callers except that it is above 0, below 2^48,
 * that what {@link #allocate} gives is 64-byte aligned, and that adding an offset inside a region
 * gives the address of that offset.
 *
 * <p>Three bodies: {@link UnsafeMem} on Java 17 to 21, {@link SegmentMem} from 22 on, and a heap
 * array in the tests, on which a model checker can follow every access. None needs a JVM flag and
 * none makes the JVM print a warning.
 *
 * <p>Plain accesses are for memory that is private or was published with a release. The volatile
 * ones order as those of {@link java.lang.invoke.VarHandle} do.
 */
public abstract class Mem {
    /** Answers of {@link #tagged}. */
    static final int NONE = 8;

    static final int UNCLEAR = -1;

    private static final int MAX_COPIED_BY_WORDS = 256;

    private final ConcurrentMap<Long, Long> regions = new ConcurrentHashMap<>();

    /**
     * The best body for this JVM.
     *
     * @return memory of its own, all of it given back by {@link #close()}
     */
    public static Mem platform() {
        return Runtime.version().feature() >= 22 ? new SegmentMem() : new UnsafeMem();
    }

    /** Takes zeroed memory, aligned to 64 bytes. Throws OutOfMemoryError if there is none. */
    public final long allocate(long lengthBytes) {
        long address = allocateRegion(lengthBytes);
        regions.put(address, lengthBytes);
        return address;
    }

    /** Gives a region back. The caller has made sure that nobody reads it any more. */
    public final void free(long address) {
        Long lengthBytes = regions.remove(address);
        if (lengthBytes == null) {
            throw new IllegalStateException(
                    "address=" + address + ", expected an allocated region");
        }
        freeRegion(address, lengthBytes);
    }

    /** Gives every region back. */
    public final void close() {
        for (Long address : regions.keySet()) {
            free(address);
        }
    }

    protected abstract long allocateRegion(long lengthBytes);

    protected abstract void freeRegion(long address, long lengthBytes);

    abstract long getLong(long address);

    abstract void putLong(long address, long value);

    abstract int getInt(long address);

    abstract void putInt(long address, int value);

    abstract long getLongVolatile(long address);

    abstract void putLongRelease(long address, long value);

    abstract boolean compareAndSetLong(long address, long expected, long value);

    /**
     * Looks for the only one of eight words whose upper 16 bits are these, by loads that acquire.
     *
     * @param address of the first word, aligned to 64 bytes
     * @return which it is, from 0; {@link #NONE} if there is none and the last word is 0; {@link
     *     #UNCLEAR} if there are several, or if there is none and the last word is not 0, or if the
     *     bits are 0
     */
    int tagged(long address, long tag) {
        return tagged(
                tag,
                getLongVolatile(address),
                getLongVolatile(address + 8),
                getLongVolatile(address + 16),
                getLongVolatile(address + 24),
                getLongVolatile(address + 32),
                getLongVolatile(address + 40),
                getLongVolatile(address + 48),
                getLongVolatile(address + 56));
    }

    /**
     * The answer of the other one. It takes as long whichever word it is: a branch at each word
     * would be guessed wrongly once, and that costs more than to look at all of them.
     */
    static int tagged(long tag, long a, long b, long c, long d, long e, long f, long g, long h) {
        if (tag == 0) {
            // So have empty ones.
            return UNCLEAR;
        }
        // One bit for each word.
        long found =
                bit(a, tag)
                        | (bit(b, tag) << 1)
                        | (bit(c, tag) << 2)
                        | (bit(d, tag) << 3)
                        | (bit(e, tag) << 4)
                        | (bit(f, tag) << 5)
                        | (bit(g, tag) << 6)
                        | (bit(h, tag) << 7);
        if (found != 0 && (found & (found - 1)) == 0) {
            return Long.numberOfTrailingZeros(found);
        }
        return found == 0 && h == 0 ? NONE : UNCLEAR;
    }

    private static long bit(long word, long tag) {
        return (((word >>> 48) ^ tag) - 1) >>> 63;
    }

    abstract void setZero(long address, long lengthBytes);

    /**
     * Whether to copy out by a loop over words, of which the last may overlap with the one before.
     * Of a short value the words may be on their way before its length is known: the processor
     * guesses how often the loop goes round, and so it waits once for what is not in its caches.
     */
    static boolean copiedByWords(int lengthBytes) {
        return lengthBytes >= Long.BYTES && lengthBytes <= MAX_COPIED_BY_WORDS;
    }

    abstract void copyIn(byte[] from, int offset, long address, int lengthBytes);

    abstract void copyOut(long address, byte[] into, int offset, int lengthBytes);

    abstract void copy(long from, long to, long lengthBytes);

    abstract boolean equal(long address, byte[] bytes, int offset, int lengthBytes);

    /** Passes on what a method handle threw, as it is: none of those used declares an exception. */
    static RuntimeException rethrow(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) e;
    }
}
