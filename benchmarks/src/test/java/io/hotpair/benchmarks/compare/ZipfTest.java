package io.hotpair.benchmarks.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ZipfTest {
    private static final int COUNT = 1000;
    private static final int DRAWS = 1_000_000;

    @Test
    void shouldDrawTheHottestRanksAsOftenAsZipfsLawSays() {
        int[] drawn = new int[COUNT];
        Zipf zipf = new Zipf(COUNT, 0.99);
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < DRAWS; i++) {
            drawn[zipf.rank(random.nextDouble())]++;
        }
        double sum = 0;
        for (int rank = 1; rank <= COUNT; rank++) {
            sum += Math.pow(rank, -0.99);
        }
        assertEquals(1 / sum, (double) drawn[0] / DRAWS, 0.002);
        assertEquals(Math.pow(2, -0.99) / sum, (double) drawn[1] / DRAWS, 0.002);
        assertTrue(drawn[COUNT - 1] > 0, "the coldest rank was never drawn");
    }

    @Test
    void shouldStayWithinTheRanks() {
        Zipf zipf = new Zipf(COUNT, 0.99);
        assertEquals(0, zipf.rank(0));
        assertEquals(COUNT - 1, zipf.rank(Math.nextDown(1.0)));
    }

    @Test
    void shouldScatterRanksOneToOne() {
        for (int keyCount : new int[] {1000, 250_000, 1_000_000}) {
            BitSet seen = new BitSet(keyCount);
            for (int rank = 0; rank < keyCount; rank++) {
                seen.set(Distribution.scatter(rank, keyCount));
            }
            assertEquals(keyCount, seen.cardinality());
        }
    }
}
