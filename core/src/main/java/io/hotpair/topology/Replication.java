package io.hotpair.topology;

/**
 * What makes a keyspace one of a pair. An application hands one to {@code
 * KeyspaceBuilder.replication}; the replication module has the implementation.
 */
public interface Replication {

    /**
     * Takes charge of a keyspace's role. Called once, when the keyspace is open, its log replayed
     * and its role {@link Role#REPLICA}. Returns without waiting for a role to be decided.
     *
     * @param keyspace what to steer
     * @return the session; the keyspace closes it before it closes its log
     * @throws io.hotpair.HotpairException {@code NETWORK} or {@code CONSENSUS} if it can't start
     */
    ReplicationSession start(ReplicatedKeyspace keyspace);
}
