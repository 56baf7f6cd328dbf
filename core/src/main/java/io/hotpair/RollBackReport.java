package io.hotpair;

/**
 * What a roll back did.
 *
 * @param toOpId the keyspace holds what it held after this operation
 * @param restoredCount keys that were put back to what they were
 * @param removedCount keys that were not there then
 * @param lastOpId the last of the operations that did it; 0 if nothing was to do
 */
public record RollBackReport(long toOpId, long restoredCount, long removedCount, long lastOpId) {}
