package io.hotpair;

import java.util.Objects;

/**
 * A part of a sorted set: what Redis's ZRANGE takes after the key. A range goes from low to high
 * unless it is {@link #reversed()}; its ends are always given low end first.
 *
 * @param ends what is in the range
 * @param isReversed whether it goes from high to low, indexes being counted from the high end too
 * @param offset how many are skipped first; if negative, all are, as in Redis
 * @param count how many are taken then; if negative, all that are left
 * @see <a href="https://redis.io/docs/latest/commands/zrange/">ZRANGE</a>
 */
public record SortedSetRange(Ends ends, boolean isReversed, long offset, long count) {

    /** What a range is given by. */
    public sealed interface Ends {}

    /**
     * Two places, both included.
     *
     * @param start the first one; if negative, counted from the end, -1 being the last member
     * @param stop the last one, likewise
     */
    public record Indexes(long start, long stop) implements Ends {}

    /**
     * Two scores.
     *
     * @param min the low end
     * @param max the high end
     */
    public record Scores(ScoreBound min, ScoreBound max) implements Ends {
        /**
         * Checks that both are there.
         *
         * @param min the low end
         * @param max the high end
         */
        public Scores {
            Objects.requireNonNull(min, "min");
            Objects.requireNonNull(max, "max");
        }
    }

    /**
     * Two members.
     *
     * @param min the low end
     * @param max the high end
     */
    public record Members(LexBound min, LexBound max) implements Ends {
        /**
         * Checks that both are there.
         *
         * @param min the low end
         * @param max the high end
         */
        public Members {
            Objects.requireNonNull(min, "min");
            Objects.requireNonNull(max, "max");
        }
    }

    /**
     * Checks that a limit goes with scores or members, which alone can have one.
     *
     * @param ends what is in the range
     * @param isReversed whether it goes from high to low
     * @param offset how many are skipped first
     * @param count how many are taken then
     */
    public SortedSetRange {
        if (ends instanceof Indexes && (offset != 0 || count >= 0)) {
            throw new IllegalArgumentException(
                    "offset="
                            + offset
                            + ", count="
                            + count
                            + ", expected no limit with a range by index");
        }
    }

    /**
     * The members from one place to another.
     *
     * @param start the first place; if negative, counted from the end, -1 being the last member
     * @param stop the last place, likewise
     * @return the range
     */
    public static SortedSetRange byIndex(long start, long stop) {
        return new SortedSetRange(new Indexes(start, stop), false, 0, -1);
    }

    /**
     * The members with scores between two.
     *
     * @param min the low end
     * @param max the high end
     * @return the range
     */
    public static SortedSetRange byScore(ScoreBound min, ScoreBound max) {
        return new SortedSetRange(new Scores(min, max), false, 0, -1);
    }

    /**
     * The members between two, in a sorted set whose scores are all the same. Where they are not,
     * what is found is as little defined as it is in Redis.
     *
     * @param min the low end
     * @param max the high end
     * @return the range
     */
    public static SortedSetRange byLex(LexBound min, LexBound max) {
        return new SortedSetRange(new Members(min, max), false, 0, -1);
    }

    /**
     * This range from high to low.
     *
     * @return the range
     */
    public SortedSetRange reversed() {
        return new SortedSetRange(ends, true, offset, count);
    }

    /**
     * A part of this range, which must be by score or by member.
     *
     * @param skipped how many are skipped first; if negative, all are
     * @param taken how many are taken then; if negative, all that are left
     * @return the range
     */
    public SortedSetRange limit(long skipped, long taken) {
        return new SortedSetRange(ends, isReversed, skipped, taken);
    }
}
