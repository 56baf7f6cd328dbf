package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Session;
import io.hotpair.resp.Topic.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Publish and subscribe over two event loops, and what bounds it. */
@Timeout(120)
class PubSubTest {
    private static final int MESSAGES = 4_000;
    private static final Pattern PAYLOAD = Pattern.compile("(\\d+):(\\d+)\r\n$");

    private static void until(BooleanSupplier condition) {
        Await.until(condition, () -> "never");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String number(long value) {
        return ":" + value + "\r\n";
    }

    private static String payload(String message) {
        Matcher matcher = PAYLOAD.matcher(message);
        assertTrue(matcher.find(), message);
        return matcher.group(1) + ":" + matcher.group(2);
    }

    /** Two clients on each of two event loops; their ids, and so their loops, alternate. */
    private static List<RawClient> subscribers(TestListener listener, int count) {
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            RawClient client = listener.connect();
            clients.add(client);
            client.send(
                    i % 2 == 0
                            ? RawClient.command("PSUBSCRIBE", "c*")
                            : RawClient.command("SUBSCRIBE", "c0", "c1"));
            client.reply();
            if (i % 2 == 1) {
                client.reply();
            }
        }
        return clients;
    }

    @Test
    void shouldGiveAllSubscribersTheSameOrderThoughSomeLeave() throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        try (TestListener listener = TestListener.open(config -> config.eventLoopThreads(2))) {
            List<RawClient> stay = subscribers(listener, 4);
            List<RawClient> leave = subscribers(listener, 4);
            int publishers = 3;
            List<Future<?>> published = new ArrayList<>();
            for (int p = 0; p < publishers; p++) {
                int publisher = p;
                published.add(threads.submit(() -> publish(listener, publisher)));
            }
            for (RawClient client : leave) {
                client.reply();
                client.close();
            }
            List<Future<List<String>>> received = new ArrayList<>();
            for (RawClient client : stay) {
                received.add(
                        threads.submit(
                                () ->
                                        client.replies(publishers * MESSAGES).stream()
                                                .map(PubSubTest::payload)
                                                .toList()));
            }
            for (Future<?> each : published) {
                each.get();
            }
            List<String> first = received.get(0).get();
            checkPublishersOrder(first);
            for (Future<List<String>> each : received) {
                assertEquals(first, each.get());
            }
            until(() -> listener.listener().clientCount() <= stay.size());
            try (RawClient client = listener.connect()) {
                assertEquals(
                        "*4\r\n$2\r\nc0\r\n:2\r\n$2\r\nc1\r\n:2\r\n",
                        client.call("PUBSUB", "NUMSUB", "c0", "c1"));
                stay.forEach(RawClient::close);
                until(() -> client.call("PUBSUB", "NUMPAT").equals(number(0)));
                until(() -> client.call("PUBSUB", "CHANNELS").equals("*0\r\n"));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void publish(TestListener listener, int publisher) {
        try (RawClient client = listener.connect()) {
            for (int from = 0; from < MESSAGES; from += 100) {
                StringBuilder pipeline = new StringBuilder();
                for (int i = from; i < from + 100; i++) {
                    pipeline.append(RawClient.command("PUBLISH", "c" + i % 2, publisher + ":" + i));
                }
                client.send(pipeline.toString());
                client.replies(100).forEach(reply -> assertNotEquals(number(0), reply));
            }
        }
    }

    private static void checkPublishersOrder(List<String> payloads) {
        Map<String, Integer> last = new HashMap<>();
        for (String payload : payloads) {
            String[] parts = payload.split(":", -1);
            int number = Integer.parseInt(parts[1]);
            assertEquals(number - 1, last.getOrDefault(parts[0], -1), payload);
            last.put(parts[0], number);
        }
    }

    @Test
    void shouldSendWhatATransactionPublishesOnceHoweverOftenItIsTried() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        ExecutorService threads = Executors.newCachedThreadPool();
        try (TestListener listener = TestListener.open();
                RawClient subscriber = listener.connect();
                RawClient publisher = listener.connect()) {
            subscriber.call("SUBSCRIBE", "c");
            Future<?> rival =
                    threads.submit(
                            () -> {
                                Session session = listener.keyspace().session();
                                for (int n = 1; !stop.get(); n++) {
                                    session.increment(bytes("k"), 0, 1, 1);
                                    if (n % 64 == 0) {
                                        // One that never rests wins more often than is tried.
                                        LockSupport.parkNanos(20_000);
                                    }
                                }
                            });
            for (int i = 0; i < 2_000; i++) {
                publisher.send(
                        RawClient.command("MULTI")
                                + RawClient.command("PUBLISH", "c", "0:" + i)
                                + RawClient.command("INCR", "k")
                                + RawClient.command("INCR", "k")
                                + RawClient.command("EXEC"));
                String answer = publisher.replies(5).get(4);
                assertTrue(answer.startsWith("*3\r\n:1\r\n:"), answer);
            }
            stop.set(true);
            rival.get();
            for (int i = 0; i < 2_000; i++) {
                assertEquals("0:" + i, payload(subscriber.reply()));
            }
            assertTrue(subscriber.isSilentFor(50));
        } finally {
            stop.set(true);
            threads.shutdownNow();
        }
    }

    @Test
    void shouldCutASubscriberThatReadsNothingAndServeTheOthers() {
        String chunk = "x".repeat(100_000);
        try (TestListener listener = TestListener.open();
                RawClient slow = listener.connect();
                RawClient quick = listener.connect();
                RawClient publisher = listener.connect()) {
            String limit = "pubsub 2mb 0 0";
            assertEquals(
                    "+OK\r\n",
                    publisher.call("CONFIG", "SET", "client-output-buffer-limit", limit));
            slow.call("SUBSCRIBE", "c");
            quick.call("SUBSCRIBE", "c");
            int sent = 0;
            String reply = number(2);
            while (reply.equals(number(2))) {
                reply = publisher.call("PUBLISH", "c", chunk);
                quick.reply();
                sent++;
                assertTrue(sent < 1_000, "the slow one is still there after " + sent);
                long held = listener.server().budget().usedBytes();
                assertTrue(held < 4 << 20, "held=" + held);
            }
            assertEquals(number(1), reply);
            assertEquals(number(1), publisher.call("PUBLISH", "c", chunk));
            quick.reply();
            until(() -> listener.listener().clientCount() == 2);
            slow.untilClosed();
        }
    }

    @Test
    void shouldCutASubscriberThatIsOverTheSoftLimitForTooLong() {
        String chunk = "x".repeat(100_000);
        try (TestListener listener =
                        TestListener.open(
                                config ->
                                        config.subscriberOutputLimit(
                                                0, 1 << 20, Duration.ofSeconds(1)));
                RawClient slow = listener.connect();
                RawClient publisher = listener.connect()) {
            slow.call("SUBSCRIBE", "c");
            long startNs = System.nanoTime();
            for (int i = 0; i < 120; i++) {
                publisher.call("PUBLISH", "c", chunk);
            }
            // It is cut by the clock, though nothing more is published.
            until(() -> listener.listener().clientCount() == 1);
            assertTrue(System.nanoTime() - startNs > TimeUnit.SECONDS.toNanos(1));
        }
    }

    @Test
    void shouldHoldPublishersBackWhileAnEventLoopCanNotKeepUp() throws Exception {
        String chunk = "x".repeat(100_000);
        int messages = 400;
        CountDownLatch blocked = new CountDownLatch(1);
        try (TestListener listener =
                        TestListener.open(
                                config -> config.subscriberOutputLimit(0, 0, Duration.ZERO));
                RawClient subscriber = listener.connect();
                RawClient publisher = listener.connect()) {
            RespServer server = listener.server();
            Worker slow = workerOf(server, subscriber);
            assertNotEquals(slow, workerOf(server, publisher));
            subscriber.call("SUBSCRIBE", "c");
            slow.execute(() -> await(blocked));
            String command = RawClient.command("PUBLISH", "c", chunk);
            Thread sender =
                    new Thread(
                            () -> {
                                for (int i = 0; i < messages; i++) {
                                    publisher.send(command);
                                }
                            });
            sender.start();
            until(server.pubSub()::isBehind);
            assertTrue(publisher.replies(100).stream().allMatch(number(1)::equals));
            until(() -> slow.inbox().heldBytes() > Inbox.HIGH_BYTES);
            assertTrue(slow.inbox().heldBytes() < Inbox.HIGH_BYTES + 200_000);
            blocked.countDown();
            for (int i = 0; i < messages; i++) {
                assertTrue(subscriber.reply().length() > chunk.length());
            }
            assertTrue(publisher.replies(messages - 100).stream().allMatch(number(1)::equals));
            sender.join();
            assertEquals(0, slow.inbox().heldBytes());
        } finally {
            blocked.countDown();
        }
    }

    @Test
    void shouldCutSubscribersThatThreadsOfTheApplicationOverwhelm() {
        CountDownLatch blocked = new CountDownLatch(1);
        try (TestListener listener = TestListener.open();
                RawClient subscriber = listener.connect()) {
            RespServer server = listener.server();
            Worker slow = workerOf(server, subscriber);
            subscriber.call("SUBSCRIBE", "c");
            slow.execute(() -> await(blocked));
            byte[] chunk = new byte[1 << 20];
            for (int i = 0; i < 100; i++) {
                int unused = server.pubSub().publish(Kind.CHANNEL, bytes("c"), chunk, null);
            }
            assertTrue(slow.inbox().heldBytes() < Inbox.LIMIT_BYTES + 2L * chunk.length);
            blocked.countDown();
            until(() -> listener.listener().clientCount() == 0);
            until(() -> server.pubSub().count(Kind.CHANNEL) == 0);
            assertEquals(0, slow.inbox().heldBytes());
        } finally {
            blocked.countDown();
        }
    }

    @Test
    void shouldCutThoseWhoTrackKeysWhenWhatTheyAreToldIsLost() {
        CountDownLatch blocked = new CountDownLatch(1);
        try (TestListener listener = TestListener.open(config -> config.eventLoopThreads(1));
                RawClient subscriber = listener.connect();
                RawClient tracker = listener.connect();
                RawClient target = listener.connect();
                RawClient other = listener.connect()) {
            RespServer server = listener.server();
            Worker slow = workerOf(server, other);
            target.call("HELLO", "3");
            String id = target.call("CLIENT", "ID").replaceAll("\\D", "");
            tracker.call("CLIENT", "TRACKING", "ON", "REDIRECT", id);
            tracker.call("GET", "k");
            subscriber.call("SUBSCRIBE", "c");
            slow.execute(() -> await(blocked));
            byte[] chunk = new byte[1 << 20];
            for (int i = 0; i < 70; i++) {
                int unused = server.pubSub().publish(Kind.CHANNEL, bytes("c"), chunk, null);
            }
            listener.keyspace().put("k", "v");
            blocked.countDown();
            tracker.untilClosed();
            target.untilClosed();
            assertEquals("+PONG\r\n", other.call("PING"));
        } finally {
            blocked.countDown();
        }
    }

    @Test
    void shouldGiveNothingThatWasPublishedBeforeTheSubscription() throws Exception {
        try (TestListener listener = TestListener.open(config -> config.eventLoopThreads(1));
                RawClient early = listener.connect();
                RawClient late = listener.connect()) {
            RespServer server = listener.server();
            Worker worker = workerOf(server, late);
            Client client = server.clients().all().get(1).client();
            assertEquals(number(2), late.call("CLIENT", "ID"));
            early.call("SUBSCRIBE", "c");
            worker.loop()
                    .submit(
                            () -> {
                                // The loop is busy here, so it can't deliver in between.
                                Thread publisher =
                                        new Thread(() -> publishOne(server.pubSub(), "0:1"));
                                publisher.start();
                                publisher.join();
                                client.subscriptions().add(Kind.CHANNEL, bytes("c"));
                                return null;
                            })
                    .get();
            publishOne(server.pubSub(), "0:2");
            assertEquals("0:1", payload(early.reply()));
            assertEquals("0:2", payload(early.reply()));
            assertEquals("0:2", payload(late.reply()));
        }
    }

    private static void publishOne(PubSub pubSub, String payload) {
        int unused = pubSub.publish(Kind.CHANNEL, bytes("c"), bytes(payload), null);
    }

    private static Worker workerOf(RespServer server, RawClient client) {
        long clientId = Long.parseLong(client.call("CLIENT", "ID").replaceAll("\\D", ""));
        return server.clients().all().stream()
                .filter(connection -> connection.client().id() == clientId)
                .findFirst()
                .orElseThrow()
                .worker();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(60, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void shouldTellOfSubscriptionsInClientListAndInfo() {
        try (TestListener listener = TestListener.open();
                RawClient subscriber = listener.connect();
                RawClient other = listener.connect()) {
            subscriber.send(
                    RawClient.command("SUBSCRIBE", "a", "b")
                            + RawClient.command("PSUBSCRIBE", "p*")
                            + RawClient.command("SSUBSCRIBE", "s1", "s2", "s3"));
            subscriber.replies(6);
            String list = other.call("CLIENT", "LIST", "TYPE", "PUBSUB");
            assertTrue(list.contains(" flags=P db=0 sub=2 psub=1 ssub=3 "), list);
            assertEquals(2, list.lines().filter(line -> line.startsWith("id=")).count() + 1);
            String info = other.call("INFO", "stats");
            assertTrue(info.contains("pubsub_channels:2\r\npubsub_patterns:1\r\n"), info);
            assertTrue(info.contains("pubsubshard_channels:3\r\n"), info);
            assertEquals(number(1), other.call("CLIENT", "KILL", "TYPE", "pubsub"));
            until(() -> other.call("PUBSUB", "NUMPAT").equals(number(0)));
            assertTrue(other.call("INFO", "stats").contains("pubsub_channels:0\r\n"));
            assertEquals(0, listener.server().budget().usedBytes());
        }
    }

    @Test
    void shouldKeepWhatIsPublishedBehindRepliesThatWait() {
        try (TestListener listener = TestListener.open();
                RawClient subscriber = listener.connect();
                RawClient publisher = listener.connect()) {
            subscriber.call("SUBSCRIBE", "c");
            String large = "y".repeat(1 << 20);
            publisher.call("PUBLISH", "c", large);
            publisher.call("PUBLISH", "c", "0:1");
            publisher.call("PUBLISH", "c", large + "z");
            publisher.call("PUBLISH", "c", "0:2");
            subscriber.send(RawClient.command("PING", "p"));
            assertTrue(subscriber.reply().endsWith(large + "\r\n"));
            assertEquals("0:1", payload(subscriber.reply()));
            assertTrue(subscriber.reply().endsWith("z\r\n"));
            assertEquals("0:2", payload(subscriber.reply()));
            assertEquals("*2\r\n$4\r\npong\r\n$1\r\np\r\n", subscriber.reply());
        }
    }
}
