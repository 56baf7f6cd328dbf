package io.hotpair.benchmarks.compare;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.hotpair.Keyspace;
import io.hotpair.Session;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One contestant in a JVM of its own under a steady load. Requests arrive at a fixed rate; the
 * latency of each counts from the moment at which it was due, not from the moment at which the
 * thread got round to it. So a pause counts for all the requests that it held up, and not for one
 * (Gil Tene calls that other way of counting coordinated omission).
 */
final class PausesProbe {
    private static final int VALUE_LENGTH = 1000;
    private static final long WARM_UP_NS = TimeUnit.SECONDS.toNanos(3);
    private static final double PUTS = 0.5;

    private final Store store;
    private final int keyCount;
    private final SplittableRandom random = new SplittableRandom(7);
    private final byte[] key = new byte[Keys.LENGTH];
    private final byte[] value = new byte[VALUE_LENGTH];
    private final byte[] into = new byte[VALUE_LENGTH];

    /** What the probe needs of a map. */
    private interface Store {
        /** The value's length, or -1. */
        int get(byte[] key, byte[] into);

        void put(byte[] key, byte[] value);
    }

    private PausesProbe(Store store, int keyCount) {
        this.store = store;
        this.keyCount = keyCount;
    }

    /** Arguments: the peer, the number of keys, requests a second, seconds. */
    public static void main(String[] arguments) {
        int keyCount = Integer.parseInt(arguments[1]);
        PausesProbe probe = new PausesProbe(store(Peer.of(arguments[0]), keyCount), keyCount);
        probe.fill();
        long intervalNs = TimeUnit.SECONDS.toNanos(1) / Long.parseLong(arguments[2]);
        probe.load(intervalNs, WARM_UP_NS);
        long startNs = System.nanoTime();
        LatencyHistogram histogram =
                probe.load(intervalNs, TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[3])));
        double seconds = (System.nanoTime() - startNs) / 1e9;
        ChildJvm.answer("requestsPerSecond", histogram.count() / seconds);
        ChildJvm.answer("p50", histogram.quantileNs(0.5));
        ChildJvm.answer("p99", histogram.quantileNs(0.99));
        ChildJvm.answer("p99.9", histogram.quantileNs(0.999));
        ChildJvm.answer("max", histogram.maxNs());
        System.exit(0);
    }

    private static Store store(Peer peer, int keyCount) {
        return switch (peer) {
            case IDLE -> idle();
            case HOTPAIR -> hotpair(keyCount);
            case CHM -> chm();
            case CAFFEINE -> caffeine(keyCount);
            default -> throw new IllegalArgumentException("peer=" + peer);
        };
    }

    private static Store idle() {
        return new Store() {
            @Override
            public int get(byte[] key, byte[] into) {
                return VALUE_LENGTH;
            }

            @Override
            public void put(byte[] key, byte[] value) {}
        };
    }

    private static Store hotpair(int keyCount) {
        var keyspace =
                Keyspace.open(
                        Keyspace.builder()
                                .inMemory()
                                .maxMemory(keyCount * (VALUE_LENGTH + 400L) + (256L << 20))
                                .build());
        var session = keyspace.session();
        return new Store() {
            @Override
            public int get(byte[] key, byte[] into) {
                return session.get(key, 0, key.length, into, 0);
            }

            @Override
            public void put(byte[] key, byte[] value) {
                session.put(key, 0, key.length, value, 0, value.length, Session.NEVER);
            }
        };
    }

    private static Store chm() {
        var map = new ConcurrentHashMap<BytesKey, byte[]>();
        return new Store() {
            @Override
            public int get(byte[] key, byte[] into) {
                return copy(map.get(BytesKey.of(key)), into);
            }

            @Override
            public void put(byte[] key, byte[] value) {
                map.put(BytesKey.copyOf(key), value.clone());
            }
        };
    }

    private static Store caffeine(int keyCount) {
        Cache<BytesKey, byte[]> cache =
                Caffeine.newBuilder().maximumSize(keyCount + keyCount / 10).build();
        return new Store() {
            @Override
            public int get(byte[] key, byte[] into) {
                return copy(cache.getIfPresent(BytesKey.of(key)), into);
            }

            @Override
            public void put(byte[] key, byte[] value) {
                cache.put(BytesKey.copyOf(key), value.clone());
            }
        };
    }

    private static int copy(byte @Nullable [] found, byte[] into) {
        if (found == null) {
            return -1;
        }
        System.arraycopy(found, 0, into, 0, found.length);
        return found.length;
    }

    private void fill() {
        for (int number = 0; number < keyCount; number++) {
            Keys.write(number, key);
            store.put(key, value);
        }
    }

    /** Requests at a fixed rate; those that are late follow at once. */
    private LatencyHistogram load(long intervalNs, long durationNs) {
        LatencyHistogram histogram = new LatencyHistogram();
        long startNs = System.nanoTime();
        for (long dueNs = 0; dueNs < durationNs; dueNs += intervalNs) {
            while (System.nanoTime() - startNs < dueNs) {
                Thread.onSpinWait();
            }
            request();
            histogram.record(System.nanoTime() - startNs - dueNs);
        }
        return histogram;
    }

    private void request() {
        Keys.write(random.nextInt(keyCount), key);
        if (random.nextDouble() < PUTS) {
            store.put(key, value);
        } else if (store.get(key, into) != VALUE_LENGTH) {
            throw new Operation.WrongAnswer("a value is lost");
        }
    }
}
