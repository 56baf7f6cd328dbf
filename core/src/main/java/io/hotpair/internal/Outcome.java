package io.hotpair.internal;

/** What a write came to; reused by its session. */
public final class Outcome {
    private long opId;
    private long term;
    private long debt;

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

    /** The write's opId; 0 if nothing was changed. */
    public long opId() {
        return opId;
    }

    /** The term in which it was made. */
    public long term() {
        return term;
    }
}
