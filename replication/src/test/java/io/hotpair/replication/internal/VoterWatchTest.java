package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.hotpair.log.Lineage;
import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class VoterWatchTest {
    private static final String W = "witness w=10.0.0.3:7002";
    private static final String B = "voter b=10.0.0.2:7002";
    private static final String NO_MAJORITY =
            "no majority of voters has answered this node for %d s: until one does it is no master,"
                    + " knows none, and takes no writes; silent: %s";

    private final ManualClock clock = new ManualClock();
    private final List<String> told = new ArrayList<>();
    private final RoleLog log =
            new RoleLog(clock, "a", event -> told.add(event.kind() + " " + event.text()));
    private Set<String> unreached = Set.of(B, W);
    private VoterWatch watch = watchOf(3);

    private VoterWatch watchOf(int voterCount) {
        return new VoterWatch(voterCount, () -> new TreeSet<>(unreached), log, clock.nanoTime());
    }

    private static RegisterView missing(String... voters) {
        return new RegisterView(TopologyState.INITIAL, 0, true, voters.length == 0, Set.of(voters));
    }

    /** Lets time pass in steps of an agent. Each question is answered so, or not at all if null. */
    private void pass(long ms, @Nullable RegisterView answer) {
        for (long passed = 0; passed < ms; passed += 50) {
            long sentNs = clock.nanoTime();
            clock.advanceTo(sentNs + TimeUnit.MILLISECONDS.toNanos(50));
            if (answer != null) {
                watch.answered(answer, sentNs, clock.nanoTime());
            } else {
                watch.unanswered(sentNs);
            }
            watch.look(clock.nanoTime(), 1);
        }
    }

    private List<String> takeTold() {
        List<String> taken = List.copyOf(told);
        told.clear();
        return taken;
    }

    private static String silent(Set<String> voters, long seconds) {
        return NO_MAJORITY.formatted(seconds, String.join(", ", voters));
    }

    @Test
    void shouldNameEveryVoterThatItCannotReachWhenNoMajorityAnswers() {
        pass(2_400, null);
        assertNull(watch.alarm());
        pass(200, null);
        String text = NO_MAJORITY.formatted(2, B + ", " + W);
        assertEquals(text, watch.alarm());
        assertEquals(List.of("VOTERS_SILENT " + text), takeTold());
        pass(29_000, null);
        assertEquals(List.of(), takeTold());
        assertEquals(NO_MAJORITY.formatted(31, B + ", " + W), watch.alarm());
        unreached = Set.of(W);
        pass(1_000, null);
        assertEquals(List.of("VOTERS_SILENT " + silent(unreached, 32)), takeTold());
        unreached = Set.of();
        pass(50, null);
        assertEquals(NO_MAJORITY.formatted(32, "none, but none leads"), watch.alarm());
        pass(50, missing());
        assertNull(watch.alarm());
        assertEquals(List.of("VOTERS_BACK answering again: a majority of voters"), takeTold());
    }

    @Test
    void shouldNameAVoterThatTheLeadingOneDoesNotHear() {
        pass(10_000, missing());
        pass(2_500, missing(W));
        assertNull(watch.alarm());
        pass(100, missing(W));
        String text = W + " silent for 2 s: a further failure stops the shard";
        assertEquals(text, watch.alarm());
        assertEquals(List.of("VOTERS_SILENT " + text), takeTold());
        pass(30_000, missing(W));
        text = W + " silent for 32 s: a further failure stops the shard";
        assertEquals(List.of("VOTERS_SILENT " + text), takeTold());
        pass(50, missing());
        assertNull(watch.alarm());
        assertEquals(List.of("VOTERS_BACK answering again: " + W), takeTold());
    }

    @Test
    void shouldSayThatThereIsNoMasterWhileNobodyMayTakeOver() {
        TopologyState known =
                new TopologyState(9, 2, "b", Set.of("b"), 1, Lineage.EMPTY, Map.of("b", 1L));
        pass(2_000, new RegisterView(known, 100, true, true, Set.of()));
        pass(1_000, new RegisterView(known, 100, true, false, Set.of(B)));
        RegisterView ended = new RegisterView(known, 0, true, false, Set.of(B));
        pass(2_000, ended);
        assertEquals(
                List.of(
                        "VOTERS_SILENT "
                                + B
                                + " silent for 2 s: a further failure stops the shard"),
                takeTold());
        pass(600, ended);
        String text =
                B
                        + " silent for 3 s: there is no master, and no write is taken, until one of"
                        + " those in sync, [b], takes over";
        assertEquals(text, watch.alarm());
        assertEquals(List.of("VOTERS_SILENT " + text), takeTold());
        pass(10_000, ended);
        assertEquals(List.of(), takeTold());
        pass(50, new RegisterView(known, 100, true, true, Set.of()));
        assertNull(watch.alarm());
        assertEquals(List.of("VOTERS_BACK answering again: " + B), takeTold());
    }

    @Test
    void shouldNotCallAVoterSilentThatComesBackInTimeAgainAndAgain() {
        for (int i = 0; i < 20; i++) {
            pass(2_000, missing(W));
            pass(50, missing(B));
        }
        pass(2_000, null);
        pass(50, missing());
        pass(2_000, null);
        assertEquals(List.of(), told);
    }

    @Test
    void shouldKeepTheAlarmWhileNothingIsKnown() {
        pass(3_000, missing(W));
        takeTold();
        // A leader that has just begun, or steps down.
        RegisterView unknown = new RegisterView(TopologyState.INITIAL, 0, true, false, Set.of());
        pass(1_000, unknown);
        pass(1_000, null);
        pass(1_000, missing(W));
        assertEquals(W + " silent for 5 s: a further failure stops the shard", watch.alarm());
        assertEquals(List.of(), told);
    }

    @Test
    void shouldSayWhatIsLeftWhenAMajorityIsBackAndAVoterIsNot() {
        pass(3_000, missing(W));
        takeTold();
        unreached = Set.of(B, W);
        pass(3_000, null);
        assertEquals(
                List.of("VOTERS_SILENT " + NO_MAJORITY.formatted(2, B + ", " + W)), takeTold());
        pass(50, missing(W));
        assertEquals(
                List.of(
                        "VOTERS_BACK answering again: a majority of voters",
                        "VOTERS_SILENT "
                                + W
                                + " silent for 6 s: a further failure stops the shard"),
                takeTold());
    }

    @Test
    void shouldNotTakeItsOwnStandstillForTheSilenceOfOthers() {
        pass(1_000, missing(W));
        long sentNs = clock.nanoTime();
        clock.advanceTo(sentNs + TimeUnit.SECONDS.toNanos(60));
        // What was asked before has long timed out, and is heard of before and after the look.
        watch.unanswered(sentNs);
        watch.look(clock.nanoTime(), 1);
        watch.unanswered(sentNs + 1);
        pass(1_000, missing(W));
        pass(50, missing());
        pass(2_000, null);
        assertEquals(List.of(), told);
        pass(1_000, null);
        assertEquals(1, told.size(), told::toString);
    }

    @Test
    void shouldIgnoreAnswersToOlderQuestionsAndFailuresOfThem() {
        pass(1_000, missing());
        long sentNs = clock.nanoTime();
        pass(1_000, missing());
        watch.unanswered(sentNs);
        pass(3_000, missing(W));
        watch.answered(missing(), sentNs, clock.nanoTime());
        watch.look(clock.nanoTime(), 1);
        assertEquals(W + " silent for 2 s: a further failure stops the shard", watch.alarm());
    }

    @Test
    void shouldCountHowManyFailuresCanBeSurvivedWithFiveVoters() {
        watch = watchOf(5);
        pass(3_000, missing(W));
        assertEquals(
                W + " silent for 2 s: further failures that can be survived: 1", watch.alarm());
        pass(3_000, missing(W, B));
        assertEquals(
                B + " silent for 2 s, " + W + " silent for 5 s: a further failure stops the shard",
                watch.alarm());
        takeTold();
        pass(50, missing(B));
        assertEquals(List.of("VOTERS_BACK answering again: " + W), takeTold());
    }
}
