package io.hotpair.resp.internal.lua;

/** Ends an execution from outside; no script can catch it. */
public final class LuaStopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why it ended. */
    public enum Reason {
        /** It is to be executed again, where it may take its time. */
        TOO_LONG_HERE,
        /** Somebody killed it. */
        KILLED,
        /** It took longer than any script may. */
        TIMED_OUT
    }

    private final Reason reason;

    LuaStopped(Reason reason) {
        super(reason.name(), null, false, false);
        this.reason = reason;
    }

    /**
     * Why it ended.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }
}
