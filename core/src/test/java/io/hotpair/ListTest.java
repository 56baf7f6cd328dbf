package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListTest extends TypeTest {
    private static final byte[] KEY = bytes("l");

    private List<@Nullable String> all(byte[] key) {
        return keyspace.lists().lrange(key, 0, -1).stream().map(TypeTest::text).toList();
    }

    @Test
    void shouldBeAbsentWhenItsLastElementIsGone() {
        ListOperations lists = keyspace.lists();
        assertEquals(3, lists.rpush(KEY, bytes("a"), bytes("b"), bytes("c")));
        assertEquals(5, lists.lpush(KEY, bytes("d"), bytes("e")));
        assertEquals(List.of("e", "d", "a", "b", "c"), all(KEY));
        List<byte[]> popped = lists.rpop(KEY, 2);
        assertNotNull(popped);
        assertEquals(List.of("c", "b"), popped.stream().map(TypeTest::text).toList());
        lists.ltrim(KEY, 5, 6);
        assertNull(lists.lpop(KEY));
        assertNull(lists.lpop(KEY, 0));
        assertEquals(0, lists.rpushX(KEY, bytes("a")));
        assertEquals(0, keyspace.statistics().keyCount());
    }

    @Test
    void shouldRefuseAnotherType() {
        keyspace.put(KEY, bytes("text"));
        HotpairException refusal =
                assertThrows(HotpairException.class, () -> keyspace.lists().lpush(KEY, bytes("a")));
        assertEquals(HotpairException.Category.WRONG_TYPE, refusal.category());
        keyspace.lists().rpush(bytes("l2"), bytes("a"));
        assertThrows(
                HotpairException.class,
                () -> keyspace.lists().lmove(bytes("l2"), KEY, ListEnd.LEFT, ListEnd.LEFT));
        assertEquals(List.of("a"), all(bytes("l2")));
        assertThrows(HotpairException.class, () -> keyspace.get(bytes("l2")));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5_000})
    void shouldGiveItsElementsOneByOne(int count) {
        for (int i = 0; i < count; i++) {
            keyspace.lists().rpush(KEY, bytes("e" + i));
        }
        List<@Nullable String> given = new ArrayList<>();
        keyspace.lists().lrange(KEY, -2, 10_000, element -> given.add(text(element)));
        assertEquals(all(KEY).subList(Math.max(0, count - 2), count), given);
    }

    @Test
    void shouldInsertAtAPosition() {
        ListOperations lists = keyspace.lists();
        assertEquals(2, lists.linsertAt(KEY, 0, bytes("a"), bytes("d")));
        assertEquals(4, lists.linsertAt(KEY, -1, bytes("b"), bytes("c")));
        assertEquals(5, lists.linsertAt(KEY, 4, bytes("e")));
        assertEquals(List.of("a", "b", "c", "d", "e"), all(KEY));
        assertThrows(HotpairException.class, () -> lists.linsertAt(KEY, 6, bytes("x")));
        assertThrows(HotpairException.class, () -> lists.linsertAt(KEY, -6, bytes("x")));
    }

    @Test
    void shouldTakeOneHugeElementBesideSmallOnes() {
        byte[] huge = new byte[3 << 20];
        new Random(1).nextBytes(huge);
        ListOperations lists = keyspace.lists();
        lists.rpush(KEY, bytes("a"), huge, bytes("b"));
        assertArrayEquals(huge, lists.lindex(KEY, 1));
        lists.lset(KEY, 1, bytes("small"));
        assertEquals(List.of("a", "small", "b"), all(KEY));
        lists.rpush(bytes("h"), huge);
        assertArrayEquals(huge, lists.lpop(bytes("h")));
    }

    @Test
    void shouldMoveInsideATransaction() {
        keyspace.lists().rpush(KEY, bytes("a"), bytes("b"));
        long length =
                keyspace.transaction(
                        view -> {
                            ListOperations lists = view.lists();
                            lists.lmove(KEY, bytes("m"), ListEnd.LEFT, ListEnd.RIGHT);
                            lists.rpopLpush(KEY, KEY);
                            assertNotNull(
                                    lists.lmpop(ListEnd.LEFT, 9, bytes("none"), KEY, bytes("m")));
                            assertNull(lists.lindex(KEY, 0));
                            return lists.llen(bytes("m"));
                        });
        assertEquals(1, length);
        assertEquals(List.of("a"), all(bytes("m")));
        assertEquals(List.of(), all(KEY));
    }

    @Test
    void shouldRemoveManyOfALargeList() {
        ListOperations lists = keyspace.lists();
        List<byte[]> elements = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 50_000; i++) {
            boolean removed = i % 3 == 0 || (i > 20_000 && i < 29_000) || i % 1_000 < 7;
            elements.add(bytes(removed ? "x" : "e" + i));
            if (!removed) {
                expected.add("e" + i);
            }
        }
        lists.rpush(KEY, elements.toArray(new byte[0][]));
        assertEquals(50_000 - expected.size(), lists.lrem(KEY, 0, bytes("x")));
        assertEquals(expected, all(KEY));
    }

    @Test
    void shouldGiveAllMemoryBack() {
        ListOperations lists = keyspace.lists();
        byte[] element = bytes("some element of a list that is pushed and popped");
        for (int round = 0; round < 8; round++) {
            for (int i = 0; i < 20_000; i++) {
                lists.lpush(KEY, element, bytes("x"));
            }
            for (int i = 0; i < 15_000; i++) {
                lists.rpop(KEY);
            }
            assertEquals(25_000, lists.llen(KEY));
            switch (round % 4) {
                case 0 -> assertTrue(keyspace.delete(KEY));
                case 1 -> keyspace.put(KEY, bytes("no list any more"));
                case 2 -> assertEquals(12_500, lists.lrem(KEY, 0, element));
                default -> lists.ltrim(KEY, 100, 101);
            }
            keyspace.delete(KEY);
        }
    }

    @Test
    void shouldCopyAndRenameALargeList() {
        ListOperations lists = keyspace.lists();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            expected.add("element " + i);
            lists.rpush(KEY, bytes("element " + i));
        }
        assertTrue(keyspace.keys().copy(KEY, bytes("copy"), false));
        lists.ltrim(KEY, 1_000, 2_999);
        assertTrue(keyspace.keys().rename(KEY, bytes("other")));
        assertEquals(expected.subList(1_000, 3_000), all(bytes("other")));
        assertEquals(expected, all(bytes("copy")));
    }

    // ---- against Redis

    @ParameterizedTest
    @ValueSource(ints = {3, 40, 2_000})
    void shouldAnswerAsARealServerDoes(int maxLength) {
        try (Judge judge = new Judge(System.nanoTime())) {
            for (int i = 0; i < 6_000; i++) {
                step(judge, judge.random, maxLength);
            }
            for (String key : List.of("a", "b")) {
                judge.same(() -> keyspace.lists().lrange(bytes(key), 0, -1), "LRANGE", key, 0, -1);
            }
        }
    }

    private static byte[][] elements(Random random, int maxLength) {
        byte[][] elements = new byte[1 + random.nextInt(random.nextInt(20) == 0 ? maxLength : 3)][];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = element(random);
        }
        return elements;
    }

    private static byte[] element(Random random) {
        int kind = random.nextInt(40);
        return bytes(kind == 0 ? "long ".repeat(random.nextInt(400)) : "e" + kind % 9);
    }

    private static Object[] command(String name, byte[] key, byte[][] elements) {
        List<Object> command = new ArrayList<>(List.of(name, key));
        command.addAll(List.of(elements));
        return command.toArray();
    }

    private void step(Judge judge, Random random, int maxLength) {
        ListOperations lists = keyspace.lists();
        byte[] key = bytes(random.nextBoolean() ? "a" : "b");
        byte[] other = bytes(random.nextBoolean() ? "a" : "b");
        byte[] element = element(random);
        int length = (int) lists.llen(key);
        long from = random.nextInt(2 * length + 5) - length - 2L;
        long to = random.nextInt(2 * length + 5) - length - 2L;
        ListEnd end = random.nextBoolean() ? ListEnd.LEFT : ListEnd.RIGHT;
        ListEnd otherEnd = random.nextBoolean() ? ListEnd.LEFT : ListEnd.RIGHT;
        int few = random.nextInt(4);
        switch (random.nextInt(22)) {
            case 0, 1, 2 -> {
                byte[][] elements = elements(random, maxLength);
                judge.same(() -> lists.lpush(key, elements), command("LPUSH", key, elements));
            }
            case 3, 4, 5 -> {
                byte[][] elements = elements(random, maxLength);
                judge.same(() -> lists.rpush(key, elements), command("RPUSH", key, elements));
            }
            case 6 -> judge.same(() -> lists.lpushX(key, element), "LPUSHX", key, element);
            case 7 -> judge.same(() -> lists.rpushX(key, element), "RPUSHX", key, element);
            case 8 -> judge.same(() -> lists.lpop(key), "LPOP", key);
            case 9 -> judge.same(() -> lists.rpop(key), "RPOP", key);
            case 10 -> judge.same(() -> lists.lpop(key, few), "LPOP", key, few);
            case 11 -> judge.same(() -> lists.rpop(key, few), "RPOP", key, few);
            case 12 -> judge.same(() -> lists.lindex(key, from), "LINDEX", key, from);
            case 13 -> judge.same(() -> lists.lrange(key, from, to), "LRANGE", key, from, to);
            case 14 ->
                    judge.sameRun(() -> lists.lset(key, from, element), "LSET", key, from, element);
            case 15 -> {
                boolean before = random.nextBoolean();
                byte[] pivot = element(random);
                judge.same(
                        () ->
                                before
                                        ? lists.linsertBefore(key, pivot, element)
                                        : lists.linsertAfter(key, pivot, element),
                        "LINSERT",
                        key,
                        before ? "BEFORE" : "AFTER",
                        pivot,
                        element);
            }
            case 16 -> {
                long count = random.nextInt(9) - 4L;
                judge.same(() -> lists.lrem(key, count, element), "LREM", key, count, element);
            }
            case 17 -> {
                if (random.nextInt(4) == 0 || length > maxLength) {
                    judge.sameRun(() -> lists.ltrim(key, from, to), "LTRIM", key, from, to);
                }
            }
            case 18 -> {
                judge.same(() -> lists.lpos(key, element), "LPOS", key, element);
                long rank = random.nextInt(9) - 4L;
                long compared = random.nextInt(length + 2);
                judge.same(
                        () -> lists.lpos(key, element, rank, few, compared),
                        "LPOS",
                        key,
                        element,
                        "RANK",
                        rank,
                        "COUNT",
                        few,
                        "MAXLEN",
                        compared);
            }
            case 19 ->
                    judge.same(
                            () -> lists.lmove(key, other, end, otherEnd),
                            "LMOVE",
                            key,
                            other,
                            end,
                            otherEnd);
            case 20 ->
                    judge.same(
                            () -> {
                                PoppedElements popped = lists.lmpop(end, few + 1, key, other);
                                return popped == null
                                        ? null
                                        : List.of(popped.key(), popped.elements());
                            },
                            "LMPOP",
                            2,
                            key,
                            other,
                            end,
                            "COUNT",
                            few + 1);
            default -> judge.same(() -> lists.llen(key), "LLEN", key);
        }
    }

    @Test
    void shouldTakeNothingInATransactionThatGoesOnAfterARefusal() {
        byte[] text = bytes("text");
        keyspace.lists().rpush(KEY, bytes("a"));
        keyspace.put(text, bytes("no list"));
        boolean refused =
                keyspace.transaction(
                        view -> {
                            try {
                                byte[] unused =
                                        view.lists().lmove(KEY, text, ListEnd.LEFT, ListEnd.LEFT);
                                return false;
                            } catch (HotpairException e) {
                                view.increment(bytes("refused"), 1);
                                return true;
                            }
                        });
        assertTrue(refused);
        assertEquals(List.of("a"), all(KEY));
    }
}
