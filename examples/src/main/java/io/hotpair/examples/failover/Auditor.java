package io.hotpair.examples.failover;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Remembers every write that was acknowledged, outside the JVMs that hold the data, and counts
 * which of them are gone. Each key has one writer, whose values carry its own ascending sequence
 * number: an acknowledged write is lost if the key's value is older than it, or is not there.
 *
 * <p>A newer value hides what was lost before it. So no writer may outlive a fail-over: a writer
 * belongs to one term of a node, or to one connection of a client, and its keys are written by
 * nobody afterwards. What was found lost once stays counted.
 */
final class Auditor {
    private final Map<String, List<Long>> acknowledged = new HashMap<>();
    private final Set<String> lost = new TreeSet<>();
    private final Set<String> cutShort = new TreeSet<>();
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

    /** Remembers that a node's reports can't be read any more: what it acknowledged is unknown. */
    synchronized void cutShort(String node, String reason) {
        cutShort.add(node + ": " + reason);
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

    synchronized List<String> keys() {
        return List.copyOf(acknowledged.keySet());
    }

    /** The last acknowledged write of a key: to be asked for before the key is read. */
    synchronized long lastAcknowledged(String key) {
        return acknowledged.getOrDefault(key, List.of()).stream()
                .mapToLong(Long::longValue)
                .max()
                .orElse(-1);
    }

    /**
     * Compares a key's value with what was acknowledged.
     *
     * @param key the key
     * @param last its last acknowledged write before it was read
     * @param foundSequence the sequence number that was read; -1 if there was no value
     */
    synchronized void found(String key, long last, long foundSequence) {
        List<Long> sequences = acknowledged.getOrDefault(key, List.of());
        for (long sequence : sequences) {
            if (sequence > foundSequence && sequence <= last) {
                lost.add(key + " " + sequence);
            }
        }
        // What came before the last one is judged now; the last one answers for the key later.
        sequences.removeIf(sequence -> sequence < last);
    }

    /** The acknowledged writes that any audit so far missed: key and sequence number. */
    synchronized Set<String> lost() {
        return new TreeSet<>(lost);
    }

    synchronized long lostCount() {
        return lost.size();
    }

    /** Nodes whose reports broke off, with the reason: without them nothing is proved. */
    synchronized Set<String> cutShort() {
        return new TreeSet<>(cutShort);
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
