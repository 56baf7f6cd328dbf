package io.hotpair.benchmarks.compare;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.mapdb.DB;
import org.mapdb.DBMaker;
import org.mapdb.HTreeMap;
import org.mapdb.Serializer;

/** MapDB's hash tree in direct memory, without transactions. An increment is a {@code merge}. */
final class MapDbContestant implements Contestant {
    private final DB db = DBMaker.memoryDirectDB().make();
    private final HTreeMap<byte[], byte[]> map =
            db.hashMap("compare", Serializer.BYTE_ARRAY, Serializer.BYTE_ARRAY).create();
    private final HTreeMap<byte[], Long> counters =
            db.hashMap("counters", Serializer.BYTE_ARRAY, Serializer.LONG).create();

    @Override
    public Caller caller() {
        return new MapCaller(map, counters);
    }

    @Override
    public void close() {
        db.close();
    }

    private static final class MapCaller extends Caller {
        private final HTreeMap<byte[], byte[]> map;
        private final HTreeMap<byte[], Long> counters;
        private byte[] put = new byte[Dataset.VALUE_LENGTH];

        MapCaller(HTreeMap<byte[], byte[]> map, HTreeMap<byte[], Long> counters) {
            this.map = map;
            this.counters = counters;
        }

        @Override
        int get() {
            byte[] found = map.get(key);
            return found == null ? ABSENT : found[found.length - 1];
        }

        @Override
        void put(int length) {
            if (put.length != length) {
                put = Arrays.copyOf(value, length);
            }
            System.arraycopy(value, 0, put, 0, length);
            map.put(key, put);
        }

        @Override
        long increment() {
            Long sum = counters.merge(key, 1L, Long::sum);
            return sum == null ? 0 : sum;
        }

        @Override
        byte @Nullable [] read() {
            return map.get(key);
        }
    }
}
