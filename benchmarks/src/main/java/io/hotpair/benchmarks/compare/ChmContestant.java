package io.hotpair.benchmarks.compare;

import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A {@link ConcurrentHashMap} from wrapped bytes to arrays. A get copies the value into the
 * caller's array, as a cache must whose callers may change what they get; a put keeps copies, since
 * the caller goes on to use its arrays. Counters are what is fastest on the heap: {@link
 * AtomicLong}.
 */
final class ChmContestant implements Contestant {
    private final ConcurrentMap<BytesKey, byte[]> map = new ConcurrentHashMap<>();
    private final ConcurrentMap<BytesKey, AtomicLong> counters = new ConcurrentHashMap<>();

    @Override
    public Caller caller() {
        return new CopyingCaller(map, counters);
    }

    /**
     * The same map, asked by a caller that only looks at the first and the last byte of the value
     * where it lies.
     */
    Contestant touching() {
        return new Touching(map);
    }

    @Override
    public void close() {}

    private static final class CopyingCaller extends Caller {
        private final ConcurrentMap<BytesKey, byte[]> map;
        private final ConcurrentMap<BytesKey, AtomicLong> counters;

        CopyingCaller(
                ConcurrentMap<BytesKey, byte[]> map, ConcurrentMap<BytesKey, AtomicLong> counters) {
            this.map = map;
            this.counters = counters;
        }

        @Override
        int get() {
            byte[] found = map.get(BytesKey.of(key));
            if (found == null) {
                return ABSENT;
            }
            System.arraycopy(found, 0, into, 0, found.length);
            return into[found.length - 1];
        }

        @Override
        void put(int length) {
            map.put(BytesKey.copyOf(key), Arrays.copyOf(value, length));
        }

        @Override
        long increment() {
            AtomicLong counter = counters.get(BytesKey.of(key));
            if (counter == null) {
                counter = counters.computeIfAbsent(BytesKey.copyOf(key), k -> new AtomicLong());
            }
            return counter.incrementAndGet();
        }

        @Override
        byte @Nullable [] read() {
            return map.get(BytesKey.of(key));
        }
    }

    private static final class Touching implements Contestant {
        private final ConcurrentMap<BytesKey, byte[]> map;

        Touching(ConcurrentMap<BytesKey, byte[]> map) {
            this.map = map;
        }

        @Override
        public Caller caller() {
            return new TouchingCaller(map);
        }

        @Override
        public boolean supports(Operation operation) {
            return operation == Operation.GET || operation == Operation.GET_INDEPENDENT;
        }

        @Override
        public boolean isMap() {
            return false;
        }

        @Override
        public void close() {}
    }

    private static final class TouchingCaller extends ReadingCaller {
        private final ConcurrentMap<BytesKey, byte[]> map;
        private byte first;

        TouchingCaller(ConcurrentMap<BytesKey, byte[]> map) {
            this.map = map;
        }

        @Override
        int get() {
            byte[] found = map.get(BytesKey.of(key));
            if (found == null) {
                return ABSENT;
            }
            first = found[0];
            return found[found.length - 1];
        }

        @Override
        byte @Nullable [] read() {
            return new byte[] {first};
        }
    }
}
