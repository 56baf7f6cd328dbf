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
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import io.hotpair.log.Lineage.TermStart;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationSource;
import io.hotpair.log.TestFrames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CutTest {
    @TempDir Path directory;

    private final TestFrames frames = new TestFrames();

    @Test
    void shouldServeNothingPastACutInTheMiddleOfAFrame() {
        try (OperationLog log = open();
                OperationSource atEnd = log.openSource();
                OperationSource atBegin = log.openSource()) {
            appendFrames(log, 1, 5, 4);
            atEnd.seekAfter(20);
            FrameBuffer frame = new FrameBuffer();
            assertTrue(atBegin.poll(frame));
            log.cutAfter(10);
            assertEquals(10, log.lastOpId());
            assertEquals(ops(1, 5, 10), readAll(atBegin));
            assertEquals(ops(1, 1, 10), readAll(log));
            assertThrows(IllegalArgumentException.class, () -> atEnd.seekAfter(11));
            appendFrames(log, 2, 2, 4);
            assertEquals(ops(2, 11, 18), readAll(atEnd));
            assertEquals(ops(2, 11, 18), readAll(atBegin));
        }
        assertReopened(
                concat(ops(1, 1, 10), ops(2, 11, 18)), new TermStart(1, 1), new TermStart(2, 11));
        try (OperationLog log = open();
                OperationSource source = log.openSource()) {
            source.seekAfter(9);
            assertEquals(concat(ops(1, 9, 10), ops(2, 11, 18)), readAll(source));
            source.seekAfter(10);
            assertEquals(ops(2, 11, 18), readAll(source));
        }
    }

    @Test
    void shouldPartHistoriesBeforeAGapThatATermBeginsWith() {
        try (OperationLog log = open()) {
            log.append(frames.frame(1, 0, 10, 1, 2, 3));
            // The next term's first number was given up: another history may hold it in term 1.
            log.append(frames.frame(2, 3, 10, 5, 6));
            assertEquals(3, log.lineage().commonOpId(1, 4));
        }
        try (OperationLog log = open()) {
            assertEquals(3, log.lineage().commonOpId(1, 4));
        }
    }

    @Test
    void shouldStayCutWhenReopenedBeforeTheNextTermWrote() {
        Path tail;
        try (OperationLog log = open()) {
            appendFrames(log, 1, 5, 4);
            tail = log.cutAfter(10);
        }
        try (OperationLog log = open()) {
            assertEquals(10, log.lastOpId());
            assertEquals(ops(1, 1, 10), readAll(log));
            assertEquals(tail, log.cutAfter(10));
            appendFrames(log, 2, 1, 4);
        }
        assertReopened(
                concat(ops(1, 1, 10), ops(2, 11, 14)), new TermStart(1, 1), new TermStart(2, 11));
    }

    @Test
    void shouldSaveATailOfSeveralTermsWithAManifest() throws IOException {
        Path tail;
        Path again;
        try (OperationLog log = open()) {
            appendFrames(log, 1, 3, 4);
            appendFrames(log, 4, 2, 4);
            appendFrames(log, 6, 2, 4);
            frames.fragments(7, 28, 3 << 20).forEach(log::append);
            tail = log.cutAfter(10);
            again = log.cutAfter(10);
            assertEquals(new Lineage(List.of(new TermStart(1, 1))), log.lineage());
        }
        assertEquals(tail, again);
        assertEquals(directory.toRealPath().resolve("divergent/7-11-29"), tail);
        byte[] saved = Files.readAllBytes(tail.resolve("frames"));
        List<TestFrames.Op> expected = new ArrayList<>(ops(1, 9, 12));
        expected.addAll(ops(4, 13, 20));
        expected.addAll(ops(6, 21, 28));
        expected.addAll(ops(7, 29, 29));
        assertEquals(expected, decode(saved));
        CRC32C crc = new CRC32C();
        crc.update(saved);
        String manifest = Files.readString(tail.resolve("manifest.txt"));
        List<String> lines =
                List.of(
                        "kept-up-to=10",
                        "operations=19",
                        "first-op-id=11",
                        "last-op-id=29",
                        "term=1 from-op-id=11",
                        "term=4 from-op-id=13",
                        "term=6 from-op-id=21",
                        "term=7 from-op-id=29",
                        "bytes=" + saved.length,
                        String.format(Locale.ROOT, "frames-crc32c=%08x", crc.getValue()));
        assertTrue(manifest.lines().toList().containsAll(lines), manifest);
        assertTrue(manifest.contains("saved=2"), manifest);
    }

    @Test
    void shouldCutEverything() {
        try (OperationLog log = open()) {
            appendFrames(log, 1, 3, 4);
            log.cutAfter(0);
            assertEquals(0, log.firstOpId());
            assertEquals(0, log.lastOpId());
            assertEquals(Lineage.EMPTY, log.lineage());
            assertEquals(List.of(), readAll(log));
            appendFrames(log, 2, 1, 4);
            assertEquals(1, log.firstOpId());
        }
        assertReopened(ops(2, 1, 4), new TermStart(2, 1));
    }

    @Test
    void shouldCutAgainAndAgain() {
        try (OperationLog log = open()) {
            appendFrames(log, 1, 5, 4);
            log.cutAfter(15);
            appendFrames(log, 2, 5, 4);
            log.cutAfter(25);
            appendFrames(log, 3, 1, 4);
            log.cutAfter(6);
            appendFrames(log, 4, 2, 4);
        }
        assertReopened(
                concat(ops(1, 1, 6), ops(4, 7, 14)), new TermStart(1, 1), new TermStart(4, 7));
        try (OperationLog log = open();
                OperationSource source = log.openSource()) {
            for (long after = 0; after <= 14; after++) {
                source.seekAfter(after);
                List<TestFrames.Op> read = readAll(source);
                long first = read.isEmpty() ? 15 : read.get(0).opId();
                assertTrue(first <= after + 1, "after " + after + " came " + first);
                assertEquals(14 - first + 1, read.size());
            }
        }
    }

    @Test
    void shouldCutAtTheLastOperationBeforeAGap() {
        try (OperationLog log = open()) {
            log.append(frames.frame(1, 0, 10, 3, 7));
            log.append(frames.frame(1, 7, 10, 11, 12));
            log.cutAfter(9);
            assertEquals(7, log.lastOpId());
            assertEquals(2, readAll(log).size());
            log.append(frames.frame(2, 7, 10, 8));
            log.cutAfter(5);
            assertEquals(3, log.lastOpId());
            log.cutAfter(2);
            assertEquals(0, log.lastOpId());
        }
        assertReopened(List.of());
    }

    @Test
    void shouldGoOnWithALowerTermThanTheOneThatWasCut() {
        try (OperationLog log = open()) {
            appendFrames(log, 3, 5, 4);
            appendFrames(log, 7, 5, 4);
            log.cutAfter(20);
            appendFrames(log, 5, 3, 4);
            appendFrames(log, 8, 1, 4);
        }
        try (OperationLog log = open()) {
            assertEquals(
                    concat(concat(ops(3, 1, 20), ops(5, 21, 32)), ops(8, 33, 36)), readAll(log));
        }
    }

    @Test
    void shouldFindTheCutInTheFramesWhenTheJournalIsLost() throws IOException {
        try (OperationLog log = open()) {
            appendFrames(log, 1, 5, 4);
            log.cutAfter(10);
            appendFrames(log, 2, 2, 4);
        }
        Files.delete(directory.resolve(CutJournal.FILE_NAME));
        assertReopened(
                concat(ops(1, 1, 10), ops(2, 11, 18)), new TermStart(1, 1), new TermStart(2, 11));
    }

    @Test
    void shouldCutOverSegments() {
        AtomicLong clock = new AtomicLong(1_763_700_000_000L);
        LogOptions options = LogOptions.standard().withWallClock(clock::get);
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            for (int i = 0; i < 10; i++) {
                appendFrames(log, 1, 1, 4);
                clock.addAndGet(Segment.CYCLE_MS);
            }
            log.cutAfter(18);
            for (int i = 0; i < 3; i++) {
                appendFrames(log, 2, 1, 4);
                clock.addAndGet(Segment.CYCLE_MS);
            }
        }
        assertReopened(
                concat(ops(1, 1, 18), ops(2, 19, 30)), new TermStart(1, 1), new TermStart(2, 19));
    }

    @Test
    void shouldSaveBothTailsWhenTheyHaveTheSameName() throws IOException {
        try (OperationLog log = open()) {
            appendFrames(log, 1, 1, 4);
            frames.append(log, 2, 4, 10);
            Path first = log.cutAfter(4);
            frames.append(log, 2, 4, 20);
            Path second = log.cutAfter(4);
            assertEquals("2-5-8", String.valueOf(first.getFileName()));
            assertEquals("2-5-8-2", String.valueOf(second.getFileName()));
            assertFalse(
                    Files.size(first.resolve("frames")) == Files.size(second.resolve("frames")));
        }
    }

    @Test
    void shouldCutNothingWhenTheTailCanNotBeSaved() throws IOException {
        try (OperationLog log = open()) {
            appendFrames(log, 1, 5, 4);
            Path inTheWay = directory.resolve("divergent");
            Files.writeString(inTheWay, "a file where a directory has to be");
            HotpairException e = assertThrows(HotpairException.class, () -> log.cutAfter(10));
            assertEquals(Category.LOG_FAILED, e.category());
            assertEquals(ops(1, 1, 20), readAll(log));
            appendFrames(log, 1, 1, 4);
            Files.delete(inTheWay);
            log.cutAfter(10);
            assertEquals(ops(1, 1, 10), readAll(log));
        }
        try (Stream<Path> tails = Files.list(directory.resolve("divergent"))) {
            assertEquals(1, tails.count());
        }
    }

    @Test
    void shouldCutNothingWhenNothingIsNewer() {
        try (OperationLog log = open()) {
            appendFrames(log, 1, 2, 4);
            assertTrue(log.cutAfter(8).endsWith("divergent"));
            assertThrows(IllegalArgumentException.class, () -> log.cutAfter(9));
            assertEquals(ops(1, 1, 8), readAll(log));
        }
    }

    private void appendFrames(OperationLog log, long term, int frameCount, int operations) {
        for (int i = 0; i < frameCount; i++) {
            frames.append(log, term, operations, 50);
        }
    }

    private void assertReopened(List<TestFrames.Op> expected, TermStart... terms) {
        try (OperationLog log = open()) {
            assertEquals(expected, readAll(log));
            assertEquals(new Lineage(List.of(terms)), log.lineage());
        }
    }

    private static List<TestFrames.Op> decode(byte[] saved) {
        List<TestFrames.Op> operations = new ArrayList<>();
        OperationReader reader = new OperationReader();
        FrameBuffer frame = new FrameBuffer();
        for (int at = 0; at < saved.length; at += frame.length()) {
            int length = FrameDescriptor.getInt(saved, at + FrameDescriptor.LENGTH_OFFSET);
            frame.ensureCapacity(length);
            System.arraycopy(saved, at, frame.bytes(), 0, length);
            frame.length(length);
            FrameDescriptor.verify(frame, "the saved tail");
            reader.wrap(frame);
            while (reader.next()) {
                operations.add(new TestFrames.Op(reader.opId(), FrameDescriptor.term(frame)));
            }
        }
        return operations;
    }

    private OperationLog open() {
        return ChronicleLog.open(directory, LogOptions.standard());
    }
}
