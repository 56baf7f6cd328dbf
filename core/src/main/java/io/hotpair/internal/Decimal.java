package io.hotpair.internal;

import io.hotpair.HotpairException;

/**
 * Decimal integers as Redis reads and writes them: 64 bits, no leading zero, no plus sign, no
 * space.
 */
final class Decimal {
    private Decimal() {}

    /**
     * Writes a number at the end of an array.
     *
     * @return where it begins
     */
    static int format(long number, byte[] into) {
        int at = into.length;
        long rest = number;
        do {
            // Of a negative number the remainders are negative, which serves Long.MIN_VALUE as
            // well.
            into[--at] = (byte) ('0' + Math.abs((int) (rest % 10)));
            rest /= 10;
        } while (rest != 0);
        if (number < 0) {
            into[--at] = '-';
        }
        return at;
    }

    /** Reads a number from the beginning of an array. */
    static long parse(byte[] from, int length) {
        boolean negative = length > 0 && from[0] == '-';
        int at = negative ? 1 : 0;
        if (at == length || (from[at] == '0' && length > 1)) {
            throw notAnInteger();
        }
        // Counted downwards, since the negative range is the larger one.
        long number = 0;
        for (; at < length; at++) {
            int digit = from[at] - '0';
            if (digit < 0 || digit > 9 || number < (Long.MIN_VALUE + digit) / 10) {
                throw notAnInteger();
            }
            number = number * 10 - digit;
        }
        if (!negative && number == Long.MIN_VALUE) {
            throw notAnInteger();
        }
        return negative ? number : -number;
    }

    static HotpairException notAnInteger() {
        return new HotpairException(
                HotpairException.Category.WRONG_VALUE, "value is not an integer or out of range");
    }
}
