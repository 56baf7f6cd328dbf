package io.hotpair.log;

import io.hotpair.HotpairException;

/**
 * Reads, element by element, what an operation says that a key has now: the operations that {@link
 * io.hotpair.Snapshot#forEach} and {@link io.hotpair.KeyOperations#describe} give. What a key, a
 * value and a number of an element mean depends on the operation's type:
 *
 * <ul>
 *   <li>{@code SET}: one element, whose value is the string.
 *   <li>{@code PATCH_STRING}: {@link #position()} and value are a part of the string. What lies
 *       between two parts is zeros.
 *   <li>{@code CHANGE_HASH}: key and value are field and value; {@link #deadlineMs()} is the
 *       field's.
 *   <li>{@code SPLICE_LIST}: the value is the next one of the list.
 *   <li>{@code CHANGE_SET}: the key is a member.
 *   <li>{@code CHANGE_SORTED_SET}: the key is a member, {@link #score()} its score.
 *   <li>{@code CHANGE_STREAM}: see {@link StreamElement}.
 * </ul>
 *
 * <p>Not thread-safe. Copies nothing, and reads nothing outside the operation.
 */
public final class ElementReader {
    private static final int MARK = 0x80;

    private byte[] bytes = new byte[0];
    private int at;
    private int end;
    private OperationType type = OperationType.DELETE;
    private boolean isFirst;
    private long left;
    private long position;
    private long deadlineMs;
    private int keyOffset;
    private int keyLength;
    private int valueOffset;
    private int valueLength;

    /** Creates a reader that stands nowhere. */
    public ElementReader() {}

    /**
     * Starts on an operation. Its bytes must stay as they are while elements are read.
     *
     * @param operation a reader that stands at it
     * @return this
     */
    public ElementReader wrap(OperationReader operation) {
        bytes = operation.bytes();
        at = operation.valueOffset();
        end = at + operation.valueLength();
        type = operation.type();
        isFirst = true;
        left = 0;
        return this;
    }

    /**
     * Goes to the next element.
     *
     * @return whether there is one
     * @throws HotpairException {@code CORRUPTION} if lengths do not fit
     * @throws IllegalArgumentException if the operation does not say what a key has, but what is
     *     gone
     */
    public boolean next() {
        position = 0;
        deadlineMs = 0;
        keyOffset = at;
        keyLength = 0;
        return switch (type) {
            case SET -> nextOfString();
            case PATCH_STRING -> at < end && nextPart();
            case SPLICE_LIST -> nextOfList();
            case CHANGE_HASH, CHANGE_SET, CHANGE_SORTED_SET, CHANGE_STREAM -> nextChange();
            default -> throw new IllegalArgumentException("type=" + type + ", expected a value's");
        };
    }

    private boolean nextOfString() {
        boolean isThere = isFirst;
        isFirst = false;
        valueOffset = at;
        valueLength = end - at;
        return isThere;
    }

    private boolean nextPart() {
        position = number();
        block();
        return true;
    }

    private boolean nextOfList() {
        while (left == 0 && at < end) {
            position = number();
            expectNone(number());
            left = number();
        }
        if (left == 0) {
            return false;
        }
        left--;
        block();
        return true;
    }

    private boolean nextChange() {
        if (at >= end) {
            return false;
        }
        int first = bytes[at++] & 0xFF;
        expectNone(first & ~MARK);
        keyLength = varint();
        valueLength = varint();
        keyOffset = take(keyLength);
        valueOffset = take(valueLength);
        if (first == MARK) {
            if (valueLength < Long.BYTES) {
                throw damaged("a deadline in " + valueLength + " bytes");
            }
            deadlineMs = FrameDescriptor.getLong(bytes, valueOffset);
            valueOffset += Long.BYTES;
            valueLength -= Long.BYTES;
        }
        return true;
    }

    private static void expectNone(long removed) {
        if (removed != 0) {
            throw new IllegalArgumentException("the operation removes, expected one that puts");
        }
    }

    private long number() {
        return FrameDescriptor.getLong(bytes, take(Long.BYTES));
    }

    private void block() {
        valueLength = varint();
        valueOffset = take(valueLength);
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
        throw damaged("a length too long");
    }

    private int take(int count) {
        if (count < 0 || count > end - at) {
            throw damaged(count + " bytes, " + (end - at) + " left");
        }
        int from = at;
        at += count;
        return from;
    }

    private static HotpairException damaged(String what) {
        return new HotpairException(
                HotpairException.Category.CORRUPTION, "operation is damaged: " + what);
    }

    /**
     * The array that holds keys and values.
     *
     * @return the array
     */
    public byte[] bytes() {
        return bytes;
    }

    /**
     * Where the element's key begins.
     *
     * @return the offset in {@link #bytes()}
     */
    public int keyOffset() {
        return keyOffset;
    }

    /**
     * The length of the element's key.
     *
     * @return bytes; 0 where there is none
     */
    public int keyLength() {
        return keyLength;
    }

    /**
     * Where the element's value begins.
     *
     * @return the offset in {@link #bytes()}
     */
    public int valueOffset() {
        return valueOffset;
    }

    /**
     * The length of the element's value.
     *
     * @return bytes
     */
    public int valueLength() {
        return valueLength;
    }

    /**
     * Where a part of a string begins in it.
     *
     * @return bytes before it
     */
    public long position() {
        return position;
    }

    /**
     * When a field of a hash expires.
     *
     * @return milliseconds since 1970, 0 for never
     */
    public long deadlineMs() {
        return deadlineMs;
    }

    /**
     * The score of a member of a sorted set.
     *
     * @return the score
     * @throws HotpairException {@code CORRUPTION} if the value is none
     */
    public double score() {
        if (valueLength != Long.BYTES) {
            throw damaged("a score of " + valueLength + " bytes");
        }
        return Double.longBitsToDouble(FrameDescriptor.getLong(bytes, valueOffset));
    }
}
