package io.hotpair.replication.internal;

import io.hotpair.topology.ReplicatedKeyspace;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The rule by which a master's operations count as acknowledged, for one term of one master.
 *
 * <pre>
 *   committed set   what the register is known to hold
 *   proposed set    what it may hold already, because a change to it is under way; or none
 *
 *   granted = min over the union of both of (opId in that member's log)
 *             and, when the smaller of both is this node alone, of (opId forced here)
 *   granted to disk
 *           = min of granted and, over the union of both, of (opId forced on that member's device)
 * </pre>
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>I1: granted never exceeds what every member of the set in the register has in its log,
 *       whichever of both sets that is.
 *   <li>I2: while the set in the register may be this node alone, granted never exceeds what is
 *       forced to its device.
 *   <li>I4: granted to disk never exceeds what is forced on the device of every member of the set
 *       in the register. So a newcomer must have forced it before it is entered; and also the whole
 *       log that the term began with, which holds what earlier terms have granted so.
 *   <li>I3: after {@link #close()} nothing is granted. A late acknowledgement of this term must not
 *       count in a later term of the same node, where the same opId may be another operation.
 * </ul>
 *
 * <p>The agent's thread changes the sets, acknowledgements come from the threads that read sockets,
 * and the forced opId from the log's thread. The lock keeps a grant by the old rule from slipping
 * out after a wider rule was set: the opId that {@link #propose} returns is an upper bound of
 * everything granted by the narrower one. Nobody waits for anything while holding it.
 */
class InSyncSet {
    private final String self;
    private final ReplicatedKeyspace keyspace;
    private final int minInSync;
    private final Map<String, Progress> progress = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicInteger forcedSignals = new AtomicInteger();
    private final AtomicLong lastSession = new AtomicLong();

    private Set<String> committed;
    private @Nullable Set<String> proposed;
    private long granted;
    private long grantedToDisk;
    private long startedAfterOpId;
    private boolean started;
    private volatile boolean closed;

    /**
     * How far one member's log has come, as told in one session. A new session of the member
     * replaces it.
     */
    static final class Progress {
        private final String member;
        private final long incarnation;
        private final long session;
        private volatile long loggedOpId;
        private volatile long forcedOpId;
        private volatile long takenFrames;
        private volatile long entryOpId;
        private volatile boolean connected = true;
        // What follows belongs to the agent's thread.
        private long seenOpId = -1;
        private long seenFrames;
        private long progressNs;
        private long seenForcedOpId;
        private long owedOpId;
        private long forceNs;

        Progress(String member, long incarnation, long session, long loggedOpId, long nowNs) {
            this.member = member;
            this.incarnation = incarnation;
            this.session = session;
            this.loggedOpId = loggedOpId;
            this.progressNs = nowNs;
            this.forceNs = nowNs;
        }

        String member() {
            return member;
        }

        long incarnation() {
            return incarnation;
        }

        long loggedOpId() {
            return loggedOpId;
        }

        long forcedOpId() {
            return forcedOpId;
        }

        boolean connected() {
            return connected;
        }

        /**
         * Notes how many frames the member has taken in this session. A large operation has many of
         * them, and is in the log only with the last one.
         */
        void took(long frames) {
            takenFrames = frames;
        }

        /** What it has to force to be entered into the set; 0 while nothing was asked for that. */
        long entryOpId() {
            return entryOpId;
        }

        void entryOpId(long opId) {
            entryOpId = opId;
        }

        /**
         * Notes whether the member came forward since the last look.
         *
         * @param expectedOpId what it should have logged by now
         * @param wantedOnDisk up to where somebody waits for its device
         */
        void look(long expectedOpId, long wantedOnDisk, long nowNs) {
            lookAtForces(wantedOnDisk, nowNs);
            long opId = loggedOpId;
            long frames = takenFrames;
            boolean forward = opId > seenOpId || frames > seenFrames;
            if (connected && (opId >= expectedOpId || forward)) {
                progressNs = nowNs;
            }
            seenOpId = opId;
            seenFrames = frames;
        }

        /**
         * It owes what somebody waits for and what is in its log. Time counts from when that began,
         * or from the last force that took it forward.
         */
        private void lookAtForces(long wantedOnDisk, long nowNs) {
            long forced = forcedOpId;
            if (!connected || forced >= owedOpId || forced > seenForcedOpId) {
                owedOpId = Math.min(Math.max(wantedOnDisk, entryOpId), loggedOpId);
                forceNs = nowNs;
            }
            seenForcedOpId = forced;
        }

        /** Since when it has neither come forward nor had everything. */
        long stalledNs(long nowNs) {
            return nowNs - progressNs;
        }

        /** Since when it has forced nothing although it should. */
        long forceStalledNs(long nowNs) {
            return nowNs - forceNs;
        }

        /** What it should have forced since then. */
        long owedOpId() {
            return owedOpId;
        }
    }

    InSyncSet(String self, ReplicatedKeyspace keyspace, Set<String> committed, int minInSync) {
        this.self = self;
        this.keyspace = keyspace;
        this.committed = Set.copyOf(committed);
        this.minInSync = minInSync;
    }

    /**
     * Begins to grant, and to follow what is forced here. Once, when the term's barrier is written:
     * a grant before that would count for the role that the keyspace had until then.
     */
    void start() {
        lock.lock();
        try {
            started = true;
            startedAfterOpId = keyspace.log().lastOpId();
        } finally {
            lock.unlock();
        }
        forced(true);
    }

    /** Says what the register holds now; whatever was proposed is decided. */
    void settle(Set<String> members) {
        lock.lock();
        try {
            committed = Set.copyOf(members);
            proposed = null;
        } finally {
            lock.unlock();
        }
        advance();
    }

    /**
     * Says what the register may soon hold, before it is asked to.
     *
     * @return the highest opId that was granted by the rule so far
     */
    long propose(Set<String> members) {
        lock.lock();
        try {
            proposed = Set.copyOf(members);
            return granted;
        } finally {
            lock.unlock();
        }
    }

    /**
     * What a newcomer must have forced before it is entered, once the larger set is proposed: from
     * then on nothing is granted to disk without it.
     */
    long onDiskBound() {
        lock.lock();
        try {
            return Math.max(grantedToDisk, startedAfterOpId);
        } finally {
            lock.unlock();
        }
    }

    /** Up to where a member should force now: for who waits for it, or to be entered. */
    long wantedOnDisk(Progress member) {
        return Math.max(member.entryOpId, keyspace.wantedOnDisk());
    }

    /** Whether this node may be alone in the set, so that every batch has to be forced. */
    boolean mayBeAlone() {
        lock.lock();
        try {
            Set<String> next = proposed;
            return smallerSize(committed, next == null ? committed : next) == 1;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Numbers a session whose member has just introduced itself. A member connects anew only when
     * it has given up the connection before, so the higher number is the one that is alive.
     */
    long newSession() {
        return lastSession.incrementAndGet();
    }

    /**
     * Takes a member's session that has just introduced itself and agreed on where its log ends.
     */
    Progress join(String member, long incarnation, long loggedOpId) {
        return join(member, incarnation, loggedOpId, newSession());
    }

    /**
     * Takes a member's session that has agreed on where its log ends, unless a later one has done
     * so before: to agree can take seconds on a slow device, and the member may have come again
     * meanwhile. Were the one that it has given up to take the place of the other, nothing that the
     * member acknowledges would count any more.
     *
     * @return the session's progress; of one that is too late it counts for nothing
     */
    Progress join(String member, long incarnation, long loggedOpId, long session) {
        Progress joined =
                new Progress(member, incarnation, session, loggedOpId, keyspace.clock().nanoTime());
        progress.merge(
                member,
                joined,
                (before, late) -> {
                    Progress stays = before.session < session ? late : before;
                    (stays == late ? before : late).connected = false;
                    return stays;
                });
        advance();
        return joined;
    }

    /** A member has everything up to here in its log. */
    void acknowledged(Progress member, long opId) {
        if (opId > member.loggedOpId) {
            member.loggedOpId = opId;
            advance();
        }
    }

    /** A member has everything up to here on its device. */
    void forced(Progress member, long opId) {
        if (opId > member.forcedOpId) {
            member.forcedOpId = opId;
            advance();
        }
    }

    /** A member's session has ended. What it has acknowledged stays acknowledged. */
    void left(Progress member) {
        member.connected = false;
    }

    @Nullable Progress progressOf(String member) {
        return progress.get(member);
    }

    Collection<Progress> sessions() {
        return progress.values();
    }

    /** Ends it: nothing is granted any more when this returns. */
    void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
    }

    /** Grants what the rule allows by now. */
    final void advance() {
        lock.lock();
        try {
            long opId = closed || !started ? 0 : acknowledgedOpId(committed, proposed);
            if (opId > granted) {
                granted = opId;
                keyspace.commit(opId);
            }
            long onDisk =
                    opId == 0 ? 0 : Math.min(granted, forcedByAll(union(committed, proposed)));
            if (onDisk > grantedToDisk) {
                grantedToDisk = onDisk;
                keyspace.commitToDisk(onDisk);
            }
        } finally {
            lock.unlock();
        }
    }

    /** The rule itself. */
    long acknowledgedOpId(Set<String> now, @Nullable Set<String> next) {
        Set<String> members = union(now, next);
        if (members.size() < minInSync) {
            return 0;
        }
        boolean alone = smallerSize(now, next == null ? now : next) == 1;
        // What another member acknowledges was read from this node's log, so there it is. The
        // watermark of what is logged here must not be asked: it is raised after the log can be
        // read, and an acknowledgement that overtakes it would be granted by nobody later.
        long opId = alone ? keyspace.durable().get() : Long.MAX_VALUE;
        return Math.min(opId, loggedByAll(members));
    }

    private static Set<String> union(Set<String> now, @Nullable Set<String> next) {
        Set<String> members = new TreeSet<>(now);
        if (next != null) {
            members.addAll(next);
        }
        return members;
    }

    private long forcedByAll(Set<String> members) {
        long opId = keyspace.durable().get();
        for (String member : members) {
            if (!member.equals(self)) {
                Progress known = progress.get(member);
                opId = Math.min(opId, known == null ? 0 : known.forcedOpId);
            }
        }
        return opId;
    }

    final long loggedByAll(Set<String> members) {
        long opId = Long.MAX_VALUE;
        for (String member : members) {
            if (!member.equals(self)) {
                Progress known = progress.get(member);
                opId = Math.min(opId, known == null ? 0 : known.loggedOpId);
            }
        }
        return opId;
    }

    final ReplicatedKeyspace keyspace() {
        return keyspace;
    }

    private static int smallerSize(Set<String> now, Set<String> next) {
        return Math.min(now.size(), next.size());
    }

    /**
     * Called when more was forced. Asking the watermark again may call back at once and in this
     * thread: the counter makes a loop of what would be a recursion without bound.
     */
    private void forced(boolean reached) {
        if (!reached || closed || forcedSignals.getAndIncrement() > 0) {
            return;
        }
        do {
            forcedSignals.set(1);
            // Read before the rule is asked: what is forced meanwhile calls back at once.
            long seen = keyspace.durable().get();
            advance();
            keyspace.durable().whenReached(seen + 1, this::forced);
        } while (!forcedSignals.compareAndSet(1, 0));
    }
}
