package io.hotpair.persistence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Keyspace;
import io.hotpair.SnapshotOptions;
import io.hotpair.log.FrameDescriptor;
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
 * Kills a JVM that saves snapshots and shortens its log all the time, again and again. {@code
 * -Dhotpair.snapshotKillCycles=N} sets how often.
 */
class SnapshotKillTest {
    private static final int CYCLES = Integer.getInteger("hotpair.snapshotKillCycles", 8);

    @TempDir Path directory;

    private int killedWhileSaving;
    private int shortened;

    @Test
    void shouldLoseNothingWhenItIsKilledWhileItSavesOrShortens() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        long last = 0;
        for (int cycle = 0; cycle < CYCLES; cycle++) {
            last = runAndKill(last + 1, random);
            look();
            audit(last, "seed=" + seed + " cycle=" + cycle);
        }
        assertTrue(shortened > 0, "shortened=" + shortened);
        LoggerFactory.getLogger(SnapshotKillTest.class)
                .warn(
                        "killed {} times, {} times while saving a snapshot, {} times with a"
                                + " shortened log, {} writes acknowledged, 0 lost",
                        CYCLES,
                        killedWhileSaving,
                        shortened,
                        last);
    }

    private long runAndKill(long first, Random random) throws Exception {
        try (ChildJvm child =
                ChildJvm.start(
                        ChildJvm.requiredFlags(),
                        ChildMain.class,
                        "save",
                        directory.toString(),
                        Long.toString(first))) {
            child.await("acknowledged");
            TimeUnit.MICROSECONDS.sleep(300_000 + random.nextInt(700_000));
            child.kill();
            List<String> acknowledged =
                    child.output().stream().filter(l -> l.startsWith("acknowledged ")).toList();
            assertTrue(child.output().stream().noneMatch(l -> l.startsWith("failed ")));
            String last = acknowledged.get(acknowledged.size() - 1);
            return Long.parseLong(last.substring("acknowledged ".length()));
        }
    }

    /** What it was doing when it was killed. */
    private void look() throws IOException {
        Path log = directory.resolve("log");
        try (Stream<Path> files = Files.list(log.resolve(SnapshotDirectory.DIRECTORY))) {
            killedWhileSaving += files.anyMatch(f -> f.toString().endsWith(".partial")) ? 1 : 0;
        }
        shortened += Files.exists(log.resolve(LogBegin.FILE_NAME)) ? 1 : 0;
    }

    private void audit(long last, String state) {
        try (Keyspace keyspace =
                Keyspace.open(
                        Keyspace.builder()
                                .directory(directory)
                                .snapshots(SnapshotOptions.defaults().onDemand())
                                .build())) {
            for (long n = Math.max(1, last - 699); n <= last; n++) {
                byte[] value = keyspace.get(ChildMain.savedKey(n));
                assertNotNull(value, state + " n=" + n);
                long found = FrameDescriptor.getLong(value, 0);
                // The one after the last acknowledged may be there as well.
                assertTrue(
                        found == n || (found == n + 700 && found == last + 1), state + " n=" + n);
                byte[] expected = new byte[value.length];
                new Random(found).nextBytes(expected);
                FrameDescriptor.putLong(expected, 0, found);
                assertArrayEquals(expected, value, state + " n=" + n);
            }
            assertEquals(Math.min(700, last), keyspace.statistics().keyCount(), state);
        }
    }
}
