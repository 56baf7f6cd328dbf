package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SetTest extends TypeTest {
    private static final byte[] KEY = bytes("s");

    private SetOperations sets() {
        return keyspace.sets();
    }

    private static byte[][] members(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> bytes("member-" + i)).toArray(byte[][]::new);
    }

    private static Set<@Nullable String> texts(List<byte[]> members) {
        Set<@Nullable String> texts = new HashSet<>();
        members.forEach(member -> assertTrue(texts.add(text(member)), "a member twice"));
        return texts;
    }

    @Test
    void shouldKeepWhatWasAddedAndNothingTwice() {
        assertEquals(2, sets().sadd(KEY, bytes("a"), bytes("b"), bytes("a")));
        assertEquals(0, sets().sadd(KEY, bytes("a")));
        assertArrayEquals(
                new boolean[] {true, false}, sets().smismember(KEY, bytes("a"), bytes("c")));
        assertEquals(1, sets().srem(KEY, bytes("a"), bytes("a"), bytes("c")));
        assertEquals(Set.of("b"), texts(sets().smembers(KEY)));
        assertEquals(1, sets().srem(KEY, bytes("b")));
        assertEquals(0, keyspace.statistics().keyCount());
    }

    @Test
    void shouldRefuseAnotherType() {
        keyspace.put(KEY, bytes("text"));
        assertThrows(HotpairException.class, () -> sets().sadd(KEY, bytes("a")));
        assertThrows(HotpairException.class, () -> sets().sinter(bytes("absent"), KEY));
        assertEquals(0, sets().sinterStore(KEY, bytes("absent")));
        assertNull(keyspace.get(KEY));
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 400, 20_000})
    void shouldHoldWhatASetHolds(int memberCount) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Set<@Nullable String> model = new TreeSet<>();
        for (int i = 0; i < 10_000; i++) {
            String member = "m" + random.nextInt(memberCount);
            switch (random.nextInt(8)) {
                case 0, 1 -> {
                    boolean removed = sets().srem(KEY, bytes(member)) == 1;
                    assertEquals(model.remove(member), removed, "seed=" + seed);
                }
                case 2 -> {
                    List<byte[]> popped = sets().spop(KEY, random.nextInt(10) * 2L);
                    texts(popped).forEach(m -> assertTrue(model.remove(m), "seed=" + seed));
                }
                default -> {
                    byte[] other = bytes("m" + random.nextInt(memberCount));
                    int added = (model.add(member) ? 1 : 0) + (model.add(text(other)) ? 1 : 0);
                    assertEquals(added, sets().sadd(KEY, bytes(member), other), "seed=" + seed);
                }
            }
            assertEquals(model.size(), sets().scard(KEY), "seed=" + seed);
        }
        assertEquals(model, texts(sets().smembers(KEY)), "seed=" + seed);
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 5_000})
    void shouldChooseEveryMemberAboutEquallyOften(int count) {
        sets().sadd(KEY, members(0, count));
        assertEquals(count, texts(sets().srandmember(KEY, count * 2L)).size());
        assertEquals(count / 3, texts(sets().srandmember(KEY, count / 3)).size());
        assertEquals(count - 2, texts(sets().srandmember(KEY, count - 2)).size());
        int[] seen = new int[count];
        for (byte[] member : sets().srandmember(KEY, -200L * count)) {
            seen[Integer.parseInt(String.valueOf(text(member)).substring(7))]++;
        }
        // 200 are expected with a deviation of 14.
        assertTrue(Arrays.stream(seen).allMatch(n -> n > 100 && n < 300), Arrays.toString(seen));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100, 20_000})
    void shouldPopAsManyAsAsked(int count) {
        sets().sadd(KEY, members(0, 30_000));
        Set<@Nullable String> popped = texts(sets().spop(KEY, count));
        assertEquals(count, popped.size());
        Set<@Nullable String> left = texts(sets().smembers(KEY));
        assertEquals(30_000 - count, left.size());
        popped.forEach(member -> assertFalse(left.contains(member)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5_000})
    void shouldGiveItsMembersOneByOne(int count) {
        if (count > 0) {
            sets().sadd(KEY, members(0, count));
        }
        List<@Nullable String> given = new ArrayList<>();
        sets().smembers(KEY, member -> given.add(text(member)));
        assertEquals(count, given.size());
        assertEquals(texts(sets().smembers(KEY)), new HashSet<>(given));
        List<@Nullable String> chosen = new ArrayList<>();
        sets().srandmember(KEY, -100, member -> chosen.add(text(member)));
        assertEquals(count == 0 ? 0 : 100, chosen.size());
        assertTrue(given.containsAll(chosen));
    }

    /** A walk during which others come and go, the set changing its form several times. */
    @ParameterizedTest
    @ValueSource(ints = {5, 300, 5_000})
    void shouldScanWhatStaysExactlyOnce(int others) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        sets().sadd(KEY, members(0, 20));
        List<@Nullable String> seen = new ArrayList<>();
        long cursor = 0;
        do {
            byte[][] passing = members(1000, 1000 + others);
            if (random.nextBoolean()) {
                sets().sadd(KEY, passing);
            } else {
                sets().srem(KEY, passing);
            }
            cursor = sets().sscan(KEY, cursor, 1 + random.nextInt(50), m -> seen.add(text(m)));
        } while (cursor != 0);
        for (int i = 0; i < 20; i++) {
            String member = "member-" + i;
            assertEquals(1, seen.stream().filter(member::equals).count(), "seed=" + seed);
        }
    }

    @Test
    void shouldCombineLargeSets() {
        sets().sadd(bytes("a"), members(0, 10_000));
        sets().sadd(bytes("b"), members(5_000, 20_000));
        sets().sadd(bytes("c"), members(9_990, 9_999));
        assertEquals(5_000, sets().sinter(bytes("a"), bytes("b")).size());
        assertEquals(9, sets().sinterStore(KEY, bytes("a"), bytes("b"), bytes("c")));
        assertEquals(texts(List.of(members(9_990, 9_999))), texts(sets().smembers(KEY)));
        assertEquals(7, sets().sinterCard(7, bytes("a"), bytes("b")));
        assertEquals(20_000, sets().sunionStore(KEY, bytes("a"), bytes("b"), bytes("c")));
        assertEquals(texts(List.of(members(0, 20_000))), texts(sets().smembers(KEY)));
        assertEquals(5_000, sets().sdiffStore(KEY, KEY, bytes("b")));
        assertEquals(texts(List.of(members(0, 5_000))), texts(sets().smembers(KEY)));
    }

    @Test
    void shouldMoveInOneStep() {
        sets().sadd(KEY, bytes("a"), bytes("b"));
        assertTrue(sets().smove(KEY, bytes("t"), bytes("a")));
        assertFalse(sets().smove(KEY, bytes("t"), bytes("a")));
        assertTrue(sets().smove(KEY, KEY, bytes("b")));
        assertEquals(Set.of("b"), texts(sets().smembers(KEY)));
        assertEquals(Set.of("a"), texts(sets().smembers(bytes("t"))));
        keyspace.put(bytes("text"), bytes("x"));
        assertThrows(HotpairException.class, () -> sets().smove(KEY, bytes("text"), bytes("none")));
        assertFalse(sets().smove(bytes("absent"), bytes("text"), bytes("none")));
    }

    @Test
    void shouldGiveAllMemoryBack() {
        byte[][] many = members(0, 50_000);
        for (int round = 0; round < 10; round++) {
            sets().sadd(KEY, many);
            sets().sunionStore(bytes("copy"), KEY);
            assertEquals(50_000, sets().spop(KEY, 20_000).size() + sets().scard(KEY));
            keyspace.delete(KEY);
            keyspace.put(bytes("copy"), bytes("no set any more"));
        }
    }

    @Test
    void shouldAnswerAsARealServerDoes() {
        try (RedisModel redis = new RedisModel()) {
            Random random = redis.random;
            keyspace.put(bytes("text"), bytes("x"));
            redis.call("SET", "text", "x");
            int range = 4 + random.nextInt(200);
            for (int i = 0; i < 8_000; i++) {
                step(redis, random, range);
            }
            for (String key : List.of("s0", "s1", "s2", "s3", "text")) {
                redis.sameMembers(() -> sets().smembers(bytes(key)), "SMEMBERS", key);
            }
        }
    }

    private void step(RedisModel redis, Random random, int range) {
        byte[] key = key(random);
        byte[] other = key(random);
        byte[] third = key(random);
        byte[] m = bytes("m" + random.nextInt(range));
        byte[] n = bytes("" + random.nextInt(range));
        switch (random.nextInt(16)) {
            case 0, 1, 2, 3 -> redis.same(() -> sets().sadd(key, m, n), "SADD", key, m, n);
            case 4 -> redis.same(() -> sets().srem(key, m, n), "SREM", key, m, n);
            case 5 -> redis.same(() -> sets().scard(key), "SCARD", key);
            case 6 -> redis.same(() -> sets().sismember(key, m), "SISMEMBER", key, m);
            case 7 -> redis.same(() -> sets().smove(key, other, m), "SMOVE", key, other, m);
            case 8 -> redis.sameMembers(() -> sets().sinter(key, other), "SINTER", key, other);
            case 9 ->
                    redis.sameMembers(
                            () -> sets().sunion(key, other, third), "SUNION", key, other, third);
            case 10 ->
                    redis.sameMembers(
                            () -> sets().sdiff(key, other, third), "SDIFF", key, other, third);
            case 11 ->
                    redis.same(
                            () -> sets().sinterStore(key, other, third),
                            "SINTERSTORE",
                            key,
                            other,
                            third);
            case 12 -> {
                if (random.nextInt(10) == 0) {
                    redis.same(
                            () -> sets().sunionStore(key, other, third),
                            "SUNIONSTORE",
                            key,
                            other,
                            third);
                }
            }
            case 13 ->
                    redis.same(
                            () -> sets().sdiffStore(key, other, third),
                            "SDIFFSTORE",
                            key,
                            other,
                            third);
            case 14 -> {
                long limit = random.nextInt(4);
                redis.same(
                        () -> sets().sinterCard(limit, key, other),
                        "SINTERCARD",
                        2,
                        key,
                        other,
                        "LIMIT",
                        limit);
            }
            default -> {
                long count = random.nextInt(20) - 10L;
                redis.sameCount(() -> sets().srandmember(key, count), "SRANDMEMBER", key, count);
            }
        }
    }

    private static byte[] key(Random random) {
        return bytes(random.nextInt(30) == 0 ? "text" : "s" + random.nextInt(4));
    }
}
