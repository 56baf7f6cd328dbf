package io.hotpair.replication.ratis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Clock;
import io.hotpair.replication.ratis.RegisterRequest.CompareAndSet;
import io.hotpair.replication.ratis.RegisterRequest.Read;
import io.hotpair.replication.ratis.RegisterRequest.Renew;
import io.hotpair.replication.register.TopologyState;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LeasedRegisterTest {

    private static final UUID CLIENT = new UUID(1, 2);
    private static final long RAFT_TERM = 7;

    private long nowMs;
    private long lastCall;

    private final LeasedRegister register =
            new LeasedRegister(
                    new Clock() {
                        @Override
                        public long currentTimeMs() {
                            throw new AssertionError("leases don't ask the wall clock");
                        }

                        @Override
                        public long nanoTime() {
                            // Near the overflow, where a comparison of plain values would fail.
                            return Long.MAX_VALUE - 1_000 + TimeUnit.MILLISECONDS.toNanos(nowMs);
                        }
                    });

    @Test
    void shouldTakeAChangeOfTheVersionThatItIsBasedOn() throws Exception {
        register.lead(RAFT_TERM);
        TopologyState next = States.next(TopologyState.INITIAL, 1, "a");

        assertTrue(change("a", next).isAccepted());
        assertEquals(next, register.image().state());
    }

    @Test
    void shouldRefuseAChangeOfAnotherVersionOrALowerTerm() throws Exception {
        masterIsA();
        TopologyState state = register.image().state();

        assertNotNull(propose("a", new CompareAndSet("a", 0, state)));
        assertNotNull(propose("a", States.next(state, 0, "a")));
        assertFalse(register.apply(new CompareAndSet("a", 0, state), id()).isAccepted());
    }

    @Test
    void shouldRefuseAnElectionWhileTheLeaseRuns() throws Exception {
        masterIsA();
        nowMs += 999;
        assertNotNull(propose("b", States.next(register.image().state(), 2, null)));
        nowMs += 1;
        assertNull(propose("b", States.next(register.image().state(), 2, null)));
    }

    @Test
    void shouldRefuseToReplaceTheMasterWithinATermWhileTheLeaseRuns() throws Exception {
        masterIsA();
        assertNotNull(propose("b", States.next(register.image().state(), 1, "b")));
        assertNotNull(propose("b", States.next(register.image().state(), 1, null)));
    }

    @Test
    void shouldLetTheMasterGiveUpWhileItsLeaseRuns() throws Exception {
        masterIsA();
        assertNull(propose("a", States.next(register.image().state(), 2, "b")));
    }

    @Test
    void shouldMakeARestartedMasterWaitForItsFormerLease() throws Exception {
        masterIsA();
        TopologyState anew = States.withIncarnation(register.image().state(), "a", 99);
        assertNotNull(propose("a", anew));
        nowMs += 1_000;
        assertNull(propose("a", anew));
    }

    @Test
    void shouldLetOtherChangesInWhileTheLeaseRuns() throws Exception {
        masterIsA();
        assertNull(propose("b", States.withIncarnation(register.image().state(), "b", 99)));
    }

    @Test
    void shouldRenewForTheMasterOnly() throws Exception {
        masterIsA();
        assertTrue(renew("a", 1, States.INCARNATION_A));
        assertFalse(renew("b", 1, States.INCARNATION_A));
        assertFalse(renew("a", 2, States.INCARNATION_A));
        assertFalse(renew("a", 0, States.INCARNATION_A));
        assertFalse(renew("a", 1, States.INCARNATION_B));
    }

    @Test
    void shouldExtendTheLeaseByARenewalAndNotByARefusedOne() throws Exception {
        masterIsA();
        nowMs += 800;
        assertTrue(renew("a", 1, States.INCARNATION_A));
        assertEquals(1_000, leaseLeftMs());
        nowMs += 600;
        assertFalse(renew("a", 1, 4711));
        assertEquals(400, leaseLeftMs());
    }

    @Test
    void shouldRenewALeaseThatEndedIfNobodyWasElected() throws Exception {
        masterIsA();
        nowMs += 60_000;
        assertEquals(0, leaseLeftMs());
        assertTrue(renew("a", 1, States.INCARNATION_A));
        assertEquals(1_000, leaseLeftMs());
    }

    @Test
    void shouldNotRenewOnceAnElectionIsInTheLog() throws Exception {
        masterIsA();
        nowMs += 1_000;
        CompareAndSet election = change(States.next(register.image().state(), 2, null), "b");
        ChangeId id = id();
        assertNull(register.propose(election, id, RAFT_TERM));

        assertFalse(renew("a", 1, States.INCARNATION_A));

        assertTrue(register.apply(election, id).isAccepted());
        assertFalse(renew("a", 1, States.INCARNATION_A));
        assertEquals(0, leaseLeftMs());
    }

    @Test
    void shouldNotRenewWhileTheMasterHandsOver() throws Exception {
        masterIsA();
        assertNull(propose("a", States.next(register.image().state(), 2, "b")));
        assertFalse(renew("a", 1, States.INCARNATION_A));
    }

    @Test
    void shouldRenewAgainOnceTheElectionIsKnownToBeLost() throws Exception {
        masterIsA();
        nowMs += 1_000;
        ChangeId id = id();
        assertNull(
                register.propose(
                        change(States.next(register.image().state(), 2, null), "b"),
                        id,
                        RAFT_TERM));
        register.withdraw(id);
        assertTrue(renew("a", 1, States.INCARNATION_A));
    }

    @Test
    void shouldRenewAgainOnceAnotherChangeOvertookTheElection() throws Exception {
        masterIsA();
        nowMs += 1_000;
        TopologyState before = register.image().state();
        TopologyState other = States.withIncarnation(before, "b", 99);
        ChangeId overtaking = id();
        assertNull(register.propose(change(other, "b"), overtaking, RAFT_TERM));
        CompareAndSet election = change(States.next(before, 2, null), "b");
        ChangeId late = id();
        assertNull(register.propose(election, late, RAFT_TERM));

        assertTrue(register.apply(change(other, "b"), overtaking).isAccepted());
        assertTrue(renew("a", 1, States.INCARNATION_A));
        assertFalse(register.apply(election, late).isAccepted());
        assertEquals(1, register.image().state().term());
    }

    @Test
    void shouldGiveANewMasterAWholeLease() throws Exception {
        masterIsA();
        nowMs += 1_000;
        assertTrue(change("b", States.next(register.image().state(), 2, null)).isAccepted());
        nowMs += 500;
        assertTrue(change("b", States.next(register.image().state(), 2, "b")).isAccepted());
        assertEquals(1_000, leaseLeftMs());
        assertNotNull(propose("a", States.next(register.image().state(), 3, null)));
    }

    @Test
    void shouldStartEveryLeaseAtFullLengthWhenItBeginsToLead() throws Exception {
        masterIsA();
        nowMs += 900;
        register.follow();
        register.lead(RAFT_TERM + 2);
        assertEquals(1_000, register.answer(new Read("b"), RAFT_TERM + 2).leaseLeftMs());
    }

    @Test
    void shouldAnswerNothingUnlessItLeadsInTheCurrentTerm() {
        Read read = new Read("a");
        assertThrows(NotLeadingException.class, () -> register.answer(read, RAFT_TERM));
        register.lead(RAFT_TERM);
        assertThrows(NotLeadingException.class, () -> register.answer(read, RAFT_TERM + 1));
        register.follow();
        assertThrows(NotLeadingException.class, () -> register.answer(read, RAFT_TERM));
        CompareAndSet change = change(States.next(TopologyState.INITIAL, 1, "a"), "a");
        assertThrows(NotLeadingException.class, () -> register.propose(change, id(), RAFT_TERM));
    }

    @Test
    void shouldSayOfARetriedChangeThatItWasMade() throws Exception {
        register.lead(RAFT_TERM);
        CompareAndSet change = change(States.next(TopologyState.INITIAL, 1, "a"), "a");
        ChangeId id = id();
        assertNull(register.propose(change, id, RAFT_TERM));
        assertTrue(register.apply(change, id).isAccepted());

        assertNull(register.propose(change, id, RAFT_TERM));
        assertTrue(register.apply(change, id).isAccepted());
        assertEquals(1, register.image().state().version());
    }

    private void masterIsA() throws Exception {
        register.lead(RAFT_TERM);
        assertTrue(change("a", States.next(TopologyState.INITIAL, 1, "a")).isAccepted());
    }

    private RegisterReply change(String requester, TopologyState next) throws Exception {
        CompareAndSet change = change(next, requester);
        ChangeId id = id();
        assertNull(register.propose(change, id, RAFT_TERM));
        return register.apply(change, id);
    }

    private @Nullable String propose(String requester, TopologyState next) throws Exception {
        return propose(requester, change(next, requester));
    }

    private @Nullable String propose(String requester, CompareAndSet change) throws Exception {
        assertEquals(requester, change.requester());
        return register.propose(change, id(), RAFT_TERM);
    }

    private static CompareAndSet change(TopologyState next, String requester) {
        return new CompareAndSet(requester, next.version() - 1, next);
    }

    private boolean renew(String requester, long term, long incarnation) throws Exception {
        return register.answer(new Renew(requester, term, incarnation), RAFT_TERM).isAccepted();
    }

    private long leaseLeftMs() throws Exception {
        return register.answer(new Read("a"), RAFT_TERM).leaseLeftMs();
    }

    private ChangeId id() {
        return new ChangeId(CLIENT, ++lastCall);
    }
}
