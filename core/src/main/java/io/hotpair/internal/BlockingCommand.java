package io.hotpair.internal;

import org.jspecify.annotations.Nullable;

/**
 * A command that waits while it finds nothing. Used for one call.
 *
 * @param <R> what it gives
 */
public interface BlockingCommand<R> {

    /** The keys for which it waits, in the order in which it was given them. */
    byte[][] keys();

    /** Whom it competes with; {@link Rivals#NONE} for a command that takes nothing away. */
    Rivals rivals();

    /** Whether it changes a key when it finds something. */
    default boolean writes() {
        return rivals().compete();
    }

    /**
     * Does what the command does when it does not wait: looks at all its keys.
     *
     * @return null if there is nothing
     */
    @Nullable R begin(Executor executor);

    /** What it gives when it finds nothing in time. */
    default @Nullable R nothing() {
        return null;
    }

    /**
     * Refuses what {@link #begin} would refuse, and takes nothing: others were there first.
     *
     * @return whether it may wait; if not it begins all the same
     */
    default boolean mayWaitBehindOthers(Executor executor) {
        return false;
    }

    /**
     * Looks at one of its keys, which was changed while it waited.
     *
     * @return null if there is nothing for it
     */
    @Nullable R attempt(Executor executor, byte[] key);

    /**
     * When it is to look at its keys again though none is changed, by the keyspace's clock; asked
     * after an attempt that found nothing. {@link Long#MAX_VALUE} for never.
     */
    default long againAtMs() {
        return Long.MAX_VALUE;
    }
}
