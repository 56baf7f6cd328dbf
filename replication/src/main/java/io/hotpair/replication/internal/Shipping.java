package io.hotpair.replication.internal;

/** What feeds the replicas of a master. Called by the agent's thread. */
interface Shipping {

    /**
     * Takes replicas for a term.
     *
     * @param term the term in which this node is master
     * @param incarnation this node's incarnation
     * @param inSync told of what they acknowledge
     */
    void open(long term, long incarnation, InSyncSet inSync);

    /** Ends the sessions of the term; whoever asks next is told that this node is not master. */
    void close();
}
