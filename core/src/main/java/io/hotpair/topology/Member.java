package io.hotpair.topology;

/**
 * A node that holds a copy of the keyspace.
 *
 * @param name the node's name
 * @param clientHost the host at which Redis clients reach it; empty if it has no listener
 * @param clientPort the port at which Redis clients reach it; 0 if it has no listener
 * @param connected whether it is connected to the master; true for the master
 * @param inSync whether it is in the in-sync set
 * @param loggedOpId the last opId that is known to be in its log
 * @param durableOpId the last opId that is known to be on its device
 * @param lagOps how many opIds it is behind the master
 */
public record Member(
        String name,
        String clientHost,
        int clientPort,
        boolean connected,
        boolean inSync,
        long loggedOpId,
        long durableOpId,
        long lagOps) {}
