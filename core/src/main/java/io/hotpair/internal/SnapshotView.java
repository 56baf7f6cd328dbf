package io.hotpair.internal;

/**
 * What writers must know while a snapshot is open.
 *
 * <p>A snapshot shows the keyspace as it was after the operation S = {@link #opId}. Nobody is
 * stopped for it:
 *
 * <pre>
 *   raise the view, S unknown ──► grace period ──► S = the last opId given ──► walk ──► take it down
 * </pre>
 *
 * <ul>
 *   <li><b>V1</b> A writer reads the view once, inside its epoch. One that found none has left
 *       before S is fixed, and has numbered its record: that is not above S.
 *   <li><b>V2</b> A writer that found a view gives its record a link to the record before it; if
 *       that one's number is known to be above S, to where that one's link leads. So from a key's
 *       record the newest one that is not above S is found by following links while the version is
 *       above S.
 *   <li><b>V3</b> What a link may lead to is held: not retired before the snapshot is closed. So
 *       are the nodes that a writer takes out of a tree, but for those born under the fixed view,
 *       which no record up to S can have. A link that is left over from a closed snapshot is never
 *       followed: its record is not above the S of any later one.
 *   <li><b>V4</b> While a view is up, no tombstone is purged, so that a deleted key's link is
 *       there.
 *   <li><b>V5</b> What is held counts as used. Where memory is nearly full the snapshot gives way:
 *       to evict for it would be in vain, since what is evicted is held.
 * </ul>
 */
final class SnapshotView {
    static final long UNKNOWN = -1;

    /** Generations after which nodes are told apart no more, and all of them are held. */
    static final int MAX_GENERATION = Tree.MAX_BIRTH;

    private final int generation;
    private final long opId;

    /**
     * Creates one.
     *
     * @param generation says under which view a node was born; 0 to tell none apart
     * @param opId S, or {@link #UNKNOWN}
     */
    SnapshotView(int generation, long opId) {
        this.generation = generation;
        this.opId = opId;
    }

    long opId() {
        return opId;
    }

    boolean isFixed() {
        return opId != UNKNOWN;
    }

    /** Whether the snapshot may need a record. */
    boolean mayNeed(long version) {
        return !isFixed() || version <= opId;
    }

    /**
     * Whether a node of this birth mark was made after S was fixed, so that no record up to S has
     * it.
     */
    boolean isBornAfter(int birth) {
        return isFixed() && generation != 0 && birth == generation;
    }

    /** The birth mark of nodes made under this view. */
    int birth() {
        return isFixed() ? generation : 0;
    }
}
