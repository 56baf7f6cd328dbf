package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.WriteListener.Write;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who listens hears of each write, what was there before, and on whose behalf it was made. */
class WriteListenerTest {
    private final Keyspace keyspace = Keyspace.open(Keyspace.builder().inMemory().build());
    private final List<String> heard = new ArrayList<>();
    private final WriteListener listener =
            writes -> heard.add(String.join(", ", writes.stream().map(this::text).toList()));

    private String text(Write write) {
        return new String(write.key(), StandardCharsets.ISO_8859_1)
                + " "
                + write.before()
                + " "
                + write.event()
                + " "
                + write.type()
                + (write.origin() == null ? "" : " by " + write.origin());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @AfterEach
    void close() {
        keyspace.close();
    }

    @Test
    void shouldTellWhatAKeyHadBefore() {
        keyspace.addWriteListener(listener);
        keyspace.put(bytes("k"), bytes("v"));
        keyspace.put(bytes("k"), bytes("w"));
        assertTrue(keyspace.keys().del(bytes("k")) > 0);
        keyspace.hashes().hset(bytes("k"), bytes("f"), bytes("v"));
        assertEquals(
                List.of(
                        "k ABSENT CHANGED string",
                        "k PRESENT CHANGED string",
                        "k PRESENT DELETED null",
                        "k ABSENT CHANGED hash"),
                heard);
        keyspace.removeWriteListener(listener);
        keyspace.put(bytes("k"), bytes("v"));
        assertEquals(4, heard.size());
    }

    @Test
    void shouldTellOfEachWriteOfATransactionAtOnce() {
        keyspace.addWriteListener(listener);
        Session session = keyspace.session();
        session.transaction(
                view -> {
                    session.origin("first");
                    view.put(bytes("a"), bytes("v"), 0);
                    boolean unused = view.delete(bytes("a"));
                    session.origin("second");
                    view.put(bytes("b"), bytes("v"), 0);
                    view.put(bytes("a"), bytes("w"), 0);
                    return 0;
                });
        assertEquals(
                List.of(
                        "a ABSENT CHANGED string by first, a PRESENT DELETED null by first,"
                                + " b ABSENT CHANGED string by second,"
                                + " a ABSENT CHANGED string by second"),
                heard);
    }

    @Test
    void shouldTellWhoBeginsToListenBeforeTheCommit() {
        keyspace.transaction(
                view -> {
                    view.put(bytes("a"), bytes("v"), 0);
                    keyspace.addWriteListener(listener);
                    view.put(bytes("b"), bytes("v"), 0);
                    return 0;
                });
        assertEquals(List.of("a ABSENT CHANGED string, b ABSENT CHANGED string"), heard);
    }

    @Test
    void shouldTellNothingOfATransactionThatFails() {
        keyspace.addWriteListener(listener);
        try {
            keyspace.transaction(
                    view -> {
                        view.put(bytes("a"), bytes("v"), 0);
                        throw new IllegalArgumentException("enough");
                    });
        } catch (IllegalArgumentException e) {
            assertEquals("enough", e.getMessage());
        }
        assertEquals(List.of(), heard);
    }

    @Test
    void shouldKeepTheOriginOfAWaitThatIsServedLater() {
        keyspace.addWriteListener(listener);
        Session session = keyspace.session();
        session.origin("who waits");
        CompletableFuture<?> popped =
                session.lists().blpopAsync(Duration.ofSeconds(20), bytes("l"));
        session.origin("somebody else");
        keyspace.lists().rpush(bytes("l"), bytes("a"));
        popped.join();
        assertEquals(
                List.of("l ABSENT CHANGED list", "l PRESENT DELETED null by who waits"), heard);
    }

    @Test
    @Timeout(60)
    void shouldHurtNobodyWithAnErrorOfAListener() {
        AtomicInteger calls = new AtomicInteger();
        keyspace.addChangeListener(
                (key, event, opId) -> {
                    throw new AssertionError("of listener " + calls.incrementAndGet());
                });
        keyspace.addWriteListener(
                writes -> {
                    throw new NoClassDefFoundError("of listener " + calls.incrementAndGet());
                });
        keyspace.addWriteListener(listener);

        keyspace.put(bytes("k"), bytes("v"));
        boolean isDeleted = keyspace.session().transaction(view -> view.delete(bytes("k")));

        assertTrue(isDeleted);
        assertEquals(List.of("k ABSENT CHANGED string", "k PRESENT DELETED null"), heard);
        for (int i = 1; i <= 2; i++) {
            // The keyspace's own thread hears of it, too, and goes on.
            keyspace.put(bytes("k"), bytes("v"), Duration.ofMillis(1));
            while (keyspace.statistics().expiredCount() < i) {
                LockSupport.parkNanos(1_000_000);
            }
        }
        assertEquals(12, calls.get());
    }
}
