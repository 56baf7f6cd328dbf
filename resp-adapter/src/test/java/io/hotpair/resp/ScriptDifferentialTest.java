package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same scripts to a real redis-server and to a listener: the replies must be the same bytes.
 */
class ScriptDifferentialTest {
    private static RealRedis redis;
    private static TestListener listener;

    @BeforeAll
    static void open() {
        redis = RealRedis.start();
        listener = TestListener.open();
    }

    @AfterAll
    static void close() {
        listener.close();
        redis.close();
    }

    /** The scripts of a file: what stands between lines of dashes. */
    private static List<String> scripts(String file) {
        try (InputStream in =
                ScriptDifferentialTest.class.getResourceAsStream("/scripts/" + file)) {
            String all = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            List<String> scripts = new ArrayList<>();
            for (String script : all.split("(?m)^----\\R", -1)) {
                String text =
                        script.endsWith("\n") ? script.substring(0, script.length() - 1) : script;
                if (!text.isBlank()) {
                    scripts.add(
                            new String(
                                    text.getBytes(StandardCharsets.UTF_8),
                                    StandardCharsets.ISO_8859_1));
                }
            }
            return scripts;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void compare(List<String[]> commands) {
        try (RawClient real = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            compare(real, ours, commands);
        }
    }

    /** Gives the same commands to both; each reply has to be the same. */
    static void compare(RawClient real, RawClient ours, List<String[]> commands) {
        List<String> differences = new ArrayList<>();
        for (String[] command : commands) {
            String expected = real.call(command);
            String actual = ours.call(command);
            if (!expected.equals(actual)) {
                differences.add(
                        String.join(" ", command)
                                + "\n  Redis: "
                                + expected
                                + "  here:  "
                                + actual);
            }
        }
        assertEquals("", String.join("\n", differences), differences.size() + " replies differ");
    }

    private static List<String[]> evals(String file, String... rest) {
        List<String[]> commands = new ArrayList<>();
        commands.add(new String[] {"FLUSHALL"});
        commands.add(new String[] {"SET", "text", "abc"});
        commands.add(new String[] {"RPUSH", "list", "a", "b", "c"});
        commands.add(new String[] {"HSET", "hash", "f", "1", "g", "2"});
        commands.add(new String[] {"ZADD", "zset", "1.5", "m"});
        for (String script : scripts(file)) {
            String[] command = new String[2 + rest.length];
            command[0] = "EVAL";
            command[1] = script;
            System.arraycopy(rest, 0, command, 2, rest.length);
            commands.add(command);
        }
        return commands;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"conversions", "errors", "language", "strings", "commands", "libraries"})
    void shouldAnswerAsRedisDoes(String file) {
        compare(evals(file + ".txt", "2", "k1", "k2", "a1", "a2", "3"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"conversions", "commands"})
    void shouldAnswerAsRedisDoesInResp3(String file) {
        try (RawClient real = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            real.call("HELLO", "3");
            ours.call("HELLO", "3");
            compare(real, ours, evals(file + ".txt", "2", "k1", "k2", "a1", "a2", "3"));
        }
    }

    /** Who failed, who was refused, and which errors there were: none is counted twice. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "return redis.call('get', 'list')",
                "return redis.pcall('get', 'list')",
                "redis.pcall('get', 'list') return 1",
                "return redis.call('set', 'x', 'y', 'z')",
                "return redis.call('get')",
                "return redis.pcall('get')",
                "return redis.call('nosuch')",
                "return redis.call()",
                "return redis.call('multi')",
                "redis.pcall('multi') return 1",
                "return redis.error_reply('MY code')",
                "return {err = 'MY code'}",
                "error('x')",
                "error({err = 'MY code'})",
                "return {err = 'MY'}",
                "return {err = ''}",
                "return {err = 'MY:1#,count=2 code'}",
                "return {err = 'A234567890123456789012345678901 code'}",
                "return {err = 'A23456789012345678901234567890 code'}",
                "return {err = 'MY\\ncode'}",
                "return {err = 'MY\\r\\nerrorstat_X:count=1'}",
                "error(redis.error_reply('-MY\\r\\n-ERR code'))",
                "return 1",
                "return {",
            })
    void shouldCountErrorsAsRedisDoes(String script) {
        try (TestListener oneLoop = TestListener.open(c -> c.eventLoopThreads(1))) {
            assertEquals(
                    errors(redis.port(), "EVAL", script), errors(oneLoop.port(), "EVAL", script));
        }
    }

    @Test
    void shouldCountRefusedWritesAsRedisDoes() {
        String call = "return redis.call('set', 'x', 'y')";
        String caught = "redis.pcall('set', 'x', 'y') return 1";
        try (RealRedis full = RealRedis.start();
                TestListener oneLoop = TestListener.open(c -> c.eventLoopThreads(1))) {
            for (String script : List.of(call, caught)) {
                assertEquals(
                        errors(full.port(), "EVAL_RO", script),
                        errors(oneLoop.port(), "EVAL_RO", script));
            }
            limit(full.port());
            limit(oneLoop.port());
            for (String script : List.of(call, caught)) {
                assertEquals(
                        errors(full.port(), "EVAL", script),
                        errors(oneLoop.port(), "EVAL", script));
            }
            String withFlags = "#!lua\nreturn 1";
            assertEquals(
                    errors(full.port(), "EVAL", withFlags).get(0),
                    errors(oneLoop.port(), "EVAL", withFlags).get(0));
        }
    }

    private static void limit(int port) {
        try (RawClient client = new RawClient(port)) {
            assertEquals("+OK\r\n", client.call("CONFIG", "SET", "maxmemory", "1"));
        }
    }

    private static List<String> errors(int port, String command, String script) {
        try (RawClient client = new RawClient(port)) {
            client.call("RPUSH", "list", "a");
            client.call("CONFIG", "RESETSTAT");
            List<String> all = new ArrayList<>();
            all.add(client.call(command, script, "0"));
            for (String section : List.of("errorstats", "commandstats", "stats")) {
                Stream.of(client.call("INFO", section).split("\r\n", -1))
                        .filter(line -> line.matches("(errorstat|total_error|cmdstat).*"))
                        .filter(line -> !line.matches("cmdstat_(info|config|rpush).*"))
                        .map(line -> line.replaceAll("usec.*?,rej", "rej"))
                        .sorted()
                        .forEach(all::add);
            }
            return all;
        }
    }

    @Test
    void shouldCheckArgumentsAsRedisDoes() {
        String sha = Script.sha("return 5".getBytes(StandardCharsets.UTF_8));
        List<String[]> commands = new ArrayList<>();
        for (String line :
                List.of(
                        "EVAL",
                        "EVAL return",
                        "EVAL return+1 a",
                        "EVAL return+1 1",
                        "EVAL return+1 -1",
                        "EVAL return+1 0",
                        "EVAL_RO return+redis.call('set','a','b') 0",
                        "EVAL_RO return+redis.pcall('set','a','b') 0",
                        "EVAL_RO return+redis.call('get','a') 0",
                        "EVALSHA abc 0",
                        "EVALSHA ffffffffffffffffffffffffffffffffffffffff 0",
                        "EVALSHA_RO ffffffffffffffffffffffffffffffffffffffff 0",
                        "EVALSHA " + sha + " 0",
                        "SCRIPT EXISTS " + sha,
                        "SCRIPT LOAD return+5",
                        "SCRIPT EXISTS " + sha + " abc",
                        "EVALSHA " + sha + " 0",
                        "EVALSHA " + sha.toUpperCase(java.util.Locale.ROOT) + " 0",
                        "EVALSHA_RO " + sha + " 0",
                        "SCRIPT LOAD x+x",
                        "SCRIPT FLUSH x",
                        "SCRIPT FLUSH SYNC",
                        "SCRIPT EXISTS " + sha,
                        "SCRIPT FLUSH ASYNC",
                        "SCRIPT FLUSH",
                        "SCRIPT FLUSH SYNC ASYNC",
                        "SCRIPT KILL",
                        "SCRIPT DEBUG NO",
                        "SCRIPT DEBUG x",
                        "SCRIPT nosuch",
                        "SCRIPT",
                        "SCRIPT EXISTS",
                        "SCRIPT LOAD",
                        "MULTI",
                        "EVAL return+redis.call('incr','n') 0",
                        "SCRIPT LOAD return+7",
                        "EVAL return+redis.call('nosuch') 0",
                        "EXEC",
                        "GET n")) {
            String[] words = line.split(" ");
            for (int i = 0; i < words.length; i++) {
                words[i] = words[i].replace('+', ' ');
            }
            commands.add(words);
        }
        commands.add(new String[] {"EVAL", "#!lua\nreturn 1", "0"});
        commands.add(new String[] {"EVAL", "#!lua", "0"});
        commands.add(
                new String[] {
                    "EVAL", "#!lua flags=no-writes\nreturn redis.call('set','x',1)", "0"
                });
        commands.add(
                new String[] {
                    "EVAL",
                    "#!lua flags=no-writes,allow-stale,allow-oom,no-cluster,allow-cross-slot-keys\nreturn 1",
                    "0"
                });
        commands.add(new String[] {"EVAL", "#!lua flags=bad\nreturn 1", "0"});
        commands.add(new String[] {"EVAL", "#!lua flags=\nreturn 1", "0"});
        commands.add(new String[] {"EVAL", "#!lua name=x\nreturn 1", "0"});
        commands.add(new String[] {"EVAL", "#!py\nreturn 1", "0"});
        commands.add(new String[] {"EVAL_RO", "#!lua\nreturn 1", "0"});
        commands.add(new String[] {"EVAL_RO", "#!lua flags=no-writes\nreturn 1", "0"});
        commands.add(new String[] {"EVAL", "#!lua flags=no-writes\n\n\nx x", "0"});
        commands.add(new String[] {"EVAL", "#!lua flags=no-writes\n\n\nreturn nosuch", "0"});
        compare(commands);
    }
}
