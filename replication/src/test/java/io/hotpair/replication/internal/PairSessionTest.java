package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameEncoder;
import io.hotpair.replication.PairEvent;
import io.hotpair.replication.PairEvent.Kind;
import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.replication.register.TopologyState;
import io.hotpair.topology.Member;
import io.hotpair.topology.Role;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PairSessionTest {
    @TempDir Path directory;

    @Test
    void shouldMakeTheFirstConfiguredNodeMasterAndBringTheOtherInSync() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.b.start();
            pair.a.start();
            TestPair.Node master = pair.awaitMaster();
            assertEquals("a", master.name);
            pair.awaitInSync(2);
            long opId = master.write("k");
            assertEquals(pair.a.log.operations(), pair.b.log.operations());
            assertEquals(opId, pair.b.log.lastOpId());
        }
    }

    @Test
    void shouldAcknowledgeByThePeerWithinAMillisecond() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            pair.b.start();
            TestPair.Node master = pair.awaitMaster();
            pair.awaitInSync(2);
            long[] tookNs = new long[2_000];
            for (int i = 0; i < tookNs.length; i++) {
                long beganNs = System.nanoTime();
                long opId = master.keyspace.put("k" + i, "v");
                while (master.keyspace.committed().get() < opId) {
                    Thread.onSpinWait();
                    if (System.nanoTime() - beganNs > 10_000_000_000L) {
                        throw new AssertionError(pair.describe());
                    }
                }
                tookNs[i] = System.nanoTime() - beganNs;
            }
            Arrays.sort(tookNs);
            long medianUs = tookNs[tookNs.length / 2] / 1_000;
            assertTrue(medianUs < 1_000, "median=" + medianUs + " us, expected below 1000");
        }
    }

    @Test
    void shouldTakeOverWhenTheMasterLosesTheRegisterAndFollowAfterwards() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            pair.b.start();
            assertEquals("a", pair.awaitMaster().name);
            pair.awaitInSync(2);
            pair.a.write("before");
            pair.a.cutOff = true;
            Await.until("b is master", () -> pair.b.keyspace.takesWrites(), pair::describe);
            assertFalse(pair.a.keyspace.takesWrites());
            PairEvent promoted = pair.b.awaitEvent(Kind.PROMOTED);
            assertEquals(2, promoted.term());
            assertNotNull(pair.b.lastEvent(Kind.MASTER_DETECTED_DEAD));
            pair.b.write("after");
            pair.a.cutOff = false;
            pair.awaitInSync(2);
            pair.b.write("together");
            assertEquals(pair.a.log.operations(), pair.b.log.operations());
            assertEquals(0, pair.a.session().fullCopyCount());
        }
    }

    @Test
    void shouldCutTheTailThatADeposedMasterWroteAlone() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            pair.b.start();
            pair.awaitMaster();
            pair.awaitInSync(2);
            long shared = pair.a.write("shared");
            // A crash: everything of the process is gone, but its log got one operation more.
            pair.a.cutOff = true;
            Await.until("b is master", () -> pair.b.keyspace.takesWrites(), pair::describe);
            pair.a.stop();
            appendInTerm(pair.a, 1, "never shipped");
            pair.b.write("new term");
            pair.a.cutOff = false;
            pair.a.start();
            pair.awaitInSync(2);
            PairEvent cut = pair.a.awaitEvent(Kind.CUT);
            assertEquals(shared, cut.opId());
            assertEquals(1, cut.operations());
            PairEvent resumed = pair.a.awaitEvent(Kind.RESUMED);
            assertEquals(shared, resumed.opId());
            pair.b.write("together");
            assertEquals(pair.a.log.operations(), pair.b.log.operations());
        }
    }

    private static void appendInTerm(TestPair.Node node, long term, String key) {
        Frames.append(node.log, new FrameEncoder(), term, key);
    }

    @Test
    void shouldHandOverAtOnceWhenTheMasterCloses() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            pair.b.start();
            pair.awaitMaster();
            pair.awaitInSync(2);
            pair.a.write("k");
            long beganNs = System.nanoTime();
            pair.a.stop();
            Await.until("b is master", () -> pair.b.keyspace.takesWrites(), pair::describe);
            long tookMs = (System.nanoTime() - beganNs) / 1_000_000;
            assertTrue(tookMs < 800, "took " + tookMs + " ms, expected less than a lease");
            assertEquals(
                    pair.a.log.operations(),
                    pair.b.log.operations().subList(0, pair.a.log.operations().size()));
            pair.a.start();
            pair.awaitInSync(2);
            pair.b.write("k2");
            assertEquals(pair.a.log.operations(), pair.b.log.operations());
        }
    }

    @Test
    void shouldLetTheLastMasterGoOnWhenBothRestart() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            pair.b.start();
            pair.awaitMaster();
            pair.awaitInSync(2);
            pair.a.write("k");
            // Both are cut off first, so that neither can hand over: as if both were killed.
            pair.a.cutOff = true;
            pair.b.cutOff = true;
            pair.a.stop();
            pair.b.stop();
            int operations = pair.a.log.operations().size();
            pair.a.cutOff = false;
            pair.b.cutOff = false;
            pair.b.start();
            pair.a.start();
            assertEquals("a", pair.awaitMaster().name);
            pair.awaitInSync(2);
            pair.a.write("k2");
            assertEquals(operations + 2, pair.a.log.operations().size());
            assertEquals(pair.a.log.operations(), pair.b.log.operations());
        }
    }

    @Test
    void shouldGoOnAloneAndWelcomeTheReplicaBack() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            pair.b.start();
            pair.awaitMaster();
            pair.awaitInSync(2);
            pair.b.stop();
            pair.a.write("waits until the set has shrunk");
            assertEquals(Set.of("a"), pair.register.state().inSync());
            assertEquals(pair.a.log.lastOpId(), pair.a.log.forcedOpId());
            pair.b.start();
            pair.awaitInSync(2);
            pair.a.write("k");
            assertEquals(pair.a.log.operations(), pair.b.log.operations());
        }
    }

    @Test
    void shouldKeepAReplicaInSyncThatTakesALargeValueSlowly() {
        try (TestPair pair = new TestPair(directory, 1).shipping(4 << 20)) {
            pair.a.start();
            pair.b.start();
            TestPair.Node master = pair.awaitMaster();
            pair.awaitInSync(2);
            pair.a.events.clear();
            long opId = master.keyspace.put("large", "x".repeat(8 << 20));
            // Ends also if the set shrinks: then the master alone is enough.
            Await.until(
                    "the value is acknowledged",
                    () -> master.keyspace.committed().get() >= opId,
                    pair::describe);
            assertNull(pair.a.lastEvent(Kind.IN_SYNC_CHANGED), pair::describe);
            assertEquals(Set.of("a", "b"), pair.register.state().inSync());
        }
    }

    @Test
    void shouldHandOverWhenTheMastersLogFails() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            pair.b.start();
            pair.awaitMaster();
            pair.awaitInSync(2);
            pair.a.write("before");
            pair.a.keyspace.failLog();
            Await.until("b is master", () -> pair.b.keyspace.takesWrites(), pair::describe);
            assertEquals(Role.REPLICA, pair.a.session().role());
            assertFalse(pair.a.keyspace.isLeasedMaster());
            assertTrue(
                    pair.a.awaitEvent(Kind.DEMOTED).text().contains("its log has failed"),
                    pair::describe);
            String alarm = pair.a.session().status().alarm();
            assertTrue(alarm != null && alarm.contains("no disk"), alarm);
            // It gave the lease back: nobody had to see it end.
            assertNull(pair.b.lastEvent(Kind.MASTER_DETECTED_DEAD));
            pair.b.write("after");
            assertEquals(Set.of("b"), pair.register.state().inSync());
            pair.a.stop();
            pair.a.start();
            pair.awaitInSync(2);
            assertEquals(pair.b.log.operations(), pair.a.log.operations());
        }
    }

    @Test
    void shouldGoOnWhenAReplicasLogFailsAndNotMakeItMaster() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            pair.b.start();
            pair.awaitMaster();
            pair.awaitInSync(2);
            pair.b.keyspace.failLog();
            assertTrue(pair.b.awaitEvent(Kind.ALARM).text().contains("no disk"), pair::describe);
            pair.a.write("alone");
            assertEquals(Set.of("a"), pair.register.state().inSync());
            assertTrue(pair.a.isMaster());
        }
    }

    @Test
    void shouldRefuseWritesWithTooFewInSync() {
        try (TestPair pair = new TestPair(directory, 2)) {
            pair.a.start();
            Await.until("a is master", () -> pair.a.isMaster(), pair::describe);
            HotpairException refused =
                    assertThrows(HotpairException.class, () -> pair.a.keyspace.put("k", "v"));
            assertEquals(HotpairException.Category.NOT_ENOUGH_REPLICAS, refused.category());
            assertEquals("in sync are [a], expected at least 2 members", refused.getMessage());
            pair.b.start();
            pair.awaitInSync(2);
            Await.until("writes are taken", () -> pair.a.keyspace.takesWrites(), pair::describe);
            pair.a.write("k");
            pair.b.stop();
            Await.until("writes are refused", () -> !pair.a.keyspace.takesWrites(), pair::describe);
        }
    }

    @Test
    void shouldRefuseANodeWhoseOperationsAreOfAnotherHistory() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            pair.awaitMaster();
            appendInTerm(pair.b, 1, "a life of its own");
            pair.b.start();
            PairEvent alarm = pair.b.awaitEvent(Kind.ALARM);
            assertTrue(alarm.text().contains("never part of this pair"), alarm.text());
            assertEquals(1, pair.b.log.operations().size());
            assertNotNull(pair.b.session().status().alarm());
        }
    }

    @Test
    void shouldAnswerWhoIsWho() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            pair.b.start();
            pair.awaitMaster();
            pair.awaitInSync(2);
            long opId = pair.a.write("k");
            PairSession onMaster = pair.a.session();
            assertEquals(Role.MASTER, onMaster.role());
            assertEquals(1, onMaster.term());
            Member replica = onMaster.members().get(1);
            assertEquals(
                    new Member("b", "localhost", 6379, true, true, opId, replica.durableOpId(), 0),
                    replica);
            pair.a.keyspace.wantOnDisk(opId);
            Await.until(
                    "the replica has forced it",
                    () -> onMaster.members().get(1).durableOpId() == opId,
                    pair::describe);
            PairSession onReplica = pair.b.session();
            Await.until(
                    "the replica knows its master",
                    () -> onReplica.master() != null && onReplica.status().inSync().size() == 2,
                    pair::describe);
            assertEquals(Role.REPLICA, onReplica.role());
            Member master = onReplica.master();
            assertNotNull(master);
            assertEquals("a", master.name());
            assertTrue(onReplica.status().haReady());
            assertTrue(onReplica.haReady());
            assertNull(onReplica.status().alarm());
        }
    }

    @Test
    void shouldRaiseAnAlarmOnBothNodesWhileTheWitnessIsSilent() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            pair.b.start();
            pair.awaitInSync(2);
            pair.register.miss("witness w=10.0.0.3:7002");
            for (TestPair.Node node : List.of(pair.a, pair.b)) {
                String text = node.awaitEvent(Kind.VOTERS_SILENT).text();
                assertTrue(text.startsWith("witness w=10.0.0.3:7002 silent for "), text);
                String alarm = node.session().status().alarm();
                assertTrue(alarm != null && alarm.contains("a further failure stops"), alarm);
                assertFalse(node.session().status().haReady());
            }
            pair.register.miss();
            for (TestPair.Node node : List.of(pair.a, pair.b)) {
                node.awaitEvent(Kind.VOTERS_BACK);
                Await.until(
                        "the alarm is over",
                        () -> node.session().status().alarm() == null,
                        pair::describe);
                assertTrue(node.session().status().haReady());
            }
        }
    }

    @Test
    void shouldSayThatNoMajorityAnswersBesideWhatElseIsWrong() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            pair.awaitMaster();
            pair.a.keyspace.failLog();
            pair.a.awaitEvent(Kind.ALARM);
            pair.a.cutOff = true;
            String text = pair.a.awaitEvent(Kind.VOTERS_SILENT).text();
            assertTrue(text.contains("no majority of voters"), text);
            assertTrue(text.contains("silent: witness w=nowhere:1"), text);
            // The event is told in a round, the status at the end of it.
            Await.until(
                    "both are in the status",
                    () -> {
                        String alarm = pair.a.session().status().alarm();
                        return alarm != null && alarm.contains("no disk; no majority of");
                    },
                    () -> pair.a.session().status());
            String alarm = pair.a.session().alarm();
            assertTrue(alarm != null && alarm.contains("no disk; no majority of"), alarm);
        }
    }

    @Test
    void shouldReportThePortThatIsTaken() {
        try (TestPair pair = new TestPair(directory, 1)) {
            pair.a.start();
            TestPair.Node twin = pair.new Node("a", directory.resolve("twin"));
            HotpairException refused = assertThrows(HotpairException.class, twin::start);
            assertEquals(HotpairException.Category.NETWORK, refused.category());
        }
    }

    @Test
    void shouldLeaveItsPortWhenItCantStartForWantOfAThread() {
        try (TestPair pair = new TestPair(directory, 1)) {
            assertThrows(OutOfMemoryError.class, () -> pair.a.start(1));
            pair.a.start();
            assertEquals("a", pair.awaitMaster().name);
        }
    }

    /** The words are for people; a master whose agent ends for want of them is none any more. */
    @Test
    void shouldStayMasterThoughThereWasNoMemoryToSayThatAStepWasSlow() {
        AtomicBoolean slow = new AtomicBoolean();
        AtomicInteger renewals = new AtomicInteger();
        try (FailingLog log = new FailingLog("a step of the role agent took");
                TestPair pair = new TestPair(directory, 1)) {
            pair.registers(node -> slowed(pair.register.of(node), slow, renewals));
            pair.a.start();
            assertEquals("a", pair.awaitMaster().name);
            slow.set(true);
            Await.until("a step was slow", () -> log.failureCount() == 1, pair::describe);
            int before = renewals.get();
            Await.until(
                    "the lease is renewed as ever",
                    () -> renewals.get() > before + 6,
                    pair::describe);
            assertTrue(pair.a.keyspace.takesWrites());
            assertEquals(1, pair.a.keyspace.promotions());
        }
    }

    /** A register of which one question takes longer to be asked than a step should. */
    private static TopologyRegister slowed(
            TopologyRegister of, AtomicBoolean slow, AtomicInteger renewals) {
        return new TopologyRegister() {
            @Override
            public CompletableFuture<RegisterView> read() {
                return of.read();
            }

            @Override
            public CompletableFuture<RegisterView> compareAndSet(
                    long expectedVersion, TopologyState next) {
                return of.compareAndSet(expectedVersion, next);
            }

            @Override
            public CompletableFuture<RegisterView> renewLease(long term, long incarnation) {
                renewals.incrementAndGet();
                long endNs = System.nanoTime() + 250_000_000L;
                while (slow.get() && System.nanoTime() - endNs < 0) {
                    LockSupport.parkNanos(endNs - System.nanoTime());
                }
                slow.set(false);
                return of.renewLease(term, incarnation);
            }

            @Override
            public Set<String> silentVoters() {
                return of.silentVoters();
            }

            @Override
            public void close() {
                of.close();
            }
        };
    }
}
