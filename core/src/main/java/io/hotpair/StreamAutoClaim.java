package io.hotpair;

import java.util.List;

/**
 * What {@code XAUTOCLAIM} did.
 *
 * @param next where to go on; {@code 0-0} if all pending entries were looked at
 * @param claimed the entries, or their ids, that the consumer owns now
 * @param deleted the ids that were pending but are no entries any more; they are not pending now
 * @param <T> entries or ids
 */
public record StreamAutoClaim<T>(StreamId next, List<T> claimed, List<StreamId> deleted) {}
