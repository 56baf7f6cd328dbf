package io.hotpair.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Backup;
import io.hotpair.BackupManifest;
import io.hotpair.BackupOptions;
import io.hotpair.BackupTarget;
import io.hotpair.Keyspace;
import io.hotpair.Moment;
import io.hotpair.Progress;
import io.hotpair.SnapshotOptions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Backups that nobody asks for. */
@Timeout(300)
class ScheduledBackupTest {
    private static final long WAIT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);

    @TempDir Path root;

    private final TestClock clock = new TestClock();
    private final List<String> firstNames = new ArrayList<>();

    @AfterEach
    void useRealSpace() {
        TestLogProvider.useBackupSpace(LogOptions.standard().freeSpace());
    }

    private Keyspace open(String name, BackupOptions options) {
        return Keyspace.open(
                Keyspace.builder()
                        .directory(root.resolve(name))
                        .maxMemory(64 << 20)
                        .clock(clock)
                        .snapshots(SnapshotOptions.defaults().onDemand())
                        .backups(options)
                        .build());
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long giveUpNs = System.nanoTime() + WAIT_NS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - giveUpNs < 0, what);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /** Lets time go by, and waits for the backup that is due then. */
    private BackupManifest next(Keyspace keyspace, Duration later) throws InterruptedException {
        BackupManifest before = keyspace.persistenceStatus().lastBackup();
        clock.advance(later);
        await("a backup", () -> !Objects.equals(keyspace.persistenceStatus().lastBackup(), before));
        BackupManifest made = keyspace.persistenceStatus().lastBackup();
        assertNotNull(made);
        return made;
    }

    private List<Path> backups(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    @Test
    void shouldMakeOneADayKeepSevenAndGoOnAfterARestart() throws Exception {
        Path directory = root.resolve("k").resolve("backups");
        String digest;
        Instant newest = Instant.MIN;
        Instant opened = Instant.ofEpochMilli(clock.currentTimeMs());
        try (Keyspace keyspace = open("k", BackupOptions.defaults())) {
            keyspace.put("a", "0");
            clock.advance(Duration.ofMinutes(59));
            BackupManifest first = next(keyspace, Duration.ofMinutes(1));
            assertEquals(1, first.lastOpId());
            assertTrue(Duration.between(opened, first.created()).compareTo(HOUR) >= 0);
            for (int day = 1; day < 9; day++) {
                keyspace.put("a", "" + day);
                BackupManifest made = next(keyspace, DAY);
                assertEquals(1 + day, made.lastOpId());
                newest = made.created();
            }
            await("the oldest are removed", () -> names(directory).size() == 7);
            digest = keyspace.digest();
        }
        try (Keyspace keyspace = open("k", BackupOptions.defaults())) {
            // The newest is less than a day old.
            clock.advance(HOUR.multipliedBy(23));
            keyspace.put("b", "1");
            BackupManifest made = next(keyspace, HOUR);
            assertEquals(10, made.lastOpId());
            // Names tell seconds.
            Duration between = Duration.between(newest, made.created());
            assertTrue(between.plusSeconds(1).compareTo(DAY) >= 0, between::toString);
        }
        List<Path> kept = backups(directory);
        assertEquals(7, kept.size());
        assertTrue(
                kept.get(0).getFileName().toString().matches("default-[0-9a-f]{8}-\\d{8}t\\d{6}z"));
        for (Path backup : kept) {
            assertEquals("default", Backup.verify(backup).keyspace());
        }
        Backup.restore(kept.get(5), root.resolve("r"), Moment.latest(), Progress.NONE);
        try (Keyspace restored = open("r", BackupOptions.defaults().onDemand())) {
            assertEquals(digest, restored.digest());
        }
    }

    /** Those that are there now. */
    private Predicate<String> first(Path directory) {
        if (firstNames.isEmpty()) {
            firstNames.addAll(names(directory));
        }
        return firstNames::contains;
    }

    private List<String> names(Path directory) {
        try {
            return backups(directory).stream().map(p -> p.getFileName().toString()).toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shouldLeaveAloneWhatItDidNotMakeAndClearWhatItDidNotFinish() throws Exception {
        Path directory = root.resolve("elsewhere");
        List<String> others =
                List.of(
                        "default-20200101t000000z.partial.txt",
                        "default-notatime",
                        "other-20200101t000000z",
                        "other-20200101t000000z.partial");
        for (String name : others) {
            Files.createDirectories(directory.resolve(name));
            Files.writeString(directory.resolve(name).resolve("backup.manifest"), "theirs");
        }
        BackupOptions options = BackupOptions.defaults().withDirectory(directory).withKeep(1);
        try (Keyspace keyspace = open("k", options)) {
            keyspace.put("a", "1");
            assertNotNull(next(keyspace, HOUR));
            List<String> own = new ArrayList<>(names(directory));
            own.removeAll(others);
            assertEquals(1, own.size());
            String partial = own.get(0).replaceFirst("\\d{8}t\\d{6}z", "20200101t000000z.partial");
            Files.createDirectories(directory.resolve(partial).resolve("log"));
            assertNotNull(next(keyspace, DAY));
            await("one is left", () -> names(directory).size() == others.size() + 1);
        }
        List<String> left = new ArrayList<>(names(directory));
        assertTrue(left.containsAll(others), left::toString);
    }

    @Test
    void shouldShareAPlaceWithAnotherOfTheSameName() throws Exception {
        Path directory = root.resolve("shared");
        BackupOptions options = BackupOptions.defaults().withDirectory(directory).withKeep(1);
        try (Keyspace x = open("x", options);
                Keyspace y = open("y", options)) {
            x.put("a", "x");
            y.put("a", "y");
            clock.advance(HOUR);
            await("each has its own", () -> names(directory).size() == 2);
            clock.advance(DAY);
            await("each has another", () -> names(directory).stream().noneMatch(first(directory)));
            await("each has its own", () -> names(directory).size() == 2);
        }
    }

    @Test
    void shouldGoBackWhileATargetHangs() throws Exception {
        CountDownLatch hung = new CountDownLatch(1);
        CountDownLatch free = new CountDownLatch(1);
        Target target =
                new Target() {
                    @Override
                    public void store(String name, Content content) throws IOException {
                        hung.countDown();
                        try {
                            free.await();
                        } catch (InterruptedException e) {
                            throw new IOException(e);
                        }
                        super.store(name, content);
                    }
                };
        try (Keyspace keyspace = open("k", BackupOptions.defaults().withTarget(target))) {
            keyspace.put("a", "1");
            long before = keyspace.statistics().lastOpId();
            assertTrue(keyspace.delete("a"));
            clock.advance(HOUR);
            assertTrue(hung.await(60, TimeUnit.SECONDS));
            assertNotNull(keyspace.persistenceStatus().backupSince());
            assertNotNull(keyspace.rollBack(Moment.after(before)).join());
            assertEquals("1", keyspace.get("a"));
            free.countDown();
            await("it is made", () -> keyspace.persistenceStatus().lastBackup() != null);
        }
    }

    @Test
    void shouldTellATargetOfItsOwnFailureAsItWas() throws Exception {
        AtomicReference<Throwable> told = new AtomicReference<>();
        Target target =
                new Target() {
                    @Override
                    public void store(String name, Content content) throws IOException {
                        try {
                            content.writeTo(
                                    new OutputStream() {
                                        @Override
                                        public void write(int b) throws IOException {
                                            throw new IOException("network");
                                        }
                                    });
                        } catch (IOException e) {
                            told.set(e);
                            throw e;
                        }
                    }
                };
        try (Keyspace keyspace = open("k", BackupOptions.defaults().withTarget(target))) {
            keyspace.put("a", "1");
            clock.advance(HOUR);
            await("it says so", () -> keyspace.persistenceStatus().backupFailure() != null);
            assertEquals("network", keyspace.persistenceStatus().backupFailure());
            assertEquals("java.io.IOException: network", String.valueOf(told.get()));
        }
    }

    @Test
    void shouldNotTakeTheRoomThatTheLogNeeds() throws Exception {
        TestLogProvider.useBackupSpace(path -> 300_000);
        Path directory = root.resolve("k").resolve("backups");
        try (Keyspace keyspace = open("k", BackupOptions.defaults())) {
            keyspace.put("a", "x".repeat(200_000));
            clock.advance(HOUR);
            await("it says so", () -> keyspace.persistenceStatus().backupFailure() != null);
            assertTrue(
                    String.valueOf(keyspace.persistenceStatus().backupFailure())
                            .contains("expected at least twice as many"));
            assertEquals(List.of(), backups(directory));
            TestLogProvider.useBackupSpace(path -> 100 << 20);
            assertNotNull(next(keyspace, Duration.ofMinutes(10)));
            assertNull(keyspace.persistenceStatus().backupFailure());
            assertEquals(1, backups(directory).size());
        }
    }

    @Test
    void shouldBackUpToATargetAndTryAgainWhatFailed() throws Exception {
        Target target = new Target();
        BackupOptions options =
                BackupOptions.defaults().withTarget(target).withInterval(HOUR).withKeep(2);
        String digest;
        try (Keyspace keyspace = open("k", options)) {
            keyspace.put("a", "1");
            target.failing = true;
            clock.advance(HOUR);
            await("it says so", () -> keyspace.persistenceStatus().backupFailure() != null);
            assertEquals("no such bucket", keyspace.persistenceStatus().backupFailure());
            assertNull(keyspace.persistenceStatus().lastBackup());
            target.failing = false;
            assertNotNull(next(keyspace, Duration.ofMinutes(10)));
            assertNull(keyspace.persistenceStatus().backupFailure());
            assertNotNull(next(keyspace, HOUR));
            keyspace.put("a", "2");
            assertNotNull(next(keyspace, HOUR));
            await("the oldest is removed", () -> target.kept.size() == 2);
            digest = keyspace.digest();
        }
        String newest = target.kept.lastKey();
        assertTrue(newest.matches("default-[0-9a-f]{8}-\\d{8}t\\d{6}z\\.zip"), newest);
        try (InputStream in = target.open(newest)) {
            Backup.restore(in, root.resolve("r"), Moment.latest(), Progress.NONE);
        }
        try (Keyspace restored = open("r", BackupOptions.defaults().onDemand())) {
            assertEquals(digest, restored.digest());
        }
        try (Stream<Path> files = Files.list(root.resolve("k"))) {
            assertEquals(List.of("log"), files.map(f -> f.getFileName().toString()).toList());
        }
    }

    /** Keeps streams in memory. */
    private static class Target implements BackupTarget {
        private final ConcurrentSkipListMap<String, byte[]> kept = new ConcurrentSkipListMap<>();
        private volatile boolean failing;

        @Override
        public void store(String name, Content content) throws IOException {
            if (failing) {
                throw new IOException("no such bucket");
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            content.writeTo(out);
            kept.put(name, out.toByteArray());
        }

        @Override
        public InputStream open(String name) {
            return new ByteArrayInputStream(kept.get(name));
        }

        @Override
        public List<String> names() {
            return List.copyOf(kept.keySet());
        }

        @Override
        public void delete(String name) {
            kept.remove(name);
        }
    }
}
