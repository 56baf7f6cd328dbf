package io.hotpair;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where to read a stream.
 *
 * @param key the stream's key
 * @param after the id behind which to read; null for what is new: to a group the entries that were
 *     not delivered to it yet, and else those that are added after the call has begun
 */
@SuppressWarnings("ArrayRecordComponent") // Names are bytes; compared as objects.
public record StreamPosition(byte[] key, @Nullable StreamId after) {

    /**
     * Behind an id. For a group: the entries behind it that are pending and the consumer's own.
     *
     * @param key the stream's key
     * @param id the id, which is not read itself
     * @return the position
     */
    public static StreamPosition after(byte[] key, StreamId id) {
        return new StreamPosition(key, Objects.requireNonNull(id, "id"));
    }

    /**
     * What was not delivered to the group yet; Redis's {@code >}.
     *
     * @param key the stream's key
     * @return the position
     */
    public static StreamPosition undelivered(byte[] key) {
        return new StreamPosition(key, null);
    }

    /**
     * What is added after the call has begun, which must be one that waits; Redis's {@code $}.
     *
     * @param key the stream's key
     * @return the position
     */
    public static StreamPosition added(byte[] key) {
        return new StreamPosition(key, null);
    }
}
