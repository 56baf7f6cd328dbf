package io.hotpair.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Acknowledgement;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.replication.DataNode;
import io.hotpair.replication.Endpoint;
import io.hotpair.replication.Pair;
import io.hotpair.replication.PairEvent.Kind;
import io.hotpair.replication.ratis.VoterConfig;
import io.hotpair.replication.ratis.Witness;
import io.hotpair.topology.Role;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An application that embeds a node of a pair, as the README tells it to. */
@Timeout(180)
class EmbeddedPairTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final byte[] SECRET = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    @TempDir private Path directory;
    private final List<DataNode> nodes = List.of(node("a"), node("b"));
    private final Endpoint witness = freeEndpoint();
    private final CountDownLatch ready = new CountDownLatch(1);

    private static Endpoint freeEndpoint() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new Endpoint("127.0.0.1", socket.getLocalPort());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static DataNode node(String name) {
        return new DataNode(name, freeEndpoint(), freeEndpoint(), new Endpoint("app-" + name, 80));
    }

    private Pair pair(String name) {
        return Pair.builder()
                .nodeName(name)
                .dataNode(nodes.get(0))
                .dataNode(nodes.get(1))
                .witness("w", witness)
                .secret(SECRET)
                .listener(
                        event -> {
                            if (event.kind() == Kind.HA_READY) {
                                ready.countDown();
                            }
                        })
                .build();
    }

    private Keyspace open(Pair pair) {
        return Keyspace.open(
                Keyspace.builder()
                        .directory(directory.resolve(pair.nodeName()))
                        .maxMemory(64 << 20)
                        .acknowledgement(Acknowledgement.PEER)
                        .replication(pair)
                        .build());
    }

    private Witness openWitness() {
        return Witness.open(
                VoterConfig.builder("default", "w")
                        .voter("a", nodes.get(0).consensus())
                        .voter("b", nodes.get(1).consensus())
                        .voter("w", witness)
                        .witness("w")
                        .directory(directory.resolve("w"))
                        .build());
    }

    private static String refusal(Keyspace keyspace) {
        HotpairException refused =
                assertThrows(HotpairException.class, () -> keyspace.put("k", "v"));
        assertEquals(HotpairException.Category.NOT_MASTER, refused.category());
        return String.valueOf(refused.getMessage());
    }

    @Test
    void shouldLiveInAPairFromItsOpeningOn() throws Exception {
        try (Keyspace b = open(pair("b"))) {
            assertEquals(Optional.empty(), b.awaitMaster(Duration.ofMillis(100)));
            assertEquals("this node is a replica; no master is known yet", refusal(b));
            try (Witness voter = openWitness();
                    Keyspace a = open(pair("a"))) {
                Optional<Role> ofA = a.awaitMaster(LONG);
                Optional<Role> ofB = b.awaitMaster(LONG);
                assertEquals(
                        Set.of(Role.MASTER, Role.REPLICA),
                        Set.of(ofA.orElseThrow(), ofB.orElseThrow()));
                // Whichever came first: the register knows one master.
                Keyspace master = ofA.orElseThrow() == Role.MASTER ? a : b;
                Keyspace replica = master == a ? b : a;
                assertEquals(Optional.of(Role.REPLICA), replica.awaitMaster(LONG));
                String name = master == a ? "a" : "b";
                assertEquals(
                        "this node is a replica; the master is " + name + " at app-" + name + ":80",
                        refusal(replica));
                master.put("k", "v");
                assertTrue(ready.await(LONG.toSeconds(), TimeUnit.SECONDS));
                assertTrue(voter.isRunning());
            }
        }
    }
}
