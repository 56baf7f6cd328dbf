package io.hotpair.benchmarks.compare;

/**
 * What every contestant holds.
 *
 * @param keyCount keys with a value
 * @param varying whether values have 20 to 180 bytes, a different length at each put, instead of
 *     100
 * @param counterCount keys with a counter
 */
record Dataset(int keyCount, boolean varying, int counterCount) {
    static final int VALUE_LENGTH = 100;
    static final int MAX_VALUE_LENGTH = 180;
    private static final int MIN_VALUE_LENGTH = 20;
    private static final int VALUE_LENGTHS = MAX_VALUE_LENGTH - MIN_VALUE_LENGTH + 1;
    private static final int MAX_COUNTERS = 1_000_000;

    Dataset(int keyCount, boolean varying) {
        this(keyCount, varying, Math.min(keyCount, MAX_COUNTERS));
    }

    /** Values only, to see what they take. */
    static Dataset withoutCounters(int keyCount) {
        return new Dataset(keyCount, false, 0);
    }

    /** The length of the value that a put gives a key at its turn. */
    int valueLength(long number, int turn) {
        if (!varying) {
            return VALUE_LENGTH;
        }
        long mixed = Keys.mix(number + (long) turn * Integer.MAX_VALUE);
        return MIN_VALUE_LENGTH + (int) (((mixed >>> 40) * VALUE_LENGTHS) >>> 24);
    }

    /** About how much memory a contestant takes that is not thrifty. */
    long generousBytes() {
        return keyCount * 320L + counterCount() * 200L + (64L << 20);
    }

    /** About how much memory a contestant takes. */
    long likelyBytes() {
        return keyCount * 220L + counterCount() * 150L;
    }

    String label() {
        return label(keyCount);
    }

    /** As in {@code 1m} and {@code 250k}. */
    static String label(int count) {
        if (count % 1_000_000 == 0) {
            return count / 1_000_000 + "m";
        }
        return count % 1_000 == 0 ? count / 1_000 + "k" : Integer.toString(count);
    }
}
