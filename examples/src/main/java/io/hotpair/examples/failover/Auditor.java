package io.hotpair.examples.failover;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
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
    private final NavigableMap<Long, Span> spans = new TreeMap<>();
    private long count;

    /** When the first and the last write of a term began, of those that were acknowledged. */
    private record Span(long firstNs, long lastNs) {
        Span include(Span other) {
            return new Span(
                    other.firstNs - firstNs < 0 ? other.firstNs : firstNs,
                    other.lastNs - lastNs > 0 ? other.lastNs : lastNs);
        }
    }

    /**
     * Remembers a write that a node acknowledged to its own application in a term.
     *
     * @param begunNs when the application called, by the clock that all JVMs of a machine share.
     *     Neither the return nor the report counts: a node may be stopped between the last check of
     *     its lease and either of them.
     */
    synchronized void acknowledged(String key, long sequence, long term, long begunNs) {
        spans.merge(term, new Span(begunNs, begunNs), Span::include);
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

    /** Terms that acknowledged a write which began after a later term had begun to write. */
    synchronized long lateTerms() {
        return spans.keySet().stream().filter(this::isLate).count();
    }

    private boolean isLate(long term) {
        long lastNs = requireNonNull(spans.get(term)).lastNs;
        return spans.tailMap(term, false).values().stream()
                .anyMatch(later -> lastNs - later.firstNs > 0);
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
