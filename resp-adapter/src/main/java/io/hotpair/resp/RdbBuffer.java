package io.hotpair.resp;

import java.util.Arrays;

/**
 * Bytes in the forms that an RDB file has for lengths, numbers and strings. Grows, or hands over
 * what it has as soon as that is much.
 *
 * <pre>
 *   length    00xxxxxx                          6 bits
 *             01xxxxxx + 1 byte                14 bits, the highest first
 *             0x80 + 4 bytes                   32 bits, the highest first
 *             0x81 + 8 bytes                   64 bits, the highest first
 *   string    length, then the bytes
 *             0xC0, 0xC1, 0xC2 + 1, 2, 4 bytes the decimal text of that number, the lowest first
 * </pre>
 */
final class RdbBuffer {
    private static final int SPILL_LENGTH = 64 << 10;
    private static final int MAX_INTEGER_LENGTH = 11;
    private static final int INT_8 = 0xC0;
    private static final int INT_16 = 0xC1;
    private static final int INT_32 = 0xC2;

    /** Takes what a buffer holds. */
    @FunctionalInterface
    interface Sink {
        void take(byte[] bytes, int length);
    }

    /** The sink of a buffer that keeps everything. */
    static final Sink NONE = (bytes, length) -> {};

    private final Sink sink;
    private byte[] bytes = new byte[512];
    private int length;

    RdbBuffer(Sink sink) {
        this.sink = sink;
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    byte[] copy() {
        return Arrays.copyOf(bytes, length);
    }

    void clear() {
        length = 0;
    }

    /** Hands over what it holds. */
    void flush() {
        sink.take(bytes, length);
        length = 0;
        if (bytes.length > 4 * SPILL_LENGTH) {
            bytes = new byte[SPILL_LENGTH];
        }
    }

    private void ensureRoom(int more) {
        if (length > SPILL_LENGTH && sink != NONE) {
            flush();
        }
        long needed = (long) length + more;
        if (needed > bytes.length) {
            int capacity = (int) Math.min(Integer.MAX_VALUE - 16, Math.max(needed, 2L * length));
            if (capacity < needed) {
                throw new IllegalArgumentException(
                        "a part of " + needed + " bytes, expected at most " + capacity);
            }
            bytes = Arrays.copyOf(bytes, capacity);
        }
    }

    RdbBuffer one(int b) {
        ensureRoom(1);
        bytes[length++] = (byte) b;
        return this;
    }

    /** A number of some bytes, the lowest first. */
    RdbBuffer lowestFirst(long number, int count) {
        ensureRoom(count);
        for (int i = 0; i < count; i++) {
            bytes[length++] = (byte) (number >>> (i * Byte.SIZE));
        }
        return this;
    }

    /** A number of some bytes, the highest first. */
    RdbBuffer highestFirst(long number, int count) {
        ensureRoom(count);
        for (int i = count - 1; i >= 0; i--) {
            bytes[length++] = (byte) (number >>> (i * Byte.SIZE));
        }
        return this;
    }

    /** A length, or another number; unsigned. */
    RdbBuffer length(long number) {
        if (number >>> 6 == 0) {
            return one((int) number);
        } else if (number >>> 14 == 0) {
            return highestFirst(number | 0x4000, 2);
        } else if (number >>> 32 == 0) {
            return one(0x80).highestFirst(number, 4);
        }
        return one(0x81).highestFirst(number, 8);
    }

    RdbBuffer raw(byte[] from, int offset, int count) {
        ensureRoom(count);
        System.arraycopy(from, offset, bytes, length, count);
        length += count;
        return this;
    }

    RdbBuffer zeros(long count) {
        for (long left = count; left > 0; ) {
            int part = (int) Math.min(left, SPILL_LENGTH);
            ensureRoom(part);
            Arrays.fill(bytes, length, length + part, (byte) 0);
            length += part;
            left -= part;
        }
        return this;
    }

    RdbBuffer string(byte[] from) {
        return string(from, 0, from.length);
    }

    /** A string, as a number if it is the text of one that is short enough. */
    RdbBuffer string(byte[] from, int offset, int count) {
        return writeInteger(from, offset, count) ? this : length(count).raw(from, offset, count);
    }

    private boolean writeInteger(byte[] from, int offset, int count) {
        if (count > MAX_INTEGER_LENGTH || !Decimals.isLong(from, offset, count)) {
            return false;
        }
        long number = Decimals.parse(from, offset, count);
        if (number != (int) number) {
            return false;
        }
        if (number == (byte) number) {
            one(INT_8).one((int) number);
        } else if (number == (short) number) {
            one(INT_16).lowestFirst(number, 2);
        } else {
            one(INT_32).lowestFirst(number, 4);
        }
        return true;
    }
}
