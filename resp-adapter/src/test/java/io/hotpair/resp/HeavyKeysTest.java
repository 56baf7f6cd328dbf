package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.resp.HeavyKeys.Heavy;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeavyKeysTest {
    private static void add(HeavyKeys keys, String key, long more) {
        byte[] bytes = ("<" + key + ">").getBytes(StandardCharsets.ISO_8859_1);
        keys.add(bytes, 1, bytes.length - 2, more);
    }

    private static Map<String, Long> told(HeavyKeys keys, int most) {
        return keys.heaviest(most).stream()
                .collect(
                        Collectors.toMap(
                                each -> new String(each.key(), StandardCharsets.ISO_8859_1),
                                Heavy::sum));
    }

    @Test
    void shouldTellExactSumsWhileThereIsACounterForEachKey() {
        HeavyKeys keys = new HeavyKeys(3);
        add(keys, "a", 5);
        add(keys, "b", 9);
        add(keys, "", 7);
        add(keys, "a", 1);
        add(keys, "none", 0);
        assertEquals(Map.of("a", 6L, "b", 9L, "", 7L), told(keys, 10));
        assertEquals(Map.of("b", 9L, "", 7L), told(keys, 2));
        assertArrayEquals(new byte[] {'b'}, keys.heaviest(1).get(0).key());
        assertEquals(22, keys.total());
    }

    @Test
    void shouldNotTellAsAKeysOwnWhatItTookOver() {
        HeavyKeys keys = new HeavyKeys(2);
        add(keys, "a", 5);
        add(keys, "b", 9);
        add(keys, "c", 1);
        assertEquals(Map.of("b", 9L, "c", 1L), told(keys, 10));
        // c went on counting from 5, and is the lightest all the same.
        add(keys, "d", 2);
        assertEquals(Map.of("b", 9L, "d", 2L), told(keys, 10));
        add(keys, "e", 2);
        assertEquals(Map.of("b", 9L, "e", 2L), told(keys, 10));
        add(keys, "f", 3);
        assertEquals(Map.of("e", 2L, "f", 3L), told(keys, 10));
        assertEquals(22, keys.total());
    }

    @Test
    void shouldCountKeysThatAreTooLongForAllTogetherOnly() {
        HeavyKeys keys = new HeavyKeys(2);
        String longest = "x".repeat(HeavyKeys.MAX_KEY_LENGTH);
        add(keys, longest, 1);
        add(keys, longest + "y", 2);
        assertEquals(Map.of(longest, 1L), told(keys, 10));
        assertEquals(3, keys.total());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldFindAllHeavyKeysAndNeverTellTooMuch(long seed) {
        Random random = new Random(seed);
        int capacity = 1 + random.nextInt(100);
        HeavyKeys keys = new HeavyKeys(capacity);
        Map<String, Long> sums = new HashMap<>();
        long total = 0;
        for (int i = 0; i < 50_000; i++) {
            // Few have most, and which these are changes once.
            double skewed = Math.pow(random.nextDouble(), 4) * 2_000;
            String key = "k" + ((int) skewed + (i < 25_000 ? 0 : 1_000));
            long more = random.nextInt(100);
            add(keys, key, more);
            sums.merge(key, more, Long::sum);
            total += more;
        }
        assertEquals(total, keys.total());
        Map<String, Long> told = told(keys, Integer.MAX_VALUE);
        assertTrue(told.size() <= capacity, told::toString);
        long most = total / capacity;
        int heavy = 0;
        for (Map.Entry<String, Long> each : sums.entrySet()) {
            long found = told.getOrDefault(each.getKey(), 0L);
            String where = "seed=" + seed + " " + each + " found=" + found + " most=" + most;
            assertTrue(found <= each.getValue(), where);
            assertTrue(found >= each.getValue() - most, where);
            heavy += each.getValue() > most ? 1 : 0;
        }
        // The heaviest one has about 7 %.
        assertTrue(heavy > 0 || capacity < 20, "seed=" + seed);
        List<Long> inOrder = keys.heaviest(Integer.MAX_VALUE).stream().map(Heavy::sum).toList();
        for (int i = 1; i < inOrder.size(); i++) {
            assertTrue(inOrder.get(i - 1) >= inOrder.get(i), inOrder::toString);
        }
    }
}
