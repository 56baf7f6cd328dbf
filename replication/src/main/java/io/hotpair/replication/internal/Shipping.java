package io.hotpair.replication.internal;

import org.jspecify.annotations.Nullable;

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

    /**
     * Whom it has turned away just now, and why, since they did not prove that they belong to the
     * pair: perhaps one that does. Null if nobody.
     */
    default @Nullable String turnedAway() {
        return null;
    }
}
