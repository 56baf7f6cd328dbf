package io.hotpair.resp;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Floating point numbers as Redis reads and writes them: as C's strtod and printf do. */
final class Doubles {
    private static final int DIGITS = 17;
    private static final double MAX_WHOLE = 1e17;
    private static final int MIN_PLAIN_EXPONENT = -4;
    private static final int EXACT_LENGTH = 15;
    private static final String BLANKS = " \t\n\u000b\f\r";

    private static final Pattern DECIMAL =
            Pattern.compile("[+-]?(\\d++(\\.\\d*+)?|\\.\\d++)([eE][+-]?\\d++)?");
    private static final Pattern HEXADECIMAL =
            Pattern.compile(
                    "[+-]?0[xX](\\p{XDigit}++(\\.\\p{XDigit}*+)?|\\.\\p{XDigit}++)([pP][+-]?\\d++)?");
    private static final Pattern NOT_ZERO = Pattern.compile("[+-]?(0[xX])?[0.]*+[1-9a-fA-F].*");
    private static final Pattern INFINITY = Pattern.compile("[+-]?inf(inity)?");
    private static final Pattern NAN = Pattern.compile("[+-]?nan(\\([0-9a-z_]*\\))?");

    private Doubles() {}

    /** What {@code printf("%.17g")} prints. */
    static String text(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0" : "0";
        }
        if (value == Math.rint(value) && Math.abs(value) < MAX_WHOLE) {
            return Long.toString((long) value);
        }
        BigDecimal rounded =
                new BigDecimal(value).round(new MathContext(DIGITS, RoundingMode.HALF_EVEN));
        int exponent = rounded.precision() - rounded.scale() - 1;
        BigDecimal shown = rounded.stripTrailingZeros();
        return exponent < MIN_PLAIN_EXPONENT || exponent >= DIGITS
                ? scientific(shown, exponent)
                : shown.toPlainString();
    }

    /** What {@code printf("%.17f")} prints, without zeros at the end. */
    static String plainText(double value) {
        BigDecimal shown =
                new BigDecimal(value).setScale(DIGITS, RoundingMode.HALF_EVEN).stripTrailingZeros();
        return shown.signum() == 0 ? "0" : shown.toPlainString();
    }

    private static String scientific(BigDecimal value, int exponent) {
        StringBuilder text = new StringBuilder(value.unscaledValue().abs().toString());
        if (text.length() > 1) {
            text.insert(1, '.');
        }
        if (value.signum() < 0) {
            text.insert(0, '-');
        }
        text.append('e').append(exponent < 0 ? '-' : '+');
        int magnitude = Math.abs(exponent);
        return text.append(magnitude < 10 ? "0" : "").append(magnitude).toString();
    }

    /**
     * Reads a number as Redis reads a score.
     *
     * @return the number, or null if the text is none, or one that over- or underflows
     */
    static @Nullable Double strict(byte[] bytes, int offset, int length) {
        if (length <= EXACT_LENGTH && Decimals.isLong(bytes, offset, length)) {
            return (double) Decimals.parse(bytes, offset, length);
        }
        return exact(latin(bytes, offset, length));
    }

    private static @Nullable Double exact(String text) {
        Double value = parse(text);
        if (value == null || Double.isNaN(value)) {
            return null;
        }
        boolean overflow = Double.isInfinite(value) && !isInfinity(text);
        boolean underflow = value == 0 && NOT_ZERO.matcher(significand(text)).matches();
        return overflow || underflow ? null : value;
    }

    /**
     * Reads a number as Redis reads the end of a range of scores: nothing at all is 0, blanks may
     * stand before it, a zero byte ends it, and what overflows is infinite.
     *
     * @return the number, or null if the text is none
     */
    static @Nullable Double lenient(byte[] bytes, int offset, int length) {
        Double value = parse(read(latin(bytes, offset, length)));
        return value == null || Double.isNaN(value) ? null : value;
    }

    /**
     * Reads a number as Redis reads what SORT compares: as {@link #lenient}, but what over- or
     * underflows is none.
     *
     * @return the number, or null if the text is none
     */
    static @Nullable Double sortable(byte[] text) {
        Double value = strict(text, 0, text.length);
        return value == null ? exact(read(latin(text, 0, text.length))) : value;
    }

    /** What strtod looks at: up to a zero byte, and behind blanks; of nothing at all it makes 0. */
    private static String read(String text) {
        int zero = text.indexOf('\0');
        String part = zero < 0 ? text : text.substring(0, zero);
        int from = 0;
        while (from < part.length() && BLANKS.indexOf(part.charAt(from)) >= 0) {
            from++;
        }
        return part.isEmpty() ? "0" : part.substring(from);
    }

    private static @Nullable Double parse(String text) {
        if (DECIMAL.matcher(text).matches()) {
            return Double.valueOf(text);
        }
        if (HEXADECIMAL.matcher(text).matches()) {
            boolean hasExponent = text.indexOf('p') >= 0 || text.indexOf('P') >= 0;
            return Double.valueOf(hasExponent ? text : text + "p0");
        }
        if (isInfinity(text)) {
            return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        return NAN.matcher(text.toLowerCase(Locale.ROOT)).matches() ? Double.NaN : null;
    }

    private static boolean isInfinity(String text) {
        return INFINITY.matcher(text.toLowerCase(Locale.ROOT)).matches();
    }

    /** What stands before the exponent. */
    private static String significand(String text) {
        boolean hexadecimal = HEXADECIMAL.matcher(text).matches();
        String lower = text.toLowerCase(Locale.ROOT);
        int exponent = lower.indexOf(hexadecimal ? 'p' : 'e');
        return exponent < 0 ? text : text.substring(0, exponent);
    }

    private static String latin(byte[] bytes, int offset, int length) {
        return new String(bytes, offset, length, StandardCharsets.ISO_8859_1);
    }
}
