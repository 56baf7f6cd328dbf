package io.hotpair.log;

import io.hotpair.HotpairException;
import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes an element of a stream apart. */
final class StreamElementParts {
    private static final int GROUP = 1;
    private static final int CONSUMER = 2;
    private static final int PENDING = 3;
    private static final int OWNED = 4;
    private static final int ENTRY = 0x80;
    private static final int HEADER = 0xFF;

    private final byte[] key;
    private final byte[] value;
    private byte[] bytes;
    private int at;

    StreamElementParts(ElementReader element) {
        int from = element.keyOffset();
        key = Arrays.copyOfRange(element.bytes(), from, from + element.keyLength());
        from = element.valueOffset();
        value = Arrays.copyOfRange(element.bytes(), from, from + element.valueLength());
        bytes = key;
    }

    @Nullable StreamElement read() {
        int kind = key[at++] & 0xFF;
        return switch (kind) {
            case GROUP -> group();
            case CONSUMER -> consumer();
            case PENDING -> pending();
            case OWNED -> null;
            case HEADER -> header();
            default -> entry(kind);
        };
    }

    private StreamElement.Group group() {
        byte[] name = rest();
        toValue();
        return new StreamElement.Group(name, number(), id(), number() - 1);
    }

    private StreamElement.Consumer consumer() {
        long group = number();
        byte[] name = rest();
        toValue();
        return new StreamElement.Consumer(group, name, number(), number(), number() - 1);
    }

    private StreamElement.Pending pending() {
        long group = number();
        StreamId id = id();
        toValue();
        return new StreamElement.Pending(group, id, number(), number(), number());
    }

    private StreamElement.Header header() {
        toValue();
        return new StreamElement.Header(id(), id(), number());
    }

    private StreamElement.Entry entry(int kind) {
        if (kind < ENTRY || kind > ENTRY + Long.BYTES) {
            throw new HotpairException(
                    HotpairException.Category.CORRUPTION,
                    "operation is damaged: element of a stream, kind=" + kind);
        }
        StreamId id = new StreamId(digits(kind - ENTRY), number());
        toValue();
        List<byte[]> fieldsAndValues = new ArrayList<>();
        while (at < bytes.length) {
            fieldsAndValues.add(block());
        }
        return new StreamElement.Entry(new StreamEntry(id, fieldsAndValues));
    }

    private void toValue() {
        bytes = value;
        at = 0;
    }

    private byte[] rest() {
        return Arrays.copyOfRange(bytes, at, bytes.length);
    }

    private StreamId id() {
        long timeMs = number();
        return new StreamId(timeMs, number());
    }

    /** The digits of one after the byte that counts them, the highest first. */
    private long number() {
        return digits(bytes[at++]);
    }

    private long digits(int count) {
        long number = 0;
        for (int i = 0; i < count; i++) {
            number = number << Byte.SIZE | (bytes[at++] & 0xFF);
        }
        return number;
    }

    private byte[] block() {
        int length = 0;
        int shift = 0;
        byte next = bytes[at++];
        for (; next < 0; next = bytes[at++]) {
            length |= (next & 0x7F) << shift;
            shift += 7;
        }
        length |= next << shift;
        if (length < 0 || length > bytes.length - at) {
            throw new ArrayIndexOutOfBoundsException(length);
        }
        int from = at;
        at += length;
        return Arrays.copyOfRange(bytes, from, at);
    }
}
