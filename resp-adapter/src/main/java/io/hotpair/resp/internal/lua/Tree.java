package io.hotpair.resp.internal.lua;

/** What the tree of a chunk takes, as far as it is known while the chunk is compiled. */
final class Tree {
    /** The nodes, names and constants that a token becomes take less. */
    private static final int TOKEN_BYTES = 80;

    private final boolean isOwned;
    private long bytes;

    /** The walk over live memory that came by last; see {@link Budget}. */
    int mark;

    /**
     * Makes one.
     *
     * @param isOwned whether it belongs to an execution, and not to all
     */
    Tree(boolean isOwned) {
        this.isOwned = isOwned;
    }

    /** Adds a token with so many characters that are kept. */
    long add(int length) {
        long more = TOKEN_BYTES + 2L * length;
        bytes += more;
        return more;
    }

    boolean isOwned() {
        return isOwned;
    }

    long bytes() {
        return bytes;
    }
}
