package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory cut for values of one size serves values of another, and the limit can be changed. */
@Timeout(120)
class CompactionTest {
    private static final long LIMIT = 16L << 20;

    private static Keyspace open(MaxMemoryPolicy policy) {
        return Keyspace.open(
                Keyspace.builder().inMemory().maxMemory(LIMIT).maxMemoryPolicy(policy).build());
    }

    private static byte[] key(int i) {
        return ("key-" + i).getBytes(UTF_8);
    }

    /** Puts values until one is refused; returns how many were taken. */
    private static int fill(Keyspace keyspace, int firstKey, int length) {
        byte[] value = new byte[length];
        for (int i = 0; ; i++) {
            try {
                Arrays.fill(value, (byte) (firstKey + i));
                keyspace.put(key(firstKey + i), value);
            } catch (HotpairException e) {
                assertEquals(HotpairException.Category.MEMORY_LIMIT, e.category());
                return i;
            }
        }
    }

    private static void assertHolds(Keyspace keyspace, int i, int length) {
        byte[] expected = new byte[length];
        Arrays.fill(expected, (byte) i);
        assertArrayEquals(expected, keyspace.get(key(i)), "key " + i);
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 300, 5_000, 100_000})
    void shouldTakeAsMuchOfAnotherSizeAsAFreshKeyspace(int length) {
        int fresh;
        try (Keyspace keyspace = open(MaxMemoryPolicy.NOEVICTION)) {
            fresh = fill(keyspace, 0, length);
        }
        try (Keyspace keyspace = open(MaxMemoryPolicy.NOEVICTION)) {
            for (int other : new int[] {100, 2_000, 40}) {
                int count = fill(keyspace, 0, other);
                for (int i = 0; i < count; i++) {
                    assertTrue(keyspace.delete(key(i)));
                }
            }
            int taken = fill(keyspace, 0, length);
            // The index keeps what it took for all the keys that there were at once.
            assertTrue(taken > fresh * 0.6, "taken=" + taken + " of " + fresh);
            for (int i = 0; i < taken; i++) {
                assertHolds(keyspace, i, length);
            }
            assertTrue(keyspace.statistics().usedMemoryBytes() <= LIMIT);
        }
    }

    @Test
    void shouldMoveWhatIsLeftTogether() {
        try (Keyspace keyspace = open(MaxMemoryPolicy.NOEVICTION)) {
            int count = fill(keyspace, 0, 100);
            for (int i = 0; i < count; i++) {
                if (i % 4 != 0) {
                    keyspace.delete(key(i));
                }
            }
            String digest = keyspace.digest();
            long opId = keyspace.statistics().lastOpId();
            // Three quarters of every chunk are free, and none of it long enough.
            int taken = fill(keyspace, 1_000_000, 8_000);
            assertTrue(taken > count / 2 * 150 / 8_000, "taken=" + taken + ", count=" + count);
            for (int i = 0; i < count; i += 4) {
                assertHolds(keyspace, i, 100);
            }
            for (int i = 0; i < taken; i++) {
                assertHolds(keyspace, 1_000_000 + i, 8_000);
                keyspace.delete(key(1_000_000 + i));
            }
            assertEquals(digest, keyspace.digest());
            assertEquals(opId + 2L * taken, keyspace.statistics().lastOpId());
        }
    }

    @Test
    void shouldMoveEveryType() {
        try (Keyspace keyspace = open(MaxMemoryPolicy.NOEVICTION)) {
            Random random = new Random(4);
            int pieces = 0;
            try {
                for (; ; pieces++) {
                    add(keyspace, pieces, random);
                }
            } catch (HotpairException e) {
                assertEquals(HotpairException.Category.MEMORY_LIMIT, e.category());
            }
            for (int i = 0; i < pieces; i++) {
                keyspace.delete("filler-" + i);
            }
            String digest = keyspace.digest();
            int taken = fill(keyspace, 0, 15_000);
            assertTrue(taken * 15_000L > LIMIT / 4, "taken=" + taken);
            for (int i = 0; i < taken; i++) {
                keyspace.delete(key(i));
            }
            assertEquals(digest, keyspace.digest());
        }
    }

    private static void add(Keyspace keyspace, int i, Random random) {
        byte[] member = ("member-" + i).getBytes(UTF_8);
        byte[] value = new byte[random.nextInt(60)];
        keyspace.hashes().hset("hash".getBytes(UTF_8), member, value);
        keyspace.sets().sadd("set".getBytes(UTF_8), member);
        keyspace.sortedSets().zadd("sorted".getBytes(UTF_8), random.nextInt(1000), member);
        keyspace.lists().rpush("list".getBytes(UTF_8), member);
        keyspace.strings().append("string".getBytes(UTF_8), value);
        keyspace.hashes().hset(("small-" + i % 100).getBytes(UTF_8), member, value);
        keyspace.put("filler-" + i, "x".repeat(300));
    }

    @Test
    void shouldEvictOnlyAsMuchAsValuesOfAnotherSizeNeed() {
        try (Keyspace keyspace = open(MaxMemoryPolicy.ALLKEYS_LRU)) {
            for (int i = 0; i < 200_000; i++) {
                keyspace.put(key(i), new byte[100]);
            }
            for (int i = 0; i < 20_000; i++) {
                keyspace.put(key(1_000_000 + i), new byte[3_000]);
                assertTrue(keyspace.statistics().usedMemoryBytes() <= LIMIT);
            }
            KeyspaceStatistics statistics = keyspace.statistics();
            long kept = statistics.keyCount() * 3_000;
            assertTrue(kept > LIMIT * 2 / 3, "kept=" + kept + " bytes, " + statistics);
            for (int i = 0; i < 200_000; i++) {
                keyspace.put(key(2_000_000 + i), new byte[100]);
            }
            kept = keyspace.statistics().keyCount() * 100;
            assertTrue(kept > LIMIT / 2, "kept=" + kept + " bytes, " + keyspace.statistics());
        }
    }

    @Test
    void shouldTakeMoreWhenTheLimitIsRaised() {
        try (Keyspace keyspace = open(MaxMemoryPolicy.NOEVICTION)) {
            int before = fill(keyspace, 0, 1_000);
            keyspace.maxMemory(2 * LIMIT);
            int more = fill(keyspace, before, 1_000);
            assertTrue(more > before * 9 / 10, "before=" + before + ", more=" + more);
            assertTrue(keyspace.statistics().usedMemoryBytes() <= 2 * LIMIT);
            assertEquals(2 * LIMIT, keyspace.statistics().maxMemoryBytes());
            assertThrows(IllegalArgumentException.class, () -> keyspace.maxMemory(0));
        }
    }

    @Test
    void shouldGiveMemoryBackWhenTheLimitIsLowered() {
        try (Keyspace keyspace = open(MaxMemoryPolicy.ALLKEYS_LRU)) {
            for (int i = 0; i < 200_000; i++) {
                keyspace.put(key(i), new byte[i % 500]);
            }
            keyspace.maxMemory(LIMIT / 2);
            await(keyspace, () -> keyspace.statistics().usedMemoryBytes() <= LIMIT / 2);
            KeyspaceStatistics statistics = keyspace.statistics();
            assertTrue(statistics.keyCount() * 250 > LIMIT / 4, statistics::toString);
            keyspace.put("k", "v");
            assertEquals("v", keyspace.get("k"));
        }
    }

    @Test
    void shouldRefuseWritesAboveALoweredLimitUntilKeysAreDeleted() {
        try (Keyspace keyspace = open(MaxMemoryPolicy.NOEVICTION)) {
            int count = fill(keyspace, 0, 1_000);
            keyspace.maxMemory(LIMIT / 2);
            assertThrows(HotpairException.class, () -> keyspace.put("k", "x".repeat(2_000)));
            for (int i = 0; i < count; i++) {
                if (i % 8 != 0) {
                    keyspace.delete(key(i));
                }
            }
            await(keyspace, () -> keyspace.statistics().usedMemoryBytes() <= LIMIT / 2);
            keyspace.put("k", "x".repeat(2_000));
            for (int i = 0; i < count; i += 8) {
                assertHolds(keyspace, i, 1_000);
            }
        }
    }

    @Test
    void shouldFreeWhatWasDeletedThoughNobodyWrites() {
        try (Keyspace keyspace = open(MaxMemoryPolicy.NOEVICTION)) {
            byte[][] members = new byte[20_000][];
            for (int i = 0; i < members.length; i++) {
                members[i] = key(i);
            }
            assertEquals(members.length, keyspace.sets().sadd(key(0), members));
            long full = used(keyspace);

            assertTrue(keyspace.delete(key(0)));

            await(keyspace, () -> used(keyspace) < full / 10);
        }
    }

    private static long used(Keyspace keyspace) {
        KeyspaceStatistics statistics = keyspace.statistics();
        return statistics.usedMemoryBytes() - statistics.idleMemoryBytes();
    }

    @Test
    void shouldRefuseAllThatTakesMemoryUnderALimitOfAByte() {
        try (Keyspace keyspace = open(MaxMemoryPolicy.NOEVICTION)) {
            int count = fill(keyspace, 0, 1_000);
            keyspace.maxMemory(1);
            assertThrows(HotpairException.class, () -> keyspace.put("k", "v"));
            for (int i = 0; i < count; i++) {
                assertTrue(keyspace.delete(key(i)));
            }
            keyspace.maxMemory(LIMIT);
            keyspace.put("k", "v");
            assertEquals("v", keyspace.get("k"));
        }
    }

    private static void await(Keyspace keyspace, BooleanSupplier condition) {
        long giveUpNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - giveUpNs < 0, () -> keyspace.statistics().toString());
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void shouldLoseNothingWhileOthersReadAndWrite() throws Exception {
        long seed = System.nanoTime();
        try (Keyspace keyspace = open(MaxMemoryPolicy.NOEVICTION)) {
            AtomicBoolean done = new AtomicBoolean();
            ExecutorService threads = Executors.newFixedThreadPool(3);
            try {
                Future<?>[] others = new Future<?>[2];
                for (int t = 0; t < others.length; t++) {
                    int thread = t;
                    others[t] = threads.submit(() -> work(keyspace, thread, seed + thread, done));
                }
                Future<?> squeeze = threads.submit(() -> squeeze(keyspace, seed));
                squeeze.get();
                done.set(true);
                for (Future<?> other : others) {
                    other.get();
                }
            } finally {
                done.set(true);
                threads.shutdownNow();
            }
        } catch (java.util.concurrent.ExecutionException e) {
            throw new AssertionError("seed=" + seed, e);
        }
    }

    /** Fills what is left with values of ever other sizes, and takes them away again. */
    private static void squeeze(Keyspace keyspace, long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 12; round++) {
            int length = 20 << random.nextInt(10);
            int count = fill(keyspace, 10_000_000, length);
            for (int i = 0; i < count; i++) {
                assertHolds(keyspace, 10_000_000 + i, length);
                assertTrue(keyspace.delete(key(10_000_000 + i)));
            }
        }
    }

    /** Writes keys of its own and knows what they hold. */
    private static void work(Keyspace keyspace, int thread, long seed, AtomicBoolean done) {
        Random random = new Random(seed);
        Map<Integer, Integer> lengths = new HashMap<>();
        byte[] hash = ("hash-" + thread).getBytes(UTF_8);
        int base = (thread + 1) * 1_000_000;
        long members = 0;
        while (!done.get()) {
            int i = base + random.nextInt(2_000);
            Integer known = lengths.get(i);
            if (known != null) {
                assertHolds(keyspace, i, known);
            }
            int length = random.nextInt(400);
            byte[] value = new byte[length];
            Arrays.fill(value, (byte) i);
            try {
                keyspace.put(key(i), value);
                lengths.put(i, length);
                byte[] member = Integer.toString(random.nextInt(3_000)).getBytes(UTF_8);
                members += keyspace.hashes().hset(hash, member, member) ? 1 : 0;
                assertEquals(members, keyspace.hashes().hlen(hash));
                assertArrayEquals(member, keyspace.hashes().hget(hash, member));
            } catch (HotpairException e) {
                assertEquals(HotpairException.Category.MEMORY_LIMIT, e.category());
            }
        }
        lengths.forEach((i, length) -> assertHolds(keyspace, i, length));
    }
}
