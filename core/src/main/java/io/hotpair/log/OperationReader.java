package io.hotpair.log;

import io.hotpair.HotpairException;
import java.util.Arrays;

/**
 * Walks the operations of verified frames, putting the fragments of a large operation together. Not
 * thread-safe. Reads nothing outside the frame, whatever the lengths in it say.
 */
public final class OperationReader {
    private static final byte[] NONE = {};

    private byte[] bytes = NONE;
    private int limit;
    private int offset;
    private int next;
    private byte[] assembly = NONE;
    private int assembled;
    private int fragmentsSeen;

    /**
     * Starts on a frame. Its array must stay as it is while operations are read.
     *
     * @param frame a verified frame
     * @throws HotpairException {@code CORRUPTION} if a fragment does not follow the one before
     */
    public void wrap(FrameBuffer frame) {
        int fragmentCount = FrameDescriptor.fragmentCount(frame);
        if (fragmentCount == 1) {
            forgetFragments();
            bytes = frame.bytes();
            next = FrameDescriptor.HEADER_LENGTH;
            limit = frame.length();
            return;
        }
        int index = FrameDescriptor.fragmentIndex(frame);
        if (index == 0) {
            assembled = 0;
            fragmentsSeen = 0;
        }
        if (index != fragmentsSeen) {
            throw corrupt("fragment=" + index + ", expected " + fragmentsSeen);
        }
        int partLength = frame.length() - FrameDescriptor.HEADER_LENGTH;
        if (assembly.length < assembled + partLength) {
            assembly = Arrays.copyOf(assembly, grown(assembled + partLength, fragmentCount));
        }
        System.arraycopy(
                frame.bytes(), FrameDescriptor.HEADER_LENGTH, assembly, assembled, partLength);
        assembled += partLength;
        fragmentsSeen++;
        bytes = assembly;
        next = 0;
        limit = fragmentsSeen == fragmentCount ? assembled : 0;
    }

    /** Twice as long, so that there are few copies, but no longer than all fragments are. */
    private int grown(int needed, int fragmentCount) {
        long most = (long) fragmentCount * FrameDescriptor.MAX_LENGTH;
        return (int) Math.max(needed, Math.min(assembly.length * 2L, most));
    }

    /** Gives the heap back that a long operation took: the next one may come much later. */
    private void forgetFragments() {
        fragmentsSeen = 0;
        assembled = 0;
        assembly = NONE;
    }

    /**
     * Starts on operations that stand outside a frame.
     *
     * @param source holds them; must stay as it is while operations are read
     * @param from where the first one begins
     * @param length bytes of all of them
     */
    public void wrap(byte[] source, int from, int length) {
        bytes = source;
        next = from;
        limit = from + length;
        forgetFragments();
    }

    /**
     * Goes to the next operation.
     *
     * @return whether there is one
     * @throws HotpairException {@code CORRUPTION} if its lengths do not fit
     */
    public boolean next() {
        if (next >= limit) {
            return false;
        }
        offset = next;
        int length =
                limit - offset < FrameDescriptor.OP_HEADER_LENGTH
                        ? 0
                        : FrameDescriptor.getInt(bytes, offset);
        if (length < FrameDescriptor.OP_HEADER_LENGTH
                || (length & 7) != 0
                || length > limit - offset) {
            throw corrupt("operation length=" + length + " at offset " + offset);
        }
        int valueLength = valueLength();
        long contentLength = (long) keyOffset() - offset + keyLength() + valueLength;
        if (valueLength < 0 || contentLength > length) {
            throw corrupt("operation content=" + contentLength + ", expected at most " + length);
        }
        next = offset + length;
        if (hasMore() && next >= limit) {
            throw corrupt("commit of opId=" + opId() + " ends before its last operation");
        }
        return true;
    }

    /**
     * Goes back to an operation of the same frame.
     *
     * @param operationOffset its {@link #operationOffset()}
     */
    public void returnTo(int operationOffset) {
        offset = operationOffset;
        next = offset + FrameDescriptor.getInt(bytes, offset);
    }

    /**
     * What the operation did.
     *
     * @return the type
     */
    public OperationType type() {
        return OperationType.of(bytes[offset + FrameDescriptor.OP_TYPE_OFFSET]);
    }

    /**
     * The operation's opId.
     *
     * @return the opId
     */
    public long opId() {
        return FrameDescriptor.getLong(bytes, offset + FrameDescriptor.OP_ID_OFFSET);
    }

    /**
     * The opId before this one.
     *
     * @return the opId, 0 for the first of a history
     */
    public long previousOpId() {
        return FrameDescriptor.getLong(bytes, offset + FrameDescriptor.OP_PREVIOUS_OFFSET);
    }

    /**
     * When the key expires.
     *
     * @return milliseconds since 1970, 0 for never
     */
    public long deadlineMs() {
        return hasDeadline()
                ? FrameDescriptor.getLong(bytes, offset + FrameDescriptor.OP_HEADER_LENGTH)
                : 0;
    }

    /**
     * The array that holds key and value.
     *
     * @return the array
     */
    public byte[] bytes() {
        return bytes;
    }

    /**
     * Where the operation begins, its header included.
     *
     * @return the offset in {@link #bytes()}
     */
    public int operationOffset() {
        return offset;
    }

    /**
     * How long the operation is.
     *
     * @return bytes, header and padding included
     */
    public int operationLength() {
        return next - offset;
    }

    /**
     * Whether the next operation belongs to the same commit: it has the same opId, and both happen
     * together or not at all.
     *
     * @return whether it does
     */
    public boolean hasMore() {
        return (bytes[offset + FrameDescriptor.OP_FLAGS_OFFSET] & FrameDescriptor.OP_FLAG_MORE)
                != 0;
    }

    /**
     * Whether the key's former value is gone before this operation.
     *
     * @return whether it is
     */
    public boolean replaces() {
        return (bytes[offset + FrameDescriptor.OP_FLAGS_OFFSET] & FrameDescriptor.OP_FLAG_REPLACES)
                != 0;
    }

    /**
     * Where the key begins.
     *
     * @return the offset in {@link #bytes()}
     */
    public int keyOffset() {
        return offset + FrameDescriptor.OP_HEADER_LENGTH + (hasDeadline() ? Long.BYTES : 0);
    }

    /**
     * The key's length.
     *
     * @return bytes
     */
    public int keyLength() {
        return FrameDescriptor.getShort(bytes, offset + FrameDescriptor.OP_KEY_LENGTH_OFFSET);
    }

    /**
     * Where the value begins.
     *
     * @return the offset in {@link #bytes()}
     */
    public int valueOffset() {
        return keyOffset() + keyLength();
    }

    /**
     * The value's length.
     *
     * @return bytes
     */
    public int valueLength() {
        return FrameDescriptor.getInt(bytes, offset + FrameDescriptor.OP_VALUE_LENGTH_OFFSET);
    }

    private boolean hasDeadline() {
        return (bytes[offset + FrameDescriptor.OP_FLAGS_OFFSET] & FrameDescriptor.OP_FLAG_DEADLINE)
                != 0;
    }

    private static HotpairException corrupt(String what) {
        return new HotpairException(
                HotpairException.Category.CORRUPTION, "operation is damaged: " + what);
    }
}
