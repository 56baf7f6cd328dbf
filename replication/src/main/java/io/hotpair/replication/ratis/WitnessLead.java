package io.hotpair.replication.ratis;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.RaftServer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the witness lead the voters whenever it can. A data node that dies is then not followed by an
 * election among the voters, and nothing but its own lease has to run out.
 *
 * <p>Ratis has priorities for this, but they cost too much: a candidate waits for the answer of
 * every voter of higher priority until it has timed out, in each of two rounds, which turns half a
 * second into two or three when the witness hangs or is cut off. So all voters have the same
 * priority, and a data node that finds itself leading hands the lead over, once the witness has
 * answered without a gap for a while. Used by the watchdog's thread only.
 */
final class WitnessLead {

    private static final Logger LOG = LoggerFactory.getLogger(WitnessLead.class);

    /** A witness that comes and goes must not take the lead with it each time. */
    private static final long STEADY_NS = TimeUnit.SECONDS.toNanos(2);

    private static final long BETWEEN_TRIES_NS = TimeUnit.SECONDS.toNanos(5);

    /** Meanwhile no change is taken, so it is not long. */
    private static final long TRY_MS = 300;

    private static final long GAP_MS = 700;

    private final VoterConfig config;
    private final String witness;
    private final RaftServer server;
    private final ClientId client = ClientId.randomId();
    private long calls;
    private boolean isSteady;
    private long steadySinceNs;
    private long triedNs;
    private boolean hasTried;

    WitnessLead(VoterConfig config, String witness, RaftServer server) {
        this.config = config;
        this.witness = witness;
        this.server = server;
    }

    void look(RoleInfoProto role, long nowNs) {
        boolean isAnswering =
                role.hasLeaderInfo()
                        && role.getLeaderInfo().getFollowerInfoList().stream()
                                .anyMatch(this::isAnsweringWitness);
        if (!isAnswering) {
            isSteady = false;
            return;
        }
        if (!isSteady) {
            isSteady = true;
            steadySinceNs = nowNs;
        }
        boolean mayTry = !hasTried || nowNs - triedNs >= BETWEEN_TRIES_NS;
        if (mayTry && nowNs - steadySinceNs >= STEADY_NS) {
            hasTried = true;
            triedNs = nowNs;
            handOver();
        }
    }

    private boolean isAnsweringWitness(ServerRpcProto follower) {
        return follower.getId().getId().toStringUtf8().equals(witness)
                && follower.getLastRpcElapsedTimeMs() <= GAP_MS;
    }

    private void handOver() {
        TransferLeadershipRequest request =
                new TransferLeadershipRequest(
                        client,
                        server.getId(),
                        VoterSettings.group(config).getGroupId(),
                        ++calls,
                        RaftPeerId.valueOf(witness),
                        TRY_MS);
        try {
            server.transferLeadershipAsync(request)
                    .thenAccept(reply -> later(reply.getException()))
                    .exceptionally(
                            failure -> {
                                later(failure);
                                return null;
                            });
        } catch (IOException e) {
            later(e);
        }
    }

    /** The next try may do better: the witness may not have caught up, or not listened in time. */
    private void later(@Nullable Throwable failure) {
        if (failure == null) {
            return;
        }
        LOG.debug("voter={} could not hand the lead to {} yet", config.voter(), witness, failure);
    }
}
