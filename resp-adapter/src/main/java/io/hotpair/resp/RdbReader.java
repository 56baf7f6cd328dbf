package io.hotpair.resp;

import io.hotpair.Keyspace;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads the lengths, numbers and strings of an RDB file's value from an array that may come from
 * anybody: nothing outside of it is read, and nothing is allocated for what a length only claims.
 * See {@link RdbBuffer} for the forms.
 */
final class RdbReader {
    /** The most bytes that two of compressed input can stand for, and some. */
    private static final int MAX_COMPRESSION = 132;

    private static final int INT_8 = 0;
    private static final int INT_16 = 1;
    private static final int INT_32 = 2;
    private static final int COMPRESSED = 3;

    private final byte[] bytes;
    private final int end;
    private final long maxHeld;
    private long held;
    private int at;

    /**
     * Starts on a part of an array.
     *
     * @param maxHeld how many bytes may be held for what is read, but for the array itself
     */
    RdbReader(byte[] bytes, int from, int to, long maxHeld) {
        this.bytes = bytes;
        at = from;
        end = to;
        this.maxHeld = maxHeld;
    }

    static CommandException damaged() {
        return new CommandException("ERR Bad data format");
    }

    boolean hasNext() {
        return at < end;
    }

    /** Goes over some bytes, and says where they begin. */
    private int take(long count) {
        if (count < 0 || count > end - at) {
            throw damaged();
        }
        int from = at;
        at += (int) count;
        return from;
    }

    int one() {
        return bytes[take(1)] & 0xFF;
    }

    byte[] bytes(long count) {
        int from = take(count);
        return Arrays.copyOfRange(bytes, from, at);
    }

    void skip(long count) {
        int unused = take(count);
    }

    /** A number of up to 8 bytes, the lowest first, with its sign. */
    long lowestFirst(int count) {
        int from = take(count);
        long number = bytes[at - 1];
        for (int i = at - 2; i >= from; i--) {
            number = number << Byte.SIZE | (bytes[i] & 0xFF);
        }
        return number;
    }

    /** A number of up to 7 bytes, the lowest first, without a sign. */
    long unsignedLowestFirst(int count) {
        return lowestFirst(count) & ((1L << (count * Byte.SIZE)) - 1);
    }

    /** A number of up to 8 bytes, the highest first, without a sign. */
    long highestFirst(int count) {
        int from = take(count);
        long number = 0;
        for (int i = from; i < at; i++) {
            number = number << Byte.SIZE | (bytes[i] & 0xFF);
        }
        return number;
    }

    double float64() {
        return Double.longBitsToDouble(lowestFirst(Long.BYTES));
    }

    /** A length, or another number; unsigned. */
    long length() {
        int first = one();
        if (first >>> 6 == 3) {
            throw damaged();
        }
        return length(first);
    }

    private long length(int first) {
        return switch (first >>> 6) {
            case 0 -> first;
            case 1 -> (first & 0x3F) << Byte.SIZE | one();
            default ->
                    switch (first) {
                        case 0x80 -> highestFirst(4);
                        case 0x81 -> highestFirst(8);
                        default -> throw damaged();
                    };
        };
    }

    byte[] string() {
        int first = one();
        if (first >>> 6 != 3) {
            return bytes(length(first));
        }
        return switch (first & 0x3F) {
            case INT_8 -> text(lowestFirst(1));
            case INT_16 -> text(lowestFirst(2));
            case INT_32 -> text(lowestFirst(4));
            case COMPRESSED -> decompressed();
            default -> throw damaged();
        };
    }

    static byte[] text(long number) {
        return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
    }

    /** A string within which another structure is. */
    RdbReader nested() {
        byte[] string = string();
        return new RdbReader(string, 0, string.length, 0);
    }

    /** Says that memory is about to be taken for what is read. */
    void hold(long bytesMore) {
        held += bytesMore;
        if (held > maxHeld) {
            throw new CommandException(
                    "ERR to read the value takes more than the "
                            + maxHeld
                            + " bytes that are free for clients");
        }
    }

    private byte[] decompressed() {
        long compressedLength = length();
        long length = length();
        int from = take(compressedLength);
        boolean isPossible = length >= 0 && length <= Keyspace.MAX_VALUE_LENGTH;
        if (!isPossible || length / MAX_COMPRESSION > compressedLength) {
            throw damaged();
        }
        hold(length);
        byte[] out = new byte[(int) length];
        decompress(from, out);
        return out;
    }

    /**
     * LZF. A byte below 32 is followed by so many bytes, and one more, as they are. Any other one
     * stands for bytes that have been there: its upper 3 bits are how many, less 2, with a byte
     * more if they are 7; its lower 5 bits and a byte are how far back, less 1.
     */
    private void decompress(int from, byte[] out) {
        RdbReader in = new RdbReader(bytes, from, at, 0);
        int written = 0;
        while (in.hasNext()) {
            int control = in.one();
            if (control < 32) {
                int start = in.take(control + 1L);
                written = copy(bytes, start, out, written, control + 1);
            } else {
                int count = control >>> 5;
                count += 2 + (count == 7 ? in.one() : 0);
                int back = ((control & 0x1F) << Byte.SIZE | in.one()) + 1;
                written = repeat(out, written, back, count);
            }
        }
        if (written != out.length) {
            throw damaged();
        }
    }

    private static int copy(byte[] from, int start, byte[] out, int written, int count) {
        if (count > out.length - written) {
            throw damaged();
        }
        System.arraycopy(from, start, out, written, count);
        return written + count;
    }

    /** What is repeated may reach into what it makes. */
    private static int repeat(byte[] out, int written, int back, int count) {
        if (back > written || count > out.length - written) {
            throw damaged();
        }
        for (int i = written; i < written + count; i++) {
            out[i] = out[i - back];
        }
        return written + count;
    }
}
