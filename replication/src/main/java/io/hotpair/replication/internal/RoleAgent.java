package io.hotpair.replication.internal;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.log.Lineage;
import io.hotpair.log.OperationLog;
import io.hotpair.replication.PairEvent.Kind;
import io.hotpair.replication.internal.RegisterDialogue.Outcome;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.replication.register.TopologyState;
import io.hotpair.topology.Lease;
import io.hotpair.topology.ReplicatedKeyspace;
import io.hotpair.topology.Role;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Decides what this node does for a keyspace: asks the register who is master, and acts on the
 * answer.
 *
 * <pre>
 *              registered                  in sync, and no master's lease runs
 *   STARTING ──────────────► REPLICA ─────────────────────────────────► STANDING
 *                             ▲  ▲                refused, or no answer    │ accepted
 *                             │  └──────────────────────────────────────┐  ▼
 *                             │   lease ended, or a higher term seen    ├─ WON
 *                             └──────────────────────────────── MASTER ◄┘ first lease
 * </pre>
 *
 * <p>Rules; {@code replication/docs/replication.md} has the argument:
 *
 * <ul>
 *   <li>A1: it stands only while the register holds it in the in-sync set, and only after it has
 *       stopped to follow. So nothing that it acknowledges to the old master can be missing in the
 *       log that it stands with.
 *   <li>A2: it stands by one compare-and-set on the very version that it judged by. Whatever the
 *       old master could have done to acknowledge without this node would have changed the version.
 *   <li>A3: it forces its log before it stands, and every batch while it may be alone in the
 *       in-sync set.
 *   <li>A4: a change of the in-sync set is first proposed to the rule of acknowledgement, then made
 *       in the register. A smaller set also has to wait until the whole log is forced.
 *   <li>A5: a lease that has ended ends the mastership, even if the register would renew it.
 *   <li>A6: who may have lost acknowledged operations, in a power cut or because a part of its log
 *       was damaged, leaves the in-sync set before it does anything else.
 *   <li>A7: a master whose log has failed hands over: it ends its own lease in the register, and
 *       takes part no more until it is opened again.
 *   <li>A8: a member whose device does not force what somebody waits for leaves the in-sync set,
 *       and one that is not in it has to show that it forces before acknowledgements wait for it.
 * </ul>
 *
 * <p>One thread calls {@link #step}; only {@link #view}, {@link #close} and {@link #closed} may be
 * called by others.
 */
class RoleAgent {
    static final long READ_INTERVAL_NS = MILLISECONDS.toNanos(100);
    static final long RENEWAL_INTERVAL_NS = MILLISECONDS.toNanos(200);
    static final long STALL_LIMIT_NS = MILLISECONDS.toNanos(500);

    /** How long one force may take: a slow device is not a broken one. */
    static final long FORCE_LIMIT_NS = MILLISECONDS.toNanos(3_000);

    private static final long STEP_NS = MILLISECONDS.toNanos(50);
    private static final int MAX_REGISTERED_TERMS = 64;
    private static final String FAILED = "replication of this node has stopped and needs a restart";
    private static final long SHORT_STEP_NS = MILLISECONDS.toNanos(5);
    private static final long REGISTRATION_INTERVAL_NS = MILLISECONDS.toNanos(50);
    private static final long DRAIN_LIMIT_NS = MILLISECONDS.toNanos(500);
    private static final long MIN_DRAIN_NS = MILLISECONDS.toNanos(10);
    private static final long CLOSE_LIMIT_NS = MILLISECONDS.toNanos(2_000);

    /** How long a node that has just started lets the last master go first. */
    private static final long COURTESY_NS = MILLISECONDS.toNanos(1_500);

    /** How long an empty node waits at the very first start for one that has operations. */
    private static final long FIRST_START_NS = MILLISECONDS.toNanos(500);

    private static final long FIRST_START_RANK_NS = MILLISECONDS.toNanos(1_000);

    /** Voters that elect a leader are not all ready for a moment, which is no news. */
    static final long READY_PATIENCE_NS = MILLISECONDS.toNanos(1_000);

    /**
     * What others may know.
     *
     * @param role what this node does
     * @param state the newest state of the register that it knows
     * @param inSync of a master: what it knows of its replicas
     * @param haReady whether any single node may fail: every voter takes part, there is a master,
     *     and every data node is in sync
     * @param voterAlarm which voters are silent, and what follows; or null
     * @param syncAlarm which data nodes have not been in sync for some time, and why; null if none,
     *     or if it is not known
     */
    record View(
            Role role,
            TopologyState state,
            @Nullable InSyncSet inSync,
            boolean haReady,
            @Nullable String voterAlarm,
            @Nullable String syncAlarm) {}

    private final String self;
    private final AgentSetup setup;
    private final ReplicatedKeyspace keyspace;
    private final OperationLog log;
    private final Clock clock;
    private final RoleLog events;
    private final VoterWatch voters;
    private final SyncWatch sync;
    private final RegisterDialogue register;
    private final long incarnation;
    private final NodeMarker.@Nullable Mark foundMark;
    private final boolean foundOperations;
    private final long startedNs;

    private NodeMarker.@Nullable Mark mark;
    private boolean registered;
    private boolean halted;

    /** Why it takes part no more, or null while it does. */
    private @Nullable String haltedBecause;

    /** Whether a lease that the register still counts is of no use to this node. */
    private boolean handingOver;

    private boolean toldReady;
    private long readyNs;
    private boolean wasConnected;
    private long registrationSentNs;
    private long registeredNs;

    /** When it last stood or resigned: only what was asked of the register later counts. */
    private long stoodNs;

    private @Nullable Mastership won;
    private @Nullable Mastership mastership;
    private long nowNs;

    private volatile View view;
    private volatile boolean closing;
    private volatile boolean closed;
    private long closingNs;
    private boolean closeBegun;
    private boolean released;

    RoleAgent(AgentSetup setup) {
        this.setup = setup;
        self = setup.self();
        keyspace = setup.keyspace();
        log = keyspace.log();
        clock = keyspace.clock();
        events = setup.events();
        incarnation = setup.incarnation();
        foundMark = setup.marker().load();
        foundOperations = log.lastOpId() > 0;
        startedNs = clock.nanoTime();
        voters =
                new VoterWatch(
                        setup.voterCount(), setup.register()::silentVoters, events, startedNs);
        sync = new SyncWatch(setup.dataNodes(), events, startedNs);
        register = new RegisterDialogue(setup.register(), clock, setup.wake(), voters);
        stoodNs = startedNs;
        registrationSentNs = startedNs - REGISTRATION_INTERVAL_NS;
        view = new View(Role.REPLICA, TopologyState.INITIAL, null, false, null, null);
    }

    View view() {
        return view;
    }

    boolean closed() {
        return closed;
    }

    /** Asks it to give up what it holds and end; it has when {@link #closed()}. */
    void close() {
        closing = true;
        setup.wake().run();
    }

    /**
     * Does what is to be done now.
     *
     * @return after how many nanoseconds it wants to be called again, at the latest
     */
    long step() {
        nowNs = clock.nanoTime();
        register.takeAnswers();
        TopologyState state = register.state();
        Mastership acting = mastership;
        HotpairException logFailure = keyspace.logFailure();
        if (closing) {
            stepClosing();
        } else if (state == null) {
            register.read();
        } else if (logFailure != null && !halted) {
            stepLogFailed(acting, state, logFailure);
        } else if (acting != null) {
            stepMaster(acting, state);
        } else {
            stepReplica(state);
        }
        TopologyState known = known();
        voters.look(nowNs, known.term());
        if (!closing && register.state() != null) {
            // What the register said last was true when it was asked, and may be true no more.
            sync.look(register.viewSentNs(), known, this::whyNotInSync);
        }
        publish();
        return waitNs();
    }

    /** Gives up for good after a failure that it can't judge. The keyspace keeps serving reads. */
    void fail(Throwable failure) {
        halted = true;
        haltedBecause = FAILED;
        if (closing && closeBegun && clock.nanoTime() - closingNs >= CLOSE_LIMIT_NS) {
            // Nobody waits any longer for a close that fails again and again.
            closed = true;
        }
        Mastership acting = mastership;
        mastership = null;
        won = null;
        if (acting != null) {
            acting.lease.end();
            acting.inSync.close();
        }
        setup.shipping().close();
        setup.following().stop();
        String because = FAILED + ": " + failure;
        haltedBecause = because;
        try {
            if (acting != null) {
                events.tell(
                        Kind.DEMOTED, acting.term, log.lastOpId(), 0, 0, "its agent has failed");
            }
        } finally {
            // There is no second occasion to say it.
            events.alarm(view.state().term(), because);
        }
        publish();
    }

    // ---- replica ---------------------------------------------------------------------------

    private void stepReplica(TopologyState state) {
        noteConnection(state);
        if (register.changePending()) {
            return;
        }
        if (halted) {
            if (handingOver && !released && self.equals(state.master()) && isRegistered(state)) {
                release(state);
            }
            readWhenDue();
        } else if (won != null) {
            stepWon(won, state);
        } else if (!isRegistered(state)) {
            registerThisStart(state);
            readWhenDue();
        } else if (!registered) {
            begin(state);
        } else {
            stepRegistered(state);
        }
    }

    private void stepRegistered(TopologyState state) {
        String failure = setup.following().failure();
        if (failure != null) {
            halt(state, "this node can't hold what its master holds: " + failure);
        } else if (isFirstStart(state)) {
            stepFirstStart(state);
        } else if (isForeign(state)) {
            halt(
                    state,
                    "the directory holds operations up to opId="
                            + log.lastOpId()
                            + " that were never part of this pair, expected an empty directory"
                            + " for a node that joins");
        } else if (mayStand(state)) {
            stand(state);
        } else {
            follow(state);
        }
        readWhenDue();
    }

    /**
     * Enters this start's incarnation. In the same change a node that may have lost acknowledged
     * operations leaves the in-sync set.
     */
    private void registerThisStart(TopologyState state) {
        if (registered) {
            halt(
                    state,
                    "node="
                            + self
                            + " was started somewhere else under the same name, expected one");
            return;
        }
        Set<String> inSync = new TreeSet<>(state.inSync());
        if (inSync.contains(self) && !mayHaveEverything(state)) {
            inSync.remove(self);
            if (inSync.isEmpty()) {
                halt(
                        state,
                        "this node is the only one in sync, and "
                                + (log.isIncomplete()
                                        ? "a part of its log was damaged and is set aside"
                                        : "its machine went down with operations that were not"
                                                + " forced to disk")
                                + ": acknowledged writes may be missing after opId="
                                + log.lastOpId()
                                + ". Accept that with acceptPossibleLoss(), or bring back another"
                                + " copy");
                return;
            }
        }
        if (nowNs - registrationSentNs < REGISTRATION_INTERVAL_NS) {
            return;
        }
        // Refused while a lease of this node's last start runs: nobody can know that it is dead.
        registrationSentNs = nowNs;
        Map<String, Long> incarnations = new TreeMap<>(state.incarnations());
        incarnations.put(self, incarnation);
        register.change(
                new TopologyState(
                        state.version() + 1,
                        state.term(),
                        state.master(),
                        inSync,
                        state.minInSync(),
                        state.lineage(),
                        incarnations),
                outcome -> {});
    }

    /** Whether this node's log still holds whatever it has acknowledged. */
    boolean mayHaveEverything(TopologyState state) {
        NodeMarker.Mark found = foundMark;
        if (found == null) {
            return false;
        }
        boolean accepted = setup.acceptPossibleLoss() && isAlone(state);
        if (log.isIncomplete()) {
            return accepted;
        }
        return found.clean()
                || found.bootId().equals(setup.marker().currentBootId())
                || (found.alone() && isAlone(state))
                || accepted;
    }

    /** The incarnation is in the register. The mark is written only now, or A6 could be skipped. */
    private void begin(TopologyState state) {
        registered = true;
        registeredNs = nowNs;
        if (foundMark != null || !foundOperations) {
            storeMark(false, foundMark != null && foundMark.alone() && isAlone(state));
        }
        tellRepair(state);
        events.tell(
                Kind.REGISTERED,
                state.term(),
                log.lastOpId(),
                0,
                nowNs - startedNs,
                "incarnation=" + incarnation + " inSync=" + state.inSync());
    }

    /**
     * The set in the register does not count on what was damaged any more, or its loss is accepted.
     */
    private void tellRepair(TopologyState state) {
        if (log.isIncomplete() && !isFirstStart(state)) {
            log.acceptIncomplete();
            events.alarm(
                    state.term(),
                    "a part of this node's log was damaged and is set aside: what it held after"
                            + " opId="
                            + log.lastOpId()
                            + (isAlone(state)
                                    ? " is lost, and that was accepted"
                                    : " is fetched again from the master"));
        }
    }

    private static boolean isFirstStart(TopologyState state) {
        return state.term() == 0 && state.inSync().isEmpty();
    }

    /**
     * The register is empty. A node with operations goes first, so that a keyspace that lived alone
     * keeps them; else the first one in the configuration, unless it does not come.
     */
    private void stepFirstStart(TopologyState state) {
        if (log.isIncomplete()) {
            halt(
                    state,
                    "a part of this node's log was damaged and is set aside, and no other node of"
                            + " this pair was ever started that could have it");
            return;
        }
        long rank = setup.dataNodes().indexOf(self);
        long delayNs = foundOperations ? rank : FIRST_START_NS + rank * FIRST_START_RANK_NS;
        if (nowNs - registeredNs >= delayNs) {
            stand(state);
        }
    }

    private boolean isForeign(TopologyState state) {
        return foundMark == null && foundOperations && !state.inSync().contains(self);
    }

    boolean mayStand(TopologyState state) {
        if (!state.inSync().contains(self) || register.viewSentNs() - stoodNs <= 0) {
            return false;
        }
        String master = state.master();
        if (master == null || master.equals(self)) {
            return true;
        }
        return register.leaseLeftMs() == 0 && nowNs - startedNs > COURTESY_NS;
    }

    private void follow(TopologyState state) {
        String master = state.master();
        Long masterIncarnation = master == null ? null : state.incarnations().get(master);
        if (master == null || masterIncarnation == null || master.equals(self)) {
            setup.following().stop();
        } else {
            // What is acknowledged to another master is not forced.
            forgetAlone();
            setup.following()
                    .follow(new Leader(master, state.term(), masterIncarnation, incarnation));
        }
    }

    private void noteConnection(TopologyState state) {
        boolean connected = setup.following().connected();
        if (wasConnected && !connected) {
            events.tell(
                    Kind.MASTER_LOST,
                    state.term(),
                    log.lastOpId(),
                    0,
                    nowNs - setup.following().lastHeardNs(),
                    "master=" + state.master());
            register.read();
        }
        wasConnected = connected;
    }

    /** Without a log it can neither acknowledge nor follow; the other one may be able to. */
    private void stepLogFailed(
            @Nullable Mastership acting, TopologyState state, HotpairException failure) {
        handingOver = true;
        won = null;
        halt(
                state,
                "the log of this node has failed, so it is no master and follows none until it is"
                        + " opened again: "
                        + failure.getMessage());
        if (acting != null) {
            resign(acting, state, "its log has failed");
        }
    }

    private void halt(TopologyState state, String sentence) {
        halted = true;
        haltedBecause = sentence;
        setup.following().stop();
        events.alarm(state.term(), sentence);
    }

    // ---- election --------------------------------------------------------------------------

    private void stand(TopologyState state) {
        stoodNs = nowNs;
        long heardNs = setup.following().lastHeardNs();
        // A1: from here on nothing of the old master is taken or acknowledged.
        setup.following().stop();
        wasConnected = false;
        String master = state.master();
        if (master != null && !master.equals(self)) {
            events.tell(
                    Kind.MASTER_DETECTED_DEAD,
                    state.term(),
                    log.lastOpId(),
                    0,
                    heardNs == 0 ? 0 : nowNs - heardNs,
                    "master=" + master + " has let its lease end");
        }
        keyspace.force();
        if (mark != null && !mark.alone()) {
            // True from here on whatever becomes of the election: nothing more is acknowledged.
            storeMark(false, true);
        }
        long lastOpId = log.lastOpId();
        // The log's own term can be the higher one only if the register's state was lost.
        long term = Math.max(state.term(), log.lineage().lastTerm()) + 1;
        register.change(
                new TopologyState(
                        state.version() + 1,
                        term,
                        self,
                        Set.of(self),
                        setup.minInSync(),
                        newest(log.lineage().begin(term, lastOpId + 1)),
                        state.incarnations()),
                outcome -> onStood(outcome, term, lastOpId));
    }

    /**
     * The register is for people to read; what logs share they find out from each other. So it
     * keeps no more terms than anybody reads, and stays small however often the master changes.
     */
    private static Lineage newest(Lineage lineage) {
        int count = lineage.terms().size();
        return count <= MAX_REGISTERED_TERMS
                ? lineage
                : new Lineage(lineage.terms().subList(count - MAX_REGISTERED_TERMS, count));
    }

    private void onStood(Outcome outcome, long term, long lastOpId) {
        if (outcome != Outcome.ACCEPTED) {
            // Without an answer it may have been elected all the same. It then finds itself named
            // as master without acting as one, and stands again: it never acts on such a term.
            register.read();
            return;
        }
        InSyncSet inSync = newInSyncSet();
        won = new Mastership(term, Lease.ended(clock), inSync, stoodNs);
        events.tell(
                Kind.ELECTED,
                term,
                lastOpId,
                0,
                clock.nanoTime() - stoodNs,
                "lineage=" + log.lineage().terms());
        renew(won);
    }

    InSyncSet newInSyncSet() {
        return new InSyncSet(self, keyspace, Set.of(self), setup.minInSync());
    }

    private void stepWon(Mastership elected, TopologyState state) {
        if (!holds(elected, state)) {
            won = null;
            register.read();
        } else if (elected.leased()) {
            won = null;
            actAsMaster(elected, state);
        } else {
            renew(elected);
        }
    }

    private void actAsMaster(Mastership elected, TopologyState state) {
        long barrierOpId;
        try {
            adopt(elected, state);
            barrierOpId = keyspace.promote(elected.term, elected.lease);
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.NOT_MASTER) {
                throw e;
            }
            // The first lease ended before the barrier was written: as if it had never been given.
            resign(elected, state, "its first lease ended");
            return;
        }
        mastership = elected;
        elected.loggedBefore = barrierOpId;
        // A keyspace that was no master had no writes to refuse.
        elected.refusal = null;
        applyRule(elected, state);
        elected.inSync.start();
        setup.shipping().open(elected.term, incarnation, elected.inSync);
        if (mark == null) {
            storeMark(false, false);
        }
        events.tell(
                Kind.PROMOTED,
                elected.term,
                barrierOpId,
                0,
                clock.nanoTime() - elected.stoodNs,
                "takes writes");
    }

    // ---- master ----------------------------------------------------------------------------

    private void stepMaster(Mastership acting, TopologyState state) {
        if (!acting.lease.isValid()) {
            resign(acting, state, "its lease ended");
        } else if (!holds(acting, state)) {
            resign(
                    acting,
                    state,
                    "the register has term=" + state.term() + " master=" + state.master());
        } else {
            renewWhenDue(acting);
            // A grant that was due may have failed for want of memory, and nothing else may come
            // that is a reason to look again.
            acting.inSync.advance();
            if (acting.adoptedVersion != state.version()) {
                adopt(acting, state);
            }
            if (!register.changePending()) {
                stepMembership(acting, state);
            }
        }
    }

    private boolean holds(Mastership held, TopologyState state) {
        return state.term() == held.term
                && self.equals(state.master())
                && isRegistered(state)
                && !halted;
    }

    private void renewWhenDue(Mastership held) {
        if (nowNs - held.renewalSentNs >= RENEWAL_INTERVAL_NS) {
            held.renewalSentNs = nowNs;
            renew(held);
        }
    }

    private void renew(Mastership held) {
        register.renew(
                held.term,
                incarnation,
                sentNs -> {
                    if (held == won || held == mastership) {
                        held.extendLease(sentNs + holderLeaseNs());
                    }
                });
    }

    /** How long a lease lasts that was just given, from when it was asked for. */
    long holderLeaseNs() {
        return MILLISECONDS.toNanos(TopologyRegister.HOLDER_LEASE_MS);
    }

    /** Takes over what the register says of the in-sync set; nothing is proposed any more. */
    private void adopt(Mastership held, TopologyState state) {
        boolean changed = !state.inSync().equals(held.adoptedInSync);
        boolean first = held.adoptedVersion == Mastership.NEVER;
        held.adoptedVersion = state.version();
        held.adoptedInSync = state.inSync();
        held.proposal = null;
        held.aloneOpId = log.lastOpId();
        if (!isAlone(state)) {
            forgetAlone();
        }
        held.inSync.settle(state.inSync());
        applyRule(held, state);
        if (changed && !first) {
            events.tell(
                    Kind.IN_SYNC_CHANGED,
                    held.term,
                    held.aloneOpId,
                    0,
                    0,
                    "inSync=" + state.inSync());
        }
    }

    /** Has every batch forced, and refuses writes, as the in-sync set asks. */
    private void applyRule(Mastership held, TopologyState state) {
        boolean alone = held.inSync.mayBeAlone();
        if (alone != held.forcing) {
            held.forcing = alone;
            keyspace.forceEveryBatch(alone);
        }
        String refusal = null;
        if (state.inSync().size() < state.minInSync()) {
            refusal =
                    "in sync are "
                            + state.inSync()
                            + ", expected at least "
                            + state.minInSync()
                            + " members";
        }
        if (held.adoptedVersion == state.version() && !Objects.equals(refusal, held.refusal)) {
            held.refusal = refusal;
            keyspace.refuseWrites(refusal);
        }
    }

    private void stepMembership(Mastership acting, TopologyState state) {
        if (register.unsettled()) {
            settle(state);
            return;
        }
        for (InSyncSet.Progress session : acting.inSync.sessions()) {
            session.look(acting.loggedBefore, keyspace.wantedOnDisk(), nowNs);
            if (state.inSync().contains(session.member())) {
                // Should it leave the set, it has to show anew that it forces.
                session.entryOpId(0);
            }
        }
        tellDevices(acting);
        Set<String> stalled = stalledMembers(acting, state);
        InSyncSet.Progress newcomer = newcomer(acting, state);
        acting.loggedBefore = log.lastOpId();
        if (!stalled.isEmpty()) {
            shrink(acting, state, stalled);
        } else if (newcomer != null) {
            expand(acting, state, newcomer);
        } else if (acting.proposal != null) {
            adopt(acting, state);
        } else {
            markAlone(acting, state);
        }
    }

    /**
     * A change that was never answered could still be made at any time. A change that changes
     * nothing takes its version, and so decides it.
     */
    private void settle(TopologyState state) {
        register.change(
                new TopologyState(
                        state.version() + 1,
                        state.term(),
                        state.master(),
                        state.inSync(),
                        state.minInSync(),
                        state.lineage(),
                        state.incarnations()),
                outcome -> {});
    }

    private Set<String> stalledMembers(Mastership acting, TopologyState state) {
        Set<String> stalled = new TreeSet<>();
        for (InSyncSet.Progress session : acting.inSync.sessions()) {
            if (state.inSync().contains(session.member())
                    && (session.stalledNs(nowNs) > STALL_LIMIT_NS || holdsUp(session, state))) {
                stalled.add(session.member());
            }
        }
        return stalled;
    }

    /**
     * Whether those who wait for all devices get on without this member: not if this node's own
     * device is no better, and not if too few members are left to take writes.
     */
    private boolean holdsUp(InSyncSet.Progress session, TopologyState state) {
        return forceStalled(session)
                && keyspace.durable().get() >= session.owedOpId()
                && state.inSync().size() > state.minInSync();
    }

    private boolean forceStalled(InSyncSet.Progress session) {
        return session.forceStalledNs(nowNs) > forceLimitNs();
    }

    long forceLimitNs() {
        return FORCE_LIMIT_NS;
    }

    /** Says whose device does not force; takes it back when it does. */
    private void tellDevices(Mastership acting) {
        Set<String> stalled = new TreeSet<>();
        for (InSyncSet.Progress session : acting.inSync.sessions()) {
            if (forceStalled(session)) {
                stalled.add(session.member());
            }
        }
        String sentence =
                stalled.isEmpty()
                        ? null
                        : "the device of "
                                + stalled
                                + " has forced nothing for "
                                + NANOSECONDS.toMillis(forceLimitNs())
                                + " ms although this master asked: it is not in sync until it does,"
                                + " if minInSync can do without it";
        sayOfDevices(acting, sentence);
    }

    private void sayOfDevices(Mastership held, @Nullable String sentence) {
        String before = held.deviceAlarm;
        if (before != null && !before.equals(sentence)) {
            events.clearAlarm(before);
        }
        if (sentence != null && !sentence.equals(before)) {
            events.alarm(held.term, sentence);
        }
        held.deviceAlarm = sentence;
    }

    private InSyncSet.@Nullable Progress newcomer(Mastership acting, TopologyState state) {
        for (InSyncSet.Progress session : acting.inSync.sessions()) {
            if (!state.inSync().contains(session.member())
                    && session.connected()
                    && isSameStart(session, state)
                    && hasCaughtUp(acting, session)) {
                return session;
            }
        }
        return null;
    }

    /**
     * A newcomer must have been close once, and have forced what it had then; after that it must
     * only come forward. Asking for more would drop and renew the proposal again and again under
     * load.
     */
    private boolean hasCaughtUp(Mastership acting, InSyncSet.Progress session) {
        Set<String> proposal = acting.proposal;
        if (proposal != null && proposal.contains(session.member())) {
            return session.stalledNs(nowNs) <= STALL_LIMIT_NS && !forceStalled(session);
        }
        if (session.loggedOpId() < acting.loggedBefore) {
            return false;
        }
        if (session.entryOpId() == 0) {
            session.entryOpId(session.loggedOpId());
        }
        return isOnDisk(session, session.entryOpId());
    }

    /** Whether what a session acknowledged is still true of the member that the register knows. */
    boolean isSameStart(InSyncSet.Progress session, TopologyState state) {
        return Long.valueOf(session.incarnation())
                .equals(state.incarnations().get(session.member()));
    }

    /** A4: propose, force, change. */
    private void shrink(Mastership acting, TopologyState state, Set<String> stalled) {
        Set<String> next = new TreeSet<>(state.inSync());
        next.removeAll(stalled);
        if (!next.equals(acting.proposal)) {
            acting.proposal = next;
            acting.inSync.propose(next);
            acting.proposalOpId = log.lastOpId();
            applyRule(acting, state);
        }
        if (keyspace.durable().get() >= acting.proposalOpId) {
            if (next.size() == 1 && mark != null && !mark.alone()) {
                // Before the change, which may be made without this node hearing of it any more.
                storeMark(false, true);
            }
            changeInSync(acting, state, next);
        }
    }

    /** A4: the wider rule first; then everything granted by the narrower one; then the change. */
    private void expand(Mastership acting, TopologyState state, InSyncSet.Progress newcomer) {
        Set<String> next = new TreeSet<>(state.inSync());
        next.add(newcomer.member());
        if (!next.equals(acting.proposal)) {
            acting.proposal = next;
            acting.proposalOpId = widen(acting.inSync, next);
            newcomer.entryOpId(acting.inSync.onDiskBound());
            applyRule(acting, state);
        }
        if (newcomer.loggedOpId() >= acting.proposalOpId
                && isOnDisk(newcomer, acting.inSync.onDiskBound())) {
            forgetAlone();
            changeInSync(acting, state, next);
        }
    }

    /** A newcomer must have on its device what others were told to be on every member's. */
    boolean isOnDisk(InSyncSet.Progress newcomer, long opId) {
        return newcomer.forcedOpId() >= opId;
    }

    long widen(InSyncSet inSync, Set<String> next) {
        return inSync.propose(next);
    }

    private void changeInSync(Mastership acting, TopologyState state, Set<String> next) {
        register.change(
                new TopologyState(
                        state.version() + 1,
                        state.term(),
                        state.master(),
                        next,
                        state.minInSync(),
                        state.lineage(),
                        state.incarnations()),
                outcome -> onInSyncChanged(acting, outcome));
    }

    private void onInSyncChanged(Mastership acting, Outcome outcome) {
        TopologyState state = register.state();
        // Without an answer the proposal stands, until a read or another change has decided it.
        if (outcome != Outcome.UNKNOWN
                && state != null
                && acting == mastership
                && state.term() == acting.term) {
            adopt(acting, state);
        }
    }

    /** Remembers that all is forced, so that even a power cut leaves no doubt. */
    private void markAlone(Mastership acting, TopologyState state) {
        NodeMarker.Mark present = mark;
        if (present != null
                && !present.alone()
                && isAlone(state)
                && keyspace.durable().get() >= acting.aloneOpId) {
            storeMark(false, true);
        }
    }

    private void resign(Mastership held, TopologyState state, String reason) {
        if (!closing) {
            held.lease.end();
        }
        held.inSync.close();
        sayOfDevices(held, null);
        setup.shipping().close();
        // With a lease that still runs, what was written but not yet logged reaches the log.
        keyspace.demote();
        held.lease.end();
        keyspace.forceEveryBatch(false);
        keyspace.refuseWrites(null);
        mastership = null;
        won = null;
        stoodNs = nowNs;
        events.tell(Kind.DEMOTED, held.term, log.lastOpId(), 0, 0, reason);
        if (state.term() == held.term) {
            register.read();
        }
    }

    // ---- closing ---------------------------------------------------------------------------

    private void stepClosing() {
        if (!closeBegun) {
            closeBegun = true;
            closingNs = nowNs;
        }
        TopologyState state = register.state();
        boolean inTime = nowNs - closingNs < CLOSE_LIMIT_NS;
        Mastership acting = mastership;
        if (acting != null && state != null) {
            if (draining(acting, state)) {
                renewWhenDue(acting);
                return;
            }
            resign(acting, state, "it closes");
        }
        if (inTime && register.changePending()) {
            return;
        }
        if (inTime && !released && registered && state != null && self.equals(state.master())) {
            release(state);
            return;
        }
        end();
    }

    /**
     * Whether members in sync still have to receive what was written last, or to force what
     * somebody waits for.
     */
    private boolean draining(Mastership acting, TopologyState state) {
        keyspace.refuseWrites("node=" + self + " is closing");
        long sinceNs = nowNs - closingNs;
        boolean behind =
                acting.inSync.loggedByAll(state.inSync()) < log.lastOpId()
                        || keyspace.committedToDisk().get() < keyspace.wantedOnDisk();
        // What was written last may not be in the log yet: that takes far less than the minimum.
        return (behind ? sinceNs < DRAIN_LIMIT_NS : sinceNs < MIN_DRAIN_NS)
                && acting.lease.isValid()
                && holds(acting, state);
    }

    /** Ends its own lease in the register, so that another need not wait for it. */
    private void release(TopologyState state) {
        register.change(
                new TopologyState(
                        state.version() + 1,
                        state.term() + 1,
                        null,
                        state.inSync(),
                        state.minInSync(),
                        state.lineage(),
                        state.incarnations()),
                outcome -> released = outcome == Outcome.ACCEPTED);
    }

    private void end() {
        setup.shipping().close();
        setup.following().stop();
        try {
            keyspace.force();
            if (mark != null) {
                storeMark(true, mark.alone());
            }
        } catch (HotpairException e) {
            // The keyspace reports its log's failure itself. Without the mark the next start is
            // taken for an unclean one, which is true.
            events.alarm(view.state().term(), "closed without forcing the log: " + e.getMessage());
        }
        closed = true;
    }

    // ---- small things ----------------------------------------------------------------------

    private boolean isRegistered(TopologyState state) {
        return Long.valueOf(incarnation).equals(state.incarnations().get(self));
    }

    private boolean isAlone(TopologyState state) {
        return state.inSync().size() == 1 && state.inSync().contains(self);
    }

    private void forgetAlone() {
        NodeMarker.Mark present = mark;
        if (present != null && present.alone()) {
            storeMark(false, false);
        }
    }

    private void storeMark(boolean clean, boolean alone) {
        NodeMarker.Mark next = new NodeMarker.Mark(setup.marker().currentBootId(), clean, alone);
        setup.marker().store(next);
        mark = next;
    }

    private void readWhenDue() {
        if (nowNs - register.viewSentNs() >= readDelayNs()) {
            register.read();
        }
    }

    /** Until the next read: short of the interval if the lease ends before. */
    private long readDelayNs() {
        long leaseNs = register.leaseEndNs() - register.viewSentNs() + 1;
        return register.leaseLeftMs() > 0 ? Math.min(READ_INTERVAL_NS, leaseNs) : READ_INTERVAL_NS;
    }

    private long waitNs() {
        Mastership acting = mastership;
        if (acting != null) {
            return acting.proposal != null ? SHORT_STEP_NS : STEP_NS;
        }
        if (won != null || closing) {
            return SHORT_STEP_NS;
        }
        long untilReadNs = register.viewSentNs() + readDelayNs() - nowNs;
        return Math.max(SHORT_STEP_NS / 5, Math.min(STEP_NS, untilReadNs));
    }

    /** What this node knows of why a node is not in sync, or null. */
    private @Nullable String whyNotInSync(String node) {
        Mastership acting = mastership;
        if (acting != null && !node.equals(self)) {
            InSyncSet.Progress session = acting.inSync.progressOf(node);
            if (session != null && session.connected()) {
                return "it follows, and has not caught up";
            }
            String turnedAway = setup.shipping().turnedAway();
            return turnedAway == null
                    ? "it does not follow this master"
                    : "it does not follow this master, which turns away a connection: "
                            + turnedAway;
        }
        if (acting == null && node.equals(self)) {
            if (halted) {
                return haltedBecause;
            }
            return setup.following().connected()
                    ? "it follows, and has not caught up"
                    : setup.following().obstacle();
        }
        return null;
    }

    /** What keeps any single node from failing without harm, as far as is known now, or null. */
    private @Nullable String whyNotReady(TopologyState state) {
        if (state.master() == null) {
            return "there is no master";
        }
        if (!state.inSync().containsAll(setup.dataNodes())) {
            return "in sync are only " + state.inSync();
        }
        if (!voters.everyVoterReady()) {
            return "not every voter takes part";
        }
        // The master and the set that were decided last say nothing of who is there now.
        if (mastership != null) {
            return null;
        }
        if (self.equals(state.master())) {
            return "this node is master no more, and knows of no other";
        }
        return setup.following().connected()
                ? null
                : "this node neither is master nor follows " + state.master();
    }

    private void publish() {
        TopologyState state = known();
        Mastership acting = mastership;
        String unready = whyNotReady(state);
        view =
                new View(
                        acting == null ? Role.REPLICA : Role.MASTER,
                        state,
                        acting == null ? null : acting.inSync,
                        unready == null,
                        voters.alarm(),
                        voters.majorityAnswers() ? sync.alarm() : null);
        tellReadiness(state.term(), unready);
    }

    private void tellReadiness(long term, @Nullable String unready) {
        if (unready == null) {
            readyNs = nowNs;
            if (!toldReady) {
                toldReady = true;
                events.tell(
                        Kind.HA_READY,
                        term,
                        0,
                        0,
                        0,
                        "every voter takes part and every data node is in sync: any single node"
                                + " may fail");
            }
        } else if (toldReady && nowNs - readyNs >= READY_PATIENCE_NS) {
            toldReady = false;
            events.tell(Kind.HA_LOST, term, 0, 0, nowNs - readyNs, unready);
        }
    }

    private TopologyState known() {
        TopologyState state = register.state();
        return state == null ? TopologyState.INITIAL : state;
    }
}
