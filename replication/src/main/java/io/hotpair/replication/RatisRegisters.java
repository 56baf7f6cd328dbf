package io.hotpair.replication;

import io.hotpair.replication.ratis.RatisRegister;
import io.hotpair.replication.ratis.VoterConfig;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.topology.ReplicatedKeyspace;

/** Opens a pair's register on the consensus engine that comes with this module. */
final class RatisRegisters {
    private RatisRegisters() {}

    /**
     * Makes this node a voter, with its files in the keyspace's directory.
     *
     * @param pair what the pair was built with
     * @param keyspace the keyspace whose register it is; its name is the pair's
     * @return the register
     */
    static TopologyRegister open(Pair pair, ReplicatedKeyspace keyspace) {
        VoterConfig.Builder voter =
                VoterConfig.builder(keyspace.name(), pair.nodeName())
                        .directory(keyspace.directory().resolve("consensus"));
        for (DataNode node : pair.dataNodes()) {
            voter.voter(node.name(), node.consensus());
        }
        Endpoint witness = pair.witness().consensus();
        if (witness != null) {
            voter.voter(pair.witness().name(), witness).witness(pair.witness().name());
        }
        return RatisRegister.open(voter.build());
    }
}
