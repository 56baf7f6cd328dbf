package io.hotpair.replication.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Clock;
import io.hotpair.log.FrameDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * What a listener must stand: each time a good replica is fed afterwards as if nothing had been.
 */
class ListenerAbuseTest {
    private static final byte[] OTHER_SECRET =
            "another secret of 16".getBytes(StandardCharsets.US_ASCII);

    @Test
    void shouldCloseOnGarbage() throws IOException {
        try (ShippingFixture pair = ShippingFixture.open().lead()) {
            Random random = new Random(5);
            for (int i = 0; i < 50; i++) {
                byte[] garbage = new byte[1 + random.nextInt(300)];
                random.nextBytes(garbage);
                assertTrue(closedAfter(pair, garbage).length <= WireDescriptor.GREETING_LENGTH);
            }
            pair.follow().awaitSame();
        }
    }

    @Test
    void shouldCloseOnOtherProtocols() throws IOException {
        try (ShippingFixture pair = ShippingFixture.open().lead()) {
            for (String other :
                    List.of(
                            "POST / HTTP/1.1\r\nHost: x\r\n\r\n" + "x".repeat(40),
                            "\u0016\u0003\u0001" + "h".repeat(60),
                            "*1\r\n$4\r\nPING\r\n" + " ".repeat(40))) {
                byte[] answer = closedAfter(pair, other.getBytes(StandardCharsets.ISO_8859_1));
                assertEquals(0, answer.length);
            }
            pair.follow().awaitSame();
        }
    }

    @Test
    void shouldSayNothingToWhoDoesNotKnowTheSecret() throws IOException {
        try (ShippingFixture pair = ShippingFixture.open().lead()) {
            byte[] greeting =
                    PeerAuthentication.greeting(new byte[WireDescriptor.NONCE_LENGTH], true);
            byte[] wrong = new byte[greeting.length + WireDescriptor.PROOF_LENGTH];
            System.arraycopy(greeting, 0, wrong, 0, greeting.length);
            assertEquals(WireDescriptor.GREETING_LENGTH, closedAfter(pair, wrong).length);
            pair.follow().awaitSame();
        }
    }

    @Test
    void shouldNotLetAReplicaInThatHasAnotherSecretOrNone() {
        for (byte[] secret : new byte[][] {OTHER_SECRET, {}}) {
            try (ShippingFixture pair = ShippingFixture.open().lead()) {
                pair.followAt(pair.port, secret.length == 0 ? null : secret);
                assertNeverFollows(pair);
                pair.stopFollowing();
                pair.follow().awaitSame();
            }
        }
    }

    @Test
    void shouldNotFollowAMasterThatDoesNotKnowTheSecret() {
        try (ShippingFixture pair = new ShippingFixture(OTHER_SECRET, 0).lead()) {
            pair.follow();
            assertNeverFollows(pair);
        }
    }

    @Test
    void shouldRefuseAProofThatIsSentBackToItsMaker() throws IOException {
        try (ShippingFixture pair = ShippingFixture.open().lead()) {
            try (Socket socket = pair.connect()) {
                byte[] greeting =
                        PeerAuthentication.greeting(new byte[WireDescriptor.NONCE_LENGTH], true);
                socket.getOutputStream().write(greeting);
                byte[] answer = socket.getInputStream().readNBytes(greeting.length);
                // As master it would prove over the same greetings, but in another role.
                byte[] asMaster =
                        PeerAuthentication.prove(
                                new SharedSecret(ShippingFixture.SECRET).key(),
                                "hotpair master 1".getBytes(StandardCharsets.US_ASCII),
                                greeting,
                                answer);
                socket.getOutputStream().write(asMaster);
                assertEquals(0, readAll(socket).length);
            }
        }
    }

    @Test
    void shouldNotWaitForAHandshakeThatDrips() throws IOException {
        try (ShippingFixture pair = ShippingFixture.open().lead()) {
            long beganNs = System.nanoTime();
            try (Socket socket = pair.connect()) {
                OutputStream out = socket.getOutputStream();
                byte[] greeting =
                        PeerAuthentication.greeting(new byte[WireDescriptor.NONCE_LENGTH], true);
                out.write(greeting, 0, 3);
                assertEquals(0, readAll(socket).length);
            }
            long tookMs = (System.nanoTime() - beganNs) / 1_000_000;
            assertTrue(tookMs >= 1_500 && tookMs < 9_000, "took " + tookMs + " ms");
            pair.follow().awaitSame();
        }
    }

    @Test
    void shouldTurnAwayAFloodOfConnectionsAndRecover() throws IOException {
        try (ShippingFixture pair = ShippingFixture.open().lead()) {
            List<Socket> flood = new ArrayList<>();
            for (int i = 0; i < ShippingServer.MAX_UNPROVEN; i++) {
                flood.add(pair.connect());
            }
            try (Socket turnedAway = pair.connect()) {
                assertEquals(0, readAll(turnedAway).length);
            }
            for (Socket socket : flood) {
                socket.close();
            }
            pair.follow().awaitSame();
        }
    }

    @Test
    void shouldServeAgainAfterManyConnectionsForWhichThereWasNoThread() throws IOException {
        try (CapturedLog log = new CapturedLog();
                ShippingFixture pair = ShippingFixture.open().lead()) {
            pair.master.failThreads(ShippingServer.MAX_UNPROVEN + 1);
            while (pair.master.unstartableThreads() > 0) {
                try (Socket unserved = pair.connect()) {
                    assertEquals(0, readAll(unserved).length);
                }
            }
            pair.follow().awaitSame();
            assertEquals(1, log.linesWith("accepting a replica on port"), log::text);
        }
    }

    @Test
    void shouldServeAgainThoughThereWasNoMemoryToSayWhyItDidNot() throws IOException {
        try (FailingLog log = new FailingLog("accepting a replica on port");
                ShippingFixture pair = ShippingFixture.open().lead()) {
            pair.master.failThreads(1);
            try (Socket unserved = pair.connect()) {
                assertEquals(0, readAll(unserved).length);
            }
            pair.follow().awaitSame();
            assertEquals(1, log.failureCount());
        }
    }

    @Test
    void shouldServeAgainThoughThereWasNoMemoryToSayThatItWasFlooded() throws IOException {
        try (FailingLog log = new FailingLog("have not proved themselves yet");
                ShippingFixture pair = ShippingFixture.open().lead()) {
            List<Socket> flood = new ArrayList<>();
            for (int i = 0; i < ShippingServer.MAX_UNPROVEN; i++) {
                flood.add(pair.connect());
            }
            try (Socket turnedAway = pair.connect()) {
                assertEquals(0, readAll(turnedAway).length);
            }
            for (Socket socket : flood) {
                socket.close();
            }
            pair.follow().awaitSame();
            assertEquals(1, log.failureCount());
        }
    }

    @Test
    void shouldCloseOnALengthThatNoMessageHas() throws IOException {
        for (int length : new int[] {-1, 0, 23, 2_000_000_000, Integer.MIN_VALUE}) {
            try (ShippingFixture pair = ShippingFixture.open().lead();
                    PeerSocket socket = pair.proven()) {
                byte[] header = new byte[WireDescriptor.HEADER_LENGTH];
                FrameDescriptor.putInt(header, WireDescriptor.LENGTH_OFFSET, length);
                FrameDescriptor.putShort(header, WireDescriptor.TYPE_OFFSET, WireDescriptor.FRAME);
                socket.write(header, header.length);
                assertClosed(socket);
                pair.follow().awaitSame();
            }
        }
    }

    @Test
    void shouldNotBelieveAnAcknowledgementOfWhatWasNeverSent() throws IOException {
        assertNotBelieved(1_000_000, 0);
        assertNotBelieved(0, 1_000_000);
        assertNotBelieved(0, -1);
    }

    private static void assertNotBelieved(long opId, long frames) throws IOException {
        assertNotBelieved(out -> out.acknowledge(opId, frames, 0));
    }

    private static void assertNotBelieved(Consumer<MessageWriter> lie) throws IOException {
        try (ShippingFixture pair = ShippingFixture.open().lead();
                PeerSocket socket = pair.proven()) {
            MessageWriter out = joining(ShippingFixture.TERM, "b", "test");
            out.probe(0, 0);
            out.follow(0, 0, 0);
            lie.accept(out);
            socket.send(out);
            assertClosed(socket);
            assertEquals(0, pair.master.committed().get());
            assertEquals(0, pair.master.committedToDisk().get());
        }
    }

    @Test
    void shouldRefuseWhoIsNotOneOfThePair() throws IOException {
        assertRefused(joining(ShippingFixture.TERM, "mallory", "test"), "UNKNOWN_MEMBER");
        assertRefused(joining(ShippingFixture.TERM, "b", "other"), "OTHER_KEYSPACE");
        assertRefused(joining(ShippingFixture.TERM - 1, "b", "test"), "OTHER_TERM");
    }

    @Test
    void shouldDropAReplicaThatFallsSilent() throws IOException {
        try (ShippingFixture pair = ShippingFixture.open().lead();
                PeerSocket socket = pair.proven()) {
            MessageWriter out = joining(ShippingFixture.TERM, "b", "test");
            out.probe(0, 0);
            out.follow(0, 0, 0);
            socket.send(out);
            long beganNs = System.nanoTime();
            assertClosed(socket);
            long tookMs = (System.nanoTime() - beganNs) / 1_000_000;
            assertTrue(tookMs < 5_000, "took " + tookMs + " ms");
        }
    }

    @Test
    void shouldLogEachReasonForWhichItRefusesAndNoneTwice() throws IOException {
        try (CapturedLog log = new CapturedLog();
                ShippingFixture pair = ShippingFixture.open().lead()) {
            for (int i = 0; i < 3; i++) {
                refused(pair, joining(ShippingFixture.TERM, "mallory", "test"));
                refused(pair, joining(ShippingFixture.TERM, "b", "other"));
            }
            pair.follow().awaitSame();
            for (String reason :
                    List.of(
                            "UNKNOWN_MEMBER, node=mallory, expected one of [",
                            "OTHER_KEYSPACE, keyspace=other, expected test")) {
                String line = "refused a node at 127.0.0.1: " + reason;
                Await.until("it logs " + line, () -> log.linesWith(line) > 0, log::text);
                assertEquals(1, log.linesWith(line), log::text);
            }
        }
    }

    private static MessageWriter joining(long term, String node, String keyspace) {
        MessageWriter out = new MessageWriter(term, 22);
        out.join(new UUID(1, 2), node, keyspace);
        return out;
    }

    private static void assertRefused(MessageWriter out, String reason) throws IOException {
        try (ShippingFixture pair = ShippingFixture.open().lead()) {
            assertEquals(reason, refused(pair, out).name());
        }
    }

    private static RefusalReason refused(ShippingFixture pair, MessageWriter out)
            throws IOException {
        try (PeerSocket socket = pair.proven()) {
            socket.send(out);
            Message answer = new Message();
            socket.read(answer, socket.deadlineAfter(5_000_000_000L));
            assertEquals(WireDescriptor.REFUSE, answer.type());
            return RefusalReason.of(answer.intAt(WireDescriptor.REFUSE_REASON_OFFSET));
        }
    }

    /** Reads until the other end closes; heartbeats and frames may come before. */
    private static void assertClosed(PeerSocket socket) {
        Message message = new Message();
        long deadlineNs = Clock.SYSTEM.nanoTime() + 10_000_000_000L;
        IOException end =
                assertThrows(
                        IOException.class,
                        () -> {
                            while (true) {
                                socket.read(message, deadlineNs);
                            }
                        });
        assertFalse(end instanceof SocketTimeoutException, end::toString);
    }

    private static void assertNeverFollows(ShippingFixture pair) {
        // Long enough for several attempts; the condition is that none succeeds.
        long end = System.nanoTime() + 400_000_000L;
        while (System.nanoTime() - end < 0) {
            assertFalse(pair.isFollowing());
            Thread.onSpinWait();
        }
        assertEquals(0, pair.replicaLog.lastOpId());
    }

    private static byte[] closedAfter(ShippingFixture pair, byte[] bytes) throws IOException {
        try (Socket socket = pair.connect()) {
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            return readAll(socket);
        }
    }

    /** Everything until the other end closes, in whatever way. */
    private static byte[] readAll(Socket socket) throws IOException {
        byte[] bytes = new byte[4096];
        int length = 0;
        InputStream in = socket.getInputStream();
        while (true) {
            int count = readOrEnd(in, bytes, length);
            if (count < 0) {
                return Arrays.copyOf(bytes, length);
            }
            length += count;
        }
    }

    private static int readOrEnd(InputStream in, byte[] bytes, int offset) throws IOException {
        try {
            return in.read(bytes, offset, bytes.length - offset);
        } catch (SocketException e) {
            // Closed with bytes unread: the kernel says it by a reset.
            return -1;
        }
    }
}
