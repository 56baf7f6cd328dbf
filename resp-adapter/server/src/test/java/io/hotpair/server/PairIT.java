package io.hotpair.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A pair and its witness as their user starts them, by the command lines of the README. */
@Timeout(300)
class PairIT {
    private static final Path JAR = Path.of("target", "hotpair-server.jar");
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final int LARGE_LENGTH = 3 << 20;

    @TempDir private Path directory;
    private final Map<String, Process> processes = new HashMap<>();
    private final Map<String, Integer> clientPorts = new HashMap<>();
    private final List<String> pairOptions = new ArrayList<>();

    private String level = "peer";

    @AfterEach
    void endProcesses() throws InterruptedException {
        for (Process process : processes.values()) {
            process.destroyForcibly().waitFor();
        }
    }

    private void configure() throws IOException {
        pairOptions.addAll(List.of("--witness", "w=127.0.0.1:" + freePort()));
        for (String node : List.of("a", "b")) {
            clientPorts.put(node, freePort());
            pairOptions.add("--peer");
            pairOptions.add(
                    node
                            + ("=127.0.0.1:" + freePort())
                            + (",127.0.0.1:" + freePort())
                            + (",127.0.0.1:" + clientPorts.get(node)));
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void start(String node, String... options) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx256m", "-jar", JAR.toString()));
        command.addAll(List.of("--dir", directory.resolve(node).toString()));
        command.addAll(List.of(options));
        command.addAll(pairOptions);
        processes.put(
                node,
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(
                                ProcessBuilder.Redirect.appendTo(
                                        directory.resolve(node + ".log").toFile()))
                        .start());
    }

    private void startNode(String node) throws IOException {
        start(
                node,
                "--mode",
                "pair",
                "--node",
                node,
                "--port",
                String.valueOf(clientPorts.get(node)),
                "--acknowledge",
                level,
                "--maxmemory",
                "64mb");
    }

    private Process process(String node) {
        return Objects.requireNonNull(processes.get(node), node);
    }

    private void await(String what, BooleanSupplier condition) throws IOException {
        long giveUpNs = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - giveUpNs > 0) {
                throw new AssertionError("still not: " + what + "\n" + logs());
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    private String logs() throws IOException {
        StringBuilder text = new StringBuilder();
        for (String node : processes.keySet()) {
            text.append(node)
                    .append(":\n")
                    .append(Files.readString(directory.resolve(node + ".log")));
        }
        return text.toString();
    }

    /** A node's answer to a command: the line, or the value; or why there is none. */
    private String ask(String node, String... command) {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), clientPorts.getOrDefault(node, 0))) {
            socket.setSoTimeout(20_000);
            StringBuilder request = new StringBuilder("*" + command.length + "\r\n");
            for (String word : command) {
                request.append("$").append(word.length()).append("\r\n").append(word);
                request.append("\r\n");
            }
            socket.getOutputStream().write(request.toString().getBytes(US_ASCII));
            DataInputStream in = new DataInputStream(socket.getInputStream());
            String line = readLine(in);
            if (!line.startsWith("$") || line.equals("$-1")) {
                return line;
            }
            byte[] value = new byte[Integer.parseInt(line.substring(1))];
            in.readFully(value);
            return new String(value, US_ASCII);
        } catch (IOException e) {
            return "none: " + e;
        }
    }

    private static String readLine(DataInputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.readUnsignedByte(); c != '\r'; c = in.readUnsignedByte()) {
            line.append((char) c);
        }
        in.readUnsignedByte();
        return line.toString();
    }

    private String load(String node, String library, String answer) {
        String code =
                "#!lua name=%s\nredis.register_function{function_name='%s', flags={'no-writes'},"
                        + " callback=function() return '%s' end}";
        return ask(node, "FUNCTION", "LOAD", "REPLACE", code.formatted(library, library, answer));
    }

    @ParameterizedTest
    @ValueSource(strings = {"peer", "peer-disk"})
    void shouldTakeOverWithEveryKeyWhenTheMasterIsKilled(String acknowledged) throws Exception {
        level = acknowledged;
        configure();
        start("w", "--mode", "witness");
        startNode("a");
        await("a takes writes", () -> ask("a", "SET", "first", "1").equals("+OK"));
        startNode("b");
        await("b is in sync", () -> ask("a", "INFO", "replication").contains("in_sync=yes"));
        for (String node : List.of("a", "b")) {
            await(
                    node + " knows that any node may fail",
                    () -> ask(node, "INFO", "replication").contains("hotpair_ha_ready:1"));
        }
        assertEquals("1", ask("b", "GET", "first"), this::logsOrFailure);
        String large = "0123456789abcdef".repeat(LARGE_LENGTH / 16);
        assertEquals("+OK", ask("a", "SET", "large", large), this::logsOrFailure);
        for (int i = 0; i < 200; i++) {
            assertEquals("+OK", ask("a", "SET", "key" + i, "value" + i), this::logsOrFailure);
        }
        assertTrue(ask("b", "SET", "k", "v").startsWith("-READONLY"), this::logsOrFailure);
        String toAnother = "redis.call('select', 3); return redis.call('set', 'k', '3')";
        assertEquals("+OK", ask("a", "EVAL", toAnother, "0"), this::logsOrFailure);
        assertEquals("+OK", ask("a", "SWAPDB", "3", "5"), this::logsOrFailure);
        for (String library : List.of("one", "two", "three")) {
            assertEquals(library, load("a", library, "1"), this::logsOrFailure);
        }
        await("b has all", () -> ask("b", "FCALL_RO", "three", "0").equals("1"));
        assertEquals("1", ask("b", "FCALL_RO", "two", "0"), this::logsOrFailure);
        assertEquals("two", load("a", "two", "2"), this::logsOrFailure);
        assertEquals("+OK", ask("a", "FUNCTION", "DELETE", "three"), this::logsOrFailure);
        await("b has none", () -> ask("b", "FCALL_RO", "three", "0").startsWith("-ERR Func"));
        assertEquals("2", ask("b", "FCALL_RO", "two", "0"), this::logsOrFailure);
        assertTrue(load("b", "three", "1").startsWith("-READONLY"), this::logsOrFailure);
        await("b has both", () -> ask("b", "INFO", "keyspace").contains("db5:keys=1,expires=0"));

        process("a").destroyForcibly().waitFor();
        await("b takes writes", () -> ask("b", "SET", "after", "2").equals("+OK"));
        String alone = ask("b", "INFO", "replication");
        assertTrue(alone.contains("hotpair_ha_ready:0"), alone);
        for (int i = 0; i < 200; i++) {
            assertEquals("value" + i, ask("b", "GET", "key" + i), this::logsOrFailure);
        }
        assertTrue(large.equals(ask("b", "GET", "large")), this::logsOrFailure);
        String ofAnother = "redis.call('select', 5); return redis.call('get', 'k')";
        assertEquals("3", ask("b", "EVAL_RO", ofAnother, "0"), this::logsOrFailure);

        assertEquals("one", load("b", "one", "3"), this::logsOrFailure);

        startNode("a");
        await("a follows", () -> ask("a", "GET", "after").equals("2"));
        await("a has both", () -> ask("a", "FCALL_RO", "one", "0").equals("3"));
        assertEquals("2", ask("a", "FCALL_RO", "two", "0"), this::logsOrFailure);
        assertTrue(large.equals(ask("a", "GET", "large")), this::logsOrFailure);
        await("a is in sync", () -> ask("b", "INFO", "replication").contains("in_sync=yes"));
        process("b").destroy();
        await("a is master again", () -> ask("a", "SET", "last", "3").equals("+OK"));
        assertEquals("2", ask("a", "GET", "after"));
        assertTrue(process("b").waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
        refuseToServeAlone("b");
    }

    /** What it took would be no part of the pair's history. */
    private void refuseToServeAlone(String node) throws Exception {
        Process alone =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx256m",
                                "-jar",
                                JAR.toString(),
                                "--port=0",
                                "--dir=" + directory.resolve(node))
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("alone.log").toFile())
                        .start();
        processes.put("alone", alone);
        boolean ended = alone.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
        String said = Files.readString(directory.resolve("alone.log"));
        assertTrue(ended, said);
        assertEquals(1, alone.exitValue(), said);
        assertTrue(said.contains("is that of a node of a pair, expected --mode pair"), said);
    }

    @Test
    void shouldStayAPairHoweverFullItIs() throws Exception {
        configure();
        start("w", "--mode", "witness");
        startNode("a");
        await("a takes writes", () -> ask("a", "SET", "first", "1").equals("+OK"));
        startNode("b");
        await("b is in sync", () -> ask("a", "INFO", "replication").contains("in_sync=yes"));
        Map<String, Integer> lengths = fill("a", new Random(2021));
        assertTrue(ask("a", "INFO", "replication").contains("in_sync=yes"), this::logsOrFailure);

        process("a").destroyForcibly().waitFor();
        await("b takes writes", () -> ask("b", "SET", "first", "2").equals("+OK"));
        assertLengths("b", lengths);
        startNode("a");
        await("a follows", () -> ask("a", "GET", "first").equals("2"));
        await("a is in sync", () -> ask("b", "INFO", "replication").contains("in_sync=yes"));
        assertLengths("a", lengths);
        // Full on both sides, and still a cache: what is deleted makes room on both.
        for (String key : lengths.keySet()) {
            assertEquals(":1", ask("b", "DEL", key), this::logsOrFailure);
        }
        assertEquals("+OK", ask("b", "SET", "room", "x".repeat(100_000)), this::logsOrFailure);
        await("a follows", () -> ask("a", "STRLEN", "room").equals(":100000"));
    }

    /** Writes values of all lengths until even small ones are refused; answers what was taken. */
    private Map<String, Integer> fill(String node, Random random) {
        Map<String, Integer> lengths = new HashMap<>();
        int refused = 0;
        for (int i = 0; refused < 20; i++) {
            int length = random.nextInt(refused < 10 ? 200_000 : 200);
            String reply = ask(node, "SET", "key" + i, "x".repeat(length));
            if (reply.equals("+OK")) {
                lengths.put("key" + i, length);
            } else {
                assertTrue(reply.startsWith("-OOM "), reply);
                refused++;
            }
        }
        return lengths;
    }

    private void assertLengths(String node, Map<String, Integer> lengths) {
        lengths.forEach(
                (key, length) ->
                        assertEquals(":" + length, ask(node, "STRLEN", key), this::logsOrFailure));
    }

    @Test
    void shouldNameTheVotersThatItCannotReach() throws Exception {
        configure();
        startNode("a");
        await("a says that nobody answers", () -> says("a", "no majority of voters"));
        assertTrue(process("a").isAlive());
        assertTrue(says("a", "witness " + pairOptions.get(1) + " ("), this::logsOrFailure);
        assertTrue(says("a", "voter b=" + consensusOf("b") + " ("), this::logsOrFailure);
        assertTrue(says("a", "takes no writes"), this::logsOrFailure);
        String refused = ask("a", "SET", "k", "v");
        assertTrue(refused.startsWith("-"), refused);

        start("w", "--mode", "witness");
        await("a says that a majority is back", () -> says("a", "a majority of voters"));
        await("a takes writes", () -> ask("a", "SET", "k", "v").equals("+OK"));
        await("a misses b", () -> says("a", "voter b=" + consensusOf("b") + " silent for "));

        startNode("b");
        await("a hears b", () -> says("a", "answering again: voter b=" + consensusOf("b")));
        process("w").destroyForcibly().waitFor();
        for (String node : List.of("a", "b")) {
            await(
                    node + " misses the witness",
                    () -> says(node, "witness " + pairOptions.get(1) + " silent for "));
        }
        assertTrue(says("b", "a further failure stops the shard"), this::logsOrFailure);
    }

    /** A node's second address. */
    private String consensusOf(String node) {
        for (String option : pairOptions) {
            if (option.startsWith(node + "=")) {
                return option.split(",", -1)[1];
            }
        }
        throw new AssertionError(pairOptions);
    }

    private boolean says(String node, String text) {
        try {
            return Files.readString(directory.resolve(node + ".log")).contains(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String logsOrFailure() {
        try {
            return logs();
        } catch (IOException e) {
            return e.toString();
        }
    }
}
