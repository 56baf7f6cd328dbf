package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WindowedLfuTest {
    private static final long TICK_BYTES = 1000;
    private static final long HASH = 0x1234_5678_9ABC_DEF0L;

    private long accessCount;
    private final WindowedLfu policy =
            new WindowedLfu(
                    () -> TICK_BYTES * WindowedLfu.TICKS_PER_TURNOVER,
                    () -> 1000,
                    () -> accessCount);

    WindowedLfuTest() {
        policy.remember(new GhostFrequencies(Mem.platform(), 0));
    }

    private int now() {
        return policy.now(0);
    }

    private void passTicks(int ticks) {
        policy.onAllocate(ticks * TICK_BYTES);
    }

    private void passPeriod() {
        passTicks(WindowedLfu.MIN_TICKS_PER_PERIOD);
        accessCount += 1000 * WindowedLfu.ACCESSES_PER_PERIOD;
        passTicks(1);
    }

    private long priority(int access) {
        return policy.priority(access, now(), 0, 100);
    }

    private int used(int access, int ticks) {
        int word = access;
        for (int i = 0; i < ticks; i++) {
            passTicks(1);
            word = policy.onAccess(word, now());
        }
        return word;
    }

    @Test
    void shouldNotWriteAgainInTheSameTick() {
        passTicks(3);
        int word = policy.onCreate(HASH, now());

        assertEquals(word, policy.onAccess(word, now()));
        passTicks(1);
        int after = policy.onAccess(word, now());
        assertNotEquals(word, after);
        assertEquals(after, policy.onAccess(after, now()));
    }

    @Test
    void shouldCountTheTicksOfUseUpToFifteen() {
        int word = policy.onCreate(HASH, now());

        assertEquals(1, WindowedLfu.frequency(word, now()));
        assertEquals(4, WindowedLfu.frequency(used(word, 3), now()));
        assertEquals(15, WindowedLfu.frequency(used(word, 40), now()));
    }

    @Test
    void shouldHalveTheFrequencyEachPeriod() {
        int word = used(policy.onCreate(HASH, now()), 11);

        assertEquals(12, WindowedLfu.frequency(word, now()));
        passPeriod();
        assertEquals(6, WindowedLfu.frequency(word, now()));
        passPeriod();
        assertEquals(3, WindowedLfu.frequency(word, now()));
        passTicks(1);
        assertEquals(4, WindowedLfu.frequency(policy.onAccess(word, now()), now()));
    }

    @Test
    void shouldKeepTheWindowBeforeAllOthers() {
        int often = used(policy.onCreate(HASH, now()), 14);
        passTicks(WindowedLfu.WINDOW_TICKS + 1);
        int justNow = policy.onCreate(HASH + 1, now());

        assertTrue(priority(often) < priority(justNow));
        passTicks(WindowedLfu.WINDOW_TICKS);
        assertTrue(priority(often) < priority(justNow));
        passTicks(1);
        assertTrue(priority(often) > priority(justNow));
    }

    @Test
    void shouldEvictTheLongestUnusedOfTheWindowFirst() {
        int earlier = policy.onCreate(HASH, now());
        passTicks(1);
        int later = policy.onCreate(HASH + 1, now());

        assertTrue(priority(earlier) < priority(later));
    }

    @Test
    void shouldEvictTheYoungestOfEquallyFrequentOnes() {
        int earlier = policy.onCreate(HASH, now());
        passTicks(4);
        int later = policy.onCreate(HASH + 1, now());
        passTicks(WindowedLfu.WINDOW_TICKS + 1);

        assertTrue(priority(later) < priority(earlier));
    }

    @Test
    void shouldEvictTheLargerOfEquallyFrequentOnes() {
        int word = policy.onCreate(HASH, now());
        passTicks(WindowedLfu.WINDOW_TICKS + 1);

        assertTrue(policy.priority(word, now(), 0, 80) < policy.priority(word, now(), 0, 64));
    }

    @Test
    void shouldGiveWhatComesBackTheFrequencyItHad() {
        int word = used(policy.onCreate(HASH, now()), 7);
        policy.onEvict(HASH, word, now());
        passPeriod();

        assertEquals(5, WindowedLfu.frequency(policy.onCreate(HASH, now()), now()));
        assertEquals(1, WindowedLfu.frequency(policy.onCreate(HASH, now()), now()));
    }

    @Test
    void shouldNotHalveFrequenciesFasterThanTheyCanGrow() {
        int word = policy.onCreate(HASH, now());
        for (int i = 0; i < 40; i++) {
            accessCount += 1_000_000;
            word = used(word, 1);
        }

        assertTrue(WindowedLfu.frequency(word, now()) >= 10);
    }

    @Test
    void shouldOrderRecordsWhereTheTickWraps() {
        passTicks((1 << 12) - 2);
        int word = used(policy.onCreate(HASH, now()), 1);
        passTicks(WindowedLfu.WINDOW_TICKS + 1);
        int later = policy.onCreate(HASH + 1, now());

        assertTrue(WindowedLfu.tick(now()) < WindowedLfu.tick(word));
        assertTrue(priority(word) < priority(later));
        assertEquals(3, WindowedLfu.frequency(policy.onAccess(word, now()), now()));
    }

    @Test
    void shouldAcceptEveryWordAtEveryTime() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 100_000; i++) {
            int word = random.nextInt();
            int now = random.nextInt();
            int frequency = WindowedLfu.frequency(policy.onAccess(word, now), now);

            assertTrue(frequency >= 0 && frequency <= 15, () -> "seed=" + seed);
            assertTrue(policy.priority(word, now, 0, 1) >= 0, () -> "seed=" + seed);
            policy.onEvict(random.nextLong(), word, now);
        }
    }

    @Test
    void shouldLoseNoTickWhenManyThreadsAllocate() throws InterruptedException {
        Thread[] writers = new Thread[4];
        for (int i = 0; i < writers.length; i++) {
            writers[i] = new Thread(() -> allocate(100_000, 10));
            writers[i].start();
        }
        for (Thread writer : writers) {
            writer.join();
        }
        // What is left in the tick that is not complete is less than what one more makes complete.
        policy.onAllocate(TICK_BYTES);

        assertEquals(4_000_000 / TICK_BYTES + 1, WindowedLfu.tick(now()));
    }

    private void allocate(int times, int bytes) {
        for (int i = 0; i < times; i++) {
            policy.onAllocate(bytes);
        }
    }
}
