package io.hotpair.replication.internal;

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
}
