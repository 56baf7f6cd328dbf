package io.hotpair.internal;

/** The key that an operation is about: a part of a caller's array, with its hash. */
final class Key {
    private static final byte[] NONE = new byte[0];

    byte[] bytes = NONE;
    int offset;
    int length;
    long hash;

    void set(byte[] keyBytes, int keyOffset, int keyLength, long keyHash) {
        // A session uses its array again, and to store a reference may cost a fence.
        if (bytes != keyBytes) {
            bytes = keyBytes;
        }
        offset = keyOffset;
        length = keyLength;
        hash = keyHash;
    }

    /** Lets go of the caller's array. */
    void forget() {
        bytes = NONE;
        offset = 0;
        length = 0;
    }

    /** Where it stands in the index: the upper half of its hash. */
    int upper() {
        return (int) (hash >>> 32);
    }
}
