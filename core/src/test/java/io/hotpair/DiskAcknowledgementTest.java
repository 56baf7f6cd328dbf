package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.MemoryLog;
import io.hotpair.log.MemoryLogProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the level {@code DISK} waits for, and what becomes of it when the device fails. */
@Timeout(120)
class DiskAcknowledgementTest {
    private final Path directory = Path.of("memory", UUID.randomUUID().toString());
    private final MemoryLog log = MemoryLogProvider.of(directory);

    private KeyspaceBuilder builder() {
        return Keyspace.builder()
                .directory(directory)
                .maxMemory(16 << 20)
                .acknowledgement(Acknowledgement.DISK)
                .forceInterval(Duration.ofHours(1));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @Test
    void shouldReturnWhenTheWriteIsForced() {
        try (Keyspace keyspace = Keyspace.open(builder().build())) {
            for (int i = 0; i < 500; i++) {
                keyspace.put("k" + i, "v");
                assertTrue(keyspace.statistics().durableOpId() >= i + 1, "i=" + i);
                assertTrue(log.forcedOpId() >= i + 1, "i=" + i);
            }
        }
    }

    @Test
    void shouldWaitForTheLevelThatACallAsksFor() {
        KeyspaceBuilder toLog = builder().acknowledgement(Acknowledgement.LOG);
        byte[] list = bytes("l");
        List<Consumer<KeyspaceOperations>> writes =
                List.of(
                        k -> k.put("k", "v"),
                        k -> k.put("t", "v", Duration.ofHours(1)),
                        k -> assertTrue(k.update(bytes("k"), entry -> entry.set(bytes("w")))),
                        k -> assertTrue(k.putIfAbsent("new" + k.acknowledgement(), "v")),
                        k -> assertTrue(k.compareAndSet("k", "w", "x")),
                        k -> assertTrue(k.increment("n", 1) > 0),
                        k -> assertTrue(k.expire("n", Duration.ofHours(1))),
                        k -> assertTrue(k.delete("n")),
                        k -> assertEquals(1, k.keys().del(bytes("t"))),
                        k -> assertEquals("x", k.transaction(view -> swap(view, "k"))),
                        k -> assertEquals(3, k.lists().rpush(list, list, list, list)),
                        k -> assertNotNull(k.lists().blpop(Duration.ofHours(1), list)),
                        k -> assertNotNull(k.lists().blpopAsync(Duration.ofHours(1), list).join()),
                        k -> assertNotNull(popWithSession(k, list)));
        try (Keyspace keyspace = Keyspace.open(toLog.build())) {
            assertEquals(Acknowledgement.LOG, keyspace.acknowledgement());
            for (KeyspaceOperations any : List.of(keyspace, keyspace.at(Acknowledgement.MEMORY))) {
                writes.forEach(write -> write.accept(any));
                assertEquals(0, log.forcedOpId());
            }
            KeyspaceOperations toDisk = keyspace.at(Acknowledgement.DISK);
            long opId = keyspace.statistics().lastOpId();
            for (int i = 0; i < writes.size(); i++) {
                writes.get(i).accept(toDisk);
                opId++;
                assertEquals(opId, keyspace.statistics().lastOpId(), "i=" + i);
                assertTrue(log.forcedOpId() >= opId, "i=" + i);
            }
            toDisk.clear();
            assertEquals(0, keyspace.keyCount());
            assertTrue(log.forcedOpId() >= keyspace.statistics().lastOpId());
            assertTrue(log.forcedOpId() > opId);
            assertThrows(IllegalArgumentException.class, () -> keyspace.at(Acknowledgement.PEER));
        }
        try (Keyspace keyspace = Keyspace.open(Keyspace.builder().inMemory().build())) {
            assertEquals(
                    Acknowledgement.MEMORY, keyspace.at(Acknowledgement.MEMORY).acknowledgement());
            assertThrows(IllegalArgumentException.class, () -> keyspace.at(Acknowledgement.LOG));
        }
    }

    private static String swap(TransactionView view, String key) {
        String before = new String(view.get(bytes(key)), UTF_8);
        view.put(bytes(key), bytes("w"), Session.NEVER);
        return before;
    }

    private static Object popWithSession(KeyspaceOperations operations, byte[] list) {
        return operations.session().lists().blpopAsync(Duration.ofHours(1), list).join();
    }

    @Test
    void shouldForceAtTheIntervalWhenNobodyWaits() throws Exception {
        KeyspaceBuilder often =
                builder().acknowledgement(Acknowledgement.LOG).forceInterval(Duration.ofMillis(1));
        try (Keyspace keyspace = Keyspace.open(often.build())) {
            keyspace.put("k", "v");
            CompletableFuture<Boolean> forced = new CompletableFuture<>();
            keyspace.whenAcknowledged(
                    Acknowledgement.LOG, 1, keyspace.term(), reached -> forced.complete(reached));
            assertTrue(forced.get());
            while (log.forcedOpId() < 1) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void shouldForceAtOnceWhatIsHastened() {
        KeyspaceBuilder toLog = builder().acknowledgement(Acknowledgement.LOG);
        try (Keyspace keyspace = Keyspace.open(toLog.build())) {
            keyspace.put("k", "v");
            assertEquals(0, log.forcedOpId());
            keyspace.hasten(Acknowledgement.DISK, 1);
            while (log.forcedOpId() < 1) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void shouldGoOnAppendingWhileTheDeviceIsSlowAndServeAllWhoWaitAtOnce() throws Exception {
        CountDownLatch forcing = new CountDownLatch(1);
        CountDownLatch proceed = new CountDownLatch(1);
        AtomicInteger forces = new AtomicInteger();
        log.device(
                () -> {
                    forces.incrementAndGet();
                    forcing.countDown();
                    awaitLatch(proceed);
                });
        int writers = 16;
        ExecutorService threads = Executors.newFixedThreadPool(writers + 1);
        try (Keyspace keyspace = Keyspace.open(builder().build())) {
            List<Future<?>> writes = new ArrayList<>();
            writes.add(threads.submit(() -> keyspace.put("first", "v")));
            awaitLatch(forcing);
            for (int i = 0; i < writers; i++) {
                String key = "k" + i;
                writes.add(threads.submit(() -> keyspace.put(key, "v")));
            }
            // The log takes them while the device is busy.
            keyspace.at(Acknowledgement.LOG).put(bytes("logged"), bytes("v"));
            while (log.lastOpId() < writers + 2) {
                Thread.onSpinWait();
            }
            for (Future<?> write : writes) {
                assertFalse(write.isDone());
            }
            proceed.countDown();
            for (Future<?> write : writes) {
                write.get();
            }
            assertEquals(2, forces.get());
        } finally {
            proceed.countDown();
            threads.shutdownNow();
        }
    }

    @Test
    void shouldTakeNoMoreWritesAfterAnyForceThatFailed() {
        int count = 12;
        for (int failing = 1; failing <= count; failing++) {
            failTheForce(failing, count);
        }
    }

    private void failTheForce(int failing, int count) {
        Path at = Path.of("memory", UUID.randomUUID().toString());
        MemoryLog failingLog = MemoryLogProvider.of(at);
        AtomicInteger forces = new AtomicInteger();
        failingLog.device(
                () -> {
                    if (forces.incrementAndGet() == failing) {
                        throw new IllegalStateException("the device is gone");
                    }
                });
        try (Keyspace keyspace = Keyspace.open(builder().directory(at).build())) {
            int acknowledged = 0;
            HotpairException failure = null;
            for (int i = 1; i <= count && failure == null; i++) {
                try {
                    keyspace.put("k" + i, "v");
                    acknowledged++;
                } catch (HotpairException e) {
                    failure = e;
                }
            }
            assertEquals(failing - 1, acknowledged);
            assertEquals(failing - 1, failingLog.forcedOpId());
            assertNotNull(failure);
            assertEquals(HotpairException.Category.OUTCOME_UNKNOWN, failure.category());
            HotpairException later =
                    assertThrows(HotpairException.class, () -> keyspace.put("later", "v"));
            assertEquals(HotpairException.Category.LOG_FAILED, later.category());
            assertNotNull(keyspace.persistenceStatus().refusal());
            assertTrue(String.valueOf(later.getMessage()).contains("the device is gone"));
            // Not served by luck: the force is not tried again.
            assertEquals(failing, forces.get());
            assertEquals("v", keyspace.get("k" + failing));
        }
    }

    @Test
    void shouldLoseNothingOfManyWritersInAPowerCut() throws Exception {
        int writers = 8;
        int each = 300;
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        long last;
        try (Keyspace keyspace = Keyspace.open(builder().build())) {
            List<Future<?>> all = new ArrayList<>();
            for (int w = 0; w < writers; w++) {
                String prefix = "w" + w + "-";
                all.add(
                        threads.submit(
                                () -> {
                                    for (int i = 0; i < each; i++) {
                                        keyspace.put(prefix + i, "v");
                                    }
                                }));
            }
            for (Future<?> writer : all) {
                writer.get();
            }
            last = log.forcedOpId();
        } finally {
            threads.shutdownNow();
        }
        assertEquals((long) writers * each, last);
        assertEquals(writers * each, log.operations().size());
    }

    @Test
    void shouldRefuseTheLevelWithoutALog() {
        try (Keyspace keyspace = Keyspace.open(Keyspace.builder().inMemory().build())) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> keyspace.at(Acknowledgement.DISK).put(bytes("k"), bytes("v")));
        }
        assertThrows(
                IllegalStateException.class,
                () -> Keyspace.builder().inMemory().acknowledgement(Acknowledgement.DISK).build());
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            if (!latch.await(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("nobody came");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
