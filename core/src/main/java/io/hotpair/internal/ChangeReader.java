package io.hotpair.internal;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameDescriptor;

/** Reads what {@link Effects} wrote into an operation's payload. Reads nothing outside of it. */
final class ChangeReader {
    private final byte[] bytes;
    private final int end;
    private int at;
    private int kind;
    private boolean mark;
    private int keyOffset;
    private int keyLength;
    private int valueOffset;
    private int valueLength;

    ChangeReader(byte[] bytes, int offset, int length) {
        this.bytes = bytes;
        at = offset;
        end = offset + length;
    }

    boolean hasNext() {
        return at < end;
    }

    /** Goes to the next change of an element; false at the end. */
    boolean next() {
        if (at >= end) {
            return false;
        }
        int first = bytes[at++];
        kind = first & 0x7F;
        mark = first < 0;
        keyLength = varint();
        valueLength = varint();
        keyOffset = take(keyLength);
        valueOffset = take(valueLength);
        return true;
    }

    long number() {
        return FrameDescriptor.getLong(bytes, take(Long.BYTES));
    }

    /** Reads a block: its offset is returned, {@link #valueLength()} its length. */
    int block() {
        valueLength = varint();
        valueOffset = take(valueLength);
        return valueOffset;
    }

    /** The rest of the payload, as a block. */
    int rest() {
        valueLength = end - at;
        valueOffset = take(valueLength);
        return valueOffset;
    }

    private int take(int count) {
        if (count < 0 || count > end - at) {
            throw new HotpairException(
                    HotpairException.Category.CORRUPTION,
                    "operation is damaged: change of " + count + " bytes, " + (end - at) + " left");
        }
        int from = at;
        at += count;
        return from;
    }

    private int varint() {
        int value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            byte next = bytes[take(1)];
            value |= (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new HotpairException(
                HotpairException.Category.CORRUPTION, "operation is damaged: length too long");
    }

    byte[] bytes() {
        return bytes;
    }

    int kind() {
        return kind;
    }

    boolean mark() {
        return mark;
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
}
