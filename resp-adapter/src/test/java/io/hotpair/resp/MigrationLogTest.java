package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What the application's log gets of a Redis that can't be followed. */
class MigrationLogTest {
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(60);

    /** A copy without keys, whose checksum is not given. */
    private static final byte[] EMPTY_COPY =
            "REDIS0009\u00ff\0\0\0\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);

    /** Answers every command with one line, and counts who comes. */
    private static class Refusing implements AutoCloseable {
        final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        final AtomicInteger connections = new AtomicInteger();
        final AtomicReference<String> answer = new AtomicReference<>("-ERR not today");

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

        void answerAll(Socket accepted) throws IOException {
            byte[] bytes = new byte[4096];
            while (accepted.getInputStream().read(bytes) >= 0) {
                answer(accepted, Objects.requireNonNull(answer.get()));
            }
        }

        static void answer(Socket to, String line) throws IOException {
            to.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** Gives what is asked for, and closes the connection as soon as it is followed. */
    private static final class Flapping extends Refusing {
        Flapping() throws IOException {}

        @Override
        void answerAll(Socket accepted) throws IOException {
            byte[] bytes = new byte[4096];
            while (true) {
                int length = accepted.getInputStream().read(bytes);
                String asked =
                        new String(bytes, 0, Math.max(0, length), StandardCharsets.ISO_8859_1);
                if (!asked.contains("PSYNC")) {
                    answer(accepted, asked.contains("PING") ? "+PONG" : "+OK");
                } else if (asked.contains("?")) {
                    answer(accepted, "+FULLRESYNC " + "a".repeat(40) + " 0");
                    answer(accepted, "$" + EMPTY_COPY.length);
                    accepted.getOutputStream().write(EMPTY_COPY);
                    return;
                } else {
                    answer(accepted, "+CONTINUE");
                    return;
                }
            }
        }
    }

    /** What the log gets while a migration follows somebody. */
    private static String logOf(Refusing redis, Consumer<RedisMigration> whatHappens)
            throws IOException {
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try (redis;
                TestListener to = TestListener.open();
                RedisMigration migration =
                        RedisMigration.builder(
                                        to.keyspace(), "127.0.0.1", redis.socket.getLocalPort())
                                .start()) {
            whatHappens.accept(migration);
            return log.toString(StandardCharsets.UTF_8);
        } finally {
            System.setErr(before);
        }
    }

    private static void awaitConnections(Refusing redis, int more, RedisMigration migration) {
        int seen = redis.connections.get();
        Await.until(DEADLINE_NS, () -> redis.connections.get() >= seen + more, migration::status);
    }

    @Test
    void shouldSayOnceWhyThereIsNoLink() throws IOException {
        Refusing redis = new Refusing();
        String log =
                logOf(
                        redis,
                        migration -> {
                            awaitConnections(redis, 4, migration);
                            redis.answer.set("-ERR nor tomorrow");
                            awaitConnections(redis, 3, migration);
                            // Said already.
                            redis.answer.set("-ERR not today");
                            awaitConnections(redis, 3, migration);
                        });
        assertEquals(2, countOf("No link to ", log), log);
        assertEquals(1, countOf("ERR not today; it is tried again every second", log), log);
    }

    @Test
    void shouldNotSayEachTimeThatALinkComesAndGoes() throws IOException {
        Refusing redis = new Flapping();
        long beganNs = System.nanoTime();
        String log = logOf(redis, migration -> awaitConnections(redis, 6, migration));
        assertEquals(1, countOf("No link to ", log), log);
        assertEquals(1, countOf("is up again", log), log);
        assertEquals(1, countOf("Goes on with ", log), log);
        assertEquals(1, countOf("Receives a full copy ", log), log);
        assertTrue(
                System.nanoTime() - beganNs > TimeUnit.SECONDS.toNanos(4),
                "who closes each connection at once is asked without a rest");
    }

    @Test
    void shouldSayWhatDoesNotPassByItself() throws IOException {
        assertSaid(
                "WRONGPASS invalid username-password pair; this lasts until the user, the password"
                        + " or what that user may do is changed, here or there; it is tried again",
                "-WRONGPASS invalid username-password pair");
        assertSaid(
                "the other side does not speak the protocol of Redis; this lasts until a Redis"
                        + " listens there; it is tried again",
                "HTTP/1.1 400 Bad Request");
        assertSaid(
                "NOMASTERLINK Can't SYNC while not connected with my master; it is tried again",
                "-NOMASTERLINK Can't SYNC while not connected with my master");
    }

    private static void assertSaid(String sentence, String answer) throws IOException {
        Refusing redis = new Refusing();
        redis.answer.set(answer);
        String log = logOf(redis, migration -> awaitConnections(redis, 3, migration));
        assertEquals(1, countOf(sentence, log), log);
    }

    @Test
    void shouldNotSayThatItIsTriedAgainWhereItIsNot() throws IOException {
        Refusing redis = new Refusing();
        redis.answer.set("-ERR unknown command 'PSYNC'");
        String log =
                logOf(
                        redis,
                        migration ->
                                Await.until(
                                        DEADLINE_NS,
                                        () ->
                                                migration.status().state()
                                                        == MigrationStatus.State.FAILED,
                                        migration::status));
        assertEquals(0, countOf("tried again", log), log);
        assertEquals(1, redis.connections.get());
    }

    private static long countOf(String part, String log) {
        return log.lines().filter(line -> line.contains(part)).count();
    }
}
