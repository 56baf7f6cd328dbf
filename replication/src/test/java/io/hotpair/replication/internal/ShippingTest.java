package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.FrameEncoder;
import io.hotpair.replication.PairEvent;
import io.hotpair.replication.PairEvent.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShippingTest {
    private final FrameEncoder encoder = new FrameEncoder();

    @Test
    void shouldShipEverythingToAnEmptyReplicaAndThenWhatIsWritten() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            Frames.append(pair.masterLog, encoder, 1, "a", "b");
            Frames.append(pair.masterLog, encoder, 2, "c");
            pair.lead().follow().awaitSame();
            assertEquals(0, pair.awaitEvent(Kind.RESUMED).opId());
            pair.master.put("d", "1");
            pair.awaitSame();
        }
    }

    @Test
    void shouldForceOnTheReplicaWhatSomebodyWaitsFor() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            pair.lead().follow();
            pair.master.put("a", "1");
            pair.awaitSame();
            // Nobody asked.
            assertEquals(0, pair.replicaLog.forcedOpId());
            assertEquals(0, pair.master.committedToDisk().get());
            for (int i = 0; i < 50; i++) {
                long opId = pair.master.put("b" + i, "1");
                pair.master.wantOnDisk(opId);
                Await.until(
                        "it is on both devices",
                        () -> pair.master.committedToDisk().get() >= opId,
                        pair::describe);
                assertTrue(pair.replicaLog.forcedOpId() >= opId);
                assertTrue(pair.masterLog.forcedOpId() >= opId);
            }
        }
    }

    @Test
    void shouldForceAgainForWhoWaitedWhileTheReplicaWasAway() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            pair.lead().follow();
            long first = pair.master.put("a", "1");
            pair.master.wantOnDisk(first);
            Await.until(
                    "it is on both devices",
                    () -> pair.master.committedToDisk().get() >= first,
                    pair::describe);
            pair.stopFollowing();
            long second = pair.master.put("b", "1");
            pair.master.wantOnDisk(second);
            assertEquals(first, pair.master.committedToDisk().get());
            pair.follow();
            Await.until(
                    "it is on both devices",
                    () -> pair.master.committedToDisk().get() >= second,
                    pair::describe);
            assertTrue(pair.replicaLog.forcedOpId() >= second);
        }
    }

    @Test
    void shouldFollowOnWithoutAThreadThatTellsWhatIsForced() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            pair.lead().follow();
            pair.master.put("a", "1");
            pair.awaitSame();
            pair.replica().failThreads(3);
            long opId = pair.master.put("b", "1");
            pair.master.wantOnDisk(opId);
            // By the acknowledgements, which come in any case.
            Await.until(
                    "it is on both devices",
                    () -> pair.master.committedToDisk().get() >= opId,
                    pair::describe);
            Await.until(
                    "it has tried again",
                    () -> pair.replica().unstartableThreads() == 0,
                    pair::describe);
            pair.master.put("c", "1");
            pair.awaitSame();
            assertNull(pair.followingFailure());
            assertNull(pair.event(Kind.ALARM), pair::describe);
        }
    }

    @Test
    void shouldLeaveNoListenerWhenAReplicaCantBeFedForWantOfAThread() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            pair.lead();
            // One thread serves the replica; the one that reads what it says can't be started.
            pair.master.failThreadsAfter(1, 1);
            pair.follow();
            pair.master.put("a", "1");
            pair.awaitSame();
            assertEquals(0, pair.master.unstartableThreads());
            assertEquals(1, pair.master.diskListenerCount());
        }
    }

    @Test
    void shouldResumeWhereTheReplicaStopped() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            Frames.append(pair.masterLog, encoder, 1, "a", "b");
            Frames.append(pair.replicaLog, encoder, 1, "a", "b");
            pair.lead().follow().awaitSame();
            assertEquals(2, pair.awaitEvent(Kind.RESUMED).opId());
            pair.stopFollowing();
            pair.events.clear();
            pair.master.put("while away", "1");
            pair.follow().awaitSame();
            assertEquals(3, pair.awaitEvent(Kind.RESUMED).opId());
            assertNull(pair.event(Kind.CUT));
        }
    }

    @Test
    void shouldResumeInTheMiddleOfAFrame() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            Frames.append(pair.masterLog, encoder, 1, "a", "b", "c", "d");
            Frames.append(pair.replicaLog, encoder, 1, "a", "b");
            pair.lead().follow().awaitSame();
            assertEquals(2, pair.awaitEvent(Kind.RESUMED).opId());
        }
    }

    @Test
    void shouldCutTheTailOfADeposedMaster() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            Frames.append(pair.masterLog, encoder, 1, "shared");
            Frames.append(pair.masterLog, encoder, 3, "new");
            Frames.append(pair.replicaLog, encoder, 1, "shared");
            Frames.append(pair.replicaLog, encoder, 1, "never acknowledged", "nor this");
            pair.lead().follow().awaitSame();
            PairEvent cut = pair.awaitEvent(Kind.CUT);
            assertEquals(1, cut.opId());
            assertEquals(2, cut.operations());
            assertEquals(List.of(1L), pair.replicaLog.cuts());
        }
    }

    /** The last term of the replica says nothing here: both have the opId, in other terms. */
    @Test
    void shouldFindWhereHistoriesPartedSeveralTermsAgo() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            Frames.append(pair.masterLog, encoder, 1, "1", "2");
            Frames.append(pair.masterLog, encoder, 2, "3", "4", "5");
            Frames.append(pair.masterLog, encoder, 4, "6", "7", "8");
            Frames.append(pair.replicaLog, encoder, 1, "1", "2");
            Frames.append(pair.replicaLog, encoder, 2, "3");
            Frames.append(pair.replicaLog, encoder, 3, "other 4", "other 5");
            Frames.append(pair.replicaLog, encoder, 5, "other 6", "other 7");
            pair.lead().follow().awaitSame();
            assertEquals(List.of(3L), pair.replicaLog.cuts());
        }
    }

    @Test
    void shouldShipAnOperationThatIsLongerThanAFrame() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            pair.lead().follow();
            pair.master.put("large", "x".repeat(3 << 20));
            pair.master.put("small", "y");
            pair.awaitSame();
        }
    }

    @Test
    void shouldRaiseAnAlarmWhenTheLogBeginsLaterAndThereAreNoCopies() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            Frames.append(pair.masterLog, encoder, 1, "a");
            Frames.append(pair.masterLog, encoder, 1, "b");
            pair.masterLog.dropOldest(1);
            pair.lead().follow();
            PairEvent alarm = pair.awaitEvent(Kind.ALARM);
            assertTrue(
                    alarm.text()
                            .endsWith(
                                    "NOT_RETAINED, the master's log begins after what this node"
                                            + " has, and there are no snapshots beside it"),
                    alarm.text());
            assertEquals(0, pair.replicaLog.lastOpId());
        }
    }

    @Test
    void shouldResumeRightWhereTheMastersLogBegins() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            Frames.append(pair.masterLog, encoder, 1, "a");
            Frames.append(pair.replicaLog, encoder, 1, "a");
            Frames.append(pair.masterLog, encoder, 1, "b");
            pair.masterLog.dropOldest(1);
            pair.lead().follow();
            PairEvent resumed = pair.awaitEvent(Kind.RESUMED);
            assertEquals(1, resumed.opId());
        }
    }

    @Test
    void shouldRefuseALogThatHasOtherBytesInTheSamePlace() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            Frames.append(pair.masterLog, encoder, 1, "a");
            Frames.append(pair.replicaLog, encoder, 1, "b");
            pair.lead().follow();
            PairEvent alarm = pair.awaitEvent(Kind.ALARM);
            assertTrue(alarm.text().contains("DIVERGED"), alarm.text());
            assertTrue(alarm.text().contains("the frames that end at opId=1 differ"), alarm.text());
            assertTrue(alarm.text().contains("move this node's directory away"), alarm.text());
            assertEquals(1, pair.replicaLog.lastOpId());
        }
    }

    @Test
    void shouldSayWhatKeepsItFromFollowing() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            pair.lead().follow().awaitSame();
            pair.replica().failLog();
            pair.master.put("a", "1");
            String sentence = "what master=a sends can't be applied: no disk";
            Await.until(
                    "it says so",
                    () -> sentence.equals(pair.obstacle()),
                    () -> pair.obstacle() + " " + pair.describe());
            assertEquals(sentence, pair.awaitEvent(Kind.ALARM).text());
        }
    }

    @Test
    void shouldComeBackAfterABreakInTheMiddleOfAFrame() throws IOException {
        try (ShippingFixture pair = ShippingFixture.open();
                BreakingProxy proxy = new BreakingProxy(pair.port, 700)) {
            for (int i = 0; i < 20; i++) {
                Frames.append(pair.masterLog, encoder, 1, "key " + i, "x".repeat(100));
            }
            pair.lead().followAt(proxy.port(), ShippingFixture.SECRET).awaitSame();
            assertTrue(proxy.breakCount() > 3, "breaks=" + proxy.breakCount());
            assertNull(pair.event(Kind.ALARM), pair::describe);
        }
    }

    @Test
    void shouldKeepNothingOfConnectionsThatBroke() throws IOException {
        try (ShippingFixture pair = ShippingFixture.open();
                BreakingProxy proxy = new BreakingProxy(pair.port, 700)) {
            for (int i = 0; i < 20; i++) {
                Frames.append(pair.masterLog, encoder, 1, "key " + i, "x".repeat(100));
            }
            pair.lead().followAt(proxy.port(), ShippingFixture.SECRET).awaitSame();
            pair.stopFollowing();
            Await.until(
                    "no connection is kept",
                    () -> pair.connectionCount() == 0,
                    () -> "kept=" + pair.connectionCount() + " of " + proxy.breakCount());
        }
    }

    @Test
    void shouldTakeBackTheAlarmOfADamagedFrameOnceItFollowsAgain() throws IOException {
        try (ShippingFixture pair = ShippingFixture.open();
                BreakingProxy proxy = new BreakingProxy(pair.port, 1 << 30)) {
            pair.lead().followAt(proxy.port(), ShippingFixture.SECRET).awaitSame();
            proxy.flipOneBit();
            pair.master.put("k", "x".repeat(1_000));
            assertTrue(
                    pair.awaitEvent(Kind.ALARM).text().startsWith("what master=a sends can't be"),
                    pair::describe);
            pair.awaitSame();
            assertTrue(proxy.hasFlipped());
            Await.until(
                    "no alarm is left",
                    () -> pair.alarm() == null,
                    () -> pair.alarm() + " " + pair.describe());
        }
    }

    /** Else a new master would warn for ever of what the old one sent. */
    @Test
    void shouldTakeBackItsAlarmWhenItStopsToFollow() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            Frames.append(pair.masterLog, encoder, 1, "a");
            Frames.append(pair.replicaLog, encoder, 1, "b");
            pair.lead().follow();
            pair.awaitEvent(Kind.ALARM);
            pair.stopFollowing();
            assertNull(pair.alarm());
        }
    }

    @Test
    void shouldGoOnTryingThoughThereIsNoMemoryToSayWhyItDoesNotFollow() throws IOException {
        try (FailingLog log = new FailingLog("this node can't follow");
                ServerSocket stranger = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                ShippingFixture pair = ShippingFixture.open()) {
            stranger.setSoTimeout(10_000);
            pair.followAt(stranger.getLocalPort(), ShippingFixture.SECRET);
            // It says so from the second one on.
            for (int i = 0; i < 4; i++) {
                try (Socket attempt = stranger.accept()) {
                    attempt.getOutputStream().write(new byte[WireDescriptor.GREETING_LENGTH]);
                    assertTrue(attempt.getInputStream().readAllBytes().length > 0);
                }
            }
            assertEquals(1, log.failureCount());
        }
    }

    @Test
    void shouldFollowOnceThereIsAThreadForIt() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            pair.lead().follow().awaitSame();
            pair.replica().failThreads(1);
            pair.followAs(23);
            assertEquals(0, pair.replica().unstartableThreads());
            pair.master.put("k", "v");
            pair.followAs(23);
            pair.awaitSame();
            assertNull(pair.event(Kind.ALARM), pair::describe);
        }
    }

    @Test
    void shouldKeepToTheRateThatWasSet() {
        try (ShippingFixture pair = new ShippingFixture(ShippingFixture.SECRET, 100_000)) {
            for (int i = 0; i < 50; i++) {
                Frames.append(pair.masterLog, encoder, 1, "x".repeat(1_000));
            }
            long beganNs = System.nanoTime();
            pair.lead().follow().awaitSame();
            long tookMs = (System.nanoTime() - beganNs) / 1_000_000;
            assertTrue(tookMs > 300, "took " + tookMs + " ms for 50 kB at 100 kB/s");
        }
    }

    @Test
    void shouldTellAReplicaThatComesTooEarlyToTryAgain() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            pair.listenOnly();
            pair.follow();
            assertNull(pair.event(Kind.ALARM), pair::describe);
            Frames.append(pair.masterLog, encoder, 1, "a");
            pair.becomeMaster();
            pair.awaitSame();
        }
    }

    @Test
    void shouldAcknowledgeNothingOnceItStoppedToFollow() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            pair.lead().follow().awaitSame();
            pair.stopFollowing();
            long lastOpId = pair.replicaLog.lastOpId();
            pair.master.put("after", "1");
            assertEquals(lastOpId, pair.replicaLog.lastOpId());
            assertEquals(lastOpId, pair.master.committed().get());
        }
    }
}
