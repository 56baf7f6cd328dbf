package io.hotpair.benchmarks.compare;

/**
 * Counts durations in buckets that are at most 3 % wide. Allocates nothing once it is made. Not
 * thread-safe.
 */
final class LatencyHistogram {
    private static final int STEPS_BITS = 5;
    private static final int STEPS = 1 << STEPS_BITS;

    private final long[] counts = new long[(Long.SIZE - STEPS_BITS) * STEPS];
    private long count;
    private long maxNs;

    void record(long durationNs) {
        long positive = Math.max(0, durationNs);
        counts[bucket(positive)]++;
        count++;
        maxNs = Math.max(maxNs, positive);
    }

    void add(LatencyHistogram other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        count += other.count;
        maxNs = Math.max(maxNs, other.maxNs);
    }

    long count() {
        return count;
    }

    long maxNs() {
        return maxNs;
    }

    /** The upper end of the bucket that holds the quantile, or 0 if nothing was recorded. */
    long quantileNs(double quantile) {
        long rank = Math.max(1, (long) Math.ceil(quantile * count));
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= rank) {
                return Math.min(upperEnd(i), maxNs);
            }
        }
        return 0;
    }

    private static int bucket(long durationNs) {
        int shift = Math.max(0, Long.SIZE - Long.numberOfLeadingZeros(durationNs) - STEPS_BITS - 1);
        return shift * STEPS + (int) (durationNs >>> shift);
    }

    private static long upperEnd(int bucket) {
        int shift = Math.max(0, bucket / STEPS - 1);
        return ((bucket - (long) shift * STEPS + 1) << shift) - 1;
    }
}
