package io.hotpair;

import java.util.Objects;

/**
 * How {@link StringOperations#set(byte[], byte[], SetOptions)} sets a value. Immutable.
 *
 * @param condition on what present value
 * @param expiry what becomes of the deadline
 * @param returnsPrevious whether the value before is wanted, which then must be a string
 */
public record SetOptions(ValueCondition condition, Expiry expiry, boolean returnsPrevious) {
    private static final SetOptions PLAIN =
            new SetOptions(ValueCondition.always(), Expiry.never(), false);

    /**
     * Checks what is given.
     *
     * @param condition on what present value
     * @param expiry what becomes of the deadline
     * @param returnsPrevious whether the value before is wanted
     */
    public SetOptions {
        Objects.requireNonNull(condition, "condition");
        Objects.requireNonNull(expiry, "expiry");
    }

    /**
     * Whatever the key holds, without a deadline.
     *
     * @return the options
     */
    public static SetOptions plain() {
        return PLAIN;
    }

    /**
     * The same on a condition.
     *
     * @param newCondition the condition
     * @return the options
     */
    public SetOptions on(ValueCondition newCondition) {
        return new SetOptions(newCondition, expiry, returnsPrevious);
    }

    /**
     * The same with a deadline.
     *
     * @param newExpiry the deadline
     * @return the options
     */
    public SetOptions expiring(Expiry newExpiry) {
        return new SetOptions(condition, newExpiry, returnsPrevious);
    }

    /**
     * The same, and the value before is returned: GET.
     *
     * @return the options
     */
    public SetOptions returningPrevious() {
        return new SetOptions(condition, expiry, true);
    }
}
