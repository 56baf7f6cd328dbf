package io.hotpair.replication.ratis;

import io.hotpair.log.Lineage;
import io.hotpair.replication.register.TopologyState;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** States that tests go through. */
final class States {

    static final long INCARNATION_A = 0xA;
    static final long INCARNATION_B = 0xB;

    private States() {}

    static long incarnation(String node) {
        return node.equals("a") ? INCARNATION_A : INCARNATION_B;
    }

    /** The state after {@code before} in which a term begins, with a master or an election. */
    static TopologyState next(TopologyState before, long term, @Nullable String master) {
        return new TopologyState(
                before.version() + 1,
                term,
                master,
                Set.of("a", "b"),
                1,
                new Lineage(before.lineage().terms()),
                Map.of("a", INCARNATION_A, "b", INCARNATION_B));
    }

    static TopologyState withIncarnation(TopologyState before, String node, long incarnation) {
        Map<String, Long> incarnations = new HashMap<>(before.incarnations());
        incarnations.put(node, incarnation);
        return new TopologyState(
                before.version() + 1,
                before.term(),
                before.master(),
                before.inSync(),
                before.minInSync(),
                before.lineage(),
                incarnations);
    }
}
