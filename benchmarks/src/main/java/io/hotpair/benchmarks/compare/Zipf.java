package io.hotpair.benchmarks.compare;

/**
 * Ranks after Zipf's law, by the method of Gray et al., "Quickly Generating Billion-Record
 * Synthetic Databases" (SIGMOD 1994), as the Yahoo Cloud Serving Benchmark draws them.
 */
final class Zipf {
    private final int count;
    private final double exponent;
    private final double zeta;
    private final double alpha;
    private final double eta;

    Zipf(int count, double exponent) {
        this.count = count;
        this.exponent = exponent;
        zeta = zeta(count);
        alpha = 1 / (1 - exponent);
        eta = (1 - Math.pow(2.0 / count, 1 - exponent)) / (1 - zeta(2) / zeta);
    }

    private double zeta(int upTo) {
        double sum = 0;
        for (int i = 1; i <= upTo; i++) {
            sum += Math.pow(i, -exponent);
        }
        return sum;
    }

    /** The rank, from 0, that a number in [0, 1) stands for. */
    int rank(double uniform) {
        double scaled = uniform * zeta;
        if (scaled < 1) {
            return 0;
        }
        if (scaled < 1 + Math.pow(0.5, exponent)) {
            return 1;
        }
        return (int) Math.min(count - 1.0, count * Math.pow(eta * uniform - eta + 1, alpha));
    }
}
