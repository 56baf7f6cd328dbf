package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a listener must stand; a good client meanwhile finds its data as they were. */
class AbuseTest {
    private @Nullable TestListener listener;
    private @Nullable RawClient good;

    private TestListener open(UnaryOperator<RespConfigBuilder> settings) {
        TestListener opened = TestListener.open(settings);
        listener = opened;
        opened.keyspace().put("kept", "value");
        return opened;
    }

    @AfterEach
    void shouldHaveLostNothing() {
        TestListener opened = listener;
        if (opened == null) {
            return;
        }
        try {
            assertEquals("value", opened.keyspace().get("kept"));
            Await.until(
                    () ->
                            opened.server().budget().usedBytes() == 0
                                    || opened.listener().clientCount() > 0,
                    () -> "still held: " + opened.server().budget().usedBytes());
            if (good != null) {
                good.close();
            }
        } finally {
            opened.close();
        }
    }

    static List<String> brokenInput() {
        return List.of(Mistakes.BROKEN);
    }

    @ParameterizedTest
    @MethodSource("brokenInput")
    void shouldCloseAfterBrokenInput(String input) {
        TestListener opened = open(c -> c);
        try (RawClient client = opened.connect()) {
            client.send(input);
            String reply = client.untilClosed();
            boolean silent = input.contains("Host:") || input.contains("post");
            assertTrue(
                    silent
                            ? reply.isEmpty()
                            : reply.contains("-ERR Protocol error") || quits(reply),
                    reply);
        }
        try (RawClient client = opened.connect()) {
            assertEquals("$5\r\nvalue\r\n", client.call("GET", "kept"));
        }
    }

    private static boolean quits(String reply) {
        return reply.endsWith("+OK\r\n");
    }

    @Test
    void shouldRefuseATlsHandshake() {
        TestListener opened = open(c -> c);
        try (RawClient client = opened.connect()) {
            client.send(new byte[] {22, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3});
            assertEquals(
                    "-ERR Protocol error: a TLS handshake on a port without TLS\r\n",
                    client.untilClosed());
        }
    }

    @Test
    void shouldNotLetClientsPutLineBreaksIntoErrors() {
        TestListener opened = open(c -> c);
        try (RawClient client = opened.connect()) {
            String injected = "x\r\n+OK\r\n$5\r\nHELLO";
            assertEquals(
                    "-ERR unknown command 'x  +OK  $5  HELLO', with args beginning with: \r\n",
                    client.call(injected));
            assertEquals(
                    "-ERR Unsupported option x  +OK  $5  HELLO\r\n",
                    client.call("EXPIRE", "a", "1", injected));
            assertEquals("+PONG\r\n", client.call("PING"));
        }
    }

    @Test
    void shouldTakeNoMoreMemoryThanHasArrived() {
        TestListener opened = open(c -> c);
        try (RawClient client = opened.connect()) {
            client.send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$536870912\r\nxyz");
            Connection connection = only(opened);
            Await.until(() -> connection.heldLength() > 30, connection::heldLength);
            assertTrue(
                    connection.account().heldBytes() < 4096,
                    () -> "held=" + connection.account().heldBytes());
            client.send("*2147483647\r\n");
        }
    }

    private static Connection only(TestListener opened) {
        Await.until(() -> opened.listener().clientCount() == 1, opened.listener()::clientCount);
        return opened.server().clients().all().get(0);
    }

    @Test
    void shouldEndAClientWhoseCommandGrowsBeyondTheLimit() {
        TestListener opened = open(c -> c.queryBufferLimit(128 << 10));
        try (RawClient client = opened.connect()) {
            client.send("*2\r\n$4\r\nECHO\r\n$200000\r\n" + "x".repeat(130 << 10));
            assertEquals(
                    "-ERR Protocol error: the command is longer than the limit for client input,"
                            + " 131072 bytes\r\n",
                    client.untilClosed());
        }
    }

    @Test
    void shouldEndTheLargestClientWhenAllTogetherHoldTooMuch() {
        TestListener opened = open(c -> c.clientMemoryLimit(1 << 20));
        List<RawClient> hoarders = new ArrayList<>();
        try (RawClient small = opened.connect()) {
            small.send("*2\r\n$4\r\nECHO\r\n$3000\r\n" + "x".repeat(2000));
            for (int i = 0; i < 20; i++) {
                RawClient hoarder = opened.connect();
                hoarders.add(hoarder);
                hoarder.send("*2\r\n$4\r\nECHO\r\n$1000000\r\n" + "x".repeat(100_000));
            }
            Await.until(
                    () -> opened.server().budget().evictedCount() > 5,
                    opened.server().budget()::evictedCount);
            assertTrue(opened.server().budget().usedBytes() <= 1 << 20);
            small.send("x".repeat(1000) + "\r\n");
            assertEquals("$3000\r\n" + "x".repeat(3000) + "\r\n", small.reply());
        } finally {
            hoarders.forEach(RawClient::close);
        }
    }

    @Test
    void shouldStopExecutingForAClientThatNeverReads() {
        TestListener opened = open(c -> c.stallTimeout(Duration.ofMillis(500)));
        opened.keyspace().put("big", "x".repeat(1 << 20));
        try (RawClient client = opened.connect();
                RawClient other = opened.connect()) {
            // These ask for 4 GB of replies.
            client.send(RawClient.command("GET", "big").repeat(4096));
            Await.until(
                    () ->
                            opened.server().clients().all().stream()
                                    .anyMatch(c -> c.outbox().congested()),
                    () -> opened.server().budget().usedBytes());
            assertEquals("$5\r\nvalue\r\n", other.call("GET", "kept"));
            long held = opened.server().budget().usedBytes();
            assertTrue(held < 8 << 20, "held=" + held);
            // Then it is disconnected, for it has taken nothing for too long.
            Await.until(() -> opened.listener().clientCount() == 1, opened.listener()::clientCount);
            assertEquals("$5\r\nvalue\r\n", other.call("GET", "kept"));
        }
    }

    @Test
    void shouldServeAClientThatReadsSlowly() {
        TestListener opened = open(c -> c);
        String big = "x".repeat(1 << 20);
        opened.keyspace().put("big", big);
        try (RawClient client = opened.connect()) {
            client.send(RawClient.command("GET", "big").repeat(32) + RawClient.command("PING"));
            for (int i = 0; i < 32; i++) {
                assertEquals("$1048576\r\n" + big + "\r\n", client.reply());
            }
            assertEquals("+PONG\r\n", client.reply());
        }
    }

    @Test
    void shouldAnswerWithAnErrorInsteadOfAReplyThatIsTooLong() {
        TestListener opened = open(c -> c.outputBufferLimit(64 << 10));
        opened.keyspace().put("big", "x".repeat(100_000));
        try (RawClient client = opened.connect()) {
            String error =
                    "-ERR the reply is longer than the limit for client output, 65536 bytes; if the"
                            + " command writes, it was executed\r\n";
            assertEquals(error, client.call("GET", "big"));
            assertEquals(error, client.call("MGET", "kept", "big"));
            assertEquals("$5\r\nvalue\r\n", client.call("GET", "kept"));
        }
    }

    @Test
    void shouldEndAClientThatSendsACommandTooSlowly() {
        TestListener opened = open(c -> c.idleTimeout(Duration.ofMillis(400)));
        try (RawClient client = opened.connect()) {
            for (int i = 0; i < 200 && opened.listener().clientCount() > 0; i++) {
                try {
                    client.send(i == 0 ? "*2\r\n$4\r\nECHO\r\n$1000\r\n" : "x");
                } catch (UncheckedIOException e) {
                    break;
                }
                assertEquals(false, i == 199, "still connected after 200 bytes");
                client.isSilentFor(20);
            }
        }
        Await.until(() -> opened.listener().clientCount() == 0, opened.listener()::clientCount);
    }

    @Test
    void shouldEndAClientThatDoesNotAuthenticate() {
        TestListener opened = open(c -> c.password("pw").handshakeTimeout(Duration.ofMillis(300)));
        try (RawClient silent = opened.connect();
                RawClient busy = opened.connect()) {
            assertEquals("-NOAUTH Authentication required.\r\n", busy.call("GET", "kept"));
            assertEquals("", silent.untilClosed());
            assertEquals("", busy.untilClosed());
        }
    }

    @Test
    void shouldRefuseClientsBeyondTheLimit() {
        TestListener opened = open(c -> c.maxClients(2));
        try (RawClient first = opened.connect();
                RawClient second = opened.connect()) {
            assertEquals("+PONG\r\n", first.call("PING"));
            assertEquals("+PONG\r\n", second.call("PING"));
            try (RawClient third = opened.connect()) {
                assertEquals("-ERR max number of clients reached\r\n", third.untilClosed());
            }
            assertEquals("$5\r\nvalue\r\n", first.call("GET", "kept"));
        }
        Await.until(() -> opened.listener().clientCount() == 0, opened.listener()::clientCount);
        try (RawClient next = opened.connect()) {
            assertEquals("+PONG\r\n", next.call("PING"));
        }
    }

    @Test
    void shouldMakeGuessersOfPasswordsWait() {
        TestListener opened = open(c -> c.password("right").password("also-right"));
        String wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
        try (RawClient guesser = opened.connect();
                RawClient owner = opened.connect()) {
            for (int i = 0; i < 3; i++) {
                assertEquals(wrong, guesser.call("AUTH", "guess" + i));
            }
            long startNs = System.nanoTime();
            for (int i = 0; i < 3; i++) {
                assertEquals(wrong, guesser.call("AUTH", "guess" + i));
            }
            long tookMs = (System.nanoTime() - startNs) / 1_000_000;
            assertTrue(tookMs >= 50 + 100 + 200, "tookMs=" + tookMs);
            guesser.send(RawClient.command("AUTH", "guess") + RawClient.command("AUTH", "right"));
            assertEquals("+OK\r\n", owner.call("AUTH", "default", "also-right"));
            assertEquals("$5\r\nvalue\r\n", owner.call("GET", "kept"));
            assertEquals(List.of(wrong, "+OK\r\n"), guesser.replies(2));
        }
    }

    @Test
    void shouldBoundWhatAPatternCosts() {
        TestListener opened = open(c -> c);
        opened.keyspace().put("a".repeat(60_000), "1");
        try (RawClient client = opened.connect()) {
            assertEquals("*0\r\n", client.call("KEYS", "*a".repeat(500) + "b"));
            assertEquals(
                    "-ERR pattern of 2000 bytes, expected at most 1024\r\n",
                    client.call("KEYS", "*a".repeat(1000)));
        }
    }

    @Test
    void shouldSurviveAConnectionThatIsReset() throws Exception {
        TestListener opened = open(c -> c);
        for (int i = 0; i < 20; i++) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), opened.port())) {
                socket.setSoLinger(true, 0);
                socket.getOutputStream()
                        .write(
                                RawClient.command("GET", "kept")
                                        .repeat(100)
                                        .getBytes(StandardCharsets.US_ASCII));
            }
        }
        Await.until(() -> opened.listener().clientCount() == 0, opened.listener()::clientCount);
        try (RawClient client = opened.connect()) {
            assertEquals("$5\r\nvalue\r\n", client.call("GET", "kept"));
        }
    }

    @Test
    void shouldRefuseKeysThatAreTooLong() {
        TestListener opened = open(c -> c);
        try (RawClient client = opened.connect()) {
            String reply = client.call("SET", "k".repeat(65_536), "v");
            assertTrue(reply.startsWith("-ERR "), reply);
            assertTrue(reply.contains("65535"), reply);
            assertEquals("+OK\r\n", client.call("SET", "k".repeat(65_535), "v"));
        }
    }

    @Test
    void shouldChargeWhatWaitsBeforeItTakesThat() {
        TestListener opened = open(c -> c.clientMemoryLimit(1 << 20));
        String[] few = new String[1_002];
        Arrays.setAll(few, i -> i == 0 ? "BLPOP" : i <= 1_000 ? "few" + i : "0");
        String[] many = new String[10_002];
        Arrays.setAll(many, i -> i == 0 ? "BLPOP" : i <= 10_000 ? "many" + i : "0");
        try (RawClient modest = opened.connect();
                RawClient greedy = opened.connect()) {
            modest.send(RawClient.command(few));
            Await.until(
                    () -> opened.server().budget().usedBytes() > 1_000 * 224,
                    opened.server().budget()::usedBytes);
            greedy.send(RawClient.command(many));
            assertEquals("", greedy.untilClosed());
            assertEquals(1, opened.server().budget().evictedCount());
            try (RawClient other = opened.connect()) {
                assertEquals(":1\r\n", other.call("RPUSH", "many7", "x"));
                assertEquals(":1\r\n", other.call("LLEN", "many7"));
                other.call("RPUSH", "few7", "x");
                assertEquals("*2\r\n$4\r\nfew7\r\n$1\r\nx\r\n", modest.reply());
            }
            Await.until(
                    () -> opened.server().budget().usedBytes() < 1_000,
                    opened.server().budget()::usedBytes);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"WATCH", "SUBSCRIBE", "PSUBSCRIBE"})
    void shouldEndACommandInItsMiddleThatIsToRememberTooMuch(String command) {
        TestListener opened = open(c -> c.clientMemoryLimit(1 << 20));
        String[] many = new String[20_001];
        Arrays.setAll(many, i -> i == 0 ? command : "name" + i);
        try (RawClient greedy = opened.connect();
                RawClient other = opened.connect()) {
            // What follows is not executed for it any more.
            greedy.send(RawClient.command(many) + RawClient.command("SET", "after", "1"));
            String unused = greedy.untilClosed();
            assertEquals(1, opened.server().budget().evictedCount());
            assertEquals(":0\r\n", other.call("EXISTS", "after"));
            Await.until(
                    () -> "*0\r\n".equals(other.call("PUBSUB", "CHANNELS")), () -> "channels left");
            Await.until(
                    () -> ":0\r\n".equals(other.call("PUBSUB", "NUMPAT")), () -> "patterns left");
        }
    }
}
