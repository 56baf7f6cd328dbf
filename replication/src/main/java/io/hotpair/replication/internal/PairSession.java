package io.hotpair.replication.internal;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.hotpair.replication.DataNode;
import io.hotpair.replication.Endpoint;
import io.hotpair.replication.PairStatus;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.topology.Member;
import io.hotpair.topology.ReplicatedKeyspace;
import io.hotpair.topology.ReplicationSession;
import io.hotpair.topology.Role;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One keyspace's replication at work: agent, sockets and register put together. Thread-safe. */
public final class PairSession implements ReplicationSession {
    private static final Logger LOG = LoggerFactory.getLogger(PairSession.class);
    private static final long SLOW_STEP_NS = MILLISECONDS.toNanos(200);
    private static final long FAILED_STEP_NS = MILLISECONDS.toNanos(100);

    private final PairSettings settings;
    private final ReplicatedKeyspace keyspace;
    private final TopologyRegister register;
    private final ShippingServer shipping;
    private final FollowerLink following;
    private final RoleAgent agent;
    private final RoleLog events;
    private final SessionThreads threads;
    private final Signal signal = new Signal();
    private final ReentrantLock closeLock = new ReentrantLock();
    private boolean closed;

    private PairSession(
            PairSettings settings,
            ReplicatedKeyspace keyspace,
            TopologyRegister register,
            ShippingServer shipping,
            PeerAuthentication authentication) {
        this.settings = settings;
        this.keyspace = keyspace;
        this.register = register;
        this.shipping = shipping;
        events = new RoleLog(keyspace.clock(), settings.self(), settings.listener());
        following =
                new FollowerLink(
                        keyspace,
                        settings.self(),
                        replicationEndpoints(settings),
                        authentication,
                        events,
                        signal::raise);
        agent =
                new RoleAgent(
                        new AgentSetup(
                                settings.self(),
                                settings.names(),
                                settings.voterCount(),
                                settings.minInSync(),
                                settings.acceptPossibleLoss(),
                                drawIncarnation(),
                                keyspace,
                                register,
                                shipping,
                                following,
                                new MarkerFile(keyspace.directory()),
                                events,
                                signal::raise));
        threads = new SessionThreads(keyspace.threadFactory(), keyspace.clock());
    }

    /**
     * Takes charge of a keyspace's role.
     *
     * @param settings what the pair was built with
     * @param keyspace what to steer
     * @param openRegister opens the register, which the session closes
     * @return the session
     * @throws io.hotpair.HotpairException {@code NETWORK} if the replication address can't be
     *     bound, {@code CONSENSUS}
     */
    public static PairSession start(
            PairSettings settings,
            ReplicatedKeyspace keyspace,
            Supplier<TopologyRegister> openRegister) {
        PeerAuthentication authentication = new PeerAuthentication(settings.secret());
        ShippingServer shipping =
                new ShippingServer(
                        keyspace,
                        settings.bindHost(),
                        settings.selfNode().replication().port(),
                        Set.copyOf(settings.names()),
                        authentication,
                        settings.shippingBytesPerSecond());
        TopologyRegister register = null;
        try {
            shipping.start();
            register = openRegister.get();
            PairSession session =
                    new PairSession(settings, keyspace, register, shipping, authentication);
            session.startAgent();
            return session;
        } catch (RuntimeException | Error e) {
            shipping.shutDown();
            if (register != null) {
                register.close();
            }
            throw e;
        }
    }

    @Override
    public String nodeName() {
        return settings.self();
    }

    @Override
    public Role role() {
        return agent.view().role();
    }

    @Override
    public long term() {
        return agent.view().state().term();
    }

    @Override
    public @Nullable Member master() {
        RoleAgent.View view = agent.view();
        String master = masterName(view);
        for (Member member : members(view)) {
            if (member.name().equals(master)) {
                return member;
            }
        }
        return null;
    }

    @Override
    public List<Member> members() {
        return members(agent.view());
    }

    @Override
    public long fullCopyCount() {
        return following.fullCopyCount();
    }

    @Override
    public boolean receivesFullCopy() {
        return following.copying();
    }

    @Override
    public boolean haReady() {
        return agent.view().haReady();
    }

    /**
     * How this node stands.
     *
     * @return the status
     */
    public PairStatus status() {
        RoleAgent.View view = agent.view();
        return new PairStatus(
                settings.self(),
                view.role(),
                view.state().term(),
                masterName(view),
                view.state().inSync(),
                view.role() == Role.MASTER || following.connected(),
                view.haReady(),
                fullCopyCount(),
                alarm(view));
    }

    @Override
    public @Nullable String alarm() {
        return alarm(agent.view());
    }

    private @Nullable String alarm(RoleAgent.View view) {
        StringJoiner all = new StringJoiner("; ");
        all.setEmptyValue("");
        for (String one : Arrays.asList(events.alarm(), view.voterAlarm(), view.syncAlarm())) {
            if (one != null) {
                all.add(one);
            }
        }
        return all.length() == 0 ? null : all.toString();
    }

    @Override
    public void close() {
        closeLock.lock();
        try {
            if (!closed) {
                closed = true;
                // The agent may be waiting for a copy that is being loaded.
                following.abandon();
                agent.close();
                try {
                    threads.join();
                } finally {
                    endRest();
                }
            }
        } finally {
            closeLock.unlock();
        }
    }

    private void endRest() {
        try {
            following.shutDown();
        } finally {
            try {
                shipping.shutDown();
            } finally {
                register.close();
            }
        }
    }

    private void startAgent() {
        threads.start("agent", this::runAgent);
    }

    /** Ends by nothing but the close: without this thread nobody would know what this node is. */
    private void runAgent() {
        while (!agent.closed()) {
            signal.await(stepOrRest());
        }
    }

    private long stepOrRest() {
        try {
            return stepAndTell();
        } catch (RuntimeException | Error e) {
            // Not even the words for a failure could be had. What it ends was ended before.
            return FAILED_STEP_NS;
        }
    }

    private long stepAndTell() {
        long beganNs = keyspace.clock().nanoTime();
        long waitNs = stepOnce();
        long tookNs = keyspace.clock().nanoTime() - beganNs;
        if (tookNs > SLOW_STEP_NS) {
            // A master that is kept from renewing its lease loses it: say what kept it.
            LOG.warn(
                    "node={} a step of the role agent took {} ms",
                    settings.self(),
                    NANOSECONDS.toMillis(tookNs));
        }
        return waitNs;
    }

    private long stepOnce() {
        try {
            return agent.step();
        } catch (RuntimeException | Error e) {
            // A state machine that failed in the middle of a step can't be trusted to go on. The
            // peer takes over when the lease ends.
            agent.fail(e);
            return FAILED_STEP_NS;
        }
    }

    /** A master that has not yet begun to act, or acts no longer, is none. */
    private @Nullable String masterName(RoleAgent.View view) {
        String master = view.state().master();
        boolean idleSelf = settings.self().equals(master) && view.role() != Role.MASTER;
        return idleSelf ? null : master;
    }

    private List<Member> members(RoleAgent.View view) {
        long lastOpId = Math.max(keyspace.log().lastOpId(), following.masterLastOpId());
        List<Member> members = new ArrayList<>();
        for (DataNode node : settings.dataNodes()) {
            members.add(member(node, view, lastOpId));
        }
        return members;
    }

    private Member member(DataNode node, RoleAgent.View view, long lastOpId) {
        String name = node.name();
        boolean isSelf = name.equals(settings.self());
        boolean isMaster = name.equals(masterName(view));
        InSyncSet inSync = view.inSync();
        InSyncSet.Progress session = inSync == null ? null : inSync.progressOf(name);
        long loggedOpId = 0;
        long durableOpId = 0;
        boolean connected = isMaster && isSelf;
        if (isSelf) {
            loggedOpId = keyspace.log().lastOpId();
            durableOpId = keyspace.durable().get();
            connected = connected || following.connected();
        } else if (isMaster) {
            loggedOpId = following.masterLastOpId();
            connected = following.connected();
        } else if (session != null) {
            loggedOpId = session.loggedOpId();
            durableOpId = session.forcedOpId();
            connected = session.connected();
        }
        Endpoint client = node.client();
        return new Member(
                name,
                client == null ? "" : client.host(),
                client == null ? 0 : client.port(),
                connected,
                view.state().inSync().contains(name),
                loggedOpId,
                durableOpId,
                Math.max(0, lastOpId - loggedOpId));
    }

    private static Map<String, Endpoint> replicationEndpoints(PairSettings settings) {
        Map<String, Endpoint> endpoints = new LinkedHashMap<>();
        for (DataNode node : settings.dataNodes()) {
            endpoints.put(node.name(), node.replication());
        }
        return endpoints;
    }

    /** Never 0, which stands for "none" on the wire. */
    private static long drawIncarnation() {
        SecureRandom random = new SecureRandom();
        long drawn = 0;
        while (drawn == 0) {
            drawn = random.nextLong();
        }
        return drawn;
    }
}
