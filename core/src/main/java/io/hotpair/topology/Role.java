package io.hotpair.topology;

/** What a node does for a keyspace. */
public enum Role {
    /** Accepts writes. */
    MASTER,
    /** Follows the master's log and may take over. */
    REPLICA
}
