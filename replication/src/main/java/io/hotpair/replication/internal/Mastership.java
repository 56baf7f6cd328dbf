package io.hotpair.replication.internal;

import io.hotpair.topology.Lease;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One term of this node as master, from its election to its resignation. The agent's thread only.
 */
final class Mastership {
    static final long NEVER = -1;

    final long term;
    final Lease lease;
    final InSyncSet inSync;
    final long stoodNs;

    /** When the last renewal was sent. */
    long renewalSentNs;

    /** The version of the register's state by which the in-sync set was settled. */
    long adoptedVersion = NEVER;

    /** The in-sync set that was settled. */
    Set<String> adoptedInSync = Set.of();

    /** The set that is to become the in-sync set, or null. */
    @Nullable Set<String> proposal;

    /**
     * For a smaller set: what has to be forced first. For a larger one: what the newcomer needs.
     */
    long proposalOpId;

    /** What the log held one step ago. */
    long loggedBefore;

    /** When alone: once this is forced, everything acknowledged is. */
    long aloneOpId;

    /** Which members do not force what they should, as the alarm says; or null. */
    @Nullable String deviceAlarm;

    boolean forcing;
    @Nullable String refusal;

    private boolean leased;
    private long leaseEndNs;

    Mastership(long term, Lease lease, InSyncSet inSync, long stoodNs) {
        this.term = term;
        this.lease = lease;
        this.inSync = inSync;
        this.stoodNs = stoodNs;
        this.renewalSentNs = stoodNs;
    }

    boolean leased() {
        return leased;
    }

    /** Moves the lease's end forward; an answer that comes late never moves it back. */
    void extendLease(long endNs) {
        if (!leased || endNs - leaseEndNs > 0) {
            leased = true;
            leaseEndNs = endNs;
            lease.extendTo(endNs);
        }
    }
}
