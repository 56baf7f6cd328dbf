package io.hotpair.log;

import java.util.Arrays;

/**
 * A frame in a heap array, from offset 0: what travels between an encoder, a log, a socket and a
 * reader. Reused; not thread-safe.
 */
public final class FrameBuffer {
    private byte[] bytes;
    private int length;

    /** Creates one with room for an ordinary frame. */
    public FrameBuffer() {
        this(FrameDescriptor.BATCH_LENGTH * 2);
    }

    /**
     * Creates one.
     *
     * @param capacity how many bytes it can hold before it grows
     */
    public FrameBuffer(int capacity) {
        bytes = new byte[capacity];
    }

    /**
     * The array. A call of {@link #ensureCapacity} may replace it.
     *
     * @return the array, valid up to {@link #length()}
     */
    public byte[] bytes() {
        return bytes;
    }

    /**
     * The length of the frame.
     *
     * @return bytes, 0 if there is none
     */
    public int length() {
        return length;
    }

    /**
     * Says how long the frame is.
     *
     * @param length bytes, at most the array's length
     */
    public void length(int length) {
        if (length < 0 || length > bytes.length) {
            throw new IllegalArgumentException(
                    "length=" + length + ", expected 0 to " + bytes.length);
        }
        this.length = length;
    }

    /**
     * Makes room, keeping what is there.
     *
     * @param capacity how many bytes are needed in all
     */
    public void ensureCapacity(int capacity) {
        if (capacity > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(capacity, bytes.length * 2));
        }
    }
}
