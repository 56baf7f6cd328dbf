package io.hotpair.benchmarks.compare;

import java.util.SplittableRandom;

/** Which keys are asked for how often. */
enum Distribution {
    UNIFORM("uniform") {
        @Override
        void fill(int[] numbers, int keyCount, SplittableRandom random) {
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = random.nextInt(keyCount);
            }
        }
    },
    ZIPF("zipf") {
        @Override
        void fill(int[] numbers, int keyCount, SplittableRandom random) {
            Zipf zipf = new Zipf(keyCount, ZIPF_EXPONENT);
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = scatter(zipf.rank(random.nextDouble()), keyCount);
            }
        }
    };

    private static final double ZIPF_EXPONENT = 0.99;
    private static final long SCATTERING_PRIME = 2_654_435_761L;

    private final String label;

    Distribution(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }

    /** Draws the numbers of keys. */
    abstract void fill(int[] numbers, int keyCount, SplittableRandom random);

    /**
     * Moves the hot keys apart, one to one, since those that are loaded one after the other lie
     * side by side in memory: no cache is filled in the order of its keys' popularity.
     */
    static int scatter(int rank, int keyCount) {
        return (int) (rank * SCATTERING_PRIME % keyCount);
    }
}
