package io.hotpair.internal;

import org.jspecify.annotations.Nullable;

/** Lets a caller decide what becomes of a string. */
public abstract class UpdateString implements Mutation {

    /**
     * Decides. May be called several times for one change.
     *
     * @param current the value; null if the key is absent
     * @param deadlineMs its deadline; 0 for none
     * @return whether anything changes
     */
    protected abstract boolean decide(byte @Nullable [] current, long deadlineMs);

    /** The array that holds the new value; null to delete the key. */
    protected abstract byte @Nullable [] value();

    /** Where the new value begins. */
    protected abstract int valueOffset();

    /** The new value's bytes. */
    protected abstract int valueLength();

    /** The new deadline; 0 for none. */
    protected abstract long deadlineMs();

    @Override
    public final long apply(Edit edit, long current) {
        Mem mem = edit.mem();
        Edit.expect(mem, current, Records.STRING);
        byte[] present = StringContent.copy(edit, current);
        if (!decide(present, edit.deadlineMs(current))) {
            return UNCHANGED;
        }
        byte[] value = value();
        long deadlineMs = deadlineMs();
        if (value == null || (deadlineMs != 0 && deadlineMs <= edit.nowMs())) {
            return current == 0 ? UNCHANGED : edit.tombstone();
        }
        if (value == present && Records.isTree(mem, current)) {
            // Only the deadline changes.
            return edit.withDeadline(current, deadlineMs);
        }
        return edit.string(value, valueOffset(), valueLength(), deadlineMs);
    }
}
