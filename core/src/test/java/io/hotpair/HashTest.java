package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HashTest extends TypeTest {
    private static final byte[] KEY = bytes("h");

    private Map<@Nullable String, @Nullable String> all() {
        Map<@Nullable String, @Nullable String> all = new HashMap<>();
        for (Map.Entry<byte[], byte[]> entry : keyspace.hashes().hgetAll(KEY)) {
            assertNull(all.put(text(entry.getKey()), text(entry.getValue())), "a field twice");
        }
        return all;
    }

    @Test
    void shouldKeepFieldsInTheOrderInWhichTheyCameWhileSmall() {
        HashOperations hashes = keyspace.hashes();
        assertEquals(2, hashes.hset(KEY, bytes("b"), bytes("1"), bytes("a"), bytes("2")));
        assertFalse(hashes.hset(KEY, bytes("b"), bytes("3")));
        assertTrue(hashes.hset(KEY, bytes("c"), bytes("4")));
        List<@Nullable String> fields = new ArrayList<>();
        hashes.hgetAll(KEY).forEach(entry -> fields.add(text(entry.getKey())));
        assertEquals(List.of("b", "a", "c"), fields);
        assertEquals("3", text(hashes.hget(KEY, bytes("b"))));
        assertNull(hashes.hget(KEY, bytes("d")));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5_000})
    void shouldGiveItsFieldsOneByOne(int count) {
        HashOperations hashes = keyspace.hashes();
        for (int i = 0; i < count; i++) {
            hashes.hset(KEY, bytes("f" + i), bytes("v" + i));
        }
        List<@Nullable String> expected = new ArrayList<>();
        hashes.hgetAll(KEY)
                .forEach(entry -> expected.add(text(entry.getKey()) + text(entry.getValue())));
        List<@Nullable String> given = new ArrayList<>();
        hashes.hgetAll(KEY, (field, value) -> given.add(text(field) + text(value)));
        assertEquals(expected, given);
        given.clear();
        byte[][] fields = {bytes("f0"), bytes("none"), bytes("f2"), bytes("f0")};
        hashes.hmget(KEY, fields, value -> given.add(value == null ? null : text(value)));
        assertEquals(
                count == 0
                        ? Arrays.asList(null, null, null, null)
                        : Arrays.asList("v0", null, "v2", "v0"),
                given);
        given.clear();
        hashes.hrandfield(KEY, -100, (field, value) -> given.add(text(field) + text(value)));
        assertEquals(count == 0 ? 0 : 100, given.size());
        assertTrue(expected.containsAll(given));
    }

    @Test
    void shouldEndWhenWhatItGivesFieldsToThrows() {
        keyspace.hashes().hset(KEY, bytes("a"), bytes("1"), bytes("b"), bytes("2"));
        List<@Nullable String> given = new ArrayList<>();
        assertThrows(
                IllegalStateException.class,
                () ->
                        keyspace.hashes()
                                .hgetAll(
                                        KEY,
                                        (field, value) -> {
                                            given.add(text(field));
                                            throw new IllegalStateException("enough");
                                        }));
        assertEquals(List.of("a"), given);
        assertEquals(2, keyspace.hashes().hdel(KEY, bytes("a"), bytes("b")));
    }

    @Test
    void shouldBeAbsentWhenItsLastFieldIsGone() {
        HashOperations hashes = keyspace.hashes();
        hashes.hset(KEY, bytes("f"), bytes("v"));
        assertEquals(1, hashes.hdel(KEY, bytes("f"), bytes("f"), bytes("g")));
        assertEquals(0, hashes.hlen(KEY));
        assertEquals(0, keyspace.statistics().keyCount());
    }

    @Test
    void shouldRefuseAnotherType() {
        keyspace.put(KEY, bytes("text"));
        HotpairException refusal =
                assertThrows(
                        HotpairException.class,
                        () -> keyspace.hashes().hset(KEY, bytes("f"), bytes("v")));
        assertEquals(HotpairException.Category.WRONG_TYPE, refusal.category());
        keyspace.put(bytes("x"), bytes("y"));
        keyspace.hashes().hset(bytes("h2"), bytes("f"), bytes("v"));
        assertThrows(HotpairException.class, () -> keyspace.get(bytes("h2")));
    }

    @Test
    void shouldTakeOneHugeFieldBesideSmallOnes() {
        byte[] huge = new byte[3 << 20];
        new Random(1).nextBytes(huge);
        HashOperations hashes = keyspace.hashes();
        hashes.hset(KEY, bytes("huge"), huge);
        hashes.hset(KEY, bytes("small"), bytes("v"));
        assertArrayEquals(huge, hashes.hget(KEY, bytes("huge")));
        assertEquals(1, hashes.hdel(KEY, bytes("huge")));
        assertEquals(Map.of("small", "v"), all());
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 400, 20_000})
    void shouldHoldWhatAMapHolds(int fieldCount) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        HashOperations hashes = keyspace.hashes();
        Map<String, String> model = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            String field = "field-" + random.nextInt(fieldCount);
            if (random.nextInt(3) > 0) {
                String value = "v".repeat(random.nextInt(40)) + i;
                boolean added = hashes.hset(KEY, bytes(field), bytes(value));
                assertEquals(model.put(field, value) == null, added, "seed=" + seed);
            } else {
                boolean removed = hashes.hdel(KEY, bytes(field)) == 1;
                assertEquals(model.remove(field) != null, removed, "seed=" + seed);
            }
            assertEquals(model.size(), hashes.hlen(KEY), "seed=" + seed);
        }
        assertEquals(model, all(), "seed=" + seed);
    }

    @Test
    void shouldGiveAllMemoryBack() {
        HashOperations hashes = keyspace.hashes();
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 40_000; i++) {
                hashes.hset(KEY, bytes("field-" + i), bytes("some value of a field " + i));
            }
            assertEquals(40_000, hashes.hlen(KEY));
            if (round % 2 == 0) {
                keyspace.put(KEY, bytes("no hash any more"));
            }
            keyspace.delete(KEY);
        }
    }

    @Test
    void shouldAnswerAsARealServerDoes() {
        try (RedisModel redis = new RedisModel()) {
            Random random = redis.random;
            keyspace.put(bytes("text"), bytes("x"));
            redis.call("SET", "text", "x");
            int range = 4 + random.nextInt(300);
            for (int i = 0; i < 10_000; i++) {
                step(redis, random, range);
            }
            for (String key : List.of("h0", "h1", "text")) {
                redis.sameMembers(() -> pairs(bytes(key)), "HGETALL", key);
            }
        }
    }

    private List<byte[]> pairs(byte[] key) {
        List<byte[]> all = new ArrayList<>();
        keyspace.hashes().hgetAll(key).forEach(e -> all.addAll(List.of(e.getKey(), e.getValue())));
        return all;
    }

    private static final String[] VALUES = {
        "",
        "1",
        "-1",
        "007",
        "9223372036854775807",
        "-9223372036854775808",
        "1e3",
        "0x1p3",
        "abc",
        "inf",
        "-inf",
        "nan",
        "3.14",
        " 1",
        "1.5e300",
        "0.1",
        "12345678901234567890",
        "-0",
        "+5"
    };

    private void step(RedisModel redis, Random random, int range) {
        HashOperations hashes = keyspace.hashes();
        byte[] key = bytes(random.nextInt(30) == 0 ? "text" : "h" + random.nextInt(2));
        byte[] f = bytes("f" + random.nextInt(range));
        byte[] g = bytes("f" + random.nextInt(range));
        String number = VALUES[random.nextInt(VALUES.length)];
        byte[] value = bytes(random.nextBoolean() ? number : "v".repeat(random.nextInt(90)));
        switch (random.nextInt(14)) {
            case 0, 1, 2 ->
                    redis.same(() -> hashes.hset(key, f, value, g, f), "HSET", key, f, value, g, f);
            case 3 -> redis.same(() -> hashes.hsetnx(key, f, value), "HSETNX", key, f, value);
            case 4 -> redis.same(() -> hashes.hget(key, f), "HGET", key, f);
            case 5 ->
                    redis.same(
                            () -> java.util.Arrays.asList(hashes.hmget(key, f, g)),
                            "HMGET",
                            key,
                            f,
                            g);
            case 6 -> redis.same(() -> hashes.hdel(key, f, g), "HDEL", key, f, g);
            case 7 -> redis.same(() -> hashes.hexists(key, f), "HEXISTS", key, f);
            case 8 -> redis.same(() -> hashes.hlen(key), "HLEN", key);
            case 9 -> redis.same(() -> hashes.hstrlen(key, f), "HSTRLEN", key, f);
            case 10 -> {
                redis.sameMembers(() -> hashes.hkeys(key), "HKEYS", key);
                redis.sameMembers(() -> hashes.hvals(key), "HVALS", key);
            }
            case 11 -> {
                long delta = random.nextInt(3) == 0 ? Long.MAX_VALUE : random.nextInt(100) - 50L;
                redis.same(() -> hashes.hincrBy(key, f, delta), "HINCRBY", key, f, delta);
            }
            case 12 ->
                    redis.same(
                            () -> hashes.hincrByFloat(key, f, number),
                            "HINCRBYFLOAT",
                            key,
                            f,
                            number);
            default -> {
                long count = random.nextInt(20) - 10L;
                redis.sameCount(() -> hashes.hrandfield(key, count), "HRANDFIELD", key, count);
            }
        }
    }

    /** A walk during which other fields come and go, the hash changing its form several times. */
    @ParameterizedTest
    @ValueSource(ints = {5, 300, 3_000})
    void shouldScanWhatStaysExactlyOnce(int others) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        HashOperations hashes = keyspace.hashes();
        List<@Nullable String> seen = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            hashes.hset(KEY, bytes("stays-" + i), bytes("v" + i));
        }
        long cursor = 0;
        do {
            for (int i = random.nextInt(2 * others); i >= 0; i--) {
                byte[] field = bytes("passes-" + random.nextInt(others));
                if (random.nextInt(3) > 0) {
                    hashes.hdel(KEY, field);
                } else {
                    hashes.hset(KEY, field, field);
                }
            }
            cursor =
                    hashes.hscan(
                            KEY,
                            cursor,
                            1 + random.nextInt(50),
                            (field, value) -> seen.add(text(field) + "=" + text(value)));
        } while (cursor != 0);
        for (int i = 0; i < 20; i++) {
            String field = "stays-" + i + "=v" + i;
            assertEquals(1, seen.stream().filter(field::equals).count(), "seed=" + seed);
        }
    }
}
