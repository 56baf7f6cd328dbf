package io.hotpair;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * On what present value a string is written or deleted. Immutable, but for the array that it was
 * made with, which must not be changed.
 */
public final class ValueCondition {
    private static final ValueCondition ALWAYS = new ValueCondition(Kind.ALWAYS);
    private static final ValueCondition ABSENT = new ValueCondition(Kind.ABSENT);
    private static final ValueCondition PRESENT = new ValueCondition(Kind.PRESENT);

    private enum Kind {
        ALWAYS,
        ABSENT,
        PRESENT,
        EQUAL,
        NOT_EQUAL,
        TESTED
    }

    private final Kind kind;
    private final byte @Nullable [] value;
    private final @Nullable Predicate<byte @Nullable []> test;

    private ValueCondition(Kind kind) {
        this(kind, null, null);
    }

    private ValueCondition(
            Kind kind, byte @Nullable [] value, @Nullable Predicate<byte @Nullable []> test) {
        this.kind = kind;
        this.value = value;
        this.test = test;
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
        return new ValueCondition(Kind.EQUAL, Objects.requireNonNull(expected, "expected"), null);
    }

    /**
     * If the key is absent or holds any other string than this one: IFNE.
     *
     * @param unexpected the string
     * @return the condition
     */
    public static ValueCondition ifNotEqual(byte[] unexpected) {
        return new ValueCondition(
                Kind.NOT_EQUAL, Objects.requireNonNull(unexpected, "unexpected"), null);
    }

    /**
     * If a test of the caller's own says so of the string that the key holds. It is decided in the
     * same step as the write, so the test may be called several times, when other writers come
     * first; it must do nothing but look, and not for long. What it throws is thrown, and nothing
     * has happened.
     *
     * @param test is given a copy of the string, or null if the key is absent
     * @return the condition
     */
    public static ValueCondition ifTested(Predicate<byte @Nullable []> test) {
        return new ValueCondition(Kind.TESTED, null, Objects.requireNonNull(test, "test"));
    }

    /**
     * Whether the present value must be looked at, and so be a string.
     *
     * @return whether it must
     */
    public boolean comparesValue() {
        return value != null || test != null;
    }

    /**
     * How long the string is that the present value is compared with; no value of another length is
     * equal to it.
     *
     * @return bytes, or -1 if there is none, and so values of any length must be looked at
     */
    public int comparedLength() {
        return value == null ? -1 : value.length;
    }

    /**
     * Whether it is met.
     *
     * @param present whether the key is there
     * @param current its value, if {@link #comparesValue()}; null if it has another length than
     *     {@link #comparedLength()}
     * @return whether it is
     */
    public boolean isMet(boolean present, byte @Nullable [] current) {
        return switch (kind) {
            case ALWAYS -> true;
            case ABSENT -> !present;
            case PRESENT -> present;
            case EQUAL -> present && Arrays.equals(current, value);
            case NOT_EQUAL -> !present || !Arrays.equals(current, value);
            case TESTED -> Objects.requireNonNull(test).test(current);
        };
    }
}
