package io.hotpair;

import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.replication.register.TopologyState;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A register in memory that never fails, for nodes in one JVM: the port's rules and no more. */
final class SharedRegister {
    private TopologyState state = TopologyState.INITIAL;
    private long leaseEndNs = System.nanoTime();

    synchronized TopologyState state() {
        return state;
    }

    TopologyRegister of(String node) {
        return new TopologyRegister() {
            @Override
            public CompletableFuture<RegisterView> read() {
                return CompletableFuture.completedFuture(view(true));
            }

            @Override
            public CompletableFuture<RegisterView> compareAndSet(
                    long expectedVersion, TopologyState next) {
                return CompletableFuture.completedFuture(change(node, expectedVersion, next));
            }

            @Override
            public CompletableFuture<RegisterView> renewLease(long term, long incarnation) {
                return CompletableFuture.completedFuture(renew(term, incarnation));
            }

            @Override
            public Set<String> silentVoters() {
                return Set.of();
            }

            @Override
            public void close() {}
        };
    }

    private synchronized RegisterView change(String node, long expected, TopologyState next) {
        String master = state.master();
        boolean sameStart =
                master != null
                        && Objects.equals(
                                state.incarnations().get(master), next.incarnations().get(master));
        boolean ends =
                master != null
                        && (next.term() != state.term()
                                || !master.equals(next.master())
                                || !sameStart);
        boolean givenUp = node.equals(master) && sameStart;
        if (expected != state.version()
                || next.version() != expected + 1
                || next.term() < state.term()
                || (ends && leaseLeftMs() > 0 && !givenUp)) {
            return view(false);
        }
        if (ends || master == null) {
            beginLease();
        }
        state = next;
        return view(true);
    }

    private synchronized RegisterView renew(long term, long incarnation) {
        Long known = state.master() == null ? null : state.incarnations().get(state.master());
        boolean granted = term == state.term() && Objects.equals(known, incarnation);
        if (granted) {
            beginLease();
        }
        return view(granted);
    }

    private void beginLease() {
        leaseEndNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TopologyRegister.LEASE_MS);
    }

    private long leaseLeftMs() {
        return Math.max(0, TimeUnit.NANOSECONDS.toMillis(leaseEndNs - System.nanoTime()));
    }

    private synchronized RegisterView view(boolean accepted) {
        long leftMs = state.master() == null ? 0 : leaseLeftMs();
        return new RegisterView(state, leftMs, accepted, true, Set.of());
    }
}
