package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.topology.Role;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Transactions: beside what a comparison with a real server shows. */
class TransactionTest {
    private static final String QUEUED = "+QUEUED\r\n";

    private static void call(RawClient client, String expected, String line) {
        assertEquals(expected, client.call(line.split(" ")), line);
    }

    @Test
    void shouldWalkOverWhatTheTransactionHasDone() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            call(client, "+OK\r\n", "SET a 1");
            call(client, "+OK\r\n", "MULTI");
            for (String line :
                    List.of(
                            "SET b 2",
                            "DEL a",
                            "DBSIZE",
                            "KEYS *",
                            "RANDOMKEY",
                            "FLUSHALL",
                            "DBSIZE",
                            "RANDOMKEY",
                            "SCAN 0",
                            "SET c 3",
                            "DBSIZE")) {
                call(client, QUEUED, line);
            }
            String replies =
                    String.join(
                            "\r\n", "*11", "+OK", ":1", ":1", "*1", "$1", "b", "$1", "b", "+OK",
                            ":0", "$-1", "*2", "$1", "0", "*0", "+OK", ":1", "");
            assertEquals(replies, client.call("EXEC"));
            call(client, ":1\r\n", "DBSIZE");
        }
    }

    @Test
    void shouldFlushManyKeysInOneStep() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            for (int i = 0; i < 5000; i++) {
                listener.keyspace().put("key:" + i, "v");
            }
            client.call("MULTI");
            client.call("SET", "new", "1");
            client.call("FLUSHDB");
            assertEquals("*2\r\n+OK\r\n+OK\r\n", client.call("EXEC"));
            assertEquals(":0\r\n", client.call("DBSIZE"));
        }
    }

    @Test
    void shouldNoticeThatAWatchedKeyExpired() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            call(client, "+OK\r\n", "SET a 1 PX 500");
            call(client, "+OK\r\n", "WATCH a nosuch");
            Await.until(() -> client.call("EXISTS", "a").equals(":0\r\n"), () -> "a is there");
            call(client, "+OK\r\n", "MULTI");
            call(client, QUEUED, "SET b 1");
            call(client, "*-1\r\n", "EXEC");
            call(client, ":0\r\n", "EXISTS b");
        }
    }

    @Test
    void shouldLoseNoUpdateOfThoseWhoWatch() throws InterruptedException {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("SET", "n", "0");
            List<Thread> writers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Thread writer = new Thread(() -> addOneHundredTimes(listener));
                writers.add(writer);
                writer.start();
            }
            for (Thread writer : writers) {
                writer.join();
            }
            assertEquals("$3\r\n400\r\n", client.call("GET", "n"));
            assertEquals(":400\r\n", client.call("LLEN", "log"));
        }
    }

    private static void addOneHundredTimes(TestListener listener) {
        try (RawClient client = listener.connect()) {
            for (int done = 0; done < 100; ) {
                client.call("WATCH", "n");
                String value = client.call("GET", "n").split("\r\n", -1)[1];
                client.call("MULTI");
                client.call("SET", "n", Integer.toString(Integer.parseInt(value) + 1));
                client.call("RPUSH", "log", value);
                done += client.call("EXEC").startsWith("*2") ? 1 : 0;
            }
        }
    }

    @Test
    void shouldShowNothingOfATransactionBeforeItsEnd() throws InterruptedException {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect();
                RawClient reader = listener.connect()) {
            Thread writer =
                    new Thread(
                            () -> {
                                for (int i = 0; i < 500; i++) {
                                    client.send(
                                            RawClient.command("MULTI")
                                                    + RawClient.command("INCR", "a")
                                                    + RawClient.command("ZADD", "z", i + "", "m")
                                                    + RawClient.command("INCR", "b")
                                                    + RawClient.command("EXEC"));
                                    client.replies(5);
                                }
                            });
            writer.start();
            while (writer.isAlive()) {
                String[] lines = reader.call("MGET", "a", "b").split("\r\n", -1);
                assertEquals(lines[lines.length == 4 ? 1 : 2], lines[lines.length == 4 ? 2 : 4]);
            }
            writer.join();
        }
    }

    @Test
    void shouldRefuseATransactionThatIsTooLong() {
        try (TestListener listener =
                        TestListener.open(
                                config -> config.maxBulkLength(1 << 19).queryBufferLimit(1 << 20));
                RawClient client = listener.connect()) {
            client.call("MULTI");
            String value = "x".repeat(100_000);
            String reply = QUEUED;
            for (int i = 0; i < 20 && reply.equals(QUEUED); i++) {
                reply = client.call("SET", "k" + i, value);
            }
            assertTrue(reply.startsWith("-ERR the transaction is longer than the limit"), reply);
            assertTrue(client.call("CLIENT", "LIST").equals(QUEUED));
            call(
                    client,
                    "-EXECABORT Transaction discarded because of previous errors.\r\n",
                    "EXEC");
            call(client, ":0\r\n", "DBSIZE");
            assertTrue(client.call("CLIENT", "LIST").contains(" multi=-1 "));
        }
    }

    @Test
    void shouldGiveBackTheMemoryOfWhatWasGathered() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect();
                RawClient other = listener.connect()) {
            client.call("WATCH", "a");
            client.call("MULTI");
            client.call("SET", "a", "x".repeat(10_000));
            String list = other.call("CLIENT", "LIST", "TYPE", "NORMAL");
            assertTrue(list.matches("(?s).* flags=x .* multi=1 .* multi-mem=1[0-9]{4} .*"), list);
            client.call("DISCARD");
            list = other.call("CLIENT", "LIST");
            assertTrue(list.matches("(?s).* flags=N .* multi=-1 .* multi-mem=0 .*"), list);
            client.call("WATCH", "a", "b");
            client.call("UNWATCH");
            assertTrue(!other.call("CLIENT", "LIST").matches("(?s).* multi-mem=[1-9].*"));
        }
    }

    @Test
    void shouldWatchNothingAndHoldNothingOfAWatchThatIsRefused() {
        try (TestListener listener =
                        TestListener.open(
                                config -> config.maxBulkLength(1 << 17).queryBufferLimit(1 << 20));
                RawClient client = listener.connect();
                RawClient other = listener.connect()) {
            call(client, "+OK\r\n", "WATCH before");
            long heldBytes = multiMem(other);
            assertTrue(heldBytes > 0, "heldBytes=" + heldBytes);
            String reply = client.call("WATCH", "a", "x".repeat(100_000));
            assertTrue(reply.startsWith("-ERR"), reply);
            assertEquals(heldBytes, multiMem(other), "after a key that is too long");
            String[] many = new String[10_000];
            many[0] = "WATCH";
            for (int i = 1; i < many.length; i++) {
                many[i] = "k" + i;
            }
            reply = client.call(many);
            assertTrue(reply.startsWith("-ERR the transaction is longer than the limit"), reply);
            assertEquals(heldBytes, multiMem(other), "after keys that are too many");
            other.call("MSET", "a", "1", "k1", "1");
            call(client, "+OK\r\n", "MULTI");
            call(client, QUEUED, "PING");
            call(client, "*1\r\n+PONG\r\n", "EXEC");
            assertEquals(0, multiMem(other), "after the transaction");
            call(client, "+OK\r\n", "WATCH a a");
            assertEquals(
                    heldBytes - "before".length() + 1, multiMem(other), "one key, given twice");
        }
    }

    /** What the only client that watches holds for it. */
    private static long multiMem(RawClient other) {
        Matcher matcher =
                Pattern.compile("multi-mem=([0-9]+)").matcher(other.call("CLIENT", "LIST"));
        return matcher.results().mapToLong(each -> Long.parseLong(each.group(1))).sum();
    }

    @Test
    void shouldHoldTransactionsThatWriteBackDuringAPause() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect();
                RawClient other = listener.connect()) {
            client.call("MULTI");
            client.call("SET", "a", "1");
            other.call("CLIENT", "PAUSE", "100000", "WRITE");
            client.send(RawClient.command("EXEC"));
            assertTrue(client.isSilentFor(50));
            other.call("CLIENT", "UNPAUSE");
            assertEquals("*1\r\n+OK\r\n", client.reply());
        }
    }

    @Test
    void shouldSendNothingBeforeTheTransactionIsAcknowledged() {
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace();
                RespListener listener = keyspace.listen(config -> config);
                RawClient client = new RawClient(listener.port())) {
            client.call("MULTI");
            client.call("INCR", "a");
            client.call("INCR", "b");
            client.send(RawClient.command("EXEC"));
            Await.until(() -> keyspace.waiterCount() == 1, () -> "no write waits");
            assertTrue(client.isSilentFor(30));
            keyspace.settleNext(true);
            assertEquals("*2\r\n:1\r\n:1\r\n", client.reply());
            client.call("MULTI");
            client.call("INCR", "a");
            client.send(RawClient.command("EXEC"));
            Await.until(() -> keyspace.waiterCount() == 1, () -> "no write waits");
            keyspace.settleNext(false);
            assertTrue(client.reply().startsWith("-UNKNOWN outcome"));
        }
    }

    @Test
    void shouldReadButNotWriteInATransactionOfAReplica() {
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true);
                RespListener listener = keyspace.listen(config -> config);
                RawClient client = new RawClient(listener.port())) {
            client.call("SET", "a", "1");
            keyspace.role(Role.REPLICA);
            client.call("MULTI");
            call(client, QUEUED, "GET a");
            call(client, "*1\r\n$1\r\n1\r\n", "EXEC");
            client.call("MULTI");
            assertTrue(client.call("SET", "a", "2").startsWith("-READONLY"));
            call(
                    client,
                    "-EXECABORT Transaction discarded because of previous errors.\r\n",
                    "EXEC");
        }
    }

    @Test
    void shouldVouchForWhatATransactionRead() {
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true);
                RespListener listener = keyspace.listen(config -> config);
                RawClient client = new RawClient(listener.port())) {
            client.call("MULTI");
            client.call("GET", "a");
            keyspace.vouches(false);
            assertTrue(client.call("EXEC").startsWith("-MASTERDOWN"));
            client.call("MULTI");
            client.call("PING");
            call(client, "*1\r\n+PONG\r\n", "EXEC");
        }
    }

    @Test
    void shouldLeaveSubscriptionsAndMessagesAloneWhenItFails() {
        CountDownLatch executing = new CountDownLatch(1);
        CountDownLatch published = new CountDownLatch(1);
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace()) {
            keyspace.around(
                    "transaction",
                    real -> {
                        executing.countDown();
                        assertTrue(published.await(20, TimeUnit.SECONDS));
                        real.call();
                        throw new HotpairException(HotpairException.Category.BUSY, "planned");
                    });
            try (RespListener listener = keyspace.listen(config -> config.eventLoopThreads(1));
                    RawClient client = new RawClient(listener.port())) {
                client.call("HELLO", "3");
                client.call("SUBSCRIBE", "before");
                client.call("MULTI");
                client.call("SUBSCRIBE", "new");
                client.call("UNSUBSCRIBE", "before");
                client.call("PUBSUB", "NUMSUB", "new", "before");
                client.send(RawClient.command("EXEC"));
                assertTrue(executing.await(20, TimeUnit.SECONDS));
                PubSub pubSub = listener.server().pubSub();
                byte[] before = "before".getBytes(StandardCharsets.US_ASCII);
                assertEquals(1, pubSub.publish(Topic.Kind.CHANNEL, before, before, null));
                published.countDown();
                assertTrue(client.reply().startsWith("-EXECABORT"));
                assertEquals(
                        ">3\r\n$7\r\nmessage\r\n$6\r\nbefore\r\n$6\r\nbefore\r\n", client.reply());
                assertEquals(
                        "*4\r\n$3\r\nnew\r\n:0\r\n$6\r\nbefore\r\n:1\r\n",
                        client.call("PUBSUB", "NUMSUB", "new", "before"));
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            published.countDown();
        }
    }

    @Test
    void shouldCountAsIfTheTransactionHadUnsubscribedAtOnce() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect();
                RawClient other = listener.connect()) {
            other.call("SUBSCRIBE", "a");
            client.call("HELLO", "3");
            client.send(
                    RawClient.command("SUBSCRIBE", "a", "b")
                            + RawClient.command("PSUBSCRIBE", "p"));
            client.replies(3);
            client.call("MULTI");
            for (String line :
                    List.of(
                            "UNSUBSCRIBE b",
                            "PUNSUBSCRIBE p",
                            "UNSUBSCRIBE a",
                            "PUBLISH a m",
                            "PUBSUB NUMSUB a b",
                            "PUBSUB CHANNELS",
                            "PUBSUB NUMPAT")) {
                call(client, QUEUED, line);
            }
            String expected =
                    ":1\r\n*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n:0\r\n*1\r\n$1\r\na\r\n:0\r\n";
            String reply = client.call("EXEC");
            assertTrue(reply.endsWith(expected), reply);
            call(client, "*1\r\n$1\r\na\r\n", "PUBSUB CHANNELS");
            call(client, ":0\r\n", "PUBSUB NUMPAT");
        }
    }

    @Test
    void shouldExecuteNothingWhenMemoryIsShort() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("CONFIG", "SET", "maxmemory", "8mb");
            String value = "x".repeat(1_000_000);
            client.call("MULTI");
            client.call("SET", "first", "1");
            for (int i = 0; i < 20; i++) {
                client.call("SET", "k" + i, value);
            }
            call(
                    client,
                    "-EXECABORT Transaction discarded because of: OOM command not allowed when"
                            + " used memory > 'maxmemory'.\r\n",
                    "EXEC");
            call(client, ":0\r\n", "DBSIZE");
            call(client, "+OK\r\n", "SET first 1");
        }
    }
}
