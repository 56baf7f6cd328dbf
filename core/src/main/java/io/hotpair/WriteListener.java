package io.hotpair;

import io.hotpair.ChangeListener.Event;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hears of each write, in the thread that made it, after it can be seen: more than a {@link
 * ChangeListener} does, which hears what became of a key in the end. It holds up that thread and
 * nothing else, and must not throw.
 */
@FunctionalInterface
public interface WriteListener {
    /** The origin of a write that removes fields of a hash whose deadlines have passed. */
    Object FIELD_EXPIRY = "field expiry";

    /** What a key had before a write. */
    enum Before {
        /** Nothing. */
        ABSENT,
        /** A value. */
        PRESENT,
        /** A value whose deadline had passed: for the write, nothing. */
        EXPIRED
    }

    /**
     * One write of one key.
     *
     * @param key the key; not to be changed
     * @param before what the key had before
     * @param event what became of it
     * @param type the type of its value now, as Redis names it, or null if it is gone
     * @param opId the write's opId, that of its transaction if it was part of one
     * @param origin what {@link Session#origin(Object)} said, or null
     */
    @SuppressWarnings("ArrayRecordComponent") // Handed on, and never compared.
    record Write(
            byte[] key,
            Before before,
            Event event,
            @Nullable String type,
            long opId,
            @Nullable Object origin) {

        /**
         * Whether the key had no value before and has one now.
         *
         * @return whether it is new
         */
        public boolean created() {
            return before != Before.PRESENT && type != null;
        }
    }

    /**
     * Called once for each operation.
     *
     * @param writes what it wrote, in order; several, also of one key, if it was a transaction
     */
    void written(List<Write> writes);
}
