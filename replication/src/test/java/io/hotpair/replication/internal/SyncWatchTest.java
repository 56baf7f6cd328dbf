package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.hotpair.log.Lineage;
import io.hotpair.replication.register.TopologyState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SyncWatchTest {
    private static final String ALONE =
            "b not in sync for %d s (its cable): no other node can take over from [a]";

    private final ManualClock clock = new ManualClock();
    private final List<String> told = new ArrayList<>();
    private final RoleLog log =
            new RoleLog(clock, "a", event -> told.add(event.kind() + " " + event.text()));
    private SyncWatch watch = new SyncWatch(List.of("a", "b"), log, clock.nanoTime());
    private @Nullable String why = "its cable";

    private static TopologyState inSync(String... members) {
        return new TopologyState(7, 3, "a", Set.of(members), 1, Lineage.EMPTY, Map.of("a", 1L));
    }

    /** Lets time pass in steps of an agent. */
    private void pass(long ms, TopologyState state) {
        for (long passed = 0; passed < ms; passed += 50) {
            step(50, state);
        }
    }

    private void step(long ms, TopologyState state) {
        clock.advanceTo(clock.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms));
        watch.look(clock.nanoTime(), state, node -> why);
    }

    private List<String> takeTold() {
        List<String> taken = List.copyOf(told);
        told.clear();
        return taken;
    }

    @Test
    void shouldSayWhichNodeIsNotInSyncUntilItIs() {
        pass(60_000, inSync("a", "b"));
        pass(9_900, inSync("a"));
        assertNull(watch.alarm());
        assertEquals(List.of(), takeTold());
        pass(100, inSync("a"));
        assertEquals(ALONE.formatted(10), watch.alarm());
        assertEquals(List.of("OUT_OF_SYNC " + ALONE.formatted(10)), takeTold());
        pass(59_900, inSync("a"));
        assertEquals(ALONE.formatted(69), watch.alarm());
        assertEquals(List.of(), takeTold());
        pass(100, inSync("a"));
        assertEquals(List.of("OUT_OF_SYNC " + ALONE.formatted(70)), takeTold());
        why = null;
        pass(50, inSync("a"));
        assertEquals("b not in sync for 70 s: no other node can take over from [a]", watch.alarm());
        pass(50, inSync("a", "b"));
        assertNull(watch.alarm());
        assertEquals(List.of("BACK_IN_SYNC in sync again: b"), takeTold());
    }

    @Test
    void shouldNotSpeakOfNodesThatComeBackInTime() {
        for (int i = 0; i < 20; i++) {
            pass(9_000, inSync("a"));
            pass(50, inSync("a", "b"));
        }
        // The very first start: there is nobody to be in sync with.
        pass(60_000, TopologyState.INITIAL);
        pass(9_000, inSync("a"));
        assertEquals(List.of(), told);
        assertNull(watch.alarm());
    }

    @Test
    void shouldNotTakeItsOwnStandstillForTheAbsenceOfOthers() {
        pass(5_000, inSync("a"));
        step(3_600_000, inSync("a"));
        assertNull(watch.alarm());
        pass(3_900, inSync("a"));
        assertNull(watch.alarm());
        pass(100, inSync("a"));
        assertEquals(ALONE.formatted(10), watch.alarm());
    }

    @Test
    void shouldSayWhoIsLeftOfThree() {
        watch = new SyncWatch(List.of("a", "b", "c"), log, clock.nanoTime());
        pass(10_000, inSync("a", "c"));
        assertEquals(
                "b not in sync for 10 s (its cable): those that can take over: [a, c]",
                watch.alarm());
        takeTold();
        why = null;
        pass(10_000, inSync("a"));
        String both =
                "b not in sync for 20 s, c not in sync for 10 s: no other node can take over from"
                        + " [a]";
        assertEquals(both, watch.alarm());
        assertEquals(List.of("OUT_OF_SYNC " + both), takeTold());
        pass(50, inSync("a", "b"));
        assertEquals(List.of("BACK_IN_SYNC in sync again: b"), takeTold());
    }
}
