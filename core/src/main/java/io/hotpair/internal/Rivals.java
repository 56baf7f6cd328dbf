package io.hotpair.internal;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Consumers of a key that take the same things from it: when one of them finds nothing there, the
 * others would not either. Those who only look are nobody's rivals, and have no order. Of those
 * whose attempts are a user's nothing is known: each is asked, and in its turn. So are all who read
 * for a group as soon as one of them also claims, who may find what others don't look for.
 */
record Rivals(Kind kind, @Nullable ByteBuffer group, boolean claims) {

    /** What they take. */
    enum Kind {
        NOTHING,
        UNKNOWN,
        ELEMENTS,
        SCORED_MEMBERS,
        ENTRIES
    }

    static final Rivals NONE = new Rivals(Kind.NOTHING, null, false);
    static final Rivals OF_A_USER = new Rivals(Kind.UNKNOWN, null, false);
    static final Rivals FOR_ELEMENTS = new Rivals(Kind.ELEMENTS, null, false);
    static final Rivals FOR_SCORED_MEMBERS = new Rivals(Kind.SCORED_MEMBERS, null, false);

    /** Those who read a stream for the same group. */
    static Rivals ofGroup(byte[] group) {
        return new Rivals(Kind.ENTRIES, ByteBuffer.wrap(group.clone()), false);
    }

    /**
     * As {@link #ofGroup}, for one who also takes what is pending; after how long is its affair.
     */
    static Rivals ofGroupThatClaims(byte[] group) {
        return new Rivals(Kind.ENTRIES, ByteBuffer.wrap(group.clone()), true);
    }

    /** Whether others stand in one line with these. */
    boolean areThoseOf(Rivals others) {
        return kind == others.kind && Objects.equals(group, others.group);
    }

    boolean compete() {
        return haveOrder() && kind != Kind.UNKNOWN;
    }

    /** Whether who came first must be asked first. */
    boolean haveOrder() {
        return kind != Kind.NOTHING;
    }

    /** Whether it matters to them that the key is gone: a group goes with its stream. */
    boolean mindRemoval() {
        return kind == Kind.ENTRIES;
    }
}
