package io.hotpair.examples.failover;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Remembers every write that was acknowledged, outside the JVMs that hold the data, and counts at
 * the end which of them are gone. Each key has one writer, whose values carry its own ascending
 * sequence number: an acknowledged write is lost if the key's value is older than it, or is not
 * there.
 */
final class Auditor {
    private final Map<String, List<Long>> acknowledged = new HashMap<>();
    private final Map<Long, Set<String>> mastersByTerm = new ConcurrentHashMap<>();
    private long count;
    private long highestTerm;
    private long lateCount;

    /** Remembers a write that a node acknowledged to its own application in a term. */
    synchronized void acknowledged(String key, long sequence, long term) {
        if (term < highestTerm) {
            lateCount++;
        }
        highestTerm = Math.max(highestTerm, term);
        acknowledged(key, sequence);
    }

    /** Remembers a write that was acknowledged to a Redis client. */
    synchronized void acknowledged(String key, long sequence) {
        acknowledged.computeIfAbsent(key, k -> new ArrayList<>()).add(sequence);
        count++;
    }

    void promoted(String node, long term) {
        mastersByTerm.computeIfAbsent(term, t -> ConcurrentHashMap.newKeySet()).add(node);
    }

    synchronized long count() {
        return count;
    }

    /** Writes that a node acknowledged in a term after a later term had acknowledged one. */
    synchronized long lateCount() {
        return lateCount;
    }

    /** Terms in which two nodes were master. */
    long sharedTerms() {
        return mastersByTerm.values().stream().filter(nodes -> nodes.size() > 1).count();
    }

    int termCount() {
        return mastersByTerm.size();
    }

    synchronized Set<String> keys() {
        return new HashSet<>(acknowledged.keySet());
    }

    /** How many acknowledged writes of a key its value does not hold any more. */
    synchronized long lost(String key, long foundSequence) {
        return acknowledged.getOrDefault(key, List.of()).stream()
                .filter(sequence -> sequence > foundSequence)
                .count();
    }

    /** The sequence number in a value; -1 if there is no value. */
    static long sequenceOf(@Nullable String value) {
        return value == null ? -1 : Long.parseLong(value.substring(0, value.indexOf(':')));
    }

    /** A value that carries a sequence number. */
    static String value(long sequence) {
        return sequence + ":" + "x".repeat(80);
    }
}
