package io.hotpair.internal;

/** What a write came to; reused by its session. */
public final class Outcome {
    private long opId;
    private long term;

    /** Starts a write in a term. */
    void begin(long inTerm) {
        term = inTerm;
        opId = 0;
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
