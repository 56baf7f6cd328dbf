package io.hotpair.replication.internal;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.hotpair.HotpairException;
import io.hotpair.topology.ReplicatedKeyspace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for replicas, and feeds them while this node is master. It listens all the time: a
 * replica that comes too early is told so at once instead of running into a time-out.
 *
 * <p>Each replica has two threads: one reads the log and writes to the socket, woken by the log's
 * watermark; the other reads acknowledgements.
 */
final class ShippingServer implements Shipping {
    private static final Logger LOG = LoggerFactory.getLogger(ShippingServer.class);

    static final long HANDSHAKE_LIMIT_NS = MILLISECONDS.toNanos(2_000);
    static final long SILENCE_LIMIT_NS = MILLISECONDS.toNanos(500);
    static final long HEARTBEAT_INTERVAL_NS = MILLISECONDS.toNanos(100);

    /** A replica may have to cut and rewind between two messages, or load a copy. */
    private static final long RESUME_LIMIT_NS = MILLISECONDS.toNanos(60_000);

    /** More connections than this that have not proved themselves are turned away. */
    static final int MAX_UNPROVEN = 16;

    /** Whoever is turned away comes again within a second; who came before that has given up. */
    private static final long TURNED_AWAY_NS = MILLISECONDS.toNanos(5_000);

    /** Who could not accept a connection lets so long pass before the next one. */
    private static final long ACCEPT_REST_NS = MILLISECONDS.toNanos(100);

    private static final int SEND_LENGTH = 128 * 1024;

    private final ReplicatedKeyspace keyspace;
    private final String bindHost;
    private final int port;
    private final Set<String> members;
    private final PeerAuthentication authentication;
    private final long bytesPerSecond;
    private final SessionThreads threads;
    private final Repetition repetition;

    /** Of those who have proved themselves: no stranger can use up what may be said of them. */
    private final Repetition ofMembers;

    private final Semaphore unproven = new Semaphore(MAX_UNPROVEN);
    private final Set<PeerSocket> unprovenSockets = ConcurrentHashMap.newKeySet();
    private volatile @Nullable ServerSocket listener;
    private volatile @Nullable Term term;
    private volatile @Nullable TurnedAway turnedAway;
    private volatile boolean shutDown;

    ShippingServer(
            ReplicatedKeyspace keyspace,
            String bindHost,
            int port,
            Set<String> members,
            PeerAuthentication authentication,
            long bytesPerSecond) {
        this.keyspace = keyspace;
        this.bindHost = bindHost;
        this.port = port;
        this.members = members;
        this.authentication = authentication;
        this.bytesPerSecond = bytesPerSecond;
        threads = new SessionThreads(keyspace.threadFactory(), keyspace.clock());
        repetition = new Repetition(keyspace.clock());
        ofMembers = new Repetition(keyspace.clock());
    }

    /**
     * Somebody who did not prove to belong to the pair.
     *
     * @param sentence who, and why not
     * @param atNs when
     */
    private record TurnedAway(String sentence, long atNs) {}

    /** One term of this node as master, and the connections that belong to it. */
    private static final class Term {
        final long number;
        final long incarnation;
        final InSyncSet inSync;
        private final Set<PeerSocket> sockets = ConcurrentHashMap.newKeySet();
        private volatile boolean ended;

        Term(long number, long incarnation, InSyncSet inSync) {
            this.number = number;
            this.incarnation = incarnation;
            this.inSync = inSync;
        }

        /** Adds first and looks afterwards, so that an end at the same time closes it for sure. */
        boolean add(PeerSocket socket) {
            sockets.add(socket);
            return !ended;
        }

        void remove(PeerSocket socket) {
            sockets.remove(socket);
        }

        void end() {
            ended = true;
            sockets.forEach(ShippingServer::closeQuietly);
        }
    }

    /**
     * Begins to listen.
     *
     * @throws HotpairException {@code NETWORK} if the address can't be bound
     */
    void start() {
        ServerSocket opened = bind();
        listener = opened;
        threads.start("accept", () -> acceptAll(opened));
    }

    @Override
    public void open(long number, long incarnation, InSyncSet inSync) {
        term = new Term(number, incarnation, inSync);
    }

    @Override
    public void close() {
        Term ending = term;
        term = null;
        if (ending != null) {
            ending.end();
        }
    }

    @Override
    public @Nullable String turnedAway() {
        TurnedAway last = turnedAway;
        return last == null || keyspace.clock().nanoTime() - last.atNs > TURNED_AWAY_NS
                ? null
                : last.sentence;
    }

    /** Ends everything; on return no thread of it touches the keyspace. */
    void shutDown() {
        shutDown = true;
        close();
        ServerSocket opened = listener;
        if (opened != null) {
            try {
                opened.close();
            } catch (IOException e) {
                LOG.warn("closing the replication listener on port {} failed", port, e);
            }
        }
        unprovenSockets.forEach(ShippingServer::closeQuietly);
        threads.join();
    }

    private ServerSocket bind() {
        ServerSocket opened = null;
        try {
            opened = new ServerSocket();
            // A port of a killed predecessor is free again at once.
            opened.setReuseAddress(true);
            opened.bind(new InetSocketAddress(InetAddress.getByName(bindHost), port));
            return opened;
        } catch (IOException e) {
            if (opened != null) {
                closeAfterFailure(opened, e);
            }
            throw new HotpairException(
                    HotpairException.Category.NETWORK,
                    "replication address="
                            + bindHost
                            + ":"
                            + port
                            + " can't be bound: "
                            + e.getMessage(),
                    e);
        }
    }

    private static void closeAfterFailure(ServerSocket opened, IOException failure) {
        try {
            opened.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * Ends by nothing but the shut-down: whatever fails, without this thread no replica is ever fed
     * again.
     */
    private void acceptAll(ServerSocket opened) {
        while (!shutDown) {
            try {
                acceptOrTell(opened);
            } catch (RuntimeException | Error e) {
                // Not even the words for a failure could be had, so there are none for this one.
                threads.pause(ACCEPT_REST_NS);
            }
        }
    }

    private void acceptOrTell(ServerSocket opened) {
        try {
            accept(opened.accept());
        } catch (IOException | RuntimeException | Error e) {
            // A machine without a thread or memory to spare may have one again later.
            if (!shutDown) {
                if (repetition.isDue(e.toString())) {
                    LOG.warn("accepting a replica on port {} failed", port, e);
                }
                threads.pause(ACCEPT_REST_NS);
            }
        }
    }

    private void accept(Socket accepted) throws IOException {
        if (!unproven.tryAcquire()) {
            try (accepted) {
                if (repetition.isDue("flood")) {
                    LOG.warn(
                            "turned away {}: {} connections have not proved themselves yet",
                            accepted.getRemoteSocketAddress(),
                            MAX_UNPROVEN);
                }
            }
            return;
        }
        PeerSocket socket = null;
        boolean started = false;
        try {
            socket = new PeerSocket(accepted, keyspace.clock());
            startServing(socket);
            started = true;
        } finally {
            // Whoever serves it gives the permit back.
            if (!started) {
                unproven.release();
                if (socket != null) {
                    unprovenSockets.remove(socket);
                }
                accepted.close();
            }
        }
    }

    private void startServing(PeerSocket socket) {
        unprovenSockets.add(socket);
        threads.start("ship", () -> serve(socket));
    }

    private void serve(PeerSocket socket) {
        try (socket) {
            if (prove(socket) && !shutDown) {
                feed(socket);
            }
        } catch (IOException e) {
            LOG.info("connection of {} ended: {}", socket.peer(), e.getMessage());
        } catch (RuntimeException | Error e) {
            // The replica comes again at once, and meets the same.
            if (ofMembers.isDue(socket.peerHost() + " " + e)) {
                LOG.error("feeding {} failed", socket.peer(), e);
            }
        }
    }

    private boolean prove(PeerSocket socket) {
        try {
            authentication.asMaster(socket, socket.deadlineAfter(HANDSHAKE_LIMIT_NS));
            return true;
        } catch (UnprovenException e) {
            turnAway(socket.peerHost() + " " + e.getMessage());
            return false;
        } catch (IOException e) {
            // A probe of a port that is open, and nothing more.
            if (repetition.isDue(socket.peerHost() + " " + e.getClass())) {
                LOG.info(
                        "connection of {} ended before it had proved itself: {}",
                        socket.peer(),
                        e.getMessage());
            }
            return false;
        } finally {
            unproven.release();
            unprovenSockets.remove(socket);
        }
    }

    private void turnAway(String sentence) {
        turnedAway = new TurnedAway(sentence, keyspace.clock().nanoTime());
        if (repetition.isDue(sentence)) {
            LOG.warn(
                    "turned away a connection to the replication port {}: {}; if it is a node of"
                            + " this pair, it is not in sync until that is put right",
                    port,
                    sentence);
        }
    }

    private void feed(PeerSocket socket) throws IOException {
        Term serving = term;
        if (serving == null) {
            refuse(socket);
            return;
        }
        try {
            if (serving.add(socket)) {
                feed(socket, serving);
            }
        } finally {
            // Most connections end by an exception, and a term can be long.
            serving.remove(socket);
        }
    }

    private void feed(PeerSocket socket, Term serving) throws IOException {
        try (FeedSession session =
                new FeedSession(keyspace, serving.number, members, serving.inSync)) {
            MessageWriter out = new MessageWriter(serving.number, serving.incarnation);
            if (agree(socket, session, out, serving)) {
                ship(socket, session, out, serving);
            }
        }
    }

    /** Connections of the term that have not ended. */
    int connectionCount() {
        Term serving = term;
        return serving == null ? 0 : serving.sockets.size();
    }

    private void refuse(PeerSocket socket) throws IOException {
        Message join = new Message();
        socket.read(join, socket.deadlineAfter(HANDSHAKE_LIMIT_NS));
        MessageWriter out = new MessageWriter(0, 0);
        out.refuse(RefusalReason.NOT_MASTER, "this node is not master");
        socket.send(out);
    }

    /** Lets both find the place from which the replica can resume. */
    private boolean agree(PeerSocket socket, FeedSession session, MessageWriter out, Term serving)
            throws IOException {
        Message message = new Message();
        while (!session.following()) {
            socket.read(message, socket.deadlineAfter(RESUME_LIMIT_NS));
            if (session.onMessage(message, out) && session.copyWanted()) {
                shipCopy(socket, session, out, serving);
            }
            socket.send(out);
            FeedSession.Refusal refusal = session.refusal();
            if (refusal != null) {
                tellRefused(socket, session.member(), refusal);
                return false;
            }
        }
        LOG.info(
                "feeding {} at {} with log {} after opId={}",
                session.member(),
                socket.peer(),
                session.logId(),
                session.resumeOpId());
        return true;
    }

    /** The sentence may be another one each time, with how far the log is by now. */
    private void tellRefused(
            PeerSocket socket, @Nullable String member, FeedSession.Refusal refusal) {
        String who = (member == null ? "a node" : member) + " at " + socket.peerHost();
        if (ofMembers.isDue(who + " " + refusal.reason())) {
            LOG.warn("refused {}: {}, {}", who, refusal.reason(), refusal.sentence());
        }
    }

    private void shipCopy(PeerSocket socket, FeedSession session, MessageWriter out, Term serving)
            throws IOException {
        new CopyShipment(
                        keyspace,
                        threads,
                        socket,
                        session,
                        out,
                        () -> serving.ended,
                        bytesPerSecond)
                .run();
    }

    private void ship(PeerSocket socket, FeedSession session, MessageWriter out, Term serving)
            throws IOException {
        Signal more = new Signal();
        AtomicBoolean silent = new AtomicBoolean();
        Runnable wanted = more::raise;
        Thread reader =
                threads.start("acknowledgements", () -> readAll(socket, session, more, silent));
        try {
            keyspace.addDiskListener(wanted);
            shipAll(socket, session, out, serving, more, silent);
        } finally {
            keyspace.removeDiskListener(wanted);
            closeQuietly(socket);
            threads.join(reader);
        }
    }

    private void shipAll(
            PeerSocket socket,
            FeedSession session,
            MessageWriter out,
            Term serving,
            Signal more,
            AtomicBoolean silent)
            throws IOException {
        RateLimit limit = new RateLimit(keyspace.clock(), bytesPerSecond);
        int batchLength = limit.batchLength(SEND_LENGTH);
        AtomicBoolean armed = new AtomicBoolean();
        long heartbeatNs = keyspace.clock().nanoTime() - HEARTBEAT_INTERVAL_NS;
        while (!serving.ended && !silent.get()) {
            long nowNs = keyspace.clock().nanoTime();
            long untilHeartbeatNs = heartbeatNs + HEARTBEAT_INTERVAL_NS - nowNs;
            if (untilHeartbeatNs <= 0) {
                heartbeatNs = nowNs;
                session.heartbeat(out);
            }
            // Read before the log is asked: what is in the log by now is shipped below.
            long loggedOpId = keyspace.logged().get();
            long delayNs = limit.delayNs();
            boolean full = false;
            while (delayNs == 0 && !full && session.pump(out)) {
                full = out.length() >= batchLength;
            }
            session.askToForce(out);
            if (out.length() > 0) {
                limit.pay(out.length());
                socket.send(out);
            } else if (delayNs > 0) {
                more.await(Math.min(delayNs, untilHeartbeatNs));
            } else {
                wakeAfter(Math.max(loggedOpId, session.sentOpId()), more, armed);
                more.await(untilHeartbeatNs);
            }
        }
    }

    /** At most one request to be woken is outstanding, however often it slept in between. */
    private void wakeAfter(long opId, Signal more, AtomicBoolean armed) {
        if (armed.compareAndSet(false, true)) {
            keyspace.logged()
                    .whenReached(
                            opId + 1,
                            reached -> {
                                armed.set(false);
                                more.raise();
                            });
        }
    }

    private static void readAll(
            PeerSocket socket, FeedSession session, Signal more, AtomicBoolean silent) {
        Message message = new Message();
        MessageWriter none = new MessageWriter(0, 0);
        try {
            while (true) {
                socket.read(message, socket.deadlineAfter(SILENCE_LIMIT_NS));
                session.onMessage(message, none);
                if (session.forceIsDue()) {
                    more.raise();
                }
            }
        } catch (IOException e) {
            LOG.info("replica {} is gone: {}", session.member(), e.getMessage());
        } finally {
            silent.set(true);
            closeQuietly(socket);
            more.raise();
        }
    }

    static void closeQuietly(PeerSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("closing the connection to {} failed", socket.peer(), e);
        }
    }
}
