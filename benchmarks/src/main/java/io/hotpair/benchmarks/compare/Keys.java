package io.hotpair.benchmarks.compare;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Makes 16 random-looking bytes of a number, at the same small cost for every contestant: two
 * multiplications and two stores for each half. The mixing is a bijection, so keys never collide.
 */
final class Keys {
    static final int LENGTH = 16;

    /** Numbers of keys that are never put. */
    static final long ABSENT = 1L << 40;

    /** Numbers of the keys that hold counters. */
    static final long COUNTERS = 1L << 41;

    private static final long OTHER_HALF = 0x9E3779B97F4A7C15L;
    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Keys() {}

    static void write(long number, byte[] into) {
        write(number, into, 0);
    }

    static void write(long number, byte[] into, int offset) {
        LONGS.set(into, offset, mix(number));
        LONGS.set(into, offset + Long.BYTES, mix(number ^ OTHER_HALF));
    }

    /** The finalizer of SplitMix64 (Stafford's variant 13). */
    static long mix(long number) {
        long mixed = (number ^ (number >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }

    static long longAt(byte[] bytes, int offset) {
        return (long) LONGS.get(bytes, offset);
    }

    static void putLong(byte[] bytes, int offset, long value) {
        LONGS.set(bytes, offset, value);
    }
}
