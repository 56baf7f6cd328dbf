package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A real {@code redis-server}, as the judge. */
final class RealRedis implements AutoCloseable {
    /** The system property that names a redis-server of version 8.0. */
    static final String NEWER = "hotpair.newerRedis";

    /** The system property that names one of version 8.6. */
    static final String NEWEST = "hotpair.newestRedis";

    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(20);

    private Process process;
    private final Path directory;
    private final int port;

    private final ProcessBuilder starter;

    private RealRedis(ProcessBuilder starter, Path directory, int port) throws IOException {
        this.starter = starter;
        process = starter.start();
        this.directory = directory;
        this.port = port;
    }

    /** Skips the test on a machine without a program of Redis; in CI that is a failure instead. */
    static void require(String program) {
        boolean present =
                Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
        if (!present) {
            String inCi = System.getenv().getOrDefault("CI", "");
            assertNotEquals("true", inCi.toLowerCase(Locale.ROOT), program + " is not on the PATH");
        }
        assumeTrue(present, program + " is not on the PATH");
    }

    static RealRedis start(String... options) {
        require("redis-server");
        return startProgram("redis-server", options);
    }

    /** Starts a newer one, which a system property names; skips the test where there is none. */
    static RealRedis startNewer(String property) {
        String program = System.getProperty(property);
        assumeTrue(program != null, "-D" + property + " names no redis-server");
        return startProgram(Objects.requireNonNull(program));
    }

    private static RealRedis startProgram(String program, String... options) {
        try {
            int port = freePort();
            Path directory = Files.createTempDirectory("hotpair-redis");
            List<String> command = new ArrayList<>();
            command.addAll(List.of(program, "--port", Integer.toString(port)));
            command.addAll(List.of("--save", "", "--dir", directory.toString()));
            command.addAll(List.of("--bind", "127.0.0.1"));
            command.addAll(List.of(options));
            ProcessBuilder starter =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(directory.resolve("out").toFile());
            RealRedis redis = new RealRedis(starter, directory, port);
            redis.awaitReady();
            return redis;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts one that watches others, with the file that it may rewrite. */
    static RealRedis startSentinel(Path config) {
        require("redis-server");
        try {
            int port = freePort();
            Path directory = Files.createTempDirectory("hotpair-sentinel");
            ProcessBuilder starter =
                    new ProcessBuilder(
                                    "redis-server",
                                    config.toString(),
                                    "--sentinel",
                                    "--port",
                                    Integer.toString(port),
                                    "--dir",
                                    directory.toString())
                            .redirectErrorStream(true)
                            .redirectOutput(directory.resolve("out").toFile());
            RealRedis sentinel = new RealRedis(starter, directory, port);
            sentinel.awaitSaying("+monitor master");
            return sentinel;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private void awaitReady() throws IOException {
        awaitSaying("Ready to accept connections");
    }

    private void awaitSaying(String text) throws IOException {
        long startNs = System.nanoTime();
        Path out = directory.resolve("out");
        while (!Files.readString(out).contains(text)) {
            if (!process.isAlive() || System.nanoTime() - startNs > DEADLINE_NS) {
                process.destroyForcibly();
                throw new IllegalStateException(
                        "redis-server is not ready: " + Files.readString(out));
            }
            LockSupport.parkNanos(POLL_NS);
        }
    }

    int port() {
        return port;
    }

    /** Ends it as a crash does. */
    void stop() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Starts it again, at the same port. */
    void restart() {
        try {
            process = starter.start();
            awaitReady();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Has it save all that it holds. */
    Path save() {
        try (RawClient client = new RawClient(port)) {
            String reply = client.call("SAVE");
            if (!reply.equals("+OK\r\n")) {
                throw new IllegalStateException("SAVE: " + reply);
            }
        }
        return directory.resolve("dump.rdb");
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while redis-server ended", e);
        }
    }
}
