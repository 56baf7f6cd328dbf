package io.hotpair.benchmarks.compare;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What an application on the heap wraps bytes in to use them as a key. It is generous to the maps
 * on the heap: the hash is taken eight bytes at a time, which is several times faster than {@link
 * Arrays#hashCode(byte[])} on JDK 17, and it is kept.
 */
final class BytesKey {
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

    private final byte[] bytes;
    private final int hash;

    private BytesKey(byte[] bytes) {
        this.bytes = bytes;
        hash = hash(bytes);
    }

    /** For a look-up, which needs no copy. */
    static BytesKey of(byte[] bytes) {
        return new BytesKey(bytes);
    }

    /** For a map that keeps the key, while the caller goes on to use its array. */
    static BytesKey copyOf(byte[] bytes) {
        return new BytesKey(bytes.clone());
    }

    byte[] bytes() {
        return bytes;
    }

    static int hash(byte[] bytes) {
        long hash = bytes.length;
        int at = 0;
        for (; at + Long.BYTES <= bytes.length; at += Long.BYTES) {
            hash = (hash ^ Keys.longAt(bytes, at)) * MULTIPLIER;
        }
        for (; at < bytes.length; at++) {
            hash = (hash ^ bytes[at]) * MULTIPLIER;
        }
        return (int) (hash >>> 32);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof BytesKey key && hash == key.hash && Arrays.equals(bytes, key.bytes);
    }
}
