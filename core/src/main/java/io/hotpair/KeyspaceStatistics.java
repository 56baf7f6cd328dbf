package io.hotpair;

/**
 * What a keyspace says of itself at one moment; each figure is exact, all of them together need not
 * be of the same instant.
 *
 * @param keyCount keys, those past their deadline but not yet removed included
 * @param deadlineCount keys with a deadline
 * @param usedMemoryBytes off-heap memory taken
 * @param maxMemoryBytes the limit
 * @param idleMemoryBytes off-heap memory taken that holds nothing just now; what of it has the
 *     wrong size for present values becomes others when it is needed
 * @param hitCount reads that found their key
 * @param missCount reads that did not
 * @param expiredCount keys removed because their deadline had passed
 * @param evictedCount keys removed to make room
 * @param lastOpId the last opId in memory
 * @param loggedOpId the last opId in the log
 * @param durableOpId the last opId forced to the device
 * @param committedOpId the last opId acknowledged by the in-sync set
 */
public record KeyspaceStatistics(
        long keyCount,
        long deadlineCount,
        long usedMemoryBytes,
        long maxMemoryBytes,
        long idleMemoryBytes,
        long hitCount,
        long missCount,
        long expiredCount,
        long evictedCount,
        long lastOpId,
        long loggedOpId,
        long durableOpId,
        long committedOpId) {}
