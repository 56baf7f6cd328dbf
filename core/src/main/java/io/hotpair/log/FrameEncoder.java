package io.hotpair.log;

import org.jspecify.annotations.Nullable;

/**
 * Builds frames. Not thread-safe. For each frame: {@link #begin}, then {@link #beginOperation} and
 * {@link #commitOperation} for each operation, then {@link #seal}.
 *
 * <p>A commit that makes the frame longer than {@link FrameDescriptor#MAX_LENGTH} must stand alone
 * in it; it is then written as {@link #fragmentCount()} frames, which {@link #fragment} gives.
 */
public final class FrameEncoder {
    private FrameBuffer frame = new FrameBuffer();
    private long term;
    private long previousOpId;
    private long lastOpId;
    private long firstOpId;
    private int count;
    private int operationOffset;
    private int length;

    /**
     * Begins a frame.
     *
     * @param term the term in which its operations were made
     * @param previousOpId the last opId before its first one
     */
    public void begin(long term, long previousOpId) {
        this.term = term;
        this.previousOpId = previousOpId;
        lastOpId = previousOpId;
        firstOpId = 0;
        count = 0;
        length = FrameDescriptor.HEADER_LENGTH;
    }

    /** Forgets what it holds, and gives the heap back that a long operation took. */
    public void clear() {
        begin(term, lastOpId);
        if (frame.bytes().length > FrameDescriptor.MAX_LENGTH) {
            try {
                frame = new FrameBuffer();
            } catch (OutOfMemoryError e) {
                // Then the long one is kept until the next time: what it held is written.
            }
        }
    }

    /**
     * Begins an operation. The caller writes key and value into {@link #bytes()} from the offset
     * that this returns: the key first, the value right behind it.
     *
     * @param type what it did
     * @param opId its opId, above the one before
     * @param deadlineMs when the key expires, milliseconds since 1970; 0 for never
     * @param keyLength bytes, at most 65,535
     * @param valueLength bytes
     * @return the offset of the key
     * @throws OutOfMemoryError if the heap has no room; the frame is as it was
     */
    public int beginOperation(
            OperationType type, long opId, long deadlineMs, int keyLength, int valueLength) {
        if (opId <= lastOpId) {
            throw new IllegalArgumentException("opId=" + opId + ", expected above " + lastOpId);
        }
        int flags = deadlineMs == 0 ? 0 : FrameDescriptor.OP_FLAG_DEADLINE;
        int contentOffset = FrameDescriptor.operationContentOffset(flags);
        int operationLength =
                FrameDescriptor.alignedOperationLength(
                        (long) contentOffset + keyLength + valueLength);
        frame.ensureCapacity(length + operationLength);
        byte[] bytes = frame.bytes();
        operationOffset = length;
        FrameDescriptor.putOperationHeader(
                bytes, length, type, flags, operationLength, keyLength, valueLength);
        FrameDescriptor.putLong(bytes, length + FrameDescriptor.OP_ID_OFFSET, opId);
        FrameDescriptor.putLong(bytes, length + FrameDescriptor.OP_PREVIOUS_OFFSET, lastOpId);
        if (deadlineMs != 0) {
            FrameDescriptor.putLong(bytes, length + FrameDescriptor.OP_HEADER_LENGTH, deadlineMs);
        }
        return length + contentOffset;
    }

    /** Takes the operation that was begun into the frame. */
    public void commitOperation() {
        byte[] bytes = frame.bytes();
        long opId = FrameDescriptor.getLong(bytes, operationOffset + FrameDescriptor.OP_ID_OFFSET);
        firstOpId = firstOpId == 0 ? opId : firstOpId;
        lastOpId = opId;
        length = operationOffset + FrameDescriptor.getInt(bytes, operationOffset);
        count++;
    }

    /**
     * Begins a group: operations that are encoded already, with their headers, and are one commit.
     * The caller writes them into {@link #bytes()} from the offset that this returns.
     *
     * @param groupLength bytes of all of them
     * @return the offset
     * @throws OutOfMemoryError if the heap has no room; the frame is as it was
     */
    public int beginGroup(int groupLength) {
        frame.ensureCapacity(length + groupLength);
        operationOffset = length;
        return length;
    }

    /**
     * Takes the group that was begun into the frame.
     *
     * @param groupLength bytes of all its operations
     * @param opId the one opId of all of them, above the one before
     */
    public void commitGroup(int groupLength, long opId) {
        if (opId <= lastOpId) {
            throw new IllegalArgumentException("opId=" + opId + ", expected above " + lastOpId);
        }
        byte[] bytes = frame.bytes();
        int end = operationOffset + groupLength;
        for (int at = operationOffset; at < end; ) {
            int next = at + FrameDescriptor.getInt(bytes, at + FrameDescriptor.OP_LENGTH_OFFSET);
            int flags = bytes[at + FrameDescriptor.OP_FLAGS_OFFSET] & ~FrameDescriptor.OP_FLAG_MORE;
            int more = next < end ? FrameDescriptor.OP_FLAG_MORE : 0;
            bytes[at + FrameDescriptor.OP_FLAGS_OFFSET] = (byte) (flags | more);
            FrameDescriptor.putLong(bytes, at + FrameDescriptor.OP_ID_OFFSET, opId);
            FrameDescriptor.putLong(bytes, at + FrameDescriptor.OP_PREVIOUS_OFFSET, lastOpId);
            count++;
            at = next;
        }
        firstOpId = firstOpId == 0 ? opId : firstOpId;
        lastOpId = opId;
        length = end;
    }

    /**
     * Copies a commit from another frame: the operation at which a reader stands, and all that
     * follow with the same opId. The reader then stands at the last of them.
     *
     * @param from a reader whose last {@code next()} returned true
     */
    public void copyCommit(OperationReader from) {
        int start = from.operationOffset();
        byte[] source = from.bytes();
        long opId = from.opId();
        while (from.hasMore() && from.next()) {
            // Goes on to the last operation of the commit.
        }
        int groupLength = from.operationOffset() + from.operationLength() - start;
        int at = beginGroup(groupLength);
        System.arraycopy(source, start, frame.bytes(), at, groupLength);
        commitGroup(groupLength, opId);
    }

    /**
     * Gives the part of a whole frame that lies between two opIds, with the same term and time.
     *
     * @param frame a verified frame that is no fragment
     * @param afterOpId the last opId that is not wanted
     * @param upToOpId the last opId that is
     * @return the part, sealed, valid until the next {@link #begin}; null if there is nothing in it
     */
    public @Nullable FrameBuffer slice(FrameBuffer frame, long afterOpId, long upToOpId) {
        begin(
                FrameDescriptor.term(frame),
                Math.max(afterOpId, FrameDescriptor.previousOpId(frame)));
        OperationReader operations = new OperationReader();
        operations.wrap(frame);
        while (operations.next() && operations.opId() <= upToOpId) {
            if (operations.opId() > afterOpId) {
                copyCommit(operations);
            }
        }
        return count == 0 ? null : seal(FrameDescriptor.timestampMs(frame));
    }

    /**
     * The array into which keys and values are written.
     *
     * @return the array; a new operation may replace it
     */
    public byte[] bytes() {
        return frame.bytes();
    }

    /**
     * How many operations the frame holds.
     *
     * @return the count
     */
    public int count() {
        return count;
    }

    /**
     * How long the frame is.
     *
     * @return bytes so far
     */
    public int length() {
        return length;
    }

    /**
     * The last opId in the frame.
     *
     * @return the opId, or the previous one while the frame is empty
     */
    public long lastOpId() {
        return lastOpId;
    }

    /**
     * Into how many frames the operations go: 1, unless a single operation is too long for one.
     *
     * @return the count
     */
    public int fragmentCount() {
        int payload = length - FrameDescriptor.HEADER_LENGTH;
        int room = FrameDescriptor.MAX_LENGTH - FrameDescriptor.HEADER_LENGTH;
        return Math.max(1, (payload + room - 1) / room);
    }

    /**
     * Completes a frame that needs no fragments.
     *
     * @param timestampMs the time, milliseconds since 1970
     * @return the frame, valid until the next {@link #begin}
     * @throws IllegalStateException if it is empty or too long
     */
    public FrameBuffer seal(long timestampMs) {
        if (count == 0 || length > FrameDescriptor.MAX_LENGTH) {
            throw new IllegalStateException(
                    "count="
                            + count
                            + " length="
                            + length
                            + ", expected at least one operation in "
                            + FrameDescriptor.MAX_LENGTH
                            + " bytes");
        }
        frame.length(length);
        seal(frame, timestampMs, 0, 1);
        return frame;
    }

    /**
     * Gives one part of an operation that is too long for a frame.
     *
     * @param index which part, from 0
     * @param timestampMs the time, milliseconds since 1970, the same for all parts
     * @param into receives the frame
     * @throws IllegalStateException if the frame does not hold exactly one commit
     */
    public void fragment(int index, long timestampMs, FrameBuffer into) {
        if (count == 0 || firstOpId != lastOpId) {
            throw new IllegalStateException(
                    "opIds="
                            + firstOpId
                            + " to "
                            + lastOpId
                            + ", expected one commit in fragments");
        }
        int room = FrameDescriptor.MAX_LENGTH - FrameDescriptor.HEADER_LENGTH;
        int from = FrameDescriptor.HEADER_LENGTH + index * room;
        int partLength = Math.min(room, length - from);
        into.ensureCapacity(FrameDescriptor.HEADER_LENGTH + partLength);
        System.arraycopy(
                frame.bytes(), from, into.bytes(), FrameDescriptor.HEADER_LENGTH, partLength);
        into.length(FrameDescriptor.HEADER_LENGTH + partLength);
        seal(into, timestampMs, index, fragmentCount());
    }

    private void seal(FrameBuffer target, long timestampMs, int fragmentIndex, int fragmentCount) {
        byte[] bytes = target.bytes();
        FrameDescriptor.putInt(bytes, FrameDescriptor.MAGIC_OFFSET, FrameDescriptor.MAGIC);
        FrameDescriptor.putShort(bytes, FrameDescriptor.VERSION_OFFSET, FrameDescriptor.VERSION);
        FrameDescriptor.putShort(bytes, FrameDescriptor.FRAGMENT_INDEX_OFFSET, fragmentIndex);
        FrameDescriptor.putInt(bytes, FrameDescriptor.LENGTH_OFFSET, target.length());
        FrameDescriptor.putLong(bytes, FrameDescriptor.TERM_OFFSET, term);
        FrameDescriptor.putLong(bytes, FrameDescriptor.FIRST_OP_ID_OFFSET, firstOpId);
        FrameDescriptor.putLong(bytes, FrameDescriptor.LAST_OP_ID_OFFSET, lastOpId);
        FrameDescriptor.putLong(bytes, FrameDescriptor.PREVIOUS_OP_ID_OFFSET, previousOpId);
        FrameDescriptor.putInt(bytes, FrameDescriptor.COUNT_OFFSET, count);
        FrameDescriptor.putInt(bytes, FrameDescriptor.FRAGMENT_COUNT_OFFSET, fragmentCount);
        FrameDescriptor.putLong(bytes, FrameDescriptor.TIMESTAMP_OFFSET, timestampMs);
        FrameDescriptor.putInt(
                bytes,
                FrameDescriptor.CRC_OFFSET,
                FrameDescriptor.computeCrc(bytes, target.length()));
    }
}
