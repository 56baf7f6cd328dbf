package io.hotpair.benchmarks.compare;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.ehcache.Cache;
import org.ehcache.CacheManager;
import org.ehcache.config.builders.CacheConfigurationBuilder;
import org.ehcache.config.builders.CacheManagerBuilder;
import org.ehcache.config.builders.ResourcePoolsBuilder;
import org.ehcache.config.units.MemoryUnit;
import org.ehcache.core.internal.statistics.DefaultStatisticsService;
import org.ehcache.core.spi.service.StatisticsService;
import org.ehcache.core.statistics.TierStatistics;
import org.ehcache.spi.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Ehcache with its off-heap tier alone, and serializers that only copy bytes. It has no counter: an
 * increment is a get and a {@code replace} until that succeeds.
 */
final class EhcacheContestant implements Contestant {
    private static final String CACHE = "compare";

    private final CacheManager manager;
    private final @Nullable StatisticsService statistics;
    private final Cache<BytesKey, byte[]> cache;
    private final Cache<BytesKey, Long> counters;

    EhcacheContestant(Dataset dataset) {
        // To count what it takes costs it time: only where nothing else is measured.
        statistics = dataset.counterCount() == 0 ? new DefaultStatisticsService() : null;
        manager =
                statistics == null
                        ? CacheManagerBuilder.newCacheManagerBuilder().build(true)
                        : CacheManagerBuilder.newCacheManagerBuilder()
                                .using(statistics)
                                .build(true);
        // Its tables grow by doubling, and it evicts when one of them cannot.
        long mebibytes = 2 * (dataset.generousBytes() >> 20);
        cache =
                manager.createCache(
                        CACHE,
                        configuration(byte[].class, mebibytes).withValueSerializer(new Bytes()));
        counters =
                manager.createCache(
                        "counters",
                        configuration(
                                Long.class, Math.max(64, (512L * dataset.counterCount()) >> 20)));
    }

    private static <V> CacheConfigurationBuilder<BytesKey, V> configuration(
            Class<V> valueType, long mebibytes) {
        return CacheConfigurationBuilder.newCacheConfigurationBuilder(
                        BytesKey.class,
                        valueType,
                        ResourcePoolsBuilder.newResourcePoolsBuilder()
                                .offheap(mebibytes, MemoryUnit.MB))
                .withKeySerializer(new WrappedBytes());
    }

    @Override
    public Caller caller() {
        return new CacheCaller(cache, counters);
    }

    @Override
    public long ownBytes() {
        if (statistics == null) {
            return UNKNOWN;
        }
        TierStatistics tier =
                statistics.getCacheStatistics(CACHE).getTierStatistics().get("OffHeap");
        return tier == null ? UNKNOWN : tier.getOccupiedByteSize();
    }

    @Override
    public void close() {
        manager.close();
    }

    private static byte[] bytesOf(ByteBuffer from) {
        byte[] bytes = new byte[from.remaining()];
        from.get(bytes);
        return bytes;
    }

    private static final class Bytes implements Serializer<byte[]> {
        @Override
        public ByteBuffer serialize(byte[] bytes) {
            return ByteBuffer.wrap(bytes);
        }

        @Override
        public byte[] read(ByteBuffer from) {
            return bytesOf(from);
        }

        @Override
        public boolean equals(byte[] bytes, ByteBuffer other) {
            return ByteBuffer.wrap(bytes).equals(other);
        }
    }

    private static final class WrappedBytes implements Serializer<BytesKey> {
        @Override
        public ByteBuffer serialize(BytesKey key) {
            return ByteBuffer.wrap(key.bytes());
        }

        @Override
        public BytesKey read(ByteBuffer from) {
            return BytesKey.of(bytesOf(from));
        }

        @Override
        public boolean equals(BytesKey key, ByteBuffer other) {
            return ByteBuffer.wrap(key.bytes()).equals(other);
        }
    }

    private static final class CacheCaller extends Caller {
        private final Cache<BytesKey, byte[]> cache;
        private final Cache<BytesKey, Long> counters;
        private byte[] put = new byte[Dataset.VALUE_LENGTH];

        CacheCaller(Cache<BytesKey, byte[]> cache, Cache<BytesKey, Long> counters) {
            this.cache = cache;
            this.counters = counters;
        }

        @Override
        int get() {
            byte[] found = cache.get(BytesKey.of(key));
            return found == null ? ABSENT : found[found.length - 1];
        }

        /** The bytes are copied while it puts them; nothing on the heap keeps the arrays. */
        @Override
        void put(int length) {
            if (put.length != length) {
                put = Arrays.copyOf(value, length);
            }
            System.arraycopy(value, 0, put, 0, length);
            cache.put(BytesKey.of(key), put);
        }

        @Override
        long increment() {
            BytesKey wrapped = BytesKey.of(key);
            while (true) {
                Long present = counters.get(wrapped);
                if (present == null) {
                    if (counters.putIfAbsent(wrapped, 1L) == null) {
                        return 1;
                    }
                } else if (counters.replace(wrapped, present, present + 1)) {
                    return present + 1;
                }
            }
        }

        @Override
        byte @Nullable [] read() {
            return cache.get(BytesKey.of(key));
        }
    }
}
