package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
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
}
