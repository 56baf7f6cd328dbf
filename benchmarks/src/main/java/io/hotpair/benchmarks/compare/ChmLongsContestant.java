package io.hotpair.benchmarks.compare;

import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A {@link ConcurrentHashMap} whose keys are two {@code long}s: the best that the heap can do for
 * keys of exactly 16 bytes, with one object and one cache miss less for each key.
 */
final class ChmLongsContestant implements Contestant {
    private final ConcurrentMap<LongsKey, byte[]> map = new ConcurrentHashMap<>();
    private final ConcurrentMap<LongsKey, AtomicLong> counters = new ConcurrentHashMap<>();

    private record LongsKey(long first, long second) {
        static LongsKey of(byte[] key) {
            return new LongsKey(Keys.longAt(key, 0), Keys.longAt(key, Long.BYTES));
        }
    }

    @Override
    public Caller caller() {
        return new LongsCaller(map, counters);
    }

    @Override
    public void close() {}

    private static final class LongsCaller extends Caller {
        private final ConcurrentMap<LongsKey, byte[]> map;
        private final ConcurrentMap<LongsKey, AtomicLong> counters;

        LongsCaller(
                ConcurrentMap<LongsKey, byte[]> map, ConcurrentMap<LongsKey, AtomicLong> counters) {
            this.map = map;
            this.counters = counters;
        }

        @Override
        int get() {
            byte[] found = map.get(LongsKey.of(key));
            if (found == null) {
                return ABSENT;
            }
            System.arraycopy(found, 0, into, 0, found.length);
            return into[found.length - 1];
        }

        @Override
        void put(int length) {
            map.put(LongsKey.of(key), Arrays.copyOf(value, length));
        }

        @Override
        long increment() {
            AtomicLong counter = counters.get(LongsKey.of(key));
            if (counter == null) {
                counter = counters.computeIfAbsent(LongsKey.of(key), k -> new AtomicLong());
            }
            return counter.incrementAndGet();
        }

        @Override
        byte @Nullable [] read() {
            return map.get(LongsKey.of(key));
        }
    }
}
