package io.hotpair;

import static io.hotpair.HashOperations.CHANGED;
import static io.hotpair.HashOperations.CONDITION_NOT_MET;
import static io.hotpair.HashOperations.DELETED;
import static io.hotpair.HashOperations.NO_DEADLINE;
import static io.hotpair.HashOperations.NO_FIELD;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HashOperations.FieldCondition;
import io.hotpair.KeyOperations.DeadlineCondition;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FieldDeadlineTest {
    private static final byte[] KEY = bytes("h");
    private static final long START_MS = 1_800_000_000_000L;
    private static final long PATIENCE_NS = 20_000_000_000L;

    private final Path directory = Path.of("memory", UUID.randomUUID().toString());
    private final AtomicLong nowMs = new AtomicLong(START_MS);
    private Keyspace keyspace;
    private HashOperations hashes;

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @BeforeEach
    void open() {
        Clock clock =
                new Clock() {
                    @Override
                    public long currentTimeMs() {
                        return nowMs.get();
                    }

                    @Override
                    public long nanoTime() {
                        return Clock.SYSTEM.nanoTime();
                    }
                };
        keyspace =
                Keyspace.open(
                        Keyspace.builder()
                                .directory(directory)
                                .maxMemory(64 << 20)
                                .clock(clock)
                                .build());
        hashes = keyspace.hashes();
    }

    @AfterEach
    void closeAndReplay() {
        String digest = keyspace.digest();
        keyspace.close();
        open();
        assertEquals(digest, keyspace.digest(), "replay gives another state");
        keyspace.close();
    }

    private static void await(BooleanSupplier condition) {
        long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - startNs < PATIENCE_NS, "waited in vain");
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static Instant at(long afterMs) {
        return Instant.ofEpochMilli(START_MS + afterMs);
    }

    private int expireAt(String field, long afterMs, DeadlineCondition condition) {
        return hashes.hexpireAt(KEY, at(afterMs), condition, bytes(field))[0];
    }

    @Test
    void shouldHideWhatHasExpiredFromEveryRead() {
        hashes.hset(KEY, bytes("a"), bytes("1"), bytes("b"), bytes("22"));
        assertEquals(CHANGED, expireAt("b", 10, DeadlineCondition.ALWAYS));
        nowMs.addAndGet(9);
        assertEquals(2, hashes.hlen(KEY));
        assertArrayEquals(new long[] {1}, hashes.hpttl(KEY, bytes("b")));
        nowMs.addAndGet(1);
        assertNull(hashes.hget(KEY, bytes("b")));
        assertNull(hashes.hmget(KEY, bytes("b"))[0]);
        assertFalse(hashes.hexists(KEY, bytes("b")));
        assertEquals(0, hashes.hstrlen(KEY, bytes("b")));
        assertEquals(1, hashes.hlen(KEY));
        assertEquals(1, hashes.hkeys(KEY).size());
        assertEquals(1, hashes.hvals(KEY).size());
        assertEquals(1, hashes.hgetAll(KEY).size());
        assertEquals(1, hashes.hrandfield(KEY, 5).size());
        assertEquals(5, hashes.hrandfield(KEY, -5).size());
        assertEquals(0, hashes.hscan(KEY, 0, 1, (f, v) -> assertArrayEquals(bytes("a"), f)));
        assertArrayEquals(new long[] {NO_FIELD}, hashes.hpttl(KEY, bytes("b")));
        assertEquals(0, hashes.hdel(KEY, bytes("b")));
        assertEquals(1, hashes.hincrBy(KEY, bytes("b"), 1));
        assertArrayEquals(new long[] {NO_DEADLINE}, hashes.hpttl(KEY, bytes("b")));
    }

    @Test
    void shouldAnswerAsRedisDoes() {
        byte[] absent = bytes("absent");
        hashes.hset(KEY, bytes("f"), bytes("v"), bytes("g"), bytes("w"));
        assertArrayEquals(
                new int[] {NO_FIELD},
                hashes.hexpire(absent, Duration.ofSeconds(1), DeadlineCondition.ALWAYS, absent));
        assertArrayEquals(new int[] {NO_FIELD}, hashes.hpersist(KEY, absent));
        assertEquals(CONDITION_NOT_MET, expireAt("f", 1000, DeadlineCondition.XX));
        assertEquals(CONDITION_NOT_MET, expireAt("f", 1000, DeadlineCondition.GT));
        assertEquals(CHANGED, expireAt("f", 1000, DeadlineCondition.LT));
        assertEquals(CONDITION_NOT_MET, expireAt("f", 2000, DeadlineCondition.NX));
        assertEquals(CONDITION_NOT_MET, expireAt("f", 1000, DeadlineCondition.GT));
        assertEquals(CONDITION_NOT_MET, expireAt("f", 1000, DeadlineCondition.LT));
        assertEquals(CHANGED, expireAt("f", 1500, DeadlineCondition.GT));
        assertEquals(CHANGED, expireAt("f", 1499, DeadlineCondition.XX));
        assertArrayEquals(
                new long[] {START_MS / 1000 + 2, NO_DEADLINE, NO_FIELD},
                hashes.hexpireTime(KEY, bytes("f"), bytes("g"), absent));
        assertArrayEquals(new long[] {START_MS + 1499}, hashes.hpexpireTime(KEY, bytes("f")));
        assertArrayEquals(new long[] {2}, hashes.httl(KEY, bytes("f")));
        assertArrayEquals(
                new int[] {CHANGED, NO_DEADLINE}, hashes.hpersist(KEY, bytes("f"), bytes("g")));
        assertEquals(DELETED, expireAt("f", 0, DeadlineCondition.ALWAYS));
        assertEquals(1, hashes.hlen(KEY));
        assertArrayEquals(
                new int[] {DELETED, NO_FIELD},
                hashes.hexpire(
                        KEY, Duration.ZERO, DeadlineCondition.ALWAYS, bytes("g"), bytes("g")));
        assertEquals(0, keyspace.statistics().keyCount());
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        hashes.hexpire(
                                KEY, Duration.ofMillis(-1), DeadlineCondition.ALWAYS, bytes("f")));
        assertThrows(
                IllegalArgumentException.class,
                () -> hashes.hexpireAt(KEY, Instant.MAX.minusSeconds(1), DeadlineCondition.NX));
    }

    @Test
    void shouldGetAndSetWithDeadlines() {
        FieldExpiry soon = FieldExpiry.in(Duration.ofMillis(500));
        byte[] f = bytes("f");
        byte[] g = bytes("g");
        assertFalse(hashes.hsetex(KEY, FieldCondition.FXX, soon, f, f));
        assertTrue(hashes.hsetex(KEY, FieldCondition.FNX, soon, f, bytes("1"), g, bytes("2")));
        assertFalse(hashes.hsetex(KEY, FieldCondition.FNX, soon, bytes("x"), f, f, f));
        assertNull(hashes.hget(KEY, bytes("x")));
        assertTrue(hashes.hsetex(KEY, FieldCondition.FXX, FieldExpiry.KEEP, f, bytes("3")));
        assertArrayEquals(new long[] {500, 500}, hashes.hpttl(KEY, f, g));
        assertEquals(4, hashes.hincrBy(KEY, f, 1));
        assertEquals("4.5", hashes.hincrByFloat(KEY, f, "0.5"));
        assertArrayEquals(new long[] {500, 500}, hashes.hpttl(KEY, f, g));
        assertTrue(hashes.hsetex(KEY, FieldCondition.ALWAYS, FieldExpiry.PERSIST, f, f));
        hashes.hset(KEY, g, g);
        assertArrayEquals(new long[] {NO_DEADLINE, NO_DEADLINE}, hashes.hpttl(KEY, f, g));
        assertArrayEquals(f, hashes.hgetex(KEY, soon, f, bytes("x"))[0]);
        assertArrayEquals(new long[] {500}, hashes.hpttl(KEY, f));
        assertArrayEquals(f, hashes.hgetex(KEY, FieldExpiry.KEEP, f)[0]);
        assertArrayEquals(new long[] {500}, hashes.hpttl(KEY, f));
        assertArrayEquals(f, hashes.hgetex(KEY, FieldExpiry.PERSIST, f)[0]);
        assertArrayEquals(new long[] {NO_DEADLINE}, hashes.hpttl(KEY, f));
        assertArrayEquals(f, hashes.hgetex(KEY, FieldExpiry.at(at(-1)), f)[0]);
        assertEquals(1, hashes.hlen(KEY));
        byte[] @Nullable [] gone = hashes.hgetdel(KEY, f, g);
        assertNull(gone[0]);
        assertArrayEquals(g, gone[1]);
        assertEquals(0, keyspace.statistics().keyCount());
        assertTrue(hashes.hsetex(KEY, FieldCondition.ALWAYS, FieldExpiry.at(at(0)), f, f));
        assertEquals(0, keyspace.statistics().keyCount());
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 2_000})
    void shouldRemoveWhatHasExpiredUnasked(int fieldCount) {
        for (int i = 0; i < fieldCount; i++) {
            byte[] field = bytes("field-" + i);
            Instant deadline = at(i < fieldCount / 2 ? 100 : 200);
            hashes.hsetex(KEY, FieldCondition.ALWAYS, FieldExpiry.at(deadline), field, bytes("v"));
        }
        long before = keyspace.statistics().lastOpId();
        nowMs.set(START_MS + 150);
        assertEquals(fieldCount - fieldCount / 2, hashes.hlen(KEY));
        await(() -> keyspace.statistics().lastOpId() > before);
        nowMs.set(START_MS + 200);
        assertEquals(0, hashes.hlen(KEY));
        await(() -> keyspace.statistics().keyCount() == 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 2_000})
    void shouldTakeDeadlinesAlongWhenAKeyIsRenamedOrCopied(int fieldCount) {
        for (int i = 0; i < fieldCount; i++) {
            FieldExpiry expiry = FieldExpiry.at(at(100 + i));
            byte[] field = bytes("field-" + i);
            hashes.hsetex(KEY, FieldCondition.ALWAYS, expiry, field, field);
        }
        byte[] copy = bytes("copy");
        assertTrue(keyspace.keys().copy(KEY, copy, false));
        assertTrue(keyspace.keys().rename(KEY, bytes("other")));
        assertTrue(keyspace.keys().rename(bytes("other"), KEY));
        assertTrue(keyspace.keys().pexpireAt(KEY, START_MS + 5_000, DeadlineCondition.ALWAYS));
        nowMs.addAndGet(101);
        assertEquals(fieldCount - 2, hashes.hlen(KEY));
        assertEquals(fieldCount - 2, hashes.hlen(copy));
        keyspace.delete(KEY);
        nowMs.addAndGet(fieldCount);
        await(() -> keyspace.statistics().keyCount() == 0);
    }

    private record Field(String value, long deadlineMs) {}

    @ParameterizedTest
    @ValueSource(ints = {4, 60, 3_000})
    void shouldHoldWhatAMapWithDeadlinesHolds(int fieldCount) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Map<String, Field> model = new TreeMap<>();
        for (int i = 0; i < 12_000; i++) {
            String field = "f" + random.nextInt(fieldCount);
            byte[] name = bytes(field);
            Field present = model.get(field);
            long deadlineMs = nowMs.get() + 1 + random.nextInt(fieldCount);
            String value = "v".repeat(random.nextInt(30)) + i;
            switch (random.nextInt(8)) {
                case 0 -> {
                    assertEquals(present == null, hashes.hset(KEY, name, bytes(value)), seed + "");
                    model.put(field, new Field(value, 0));
                }
                case 1, 2 -> {
                    FieldExpiry expiry = FieldExpiry.at(Instant.ofEpochMilli(deadlineMs));
                    hashes.hsetex(KEY, FieldCondition.ALWAYS, expiry, name, bytes(value));
                    model.put(field, new Field(value, deadlineMs));
                }
                case 3 -> {
                    int answer =
                            hashes.hexpireAt(
                                            KEY,
                                            Instant.ofEpochMilli(deadlineMs),
                                            DeadlineCondition.ALWAYS,
                                            name)[0];
                    assertEquals(present == null ? NO_FIELD : CHANGED, answer, "seed=" + seed);
                    model.computeIfPresent(field, (f, v) -> new Field(v.value, deadlineMs));
                }
                case 4 -> {
                    hashes.hpersist(KEY, name);
                    model.computeIfPresent(field, (f, v) -> new Field(v.value, 0));
                }
                case 5 -> {
                    int removed = hashes.hdel(KEY, name);
                    assertEquals(model.remove(field) == null ? 0 : 1, removed, "seed=" + seed);
                }
                case 6 -> {
                    long now = nowMs.addAndGet(random.nextInt(5));
                    model.values().removeIf(v -> v.deadlineMs != 0 && v.deadlineMs <= now);
                }
                default -> {
                    byte[] found = hashes.hget(KEY, name);
                    assertEquals(present == null, found == null, "seed=" + seed);
                }
            }
            assertEquals(model.size(), hashes.hlen(KEY), "seed=" + seed);
            if (i % 500 == 0) {
                assertEquals(model, all(), "seed=" + seed);
            }
        }
        assertEquals(model, all(), "seed=" + seed);
    }

    private Map<String, Field> all() {
        Map<String, Field> all = new TreeMap<>();
        List<byte[]> names = new ArrayList<>();
        hashes.hgetAll(KEY)
                .forEach(
                        entry -> {
                            byte[] name = entry.getKey();
                            names.add(name);
                            long deadlineMs = hashes.hpexpireTime(KEY, name)[0];
                            String value = new String(entry.getValue(), UTF_8);
                            String field = new String(name, UTF_8);
                            all.put(field, new Field(value, Math.max(0, deadlineMs)));
                        });
        assertEquals(names.size(), all.size(), "a field twice");
        return all;
    }

    @Test
    void shouldGiveAllMemoryBack() {
        byte[] value = new byte[50];
        for (int round = 0; round < 10; round++) {
            for (int i = 0; i < 30_000; i++) {
                FieldExpiry expiry = FieldExpiry.in(Duration.ofMillis(1 + i % 1000));
                hashes.hsetex(KEY, FieldCondition.ALWAYS, expiry, bytes("field-" + i), value);
            }
            nowMs.addAndGet(500);
            if (round % 3 == 0) {
                keyspace.delete(KEY);
            } else if (round % 3 == 1) {
                keyspace.put(KEY, bytes("no hash any more"));
                keyspace.delete(KEY);
            } else {
                nowMs.addAndGet(500);
                await(() -> keyspace.statistics().keyCount() == 0);
            }
        }
    }

    @Test
    void shouldLetDeadlinesWaitWhileTheyAreHeld() {
        hashes.hset(KEY, bytes("f"), bytes("v"));
        keyspace.put("k", "v", Duration.ofMillis(100));
        DeadlineHold hold = keyspace.holdDeadlines();
        assertThrows(IllegalStateException.class, () -> keyspace.holdDeadlines());
        assertEquals(START_MS, hold.nowMs());
        nowMs.addAndGet(1_000);
        assertEquals("v", keyspace.get("k"));
        hold.reach(START_MS + 99);
        assertEquals("v", keyspace.get("k"));
        hold.reach(START_MS + 50);
        assertEquals(START_MS + 99, hold.nowMs());
        keyspace.put("later", "v", Duration.ofMillis(500));
        hold.reach(START_MS + 100);
        assertNull(keyspace.get("k"));
        hold.reach(START_MS + 100_000);
        assertEquals(START_MS + 1_000, hold.nowMs());
        nowMs.addAndGet(1_000);
        assertEquals("v", keyspace.get("later"));
        hold.close();
        assertNull(keyspace.get("later"));
        hold.reach(START_MS + 100_000);
        keyspace.holdDeadlines().close();
    }
}
