package io.hotpair.replication.internal;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.replication.register.TopologyState;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A register that can't fail: the rules of the port, on one clock. */
final class MemoryRegister {
    private final Clock clock;
    private TopologyState state = TopologyState.INITIAL;
    private long leaseEndNs;
    private Set<String> missingVoters = Set.of();
    private boolean silent;
    private boolean outOfThreads;

    MemoryRegister(Clock clock) {
        this.clock = clock;
        leaseEndNs = clock.nanoTime();
    }

    synchronized TopologyState state() {
        return state;
    }

    synchronized RegisterView read() {
        return view(true);
    }

    synchronized RegisterView compareAndSet(
            String caller, long expectedVersion, TopologyState next) {
        boolean ends = endsMastership(next);
        if (expectedVersion != state.version()
                || next.version() != expectedVersion + 1
                || next.term() < state.term()
                || (ends && leaseLeftNs() > 0 && !isGivenUp(caller, next))) {
            return view(false);
        }
        if (ends || state.master() == null) {
            changeLeader();
        }
        state = next;
        return view(true);
    }

    synchronized RegisterView renewLease(long term, long incarnation) {
        String master = state.master();
        Long known = master == null ? null : state.incarnations().get(master);
        boolean granted = term == state.term() && known != null && known == incarnation;
        if (granted) {
            leaseEndNs =
                    clock.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TopologyRegister.LEASE_MS);
        }
        return view(granted);
    }

    /** From now on the voter that leads does not hear these. */
    synchronized void miss(String... voters) {
        missingVoters = Set.of(voters);
    }

    /** From now on it answers nobody, or again. */
    synchronized void silent(boolean forNow) {
        silent = forNow;
    }

    /** From now on no question can be asked, or again. */
    synchronized void outOfThreads(boolean forNow) {
        outOfThreads = forNow;
    }

    private synchronized CompletableFuture<RegisterView> answer(Supplier<RegisterView> question) {
        if (outOfThreads) {
            throw new OutOfMemoryError("unable to create native thread");
        }
        return silent
                ? CompletableFuture.failedFuture(new HotpairException(Category.CONSENSUS, "silent"))
                : CompletableFuture.completedFuture(question.get());
    }

    /** Another voter leads: it knows of no renewal, so every lease starts at full length. */
    synchronized void changeLeader() {
        leaseEndNs = clock.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TopologyRegister.LEASE_MS);
    }

    /** The register as one node reaches it, answering at once. */
    TopologyRegister of(String node) {
        return new TopologyRegister() {
            @Override
            public CompletableFuture<RegisterView> read() {
                return answer(MemoryRegister.this::read);
            }

            @Override
            public CompletableFuture<RegisterView> compareAndSet(
                    long expectedVersion, TopologyState next) {
                return answer(() -> MemoryRegister.this.compareAndSet(node, expectedVersion, next));
            }

            @Override
            public CompletableFuture<RegisterView> renewLease(long term, long incarnation) {
                return answer(() -> MemoryRegister.this.renewLease(term, incarnation));
            }

            @Override
            public Set<String> silentVoters() {
                return Set.of();
            }

            @Override
            public void close() {}
        };
    }

    private boolean endsMastership(TopologyState next) {
        String master = state.master();
        return master != null
                && (next.term() != state.term()
                        || !master.equals(next.master())
                        || !sameIncarnation(master, next));
    }

    /** A process that was started anew is not the one that holds the lease. */
    private boolean isGivenUp(String caller, TopologyState next) {
        return caller.equals(state.master()) && sameIncarnation(caller, next);
    }

    private boolean sameIncarnation(String node, TopologyState next) {
        return Objects.equals(state.incarnations().get(node), next.incarnations().get(node));
    }

    private RegisterView view(boolean accepted) {
        long leftMs = state.master() == null ? 0 : TimeUnit.NANOSECONDS.toMillis(leaseLeftNs());
        return new RegisterView(state, leftMs, accepted, missingVoters.isEmpty(), missingVoters);
    }

    private long leaseLeftNs() {
        return Math.max(0, leaseEndNs - clock.nanoTime());
    }
}
