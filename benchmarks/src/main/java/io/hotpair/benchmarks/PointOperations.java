package io.hotpair.benchmarks;

import io.hotpair.Keyspace;
import io.hotpair.Session;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Get, put and increment on a keyspace in memory, beside the same on a {@link ConcurrentHashMap}
 * that holds copies of the values, as a cache on the heap must if its callers may change what they
 * get. Keys have 16 bytes, values 100, chosen uniformly. Run with {@code -prof gc} to see that the
 * keyspace's side allocates nothing.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PointOperations {
    private static final int KEY_LENGTH = 16;
    private static final int VALUE_LENGTH = 100;
    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Writes a key's bytes for a number. */
    static void writeKey(byte[] key, long number) {
        long rest = number;
        for (int i = KEY_LENGTH - 1; i >= 0; i--) {
            key[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
    }

    /** A key of the map: the same 16 bytes, equal by content. */
    record HeapKey(long upper, long lower) {
        static HeapKey of(byte[] key) {
            return new HeapKey((long) LONGS.get(key, 0), (long) LONGS.get(key, Long.BYTES));
        }

        /** Spreads decimal digits, which the hash that a record gets by itself does not. */
        @Override
        public int hashCode() {
            return (int) (((upper * 31 + lower) * 0x9E3779B97F4A7C15L) >>> 32);
        }
    }

    /** What all threads share. */
    @State(Scope.Benchmark)
    public static class Shared {
        /** How many keys there are. */
        @Param({"1000000"})
        public int keyCount;

        @Nullable Keyspace keyspace;
        final ConcurrentMap<HeapKey, byte[]> map = new ConcurrentHashMap<>();
        final ConcurrentMap<HeapKey, LongAdder> counters = new ConcurrentHashMap<>();

        Keyspace keyspace() {
            Keyspace open = keyspace;
            if (open == null) {
                throw new IllegalStateException("keyspace=null, expected an open one");
            }
            return open;
        }

        /** Fills both sides. */
        @Setup
        public void fill() {
            Keyspace fresh =
                    Keyspace.open(Keyspace.builder().inMemory().maxMemory(4L << 30).build());
            keyspace = fresh;
            Session session = fresh.session();
            byte[] key = new byte[KEY_LENGTH];
            byte[] value = new byte[VALUE_LENGTH];
            for (int i = 0; i < keyCount; i++) {
                writeKey(key, i);
                session.put(key, 0, KEY_LENGTH, value, 0, VALUE_LENGTH, Session.NEVER);
                map.put(HeapKey.of(key), value.clone());
            }
        }

        /** Gives the memory back. */
        @TearDown
        public void close() {
            keyspace().close();
        }
    }

    /** What each thread has. */
    @State(Scope.Thread)
    public static class Caller {
        final byte[] key = new byte[KEY_LENGTH];
        final byte[] counter = new byte[KEY_LENGTH];
        final byte[] value = new byte[VALUE_LENGTH];
        final SplittableRandom random = new SplittableRandom(42);
        @Nullable Session session;

        Session session() {
            Session own = session;
            if (own == null) {
                throw new IllegalStateException("session=null, expected one");
            }
            return own;
        }

        /** Opens the thread's session. */
        @Setup
        public void open(Shared shared) {
            session = shared.keyspace().session();
            writeKey(counter, 9_000_000_000L);
        }

        int next(Shared shared) {
            return random.nextInt(shared.keyCount);
        }
    }

    /** Reads a value into the caller's array. */
    @Benchmark
    public int getHotpair(Shared shared, Caller caller) {
        writeKey(caller.key, caller.next(shared));
        return caller.session().get(caller.key, 0, KEY_LENGTH, caller.value, 0);
    }

    /** Reads a value and copies it, from the map. */
    @Benchmark
    public int getMap(Shared shared, Caller caller) {
        writeKey(caller.key, caller.next(shared));
        byte[] found = shared.map.get(HeapKey.of(caller.key));
        if (found == null) {
            return -1;
        }
        System.arraycopy(found, 0, caller.value, 0, found.length);
        return found.length;
    }

    /** Replaces a value. */
    @Benchmark
    public void putHotpair(Shared shared, Caller caller) {
        writeKey(caller.key, caller.next(shared));
        caller.session()
                .put(caller.key, 0, KEY_LENGTH, caller.value, 0, VALUE_LENGTH, Session.NEVER);
    }

    /** Replaces a value in the map by a copy. */
    @Benchmark
    public void putMap(Shared shared, Caller caller) {
        writeKey(caller.key, caller.next(shared));
        shared.map.put(HeapKey.of(caller.key), caller.value.clone());
    }

    /** Bumps one counter that every thread uses. */
    @Benchmark
    public long incrementHotpair(Caller caller) {
        return caller.session().increment(caller.counter, 0, KEY_LENGTH, 1);
    }

    /** Bumps one counter that every thread uses, in the map. */
    @Benchmark
    public void incrementMap(Shared shared, Caller caller) {
        shared.counters
                .computeIfAbsent(HeapKey.of(caller.counter), key -> new LongAdder())
                .increment();
    }
}
