package io.hotpair.replication.internal;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.hotpair.HotpairException;
import io.hotpair.replication.Endpoint;
import io.hotpair.replication.PairEvent.Kind;
import io.hotpair.topology.ReplicatedKeyspace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows a master over a socket: connects, resumes, applies, acknowledges; connects again when the
 * connection breaks.
 *
 * <p>One thread for each leader that is followed. It touches the keyspace only while it holds the
 * steering lock and has not been stopped, so {@link #stop} has only to set the flag and pass
 * through the lock. An acknowledgement may still leave after that; it is of operations that were in
 * the log before, so whoever stands for master next has them.
 */
final class FollowerLink implements Following {
    private static final Logger LOG = LoggerFactory.getLogger(FollowerLink.class);
    private static final int CONNECT_LIMIT_MS = 500;
    private static final long RESUME_LIMIT_NS = MILLISECONDS.toNanos(10_000);
    private static final long RETRY_NS = MILLISECONDS.toNanos(50);
    static final long ALARM_RETRY_NS = MILLISECONDS.toNanos(1_000);

    /** An acknowledgement is sent after so many messages even if more are waiting. */
    private static final int MAX_BATCH = 32;

    /** ... or after so many bytes: a master must not wait for it while a slow device takes more. */
    private static final int MAX_BATCH_LENGTH = 1 << 20;

    /** A replica that checks or loads a copy says so often that it is at work. */
    private static final long COPY_SIGN_NS = MILLISECONDS.toNanos(1_000);

    private static final long REPORT_NS = MILLISECONDS.toNanos(5_000);

    private static final String UNFIT = "there was no memory to say what failed";

    private final ReplicatedKeyspace keyspace;
    private final String self;
    private final Map<String, Endpoint> endpoints;
    private final PeerAuthentication authentication;
    private final RoleLog events;
    private final Runnable wake;
    private final SessionThreads threads;
    private final Repetition repetition;
    private final ReentrantLock steering = new ReentrantLock();
    private volatile @Nullable Link link;
    private volatile long lastHeardNs;
    private volatile @Nullable String failure;
    private volatile boolean abandoned;

    // The agent's.
    private @Nullable Thread running;

    private final AtomicLong fullCopyCount = new AtomicLong();

    FollowerLink(
            ReplicatedKeyspace keyspace,
            String self,
            Map<String, Endpoint> endpoints,
            PeerAuthentication authentication,
            RoleLog events,
            Runnable wake) {
        this.keyspace = keyspace;
        this.self = self;
        this.endpoints = endpoints;
        this.authentication = authentication;
        this.events = events;
        this.wake = wake;
        threads = new SessionThreads(keyspace.threadFactory(), keyspace.clock());
        repetition = new Repetition(keyspace.clock());
    }

    @Override
    public void follow(Leader leader) {
        Link present = link;
        if (present != null && present.leader.equals(leader)) {
            return;
        }
        stop();
        Endpoint endpoint = endpoints.get(leader.name());
        if (endpoint == null) {
            events.alarm(
                    leader.term(),
                    "master=" + leader.name() + ", expected one of " + endpoints.keySet());
            return;
        }
        Link next = new Link(leader, endpoint);
        link = next;
        Thread before = running;
        try {
            running =
                    threads.start(
                            "follow",
                            () -> {
                                awaitEnd(before);
                                next.run();
                            });
        } catch (RuntimeException | OutOfMemoryError e) {
            // A machine without a thread to spare may have one again later: the agent asks again.
            link = null;
            if (repetition.isDue(e.toString())) {
                LOG.warn("no thread to follow master={}", leader.name(), e);
            }
        }
    }

    /** One that was stopped may still be putting away what it had of a copy. */
    private void awaitEnd(@Nullable Thread before) {
        if (before != null) {
            try {
                threads.join(before);
            } catch (RuntimeException | Error e) {
                // It was only to be said that it takes long: this thread is the one that follows.
                return;
            }
        }
    }

    @Override
    public void stop() {
        Link present = link;
        if (present != null) {
            link = null;
            present.stop();
        }
    }

    @Override
    public boolean connected() {
        Link present = link;
        return present != null && present.connected;
    }

    @Override
    public long lastHeardNs() {
        return lastHeardNs;
    }

    @Override
    public long masterLastOpId() {
        Link present = link;
        return present == null ? 0 : present.masterLastOpId;
    }

    @Override
    public @Nullable String failure() {
        return failure;
    }

    /** Full copies that have taken the place of everything here. */
    long fullCopyCount() {
        return fullCopyCount.get();
    }

    /** Whether a full copy is coming, or being loaded. */
    boolean copying() {
        Link present = link;
        return present != null && present.copying;
    }

    /**
     * Says that the keyspace is about to be closed, so that nobody need wait for a copy that is
     * being loaded: the log has it, and the next start loads it.
     */
    void abandon() {
        abandoned = true;
    }

    @Override
    public @Nullable String obstacle() {
        Link present = link;
        return present == null ? null : present.obstacle();
    }

    /** Ends everything; on return no thread of it is left. */
    void shutDown() {
        stop();
        threads.join();
    }

    /** Many failures of the machine, and of a program, have no message. */
    private static String describe(Throwable cause) {
        String message = cause.getMessage();
        return message == null ? cause.toString() : message;
    }

    /** One leader that is followed, over as many connections as it takes. */
    private final class Link implements Runnable, FollowerListener {
        private final Leader leader;
        private final Endpoint endpoint;
        private final long beganNs = keyspace.clock().nanoTime();
        private final Signal stopSignal = new Signal();
        private volatile boolean stopped;
        private volatile boolean connected;
        private volatile long masterLastOpId;
        private volatile @Nullable PeerSocket socket;
        private volatile boolean copying;
        private volatile @Nullable String obstacle;

        /** The alarm that this one has raised, or null. Under the steering lock. */
        private @Nullable String raised;

        /** The last opId here when it was raised. */
        private long raisedOpId;

        private int unproven;
        private boolean alarmed;
        private boolean resumedBefore;
        private long resumedOpId;

        /** What this log and the master's share, if nothing but a full copy helps. */
        private @Nullable NeedsCopyException needsCopy;

        private boolean toldCopy;
        private long signNs;
        private long reportNs;
        private boolean unheard;

        Link(Leader leader, Endpoint endpoint) {
            this.leader = leader;
            this.endpoint = endpoint;
        }

        void stop() {
            stopped = true;
            closeSocket();
            stopSignal.raise();
            // Whoever is inside has looked at the flag before it was set.
            steering.lock();
            try {
                connected = false;
                takeBackAlarm();
            } finally {
                steering.unlock();
            }
        }

        private String master() {
            return "master=" + leader.name() + " at " + endpoint;
        }

        private @Nullable String obstacle() {
            if (copying) {
                return "it receives a full copy of " + master();
            }
            return connected ? null : obstacle;
        }

        /** Ends by nothing but a stop: without this thread nobody would follow. */
        @Override
        public void run() {
            while (!stopped && !abandoned) {
                alarmed = false;
                try {
                    followOrTell();
                } catch (RuntimeException | Error e) {
                    // Not even the words for a failure could be had, so there are none for this
                    // one; what makes this node unfit was noted before.
                    alarmed = true;
                }
                if (!stopped) {
                    stopSignal.await(alarmed ? ALARM_RETRY_NS : RETRY_NS);
                }
            }
        }

        private void followOrTell() {
            try {
                followOnce();
            } catch (NeedsCopyException e) {
                onCopyNeeded(e);
            } catch (RefusedException e) {
                onRefused(e);
            } catch (CopyException e) {
                onCopyFailed(e);
            } catch (UnprovenException e) {
                onUnproven(e);
            } catch (CancellationException e) {
                LOG.info("the copy of master={} is left as it is: {}", leader.name(), e);
            } catch (IOException e) {
                if (!stopped) {
                    obstacle = master() + ": " + e.getMessage();
                    LOG.debug("following {} at {}: {}", leader, endpoint, e.getMessage());
                }
            } catch (RuntimeException | Error e) {
                onUnusable(e);
            } finally {
                connected = false;
                copying = false;
                try {
                    closeSocket();
                } finally {
                    wake.run();
                }
            }
        }

        private void followOnce() throws IOException {
            Socket raw = new Socket();
            PeerSocket opened = null;
            try {
                raw.connect(
                        new InetSocketAddress(endpoint.host(), endpoint.port()), CONNECT_LIMIT_MS);
                opened = new PeerSocket(raw, keyspace.clock());
            } finally {
                if (opened == null) {
                    raw.close();
                }
            }
            try (PeerSocket open = opened) {
                socket = open;
                // Published before the flag is read: a stop at the same time closes it for sure.
                if (!stopped) {
                    authentication.asReplica(
                            open, open.deadlineAfter(ShippingServer.HANDSHAKE_LIMIT_NS));
                    unproven = 0;
                    obstacle = null;
                    receiveAll(open);
                }
            }
        }

        private void receiveAll(PeerSocket open) throws IOException {
            try (FollowerSession session = new FollowerSession(keyspace, leader, this)) {
                begin(session, open);
                receiveAll(session, open);
            } catch (RuntimeException | IOException e) {
                if (copying && !stopped) {
                    // Not to be asked for again and again by a node that can't take it.
                    alarmed = true;
                    LOG.warn("a full copy of master={} broke off: {}", leader.name(), e.toString());
                }
                throw e;
            }
        }

        /** A copy is asked for once; if it breaks off, perhaps it is not needed any more. */
        private void begin(FollowerSession session, PeerSocket open) throws IOException {
            MessageWriter out = new MessageWriter(leader.term(), leader.ownIncarnation());
            NeedsCopyException need = needsCopy;
            needsCopy = null;
            if (need == null) {
                session.begin(self, out);
            } else {
                copying = true;
                session.beginCopy(self, need.sharedOpId(), out);
            }
            open.send(out);
        }

        private void receiveAll(FollowerSession session, PeerSocket open) throws IOException {
            MessageWriter forced = new MessageWriter(leader.term(), leader.ownIncarnation());
            ForcedTeller teller = new ForcedTeller(keyspace, open, forced, threads);
            try {
                receiveAll(session, open, teller);
            } finally {
                teller.stop();
            }
        }

        private void receiveAll(FollowerSession session, PeerSocket open, ForcedTeller teller)
                throws IOException {
            MessageWriter out = new MessageWriter(leader.term(), leader.ownIncarnation());
            Message message = new Message();
            int batch = 0;
            int batchLength = 0;
            while (!stopped) {
                long limitNs = connected ? ShippingServer.SILENCE_LIMIT_NS : RESUME_LIMIT_NS;
                open.read(message, open.deadlineAfter(limitNs));
                batch++;
                batchLength += message.length();
                boolean drained =
                        batch >= MAX_BATCH || batchLength >= MAX_BATCH_LENGTH || !open.hasInput();
                take(session, message, out, drained);
                if (drained) {
                    batch = 0;
                    batchLength = 0;
                }
                open.send(out);
                teller.ask(session.forceAskedOpId());
                if (session.copyIsComplete()) {
                    takeCopy(session, open, out);
                }
            }
        }

        /**
         * Checks a copy, then replaces everything by it. A stop ends the check, but waits for the
         * rest: the old state is gone by then, and the new one is the better for whoever comes.
         */
        private void takeCopy(FollowerSession session, PeerSocket open, MessageWriter out)
                throws IOException {
            unheard = false;
            signNs = keyspace.clock().nanoTime();
            session.checkCopy(
                    () -> {
                        if (stopped) {
                            throw new CancellationException("stopped while it was checked");
                        }
                        sign(session, open, out);
                    });
            steering.lock();
            try {
                if (stopped) {
                    return;
                }
                session.installCopy(
                        () -> {
                            if (abandoned) {
                                throw new CancellationException("the keyspace closes");
                            }
                            sign(session, open, out);
                        },
                        out);
                copying = false;
            } finally {
                steering.unlock();
            }
            open.send(out);
        }

        /**
         * Tells the master that this node is at work. That nobody hears it is no reason to stop.
         */
        private void sign(FollowerSession session, PeerSocket open, MessageWriter out) {
            long nowNs = keyspace.clock().nanoTime();
            if (unheard || nowNs - signNs < COPY_SIGN_NS) {
                return;
            }
            signNs = nowNs;
            try {
                out.copyAcknowledge(session.copyLength());
                open.send(out);
            } catch (IOException e) {
                LOG.info("master={} is gone while its copy is loaded: {}", leader.name(), e);
                out.clear();
                unheard = true;
            }
        }

        private void take(
                FollowerSession session, Message message, MessageWriter out, boolean drained)
                throws IOException {
            steering.lock();
            try {
                if (stopped) {
                    return;
                }
                session.onMessage(message, out);
                if (drained) {
                    session.acknowledge(out);
                }
                lastHeardNs = keyspace.clock().nanoTime();
                masterLastOpId = session.masterLastOpId();
                if (!connected && session.resumed()) {
                    connected = true;
                    tellResumed();
                }
                if (connected && raised != null && isPastWhatFailed()) {
                    takeBackAlarm();
                }
                report(session);
            } finally {
                steering.unlock();
            }
        }

        private void report(FollowerSession session) {
            long received = session.copyReceived();
            if (received >= 0 && keyspace.clock().nanoTime() - reportNs > REPORT_NS) {
                reportNs = keyspace.clock().nanoTime();
                LOG.info(
                        "full copy of master={}: {} % of {} bytes",
                        leader.name(), received * 100 / session.copyLength(), session.copyLength());
            }
        }

        private void onCopyNeeded(NeedsCopyException need) {
            needsCopy = need;
            if (!toldCopy) {
                toldCopy = true;
                LOG.warn(
                        "this node can't resume from master={}, so it asks for a full copy: {}",
                        leader.name(),
                        need.getMessage());
            }
        }

        private void onCopyFailed(CopyException failed) {
            raise(
                    "a full copy of what master="
                            + leader.name()
                            + " has can't be taken: "
                            + failed.getMessage());
        }

        /**
         * Counts, and is said, from the second time on: a master that dies ends connections too.
         */
        private void onUnproven(UnprovenException e) {
            if (stopped) {
                return;
            }
            unproven++;
            alarmed = unproven > 1;
            String sentence = master() + " " + e.getMessage();
            obstacle = sentence;
            if (alarmed && repetition.isDue(sentence)) {
                LOG.warn("this node can't follow, so it is not in sync: {}", sentence);
            }
        }

        private void onRefused(RefusedException refused) {
            String sentence =
                    "master="
                            + leader.name()
                            + " does not feed this node: "
                            + refused.reason()
                            + ", "
                            + refused.getMessage()
                            + (refused.reason() == RefusalReason.DIVERGED
                                    ? "; unless the master's is the wrong one, move this node's"
                                            + " directory away and start it again: it then fetches"
                                            + " all from the master"
                                    : "");
            obstacle = sentence;
            if (refused.reason().needsAPerson()) {
                raise(sentence);
            }
        }

        /**
         * A damaged or unexpected frame was refused before the keyspace saw it, and is asked for
         * again. Anything else may have left an operation in the log and not in memory.
         */
        private void onUnusable(Throwable cause) {
            boolean refused =
                    cause instanceof IllegalArgumentException
                            || (cause instanceof HotpairException e
                                    && e.category() == HotpairException.Category.CORRUPTION);
            if (!refused) {
                // Before anything that takes memory: perhaps there is none.
                failure = UNFIT;
                failure = describe(cause);
            }
            raise("what master=" + leader.name() + " sends can't be applied: " + describe(cause));
            LOG.error("following {} failed", leader, cause);
        }

        /** Needs a person, who may ask for it as well: it keeps this node from following. */
        private void raise(String sentence) {
            alarmed = true;
            boolean isNew = false;
            steering.lock();
            try {
                // Who has stopped says nothing of a master that it does not follow any more.
                if (!stopped) {
                    obstacle = sentence;
                    raised = sentence;
                    raisedOpId = keyspace.log().lastOpId();
                    isNew = events.note(sentence);
                }
            } finally {
                steering.unlock();
            }
            if (isNew) {
                // Not under the lock: a listener may close the keyspace, which waits for it.
                events.tell(Kind.ALARM, leader.term(), 0, 0, 0, sentence);
            }
        }

        /** A connection alone is none: what could not be taken is yet to come. */
        private boolean isPastWhatFailed() {
            long lastOpId = keyspace.log().lastOpId();
            return lastOpId > raisedOpId || masterLastOpId <= lastOpId;
        }

        private void takeBackAlarm() {
            String said = raised;
            raised = null;
            if (said != null) {
                events.clearAlarm(said);
            }
        }

        @Override
        public void onCut(long fromOpId, long toOpId, Path savedTo, long durationNs) {
            events.tell(
                    Kind.CUT,
                    leader.term(),
                    toOpId,
                    fromOpId - toOpId,
                    durationNs,
                    "opIds " + (toOpId + 1) + " to " + fromOpId + " are saved in " + savedTo);
        }

        @Override
        public void onCopyBegun(long opId, long length) {
            reportNs = keyspace.clock().nanoTime();
            events.tell(
                    Kind.FULL_COPY_BEGUN,
                    leader.term(),
                    opId,
                    0,
                    0,
                    "master=" + leader.name() + " sends " + length + " bytes");
        }

        @Override
        public void onCopied(long opId, long length, long durationNs, Path savedTo) {
            long unused = fullCopyCount.incrementAndGet();
            // One that failed before may have raised it.
            events.clearAlarm();
            events.tell(
                    Kind.FULL_COPY_LOADED,
                    leader.term(),
                    opId,
                    0,
                    durationNs,
                    "master="
                            + leader.name()
                            + " sent "
                            + length
                            + " bytes; what only this node had, if anything, is in "
                            + savedTo);
        }

        @Override
        public void onResumed(long opId) {
            resumedOpId = opId;
        }

        /** Told when the master has begun to feed: up to then it can refuse. */
        private void tellResumed() {
            toldCopy = false;
            if (!resumedBefore) {
                resumedBefore = true;
                events.clearAlarm();
            }
            events.tell(
                    Kind.RESUMED,
                    leader.term(),
                    resumedOpId,
                    0,
                    keyspace.clock().nanoTime() - beganNs,
                    "master=" + leader.name());
        }

        private void closeSocket() {
            PeerSocket open = socket;
            if (open != null) {
                try {
                    open.close();
                } catch (IOException e) {
                    LOG.debug("closing the connection to {} failed", endpoint, e);
                }
            }
        }
    }
}
