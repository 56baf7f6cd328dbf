package io.hotpair.benchmarks.compare;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Caffeine with a maximum size, which is what makes it a cache, a tenth above what is put: nothing
 * is evicted. Keys, values and counters as with {@link ChmContestant}.
 */
final class CaffeineContestant implements Contestant {
    private final Cache<BytesKey, byte[]> cache;
    private final Cache<BytesKey, AtomicLong> counters;

    CaffeineContestant(Dataset dataset) {
        cache = ofSize(dataset.keyCount());
        counters = ofSize(dataset.counterCount());
    }

    private static <V> Cache<BytesKey, V> ofSize(int count) {
        return Caffeine.newBuilder().maximumSize(count + count / 10).build();
    }

    @Override
    public Caller caller() {
        return new CacheCaller(cache, counters);
    }

    /** The collector takes it, much faster than it would empty itself. */
    @Override
    public void close() {}

    private static final class CacheCaller extends Caller {
        private final Cache<BytesKey, byte[]> cache;
        private final Cache<BytesKey, AtomicLong> counters;

        CacheCaller(Cache<BytesKey, byte[]> cache, Cache<BytesKey, AtomicLong> counters) {
            this.cache = cache;
            this.counters = counters;
        }

        @Override
        int get() {
            byte[] found = cache.getIfPresent(BytesKey.of(key));
            if (found == null) {
                return ABSENT;
            }
            System.arraycopy(found, 0, into, 0, found.length);
            return into[found.length - 1];
        }

        @Override
        void put(int length) {
            cache.put(BytesKey.copyOf(key), Arrays.copyOf(value, length));
        }

        @Override
        long increment() {
            AtomicLong counter = counters.getIfPresent(BytesKey.of(key));
            if (counter == null) {
                counter = counters.get(BytesKey.copyOf(key), k -> new AtomicLong());
            }
            return counter.incrementAndGet();
        }

        @Override
        byte @Nullable [] read() {
            return cache.getIfPresent(BytesKey.of(key));
        }
    }
}
