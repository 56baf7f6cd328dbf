package io.hotpair.persistence;

import static io.hotpair.log.TestFrames.ops;
import static io.hotpair.log.TestFrames.readAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.OperationLog;
import io.hotpair.log.TestFrames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damages a log in every way that a crash can, and in some that only a bad disk or a person can. A
 * copy of the directory taken while the log is open stands for a process that was killed.
 */
class RecoveryTest {
    private static final long NOW_MS = 1_763_700_000_000L;
    private static final String OTHER_BOOT = "00000000-1111-2222-3333-444444444444";

    @TempDir Path directory;

    private final TestFrames frames = new TestFrames();
    private final AtomicLong clock = new AtomicLong(NOW_MS);
    private final LogOptions options = LogOptions.standard().withWallClock(clock::get);

    @Test
    void shouldCutADocumentThatWasHalfWritten() throws IOException {
        Path image = imageOfKilled(20);
        Path segment = TestFiles.lastSegment(image);
        long end = TestFiles.contentEnd(segment);
        FrameBuffer frame = frames.frame(1, 20, 5000, 21, 22);
        TestFiles.write(segment, end + 4, Arrays.copyOf(frame.bytes(), 3000));
        assertGoesOn(image, 20);
        assertTrue(
                Files.exists(image.resolve("divergent/torn-" + segment.getFileName() + "-" + end)));
    }

    @Test
    void shouldCutADocumentThatWasWrittenButNotCommitted() throws IOException {
        Path image = imageOfKilled(20);
        Path segment = TestFiles.lastSegment(image);
        FrameBuffer frame = frames.frame(1, 20, 5000, 21, 22);
        byte[] content = Arrays.copyOf(frame.bytes(), frame.length());
        TestFiles.write(segment, TestFiles.contentEnd(segment) + 4, content);
        assertGoesOn(image, 20);
    }

    @Test
    void shouldRefuseAZeroedHeaderBeforeLaterDocuments() throws IOException {
        Path image = imageOfKilled(20);
        Path segment = TestFiles.lastSegment(image);
        long header = TestFiles.frameHeaders(segment).get(17);
        TestFiles.write(segment, header, new byte[4]);
        assertCorrupt(image, segment, header, "the segment ends here, but there is more");
    }

    @Test
    void shouldRefuseAChangedByteInAFrame() throws IOException {
        Path image = imageOfKilled(20);
        Path segment = TestFiles.lastSegment(image);
        long header = TestFiles.frameHeaders(segment).get(19);
        TestFiles.flipBit(segment, header + 4 + 70, 3);
        assertCorrupt(image, segment, header, "computed");
    }

    @Test
    void shouldRefuseAWrongDocumentLength() throws IOException {
        Path image = imageOfKilled(20);
        Path segment = TestFiles.lastSegment(image);
        List<Long> headers = TestFiles.frameHeaders(segment);
        TestFiles.flipBit(segment, headers.get(10), 3);
        assertCorrupt(image, segment, headers.get(10), "is damaged");
    }

    @Test
    void shouldRefuseALogWithoutItsEndAfterACleanClose() throws IOException {
        closedLog(20);
        Path segment = TestFiles.lastSegment(directory);
        List<Long> headers = TestFiles.frameHeaders(segment);
        long last = headers.get(19);
        int length = (int) (TestFiles.contentEnd(segment) - last);
        byte[] before = TestFiles.read(segment, last, length);
        TestFiles.write(segment, last, new byte[length]);
        assertCorrupt(directory, null, -1, "something is missing at its end");
        TestFiles.write(segment, last, before);
        TestFiles.truncate(segment, last);
        assertCorrupt(directory, null, -1, "something is missing at its end");
        TestFiles.truncate(segment, last + 100);
        assertCorrupt(directory, segment, last, "is damaged");
    }

    @Test
    void shouldRefuseALogWithAMissingSegment() throws IOException {
        for (int i = 0; i < 5; i++) {
            closedLog(3);
            clock.addAndGet(2 * Segment.CYCLE_MS);
        }
        List<Path> segments = TestFiles.segments(directory);
        assertEquals(5, segments.size());
        for (int missing = 0; missing < 5; missing++) {
            Path hidden = directory.resolve("hidden");
            Files.move(segments.get(missing), hidden);
            String expected = missing == 4 ? "something is missing at its end" : "previousOpId=";
            assertCorrupt(directory, null, -1, expected);
            Files.move(hidden, segments.get(missing));
        }
        try (OperationLog log = open(directory)) {
            assertEquals(ops(1, 1, 15), readAll(log));
        }
    }

    @Test
    void shouldRefuseALogWithoutAnySegment() throws IOException {
        closedLog(3);
        Files.delete(TestFiles.lastSegment(directory));
        assertCorrupt(directory, null, -1, "something is missing at its end");
    }

    @Test
    void shouldRefuseALogWithoutItsIdentityOrMark() throws IOException {
        closedLog(3);
        Path identity = directory.resolve(LogIdentity.FILE_NAME);
        Path mark = directory.resolve(DurableMark.FILE_NAME);
        Path hidden = directory.resolve("hidden");
        Files.move(identity, hidden);
        assertCorrupt(directory, identity, -1, "is missing");
        Files.move(hidden, identity);
        Files.move(mark, hidden);
        assertCorrupt(directory, mark, -1, "is missing");
        Files.move(hidden, mark);
        assertGoesOn(directory, 3);
    }

    @Test
    void shouldRefuseAFormatThatItDoesNotKnow() throws IOException {
        closedLog(3);
        Path identity = directory.resolve(LogIdentity.FILE_NAME);
        List<String> lines = SealedText.read(identity);
        SealedText.write(identity, List.of("format=2", lines.get(1), lines.get(2), "new=1"));
        HotpairException e = assertThrows(HotpairException.class, () -> open(directory));
        assertEquals(Category.UNKNOWN_VERSION, e.category());
        assertTrue(String.valueOf(e.getMessage()).contains("format=2, expected 1"), e.toString());
    }

    @Test
    void shouldCompleteACreationThatWasInterrupted() throws IOException {
        closedLog(0);
        Files.delete(directory.resolve(LogIdentity.FILE_NAME));
        assertGoesOn(directory, 0);
    }

    @Test
    void shouldRemoveASegmentThatWasBeingCreated() throws IOException {
        Path image = imageOfKilled(20);
        Path whole = TestFiles.lastSegment(image);
        byte[] begin = TestFiles.read(whole, 0, 66_000);
        Path next = whole.resolveSibling(Segment.nameOf(Segment.cycleOf(whole) + 1));
        for (int kept : new int[] {0, 1, 100, 33_000, 65_808}) {
            byte[] half = new byte[2 << 20];
            System.arraycopy(begin, 0, half, 0, kept);
            // Chronicle's header says "not complete" until everything else is there.
            Arrays.fill(half, 0, Math.min(kept, 4), (byte) 0);
            half[3] = (byte) (kept < 4 ? 0 : 0x80);
            Files.write(next, half);
            Path copy = directory.resolve("copy-" + kept);
            TestFiles.copyTree(image, copy);
            assertGoesOn(copy, 20);
            assertFalse(Files.exists(copy.resolve("queue").resolve(next.getFileName())));
        }
    }

    @Test
    void shouldNotTakeADamagedSegmentForOneThatWasBeingCreated() throws IOException {
        Path image = imageOfKilled(20);
        Path segment = TestFiles.lastSegment(image);
        TestFiles.write(segment, 0, new byte[] {0, 0, 0, (byte) 0x80});
        assertCorrupt(image, segment, 0, "is damaged");
        TestFiles.write(segment, 0, new byte[4]);
        assertCorrupt(image, segment, 0, "the segment ends here, but there is more");
    }

    @Test
    void shouldCutAtTheFirstDamageBehindTheMarkAfterAPowerCut() throws IOException {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            Path home = directory.resolve("home-" + seed);
            Path image = directory.resolve("image-" + seed);
            long forced;
            try (OperationLog log = open(home)) {
                appendSingly(log, 10 + random.nextInt(50));
                log.force();
                forced = log.lastOpId();
                appendSingly(log, 50);
                TestFiles.copyTree(home, image);
            }
            Path segment = TestFiles.lastSegment(image);
            losePages(segment, forced, random);
            long found;
            try (OperationLog log = ChronicleLog.open(image, options.withBootId(OTHER_BOOT))) {
                found = log.lastOpId();
                assertTrue(found >= forced, "seed=" + seed + " found=" + found);
                assertEquals(ops(1, 1, found), readAll(log));
                appendSingly(log, 700);
            }
            assertGoesOn(image, found + 700);
        }
    }

    @Test
    void shouldRefuseDamageBeforeTheMarkAfterAPowerCut() throws IOException {
        Path image = directory.resolve("image");
        try (OperationLog log = open(directory.resolve("home"))) {
            appendSingly(log, 10);
            log.force();
            TestFiles.copyTree(directory.resolve("home"), image);
        }
        Path segment = TestFiles.lastSegment(image);
        long header = TestFiles.frameHeaders(segment).get(9);
        TestFiles.write(segment, header, new byte[100]);
        HotpairException e =
                assertThrows(
                        HotpairException.class,
                        () -> ChronicleLog.open(image, options.withBootId(OTHER_BOOT)));
        assertEquals(Category.CORRUPTION, e.category());
    }

    @Test
    void shouldRestoreChroniclesOwnStructuresFromTheFrames() throws IOException {
        closedLog(600);
        Path segment = TestFiles.lastSegment(directory);
        Path copy = directory.resolve("copy");
        long firstFrame = TestFiles.frameHeaders(segment).get(0);
        Random random = new Random(7);
        for (int i = 0; i < 60; i++) {
            copyLog(copy);
            // The header, both pages with the few entries that they have, and anything in them.
            long position =
                    switch (i % 4) {
                        case 0, 1 -> 4L + random.nextInt(190);
                        case 2 -> 204L + random.nextInt(50);
                        default -> 33_012L + random.nextInt(60);
                    };
            TestFiles.flipBit(TestFiles.lastSegment(copy), position, random.nextInt(8));
            if (i % 5 == 0) {
                long anywhere = 33_012L + random.nextInt((int) firstFrame - 33_012);
                TestFiles.flipBit(TestFiles.lastSegment(copy), anywhere, 1);
            }
            assertGoesOn(copy, 600);
            Directories.deleteTree(copy);
        }
    }

    @Test
    void shouldComputeChroniclesStructuresAsChronicleWritesThem() throws IOException {
        try (OperationLog log = open(directory)) {
            long opId = 0;
            // Enough frames for a second index page.
            while (opId < 256 * 4096 + 300) {
                log.append(frames.frame(1, opId, 0, opId + 1));
                opId++;
            }
        }
        Path segment = TestFiles.lastSegment(directory);
        byte[] before = Files.readAllBytes(segment);
        SegmentIndex index = new SegmentIndex();
        Path queue = directory.resolve("queue");
        int pages = 0;
        try (SegmentReader reader =
                new SegmentReader(new Segment(Segment.cycleOf(segment), queue))) {
            while (true) {
                SegmentReader.Document document = reader.next(before.length);
                if (document == SegmentReader.Document.FRAME) {
                    index.addFrame(reader.header());
                } else if (document == SegmentReader.Document.METADATA) {
                    index.addPage(reader.header());
                    pages++;
                } else {
                    break;
                }
            }
        }
        assertEquals(4, pages);
        assertEquals(-1, index.restore(segment));
        assertEquals(-1, Arrays.mismatch(before, Files.readAllBytes(segment)));
        try (OperationLog log = open(directory)) {
            assertEquals(256 * 4096 + 300, log.lastOpId());
            log.append(frames.frame(1, log.lastOpId(), 0, log.lastOpId() + 1));
        }
    }

    private void copyLog(Path copy) throws IOException {
        TestFiles.copyTree(directory.resolve("queue"), copy.resolve("queue"));
        for (String name : List.of(LogIdentity.FILE_NAME, DurableMark.FILE_NAME)) {
            Files.copy(directory.resolve(name), copy.resolve(name));
        }
    }

    @Test
    void shouldSurviveTheLossOfChroniclesTable() throws IOException {
        closedLog(20);
        Path table = directory.resolve("queue/metadata.cq4t");
        assertTrue(Files.exists(table));
        Files.write(table, new byte[] {1, 2, 3});
        assertGoesOn(directory, 20);
    }

    @Test
    void shouldAppendToTheNextSegmentWhenTheLastOneHasEnded() throws IOException {
        closedLog(5);
        clock.addAndGet(Segment.CYCLE_MS);
        closedLog(5);
        // The roll was noted in the old segment, and then the machine lost the new one.
        Path lost = TestFiles.lastSegment(directory);
        Files.delete(lost);
        rewindMark(5);
        clock.set(NOW_MS);
        assertGoesOn(directory, 5);
        assertTrue(Files.exists(lost));
    }

    private void rewindMark(int count) throws IOException {
        Path segment = TestFiles.lastSegment(directory);
        try (DurableMark mark = DurableMark.open(directory)) {
            long end = TestFiles.contentEnd(segment);
            mark.end(new Place(Segment.cycleOf(segment), end), count);
        }
    }

    /** Loses some of the pages that were not forced, as if the power had gone. */
    private static void losePages(Path segment, long forced, Random random) throws IOException {
        List<Long> headers = TestFiles.frameHeaders(segment);
        long from = headers.get((int) forced);
        long end = TestFiles.contentEnd(segment);
        for (long page = from / 4096 + 1; page * 4096 < end; page++) {
            if (random.nextInt(4) == 0) {
                TestFiles.write(segment, page * 4096, new byte[4096]);
            }
        }
        // The page with the last forced byte may have been written out again, or not.
        if (random.nextBoolean()) {
            long pageEnd = Math.min(end, (from / 4096 + 1) * 4096);
            TestFiles.write(segment, from, new byte[(int) (pageEnd - from)]);
        }
    }

    private Path imageOfKilled(int count) throws IOException {
        Path home = directory.resolve("home");
        Path image = directory.resolve("image");
        try (OperationLog log = open(home)) {
            appendSingly(log, count);
            TestFiles.copyTree(home, image);
        }
        return image;
    }

    private void closedLog(int count) {
        try (OperationLog log = open(directory)) {
            appendSingly(log, count);
        }
    }

    private void appendSingly(OperationLog log, int count) {
        for (int i = 0; i < count; i++) {
            frames.append(log, 1, 1, 300);
        }
    }

    /** The log has these operations, takes more, and has those too when it is opened again. */
    private void assertGoesOn(Path home, long lastOpId) {
        try (OperationLog log = open(home)) {
            assertEquals(ops(1, 1, lastOpId), readAll(log));
            appendSingly(log, 3);
        }
        try (OperationLog log = open(home)) {
            assertEquals(ops(1, 1, lastOpId + 3), readAll(log));
        }
    }

    private void assertCorrupt(Path home, @Nullable Path file, long position, String what)
            throws IOException {
        HotpairException e = assertThrows(HotpairException.class, () -> open(home).close());
        String message = String.valueOf(e.getMessage());
        assertEquals(Category.CORRUPTION, e.category(), message);
        assertTrue(message.contains(what), message);
        if (file != null) {
            assertTrue(message.contains(String.valueOf(file.getFileName())), message);
        }
        if (position >= 0) {
            assertTrue(message.contains("position " + position + " "), message);
        }
        try (Stream<Path> files = Files.list(home)) {
            assertTrue(files.noneMatch(f -> f.toString().endsWith(".partial")));
        }
    }

    private OperationLog open(Path home) {
        return ChronicleLog.open(home, options);
    }
}
