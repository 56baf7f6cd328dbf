package io.hotpair.topology;

/** Replication at work on one keyspace. */
public interface ReplicationSession extends Topology, AutoCloseable {

    /**
     * Stops: gives the master's role up in an orderly way if it is held, closes connections, ends
     * threads. Returns when none of them touches the keyspace any more. Idempotent.
     */
    @Override
    void close();
}
