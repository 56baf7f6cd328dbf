package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where a keyspace's memory went. Immutable.
 *
 * <pre>
 *   used = live + index + fragmentation
 *   live = the sum of all types = the sum of all prefixes + other prefixes + without prefix
 * </pre>
 *
 * <p>What a key takes is what its blocks take: its record, which holds the key, and each node of a
 * large value, rounded up to the size of its block. Every node is looked at; nothing is estimated
 * from a sample. A key past its deadline counts until it is removed, and so does a field.
 *
 * <p>The figures are exact as long as nothing is written while the report is made. Else each key
 * that is there throughout is counted once, as it was at some moment of the walk; of a large
 * collection that is changed while it is measured, what was moved may be counted twice or not at
 * all. {@code usedMemoryBytes} and {@code indexBytes} are those of the end of the walk.
 *
 * @param usedMemoryBytes off-heap memory taken
 * @param maxMemoryBytes the limit
 * @param live all keys
 * @param roundingBytes of the memory of live keys what is not filled, because blocks come in steps
 * @param indexBytes memory of the index; its directory, about 8 bytes for each 1,000 keys, is on
 *     the heap
 * @param tombstoneBytes of the fragmentation, what records of deleted keys take that are not purged
 *     yet
 * @param retiredBytes of the fragmentation, what was replaced and waits for readers, for the log,
 *     or for a snapshot; of a large value that was deleted the root only
 * @param logRingBytes heap memory of the ring in which operations wait for the log, 0 without a
 *     log; not a part of the memory taken
 * @param types all keys by type; the names are those of {@link KeyOperations#type}, and each is
 *     there
 * @param prefixes the prefixes that take most, most first
 * @param otherPrefixes the keys with a prefix that {@code prefixes} does not account for
 * @param withoutPrefix the keys without a separator within their first 257 bytes
 * @param biggestKeys the keys that take most, most first
 */
public record MemoryReport(
        long usedMemoryBytes,
        long maxMemoryBytes,
        Usage live,
        long roundingBytes,
        long indexBytes,
        long tombstoneBytes,
        long retiredBytes,
        long logRingBytes,
        Map<String, Usage> types,
        List<PrefixUsage> prefixes,
        Usage otherPrefixes,
        Usage withoutPrefix,
        List<KeyUsage> biggestKeys) {

    /**
     * Copies what could be changed.
     *
     * @param usedMemoryBytes off-heap memory taken
     * @param maxMemoryBytes the limit
     * @param live all keys
     * @param roundingBytes of the memory of live keys what is not filled
     * @param indexBytes memory of the index
     * @param tombstoneBytes what records of deleted keys take
     * @param retiredBytes what was replaced and waits
     * @param logRingBytes heap memory of the ring of operations
     * @param types all keys by type
     * @param prefixes the prefixes that take most
     * @param otherPrefixes the other keys with a prefix
     * @param withoutPrefix the keys without one
     * @param biggestKeys the keys that take most
     */
    public MemoryReport {
        types = Collections.unmodifiableMap(new LinkedHashMap<>(types));
        prefixes = List.copyOf(prefixes);
        biggestKeys = List.copyOf(biggestKeys);
    }

    /**
     * Memory taken that holds neither live keys nor the index: free blocks, memory that is not cut
     * into blocks yet, what was deleted or replaced and is not free yet, and operations that the
     * log has not taken. What is written while the report is made can hide some of it.
     *
     * @return bytes, not below 0
     */
    public long fragmentationBytes() {
        return Math.max(0, usedMemoryBytes - live.memoryBytes() - indexBytes);
    }

    /**
     * Memory taken, over what live keys and the index take of it.
     *
     * @return 1 if nothing is lost
     */
    public double fragmentationRatio() {
        return 1 + (double) fragmentationBytes() / (live.memoryBytes() + indexBytes);
    }

    /**
     * What a number of keys take together.
     *
     * @param keyCount how many there are
     * @param elementCount how many fields, members, entries and list elements they have; a string
     *     counts as one
     * @param memoryBytes what they take
     */
    public record Usage(long keyCount, long elementCount, long memoryBytes) {}

    /**
     * What the keys of a prefix take. Prefixes are counted with a bounded number of counters, at
     * least a thousand. While there are no more prefixes than counters, each figure is exact. Of
     * more, one whose memory is above that of all of them divided by the number of counters has a
     * counter at the end, but what it had before it got that counter is among the other prefixes.
     *
     * @param prefix what stands before the first separator, which is not part of it; at most 256
     *     bytes
     * @param usage what its keys take at least
     * @param maxMissedMemoryBytes how much more it may be at most; 0 if the figures are exact
     */
    @SuppressWarnings("ArrayRecordComponent") // Prefixes are bytes; compared as objects.
    public record PrefixUsage(byte[] prefix, Usage usage, long maxMissedMemoryBytes) {
        /**
         * Copies the prefix.
         *
         * @param prefix what stands before the first separator
         * @param usage what its keys take at least
         * @param maxMissedMemoryBytes how much more it may be at most
         */
        public PrefixUsage {
            prefix = prefix.clone();
        }

        /**
         * What stands before the first separator.
         *
         * @return a copy
         */
        @Override
        public byte[] prefix() {
            return prefix.clone();
        }

        @Override
        public String toString() {
            return new String(prefix, UTF_8)
                    + ": "
                    + usage
                    + (maxMissedMemoryBytes == 0
                            ? ""
                            : " or up to " + maxMissedMemoryBytes + " more");
        }
    }

    /**
     * What a key takes.
     *
     * @param key the key
     * @param type what it holds, as {@link KeyOperations#type} says
     * @param elementCount how many fields, members, entries or list elements; 1 for a string
     * @param memoryBytes what it takes
     */
    @SuppressWarnings("ArrayRecordComponent") // Keys are bytes; compared as objects.
    public record KeyUsage(byte[] key, String type, long elementCount, long memoryBytes) {
        /**
         * Copies the key.
         *
         * @param key the key
         * @param type what it holds
         * @param elementCount how many elements
         * @param memoryBytes what it takes
         */
        public KeyUsage {
            key = key.clone();
        }

        /**
         * The key.
         *
         * @return a copy
         */
        @Override
        public byte[] key() {
            return key.clone();
        }

        @Override
        public String toString() {
            return new String(key, UTF_8)
                    + ": "
                    + type
                    + " of "
                    + elementCount
                    + " elements, "
                    + memoryBytes
                    + " bytes";
        }
    }
}
