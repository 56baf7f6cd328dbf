package io.hotpair;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * On what present value a string is written or deleted. Immutable, but for the array that it was
 * made with, which must not be changed.
 */
public final class ValueCondition {
    private static final ValueCondition ALWAYS = new ValueCondition(Kind.ALWAYS, null);
    private static final ValueCondition ABSENT = new ValueCondition(Kind.ABSENT, null);
    private static final ValueCondition PRESENT = new ValueCondition(Kind.PRESENT, null);

    private enum Kind {
        ALWAYS,
        ABSENT,
        PRESENT,
        EQUAL,
        NOT_EQUAL
    }

    private final Kind kind;
    private final byte @Nullable [] value;

    private ValueCondition(Kind kind, byte @Nullable [] value) {
        this.kind = kind;
        this.value = value;
    }

    /**
     * Whatever the key holds.
     *
     * @return the condition
     */
    public static ValueCondition always() {
        return ALWAYS;
    }

    /**
     * If the key is absent: NX.
     *
     * @return the condition
     */
    public static ValueCondition ifAbsent() {
        return ABSENT;
    }

    /**
     * If the key is there, with a value of whatever type: XX.
     *
     * @return the condition
     */
    public static ValueCondition ifPresent() {
        return PRESENT;
    }

    /**
     * If the key holds exactly this string: IFEQ.
     *
     * @param expected the string
     * @return the condition
     */
    public static ValueCondition ifEqual(byte[] expected) {
        return new ValueCondition(Kind.EQUAL, Objects.requireNonNull(expected, "expected"));
    }

    /**
     * If the key is absent or holds any other string than this one: IFNE.
     *
     * @param unexpected the string
     * @return the condition
     */
    public static ValueCondition ifNotEqual(byte[] unexpected) {
        return new ValueCondition(Kind.NOT_EQUAL, Objects.requireNonNull(unexpected, "unexpected"));
    }

    /**
     * Whether the present value must be looked at, and so be a string.
     *
     * @return whether it must
     */
    public boolean comparesValue() {
        return value != null;
    }

    /**
     * How long the string is that the present value is compared with; no value of another length is
     * equal to it.
     *
     * @return bytes, or -1 if there is none
     */
    public int comparedLength() {
        return value == null ? -1 : value.length;
    }

    /**
     * Whether it is met.
     *
     * @param present whether the key is there
     * @param current its value, if {@link #comparesValue()}; null if it has another length
     * @return whether it is
     */
    public boolean isMet(boolean present, byte @Nullable [] current) {
        return switch (kind) {
            case ALWAYS -> true;
            case ABSENT -> !present;
            case PRESENT -> present;
            case EQUAL -> present && Arrays.equals(current, value);
            case NOT_EQUAL -> !present || !Arrays.equals(current, value);
        };
    }
}
