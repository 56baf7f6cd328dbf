package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.MaxMemoryPolicy;
import io.hotpair.resp.RespConfig.DebugAccess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares what administrators and their programs send, in one connection, line by line. */
class AdministrationDifferentialTest {
    private static final String LONG = "x".repeat(65);

    private static final String[] PACKING = {
        "config get hash-max-ziplist-entries",
        "config get hash-max-listpack-entries",
        "config get zset-max-ziplist-entries",
        "config get zset-max-listpack-val*",
        "config get stream-node-max-b*",
        "config get stream-node-max-entries",
        "config get list-compress*",
        "config get hll-sparse-max-bytes",
        "config set hash-max-ziplist-entries -1",
        "config set hash-max-ziplist-value 1k",
        "config get hash-max-listpack-value",
        "config set set-max-intset-entries 1k",
        "config set stream-node-max-bytes -1",
        "config set list-compress-depth -1",
        "config set list-max-listpack-size 99999999999",
        "config set list-max-ziplist-size -5",
        "config get list-max-listpack-size",
        "hset h f v",
        "object encoding h",
        "hset h1 f " + LONG,
        "object encoding h1",
        "config set hash-max-listpack-entries 0 hash-max-listpack-value 65",
        "hset h2 f v",
        "object encoding h2",
        "config set hash-max-listpack-entries 512",
        "hset h3 f " + LONG,
        "object encoding h3",
        "config set set-max-intset-entries 2",
        "sadd s 1 2",
        "object encoding s",
        "sadd s 3",
        "object encoding s",
        "config set zset-max-ziplist-entries 2 zset-max-ziplist-value 3",
        "zadd z 1 a 2 b",
        "object encoding z",
        "zadd z 3 c",
        "object encoding z",
        "zadd z1 1 abc",
        "object encoding z1",
        "zadd z1 1 abcd",
        "object encoding z1",
    };

    private static final String[] UNCHANGED = {
        "config set appendonly no",
        "config set appendonly NO",
        "config set replica-read-only yes",
        "config set maxmemory-policy noeviction",
        "config set databases 1",
        "config set tcp-backlog 511",
        "config set save \"\"",
        "config set daemonize no",
        "config set cluster-enabled no",
        "config get replicaof",
        "config get slaveof",
        "config set maxmemory-clients 101%",
        "config set maxmemory-clients 1x",
        "config set client-output-buffer-limit \"slave 1 2\"",
        "client info extra",
    };

    private static final String[] LATENCY = {
        "latency",
        "latency latest",
        "latency latest x",
        "latency history",
        "latency history command",
        "latency graph",
        "latency graph command",
        "latency reset",
        "latency reset command x",
        "latency doctor",
        "latency help",
        "latency histogram get nosuch latency|nosuch",
        "latency nosuch",
        "config get latency*threshold",
        "config set latency-monitor-threshold -1",
        "config set latency-monitor-threshold x",
        "config set latency-monitor-threshold 1000000",
        "latency doctor",
        "latency latest",
        "config get latency-tracking",
        "config set latency-tracking x",
        "config set latency-tracking no",
        "set k v",
        "latency histogram set",
        "info latencystats",
        "config set latency-tracking YES",
        "config get latency-tracking-info-percentiles",
        "config set latency-tracking-info-percentiles x",
        "config set latency-tracking-info-percentiles 101",
        "config set latency-tracking-info-percentiles \"50 -1\"",
        "config set latency-tracking-info-percentiles \"50.00 0 100 +99.990 12.3456789\"",
        "config get latency-tracking-info-percentiles",
        "config set latency-tracking-info-percentiles \"\"",
        "config get latency-tracking-info-percentiles",
        "config resetstat",
        "hello 3",
        "latency latest",
        "latency history command",
        "latency doctor",
        "latency histogram nosuch",
    };

    private static final String[] USE = {
        "object idletime",
        "object idletime k",
        "object freq k",
        "set k v",
        "object idletime k",
        "del k",
        "object freq k",
    };

    private static final String[] FREQUENCY = {
        "set k v",
        "object freq k",
        "object refcount l",
        "object refcount k",
        "object freq k",
        "get k",
        "object freq k",
        "rpush l a",
        "object freq l",
        "del l",
        "object freq l",
        "multi",
        "set new v",
        "object freq new",
        "object freq k",
        "del k",
        "object freq k",
        "exec",
        "object freq new",
        "object freq k",
        "object idletime new",
        "eval \"redis.call('set', 'e', 'v') return redis.call('object', 'freq', 'e')\" 0",
    };

    private static final String[] REPLICAS = {
        "config get min-replicas-to-write",
        "config get min-replicas-max-lag",
        "config set min-replicas-to-write -1",
        "config set min-replicas-to-write 2147483648",
        "config set min-replicas-max-lag x",
        "function load \"#!lua name=l\\nredis.register_function('f', function() return 1 end)\"",
        "set k v",
        "multi",
        "set k w",
        "config set min-replicas-to-write 1",
        "exec",
        "multi",
        "set k w",
        "exec",
        "get k",
        "set k",
        "set k w",
        "config get min-slaves-to-write",
        "set k w",
        "del k",
        "get k",
        "flushall",
        "publish c m",
        "function flush",
        "fcall f 0",
        "fcall_ro f 0",
        "eval \"return redis.call('set', 'k', 'w')\" 0",
        "eval \"return redis.pcall('set', 'k', 'w')\" 0",
        "eval \"return redis.pcall('set', 'k')\" 0",
        "eval \"return redis.call('get', 'k')\" 0",
        "eval_ro \"return redis.call('set', 'k', 'w')\" 0",
        "eval \"#!lua\\nreturn 1\" 0",
        "eval \"#!lua flags=no-writes\\nreturn 1\" 0",
        "multi",
        "get k",
        "set k w",
        "exec",
        "config set min-slaves-max-lag 0",
        "set k w",
        "config set min-replicas-max-lag 10",
        "set k x",
        "config set min-slaves-to-write 0",
        "set k x",
    };

    private static final String[] SAVE = {
        "config get save",
        "config set save \"\"",
        "config set save x",
        "config set save 1",
        "config set save \"0 1\"",
        "config set save \"1 1 1\"",
        "config set save \"-1 1\"",
        "config set save \"1 -1\"",
        "config get save",
    };

    private static final String[] DEBUG = {
        "debug",
        "debug nosuch",
        "debug sleep",
        "debug sleep 0",
        "debug sleep 0.001",
        "debug sleep x",
        "debug sleep -1",
        "debug sleep 0 1",
        "debug help x",
        "debug error",
        "debug error FOO",
        "debug error \"LOADING a fake\"",
        "debug error \"ERR line\\r\\nbreak\"",
        "debug error a b",
        "info errorstats",
        "debug jmap",
        "debug set-active-expire",
        "debug set-active-expire 0",
        "debug set-active-expire 1",
        "debug set-active-expire x",
        "debug quicklist-packed-threshold",
        "debug quicklist-packed-threshold 0",
        "debug quicklist-packed-threshold 200b",
        "debug quicklist-packed-threshold x",
        "debug quicklist-packed-threshold 4gb",
        "debug object",
        "debug object nosuch",
        "debug object k v",
        "debug stringmatch-len",
        "config set enable-debug-command yes",
        "multi",
        "debug sleep 0",
        "debug object nosuch",
        "exec",
    };

    private static final String[] LIMIT = {
        "config set maxmemory 1",
        "config get maxmemory",
        "set k v",
        "get k",
        "del k",
        "config set maxmemory -1",
        "config set maxmemory 1x",
        "config set maxmemory 0",
        "config get maxmemory",
        "set k v",
    };

    private static final String[] NO_DEBUG = {
        "debug",
        "debug help",
        "debug sleep 0",
        "debug nosuch",
        "config get enable-debug-command",
        "config set enable-debug-command yes",
        "multi",
        "debug sleep 0",
        "exec",
    };

    private static void compare(String... lines) {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            compare(redis, listener, lines);
        }
    }

    private static void compare(RealRedis redis, TestListener listener, String... lines) {
        try (RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (String line : lines) {
                theirs.send(line + "\r\n");
                ours.send(line + "\r\n");
                String expected = theirs.reply();
                String actual = ours.reply();
                // The id of the client is in it.
                if (!line.startsWith("hello")) {
                    assertEquals(expected, actual, line);
                }
            }
        }
    }

    @Test
    void shouldTellTheEncodingByTheLimitsThatAreSet() {
        compare(PACKING);
    }

    @Test
    void shouldAnswerOfLatencyAsRedisDoes() {
        compare(LATENCY);
    }

    @Test
    void shouldAnswerOfAKeysUseAsRedisDoes() {
        compare(USE);
        compare("set k v", "object freq k");
        try (RealRedis redis = RealRedis.start("--maxmemory-policy", "allkeys-lfu");
                TestListener listener =
                        TestListener.open(64 << 20, MaxMemoryPolicy.ALLKEYS_LFU, c -> c)) {
            compare(redis, listener, USE);
            compare(redis, listener, FREQUENCY);
        }
    }

    @Test
    void shouldTellForHowLongAKeyWasNotUsed() {
        try (RealRedis redis = RealRedis.start("--maxmemory-policy", "allkeys-lru");
                TestListener listener =
                        TestListener.open(64 << 20, MaxMemoryPolicy.ALLKEYS_LRU, c -> c)) {
            compare(redis, listener, USE);
            try (RawClient client = listener.connect()) {
                client.call("SET", "k", "v");
                assertEquals(":0\r\n", client.call("OBJECT", "IDLETIME", "k"));
                Await.until(
                        () -> client.call("OBJECT", "IDLETIME", "k").equals(":1\r\n"),
                        () -> client.call("OBJECT", "IDLETIME", "k"));
                client.call("GET", "k");
                assertEquals(":0\r\n", client.call("OBJECT", "IDLETIME", "k"));
                client.call("MULTI");
                client.call("DEL", "k");
                client.call("OBJECT", "IDLETIME", "k");
                assertEquals("*2\r\n:1\r\n$-1\r\n", client.call("EXEC"));
            }
        }
    }

    @Test
    void shouldTakeAnyLimitForMemory() {
        compare(LIMIT);
    }

    @Test
    void shouldRefuseDebugAsRedisDoes() {
        compare(NO_DEBUG);
        try (RealRedis redis = RealRedis.start("--requirepass", "pw");
                TestListener listener = TestListener.open(c -> c.password("pw"))) {
            compare(redis, listener, "debug", "debug sleep 0", "auth pw", "debug sleep 0");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"YES", "LOCAL"})
    void shouldAnswerToDebugAsRedisDoes(DebugAccess access) {
        String text = DebugCommands.text(access);
        try (RealRedis redis = RealRedis.start("--enable-debug-command", text);
                TestListener listener = TestListener.open(c -> c.debugCommand(access))) {
            compare(redis, listener, DEBUG);
            compare(redis, listener, "config get enable-debug-command");
        }
    }

    @Test
    void shouldTellTheLengthOfValuesThatRedisWritesTheSameWay() {
        Pattern shown = Pattern.compile("refcount:1 encoding:\\w+ serializedlength:\\d+ lru:\\d+");
        List<String> replies = new ArrayList<>();
        try (RealRedis redis = RealRedis.start("--enable-debug-command", "yes");
                TestListener listener = TestListener.open(c -> c.debugCommand(DebugAccess.YES))) {
            for (int port : new int[] {redis.port(), listener.port()}) {
                try (RawClient client = new RawClient(port)) {
                    client.call("SET", "short", "abc");
                    client.call("SET", "number", "12345");
                    client.call("SADD", "set", "x");
                    StringBuilder seen = new StringBuilder();
                    for (String key : List.of("short", "number", "set")) {
                        Matcher found = shown.matcher(client.call("DEBUG", "OBJECT", key));
                        assertTrue(found.find(), key);
                        seen.append(found.group().replaceAll("lru:\\d+", "")).append('\n');
                    }
                    replies.add(seen.toString());
                }
            }
        }
        assertEquals(replies.get(0), replies.get(1));
    }

    @Test
    void shouldLogASleepAndLetOthersGoOnMeanwhile() {
        try (TestListener listener =
                        TestListener.open(
                                c -> c.debugCommand(DebugAccess.YES).eventLoopThreads(1));
                RawClient sleeper = listener.connect();
                RawClient other = listener.connect()) {
            other.call("CONFIG", "SET", "latency-monitor-threshold", "100");
            long startNs = System.nanoTime();
            sleeper.send(RawClient.command("DEBUG", "SLEEP", "0.2"));
            Await.until(
                    () -> other.call("CLIENT", "LIST").contains("cmd=debug"),
                    () -> other.call("CLIENT", "LIST"));
            assertEquals("+PONG\r\n", other.call("PING"));
            assertEquals("+OK\r\n", sleeper.reply());
            long ns = System.nanoTime() - startNs;
            assertTrue(ns >= TimeUnit.MILLISECONDS.toNanos(200), "ns=" + ns);
            String slow = other.call("SLOWLOG", "GET");
            assertTrue(slow.contains("SLEEP"), slow);
            String latest = other.call("LATENCY", "LATEST");
            assertTrue(latest.startsWith("*1\r\n*4\r\n$7\r\ncommand\r\n"), latest);
            assertEquals(":1\r\n", other.call("DEBUG", "STRINGMATCH-LEN", "a*", "abc"));
            assertEquals(":0\r\n", other.call("DEBUG", "STRINGMATCH-LEN", "b*", "abc"));
            assertTrue(other.call("DEBUG", "HELP").contains("+SLEEP <seconds>\r\n"));
        }
    }

    @Test
    void shouldRefuseWritesForWantOfReplicasAsRedisDoes() {
        compare(REPLICAS);
    }

    @Test
    void shouldUnderstandSavePointsAsRedisDoes() {
        compare(SAVE);
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            assertEquals(
                    "-ERR CONFIG SET failed (possibly related to argument 'save') - can't set"
                            + " immutable config\r\n",
                    client.call("CONFIG", "SET", "save", "3600 1 300 100"));
        }
    }

    @Test
    void shouldLetAParameterBeSetToWhatItIs() {
        compare(UNCHANGED);
    }

    /** What was logged, the latest first, without what was measured. */
    private static List<String> slow(RawClient client) {
        return Pattern.compile("\\*(\\d)\r\n((?:\\$\\d+\r\n[^\r]*\r\n)+)\\$\\d+\r\n127")
                .matcher(client.call("SLOWLOG", "GET", "-1"))
                .results()
                .map(entry -> entry.group(2))
                .toList();
    }

    @Test
    void shouldLogWhatWasExecutedAndNotExec() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            List<String> expected = logged(redis.port());
            assertEquals(expected, logged(listener.port()));
            assertTrue(expected.get(0).contains("blpop"), expected.toString());
            assertFalse(expected.toString().contains("exec"), expected.toString());
        }
    }

    @Test
    void shouldLogNoPasswords() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            List<String> expected = loggedOfPasswords(redis.port());
            assertEquals(expected, loggedOfPasswords(listener.port()));
            assertFalse(expected.toString().contains("secret"), expected.toString());
        }
    }

    private static List<String> loggedOfPasswords(int port) {
        try (RawClient client = new RawClient(port)) {
            client.call("CONFIG", "SET", "slowlog-log-slower-than", "0");
            client.call("CONFIG", "SET", "requirepass", "secret", "timeout", "0");
            client.call("config", "set", "timeout", "0", "RequirePass", "secret");
            client.call("ACL", "SETUSER", "default", ">secret");
            client.call("CONFIG", "SET", "slowlog-log-slower-than", "-1");
            return slow(client);
        }
    }

    private static List<String> logged(int port) {
        try (RawClient client = new RawClient(port);
                RawClient waiting = new RawClient(port)) {
            client.call("CONFIG", "SET", "slowlog-log-slower-than", "0");
            client.call("SLOWLOG", "RESET");
            waiting.send(RawClient.command("blpop", "l", "0"));
            Await.until(
                    () -> client.call("INFO", "clients").contains("blocked_clients:1"),
                    () -> client.call("CLIENT", "LIST"));
            client.call("CONFIG", "SET", "slowlog-log-slower-than", "-1");
            client.call("SLOWLOG", "RESET");
            client.call("CONFIG", "SET", "slowlog-log-slower-than", "0");
            client.call("multi");
            client.call("set", "k", "v");
            client.call("rpush", "l", "a");
            client.call("exec");
            waiting.reply();
            client.call("CONFIG", "SET", "slowlog-log-slower-than", "-1");
            return slow(client).stream().filter(entry -> !entry.contains("CONFIG")).toList();
        }
    }

    @Test
    void shouldHoldBackInAPauseOfWritesWhatRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            for (String command :
                    List.of("pfcount h", "publish c m", "spublish c m", "get k", "del k", "ping")) {
                assertEquals(
                        isHeld(redis.port(), command), isHeld(listener.port(), command), command);
            }
        }
    }

    /** Whether a command is not answered before one that is sent later, on the same terms. */
    private static boolean isHeld(int port, String command) {
        try (RawClient client = new RawClient(port);
                RawClient other = new RawClient(port)) {
            client.call("CLIENT", "PAUSE", "60000", "WRITE");
            other.send(command + "\r\n");
            AtomicBoolean held = new AtomicBoolean();
            Await.until(
                    () -> {
                        held.set(client.call("INFO", "clients").contains("blocked_clients:1"));
                        String name = "cmdstat_" + command.split(" ", -1)[0] + ":";
                        return held.get() || client.call("INFO", "commandstats").contains(name);
                    },
                    () -> client.call("CLIENT", "LIST"));
            client.call("CLIENT", "UNPAUSE");
            other.reply();
            return held.get();
        }
    }

    @Test
    void shouldKeepWhatExpiresDuringAPauseAndShowItToNobody() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            for (int port : new int[] {redis.port(), listener.port()}) {
                try (RawClient client = new RawClient(port)) {
                    checkThatAPauseKeepsKeys(client);
                }
            }
            // A listener that is closed leaves no pause behind.
            try (RawClient client = listener.connect()) {
                client.call("CLIENT", "PAUSE", "600000", "WRITE");
            }
            listener.listener().close();
            byte[] key = {'k'};
            listener.keyspace().put(key, key, Duration.ofMillis(1));
            Await.until(
                    () -> listener.keyspace().statistics().keyCount() == 0,
                    () -> listener.keyspace().statistics().toString());
        }
    }

    private static void checkThatAPauseKeepsKeys(RawClient client) {
        client.call("CONFIG", "RESETSTAT");
        client.call("MULTI");
        client.call("SET", "soon", "v", "PX", "1");
        client.call("SET", "later", "v", "PX", "300");
        client.call("CLIENT", "PAUSE", "600000", "WRITE");
        client.call("EXEC");
        Await.until(
                () -> client.call("EXISTS", "soon", "later").equals(":0\r\n"),
                () -> client.call("PTTL", "later"));
        assertEquals(":2\r\n", client.call("DBSIZE"));
        assertTrue(client.call("INFO", "stats").contains("expired_keys:0\r\n"));
        assertEquals("+OK\r\n", client.call("CLIENT", "UNPAUSE"));
        Await.until(
                () -> client.call("DBSIZE").equals(":0\r\n"), () -> client.call("INFO", "stats"));
        assertTrue(client.call("INFO", "stats").contains("expired_keys:2\r\n"));
    }

    @Test
    void shouldNameOnlyCommandsAndSubcommandsThatRedisNames() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            String names = theirs.call("COMMAND", "LIST");
            String here = ours.call("COMMAND", "LIST");
            for (Command command : listener.server().commands().everything()) {
                String name = "\r\n" + command.fullName() + "\r\n";
                assertTrue(here.contains(name), name);
                // Redis has SENTINEL only in a process that is nothing else.
                if (command.since().compareTo("7.1") < 0 && !name.contains("sentinel")) {
                    assertTrue(names.contains(name), name);
                }
            }
        }
    }

    @Test
    void shouldTellTheLengthOfTheCommandThatAsks() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (String[] command : new String[][] {{"client", "list"}, {"CLIENT", "INFO"}}) {
                Pattern length = Pattern.compile("qbuf=(\\d+)");
                Matcher their = length.matcher(theirs.call(command));
                Matcher our = length.matcher(ours.call(command));
                assertTrue(their.find() && our.find());
                assertEquals(their.group(1), our.group(1));
            }
        }
    }
}
