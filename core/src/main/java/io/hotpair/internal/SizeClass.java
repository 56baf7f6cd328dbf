package io.hotpair.internal;

/**
 * The block sizes: every 8 bytes from 16 to 512, then eight steps to each doubling, so that at most
 * an eighth of a block is wasted. Class 0 is for segments of the index, whose size fits no step.
 */
final class SizeClass {
    /** The class of a segment of the index. */
    static final int SEGMENT = 0;

    private static final int FINE_LIMIT = 512;
    private static final int FINE_COUNT = FINE_LIMIT / 8 - 1;
    private static final int DOUBLINGS = 8;

    /** The largest block; longer values have a region of their own. */
    static final int MAX_LENGTH = FINE_LIMIT << DOUBLINGS;

    /** How many classes there are. */
    static final int COUNT = 1 + FINE_COUNT + DOUBLINGS * 8;

    private SizeClass() {}

    static int of(int length) {
        if (length <= FINE_LIMIT) {
            return Math.max(1, (length - 1) >>> 3);
        }
        int log = 31 - Integer.numberOfLeadingZeros(length - 1);
        int step = ((length - 1) >>> (log - 3)) & 7;
        return 1 + FINE_COUNT + (log - 9) * 8 + step;
    }

    static int length(int sizeClass) {
        if (sizeClass == SEGMENT) {
            return Index.SEGMENT_LENGTH;
        }
        if (sizeClass <= FINE_COUNT) {
            return (sizeClass + 1) << 3;
        }
        int coarse = sizeClass - 1 - FINE_COUNT;
        return (9 + (coarse & 7)) << (6 + (coarse >>> 3));
    }
}
