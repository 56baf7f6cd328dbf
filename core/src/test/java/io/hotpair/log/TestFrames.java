package io.hotpair.log;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes frames whose content follows from term and opId, so that a reader can check every byte. */
public final class TestFrames {
    private final FrameEncoder encoder = new FrameEncoder();

    /**
     * One operation as a reader got it.
     *
     * @param opId its opId
     * @param term its term
     */
    public record Op(long opId, long term) {}

    /** A frame of operations with ascending opIds. */
    public FrameBuffer frame(long term, long previousOpId, int valueLength, long... opIds) {
        encoder.begin(term, previousOpId);
        for (long opId : opIds) {
            put(term, opId, valueLength);
        }
        return encoder.seal(opId(opIds));
    }

    /** Appends a frame with the next {@code count} opIds, and returns the last one. */
    public long append(OperationLog log, long term, int count, int valueLength) {
        long previous = log.lastOpId();
        long[] opIds = new long[count];
        for (int i = 0; i < count; i++) {
            opIds[i] = previous + 1 + i;
        }
        log.append(frame(term, previous, valueLength, opIds));
        return log.lastOpId();
    }

    /** The fragments of one large operation, the next one of the log. */
    public List<FrameBuffer> fragments(long term, long previousOpId, int valueLength) {
        encoder.begin(term, previousOpId);
        put(term, previousOpId + 1, valueLength);
        List<FrameBuffer> fragments = new ArrayList<>();
        for (int i = 0; i < encoder.fragmentCount(); i++) {
            FrameBuffer fragment = new FrameBuffer();
            encoder.fragment(i, 1, fragment);
            fragments.add(fragment);
        }
        return fragments;
    }

    /** Reads to the end, and checks each operation's bytes. */
    public static List<Op> readAll(OperationSource source) {
        List<Op> operations = new ArrayList<>();
        FrameBuffer frame = new FrameBuffer();
        OperationReader reader = new OperationReader();
        while (source.poll(frame)) {
            FrameDescriptor.verify(frame, "a source");
            reader.wrap(frame);
            while (reader.next()) {
                operations.add(checked(reader, FrameDescriptor.term(frame)));
            }
        }
        return operations;
    }

    public static List<Op> readAll(OperationLog log) {
        try (OperationSource source = log.openSource()) {
            return readAll(source);
        }
    }

    /** The operations with contiguous opIds, of one term. */
    public static List<Op> ops(long term, long first, long last) {
        List<Op> operations = new ArrayList<>();
        for (long opId = first; opId <= last; opId++) {
            operations.add(new Op(opId, term));
        }
        return operations;
    }

    public static List<Op> concat(List<Op> first, List<Op> second) {
        List<Op> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    private void put(long term, long opId, int valueLength) {
        byte[] key = key(opId);
        int offset =
                encoder.beginOperation(OperationType.SET, opId, opId % 3, key.length, valueLength);
        System.arraycopy(key, 0, encoder.bytes(), offset, key.length);
        byte[] value = value(term, opId, valueLength);
        System.arraycopy(value, 0, encoder.bytes(), offset + key.length, valueLength);
        encoder.commitOperation();
    }

    private static Op checked(OperationReader reader, long term) {
        byte[] key = key(reader.opId());
        byte[] value = value(term, reader.opId(), reader.valueLength());
        boolean same =
                reader.deadlineMs() == reader.opId() % 3
                        && Arrays.equals(
                                key,
                                0,
                                key.length,
                                reader.bytes(),
                                reader.keyOffset(),
                                reader.keyOffset() + reader.keyLength())
                        && Arrays.equals(
                                value,
                                0,
                                value.length,
                                reader.bytes(),
                                reader.valueOffset(),
                                reader.valueOffset() + reader.valueLength());
        if (!same) {
            throw new AssertionError("opId=" + reader.opId() + " term=" + term + " was changed");
        }
        return new Op(reader.opId(), term);
    }

    private static byte[] key(long opId) {
        return ("key-" + opId).getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] value(long term, long opId, int length) {
        byte[] value = new byte[length];
        new Random(term * 31 + opId).nextBytes(value);
        return value;
    }

    private static long opId(long... opIds) {
        return opIds[opIds.length - 1];
    }
}
