package io.hotpair.internal;

import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.OperationType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operations that the log will hold for a change, encoded on the heap as they will stand in a
 * frame, but for their opIds. {@code core/docs/frame-format.md} has the layout.
 */
final class Effects {
    /** A change of an element: it is there now. */
    static final int PUT = 0;

    /** A change of an element: it is gone. */
    static final int REMOVE = 1;

    /** A change of elements: all from one key to another, both included, are gone. */
    static final int REMOVE_RANGE = 2;

    private static final int MAX_KEPT_LENGTH = 1 << 20;

    /**
     * With the header of a frame an array can still hold it, and so can one as long as all of its
     * fragments would be if each were full.
     */
    static final int MAX_LENGTH = Integer.MAX_VALUE - 2 * FrameDescriptor.MAX_LENGTH;

    private static final int MIN_PART_LENGTH = 256 << 10;

    private byte[] bytes = new byte[512];
    private int length;
    private byte[] payload = new byte[512];
    private int payloadLength;
    private final List<byte[]> parts = new ArrayList<>();
    private long partsLength;
    private @Nullable OperationType type;
    private boolean replaces;

    void clear() {
        length = 0;
        if (bytes.length > MAX_KEPT_LENGTH) {
            bytes = new byte[512];
        }
        if (payload.length > MAX_KEPT_LENGTH) {
            payload = new byte[512];
        }
        forgetPayload();
        type = null;
    }

    private void forgetPayload() {
        payloadLength = 0;
        if (partsLength > 0) {
            parts.clear();
            partsLength = 0;
        }
    }

    /** Takes back what came after this length. */
    void rollBack(int toLength) {
        length = toLength;
        cancel();
    }

    boolean isEmpty() {
        return length == 0;
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    /** Whether an operation was begun. */
    boolean isBegun() {
        return type != null;
    }

    /**
     * Begins the operation on a key.
     *
     * @param as what it does
     * @param replacesValue whether the key's former value is gone first
     */
    void begin(OperationType as, boolean replacesValue) {
        type = as;
        replaces = replacesValue;
        forgetPayload();
    }

    /**
     * Sets aside what the operation that was begun says so far, if it is much, so that the array
     * for what comes need not grow, and be copied, with it.
     */
    void setAside() {
        if (payloadLength >= MIN_PART_LENGTH) {
            parts.add(Arrays.copyOf(payload, payloadLength));
            partsLength += payloadLength;
            payloadLength = 0;
        }
    }

    /** How many bytes the operation that was begun says so far. */
    int payloadLength() {
        return payloadLength;
    }

    /** Forgets the operation that was begun. */
    void cancel() {
        forgetPayload();
        type = null;
    }

    /** Says that an element is there now. */
    void put(
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] value,
            int valueOffset,
            int valueLength,
            boolean mark) {
        change(PUT, key, keyOffset, keyLength, value, valueOffset, valueLength, mark);
    }

    /** Says that an element is gone. */
    void remove(byte[] key, int keyOffset, int keyLength) {
        change(REMOVE, key, keyOffset, keyLength, key, keyOffset, 0, false);
    }

    /** Says that all elements from one key to another are gone. */
    void removeRange(byte[] first, byte[] last) {
        change(REMOVE_RANGE, first, 0, first.length, last, 0, last.length, false);
    }

    private void change(
            int kind,
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] value,
            int valueOffset,
            int valueLength,
            boolean mark) {
        ensurePayload(11L + keyLength + valueLength);
        payload[payloadLength++] = (byte) (kind | (mark ? 0x80 : 0));
        varint(keyLength);
        varint(valueLength);
        append(key, keyOffset, keyLength);
        append(value, valueOffset, valueLength);
    }

    /** Appends a number to the payload. */
    void number(long number) {
        ensurePayload(Long.BYTES);
        FrameDescriptor.putLong(payload, payloadLength, number);
        payloadLength += Long.BYTES;
    }

    /** Appends bytes to the payload. */
    void bytes(byte[] from, int offset, int count) {
        ensurePayload(count);
        append(from, offset, count);
    }

    /** Appends bytes with their length to the payload. */
    void block(byte[] from, int offset, int count) {
        ensurePayload(5L + count);
        varint(count);
        append(from, offset, count);
    }

    private void append(byte[] from, int offset, int count) {
        System.arraycopy(from, offset, payload, payloadLength, count);
        payloadLength += count;
    }

    private void varint(int value) {
        int rest = value;
        while ((rest & ~0x7F) != 0) {
            payload[payloadLength++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        payload[payloadLength++] = (byte) rest;
    }

    /**
     * Ends the operation that was begun.
     *
     * @param fresh whether the key counted as absent before
     */
    void end(Key key, long deadlineMs, boolean fresh) {
        OperationType ended = type;
        if (ended == null) {
            throw new IllegalStateException("type=null, expected an operation that was begun");
        }
        long valueLength = partsLength + payloadLength;
        int valueAt = begin(ended, replaces || fresh, key, deadlineMs, valueLength);
        int lastAt = partsLength == 0 ? valueAt : copyParts(valueAt);
        System.arraycopy(payload, 0, bytes, lastAt, payloadLength);
        cancel();
    }

    private int copyParts(int to) {
        int at = to;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, bytes, at, part.length);
            at += part.length;
        }
        return at;
    }

    /** Adds a whole operation. */
    void operation(
            OperationType as,
            boolean replacesValue,
            Key key,
            long deadlineMs,
            byte[] value,
            int valueOffset,
            int valueLength) {
        int at = begin(as, replacesValue, key, deadlineMs, valueLength);
        System.arraycopy(value, valueOffset, bytes, at, valueLength);
    }

    /** Adds an operation but for its value, whose place it returns. */
    private int begin(
            OperationType as, boolean replacesValue, Key key, long deadlineMs, long valueLength) {
        int flags =
                (deadlineMs == 0 ? 0 : FrameDescriptor.OP_FLAG_DEADLINE)
                        | (replacesValue ? FrameDescriptor.OP_FLAG_REPLACES : 0);
        int keyAt = FrameDescriptor.operationContentOffset(flags);
        int operationLength =
                FrameDescriptor.alignedOperationLength(keyAt + key.length + valueLength);
        bytes = grown(bytes, length, operationLength);
        FrameDescriptor.putOperationHeader(
                bytes, length, as, flags, operationLength, key.length, (int) valueLength);
        if (deadlineMs != 0) {
            FrameDescriptor.putLong(bytes, length + FrameDescriptor.OP_HEADER_LENGTH, deadlineMs);
        }
        System.arraycopy(key.bytes, key.offset, bytes, length + keyAt, key.length);
        int valueAt = length + keyAt + key.length;
        length += operationLength;
        return valueAt;
    }

    private void ensurePayload(long more) {
        payload = grown(payload, payloadLength, more);
    }

    static byte[] grown(byte[] array, int used, long more) {
        long needed = used + more;
        if (needed <= array.length) {
            return array;
        }
        long capacity = Math.min(MAX_LENGTH, Math.max(needed, 2L * array.length));
        if (capacity < needed) {
            throw new IllegalArgumentException(
                    "operation of " + needed + " bytes, expected at most " + capacity);
        }
        return Arrays.copyOf(array, (int) capacity);
    }
}
