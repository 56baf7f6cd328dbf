package io.hotpair.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * SipHash-1-3, a keyed hash: whoever does not know the key can't choose keys that collide. One
 * round for each word and three at the end are what Rust's and Python's maps use; the tests compare
 * this with a plain one of any number of rounds, and that with the published vectors.
 *
 * @see <a href="https://www.aumasson.jp/siphash/siphash.pdf">Aumasson and Bernstein, SipHash: a
 *     fast short-input PRF</a>
 */
final class SipHash {
    private static final int FINAL_ROUNDS = 3;
    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final byte[] NONE = {};

    private final long k0;
    private final long k1;

    SipHash(long k0, long k1) {
        this.k0 = k0;
        this.k1 = k1;
    }

    long hash(byte[] bytes, int offset, int length) {
        return hash(bytes, offset, null, 0, length);
    }

    /** As the other one, of bytes off-heap that begin at a multiple of 8. */
    long hash(Mem mem, long address, int length) {
        return hash(NONE, 0, mem, address, length);
    }

    /** Of bytes in an array, or, if there is a memory, of bytes there. */
    private long hash(byte[] bytes, int offset, @Nullable Mem mem, long address, int length) {
        long v0 = k0 ^ 0x736f6d6570736575L;
        long v1 = k1 ^ 0x646f72616e646f6dL;
        long v2 = k0 ^ 0x6c7967656e657261L;
        long v3 = k1 ^ 0x7465646279746573L;
        int end = length & -Long.BYTES;
        for (int i = 0; i <= end; i += Long.BYTES) {
            long word;
            if (mem == null) {
                word = i < end ? (long) LONGS.get(bytes, offset + i) : tail(bytes, offset, length);
            } else {
                word = i < end ? mem.getLong(address + i) : tail(mem, address, length);
            }
            v3 ^= word;
            // A round, as below: Java has no way to share it that returns four values.
            v0 += v1;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v0 = Long.rotateLeft(v0, 32);
            v2 += v3;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 += v3;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 += v1;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v2 = Long.rotateLeft(v2, 32);
            v0 ^= word;
        }
        v2 ^= 0xff;
        for (int i = 0; i < FINAL_ROUNDS; i++) {
            v0 += v1;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v0 = Long.rotateLeft(v0, 32);
            v2 += v3;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 += v3;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 += v1;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v2 = Long.rotateLeft(v2, 32);
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }

    /** The bytes after the last whole word, and the length in the highest byte. */
    private static long tail(byte[] bytes, int offset, int length) {
        int rest = length & (Long.BYTES - 1);
        long word = (long) length << 56;
        if (rest == 0) {
            return word;
        }
        if (length >= Long.BYTES) {
            long last = (long) LONGS.get(bytes, offset + length - Long.BYTES);
            return word | (last >>> (Long.SIZE - Byte.SIZE * rest));
        }
        for (int i = 0; i < rest; i++) {
            word |= (bytes[offset + i] & 0xffL) << (Byte.SIZE * i);
        }
        return word;
    }

    /** The same. A word that begins in memory ends there: blocks are so long. */
    private static long tail(Mem mem, long address, int length) {
        int rest = length & (Long.BYTES - 1);
        long word = (long) length << 56;
        return rest == 0
                ? word
                : word | (mem.getLong(address + length - rest) & ((1L << (Byte.SIZE * rest)) - 1));
    }
}
