package io.hotpair.replication.register;

import io.hotpair.log.Lineage;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the register holds for one pair. Immutable.
 *
 * @param version counts the changes; 0 before the first one
 * @param term the term; 0 before the first election
 * @param master the name of the term's master; null while the term's election runs
 * @param inSync the names of the members that hold every acknowledged write
 * @param minInSync how many members must be in sync for writes to be taken, at least 1
 * @param lineage which term begins at which opId
 * @param incarnations each node's incarnation: a number that it draws anew whenever it starts
 */
public record TopologyState(
        long version,
        long term,
        @Nullable String master,
        Set<String> inSync,
        int minInSync,
        Lineage lineage,
        Map<String, Long> incarnations) {

    /** A register that nobody has written to. */
    public static final TopologyState INITIAL =
            new TopologyState(0, 0, null, Set.of(), 1, Lineage.EMPTY, Map.of());

    /**
     * Copies.
     *
     * @param version counts the changes
     * @param term the term
     * @param master the name of the term's master, or null
     * @param inSync the members in sync
     * @param minInSync at least 1
     * @param lineage which term begins at which opId
     * @param incarnations each node's incarnation
     */
    public TopologyState {
        // Sorted, so that equal states have equal bytes and equal texts.
        inSync = Collections.unmodifiableSet(new TreeSet<>(inSync));
        incarnations = Collections.unmodifiableMap(new TreeMap<>(incarnations));
        if (minInSync < 1) {
            throw new IllegalArgumentException("minInSync=" + minInSync + ", expected 1 or more");
        }
    }
}
