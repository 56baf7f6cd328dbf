package io.hotpair.replication.ratis;

import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.replication.register.TopologyState;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The register on Apache Ratis: a voter inside this JVM, and the way to whichever voter leads.
 *
 * <p>Opening returns once this voter listens; it does not wait for the others. As soon as a
 * majority of voters is up, calls are answered, so with a witness that is still missing too. Until
 * then, and whenever there is no majority, calls fail after {@link VoterConfig#requestTimeout()}
 * with an error that says what became of the attempt at each voter.
 *
 * <p>All threads are daemons. Nothing here ends the JVM, registers a shutdown hook, or replaces the
 * JVM's handler of uncaught exceptions; Ratis would, and is kept from it. Thread-safe.
 */
public final class RatisRegister implements TopologyRegister {

    private final String node;
    private final Voter voter;
    private final LeaderCaller leader;
    private final List<String> voters;

    private RatisRegister(VoterConfig config, Voter voter) {
        this.node = config.voter();
        this.voter = voter;
        this.leader = new LeaderCaller(config, voter);
        this.voters = config.voters().keySet().stream().map(config::describe).toList();
    }

    /**
     * Opens a data node's voter, and the register.
     *
     * @param config which voter this is, and the others; the voter's name is the node's name in the
     *     register
     * @return the register, to be closed
     * @throws io.hotpair.HotpairException {@code NETWORK} if the address can't be listened on,
     *     {@code DIRECTORY_IN_USE} if another voter has the directory open, {@code CONSENSUS} if
     *     the directory can't be used, {@code CORRUPTION} or {@code UNKNOWN_VERSION} if what it
     *     holds can't be read
     * @throws IllegalStateException if the directory belongs to another pair or voter, or to a pair
     *     with other voters
     */
    public static RatisRegister open(VoterConfig config) {
        return open(config, Voter.SNAPSHOT_EVERY);
    }

    static RatisRegister open(VoterConfig config, long snapshotEvery) {
        Voter voter = Voter.open(config, snapshotEvery);
        try {
            return new RatisRegister(config, voter);
        } catch (RuntimeException | Error e) {
            voter.close();
            throw e;
        }
    }

    @Override
    public CompletableFuture<RegisterView> read() {
        return call(new RegisterRequest.Read(node));
    }

    /**
     * {@inheritDoc}
     *
     * <p>A state that takes the mastership from the present master, or gives it another
     * incarnation, is refused while its lease runs just as one with a higher term is.
     *
     * @throws IllegalArgumentException if the new version is not one above, or the state is too
     *     large
     */
    @Override
    public CompletableFuture<RegisterView> compareAndSet(long expectedVersion, TopologyState next) {
        if (next.version() != expectedVersion + 1) {
            throw new IllegalArgumentException(
                    "next.version=" + next.version() + ", expected " + (expectedVersion + 1));
        }
        return call(new RegisterRequest.CompareAndSet(node, expectedVersion, next));
    }

    /**
     * {@inheritDoc}
     *
     * <p>Only the master's own node is granted it.
     */
    @Override
    public CompletableFuture<RegisterView> renewLease(long term, long incarnation) {
        return call(new RegisterRequest.Renew(node, term, incarnation));
    }

    private CompletableFuture<RegisterView> call(RegisterRequest request) {
        return leader.call(request).thenApply(reply -> reply.view(voters));
    }

    @Override
    public Set<String> silentVoters() {
        return leader.silentVoters();
    }

    /** This node's own voter, for tests. */
    Voter voter() {
        return voter;
    }

    @Override
    public void close() {
        try {
            leader.close();
        } finally {
            voter.close();
        }
    }
}
