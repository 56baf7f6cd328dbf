package io.hotpair.replication.internal;

import io.hotpair.replication.DataNode;
import io.hotpair.replication.PairListener;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a pair was built with.
 *
 * @param self this node's name
 * @param dataNodes every node that holds a copy, in the order in which they may make the first
 *     master
 * @param bindHost where this node listens for replicas
 * @param secret the shared secret, or null
 * @param minInSync how many members must be in sync for writes to be taken
 * @param shippingBytesPerSecond the limit for each replica, 0 for none
 * @param acceptPossibleLoss whether the only member in sync may go on after an unclean restart
 * @param listener told of what happens
 */
public record PairSettings(
        String self,
        List<DataNode> dataNodes,
        String bindHost,
        @Nullable SharedSecret secret,
        int minInSync,
        long shippingBytesPerSecond,
        boolean acceptPossibleLoss,
        PairListener listener) {

    List<String> names() {
        List<String> names = new ArrayList<>();
        for (DataNode node : dataNodes) {
            names.add(node.name());
        }
        return names;
    }

    /** An odd number: each data node votes, and if they are even in number there is a witness. */
    int voterCount() {
        return dataNodes.size() | 1;
    }

    DataNode selfNode() {
        for (DataNode node : dataNodes) {
            if (node.name().equals(self)) {
                return node;
            }
        }
        throw new IllegalStateException("self=" + self + ", expected one of " + names());
    }
}
