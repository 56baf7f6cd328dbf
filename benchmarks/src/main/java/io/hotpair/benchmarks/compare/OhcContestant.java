package io.hotpair.benchmarks.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.caffinitas.ohc.CacheSerializer;
import org.caffinitas.ohc.OHCache;
import org.caffinitas.ohc.OHCacheBuilder;
import org.jspecify.annotations.Nullable;

/**
 * OHC in one of its two forms: {@code linked} allocates each entry by itself, {@code chunked} puts
 * entries of a fixed size into chunks. Its hash tables are sized beforehand. It has no counter: an
 * increment is a get and an {@code addOrReplace} until that succeeds.
 */
final class OhcContestant implements Contestant {
    private static final int SEGMENTS = 8;
    private static final int CHUNK_BYTES = 1 << 20;

    private final OHCache<byte[], byte[]> cache;
    private final OHCache<byte[], Long> counters;

    private OhcContestant(OHCache<byte[], byte[]> cache, OHCache<byte[], Long> counters) {
        this.cache = cache;
        this.counters = counters;
    }

    static OhcContestant linked(Dataset dataset) {
        return new OhcContestant(
                OhcContestant.<byte[]>builder(dataset, dataset.keyCount())
                        .valueSerializer(new Bytes())
                        .build(),
                counters(dataset));
    }

    static OhcContestant chunked(Dataset dataset) {
        return new OhcContestant(
                OhcContestant.<byte[]>builder(dataset, dataset.keyCount())
                        .valueSerializer(new Bytes())
                        .chunkSize(CHUNK_BYTES)
                        .fixedEntrySize(Keys.LENGTH, Dataset.VALUE_LENGTH)
                        .build(),
                counters(dataset));
    }

    private static OHCache<byte[], Long> counters(Dataset dataset) {
        return OhcContestant.<Long>builder(dataset, dataset.counterCount())
                .valueSerializer(new Longs())
                .build();
    }

    private static <V> OHCacheBuilder<byte[], V> builder(Dataset dataset, int count) {
        return OHCacheBuilder.<byte[], V>newBuilder()
                .keySerializer(new Bytes())
                .segmentCount(SEGMENTS)
                .hashTableSize(Math.max(1, count / SEGMENTS))
                .capacity(dataset.generousBytes());
    }

    @Override
    public Caller caller() {
        return new CacheCaller(cache, counters);
    }

    @Override
    public long ownBytes() {
        return cache.memUsed() + counters.memUsed();
    }

    @Override
    public void close() {
        try {
            cache.close();
            counters.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Bytes implements CacheSerializer<byte[]> {
        @Override
        public void serialize(byte[] bytes, ByteBuffer into) {
            into.put(bytes);
        }

        @Override
        public byte[] deserialize(ByteBuffer from) {
            byte[] bytes = new byte[from.remaining()];
            from.get(bytes);
            return bytes;
        }

        @Override
        public int serializedSize(byte[] bytes) {
            return bytes.length;
        }
    }

    private static final class Longs implements CacheSerializer<Long> {
        @Override
        public void serialize(Long number, ByteBuffer into) {
            into.putLong(number);
        }

        @Override
        public Long deserialize(ByteBuffer from) {
            return from.getLong();
        }

        @Override
        public int serializedSize(Long number) {
            return Long.BYTES;
        }
    }

    private static final class CacheCaller extends Caller {
        private final OHCache<byte[], byte[]> cache;
        private final OHCache<byte[], Long> counters;
        private byte[] put = new byte[Dataset.VALUE_LENGTH];

        CacheCaller(OHCache<byte[], byte[]> cache, OHCache<byte[], Long> counters) {
            this.cache = cache;
            this.counters = counters;
        }

        @Override
        int get() {
            byte[] found = cache.get(key);
            return found == null ? ABSENT : found[found.length - 1];
        }

        @Override
        void put(int length) {
            if (put.length != length) {
                put = Arrays.copyOf(value, length);
            }
            System.arraycopy(value, 0, put, 0, length);
            cache.put(key, put);
        }

        @Override
        long increment() {
            while (true) {
                Long present = counters.get(key);
                if (present == null) {
                    if (counters.putIfAbsent(key, 1L)) {
                        return 1;
                    }
                } else if (counters.addOrReplace(key, present, present + 1)) {
                    return present + 1;
                }
            }
        }

        @Override
        byte @Nullable [] read() {
            return cache.get(key);
        }
    }
}
