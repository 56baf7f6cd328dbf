package io.hotpair.replication.internal;

import io.hotpair.replication.PairEvent.Kind;
import io.hotpair.replication.register.TopologyState;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Says which data nodes are not in sync, whatever the reason, and what follows. The register knows,
 * so each node that reaches it says so, those that are not in sync as well. Not thread-safe.
 *
 * <p>It does not count before it has lasted: a node that is started again, or a role that changes,
 * is no news.
 */
final class SyncWatch {
    /** Ten leases: longer than a restart or a fail-over takes that goes well. */
    static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);

    static final long REPEAT_NS = Repetition.INTERVAL_NS;

    /** Who was not there itself for longer can't say what others were meanwhile. */
    private static final long MAX_STEP_NS = TimeUnit.SECONDS.toNanos(1);

    private final List<String> dataNodes;
    private final RoleLog events;

    /** For how long each node has been out of sync. */
    private final Map<String, Long> outForNs = new TreeMap<>();

    private long lookedNs;
    private Set<String> told = Set.of();
    private long toldNs;
    private @Nullable String alarm;

    /**
     * Makes one.
     *
     * @param dataNodes every node that should be in sync
     * @param events told of what is found
     * @param nowNs the time
     */
    SyncWatch(List<String> dataNodes, RoleLog events, long nowNs) {
        this.dataNodes = dataNodes;
        this.events = events;
        lookedNs = nowNs;
    }

    /** Which nodes have not been in sync for some time, and what follows, or null. */
    @Nullable String alarm() {
        return alarm;
    }

    /**
     * Says what has changed since the last time. To be called several times a second.
     *
     * @param state the newest state of the register that is known
     * @param why what is known here of why a node is not in sync, or null
     */
    void look(long nowNs, TopologyState state, Function<String, @Nullable String> why) {
        long stepNs = Math.min(nowNs - lookedNs, MAX_STEP_NS);
        lookedNs = nowNs;
        count(state, stepNs);
        Set<String> out = new TreeSet<>();
        outForNs.forEach(
                (node, forNs) -> {
                    if (forNs >= PATIENCE_NS) {
                        out.add(node);
                    }
                });
        tellBack(out, state.term());
        alarm = out.isEmpty() ? null : describe(out, state, why);
        boolean isNew = !told.containsAll(out);
        if (alarm != null && (isNew || nowNs - toldNs >= REPEAT_NS)) {
            toldNs = nowNs;
            events.tell(Kind.OUT_OF_SYNC, state.term(), 0, 0, 0, alarm);
        }
        told = out;
    }

    private void count(TopologyState state, long stepNs) {
        for (String node : dataNodes) {
            // Before the first term there is nothing to be in sync with.
            if (state.term() == 0 || state.inSync().contains(node)) {
                outForNs.remove(node);
            } else {
                outForNs.merge(node, stepNs, Long::sum);
            }
        }
    }

    private void tellBack(Set<String> out, long term) {
        Set<String> back = new TreeSet<>(told);
        back.removeAll(out);
        if (!back.isEmpty()) {
            events.tell(
                    Kind.BACK_IN_SYNC, term, 0, 0, 0, "in sync again: " + String.join(", ", back));
        }
    }

    private String describe(
            Set<String> out, TopologyState state, Function<String, @Nullable String> why) {
        StringJoiner text = new StringJoiner(", ");
        for (String node : out) {
            String reason = why.apply(node);
            text.add(
                    node
                            + " not in sync for "
                            + TimeUnit.NANOSECONDS.toSeconds(outForNs.getOrDefault(node, 0L))
                            + " s"
                            + (reason == null ? "" : " (" + reason + ")"));
        }
        return text
                + (state.inSync().size() > 1
                        ? ": those that can take over: " + state.inSync()
                        : ": no other node can take over from " + state.inSync());
    }
}
