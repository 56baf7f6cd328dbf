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

    abstract void setZero(long address, long lengthBytes);

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
