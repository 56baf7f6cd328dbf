package io.hotpair;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a stream.
 *
 * @param id its id
 * @param fieldsAndValues field, value, field, value ..., as they were given; null if the entry is
 *     pending but was deleted from the stream
 */
public record StreamEntry(StreamId id, @Nullable List<byte[]> fieldsAndValues) {}
