package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class IndexTest {
    private static final int PARTS = 16;
    private static final int KEYS = 400_000;

    /** So that not all segments are full, and split, at the same time. */
    @Test
    void shouldHaveTwiceAsManyKeysAtTheHighEndAsAtTheLowOne() {
        int[] counts = new int[PARTS];
        int[] buckets = new int[Index.BUCKETS];
        Engine engine = TestEngine.open(new HeapMem(), 1, false).engine;
        byte[] key = new byte[Integer.BYTES];
        for (int i = 0; i < KEYS; i++) {
            ByteBuffer.wrap(key).putInt(i);
            long hash = engine.hash(key);
            counts[(int) (hash >>> 60)]++;
            buckets[(int) (hash >>> 32) & (Index.BUCKETS - 1)]++;
        }
        engine.release();
        for (int i = 0; i < PARTS; i++) {
            // The density at x is 1 / f'(x), which goes from 3/4 to 3/2 of the mean.
            double expected = KEYS / PARTS / Math.sqrt(16 / 9.0 - 4 / 3.0 * (i + 0.5) / PARTS);
            assertEquals(expected, counts[i], 0.08 * expected, "part " + i);
        }
        for (int count : buckets) {
            int expected = KEYS / Index.BUCKETS;
            assertTrue(Math.abs(count - expected) < expected / 5, "count=" + count);
        }
    }
}
