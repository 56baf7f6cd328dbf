package io.hotpair.internal;

import io.hotpair.StreamId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads what {@link StreamBytes} put together, where it stands. */
final class StreamReader {
    private byte[] bytes = {};
    private int at;
    private int end;

    StreamReader of(byte[] from, int offset, int length) {
        bytes = from;
        at = offset;
        end = offset + length;
        return this;
    }

    StreamReader key(Leaf leaf) {
        return of(leaf.bytes(), leaf.keyOffset(), leaf.keyLength());
    }

    /** What a key has behind its kind and a number. */
    StreamReader behindNumber(Leaf leaf) {
        return key(leaf).behindNumber();
    }

    /** As {@link #behindNumber(Leaf)}, of the key that is being read. */
    StreamReader behindNumber() {
        at += 2 + bytes[at + 1];
        return this;
    }

    StreamReader value(Leaf leaf) {
        return of(leaf.bytes(), leaf.valueOffset(), leaf.valueLength());
    }

    boolean hasNext() {
        return at < end;
    }

    int kind() {
        return bytes[at++] & 0xFF;
    }

    long number() {
        return digits(bytes[at++]);
    }

    private long digits(int count) {
        long number = 0;
        for (int i = 0; i < count; i++) {
            number = number << Byte.SIZE | (bytes[at++] & 0xFF);
        }
        return number;
    }

    StreamId id() {
        long timeMs = number();
        return new StreamId(timeMs, number());
    }

    /** The id that an entry's key is. */
    StreamId entry() {
        long timeMs = digits(kind() - Stream.ENTRY);
        return new StreamId(timeMs, number());
    }

    /** All the blocks that follow. */
    List<byte[]> blocks() {
        List<byte[]> blocks = new ArrayList<>();
        while (hasNext()) {
            int length = 0;
            int shift = 0;
            byte next = bytes[at++];
            for (; next < 0; next = bytes[at++]) {
                length |= (next & 0x7F) << shift;
                shift += 7;
            }
            length |= next << shift;
            blocks.add(Arrays.copyOfRange(bytes, at, at + length));
            at += length;
        }
        return blocks;
    }

    byte[] rest() {
        return Arrays.copyOfRange(bytes, at, end);
    }
}
