package io.hotpair.replication;

import io.hotpair.replication.internal.PairSession;
import io.hotpair.replication.internal.PairSettings;
import io.hotpair.topology.ReplicatedKeyspace;
import io.hotpair.topology.Replication;
import io.hotpair.topology.ReplicationSession;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One node's part in a pair: what makes the keyspace it is given to a master or a replica. Made by
 * {@link #builder()}, handed to {@code KeyspaceBuilder.replication}, good for one keyspace.
 * Thread-safe.
 */
public final class Pair implements Replication {
    private final PairSettings settings;
    private final Witness witness;
    private final RegisterFactory registerFactory;
    private final AtomicBoolean started = new AtomicBoolean();
    private volatile @Nullable PairSession session;

    /**
     * The node that only votes.
     *
     * @param name its name, empty if there is none
     * @param consensus where its voter listens, or null if there is none
     */
    record Witness(String name, @Nullable Endpoint consensus) {
        static final Witness NONE = new Witness("", null);
    }

    Pair(PairSettings settings, Witness witness, RegisterFactory registerFactory) {
        this.settings = settings;
        this.witness = witness;
        this.registerFactory = registerFactory;
    }

    /**
     * Starts a configuration.
     *
     * @return a builder with every default set
     */
    public static PairBuilder builder() {
        return new PairBuilder();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if it was started before
     */
    @Override
    public ReplicationSession start(ReplicatedKeyspace keyspace) {
        if (!started.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "pair of node="
                            + nodeName()
                            + " has a keyspace already, expected one pair for"
                            + " each keyspace");
        }
        PairSession begun =
                PairSession.start(settings, keyspace, () -> registerFactory.open(this, keyspace));
        session = begun;
        return begun;
    }

    /**
     * The name of this node.
     *
     * @return the name
     */
    public String nodeName() {
        return settings.self();
    }

    /**
     * Every node that holds a copy, in the configured order.
     *
     * @return the nodes
     */
    public List<DataNode> dataNodes() {
        return settings.dataNodes();
    }

    /**
     * How this node stands now.
     *
     * @return the status, or null before the keyspace is open
     */
    public @Nullable PairStatus status() {
        PairSession running = session;
        return running == null ? null : running.status();
    }

    Witness witness() {
        return witness;
    }
}
