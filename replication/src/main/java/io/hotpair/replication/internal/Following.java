package io.hotpair.replication.internal;

import org.jspecify.annotations.Nullable;

/** What follows a master. Called by the agent's thread. */
interface Following {

    /** Follows a master; goes on if it does already. */
    void follow(Leader leader);

    /**
     * Follows nobody. On return nothing touches the keyspace any more, and nothing is acknowledged
     * any more.
     */
    void stop();

    /** Whether frames come in. */
    boolean connected();

    /** When the master was last heard, by the monotonic clock; 0 if never. */
    long lastHeardNs();

    /** The last opId in the master's log, as it last said. */
    long masterLastOpId();

    /**
     * What makes this node unfit to be master until it is started again: an operation that is in
     * its log, and perhaps not in its memory. Null if there is nothing.
     */
    @Nullable String failure();

    /** What keeps this node from following, as of the last attempt. Null if nothing is known. */
    default @Nullable String obstacle() {
        return null;
    }
}
