package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.MemoryLog;
import io.hotpair.log.MemoryLogProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a keyspace does while its log has no room. */
@Timeout(120)
class DiskFullTest {
    private final Path directory = Path.of("memory", UUID.randomUUID().toString());
    private final MemoryLog log = MemoryLogProvider.of(directory);

    private Keyspace open() {
        return Keyspace.open(
                Keyspace.builder()
                        .directory(directory)
                        .maxMemory(64 << 20)
                        .acknowledgementTimeout(Duration.ofSeconds(60))
                        .build());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** Writes at level MEMORY until a write is refused; returns how many were taken. */
    private static int writeUntilRefused(Keyspace keyspace) {
        for (int i = 0; ; i++) {
            try {
                keyspace.at(Acknowledgement.MEMORY).put(bytes("m" + i), bytes("v" + i));
            } catch (HotpairException e) {
                assertEquals(HotpairException.Category.DISK_FULL, e.category());
                return i;
            }
        }
    }

    private static void writeWhenTaken(Keyspace keyspace, String key) {
        while (true) {
            try {
                keyspace.put(key, "v");
                return;
            } catch (HotpairException e) {
                assertEquals(HotpairException.Category.DISK_FULL, e.category());
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void shouldRefuseWritesAndServeReadsUntilThereIsRoom() {
        try (Keyspace keyspace = open()) {
            keyspace.put("k", "v");
            log.room(true, Integer.MAX_VALUE);
            int taken = writeUntilRefused(keyspace);
            assertEquals("v", keyspace.get("k"));
            assertThrows(HotpairException.class, () -> keyspace.put("k", "w"));
            assertEquals("v", keyspace.get("k"));
            log.room(false, Integer.MAX_VALUE);
            writeWhenTaken(keyspace, "later");
            for (int i = 0; i < taken; i++) {
                assertEquals("v" + i, keyspace.get("m" + i));
            }
            assertEquals(taken + 2, log.operations().size());
        }
    }

    @Test
    void shouldKeepWhatIsOnItsWayAndLogItWhenThereIsRoom() throws Exception {
        int writers = 8;
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        try (Keyspace keyspace = open()) {
            keyspace.put("k", "v");
            log.room(true, 0);
            List<Future<?>> writes = new ArrayList<>();
            for (int i = 0; i < writers; i++) {
                String key = "w" + i;
                // One of them is longer than a frame.
                String value = i == 3 ? "v".repeat(5 << 20) : "v";
                writes.add(threads.submit(() -> keyspace.put(key, value)));
            }
            int taken = writeUntilRefused(keyspace);
            int refused = 0;
            log.room(false, Integer.MAX_VALUE);
            for (Future<?> write : writes) {
                try {
                    write.get();
                } catch (ExecutionException e) {
                    // It came too late, and nothing was changed.
                    HotpairException cause = assertInstanceOf(HotpairException.class, e.getCause());
                    assertEquals(HotpairException.Category.DISK_FULL, cause.category());
                    refused++;
                }
            }
            writeWhenTaken(keyspace, "later");
            assertEquals(1 + writers - refused + taken + 1, log.operations().size());
        } finally {
            threads.shutdownNow();
        }
        int before = log.operations().size();
        try (Keyspace keyspace = open()) {
            assertEquals("v", keyspace.get("later"));
            keyspace.put("again", "v");
            assertEquals(before + 1, log.operations().size());
        }
    }

    @Test
    void shouldGoOnInTheMiddleOfAValueOfManyFrames() {
        try (Keyspace keyspace = open()) {
            String large = "x".repeat(20 << 20);
            // Of ten frames, two, one and one get in.
            log.room(false, 2);
            keyspace.at(Acknowledgement.MEMORY).put(bytes("large"), bytes(large));
            for (int i = 0; i < 2; i++) {
                while (log.hasRoom()) {
                    Thread.onSpinWait();
                }
                log.room(true, 1);
            }
            log.room(false, Integer.MAX_VALUE);
            writeWhenTaken(keyspace, "later");
        }
        try (Keyspace keyspace = open()) {
            assertEquals("x".repeat(20 << 20), keyspace.get("large"));
            assertEquals("v", keyspace.get("later"));
        }
    }

    @Test
    void shouldCloseWithoutRoom() {
        try (Keyspace keyspace = open()) {
            keyspace.put("k", "v");
            log.room(false, 0);
            keyspace.at(Acknowledgement.MEMORY).put(bytes("lost"), bytes("v"));
        }
        log.room(false, Integer.MAX_VALUE);
        try (Keyspace keyspace = open()) {
            assertEquals("v", keyspace.get("k"));
            assertFalse(log.operations().isEmpty());
            keyspace.put("later", "v");
            assertTrue(keyspace.delete("later"));
        }
    }
}
