package io.hotpair.internal;

import org.jspecify.annotations.Nullable;

/**
 * Looks at several keys as they were at one moment.
 *
 * @param <R> what it finds
 */
@FunctionalInterface
public interface MultiReader<R> {
    /**
     * Called inside an epoch.
     *
     * @param edit its working place; nothing is changed
     * @param records the keys' records, 0 for one that is absent or has expired
     * @return what the caller is to get; nothing in it may point into the keyspace's memory
     */
    @Nullable R read(Edit edit, long[] records);
}
