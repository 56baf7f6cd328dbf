package io.hotpair.internal;

import org.jspecify.annotations.Nullable;

/** Sets a string, whatever was there. Reused by its session. */
public final class PutString implements Mutation {
    private byte[] value = new byte[0];
    private int offset;
    private int length;
    private long deadlineMs;

    /** Says what to set. */
    public PutString of(byte[] newValue, int newOffset, int newLength, long newDeadlineMs) {
        value = newValue;
        offset = newOffset;
        length = newLength;
        deadlineMs = newDeadlineMs;
        return this;
    }

    /** The value of a record, or null. */
    public static byte @Nullable [] read(Edit edit, long record) {
        return StringContent.copy(edit, record);
    }

    @Override
    public long apply(Edit edit, long current) {
        return edit.string(value, offset, length, deadlineMs);
    }
}
