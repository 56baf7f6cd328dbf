package io.hotpair.internal;

import org.jspecify.annotations.Nullable;

/**
 * Looks at a key.
 *
 * @param <R> what it finds
 */
@FunctionalInterface
public interface Reader<R> {
    /**
     * Called inside an epoch.
     *
     * @param edit its working place; nothing is changed
     * @param record the key's record, or 0 if the key is absent or has expired
     * @return what the caller is to get, null being a value like any other; nothing in it may point
     *     into the keyspace's memory
     */
    @Nullable R read(Edit edit, long record);
}
