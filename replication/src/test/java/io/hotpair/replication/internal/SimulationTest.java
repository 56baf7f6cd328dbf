package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.replication.internal.Simulation.Bug;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code -Dhotpair.simulation.seeds=N} runs more seeds, {@code -Dhotpair.simulation.from=S} others.
 */
class SimulationTest {
    private static final int SEEDS = Integer.getInteger("hotpair.simulation.seeds", 1_000);
    private static final long FROM = Long.getLong("hotpair.simulation.from", 1);
    private static final int SEEDS_FOR_A_BUG = 6_000;

    @Test
    void shouldLoseNothingAcknowledgedWhateverFails() {
        long acknowledged = 0;
        long onDisk = 0;
        long promotions = 0;
        long cuts = 0;
        long crashes = 0;
        long powerCuts = 0;
        long voterAlarms = 0;
        long hangs = 0;
        long rots = 0;
        for (long seed = FROM; seed < FROM + SEEDS; seed++) {
            Simulation simulation = new Simulation(seed, Bug.NONE);
            simulation.run();
            acknowledged += simulation.acknowledgedCount();
            onDisk += simulation.acknowledgedOnDiskCount();
            promotions += simulation.promotionCount();
            cuts += simulation.cutCount();
            crashes += simulation.crashCount();
            powerCuts += simulation.powerCutCount();
            voterAlarms += simulation.voterAlarmCount();
            hangs += simulation.hangCount();
            rots += simulation.rotCount();
        }
        String figures =
                "seeds="
                        + SEEDS
                        + " acknowledged="
                        + acknowledged
                        + " onDisk="
                        + onDisk
                        + " promotions="
                        + promotions
                        + " cuts="
                        + cuts
                        + " crashes="
                        + crashes
                        + " powerCuts="
                        + powerCuts
                        + " voterAlarms="
                        + voterAlarms
                        + " hangs="
                        + hangs
                        + " rots="
                        + rots;
        // The faults must have had something to break.
        assertTrue(promotions > 3L * SEEDS && cuts > SEEDS / 10 && powerCuts > SEEDS / 10, figures);
        assertTrue(voterAlarms > SEEDS / 10 && hangs > SEEDS && rots > SEEDS / 10, figures);
        assertTrue(acknowledged > 100L * SEEDS && onDisk > 15L * SEEDS, figures);
        org.slf4j.LoggerFactory.getLogger(SimulationTest.class).info("{}", figures);
    }

    @ParameterizedTest
    @EnumSource(value = Bug.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void shouldFindEveryRuleThatIsLeftOut(Bug bug) {
        String found = null;
        for (long seed = 1; seed <= SEEDS_FOR_A_BUG && found == null; seed++) {
            found = violation(seed, bug);
        }
        assertNotNull(found, bug + " was not found in " + SEEDS_FOR_A_BUG + " seeds");
    }

    private static @Nullable String violation(long seed, Bug bug) {
        try {
            new Simulation(seed, bug).run();
            return null;
        } catch (Simulation.Violation e) {
            return e.getMessage();
        }
    }
}
