package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.ListOperations;
import io.hotpair.PoppedElements;
import io.hotpair.Session;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that wait for an element: beside what a comparison with a real server shows. */
class BlockedClientTest {
    private static final String POPPED = "*2\r\n$1\r\nk\r\n$1\r\na\r\n";

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void awaitBlocked(RawClient controller, int count) {
        Await.until(
                () ->
                        controller
                                .call("INFO", "clients")
                                .contains("blocked_clients:" + count + "\r\n"),
                () -> controller.call("CLIENT", "LIST"));
    }

    @Test
    void shouldExecuteWhatIsBehindAWaitAfterwards() {
        try (TestListener listener = TestListener.open();
                RawClient waiting = listener.connect();
                RawClient other = listener.connect()) {
            waiting.send(
                    RawClient.command("SET", "before", "1")
                            + RawClient.command("BLPOP", "k", "0")
                            + RawClient.command("RPUSH", "k", "b")
                            + RawClient.command("BLPOP", "k", "0")
                            + RawClient.command("SET", "behind", "1"));
            assertEquals("+OK\r\n", waiting.reply());
            awaitBlocked(other, 1);
            assertTrue(waiting.isSilentFor(30));
            assertEquals("$-1\r\n", other.call("GET", "behind"));
            assertEquals(":1\r\n", other.call("RPUSH", "k", "a"));
            assertEquals(
                    List.of(POPPED, ":1\r\n", POPPED.replace("a\r\n", "b\r\n"), "+OK\r\n"),
                    waiting.replies(4));
        }
    }

    @Test
    void shouldShowThoseWhoWait() {
        try (TestListener listener = TestListener.open();
                RawClient waiting = listener.connect();
                RawClient other = listener.connect()) {
            waiting.send(RawClient.command("BLPOP", "k", "0"));
            awaitBlocked(other, 1);
            String list = other.call("CLIENT", "LIST");
            assertTrue(list.matches("(?s).* flags=b .* cmd=blpop .*"), list);
            assertEquals(":1\r\n", other.call("RPUSH", "k", "a"));
            assertEquals(POPPED, waiting.reply());
            awaitBlocked(other, 0);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldTakeNothingForOneThatLeft(boolean killed) {
        try (TestListener listener = TestListener.open();
                RawClient other = listener.connect()) {
            RawClient waiting = listener.connect();
            String id = waiting.call("CLIENT", "ID").substring(1).trim();
            waiting.send(RawClient.command("BLPOP", "k", "0"));
            awaitBlocked(other, 1);
            if (killed) {
                assertEquals(":1\r\n", other.call("CLIENT", "KILL", "ID", id));
                assertEquals("", waiting.untilClosed());
            }
            waiting.close();
            Await.until(
                    () -> listener.listener().clientCount() == 1,
                    () -> other.call("CLIENT", "LIST"));
            assertEquals(":1\r\n", other.call("RPUSH", "k", "a"));
            assertEquals(":1\r\n", other.call("LLEN", "k"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TIMEOUT", "ERROR"})
    void shouldBeUnblockedByATransaction(String how) {
        try (TestListener listener = TestListener.open();
                RealRedis redis = RealRedis.start()) {
            List<List<String>> answers = new ArrayList<>();
            for (int port : new int[] {redis.port(), listener.port()}) {
                try (RawClient waiting = new RawClient(port);
                        RawClient other = new RawClient(port)) {
                    String id = waiting.call("CLIENT", "ID").substring(1).trim();
                    waiting.send(RawClient.command("BLPOP", "k", "0"));
                    awaitBlocked(other, 1);
                    other.call("MULTI");
                    other.call("CLIENT", "UNBLOCK", id, how);
                    other.call("CLIENT", "UNBLOCK", "1000000");
                    answers.add(List.of(other.call("EXEC"), waiting.reply()));
                }
            }
            assertEquals(answers.get(0), answers.get(1));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"5e-324", "1e-4000", "0x1p-1000", "0.0000001", "0.001"})
    void shouldNotWaitForEverForALittleTime(String seconds) {
        try (TestListener listener = TestListener.open();
                RawClient ours = listener.connect();
                RealRedis redis = RealRedis.start();
                RawClient theirs = new RawClient(redis.port())) {
            for (RawClient client : List.of(theirs, ours)) {
                assertEquals("*-1\r\n", client.call("BLPOP", "nosuch", seconds));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-0", "-1e-400"})
    void shouldWaitForEverForNoTimeAtAll(String seconds) {
        try (TestListener listener = TestListener.open();
                RawClient ours = listener.connect();
                RealRedis redis = RealRedis.start();
                RawClient theirs = new RawClient(redis.port())) {
            for (RawClient client : List.of(theirs, ours)) {
                client.send(RawClient.command("BLPOP", "nosuch", seconds));
                assertTrue(client.isSilentFor(30), seconds);
            }
        }
    }

    @Test
    void shouldTakeNothingForOneWhoseListenerWasClosed() {
        try (TestListener listener = TestListener.open();
                RawClient waiting = listener.connect();
                RawClient other = listener.connect()) {
            waiting.send(RawClient.command("BLPOP", "k", "0"));
            awaitBlocked(other, 1);
            listener.listener().close();
            ListOperations lists = listener.keyspace().lists();
            assertEquals(1, lists.rpush(bytes("k"), bytes("a")));
            assertEquals(1, lists.llen(bytes("k")));
        }
    }

    @Test
    void shouldCountWhatThoseWhoWaitKeep() {
        try (TestListener listener = TestListener.open();
                RawClient waiting = listener.connect();
                RawClient other = listener.connect()) {
            String key = "k".repeat(60_000);
            waiting.send(RawClient.command("BLPOP", key, "0"));
            awaitBlocked(other, 1);
            Await.until(
                    () -> listener.server().budget().usedBytes() > 60_000,
                    () -> listener.server().budget().usedBytes());
            other.call("RPUSH", key, "a");
            assertTrue(waiting.reply().endsWith("$1\r\na\r\n"));
            Await.until(
                    () -> listener.server().budget().usedBytes() < 60_000,
                    () -> listener.server().budget().usedBytes());
        }
    }

    @Test
    void shouldWaitNoLongerThanAsked() {
        try (TestListener listener = TestListener.open();
                RawClient waiting = listener.connect()) {
            for (String command : List.of("BLPOP k 0.05", "BRPOPLPUSH k l 0.05")) {
                long startNs = System.nanoTime();
                assertEquals("*-1\r\n", waiting.call(command.split(" ")));
                long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
                assertTrue(tookMs >= 50, "tookMs=" + tookMs);
            }
            assertEquals(":1\r\n", waiting.call("RPUSH", "k", "a"));
            assertEquals(":1\r\n", waiting.call("LLEN", "k"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void shouldUnblockOnlyThoseWhoWait(int threads) {
        try (TestListener listener = TestListener.open(c -> c.eventLoopThreads(threads));
                RawClient waiting = listener.connect();
                RawClient other = listener.connect()) {
            String id = waiting.call("CLIENT", "ID").substring(1).trim();
            for (int i = 0; i < 50; i++) {
                assertEquals(":0\r\n", other.call("CLIENT", "UNBLOCK", id));
                waiting.send(RawClient.command("BLPOP", "k", "0"));
                awaitBlocked(other, 1);
                assertEquals(":1\r\n", other.call("CLIENT", "UNBLOCK", id));
                assertEquals("*-1\r\n", waiting.reply());
            }
            other.call("CLIENT", "PAUSE", "100000", "WRITE");
            waiting.send(RawClient.command("BLPOP", "k", "0"));
            awaitBlocked(other, 1);
            // It waits for the end of the pause, not for an element.
            assertEquals(":0\r\n", other.call("CLIENT", "UNBLOCK", id));
            other.call("CLIENT", "UNPAUSE");
            other.call("RPUSH", "k", "a");
            assertEquals(POPPED, waiting.reply());
        }
    }

    /** A time that stands still, so that nobody is gone because time passes. */
    private static final class StillClock implements Clock {
        @Override
        public long currentTimeMs() {
            return 1_700_000_000_000L;
        }

        @Override
        public long nanoTime() {
            return 0;
        }
    }

    @Test
    void shouldWaitForNobodyWhoSendsTooMuchWhileHeldBack() {
        try (Keyspace keyspace =
                        Keyspace.open(
                                Keyspace.builder().inMemory().clock(new StillClock()).build());
                RespListener listener =
                        RespListener.open(
                                keyspace,
                                RespConfig.builder().port(0).queryBufferLimit(64 << 10).build());
                RawClient other = new RawClient(listener.port());
                RawClient held = new RawClient(listener.port())) {
            assertEquals("+OK\r\n", other.call("CLIENT", "PAUSE", "100000", "WRITE"));
            held.send(RawClient.command("SET", "a", "1"));
            awaitBlocked(other, 1);
            held.send("*1\r\n$70000\r\n" + "x".repeat(66_000));
            assertTrue(held.untilClosed().startsWith("-ERR Protocol error: the command is longer"));
            assertEquals("+OK\r\n", other.call("CLIENT", "UNPAUSE"));
            assertEquals("$-1\r\n", other.call("GET", "a"));
        }
    }

    @Test
    void shouldGiveNothingToOneWhoSendsTooMuchWhileItWaits() {
        try (TestListener listener = TestListener.open(c -> c.queryBufferLimit(64 << 10));
                RawClient waiting = listener.connect();
                RawClient other = listener.connect()) {
            waiting.send(RawClient.command("BLPOP", "k", "0"));
            awaitBlocked(other, 1);
            waiting.send("*1\r\n$70000\r\n" + "x".repeat(66_000));
            String reply = waiting.untilClosed();
            assertTrue(reply.startsWith("-ERR Protocol error: the command is longer"), reply);
            assertEquals(":1\r\n", other.call("RPUSH", "k", "a"));
            assertEquals(":1\r\n", other.call("LLEN", "k"));
        }
    }

    /** Elements are pushed while as many waits are ended: each element comes once or stays. */
    @Test
    void shouldLoseNothingWhenAWaitIsEndedWhileItIsServed() {
        try (TestListener listener = TestListener.open(c -> c.eventLoopThreads(3));
                RawClient waiting = listener.connect();
                RawClient pushing = listener.connect();
                RawClient ending = listener.connect()) {
            String id = waiting.call("CLIENT", "ID").substring(1).trim();
            int taken = 0;
            int ended = 0;
            int rounds = 500;
            for (int i = 0; i < rounds; i++) {
                waiting.send(RawClient.command("BLPOP", "k", "0"));
                pushing.send(RawClient.command("RPUSH", "k", "a"));
                ending.send(RawClient.command("CLIENT", "UNBLOCK", id, "ERROR"));
                boolean got = waiting.reply().equals(POPPED);
                assertTrue(pushing.reply().startsWith(":"));
                // Ended too early, before the command came, or too late.
                boolean unblocked = ending.reply().equals(":1\r\n");
                assertTrue(got != unblocked, "round " + i + ": got=" + got);
                taken += got ? 1 : 0;
                ended += unblocked ? 1 : 0;
            }
            assertEquals(rounds, taken + ended);
            assertEquals(":" + (rounds - taken) + "\r\n", pushing.call("LLEN", "k"));
        }
    }

    @Test
    void shouldGiveEachElementToOne() throws InterruptedException {
        int consumers = 6;
        int elements = 3000;
        List<String> got = Collections.synchronizedList(new ArrayList<>());
        try (TestListener listener = TestListener.open();
                RawClient producer = listener.connect()) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < consumers; i++) {
                String key = "k" + i % 2;
                Thread thread = new Thread(() -> consume(listener, key, got));
                thread.start();
                threads.add(thread);
            }
            StringBuilder pipeline = new StringBuilder();
            for (int i = 0; i < elements; i++) {
                pipeline.append(RawClient.command("RPUSH", "k" + i % 2, "e" + i));
            }
            producer.send(pipeline.toString());
            producer.replies(elements);
            for (int i = 0; i < consumers; i++) {
                producer.call("RPUSH", "k" + i % 2, "end");
            }
            for (Thread thread : threads) {
                thread.join();
            }
            got.sort(null);
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < elements; i++) {
                expected.add("e" + i);
            }
            expected.sort(null);
            assertEquals(expected, got);
        }
    }

    private static void consume(TestListener listener, String key, List<String> got) {
        try (RawClient client = listener.connect()) {
            while (true) {
                String element = client.call("BLPOP", key, "0").split("\r\n", -1)[4];
                if (element.equals("end")) {
                    return;
                }
                got.add(element);
            }
        }
    }

    @Test
    void shouldAnswerOnlyWhenWhatWasTakenIsAcknowledged() {
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace();
                RespListener listener = keyspace.listen(c -> c);
                RawClient waiting = new RawClient(listener.port());
                RawClient other = new RawClient(listener.port())) {
            for (boolean reached : new boolean[] {true, false}) {
                waiting.send(RawClient.command("BLPOP", "k", "0"));
                awaitBlocked(other, 1);
                other.send(RawClient.command("RPUSH", "k", "a"));
                Await.until(() -> keyspace.waiterCount() == 2, keyspace::waiterCount);
                assertTrue(waiting.isSilentFor(30));
                keyspace.settleNext(reached);
                keyspace.settleNext(reached);
                String unknown = "-" + Outbox.UNKNOWN_OUTCOME + "\r\n";
                assertEquals(reached ? ":1\r\n" : unknown, other.reply());
                assertEquals(reached ? POPPED : unknown, waiting.reply());
            }
        }
    }

    @Test
    void shouldSendAwayThoseWhoWaitWhenTheRoleIsLost() {
        CompletableFuture<@Nullable PoppedElements> future = new CompletableFuture<>();
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace()) {
            keyspace.sessions(session -> waitingFor(session, future));
            try (RespListener listener = keyspace.listen(c -> c);
                    RawClient waiting = new RawClient(listener.port());
                    RawClient other = new RawClient(listener.port())) {
                waiting.send(RawClient.command("BLPOP", "k", "0"));
                awaitBlocked(other, 1);
                keyspace.vouches(false);
                boolean unused =
                        future.completeExceptionally(
                                new HotpairException(HotpairException.Category.NOT_MASTER, "lost"));
                assertEquals("-" + BlockedClient.ROLE_LOST + "\r\n", waiting.untilClosed());
            }
        }
    }

    /** A session whose lists are waited for until a future is completed. */
    private static Session waitingFor(
            Session session, CompletableFuture<@Nullable PoppedElements> future) {
        ListOperations lists =
                (ListOperations)
                        Proxy.newProxyInstance(
                                ListOperations.class.getClassLoader(),
                                new Class<?>[] {ListOperations.class},
                                (proxy, method, arguments) -> future);
        return (Session)
                Proxy.newProxyInstance(
                        Session.class.getClassLoader(),
                        new Class<?>[] {Session.class},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("lists")) {
                                return lists;
                            }
                            try {
                                return method.invoke(session, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }
}
