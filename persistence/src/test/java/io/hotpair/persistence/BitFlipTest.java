package io.hotpair.persistence;

import static io.hotpair.log.TestFrames.readAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.OperationLog;
import io.hotpair.log.TestFrames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Flips single bits in the files of a closed log. Each flip must be named when the log is opened,
 * or change nothing that is served. {@code -Dhotpair.bitFlips=N} sets how many.
 */
class BitFlipTest {
    private static final int FLIPS = Integer.getInteger("hotpair.bitFlips", 200);
    private static final List<HotpairException.Category> NAMED =
            List.of(
                    HotpairException.Category.CORRUPTION,
                    HotpairException.Category.UNKNOWN_VERSION);

    @TempDir Path directory;

    private final TestFrames frames = new TestFrames();
    private final AtomicLong clock = new AtomicLong(1_763_700_000_000L);
    private final LogOptions options = LogOptions.standard().withWallClock(clock::get);

    @Test
    void shouldNameEveryFlippedBitOrServeWhatWasWritten() throws IOException {
        Path original = directory.resolve("original");
        List<TestFrames.Op> written = write(original);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int named = 0;
        for (int flip = 0; flip < FLIPS; flip++) {
            Path copy = directory.resolve("copy");
            TestFiles.copyTree(original, copy);
            Path file = pickFile(copy, random);
            long position = pickPosition(file, random);
            int bit = random.nextInt(8);
            TestFiles.flipBit(file, position, bit);
            String state = "seed=" + seed + " " + file.getFileName() + "@" + position + "." + bit;
            named += isNamed(copy, file, written, state) ? 1 : 0;
            Directories.deleteTree(copy);
        }
        assertTrue(named > FLIPS / 3, "named=" + named);
        LoggerFactory.getLogger(BitFlipTest.class)
                .warn("{} bits flipped, {} named, the others changed nothing", FLIPS, named);
    }

    private List<TestFrames.Op> write(Path home) throws IOException {
        try (OperationLog log = ChronicleLog.open(home, options)) {
            for (int segment = 0; segment < 3; segment++) {
                for (int i = 0; i < 100; i++) {
                    frames.append(log, 1 + segment, 3, 200);
                }
                clock.addAndGet(Segment.CYCLE_MS);
            }
            for (FrameBuffer part : frames.fragments(3, log.lastOpId(), 2 << 20)) {
                log.append(part);
            }
            log.cutAfter(log.lastOpId() - 2);
            frames.append(log, 5, 3, 200);
            return readAll(log);
        }
    }

    private boolean isNamed(Path home, Path file, List<TestFrames.Op> written, String state)
            throws IOException {
        try (OperationLog log = ChronicleLog.open(home, options)) {
            assertEquals(written, readAll(log), state);
            frames.append(log, 6, 1, 100);
        } catch (HotpairException e) {
            assertNames(e, home, file, state);
            return true;
        }
        try (OperationLog log = ChronicleLog.open(home, options)) {
            List<TestFrames.Op> found = readAll(log);
            assertEquals(written, found.subList(0, found.size() - 1), state);
        } catch (HotpairException e) {
            // While it was open, a segment that is not read at opening may have been looked
            // through.
            assertNames(e, home, file, state);
            List<Path> segments = TestFiles.segments(home);
            assertTrue(segments.indexOf(file) < segments.size() - 1, state + ": " + e);
            return true;
        }
        return false;
    }

    private static void assertNames(HotpairException e, Path home, Path file, String state) {
        String message = String.valueOf(e.getMessage());
        assertTrue(NAMED.contains(e.category()), state + ": " + e);
        boolean names =
                message.contains(String.valueOf(file.getFileName()))
                        || message.contains(String.valueOf(home));
        assertTrue(names, state + ": " + message);
    }

    private static Path pickFile(Path home, Random random) throws IOException {
        if (random.nextInt(4) != 0) {
            List<Path> segments = TestFiles.segments(home);
            return segments.get(random.nextInt(segments.size()));
        }
        return TestFiles.any(home, random);
    }

    /** Most of a segment is zeros; most flips go where something is. */
    private static long pickPosition(Path file, Random random) throws IOException {
        long length = Files.size(file);
        if (file.toString().endsWith(Segment.SUFFIX) && random.nextInt(5) != 0) {
            length = TestFiles.contentEnd(file) + 16;
        }
        return random.nextLong(length);
    }
}
