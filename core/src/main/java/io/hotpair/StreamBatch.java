package io.hotpair;

import java.util.List;

/**
 * Entries that were read of one stream.
 *
 * @param key the stream's key
 * @param entries the entries, in the order of their ids
 */
@SuppressWarnings("ArrayRecordComponent") // Names are bytes; compared as objects.
public record StreamBatch(byte[] key, List<StreamEntry> entries) {}
