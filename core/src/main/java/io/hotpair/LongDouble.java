package io.hotpair;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The 80-bit floating point numbers of x86 that INCRBYFLOAT and HINCRBYFLOAT count in: a
 * significand of 64 bits, an exponent of 15. Java has none, so a number is held exactly and rounded
 * to what would be held there; sums and texts are then the same to the last digit.
 */
public final class LongDouble {
    /** Longer text is no number, as in Redis. */
    public static final int MAX_TEXT_LENGTH = 5 * 1024 - 1;

    private static final int SIGNIFICAND_BITS = 64;
    private static final int MIN_EXPONENT = -16_445;
    private static final int MAX_BITS = 16_384;
    private static final int FRACTION_DIGITS = 17;

    /** Beyond this many digits before or after the point every number over- or underflows. */
    private static final long MAX_DECIMAL_EXPONENT = 10_000;

    private static final Pattern DECIMAL =
            Pattern.compile("([+-]?)(\\d*+)(?:\\.(\\d*+))?+(?:[eE]([+-]?\\d++))?+");
    private static final Pattern HEXADECIMAL =
            Pattern.compile(
                    "([+-]?)0[xX](\\p{XDigit}*+)(?:\\.(\\p{XDigit}*+))?+(?:[pP]([+-]?\\d++))?+");
    private static final LongDouble INFINITE = new LongDouble(null);

    private final @Nullable BigDecimal value;

    private LongDouble(@Nullable BigDecimal value) {
        this.value = value;
    }

    /**
     * Reads a number as C's {@code strtold} does.
     *
     * @param text decimal or hexadecimal, or {@code inf}
     * @return the number, or null if the text is none, or one that over- or underflows
     */
    public static @Nullable LongDouble parse(String text) {
        if (text.isEmpty() || text.length() > MAX_TEXT_LENGTH) {
            return null;
        }
        Matcher hexadecimal = HEXADECIMAL.matcher(text);
        if (hexadecimal.matches()) {
            return parsed(hexadecimal, 16);
        }
        Matcher decimal = DECIMAL.matcher(text);
        if (decimal.matches()) {
            return parsed(decimal, 10);
        }
        String word = text.toLowerCase(Locale.ROOT);
        String unsigned = word.startsWith("+") || word.startsWith("-") ? word.substring(1) : word;
        return unsigned.equals("inf") || unsigned.equals("infinity") ? INFINITE : null;
    }

    private static @Nullable LongDouble parsed(Matcher parts, int radix) {
        String fraction = parts.group(3) == null ? "" : parts.group(3);
        String digits = parts.group(2) + fraction;
        if (digits.isEmpty()) {
            return null;
        }
        BigInteger significand = new BigInteger(parts.group(1) + digits, radix);
        if (significand.signum() == 0) {
            return new LongDouble(BigDecimal.ZERO);
        }
        BigInteger exponent = exponent(parts.group(4));
        long places = radix == 10 ? fraction.length() : 4L * fraction.length();
        BigInteger shift = exponent.subtract(BigInteger.valueOf(places));
        if (shift.abs().bitLength() > 31 || isOutOfRange(shift.intValue(), digits, radix)) {
            return null;
        }
        LongDouble rounded = round(scaled(significand, shift.intValue(), radix));
        return rounded.isFinite() && rounded.number().signum() != 0 ? rounded : null;
    }

    private static BigInteger exponent(@Nullable String text) {
        if (text == null) {
            return BigInteger.ZERO;
        }
        return new BigInteger(text.startsWith("+") ? text.substring(1) : text);
    }

    private static boolean isOutOfRange(int shift, String digits, int radix) {
        long bound = radix == 10 ? MAX_DECIMAL_EXPONENT : 8 * MAX_DECIMAL_EXPONENT;
        return Math.abs((long) shift) > bound + 4L * digits.length();
    }

    private static BigDecimal scaled(BigInteger significand, int shift, int radix) {
        return radix == 10 ? new BigDecimal(significand, -shift) : binary(significand, shift);
    }

    /** What is stored when this exact number is. */
    private static LongDouble round(BigDecimal exact) {
        if (exact.signum() == 0) {
            return new LongDouble(BigDecimal.ZERO);
        }
        BigInteger numerator = exact.unscaledValue().abs();
        BigInteger denominator = BigInteger.ONE;
        if (exact.scale() > 0) {
            denominator = BigInteger.TEN.pow(exact.scale());
        } else {
            numerator = numerator.multiply(BigInteger.TEN.pow(-exact.scale()));
        }
        int exponent = numerator.bitLength() - denominator.bitLength() - SIGNIFICAND_BITS;
        // The quotient has 64 bits with this exponent, or 65, and then the next one is right.
        if (quotient(numerator, denominator, exponent)[0].bitLength() > SIGNIFICAND_BITS) {
            exponent++;
        }
        exponent = Math.max(exponent, MIN_EXPONENT);
        BigInteger significand = nearest(numerator, denominator, exponent);
        if (significand.bitLength() + exponent > MAX_BITS) {
            return INFINITE;
        }
        BigInteger signed = exact.signum() < 0 ? significand.negate() : significand;
        return new LongDouble(binary(signed, exponent));
    }

    private static BigInteger[] quotient(
            BigInteger numerator, BigInteger denominator, int exponent) {
        return exponent < 0
                ? numerator.shiftLeft(-exponent).divideAndRemainder(denominator)
                : numerator.divideAndRemainder(denominator.shiftLeft(exponent));
    }

    private static BigInteger nearest(BigInteger numerator, BigInteger denominator, int exponent) {
        BigInteger[] parts = quotient(numerator, denominator, exponent);
        BigInteger unit = exponent < 0 ? denominator : denominator.shiftLeft(exponent);
        int half = parts[1].shiftLeft(1).compareTo(unit);
        boolean up = half > 0 || (half == 0 && parts[0].testBit(0));
        return up ? parts[0].add(BigInteger.ONE) : parts[0];
    }

    private static BigDecimal binary(BigInteger significand, int exponent) {
        return exponent >= 0
                ? new BigDecimal(significand.shiftLeft(exponent))
                : new BigDecimal(
                        significand.multiply(BigInteger.valueOf(5).pow(-exponent)), -exponent);
    }

    /**
     * Whether it is not infinite.
     *
     * @return whether it is
     */
    public boolean isFinite() {
        return value != null;
    }

    /**
     * The sum, as it would be stored.
     *
     * @param other what is added
     * @return the sum
     */
    public LongDouble plus(LongDouble other) {
        return isFinite() && other.isFinite() ? round(number().add(other.number())) : INFINITE;
    }

    /**
     * The product, as it would be stored.
     *
     * @param factor what it is multiplied by
     * @return the product
     */
    public LongDouble times(long factor) {
        return isFinite() ? round(number().multiply(BigDecimal.valueOf(factor))) : INFINITE;
    }

    /**
     * The least integer that is not less, as C's {@code ceill} finds it.
     *
     * @return the integer
     * @throws IllegalStateException if this is infinite
     */
    public BigInteger ceiling() {
        return number().setScale(0, RoundingMode.CEILING).toBigIntegerExact();
    }

    private BigDecimal number() {
        BigDecimal known = value;
        if (known == null) {
            throw new IllegalStateException("value=infinite, expected a finite number");
        }
        return known;
    }

    /** The number with at most 17 digits after the point, and no zeros at the end. */
    @Override
    public String toString() {
        if (!isFinite()) {
            return "inf";
        }
        BigDecimal shown =
                number().setScale(FRACTION_DIGITS, RoundingMode.HALF_EVEN).stripTrailingZeros();
        return shown.signum() == 0 ? "0" : shown.toPlainString();
    }
}
