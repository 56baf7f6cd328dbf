package io.hotpair;

import java.util.List;

/**
 * Entries that were read of one stream.
 *
 * @param key the stream's key
 * @param entries the entries, in the order of their ids; if some were claimed, those first, from
 *     the one that was idle longest on
 * @param deliveries for each of the entries, how it was pending before; empty unless they were read
 *     with {@link StreamGroupRead#claiming}
 */
@SuppressWarnings("ArrayRecordComponent") // Names are bytes; compared as objects.
public record StreamBatch(byte[] key, List<StreamEntry> entries, List<StreamDelivery> deliveries) {

    /**
     * Creates one of which nothing is said but the entries.
     *
     * @param key the stream's key
     * @param entries the entries
     */
    public StreamBatch(byte[] key, List<StreamEntry> entries) {
        this(key, entries, List.of());
    }
}
