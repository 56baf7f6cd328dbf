package io.hotpair.replication.internal;

import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.topology.ReplicatedKeyspace;
import java.util.List;

/**
 * What an agent works with.
 *
 * @param self this node's name
 * @param dataNodes every data node's name, in the order in which they may make the first master
 * @param voterCount how many voters there are, the witness included
 * @param minInSync how many members must be in sync for writes to be taken
 * @param acceptPossibleLoss whether the only member in sync may go on although its machine went
 *     down with operations that were not forced
 * @param incarnation this start's number, drawn at random
 * @param keyspace what is steered
 * @param register where it is decided who is master
 * @param shipping what feeds replicas
 * @param following what follows a master
 * @param marker what this node remembers of itself
 * @param events told of what happens
 * @param wake makes the agent step again soon; called by any thread
 */
record AgentSetup(
        String self,
        List<String> dataNodes,
        int voterCount,
        int minInSync,
        boolean acceptPossibleLoss,
        long incarnation,
        ReplicatedKeyspace keyspace,
        TopologyRegister register,
        Shipping shipping,
        Following following,
        NodeMarker marker,
        RoleLog events,
        Runnable wake) {}
