package io.hotpair.resp.internal.lua;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Numbers as C reads and prints them. */
public final class Numbers {
    private static final int DEFAULT_DIGITS = 14;
    private static final double MAX_PLAIN = 1e14;

    private Numbers() {}

    /** As Lua prints a number: {@code %.14g}. */
    static String text(double number) {
        long integer = (long) number;
        if (integer == number && Math.abs(number) < MAX_PLAIN && !isNegativeZero(number)) {
            return Long.toString(integer);
        }
        return general(number, DEFAULT_DIGITS, false);
    }

    private static boolean isNegativeZero(double number) {
        return number == 0 && 1 / number < 0;
    }

    private static @Nullable String special(double number) {
        if (Double.isNaN(number)) {
            // What the machines that Redis runs on make of 0/0 has its sign set.
            return Double.doubleToRawLongBits(number) < 0 ? "-nan" : "nan";
        }
        if (Double.isInfinite(number)) {
            return number < 0 ? "-inf" : "inf";
        }
        return null;
    }

    /**
     * As {@code %.*g} prints a number.
     *
     * @param number the number
     * @param precision how many significant digits
     * @param keepZeros whether zeros at the end stay, as the flag # asks
     * @return the text
     */
    public static String general(double number, int precision, boolean keepZeros) {
        String special = special(number);
        if (special != null) {
            return special;
        }
        int digits = precision == 0 ? 1 : precision;
        if (number == 0) {
            String zero = isNegativeZero(number) ? "-0" : "0";
            return keepZeros && digits > 1 ? zero + "." + "0".repeat(digits - 1) : zero;
        }
        BigDecimal rounded =
                new BigDecimal(number).round(new MathContext(digits, RoundingMode.HALF_EVEN));
        int exponent = rounded.precision() - rounded.scale() - 1;
        if (exponent < -4 || exponent >= digits) {
            return exponential(rounded, digits - 1, exponent, !keepZeros);
        }
        String plain =
                rounded.setScale(digits - 1 - exponent, RoundingMode.UNNECESSARY).toPlainString();
        return keepZeros ? plain : withoutZeros(plain);
    }

    /** As {@code %.*e} prints a number. */
    static String exponential(double number, int precision) {
        String special = special(number);
        if (special != null) {
            return special;
        }
        if (number == 0) {
            String zero = isNegativeZero(number) ? "-0" : "0";
            return zero + (precision > 0 ? "." + "0".repeat(precision) : "") + "e+00";
        }
        BigDecimal rounded =
                new BigDecimal(number)
                        .round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
        return exponential(rounded, precision, rounded.precision() - rounded.scale() - 1, false);
    }

    private static String exponential(
            BigDecimal rounded, int precision, int exponent, boolean trim) {
        StringBuilder digits = new StringBuilder(rounded.unscaledValue().abs().toString());
        while (digits.length() < precision + 1) {
            digits.append('0');
        }
        digits.setLength(precision + 1);
        String mantissa = precision == 0 ? digits.toString() : digits.insert(1, '.').toString();
        int size = Math.abs(exponent);
        return (rounded.signum() < 0 ? "-" : "")
                + (trim ? withoutZeros(mantissa) : mantissa)
                + (exponent < 0 ? "e-" : "e+")
                + (size < 10 ? "0" : "")
                + size;
    }

    /** As {@code %.*f} prints a number. */
    static String fixed(double number, int precision) {
        String special = special(number);
        if (special != null) {
            return special;
        }
        String text =
                new BigDecimal(number).setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
        boolean isNegative = number < 0 || isNegativeZero(number);
        return isNegative && !text.startsWith("-") ? "-" + text : text;
    }

    private static String withoutZeros(String text) {
        if (text.indexOf('.') < 0) {
            return text;
        }
        int end = text.length();
        while (text.charAt(end - 1) == '0') {
            end--;
        }
        return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
    }

    // ---- reading

    static boolean isSpace(int c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    /** The number that a text says, blanks around it allowed, or null. */
    static @Nullable Double parse(byte[] bytes) {
        int from = 0;
        int to = bytes.length;
        while (from < to && isSpace(bytes[from])) {
            from++;
        }
        while (to > from && isSpace(bytes[to - 1])) {
            to--;
        }
        return from == to ? null : parse(bytes, from, to);
    }

    private static @Nullable Double parse(byte[] bytes, int from, int to) {
        int at = from;
        boolean isNegative = bytes[at] == '-';
        if (isNegative || bytes[at] == '+') {
            at++;
        }
        if (at == to) {
            return null;
        }
        Double size;
        if (at + 1 < to && bytes[at] == '0' && (bytes[at + 1] | 0x20) == 'x') {
            size = hexadecimal(bytes, at + 2, to);
        } else if (isDigit(bytes[at]) || bytes[at] == '.') {
            size = decimal(bytes, at, to);
        } else {
            size = word(new String(bytes, at, to - at, StandardCharsets.ISO_8859_1));
        }
        return size == null ? null : isNegative ? (Double) (-size) : size;
    }

    private static @Nullable Double word(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.equals("inf") || lower.equals("infinity")) {
            return Double.POSITIVE_INFINITY;
        }
        return lower.equals("nan") ? (Double) Double.NaN : null;
    }

    static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private static @Nullable Double decimal(byte[] bytes, int from, int to) {
        int at = from;
        int digits = 0;
        long small = 0;
        while (at < to && isDigit(bytes[at])) {
            small = small * 10 + (bytes[at] - '0');
            at++;
            digits++;
        }
        if (at == to && digits <= 15) {
            return (double) small;
        }
        if (at < to && bytes[at] == '.') {
            at++;
            while (at < to && isDigit(bytes[at])) {
                at++;
                digits++;
            }
        }
        if (digits == 0) {
            return null;
        }
        if (at < to && (bytes[at] | 0x20) == 'e') {
            at++;
            if (at < to && (bytes[at] == '+' || bytes[at] == '-')) {
                at++;
            }
            int exponentFrom = at;
            while (at < to && isDigit(bytes[at])) {
                at++;
            }
            if (at == exponentFrom) {
                return null;
            }
        }
        return at == to
                ? Double.valueOf(new String(bytes, from, to - from, StandardCharsets.ISO_8859_1))
                : null;
    }

    private static @Nullable Double hexadecimal(byte[] bytes, int from, int to) {
        double value = 0;
        int exponent = 0;
        int at = from;
        int digits = 0;
        boolean point = false;
        for (; at < to; at++) {
            int digit = Character.digit(bytes[at], 16);
            if (digit >= 0) {
                value = value * 16 + digit;
                exponent -= point ? 4 : 0;
                digits++;
            } else if (bytes[at] == '.' && !point) {
                point = true;
            } else {
                break;
            }
        }
        if (digits == 0) {
            return null;
        }
        if (at < to && (bytes[at] | 0x20) == 'p') {
            at++;
            boolean isNegative = at < to && bytes[at] == '-';
            if (at < to && (isNegative || bytes[at] == '+')) {
                at++;
            }
            int exponentFrom = at;
            int power = 0;
            while (at < to && isDigit(bytes[at])) {
                power = Math.min(power * 10 + (bytes[at] - '0'), 100_000);
                at++;
            }
            if (at == exponentFrom) {
                return null;
            }
            exponent += isNegative ? -power : power;
        }
        return at == to ? (Double) (value * Math.pow(2, exponent)) : null;
    }
}
