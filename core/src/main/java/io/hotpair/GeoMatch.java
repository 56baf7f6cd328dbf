package io.hotpair;

import java.nio.charset.StandardCharsets;

/** A member that a {@link GeoSearch} found. */
public final class GeoMatch {
    private final byte[] member;
    private final double score;
    private final GeoPoint point;
    private final double distance;

    /**
     * Creates one.
     *
     * @param member the member; not copied
     * @param score its score in the sorted set
     * @param point where it is
     * @param distance how far from the middle of the search, in the search's unit
     */
    public GeoMatch(byte[] member, double score, GeoPoint point, double distance) {
        this.member = member;
        this.score = score;
        this.point = point;
        this.distance = distance;
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
     * Its score in the sorted set.
     *
     * @return the score, which of a position is {@link #hash()}
     */
    public double score() {
        return score;
    }

    /**
     * Its position as one number.
     *
     * @return 52 bits, longitude and latitude in turns
     */
    public long hash() {
        return (long) score;
    }

    /**
     * Where it is: the middle of the cell that its score stands for, less than a metre wide.
     *
     * @return the position
     */
    public GeoPoint point() {
        return point;
    }

    /**
     * How far it is from the middle of the search.
     *
     * @return the distance, in the search's unit
     */
    public double distance() {
        return distance;
    }

    @Override
    public String toString() {
        return new String(member, StandardCharsets.UTF_8) + " at " + point + ", " + distance;
    }
}
