package io.hotpair.replication;

import io.hotpair.replication.ratis.RatisRegister;
import io.hotpair.replication.ratis.VoterConfig;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.topology.ReplicatedKeyspace;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The register on the embedded consensus engine. The keyspace's name is the name of the group of
 * voters, and the voter keeps its files below the keyspace's directory.
 */
final class RatisRegisterFactory implements RegisterFactory {
    private static final Logger LOG = LoggerFactory.getLogger(Pair.class);

    private final @Nullable String bindHost;
    private final @Nullable Tls tls;

    /**
     * Who this voter is to the others, and which others it believes.
     *
     * @param keyManager holds this voter's certificate and key
     * @param trustManager says which certificates of other voters are believed
     */
    record Tls(KeyManager keyManager, TrustManager trustManager) {}

    RatisRegisterFactory(@Nullable String bindHost, @Nullable Tls tls) {
        this.bindHost = bindHost;
        this.tls = tls;
    }

    @Override
    public TopologyRegister open(Pair pair, ReplicatedKeyspace keyspace) {
        VoterConfig.Builder voter =
                VoterConfig.builder(keyspace.name(), pair.nodeName())
                        .directory(
                                keyspace.directory().resolve("replication").resolve("consensus"));
        for (DataNode node : pair.dataNodes()) {
            warnIfOpen(node.consensus());
            voter.voter(node.name(), node.consensus());
        }
        Pair.Witness witness = pair.witness();
        Endpoint votes = witness.consensus();
        if (votes != null) {
            voter.voter(witness.name(), votes).witness(witness.name());
        }
        if (bindHost != null) {
            voter.bindHost(bindHost);
        }
        if (tls != null) {
            voter.mutualTls(tls.keyManager(), tls.trustManager());
        }
        return RatisRegister.open(voter.build());
    }

    private void warnIfOpen(Endpoint endpoint) {
        if (tls == null && !endpoint.isLoopback()) {
            LOG.warn(
                    "consensus address={} without TLS: whoever reaches it can decide who is master;"
                            + " keep it on a private network, or use consensusTls(...)",
                    endpoint);
        }
    }
}
