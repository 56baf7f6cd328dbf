package io.hotpair.persistence;

import static io.hotpair.log.TestFrames.readAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.Progress;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.Lineage;
import io.hotpair.log.Lineage.TermStart;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationSource;
import io.hotpair.log.TestFrames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What an opening need not read because it was read before, and what it reads all the same. */
class SegmentSummaryTest {
    private static final int PROGRAMS = Integer.getInteger("hotpair.summaryPrograms", 4);
    private static final int FLIPS = Integer.getInteger("hotpair.summaryFlips", 60);
    private static final long WAIT_NS = 30_000_000_000L;
    private static final String OTHER_BOOT = "00000000-1111-2222-3333-444444444444";

    @TempDir Path directory;

    private final TestFrames frames = new TestFrames();
    private final AtomicLong clock = new AtomicLong(1_763_700_000_000L);

    // As soon as something is there it is read and summarised.
    private final LogOptions eager =
            LogOptions.standard().withWallClock(clock::get).withSummaries(1, 1_000_000);
    // Nothing happens in the background but in years.
    private final LogOptions idle =
            LogOptions.standard()
                    .withWallClock(clock::get)
                    .withSummaries(1L << 40, Long.MAX_VALUE / 4);

    /** Three closed segments of ten frames, and a last one; opened once more, so summarised. */
    private void writeSegments(Path home) {
        try (OperationLog log = ChronicleLog.open(home, idle)) {
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 10; j++) {
                    frames.append(log, 1 + i, 3, 200);
                }
                clock.addAndGet(Segment.CYCLE_MS);
            }
            frames.append(log, 4, 3, 200);
        }
        ChronicleLog.open(home, idle).close();
    }

    private static List<Path> summaries(Path home) throws IOException {
        Path path = home.resolve(SegmentSummaries.DIRECTORY);
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.sorted().toList();
        }
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long giveUpNs = System.nanoTime() + WAIT_NS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - giveUpNs < 0, what);
            TimeUnit.MILLISECONDS.sleep(2);
        }
    }

    private static Recovery.Result recover(Path home, LogOptions options, Progress progress)
            throws IOException {
        LogIdentity identity = LogIdentity.read(home);
        try (DurableMark mark = DurableMark.open(home)) {
            return new Recovery(
                            home,
                            home.resolve(ChronicleLog.QUEUE_DIRECTORY),
                            LogBegin.read(home),
                            mark,
                            CutJournal.read(home),
                            new SegmentSummaries(home, identity.id()),
                            progress,
                            options)
                    .run();
        }
    }

    /** All that a history says, as text. */
    private static String describe(History history) {
        List<String> lines = new ArrayList<>();
        lines.add("begin " + history.begin());
        lines.add("opIds " + history.firstOpId() + " to " + history.lastOpId());
        lines.add("lineage " + history.lineage());
        lines.add("end " + history.end() + " published " + history.published());
        for (Segment s = history.segmentAfter(null); s != null; s = history.segmentAfter(s)) {
            lines.add(
                    String.join(
                            " ",
                            "segment",
                            s.file().getFileName().toString(),
                            "before=" + s.previousOpId() + s.previousLineage(),
                            "first=" + s.firstOpId() + "," + s.firstLiveOpId(),
                            "written=" + s.written() + "," + s.end() + "," + s.lastHeader(),
                            "count=" + s.documentCount(),
                            "content=" + s.contentEnd() + "," + s.isSealed(),
                            "cuts=" + history.cutsIn(s.cycle(), Long.MAX_VALUE),
                            "waypoints=" + history.waypointsIn(s.cycle())));
        }
        return String.join("\n", lines);
    }

    @Test
    void shouldNotReadAgainWhatWasReadBeforeAndStillNeverServeDamage() throws Exception {
        writeSegments(directory);
        assertEquals(3, summaries(directory).size());
        Path segment = TestFiles.segments(directory).get(1);
        long header = TestFiles.frameHeaders(segment).get(5);
        TestFiles.flipBit(segment, header + 4 + 100, 2);
        List<Path> before = summaries(directory);
        byte[] vouching = Files.readAllBytes(before.get(1));
        try (OperationLog log = ChronicleLog.open(directory, idle)) {
            assertEquals(93, log.lastOpId());
            HotpairException damage = assertThrows(HotpairException.class, () -> readAll(log));
            assertEquals(Category.CORRUPTION, damage.category());
            assertTrue(
                    String.valueOf(damage.getMessage())
                            .contains(segment + " at position " + header));
            assertTrue(
                    String.valueOf(damage.getMessage()).contains("computed"), damage.getMessage());
            try (OperationSource source = log.openSource()) {
                // What lies behind the damage can be read.
                source.seekAfter(60);
                assertEquals(33, readAll(source).size());
            }
        }
        // Whoever meets damage sees to it that the next opening does, too; also in the background.
        assertFalse(Files.exists(before.get(1)));
        Files.write(before.get(1), vouching);
        try (OperationLog log = ChronicleLog.open(directory, eager)) {
            await("the background finds it", () -> !Files.exists(before.get(1)));
            assertEquals(93, log.lastOpId());
        }
        assertEquals(List.of(before.get(0), before.get(2)), summaries(directory).subList(0, 2));
        HotpairException refused =
                assertThrows(HotpairException.class, () -> ChronicleLog.open(directory, idle));
        assertEquals(Category.CORRUPTION, refused.category());
        assertTrue(
                String.valueOf(refused.getMessage()).contains(segment + " at position " + header));
    }

    @Test
    void shouldFindFramesThatAreWholeButNotThoseThatWereRead() throws Exception {
        writeSegments(directory);
        Path segment = TestFiles.segments(directory).get(1);
        long header = TestFiles.frameHeaders(segment).get(5);
        // The same opIds, whole, and another content: as of another history.
        FrameBuffer other = frames.frame(3, 45, 200, 46, 47, 48);
        TestFiles.write(segment, header + 4, Arrays.copyOf(other.bytes(), other.length()));
        Path summary = summaries(directory).get(1);
        try (OperationLog log = ChronicleLog.open(directory, eager)) {
            await("the background finds it", () -> !Files.exists(summary));
            assertEquals(93, log.lastOpId());
        }
    }

    @Test
    void shouldRefuseAnOlderCopyOfASegment() throws Exception {
        Path older = directory.resolve("older");
        Path home = directory.resolve("home");
        try (OperationLog log = ChronicleLog.open(home, idle)) {
            frames.append(log, 1, 3, 200);
            frames.append(log, 1, 3, 200);
            log.force();
            Files.createDirectories(older);
            TestFiles.copyTree(home.resolve(ChronicleLog.QUEUE_DIRECTORY), older);
            frames.append(log, 1, 3, 200);
            clock.addAndGet(Segment.CYCLE_MS);
            frames.append(log, 1, 3, 200);
        }
        ChronicleLog.open(home, idle).close();
        assertEquals(1, summaries(home).size());
        Path segment = TestFiles.segments(home).get(0);
        byte[] old = Files.readAllBytes(older.resolve(segment.getFileName().toString()));
        // Of the same length, as a segment of an older backup can be.
        Files.write(segment, Arrays.copyOf(old, (int) Files.size(segment)));
        HotpairException refused =
                assertThrows(HotpairException.class, () -> ChronicleLog.open(home, idle));
        assertEquals(Category.CORRUPTION, refused.category());
        assertTrue(
                String.valueOf(refused.getMessage()).contains("previousOpId=9"),
                refused.getMessage());
    }

    @Test
    void shouldReadAnewWhatPerhapsNeverReachedTheDevice() throws Exception {
        try (OperationLog log = ChronicleLog.open(directory.resolve("log"), eager)) {
            frames.append(log, 1, 100, 200);
            log.force();
            frames.append(log, 1, 100, 200);
            await("a summary", () -> isSummarisedUpTo(directory.resolve("log"), 200));
            TestFiles.copyTree(directory.resolve("log"), directory.resolve("image"));
        }
        Path image = directory.resolve("image");
        assertEquals(1, recover(image, eager, Progress.NONE).skipped().size());
        LogOptions otherBoot = eager.withBootId(OTHER_BOOT);
        Recovery.Result anew = recover(image, otherBoot, Progress.NONE);
        assertEquals(List.of(), anew.skipped());
        assertEquals(200, anew.history().lastOpId());
    }

    private static boolean isSummarisedUpTo(Path home, long opId) {
        try {
            List<Path> files = summaries(home);
            SegmentSummary last =
                    files.isEmpty()
                            ? null
                            : SegmentSummary.decode(
                                    Files.readAllBytes(files.get(files.size() - 1)));
            return last != null && last.after().opId() == opId;
        } catch (IOException e) {
            // It is being replaced.
            return false;
        }
    }

    @Test
    void shouldForgetTheSummariesOfDeletedSegments() throws Exception {
        try (ChronicleLog log = ChronicleLog.open(directory, eager)) {
            for (int i = 0; i < 4; i++) {
                frames.append(log, 1, 10, 100);
                TestSnapshots.save(log);
                clock.addAndGet(Segment.CYCLE_MS);
            }
            frames.append(log, 1, 1, 10);
            log.force();
            await("summaries of all", () -> countOfSummaries() == 5);
            log.snapshots().retain(Duration.ofDays(7), 1);
            assertEquals(3, TestFiles.segments(directory).size());
            assertEquals(3, countOfSummaries());
        }
        Path left = directory.resolve(SegmentSummaries.DIRECTORY).resolve("20200101-00F.summary");
        Files.write(left, new byte[10]);
        try (OperationLog log = ChronicleLog.open(directory, eager)) {
            assertFalse(Files.exists(left));
            assertEquals(41, log.lastOpId());
        }
    }

    private int countOfSummaries() {
        try {
            return (int)
                    summaries(directory).stream().filter(f -> f.toString().endsWith("ry")).count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void shouldOpenWithoutOrWithDamagedSummariesAsWithThem() throws Exception {
        Path original = directory.resolve("original");
        writeSegments(original);
        String expected = describe(recover(original, idle, Progress.NONE).history());
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Path> files = summaries(original);
        for (int i = 0; i < FLIPS; i++) {
            Path file = files.get(random.nextInt(files.size()));
            byte[] sound = Files.readAllBytes(file);
            String state = "seed=" + seed + " flip=" + i;
            switch (random.nextInt(4)) {
                case 0 -> Files.delete(file);
                case 1 -> TestFiles.truncate(file, random.nextInt(sound.length));
                case 2 -> Files.write(file, Files.readAllBytes(other(files, file)));
                default -> TestFiles.flipBit(file, random.nextInt(sound.length), random.nextInt(8));
            }
            Recovery.Result result = recover(original, idle, Progress.NONE);
            assertEquals(2, result.skipped().size(), state);
            assertEquals(1, result.found().size(), state);
            assertEquals(expected, describe(result.history()), state);
            Files.write(file, sound);
        }
        Directories.deleteTree(original.resolve(SegmentSummaries.DIRECTORY));
        Recovery.Result without = recover(original, idle, Progress.NONE);
        assertEquals(List.of(), without.skipped());
        assertEquals(expected, describe(without.history()));
    }

    private static Path other(List<Path> files, Path file) {
        return files.get(0).equals(file) ? files.get(1) : files.get(0);
    }

    @Test
    void shouldSayHowFarTheReadingIs() throws Exception {
        writeSegments(directory);
        Directories.deleteTree(directory.resolve(SegmentSummaries.DIRECTORY));
        List<Long> done = new ArrayList<>();
        AtomicLong total = new AtomicLong();
        recover(
                directory,
                idle,
                (doneBytes, totalBytes) -> {
                    done.add(doneBytes);
                    total.set(totalBytes);
                });
        assertTrue(done.size() >= 4, done.toString());
        assertEquals(done.stream().sorted().toList(), done);
        assertEquals(total.get(), done.get(done.size() - 1));
    }

    /**
     * Random histories, with everything that an opening has to find out: terms, cuts, cuts back
     * over segments, large operations, abandoned ones, rolls, and sessions that end at any time.
     */
    @Test
    void shouldFindWithSummariesWhatReadingEverythingFinds() throws Exception {
        long seed = Long.getLong("hotpair.summarySeed", System.nanoTime());
        Random random = new Random(seed);
        int skipped = 0;
        for (int program = 0; program < PROGRAMS; program++) {
            Path home = directory.resolve("p" + program);
            long term = 1;
            for (int session = 0; session < 6; session++) {
                LogOptions options =
                        (random.nextInt(4) == 0 ? idle : eager)
                                .withSegmentBytes(random.nextBoolean() ? 1L << 40 : 300_000);
                String state = "seed=" + seed + " program=" + program + " session=" + session;
                Path image = directory.resolve("image");
                try (OperationLog log = ChronicleLog.open(home, options)) {
                    term = write(log, term, random);
                    if (random.nextBoolean()) {
                        int count = summaries(home).size();
                        long last = log.lastOpId();
                        awaitQuietly(() -> isSummarisedUpTo(home, last) || count > 3);
                    }
                    TestFiles.copyTree(home, image);
                }
                skipped += assertSame(image, state);
                if (random.nextInt(3) == 0) {
                    // The session was killed.
                    Directories.deleteTree(home);
                    Files.move(image, home);
                } else {
                    Directories.deleteTree(image);
                }
                skipped += assertSame(home, state);
            }
            Directories.deleteTree(home);
        }
        assertTrue(skipped > PROGRAMS, "skipped=" + skipped);
        LoggerFactory.getLogger(SegmentSummaryTest.class)
                .warn("{} summaries were trusted, seed={}", skipped, seed);
    }

    private static void awaitQuietly(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 50 && !condition.getAsBoolean(); i++) {
            TimeUnit.MILLISECONDS.sleep(2);
        }
    }

    private long write(OperationLog log, long firstTerm, Random random) {
        long term = firstTerm;
        for (int i = random.nextInt(40); i >= 0; i--) {
            switch (random.nextInt(10)) {
                case 0 -> clock.addAndGet(Segment.CYCLE_MS);
                case 1 -> {
                    long last = log.lastOpId();
                    long kept =
                            random.nextInt(4) == 0
                                    ? random.nextLong(last + 1)
                                    : Math.max(0, last - random.nextInt(20));
                    log.cutAfter(kept);
                    term++;
                }
                case 2 -> {
                    List<FrameBuffer> parts = frames.fragments(term, log.lastOpId(), 2 << 20);
                    int count = random.nextInt(3) == 0 ? 1 : parts.size();
                    parts.subList(0, count).forEach(log::append);
                }
                case 3 -> log.force();
                case 4 -> term += random.nextInt(2);
                default -> frames.append(log, term, 1 + random.nextInt(5), random.nextInt(100_000));
            }
        }
        return term;
    }

    /** Opens a copy with summaries and one without; returns how many were trusted. */
    private int assertSame(Path home, String state) throws IOException {
        Path with = directory.resolve("with");
        Path without = directory.resolve("without");
        TestFiles.copyTree(home, with);
        TestFiles.copyTree(home, without);
        Directories.deleteTree(without.resolve(SegmentSummaries.DIRECTORY));
        Recovery.Result quick = recover(with, idle, Progress.NONE);
        Recovery.Result whole = recover(without, idle, Progress.NONE);
        // In a session an operation is known to be abandoned a little earlier.
        assertEquals(normalized(whole), normalized(quick), state);
        try (OperationLog a = ChronicleLog.open(with, idle);
                OperationLog b = ChronicleLog.open(without, idle)) {
            List<TestFrames.Op> expected = readAll(b);
            assertEquals(expected, readAll(a), state);
            Lineage lineage = b.lineage();
            assertEquals(lineage, a.lineage(), state);
            for (long opId = 0; opId <= b.lastOpId(); opId += 1 + b.lastOpId() / 7) {
                try (OperationSource x = a.openSource();
                        OperationSource y = b.openSource()) {
                    x.seekAfter(opId);
                    y.seekAfter(opId);
                    assertEquals(readAll(y), readAll(x), state + " after opId=" + opId);
                }
            }
            long term = lineage.lastTerm() + 1;
            frames.append(a, term, 2, 100);
            frames.append(b, term, 2, 100);
            assertEquals(readAll(b), readAll(a), state);
        }
        Directories.deleteTree(with);
        Directories.deleteTree(without);
        return quick.skipped().size();
    }

    private static String normalized(Recovery.Result result) {
        return describe(result.history()).replaceAll("cuts=.*", "");
    }

    @Test
    void shouldEncodeTheExampleAsDocumented() throws Exception {
        SegmentSummary example =
                new SegmentSummary(
                        UUID.fromString("6ff3c1de-3a1c-4d7c-b9a5-6f2d3c0f8a11"),
                        489_916,
                        new SegmentSummary.State(7, new Lineage(List.of(new TermStart(1, 1)))),
                        new SegmentSummary.Frames(
                                3,
                                65_808,
                                0x0A0B0C0D,
                                66_400,
                                0x01020304,
                                66_680,
                                0x1122334455667788L,
                                8,
                                8),
                        new SegmentSummary.State(
                                12,
                                new Lineage(List.of(new TermStart(1, 1), new TermStart(2, 10)))),
                        List.of(new Cut(new Place(489_916, 66_400), 9)),
                        List.of(0L, 200L, 33_008L),
                        List.of(65_808L),
                        List.of(new SegmentSummary.Mark(65_808, 7)),
                        new SegmentSummary.End(66_680, 83_894_272));
        byte[] golden = golden();
        assertEquals(HexFormat.of().formatHex(golden), HexFormat.of().formatHex(example.encode()));
        assertEquals(example, SegmentSummary.decode(golden));
    }

    /** The hexadecimal lines of the document's example. */
    private static byte[] golden() throws IOException {
        String base = System.getProperty("basedir", ".");
        String document = Files.readString(Path.of(base, "docs", "log-format.md"));
        Matcher lines = Pattern.compile("(?m)^[0-9a-f]{4} ((?: [0-9a-f]{2})+)$").matcher(document);
        StringBuilder hex = new StringBuilder();
        while (lines.find()) {
            hex.append(lines.group(1).replace(" ", ""));
        }
        return HexFormat.of().parseHex(hex);
    }

    @Test
    void shouldKeepTheFormatAsDocumented() throws Exception {
        writeSegments(directory);
        Path file = summaries(directory).get(1);
        assertTrue(file.endsWith("summaries/20251121-05F.summary"), file.toString());
        byte[] bytes = Files.readAllBytes(file);
        SegmentSummary summary = SegmentSummary.decode(bytes);
        assertNotNull(summary);
        assertArrayEquals(bytes, summary.encode());
        Path segment = TestFiles.segments(directory).get(1);
        List<Long> headers = TestFiles.frameHeaders(segment);
        assertEquals(
                new SegmentSummary.Frames(
                        10,
                        headers.get(0),
                        summary.frames().firstCrc(),
                        headers.get(9),
                        summary.frames().lastCrc(),
                        TestFiles.contentEnd(segment),
                        summary.frames().chain(),
                        31,
                        31),
                summary.frames());
        assertEquals(
                new SegmentSummary.End(TestFiles.contentEnd(segment), Files.size(segment)),
                summary.end());
        assertEquals(List.of(0L, 200L, 33_008L), summary.pages());
        assertEquals(List.of(headers.get(0)), summary.indexed());
        assertEquals(List.of(new SegmentSummary.Mark(headers.get(0), 30)), summary.waypoints());
        assertEquals(30, summary.before().opId());
        assertEquals(60, summary.after().opId());
    }
}
