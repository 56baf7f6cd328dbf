package io.hotpair.internal;

import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two threads, switched at any access of memory: the log's order is always a linearisation. */
@Timeout(3_600)
class ScheduleTest {
    private static final int SAMPLE = Integer.getInteger("hotpair.schedules", 200);

    private static final Schedules SCHEDULES = new Schedules(Variant.small());

    @ParameterizedTest
    @EnumSource(Schedule.Pair.class)
    void shouldAlwaysLinearise(Schedule.Pair pair) {
        long seed = System.nanoTime();
        int before = SCHEDULES.runs();
        SCHEDULES.explore(pair, SAMPLE, new Random(seed));
        System.out.println(pair + ": " + (SCHEDULES.runs() - before) + " schedules, seed " + seed);
    }
}
