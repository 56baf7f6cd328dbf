package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class GhostFrequenciesTest {
    private final GhostFrequencies ghosts = new GhostFrequencies(Mem.platform(), 10_000);

    @Test
    void shouldForgetWhatWasTaken() {
        ghosts.put(77, 9, 0);

        assertEquals(9, ghosts.take(77, 0));
        assertEquals(0, ghosts.take(77, 0));
    }

    @Test
    void shouldHalveFrequenciesEachPeriod() {
        ghosts.put(77, 12, 14);

        assertEquals(3, ghosts.take(77, 16));
    }

    @Test
    void shouldRememberTheLatestOfAsManyKeysAsItHasSlots() {
        for (int i = 0; i < 100_000; i++) {
            ghosts.put(hash(i), 5, 0);
        }
        int remembered = 0;
        for (int i = 90_000; i < 100_000; i++) {
            remembered += ghosts.take(hash(i), 0) == 5 ? 1 : 0;
        }
        assertTrue(remembered > 9_000, "remembered=" + remembered);
    }

    @Test
    void shouldSeldomMistakeOneKeyForAnother() {
        for (int i = 0; i < 100_000; i++) {
            ghosts.put(hash(i), 5, 0);
        }
        int mistaken = 0;
        for (int i = 100_000; i < 200_000; i++) {
            mistaken += ghosts.take(hash(i), 0) == 0 ? 0 : 1;
        }
        assertTrue(mistaken < 1000, "mistaken=" + mistaken);
    }

    @Test
    void shouldReplaceWhatHasDecayedBeforeTheOthers() {
        // One set: these hashes differ only in bits that the index does not see.
        GhostFrequencies small = new GhostFrequencies(Mem.platform(), 0);
        long decayed = sameSet(0);
        small.put(decayed, 1, 0);
        for (int i = 1; i <= 3; i++) {
            small.put(sameSet(i), 15, 1);
        }
        small.put(sameSet(4), 15, 1);

        assertEquals(0, small.take(decayed, 1));
        for (int i = 1; i <= 4; i++) {
            assertEquals(15, small.take(sameSet(i), 1), "i=" + i);
        }
    }

    private static long sameSet(int i) {
        return 1000 + ((long) i << 3);
    }

    private final SipHash sipHash = new SipHash(1, 2);

    private long hash(int i) {
        return sipHash.hash(new byte[] {(byte) i, (byte) (i >> 8), (byte) (i >> 16)}, 0, 3);
    }
}
