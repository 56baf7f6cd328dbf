package io.hotpair;

/**
 * An end of a range of scores.
 *
 * @param score the score; infinite for no bound; not a NaN
 * @param isExclusive whether the score itself is outside of the range
 */
public record ScoreBound(double score, boolean isExclusive) {
    /** Below every score. */
    public static final ScoreBound LOWEST = inclusive(Double.NEGATIVE_INFINITY);

    /** Above every score. */
    public static final ScoreBound HIGHEST = inclusive(Double.POSITIVE_INFINITY);

    /**
     * Checks the score.
     *
     * @param score the score
     * @param isExclusive whether the score itself is outside of the range
     */
    public ScoreBound {
        score = ScoredMember.checkScore(score);
    }

    /**
     * An end that is part of the range.
     *
     * @param score the score
     * @return the bound
     */
    public static ScoreBound inclusive(double score) {
        return new ScoreBound(score, false);
    }

    /**
     * An end that is not part of the range: Redis's {@code (score}.
     *
     * @param score the score
     * @return the bound
     */
    public static ScoreBound exclusive(double score) {
        return new ScoreBound(score, true);
    }
}
