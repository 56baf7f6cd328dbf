package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Session.ReadTrace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class EvictionTest {
    private static final long LIMIT = 8L << 20;

    private static Keyspace open(MaxMemoryPolicy policy) {
        return Keyspace.open(builder(policy).build());
    }

    private static KeyspaceBuilder builder(MaxMemoryPolicy policy) {
        return Keyspace.builder().inMemory().maxMemory(LIMIT).maxMemoryPolicy(policy);
    }

    private static byte[] key(int i) {
        return ("key-" + i).getBytes(UTF_8);
    }

    @ParameterizedTest
    @EnumSource(
            value = MaxMemoryPolicy.class,
            names = {"NOEVICTION", "VOLATILE_.*"},
            mode = EnumSource.Mode.MATCH_NONE)
    void shouldTakeWritesForEverAndStayBelowTheLimit(MaxMemoryPolicy policy) {
        try (Keyspace keyspace = open(policy)) {
            for (int i = 0; i < 150_000; i++) {
                keyspace.put(key(i), new byte[100]);
                assertTrue(i % 1000 != 0 || keyspace.statistics().usedMemoryBytes() <= LIMIT);
            }
            KeyspaceStatistics statistics = keyspace.statistics();
            assertEquals(150_000, statistics.keyCount() + statistics.evictedCount());
            long kept = statistics.keyCount() * (100 + 10);
            assertTrue(kept > LIMIT / 2, "no more than " + kept + " bytes are kept");
        }
    }

    /** Two bytes for each 256 of the limit, in the background. */
    @Test
    void shouldTakeMemoryToRememberEvictedKeysOnlyOnceHalfIsTaken() throws InterruptedException {
        try (Keyspace keyspace = open(MaxMemoryPolicy.ALLKEYS_WINDOWED_LFU);
                Keyspace without = open(MaxMemoryPolicy.ALLKEYS_RANDOM)) {
            assertEquals(used(without), used(keyspace));
            int i = 0;
            while (used(keyspace) <= LIMIT / 2) {
                assertEquals(used(without), used(keyspace), "i=" + i);
                keyspace.put(key(i), new byte[100_000]);
                without.put(key(i++), new byte[100_000]);
            }
            long giveUpNs = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (used(keyspace) != used(without) + LIMIT / 128) {
                assertTrue(
                        System.nanoTime() - giveUpNs < 0,
                        () -> used(keyspace) + " beside " + used(without));
                Thread.sleep(1);
            }
        }
    }

    private static long used(Keyspace keyspace) {
        return keyspace.statistics().usedMemoryBytes();
    }

    @Test
    void shouldEvictOnlyKeysWithADeadlineWhereThatIsAsked() {
        try (Keyspace keyspace = open(MaxMemoryPolicy.VOLATILE_TTL)) {
            for (int i = 0; i < 20_000; i++) {
                keyspace.put(key(i), new byte[100]);
            }
            for (int i = 20_000; i < 150_000; i++) {
                keyspace.put(key(i), new byte[100], Duration.ofHours(1 + i % 10));
            }
            for (int i = 0; i < 20_000; i++) {
                assertNotNull(keyspace.get(key(i)), "key " + i + " has no deadline");
            }
            HotpairException refusal =
                    assertThrows(
                            HotpairException.class,
                            () -> {
                                for (int i = 0; i < 200_000; i++) {
                                    keyspace.put(("more-" + i).getBytes(UTF_8), new byte[100]);
                                }
                            });
            assertEquals(HotpairException.Category.MEMORY_LIMIT, refusal.category());
        }
    }

    @ParameterizedTest
    @EnumSource(MaxMemoryPolicy.class)
    void shouldTellOfTheUseOfAKeyWhatThePolicyKeeps(MaxMemoryPolicy policy) {
        try (Keyspace keyspace = Keyspace.open(builder(policy).clock(new WallClock()).build())) {
            boolean counts =
                    policy == MaxMemoryPolicy.ALLKEYS_LFU || policy == MaxMemoryPolicy.VOLATILE_LFU;
            boolean times =
                    policy == MaxMemoryPolicy.ALLKEYS_LRU || policy == MaxMemoryPolicy.VOLATILE_LRU;
            byte[] key = key(1);
            keyspace.put(key, new byte[1]);
            // What is new begins with five, and the first use always counts.
            for (int count = 5; count <= 6; count++) {
                assertEquals(
                        counts ? OptionalInt.of(count) : OptionalInt.empty(),
                        keyspace.useFrequency(key));
                assertEquals(times, keyspace.idleTime(key).isPresent());
                keyspace.get(key);
            }
            assertEquals(OptionalInt.empty(), keyspace.useFrequency(key(2)));
            assertEquals(Optional.empty(), keyspace.idleTime(key(2)));
        }
    }

    @Test
    void shouldCountOfReadsWhatTheyAreToLeaveBehind() {
        try (Keyspace keyspace =
                Keyspace.open(
                        builder(MaxMemoryPolicy.ALLKEYS_LFU).clock(new WallClock()).build())) {
            byte[] key = key(1);
            Session session = keyspace.session();
            session.put(key, 0, key.length, new byte[1], 0, 1, Session.NEVER);
            for (ReadTrace later : ReadTrace.values()) {
                session.readTrace(ReadTrace.NONE, later);
                long hits = keyspace.statistics().hitCount();
                assertEquals(1, session.length(key, 0, key.length));
                assertEquals(hits, keyspace.statistics().hitCount());
                assertEquals(0, session.deadlineMs(key, 0, key.length));
                assertEquals(1, session.keys().exists(key));
                byte @Nullable [] unused = session.get(key, 0, key.length);
                byte @Nullable [] @Nullable [] unusedAll =
                        session.getAll(key, new int[1], new int[] {key.length}, 1);
                assertEquals(
                        later == ReadTrace.NONE ? hits : hits + 4,
                        keyspace.statistics().hitCount());
            }
            // Of four uses the first always counts, and the others were by chance: then no more.
            session.readTrace(ReadTrace.COUNT, ReadTrace.COUNT);
            int frequency = keyspace.useFrequency(key).orElseThrow();
            assertTrue(frequency > 5, "frequency=" + frequency);
            for (int i = 0; i < 100; i++) {
                assertEquals("string", session.keys().type(key));
                assertEquals(1, session.keys().exists(key));
            }
            assertEquals(frequency, keyspace.useFrequency(key).orElseThrow());
        }
    }

    @Test
    void shouldUseEachKeyOfAReadOfSeveral() {
        try (Keyspace keyspace =
                Keyspace.open(
                        builder(MaxMemoryPolicy.ALLKEYS_LFU).clock(new WallClock()).build())) {
            Session session = keyspace.session();
            assertEquals(1, session.sets().sadd(key(1), new byte[1]));
            assertEquals(1, session.sets().sinter(key(1), key(1)).size());
            assertTrue(keyspace.useFrequency(key(1)).orElseThrow() > 5);
            assertEquals(2, keyspace.statistics().hitCount());
            assertEquals(0, session.sets().sinter(key(1), key(2)).size());
            assertEquals(1, keyspace.statistics().missCount());
        }
    }

    /** A wall clock that stands still: counts fall by the minute. */
    private static final class WallClock implements Clock {
        @Override
        public long currentTimeMs() {
            return 1_800_000_000_000L;
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }
    }

    @Test
    void shouldKeepWhatIsUsedOftenThroughAScan() {
        try (Keyspace keyspace = open(MaxMemoryPolicy.ALLKEYS_WINDOWED_LFU)) {
            int hot = 4_000;
            for (int round = 0; round < 40; round++) {
                for (int i = 0; i < hot; i++) {
                    if (keyspace.get(key(i)) == null) {
                        keyspace.put(key(i), new byte[100]);
                    }
                }
                for (int i = 0; i < 5_000; i++) {
                    keyspace.put(key(1_000_000 + round * 5_000 + i), new byte[100]);
                }
            }
            int kept = 0;
            for (int i = 0; i < hot; i++) {
                kept += keyspace.get(key(i)) == null ? 0 : 1;
            }
            assertTrue(kept > hot * 9 / 10, "of " + hot + " hot keys " + kept + " are left");
        }
    }

    @Test
    void shouldEvictUnderManyWritersAndLargeCollections() throws Exception {
        long seed = System.nanoTime();
        ExecutorService threads = Executors.newCachedThreadPool();
        try (Keyspace keyspace = open(MaxMemoryPolicy.ALLKEYS_WINDOWED_LFU)) {
            List<Future<?>> futures = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Random random = new Random(seed + t);
                futures.add(
                        threads.submit(
                                () -> {
                                    for (int i = 0; i < 30_000; i++) {
                                        writeOne(keyspace, random);
                                    }
                                }));
            }
            for (Future<?> future : futures) {
                future.get();
            }
            assertTrue(keyspace.statistics().usedMemoryBytes() <= LIMIT, "seed=" + seed);
            assertTrue(keyspace.statistics().evictedCount() > 0, "seed=" + seed);
        } finally {
            threads.shutdown();
        }
    }

    private static void writeOne(Keyspace keyspace, Random random) {
        byte[] key = key(random.nextInt(200_000));
        if (random.nextInt(3) == 0) {
            keyspace.hashes()
                    .hset(
                            ("hash-" + random.nextInt(50)).getBytes(UTF_8),
                            key,
                            new byte[random.nextInt(100)]);
        } else {
            keyspace.put(key, new byte[random.nextInt(400)]);
        }
    }
}
