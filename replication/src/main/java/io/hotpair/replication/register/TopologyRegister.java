package io.hotpair.replication.register;

import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * A small replicated register with a lease: what a pair needs of a consensus engine, and all that
 * it uses of it. Every answer is linearisable. Thread-safe.
 *
 * <p>A future fails with {@link io.hotpair.HotpairException} {@code CONSENSUS} when there was no
 * answer in time; a change may then have been made or not.
 */
public interface TopologyRegister extends AutoCloseable {

    /**
     * How long a lease lasts from the moment at which the register receives a renewal. The holder
     * counts {@link #HOLDER_LEASE_MS} from the moment at which it sent it.
     */
    long LEASE_MS = 1_000;

    /** How long the holder may act after it sent a renewal that was granted. */
    long HOLDER_LEASE_MS = 900;

    /**
     * Reads the register.
     *
     * @return its state, and how much of the master's lease is left
     */
    CompletableFuture<RegisterView> read();

    /**
     * Replaces the state if nobody did meanwhile. A state with a higher term is refused while the
     * present master's lease runs, unless that master's own node asks for it.
     *
     * @param expectedVersion the version on which {@code next} is based
     * @param next the new state; its version must be one above
     * @return the register after it: {@link RegisterView#accepted()} says whether it is {@code
     *     next}
     */
    CompletableFuture<RegisterView> compareAndSet(long expectedVersion, TopologyState next);

    /**
     * Renews the master's lease, by a linearisable query that writes nothing.
     *
     * @param term the term in which the caller is master
     * @param incarnation the caller's incarnation as the register holds it
     * @return the register; {@link RegisterView#accepted()} says whether the lease was renewed
     */
    CompletableFuture<RegisterView> renewLease(long term, long incarnation);

    /**
     * Which voters did not answer this node when it last asked them. For people, when no majority
     * answers; with a majority the answers say more.
     *
     * @return each voter as people know it, with its address, and why it is taken for silent
     */
    Set<String> silentVoters();

    /** Leaves the consensus engine in an orderly way. Idempotent. */
    @Override
    void close();
}
