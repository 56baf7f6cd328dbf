package io.hotpair.persistence;

import static io.hotpair.log.TestFrames.readAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.Progress;
import io.hotpair.SavedSnapshot;
import io.hotpair.log.OperationLog;
import io.hotpair.log.TestFrames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Damages a log of which others hold copies, and looks at what is left of it. */
class LogRepairTest {
    private static final int FLIPS = Integer.getInteger("hotpair.bitFlips", 200);
    private static final int SEGMENTS = 5;

    @TempDir Path directory;

    private final TestFrames frames = new TestFrames();
    private final AtomicLong clock = new AtomicLong(1_763_700_000_000L);
    private final LogOptions options = LogOptions.standard().withWallClock(clock::get);

    @Test
    void shouldEndBeforeTheDamageWhereNoSnapshotShowsWhatIsBehindIt() throws IOException {
        Path home = directory.resolve("log");
        List<TestFrames.Op> written = write(home, -1);
        Path segment = TestFiles.segments(home).get(2);
        long header = TestFiles.frameHeaders(segment).get(30);
        flip(segment, header + 100);
        Files.delete(summaryOf(segment));
        byte[] damaged = Files.readAllBytes(segment);
        long kept = 2 * 100 * 3 + 30 * 3;
        try (ChronicleLog log = openSoundPart(home)) {
            assertTrue(log.isIncomplete());
            assertEquals(kept, log.lastOpId());
            assertEquals(written.subList(0, (int) kept), readAll(log));
        }
        Path aside = aside(home, 1);
        assertArrayEquals(
                damaged, Files.readAllBytes(aside.resolve(String.valueOf(segment.getFileName()))));
        assertEquals(3, segmentsIn(aside));
        HotpairException e =
                assertThrows(HotpairException.class, () -> ChronicleLog.open(home, options));
        assertEquals(HotpairException.Category.CORRUPTION, e.category());
        assertTrue(String.valueOf(e.getMessage()).contains("incomplete"), e.toString());
        try (ChronicleLog log = openSoundPart(home)) {
            assertTrue(log.isIncomplete());
            frames.append(log, 9, 3, 200);
            log.acceptIncomplete();
            assertFalse(log.isIncomplete());
        }
        try (ChronicleLog log = ChronicleLog.open(home, options)) {
            assertFalse(log.isIncomplete());
            assertEquals(kept + 3, readAll(log).size());
        }
        aside(home, 1);
    }

    @Test
    void shouldBeginAfterTheDamageWhereASnapshotShowsAllOfIt() throws IOException {
        Path home = directory.resolve("log");
        List<TestFrames.Op> written = write(home, 3);
        Path segment = TestFiles.segments(home).get(1);
        flip(segment, TestFiles.frameHeaders(segment).get(30) + 100);
        Files.delete(summaryOf(segment));
        try (ChronicleLog log = openSoundPart(home)) {
            assertFalse(log.isIncomplete());
            assertEquals(2 * 100 * 3 + 1, log.firstOpId());
            assertEquals(written.subList(2 * 100 * 3, written.size()), readAll(log));
            assertEquals(1, log.snapshots().list().size());
        }
        assertEquals(2, segmentsIn(aside(home, 1)));
        try (ChronicleLog log = ChronicleLog.open(home, options)) {
            frames.append(log, 9, 3, 200);
            assertEquals(written.size() - 600 + 3, readAll(log).size());
        }
    }

    @Test
    void shouldNotBringBackWhatWasCut() throws IOException {
        Path home = directory.resolve("log");
        List<TestFrames.Op> written = write(home, -1);
        Path segment = TestFiles.lastSegment(home);
        try (ChronicleLog log = ChronicleLog.open(home, options)) {
            log.cutAfter(1_000);
            frames.append(log, 9, 3, 200);
        }
        // Behind what was kept, and before the cut.
        flip(segment, TestFiles.frameHeaders(segment).get(60) + 100);
        Files.deleteIfExists(summaryOf(segment));
        for (int i = 0; i < 2; i++) {
            try (ChronicleLog log = openSoundPart(home)) {
                assertTrue(log.isIncomplete());
                assertEquals(1_000, log.lastOpId());
                assertEquals(written.subList(0, 1_000), readAll(log));
            }
        }
        // And where the damage lies before what was kept, no cut is needed.
        Path first = TestFiles.segments(home).get(0);
        flip(first, TestFiles.frameHeaders(first).get(30) + 100);
        Files.deleteIfExists(summaryOf(first));
        try (ChronicleLog log = openSoundPart(home)) {
            assertEquals(written.subList(0, 90), readAll(log));
        }
        aside(home, 2);
    }

    @Test
    void shouldNotTrustASnapshotThatIsDamagedItself() throws IOException {
        Path home = directory.resolve("log");
        List<TestFrames.Op> written = write(home, 3);
        Path segment = TestFiles.segments(home).get(1);
        flip(segment, TestFiles.frameHeaders(segment).get(30) + 100);
        Files.delete(summaryOf(segment));
        Path snapshot = snapshots(home).get(0);
        flip(snapshot, Files.size(snapshot) / 2);
        try (ChronicleLog log = openSoundPart(home)) {
            assertTrue(log.isIncomplete());
            assertEquals(written.subList(0, 100 * 3 + 30 * 3), readAll(log));
            assertEquals(List.of(), log.snapshots().list());
        }
    }

    @Test
    void shouldBeginAnewWhereNothingCanBeRebuiltFromWhatIsLeft() throws IOException {
        Path home = directory.resolve("log");
        List<TestFrames.Op> unused = write(home, 3);
        Path second = TestFiles.segments(home).get(1);
        flip(second, TestFiles.frameHeaders(second).get(30) + 100);
        Files.delete(summaryOf(second));
        openSoundPart(home).close();
        // It begins with the third segment now, and the snapshot lies in the fourth.
        Path third = TestFiles.segments(home).get(0);
        flip(third, TestFiles.frameHeaders(third).get(30) + 100);
        Files.delete(summaryOf(third));
        Path snapshot = snapshots(home).get(0);
        flip(snapshot, Files.size(snapshot) / 2);
        try (ChronicleLog log = openSoundPart(home)) {
            assertTrue(log.isIncomplete());
            assertEquals(0, log.lastOpId());
            assertEquals(List.of(), readAll(log));
            frames.append(log, 9, 3, 200);
        }
        try (ChronicleLog log = openSoundPart(home)) {
            assertTrue(log.isIncomplete());
            assertEquals(3, readAll(log).size());
        }
        aside(home, 2);
    }

    @Test
    void shouldBeginAnewWithoutItsIdentityOrItsMark() throws IOException {
        for (String name : List.of(LogIdentity.FILE_NAME, DurableMark.FILE_NAME)) {
            Path home = directory.resolve("log-" + name);
            List<TestFrames.Op> unused = write(home, -1);
            flip(home.resolve(name), 20);
            try (ChronicleLog log = openSoundPart(home)) {
                assertTrue(log.isIncomplete());
                assertEquals(0, log.lastOpId());
            }
            assertTrue(Files.exists(aside(home, 1).resolve(name)));
        }
    }

    @Test
    void shouldEndWhereSegmentsAreMissing() throws IOException {
        for (int missing = 1; missing < SEGMENTS; missing++) {
            Path home = directory.resolve("log-" + missing);
            List<TestFrames.Op> written = write(home, -1);
            Files.delete(TestFiles.segments(home).get(missing));
            try (ChronicleLog log = openSoundPart(home)) {
                assertTrue(log.isIncomplete());
                assertEquals(written.subList(0, missing * 300), readAll(log));
                frames.append(log, 9, 3, 200);
            }
            try (ChronicleLog log = openSoundPart(home)) {
                assertEquals(missing * 300 + 3, readAll(log).size());
            }
        }
    }

    @Test
    void shouldBeginWithASegmentBeforeWhichOneIsMissing() throws IOException {
        Path home = directory.resolve("log");
        List<TestFrames.Op> written = write(home, 3);
        Files.delete(TestFiles.segments(home).get(2));
        try (ChronicleLog log = openSoundPart(home)) {
            assertFalse(log.isIncomplete());
            assertEquals(written.subList(3 * 300, written.size()), readAll(log));
        }
    }

    @Test
    void shouldNotBeginWithASegmentBehindWhichACutReachesBack() throws IOException {
        Path home = directory.resolve("log");
        List<TestFrames.Op> written = write(home, -1);
        try (ChronicleLog log = ChronicleLog.open(home, options)) {
            log.cutAfter(500);
            frames.append(log, 9, 300, 200);
            SavedSnapshot unused = TestSnapshots.save(log);
            log.force();
        }
        assertFalse(Files.exists(home.resolve(LogRepair.DIRECTORY)));
        Path second = TestFiles.segments(home).get(1);
        flip(second, TestFiles.frameHeaders(second).get(30) + 100);
        Files.delete(summaryOf(second));
        try (ChronicleLog log = openSoundPart(home)) {
            assertTrue(log.isIncomplete());
            assertEquals(written.subList(0, 300 + 30 * 3), readAll(log));
        }
    }

    @Test
    void shouldBeginAnewWhenARepairDoesNotHelp() throws IOException {
        Path home = directory.resolve("log");
        List<TestFrames.Op> unused = write(home, -1);
        Path second = TestFiles.segments(home).get(1);
        Place end = new Place(Segment.cycleOf(second), TestFiles.frameHeaders(second).get(30));
        // From another log, perhaps: what it keeps was never there.
        CutJournal.read(home).add(new CutJournal.Entry(new Cut(end, 1_000_000), "tail"));
        assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> {
                    try (ChronicleLog log = openSoundPart(home)) {
                        assertTrue(log.isIncomplete());
                        assertEquals(List.of(), readAll(log));
                    }
                });
    }

    @Test
    void shouldSetNothingAsideForASnapshotThatCannotBeRead() throws IOException {
        Path home = directory.resolve("log");
        List<TestFrames.Op> written = write(home, 3);
        Path segment = TestFiles.segments(home).get(1);
        flip(segment, TestFiles.frameHeaders(segment).get(30) + 100);
        Files.delete(summaryOf(segment));
        openSoundPart(home).close();
        // Now the log begins later. Nobody can open a directory as a file, whatever its rights.
        Path snapshot = snapshots(home).get(0);
        Path away = directory.resolve("away");
        Files.move(snapshot, away);
        Files.createDirectory(snapshot);
        HotpairException e = assertThrows(HotpairException.class, () -> openSoundPart(home));
        assertEquals(HotpairException.Category.LOG_FAILED, e.category());
        Path damaged = TestFiles.segments(home).get(0);
        byte[] sound = Files.readAllBytes(damaged);
        flip(damaged, TestFiles.frameHeaders(damaged).get(30) + 100);
        Files.delete(summaryOf(damaged));
        e = assertThrows(HotpairException.class, () -> openSoundPart(home));
        assertEquals(HotpairException.Category.LOG_FAILED, e.category());
        Files.delete(snapshot);
        Files.move(away, snapshot);
        Files.write(damaged, sound);
        try (ChronicleLog log = openSoundPart(home)) {
            assertFalse(log.isIncomplete());
            assertEquals(written.subList(600, written.size()), readAll(log));
        }
        aside(home, 1);
    }

    /** What a process leaves that ends between two steps of a repair, whichever they are. */
    @Test
    void shouldCompleteARepairThatWasInterruptedAnywhere() throws IOException {
        for (int snapshotIn : new int[] {-1, 1, 2, 3}) {
            Path home = directory.resolve("log-" + snapshotIn);
            List<TestFrames.Op> written = write(home, snapshotIn);
            Path segment = TestFiles.segments(home).get(1);
            flip(segment, TestFiles.frameHeaders(segment).get(30) + 100);
            Files.delete(summaryOf(segment));
            List<Path> interrupted = new ArrayList<>();
            repairStepwise(home, interrupted);
            interrupted.add(home);
            assertTrue(interrupted.size() > 4, interrupted.toString());
            for (Path copy : interrupted) {
                String state = "snapshotIn=" + snapshotIn + " " + copy;
                try (ChronicleLog log = openSoundPart(copy)) {
                    List<TestFrames.Op> found = readAll(log);
                    if (snapshotIn >= 2) {
                        assertFalse(log.isIncomplete(), state);
                        assertEquals(written.subList(600, written.size()), found, state);
                        assertEquals(1, log.snapshots().list().size(), state);
                    } else {
                        assertTrue(log.isIncomplete(), state);
                        assertTrue(isPrefix(found, written), state);
                        assertTrue(found.size() == 300 || found.size() == 390, state);
                    }
                    frames.append(log, 9, 3, 200);
                }
                openSoundPart(copy).close();
            }
        }
    }

    @Test
    void shouldSetAsideEverythingThoughThatWasInterruptedAnywhere() throws IOException {
        for (String name :
                List.of(LogIdentity.FILE_NAME, DurableMark.FILE_NAME, CutJournal.FILE_NAME)) {
            Path home = directory.resolve("log-" + name);
            List<TestFrames.Op> unused = write(home, 1);
            try (ChronicleLog log = ChronicleLog.open(home, options)) {
                log.cutAfter(log.lastOpId() - 40);
            }
            flip(home.resolve(name), 20);
            List<Path> interrupted = new ArrayList<>();
            repair(home, interrupted)
                    .startAnew(Failures.corruption("a bit of " + name + " is another one"));
            assertTrue(interrupted.size() > 6, interrupted.toString());
            for (Path copy : interrupted) {
                try (ChronicleLog log = openSoundPart(copy)) {
                    assertTrue(log.isIncomplete(), copy.toString());
                    assertEquals(List.of(), readAll(log), copy.toString());
                    assertEquals(List.of(), log.snapshots().list(), copy.toString());
                }
            }
        }
    }

    private void repairStepwise(Path home, List<Path> interrupted) throws IOException {
        CutJournal cuts = CutJournal.read(home);
        SegmentSummaries summaries = new SegmentSummaries(home, LogIdentity.read(home).id());
        try (DurableMark mark = DurableMark.open(home)) {
            Recovery recovery =
                    new Recovery(
                            home,
                            home.resolve(ChronicleLog.QUEUE_DIRECTORY),
                            LogBegin.read(home),
                            mark,
                            cuts,
                            summaries,
                            Progress.NONE,
                            options);
            HotpairException damage = assertThrows(HotpairException.class, recovery::run);
            repair(home, interrupted).run(recovery, damage, cuts, mark, summaries);
        }
    }

    /** One that copies the directory before and after each file that it moves. */
    private LogRepair repair(Path home, List<Path> copies) throws IOException {
        return new LogRepair(home, home.resolve(ChronicleLog.QUEUE_DIRECTORY), clock.get()) {
            @Override
            void move(Path file, Path aside) throws IOException {
                copy(file);
                super.move(file, aside);
                copy(file);
            }

            private void copy(Path moved) throws IOException {
                Path copy =
                        directory.resolve(
                                home.getFileName()
                                        + "-"
                                        + copies.size()
                                        + "-"
                                        + moved.getFileName());
                TestFiles.copyTree(home, copy);
                copies.add(copy);
            }
        };
    }

    /** {@code -Dhotpair.bitFlips=N} sets how many. */
    @Test
    void shouldOpenWhateverBitIsFlipped() throws IOException {
        Path original = directory.resolve("original");
        List<TestFrames.Op> before = write(original, 2);
        List<TestFrames.Op> after;
        try (ChronicleLog log = ChronicleLog.open(original, options)) {
            log.cutAfter(log.lastOpId() - 40);
            frames.append(log, 6, 3, 200);
            SavedSnapshot unused = TestSnapshots.save(log);
            frames.append(log, 6, 3, 200);
            after = readAll(log);
        }
        long seed = Long.getLong("hotpair.seed", System.nanoTime());
        Random random = new Random(seed);
        int incomplete = 0;
        int repaired = 0;
        for (int i = 0; i < FLIPS; i++) {
            Path copy = directory.resolve("copy");
            TestFiles.copyTree(original, copy);
            String state = "seed=" + seed;
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                Path file = TestFiles.any(copy, random);
                boolean isSegment = file.toString().endsWith(Segment.SUFFIX);
                // Most of a segment is zeros.
                long length = isSegment && random.nextInt(5) != 0 ? 150_000 : Files.size(file);
                long position = random.nextLong(length);
                state += " " + file.getFileName() + "@" + position;
                flip(file, position);
            }
            incomplete += isIncomplete(copy, before, after, state) ? 1 : 0;
            repaired += Files.exists(copy.resolve(LogRepair.DIRECTORY)) ? 1 : 0;
            Directories.deleteTree(copy);
        }
        assertTrue(incomplete > FLIPS / 4, "incomplete=" + incomplete);
        assertTrue(repaired > incomplete, "repaired=" + repaired + " incomplete=" + incomplete);
        LoggerFactory.getLogger(LogRepairTest.class)
                .warn("{} damaged, {} repaired, {} incomplete", FLIPS, repaired, incomplete);
    }

    private boolean isIncomplete(
            Path home, List<TestFrames.Op> before, List<TestFrames.Op> after, String state)
            throws IOException {
        for (int openings = 1; ; openings++) {
            assertTrue(openings < 10, state);
            try {
                return opensIncomplete(home, before, after, state);
            } catch (HotpairException e) {
                // A summary had vouched for it; now that it was met, none does.
                assertEquals(HotpairException.Category.CORRUPTION, e.category(), state);
            }
        }
    }

    private boolean opensIncomplete(
            Path home, List<TestFrames.Op> before, List<TestFrames.Op> after, String state)
            throws IOException {
        List<TestFrames.Op> found;
        boolean incomplete;
        long repairs;
        try (ChronicleLog log = openSoundPart(home)) {
            found = readAll(log);
            incomplete = log.isIncomplete();
            boolean isPart =
                    incomplete
                            ? isPart(found, before) || isPart(found, after)
                            : after.subList(after.size() - found.size(), after.size())
                                    .equals(found);
            assertTrue(isPart, state + ": incomplete=" + incomplete + " " + found.size());
            boolean isShown =
                    isPrefix(found, before)
                            || isPrefix(found, after)
                            || log.snapshots().list().stream()
                                    .anyMatch(s -> s.opId() >= log.firstOpId() - 1);
            assertTrue(isShown, state);
            frames.append(log, 9, 3, 200);
            repairs = repairCount(home);
        }
        try (ChronicleLog log = openSoundPart(home)) {
            // More damage may have been found in the background.
            if (repairCount(home) == repairs) {
                assertEquals(found.size() + 3, readAll(log).size(), state);
                assertEquals(incomplete, log.isIncomplete(), state);
            }
        }
        return incomplete;
    }

    private static long repairCount(Path home) throws IOException {
        Path parent = home.resolve(LogRepair.DIRECTORY);
        if (!Files.exists(parent)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(parent)) {
            return files.count();
        }
    }

    private static boolean isPart(List<TestFrames.Op> found, List<TestFrames.Op> of) {
        return Collections.indexOfSubList(of, found) >= 0;
    }

    private static boolean isPrefix(List<TestFrames.Op> found, List<TestFrames.Op> of) {
        return found.size() <= of.size() && of.subList(0, found.size()).equals(found);
    }

    // ---- what there is

    /**
     * Five segments of a hundred frames of three operations; a snapshot in one of them, or none.
     */
    private List<TestFrames.Op> write(Path home, int snapshotIn) throws IOException {
        try (ChronicleLog log = ChronicleLog.open(home, options)) {
            for (int segment = 0; segment < SEGMENTS; segment++) {
                for (int i = 0; i < 100; i++) {
                    frames.append(log, 1 + segment, 3, 200);
                    if (segment == snapshotIn && i == 50) {
                        SavedSnapshot unused = TestSnapshots.save(log);
                    }
                }
                clock.addAndGet(Segment.CYCLE_MS);
            }
        }
        // So that every segment has its summary.
        try (OperationLog log = ChronicleLog.open(home, options)) {
            return readAll(log);
        }
    }

    private ChronicleLog openSoundPart(Path home) {
        return ChronicleLog.openSoundPart(home, options, Progress.NONE);
    }

    private static void flip(Path file, long position) throws IOException {
        TestFiles.flipBit(file, position, 3);
    }

    private static Path summaryOf(Path segment) {
        String name = String.valueOf(segment.getFileName());
        return segment.resolveSibling("../" + SegmentSummaries.DIRECTORY)
                .resolve(name.replace(Segment.SUFFIX, SegmentSummaries.SUFFIX));
    }

    private static List<Path> snapshots(Path home) throws IOException {
        try (Stream<Path> files = Files.list(home.resolve(SnapshotDirectory.DIRECTORY))) {
            return files.sorted().toList();
        }
    }

    /** The newest of so many directories with what was set aside. */
    private static Path aside(Path home, int count) throws IOException {
        try (Stream<Path> files = Files.list(home.resolve(LogRepair.DIRECTORY))) {
            List<Path> found = new ArrayList<>(files.sorted().toList());
            assertEquals(count, found.size(), found.toString());
            return found.get(count - 1);
        }
    }

    private static long segmentsIn(Path aside) throws IOException {
        try (Stream<Path> files = Files.list(aside)) {
            return files.filter(f -> f.toString().endsWith(Segment.SUFFIX)).count();
        }
    }
}
