package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Pipelines in which a command decides what becomes of those that were sent with it. */
class ReadAheadTest {
    private static final String PASSWORD = "secret";

    /** As many keys as make what pipelines ask for worth a look ahead. */
    private static final int KEYS = 20_000;

    private static String command(String... arguments) {
        return RawClient.command(arguments);
    }

    private static String gets(int count) {
        StringBuilder gets = new StringBuilder();
        for (int i = 0; i < count; i++) {
            gets.append(command("GET", "key" + i % 10));
        }
        return gets.toString();
    }

    private static void compare(String pipeline) {
        try (RealRedis redis = RealRedis.start("--requirepass", PASSWORD);
                TestListener listener = TestListener.open(config -> config.password(PASSWORD));
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            theirs.send(pipeline);
            ours.send(pipeline);
            String expected = theirs.untilClosed();
            assertTrue(expected.length() > 100, expected);
            assertEquals(expected, ours.untilClosed());
        }
    }

    private static long commands(RespListener listener) {
        return listener.server().workers().stream()
                .mapToLong(worker -> worker.statistics().commandCount())
                .sum();
    }

    @Test
    void shouldFetchKeysSideBySideBeforeTheFirstOfThemIsAskedFor() {
        int count = 1_600;
        AtomicInteger fetches = new AtomicInteger();
        AtomicLong executedBefore = new AtomicLong();
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true)) {
            AtomicReference<RespListener> opened = new AtomicReference<>();
            keyspace.around(
                    "prefetch",
                    real -> {
                        if (fetches.getAndIncrement() == 0) {
                            RespListener listener = Objects.requireNonNull(opened.get());
                            executedBefore.set(commands(listener));
                        }
                        return real.call();
                    });
            try (RespListener listener = keyspace.listen(config -> config.eventLoopThreads(1));
                    RawClient client = new RawClient(listener.port())) {
                opened.set(listener);
                // One after the other there is nothing to be done side by side.
                for (int i = 0; i < 20; i++) {
                    assertEquals("$-1\r\n", client.call("GET", "key" + i));
                }
                client.send(gets(2));
                assertEquals("$-1\r\n$-1\r\n", String.join("", client.replies(2)));
                // Keys of other databases have other names than those that are said.
                client.call("SELECT", "1");
                client.send(gets(50));
                List<String> unused = client.replies(50);
                client.call("SELECT", "0");
                assertEquals(0, fetches.get());

                long before = commands(listener);
                client.send(gets(count));
                for (int i = 0; i < count; i++) {
                    assertEquals("$-1\r\n", client.reply());
                }
                assertEquals(before, executedBefore.get());
                // Sixteen at a time; where what arrives ends, there may be fewer.
                int most = fetches.get();
                assertTrue(most >= count / 16 && most <= count / 3, "fetches=" + most);
            }
        }
    }

    @Test
    void shouldWaitInTheMiddle() {
        compare(
                command("AUTH", PASSWORD)
                        + command("SET", "key1", "one")
                        + gets(20)
                        + "GET key1\r\n"
                        + command("BLPOP", "nothing", "0.05")
                        + gets(5)
                        + command("BLPOP", "nothing", "0.05")
                        + command("BLPOP", "nothing", "0.05")
                        + gets(20)
                        + command("CLIENT", "PAUSE", "50", "WRITE")
                        + gets(3)
                        + command("SET", "key2", "two")
                        + gets(3)
                        + command("APPEND", "key2", "more")
                        + gets(3)
                        + command("QUIT")
                        + command("SET", "key3", "three")
                        + gets(20));
    }

    @Test
    void shouldKnowBeforeAndAfterWhoAsks() {
        String many = command("MGET", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10");
        compare(
                gets(3)
                        + command("AUTH", PASSWORD)
                        + many
                        + command("SET", "key1", "one")
                        + gets(3)
                        + command("RESET")
                        + gets(3)
                        + many
                        + gets(3));
    }

    @Test
    void shouldNotAcceptForOneWhatItAcceptsForAnother() {
        String begun = "*11\r\n$4\r\nMGET\r\n$1\r\n1\r\n";
        try (RealRedis redis = RealRedis.start("--requirepass", PASSWORD);
                TestListener listener = TestListener.open(config -> config.password(PASSWORD));
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (RawClient client : new RawClient[] {theirs, ours}) {
                client.send(command("AUTH", PASSWORD));
                assertEquals("+OK\r\n", client.reply());
                client.send(command("RESET") + begun);
                assertEquals("+RESET\r\n", client.reply());
                client.send("$1\r\n2\r\n");
            }
            String expected = theirs.untilClosed();
            assertTrue(expected.contains("unauthenticated multibulk length"), expected);
            assertEquals(expected, ours.untilClosed());
        }
    }

    @Test
    void shouldAnswerWhatCameBeforeAnError() {
        compare(
                command("AUTH", PASSWORD)
                        + command("MULTI")
                        + command("SET", "key1", "one")
                        + gets(3)
                        + command("EXEC")
                        + command("CLIENT", "REPLY", "SKIP")
                        + gets(2)
                        + command("SELECT", "3")
                        + gets(4)
                        + command("SELECT", "0")
                        + gets(4)
                        + "*2\r\n$3\r\nGET\r\n$x\r\n"
                        + gets(4));
    }

    @Test
    void shouldFindWhatItLooksFor() throws InterruptedException {
        Random random = new Random(7);
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            StringBuilder expected = new StringBuilder();
            StringBuilder pipeline = new StringBuilder();
            for (int i = 0; i < KEYS; i++) {
                pipeline.append(command("SET", "key" + i, "value" + i));
                expected.append("+OK\r\n");
            }
            for (int i = 0; i < KEYS; i++) {
                int key = random.nextInt(2 * KEYS);
                String value = "value" + key;
                pipeline.append(command("GET", "key" + key));
                expected.append(
                        key < KEYS ? "$" + value.length() + "\r\n" + value + "\r\n" : "$-1\r\n");
            }
            pipeline.append(command("QUIT"));
            expected.append("+OK\r\n");
            Thread writer = new Thread(() -> client.send(pipeline.toString()));
            writer.start();
            assertEquals(expected.toString(), client.untilClosed());
            writer.join();
        }
    }
}
