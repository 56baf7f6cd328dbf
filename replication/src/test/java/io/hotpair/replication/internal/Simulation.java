package io.hotpair.replication.internal;

import io.hotpair.HotpairException;
import io.hotpair.log.MemoryLog;
import io.hotpair.replication.PairEvent;
import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.replication.register.TopologyState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Two data nodes, a register, clients and faults, in virtual time and one thread. Everything that
 * happens follows from the seed, so what a seed has found it finds again.
 *
 * <p>Real are the agent, the rule of acknowledgement, both ends of the shipping protocol and its
 * bytes. Simulated are clocks, the network, the register's answers, the keyspace and its disk.
 *
 * <p>Checked while it runs, by the numbers of {@code replication/docs/replication.md}: R1 and R3
 * (every acknowledged write is in the log of every member in sync and of every master that may
 * act), R2 (at most one lease), R4 (logs match), R5 (a member in sync has nothing that its master
 * has not), R6 (what was acknowledged on all devices is on the device of every member in sync), one
 * master for each term; that a device of the replica which does not force does not keep the master
 * from acknowledging what has to be on all devices; and at the end, when all faults are healed: one
 * master, both in sync, equal logs, nothing acknowledged missing, writes acknowledged on all
 * devices again.
 */
final class Simulation {
    private static final long MS = 1_000_000L;
    private static final long FAULTS_UNTIL = 15_000 * MS;

    /** When all else is healed the replica's device hangs, longer than anybody has to wait for. */
    private static final long LAST_HANG_FROM = 17_000 * MS;

    private static final long LAST_HANG_UNTIL = 22_000 * MS;

    private static final long WRITES_UNTIL = 24_000 * MS;
    private static final long END = 25_000 * MS;
    private static final long HEARTBEAT = 100 * MS;
    private static final long SILENCE = 500 * MS;

    /** A rule that is left out, to see whether the checks notice. */
    enum Bug {
        NONE,
        /** A smaller set counts before the register has it. */
        ACKNOWLEDGE_BEFORE_COMMIT,
        /** What is not forced counts although the node is alone. */
        NO_FORCE_WHEN_ALONE,
        /** A larger set is entered before acknowledgements wait for it. */
        NO_WIDER_RULE_BEFORE_EXPANDING,
        /**
         * A member is taken in by what an earlier start of it had acknowledged. What it has on its
         * device it has in any case, so that rule is left out as well: either of them is enough.
         */
        NO_INCARNATION_CHECK,
        /** A node goes on as if nothing had been lost in a power cut. */
        NO_BOOT_CHECK,
        /** A node goes on as if nothing had been damaged in its log. */
        NO_DAMAGE_CHECK,
        /** A node stands for master although it is not in sync. */
        STAND_OUTSIDE_THE_SET,
        /** The register compares no versions: a change is made although another came between. */
        NO_COMPARE_BEFORE_SET,
        /** A tail that the master does not have stays. */
        NO_CUT,
        /** A master never lets its lease end. */
        ENDLESS_LEASE,
        /** What a member has in its log counts as if it were on its device. */
        NO_FORCE_ON_MEMBERS,
        /** A member is taken in before it has forced what others were told to be on all devices. */
        NO_FORCE_BEFORE_EXPANDING,
        /** A member whose device hangs stays in sync, and acknowledgements wait for it. */
        NO_LIMIT_ON_FORCES
    }

    /** What a seed has found. */
    static final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Violation(String message) {
            super(message);
        }
    }

    private record Event(long at, long order, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private final long seed;
    private final Bug bug;
    private final Random random;
    private final boolean drifting;
    private final boolean waitsForDisks;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final ManualClock registerClock = new ManualClock();
    private final MemoryRegister register = new MemoryRegister(registerClock);
    private final List<Node> nodes = new ArrayList<>();
    private final List<String> acknowledged = new ArrayList<>();
    private final List<String> acknowledgedOnDisk = new ArrayList<>();
    private final Map<String, Long> waitingForDisks = new LinkedHashMap<>();
    private final Map<Long, String> masters = new HashMap<>();
    private final Deque<String> trace = new ArrayDeque<>();
    private long now = 1_000 * MS;
    private long order;
    private int written;
    private double registerLoss;
    private boolean dataLinkCut;
    private boolean healed;
    private int promotions;
    private int cuts;
    private int crashes;
    private int powerCuts;
    private int rots;
    private int voterAlarms;
    private int hangs;

    Simulation(long seed, Bug bug) {
        this.seed = seed;
        this.bug = bug;
        random = new Random(seed);
        // In one of eight seeds the clocks are wrong. Durability must not depend on them.
        drifting = bug != Bug.ENDLESS_LEASE && random.nextInt(8) == 0;
        // In the others little is forced, so that a power cut takes more.
        waitsForDisks = seed % 2 == 0;
        nodes.add(new Node("a"));
        nodes.add(new Node("b"));
    }

    int acknowledgedCount() {
        return acknowledged.size();
    }

    int acknowledgedOnDiskCount() {
        return acknowledgedOnDisk.size();
    }

    int promotionCount() {
        return promotions;
    }

    int cutCount() {
        return cuts;
    }

    int crashCount() {
        return crashes;
    }

    int powerCutCount() {
        return powerCuts;
    }

    int rotCount() {
        return rots;
    }

    int voterAlarmCount() {
        return voterAlarms;
    }

    int hangCount() {
        return hangs;
    }

    void run() {
        nodes.forEach(Node::start);
        after(20 * MS, this::clientWrites);
        after(300 * MS, this::fault);
        after(500 * MS, this::checkAll);
        at(FAULTS_UNTIL, this::heal);
        at(LAST_HANG_FROM, this::lastHang);
        at(LAST_HANG_UNTIL, this::requireNobodyWaitsForDisks);
        while (now < END) {
            Event event = events.remove();
            now = event.at();
            registerClock.advanceTo(now);
            nodes.forEach(Node::tick);
            event.action().run();
            checkLeases();
        }
        checkEnd();
    }

    // ---- faults ----------------------------------------------------------------------------

    private void fault() {
        if (now >= FAULTS_UNTIL) {
            return;
        }
        Node node = nodes.get(random.nextInt(2));
        switch (random.nextInt(17)) {
            case 0, 1 -> node.crash(false);
            case 2 -> powerCut(node);
            case 3 -> node.pause(50 + random.nextInt(3_000));
            case 4 -> node.cutFromRegister(100 + random.nextInt(3_000));
            case 5 -> cutDataLink(50 + random.nextInt(3_000));
            case 6 -> node.breakConnections();
            case 7 -> loseRegisterAnswers(0.3, 200 + random.nextInt(2_000));
            case 8 -> {
                note("register changes its leader");
                register.changeLeader();
                loseRegisterAnswers(1.0, 100 + random.nextInt(500));
            }
            case 9 -> node.closeInOrder();
            case 10, 11 -> isolate(node);
            case 12 -> {
                node.writeAtOnce(1 + random.nextInt(5));
                node.crash(false);
            }
            case 13 -> {
                nodes.get(0).crash(false);
                nodes.get(1).crash(false);
            }
            case 14 -> node.hang(100 + random.nextInt(6_000));
            case 15 -> rot(node);
            default -> node.forceDelayMs = 1 + random.nextInt(300);
        }
        after((50 + random.nextInt(1_500)) * MS, this::fault);
    }

    /**
     * One machine at a time loses its power, and a machine that stands alone only once it knows
     * that it does: more than that is outside what level peer promises.
     */
    private void powerCut(Node node) {
        boolean alone = register.state().inSync().equals(Set.of(node.name));
        boolean otherDamaged = nodes.stream().anyMatch(each -> each.damaged);
        if (!otherDamaged && !(alone && !node.knowsItIsAlone())) {
            powerCuts++;
            node.crash(true);
        }
    }

    /**
     * A part of the log of one node at a time is found damaged when it starts again. Of one that
     * stands alone nobody else has that part: it would halt, and wait for a person.
     */
    private void rot(Node node) {
        boolean alone = register.state().inSync().equals(Set.of(node.name));
        boolean otherDamaged = nodes.stream().anyMatch(each -> each.damaged);
        if (node.isUp()
                && node.log.lastOpId() > 0
                && !otherDamaged
                && !alone
                && !node.knowsItIsAlone()) {
            rots++;
            node.crash(false);
            note(node.name + " has a damaged log");
            node.log.damageAfter(random.nextLong(node.log.lastOpId() + 1));
            node.damaged = true;
            node.rotten = true;
        }
    }

    private void cutDataLink(int forMs) {
        note("data link cut for " + forMs + " ms");
        dataLinkCut = true;
        after(
                forMs * MS,
                () -> {
                    dataLinkCut = false;
                    nodes.forEach(Node::flushHeldMessages);
                });
    }

    /** The node goes on for itself until its lease ends: what it writes, nobody else gets. */
    private void isolate(Node node) {
        int forMs = 500 + random.nextInt(2_500);
        cutDataLink(forMs);
        node.cutFromRegister(forMs);
    }

    private void loseRegisterAnswers(double share, int forMs) {
        note("register loses " + share + " for " + forMs + " ms");
        registerLoss = share;
        after(forMs * MS, () -> registerLoss = 0);
    }

    private void heal() {
        note("healed");
        healed = true;
        registerLoss = 0;
        dataLinkCut = false;
        nodes.forEach(Node::heal);
    }

    private void lastHang() {
        Node a = nodes.get(0);
        Node b = nodes.get(1);
        if (a.keyspace.isLeasedMaster() != b.keyspace.isLeasedMaster()) {
            Node replica = a.keyspace.isLeasedMaster() ? b : a;
            replica.hang((int) ((LAST_HANG_UNTIL - now) / MS));
        }
    }

    /**
     * What was written since the last device began to hang is acknowledged on all devices, but for
     * what was written just now. By clocks that are wrong a limit may be any time. A rule that was
     * left out is to be found by what it is there for.
     */
    private void requireNobodyWaitsForDisks() {
        if (drifting || (bug != Bug.NONE && bug != Bug.NO_LIMIT_ON_FORCES)) {
            return;
        }
        for (Map.Entry<String, Long> waiting : waitingForDisks.entrySet()) {
            long since = waiting.getValue();
            if (since >= LAST_HANG_FROM && now - since > 300 * MS) {
                fail("since " + since / MS + " ms the devices keep waiting " + waiting.getKey());
            }
        }
    }

    // ---- clients ---------------------------------------------------------------------------

    private void clientWrites() {
        for (Node node : nodes) {
            if (now < WRITES_UNTIL && node.runs() && node.keyspace.takesWrites()) {
                node.write("k" + ++written);
            }
        }
        int pauseMs = random.nextInt(60) == 0 ? 1_000 : 60;
        after((1 + random.nextInt(pauseMs)) * MS, this::clientWrites);
    }

    private void acknowledge(Node node, String operation, long opId) {
        acknowledged.add(operation);
        for (String member : register.state().inSync()) {
            Node holder = node(member);
            if (!holder.damaged && !holder.log.holds(operation, opId)) {
                fail(
                        "R1: "
                                + node.name
                                + " acknowledged "
                                + operation
                                + ", "
                                + member
                                + " is in sync and does not have it");
            }
        }
    }

    private void acknowledgeOnDisk(String operation) {
        acknowledgedOnDisk.add(operation);
        waitingForDisks.remove(operation);
        for (String member : register.state().inSync()) {
            requireOnDisk(node(member), operation);
        }
    }

    /**
     * Also of one that has lost its power: it is what the level is for. No level mends a device.
     */
    private void requireOnDisk(Node member, String operation) {
        long opId = opIdOf(operation);
        boolean isThere = member.log.holds(operation, opId) && member.log.forcedOpId() >= opId;
        if (!isThere && !member.rotten) {
            fail(
                    "R6: "
                            + member.name
                            + " is in sync and does not have on its device "
                            + operation
                            + ", but up to "
                            + member.log.forcedOpId());
        }
    }

    // ---- checks ----------------------------------------------------------------------------

    private void checkLeases() {
        if (drifting) {
            return;
        }
        int leased = 0;
        for (Node node : nodes) {
            leased += node.isUp() && node.keyspace.isLeasedMaster() ? 1 : 0;
        }
        if (leased > 1) {
            fail("R2: two masters hold a lease");
        }
    }

    private void checkPromotion(Node node) {
        promotions++;
        String before = masters.putIfAbsent(node.keyspace.term(), node.name + node.life);
        if (before != null) {
            fail("two masters in term " + node.keyspace.term());
        }
        requireAcknowledged(node, "R1, R3: new master ");
    }

    private void checkAll() {
        checkMatching();
        checkInSync();
        after(500 * MS, this::checkAll);
    }

    private void checkInSync() {
        TopologyState state = register.state();
        String master = state.master();
        for (String member : state.inSync()) {
            Node node = node(member);
            for (String operation : acknowledgedOnDisk) {
                requireOnDisk(node, operation);
            }
            if (node.damaged) {
                continue;
            }
            requireAcknowledged(node, "R1: member in sync ");
            if (master != null && node(master).actsIn(state.term())) {
                requirePrefix(node, node(master));
            }
        }
    }

    private void requireAcknowledged(Node node, String what) {
        for (String operation : acknowledged) {
            if (!node.log.holds(operation, opIdOf(operation))) {
                fail(what + node.name + " does not have the acknowledged " + operation);
            }
        }
    }

    private void requirePrefix(Node member, Node master) {
        List<String> has = member.log.operations();
        List<String> masterHas = master.log.operations();
        if (has.size() > masterHas.size() || !masterHas.subList(0, has.size()).equals(has)) {
            fail("R5: " + member.name + " is in sync and has what its master has not");
        }
    }

    private void checkMatching() {
        List<String> a = nodes.get(0).log.operations();
        List<String> b = nodes.get(1).log.operations();
        boolean same = true;
        for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
            same = same && a.get(i).equals(b.get(i));
            if (!same && termOf(a.get(i)) == termOf(b.get(i))) {
                fail("R4: logs differ at " + a.get(i) + " and " + b.get(i));
            }
        }
    }

    private void checkEnd() {
        checkMatching();
        Node a = nodes.get(0);
        Node b = nodes.get(1);
        for (Node node : nodes) {
            requireAcknowledged(node, "at the end: ");
            RoleAgent running = node.agent;
            if (running != null && running.view().voterAlarm() != null) {
                fail("at the end " + node.name + " says " + running.view().voterAlarm());
            }
        }
        if (!a.log.operations().equals(b.log.operations())) {
            fail("at the end logs differ");
        }
        if (register.state().inSync().size() != 2) {
            fail("at the end in sync are " + register.state().inSync());
        }
        if (!a.keyspace.takesWrites() && !b.keyspace.takesWrites()) {
            fail("at the end nobody takes writes");
        }
        requireNobodyWaitsForDisks();
        if (acknowledged.isEmpty()) {
            fail("nothing was ever acknowledged");
        }
    }

    private void fail(String what) {
        throw new Violation(
                what
                        + "\n  seed="
                        + seed
                        + " bug="
                        + bug
                        + " drifting="
                        + drifting
                        + " at="
                        + now / MS
                        + " ms "
                        + register.state()
                        + "\n  "
                        + String.join("\n  ", trace));
    }

    private void note(String what) {
        if (trace.size() == 60) {
            trace.removeFirst();
        }
        trace.addLast(now / MS + " " + what);
    }

    private static long termOf(String operation) {
        return Long.parseLong(operation.substring(0, operation.indexOf(':')));
    }

    private static long opIdOf(String operation) {
        int from = operation.indexOf(':') + 1;
        return Long.parseLong(operation.substring(from, operation.indexOf(':', from)));
    }

    // ---- time ------------------------------------------------------------------------------

    private void after(long delay, Runnable action) {
        at(now + delay, action);
    }

    private void at(long time, Runnable action) {
        events.add(new Event(time, order++, action));
    }

    private Node node(String name) {
        return nodes.get(name.equals("a") ? 0 : 1);
    }

    // ---- a node ----------------------------------------------------------------------------

    /** A machine with its disk, and the process on it if it runs. */
    private final class Node implements NodeMarker {
        final String name;
        final MemoryLog log = new MemoryLog(new UUID(1, random.nextLong()));
        final ManualClock clock = new ManualClock();
        final double rate = drifting ? 0.3 + random.nextDouble() * 2 : 1.0;
        final Deque<Runnable> deferred = new ArrayDeque<>();
        final List<Connection> connections = new ArrayList<>();
        MemoryKeyspace keyspace;
        @Nullable RoleAgent agent;
        SimulatedFollowing following = new SimulatedFollowing(this);
        SimulatedShipping shipping = new SimulatedShipping(this);
        NodeMarker.@Nullable Mark mark;
        int life;
        int boot;
        int promotionsSeen;
        boolean damaged;
        boolean rotten;
        boolean paused;
        boolean registerCut;

        /** What a listener throws is not passed on, so it is thrown after the step. */
        @Nullable String wrongEvent;

        long registerLostAt;
        long pausedAt;
        boolean stepScheduled;
        boolean forceScheduled;
        boolean forceHeld;
        long hangsUntil;
        int forceDelayMs = 2;

        Node(String name) {
            this.name = name;
            keyspace = newKeyspace();
        }

        boolean isUp() {
            return agent != null;
        }

        boolean runs() {
            return agent != null && !paused;
        }

        boolean actsIn(long term) {
            return isUp() && keyspace.isLeasedMaster() && keyspace.term() == term;
        }

        boolean knowsItIsAlone() {
            NodeMarker.Mark known = mark;
            return known != null && known.alone();
        }

        void tick() {
            clock.advanceTo((long) (now * rate));
        }

        void start() {
            if (agent != null) {
                return;
            }
            life++;
            note(name + " starts");
            tick();
            keyspace = newKeyspace();
            keyspace.onForceWanted(this::scheduleForce);
            following = new SimulatedFollowing(this);
            shipping = new SimulatedShipping(this);
            promotionsSeen = 0;
            stepScheduled = false;
            forceScheduled = false;
            forceHeld = false;
            agent = newAgent();
            wake();
            inLife(1_000 * MS, this::forceAtInterval);
        }

        private MemoryKeyspace newKeyspace() {
            return new MemoryKeyspace(Path.of(name), log, clock, false);
        }

        private RoleAgent newAgent() {
            RoleLog roleLog = new RoleLog(clock, name, this::onEvent);
            return new BuggyAgent(
                    new AgentSetup(
                            name,
                            List.of("a", "b"),
                            3,
                            1,
                            false,
                            random.nextLong() | 1,
                            keyspace,
                            new SimulatedRegister(this),
                            shipping,
                            following,
                            this,
                            roleLog,
                            this::wake),
                    bug);
        }

        private void onEvent(PairEvent event) {
            note(
                    name
                            + " "
                            + event.kind()
                            + " term="
                            + event.term()
                            + " opId="
                            + event.opId()
                            + " "
                            + event.text());
            if (event.kind() == PairEvent.Kind.REGISTERED) {
                damaged = false;
                rotten = false;
            }
            boolean expected =
                    event.text().startsWith("the device of")
                            || event.text().startsWith("a part of this node's log was damaged");
            if (event.kind() == PairEvent.Kind.ALARM && !expected) {
                wrongEvent = "alarm on " + name + ": " + event.text();
            }
            if (event.kind() == PairEvent.Kind.VOTERS_SILENT) {
                voterAlarms++;
                // The longest that an answer can be waited for that was lost before.
                if (now - registerLostAt > 1_000 * MS) {
                    wrongEvent = name + " calls voters silent that answer: " + event.text();
                }
            }
        }

        void wake() {
            if (!stepScheduled) {
                stepScheduled = true;
                inLife(MS / 20, this::step);
            }
        }

        private void step() {
            stepScheduled = false;
            RoleAgent running = agent;
            if (running == null) {
                return;
            }
            long waitNs = running.step();
            if (wrongEvent != null) {
                fail(wrongEvent);
            }
            if (keyspace.promotions() != promotionsSeen) {
                promotionsSeen = keyspace.promotions();
                checkPromotion(this);
            }
            if (running.closed()) {
                note(name + " has closed");
                crash(false);
                return;
            }
            int thisLife = life;
            after(
                    (long) (waitNs / rate) + 1,
                    () -> {
                        if (life == thisLife) {
                            wake();
                        }
                    });
        }

        /**
         * Runs something in this process, unless it has ended by then; waits while it is paused.
         */
        void inLife(long delay, Runnable action) {
            int thisLife = life;
            after(
                    delay,
                    () -> {
                        if (life == thisLife && agent != null) {
                            if (paused) {
                                deferred.add(action);
                            } else {
                                action.run();
                            }
                        }
                    });
        }

        void write(String key) {
            long opId = keyspace.put(key, "");
            long term = keyspace.term();
            String operation = term + ":" + opId + ":SET:" + key + "=";
            keyspace.committed()
                    .whenReached(
                            opId,
                            reached -> {
                                if (reached && keyspace.isAcknowledged(opId, term)) {
                                    acknowledge(this, operation, opId);
                                }
                            });
            if (waitsForDisks && written % 3 == 0) {
                waitingForDisks.put(operation, now);
                keyspace.wantOnDisk(opId);
                keyspace.committedToDisk()
                        .whenReached(
                                opId,
                                reached -> {
                                    if (reached && keyspace.isAcknowledgedOnDisk(opId, term)) {
                                        acknowledgeOnDisk(operation);
                                    }
                                });
            }
        }

        void writeAtOnce(int count) {
            for (int i = 0; i < count && runs() && keyspace.takesWrites(); i++) {
                write("k" + ++written);
            }
        }

        private void scheduleForce() {
            if (!forceScheduled) {
                forceScheduled = true;
                inLife(
                        forceDelayMs * MS,
                        () -> {
                            forceScheduled = false;
                            forceUnlessItHangs();
                        });
            }
        }

        private void forceAtInterval() {
            forceUnlessItHangs();
            inLife(1_000 * MS, this::forceAtInterval);
        }

        private void forceUnlessItHangs() {
            if (now >= hangsUntil) {
                keyspace.force();
            } else if (!forceHeld) {
                forceHeld = true;
                inLife(
                        hangsUntil - now,
                        () -> {
                            forceHeld = false;
                            forceUnlessItHangs();
                        });
            }
        }

        /**
         * The device takes no force for a while; what the agent forces itself waits for nothing.
         */
        void hang(int forMs) {
            hangs++;
            note(name + " has a device that hangs for " + forMs + " ms");
            hangsUntil = now + forMs * MS;
        }

        void crash(boolean power) {
            if (agent == null) {
                return;
            }
            crashes++;
            note(name + (power ? " loses its power" : " is gone"));
            agent = null;
            paused = false;
            deferred.clear();
            keyspace.demote();
            if (power) {
                // Nobody says good-bye: the other end learns of it by the silence.
                log.powerCut();
                boot++;
                damaged = true;
            } else {
                List.copyOf(connections).forEach(connection -> connection.end(true));
            }
            int downMs = power || random.nextBoolean() ? 300 : 4_000;
            after((20 + random.nextInt(downMs)) * MS, this::start);
        }

        /** A replica that goes down just before it comes in sync, and is back soon. */
        void perhapsLosePowerSoon() {
            if (random.nextInt(8) == 0) {
                inLife(
                        random.nextInt(100) * MS,
                        () -> {
                            if (now < FAULTS_UNTIL) {
                                powerCut(this);
                            }
                        });
            }
        }

        void closeInOrder() {
            RoleAgent running = agent;
            if (running != null) {
                note(name + " is asked to close");
                running.close();
            }
        }

        void pause(int forMs) {
            if (agent == null || paused) {
                return;
            }
            note(name + " is paused for " + forMs + " ms");
            paused = true;
            pausedAt = now;
            int thisLife = life;
            after(
                    forMs * MS,
                    () -> {
                        if (life == thisLife) {
                            resume();
                        }
                    });
        }

        private void resume() {
            paused = false;
            // To the node that time was none.
            registerLostAt += now - pausedAt;
            while (!deferred.isEmpty() && !paused) {
                deferred.removeFirst().run();
            }
        }

        void cutFromRegister(int forMs) {
            note(name + " is cut from the register for " + forMs + " ms");
            registerCut = true;
            after(forMs * MS, () -> registerCut = false);
        }

        void breakConnections() {
            note(name + " loses its connections");
            List.copyOf(connections).forEach(connection -> connection.end(true));
        }

        void flushHeldMessages() {
            List.copyOf(connections).forEach(Connection::flush);
        }

        void heal() {
            registerCut = false;
            forceDelayMs = 2;
            hangsUntil = now;
            flushHeldMessages();
            if (paused) {
                resume();
            }
            start();
        }

        @Override
        public NodeMarker.@Nullable Mark load() {
            return mark;
        }

        @Override
        public void store(Mark next) {
            mark = next;
        }

        @Override
        public String currentBootId() {
            return "boot-" + boot;
        }
    }

    // ---- the register, as a node reaches it ------------------------------------------------

    private final class SimulatedRegister implements TopologyRegister {
        private final Node node;

        SimulatedRegister(Node node) {
            this.node = node;
        }

        @Override
        public CompletableFuture<RegisterView> read() {
            return ask(register::read);
        }

        @Override
        public CompletableFuture<RegisterView> compareAndSet(
                long expectedVersion, TopologyState next) {
            if (bug == Bug.NO_COMPARE_BEFORE_SET) {
                return ask(() -> register.compareAndSet(node.name, version(), atVersion(next)));
            }
            return ask(() -> register.compareAndSet(node.name, expectedVersion, next));
        }

        private long version() {
            return register.state().version();
        }

        private TopologyState atVersion(TopologyState next) {
            return new TopologyState(
                    version() + 1,
                    next.term(),
                    next.master(),
                    next.inSync(),
                    next.minInSync(),
                    next.lineage(),
                    next.incarnations());
        }

        @Override
        public CompletableFuture<RegisterView> renewLease(long term, long incarnation) {
            return ask(() -> register.renewLease(term, incarnation));
        }

        /** A question may be lost, come late, even after its time-out; so may the answer. */
        private CompletableFuture<RegisterView> ask(Supplier<RegisterView> question) {
            CompletableFuture<RegisterView> answer = new CompletableFuture<>();
            after(
                    700 * MS,
                    () ->
                            answer.completeExceptionally(
                                    new HotpairException(
                                            HotpairException.Category.CONSENSUS, "time-out")));
            boolean lost = isLost() && random.nextBoolean();
            if (!lost) {
                after(
                        delay(),
                        () -> {
                            RegisterView view = question.get();
                            if (!isLost()) {
                                after(MS / 2 + random.nextInt(5) * MS, () -> answer.complete(view));
                            }
                        });
            }
            return answer;
        }

        private long delay() {
            boolean late = !healed && random.nextInt(50) == 0;
            if (late) {
                node.registerLostAt = now;
            }
            return late ? random.nextInt(1_500) * MS : MS / 2 + random.nextInt(5) * MS;
        }

        private boolean isLost() {
            boolean lost = node.registerCut || random.nextDouble() < registerLoss;
            if (lost) {
                node.registerLostAt = now;
            }
            return lost;
        }

        @Override
        public Set<String> silentVoters() {
            return Set.of();
        }

        @Override
        public void close() {}
    }

    // ---- connections -----------------------------------------------------------------------

    /** A connection from a replica to a master: in order, or broken. */
    private final class Connection {
        final Node replica;
        final Node master;
        final int replicaLife;
        final int masterLife;
        final SimulatedFollowing follower;
        final Deque<Runnable> held = new ArrayDeque<>();
        @Nullable FeedSession feed;
        @Nullable MessageWriter feedOut;
        @Nullable FollowerSession session;
        long replicaHeard = now;
        long masterHeard = now;
        long toMasterFree;
        long toReplicaFree;
        boolean ended;

        Connection(SimulatedFollowing follower, Node replica, Node master) {
            this.follower = follower;
            this.replica = replica;
            this.master = master;
            replicaLife = replica.life;
            masterLife = master.life;
            replica.connections.add(this);
            master.connections.add(this);
        }

        void toMaster(MessageWriter out) {
            for (byte[] bytes : split(out)) {
                toMasterFree = Math.max(toMasterFree, now + transit());
                send(toMasterFree, master, () -> deliverToMaster(bytes));
            }
        }

        void toReplica(MessageWriter out) {
            for (byte[] bytes : split(out)) {
                toReplicaFree = Math.max(toReplicaFree, now + transit());
                send(toReplicaFree, replica, () -> deliverToReplica(bytes));
            }
        }

        private void send(long arrival, Node to, Runnable delivery) {
            to.inLife(
                    arrival - now,
                    () -> {
                        if (dataLinkCut || !held.isEmpty()) {
                            held.add(delivery);
                        } else {
                            delivery.run();
                        }
                    });
        }

        void flush() {
            List<Runnable> waiting = List.copyOf(held);
            held.clear();
            for (Runnable delivery : waiting) {
                after(0, delivery);
            }
        }

        private void deliverToMaster(byte[] bytes) {
            FeedSession feeding = feed;
            MessageWriter out = feedOut;
            if (ended || master.life != masterLife || feeding == null || out == null) {
                return;
            }
            masterHeard = now;
            try {
                boolean goOn = feeding.onMessage(parse(bytes), out);
                boolean followed = feeding.following();
                toReplica(out);
                if (!goOn) {
                    end(true);
                } else if (followed) {
                    pumpSoon();
                }
            } catch (IOException e) {
                note(master.name + " ends a connection: " + e.getMessage());
                end(true);
            }
        }

        private boolean pumping;

        private void pumpSoon() {
            if (!pumping) {
                pumping = true;
                master.inLife(MS / 10, this::pump);
            }
        }

        private void pump() {
            pumping = false;
            FeedSession feeding = feed;
            MessageWriter out = feedOut;
            if (ended || feeding == null || out == null) {
                return;
            }
            long logged = master.keyspace.logged().get();
            while (feeding.pump(out)) {
                toReplica(out);
            }
            feeding.askToForce(out);
            toReplica(out);
            if (!pumping) {
                master.keyspace
                        .logged()
                        .whenReached(
                                Math.max(logged, feeding.sentOpId()) + 1, reached -> pumpSoon());
            }
        }

        void beat() {
            FeedSession feeding = feed;
            MessageWriter out = feedOut;
            if (ended || feeding == null || out == null) {
                return;
            }
            if (now - masterHeard > SILENCE) {
                end(false);
                return;
            }
            if (feeding.following()) {
                feeding.heartbeat(out);
                toReplica(out);
            }
            master.inLife(HEARTBEAT, this::beat);
        }

        void listen() {
            if (!ended) {
                if (now - replicaHeard > SILENCE) {
                    end(false);
                } else {
                    replica.inLife(HEARTBEAT, this::listen);
                }
            }
        }

        private void deliverToReplica(byte[] bytes) {
            FollowerSession following = session;
            if (ended || replica.life != replicaLife || following == null) {
                return;
            }
            replicaHeard = now;
            MessageWriter out = follower.writer();
            try {
                following.onMessage(parse(bytes), out);
                following.acknowledge(out);
                follower.connected = following.following();
                follower.heardNs = replica.clock.nanoTime();
                toMaster(out);
            } catch (IOException | IllegalArgumentException | IllegalStateException e) {
                note(replica.name + " ends a connection: " + e.getMessage());
                end(true);
            }
        }

        /** Ends it; the other side learns of it now, or by the silence. */
        void end(boolean told) {
            if (ended) {
                return;
            }
            if (!told) {
                follower.onEnd(this);
                FeedSession feeding = feed;
                if (feeding != null) {
                    feeding.close();
                }
            }
            ended = true;
            replica.connections.remove(this);
            master.connections.remove(this);
            if (told) {
                FeedSession feeding = feed;
                if (feeding != null) {
                    feeding.close();
                }
                follower.onEnd(this);
            }
        }

        private long transit() {
            return MS / 20 + random.nextInt(20) * MS / 10;
        }
    }

    private static List<byte[]> split(MessageWriter out) {
        List<byte[]> messages = new ArrayList<>();
        int at = 0;
        while (at < out.length()) {
            int length = io.hotpair.log.FrameDescriptor.getInt(out.bytes(), at);
            messages.add(Arrays.copyOfRange(out.bytes(), at, at + length));
            at += length;
        }
        out.clear();
        return messages;
    }

    private static Message parse(byte[] bytes) throws ProtocolException {
        Message message = new Message();
        System.arraycopy(bytes, 0, message.bytes(), 0, WireDescriptor.HEADER_LENGTH);
        int rest = message.checkHeader();
        System.arraycopy(
                bytes,
                WireDescriptor.HEADER_LENGTH,
                message.bytes(),
                WireDescriptor.HEADER_LENGTH,
                rest);
        return message;
    }

    private final class SimulatedFollowing implements Following {
        private final Node node;
        private @Nullable Leader leader;
        private @Nullable Connection connection;
        private boolean connected;
        private long heardNs;

        SimulatedFollowing(Node node) {
            this.node = node;
        }

        MessageWriter writer() {
            Leader followed = leader;
            return followed == null
                    ? new MessageWriter(0, 0)
                    : new MessageWriter(followed.term(), followed.ownIncarnation());
        }

        @Override
        public void follow(Leader next) {
            if (!next.equals(leader)) {
                stop();
                leader = next;
                node.inLife(MS, () -> connect(next));
            }
        }

        private void connect(Leader to) {
            if (!to.equals(leader) || connection != null) {
                return;
            }
            Node master = node(to.name());
            if (dataLinkCut || !master.isUp() || !node.isUp()) {
                node.inLife(50 * MS, () -> connect(to));
                return;
            }
            Connection made = new Connection(this, node, master);
            connection = made;
            FollowerSession session = new BuggyFollower(node.keyspace, to, listener(), bug);
            made.session = session;
            try {
                MessageWriter out = writer();
                session.begin(node.name, out);
                // A node that is not master has no term to feed in, and says so by ending it.
                master.inLife(1, () -> master.shipping.accept(made));
                made.toMaster(out);
                made.listen();
            } catch (ProtocolException e) {
                note(node.name + " does not follow: " + e.getMessage());
                made.end(true);
            }
        }

        private FollowerListener listener() {
            return new FollowerListener() {
                @Override
                public void onCut(long fromOpId, long toOpId, Path savedTo, long durationNs) {
                    cuts++;
                    note(node.name + " cuts " + fromOpId + " to " + toOpId);
                }

                @Override
                public void onCopyBegun(long opId, long length) {
                    throw new AssertionError("a copy was sent by a log without snapshots");
                }

                @Override
                public void onCopied(long opId, long length, long durationNs, Path savedTo) {
                    throw new AssertionError("a copy was taken by a log without snapshots");
                }

                @Override
                public void onResumed(long opId) {
                    note(node.name + " resumes after " + opId);
                    node.perhapsLosePowerSoon();
                }
            };
        }

        void onEnd(Connection ended) {
            if (ended == connection && ended.replicaLife == node.life) {
                connection = null;
                connected = false;
                Leader followed = leader;
                if (followed != null) {
                    node.wake();
                    node.inLife(50 * MS, () -> connect(followed));
                }
            }
        }

        @Override
        public void stop() {
            leader = null;
            Connection open = connection;
            if (open != null) {
                open.end(true);
            }
        }

        @Override
        public boolean connected() {
            return connected;
        }

        @Override
        public long lastHeardNs() {
            return heardNs;
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

    private static final class SimulatedShipping implements Shipping {
        private final Node node;
        private final List<Connection> fed = new ArrayList<>();
        private long term;
        private long incarnation;
        private @Nullable InSyncSet inSync;

        SimulatedShipping(Node node) {
            this.node = node;
        }

        @Override
        public void open(long number, long ownIncarnation, InSyncSet set) {
            term = number;
            incarnation = ownIncarnation;
            inSync = set;
        }

        @Override
        public void close() {
            inSync = null;
            List.copyOf(fed).forEach(connection -> connection.end(true));
            fed.clear();
        }

        void accept(Connection connection) {
            InSyncSet set = inSync;
            if (set == null || connection.ended) {
                connection.end(true);
                return;
            }
            fed.add(connection);
            connection.feed = new FeedSession(node.keyspace, term, Set.of("a", "b"), set);
            connection.feedOut = new MessageWriter(term, incarnation);
            connection.beat();
        }
    }

    // ---- bugs ------------------------------------------------------------------------------

    private static final class BuggyFollower extends FollowerSession {
        private final Bug bug;

        BuggyFollower(MemoryKeyspace keyspace, Leader leader, FollowerListener listener, Bug bug) {
            super(keyspace, leader, listener);
            this.bug = bug;
        }

        @Override
        void cutTo(long opId) {
            if (bug != Bug.NO_CUT) {
                super.cutTo(opId);
            }
        }
    }

    private static final class BuggySet extends InSyncSet {
        private final String self;
        private final Bug bug;

        BuggySet(String self, MemoryKeyspace keyspace, Bug bug) {
            super(self, keyspace, Set.of(self), 1);
            this.self = self;
            this.bug = bug;
        }

        @Override
        void start() {
            super.start();
            if (bug == Bug.NO_FORCE_WHEN_ALONE) {
                onLogged(true);
            }
        }

        @Override
        void acknowledged(Progress member, long opId) {
            super.acknowledged(member, opId);
            if (bug == Bug.NO_FORCE_ON_MEMBERS) {
                forced(member, opId);
            }
        }

        private void onLogged(boolean reached) {
            if (reached) {
                advance();
                keyspace().logged().whenReached(keyspace().logged().get() + 1, this::onLogged);
            }
        }

        @Override
        long acknowledgedOpId(Set<String> now, @Nullable Set<String> next) {
            if (bug == Bug.ACKNOWLEDGE_BEFORE_COMMIT) {
                return super.acknowledgedOpId(next == null ? now : next, null);
            }
            if (bug == Bug.NO_FORCE_WHEN_ALONE && now.equals(Set.of(self))) {
                long logged = keyspace().logged().get();
                return next == null ? logged : Math.min(logged, loggedByAll(next));
            }
            return super.acknowledgedOpId(now, next);
        }
    }

    private static final class BuggyAgent extends RoleAgent {
        private final AgentSetup setup;
        private final Bug bug;

        BuggyAgent(AgentSetup setup, Bug bug) {
            super(setup);
            this.setup = setup;
            this.bug = bug;
        }

        @Override
        InSyncSet newInSyncSet() {
            return new BuggySet(setup.self(), (MemoryKeyspace) setup.keyspace(), bug);
        }

        @Override
        boolean mayHaveEverything(TopologyState state) {
            return bug == Bug.NO_BOOT_CHECK
                    || (bug == Bug.NO_DAMAGE_CHECK && setup.keyspace().log().isIncomplete())
                    || super.mayHaveEverything(state);
        }

        @Override
        boolean mayStand(TopologyState state) {
            if (bug == Bug.STAND_OUTSIDE_THE_SET && !state.inSync().contains(setup.self())) {
                return super.mayStand(
                        new TopologyState(
                                state.version(),
                                state.term(),
                                state.master(),
                                Set.of("a", "b"),
                                state.minInSync(),
                                state.lineage(),
                                state.incarnations()));
            }
            return super.mayStand(state);
        }

        @Override
        boolean isSameStart(InSyncSet.Progress session, TopologyState state) {
            return bug == Bug.NO_INCARNATION_CHECK || super.isSameStart(session, state);
        }

        @Override
        boolean isOnDisk(InSyncSet.Progress newcomer, long opId) {
            return bug == Bug.NO_FORCE_BEFORE_EXPANDING
                    || bug == Bug.NO_INCARNATION_CHECK
                    || super.isOnDisk(newcomer, opId);
        }

        @Override
        long forceLimitNs() {
            return bug == Bug.NO_LIMIT_ON_FORCES ? 3_600_000 * MS : super.forceLimitNs();
        }

        @Override
        long widen(InSyncSet inSync, Set<String> next) {
            return bug == Bug.NO_WIDER_RULE_BEFORE_EXPANDING ? 0 : super.widen(inSync, next);
        }

        @Override
        long holderLeaseNs() {
            return bug == Bug.ENDLESS_LEASE ? 3_600_000 * MS : super.holderLeaseNs();
        }
    }
}
