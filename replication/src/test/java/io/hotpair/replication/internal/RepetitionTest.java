package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RepetitionTest {
    private final ManualClock clock = new ManualClock();
    private final Repetition repetition = new Repetition(clock);

    private void pass(long ns) {
        clock.advanceTo(clock.nanoTime() + ns);
    }

    @Test
    void shouldSayASentenceOnceAndThenOnceAMinute() {
        assertTrue(repetition.isDue("x"));
        assertFalse(repetition.isDue("x"));
        assertTrue(repetition.isDue("y"));
        pass(Repetition.INTERVAL_NS - 1);
        assertFalse(repetition.isDue("x"));
        pass(1);
        assertTrue(repetition.isDue("x"));
        assertFalse(repetition.isDue("x"));
    }

    @Test
    void shouldNotBeFloodedBySentencesThatVary() {
        int said = 0;
        for (int i = 0; i < 10_000; i++) {
            said += repetition.isDue("sentence " + i) ? 1 : 0;
        }
        assertTrue(said == Repetition.MAX_SENTENCES, "said=" + said);
        pass(Repetition.INTERVAL_NS);
        assertTrue(repetition.isDue("sentence 9999"));
    }
}
