package io.hotpair.internal;

import io.hotpair.WriteListener.Before;
import org.jspecify.annotations.Nullable;

/** What a write came to; reused by its session. */
public final class Outcome {
    private long opId;
    private long term;
    private long debt;
    private Before before = Before.ABSENT;
    private @Nullable Object origin;

    /** Starts a write in a term. */
    void begin(long inTerm) {
        term = inTerm;
        opId = 0;
    }

    /** Takes note of memory that was added. */
    void owe(long bytes) {
        debt += bytes;
    }

    /** What was added since it was last asked. */
    long takeDebt() {
        long owed = debt;
        debt = 0;
        return owed;
    }

    void committed(long asOpId) {
        opId = asOpId;
    }

    /** Takes note of what a key had before. */
    void found(Before what) {
        before = what;
    }

    Before before() {
        return before;
    }

    /** Says on whose behalf writes are made. */
    public void origin(@Nullable Object who) {
        origin = who;
    }

    /** On whose behalf writes are made, or null. */
    public @Nullable Object origin() {
        return origin;
    }

    /** The write's opId; 0 if nothing was changed. */
    public long opId() {
        return opId;
    }

    /** The term in which it was made. */
    public long term() {
        return term;
    }
}
