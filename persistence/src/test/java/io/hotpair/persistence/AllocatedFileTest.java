package io.hotpair.persistence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.OperationLog;
import io.hotpair.log.TestFrames;
import java.io.RandomAccessFile;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Zeros are written ahead by several threads, and never onto what was appended. */
@Timeout(120)
class AllocatedFileTest {
    private static final int LENGTH = 48 << 20;

    @TempDir Path directory;

    private final AtomicBoolean ended = new AtomicBoolean();
    private final List<Future<?>> preparers = new ArrayList<>();
    private final ExecutorService executor = Executors.newCachedThreadPool();

    private void whileItLasts(Runnable step) {
        preparers.add(
                executor.submit(
                        () -> {
                            while (!ended.get()) {
                                step.run();
                            }
                        }));
    }

    private void end() throws Exception {
        ended.set(true);
        for (Future<?> preparer : preparers) {
            Object unused = preparer.get();
        }
    }

    @AfterEach
    void shutDown() {
        ended.set(true);
        executor.shutdownNow();
    }

    @Test
    void shouldNeverWriteZerosOntoWhatWasAppended() throws Exception {
        Path path = directory.resolve("segment");
        byte[] content = new byte[LENGTH];
        Random random = new Random(7);
        random.nextBytes(content);
        DiskSpace space = new DiskSpace(directory, LogOptions.standard());
        try (AllocatedFile file = AllocatedFile.create(path, space);
                RandomAccessFile raw = new RandomAccessFile(path.toFile(), "rw")) {
            MappedByteBuffer mapped =
                    raw.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, LENGTH);
            whileItLasts(file::prepare);
            whileItLasts(file::prepare);
            for (int at = 0; at < LENGTH; ) {
                // As an append: small ones, and now and then one that is longer than what is ahead.
                int bound = random.nextInt(64) == 0 ? 2 << 20 : 4_000;
                int length = Math.min(LENGTH - at, 1 + random.nextInt(bound));
                file.allocate(at + length);
                assertTrue(Files.size(path) >= (long) at + length + AllocatedFile.AHEAD_BYTES);
                mapped.put(at, content, at, length);
                at += length;
            }
            end();
        }
        byte[] found = Files.readAllBytes(path);
        assertEquals(
                -1, Arrays.mismatch(Arrays.copyOf(found, LENGTH), content), "first difference");
        byte[] ahead = Arrays.copyOfRange(found, LENGTH, found.length);
        assertArrayEquals(new byte[ahead.length], ahead);
    }

    @Test
    void shouldPrepareWhileTheLogIsAppendedToRolledCutAndClosed() throws Exception {
        AtomicLong nowMs = new AtomicLong(1_763_700_000_000L);
        LogOptions options = LogOptions.standard().withWallClock(nowMs::get);
        TestFrames frames = new TestFrames();
        long lastOpId;
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            whileItLasts(log::prepare);
            whileItLasts(log::prepare);
            for (int i = 0; i < 3_000; i++) {
                frames.append(log, 1, 1 + i % 3, i * 7);
                if (i % 500 == 499) {
                    nowMs.addAndGet(3_600_000);
                    long unused = log.force();
                }
            }
            lastOpId = log.lastOpId();
        }
        // They go on after it was closed.
        end();
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            assertEquals(TestFrames.ops(1, 1, lastOpId), TestFrames.readAll(log));
        }
    }
}
