package io.hotpair;

import java.util.Objects;

/** An end of a range of members, in the order of their unsigned bytes. */
public final class LexBound {
    /** Below every member: Redis's {@code -}. */
    public static final LexBound LOWEST = new LexBound(new byte[0], false, -1);

    /** Above every member: Redis's {@code +}. */
    public static final LexBound HIGHEST = new LexBound(new byte[0], false, 1);

    private final byte[] member;
    private final boolean exclusive;
    private final int infinity;

    private LexBound(byte[] member, boolean exclusive, int infinity) {
        this.member = Objects.requireNonNull(member, "member");
        this.exclusive = exclusive;
        this.infinity = infinity;
    }

    /**
     * An end that is part of the range: Redis's {@code [member}.
     *
     * @param member the member; not copied
     * @return the bound
     */
    public static LexBound inclusive(byte[] member) {
        return new LexBound(member, false, 0);
    }

    /**
     * An end that is not part of the range: Redis's {@code (member}.
     *
     * @param member the member; not copied
     * @return the bound
     */
    public static LexBound exclusive(byte[] member) {
        return new LexBound(member, true, 0);
    }

    /**
     * The member; empty for {@link #LOWEST} and {@link #HIGHEST}.
     *
     * @return its bytes; not a copy
     */
    public byte[] member() {
        return member;
    }

    /**
     * Whether the member itself is outside of the range.
     *
     * @return whether it is
     */
    public boolean isExclusive() {
        return exclusive;
    }

    /**
     * Which end of all there is this is.
     *
     * @return -1 for {@link #LOWEST}, 1 for {@link #HIGHEST}, else 0
     */
    public int infinity() {
        return infinity;
    }
}
