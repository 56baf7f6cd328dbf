package io.hotpair.internal;

/** Where the nodes of trees come from and go to, for the length of one change. */
interface NodeStore {
    /** Takes memory for a node, aligned to 16 bytes. Throws if there is none. */
    long allocateNode(int lengthBytes);

    /** The birth mark of the nodes made; see {@link SnapshotView}. */
    int birth();

    /** Whether a node was made by this change, so that nobody else sees it and it may change. */
    boolean isFresh(long node);

    /** Says that the new state has no use for a node any more. */
    void replaceNode(long node);

    /** Says so of a node and all that is below it. */
    void dropTree(long root);
}
