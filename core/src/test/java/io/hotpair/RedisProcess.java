package io.hotpair;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real {@code redis-server}, as the judge, with a connection to it. Replies are Java objects: a
 * byte[], a Long, a {@link Status}, an {@link Failure}, a List, or null.
 */
final class RedisProcess implements AutoCloseable {
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(20);

    /** A reply such as OK. */
    record Status(String text) {}

    /** An error reply. */
    record Failure(String text) {}

    private final Process process;
    private final boolean owner;
    private final Socket socket;
    private final InputStream in;

    private RedisProcess(Process process, boolean owner, Socket socket) throws IOException {
        this.process = process;
        this.owner = owner;
        this.socket = socket;
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** Another connection to the same server; to close it does not end the server. */
    RedisProcess connect() {
        try {
            return new RedisProcess(process, false, connect(process, socket.getPort()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Skips the test on a machine without Redis; in CI that is a failure instead. */
    static RedisProcess start() {
        boolean present =
                Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, "redis-server")));
        if (!present) {
            assertNotEquals("true", System.getenv("CI"), "redis-server is not on the PATH");
        }
        assumeTrue(present, "redis-server is not on the PATH");
        try {
            int port = freePort();
            Process process =
                    new ProcessBuilder(
                                    "redis-server", "--port", Integer.toString(port), "--save", "")
                            .directory(new File(System.getProperty("java.io.tmpdir")))
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            return new RedisProcess(process, true, connect(process, port));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0)) {
            return free.getLocalPort();
        }
    }

    private static Socket connect(Process process, int port) throws IOException {
        long startNs = System.nanoTime();
        while (true) {
            try {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                socket.setTcpNoDelay(true);
                return socket;
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() - startNs > DEADLINE_NS) {
                    process.destroyForcibly();
                    throw e;
                }
                LockSupport.parkNanos(POLL_NS);
            }
        }
    }

    /** Sends a command, each argument a byte[] or anything with a text, and reads its reply. */
    @Nullable Object call(Object... arguments) {
        send(arguments);
        return read();
    }

    /** Reads a reply. */
    @Nullable Object read() {
        try {
            return reply();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether there is a reply to read. */
    boolean hasReplied() {
        try {
            return in.available() > 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a command, and does not wait for its reply. */
    void send(Object... arguments) {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write(("*" + arguments.length + "\r\n").getBytes(US_ASCII));
            for (Object argument : arguments) {
                byte[] bytes =
                        argument instanceof byte[] given
                                ? given
                                : argument.toString().getBytes(UTF_8);
                out.write(("$" + bytes.length + "\r\n").getBytes(US_ASCII));
                out.write(bytes);
                out.write("\r\n".getBytes(US_ASCII));
            }
            out.writeTo(socket.getOutputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private @Nullable Object reply() throws IOException {
        String line = line();
        String rest = line.substring(1);
        return switch (line.charAt(0)) {
            case '+' -> new Status(rest);
            case '-' -> new Failure(rest);
            case ':' -> Long.valueOf(rest);
            case '$' -> bulk(Integer.parseInt(rest));
            case '*' -> list(Integer.parseInt(rest));
            default -> throw new IOException("no reply begins with: " + line);
        };
    }

    private byte @Nullable [] bulk(int length) throws IOException {
        if (length < 0) {
            return null;
        }
        byte[] bytes = in.readNBytes(length);
        in.skipNBytes(2);
        return bytes;
    }

    private @Nullable List<@Nullable Object> list(int count) throws IOException {
        if (count < 0) {
            return null;
        }
        List<@Nullable Object> replies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            replies.add(reply());
        }
        return replies;
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\r'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("closed in the middle of a reply: " + line);
            }
            line.write(b);
        }
        in.skipNBytes(1);
        return line.toString(ISO_8859_1);
    }

    @Override
    public void close() {
        try {
            socket.close();
            if (owner) {
                process.destroyForcibly().waitFor();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while redis-server ended", e);
        }
    }
}
