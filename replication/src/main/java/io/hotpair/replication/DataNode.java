package io.hotpair.replication;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A node that holds a copy of the keyspace, as every node of the pair has to know it.
 *
 * @param name lower-case letters, digits and hyphens, at most 63
 * @param replication where it listens for its replicas
 * @param consensus where its voter listens
 * @param client where Redis clients reach it, to be told to them; null if it has no such listener
 */
public record DataNode(
        String name, Endpoint replication, Endpoint consensus, @Nullable Endpoint client) {

    /**
     * Checks.
     *
     * @param name lower-case letters, digits and hyphens, at most 63
     * @param replication where it listens for its replicas
     * @param consensus where its voter listens
     * @param client where Redis clients reach it, or null
     * @throws IllegalArgumentException if the name has another form
     */
    public DataNode {
        requireName(name);
        Objects.requireNonNull(replication, "replication");
        Objects.requireNonNull(consensus, "consensus");
    }

    static void requireName(String name) {
        if (!name.matches("[a-z0-9-]{1,63}")) {
            throw new IllegalArgumentException(
                    "name=" + name + ", expected 1 to 63 of a-z, 0-9 and hyphen");
        }
    }
}
