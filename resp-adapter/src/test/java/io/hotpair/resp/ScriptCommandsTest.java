package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What scripts are besides their replies: one step, for all who look and listen. */
class ScriptCommandsTest {
    private final TestListener listener = TestListener.open();

    @AfterEach
    void close() {
        listener.close();
    }

    /** Long enough to be executed in a thread of its own. */
    private static String slowly(String script) {
        return "for i=1,3000000 do end " + script;
    }

    @Test
    void shouldCountEveryIncrementOfManyClients() throws InterruptedException {
        int clients = 4;
        int rounds = 200;
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            // One reads and writes in two steps; if somebody came between, counts would be lost.
            String script =
                    "local n = redis.call('get', KEYS[1]) or 0 redis.call('set', KEYS[1], n + 1)"
                            + " redis.call('rpush', KEYS[2], n + 1)";
            Thread thread =
                    new Thread(
                            () -> {
                                try (RawClient client = listener.connect()) {
                                    for (int round = 0; round < rounds; round++) {
                                        assertEquals(
                                                "$-1\r\n",
                                                client.call("EVAL", script, "2", "n", "list"));
                                    }
                                } catch (Throwable e) {
                                    failure.set(e);
                                }
                            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertEquals(null, failure.get());
        try (RawClient client = listener.connect()) {
            String total = Integer.toString(clients * rounds);
            assertEquals("$" + total.length() + "\r\n" + total + "\r\n", client.call("GET", "n"));
            assertEquals(":" + total + "\r\n", client.call("LLEN", "list"));
        }
    }

    @Test
    void shouldFindWhatIsAroundThemAlsoUnderValkeysName() {
        try (RawClient client = listener.connect()) {
            String script = "return server.call('SET', KEYS[1], server.sha1hex('')) == redis.call";
            assertEquals(":1\r\n", client.call("EVAL", "return server == redis", "0"));
            assertEquals("$-1\r\n", client.call("EVAL", script, "1", "k"));
            assertTrue(
                    client.call("GET", "k").contains("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
            // As in Redis it is none of the global variables, and can't be made one.
            String listed = "for name in pairs(_G) do if name == 'server' then return 1 end end";
            assertEquals("$-1\r\n", client.call("EVAL", listed, "0"));
            assertEquals("$-1\r\n", client.call("EVAL", "return rawget(_G, 'server')", "0"));
            assertTrue(client.call("EVAL", "server = 1", "0").startsWith("-ERR "));
            assertTrue(client.call("EVAL", "server.call = 1", "0").startsWith("-ERR "));
            assertTrue(client.call("EVAL", "return servers", "0").contains("nonexistent global"));
            String library =
                    "#!lua name=l\nserver.register_function('f', function() return server.call('GET',"
                            + " 'k') end)";
            assertEquals("$1\r\nl\r\n", client.call("FUNCTION", "LOAD", library));
            assertEquals(client.call("GET", "k"), client.call("FCALL", "f", "0"));
        }
    }

    @Test
    void shouldTellTheSlowLogOfAScriptThatHadAThreadOfItsOwn() {
        try (RawClient client = listener.connect()) {
            // More than a script may take in the event loop, less than these loops take anywhere.
            client.call("CONFIG", "SET", "slowlog-log-slower-than", "7000");
            client.call("EVAL", slowly("return 1"), "0");
            String log = client.call("SLOWLOG", "GET");
            assertTrue(log.contains("EVAL"), log);
        }
    }

    @Test
    void shouldBeginAnewWhenAnotherWriterCameFirst() {
        try (RawClient slow = listener.connect();
                RawClient quick = listener.connect()) {
            quick.call("SET", "n", "0");
            slow.send(
                    RawClient.command(
                            "EVAL",
                            "local n = redis.call('get', 'n') for i=1,30000000 do end"
                                    + " redis.call('publish', 'channel', n)"
                                    + " redis.call('set', 'n', n + 1) return n",
                            "0"));
            RawClient subscriber = listener.connect();
            subscriber.call("SUBSCRIBE", "channel");
            Await.until(
                    () -> listener.server().scripts().anyRunning() != null, () -> "not running");
            assertEquals("+OK\r\n", quick.call("SET", "n", "10"));

            assertEquals("$2\r\n10\r\n", slow.reply());
            assertEquals("$2\r\n11\r\n", quick.call("GET", "n"));
            assertTrue(subscriber.reply().endsWith("$2\r\n10\r\n"));
            assertTrue(subscriber.isSilentFor(50), "it was published once");
            subscriber.close();
        }
    }

    @Test
    void shouldShowNothingOfAScriptBeforeItsEnd() {
        try (RawClient slow = listener.connect();
                RawClient other = listener.connect()) {
            slow.send(
                    RawClient.command(
                            "EVAL", "redis.call('set', 'k', 1) " + slowly("return 1"), "0"));
            while (listener.server().scripts().anyRunning() != null) {
                assertEquals(":0\r\n", other.call("EXISTS", "k"));
            }

            assertEquals(":1\r\n", slow.reply());
            assertEquals(":1\r\n", other.call("EXISTS", "k"));
        }
    }

    @Test
    void shouldKeepTheOrderOfAPipeline() {
        try (RawClient client = listener.connect()) {
            client.send(
                    RawClient.command("SET", "a", "1")
                            + RawClient.command(
                                    "EVAL", slowly("return redis.call('get', 'a')"), "0")
                            + RawClient.command("SET", "a", "2")
                            + RawClient.command("EVAL", "return redis.call('get', 'a')", "0"));

            assertEquals(
                    List.of("+OK\r\n", "$1\r\n1\r\n", "+OK\r\n", "$1\r\n2\r\n"), client.replies(4));
        }
    }

    @Test
    void shouldDoInAThreadOfItsOwnWhatGoesInSteps() {
        try (RawClient client = listener.connect()) {
            client.call("SET", "k1", "1");

            assertEquals(
                    "*2\r\n*1\r\n$2\r\nk1\r\n+OK\r\n",
                    client.call(
                            "EVAL",
                            slowly("return {redis.call('keys', 'k*'), redis.call('flushall')}"),
                            "0"));
            assertEquals(":0\r\n", client.call("DBSIZE"));
        }
    }

    @Test
    void shouldTellInInfo() {
        try (RawClient client = listener.connect()) {
            client.call("EVAL", "return 1", "0");
            client.call(
                    "FUNCTION",
                    "LOAD",
                    "#!lua name=a\nredis.register_function('f', function() end)");

            String info = client.call("INFO", "memory");

            assertTrue(info.contains("number_of_cached_scripts:1\r\n"), info);
            assertTrue(info.contains("number_of_functions:1\r\n"), info);
            assertTrue(info.contains("number_of_libraries:1\r\n"), info);
        }
    }

    @Test
    void shouldForgetTheScriptThatWasNotExecutedForLongest() {
        try (RawClient client = listener.connect()) {
            client.call("EVAL", "return 'loaded later'", "0");
            String loadedLater = sha(client, "return 'loaded later'");
            String loaded = sha(client, "return 'loaded'");
            client.call("EVAL", "return 'used'", "0");
            String used = Script.sha("return 'used'".getBytes(StandardCharsets.US_ASCII));
            client.call("EVAL", "return 'old'", "0");
            String old = Script.sha("return 'old'".getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 499; i++) {
                client.call("EVAL", "return " + i, "0");
                assertEquals("$4\r\nused\r\n", client.call("EVALSHA", used, "0"));
            }

            assertEquals(
                    "*4\r\n:1\r\n:1\r\n:1\r\n:0\r\n",
                    client.call("SCRIPT", "EXISTS", loadedLater, loaded, used, old));
            assertTrue(client.call("EVALSHA", old, "0").startsWith("-NOSCRIPT"));
            assertTrue(client.call("INFO", "memory").contains("number_of_cached_scripts:502\r\n"));
        }
    }

    private static String sha(RawClient client, String source) {
        return client.call("SCRIPT", "LOAD", source).split("\r\n", -1)[1];
    }
}
