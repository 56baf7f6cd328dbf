package io.hotpair.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.MemoryReport.PrefixUsage;
import io.hotpair.MemoryReport.Usage;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeavyPrefixesTest {
    private static final int CAPACITY = 50;

    private final Map<String, Long> truth = new HashMap<>();
    private long total;

    private void add(HeavyPrefixes prefixes, String prefix, long memoryBytes) {
        byte[] bytes = (prefix + ":rest").getBytes(UTF_8);
        prefixes.add(bytes, prefix.getBytes(UTF_8).length, 2, memoryBytes);
        truth.merge(prefix, memoryBytes, Long::sum);
        total += memoryBytes;
    }

    private static String name(PrefixUsage usage) {
        return new String(usage.prefix(), UTF_8);
    }

    @Test
    void shouldBeExactWhileThereAreCountersForAll() {
        HeavyPrefixes prefixes = new HeavyPrefixes(3);
        add(prefixes, "a", 10);
        add(prefixes, "b", 30);
        add(prefixes, "a", 5);
        add(prefixes, "", 1);
        List<PrefixUsage> heaviest = prefixes.heaviest(10);
        assertEquals(
                List.of("b", "a", ""), heaviest.stream().map(HeavyPrefixesTest::name).toList());
        assertEquals(new Usage(2, 4, 15), heaviest.get(1).usage());
        assertTrue(heaviest.stream().allMatch(usage -> usage.maxMissedMemoryBytes() == 0));
        assertEquals("b", name(prefixes.heaviest(1).get(0)));
    }

    @Test
    void shouldSayWhatANewcomerMayHaveHad() {
        HeavyPrefixes prefixes = new HeavyPrefixes(2);
        add(prefixes, "a", 10);
        add(prefixes, "b", 7);
        add(prefixes, "c", 100);
        List<PrefixUsage> heaviest = prefixes.heaviest(2);
        assertArrayEquals("c".getBytes(UTF_8), heaviest.get(0).prefix());
        assertEquals(new Usage(1, 2, 100), heaviest.get(0).usage());
        assertEquals(7, heaviest.get(0).maxMissedMemoryBytes());
        assertEquals("a", name(heaviest.get(1)));
    }

    /** What holds by H2 and H3, of streams between one prefix for all and one for each key. */
    @ParameterizedTest
    @ValueSource(ints = {10, 51, 200, 5_000, 1_000_000})
    void shouldKeepItsBoundsWhateverComes(int distinct) {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        HeavyPrefixes prefixes = new HeavyPrefixes(CAPACITY);
        for (int i = 0; i < 30_000; i++) {
            // Some prefixes come far more often, and some of those that come late weigh a lot.
            int prefix = (int) (distinct * Math.pow(random.nextDouble(), 4));
            add(prefixes, "p" + prefix, 16 + random.nextInt(prefix % 7 == 0 ? 1_000 : 100));
        }
        List<PrefixUsage> heaviest = prefixes.heaviest(CAPACITY);
        Set<String> named = new HashSet<>();
        for (PrefixUsage usage : heaviest) {
            String name = name(usage);
            long real = truth.getOrDefault(name, 0L);
            long counted = usage.usage().memoryBytes();
            assertTrue(named.add(name), "seed=" + seed);
            assertTrue(counted <= real, () -> "seed=" + seed + " " + usage + " real=" + real);
            assertTrue(
                    real <= counted + usage.maxMissedMemoryBytes(),
                    () -> "seed=" + seed + " " + usage + " real=" + real);
            assertTrue(
                    usage.maxMissedMemoryBytes() <= total / CAPACITY,
                    () -> "seed=" + seed + " " + usage + " total=" + total);
        }
        truth.forEach(
                (name, real) ->
                        assertTrue(
                                real <= total / CAPACITY || named.contains(name),
                                () -> "seed=" + seed + " " + name + " has " + real));
    }
}
