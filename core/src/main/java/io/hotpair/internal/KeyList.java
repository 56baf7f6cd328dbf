package io.hotpair.internal;

/** Several keys, wherever their caller has them. */
interface KeyList {
    /** How many. */
    int count();

    /** The array that holds a key. */
    byte[] bytes(int i);

    /** Where it begins. */
    int offset(int i);

    /** Its bytes. */
    int length(int i);

    /** Keys in one array. */
    static KeyList of(byte[] bytes, int[] offsets, int[] lengths, int count) {
        return new KeyList() {
            @Override
            public int count() {
                return count;
            }

            @Override
            public byte[] bytes(int i) {
                return bytes;
            }

            @Override
            public int offset(int i) {
                return offsets[i];
            }

            @Override
            public int length(int i) {
                return lengths[i];
            }
        };
    }

    /** Keys that are arrays. */
    static KeyList of(byte[][] keys) {
        return new KeyList() {
            @Override
            public int count() {
                return keys.length;
            }

            @Override
            public byte[] bytes(int i) {
                return keys[i];
            }

            @Override
            public int offset(int i) {
                return 0;
            }

            @Override
            public int length(int i) {
                return keys[i].length;
            }
        };
    }
}
