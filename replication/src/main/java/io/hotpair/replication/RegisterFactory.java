package io.hotpair.replication;

import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.topology.ReplicatedKeyspace;

/** Opens the register in which it is decided who is master. */
@FunctionalInterface
interface RegisterFactory {

    /**
     * Opens it.
     *
     * @param pair what the pair was built with
     * @param keyspace the keyspace whose register it is
     * @return the register; the caller closes it
     * @throws io.hotpair.HotpairException {@code CONSENSUS} or {@code NETWORK} if it can't start
     */
    TopologyRegister open(Pair pair, ReplicatedKeyspace keyspace);
}
