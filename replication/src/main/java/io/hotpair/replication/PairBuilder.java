package io.hotpair.replication;

import io.hotpair.replication.internal.PairSettings;
import io.hotpair.replication.internal.SharedSecret;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link Pair}. A setter checks its value, {@link #build()} checks them together; neither
 * touches a disk or a network. Not thread-safe.
 */
public final class PairBuilder {
    private static final int MIN_SECRET_LENGTH = 16;
    private static final int MIN_VOTERS = 3;

    private final Map<String, DataNode> dataNodes = new LinkedHashMap<>();
    private @Nullable String nodeName;
    private Pair.Witness witness = Pair.Witness.NONE;
    private @Nullable String bindHost;
    private @Nullable SharedSecret secret;
    private int minInSync = 1;
    private long shippingBytesPerSecond;
    private boolean acceptPossibleLoss;
    private PairListener listener = event -> {};
    private RatisRegisterFactory.@Nullable Tls consensusTls;
    private @Nullable RegisterFactory registerFactory;

    PairBuilder() {}

    /**
     * Says which of the data nodes this one is. Needed.
     *
     * @param name the name
     * @return this
     */
    public PairBuilder nodeName(String name) {
        DataNode.requireName(name);
        nodeName = name;
        return this;
    }

    /**
     * Adds a node that holds a copy; this node is one of them. At least two are needed, the same on
     * every node and in the same order: on the very first start the first one becomes master.
     *
     * @param node the node
     * @return this
     */
    public PairBuilder dataNode(DataNode node) {
        if (dataNodes.putIfAbsent(node.name(), node) != null) {
            throw new IllegalArgumentException(
                    "dataNode=" + node.name() + ", expected a name that is not taken");
        }
        return this;
    }

    /**
     * Names the node that only votes. Needed with an even number of data nodes: of two voters
     * neither could tell a dead peer from a cut cable.
     *
     * @param name lower-case letters, digits and hyphens, at most 63
     * @param consensus where its voter listens
     * @return this
     */
    public PairBuilder witness(String name, Endpoint consensus) {
        DataNode.requireName(name);
        witness = new Pair.Witness(name, Objects.requireNonNull(consensus, "consensus"));
        return this;
    }

    /**
     * Sets the address at which this node listens, for replicas and for voters. The default is the
     * host of its own endpoint.
     *
     * @param host a name or a literal address of this machine
     * @return this
     */
    public PairBuilder bindHost(String host) {
        if (host.isEmpty()) {
            throw new IllegalArgumentException("bindHost is empty, expected an address");
        }
        bindHost = host;
        return this;
    }

    /**
     * Sets the secret by which the nodes know each other, the same on all. Needed unless every
     * replication address is a loopback one. It proves who connects; it does not encrypt.
     *
     * @param secret at least 16 bytes; copied
     * @return this
     */
    public PairBuilder secret(byte[] secret) {
        if (secret.length < MIN_SECRET_LENGTH) {
            throw new IllegalArgumentException(
                    "secret length="
                            + secret.length
                            + ", expected at least "
                            + MIN_SECRET_LENGTH
                            + " bytes");
        }
        this.secret = new SharedSecret(secret);
        return this;
    }

    /**
     * Sets how many members must be in sync for writes to be taken. The default is 1: the last one
     * goes on alone, with every batch forced to disk.
     *
     * @param count 1 to the number of data nodes
     * @return this
     */
    public PairBuilder minInSync(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("minInSync=" + count + ", expected 1 or more");
        }
        minInSync = count;
        return this;
    }

    /**
     * Limits how fast the log, or a full copy, is shipped to each replica. The default is no limit
     * but the one that {@code SnapshotOptions.bytesPerSecond} sets for full copies. A limit below
     * the rate of writes makes writes at level {@code PEER} wait.
     *
     * @param bytesPerSecond above zero
     * @return this
     */
    public PairBuilder shippingRate(long bytesPerSecond) {
        if (bytesPerSecond < 1) {
            throw new IllegalArgumentException(
                    "shippingRate=" + bytesPerSecond + ", expected 1 byte/s or more");
        }
        shippingBytesPerSecond = bytesPerSecond;
        return this;
    }

    /**
     * Lets this node go on as the only one in sync although its machine went down with operations
     * that were not forced to disk, or a part of its log was damaged and is set aside, so that
     * acknowledged writes may be missing. An operator's decision for one start, asked for by an
     * alarm; never a default.
     *
     * @return this
     */
    public PairBuilder acceptPossibleLoss() {
        acceptPossibleLoss = true;
        return this;
    }

    /**
     * Sets who is told of what happens to this node's role.
     *
     * @param listener the listener
     * @return this
     */
    public PairBuilder listener(PairListener listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /**
     * Lets this node's voter speak TLS only, and believe only voters with a certificate. All nodes
     * and the witness must do the same. The default is no TLS; then the consensus addresses belong
     * on a private network.
     *
     * @param keyManager holds this voter's certificate and key
     * @param trustManager says which certificates of other voters are believed
     * @return this
     */
    public PairBuilder consensusTls(KeyManager keyManager, TrustManager trustManager) {
        consensusTls =
                new RatisRegisterFactory.Tls(
                        Objects.requireNonNull(keyManager, "keyManager"),
                        Objects.requireNonNull(trustManager, "trustManager"));
        return this;
    }

    PairBuilder registerFactory(RegisterFactory factory) {
        registerFactory = factory;
        return this;
    }

    /**
     * Checks and makes the pair.
     *
     * @return the pair
     * @throws IllegalStateException if the settings do not fit each other
     */
    public Pair build() {
        String name = nodeName;
        DataNode self = name == null ? null : dataNodes.get(name);
        if (name == null || self == null) {
            throw new IllegalStateException(
                    "nodeName=" + name + ", expected one of the data nodes " + dataNodes.keySet());
        }
        requireVoters();
        if (minInSync > dataNodes.size()) {
            throw new IllegalStateException(
                    "minInSync="
                            + minInSync
                            + ", expected at most the number of data nodes "
                            + dataNodes.size());
        }
        requireOwnAddresses();
        String host = bindHost == null ? self.replication().host() : bindHost;
        requireSecret(host);
        return new Pair(
                new PairSettings(
                        name,
                        List.copyOf(dataNodes.values()),
                        host,
                        secret,
                        minInSync,
                        shippingBytesPerSecond,
                        acceptPossibleLoss,
                        listener),
                witness,
                register());
    }

    private void requireVoters() {
        int voters = dataNodes.size() + (witness.consensus() == null ? 0 : 1);
        if (dataNodes.size() < 2 || voters < MIN_VOTERS || voters % 2 == 0) {
            throw new IllegalStateException(
                    "dataNodes="
                            + dataNodes.keySet()
                            + " witness="
                            + witness.name()
                            + ", expected at least two data nodes, and an odd number of voters"
                            + " with the witness: three or more");
        }
        if (dataNodes.containsKey(witness.name())) {
            throw new IllegalStateException(
                    "witness=" + witness.name() + ", expected a name that no data node has");
        }
    }

    private void requireOwnAddresses() {
        Set<Endpoint> taken = new HashSet<>();
        Endpoint votes = witness.consensus();
        if (votes != null) {
            taken.add(votes);
        }
        for (DataNode node : dataNodes.values()) {
            requireFree(taken, node.replication());
            requireFree(taken, node.consensus());
        }
    }

    private static void requireFree(Set<Endpoint> taken, Endpoint endpoint) {
        if (!taken.add(endpoint)) {
            throw new IllegalStateException(
                    "endpoint=" + endpoint + " is named twice, expected one for each listener");
        }
    }

    private void requireSecret(String host) {
        if (secret != null) {
            return;
        }
        if (!Endpoint.isLoopback(host)) {
            throw new IllegalStateException(
                    "bindHost="
                            + host
                            + " without a secret, expected secret(...) or a loopback"
                            + " address");
        }
        for (DataNode node : dataNodes.values()) {
            if (!node.replication().isLoopback()) {
                throw new IllegalStateException(
                        "replication address="
                                + node.replication()
                                + " of node="
                                + node.name()
                                + " without a secret, expected secret(...) or loopback addresses");
            }
        }
    }

    private RegisterFactory register() {
        RegisterFactory factory = registerFactory;
        return factory == null ? new RatisRegisterFactory(bindHost, consensusTls) : factory;
    }
}
