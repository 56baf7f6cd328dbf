package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EvictionPoolTest {
    private final EvictionPool pool = new EvictionPool();

    @Test
    void shouldHaveNoLowestWhenEmpty() {
        assertEquals(-1, pool.lowest());
    }

    @Test
    void shouldHoldARecordOnce() {
        pool.offer(1, 10);
        pool.offer(1, 10);

        assertEquals(1, pool.count());
    }

    @Test
    void shouldKeepTheLowestAndGiveThemInOrder() {
        long seed = System.nanoTime();
        long[] priorities = new SplittableRandom(seed).longs(100).toArray();
        for (int i = 0; i < priorities.length; i++) {
            pool.offer(i, priorities[i]);
        }
        long[] taken = new long[EvictionPool.CAPACITY];
        for (int i = 0; i < taken.length; i++) {
            int lowest = pool.lowest();
            taken[i] = priorities[(int) pool.record(lowest)];
            pool.remove(lowest);
        }

        long[] expected = Arrays.stream(priorities).sorted().limit(EvictionPool.CAPACITY).toArray();
        assertArrayEquals(expected, taken, () -> "seed=" + seed);
        assertEquals(0, pool.count());
    }

    @Test
    void shouldGoByTheCorrectedPriority() {
        pool.offer(1, 10);
        pool.offer(2, 20);

        assertTrue(pool.isLowestWith(0, 15));
        assertFalse(pool.isLowestWith(0, 30));
        assertEquals(2, pool.record(pool.lowest()));
        pool.offer(1, 5);
        assertEquals(1, pool.record(pool.lowest()));
        assertEquals(2, pool.count());
    }
}
