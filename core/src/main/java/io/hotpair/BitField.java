package io.hotpair;

import java.util.Objects;

/**
 * One step of {@link StringOperations#bitField}: a look at, or a change of, an integer that stands
 * at some bit of a string, its highest bit first. Immutable.
 *
 * @param action what to do
 * @param signed whether the integer is in two's complement
 * @param bits its length: 1 to 64 if signed, else 1 to 63
 * @param offset the bit at which it begins, 0 to 2^32 - 1
 * @param operand what to set or to add; 0 for {@link Action#GET}
 * @param overflow what happens when the result does not fit
 */
public record BitField(
        Action action, boolean signed, int bits, long offset, long operand, Overflow overflow) {

    /** What to do with an integer. */
    public enum Action {
        /** Return it. */
        GET,
        /** Set it, and return what it was. */
        SET,
        /** Add to it, and return the sum. */
        INCREMENT
    }

    /** What happens to a result that does not fit. */
    public enum Overflow {
        /** Its lowest bits are taken. */
        WRAP,
        /** The nearest number that fits is taken. */
        SATURATE,
        /** Nothing is changed, and null returned. */
        FAIL
    }

    /**
     * Checks what is given.
     *
     * @param action what to do
     * @param signed whether the integer is in two's complement
     * @param bits its length
     * @param offset the bit at which it begins
     * @param operand what to set or to add
     * @param overflow what happens when the result does not fit
     */
    public BitField {
        Objects.requireNonNull(action, "action");
        Objects.requireNonNull(overflow, "overflow");
        if (bits < 1 || bits > (signed ? 64 : 63)) {
            throw new IllegalArgumentException(
                    "bits=" + bits + ", expected 1 to 64 if signed, 1 to 63 if not");
        }
        if (offset < 0 || offset >= StringOperations.MAX_BITS) {
            throw new IllegalArgumentException(
                    "offset=" + offset + ", expected 0 to " + (StringOperations.MAX_BITS - 1));
        }
    }

    /**
     * Looks at an integer.
     *
     * @param signed whether it is in two's complement
     * @param bits its length
     * @param offset the bit at which it begins
     * @return the step
     */
    public static BitField get(boolean signed, int bits, long offset) {
        return new BitField(Action.GET, signed, bits, offset, 0, Overflow.WRAP);
    }

    /**
     * Sets an integer.
     *
     * @param signed whether it is in two's complement
     * @param bits its length
     * @param offset the bit at which it begins
     * @param value what to set; if not signed, a negative number stands for one above 2^63
     * @param overflow what happens when it does not fit
     * @return the step
     */
    public static BitField set(
            boolean signed, int bits, long offset, long value, Overflow overflow) {
        return new BitField(Action.SET, signed, bits, offset, value, overflow);
    }

    /**
     * Adds to an integer.
     *
     * @param signed whether it is in two's complement
     * @param bits its length
     * @param offset the bit at which it begins
     * @param delta what to add
     * @param overflow what happens when the sum does not fit
     * @return the step
     */
    public static BitField increment(
            boolean signed, int bits, long offset, long delta, Overflow overflow) {
        return new BitField(Action.INCREMENT, signed, bits, offset, delta, overflow);
    }
}
