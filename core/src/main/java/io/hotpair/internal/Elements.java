package io.hotpair.internal;

import java.util.Arrays;

/**
 * Elements that are being put together on the heap, to become leaves. Not thread-safe; used again
 * and again. {@link Leaf} has the layout of an image.
 */
final class Elements {
    private static final int MAX_KEPT_LENGTH = 1 << 20;

    private byte[] bytes = new byte[2048];
    private int length;
    private int[] ends = new int[64];
    private int count;

    Elements clear() {
        length = 0;
        count = 0;
        if (bytes.length > MAX_KEPT_LENGTH) {
            bytes = new byte[2048];
        }
        return this;
    }

    int count() {
        return count;
    }

    /** Adds an element. */
    void add(
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] value,
            int valueOffset,
            int valueLength,
            boolean mark) {
        ensureRoom(10L + keyLength + valueLength);
        varint(keyLength);
        varint((valueLength << 1) | (mark ? 1 : 0));
        System.arraycopy(key, keyOffset, bytes, length, keyLength);
        System.arraycopy(value, valueOffset, bytes, length + keyLength, valueLength);
        length += keyLength + valueLength;
        end();
    }

    /** Adds elements as they are in a leaf. */
    void add(Leaf leaf, int from, int to) {
        int start = leaf.start(from);
        int added = leaf.start(to) - start;
        ensureRoom(added);
        System.arraycopy(leaf.bytes(), start, bytes, length, added);
        for (int i = from + 1; i <= to; i++) {
            ensureEnds();
            ends[count++] = length + leaf.start(i) - start;
        }
        length += added;
    }

    /** Adds all the elements of another one. */
    void add(Elements other) {
        ensureRoom(other.length);
        System.arraycopy(other.bytes, 0, bytes, length, other.length);
        for (int i = 0; i < other.count; i++) {
            ensureEnds();
            ends[count++] = length + other.ends[i];
        }
        length += other.length;
    }

    private void ensureRoom(long more) {
        long needed = length + more;
        if (needed > bytes.length) {
            long grown = Math.min(Integer.MAX_VALUE - 16, Math.max(needed, 2L * bytes.length));
            if (grown < needed) {
                throw new IllegalArgumentException(
                        "elements of " + needed + " bytes, expected at most " + grown);
            }
            bytes = Arrays.copyOf(bytes, (int) grown);
        }
    }

    private void ensureEnds() {
        if (count == ends.length) {
            ends = Arrays.copyOf(ends, count * 2);
        }
    }

    private void end() {
        ensureEnds();
        ends[count++] = length;
    }

    private void varint(int value) {
        int rest = value;
        while ((rest & ~0x7F) != 0) {
            bytes[length++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[length++] = (byte) rest;
    }

    /** The first 8 bytes of an element's key; see {@link Tree}. */
    long prefix(int index) {
        return Leaf.prefix(bytes, start(index));
    }

    int start(int index) {
        return index == 0 ? 0 : ends[index - 1];
    }

    /** Bytes of all elements. */
    int length() {
        return length;
    }

    void copyTo(byte[] into, int offset) {
        System.arraycopy(bytes, 0, into, offset, length);
    }

    /** Bytes of one element. */
    int elementLength(int index) {
        return ends[index] - start(index);
    }

    /** Bytes of the image of some of the elements. */
    int imageLength(int from, int to) {
        return Leaf.HEADER_LENGTH
                + Short.BYTES * Math.max(0, to - from - 1)
                + (from == to ? 0 : ends[to - 1] - start(from));
    }

    /** Writes the image of some of the elements; there must be {@link #imageLength} bytes. */
    void writeImage(int from, int to, byte[] into, int offset) {
        int elementCount = to - from;
        Leaf.putShort(into, offset, elementCount);
        int first = Leaf.HEADER_LENGTH + Short.BYTES * Math.max(0, elementCount - 1);
        int shift = first - start(from);
        for (int i = 1; i < elementCount; i++) {
            Leaf.putShort(
                    into,
                    offset + Leaf.HEADER_LENGTH + Short.BYTES * (i - 1),
                    start(from + i) + shift);
        }
        if (elementCount > 0) {
            System.arraycopy(bytes, start(from), into, offset + first, ends[to - 1] - start(from));
        }
    }
}
