package io.hotpair.benchmarks.compare;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A redis-server of our own, which keeps nothing. Ends when it is closed, or with this JVM. */
final class RedisServer implements AutoCloseable {
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(30);
    private static final long POLL_NS = TimeUnit.MICROSECONDS.toNanos(50);

    private final Process process;
    private final Thread ending;
    private final RedisConnection connection;

    private RedisServer(Process process, int port) {
        this.process = process;
        ending = new Thread(process::destroyForcibly, "end of redis-server");
        Runtime.getRuntime().addShutdownHook(ending);
        connection = connect(process, port);
    }

    /** What is not there that it takes, or null if it can be started and measured. */
    static @Nullable String lacking() {
        if (!Files.isReadable(Path.of("/proc/self/schedstat"))) {
            return "the system does not count the processor time of others in nanoseconds";
        }
        boolean installed =
                Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, "redis-server")));
        return installed ? null : "redis-server is not on the PATH";
    }

    static RedisServer start() {
        try {
            int port = freePort();
            ProcessBuilder builder =
                    new ProcessBuilder(
                            "redis-server",
                            "--bind",
                            InetAddress.getLoopbackAddress().getHostAddress(),
                            "--port",
                            Integer.toString(port),
                            "--save",
                            "",
                            "--appendonly",
                            "no");
            return new RedisServer(
                    builder.directory(new File(System.getProperty("java.io.tmpdir")))
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start(),
                    port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0)) {
            return free.getLocalPort();
        }
    }

    private static RedisConnection connect(Process process, int port) {
        long startNs = System.nanoTime();
        while (true) {
            try {
                return new RedisConnection(port);
            } catch (UncheckedIOException e) {
                if (!process.isAlive() || System.nanoTime() - startNs > DEADLINE_NS) {
                    process.destroyForcibly();
                    throw e;
                }
                LockSupport.parkNanos(POLL_NS);
            }
        }
    }

    RedisConnection connection() {
        return connection;
    }

    String version() {
        return connection
                .command("INFO", "server")
                .replaceFirst("(?s).*redis_version:([^\r]*).*", "$1");
    }

    /**
     * Processor time of its main thread, which parses, executes and answers. Waits until it has
     * nothing to do: the kernel counts a thread's time when that thread stops.
     */
    long mainThreadNs() {
        while (!isAsleep()) {
            LockSupport.parkNanos(POLL_NS);
        }
        return Long.parseLong(read("schedstat").split(" ", 2)[0]);
    }

    /** The state comes behind the name, which is in brackets. */
    private boolean isAsleep() {
        String status = read("stat");
        return status.charAt(status.lastIndexOf(')') + 2) == 'S';
    }

    private String read(String file) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process.pid()), file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        connection.close();
        process.destroyForcibly();
        Runtime.getRuntime().removeShutdownHook(ending);
    }
}
