package io.hotpair.benchmarks.compare;

import java.util.Arrays;
import org.infinispan.AdvancedCache;
import org.infinispan.commons.dataconversion.MediaType;
import org.infinispan.configuration.cache.ConfigurationBuilder;
import org.infinispan.configuration.cache.StorageType;
import org.infinispan.configuration.global.GlobalConfigurationBuilder;
import org.infinispan.context.Flag;
import org.infinispan.manager.DefaultCacheManager;
import org.jspecify.annotations.Nullable;

/**
 * Infinispan's off-heap storage in a local cache of plain bytes, without statistics, and without
 * asking for the value that a put replaces. It has no counter in a cache, and is not asked to
 * increment.
 */
final class InfinispanContestant implements Contestant {
    private final DefaultCacheManager manager;
    private final AdvancedCache<byte[], byte[]> cache;

    InfinispanContestant() {
        GlobalConfigurationBuilder global = new GlobalConfigurationBuilder().nonClusteredDefault();
        global.jmx().disable();
        manager = new DefaultCacheManager(global.build());
        ConfigurationBuilder configuration = new ConfigurationBuilder();
        configuration.memory().storage(StorageType.OFF_HEAP);
        configuration.encoding().mediaType(MediaType.APPLICATION_OCTET_STREAM_TYPE);
        configuration.statistics().disable();
        cache =
                manager.<byte[], byte[]>createCache("compare", configuration.build())
                        .getAdvancedCache()
                        .withFlags(Flag.IGNORE_RETURN_VALUES);
    }

    @Override
    public Caller caller() {
        return new CacheCaller(cache);
    }

    @Override
    public boolean supports(Operation operation) {
        return operation != Operation.INCREMENT;
    }

    @Override
    public void close() {
        manager.stop();
    }

    private static final class CacheCaller extends Caller {
        private final AdvancedCache<byte[], byte[]> cache;
        private byte[] put = new byte[Dataset.VALUE_LENGTH];

        CacheCaller(AdvancedCache<byte[], byte[]> cache) {
            this.cache = cache;
        }

        @Override
        int get() {
            byte[] found = cache.get(key);
            return found == null ? ABSENT : found[found.length - 1];
        }

        /** It keeps the key's array while another thread may wait for the same key. */
        @Override
        void put(int length) {
            if (put.length != length) {
                put = Arrays.copyOf(value, length);
            }
            System.arraycopy(value, 0, put, 0, length);
            cache.put(key.clone(), put);
        }

        @Override
        long increment() {
            throw new UnsupportedOperationException("increment");
        }

        @Override
        byte @Nullable [] read() {
            return cache.get(key);
        }
    }
}
