package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HyperLogLogTest extends TypeTest {
    private static final byte[] KEY = bytes("p");
    private static final List<String> KEYS = List.of("a", "b", "c");

    /** Where the estimate stands, which only a real server keeps there. */
    private static final int ESTIMATE = 8;

    private static final int ESTIMATE_END = 16;

    @Test
    void shouldCountWhatIsAdded() {
        HyperLogLogOperations counters = keyspace.hyperLogLogs();
        assertTrue(counters.pfAdd(KEY));
        assertFalse(counters.pfAdd(KEY));
        assertEquals(0, counters.pfCount(KEY));
        assertTrue(counters.pfAdd(KEY, bytes("x"), bytes("y")));
        assertFalse(counters.pfAdd(KEY, bytes("x")));
        assertEquals(2, counters.pfCount(KEY));
        assertEquals(2, counters.pfCount(KEY, KEY, bytes("absent")));
        counters.pfMerge(bytes("q"));
        assertEquals(0, counters.pfCount(bytes("q")));
    }

    @Test
    void shouldRefuseWhatIsNoHyperLogLog() {
        HyperLogLogOperations counters = keyspace.hyperLogLogs();
        keyspace.put(KEY, bytes("text"));
        HotpairException refusal =
                assertThrows(HotpairException.class, () -> counters.pfAdd(KEY, bytes("x")));
        assertEquals(HotpairException.Category.WRONG_TYPE, refusal.category());
        assertThrows(HotpairException.class, () -> counters.pfCount(KEY));
        assertThrows(HotpairException.class, () -> counters.pfMerge(bytes("q"), KEY));
        assertEquals(0, keyspace.hyperLogLogs().pfCount(bytes("q")));
    }

    @Test
    void shouldRefuseEveryCutOfAHyperLogLog() {
        HyperLogLogOperations counters = keyspace.hyperLogLogs();
        for (int i = 0; i < 100; i++) {
            counters.pfAdd(KEY, bytes("element " + i));
        }
        byte[] whole = keyspace.get(KEY);
        assertNotNull(whole);
        for (int length = 0; length < whole.length; length++) {
            keyspace.put(bytes("cut"), Arrays.copyOf(whole, length));
            assertThrows(HotpairException.class, () -> counters.pfCount(bytes("cut"), KEY));
        }
        byte[] longer = Arrays.copyOf(whole, whole.length + 1);
        keyspace.put(bytes("cut"), longer);
        assertThrows(HotpairException.class, () -> counters.pfCount(bytes("cut"), KEY));
    }

    /** The same bytes, and the same estimate to the digit, at every size. */
    @Test
    void shouldBeToTheByteWhatARealServerKeeps() {
        long seed = System.nanoTime();
        HyperLogLogOperations counters = keyspace.hyperLogLogs();
        try (Judge judge = new Judge(seed)) {
            Random random = judge.random;
            for (int i = 0; i < 4_000; i++) {
                byte[] key = bytes(KEYS.get(random.nextInt(3)));
                byte[] other = bytes(KEYS.get(random.nextInt(3)));
                switch (random.nextInt(40)) {
                    case 0 ->
                            judge.sameRun(
                                    () -> counters.pfMerge(key, other), "PFMERGE", key, other);
                    case 1 -> judge.same(() -> counters.pfCount(key, other), "PFCOUNT", key, other);
                    case 2 -> {
                        if (random.nextInt(8) == 0) {
                            judge.same(() -> keyspace.delete(key), "DEL", key);
                        }
                    }
                    case 3 -> {
                        // What a real server kept is taken over, estimate and all.
                        Object kept = judge.call("GET", key);
                        if (kept instanceof byte[] bytes) {
                            keyspace.put(key, bytes);
                        }
                    }
                    case 4, 5 -> judge.same(() -> counters.pfCount(key), "PFCOUNT", key);
                    default -> {
                        byte[][] elements = elements(random);
                        List<Object> command = new ArrayList<>(List.of("PFADD", key));
                        command.addAll(List.of(elements));
                        judge.same(() -> counters.pfAdd(key, elements), command.toArray());
                    }
                }
                assertArrayEquals(
                        withoutEstimate((byte[]) judge.call("GET", key)),
                        withoutEstimate(keyspace.get(key)),
                        "seed=" + seed + " after " + i);
            }
        }
    }

    private static byte[][] elements(Random random) {
        byte[][] elements = new byte[random.nextInt(random.nextInt(50) == 0 ? 5_000 : 30)][];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = new byte[random.nextInt(20)];
            random.nextBytes(elements[i]);
        }
        return elements;
    }

    private static byte[] withoutEstimate(byte @Nullable [] kept) {
        if (kept == null) {
            return new byte[0];
        }
        byte[] rest = kept.clone();
        Arrays.fill(rest, ESTIMATE, ESTIMATE_END, (byte) 0);
        return rest;
    }
}
