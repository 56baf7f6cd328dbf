package io.hotpair.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
    private static final int COUNT = 100_000;

    @Test
    void shouldGiveQuantilesNoMoreThanThreePercentTooHigh() {
        LatencyHistogram histogram = new LatencyHistogram();
        long[] durations = new long[COUNT];
        SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < COUNT; i++) {
            durations[i] = random.nextLong(1L << random.nextInt(1, 40));
            histogram.record(durations[i]);
        }
        Arrays.sort(durations);
        for (double quantile : new double[] {0.1, 0.5, 0.99, 0.999, 1}) {
            long exact = durations[(int) Math.ceil(quantile * COUNT) - 1];
            long given = histogram.quantileNs(quantile);
            assertTrue(
                    given >= exact && given <= exact * 1.032 + 1,
                    "quantile " + quantile + ": " + given + ", exactly " + exact);
        }
        assertEquals(durations[COUNT - 1], histogram.maxNs());
    }

    @Test
    void shouldAddUp() {
        LatencyHistogram one = new LatencyHistogram();
        LatencyHistogram other = new LatencyHistogram();
        one.record(10);
        other.record(1_000_000);
        one.add(other);
        assertEquals(2, one.count());
        assertEquals(10, one.quantileNs(0.5));
        assertEquals(1_000_000, one.quantileNs(1));
    }
}
