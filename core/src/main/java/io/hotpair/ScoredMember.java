package io.hotpair;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A member of a sorted set with its score. */
public final class ScoredMember {
    private final byte[] member;
    private final double score;

    /**
     * Creates one.
     *
     * @param member the member; not copied
     * @param score its score; not a NaN
     */
    public ScoredMember(byte[] member, double score) {
        this.member = Objects.requireNonNull(member, "member");
        this.score = checkScore(score);
    }

    static double checkScore(double score) {
        if (Double.isNaN(score)) {
            throw new IllegalArgumentException("score=NaN, expected a number");
        }
        return score;
    }

    /**
     * The member.
     *
     * @return its bytes; not a copy
     */
    public byte[] member() {
        return member;
    }

    /**
     * The score.
     *
     * @return a number, perhaps infinite or -0.0, never a NaN
     */
    public double score() {
        return score;
    }

    @Override
    public String toString() {
        return new String(member, StandardCharsets.UTF_8) + "=" + score;
    }
}
