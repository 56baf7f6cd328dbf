package io.hotpair.persistence;

import static io.hotpair.log.TestFrames.ops;
import static io.hotpair.log.TestFrames.readAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.OperationLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Kills an appending JVM, again and again, on one log. {@code -Dhotpair.killCycles=N} sets how
 * often.
 */
class KillTest {
    private static final int CYCLES = Integer.getInteger("hotpair.killCycles", 10);
    private static final int CYCLES_PER_LOG = 10;
    private static final long MAX_OPEN_NS = TimeUnit.SECONDS.toNanos(5);

    @TempDir Path directory;

    @Test
    void shouldLoseNothingThatWasAcknowledgedWhenTheProcessIsKilled() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        long lost = 0;
        long acknowledged = 0;
        long counted = 0;
        for (int cycle = 0; cycle < CYCLES; cycle++) {
            counted = cycle % CYCLES_PER_LOG == 0 ? 0 : counted;
            Path home = directory.resolve("log-" + cycle / CYCLES_PER_LOG);
            long last = appendAndKill(home, random);
            acknowledged += last - counted;
            counted = last;
            spoilSummaries(home, random);
            long before = System.nanoTime();
            try (OperationLog log = ChronicleLog.open(home, LogOptions.standard())) {
                long openNs = System.nanoTime() - before;
                String state = "seed=" + seed + " cycle=" + cycle + " openNs=" + openNs;
                lost += Math.max(0, last - log.lastOpId());
                assertEquals(0, lost, state);
                assertTrue(openNs < MAX_OPEN_NS, state);
                // Checks every byte of every operation, so that nothing torn passes.
                assertEquals(ops(1, 1, log.lastOpId()), readAll(log), state);
            }
        }
        LoggerFactory.getLogger(KillTest.class)
                .warn(
                        "killed {} times, {} operations acknowledged, 0 lost, 0 torn: rate below"
                                + " {} at 95 %",
                        CYCLES, acknowledged, 3.0 / CYCLES);
    }

    /** What is left of the summaries can be anything, and must make no difference. */
    private static void spoilSummaries(Path home, Random random) throws IOException {
        Path directory = home.resolve(SegmentSummaries.DIRECTORY);
        if (!Files.isDirectory(directory)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> listed = Files.list(directory)) {
            files = listed.sorted().toList();
        }
        for (Path file : files) {
            switch (random.nextInt(6)) {
                case 0 -> Files.delete(file);
                case 1 -> TestFiles.truncate(file, random.nextLong(Files.size(file) + 1));
                case 2 -> {
                    if (Files.size(file) > 0) {
                        long position = random.nextLong(Files.size(file));
                        TestFiles.flipBit(file, position, random.nextInt(8));
                    }
                }
                case 3 -> {
                    Path other = files.get(random.nextInt(files.size()));
                    if (Files.exists(other)) {
                        Files.write(file, Files.readAllBytes(other));
                    }
                }
                default -> {
                    // As the killed process left it.
                }
            }
        }
    }

    /** Returns the last opId that the child acknowledged. */
    private long appendAndKill(Path home, Random random) throws Exception {
        try (ChildJvm child =
                ChildJvm.start(
                        ChildJvm.requiredFlags(),
                        ChildMain.class,
                        "append",
                        home.toString(),
                        Long.toString(random.nextLong()))) {
            child.await("acknowledged");
            TimeUnit.MICROSECONDS.sleep(random.nextInt(400_000));
            child.kill();
            String last = child.lastLine();
            assertTrue(last.startsWith("acknowledged "), last);
            return Long.parseLong(last.substring("acknowledged ".length()));
        }
    }
}
