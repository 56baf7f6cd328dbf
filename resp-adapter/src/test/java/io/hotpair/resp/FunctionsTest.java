package io.hotpair.resp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HashOperations;
import io.hotpair.KeyArea;
import io.hotpair.KeyOperations;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.Session;
import io.hotpair.TransactionView;
import io.hotpair.topology.Role;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Functions belong to the keyspace. */
class FunctionsTest {
    private static final byte[] KEY = KeyArea.key(KeyArea.OWN, "functions".getBytes(US_ASCII));
    private static final String NOT_FOUND = "-ERR Function not found\r\n";
    private static final String NOT_UNDERSTOOD =
            "-ERR the functions of this keyspace were written by another version\r\n";

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

    private static final String[] FCALL_AF = {"FCALL", "af", "0"};
    private static final String[] DELETE_A = {"FUNCTION", "DELETE", "a"};
    private static final String[] LOAD_B = {"FUNCTION", "LOAD", library("b", "1")};

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
            Map<String, List<String[]>> readers =
                    Map.of(
                            "Faf",
                            List.<String[]>of(FCALL_AF),
                            "La",
                            List.of(FCALL_AF, DELETE_A),
                            "",
                            List.of(LOAD_B, DELETE_A));
            readers.forEach((field, commands) -> assertNotUnderstood(listener, field, commands));
            assertEquals("$1\r\n1\r\n", client.call(FCALL_AF));
            listener.keyspace().put(KEY, new byte[20]);
            for (String[] command :
                    List.of(
                            FCALL_AF,
                            LOAD_B,
                            DELETE_A,
                            new String[] {"FUNCTION", "LIST"},
                            new String[] {"FUNCTION", "STATS"},
                            new String[] {"FUNCTION", "DUMP"})) {
                assertEquals(NOT_UNDERSTOOD, client.call(command), String.join(" ", command));
            }
            assertEquals("+OK\r\n", client.call("FUNCTION", "FLUSH"));
            assertEquals(NOT_FOUND, client.call("FCALL", "af", "0"));
        }
    }

    /** Says of a field that is cut short what a node says that has not seen the whole one. */
    private static void assertNotUnderstood(
            TestListener listener, String name, List<String[]> commands) {
        HashOperations hashes = listener.keyspace().hashes();
        byte[] field = name.getBytes(US_ASCII);
        byte[] value = Objects.requireNonNull(hashes.hget(KEY, field));
        try (RespListener other =
                        RespListener.open(
                                listener.keyspace(), RespConfig.builder().port(0).build());
                RawClient client = new RawClient(other.port())) {
            for (int length = 0; length < value.length; length++) {
                boolean isNew = hashes.hset(KEY, field, Arrays.copyOf(value, length));
                assertFalse(isNew);
                for (String[] command : commands) {
                    String what = name + ", length=" + length + ": " + String.join(" ", command);
                    assertEquals(NOT_UNDERSTOOD, client.call(command), what);
                }
            }
        }
        assertFalse(hashes.hset(KEY, field, value));
    }

    @Test
    void shouldKeepNothingOfLibrariesThatHaveGone() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("FUNCTION", "LOAD", library("a", "1"));
            String payload = dumped(client);
            client.call("FUNCTION", "LOAD", library("b", "1"));
            client.call("FUNCTION", "LOAD", "REPLACE", two("b", "x", "y"));
            client.call("FUNCTION", "LOAD", "REPLACE", two("b", "Y", "z"));
            assertEquals(fields("", "La", "Faf", "Lb", "Fy", "Fz"), fields(listener));
            assertTrue(client.call("FUNCTION", "STATS").endsWith(counts(2, 3)));
            client.call("FUNCTION", "DELETE", "a");
            assertEquals(fields("", "Lb", "Fy", "Fz"), fields(listener));
            client.call("FUNCTION", "RESTORE", payload, "FLUSH");
            assertEquals(fields("", "La", "Faf"), fields(listener));
            assertTrue(client.call("FUNCTION", "STATS").endsWith(counts(1, 1)));
            client.call("FUNCTION", "DELETE", "a");
            assertEquals(fields(), fields(listener));
            assertTrue(client.call("FUNCTION", "STATS").endsWith(counts(0, 0)));
        }
    }

    private static String counts(int libraries, int functions) {
        return "libraries_count\r\n:"
                + libraries
                + "\r\n$15\r\nfunctions_count\r\n:"
                + functions
                + "\r\n";
    }

    private static Set<String> fields(String... names) {
        return Set.of(names);
    }

    private static Set<String> fields(TestListener listener) {
        return listener.keyspace().hashes().hkeys(KEY).stream()
                .map(name -> new String(name, US_ASCII))
                .collect(Collectors.toSet());
    }

    private static String two(String name, String first, String second) {
        return "#!lua name=%s\nlocal function f() return '%s' end redis.register_function('%s', f)"
                        .formatted(name, name, first)
                + " redis.register_function('%s', f)".formatted(second);
    }

    private static String dumped(RawClient client) {
        String reply = client.call("FUNCTION", "DUMP");
        return reply.substring(reply.indexOf('\n') + 1, reply.length() - 2);
    }

    @Test
    void shouldChangeNothingIfLibrariesCanNotBeAdded() {
        String small = "$1\r\na\r\n";
        try (TestListener donor = TestListener.open();
                TestListener listener = TestListener.open(c -> c.scriptCacheLimit(1 << 16));
                RawClient from = donor.connect();
                RawClient client = listener.connect()) {
            assertEquals(small, client.call("FUNCTION", "LOAD", two("a", "x", "y")));
            client.call("FUNCTION", "LOAD", two("b", "v", "w"));
            List<Map.Entry<byte[], byte[]>> before = listener.keyspace().hashes().hgetAll(KEY);
            from.call("FUNCTION", "LOAD", two("a", "q", "r"));
            from.call("FUNCTION", "LOAD", two("c", "X", "s"));
            String fits = dumped(from);
            from.call("FUNCTION", "LOAD", "REPLACE", two("c", "W", "s"));
            String clashes = dumped(from);
            from.call("FUNCTION", "LOAD", library("d", "1") + " --" + "-".repeat(1 << 16));
            String large = dumped(from);
            client.call("MULTI");
            client.call("FUNCTION", "LOAD", two("b", "p", "q"));
            client.call("FUNCTION", "LOAD", two("c", "p", "W"));
            client.call("FUNCTION", "LOAD", "REPLACE", two("a", "p", "W"));
            client.call("FUNCTION", "LOAD", "REPLACE", two("a", "p", "P"));
            client.call("FUNCTION", "LOAD", two("c", "p", "q") + " --" + "-".repeat(1 << 16));
            client.call("FUNCTION", "RESTORE", fits);
            client.call("FUNCTION", "RESTORE", clashes, "REPLACE");
            client.call("FUNCTION", "RESTORE", large, "FLUSH");
            client.call("FUNCTION", "DELETE", "c");
            List<String> replies =
                    List.of(
                            "*9",
                            "-ERR Library 'b' already exists",
                            "-ERR Function W already exists",
                            "-ERR Function W already exists",
                            "-ERR Function P already exists",
                            "-ERR there is no room for more functions",
                            "-ERR Library a already exists",
                            "-ERR Function W already exists",
                            "-ERR there is no room for more functions",
                            "-ERR Library not found",
                            "");
            assertEquals(String.join("\r\n", replies), client.call("EXEC"));
            List<Map.Entry<byte[], byte[]>> after = listener.keyspace().hashes().hgetAll(KEY);
            assertEquals(before.size(), after.size());
            for (int i = 0; i < before.size(); i++) {
                assertArrayEquals(before.get(i).getKey(), after.get(i).getKey());
                assertArrayEquals(before.get(i).getValue(), after.get(i).getValue());
            }
            // A function may go from one library to another one, if both are replaced.
            assertEquals("+OK\r\n", client.call("FUNCTION", "RESTORE", fits, "REPLACE"));
            assertEquals("$1\r\nc\r\n", client.call("FCALL", "x", "0"));
            assertEquals("$1\r\na\r\n", client.call("FCALL", "Q", "0"));
            assertEquals(NOT_FOUND, client.call("FCALL", "y", "0"));
        }
    }

    @Test
    void shouldDeleteWhereThereIsNoMemoryToSayHowMuchIsLeft() {
        int count = 40;
        try (TestListener listener = TestListener.open(8 << 20, c -> c);
                RawClient client = listener.connect()) {
            for (int i = 0; i < count; i++) {
                client.call("FUNCTION", "LOAD", two("l" + i, "x" + i, "y" + i));
            }
            int keys = 0;
            boolean wasUncounted = false;
            for (int left = count - 1; left > 0; left--) {
                keys = fill(client, keys);
                assertEquals("+OK\r\n", client.call("FUNCTION", "DELETE", "l" + left));
                Set<String> fields = fields(listener);
                wasUncounted |= !fields.contains("");
                assertFalse(fields.contains("Ll" + left) || fields.contains("Fy" + left));
                assertTrue(client.call("FUNCTION", "STATS").endsWith(counts(left, 2 * left)));
                assertEquals(NOT_FOUND, client.call("FCALL", "x" + left, "0"));
            }
            assertTrue(wasUncounted, "there was memory for all");
            client.call("FLUSHALL");
            assertEquals("$1\r\na\r\n", client.call("FUNCTION", "LOAD", two("a", "v", "w")));
            assertEquals(fields("", "Ll0", "Fx0", "Fy0", "La", "Fv", "Fw"), fields(listener));
            assertTrue(client.call("FUNCTION", "STATS").endsWith(counts(2, 4)));
            String info = client.call("INFO", "memory");
            assertTrue(info.contains("number_of_libraries:2\r\n"), info);
            keys = fill(client, keys);
            assertTrue(keys > 0);
            assertEquals("+OK\r\n", client.call("FUNCTION", "DELETE", "l0"));
            assertEquals("+OK\r\n", client.call("FUNCTION", "DELETE", "a"));
            assertEquals(fields(), fields(listener));
            assertTrue(client.call("FUNCTION", "STATS").endsWith(counts(0, 0)));
        }
    }

    /** Sets keys until there is room for none, and gives the number of the next one. */
    private static int fill(RawClient client, int from) {
        int next = from;
        for (int length : new int[] {10_000, 1_000, 100, 1}) {
            String value = "v".repeat(length);
            String reply = "+OK\r\n";
            while (reply.equals("+OK\r\n")) {
                reply = client.call("SET", "key:" + next++, value);
            }
            assertTrue(reply.startsWith("-OOM "), reply);
        }
        return next;
    }

    @Test
    void shouldSeeThroughEveryListenerWhatOneDoes() {
        try (TestListener listener = TestListener.open();
                RespListener second =
                        RespListener.open(
                                listener.keyspace(), RespConfig.builder().port(0).build());
                RawClient client = listener.connect();
                RawClient there = new RawClient(second.port())) {
            client.call("FUNCTION", "LOAD", two("a", "x", "y"));
            client.call("FUNCTION", "LOAD", two("b", "v", "w"));
            String payload = dumped(there);
            assertEquals("$1\r\na\r\n", there.call("FCALL", "x", "0"));
            assertEquals("$1\r\nb\r\n", there.call("FCALL", "w", "0"));
            client.call("FUNCTION", "LOAD", "REPLACE", library("a", "3"));
            assertEquals(NOT_FOUND, there.call("FCALL", "x", "0"));
            assertEquals("$1\r\n3\r\n", there.call("FCALL", "af", "0"));
            client.call("FUNCTION", "DELETE", "b");
            assertEquals(NOT_FOUND, there.call("FCALL", "w", "0"));
            assertEquals(client.call("FUNCTION", "LIST"), there.call("FUNCTION", "LIST"));
            // The same source again, and yet loaded anew.
            there.call("FUNCTION", "RESTORE", payload, "REPLACE");
            assertEquals(NOT_FOUND, client.call("FCALL", "af", "0"));
            assertEquals("$1\r\na\r\n", client.call("FCALL", "x", "0"));
            assertEquals("$1\r\nb\r\n", client.call("FCALL", "w", "0"));
            String info = there.call("INFO", "memory");
            assertTrue(info.contains("number_of_functions:4\r\n"), info);
            assertTrue(info.contains("number_of_libraries:2\r\n"), info);
        }
    }

    @Test
    void shouldCallMoreThanItKeepsCompiled() {
        try (TestListener listener = TestListener.open();
                RespListener second =
                        RespListener.open(
                                listener.keyspace(),
                                RespConfig.builder().port(0).scriptCacheLimit(1 << 16).build());
                RawClient client = listener.connect();
                RawClient there = new RawClient(second.port())) {
            for (int i = 0; i < 200; i++) {
                client.call("FUNCTION", "LOAD", library("l" + i, "" + i));
            }
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < 200; i++) {
                    String answer = there.call("FCALL", "l" + i + "f", "0");
                    assertTrue(answer.endsWith("\r\n" + i + "\r\n"), answer);
                }
            }
        }
    }

    /** What is done with hashes and keys, in bytes of arguments and results. */
    private static final class Work {
        private long callCount;
        private long byteCount;

        private synchronized void note(@Nullable Object[] given, @Nullable Object result) {
            callCount++;
            add(given);
            add(result);
        }

        /** What was done since this was asked last. */
        synchronized String take() {
            String taken = "calls=" + callCount + ", bytes=" + byteCount;
            callCount = 0;
            byteCount = 0;
            return taken;
        }

        private void add(@Nullable Object value) {
            if (value instanceof byte[] bytes) {
                byteCount += bytes.length;
            } else if (value instanceof Object[] all) {
                Arrays.stream(all).forEach(this::add);
            } else if (value instanceof Collection<?> all) {
                all.forEach(this::add);
            } else if (value instanceof Map.Entry<?, ?> entry) {
                add(entry.getKey());
                add(entry.getValue());
            }
        }

        /** Counts what is done by a session, and in its transactions. */
        <T> T count(Class<T> type, Object real) {
            return type.cast(
                    Proxy.newProxyInstance(
                            type.getClassLoader(),
                            new Class<?>[] {type},
                            (proxy, method, arguments) -> invoke(real, method, arguments)));
        }

        @SuppressWarnings("unchecked")
        private @Nullable Object invoke(
                Object real, Method method, @Nullable Object @Nullable [] arguments)
                throws Throwable {
            @Nullable Object[] given = arguments == null ? new Object[0] : arguments.clone();
            if (method.getName().equals("transaction")) {
                Function<TransactionView, Object> body =
                        (Function<TransactionView, Object>) Objects.requireNonNull(given[0]);
                given[0] =
                        (Function<TransactionView, Object>)
                                view -> body.apply(count(TransactionView.class, view));
            } else if (method.getName().equals("hgetAll")) {
                throw new AssertionError("all libraries are read");
            }
            Object result;
            try {
                result = method.invoke(real, given);
            } catch (InvocationTargetException e) {
                throw Objects.requireNonNull(e.getCause());
            }
            if (result instanceof HashOperations || result instanceof KeyOperations) {
                return count(method.getReturnType(), result);
            }
            if (real instanceof HashOperations || real instanceof KeyOperations) {
                note(given, result);
            }
            return result;
        }
    }

    @Test
    void shouldDoAsMuchForTheLastLibraryAsForTheFirst() {
        Work work = new Work();
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true)) {
            keyspace.sessions(session -> work.count(Session.class, session));
            try (RespListener listener = keyspace.listen(c -> c.eventLoopThreads(1));
                    RespListener second = keyspace.listen(c -> c.eventLoopThreads(1));
                    RawClient client = new RawClient(listener.port());
                    RawClient there = new RawClient(second.port())) {
                client.send(load("l999", "1"));
                assertEquals("$4\r\nl999\r\n", client.reply());
                String unused = work.take();
                List<String> first = null;
                for (int i = 1000; i < 3000; i++) {
                    String name = "l" + i;
                    client.send(load(name, "1"));
                    List<String> done = new ArrayList<>();
                    assertEquals("$5\r\n" + name + "\r\n", client.reply());
                    done.add(work.take());
                    for (RawClient caller : List.of(client, there, there)) {
                        assertEquals("$1\r\n1\r\n", caller.call("FCALL", name + "f", "0"));
                        done.add(work.take());
                    }
                    client.send(load(name, "2"));
                    assertEquals("$5\r\n" + name + "\r\n", client.reply());
                    done.add(work.take());
                    first = i == 1000 ? done : first;
                    assertEquals(first, done);
                }
                client.call("FUNCTION", "DELETE", "l1000");
                String deleted = work.take();
                client.call("FUNCTION", "DELETE", "l1001");
                assertEquals(deleted, work.take());
                assertTrue(client.call("FUNCTION", "STATS").endsWith(counts(1999, 1999)));
            }
        }
    }
}
