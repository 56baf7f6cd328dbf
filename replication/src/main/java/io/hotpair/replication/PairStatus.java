package io.hotpair.replication;

import io.hotpair.topology.Role;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a node of a pair stands at one moment.
 *
 * @param node its name
 * @param role what it does
 * @param term the newest term that it knows
 * @param master the master's name as far as it knows, or null while there is none
 * @param inSync the in-sync set as far as it knows
 * @param connected whether it is connected to the master; true on the master
 * @param haReady whether any single node may fail now, without the loss of what was acknowledged by
 *     the peer and without the end of service: every voter takes part, there is a master, and every
 *     data node is in sync. With a {@code minInSync} of all data nodes writes are refused all the
 *     same while one of them is away
 * @param fullCopyCount full copies received since it was opened
 * @param alarm what is wrong that needs a person, such as which voters are silent, or which data
 *     nodes have not been in sync for 10 s, and why; or null
 */
public record PairStatus(
        String node,
        Role role,
        long term,
        @Nullable String master,
        Set<String> inSync,
        boolean connected,
        boolean haReady,
        long fullCopyCount,
        @Nullable String alarm) {}
