package io.hotpair;

/** When a new deadline is taken, as the options of Redis's EXPIRE and HEXPIRE say. */
public enum ExpiryCondition {
    /** Always. */
    ALWAYS,
    /** Only if there was none. */
    NX,
    /** Only if there was one. */
    XX,
    /** Only if it is later than the present one; none counts as later than any. */
    GT,
    /** Only if it is earlier than the present one; none counts as later than any. */
    LT;

    /**
     * Whether a deadline is taken.
     *
     * @param presentMs the present deadline, milliseconds since 1970, or 0 for none
     * @param newMs the new one
     * @return whether the condition is met
     */
    public boolean allows(long presentMs, long newMs) {
        return switch (this) {
            case ALWAYS -> true;
            case NX -> presentMs == 0;
            case XX -> presentMs != 0;
            case GT -> presentMs != 0 && newMs > presentMs;
            case LT -> presentMs == 0 || newMs < presentMs;
        };
    }
}
