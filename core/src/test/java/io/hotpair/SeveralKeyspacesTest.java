package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Keyspaces of one JVM share its processors and nothing else. */
@Timeout(120)
class SeveralKeyspacesTest {
    private static final long LIMIT = 8L << 20;

    private static Keyspace open(String name, MaxMemoryPolicy policy) {
        return Keyspace.open(
                Keyspace.builder()
                        .name(name)
                        .inMemory()
                        .maxMemory(LIMIT)
                        .maxMemoryPolicy(policy)
                        .build());
    }

    private static int fill(Keyspace keyspace) {
        for (int i = 0; ; i++) {
            try {
                keyspace.put("key-" + i, "x".repeat(i % 300));
            } catch (HotpairException e) {
                assertEquals(HotpairException.Category.MEMORY_LIMIT, e.category());
                return i;
            }
        }
    }

    @Test
    void shouldHaveItsMemoryToItselfWhileAnotherOneIsFull() throws Exception {
        int alone;
        try (Keyspace keyspace = open("alone", MaxMemoryPolicy.NOEVICTION)) {
            alone = fill(keyspace);
        }
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (Keyspace greedy = open("greedy", MaxMemoryPolicy.ALLKEYS_WINDOWED_LFU);
                Keyspace keyspace = open("quiet", MaxMemoryPolicy.NOEVICTION)) {
            Future<?> writer = threads.submit(() -> overfill(greedy, done));
            try {
                int beside = fill(keyspace);
                assertTrue(beside > alone * 0.95, "beside=" + beside + ", alone=" + alone);
                assertEquals(beside, keyspace.statistics().keyCount());
                assertTrue(keyspace.statistics().usedMemoryBytes() <= LIMIT);
                assertTrue(greedy.statistics().usedMemoryBytes() <= LIMIT);
            } finally {
                done.set(true);
                writer.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void overfill(Keyspace keyspace, AtomicBoolean done) {
        for (int i = 0; !done.get(); i++) {
            keyspace.put("key-" + i, "x".repeat(i % 2_000));
        }
    }

    @Test
    void shouldReuseItsMemoryWhileAThreadStaysInAnotherOne() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try (Keyspace held = open("held", MaxMemoryPolicy.NOEVICTION);
                Keyspace keyspace = open("free", MaxMemoryPolicy.NOEVICTION)) {
            Future<?> stalled =
                    threads.submit(
                            () ->
                                    held.update(
                                            "k".getBytes(UTF_8),
                                            entry -> {
                                                inside.countDown();
                                                await(goOn);
                                                entry.set("v".getBytes(UTF_8));
                                            }));
            try {
                inside.await();
                // Fifty times what it may take: only what is reused at once makes that possible.
                for (int i = 0; i < 400_000; i++) {
                    keyspace.put("key-" + i % 100, "x".repeat(1_000));
                }
                assertEquals(100, keyspace.statistics().keyCount());
            } finally {
                goOn.countDown();
                stalled.get();
            }
            assertEquals("v", held.get("k"));
        } finally {
            threads.shutdownNow();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
