package io.hotpair.benchmarks.hitratio;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;

/** Caffeine as its own simulator runs it: bounded by size, with maintenance in the caller. */
final class CaffeineReplay implements Replay {
    private final Cache<Integer, Boolean> cache;

    CaffeineReplay(Trace trace, int capacity) {
        Caffeine<Object, Object> builder =
                Caffeine.newBuilder().initialCapacity(capacity).executor(Runnable::run);
        if (trace.lengthsVary()) {
            long limitBytes = (long) (capacity * trace.meanLength());
            cache =
                    builder.maximumWeight(limitBytes)
                            .weigher((Integer key, Boolean value) -> trace.length(key))
                            .build();
        } else {
            cache = builder.maximumSize(capacity).build();
        }
    }

    @Override
    public boolean request(int key) {
        if (cache.getIfPresent(key) != null) {
            return true;
        }
        cache.put(key, Boolean.TRUE);
        return false;
    }

    /** Evicts what is over the limit and returns what is left. */
    long cleanedSize() {
        cache.cleanUp();
        return cache.estimatedSize();
    }
}
