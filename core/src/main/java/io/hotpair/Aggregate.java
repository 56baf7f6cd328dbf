package io.hotpair;

/** How the scores become one that a member has in several sorted sets. */
public enum Aggregate {
    /** Their sum; 0 where that would be a NaN. */
    SUM {
        @Override
        public double of(double left, double right) {
            double sum = left + right;
            return Double.isNaN(sum) ? 0.0 : sum;
        }
    },
    /** The least. */
    MIN {
        @Override
        public double of(double left, double right) {
            // Not Math.min: of 0.0 and -0.0 the first one stays, and a NaN does not win.
            return right < left ? right : left;
        }
    },
    /** The greatest. */
    MAX {
        @Override
        public double of(double left, double right) {
            return right > left ? right : left;
        }
    };

    /**
     * Puts two scores together.
     *
     * @param left the score so far
     * @param right the next score
     * @return the score of both
     */
    public abstract double of(double left, double right);
}
