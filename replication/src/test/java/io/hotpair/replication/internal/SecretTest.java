package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.replication.PairEvent.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a pair says whose nodes do not believe each other. */
@Timeout(120)
class SecretTest {
    private static final SharedSecret SECRET = new SharedSecret(ShippingFixture.SECRET);
    private static final SharedSecret OTHER =
            new SharedSecret("another secret of 16".getBytes(StandardCharsets.US_ASCII));

    @TempDir Path directory;

    private static void awaitAlarm(TestPair pair, TestPair.Node node, String... parts) {
        Await.until(
                "the alarm of " + node.name + " says " + List.of(parts),
                () -> {
                    String alarm = String.valueOf(node.session().status().alarm());
                    return List.of(parts).stream().allMatch(alarm::contains);
                },
                pair::describe);
    }

    @Test
    void shouldSayOnBothNodesThatTheSecretsDiffer() {
        try (CapturedLog log = new CapturedLog();
                TestPair pair = new TestPair(directory, 1)) {
            pair.a.secret = SECRET;
            pair.b.secret = OTHER;
            pair.a.start();
            pair.awaitMaster();
            pair.b.start();
            String ofB = "b not in sync for 1";
            awaitAlarm(pair, pair.a, ofB, "127.0.0.1 does not know the shared secret");
            awaitAlarm(pair, pair.b, ofB, "master=a at 127.0.0.1:", "another secret");
            for (TestPair.Node node : List.of(pair.a, pair.b)) {
                assertFalse(node.session().status().haReady());
                assertNull(node.lastEvent(Kind.HA_READY));
                assertTrue(node.awaitEvent(Kind.OUT_OF_SYNC).text().startsWith(ofB));
            }
            // It has tried ten times by now.
            assertEquals(1, log.linesWith("does not know the shared secret; if"), log::text);
            assertEquals(1, log.linesWith("this node can't follow"), log::text);
            assertEquals(0, log.linesWith("connection of "), log::text);

            pair.b.stop();
            pair.b.secret = SECRET;
            pair.b.start();
            pair.awaitInSync(2);
            for (TestPair.Node node : List.of(pair.a, pair.b)) {
                Await.until(
                        node.name + " is without an alarm",
                        () -> node.session().status().alarm() == null,
                        pair::describe);
                node.awaitEvent(Kind.HA_READY);
                assertTrue(node.session().status().haReady());
            }
            pair.a.awaitEvent(Kind.BACK_IN_SYNC);
        }
    }

    /** A pause of the machine may lengthen one attempt: one of several has to be quick. */
    @Test
    void shouldTryAgainAtOnceWhenAMasterEndsAProofAndRestOnlyWhenItDoesSoAgain()
            throws IOException {
        long soonestNs = Long.MAX_VALUE;
        for (int i = 0; i < 5 && soonestNs >= FollowerLink.ALARM_RETRY_NS; i++) {
            try (ServerSocket master = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    ShippingFixture pair = ShippingFixture.open()) {
                pair.followAt(master.getLocalPort(), ShippingFixture.SECRET);
                long firstNs = endAtTheProof(master);
                long secondNs = endAtTheProof(master);
                long thirdNs = endAtTheProof(master);
                assertTrue(thirdNs - secondNs >= FollowerLink.ALARM_RETRY_NS);
                soonestNs = Math.min(soonestNs, secondNs - firstNs);
            }
        }
        assertTrue(soonestNs < FollowerLink.ALARM_RETRY_NS, "soonest after " + soonestNs + " ns");
    }

    /** As a master does that dies, or that does not believe; says when the replica came. */
    private static long endAtTheProof(ServerSocket master) throws IOException {
        master.setSoTimeout(30_000);
        try (Socket replica = master.accept()) {
            long cameNs = System.nanoTime();
            byte[] greeting =
                    PeerAuthentication.greeting(new byte[WireDescriptor.NONCE_LENGTH], true);
            replica.getOutputStream().write(greeting);
            int length = greeting.length + WireDescriptor.PROOF_LENGTH;
            assertEquals(length, replica.getInputStream().readNBytes(length).length);
            return cameNs;
        }
    }

    @Test
    void shouldSayOnBothEndsThatOnlyOneHasASecret() {
        String none = "has no shared secret, and this node has one";
        String one = "has a shared secret, and this node has none";
        try (ShippingFixture pair = new ShippingFixture(null, 0).lead()) {
            pair.followAt(pair.port, ShippingFixture.SECRET);
            awaitObstacle(pair, none);
            Await.until(
                    "the master says whom it turned away",
                    () -> String.valueOf(pair.turnedAway()).equals("127.0.0.1 " + one),
                    pair::turnedAway);
        }
        try (ShippingFixture pair = ShippingFixture.open().lead()) {
            pair.followAt(pair.port, null);
            awaitObstacle(pair, one);
            Await.until(
                    "the master says whom it turned away",
                    () -> String.valueOf(pair.turnedAway()).equals("127.0.0.1 " + none),
                    pair::turnedAway);
        }
    }

    @Test
    void shouldSayThatTheMasterCanNotBeReached() {
        try (ShippingFixture pair = ShippingFixture.open()) {
            pair.follow();
            awaitObstacle(pair, "master=a at 127.0.0.1:" + pair.port + ": Connection refused");
            pair.lead().awaitSame();
            assertNull(pair.obstacle());
            assertNull(pair.turnedAway());
        }
    }

    private static void awaitObstacle(ShippingFixture pair, String end) {
        Await.until(
                "what keeps it from following: " + end,
                () -> String.valueOf(pair.obstacle()).endsWith(end),
                pair::obstacle);
    }
}
