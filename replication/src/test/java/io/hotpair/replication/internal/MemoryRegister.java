package io.hotpair.replication.internal;

import io.hotpair.Clock;
import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.replication.register.TopologyState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A register that can't fail: the rules of the port, on one clock. */
final class MemoryRegister {
    private final Clock clock;
    private final List<TopologyState> history = new ArrayList<>();
    private TopologyState state = TopologyState.INITIAL;
    private long leaseEndNs;

    MemoryRegister(Clock clock) {
        this.clock = clock;
        leaseEndNs = clock.nanoTime();
        history.add(state);
    }

    synchronized TopologyState state() {
        return state;
    }

    synchronized List<TopologyState> history() {
        return List.copyOf(history);
    }

    synchronized RegisterView read() {
        return view(true);
    }

    synchronized RegisterView compareAndSet(
            String caller, long expectedVersion, TopologyState next) {
        boolean leased = leaseLeftNs() > 0 && !caller.equals(state.master());
        if (expectedVersion != state.version()
                || next.version() != expectedVersion + 1
                || next.term() < state.term()
                || (next.term() > state.term() && leased)) {
            return view(false);
        }
        if (next.term() > state.term()) {
            leaseEndNs =
                    clock.nanoTime()
                            + (next.master() == null
                                    ? 0
                                    : TimeUnit.MILLISECONDS.toNanos(TopologyRegister.LEASE_MS));
        }
        state = next;
        history.add(next);
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

    /** The register as one node reaches it, answering at once. */
    TopologyRegister of(String node) {
        return new TopologyRegister() {
            @Override
            public CompletableFuture<RegisterView> read() {
                return CompletableFuture.completedFuture(MemoryRegister.this.read());
            }

            @Override
            public CompletableFuture<RegisterView> compareAndSet(
                    long expectedVersion, TopologyState next) {
                return CompletableFuture.completedFuture(
                        MemoryRegister.this.compareAndSet(node, expectedVersion, next));
            }

            @Override
            public CompletableFuture<RegisterView> renewLease(long term, long incarnation) {
                return CompletableFuture.completedFuture(
                        MemoryRegister.this.renewLease(term, incarnation));
            }

            @Override
            public void close() {}
        };
    }

    private RegisterView view(boolean accepted) {
        long leftMs = state.master() == null ? 0 : TimeUnit.NANOSECONDS.toMillis(leaseLeftNs());
        return new RegisterView(state, leftMs, accepted, true);
    }

    private long leaseLeftNs() {
        return Math.max(0, leaseEndNs - clock.nanoTime());
    }
}
