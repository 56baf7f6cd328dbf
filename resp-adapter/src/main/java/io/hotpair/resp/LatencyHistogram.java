package io.hotpair.resp;

/**
 * How often a command took how long. Eight buckets for each doubling, so a figure is right within
 * an eighth. Its memory is that of a few hundred counters, whatever is recorded; recording is one
 * increment. Written and read by the rules of {@link WorkerStatistics}.
 *
 * <pre>
 *   bucket 0 to 7       that many nanoseconds
 *   bucket 8 and more   8 to 15 units of 1, 2, 4, ... nanoseconds, eight buckets for each unit
 * </pre>
 */
final class LatencyHistogram {
    /** As Redis has it; what takes longer counts as that. */
    private static final long MAX_NS = 1_000_000_000;

    private static final int STEP_BITS = 3;
    private static final int STEPS = 1 << STEP_BITS;
    private static final int BUCKETS = bucketOf(MAX_NS) + 1;

    private final long[] counts = new long[BUCKETS];

    void record(long ns) {
        counts[bucketOf(Math.max(0, Math.min(ns, MAX_NS)))]++;
    }

    void add(LatencyHistogram other) {
        for (int i = 0; i < BUCKETS; i++) {
            counts[i] += other.counts[i];
        }
    }

    private static int bucketOf(long ns) {
        if (ns < STEPS) {
            return (int) ns;
        }
        int unitBits = Long.SIZE - 1 - Long.numberOfLeadingZeros(ns) - STEP_BITS;
        return (unitBits << STEP_BITS) + (int) (ns >>> unitBits);
    }

    /** What is less than this, and not in a bucket before, is in a bucket. */
    private static long endNs(int bucket) {
        if (bucket < STEPS) {
            return bucket + 1L;
        }
        int unitBits = (bucket >>> STEP_BITS) - 1;
        return (bucket - ((long) unitBits << STEP_BITS) + 1) << unitBits;
    }

    long count() {
        return countBelow(Long.MAX_VALUE);
    }

    /**
     * How many took less than a time.
     *
     * @param ns a power of two from 8 on
     */
    long countBelow(long ns) {
        long count = 0;
        for (int i = 0; i < BUCKETS && endNs(i) <= ns; i++) {
            count += counts[i];
        }
        return count;
    }

    /** The time that so many of a hundred did not exceed; 0 if there are none. */
    long percentileNs(double percentile) {
        long wanted = Math.max(1, (long) (percentile / 100 * count() + 0.5));
        long count = 0;
        for (int i = 0; i < BUCKETS; i++) {
            count += counts[i];
            if (count >= wanted) {
                return endNs(i) - 1;
            }
        }
        return 0;
    }
}
