package io.hotpair;

/** Which members ZADD and its kin may touch: the combinations of NX, XX, GT and LT there are. */
public enum ZaddCondition {
    /** Adds members and gives new scores. */
    ALWAYS(true, true, 0),
    /** Adds members only. */
    NX(true, false, 0),
    /** Gives new scores only. */
    XX(false, true, 0),
    /** Adds members, and gives new scores that are greater. */
    GT(true, true, 1),
    /** Adds members, and gives new scores that are less. */
    LT(true, true, -1),
    /** Gives new scores only, and only greater ones. */
    XX_GT(false, true, 1),
    /** Gives new scores only, and only lesser ones. */
    XX_LT(false, true, -1);

    private final boolean adds;
    private final boolean updates;
    private final int direction;

    ZaddCondition(boolean adds, boolean updates, int direction) {
        this.adds = adds;
        this.updates = updates;
        this.direction = direction;
    }

    /**
     * Whether an absent member is added.
     *
     * @return whether it is
     */
    public boolean adds() {
        return adds;
    }

    /**
     * Whether a member gets a new score.
     *
     * @param from the score that it has
     * @param to the score that it would get
     * @return whether it does
     */
    public boolean updates(double from, double to) {
        return updates && !(direction > 0 && to <= from) && !(direction < 0 && to >= from);
    }
}
