package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Replies wait for what they rest on, and become errors when nobody answers for it. */
class AcknowledgementTest {
    private static final String UNKNOWN = "-" + Outbox.UNKNOWN_OUTCOME + "\r\n";
    private static final String NOT_VOUCHED = "-" + Outbox.NOT_VOUCHED + "\r\n";

    private final ScriptedKeyspace keyspace = new ScriptedKeyspace();
    private final RespListener listener = keyspace.listen(config -> config.eventLoopThreads(1));
    private final RawClient client = new RawClient(listener.port());

    @AfterEach
    void close() {
        client.close();
        listener.close();
        keyspace.close();
    }

    private void awaitWaiters(int count) {
        Await.until(() -> keyspace.waiterCount() == count, keyspace::waiterCount);
    }

    @Test
    void shouldHoldAReplyBackUntilItsWriteIsAcknowledged() {
        client.send(RawClient.command("SET", "a", "1"));
        awaitWaiters(1);
        assertTrue(client.isSilentFor(50));
        keyspace.settleNext(true);
        assertEquals("+OK\r\n", client.reply());
    }

    @Test
    void shouldSendRepliesInOrderWhenALaterBatchIsAcknowledgedFirst() {
        client.send(RawClient.command("SET", "a", "1"));
        awaitWaiters(1);
        client.send(RawClient.command("INCR", "a"));
        awaitWaiters(2);
        client.send(RawClient.command("PING"));
        assertTrue(client.isSilentFor(50));
        keyspace.settleNext(true);
        assertEquals("+OK\r\n", client.reply());
        assertTrue(client.isSilentFor(50));
        keyspace.settleNext(true);
        assertEquals(List.of(":2\r\n", "+PONG\r\n"), client.replies(2));
    }

    @Test
    void shouldAcknowledgeAPipelineAsAGroup() {
        StringBuilder pipeline = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            pipeline.append(RawClient.command("INCR", "n"));
        }
        client.send(pipeline.toString());
        awaitWaiters(1);
        keyspace.settleNext(true);
        for (int i = 1; i <= 100; i++) {
            assertEquals(":" + i + "\r\n", client.reply());
        }
        assertEquals(0, keyspace.waiterCount());
    }

    @Test
    void shouldServeOtherClientsWhileOneWaits() {
        client.send(RawClient.command("SET", "a", "1"));
        awaitWaiters(1);
        try (RawClient other = new RawClient(listener.port())) {
            assertEquals("$1\r\n1\r\n", other.call("GET", "a"));
        }
        keyspace.settleNext(true);
        assertEquals("+OK\r\n", client.reply());
    }

    @Test
    void shouldSayThatTheOutcomeIsUnknownInsteadOfOk() {
        client.send(
                RawClient.command("SET", "a", "1")
                        + RawClient.command("GET", "a")
                        + RawClient.command("PING")
                        + RawClient.command("SETNX", "a", "2")
                        + RawClient.command("INCR", "a"));
        awaitWaiters(1);
        keyspace.settleNext(false);
        assertEquals(
                List.of(UNKNOWN, "$1\r\n1\r\n", "+PONG\r\n", ":0\r\n", UNKNOWN), client.replies(5));
        assertEquals("+PONG\r\n", client.call("PING"));
    }

    @Test
    void shouldWithholdDataThatTheNodeCanNotVouchFor() {
        keyspace.acknowledgesAtOnce(true);
        assertEquals("+OK\r\n", client.call("SET", "a", "1"));
        keyspace.vouches(false);
        client.send(
                RawClient.command("GET", "a")
                        + RawClient.command("PING")
                        + RawClient.command("KEYS", "*"));
        assertEquals(List.of(NOT_VOUCHED, "+PONG\r\n", NOT_VOUCHED), client.replies(3));
        keyspace.vouches(true);
        assertEquals("$1\r\n1\r\n", client.call("GET", "a"));
        assertEquals(1, listener.server().withheldBatches());
    }

    @Test
    void shouldWithholdReadsAndWritesOfABatchWhenTheRoleIsLostMeanwhile() {
        client.send(RawClient.command("INCR", "a") + RawClient.command("GET", "a"));
        awaitWaiters(1);
        keyspace.vouches(false);
        keyspace.settleNext(false);
        assertEquals(List.of(UNKNOWN, NOT_VOUCHED), client.replies(2));
    }

    @Test
    void shouldGiveUpWhenNothingIsHeardInTime() {
        keyspace.timeout(Duration.ofMillis(200));
        try (RespListener impatient = keyspace.listen(config -> config);
                RawClient waiting = new RawClient(impatient.port())) {
            assertEquals(UNKNOWN, waiting.call("SET", "a", "1"));
            // Being told after all must change nothing.
            keyspace.settleNext(true);
            assertEquals("+PONG\r\n", waiting.call("PING"));
        }
    }

    @Test
    void shouldStopExecutingWhenTooMuchWaits() {
        StringBuilder pipeline = new StringBuilder();
        String value = "x".repeat(1000);
        for (int i = 0; i < 3000; i++) {
            pipeline.append(RawClient.command("GETSET", "a", value));
        }
        Thread sender = new Thread(() -> client.send(pipeline.toString()));
        sender.start();
        // The replies are 3 MB, of which some 100 kB may wait; nothing is acknowledged.
        Await.until(
                () -> listener.server().clients().all().get(0).outbox().congested(),
                () -> keyspace.waiterCount());
        long executed =
                listener.server().workers().stream()
                        .mapToLong(w -> w.statistics().commandCount())
                        .sum();
        assertTrue(executed < 2000, "executed=" + executed);
        keyspace.acknowledgesAtOnce(true);
        while (keyspace.waiterCount() > 0) {
            keyspace.settleNext(true);
        }
        assertEquals("$-1\r\n", client.reply());
        for (int i = 1; i < 3000; i++) {
            assertEquals("$1000\r\n" + value + "\r\n", client.reply());
        }
    }

    @Test
    void shouldNotAnswerForWritesOfAClientThatLeft() {
        client.send(RawClient.command("SET", "a", "1"));
        awaitWaiters(1);
        client.close();
        Await.until(() -> listener.clientCount() == 0, listener::clientCount);
        keyspace.settleNext(true);
        try (RawClient other = new RawClient(listener.port())) {
            assertEquals("$1\r\n1\r\n", other.call("GET", "a"));
        }
    }

    @Test
    void shouldSuppressAnErrorThatReplacesASuppressedReply() {
        client.send(
                RawClient.command("CLIENT", "REPLY", "SKIP")
                        + RawClient.command("SET", "a", "1")
                        + RawClient.command("PING"));
        awaitWaiters(1);
        keyspace.settleNext(false);
        assertEquals("+PONG\r\n", client.reply());
    }
}
