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
    private static final long ALARM_RETRY_NS = MILLISECONDS.toNanos(1_000);

    /** An acknowledgement is sent after so many messages even if more are waiting. */
    private static final int MAX_BATCH = 32;

    /** ... or after so many bytes: a master must not wait for it while a slow device takes more. */
    private static final int MAX_BATCH_LENGTH = 1 << 20;

    private final ReplicatedKeyspace keyspace;
    private final String self;
    private final Map<String, Endpoint> endpoints;
    private final PeerAuthentication authentication;
    private final RoleLog events;
    private final Runnable wake;
    private final SessionThreads threads;
    private final ReentrantLock steering = new ReentrantLock();
    private volatile @Nullable Link link;
    private volatile long lastHeardNs;
    private volatile @Nullable String failure;

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
        threads.start(next);
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

    /** Ends everything; on return no thread of it is left. */
    void shutDown() {
        stop();
        threads.join();
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
        private boolean alarmed;
        private boolean resumedBefore;

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
            } finally {
                steering.unlock();
            }
        }

        @Override
        public void run() {
            while (!stopped) {
                alarmed = false;
                try {
                    followOnce();
                } catch (RefusedException e) {
                    onRefused(e);
                } catch (IOException e) {
                    if (!stopped) {
                        LOG.debug("following {} at {}: {}", leader, endpoint, e.getMessage());
                    }
                } catch (RuntimeException | Error e) {
                    // Whatever it was, e.g. a full heap: without this thread nobody would follow.
                    onUnusable(e);
                } finally {
                    closeSocket();
                    connected = false;
                    wake.run();
                }
                if (!stopped) {
                    stopSignal.await(alarmed ? ALARM_RETRY_NS : RETRY_NS);
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
                    receiveAll(open);
                }
            }
        }

        private void receiveAll(PeerSocket open) throws IOException {
            FollowerSession session = new FollowerSession(keyspace, leader, this);
            MessageWriter out = new MessageWriter(leader.term(), leader.ownIncarnation());
            Message message = new Message();
            session.begin(self, out);
            open.send(out);
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
                connected = session.following();
            } finally {
                steering.unlock();
            }
        }

        private void onRefused(RefusedException refused) {
            if (refused.reason().needsAPerson()) {
                alarmed = true;
                events.alarm(
                        leader.term(),
                        "master="
                                + leader.name()
                                + " does not feed this node: "
                                + refused.reason()
                                + ", "
                                + refused.getMessage());
            }
        }

        /**
         * A damaged or unexpected frame was refused before the keyspace saw it, and is asked for
         * again. Anything else may have left an operation in the log and not in memory.
         */
        private void onUnusable(Throwable cause) {
            alarmed = true;
            if (cause instanceof HotpairException e
                    && e.category() == HotpairException.Category.NOT_RETAINED) {
                // Said before anything was touched: this node is as it was, and can't go on.
                events.alarm(
                        leader.term(),
                        "this node can't go back to where its history and that of master="
                                + leader.name()
                                + " part: "
                                + cause.getMessage());
                return;
            }
            boolean refused =
                    cause instanceof IllegalArgumentException
                            || (cause instanceof HotpairException e
                                    && e.category() == HotpairException.Category.CORRUPTION);
            if (!refused) {
                failure = String.valueOf(cause.getMessage());
            }
            events.alarm(
                    leader.term(),
                    "what master="
                            + leader.name()
                            + " sends can't be applied: "
                            + cause.getMessage());
            LOG.error("following {} failed", leader, cause);
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
        public void onResumed(long opId) {
            if (!resumedBefore) {
                resumedBefore = true;
                events.clearAlarm();
            }
            events.tell(
                    Kind.RESUMED,
                    leader.term(),
                    opId,
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
