package io.hotpair.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.Progress;
import io.hotpair.SavedSnapshot;
import io.hotpair.SnapshotOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the opening of a keyspace reads, says, and brings back. */
class RestartTest {
    @TempDir Path directory;

    private final TestClock clock = new TestClock();

    private Keyspace open(Progress progress) {
        LogOptions options =
                LogOptions.standard()
                        .withWallClock(clock::currentTimeMs)
                        .withSummaries(1L << 40, Long.MAX_VALUE / 4);
        TestLogProvider.use(directory, options);
        return Keyspace.open(
                Keyspace.builder()
                        .directory(directory)
                        .snapshots(SnapshotOptions.defaults().onDemand())
                        .openingProgress(progress)
                        .clock(clock)
                        .build());
    }

    private Keyspace open() {
        return open(Progress.NONE);
    }

    private Path segment(int number) throws IOException {
        return TestFiles.segments(directory.resolve("log")).get(number);
    }

    @Test
    void shouldNotReadTheLogBeforeTheSnapshot() throws Exception {
        String digest;
        try (Keyspace keyspace = open()) {
            RandomWrites writes = new RandomWrites(3);
            writes.apply(keyspace, 2_000);
            clock.advance(Duration.ofHours(1));
            writes.apply(keyspace, 500);
            keyspace.saveSnapshot().join();
            writes.apply(keyspace, 500);
            digest = keyspace.digest();
        }
        // Once all is read, and summarised.
        open().close();
        long header = TestFiles.frameHeaders(segment(0)).get(1);
        TestFiles.flipBit(segment(0), header + 100, 4);
        try (Keyspace keyspace = open()) {
            assertEquals(digest, keyspace.digest());
            SavedSnapshot snapshot = keyspace.savedSnapshots().get(0);
            TestFiles.flipBit(snapshot.file(), snapshot.lengthBytes() / 2, 1);
        }
        // Now the log is needed from its beginning.
        HotpairException refused = assertThrows(HotpairException.class, this::open);
        assertEquals(HotpairException.Category.CORRUPTION, refused.category());
        assertTrue(
                String.valueOf(refused.getMessage())
                        .contains(segment(0) + " at position " + header),
                refused.getMessage());
    }

    @Test
    void shouldLoadALongLogAsItWasWritten() throws Exception {
        long seed = System.nanoTime();
        String digest;
        try (Keyspace keyspace = open()) {
            new RandomWrites(seed).apply(keyspace, 30_000);
            // Larger than a frame, and than what one thread loads alone.
            keyspace.put("large".getBytes(UTF_8), new byte[3 << 20]);
            new RandomWrites(seed + 1).apply(keyspace, 10_000);
            digest = keyspace.digest();
        }
        try (Keyspace again = open()) {
            assertEquals(digest, again.digest(), "seed=" + seed);
        }
    }

    @Test
    void shouldSayHowFarTheOpeningIs() {
        try (Keyspace keyspace = open()) {
            new RandomWrites(4).apply(keyspace, 10_000);
            keyspace.saveSnapshot().join();
            new RandomWrites(5).apply(keyspace, 10_000);
        }
        List<Long> done = new ArrayList<>();
        List<Long> total = new ArrayList<>();
        open((doneBytes, totalBytes) -> {
                    done.add(doneBytes);
                    total.add(totalBytes);
                })
                .close();
        assertTrue(done.size() > 5, done.toString());
        assertEquals(done.stream().sorted().toList(), done);
        assertEquals(total.stream().sorted().toList(), total);
        assertEquals(total.get(total.size() - 1), done.get(done.size() - 1));
    }

    @Test
    void shouldEndTheOpeningWhenWhoIsToldThrows() {
        try (Keyspace keyspace = open()) {
            new RandomWrites(4).apply(keyspace, 5_000);
            keyspace.saveSnapshot().join();
            new RandomWrites(5).apply(keyspace, 5_000);
        }
        List<Long> told = new ArrayList<>();
        open((done, total) -> told.add(done)).close();
        for (int n = 1; n <= told.size(); n++) {
            int last = n;
            List<Long> again = new ArrayList<>();
            assertThrows(
                    RuntimeException.class,
                    () ->
                            open(
                                    (done, total) -> {
                                        again.add(done);
                                        if (again.size() == last) {
                                            throw new CancellationException("enough");
                                        }
                                    }),
                    "call " + n);
        }
        // Nothing is left of any of them.
        open().close();
    }
}
