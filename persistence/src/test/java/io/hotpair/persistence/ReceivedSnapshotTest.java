package io.hotpair.persistence;

import static io.hotpair.log.TestFrames.concat;
import static io.hotpair.log.TestFrames.ops;
import static io.hotpair.log.TestFrames.readAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.Progress;
import io.hotpair.SavedSnapshot;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.Lineage;
import io.hotpair.log.OperationSource;
import io.hotpair.log.SnapshotBytes;
import io.hotpair.log.SnapshotReceiver;
import io.hotpair.log.SnapshotWriter;
import io.hotpair.log.TestFrames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log that begins with a snapshot of another one. */
class ReceivedSnapshotTest {
    private static final int SHOWN = 30;

    @TempDir Path directory;

    private final TestFrames frames = new TestFrames();
    private final AtomicLong clock = new AtomicLong(1_763_700_000_000L);
    private final LogOptions options = LogOptions.standard().withWallClock(clock::get);
    private Path home;
    private ChronicleLog source;
    private SavedSnapshot snapshot;
    private byte[] bytes;

    /** Terms 1 and 3, a snapshot, and ten operations after it. */
    @BeforeEach
    void openSource() {
        home = directory.resolve("replica");
        source = ChronicleLog.open(directory.resolve("source"), options);
        frames.append(source, 1, 10, 100);
        frames.append(source, 3, 20, 100);
        snapshot = TestSnapshots.save(source, SHOWN, 500);
        frames.append(source, 3, 10, 100);
        bytes = new byte[(int) snapshot.lengthBytes()];
        try (SnapshotBytes in = source.snapshots().read(snapshot)) {
            assertEquals(bytes.length, in.read(bytes, bytes.length));
            assertEquals(-1, in.read(new byte[1], 1));
        }
    }

    @AfterEach
    void closeSource() {
        source.close();
    }

    private ChronicleLog open() {
        return ChronicleLog.open(home, options);
    }

    private SnapshotReceiver received(ChronicleLog log, byte[] content) {
        SnapshotReceiver receiver = log.snapshots().receive();
        for (int at = 0; at < content.length; at += 1000) {
            receiver.write(content, at, Math.min(1000, content.length - at));
        }
        return receiver;
    }

    private Path install(ChronicleLog log, long sharedOpId) {
        try (SnapshotReceiver receiver = received(log, bytes)) {
            SavedSnapshot checked = receiver.check();
            assertEquals(SHOWN, checked.opId());
            assertEquals(3, checked.term());
            return receiver.install(source.lineage(), sharedOpId);
        }
    }

    private void follow(ChronicleLog log) {
        TestSnapshots.follow(source, log);
    }

    /** That the log begins with the snapshot, and with nothing else. */
    private void assertBegins(ChronicleLog log, UUID id) {
        assertEquals(id, log.id());
        assertEquals(1, log.snapshots().list().size());
        SavedSnapshot own = log.snapshots().list().get(0);
        assertEquals(SHOWN, own.opId());
        assertEquals(snapshot.time(), own.time());
        assertEquals(snapshot.operationCount(), own.operationCount());
        assertTrue(log.snapshots().verify(own));
        assertEquals(source.lineage(), log.lineage());
        try (OperationSource reader = log.openSource()) {
            reader.seekAfter(SHOWN);
            HotpairException e =
                    assertThrows(HotpairException.class, () -> reader.seekAfter(SHOWN - 1));
            assertEquals(Category.NOT_RETAINED, e.category());
        }
    }

    private List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.walk(home)) {
            files.filter(Files::isRegularFile)
                    .map(f -> home.relativize(f).toString())
                    .filter(n -> !n.equals("lock") && !n.contains("metadata"))
                    .sorted()
                    .forEach(names::add);
        }
        return names;
    }

    @Test
    void shouldBeginANewLogWithASnapshotOfAnotherOne() throws IOException {
        UUID id;
        try (ChronicleLog log = open()) {
            id = log.id();
            assertTrue(install(log, 0).endsWith(DivergentTail.DIRECTORY));
            assertBegins(log, id);
            assertEquals(SHOWN, log.lastOpId());
            assertEquals(0, log.firstOpId());
            assertEquals(List.of(), readAll(log));
        }
        // Empty, it says so again.
        try (ChronicleLog log = open()) {
            assertBegins(log, id);
            assertEquals(SHOWN, log.lastOpId());
            follow(log);
            assertEquals(SHOWN + 1, log.firstOpId());
        }
        try (ChronicleLog log = open()) {
            assertBegins(log, id);
            assertEquals(ops(3, SHOWN + 1, SHOWN + 10), readAll(log));
            frames.append(log, 4, 5, 10);
            assertEquals(4, log.lineage().lastTerm());
        }
        assertEquals(
                List.of(
                        "durable.mark",
                        "log.begin",
                        "log.identity",
                        "queue/" + Segment.nameOf((int) (clock.get() / Segment.CYCLE_MS)),
                        DiskSpace.RESERVE_FILE,
                        "snapshots/0000000000000000030.snapshot"),
                names());
    }

    @Test
    void shouldReplaceWhatALogHeldAndSaveWhatIsNotShared() throws IOException {
        UUID id;
        try (ChronicleLog log = open();
                OperationSource reader = log.openSource()) {
            id = log.id();
            frames.append(log, 1, 10, 100);
            TestSnapshots.save(log);
            frames.append(log, 2, 40, 100);
            log.cutAfter(45);
            TestSnapshots.save(log);
            frames.append(log, 2, 5, 100);
            FrameBuffer frame = new FrameBuffer();
            assertTrue(reader.poll(frame));
            Path tail = install(log, 10);
            assertTrue(tail.endsWith("2-11-50"), tail.toString());
            assertEquals(
                    "operations=40",
                    Files.readAllLines(tail.resolve(DivergentTail.MANIFEST)).get(3));
            HotpairException e = assertThrows(HotpairException.class, () -> reader.poll(frame));
            assertEquals(Category.NOT_RETAINED, e.category());
            assertBegins(log, id);
            follow(log);
            assertEquals(ops(3, SHOWN + 1, SHOWN + 10), readAll(log));
            log.force();
        }
        assertEquals(1, TestFiles.segments(home).size());
        try (ChronicleLog log = open()) {
            assertBegins(log, id);
            assertEquals(ops(3, SHOWN + 1, SHOWN + 10), readAll(log));
            // Nothing was not shared.
            assertTrue(install(log, log.lastOpId()).endsWith(DivergentTail.DIRECTORY));
            assertBegins(log, id);
            frames.append(log, 3, 7, 10);
        }
        try (ChronicleLog log = open()) {
            assertEquals(ops(3, SHOWN + 1, SHOWN + 7), readAll(log));
        }
    }

    @Test
    void shouldSaveTheFragmentsOfNothingAndGoOn() {
        try (ChronicleLog log = open()) {
            frames.append(log, 1, 10, 100);
            frames.fragments(1, 10, 3 << 20).subList(0, 2).forEach(log::append);
            assertTrue(install(log, 10).endsWith(DivergentTail.DIRECTORY));
            frames.fragments(3, SHOWN, 3 << 20).forEach(log::append);
            assertEquals(ops(3, SHOWN + 1, SHOWN + 1), readAll(log));
        }
        try (ChronicleLog log = open()) {
            assertEquals(ops(3, SHOWN + 1, SHOWN + 1), readAll(log));
        }
    }

    @Test
    void shouldBeCutShortenedAndSavedAsAnyOther() {
        try (ChronicleLog log = open()) {
            install(log, 0);
            follow(log);
            HotpairException e =
                    assertThrows(HotpairException.class, () -> log.cutAfter(SHOWN - 1));
            assertEquals(Category.NOT_RETAINED, e.category());
            log.cutAfter(SHOWN + 5);
            log.cutAfter(SHOWN);
            assertEquals(SHOWN, log.lastOpId());
        }
        try (ChronicleLog log = open()) {
            assertEquals(SHOWN, log.lastOpId());
            assertEquals(1, log.snapshots().list().size());
            for (int i = 0; i < 4; i++) {
                clock.addAndGet(Segment.CYCLE_MS);
                frames.append(log, 4, 10, 100);
                TestSnapshots.save(log);
            }
            log.snapshots().retain(Duration.ofDays(7), 1);
            assertEquals(SHOWN + 21, log.firstOpId());
        }
        try (ChronicleLog log = open()) {
            assertEquals(ops(4, SHOWN + 21, SHOWN + 40), readAll(log));
        }
    }

    @Test
    void shouldChangeNothingWhenTheSnapshotIsDamaged() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (ChronicleLog log = open()) {
            frames.append(log, 1, 10, 100);
            List<String> before = names();
            for (int i = 0; i < 500; i++) {
                byte[] damaged = bytes.clone();
                int at = i < bytes.length ? i * (bytes.length / 500) : random.nextInt(bytes.length);
                damaged[at] ^= (byte) (1 << random.nextInt(8));
                assertRefused(log, damaged, "seed=" + seed + " at=" + at);
            }
            for (int length : new int[] {0, 1, 71, 72, 104, bytes.length - 32, bytes.length - 1}) {
                byte[] cut = Arrays.copyOf(bytes, length);
                assertRefused(log, cut, "length=" + length);
            }
            assertRefused(log, Arrays.copyOf(bytes, bytes.length + 1), "longer");
            assertEquals(before, names());
            assertEquals(ops(1, 1, 10), readAll(log));
            frames.append(log, 1, 10, 100);
            assertEquals(20, log.lastOpId());
        }
    }

    private void assertRefused(ChronicleLog log, byte[] content, String state) {
        try (SnapshotReceiver receiver = received(log, content)) {
            HotpairException e = assertThrows(HotpairException.class, receiver::check, state);
            // A flipped bit of the version is found by the checksum first.
            assertEquals(Category.CORRUPTION, e.category(), state);
            assertThrows(
                    IllegalStateException.class,
                    () -> receiver.install(source.lineage(), 0),
                    state);
        }
    }

    @Test
    void shouldRefuseWhatDoesNotFitAndGoOn() {
        try (ChronicleLog log = open()) {
            frames.append(log, 1, 10, 100);
            try (SnapshotReceiver receiver = received(log, bytes)) {
                assertThrows(HotpairException.class, () -> log.snapshots().receive());
                receiver.check();
                Lineage other = Lineage.EMPTY.begin(1, 1).begin(2, 11);
                assertThrows(IllegalArgumentException.class, () -> receiver.install(other, 0));
                assertThrows(
                        IllegalArgumentException.class,
                        () -> receiver.install(source.lineage(), 11));
                clock.addAndGet(Segment.CYCLE_MS);
                frames.append(log, 1, 1, 100);
                assertThrows(
                        IllegalStateException.class, () -> receiver.install(source.lineage(), 0));
            }
            assertEquals(ops(1, 1, 11), readAll(log));
            install(log, 11);
            assertEquals(SHOWN, log.lastOpId());
        }
    }

    @Test
    void shouldNotSealASnapshotOfWhatWasReplaced() {
        try (ChronicleLog log = open()) {
            frames.append(log, 1, 40, 100);
            log.force();
            try (SnapshotWriter writer = log.snapshots().begin(40, written -> {})) {
                TestSnapshots.add(writer, 10, 10);
                install(log, 40);
                assertThrows(IllegalStateException.class, writer::seal);
            }
            assertBegins(log, log.id());
        }
    }

    /**
     * What a machine that goes down leaves, step by step, made of the directory before and after.
     */
    @Test
    void shouldFindTheOldLogOrTheNewOneAfterACrash() throws IOException {
        Path before = directory.resolve("before");
        Path after = directory.resolve("after");
        UUID id;
        try (ChronicleLog log = open()) {
            id = log.id();
            frames.append(log, 1, 10, 100);
            TestSnapshots.save(log);
            clock.addAndGet(Segment.CYCLE_MS);
            frames.append(log, 1, 30, 100);
            log.cutAfter(38);
            frames.append(log, 2, 2, 100);
            // One that is not of the other log's history, and newer than what is to come.
            TestSnapshots.save(log);
            log.force();
            TestFiles.copyTree(home, before);
            install(log, 10);
            TestFiles.copyTree(home, after);
        }
        Path shown = Path.of(SnapshotDirectory.DIRECTORY, "0000000000000000030.snapshot");
        int cycle = LogBegin.read(after).cycle();
        Path received =
                shown.resolveSibling(
                        shown.getFileName() + "." + cycle + SnapshotDirectory.RECEIVED_SUFFIX);
        Path partial = shown.resolveSibling(ReceivedSnapshot.FILE_NAME);
        List<List<Path[]>> steps =
                List.of(
                        List.<Path[]>of(new Path[] {shown, partial}),
                        List.<Path[]>of(new Path[] {shown, received}),
                        List.of(
                                new Path[] {shown, received},
                                new Path[] {Path.of(LogBegin.FILE_NAME), null}),
                        List.of(
                                new Path[] {shown, shown},
                                new Path[] {Path.of(LogBegin.FILE_NAME), null}));
        for (int step = 0; step < steps.size(); step++) {
            for (boolean sameBoot : new boolean[] {true, false}) {
                String state = "step=" + step + " sameBoot=" + sameBoot;
                Directories.deleteTree(home);
                TestFiles.copyTree(before, home);
                for (Path[] file : steps.get(step)) {
                    Files.copy(
                            after.resolve(file[0]),
                            home.resolve(file[1] == null ? file[0] : file[1]),
                            StandardCopyOption.REPLACE_EXISTING);
                }
                LogOptions reopened = sameBoot ? options : options.withBootId("another");
                // One that is set up to set damage aside must take none of this for damage.
                try (ChronicleLog log = ChronicleLog.openSoundPart(home, reopened, Progress.NONE)) {
                    assertFalse(log.isIncomplete(), state);
                    if (step < 2) {
                        assertEquals(concat(ops(1, 1, 38), ops(2, 39, 40)), readAll(log), state);
                        assertEquals(2, log.snapshots().list().size(), state);
                        assertTrue(install(log, 38).endsWith("2-39-40"), state);
                    }
                    assertBegins(log, id);
                    follow(log);
                    assertEquals(ops(3, SHOWN + 1, SHOWN + 10), readAll(log), state);
                }
                assertEquals(1, TestFiles.segments(home).size(), state);
                assertFalse(names().toString().contains("damaged"), state);
                assertFalse(Files.exists(home.resolve(LogRepair.DIRECTORY)), state);
                assertFalse(names().toString().contains("received"), state);
                assertFalse(names().toString().contains("partial"), state);
            }
        }
    }

    @Test
    void shouldNoticeThatWhatCameAfterItIsMissing() throws IOException {
        try (ChronicleLog log = open()) {
            install(log, 0);
            follow(log);
            log.force();
            clock.addAndGet(Segment.CYCLE_MS);
            frames.append(log, 3, 10, 100);
            log.force();
        }
        Path copy = directory.resolve("copy");
        TestFiles.copyTree(home, copy);
        Files.delete(TestFiles.segments(home).get(0));
        assertCorrupted();
        Files.delete(TestFiles.segments(home).get(0));
        assertCorrupted();
        Directories.deleteTree(home);
        TestFiles.copyTree(copy, home);
        Files.delete(TestFiles.segments(home).get(1));
        assertCorrupted();
    }

    private void assertCorrupted() {
        HotpairException e = assertThrows(HotpairException.class, () -> open().close());
        assertEquals(Category.CORRUPTION, e.category(), e.getMessage());
    }
}
