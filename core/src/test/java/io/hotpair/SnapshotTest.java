package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.MemoryLog;
import io.hotpair.log.MemoryLogProvider;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SnapshotTest extends TypeTest {

    private static final int WRITES = 40_000;

    /** Opens a keyspace on a log that consists of what a source of operations gives. */
    private static String digestOf(MemoryLog log, Path at) {
        try (Keyspace copy =
                Keyspace.open(Keyspace.builder().directory(at).maxMemory(64 << 20).build())) {
            assertTrue(log.lastOpId() > 0);
            return copy.digest();
        }
    }

    private static void append(MemoryLog log, OperationReader operation, long opId) {
        FrameEncoder encoder = new FrameEncoder();
        encoder.begin(1, log.lastOpId());
        int length = operation.operationLength();
        int at = encoder.beginGroup(length);
        System.arraycopy(
                operation.bytes(), operation.operationOffset(), encoder.bytes(), at, length);
        encoder.commitGroup(length, opId);
        log.append(encoder.seal(0));
    }

    private String digestOfSnapshot(Snapshot snapshot) {
        Path at = Path.of("memory", UUID.randomUUID().toString());
        MemoryLog log = MemoryLogProvider.of(at);
        snapshot.forEach(operation -> append(log, operation, log.lastOpId() + 1));
        return digestOf(log, at);
    }

    private String digestOfLogUpTo(long opId) {
        keyspace.put("end of", "the log");
        Path at = Path.of("memory", UUID.randomUUID().toString());
        MemoryLog log = MemoryLogProvider.of(at);
        FrameBuffer frame = new FrameBuffer();
        OperationReader reader = new OperationReader();
        try (OperationSource source = MemoryLogProvider.of(directory).openSource()) {
            source.seekAfter(0);
            while (log.lastOpId() < opId && source.poll(frame)) {
                reader.wrap(frame);
                FrameEncoder encoder = new FrameEncoder();
                encoder.begin(1, log.lastOpId());
                while (reader.next()) {
                    if (reader.opId() <= opId) {
                        encoder.copyCommit(reader);
                    }
                }
                if (encoder.count() > 0) {
                    log.append(encoder.seal(0));
                }
            }
        }
        return digestOf(log, at);
    }

    private void writeSomething(Random random) {
        byte[] key = bytes("k" + random.nextInt(3_000));
        byte[] hash = bytes("h" + random.nextInt(4));
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> keyspace.put(key, bytes("v" + random.nextInt()));
            case 3 -> keyspace.delete(key);
            case 4, 5, 6, 7 ->
                    keyspace.hashes()
                            .hset(
                                    hash,
                                    bytes("f" + random.nextInt(2_000)),
                                    bytes("value " + random.nextInt()));
            case 8, 9 -> keyspace.hashes().hdel(hash, bytes("f" + random.nextInt(2_000)));
            case 10 -> {
                if (random.nextInt(200) == 0) {
                    keyspace.delete(hash);
                }
            }
            default ->
                    keyspace.transaction(
                            view -> {
                                view.put(key, bytes("t" + random.nextInt()), Session.NEVER);
                                return view.hashes().hset(hash, key, bytes("t"));
                            });
        }
    }

    @Test
    void shouldShowTheStateAtItsOpIdWhileWritersGoOn() throws Exception {
        long seed = System.nanoTime();
        keyspace.put("before", "all");
        AtomicBoolean stop = new AtomicBoolean();
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Future<?>> futures = new ArrayList<>();
        try {
            for (int t = 0; t < 3; t++) {
                Random random = new Random(seed + t);
                futures.add(
                        threads.submit(
                                () -> {
                                    for (int i = 0; i < WRITES && !stop.get(); i++) {
                                        writeSomething(random);
                                    }
                                }));
            }
            for (int round = 0; round < 4; round++) {
                long opId;
                String first;
                String second;
                try (Snapshot snapshot = keyspace.snapshot()) {
                    opId = snapshot.opId();
                    first = digestOfSnapshot(snapshot);
                    second = digestOfSnapshot(snapshot);
                }
                assertEquals(first, second, "seed=" + seed);
                assertEquals(digestOfLogUpTo(opId), first, "seed=" + seed + " opId=" + opId);
            }
        } finally {
            stop.set(true);
            for (Future<?> future : futures) {
                future.get();
            }
            threads.shutdown();
        }
    }

    @Test
    void shouldGiveBackWhatItKept() {
        for (int i = 0; i < 40; i++) {
            try (Snapshot snapshot = keyspace.snapshot()) {
                for (int j = 0; j < 3_000; j++) {
                    keyspace.hashes().hset(bytes("h"), bytes("f" + j), bytes("some value " + i));
                }
                assertTrue(snapshot.opId() <= keyspace.statistics().lastOpId() - 3_000);
            }
        }
    }

    @Test
    void shouldRefuseASecondOneAndUseAfterClose() {
        Snapshot snapshot = keyspace.snapshot();
        assertThrows(IllegalStateException.class, keyspace::snapshot);
        snapshot.close();
        snapshot.close();
        assertThrows(IllegalStateException.class, () -> snapshot.forEach(operation -> {}));
        keyspace.snapshot().close();
        assertEquals("x", new String(bytes("x"), UTF_8));
    }
}
