package io.hotpair.resp;

/** Whole numbers as Redis reads and writes them: canonical decimal text, nothing else. */
final class Decimals {
    /** The longest text of a 64-bit number. */
    static final int MAX_LENGTH = 20;

    /** A tenth of the largest unsigned number, which ends with a 5. */
    private static final long MAX_TENTH = Long.divideUnsigned(-1L, 10);

    private static final byte[] MIN_VALUE = {
        '-', '9', '2', '2', '3', '3', '7', '2', '0', '3', '6', '8', '5', '4', '7', '7', '5', '8',
        '0', '8'
    };

    private Decimals() {}

    /** Whether the bytes are what {@link Long#toString(long)} gives for some number. */
    static boolean isLong(byte[] bytes, int offset, int length) {
        if (length == 0 || length > MAX_LENGTH) {
            return false;
        }
        int at = offset;
        int end = offset + length;
        boolean negative = bytes[at] == '-';
        if (negative) {
            at++;
        }
        int digits = end - at;
        if (digits == 0 || digits > 19) {
            return false;
        }
        if (bytes[at] == '0') {
            return length == 1;
        }
        long magnitude = 0;
        for (int i = at; i < end; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return false;
            }
            magnitude = magnitude * 10 + digit;
        }
        // Nineteen digits pass 2^63 but stay below 2^64, so overflow shows as a negative number;
        // the one that is allowed is 2^63 with its minus sign.
        return magnitude >= 0 || (negative && magnitude == Long.MIN_VALUE);
    }

    /** The number that {@link #isLong} found. */
    static long parse(byte[] bytes, int offset, int length) {
        boolean negative = bytes[offset] == '-';
        long magnitude = 0;
        for (int i = negative ? offset + 1 : offset; i < offset + length; i++) {
            magnitude = magnitude * 10 + (bytes[i] - '0');
        }
        return negative ? -magnitude : magnitude;
    }

    /**
     * Whether the bytes are a cursor: what C's {@code strtoul} reads, so a sign and no digits at
     * all are allowed too.
     */
    static boolean isCursor(byte[] bytes, int offset, int length) {
        int from = offset;
        int end = offset + length;
        if (length > 1 && (bytes[from] == '-' || bytes[from] == '+')) {
            from++;
        }
        long value = 0;
        for (int i = from; i < end; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0
                    || digit > 9
                    || Long.compareUnsigned(value, MAX_TENTH) > 0
                    || (value == MAX_TENTH && digit > 5)) {
                return false;
            }
            value = value * 10 + digit;
        }
        return true;
    }

    /** The cursor that {@link #isCursor} found. */
    static long parseCursor(byte[] bytes, int offset, int length) {
        long value = 0;
        for (int i = offset; i < offset + length; i++) {
            if (bytes[i] >= '0') {
                value = value * 10 + (bytes[i] - '0');
            }
        }
        return length > 0 && bytes[offset] == '-' ? -value : value;
    }

    /** How many bytes {@link #write} needs. */
    static int lengthOf(long value) {
        if (value == Long.MIN_VALUE) {
            return MAX_LENGTH;
        }
        int length = value < 0 ? 2 : 1;
        for (long left = Math.abs(value) / 10; left != 0; left /= 10) {
            length++;
        }
        return length;
    }

    /** Writes a number and returns where it ends. */
    static int write(long value, byte[] into, int offset) {
        if (value == Long.MIN_VALUE) {
            System.arraycopy(MIN_VALUE, 0, into, offset, MAX_LENGTH);
            return offset + MAX_LENGTH;
        }
        int end = offset + lengthOf(value);
        long left = Math.abs(value);
        int at = end;
        do {
            into[--at] = (byte) ('0' + left % 10);
            left /= 10;
        } while (left != 0);
        if (value < 0) {
            into[offset] = '-';
        }
        return end;
    }
}
