package io.hotpair.resp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.KeyArea;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.topology.Role;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Functions belong to the keyspace. */
class FunctionsTest {
    private static final String NOT_FOUND = "-ERR Function not found\r\n";

    private static String library(String name, String answer) {
        return "#!lua name="
                + name
                + "\nredis.register_function{function_name='"
                + name
                + "f', description='says', flags={'no-writes', 'allow-stale'}, callback=function()"
                + " return '"
                + answer
                + "' end}";
    }

    private static String load(String name, String answer) {
        return RawClient.command("FUNCTION", "LOAD", "REPLACE", library(name, answer));
    }

    @Test
    void shouldLoadFunctionsOrNotWithTheTransactionThatLoadsThem() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect();
                RawClient other = listener.connect()) {
            client.call("WATCH", "w");
            client.call("MULTI");
            client.call("FUNCTION", "LOAD", library("a", "1"));
            other.call("SET", "w", "1");
            assertEquals("*-1\r\n", client.call("EXEC"));
            assertEquals(NOT_FOUND, client.call("FCALL", "af", "0"));
            client.call("MULTI");
            client.call("FUNCTION", "LOAD", library("a", "1"));
            client.call("FCALL", "af", "0");
            client.call("FUNCTION", "LOAD", library("a", "2"));
            client.call("FUNCTION", "LOAD", "REPLACE", library("a", "3"));
            client.call("FCALL", "af", "0");
            client.call("FUNCTION", "LOAD", library("b", "4"));
            client.call("FUNCTION", "DELETE", "b");
            assertEquals(NOT_FOUND, other.call("FCALL", "af", "0"));
            List<String> replies =
                    List.of(
                            "*7\r\n",
                            "$1\r\na\r\n",
                            "$1\r\n1\r\n",
                            "-ERR Library 'a' already exists\r\n",
                            "$1\r\na\r\n",
                            "$1\r\n3\r\n",
                            "$1\r\nb\r\n",
                            "+OK\r\n");
            assertEquals(String.join("", replies), client.call("EXEC"));
            assertEquals("$1\r\n3\r\n", other.call("FCALL", "af", "0"));
            assertEquals(NOT_FOUND, other.call("FCALL", "bf", "0"));
        }
    }

    @Test
    void shouldCallWhatWasLoadedByAnotherListener() {
        try (TestListener listener = TestListener.open();
                RespListener second =
                        RespListener.open(
                                listener.keyspace(), RespConfig.builder().port(0).build());
                RawClient client = listener.connect();
                RawClient there = new RawClient(second.port())) {
            for (int i = 0; i < 100; i++) {
                String value = Integer.toString(i % 10);
                client.send(load("a", value));
                assertEquals("$1\r\na\r\n", client.reply());
                assertEquals("$1\r\n" + value + "\r\n", there.call("FCALL", "af", "0"));
            }
            there.call("FUNCTION", "FLUSH");
            assertEquals(NOT_FOUND, client.call("FCALL", "af", "0"));
        }
    }

    @Test
    void shouldCallButNotLoadOnAReplica() {
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true);
                RespListener listener = keyspace.listen(c -> c);
                RawClient client = new RawClient(listener.port())) {
            client.call("FUNCTION", "LOAD", library("a", "1"));
            keyspace.role(Role.REPLICA);
            assertEquals("$1\r\n1\r\n", client.call("FCALL", "af", "0"));
            assertEquals("$1\r\n1\r\n", client.call("FCALL_RO", "af", "0"));
            assertEquals(
                    "-READONLY You can't write against a read only replica.\r\n",
                    client.call("FUNCTION", "LOAD", library("b", "1")));
        }
    }

    @Test
    void shouldBeNobodysKeys() {
        try (TestListener listener =
                        TestListener.open(16 << 20, MaxMemoryPolicy.ALLKEYS_LRU, c -> c);
                RawClient client = listener.connect()) {
            client.call("CONFIG", "SET", "notify-keyspace-events", "KEA");
            try (RawClient watcher = listener.connect()) {
                watcher.call("PSUBSCRIBE", "*");
                client.call("FUNCTION", "LOAD", library("a", "1"));
                client.call("SET", "k", "v");
                String event = watcher.reply() + watcher.reply();
                assertTrue(event.contains("__keyspace@0__:k"), event);
            }
            assertEquals(":1\r\n", client.call("DBSIZE"));
            assertEquals("*1\r\n$1\r\nk\r\n", client.call("KEYS", "*"));
            assertEquals("$1\r\nk\r\n", client.call("RANDOMKEY"));
            assertEquals("+OK\r\n", client.call("FLUSHALL"));
            assertEquals(":0\r\n", client.call("DBSIZE"));
            for (int i = 0; i < 150_000; i++) {
                listener.keyspace().put("key:" + i, "v".repeat(200));
            }
            assertTrue(listener.keyspace().statistics().keyCount() < 100_000);
            assertEquals("$1\r\n1\r\n", client.call("FCALL", "af", "0"));
        }
    }

    @Test
    void shouldFlushWhatItDoesNotUnderstand() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("FUNCTION", "LOAD", library("a", "1"));
            byte[] key = KeyArea.key(KeyArea.OWN, "functions".getBytes(US_ASCII));
            byte[] value = Objects.requireNonNull(listener.keyspace().get(key));
            byte[] other = value.clone();
            other[0]++;
            for (int length = 1; length < value.length; length++) {
                listener.keyspace().put(key, Arrays.copyOf(other, length));
                assertEquals(
                        "-ERR the functions of this keyspace were written by another version\r\n",
                        client.call("FCALL", "af", "0"),
                        "length=" + length);
            }
            assertEquals("+OK\r\n", client.call("FUNCTION", "FLUSH"));
            assertEquals(NOT_FOUND, client.call("FCALL", "af", "0"));
            listener.keyspace().put(key, value);
            assertEquals("$1\r\n1\r\n", client.call("FCALL", "af", "0"));
        }
    }
}
