package io.hotpair.persistence;

import static io.hotpair.log.TestFrames.concat;
import static io.hotpair.log.TestFrames.ops;
import static io.hotpair.log.TestFrames.readAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import io.hotpair.log.LogProvider;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationSource;
import io.hotpair.log.TestFrames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChronicleLogTest {
    private static final long NOW_MS = 1_763_700_000_000L;

    @TempDir Path directory;

    private final TestFrames frames = new TestFrames();

    @Test
    void shouldBeFoundByTheServiceLoader() {
        // The tests register one of their own before it.
        LogProvider provider =
                ServiceLoader.load(LogProvider.class).stream()
                        .filter(p -> p.type() == ChronicleLogProvider.class)
                        .findFirst()
                        .orElseThrow()
                        .get();
        try (OperationLog log = provider.open(directory)) {
            assertEquals(0, log.lastOpId());
        }
    }

    @Test
    void shouldBeEmptyWhenNew() {
        try (OperationLog log = open()) {
            assertEquals(0, log.firstOpId());
            assertEquals(0, log.lastOpId());
            assertEquals(Lineage.EMPTY, log.lineage());
            assertEquals(List.of(), readAll(log));
            log.force();
        }
        try (OperationLog log = open()) {
            assertEquals(0, log.lastOpId());
        }
    }

    @Test
    void shouldGiveBackWhatWasAppendedAfterReopening() {
        UUID id;
        try (OperationLog log = open()) {
            id = log.id();
            for (int i = 0; i < 1000; i++) {
                frames.append(log, 1, 1 + i % 7, i);
            }
            assertEquals(ops(1, 1, log.lastOpId()), readAll(log));
        }
        for (int round = 0; round < 3; round++) {
            try (OperationLog log = open()) {
                assertEquals(id, log.id());
                assertEquals(ops(1, 1, log.lastOpId()), readAll(log));
                assertEquals(1, log.firstOpId());
                assertEquals(1, log.lineage().lastTerm());
                frames.append(log, 1, 3, 20_000);
                log.force();
                frames.append(log, 1, 1, 100);
            }
        }
    }

    @Test
    void shouldAcceptGapsInOpIdsAndRefuseWhatDoesNotContinue() {
        try (OperationLog log = open()) {
            log.append(frames.frame(2, 0, 10, 3, 7));
            log.append(frames.frame(2, 7, 10, 11));
            assertRefused(log, frames.frame(2, 10, 10, 12), "previousOpId=10, expected 11");
            assertRefused(log, frames.frame(1, 11, 10, 12), "term=1, expected at least 2");
            FrameBuffer second = frames.fragments(2, 11, 3 << 20).get(1);
            assertRefused(log, second, "expected a whole frame or the first fragment");
            log.append(frames.frame(3, 11, 10, 20));
            assertEquals(3, log.firstOpId());
            assertEquals(20, log.lastOpId());
            assertEquals(4, readAll(log).size());
        }
        try (OperationLog log = open()) {
            assertEquals(20, log.lastOpId());
            assertEquals(4, readAll(log).size());
        }
    }

    @Test
    void shouldHoldAFrameOfTheGreatestLength() {
        int valueLength = FrameDescriptor.MAX_LENGTH - 64 - 32 - 16;
        try (OperationLog log = open()) {
            for (int i = 0; i < 40; i++) {
                log.append(frames.frame(1, i, valueLength, i + 1));
            }
        }
        try (OperationLog log = open()) {
            assertEquals(ops(1, 1, 40), readAll(log));
        }
    }

    @Test
    void shouldDropAnOperationWhoseFragmentsAreIncompleteWhenItIsReopened() {
        try (OperationLog log = open()) {
            frames.append(log, 1, 2, 10);
            frames.fragments(1, 2, 5 << 20).subList(0, 3).forEach(log::append);
        }
        try (OperationLog log = open()) {
            assertEquals(2, log.lastOpId());
            assertEquals(ops(1, 1, 2), readAll(log));
            frames.append(log, 1, 2, 10);
            frames.fragments(2, 4, 3 << 20).subList(0, 1).forEach(log::append);
        }
        try (OperationLog log = open()) {
            assertEquals(1, log.lineage().lastTerm());
            frames.append(log, 3, 1, 10);
            assertEquals(concat(ops(1, 1, 4), ops(3, 5, 5)), readAll(log));
        }
        try (OperationLog log = open();
                OperationSource source = log.openSource()) {
            source.seekAfter(2);
            assertEquals(concat(ops(1, 3, 4), ops(3, 5, 5)), readAll(source));
        }
    }

    @Test
    void shouldSeekToTheFirstFrameWithANewerOperation() {
        try (OperationLog log = open()) {
            for (int i = 0; i < 3000; i++) {
                frames.append(log, 1, 3, 500);
            }
            for (long opId : new long[] {0, 1, 2, 3, 4, 2999, 3000, 3001, 8998, 8999}) {
                try (OperationSource source = log.openSource()) {
                    source.seekAfter(opId);
                    long first = opId - opId % 3 + 1;
                    assertEquals(ops(1, first, 9000), readAll(source), "after " + opId);
                }
            }
            try (OperationSource source = log.openSource()) {
                source.seekAfter(9000);
                assertEquals(List.of(), readAll(source));
                frames.append(log, 1, 3, 500);
                assertEquals(ops(1, 9001, 9003), readAll(source));
                source.seekAfter(9001);
                assertEquals(ops(1, 9001, 9003), readAll(source));
                assertThrows(IllegalArgumentException.class, () -> source.seekAfter(9004));
                assertThrows(IllegalArgumentException.class, () -> source.seekAfter(-1));
            }
        }
    }

    @Test
    void shouldSpreadOverSegmentsAsTheHoursGo() throws Exception {
        AtomicLong clock = new AtomicLong(NOW_MS);
        LogOptions options = LogOptions.standard().withWallClock(clock::get);
        try (OperationLog log = ChronicleLog.open(directory, options);
                OperationSource source = log.openSource()) {
            for (int i = 0; i < 20; i++) {
                frames.append(log, 1, 5, 1000);
                clock.addAndGet(Segment.CYCLE_MS * (1 + i % 3));
                if (i % 2 == 0) {
                    log.force();
                }
            }
            assertEquals(ops(1, 1, 100), readAll(source));
        }
        assertEquals(20, TestFiles.segments(directory).size());
        try (OperationLog log = ChronicleLog.open(directory, options);
                OperationSource source = log.openSource()) {
            assertEquals(ops(1, 1, 100), readAll(log));
            source.seekAfter(52);
            assertEquals(ops(1, 51, 100), readAll(source));
            frames.append(log, 1, 5, 1000);
            assertEquals(ops(1, 101, 105), readAll(source));
        }
    }

    @Test
    void shouldNotMindAWallClockThatStepsBackOverARoll() throws Exception {
        AtomicLong clock = new AtomicLong(NOW_MS);
        LogOptions options = LogOptions.standard().withWallClock(clock::get);
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            frames.append(log, 1, 1, 10);
            clock.addAndGet(Segment.CYCLE_MS);
            frames.append(log, 1, 1, 10);
            clock.addAndGet(-5 * Segment.CYCLE_MS);
            frames.append(log, 1, 1, 10);
        }
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            frames.append(log, 1, 1, 10);
            assertEquals(ops(1, 1, 4), readAll(log));
        }
        assertEquals(3, TestFiles.segments(directory).size());
    }

    /** Whoever asks where a log could begin anew moves Chronicle's clock, and need not go on. */
    @Test
    void shouldNotMindAWallClockThatStepsBackOverAnHourInWhichNothingWasWritten() {
        AtomicLong clock = new AtomicLong(NOW_MS - NOW_MS % Segment.CYCLE_MS);
        LogOptions options = LogOptions.standard().withWallClock(clock::get);
        try (ChronicleLog log = ChronicleLog.open(directory, options)) {
            clock.addAndGet(-1);
            frames.append(log, 1, 1, 10);
            clock.addAndGet(2);
            assertTrue(log.placeOfNextBeginning().isAfter(0, 0));
            clock.addAndGet(-2);
            frames.append(log, 1, 1, 10);
            assertEquals(ops(1, 1, 2), readAll(log));
        }
    }

    @Test
    void shouldBeginAnotherSegmentWhereOneIsLong() throws Exception {
        AtomicLong clock = new AtomicLong(NOW_MS);
        int hour = (int) (NOW_MS / Segment.CYCLE_MS);
        LogOptions options =
                LogOptions.standard().withWallClock(clock::get).withSegmentBytes(200_000);
        int count;
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            for (int i = 0; i < 20; i++) {
                frames.append(log, 1, 5, 10_000);
            }
            assertEquals(ops(1, 1, 100), readAll(log));
            count = TestFiles.segments(directory).size();
            assertTrue(count >= 5 && count <= 10, "segments=" + count);
            assertCycles(hour, count);
            // The hour passes, and names stay ahead of it.
            clock.addAndGet(Segment.CYCLE_MS);
            frames.append(log, 1, 1, 10);
            frames.append(log, 1, 1, 10);
            assertCycles(hour, count + 1);
        }
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            frames.append(log, 1, 1, 10);
            assertCycles(hour, count + 1);
            clock.addAndGet(Segment.CYCLE_MS);
            frames.append(log, 1, 1, 10);
            assertCycles(hour, count + 2);
            // And behind it when nothing was written for long.
            clock.addAndGet(100 * Segment.CYCLE_MS);
            frames.append(log, 1, 1, 10);
            assertEquals(hour + 102, lastCycle());
            assertEquals(ops(1, 1, 105), readAll(log));
        }
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            assertEquals(ops(1, 1, 105), readAll(log));
        }
    }

    private void assertCycles(int first, int count) throws IOException {
        assertEquals(
                IntStream.range(first, first + count).boxed().toList(),
                TestFiles.segments(directory).stream().map(Segment::cycleOf).toList());
    }

    private int lastCycle() throws IOException {
        List<Path> segments = TestFiles.segments(directory);
        return Segment.cycleOf(segments.get(segments.size() - 1));
    }

    @Test
    void shouldRollByTheHourAlsoWhenItWasOpenedAgainInBetween() throws Exception {
        AtomicLong clock = new AtomicLong(NOW_MS);
        LogOptions options = LogOptions.standard().withWallClock(clock::get);
        for (int i = 0; i < 3; i++) {
            try (OperationLog log = ChronicleLog.open(directory, options)) {
                frames.append(log, 1, 1, 10);
                assertEquals(i + 1, TestFiles.segments(directory).size());
            }
            clock.addAndGet(Segment.CYCLE_MS);
        }
    }

    @Test
    void shouldKeepTheFragmentsOfAnOperationInOneSegment() throws Exception {
        AtomicLong clock = new AtomicLong(NOW_MS);
        LogOptions options =
                LogOptions.standard().withWallClock(clock::get).withSegmentBytes(1 << 20);
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            frames.append(log, 1, 1, 10);
            for (FrameBuffer part : frames.fragments(1, 1, 4 << 20)) {
                log.append(part);
                clock.addAndGet(Segment.CYCLE_MS);
            }
            frames.append(log, 1, 1, 10);
        }
        assertEquals(2, TestFiles.segments(directory).size());
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            assertEquals(ops(1, 1, 3), readAll(log));
        }
    }

    /** An hour later the frame that follows the abandoned fragments is in another file. */
    @Test
    void shouldAbandonTheFragmentsOfAnOperationOverARoll() throws Exception {
        AtomicLong clock = new AtomicLong(NOW_MS);
        LogOptions options = LogOptions.standard().withWallClock(clock::get);
        try (OperationLog log = ChronicleLog.open(directory, options);
                OperationSource source = log.openSource()) {
            frames.append(log, 1, 1, 10);
            for (int i = 0; i < 3; i++) {
                frames.fragments(1, 1, 4 << 20).subList(0, 2).forEach(log::append);
                log.force();
                clock.addAndGet(Segment.CYCLE_MS);
            }
            frames.append(log, 2, 1, 10);
            assertEquals(concat(ops(1, 1, 1), ops(2, 2, 2)), readAll(source));
        }
        assertEquals(4, TestFiles.segments(directory).size());
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            assertEquals(concat(ops(1, 1, 1), ops(2, 2, 2)), readAll(log));
        }
    }

    @Test
    void shouldStayUsableWhenTheAppendingThreadIsInterrupted() throws Exception {
        try (OperationLog log = open()) {
            Thread.currentThread().interrupt();
            frames.append(log, 1, 1, 10);
            log.force();
            assertEquals(ops(1, 1, 1), readAll(log));
            assertTrue(Thread.interrupted(), "the flag is given back");
            Thread appender =
                    new Thread(
                            () -> {
                                for (int i = 0; i < 2000; i++) {
                                    frames.append(log, 1, 1, 2000);
                                    if (i % 50 == 0) {
                                        log.force();
                                    }
                                }
                            });
            appender.start();
            while (appender.isAlive()) {
                appender.interrupt();
                appender.join(1);
            }
            assertEquals(ops(1, 1, 2001), readAll(log));
        }
        Thread.currentThread().interrupt();
        try (OperationLog log = open()) {
            assertTrue(Thread.interrupted());
            assertEquals(ops(1, 1, 2001), readAll(log));
        }
    }

    /** Over rolls too, which close the file that a force may be at. */
    @Test
    void shouldBeForcedWhileItIsAppendedTo() throws Exception {
        AtomicLong clock = new AtomicLong(NOW_MS);
        LogOptions options = LogOptions.standard().withWallClock(clock::get);
        int hours = 12;
        int each = 200;
        long last = (long) hours * each;
        AtomicReference<Throwable> failure = new AtomicReference<>();
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            AtomicBoolean ended = new AtomicBoolean();
            Thread forcing =
                    new Thread(
                            () -> {
                                try {
                                    forceUntil(log, ended);
                                } catch (Throwable t) {
                                    failure.set(t);
                                }
                            });
            forcing.start();
            for (int i = 0; i < last; i++) {
                if (i % each == 0) {
                    clock.addAndGet(Segment.CYCLE_MS);
                }
                frames.append(log, 1, 1, 500);
            }
            ended.set(true);
            forcing.join();
            assertNull(failure.get());
            assertEquals(last, log.force());
        }
        assertEquals(hours, TestFiles.segments(directory).size());
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            assertEquals(ops(1, 1, last), readAll(log));
        }
    }

    private static void forceUntil(OperationLog log, AtomicBoolean ended) {
        long before = 0;
        while (!ended.get()) {
            long least = log.lastOpId();
            long forced = log.force();
            assertTrue(forced >= least && forced >= before, "forced=" + forced);
            before = forced;
        }
    }

    @Test
    void shouldBeAppendedToByChangingThreads() throws Exception {
        try (OperationLog log = open()) {
            for (int i = 0; i < 20; i++) {
                Thread thread = new Thread(() -> frames.append(log, 1, 2, 100));
                thread.start();
                thread.join();
            }
            assertEquals(ops(1, 1, 40), readAll(log));
        }
    }

    @Test
    void shouldBeFollowedWhileItIsAppendedTo() throws Exception {
        AtomicLong clock = new AtomicLong(NOW_MS);
        LogOptions options = LogOptions.standard().withWallClock(clock::get);
        long last = 30_000;
        try (OperationLog log = ChronicleLog.open(directory, options);
                OperationSource source = log.openSource()) {
            Thread appender =
                    new Thread(
                            () -> {
                                while (log.lastOpId() < last) {
                                    frames.append(log, 1, 5, 200);
                                    clock.addAndGet(1_000);
                                }
                            });
            appender.start();
            long seen = 0;
            long deadlineNs = System.nanoTime() + 30_000_000_000L;
            while (seen < last) {
                assertTrue(System.nanoTime() < deadlineNs, "seen=" + seen);
                for (TestFrames.Op op : readAll(source)) {
                    assertEquals(++seen, op.opId());
                }
            }
            appender.join();
            assertEquals(last, log.lastOpId());
        }
    }

    @Test
    void shouldRefuseUseAfterClose() {
        OperationLog log = open();
        frames.append(log, 1, 1, 10);
        OperationSource source = log.openSource();
        log.close();
        log.close();
        FrameBuffer frame = frames.frame(1, 1, 10, 2);
        assertThrows(IllegalStateException.class, () -> log.append(frame));
        assertThrows(IllegalStateException.class, log::force);
        assertThrows(IllegalStateException.class, log::openSource);
        assertThrows(IllegalStateException.class, () -> log.cutAfter(0));
        assertThrows(IllegalStateException.class, () -> source.poll(frame));
        assertThrows(IllegalStateException.class, () -> source.seekAfter(0));
        source.close();
        assertEquals(1, log.lastOpId());
    }

    @Test
    void shouldSayWhenSpaceIsLowGiveBackItsReserveAndTakeItAgain() {
        AtomicLong usable = new AtomicLong(Long.MAX_VALUE);
        LogOptions options = LogOptions.standard().withFreeSpace(path -> usable.get());
        Path reserve = directory.resolve(DiskSpace.RESERVE_FILE);
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            frames.append(log, 1, 1, 100);
            assertEquals(DiskSpace.RESERVE_BYTES, reserve.toFile().length());
            assertFalse(log.isShortOfSpace());
            usable.set(1000);
            for (int i = 0; i < 100; i++) {
                frames.append(log, 1, 1, 100_000);
            }
            assertTrue(log.isShortOfSpace());
            assertFalse(Files.exists(reserve));
            // Not enough for the reserve as well.
            usable.set(options.watermarkBytes());
            frames.append(log, 1, 1, 100);
            assertTrue(log.isShortOfSpace());
        }
        usable.set(1000);
        HotpairException refused =
                assertThrows(HotpairException.class, () -> ChronicleLog.open(directory, options));
        assertEquals(Category.DISK_FULL, refused.category());
        assertTrue(String.valueOf(refused.getMessage()).contains("free space=1000"));
        usable.set(DiskSpace.RESERVE_BYTES);
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            assertTrue(log.isShortOfSpace());
            assertEquals(ops(1, 1, 102), readAll(log));
            usable.set(Long.MAX_VALUE);
            while (log.isShortOfSpace()) {
                Thread.onSpinWait();
            }
            assertEquals(DiskSpace.RESERVE_BYTES, reserve.toFile().length());
            frames.append(log, 1, 1, 100);
        }
    }

    @Test
    void shouldTakeNothingAfterAnAppendThatFailed() {
        AtomicBoolean isBroken = new AtomicBoolean();
        LogOptions options =
                LogOptions.standard()
                        .withFreeSpace(
                                path -> {
                                    if (isBroken.get()) {
                                        throw new IllegalStateException("the device is gone");
                                    }
                                    return Long.MAX_VALUE;
                                });
        long last;
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            frames.append(log, 1, 1, 100);
            isBroken.set(true);
            assertThrows(
                    HotpairException.class,
                    () -> {
                        for (int i = 0; i < 100; i++) {
                            frames.append(log, 1, 1, 100_000);
                        }
                    });
            last = log.lastOpId();
            isBroken.set(false);
            assertFailed(log);
            assertEquals(ops(1, 1, last), readAll(log));
        }
        try (OperationLog log = ChronicleLog.open(directory, options)) {
            assertEquals(ops(1, 1, last), readAll(log));
        }
    }

    private void assertFailed(OperationLog log) {
        HotpairException append =
                assertThrows(HotpairException.class, () -> frames.append(log, 1, 1, 10));
        assertEquals(Category.LOG_FAILED, append.category());
        HotpairException force = assertThrows(HotpairException.class, log::force);
        assertEquals(Category.LOG_FAILED, force.category());
    }

    private static void assertRefused(OperationLog log, FrameBuffer frame, String reason) {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> log.append(frame));
        assertTrue(String.valueOf(e.getMessage()).contains(reason), e.getMessage());
    }

    private OperationLog open() {
        return ChronicleLog.open(directory, LogOptions.standard());
    }
}
