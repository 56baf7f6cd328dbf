package io.hotpair;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a key holds and what shall become of it, inside a {@link StringUpdate}. Not thread-safe;
 * valid during the call only. An update that calls none of the methods that change leaves the key
 * alone.
 */
public final class StringEntry {
    private byte @Nullable [] current;
    private long currentDeadlineMs;
    private byte @Nullable [] value;
    private int valueOffset;
    private int valueLength;
    private long deadlineMs;
    private boolean changed;

    /** Made by the keyspace only. */
    StringEntry() {}

    void reset(byte @Nullable [] currentValue, long currentDeadline) {
        current = currentValue;
        currentDeadlineMs = currentDeadline;
        value = currentValue;
        valueOffset = 0;
        valueLength = currentValue == null ? 0 : currentValue.length;
        deadlineMs = currentDeadline;
        changed = false;
    }

    /**
     * Whether the key exists.
     *
     * @return whether it does; a key past its deadline does not
     */
    public boolean exists() {
        return current != null;
    }

    /**
     * The value that the key holds.
     *
     * @return the value, not to be changed; null if the key is absent
     */
    public byte @Nullable [] current() {
        return current;
    }

    /**
     * When the key expires.
     *
     * @return milliseconds since 1970, 0 for never or if the key is absent
     */
    public long currentDeadlineMs() {
        return currentDeadlineMs;
    }

    /**
     * Sets the value. The deadline stays; a key that was absent has none.
     *
     * @param newValue the value, copied before the update returns
     */
    public void set(byte[] newValue) {
        set(newValue, 0, newValue.length);
    }

    /**
     * Sets the value from a part of an array. The deadline stays; a key that was absent has none.
     *
     * @param newValue holds the value, copied when the update is done
     * @param offset where it begins
     * @param length its bytes
     */
    public void set(byte[] newValue, int offset, int length) {
        value = newValue;
        valueOffset = offset;
        valueLength = length;
        changed = true;
    }

    /**
     * Sets when the key expires. A moment that has passed deletes the key.
     *
     * @param newDeadlineMs milliseconds since 1970, 0 for never
     * @throws IllegalStateException if the key is absent and no value was set
     */
    public void deadline(long newDeadlineMs) {
        if (value == null) {
            throw new IllegalStateException("value=null, expected a value before a deadline");
        }
        deadlineMs = newDeadlineMs;
        changed = true;
    }

    /** Deletes the key. */
    public void delete() {
        value = null;
        deadlineMs = 0;
        changed = true;
    }

    boolean changed() {
        return changed;
    }

    byte @Nullable [] value() {
        return value;
    }

    int valueOffset() {
        return valueOffset;
    }

    int valueLength() {
        return valueLength;
    }

    long deadlineMs() {
        return deadlineMs;
    }

    @Override
    public String toString() {
        return "StringEntry[current=" + Arrays.toString(current) + ", changed=" + changed + "]";
    }
}
