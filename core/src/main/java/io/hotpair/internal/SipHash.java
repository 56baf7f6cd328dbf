package io.hotpair.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * SipHash, a keyed hash: whoever does not know the key can't choose keys that collide. The keyspace
 * uses 1 and 3 rounds, as Rust's and Python's maps do; the tests run 2 and 4 rounds on the
 * published vectors.
 *
 * @see <a href="https://www.aumasson.jp/siphash/siphash.pdf">Aumasson and Bernstein, SipHash: a
 *     fast short-input PRF</a>
 */
final class SipHash {
    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final long k0;
    private final long k1;

    SipHash(long k0, long k1) {
        this.k0 = k0;
        this.k1 = k1;
    }

    long hash(byte[] bytes, int offset, int length) {
        return hash(bytes, offset, length, 1, 3);
    }

    long hash(byte[] bytes, int offset, int length, int compressRounds, int finalRounds) {
        long v0 = k0 ^ 0x736f6d6570736575L;
        long v1 = k1 ^ 0x646f72616e646f6dL;
        long v2 = k0 ^ 0x6c7967656e657261L;
        long v3 = k1 ^ 0x7465646279746573L;
        int wordCount = (length >>> 3) + 1;
        // The last word is the tail with the length; one more step, of a zero word, is the
        // finalisation.
        for (int i = 0; i <= wordCount; i++) {
            boolean last = i == wordCount;
            long word =
                    last
                            ? 0
                            : i < wordCount - 1
                                    ? (long) LONGS.get(bytes, offset + i * 8)
                                    : tail(bytes, offset, length);
            v3 ^= word;
            v2 ^= last ? 0xff : 0;
            for (int round = last ? finalRounds : compressRounds; round > 0; round--) {
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
            v0 ^= word;
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static long tail(byte[] bytes, int offset, int length) {
        long word = (long) length << 56;
        int from = offset + (length & ~7);
        for (int i = 0; i < (length & 7); i++) {
            word |= (bytes[from + i] & 0xffL) << (8 * i);
        }
        return word;
    }
}
