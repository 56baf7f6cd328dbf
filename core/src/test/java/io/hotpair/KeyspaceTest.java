package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class KeyspaceTest {
    private final AtomicLong wallMs = new AtomicLong(1_000_000);
    private final Keyspace keyspace =
            Keyspace.open(
                    Keyspace.builder()
                            .inMemory()
                            .maxMemory(64 << 20)
                            .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                            .clock(
                                    new Clock() {
                                        @Override
                                        public long currentTimeMs() {
                                            return wallMs.get();
                                        }

                                        @Override
                                        public long nanoTime() {
                                            return System.nanoTime();
                                        }
                                    })
                            .build());

    @AfterEach
    void close() {
        keyspace.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @Test
    void shouldGiveBackWhatWasPut() {
        keyspace.put("greeting", "hello");
        assertEquals("hello", keyspace.get("greeting"));
        assertNull(keyspace.get("absent"));
        keyspace.put("greeting", "");
        assertEquals("", keyspace.get("greeting"));
        keyspace.put("", "empty key");
        assertEquals("empty key", keyspace.get(""));
    }

    @Test
    void shouldTellWhichKeysAreThere() {
        assertFalse(keyspace.containsKey("k"));
        assertEquals(0, keyspace.keyCount());
        assertTrue(keyspace.putIfAbsent("k", "v"));
        assertFalse(keyspace.putIfAbsent("k", "w"));
        assertTrue(keyspace.hashes().hset(bytes("h"), bytes("f"), bytes("v")));
        assertTrue(keyspace.containsKey("k"));
        assertTrue(keyspace.containsKey(bytes("h")));
        assertEquals(2, keyspace.keyCount());
        assertNull(keyspace.deadline("k"));
        assertTrue(keyspace.expire("k", Duration.ofMillis(5)));
        assertEquals(Instant.ofEpochMilli(wallMs.get() + 5), keyspace.deadline("k"));
        wallMs.addAndGet(5);
        assertFalse(keyspace.containsKey("k"));
        assertNull(keyspace.deadline("k"));
    }

    @Test
    void shouldClearAllDatabasesButWhatIsNoDatabases() {
        byte[] library = KeyArea.key(KeyArea.OWN, bytes("library"));
        keyspace.put(library, bytes("code"));
        for (int i = 0; i < 5_000; i++) {
            keyspace.put(KeyArea.key(i % 3, bytes("k" + i)), bytes("v"));
        }
        assertTrue(keyspace.hashes().hset(bytes("h"), bytes("f"), bytes("v")));
        assertEquals(5_002, keyspace.keyCount());
        keyspace.clear();
        assertEquals(1, keyspace.keyCount());
        assertTrue(keyspace.containsKey(library));
        keyspace.clear();
        assertEquals(1, keyspace.keyCount());
    }

    @Test
    void shouldReplaceOnlyTheExpectedValue() {
        assertFalse(keyspace.compareAndSet("k", "", "w"));
        keyspace.put("k", "v");
        assertFalse(keyspace.compareAndSet("k", "w", "x"));
        assertTrue(keyspace.compareAndSet("k", "v", "w"));
        assertEquals("w", keyspace.get("k"));
    }

    @Test
    void shouldRefuseAreasThatAreNone() {
        for (int area : new int[] {-1, KeyArea.NONE + 1}) {
            for (Executable call :
                    List.<Executable>of(
                            () -> keyspace.keyCount(area),
                            () -> keyspace.deadlineCount(area),
                            () -> keyspace.isUnused(area))) {
                assertEquals(
                        "area=" + area + ", expected 0 to 256",
                        assertThrows(IllegalArgumentException.class, call).getMessage());
            }
        }
    }

    @Test
    void shouldCopyIntoTheCallersArrayOnlyIfItFits() {
        keyspace.put("k", "12345");
        byte[] into = new byte[8];
        assertEquals(5, keyspace.get(bytes("k"), into, 2));
        assertArrayEquals(new byte[] {0, 0, '1', '2', '3', '4', '5', 0}, into);
        assertEquals(5, keyspace.get(bytes("k"), into, 4));
        assertArrayEquals(new byte[] {0, 0, '1', '2', '3', '4', '5', 0}, into);
        assertEquals(Session.ABSENT, keyspace.get(bytes("absent"), into, 0));
    }

    @Test
    void shouldActOnConditionsOnlyWhenTheyHold() {
        assertTrue(keyspace.putIfAbsent(bytes("k"), bytes("a")));
        assertFalse(keyspace.putIfAbsent(bytes("k"), bytes("b")));
        assertFalse(keyspace.compareAndSet(bytes("k"), bytes("b"), bytes("c")));
        assertTrue(keyspace.compareAndSet(bytes("k"), bytes("a"), bytes("c")));
        assertEquals("c", keyspace.get("k"));
        assertTrue(keyspace.delete(bytes("k")));
        assertFalse(keyspace.delete(bytes("k")));
        assertTrue(keyspace.putIfAbsent(bytes("k"), bytes("d")));
        assertEquals("d", keyspace.get("k"));
    }

    @Test
    void shouldCountWithinTheBoundsOfSixtyFourBits() {
        assertEquals(5, keyspace.increment(bytes("n"), 5));
        assertEquals(-3, keyspace.increment(bytes("n"), -8));
        assertEquals("-3", keyspace.get("n"));
        keyspace.put("n", Long.toString(Long.MAX_VALUE));
        assertThrows(ArithmeticException.class, () -> keyspace.increment(bytes("n"), 1));
        assertEquals(Long.toString(Long.MAX_VALUE), keyspace.get("n"));
        keyspace.put("n", Long.toString(Long.MIN_VALUE));
        assertEquals(Long.MIN_VALUE, keyspace.increment(bytes("n"), 0));
        for (String bad :
                List.of("", "-", "01", "+1", " 1", "1 ", "9223372036854775808", "-0", "x")) {
            keyspace.put("n", bad);
            HotpairException e =
                    assertThrows(
                            HotpairException.class, () -> keyspace.increment(bytes("n"), 1), bad);
            assertEquals(HotpairException.Category.WRONG_VALUE, e.category());
            assertEquals(bad, keyspace.get("n"));
        }
    }

    @Test
    void shouldHideAndRemoveWhatHasExpired() throws InterruptedException {
        keyspace.put(bytes("k"), bytes("v"), Duration.ofMillis(100));
        assertEquals(Instant.ofEpochMilli(1_000_100), keyspace.deadline(bytes("k")));
        wallMs.addAndGet(99);
        assertEquals("v", keyspace.get("k"));
        wallMs.addAndGet(1);
        assertNull(keyspace.get("k"));
        assertTrue(keyspace.putIfAbsent(bytes("k"), bytes("again")));
        assertNull(keyspace.deadline(bytes("k")));
        assertTrue(keyspace.expireAt(bytes("k"), Instant.ofEpochMilli(1_000_500)));
        assertFalse(keyspace.expireAt(bytes("absent"), Instant.ofEpochMilli(1_000_500)));
        wallMs.addAndGet(1_000);
        long giveUpNs = System.nanoTime() + 5_000_000_000L;
        while (keyspace.statistics().keyCount() > 0 && System.nanoTime() < giveUpNs) {
            Thread.sleep(1);
        }
        assertEquals(0, keyspace.statistics().keyCount(), keyspace.statistics()::toString);
        assertEquals(1, keyspace.statistics().expiredCount());
    }

    @Test
    void shouldKeepWhatHasExpiredAsLongAsItIsTold() throws InterruptedException {
        keyspace.put(bytes("k"), bytes("v"), Duration.ofMillis(1));
        keyspace.keepExpired(Duration.ofDays(1_000_000));
        wallMs.addAndGet(1);
        assertNull(keyspace.get("k"));
        // In this time another keyspace removes what has expired there, several times.
        for (int i = 0; i < 3; i++) {
            try (Keyspace other = Keyspace.open(Keyspace.builder().inMemory().build())) {
                other.put(bytes("k"), bytes("v"), Duration.ofMillis(1));
                awaitNoKeys(other);
            }
        }
        assertEquals(1, keyspace.statistics().keyCount());
        assertEquals(0, keyspace.statistics().expiredCount());
        keyspace.keepExpired(Duration.ZERO);
        awaitNoKeys(keyspace);
        assertEquals(1, keyspace.statistics().expiredCount());
        assertThrows(
                IllegalArgumentException.class, () -> keyspace.keepExpired(Duration.ofNanos(-1)));
    }

    private static void awaitNoKeys(Keyspace keyspace) throws InterruptedException {
        long giveUpNs = System.nanoTime() + 20_000_000_000L;
        while (keyspace.statistics().keyCount() > 0 && System.nanoTime() < giveUpNs) {
            Thread.sleep(1);
        }
        assertEquals(0, keyspace.statistics().keyCount(), keyspace.statistics()::toString);
    }

    @Test
    void shouldDeleteWhatExpiresInThePast() {
        keyspace.put("k", "v");
        assertTrue(keyspace.expireAt(bytes("k"), Instant.EPOCH));
        assertNull(keyspace.get("k"));
        assertEquals(0, keyspace.statistics().keyCount());
    }

    @Test
    void shouldHaveKeysOfEveryTypeExpire() {
        keyspace.put("string", "v");
        keyspace.hashes().hset(bytes("hash"), bytes("f"), bytes("v"));
        for (String key : List.of("string", "hash")) {
            assertTrue(keyspace.expire(key, Duration.ofMillis(700)), key);
            Instant deadline = Instant.ofEpochMilli(wallMs.get() + 700);
            assertEquals(deadline, keyspace.deadline(bytes(key)), key);
            assertTrue(keyspace.expireAt(bytes(key), deadline.plusMillis(1)), key);
            assertEquals(deadline.plusMillis(1), keyspace.deadline(bytes(key)), key);
            assertTrue(keyspace.expire(key, Duration.ZERO), key);
            assertFalse(keyspace.expire(key, Duration.ofMillis(700)), key);
        }
        HotpairException e =
                assertThrows(
                        HotpairException.class,
                        () -> {
                            keyspace.hashes().hset(bytes("hash"), bytes("f"), bytes("v"));
                            keyspace.get("hash");
                        });
        assertEquals(
                "io.hotpair.HotpairException: WRONG_TYPE: the key holds a hash, expected a string",
                e.toString());
    }

    @Test
    void shouldNameTimesThatDoNotFit() {
        Duration forever = ChronoUnit.FOREVER.getDuration();
        List<Executable> calls =
                List.of(
                        () -> keyspace.put(bytes("k"), bytes("v"), forever),
                        () -> keyspace.expire("k", forever),
                        () -> keyspace.expire("k", Duration.ofMillis(Long.MAX_VALUE)),
                        () -> Expiry.after(forever),
                        () -> Keyspace.builder().acknowledgementTimeout(forever),
                        () -> Keyspace.builder().forceInterval(Duration.ofDays(365_000)),
                        () -> keyspace.expireAt(bytes("k"), Instant.MAX),
                        () -> Expiry.at(Instant.MAX));
        // Redis takes any that its milliseconds hold.
        Instant last = Instant.ofEpochSecond(Long.MAX_VALUE / 1000);
        assertEquals(last.toEpochMilli(), Expiry.at(last).deadlineMs(0, 0));
        for (int i = 0; i < calls.size(); i++) {
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, calls.get(i), "call " + i);
            assertTrue(String.valueOf(e.getMessage()).contains(", expected at most "), e::toString);
        }
    }

    @Test
    void shouldRefuseKeysAndValuesOverTheLimit() {
        byte[] longKey = new byte[Keyspace.MAX_KEY_LENGTH + 1];
        assertThrows(IllegalArgumentException.class, () -> keyspace.put(longKey, bytes("v")));
        assertThrows(IllegalArgumentException.class, () -> keyspace.get(longKey));
        byte[] longestKey = new byte[Keyspace.MAX_KEY_LENGTH];
        keyspace.put(longestKey, bytes("v"));
        assertArrayEquals(bytes("v"), keyspace.get(longestKey));
        byte[] tooBigForMemory = new byte[65 << 20];
        HotpairException e =
                assertThrows(
                        HotpairException.class, () -> keyspace.put(bytes("big"), tooBigForMemory));
        assertEquals(HotpairException.Category.MEMORY_LIMIT, e.category());
        assertNull(keyspace.get("big"));
        assertArrayEquals(bytes("v"), keyspace.get(longestKey));
    }

    @Test
    void shouldEvictNothingForAValueLongerThanAllMemory() {
        try (Keyspace evicting =
                Keyspace.open(Keyspace.builder().inMemory().maxMemory(4 << 20).build())) {
            evicting.put("k", "v");
            assertThrows(
                    HotpairException.class, () -> evicting.put(bytes("big"), new byte[5 << 20]));
            assertEquals("v", evicting.get("k"));
            assertEquals(0, evicting.statistics().evictedCount());
        }
    }

    @Test
    void shouldRefuseWhenMemoryIsFullAndGoOnWhenItIsNot() {
        byte[] value = new byte[1000];
        int count = 0;
        HotpairException refusal = null;
        while (refusal == null) {
            try {
                keyspace.put(bytes("key" + count), value);
                count++;
            } catch (HotpairException e) {
                refusal = e;
            }
        }
        assertEquals(HotpairException.Category.MEMORY_LIMIT, refusal.category());
        assertTrue(count > 54_000, "count=" + count);
        assertTrue(keyspace.statistics().usedMemoryBytes() <= 64 << 20);
        assertEquals(count, keyspace.statistics().keyCount());
        for (int i = 0; i < count; i++) {
            assertArrayEquals(value, keyspace.get(bytes("key" + i)), "key" + i);
        }
        for (int i = 0; i < count; i++) {
            assertTrue(keyspace.delete(bytes("key" + i)), "key" + i);
        }
        for (int i = 0; i < count / 2; i++) {
            keyspace.put(bytes("key" + i), value);
        }
        assertEquals(count / 2, keyspace.statistics().keyCount());
    }

    @Test
    void shouldAgreeWithAMapInRandomPrograms() {
        for (long seed = 1; seed <= 20; seed++) {
            runProgram(seed);
        }
    }

    private void runProgram(long seed) {
        Random random = new Random(seed);
        Map<String, String> model = new HashMap<>();
        for (String key : keys()) {
            keyspace.delete(bytes(key));
        }
        int space = 1 << random.nextInt(4, 15);
        for (int i = 0; i < 20_000; i++) {
            String key = "k" + random.nextInt(space);
            String value = "v" + random.nextInt() + "x".repeat(random.nextInt(40));
            String at = "seed=" + seed + " step=" + i;
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    keyspace.put(key, value);
                    model.put(key, value);
                }
                case 2 -> assertEquals(model.remove(key) != null, keyspace.delete(bytes(key)), at);
                case 3 ->
                        assertEquals(
                                model.putIfAbsent(key, value) == null,
                                keyspace.putIfAbsent(bytes(key), bytes(value)),
                                at);
                default -> assertEquals(model.get(key), keyspace.get(key), at);
            }
        }
        assertEquals(model.size(), keyspace.statistics().keyCount(), "seed=" + seed);
        assertEquals(model.keySet(), new HashSet<>(keys()), "seed=" + seed);
        for (Map.Entry<String, String> entry : model.entrySet()) {
            assertEquals(entry.getValue(), keyspace.get(entry.getKey()), "seed=" + seed);
        }
    }

    private List<String> keys() {
        List<String> keys = new ArrayList<>();
        Session session = keyspace.session();
        long cursor = 0;
        do {
            cursor = session.scan(cursor, 10, key -> keys.add(new String(key, UTF_8)));
        } while (cursor != 0);
        return keys;
    }

    @Test
    void shouldScanKeysThatStayExactlyOnceWhileSegmentsSplit() {
        for (int i = 0; i < 5_000; i++) {
            keyspace.put("stay" + i, "v");
        }
        List<String> seen = new ArrayList<>();
        Session session = keyspace.session();
        long cursor = 0;
        int added = 0;
        do {
            cursor = session.scan(cursor, 100, key -> seen.add(new String(key, UTF_8)));
            for (int i = 0; i < 90; i++) {
                keyspace.put("more" + added++, "v");
            }
        } while (cursor != 0);
        List<String> stayed = seen.stream().filter(key -> key.startsWith("stay")).toList();
        Set<String> distinct = new HashSet<>(stayed);
        assertEquals(5_000, distinct.size());
        assertEquals(5_000, stayed.size());
    }

    @Test
    void shouldSurviveAnyCursor() {
        for (int i = 0; i < 3_000; i++) {
            keyspace.put("k" + i, "v");
        }
        Session session = keyspace.session();
        Random random = new Random(7);
        for (int i = 0; i < 2_000; i++) {
            session.scan(random.nextLong(), 10, key -> assertTrue(key.length > 0));
        }
    }

    @Test
    void shouldGiveARandomKeyIfThereIsOne() {
        assertNull(keyspace.session().randomKey());
        keyspace.put("only", "v");
        for (int i = 0; i < 20; i++) {
            assertArrayEquals(bytes("only"), keyspace.session().randomKey());
        }
        keyspace.put("other", "v");
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            byte[] key = keyspace.session().randomKey();
            assertNotNull(key);
            seen.add(new String(key, UTF_8));
        }
        assertEquals(Set.of("only", "other"), seen);
    }

    @Test
    void shouldReadSeveralKeysAtOnce() {
        keyspace.put("a", "1");
        keyspace.put("c", "3");
        byte[][] values =
                keyspace.session()
                        .getAll(bytes("abca"), new int[] {0, 1, 2, 3}, new int[] {1, 1, 1, 1}, 4);
        assertEquals("[[49], null, [51], [49]]", Arrays.deepToString(values));
    }

    @Test
    void shouldDigestContentsNotHistory() {
        keyspace.put("a", "1");
        keyspace.put("b", "2");
        String digest = keyspace.digest();
        keyspace.put("c", "3");
        assertNotEquals(digest, keyspace.digest());
        keyspace.delete(bytes("c"));
        keyspace.put("a", "0");
        keyspace.put("a", "1");
        assertEquals(digest, keyspace.digest());
        keyspace.expireAt(bytes("a"), Instant.ofEpochMilli(2_000_000_000_000L));
        assertNotEquals(digest, keyspace.digest());
    }

    @Test
    void shouldHoldValuesOfEverySize() {
        byte[] value = new byte[3 << 20];
        new Random(3).nextBytes(value);
        for (int length : new int[] {0, 1, 7, 480, 500, 600, 4_000, 60_000, 200_000, 3 << 20}) {
            byte[] part = Arrays.copyOf(value, length);
            keyspace.put(bytes("big"), part);
            assertArrayEquals(part, keyspace.get(bytes("big")), "length=" + length);
            assertEquals(length, keyspace.session().length(bytes("big"), 0, 3));
        }
    }

    @Test
    void shouldRefuseUseAfterClose() {
        Session session = keyspace.session();
        keyspace.put("k", "v");
        keyspace.close();
        keyspace.close();
        assertThrows(IllegalStateException.class, () -> keyspace.get("k"));
        assertThrows(IllegalStateException.class, () -> keyspace.put("k", "v"));
        assertThrows(IllegalStateException.class, () -> session.scan(0, 1, key -> {}));
        assertThrows(IllegalStateException.class, () -> session.increment(bytes("k"), 0, 1, 1));
        assertThrows(IllegalStateException.class, () -> keyspace.snapshot());
    }

    @Test
    void shouldLeaveAKeyAloneWhenItsUpdateThrows() {
        keyspace.put("k", "v");
        assertThrows(
                IllegalStateException.class,
                () ->
                        keyspace.update(
                                bytes("k"),
                                entry -> {
                                    entry.set(bytes("w"));
                                    throw new IllegalStateException("planned");
                                }));
        assertEquals("v", keyspace.get("k"));
        assertTrue(keyspace.update(bytes("k"), entry -> entry.set(bytes("w"))));
        assertEquals("w", keyspace.get("k"));
    }

    @Test
    void shouldAllowAnUpdateThatUsesOtherKeys() {
        keyspace.put("source", "7");
        Session session = keyspace.session();
        assertTrue(
                session.update(
                        bytes("target"),
                        0,
                        6,
                        entry -> {
                            session.update(bytes("source"), 0, 6, other -> other.set(bytes("8")));
                            entry.set(bytes("done"));
                        }));
        assertEquals("8", keyspace.get("source"));
        assertEquals("done", keyspace.get("target"));
    }

    @Test
    void shouldNotCountAPrefetch() {
        int count = 10_000;
        byte[] keys = new byte[count * Integer.BYTES];
        int[] offsets = new int[count];
        int[] lengths = new int[count];
        Keyspace keyspace = Keyspace.open(Keyspace.builder().inMemory().build());
        Session session = keyspace.session();
        try (keyspace) {
            for (int i = 0; i < count; i++) {
                offsets[i] = i * Integer.BYTES;
                lengths[i] = Integer.BYTES;
                ByteBuffer.wrap(keys).putInt(offsets[i], i);
                if (i % 2 == 0) {
                    session.put(keys, offsets[i], lengths[i], keys, 0, 100, Session.NEVER);
                }
            }
            KeyspaceStatistics before = keyspace.statistics();
            session.prefetch(keys, offsets, lengths, count);
            assertEquals(before.hitCount(), keyspace.statistics().hitCount());
            assertEquals(before.missCount(), keyspace.statistics().missCount());
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> session.prefetch(new byte[3], new int[] {2}, new int[] {2}, 1));
        }
        assertThrows(
                IllegalStateException.class, () -> session.prefetch(keys, offsets, lengths, count));
    }
}
