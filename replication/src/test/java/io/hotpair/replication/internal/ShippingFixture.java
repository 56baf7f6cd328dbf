package io.hotpair.replication.internal;

import io.hotpair.Clock;
import io.hotpair.log.MemoryLog;
import io.hotpair.replication.Endpoint;
import io.hotpair.replication.PairEvent;
import io.hotpair.topology.Lease;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** A master that ships and a replica that follows, with real sockets and without an agent. */
final class ShippingFixture implements AutoCloseable {
    static final long TERM = 7;
    static final byte[] SECRET = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final long INCARNATION = 11;

    final MemoryLog masterLog = new MemoryLog(UUID.randomUUID());
    final MemoryLog replicaLog = new MemoryLog(UUID.randomUUID());
    final MemoryKeyspace master =
            new MemoryKeyspace(Path.of("master"), masterLog, Clock.SYSTEM, true);
    final Queue<PairEvent> events = new ConcurrentLinkedQueue<>();
    final InSyncSet inSync = new InSyncSet("a", master, Set.of("a", "b"), 1);
    final int port = TestPair.freePort();
    private final PeerAuthentication authentication;
    private final ShippingServer server;
    private final RoleLog told = new RoleLog(Clock.SYSTEM, "b", events::add);
    private @Nullable FollowerLink follower;
    private @Nullable MemoryKeyspace replica;

    ShippingFixture(byte @Nullable [] secret, long bytesPerSecond) {
        authentication = authentication(secret);
        server =
                new ShippingServer(
                        master,
                        "127.0.0.1",
                        port,
                        Set.of("a", "b"),
                        authentication,
                        bytesPerSecond);
    }

    static ShippingFixture open() {
        return new ShippingFixture(SECRET, 0);
    }

    static PeerAuthentication authentication(byte @Nullable [] secret) {
        return new PeerAuthentication(secret == null ? null : new SharedSecret(secret));
    }

    /** Begins to listen, as the master of a term with the log that it has by now. */
    ShippingFixture lead() {
        server.start();
        becomeMaster();
        return this;
    }

    void becomeMaster() {
        long unused = master.promote(TERM, Lease.permanent(Clock.SYSTEM));
        inSync.start();
        server.open(TERM, INCARNATION, inSync);
    }

    void listenOnly() {
        server.start();
    }

    ShippingFixture follow() {
        return followAt(port, SECRET);
    }

    ShippingFixture followAt(int masterPort, byte @Nullable [] secret) {
        MemoryKeyspace opened =
                new MemoryKeyspace(Path.of("replica"), replicaLog, Clock.SYSTEM, true);
        replica = opened;
        FollowerLink link =
                new FollowerLink(
                        opened,
                        "b",
                        Map.of("a", new Endpoint("127.0.0.1", masterPort)),
                        authentication(secret),
                        told,
                        () -> {});
        follower = link;
        followAgain();
        return this;
    }

    /** As the agent does at each step. */
    void followAgain() {
        followAs(22);
    }

    /** As after another start of the replica, so that it begins anew. */
    void followAs(long incarnation) {
        FollowerLink link = follower;
        if (link != null) {
            link.follow(new Leader("a", TERM, INCARNATION, incarnation));
        }
    }

    @Nullable String alarm() {
        return told.alarm();
    }

    /** Connections that the master keeps for its term. */
    int connectionCount() {
        return server.connectionCount();
    }

    MemoryKeyspace replica() {
        MemoryKeyspace opened = replica;
        if (opened == null) {
            throw new AssertionError("nobody follows");
        }
        return opened;
    }

    @Nullable String followingFailure() {
        FollowerLink link = follower;
        return link == null ? null : link.failure();
    }

    /** Why the replica does not follow, as it says. */
    @Nullable String obstacle() {
        FollowerLink link = follower;
        return link == null ? null : link.obstacle();
    }

    /** Whom the master turned away, as it says. */
    @Nullable String turnedAway() {
        return server.turnedAway();
    }

    void stopFollowing() {
        FollowerLink link = follower;
        follower = null;
        if (link != null) {
            link.shutDown();
        }
    }

    boolean isFollowing() {
        FollowerLink link = follower;
        return link != null && link.connected();
    }

    void awaitSame() {
        Await.until(
                "both logs are the same",
                () -> masterLog.operations().equals(replicaLog.operations()),
                this::describe);
        Await.until(
                "all is acknowledged",
                () -> master.committed().get() == masterLog.lastOpId(),
                this::describe);
    }

    PairEvent awaitEvent(PairEvent.Kind kind) {
        Await.until(kind + "", () -> event(kind) != null, this::describe);
        PairEvent event = event(kind);
        if (event == null) {
            throw new AssertionError(describe());
        }
        return event;
    }

    @Nullable PairEvent event(PairEvent.Kind kind) {
        for (PairEvent event : events) {
            if (event.kind() == kind) {
                return event;
            }
        }
        return null;
    }

    /** A connection to the master that nothing has been said on. */
    Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(10_000);
        return socket;
    }

    /** A connection that has proved itself. */
    PeerSocket proven() throws IOException {
        PeerSocket socket = new PeerSocket(connect(), Clock.SYSTEM);
        authentication.asReplica(socket, socket.deadlineAfter(5_000_000_000L));
        return socket;
    }

    String describe() {
        return "master="
                + masterLog.lastOpId()
                + " committed="
                + master.committed().get()
                + " replica="
                + replicaLog.lastOpId()
                + " events="
                + events;
    }

    @Override
    public void close() {
        stopFollowing();
        inSync.close();
        server.shutDown();
    }
}
