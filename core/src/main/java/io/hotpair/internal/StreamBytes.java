package io.hotpair.internal;

import io.hotpair.StreamId;
import java.util.Arrays;

/**
 * Keys and values of a stream's elements, being put together; {@link StreamReader} reads them. A
 * number takes one byte that says how many bytes follow, and then those, the highest first and none
 * of them in vain: so the order of the bytes is the order of the numbers, a small one is short, and
 * the first 8 bytes of an entry's key, which a tree has at hand, hold all of its time.
 */
final class StreamBytes {
    private byte[] bytes = new byte[64];
    private int end;

    /** Begins a key. */
    StreamBytes key(int kind) {
        return clear().one(kind);
    }

    /** Begins a value, or something that is neither. */
    StreamBytes clear() {
        if (bytes.length > Leaf.MAX_LENGTH) {
            bytes = new byte[64];
        }
        end = 0;
        return this;
    }

    private StreamBytes one(int value) {
        ensureRoom(1);
        bytes[end++] = (byte) value;
        return this;
    }

    private void ensureRoom(int more) {
        bytes = Effects.grown(bytes, end, more);
    }

    private static int bytesOf(long number) {
        return (Long.SIZE - Long.numberOfLeadingZeros(number) + 7) / Byte.SIZE;
    }

    StreamBytes number(long number) {
        return one(bytesOf(number)).digits(number);
    }

    private StreamBytes digits(long number) {
        int count = bytesOf(number);
        ensureRoom(count);
        for (int shift = (count - 1) * Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            bytes[end++] = (byte) (number >>> shift);
        }
        return this;
    }

    StreamBytes id(StreamId id) {
        return number(id.timeMs()).number(id.sequence());
    }

    /** An entry's key: how many bytes the time has is a part of the first one. */
    StreamBytes entry(StreamId id) {
        int kind = Stream.ENTRY + bytesOf(id.timeMs());
        return key(kind).digits(id.timeMs()).number(id.sequence());
    }

    StreamBytes bytes(byte[] from) {
        return bytes(from, 0, from.length);
    }

    StreamBytes bytes(byte[] from, int offset, int count) {
        ensureRoom(count);
        System.arraycopy(from, offset, bytes, end, count);
        end += count;
        return this;
    }

    /** Bytes with their length before them. */
    StreamBytes block(byte[] from) {
        int rest = from.length;
        while ((rest & ~0x7F) != 0) {
            one(rest | 0x80);
            rest >>>= 7;
        }
        return one(rest).bytes(from);
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return end;
    }

    byte[] copy() {
        return Arrays.copyOf(bytes, end);
    }
}
