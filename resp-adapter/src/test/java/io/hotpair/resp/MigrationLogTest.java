package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What the application's log gets of a Redis that can't be followed. */
class MigrationLogTest {
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(60);

    /** Answers every command with one error, and counts who comes. */
    private static final class Refusing implements AutoCloseable {
        final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        final AtomicInteger connections = new AtomicInteger();
        final AtomicReference<String> error = new AtomicReference<>("ERR not today");

        Refusing() throws IOException {
            Thread thread = new Thread(this::acceptAll, "refusing");
            thread.setDaemon(true);
            thread.start();
        }

        private void acceptAll() {
            try {
                while (true) {
                    Socket accepted = socket.accept();
                    int unused = connections.incrementAndGet();
                    answerAll(accepted);
                    accepted.close();
                }
            } catch (IOException e) {
                // Closed by the test. Anything else leaves it waiting for connections in vain.
            }
        }

        private void answerAll(Socket accepted) throws IOException {
            byte[] bytes = new byte[4096];
            while (accepted.getInputStream().read(bytes) >= 0) {
                accepted.getOutputStream()
                        .write(("-" + error.get() + "\r\n").getBytes(StandardCharsets.UTF_8));
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void shouldSayOnceWhyThereIsNoLink() throws IOException {
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try (Refusing redis = new Refusing();
                TestListener to = TestListener.open();
                RedisMigration migration =
                        RedisMigration.builder(
                                        to.keyspace(), "127.0.0.1", redis.socket.getLocalPort())
                                .start()) {
            Await.until(DEADLINE_NS, () -> redis.connections.get() >= 4, migration::status);
            assertEquals(1, warnings(log), log::toString);
            redis.error.set("ERR nor tomorrow");
            int seen = redis.connections.get();
            Await.until(DEADLINE_NS, () -> redis.connections.get() >= seen + 3, migration::status);
            assertEquals(2, warnings(log), log::toString);
        } finally {
            System.setErr(before);
        }
    }

    private static long warnings(ByteArrayOutputStream log) {
        return log.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.contains("No link to "))
                .count();
    }
}
