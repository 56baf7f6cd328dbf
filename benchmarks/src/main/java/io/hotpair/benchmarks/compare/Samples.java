package io.hotpair.benchmarks.compare;

import java.util.Arrays;

/** Figures of which quantiles are asked. */
final class Samples {
    private static final double LOW = 0.10;

    private double[] figures = new double[16];
    private int count;

    void add(double figure) {
        if (count == figures.length) {
            figures = Arrays.copyOf(figures, count * 2);
        }
        figures[count++] = figure;
    }

    int count() {
        return count;
    }

    /** The low quantile: what it costs while nobody else disturbs. */
    double low() {
        return quantile(LOW);
    }

    double median() {
        return quantile(0.5);
    }

    /** NaN without any. */
    double mean() {
        return Arrays.stream(figures, 0, count).average().orElse(Double.NaN);
    }

    /** Between the two nearest figures, in proportion; NaN without any. */
    double quantile(double quantile) {
        if (count == 0) {
            return Double.NaN;
        }
        double[] sorted = Arrays.copyOf(figures, count);
        Arrays.sort(sorted);
        double at = quantile * (count - 1);
        int below = (int) at;
        int above = Math.min(below + 1, count - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
