package io.hotpair.replication.ratis;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.server.RaftServerRpcWithProxy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after a voter twice a second.
 *
 * <p>It makes connections anew when the other end has been silent for too long. A connection that
 * was cut without a word is noticed by nobody: TCP waits longer and longer before it sends again,
 * up to two minutes, and goes on waiting after the network has healed. A leader renews the
 * connection to each follower that does not answer. Who hears of no leader renews all, since it is
 * about to ask for votes over them.
 *
 * <p>And it gives the lead to the witness, once that has been there for a while.
 */
final class VoterWatchdog implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(VoterWatchdog.class);

    private static final long PERIOD_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long SILENCE_NS = TimeUnit.MILLISECONDS.toNanos(VoterSettings.SILENCE_MS);

    private final VoterConfig config;
    private final RaftServer.Division division;
    private final RaftServerRpc rpc;
    private final @Nullable WitnessLead witnessLead;
    private final Map<String, Long> renewedNs = new HashMap<>();
    private final Thread thread;
    private volatile boolean isClosed;
    private long leaderSeenNs = System.nanoTime();

    private VoterWatchdog(VoterConfig config, RaftServer server, RaftServer.Division division) {
        this.config = config;
        this.division = division;
        this.rpc = server.getServerRpc();
        String witness = config.witness();
        witnessLead =
                witness == null || witness.equals(config.voter())
                        ? null
                        : new WitnessLead(config, witness, server);
        thread = new Thread(this::run, "hotpair-voter-" + config.voter() + "-watchdog");
        thread.setDaemon(true);
    }

    static VoterWatchdog start(
            VoterConfig config, RaftServer server, RaftServer.Division division) {
        VoterWatchdog watchdog = new VoterWatchdog(config, server, division);
        watchdog.thread.start();
        return watchdog;
    }

    /**
     * Ends by nothing but the close: without this thread a connection that was cut stays cut for
     * minutes, and the witness never leads.
     */
    private void run() {
        while (!isClosed) {
            LockSupport.parkNanos(PERIOD_NS);
            try {
                lookOrTell();
            } catch (RuntimeException | Error e) {
                // Not even the words for a failure could be had. The next round looks again.
                LockSupport.parkNanos(PERIOD_NS);
            }
        }
    }

    private void lookOrTell() {
        try {
            look(System.nanoTime());
        } catch (RuntimeException | Error e) {
            // The server may be closing under it. Whatever it was, the next round looks again.
            LOG.debug("voter={} could not be looked after", config.voter(), e);
        }
    }

    private void look(long nowNs) {
        if (isClosed || !division.getInfo().isAlive()) {
            return;
        }
        RoleInfoProto role = division.getInfo().getRoleInfoProto();
        if (division.getInfo().isLeader()) {
            leaderSeenNs = nowNs;
            for (ServerRpcProto follower : role.getLeaderInfo().getFollowerInfoList()) {
                if (follower.getLastRpcElapsedTimeMs() > VoterSettings.SILENCE_MS) {
                    renew(follower.getId().getId().toStringUtf8(), nowNs);
                }
            }
        } else if (hearsOfLeader(role)) {
            leaderSeenNs = nowNs;
        } else if (nowNs - leaderSeenNs > SILENCE_NS) {
            config.voters().keySet().stream()
                    .filter(name -> !name.equals(config.voter()))
                    .forEach(name -> renew(name, nowNs));
        }
        if (witnessLead != null) {
            witnessLead.look(role, nowNs);
        }
    }

    private static boolean hearsOfLeader(RoleInfoProto role) {
        return role.hasFollowerInfo()
                && role.getFollowerInfo().hasLeaderInfo()
                && role.getFollowerInfo().getLeaderInfo().getLastRpcElapsedTimeMs()
                        <= VoterSettings.SILENCE_MS;
    }

    private void renew(String name, long nowNs) {
        Long before = renewedNs.get(name);
        if (before != null && nowNs - before < SILENCE_NS) {
            return;
        }
        renewedNs.put(name, nowNs);
        LOG.debug("voter={} renews its connection to silent voter={}", config.voter(), name);
        if (rpc instanceof RaftServerRpcWithProxy<?, ?> connections) {
            connections.getProxies().resetProxy(RaftPeerId.valueOf(name));
        }
    }

    @Override
    public void close() {
        isClosed = true;
        LockSupport.unpark(thread);
    }
}
