package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Clock;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.MemoryLog;
import io.hotpair.topology.Lease;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class InSyncSetTest {
    private static final Set<String> ALONE = Set.of("a");
    private static final Set<String> BOTH = Set.of("a", "b");

    private final MemoryKeyspace keyspace =
            new MemoryKeyspace(Path.of("a"), new MemoryLog(new UUID(1, 1)), Clock.SYSTEM, false);

    private InSyncSet started(Set<String> committed, int minInSync) {
        long unused = keyspace.promote(1, Lease.permanent(Clock.SYSTEM));
        InSyncSet set = new InSyncSet("a", keyspace, committed, minInSync);
        set.start();
        return set;
    }

    private long write(int count) {
        long opId = 0;
        for (int i = 0; i < count; i++) {
            opId = keyspace.put("k" + i, "v");
        }
        return opId;
    }

    @Test
    void shouldGrantWhatEveryMemberHas() {
        InSyncSet set = started(BOTH, 1);
        long last = write(5);
        assertEquals(0, keyspace.committed().get());
        InSyncSet.Progress b = set.join("b", 1, 2);
        assertEquals(2, keyspace.committed().get());
        set.acknowledged(b, last);
        assertEquals(last, keyspace.committed().get());
    }

    @Test
    void shouldGrantToDiskWhatEveryMemberHasForced() {
        InSyncSet set = started(BOTH, 1);
        long last = write(5);
        InSyncSet.Progress b = set.join("b", 1, last);
        set.forced(b, 3);
        assertEquals(0, keyspace.committedToDisk().get(), "nothing is forced here");
        keyspace.force();
        assertEquals(3, keyspace.committedToDisk().get());
        set.forced(b, last);
        assertEquals(last, keyspace.committedToDisk().get());
        long next = write(1);
        keyspace.force();
        set.forced(b, next);
        assertEquals(last, keyspace.committedToDisk().get(), "not granted at all yet");
        set.acknowledged(b, next);
        assertEquals(next, keyspace.committedToDisk().get());
    }

    @Test
    void shouldGrantToDiskAloneAndAskANewcomerToForceThat() {
        InSyncSet set = started(ALONE, 1);
        assertEquals(1, set.onDiskBound(), "the log that the term began with");
        long last = write(3);
        keyspace.force();
        assertEquals(last, keyspace.committedToDisk().get());
        InSyncSet.Progress b = set.join("b", 1, last);
        assertEquals(0, set.wantedOnDisk(b));
        assertEquals(last, set.propose(BOTH));
        assertEquals(last, set.onDiskBound());
        b.entryOpId(last);
        assertEquals(last, set.wantedOnDisk(b));
        keyspace.wantOnDisk(last + 1);
        assertEquals(last + 1, set.wantedOnDisk(b));
    }

    @Test
    void shouldCountTheTimeInWhichAMemberForcesNothingThatIsWanted() {
        InSyncSet set = started(BOTH, 1);
        InSyncSet.Progress b = set.join("b", 1, 5);
        long beganNs = keyspace.clock().nanoTime();
        b.look(5, 0, beganNs + 100);
        assertEquals(0, b.forceStalledNs(beganNs + 100), "nobody waits");
        b.look(5, 9, beganNs + 200);
        b.look(5, 9, beganNs + 300);
        assertEquals(100, b.forceStalledNs(beganNs + 300));
        assertEquals(5, b.owedOpId(), "what it has");
        set.forced(b, 3);
        b.look(5, 9, beganNs + 400);
        assertEquals(0, b.forceStalledNs(beganNs + 400), "it comes forward");
        set.forced(b, 5);
        b.look(5, 9, beganNs + 500);
        b.look(5, 9, beganNs + 600);
        assertEquals(0, b.forceStalledNs(beganNs + 600), "all that it has");
        b.entryOpId(5);
        set.acknowledged(b, 7);
        b.look(5, 0, beganNs + 700);
        assertEquals(0, b.forceStalledNs(beganNs + 700), "nobody waits for what is new");
        b.entryOpId(6);
        b.look(5, 0, beganNs + 800);
        b.look(5, 0, beganNs + 900);
        assertEquals(100, b.forceStalledNs(beganNs + 900), "needed to be entered");
        set.left(b);
        b.look(5, 0, beganNs + 1_000);
        assertEquals(0, b.forceStalledNs(beganNs + 1_000), "it is gone");
    }

    @Test
    void shouldGrantAloneOnlyWhatIsForced() {
        InSyncSet set = started(ALONE, 1);
        assertTrue(set.mayBeAlone());
        long last = write(3);
        assertEquals(0, keyspace.committed().get());
        keyspace.force();
        assertEquals(last, keyspace.committed().get());
        long next = write(1);
        keyspace.force();
        assertEquals(next, keyspace.committed().get());
    }

    @Test
    void shouldGrantWhatIsForcedWhileItGrants() {
        InSyncSet set = started(ALONE, 1);
        long first = write(1);
        keyspace.committed()
                .whenReached(
                        first,
                        reached -> {
                            assertEquals(first + 1, write(1));
                            keyspace.force();
                        });
        keyspace.force();
        assertEquals(first + 1, keyspace.committed().get());
        assertTrue(set.mayBeAlone());
    }

    @Test
    void shouldAskBothRulesWhileAChangeIsUnderWay() {
        InSyncSet set = started(BOTH, 1);
        InSyncSet.Progress b = set.join("b", 1, 0);
        long last = write(3);
        long unused = set.propose(ALONE);
        keyspace.force();
        assertEquals(0, keyspace.committed().get());
        set.acknowledged(b, last);
        assertEquals(last, keyspace.committed().get());
        long next = write(1);
        set.acknowledged(b, next);
        assertEquals(last, keyspace.committed().get(), "acknowledged, and not forced");
        keyspace.force();
        assertEquals(next, keyspace.committed().get());
    }

    @Test
    void shouldGrantByTheSmallerSetOnceItIsSettled() {
        InSyncSet set = started(BOTH, 1);
        long last = write(3);
        keyspace.force();
        long unused = set.propose(ALONE);
        assertEquals(0, keyspace.committed().get());
        set.settle(ALONE);
        assertEquals(last, keyspace.committed().get());
    }

    @Test
    void shouldSayWhatTheNarrowerRuleHadGranted() {
        InSyncSet set = started(ALONE, 1);
        long last = write(3);
        keyspace.force();
        assertEquals(last, set.propose(BOTH));
        long unused = write(1);
        keyspace.force();
        assertEquals(last, keyspace.committed().get());
    }

    @Test
    void shouldGrantNothingAfterClosing() {
        InSyncSet set = started(BOTH, 1);
        InSyncSet.Progress b = set.join("b", 1, 0);
        long last = write(3);
        set.close();
        set.acknowledged(b, last);
        set.settle(ALONE);
        keyspace.force();
        assertEquals(0, keyspace.committed().get());
    }

    @Test
    void shouldGrantNothingBelowTheMinimum() {
        InSyncSet set = started(ALONE, 2);
        long last = write(3);
        keyspace.force();
        assertEquals(0, keyspace.committed().get());
        InSyncSet.Progress b = set.join("b", 1, last);
        set.settle(BOTH);
        assertEquals(last, keyspace.committed().get());
        assertFalse(set.mayBeAlone());
        assertTrue(b.connected());
    }

    /** The peer can be quicker than the thread that raises this node's own watermark. */
    @Test
    void shouldGrantWhatIsAcknowledgedBeforeItCountsAsLoggedHere() {
        InSyncSet set = started(BOTH, 1);
        InSyncSet.Progress b = set.join("b", 1, 1);
        Frames.append(keyspace.log(), new FrameEncoder(), 1, "k");
        assertEquals(1, keyspace.logged().get());
        set.acknowledged(b, 2);
        assertEquals(2, keyspace.committed().get());
    }

    @Test
    void shouldTakeTheFramesOfALargeOperationForProgress() {
        InSyncSet set = started(BOTH, 1);
        InSyncSet.Progress b = set.join("b", 1, 1);
        long beganNs = keyspace.clock().nanoTime();
        b.look(2, 0, beganNs);
        b.took(3);
        b.look(2, 0, beganNs + 100);
        assertEquals(0, b.stalledNs(beganNs + 100));
        b.look(2, 0, beganNs + 200);
        assertEquals(100, b.stalledNs(beganNs + 200));
    }

    @Test
    void shouldForgetTheProgressOfASessionThatWasReplaced() {
        InSyncSet set = started(BOTH, 1);
        long unused = write(5);
        InSyncSet.Progress before = set.join("b", 1, 0);
        InSyncSet.Progress after = set.join("b", 2, 0);
        assertFalse(before.connected());
        set.acknowledged(before, 5);
        assertEquals(0, keyspace.committed().get());
        set.acknowledged(after, 4);
        assertEquals(4, keyspace.committed().get());
    }

    /** A device that is slow can hold up the session that the member has given up. */
    @Test
    void shouldGoByTheLaterOfTwoSessionsThatAgreeTheOtherWayRound() {
        InSyncSet set = started(BOTH, 1);
        long last = write(5);
        long given = set.newSession();
        InSyncSet.Progress alive = set.join("b", 1, 0);
        InSyncSet.Progress late = set.join("b", 1, 0, given);
        assertFalse(late.connected());
        assertTrue(alive.connected());
        set.acknowledged(alive, last);
        assertEquals(last, keyspace.committed().get());
    }
}
