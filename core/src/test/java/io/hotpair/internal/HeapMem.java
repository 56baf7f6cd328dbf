package io.hotpair.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Memory in heap arrays, on which a model checker can follow every access and a test can look at
 * everything.
 *
 * <pre>
 *   address:  [ window 20 | offset 27 ]      window ──► long[], little-endian inside its words
 * </pre>
 *
 * <p>Volatile accesses are aligned and are those of a {@link VarHandle}. Plain ones may be
 * unaligned and go by whole words: a store to a part of a word reads and writes all of it. That is
 * no difference to the engine, which shares no word between two writers of its parts.
 *
 * <p>A region that was given back is gone: whoever touches it gets a {@code NullPointerException}.
 */
final class HeapMem extends Mem {
    private static final int WINDOW_SHIFT = 27;
    private static final long OFFSET_MASK = (1L << WINDOW_SHIFT) - 1;
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    // Index 0 stays empty, so that no address is 0. A window is used once.
    private long[][] windows = new long[16][];
    private int nextWindow = 1;

    @Override
    protected synchronized long allocateRegion(long lengthBytes) {
        if (lengthBytes > OFFSET_MASK) {
            throw new OutOfMemoryError("lengthBytes=" + lengthBytes);
        }
        if (nextWindow == windows.length) {
            windows = Arrays.copyOf(windows, nextWindow * 2);
        }
        // One word more, for an unaligned load that begins in the last one.
        windows[nextWindow] = new long[(int) ((lengthBytes + 7) >>> 3) + 1];
        return (long) nextWindow++ << WINDOW_SHIFT;
    }

    @Override
    @SuppressWarnings("NullAway")
    protected synchronized void freeRegion(long address, long lengthBytes) {
        windows[(int) (address >>> WINDOW_SHIFT)] = null;
    }

    private long[] window(long address) {
        return windows[(int) (address >>> WINDOW_SHIFT)];
    }

    private static int word(long address) {
        return (int) ((address & OFFSET_MASK) >>> 3);
    }

    private static int aligned(long address) {
        if ((address & 7) != 0) {
            throw new IllegalArgumentException("address=" + address + ", expected an aligned one");
        }
        return word(address);
    }

    @Override
    long getLong(long address) {
        long[] window = window(address);
        int shift = (int) (address & 7) << 3;
        int at = word(address);
        return shift == 0
                ? window[at]
                : (window[at] >>> shift) | (window[at + 1] << (Long.SIZE - shift));
    }

    @Override
    void putLong(long address, long value) {
        long[] window = window(address);
        int shift = (int) (address & 7) << 3;
        int at = word(address);
        if (shift == 0) {
            window[at] = value;
            return;
        }
        long low = -1L << shift;
        window[at] = (window[at] & ~low) | (value << shift);
        window[at + 1] = (window[at + 1] & low) | (value >>> (Long.SIZE - shift));
    }

    @Override
    int getInt(long address) {
        return (int) getLong(address);
    }

    @Override
    void putInt(long address, int value) {
        if ((address & 7) <= 4) {
            long[] window = window(address);
            int shift = (int) (address & 7) << 3;
            int at = word(address);
            window[at] =
                    (window[at] & ~(0xFFFF_FFFFL << shift)) | ((value & 0xFFFF_FFFFL) << shift);
        } else {
            putLong(address, (getLong(address) & ~0xFFFF_FFFFL) | (value & 0xFFFF_FFFFL));
        }
    }

    @Override
    long getLongVolatile(long address) {
        return (long) WORD.getVolatile(window(address), aligned(address));
    }

    @Override
    void putLongRelease(long address, long value) {
        WORD.setRelease(window(address), aligned(address), value);
    }

    @Override
    boolean compareAndSetLong(long address, long expected, long value) {
        return WORD.compareAndSet(window(address), aligned(address), expected, value);
    }

    @Override
    void setZero(long address, long lengthBytes) {
        int from = aligned(address);
        Arrays.fill(window(address), from, from + (int) ((lengthBytes + 7) >>> 3), 0);
    }

    private static byte getByte(long[] window, long offset) {
        return (byte) (window[(int) (offset >>> 3)] >>> ((offset & 7) << 3));
    }

    private static void putByte(long[] window, long offset, byte value) {
        int shift = (int) (offset & 7) << 3;
        int at = (int) (offset >>> 3);
        window[at] = (window[at] & ~(0xFFL << shift)) | ((value & 0xFFL) << shift);
    }

    @Override
    void copyIn(byte[] from, int offset, long address, int lengthBytes) {
        long[] window = window(address);
        for (int i = 0; i < lengthBytes; i++) {
            putByte(window, (address & OFFSET_MASK) + i, from[offset + i]);
        }
    }

    @Override
    void copyOut(long address, byte[] into, int offset, int lengthBytes) {
        long[] window = window(address);
        for (int i = 0; i < lengthBytes; i++) {
            into[offset + i] = getByte(window, (address & OFFSET_MASK) + i);
        }
    }

    @Override
    void copy(long from, long to, long lengthBytes) {
        byte[] bytes = new byte[(int) lengthBytes];
        copyOut(from, bytes, 0, bytes.length);
        copyIn(bytes, 0, to, bytes.length);
    }

    @Override
    boolean equal(long address, byte[] bytes, int offset, int lengthBytes) {
        long[] window = window(address);
        for (int i = 0; i < lengthBytes; i++) {
            if (getByte(window, (address & OFFSET_MASK) + i) != bytes[offset + i]) {
                return false;
            }
        }
        return true;
    }
}
