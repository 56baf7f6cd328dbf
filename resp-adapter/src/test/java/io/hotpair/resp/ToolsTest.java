package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.MaxMemoryPolicy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Redis's own tools at work on a listener. */
class ToolsTest {
    private final TestListener listener = TestListener.open();

    @AfterEach
    void close() {
        listener.close();
    }

    private String run(String input, String program, String... arguments)
            throws IOException, InterruptedException {
        RealRedis.require(program);
        List<String> command = new ArrayList<>();
        command.addAll(List.of(program, "-p", Integer.toString(listener.port())));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    @Test
    void shouldServeRedisCli() throws Exception {
        assertEquals("OK\n", run("", "redis-cli", "SET", "a", "b", "EX", "100"));
        assertEquals(
                "b\n1\n2\n\n100\n", run("GET a\nINCR n\nINCR n\nGET nosuch\nTTL a\n", "redis-cli"));
        assertTrue(run("", "redis-cli", "INFO").contains("redis_version:7.0.15"));
        assertTrue(run("", "redis-cli", "-3", "CONFIG", "GET", "save").contains("save"));
        assertTrue(run("", "redis-cli", "COMMAND", "DOCS", "set").contains("milliseconds"));
        assertTrue(run("", "redis-cli", "-3", "HELLO").contains("standalone"));
        assertTrue(
                run("SET p 1\r\n".repeat(1000), "redis-cli", "--pipe")
                        .contains("errors: 0, replies: 1000"));
    }

    @Test
    void shouldServeTheWalksOfRedisCli() throws Exception {
        for (int i = 0; i < 200; i++) {
            listener.keyspace().put("key:" + i, "x".repeat(i));
        }
        String[] scanned = run("", "redis-cli", "--scan", "--pattern", "key:*").split("\n", -1);
        assertEquals(201, new TreeSet<>(Arrays.asList(scanned)).size());
        String big = run("", "redis-cli", "--bigkeys");
        assertTrue(big.contains("Biggest string found '\"key:199\"' has 199 bytes"), big);
        String memory = run("", "redis-cli", "--memkeys");
        // Memory is given out in sizes, of which several of the longest values have the same.
        assertTrue(memory.contains("Biggest string found '\"key:19"), memory);
    }

    @Test
    void shouldServeRedisBenchmark() throws Exception {
        String pipelined =
                run(
                        "",
                        "redis-benchmark",
                        "-t",
                        "ping,set,get,incr",
                        "-P",
                        "16",
                        "-n",
                        "20000",
                        "-q");
        String single =
                run(
                        "",
                        "redis-benchmark",
                        "-t",
                        "ping,set,get,incr",
                        "-n",
                        "2000",
                        "-r",
                        "100",
                        "-q");
        for (String output : List.of(pipelined, single)) {
            for (String test : List.of("PING_INLINE", "PING_MBULK", "SET", "GET", "INCR")) {
                assertTrue(output.contains(test + ":"), output);
            }
            assertTrue(!output.contains("ERR"), output);
            assertTrue(!output.contains("WARNING"), output);
        }
        assertEquals("20000", listener.keyspace().get("counter:__rand_int__"));
    }

    @Test
    void shouldServeAllTestsOfRedisBenchmark() throws Exception {
        String output = run("", "redis-benchmark", "-P", "8", "-n", "2000", "-q", "-r", "1000");
        for (String test :
                List.of(
                        "LPUSH",
                        "RPUSH",
                        "LPOP",
                        "RPOP",
                        "SADD",
                        "HSET",
                        "SPOP",
                        "ZADD",
                        "ZPOPMIN",
                        "LRANGE_100 (first 100 elements)",
                        "LRANGE_600 (first 600 elements)",
                        "MSET (10 keys)")) {
            assertTrue(output.contains(test + ": "), test + " in " + output);
        }
        assertTrue(!output.contains("ERR"), output);
    }

    @Test
    void shouldServeTheWatchersOfRedisCli() throws Exception {
        for (int i = 0; i < 200; i++) {
            listener.keyspace().put("key:" + i, "v");
        }
        // Minimum, maximum, mean in milliseconds, and how often.
        String latency = run("", "redis-cli", "--latency", "-i", "0.1");
        assertTrue(latency.matches("\\d+ \\d+ \\d+\\.\\d+ \\d+\n"), latency);
        Process watching =
                new ProcessBuilder(
                                "redis-cli",
                                "-p",
                                Integer.toString(listener.port()),
                                "--stat",
                                "-i",
                                "0.01")
                        .redirectErrorStream(true)
                        .start();
        try (BufferedReader lines = watching.inputReader()) {
            assertTrue(lines.readLine().contains("- data -"));
            assertTrue(lines.readLine().startsWith("keys       mem      clients blocked requests"));
            for (int i = 0; i < 3; i++) {
                String line = lines.readLine();
                assertTrue(line.startsWith("200 "), line);
            }
        } finally {
            watching.destroyForcibly().waitFor();
        }
    }

    @Test
    void shouldSayOfHotKeysWhatRedisSays() throws Exception {
        try (RealRedis redis = RealRedis.start();
                RawClient real = new RawClient(redis.port())) {
            listener.keyspace().put("k", "v");
            real.call("SET", "k", "v");
            String said = hotKeys(redis.port());
            assertTrue(said.contains("An LFU maxmemory policy is not selected"), said);
            assertEquals(said, hotKeys(listener.port()));
        }
    }

    @Test
    void shouldFindTheHotKeysThatRedisFinds() throws Exception {
        try (RealRedis redis = RealRedis.start("--maxmemory-policy", "allkeys-lfu");
                TestListener counting =
                        TestListener.open(64 << 20, MaxMemoryPolicy.ALLKEYS_LFU, c -> c)) {
            for (int port : new int[] {redis.port(), counting.port()}) {
                try (RawClient client = new RawClient(port)) {
                    client.call("SET", "cold", "v");
                    client.call("SET", "hot", "v");
                    client.call("GET", "hot");
                }
            }
            String said = hotKeys(redis.port());
            assertTrue(said.contains("hot key found with counter: 6\tkeyname: \"hot\""), said);
            // Before that are the keys in the order of SCAN, which is each server's own.
            String found = said.substring(said.indexOf("- summary -"));
            assertEquals(found, hotKeys(counting.port()).replaceFirst("(?s).*(?=- summary -)", ""));
        }
    }

    private static String hotKeys(int port) throws Exception {
        Process asking =
                new ProcessBuilder("redis-cli", "-p", Integer.toString(port), "--hotkeys")
                        .redirectErrorStream(true)
                        .start();
        byte[] output = asking.getInputStream().readAllBytes();
        return new String(output, StandardCharsets.UTF_8) + asking.waitFor();
    }

    @Test
    void shouldTellRedisCliOfTheBiggestKeys() throws Exception {
        String commands =
                "HSET h a 1 b 2 c 3\nRPUSH l a b c d\nSADD s a b c d e\nSADD t a\nHSET g a 1\n";
        run(commands, "redis-cli");
        String big = run("", "redis-cli", "--bigkeys");
        assertTrue(big.contains("Biggest   hash found '\"h\"' has 3 fields"), big);
        assertTrue(big.contains("Biggest   list found '\"l\"' has 4 items"), big);
        assertTrue(big.contains("Biggest    set found '\"s\"' has 5 members"), big);
    }
}
