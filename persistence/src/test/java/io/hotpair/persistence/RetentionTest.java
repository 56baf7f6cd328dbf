package io.hotpair.persistence;

import static io.hotpair.log.TestFrames.ops;
import static io.hotpair.log.TestFrames.readAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.SavedSnapshot;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.Lineage;
import io.hotpair.log.OperationSource;
import io.hotpair.log.SnapshotWriter;
import io.hotpair.log.TestFrames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is deleted of a log, and what is left is a log. */
class RetentionTest {
    private static final Duration WEEK = Duration.ofDays(7);

    @TempDir Path directory;

    private final TestFrames frames = new TestFrames();
    private final AtomicLong clock = new AtomicLong(1_763_700_000_000L);
    private final LogOptions options = LogOptions.standard().withWallClock(clock::get);

    private ChronicleLog open() {
        return ChronicleLog.open(directory, options);
    }

    private void roll() {
        clock.addAndGet(Segment.CYCLE_MS);
    }

    /** Ten operations in each of some segments, and the last two with a snapshot in them. */
    private void appendSegments(ChronicleLog log, int count) {
        for (int i = 0; i < count; i++) {
            frames.append(log, 1 + i / 2, 10, 100);
            if (i >= count - 2) {
                TestSnapshots.save(log);
            }
            roll();
        }
        frames.append(log, 9, 1, 10);
        log.force();
    }

    private static void retainLittle(ChronicleLog log) {
        log.snapshots().retain(WEEK, 1);
    }

    private List<Path> segments() throws IOException {
        return TestFiles.segments(directory);
    }

    @Test
    void shouldDeleteWhatLiesBeforeTheNewestTwoSnapshotsWhenTheLogIsTooLong() throws IOException {
        Lineage lineage;
        try (ChronicleLog log = open()) {
            appendSegments(log, 6);
            List<Path> before = segments();
            lineage = log.lineage();
            log.snapshots().retain(WEEK, 1 << 20);
            assertEquals(before, segments());
            retainLittle(log);
            assertEquals(before.subList(4, 7), segments());
            assertEquals(41, log.firstOpId());
            assertEquals(ops(3, 41, 60), readAll(log).subList(0, 20));
            assertEquals(lineage, log.lineage());
            frames.append(log, 9, 3, 10);
        }
        try (ChronicleLog log = open()) {
            assertEquals(41, log.firstOpId());
            assertEquals(64, log.lastOpId());
            assertEquals(lineage, log.lineage());
            assertEquals(24, readAll(log).size());
            frames.append(log, 9, 3, 10);
            retainLittle(log);
            assertEquals(27, readAll(log).size());
        }
    }

    /** However much is written within an hour. */
    @Test
    void shouldDeleteWhatAnHourWrote() throws IOException {
        try (ChronicleLog log = ChronicleLog.open(directory, options.withSegmentBytes(1 << 20))) {
            for (int i = 0; i < 40; i++) {
                frames.append(log, 1, 10, 10_000);
                if (i >= 38) {
                    TestSnapshots.save(log);
                }
            }
            assertTrue(segments().size() >= 4, segments().toString());
            log.snapshots().retain(WEEK, 1 << 20);
            assertTrue(segments().size() <= 2, segments().toString());
            assertEquals(400, log.lastOpId());
        }
        try (ChronicleLog log = open()) {
            assertEquals(400, log.lastOpId());
        }
    }

    @Test
    void shouldRefuseToReadWhatIsGone() {
        try (ChronicleLog log = open()) {
            appendSegments(log, 6);
            try (OperationSource early = log.openSource();
                    OperationSource late = log.openSource()) {
                retainLittle(log);
                FrameBuffer frame = new FrameBuffer();
                assertNotRetained(() -> early.poll(frame), "opId=0, expected at least 40");
                assertNotRetained(() -> late.seekAfter(39), "opId=39, expected at least 40");
                late.seekAfter(40);
                assertEquals(21, readAll(late).size());
                late.seekAfter(55);
                assertTrue(late.poll(frame));
                assertNotRetained(() -> log.cutAfter(39), "expected at least 40");
            }
            assertEquals(61, log.lastOpId());
        }
    }

    private static void assertNotRetained(Runnable what, String expected) {
        HotpairException e = assertThrows(HotpairException.class, what::run);
        assertEquals(Category.NOT_RETAINED, e.category());
        assertTrue(String.valueOf(e.getMessage()).contains(expected), e.getMessage());
    }

    @Test
    void shouldKeepWhatSomebodyReads() throws IOException {
        try (ChronicleLog log = open();
                OperationSource source = log.openSource()) {
            appendSegments(log, 6);
            FrameBuffer frame = new FrameBuffer();
            source.seekAfter(20);
            assertTrue(source.poll(frame));
            retainLittle(log);
            assertEquals(21, log.firstOpId());
            assertEquals(5, segments().size());
            assertEquals(40 - 9, readAll(source).size());
            retainLittle(log);
            assertEquals(41, log.firstOpId());
            assertEquals(3, segments().size());
        }
    }

    @Test
    void shouldKeepTheWindowAndASnapshotBeforeIt() throws IOException {
        Duration window = Duration.ofHours(5);
        try (ChronicleLog log = open()) {
            for (int hour = 0; hour < 30; hour++) {
                frames.append(log, 1, 10, 100);
                TestSnapshots.save(log);
                roll();
                log.snapshots().retain(window, Long.MAX_VALUE);
                List<SavedSnapshot> kept = log.snapshots().list();
                SavedSnapshot oldest = kept.get(kept.size() - 1);
                String state = "hour=" + hour + " kept=" + kept;
                // Any moment of the window is within reach of a snapshot and the log after it.
                Instant begin = Instant.ofEpochMilli(clock.get()).minus(window);
                assertTrue(hour < 5 || !oldest.time().isAfter(begin), state);
                assertTrue(log.firstOpId() <= oldest.opId() + 1, state);
                assertTrue(kept.size() <= 8, state);
                assertTrue(segments().size() <= 7, state);
            }
            assertEquals(5, segments().size());
        }
    }

    @Test
    void shouldThinOutSnapshotsButKeepTheNewestTwoAndTheBase() {
        List<SnapshotDirectory.Entry> newestFirst = new ArrayList<>();
        for (int hour = 0; hour < 100; hour++) {
            Instant time = Instant.ofEpochSecond(3600L * (1000 - hour));
            SavedSnapshot saved =
                    new SavedSnapshot(1000 - hour, 1, time, Path.of("s" + hour), 100, 1);
            newestFirst.add(new SnapshotDirectory.Entry(saved, Place.START));
        }
        Instant now = Instant.ofEpochSecond(3600L * 1000);
        List<SnapshotDirectory.Entry> kept = new ArrayList<>(newestFirst);
        kept.removeAll(Retention.unneeded(newestFirst, now, Duration.ofHours(70), 0));
        assertEquals(
                List.of(1000L, 999L, 990L, 980L, 970L, 960L, 950L, 940L, 930L),
                kept.stream().map(e -> e.saved().opId()).toList());
        kept = new ArrayList<>(newestFirst);
        kept.removeAll(Retention.unneeded(newestFirst, now, Duration.ofHours(70), 965));
        assertEquals(
                List.of(1000L, 999L, 995L, 985L, 975L, 965L),
                kept.stream().map(e -> e.saved().opId()).toList());
    }

    @Test
    void shouldHoldNeitherHandleNorMappingOfWhatWasDeleted() throws IOException {
        try (ChronicleLog log = open()) {
            appendSegments(log, 6);
            List<Path> before = segments();
            retainLittle(log);
            List<String> held = TestFiles.handles(directory);
            for (Path gone : before.subList(0, 4)) {
                assertFalse(Files.exists(gone));
                String name = String.valueOf(gone.getFileName());
                assertEquals(List.of(), held.stream().filter(h -> h.contains(name)).toList());
            }
            assertEquals(List.of(), held.stream().filter(h -> h.contains("deleted")).toList());
            assertTrue(held.stream().anyMatch(h -> h.contains(Segment.SUFFIX)));
            frames.append(log, 9, 1, 10);
        }
        assertEquals(List.of(), TestFiles.handles(directory));
    }

    @Test
    void shouldCompleteADeletionThatWasInterrupted() throws IOException {
        Path copy = directory.resolveSibling(directory.getFileName() + "-copy");
        List<Path> before;
        try (ChronicleLog log = open()) {
            appendSegments(log, 6);
            before = segments();
            TestFiles.copyTree(directory.resolve("queue"), copy);
            retainLittle(log);
        }
        // As after a kill between the new beginning and the deletion, and in the middle of it.
        for (int left = 4; left >= 1; left--) {
            for (Path gone : before.subList(4 - left, 4)) {
                Files.copy(copy.resolve(gone.getFileName()), gone);
            }
            try (ChronicleLog log = open()) {
                assertEquals(41, log.firstOpId());
                assertEquals(21, readAll(log).size());
                assertEquals(3, segments().size());
            }
        }
        Directories.deleteTree(copy);
        Files.delete(segments().get(0));
        HotpairException e = assertThrows(HotpairException.class, this::open);
        assertEquals(Category.CORRUPTION, e.category());
        assertTrue(String.valueOf(e.getMessage()).contains("is missing: the log begins with it"));
    }

    @Test
    void shouldBeCutBackToItsBeginning() {
        try (ChronicleLog log = open()) {
            appendSegments(log, 6);
            retainLittle(log);
            log.cutAfter(40);
            assertEquals(40, log.lastOpId());
            assertEquals(0, log.firstOpId());
            assertEquals(List.of(), readAll(log));
            assertEquals(List.of(), log.snapshots().list());
            assertEquals(new Lineage(log.lineage().terms()), log.lineage());
            assertEquals(2, log.lineage().lastTerm());
        }
        try (ChronicleLog log = open()) {
            assertEquals(40, log.lastOpId());
            assertEquals(2, log.lineage().lastTerm());
            try (OperationSource source = log.openSource()) {
                assertNotRetained(() -> source.seekAfter(39), "expected at least 40");
                source.seekAfter(40);
                assertFalse(source.poll(new FrameBuffer()));
                frames.append(log, 12, 2, 10);
                assertEquals(ops(12, 41, 42), readAll(source));
            }
        }
    }

    @Test
    void shouldForgetSnapshotsThatShowWhatWasCut() throws IOException {
        SavedSnapshot kept;
        SavedSnapshot dead;
        Path copy;
        try (ChronicleLog log = open()) {
            frames.append(log, 1, 10, 100);
            kept = TestSnapshots.save(log);
            frames.append(log, 1, 10, 100);
            dead = TestSnapshots.save(log);
            copy = Files.copy(dead.file(), directory.resolve("copy"));
            SnapshotWriter late = log.snapshots().begin(log.lastOpId(), written -> {});
            log.cutAfter(15);
            assertEquals(List.of(kept), log.snapshots().list());
            assertFalse(Files.exists(dead.file()));
            frames.append(log, 2, 10, 100);
            try (late) {
                assertThrows(IllegalStateException.class, late::seal);
            }
            assertEquals(25, TestSnapshots.save(log).opId());
        }
        // As after a kill between the cut and the deletion.
        Files.move(copy, dead.file());
        try (ChronicleLog log = open()) {
            assertEquals(
                    List.of(25L, 10L),
                    log.snapshots().list().stream().map(SavedSnapshot::opId).toList());
            assertFalse(Files.exists(dead.file()));
        }
    }

    @Test
    void shouldStayALogThroughRandomRollsCutsSnapshotsAndDeletions() throws IOException {
        int shortened = 0;
        for (int round = 0; round < 20; round++) {
            long seed = System.nanoTime();
            Path home = directory.resolve("round-" + round);
            shortened += new Round(seed, home).run() ? 1 : 0;
            Directories.deleteTree(home);
        }
        assertTrue(shortened > 5, "shortened=" + shortened);
    }

    /** A log beside a list of what is live in it. */
    private final class Round {
        private final Random random;
        private final String state;
        private final Path home;
        private final List<TestFrames.Op> model = new ArrayList<>();
        private long term = 1;
        private ChronicleLog log;

        Round(long seed, Path home) {
            random = new Random(seed);
            state = "seed=" + seed;
            this.home = home;
            log = ChronicleLog.open(home, options);
        }

        /** Returns whether the log does not begin with its first operation at the end. */
        boolean run() throws IOException {
            try {
                for (int step = 0; step < 120; step++) {
                    step();
                }
                reopen();
                return LogBegin.read(home).cycle() != 0;
            } finally {
                log.close();
            }
        }

        private void step() {
            switch (random.nextInt(10)) {
                case 0 -> roll();
                case 1 -> cut();
                case 2, 3 -> {
                    if (log.lastOpId() > 0) {
                        TestSnapshots.save(log);
                    }
                }
                case 4 -> retain();
                case 5 -> reopen();
                default -> append();
            }
        }

        private void append() {
            long before = log.lastOpId();
            frames.append(log, term, 1 + random.nextInt(20), random.nextInt(300));
            model.addAll(ops(term, before + 1, log.lastOpId()));
        }

        private void cut() {
            long kept = Math.max(0, log.lastOpId() - random.nextInt(30));
            try {
                log.cutAfter(kept);
                model.removeIf(op -> op.opId() > kept);
                term++;
            } catch (HotpairException e) {
                assertEquals(Category.NOT_RETAINED, e.category(), state);
                assertTrue(log.firstOpId() == 0 || kept < log.firstOpId(), state);
            }
        }

        private void retain() {
            log.snapshots()
                    .retain(Duration.ofHours(1 + random.nextInt(4)), 1 + random.nextInt(9999));
            List<SavedSnapshot> snapshots = log.snapshots().list();
            if (snapshots.size() > 1) {
                assertTrue(log.firstOpId() <= snapshots.get(1).opId() + 1, state);
            }
        }

        private void reopen() {
            List<SavedSnapshot> snapshots = log.snapshots().list();
            log.close();
            log = ChronicleLog.open(home, options);
            assertEquals(snapshots, log.snapshots().list(), state);
            // It holds none if all after its beginning was cut.
            long first = log.firstOpId() == 0 ? log.lastOpId() + 1 : log.firstOpId();
            model.removeIf(op -> op.opId() < first);
            assertEquals(model, readAll(log), state);
            for (SavedSnapshot snapshot : snapshots) {
                assertTrue(snapshot.opId() <= log.lastOpId(), state);
                assertTrue(log.snapshots().verify(snapshot), state);
            }
        }
    }
}
