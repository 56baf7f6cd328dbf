package io.hotpair.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.BackupOptions;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.PersistenceStatus;
import io.hotpair.SavedSnapshot;
import io.hotpair.Snapshot;
import io.hotpair.SnapshotOptions;
import io.hotpair.log.FrameDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Keyspaces that come back from a snapshot and the log after it. */
@Timeout(120)
class SnapshotRecoveryTest {
    private static final long WAIT_NS = TimeUnit.SECONDS.toNanos(60);

    @TempDir Path directory;

    private final TestClock clock = new TestClock();
    private SnapshotOptions options = SnapshotOptions.defaults().onDemand();

    @BeforeEach
    void useClock() {
        TestLogProvider.use(directory, LogOptions.standard().withWallClock(clock::currentTimeMs));
    }

    private Keyspace open() {
        return open(256L << 20);
    }

    private Keyspace open(long maxMemoryBytes) {
        return Keyspace.open(
                Keyspace.builder()
                        .directory(directory)
                        .maxMemory(maxMemoryBytes)
                        .forceInterval(Duration.ofMillis(20))
                        .snapshots(options)
                        // One that is being made holds the log that a test wants to be shortened.
                        .backups(BackupOptions.defaults().onDemand())
                        .clock(clock)
                        .build());
    }

    private Path log() {
        return directory.resolve("log");
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long giveUpNs = System.nanoTime() + WAIT_NS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - giveUpNs < 0, what);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /** Goes on in another segment. */
    private void roll() {
        clock.advance(Duration.ofHours(1));
    }

    /** What was not forced yet stays: asked for what is there already, it is looked at again. */
    private void awaitShorterLog(Keyspace keyspace) throws Exception {
        long giveUpNs = System.nanoTime() + WAIT_NS;
        while (TestFiles.segments(log()).size() > 1) {
            assertTrue(System.nanoTime() - giveUpNs < 0, "the log is as long as before");
            SavedSnapshot unused = keyspace.saveSnapshot().join();
        }
    }

    private void assertLogBeginsLater() throws IOException {
        assertEquals(1, TestFiles.segments(log()).size());
        try (ChronicleLog opened = ChronicleLog.open(log(), LogOptions.standard())) {
            assertTrue(opened.firstOpId() > 1);
        }
    }

    @Test
    void shouldTellHowSavingIsDoing() throws Exception {
        try (Keyspace keyspace = open()) {
            assertEquals(
                    new PersistenceStatus(null, false, null, null, 0, null, null, null, null, null),
                    keyspace.persistenceStatus());
            assertThrows(CompletionException.class, () -> keyspace.saveSnapshot().join());
            assertNotNull(keyspace.persistenceStatus().savingFailure());
            keyspace.put("a", "1");
            SavedSnapshot saved = keyspace.saveSnapshot().join();
            PersistenceStatus status = keyspace.persistenceStatus();
            assertEquals(saved, status.newestSnapshot());
            assertEquals(1, status.savedCount());
            assertNotNull(status.lastSaving());
            assertNull(status.savingFailure());
            assertNull(status.refusal());
        }
    }

    @Test
    void shouldComeBackFromASnapshotAndTheLogAfterIt() throws Exception {
        long seed = System.nanoTime();
        options = options.withRetentionBytes(1);
        RandomWrites writes = new RandomWrites(seed);
        String digest;
        SavedSnapshot saved;
        try (Keyspace keyspace = open()) {
            writes.apply(keyspace, 4_000);
            roll();
            writes.apply(keyspace, 1_000);
            keyspace.saveSnapshot().join();
            writes.apply(keyspace, 5_000);
            saved = keyspace.saveSnapshot().join();
            assertEquals(keyspace.statistics().lastOpId(), saved.opId());
            assertEquals(1, saved.term());
            awaitShorterLog(keyspace);
            writes.apply(keyspace, 5_000);
            digest = keyspace.digest();
        }
        assertLogBeginsLater();
        RandomWrites again = new RandomWrites(seed);
        try (Keyspace model =
                Keyspace.open(Keyspace.builder().inMemory().maxMemory(256L << 20).build())) {
            again.apply(model, 15_000);
            assertEquals(model.digest(), digest, "seed=" + seed);
        }
        try (Keyspace keyspace = open()) {
            assertEquals(digest, keyspace.digest(), "seed=" + seed);
            assertEquals(2, keyspace.savedSnapshots().size());
            assertEquals(saved, keyspace.savedSnapshots().get(0));
            assertEquals(
                    "rw-------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(saved.file())));
        }
    }

    @Test
    void shouldFallBackToTheSnapshotBeforeADamagedOneAndThenRefuse() throws Exception {
        options = options.withRetentionBytes(1);
        RandomWrites writes = new RandomWrites(7);
        SavedSnapshot older;
        SavedSnapshot newer;
        String digest;
        try (Keyspace keyspace = open()) {
            writes.apply(keyspace, 3_000);
            roll();
            writes.apply(keyspace, 100);
            older = keyspace.saveSnapshot().join();
            writes.apply(keyspace, 3_000);
            newer = keyspace.saveSnapshot().join();
            awaitShorterLog(keyspace);
            writes.apply(keyspace, 1_000);
            digest = keyspace.digest();
        }
        assertLogBeginsLater();
        TestFiles.flipBit(newer.file(), newer.lengthBytes() / 2, 3);
        try (Keyspace keyspace = open()) {
            assertEquals(digest, keyspace.digest());
            assertEquals(List.of(older), keyspace.savedSnapshots());
            assertFalse(Files.exists(newer.file()));
            assertTrue(
                    Files.exists(
                            newer.file().resolveSibling(newer.file().getFileName() + ".damaged")));
        }
        TestFiles.truncate(older.file(), older.lengthBytes() - 1);
        HotpairException refused = assertThrows(HotpairException.class, this::open);
        assertEquals(HotpairException.Category.NOT_RETAINED, refused.category());
        assertContains("none of its snapshots is sound", refused);
    }

    @Test
    void shouldFallBackToTheLogAloneWhenItReachesBack() throws Exception {
        String digest;
        SavedSnapshot saved;
        try (Keyspace keyspace = open()) {
            new RandomWrites(3).apply(keyspace, 2_000);
            saved = keyspace.saveSnapshot().join();
            digest = keyspace.digest();
        }
        TestFiles.flipBit(saved.file(), saved.lengthBytes() / 2, 0);
        try (Keyspace keyspace = open()) {
            assertEquals(digest, keyspace.digest());
            assertEquals(List.of(), keyspace.savedSnapshots());
        }
    }

    @Test
    void shouldRefuseASnapshotOfANewerBuild() throws Exception {
        SavedSnapshot saved;
        try (Keyspace keyspace = open()) {
            keyspace.put("k", "v");
            saved = keyspace.saveSnapshot().join();
        }
        byte[] header = TestFiles.read(saved.file(), 0, SnapshotDescriptor.HEADER_LENGTH);
        header[SnapshotDescriptor.HEADER_VERSION_OFFSET] = 2;
        int crc = SnapshotDescriptor.crc(header, SnapshotDescriptor.HEADER_CRC_OFFSET);
        FrameDescriptor.putInt(header, SnapshotDescriptor.HEADER_CRC_OFFSET, crc);
        TestFiles.write(saved.file(), 0, header);
        HotpairException refused = assertThrows(HotpairException.class, this::open);
        assertEquals(HotpairException.Category.UNKNOWN_VERSION, refused.category());
        assertContains("version=2, expected 1: written by a newer build", refused);
    }

    @Test
    void shouldSaveByItselfWhenEnoughWasLoggedOrTimeHasPassed() throws Exception {
        options = SnapshotOptions.defaults().withAfterLogBytes(100_000);
        try (Keyspace keyspace = open()) {
            keyspace.put("small", "x");
            keyspace.put(new byte[] {1}, new byte[200_000]);
            await("after bytes", () -> keyspace.savedSnapshots().size() == 1);
        }
        options = SnapshotOptions.defaults().withInterval(Duration.ofHours(2));
        try (Keyspace keyspace = open()) {
            keyspace.put("small", "y");
            clock.advance(Duration.ofHours(3));
            await("after hours", () -> keyspace.savedSnapshots().size() == 2);
            clock.advance(Duration.ofHours(3));
            // Nothing was logged since, so there is nothing to save; what is asked for says so.
            SavedSnapshot newest = keyspace.savedSnapshots().get(0);
            assertEquals(newest, keyspace.saveSnapshot().join());
            assertEquals(2, keyspace.savedSnapshots().size());
        }
    }

    @Test
    void shouldSayWhyItCanNotSave() throws Exception {
        try (Keyspace keyspace = open()) {
            assertInstanceOf(IllegalStateException.class, failureOfSaving(keyspace));
            keyspace.put("k", "v");
            try (Snapshot held = keyspace.snapshot()) {
                assertTrue(held.opId() > 0);
                assertInstanceOf(IllegalStateException.class, failureOfSaving(keyspace));
            }
            assertEquals(1, keyspace.saveSnapshot().join().operationCount());
        }
        try (Keyspace memory = Keyspace.open(Keyspace.builder().inMemory().build())) {
            assertInstanceOf(IllegalStateException.class, failureOfSaving(memory));
            assertEquals(List.of(), memory.savedSnapshots());
        }
    }

    private static Throwable failureOfSaving(Keyspace keyspace) {
        CompletionException failure =
                assertThrows(CompletionException.class, () -> keyspace.saveSnapshot().join());
        return Objects.requireNonNull(failure.getCause());
    }

    private static void assertContains(String expected, HotpairException e) {
        assertTrue(String.valueOf(e.getMessage()).contains(expected), e.getMessage());
    }

    @Test
    void shouldGiveUpASnapshotWhenTheDiskIsNearlyFullAndGoOnWriting() throws Exception {
        long watermark = LogOptions.standard().watermarkBytes();
        TestLogProvider.use(
                directory, LogOptions.standard().withFreeSpace(path -> watermark + watermark / 2));
        try (Keyspace keyspace = open()) {
            keyspace.put("k", "v");
            HotpairException e = (HotpairException) failureOfSaving(keyspace);
            assertEquals(HotpairException.Category.LOG_FAILED, e.category());
            assertContains("too little free space", e);
            keyspace.put("k", "w");
            assertEquals(List.of(), keyspace.savedSnapshots());
        }
        try (var files = Files.list(log().resolve("snapshots"))) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void shouldKeepToItsSpeedAndLetASnapshotOfTheUserWait() throws Exception {
        options = options.withBytesPerSecond(1 << 20);
        try (Keyspace keyspace = open()) {
            byte[] value = new byte[1 << 20];
            new Random(1).nextBytes(value);
            keyspace.put(new byte[] {1}, value);
            long beganNs = System.nanoTime();
            var saving = keyspace.saveSnapshot();
            await("a partial file", this::hasPartial);
            // Writers do not wait for it, a second snapshot does.
            keyspace.put("meanwhile", "written");
            assertFalse(saving.isDone());
            try (Snapshot own = keyspace.snapshot()) {
                assertFalse(hasPartial());
                assertTrue(own.opId() > saving.join().opId());
            }
            long tookNs = System.nanoTime() - beganNs;
            assertTrue(tookNs > TimeUnit.MILLISECONDS.toNanos(900), "ns=" + tookNs);
        }
    }

    @Test
    void shouldSaveAFullCacheWhileItEvicts() throws Exception {
        options = options.withBytesPerSecond(4L << 20);
        try (Keyspace keyspace = open(16 << 20)) {
            // What is written during the save is three quarters of the 16th that may be kept.
            for (int i = 0; i < 150_000; i++) {
                keyspace.put("key:" + i, "value of " + i + "v".repeat(200));
            }
            long before = keyspace.statistics().keyCount();
            CompletableFuture<SavedSnapshot> saved = keyspace.saveSnapshot();
            for (int i = 0; i < 3_000; i++) {
                keyspace.put("new:" + i, "v".repeat(200));
            }
            assertTrue(saved.join().operationCount() > before * 8 / 10, () -> "" + before);
            assertTrue(keyspace.statistics().keyCount() > before * 8 / 10, () -> "" + before);
        }
    }

    @Test
    void shouldNotWaitForASlowSnapshotWhenItIsClosed() throws Exception {
        options = options.withBytesPerSecond(1);
        CompletableFuture<SavedSnapshot> saving;
        long beganNs;
        try (Keyspace keyspace = open()) {
            keyspace.put("k", "v");
            // Zeros would be few bytes in a snapshot, and take no time.
            byte[] value = new byte[1 << 20];
            new Random(1).nextBytes(value);
            keyspace.put(new byte[] {1}, value);
            saving = keyspace.saveSnapshot();
            await("a partial file", this::hasPartial);
            beganNs = System.nanoTime();
        }
        long tookNs = System.nanoTime() - beganNs;
        assertTrue(tookNs < TimeUnit.SECONDS.toNanos(5), "ns=" + tookNs);
        assertThrows(CompletionException.class, saving::join);
        assertFalse(hasPartial());
    }

    private boolean hasPartial() {
        try (var files = Files.list(log().resolve("snapshots"))) {
            return files.anyMatch(f -> f.toString().endsWith(".partial"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
