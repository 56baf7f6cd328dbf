package io.hotpair.benchmarks.compare;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;
import org.h2.mvstore.type.ByteArrayDataType;
import org.jspecify.annotations.Nullable;

/**
 * The store of the H2 database, in a file, with its own automatic commits (after a second, or when
 * enough has changed) and a cache that holds everything.
 */
final class H2Store implements Contestant {
    private static final long CACHE_BYTES_PER_KEY = 600;

    private final MVStore store;
    private final MVMap<byte[], byte[]> map;

    H2Store(Dataset dataset, Path file) {
        int cacheMegabytes = (int) (64 + ((dataset.keyCount() * CACHE_BYTES_PER_KEY) >> 20));
        store = new MVStore.Builder().fileName(file.toString()).cacheSize(cacheMegabytes).open();
        map =
                store.openMap(
                        "stores",
                        new MVMap.Builder<byte[], byte[]>()
                                .keyType(new KeyType())
                                .valueType(ByteArrayDataType.INSTANCE));
    }

    @Override
    public Caller caller() {
        return new MapCaller(map);
    }

    /** What is not committed yet would be while somebody else is measured. */
    @Override
    public void rest() {
        long unused = store.commit();
    }

    @Override
    public void close() {
        store.close();
    }

    /** Arrays of bytes that are ordered, which its own are not. */
    private static final class KeyType extends BasicDataType<byte[]> {
        @Override
        public int compare(byte[] one, byte[] other) {
            return Arrays.compareUnsigned(one, other);
        }

        @Override
        public int getMemory(byte[] key) {
            return ByteArrayDataType.INSTANCE.getMemory(key);
        }

        @Override
        public void write(WriteBuffer into, byte[] key) {
            ByteArrayDataType.INSTANCE.write(into, key);
        }

        @Override
        public byte[] read(ByteBuffer from) {
            return ByteArrayDataType.INSTANCE.read(from);
        }

        @Override
        public byte[][] createStorage(int size) {
            return new byte[size][];
        }
    }

    /** It keeps the arrays that it is given. */
    private static final class MapCaller extends StoreCaller {
        private final MVMap<byte[], byte[]> map;

        MapCaller(MVMap<byte[], byte[]> map) {
            this.map = map;
        }

        @Override
        void put(int length) {
            byte[] unused = map.put(key.clone(), copyOfValue(length));
        }

        @Override
        byte @Nullable [] read() {
            return map.get(key);
        }
    }
}
