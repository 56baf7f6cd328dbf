package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SortedSetTest extends TypeTest {
    private static final byte[] KEY = bytes("z");
    private static final SortedSetRange ALL = SortedSetRange.byIndex(0, -1);

    private SortedSetOperations sets;

    @BeforeEach
    void take() {
        sets = keyspace.sortedSets();
    }

    private static List<String> texts(List<ScoredMember> members) {
        return members.stream().map(ScoredMember::toString).toList();
    }

    private List<String> all() {
        return texts(sets.zrange(KEY, ALL));
    }

    private static ScoredMember scored(String member, double score) {
        return new ScoredMember(bytes(member), score);
    }

    @Test
    void shouldOrderByScoreAndThenByMember() {
        assertTrue(sets.zadd(KEY, 2, bytes("b")));
        assertTrue(sets.zadd(KEY, 2, bytes("a")));
        assertTrue(sets.zadd(KEY, Double.NEGATIVE_INFINITY, bytes("low")));
        assertTrue(sets.zadd(KEY, Double.POSITIVE_INFINITY, bytes("high")));
        assertTrue(sets.zadd(KEY, -1.5, bytes("c")));
        assertFalse(sets.zadd(KEY, 1, bytes("b")));
        assertEquals(List.of("low=-Infinity", "c=-1.5", "b=1.0", "a=2.0", "high=Infinity"), all());
        assertEquals(new ScoredRank(3, 2), sets.zrank(KEY, bytes("a")));
        assertEquals(new ScoredRank(1, 2), sets.zrevrank(KEY, bytes("a")));
        assertNull(sets.zrank(KEY, bytes("d")));
    }

    @Test
    void shouldKeepTheSignOfZeroAndOrderByMemberOnly() {
        sets.zadd(KEY, -0.0, bytes("b"));
        sets.zadd(KEY, 0.0, bytes("a"));
        sets.zadd(KEY, 0.0, bytes("c"));
        assertEquals(List.of("a=0.0", "b=-0.0", "c=0.0"), all());
        // The same number: nothing changes.
        assertEquals(0, sets.zadd(KEY, ZaddCondition.ALWAYS, true, scored("b", 0.0)));
        assertEquals(-0.0, sets.zscore(KEY, bytes("b")));
        assertEquals(3, sets.zcount(KEY, ScoreBound.inclusive(0), ScoreBound.inclusive(-0.0)));
        assertEquals(0, sets.zcount(KEY, ScoreBound.exclusive(-0.0), ScoreBound.HIGHEST));
    }

    @Test
    void shouldAddUnderConditions() {
        sets.zadd(KEY, 5, bytes("a"));
        assertEquals(1, sets.zadd(KEY, ZaddCondition.NX, true, scored("a", 6), scored("b", 1)));
        assertEquals(1, sets.zadd(KEY, ZaddCondition.XX, true, scored("a", 6), scored("c", 1)));
        assertEquals(0, sets.zadd(KEY, ZaddCondition.GT, true, scored("a", 5)));
        assertEquals(1, sets.zadd(KEY, ZaddCondition.LT, true, scored("a", 5)));
        assertEquals(0, sets.zadd(KEY, ZaddCondition.XX_GT, true, scored("d", 5)));
        assertEquals(0, sets.zadd(KEY, ZaddCondition.XX_LT, true, scored("a", 7)));
        assertEquals(List.of("b=1.0", "a=5.0"), all());
        assertNull(sets.zaddIncr(KEY, ZaddCondition.NX, 1, bytes("a")));
        assertNull(sets.zaddIncr(KEY, ZaddCondition.XX, 1, bytes("x")));
        assertNull(sets.zaddIncr(KEY, ZaddCondition.GT, 0, bytes("a")));
        assertEquals(4.0, sets.zaddIncr(KEY, ZaddCondition.LT, -1, bytes("a")));
        assertEquals(1.5, sets.zincrby(KEY, 1.5, bytes("new")));
    }

    @Test
    void shouldRefuseWhatIsNotANumber() {
        assertThrows(IllegalArgumentException.class, () -> scored("a", Double.NaN));
        assertThrows(
                IllegalArgumentException.class, () -> sets.zincrby(KEY, Double.NaN, bytes("a")));
        sets.zadd(KEY, Double.POSITIVE_INFINITY, bytes("a"));
        HotpairException refusal =
                assertThrows(
                        HotpairException.class,
                        () -> sets.zincrby(KEY, Double.NEGATIVE_INFINITY, bytes("a")));
        assertEquals(HotpairException.Category.WRONG_VALUE, refusal.category());
        assertEquals(List.of("a=Infinity"), all());
    }

    @Test
    void shouldRefuseAnotherType() {
        keyspace.put(KEY, bytes("text"));
        HotpairException refusal =
                assertThrows(HotpairException.class, () -> sets.zadd(KEY, 1, bytes("a")));
        assertEquals(HotpairException.Category.WRONG_TYPE, refusal.category());
        assertThrows(
                HotpairException.class, () -> sets.zunion(new byte[][] {KEY}, null, Aggregate.SUM));
        // A result takes the place of anything.
        sets.zadd(bytes("from"), 1, bytes("a"));
        assertEquals(1, sets.zrangeStore(KEY, bytes("from"), ALL));
        assertEquals(List.of("a=1.0"), all());
    }

    @Test
    void shouldBeAbsentWhenItsLastMemberIsGone() {
        sets.zadd(KEY, 1, bytes("a"));
        assertEquals(1, sets.zrem(KEY, bytes("a"), bytes("a")));
        assertEquals(0, keyspace.statistics().keyCount());
        sets.zadd(KEY, 1, bytes("a"));
        assertEquals(List.of("a=1.0"), texts(sets.zpopmax(KEY, 10)));
        assertEquals(0, keyspace.statistics().keyCount());
        assertEquals(List.of(), sets.zpopmin(KEY, 1));
        assertEquals(0, sets.zadd(KEY, ZaddCondition.XX, true, scored("a", 1)));
        assertEquals(0, keyspace.statistics().keyCount());
    }

    @Test
    void shouldTakeHugeAndEmptyMembers() {
        byte[] huge = new byte[2 << 20];
        new Random(1).nextBytes(huge);
        sets.zadd(KEY, 1, huge);
        sets.zadd(KEY, 1, new byte[0]);
        sets.zadd(KEY, 0, bytes("a"));
        assertEquals(new ScoredRank(1, 1), sets.zrank(KEY, new byte[0]));
        assertArrayEquals(huge, sets.zrange(KEY, ALL).get(2).member());
        assertEquals(2, sets.zcount(KEY, ScoreBound.inclusive(1), ScoreBound.inclusive(1)));
        sets.zadd(KEY, -1, huge);
        assertEquals(new ScoredRank(0, -1), sets.zrank(KEY, huge));
        assertEquals(1, sets.zrem(KEY, huge));
        assertEquals(List.of("a=0.0", "=1.0"), all());
    }

    @Test
    void shouldPopFromTheFirstKeyThatHasMembers() {
        sets.zadd(KEY, 1, bytes("a"));
        sets.zadd(KEY, 2, bytes("b"));
        byte[][] keys = {bytes("none"), KEY};
        Map.Entry<byte[], List<ScoredMember>> popped = sets.zmpop(keys, true, 1);
        assertNotNull(popped);
        assertArrayEquals(KEY, popped.getKey());
        assertEquals(List.of("b=2.0"), texts(popped.getValue()));
        assertNotNull(sets.zmpop(keys, false, 5));
        assertNull(sets.zmpop(keys, false, 5));
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 40, 3_000})
    void shouldChooseEveryMemberAtRandom(int count) {
        ScoredMember[] members = new ScoredMember[count];
        Arrays.setAll(members, i -> scored("m" + i, i));
        assertEquals(count, sets.zadd(KEY, ZaddCondition.ALWAYS, false, members));
        Set<@Nullable String> seen = new HashSet<>();
        for (int i = 0; i < 60 * count && seen.size() < count; i++) {
            seen.add(text(sets.zrandmember(KEY)));
        }
        assertEquals(count, seen.size());
        assertEquals(2 * count, sets.zrandmember(KEY, -2L * count).size());
        List<ScoredMember> some = sets.zrandmember(KEY, count - 1);
        assertEquals(count - 1, some.size());
        assertEquals(count - 1, new HashSet<>(texts(some)).size());
        assertEquals(count, sets.zrandmember(KEY, count + 1).size());
        assertEquals(List.of(), sets.zrandmember(bytes("none"), -3));
    }

    @Test
    void shouldMeetEveryMemberThatStaysOnceWhileOthersComeAndGo() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            sets.zadd(KEY, random.nextInt(100), bytes("stay" + i));
        }
        Map<String, Integer> met = new HashMap<>();
        long cursor = 0;
        do {
            cursor =
                    sets.zscan(
                            KEY,
                            cursor,
                            7,
                            each ->
                                    met.merge(
                                            Objects.requireNonNull(text(each.member())),
                                            1,
                                            Integer::sum));
            for (int i = 0; i < 5; i++) {
                sets.zadd(KEY, random.nextInt(100), bytes("stay" + random.nextInt(2_000)));
                sets.zadd(KEY, random.nextInt(100), bytes("other" + random.nextInt(500)));
                sets.zrem(KEY, bytes("other" + random.nextInt(500)));
            }
        } while (cursor != 0);
        for (int i = 0; i < 2_000; i++) {
            assertEquals(1, met.get("stay" + i), "seed=" + seed + ", i=" + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 300, 20_000})
    void shouldHoldWhatAModelHolds(int memberCount) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Map<String, Double> model = new TreeMap<>();
        for (int i = 0; i < 15_000; i++) {
            String member = "member-" + random.nextInt(memberCount);
            if (random.nextInt(3) > 0) {
                double score = random.nextInt(50) - 25;
                boolean added = sets.zadd(KEY, score, bytes(member));
                assertEquals(model.put(member, score) == null, added, "seed=" + seed);
            } else if (random.nextInt(200) > 0) {
                boolean removed = sets.zrem(KEY, bytes(member)) == 1;
                assertEquals(model.remove(member) != null, removed, "seed=" + seed);
            } else {
                // Sometimes nearly all, sometimes few: both ways of removing a range.
                long from = random.nextInt(model.size() + 1);
                long to = random.nextBoolean() ? from + random.nextInt(5) : from + model.size() / 2;
                for (ScoredMember gone : sets.zrange(KEY, SortedSetRange.byIndex(from, to))) {
                    assertNotNull(model.remove(text(gone.member())), "seed=" + seed);
                }
                sets.zremrangeByRank(KEY, from, to);
            }
            assertEquals(model.size(), sets.zcard(KEY), "seed=" + seed);
        }
        List<String> expected = new ArrayList<>();
        model.entrySet().stream()
                .sorted(
                        Map.Entry.<String, Double>comparingByValue()
                                .thenComparing(Map.Entry.comparingByKey()))
                .forEach(entry -> expected.add(entry.getKey() + "=" + entry.getValue()));
        assertEquals(expected, all(), "seed=" + seed);
        for (int i = 0; i < expected.size(); i += 7) {
            String member = expected.get(i).substring(0, expected.get(i).indexOf('='));
            ScoredRank rank = sets.zrank(KEY, bytes(member));
            assertEquals(
                    new ScoredRank(i, model.getOrDefault(member, Double.NaN)),
                    rank,
                    "seed=" + seed);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 5_000})
    void shouldStayWhatItIsUnderAnotherKey(int count) {
        for (int i = 0; i < count; i++) {
            sets.zadd(KEY, i % 3 == 0 ? -0.0 : i, bytes("m" + i));
        }
        List<String> members = all();
        byte[] copy = bytes("copy");
        assertTrue(keyspace.keys().copy(KEY, copy, false));
        assertTrue(keyspace.keys().rename(KEY, bytes("renamed")));
        assertEquals(1, sets.zrem(copy, bytes("m1")));
        assertEquals(members, texts(sets.zrange(bytes("renamed"), ALL)));
        assertEquals(count - 1, sets.zcard(copy));
        assertEquals(-0.0, sets.zscore(copy, bytes("m3")));
    }

    @Test
    void shouldBeOneStepInATransaction() {
        sets.zadd(KEY, 1, bytes("a"));
        assertThrows(
                IllegalStateException.class,
                () ->
                        keyspace.transaction(
                                view -> {
                                    for (int i = 0; i < 500; i++) {
                                        view.sortedSets().zadd(KEY, i, bytes("m" + i));
                                    }
                                    throw new IllegalStateException("no");
                                }));
        assertEquals(List.of("a=1.0"), all());
        long count =
                keyspace.transaction(
                        view -> {
                            for (int i = 0; i < 500; i++) {
                                view.sortedSets().zadd(KEY, i, bytes("m" + i));
                            }
                            view.sortedSets().zpopmin(KEY, 100);
                            view.sortedSets().zrangeStore(bytes("other"), KEY, ALL);
                            return view.sortedSets().zcard(bytes("other"));
                        });
        assertEquals(401, count);
        assertEquals(401, sets.zcard(KEY));
    }

    @Test
    void shouldTakePlacesFarOutsideOfTheSet() {
        long[] places = {Long.MIN_VALUE, -100, -1, 0, 1, 100, Long.MAX_VALUE};
        for (int size = 0; size < 3; size++) {
            for (long start : places) {
                for (long stop : places) {
                    for (int i = 0; i < size; i++) {
                        sets.zadd(KEY, i, bytes("m" + i));
                    }
                    long from = Math.max(0, start < 0 ? start + size : start);
                    long to = Math.min(size - 1, stop < 0 ? stop + size : stop);
                    long expected = to < from ? 0 : to - from + 1;
                    String where = "size=" + size + ", start=" + start + ", stop=" + stop;
                    SortedSetRange range = SortedSetRange.byIndex(start, stop);
                    assertEquals(expected, sets.zrange(KEY, range).size(), where);
                    assertEquals(expected, sets.zrange(KEY, range.reversed()).size(), where);
                    assertEquals(expected, sets.zremrangeByRank(KEY, start, stop), where);
                }
            }
        }
    }

    @Test
    void shouldGiveAllMemoryBack() {
        byte[] other = bytes("other");
        for (int round = 0; round < 6; round++) {
            for (int i = 0; i < 30_000; i++) {
                sets.zadd(KEY, i % 1000, bytes("member-" + i));
            }
            assertEquals(30_000, sets.zrangeStore(other, KEY, ALL));
            assertEquals(20_000, sets.zremrangeByRank(KEY, 5_000, 24_999));
            assertEquals(10_000, sets.zcard(KEY));
            for (int i = 0; i < 200; i++) {
                assertEquals(30, sets.zpopmax(KEY, 30).size());
            }
            if (round % 3 == 0) {
                keyspace.put(KEY, bytes("no sorted set any more"));
                keyspace.put(other, bytes("nor this one"));
            } else if (round % 3 == 1) {
                assertEquals(4_000, sets.zremrangeByRank(KEY, 0, -1));
            }
            keyspace.delete(KEY);
            keyspace.delete(other);
        }
    }
}
