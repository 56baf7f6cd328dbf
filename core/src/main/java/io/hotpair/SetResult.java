package io.hotpair;

import org.jspecify.annotations.Nullable;

/** What {@link StringOperations#set(byte[], byte[], SetOptions)} did. */
public final class SetResult {
    private final boolean done;
    private final byte @Nullable [] previous;

    /**
     * Creates one.
     *
     * @param done whether the value was set
     * @param previous the value before
     */
    public SetResult(boolean done, byte @Nullable [] previous) {
        this.done = done;
        this.previous = previous;
    }

    /**
     * Whether the condition was met and the value set.
     *
     * @return whether it was
     */
    public boolean done() {
        return done;
    }

    /**
     * The value before, the caller's own.
     *
     * @return the value; null if the key was absent or the value was not asked for
     */
    public byte @Nullable [] previous() {
        return previous;
    }
}
