package io.hotpair;

/**
 * Operations on the values of each type. Those of a {@link Keyspace} or of {@link Keyspace#at} are
 * steps of their own, and wait for a level; those of a {@link Session} are steps of their own, and
 * do not wait; those of a {@link TransactionView} become a part of its transaction. Code that takes
 * one of these works with any of them.
 */
public interface TypedOperations {

    /**
     * Operations on keys, whatever they hold.
     *
     * @return the operations
     */
    KeyOperations keys();

    /**
     * Operations on strings and parts of them.
     *
     * @return the operations
     */
    StringOperations strings();

    /**
     * Operations on hashes.
     *
     * @return the operations
     */
    HashOperations hashes();

    /**
     * Operations on lists.
     *
     * @return the operations
     */
    ListOperations lists();

    /**
     * Operations on sets.
     *
     * @return the operations
     */
    SetOperations sets();

    /**
     * Operations on sorted sets.
     *
     * @return the operations
     */
    SortedSetOperations sortedSets();

    /**
     * Operations on streams.
     *
     * @return the operations
     */
    StreamOperations streams();

    /**
     * Operations on geographical positions, in sorted sets.
     *
     * @return the operations
     */
    GeoOperations geo();

    /**
     * Operations on HyperLogLogs.
     *
     * @return the operations
     */
    HyperLogLogOperations hyperLogLogs();
}
