package io.hotpair.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A heap copy of the elements of a leaf, or of a small collection, to read. Not thread-safe; loaded
 * again and again. The image, little-endian:
 *
 * <pre>
 *   offset            size           field
 *        0               2           count
 *        2  2 × (count - 1)          where the second, third ... element begins, from the image's start
 *      ...                           elements: key length (varint)
 *                                              value length × 2 + mark (varint)
 *                                              key, value
 * </pre>
 *
 * <p>An image of more than one element has at most 65,535 bytes; one element alone may have any
 * length. What a mark means is its collection's affair.
 */
final class Leaf {
    static final int HEADER_LENGTH = Short.BYTES;
    static final int MAX_LENGTH = 65_535;

    /** Bytes of an element before its key, at most. */
    private static final int MAX_VARINTS = 10;

    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    private static final byte[] NO_BYTES = new byte[0];

    private byte[] bytes = new byte[1024];

    /** Room for the next image made of the present one; see {@link #splice}. */
    private byte[] spare = NO_BYTES;

    private int length;
    private int count;

    // The element that was last looked at.
    private int keyOffset;
    private int keyLength;
    private int valueOffset;
    private int valueLength;
    private boolean marked;
    private int parsed;

    void load(Mem mem, long address, int imageLength) {
        ensureRoom(imageLength);
        mem.copyOut(address, bytes, 0, imageLength);
        length = imageLength;
        count = getShort(bytes, 0);
    }

    private void ensureRoom(int imageLength) {
        if (bytes.length < imageLength) {
            bytes = new byte[Math.max(imageLength, bytes.length * 2)];
        } else if (bytes.length > MAX_LENGTH && imageLength <= MAX_LENGTH) {
            // A huge element was here: its room is not kept.
            bytes = new byte[MAX_LENGTH];
        }
    }

    /**
     * Compares the first key of an image with another one. Reads no more of it than that takes, and
     * holds no more of it then.
     */
    int compareFirst(
            Mem mem,
            long address,
            int imageLength,
            int elementCount,
            byte[] key,
            int offset,
            int keyLengthThere) {
        int first = HEADER_LENGTH + Short.BYTES * (elementCount - 1);
        int read = (int) Math.min(imageLength - first, (long) MAX_VARINTS + keyLengthThere);
        ensureRoom(HEADER_LENGTH + read);
        mem.copyOut(address + first, bytes, HEADER_LENGTH, read);
        length = HEADER_LENGTH + read;
        count = 1;
        at(0);
        int shorter = Math.min(keyLength, keyLengthThere);
        int order =
                Arrays.compareUnsigned(
                        bytes, keyOffset, keyOffset + shorter, key, offset, offset + shorter);
        return order == 0 ? keyLength - keyLengthThere : order;
    }

    /**
     * Puts other elements in the place of a range, unless the image had several then, and more than
     * so many bytes.
     *
     * @return whether it did
     */
    boolean splice(int from, int to, Elements inserted, int maxLength) {
        int spliced = count - (to - from) + inserted.count();
        long splicedLength = splicedLength(from, to, inserted);
        if (spliced > 1 && splicedLength > maxLength) {
            return false;
        }
        byte[] room = spare;
        if (room.length < splicedLength) {
            room = new byte[Math.max((int) splicedLength, 1024)];
        }
        writeSpliced(from, to, inserted, room);
        spare = bytes.length > MAX_LENGTH ? NO_BYTES : bytes;
        bytes = room;
        length = (int) splicedLength;
        count = spliced;
        return true;
    }

    /** Bytes of the image in which other elements stand for those of a range. */
    long splicedLength(int from, int to, Elements inserted) {
        int spliced = count - (to - from) + inserted.count();
        return HEADER_LENGTH
                + (long) Short.BYTES * Math.max(0, spliced - 1)
                + (start(from) - start(0))
                + inserted.length()
                + (length - start(to));
    }

    /** Writes that image; there must be {@link #splicedLength} bytes. */
    void writeSpliced(int from, int to, Elements inserted, byte[] into) {
        int added = inserted.count();
        int spliced = count - (to - from) + added;
        int oldFirst = start(0);
        int first = HEADER_LENGTH + Short.BYTES * Math.max(0, spliced - 1);
        int insertedAt = first + start(from) - oldFirst;
        int restAt = insertedAt + inserted.length();
        System.arraycopy(bytes, oldFirst, into, first, insertedAt - first);
        inserted.copyTo(into, insertedAt);
        System.arraycopy(bytes, start(to), into, restAt, length - start(to));
        putShort(into, 0, spliced);
        for (int i = 1; i < from; i++) {
            putStart(into, i, start(i) + first - oldFirst);
        }
        for (int i = from; i < from + added; i++) {
            putStart(into, i, insertedAt + inserted.start(i - from));
        }
        int shift = restAt - start(to);
        for (int i = from + added; i < spliced; i++) {
            putStart(into, i, start(i - added + to - from) + shift);
        }
    }

    private static void putStart(byte[] into, int index, int start) {
        if (index > 0) {
            putShort(into, HEADER_LENGTH + Short.BYTES * (index - 1), start);
        }
    }

    /** The first 8 bytes of the first key of an image; see {@link Tree}. */
    static long firstPrefix(byte[] image) {
        return prefix(image, HEADER_LENGTH + Short.BYTES * (getShort(image, 0) - 1));
    }

    /** The first 8 bytes of an element's key; see {@link Tree}. */
    static long prefix(byte[] bytes, int element) {
        int at = element;
        int keyLength = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = bytes[at++];
            keyLength |= (next & 0x7F) << shift;
            if (next >= 0) {
                break;
            }
        }
        while (bytes[at++] < 0) {
            // The value's length ends with the first byte that is not negative.
        }
        return Tree.prefixOf(bytes, at, keyLength);
    }

    /** Makes it empty. */
    void clear() {
        putShort(bytes, 0, 0);
        length = HEADER_LENGTH;
        count = 0;
    }

    /** Becomes the image of elements. */
    void take(Elements elements) {
        int imageLength = elements.imageLength(0, elements.count());
        if (bytes.length < imageLength) {
            bytes = new byte[Math.max(imageLength, bytes.length * 2)];
        }
        elements.writeImage(0, elements.count(), bytes, 0);
        length = imageLength;
        count = elements.count();
    }

    /** Whether it holds more than it keeps room for. */
    boolean isHuge() {
        return length > MAX_LENGTH;
    }

    static int getShort(byte[] from, int offset) {
        return (short) SHORTS.get(from, offset) & 0xFFFF;
    }

    static void putShort(byte[] into, int offset, int value) {
        SHORTS.set(into, offset, (short) value);
    }

    int count() {
        return count;
    }

    /** Bytes of the image. */
    int length() {
        return length;
    }

    byte[] bytes() {
        return bytes;
    }

    /** Where an element begins; for {@code count} the image's end. */
    int start(int index) {
        if (index == count) {
            return length;
        }
        return index == 0
                ? HEADER_LENGTH + Short.BYTES * Math.max(0, count - 1)
                : getShort(bytes, HEADER_LENGTH + Short.BYTES * (index - 1));
    }

    /** Looks at an element. */
    Leaf at(int index) {
        parsed = start(index);
        keyLength = varint();
        int valueLengthAndMark = varint();
        marked = (valueLengthAndMark & 1) != 0;
        valueLength = valueLengthAndMark >>> 1;
        keyOffset = parsed;
        valueOffset = keyOffset + keyLength;
        return this;
    }

    private int varint() {
        int value = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = bytes[parsed++];
            value |= (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }

    int keyOffset() {
        return keyOffset;
    }

    int keyLength() {
        return keyLength;
    }

    int valueOffset() {
        return valueOffset;
    }

    int valueLength() {
        return valueLength;
    }

    boolean marked() {
        return marked;
    }

    byte[] key() {
        return key(0);
    }

    /** The key without its first bytes. */
    byte[] key(int skipped) {
        return Arrays.copyOfRange(bytes, keyOffset + skipped, keyOffset + keyLength);
    }

    byte[] value() {
        return Arrays.copyOfRange(bytes, valueOffset, valueOffset + valueLength);
    }

    /** Compares the key of the element looked at with another one. */
    int compareKey(byte[] key, int offset, int keyLengthThere) {
        return Arrays.compareUnsigned(
                bytes, keyOffset, keyOffset + keyLength, key, offset, offset + keyLengthThere);
    }

    /**
     * Searches a leaf whose elements are in the order of their keys.
     *
     * @return where it is, and then it is looked at; else -(where it would be) - 1
     */
    int find(byte[] key, int offset, int keyLengthThere) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            int order = at(middle).compareKey(key, offset, keyLengthThere);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return -low - 1;
    }

    /** Searches one element after the other; the place, and then it is looked at, or -1. */
    int scan(byte[] key, int offset, int keyLengthThere) {
        for (int i = 0; i < count; i++) {
            at(i);
            if (keyLength == keyLengthThere && compareKey(key, offset, keyLengthThere) == 0) {
                return i;
            }
        }
        return -1;
    }
}
