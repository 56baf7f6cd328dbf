package io.hotpair.resp;

import io.hotpair.topology.Member;
import io.hotpair.topology.Role;
import io.hotpair.topology.Topology;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The pair as clients of a Sentinel see it: each node is a Sentinel too, at the port where it
 * serves. The names and the forms of what is said are Redis's. Says {@code +switch-master} to
 * subscribers when the master has changed. Thread-safe.
 */
final class SentinelView {
    static final String SWITCHED_CHANNEL = "+switch-master";
    private static final byte[] SWITCHED = SWITCHED_CHANNEL.getBytes(StandardCharsets.US_ASCII);
    private static final int ID_LENGTH = 40;

    /** Where a master is reached. */
    record Address(String host, int port) {}

    private final RespServer server;
    private final KeyspacePort keyspace;
    private final @Nullable String givenName;

    /** The master that subscribers know: the first one that anybody was told of, or a later one. */
    private final AtomicReference<@Nullable Address> told = new AtomicReference<>();

    SentinelView(RespServer server) {
        this.server = server;
        keyspace = server.keyspace();
        givenName = server.config().sentinelName();
    }

    /** The name under which clients ask for the master. */
    String name() {
        return givenName == null ? keyspace.name() : givenName;
    }

    /**
     * The master that clients should use, or null if this node knows of none: also if it was the
     * master itself and can't prove that it still is.
     *
     * @param seenAt the address at which the client that asks sees this node
     */
    @Nullable Address master(String seenAt) {
        Topology topology = keyspace.topology();
        if (topology == null) {
            return new Address(seenAt, server.port());
        }
        Member master = topology.master();
        if (master == null || master.clientPort() == 0) {
            return null;
        }
        if (topology.role() == Role.MASTER && !keyspace.vouches(keyspace.term())) {
            return null;
        }
        Address address = new Address(master.clientHost(), master.clientPort());
        // Whoever asks and then subscribes is to hear of every master after this one.
        boolean unused = told.compareAndSet(null, address);
        return address;
    }

    /** The nodes but the master, as far as clients can reach them. */
    List<Member> replicas() {
        Topology topology = keyspace.topology();
        Member master = topology == null ? null : topology.master();
        return reachable(master == null ? "" : master.name());
    }

    /** The nodes but this one. */
    List<Member> others() {
        Topology topology = keyspace.topology();
        return reachable(topology == null ? "" : topology.nodeName());
    }

    private List<Member> reachable(String except) {
        List<Member> found = new ArrayList<>();
        Topology topology = keyspace.topology();
        if (topology != null) {
            for (Member member : topology.members()) {
                if (!member.name().equals(except) && member.clientPort() != 0) {
                    found.add(member);
                }
            }
        }
        return found;
    }

    /** What identifies this node among the Sentinels. */
    String myId() {
        Topology topology = keyspace.topology();
        return topology == null ? server.runId() : id(topology.nodeName());
    }

    /** The same on every node, whoever asks: of the pair's name and the node's. */
    String id(String node) {
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(
                                    (keyspace.name() + "/" + node)
                                            .getBytes(StandardCharsets.UTF_8));
            return String.format(Locale.ROOT, "%064x", new BigInteger(1, hash))
                    .substring(0, ID_LENGTH);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JVM has no SHA-256, expected one that has", e);
        }
    }

    /** What identifies the master, or nothing while there is none. */
    String masterId() {
        Topology topology = keyspace.topology();
        Member master = topology == null ? null : topology.master();
        return topology == null ? server.runId() : master == null ? "" : id(master.name());
    }

    /** The term in which the master was chosen. */
    long epoch() {
        Topology topology = keyspace.topology();
        return topology == null ? 0 : topology.term();
    }

    /** Looks whether the master has changed, and tells. Called now and then, by one thread. */
    void watch() {
        Address now = keyspace.topology() == null ? null : master("");
        if (now == null) {
            return;
        }
        Address before = told.getAndSet(now);
        if (before != null && !before.equals(now)) {
            String text =
                    String.join(
                            " ",
                            name(),
                            before.host(),
                            Integer.toString(before.port()),
                            now.host(),
                            Integer.toString(now.port()));
            int unused =
                    server.pubSub()
                            .publish(
                                    Topic.Kind.CHANNEL,
                                    SWITCHED,
                                    text.getBytes(StandardCharsets.UTF_8),
                                    null);
            RespServer.LOGGER.info("{} {}", new String(SWITCHED, StandardCharsets.US_ASCII), text);
        }
    }

    /** Whether a client means this pair. */
    boolean isNamed(String asked) {
        return Objects.equals(asked, name());
    }
}
