package io.hotpair.replication.ratis;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** What Ratis is told. Each setting differs from its default for the reason given beside it. */
final class VoterSettings {

    /** How long a voter may be silent before its connections are made anew. */
    static final long SILENCE_MS = 2_000;

    private static final long ELECTION_MIN_MS = 300;
    private static final long ELECTION_MAX_MS = 600;

    private static final SizeInBytes BUFFER = SizeInBytes.valueOf(1 << 20);

    private VoterSettings() {}

    static RaftGroup group(VoterConfig config) {
        List<RaftPeer> peers =
                config.voters().keySet().stream().map(name -> peer(config, name)).toList();
        return RaftGroup.valueOf(RaftGroupId.valueOf(config.group()), peers);
    }

    private static RaftPeer peer(VoterConfig config, String name) {
        return RaftPeer.newBuilder()
                .setId(RaftPeerId.valueOf(name))
                .setAddress(config.address(name).toString())
                .build();
    }

    static Parameters parameters(VoterConfig config) {
        Parameters parameters = new Parameters();
        VoterConfig.Tls tls = config.tls();
        if (tls != null) {
            GrpcConfigKeys.TLS.setConf(
                    parameters, new GrpcTlsConfig(tls.keyManager(), tls.trustManager(), true));
        }
        return parameters;
    }

    static RaftProperties properties(VoterConfig config, long snapshotEvery) {
        RaftProperties properties = new RaftProperties();
        transport(properties, config);
        elections(properties);
        log(properties, config, snapshotEvery);
        return properties;
    }

    private static void transport(RaftProperties properties, VoterConfig config) {
        RaftConfigKeys.Rpc.setType(properties, SupportedRpcType.GRPC);
        GrpcConfigKeys.Server.setHost(properties, config.bindHost());
        GrpcConfigKeys.Server.setPort(properties, config.address(config.voter()).port());
        // A register is a few hundred bytes. Nobody gets to make this process allocate more.
        GrpcConfigKeys.setMessageSizeMax(properties, SizeInBytes.valueOf(4 << 20));
        GrpcConfigKeys.setFlowControlWindow(properties, BUFFER);
        // No call to a voter lasts longer than the caller waits.
        RaftClientConfigKeys.Rpc.setRequestTimeout(
                properties, ms(config.requestTimeout().toMillis()));
    }

    private static void elections(RaftProperties properties) {
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, ms(ELECTION_MIN_MS));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, ms(ELECTION_MAX_MS));
        // A vote that is not answered must not hold up the next election.
        RaftServerConfigKeys.Rpc.setRequestTimeout(properties, ms(1_000));
        // A leader that can't reach a majority stays leader in name for this long, and whoever asks
        // it waits in vain.
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, ms(1_000));
        // The default is to shut the voter down for ever after a pause of a minute. A machine that
        // was suspended is no reason to lose a voter: Raft needs no clock to be right.
        RaftServerConfigKeys.setCloseThreshold(
                properties, TimeDuration.valueOf(3650, TimeUnit.DAYS));
        // A follower that was away must be caught up in seconds; the default waits go to 5 s.
        RaftServerConfigKeys.Log.Appender.setRetryPolicy(properties, "1ms,10, 200ms,1000000");
    }

    private static void log(RaftProperties properties, VoterConfig config, long snapshotEvery) {
        RaftServerConfigKeys.setStorageDir(properties, List.of(config.directory().toFile()));
        // The log holds elections, a few bytes a day, and is cut after each snapshot even if a
        // voter is away: that voter is sent the snapshot.
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, snapshotEvery);
        RaftServerConfigKeys.Snapshot.setCreationGap(properties, snapshotEvery);
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, 2);
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        RaftServerConfigKeys.Log.setPurgeGap(properties, (int) Math.min(snapshotEvery, 1 << 20));
        // The defaults preallocate and buffer tens of megabytes.
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf(1 << 20));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf(1 << 16));
        RaftServerConfigKeys.Log.setWriteBufferSize(
                properties, SizeInBytes.valueOf(BUFFER.getSize() + 8));
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(properties, BUFFER);
        RaftServerConfigKeys.Log.setSegmentCacheNumMax(properties, 2);
        RaftServerConfigKeys.Log.setQueueByteLimit(
                properties, SizeInBytes.valueOf(BUFFER.getSize() * 4));
        RaftServerConfigKeys.Write.setByteLimit(properties, SizeInBytes.valueOf(4 << 20));
        RaftServerConfigKeys.Write.setElementLimit(properties, 256);
    }

    private static TimeDuration ms(long ms) {
        return TimeDuration.valueOf(ms, TimeUnit.MILLISECONDS);
    }
}
