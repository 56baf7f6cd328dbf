package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.MemoryLog;
import io.hotpair.replication.register.TopologyState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A master's agent in virtual time, with a replica that logs at once and forces when told to. */
class RoleAgentTest {
    private static final Set<String> ALONE = Set.of("a");
    private static final Set<String> BOTH = Set.of("a", "b");
    private static final long STEP_MS = 5;
    private static final long FORCE_LIMIT_MS =
            TimeUnit.NANOSECONDS.toMillis(RoleAgent.FORCE_LIMIT_NS);

    private final ManualClock clock = new ManualClock();
    private final MemoryRegister register = new MemoryRegister(clock);
    private final MarkInMemory marker = new MarkInMemory();
    private MemoryKeyspace keyspace =
            new MemoryKeyspace(Path.of("a"), new MemoryLog(new UUID(1, 1)), clock, true);
    private final List<String> told = new ArrayList<>();
    private final RoleLog events =
            new RoleLog(clock, "a", event -> told.add(event.kind() + " " + event.text()));
    private RoleAgent agent = newAgent(1);
    private InSyncSet.@Nullable Progress b;
    private boolean hangs;
    private boolean stuck;

    private RoleAgent newAgent(int minInSync) {
        return newAgent(minInSync, false, 11);
    }

    private RoleAgent newAgent(int minInSync, boolean acceptPossibleLoss, long incarnation) {
        return new RoleAgent(
                new AgentSetup(
                        "a",
                        List.of("a", "b"),
                        3,
                        minInSync,
                        acceptPossibleLoss,
                        incarnation,
                        keyspace,
                        register.of("a"),
                        new NoShipping(),
                        new NoFollowing(),
                        marker,
                        events,
                        () -> {}));
    }

    /** Closes the agent in order, damages the log behind an opId, and starts another agent. */
    private void restartDamaged(long keptOpId, boolean acceptPossibleLoss) {
        agent.close();
        pass(1_000);
        assertTrue(agent.closed());
        MemoryLog log = keyspace.log();
        log.damageAfter(keptOpId);
        keyspace = new MemoryKeyspace(Path.of("a"), log, clock, true);
        b = null;
        agent = newAgent(1, acceptPossibleLoss, 12);
    }

    private String alarm() {
        String alarm = events.alarm();
        assertNotNull(alarm);
        return alarm;
    }

    private void pass(long ms) {
        for (long passed = 0; passed < ms; passed += STEP_MS) {
            clock.advanceTo(clock.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STEP_MS));
            follow();
            long unused = agent.step();
        }
    }

    private void follow() {
        InSyncSet set = agent.view().inSync();
        InSyncSet.Progress joined = b;
        if (set != null && joined != null && !stuck) {
            set.acknowledged(joined, keyspace.log().lastOpId());
            if (!hangs && joined.forcedOpId() < set.wantedOnDisk(joined)) {
                set.forced(joined, joined.loggedOpId());
            }
        }
    }

    private InSyncSet inSync() {
        InSyncSet set = agent.view().inSync();
        assertNotNull(set);
        return set;
    }

    private InSyncSet.Progress joined() {
        InSyncSet.Progress joined = b;
        assertNotNull(joined);
        return joined;
    }

    /** The replica enters its start, and follows. */
    private void join() {
        TopologyState state = register.state();
        Map<String, Long> incarnations = new TreeMap<>(state.incarnations());
        incarnations.put("b", 22L);
        assertTrue(
                register.compareAndSet(
                                "b",
                                state.version(),
                                new TopologyState(
                                        state.version() + 1,
                                        state.term(),
                                        state.master(),
                                        state.inSync(),
                                        state.minInSync(),
                                        state.lineage(),
                                        incarnations))
                        .accepted());
        b = inSync().join("b", 22, 1);
    }

    private void beMaster() {
        pass(1_000);
        assertTrue(keyspace.isLeasedMaster());
        assertEquals(ALONE, register.state().inSync());
    }

    private void beMasterOfBoth() {
        beMaster();
        join();
        pass(500);
        assertEquals(BOTH, register.state().inSync());
        assertNull(events.alarm());
    }

    /** A write that is to be on all devices. */
    private long write() {
        long opId = keyspace.put("k", "v");
        keyspace.wantOnDisk(opId);
        return opId;
    }

    private boolean isOnDisk(long opId) {
        return keyspace.committedToDisk().get() >= opId;
    }

    @Test
    void shouldBeReadyForAnyFailureOnlyWhileEveryDataNodeIsInSync() {
        beMaster();
        pass(10_200);
        assertFalse(agent.view().haReady());
        String alarm = agent.view().syncAlarm();
        assertTrue(alarm != null && alarm.contains("b not in sync for 10 s (it does not"), alarm);
        join();
        pass(500);
        assertEquals(BOTH, register.state().inSync());
        assertTrue(agent.view().haReady());
        assertNull(agent.view().syncAlarm());
        stuck = true;
        keyspace.put("k", "v");
        pass(2_000);
        assertEquals(ALONE, register.state().inSync());
        assertFalse(agent.view().haReady());
        pass(10_000);
        alarm = agent.view().syncAlarm();
        assertTrue(alarm != null && alarm.contains("(it follows, and has not caught up)"), alarm);
    }

    @Test
    void shouldBeReadyOnlyWhileEveryVoterIsKnownToTakePart() {
        beMasterOfBoth();
        assertTrue(agent.view().haReady());
        register.miss("w");
        pass(250);
        assertFalse(agent.view().haReady());
        assertNull(agent.view().voterAlarm());
        register.miss();
        pass(250);
        assertTrue(agent.view().haReady());
        register.silent(true);
        pass(250);
        assertFalse(agent.view().haReady());
        assertNull(agent.view().voterAlarm());
    }

    @Test
    void shouldTellWhenItIsNotReadyAnyMoreUnlessForAMomentOnly() {
        beMasterOfBoth();
        long patienceMs = TimeUnit.NANOSECONDS.toMillis(RoleAgent.READY_PATIENCE_NS);
        for (int i = 0; i < 20; i++) {
            register.miss("w");
            pass(patienceMs - 250);
            register.miss();
            pass(250);
        }
        String ready =
                "HA_READY every voter takes part and every data node is in sync: any single node"
                        + " may fail";
        assertEquals(List.of(ready), toldOfReadiness());
        register.miss("w");
        pass(patienceMs + 250);
        String voters = "HA_LOST not every voter takes part";
        assertEquals(List.of(ready, voters), toldOfReadiness());
        register.miss();
        pass(250);
        assertEquals(List.of(ready, voters, ready), toldOfReadiness());
        stuck = true;
        keyspace.put("k", "v");
        pass(2_000);
        String nodes = "HA_LOST in sync are only [a]";
        assertEquals(List.of(ready, voters, ready, nodes), toldOfReadiness());
    }

    /** As one that was stopped and goes on: until it has asked it knows of no other master. */
    @Test
    void shouldNotSayThatItDoesNotFollowItself() {
        beMasterOfBoth();
        clock.advanceTo(clock.nanoTime() + TimeUnit.SECONDS.toNanos(10));
        pass(250);
        assertEquals(
                "HA_LOST this node is master no more, and knows of no other",
                toldOfReadiness().get(1));
    }

    private List<String> toldOfReadiness() {
        return told.stream().filter(event -> event.startsWith("HA_")).toList();
    }

    @Test
    void shouldNotSayWhoIsInSyncWhileNobodyAnswersIt() {
        beMaster();
        pass(5_000);
        register.silent(true);
        pass(100_000);
        assertNull(agent.view().syncAlarm());
        assertEquals(0, told.stream().filter(e -> e.startsWith("OUT_OF_SYNC")).count());
        register.silent(false);
        pass(10_000);
        String alarm = agent.view().syncAlarm();
        assertTrue(alarm != null && alarm.startsWith("b not in sync for 1"), alarm);
        register.silent(true);
        pass(100_000);
        assertNull(agent.view().syncAlarm());
        assertEquals(1, told.stream().filter(e -> e.startsWith("OUT_OF_SYNC")).count());
        // What has changed meanwhile is told first, and only that.
        enterInSync();
        register.silent(false);
        pass(1_000);
        assertNull(agent.view().syncAlarm());
        assertEquals(1, told.stream().filter(e -> e.startsWith("OUT_OF_SYNC")).count());
        assertEquals(1, told.stream().filter(e -> e.startsWith("BACK_IN_SYNC")).count());
    }

    /** What was true when the register answered last must not grow old into an event. */
    @Test
    void shouldNotCountTimeInWhichNobodyHasAnsweredIt() {
        beMaster();
        pass(8_500);
        register.silent(true);
        pass(2_400);
        assertEquals(0, told.stream().filter(e -> e.startsWith("OUT_OF_SYNC")).count());
        assertNull(agent.view().syncAlarm());
    }

    @Test
    void shouldSayWhyItIsNotInSyncOnceItHasStopped() {
        beMasterOfBoth();
        agent.fail(new IllegalStateException("a planted failure"));
        standAs("b");
        pass(11_000);
        String alarm = agent.view().syncAlarm();
        assertTrue(
                alarm != null
                        && alarm.startsWith("a not in sync for 1")
                        && alarm.contains(
                                "(replication of this node has stopped and needs a"
                                        + " restart: java.lang.IllegalStateException: a planted failure)"),
                alarm);
    }

    /** As another node does when the lease of this one has ended. */
    private void standAs(String node) {
        pass(1_000);
        TopologyState state = register.state();
        assertTrue(
                register.compareAndSet(
                                node,
                                state.version(),
                                new TopologyState(
                                        state.version() + 1,
                                        state.term() + 1,
                                        node,
                                        Set.of(node),
                                        state.minInSync(),
                                        state.lineage(),
                                        state.incarnations()))
                        .accepted());
    }

    @Test
    void shouldStayMasterThoughAQuestionCouldNotBeAskedForWantOfAThread() {
        beMasterOfBoth();
        register.outOfThreads(true);
        pass(300);
        register.outOfThreads(false);
        pass(2_000);
        assertTrue(keyspace.takesWrites());
        assertEquals(1, keyspace.promotions());
        assertNull(events.alarm());
    }

    @Test
    void shouldGrantWhatAFailureHasKeptItFromGranting() {
        beMaster();
        keyspace.failDurableOnce();
        OutOfMemoryError failure = assertThrows(OutOfMemoryError.class, this::write);
        assertEquals("Java heap space", failure.getMessage());
        long opId = keyspace.log().lastOpId();
        assertTrue(keyspace.committed().get() < opId);
        pass(100);
        assertEquals(opId, keyspace.committed().get());
    }

    @Test
    void shouldTellTimesApartOnAClockThatBeganBelowZero() {
        ManualClock below = new ManualClock(-1_000_000_000_000L);
        MemoryRegister other = new MemoryRegister(below);
        RegisterDialogue dialogue =
                new RegisterDialogue(
                        other.of("a"),
                        below,
                        () -> {},
                        new VoterWatch(3, Set::of, events, below.nanoTime()));
        below.advanceTo(below.nanoTime() + 5);
        dialogue.read();
        dialogue.takeAnswers();
        assertEquals(below.nanoTime(), dialogue.viewSentNs());
    }

    /** As a master would whose agent this one does not hear of. */
    private void enterInSync() {
        TopologyState state = register.state();
        assertTrue(
                register.compareAndSet(
                                "a",
                                state.version(),
                                new TopologyState(
                                        state.version() + 1,
                                        state.term(),
                                        state.master(),
                                        BOTH,
                                        state.minInSync(),
                                        state.lineage(),
                                        state.incarnations()))
                        .accepted());
    }

    @Test
    void shouldGoOnWithoutAMemberWhoseDeviceHangs() {
        beMasterOfBoth();
        hangs = true;
        long opId = write();
        pass(FORCE_LIMIT_MS - 100);
        assertEquals(opId, keyspace.committed().get());
        assertFalse(isOnDisk(opId));
        assertNull(events.alarm());
        pass(200);
        assertEquals(ALONE, register.state().inSync());
        assertTrue(isOnDisk(opId));
        String alarm = events.alarm();
        assertTrue(alarm != null && alarm.startsWith("the device of [b] "), alarm);
        pass(10 * FORCE_LIMIT_MS);
        assertEquals(ALONE, register.state().inSync(), "it has not shown yet that it forces");
        assertTrue(isOnDisk(write()));
        hangs = false;
        pass(500);
        assertEquals(BOTH, register.state().inSync());
        assertNull(events.alarm());
    }

    @Test
    void shouldKeepAMemberWhoseDeviceHangsWhileNobodyWaitsForIt() {
        beMasterOfBoth();
        hangs = true;
        long opId = keyspace.put("k", "v");
        pass(10 * FORCE_LIMIT_MS);
        assertEquals(opId, keyspace.committed().get());
        assertEquals(BOTH, register.state().inSync());
        assertNull(events.alarm());
    }

    @Test
    void shouldKeepAMemberThatForcesSlowly() {
        beMasterOfBoth();
        hangs = true;
        for (int i = 0; i < 10; i++) {
            long opId = write();
            pass(FORCE_LIMIT_MS - 200);
            inSync().forced(joined(), opId);
            assertTrue(isOnDisk(opId));
            assertEquals(BOTH, register.state().inSync());
        }
        assertNull(events.alarm());
    }

    @Test
    void shouldKeepAMemberIfItsOwnDeviceIsNoBetter() {
        beMasterOfBoth();
        hangs = true;
        keyspace.hang(true);
        long opId = write();
        pass(2 * FORCE_LIMIT_MS);
        // Alone it could acknowledge nothing at all.
        assertEquals(BOTH, register.state().inSync());
        assertEquals(opId, keyspace.committed().get());
        assertFalse(isOnDisk(opId));
        assertNotNull(events.alarm());
    }

    @Test
    void shouldKeepAMemberWithoutWhichWritesWouldBeRefused() {
        agent = newAgent(2);
        beMasterOfBoth();
        hangs = true;
        long opId = write();
        pass(2 * FORCE_LIMIT_MS);
        assertEquals(BOTH, register.state().inSync());
        assertTrue(keyspace.takesWrites());
        assertEquals(opId, keyspace.committed().get());
        assertNotNull(events.alarm());
    }

    @Test
    void shouldNotWaitForANewcomerThatHasNotForced() {
        beMaster();
        hangs = true;
        join();
        for (int i = 0; i < FORCE_LIMIT_MS / 10; i++) {
            long opId = write();
            pass(2 * STEP_MS);
            assertTrue(isOnDisk(opId));
        }
        assertEquals(ALONE, register.state().inSync());
        pass(FORCE_LIMIT_MS);
        assertNotNull(events.alarm());
        hangs = false;
        pass(500);
        assertEquals(BOTH, register.state().inSync());
        assertNull(events.alarm());
    }

    @Test
    void shouldDropANewcomerWhoseDeviceHangsWhileItIsTakenIn() {
        beMaster();
        hangs = true;
        join();
        for (int i = 0; i < 100 && joined().entryOpId() == 0; i++) {
            pass(STEP_MS);
        }
        long shownOpId = joined().entryOpId();
        assertTrue(shownOpId > 0);
        assertTrue(isOnDisk(write()));
        // The first force brings it before the rule; what was granted meanwhile it never forces.
        inSync().forced(joined(), shownOpId);
        pass(STEP_MS);
        assertTrue(joined().entryOpId() > shownOpId);
        long opId = write();
        pass(FORCE_LIMIT_MS - 100);
        assertFalse(isOnDisk(opId));
        pass(200);
        assertTrue(isOnDisk(opId));
        pass(10 * FORCE_LIMIT_MS);
        assertTrue(isOnDisk(write()));
        assertEquals(ALONE, register.state().inSync());
        assertNotNull(events.alarm());
        hangs = false;
        pass(500);
        assertEquals(BOTH, register.state().inSync());
    }

    @Test
    void shouldNotWaitForAMemberThatLeftUntilItForcesAgain() {
        beMasterOfBoth();
        stuck = true;
        long first = write();
        pass(1_000);
        assertEquals(ALONE, register.state().inSync());
        assertTrue(isOnDisk(first));
        stuck = false;
        hangs = true;
        for (int i = 0; i < 100; i++) {
            long opId = write();
            pass(2 * STEP_MS);
            assertTrue(isOnDisk(opId));
        }
        assertEquals(ALONE, register.state().inSync());
    }

    @Test
    void shouldWaitOnCloseUntilMembersHaveForcedWhatIsWanted() {
        beMasterOfBoth();
        hangs = true;
        AtomicReference<@Nullable Boolean> reached = new AtomicReference<>();
        keyspace.committedToDisk().whenReached(write(), reached::set);
        agent.close();
        pass(300);
        assertFalse(keyspace.takesWrites());
        assertNull(reached.get());
        hangs = false;
        pass(2 * STEP_MS);
        assertEquals(true, reached.get());
        pass(50);
        assertTrue(agent.closed());
    }

    @Test
    void shouldNotWaitOnCloseForADeviceThatHangs() {
        beMasterOfBoth();
        hangs = true;
        AtomicReference<@Nullable Boolean> reached = new AtomicReference<>();
        keyspace.committedToDisk().whenReached(write(), reached::set);
        agent.close();
        pass(600);
        assertTrue(agent.closed());
        assertEquals(false, reached.get());
    }

    @Test
    void shouldHaltAtAFirstStartWithADamagedLog() {
        keyspace.log().damageAfter(0);
        // Neither has anybody else what is missing, nor was anything in sync that could be lost.
        for (boolean acceptPossibleLoss : new boolean[] {false, true}) {
            agent = newAgent(1, acceptPossibleLoss, acceptPossibleLoss ? 12 : 11);
            pass(10_000);
            assertFalse(keyspace.isLeasedMaster());
            assertTrue(keyspace.log().isIncomplete());
            assertEquals(0, register.state().term());
            assertEquals(Set.of(), register.state().inSync());
            assertTrue(alarm().contains("no other node of this pair was ever started"), alarm());
        }
    }

    @Test
    void shouldHaltWhenOnlyItsDamagedLogIsInSync() {
        beMaster();
        long opId = write();
        keyspace.put("k", "lost");
        restartDamaged(opId, false);
        long version = register.state().version();
        pass(10_000);
        assertFalse(keyspace.isLeasedMaster());
        assertTrue(keyspace.log().isIncomplete());
        assertEquals(version, register.state().version());
        assertEquals(ALONE, register.state().inSync());
        assertTrue(alarm().contains("may be missing after opId=" + opId), alarm());
    }

    @Test
    void shouldGoOnWithADamagedLogWhenItsLossIsAccepted() {
        beMaster();
        long opId = write();
        keyspace.put("k", "lost");
        restartDamaged(opId, true);
        pass(3_000);
        assertTrue(keyspace.isLeasedMaster());
        assertFalse(keyspace.log().isIncomplete());
        assertEquals(ALONE, register.state().inSync());
        assertTrue(alarm().contains("after opId=" + opId + " is lost"), alarm());
        assertTrue(isOnDisk(write()));
    }

    @Test
    void shouldLeaveTheSetWithADamagedLogThoughItsLossIsAccepted() {
        beMasterOfBoth();
        long opId = write();
        keyspace.put("k", "at b as well");
        restartDamaged(opId, true);
        pass(10_000);
        // The other one has everything: nothing is lost, and nobody stands but that one.
        assertFalse(keyspace.isLeasedMaster());
        assertFalse(keyspace.log().isIncomplete());
        assertEquals(Set.of("b"), register.state().inSync());
        assertTrue(alarm().contains("is fetched again from the master"), alarm());
    }

    private static final class NoShipping implements Shipping {
        @Override
        public void open(long number, long incarnation, InSyncSet inSync) {}

        @Override
        public void close() {}
    }

    private static final class NoFollowing implements Following {
        @Override
        public void follow(Leader leader) {}

        @Override
        public void stop() {}

        @Override
        public boolean connected() {
            return false;
        }

        @Override
        public long lastHeardNs() {
            return 0;
        }

        @Override
        public long masterLastOpId() {
            return 0;
        }

        @Override
        public @Nullable String failure() {
            return null;
        }
    }

    private static final class MarkInMemory implements NodeMarker {
        private final AtomicReference<NodeMarker.@Nullable Mark> mark = new AtomicReference<>();

        @Override
        public NodeMarker.@Nullable Mark load() {
            return mark.get();
        }

        @Override
        public void store(Mark next) {
            mark.set(next);
        }

        @Override
        public String currentBootId() {
            return "boot";
        }
    }
}
