package io.hotpair.replication.ratis;

import io.hotpair.Clock;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.replication.register.TopologyState;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One voter's copy of the register and, while that voter leads, the master's lease. Knows nothing
 * of the consensus engine. Thread-safe: one lock, held for a few instructions.
 *
 * <p>The state changes only by {@link #apply}, which every voter does with the same entries in the
 * same order, and which looks at nothing but the state. The lease lives in the leader's memory, and
 * decides only what may enter the log and which renewal is granted:
 *
 * <ul>
 *   <li>L1. A change that ends the present mastership enters the log only when the lease has run
 *       out, unless it is the master itself that gives up.
 *   <li>L2. From the moment at which such a change was let into the log until it is applied or
 *       known to be lost, no renewal is granted. Hence no lease outlives the mastership.
 *   <li>L3. Who begins to lead knows nothing of what the leader before it granted, and so takes
 *       every lease to have been renewed at that moment.
 * </ul>
 *
 * <p>A change that is let into the log always carries the version of the state that it was judged
 * by plus one, and is applied to that very state or not at all. So the judgement of L1 still holds
 * when the change is applied.
 */
final class LeasedRegister {

    private static final long LEASE_NS = TimeUnit.MILLISECONDS.toNanos(TopologyRegister.LEASE_MS);
    private static final long NOT_LEADING = -1;

    /**
     * A register with the change that led to it.
     *
     * @param lastChange the change that made {@code state}
     * @param state the register
     */
    record Image(ChangeId lastChange, TopologyState state) {
        static final Image INITIAL = new Image(ChangeId.NONE, TopologyState.INITIAL);
    }

    private final Clock clock;

    private Image image = Image.INITIAL;

    /** The Raft term in which this voter leads and has applied all entries of earlier terms. */
    private long leadingTerm = NOT_LEADING;

    /** Until when the master's lease runs, if this voter leads and there is a master. */
    private long leaseEndNs;

    /** Changes in the log that would end the mastership (L2). */
    private final Set<ChangeId> endings = new HashSet<>();

    LeasedRegister(Clock clock) {
        this.clock = clock;
    }

    synchronized Image image() {
        return image;
    }

    synchronized void restore(Image restored) {
        image = restored;
    }

    /** This voter leads, and has applied whatever the leaders before it committed (L3). */
    synchronized void lead(long raftTerm) {
        leadingTerm = raftTerm;
        endings.clear();
        grantLease();
    }

    /** This voter does not lead any more. */
    synchronized void follow() {
        leadingTerm = NOT_LEADING;
        endings.clear();
    }

    /**
     * Answers a read or a renewal.
     *
     * @param currentTerm the highest Raft term that this voter has seen, asked for after the
     *     request came in
     * @throws NotLeadingException if this voter does not lead in that term
     */
    synchronized RegisterReply answer(RegisterRequest request, long currentTerm)
            throws NotLeadingException {
        requireLeading(currentTerm);
        boolean isAccepted = true;
        if (request instanceof RegisterRequest.Renew renewal) {
            isAccepted = endings.isEmpty() && isByTheMaster(renewal);
            if (isAccepted) {
                grantLease();
            }
        }
        return reply(isAccepted, false);
    }

    /**
     * Decides whether a change may enter the log.
     *
     * @return why it may not, or null if it may
     * @throws NotLeadingException if this voter does not lead in that term
     */
    synchronized @Nullable String propose(
            RegisterRequest.CompareAndSet change, ChangeId id, long currentTerm)
            throws NotLeadingException {
        requireLeading(currentTerm);
        if (id.equals(image.lastChange())) {
            // A retry of what was done: applying it again will say so, and change nothing.
            return null;
        }
        if (!fits(change)) {
            return "version=" + image.state().version() + ", term=" + image.state().term();
        }
        if (endsMastership(change.next())) {
            if (leaseLeftNs() > 0 && !isGivenUpByTheMaster(change)) {
                return "leaseLeftMs=" + leaseLeftMs();
            }
            endings.add(id);
        }
        return null;
    }

    /** A change that was to enter the log did not. */
    synchronized void withdraw(ChangeId id) {
        endings.remove(id);
    }

    /** Applies a change out of the log. */
    synchronized RegisterReply apply(RegisterRequest.CompareAndSet change, ChangeId id) {
        boolean isAccepted = id.equals(image.lastChange());
        if (!isAccepted && fits(change)) {
            boolean isNewMastership =
                    endsMastership(change.next()) || image.state().master() == null;
            image = new Image(id, change.next());
            if (isNewMastership) {
                // A new master has time to send its first renewal.
                grantLease();
            }
            // Other changes that were judged by the state before can't be applied any more.
            endings.clear();
            isAccepted = true;
        }
        endings.remove(id);
        return reply(isAccepted, true);
    }

    private boolean fits(RegisterRequest.CompareAndSet change) {
        TopologyState state = image.state();
        return change.expectedVersion() == state.version()
                && change.next().version() == state.version() + 1
                && change.next().term() >= state.term();
    }

    private boolean endsMastership(TopologyState next) {
        TopologyState state = image.state();
        String master = state.master();
        return master != null
                && (next.term() != state.term()
                        || !master.equals(next.master())
                        || !sameIncarnation(master, next));
    }

    /**
     * Whether the master ends its own mastership. A process that was started anew under the
     * master's name is not the one that holds the lease, and has to wait like any other.
     */
    private boolean isGivenUpByTheMaster(RegisterRequest.CompareAndSet change) {
        String master = image.state().master();
        return master != null
                && master.equals(change.requester())
                && sameIncarnation(master, change.next());
    }

    private boolean sameIncarnation(String node, TopologyState next) {
        Long incarnation = image.state().incarnations().get(node);
        return incarnation != null && incarnation.equals(next.incarnations().get(node));
    }

    private boolean isByTheMaster(RegisterRequest.Renew renewal) {
        TopologyState state = image.state();
        String master = state.master();
        if (master == null) {
            return false;
        }
        Long incarnation = state.incarnations().get(master);
        return renewal.requester().equals(master)
                && renewal.term() == state.term()
                && incarnation != null
                && incarnation == renewal.incarnation();
    }

    private void requireLeading(long currentTerm) throws NotLeadingException {
        if (leadingTerm == NOT_LEADING || leadingTerm != currentTerm) {
            throw new NotLeadingException(
                    "leadingTerm=" + leadingTerm + ", currentTerm=" + currentTerm);
        }
    }

    private void grantLease() {
        leaseEndNs = clock.nanoTime() + LEASE_NS;
    }

    private long leaseLeftNs() {
        boolean hasLease = leadingTerm != NOT_LEADING && image.state().master() != null;
        return hasLease ? Math.max(0, leaseEndNs - clock.nanoTime()) : 0;
    }

    /** Rounded up: 0 says that it has ended. */
    private long leaseLeftMs() {
        return TimeUnit.NANOSECONDS.toMillis(leaseLeftNs() + 999_999);
    }

    private RegisterReply reply(boolean isAccepted, boolean isCommitted) {
        return new RegisterReply(
                leadingTerm, isCommitted, isAccepted, false, 0, leaseLeftMs(), image.state());
    }
}
