package io.hotpair;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A pending entry: delivered to a consumer, and not acknowledged.
 *
 * @param id the entry's id
 * @param consumer the name of the consumer that owns it
 * @param deliveredAt when it was last delivered
 * @param idle how long ago that is
 * @param deliveries how often it was delivered
 */
@SuppressWarnings("ArrayRecordComponent") // Names are bytes; compared as objects.
public record StreamPending(
        StreamId id, byte[] consumer, Instant deliveredAt, Duration idle, long deliveries) {

    /**
     * What is pending in a group.
     *
     * @param count how many entries
     * @param first the lowest id, or null if there is none
     * @param last the highest id, or null if there is none
     * @param consumers those that own any, in the order of their names, and how many
     */
    public record Summary(
            long count,
            @Nullable StreamId first,
            @Nullable StreamId last,
            List<Map.Entry<byte[], Long>> consumers) {}
}
