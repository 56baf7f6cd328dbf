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
 * @param haReady whether every voter has applied an entry and none is silent, so that any single
 *     one may fail
 * @param fullCopyCount full copies received since it was opened
 * @param alarm what is wrong that needs a person, such as which voters are silent; or null
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
