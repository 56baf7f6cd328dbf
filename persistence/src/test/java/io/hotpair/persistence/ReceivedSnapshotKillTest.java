package io.hotpair.persistence;

import static io.hotpair.log.TestFrames.ops;
import static io.hotpair.log.TestFrames.readAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.SavedSnapshot;
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
 * Kills a JVM that has a log begin with snapshots of another one, again and again. {@code
 * -Dhotpair.copyKillCycles=N} sets how often.
 */
class ReceivedSnapshotKillTest {
    private static final int CYCLES = Integer.getInteger("hotpair.copyKillCycles", 6);

    @TempDir Path directory;

    private int killedInside;

    @Test
    void shouldHaveTheOldLogOrTheNewOneWhenItIsKilled() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int copies = 0;
        for (int cycle = 0; cycle < CYCLES; cycle++) {
            copies += runKillAndAudit(seed + cycle, random);
        }
        LoggerFactory.getLogger(ReceivedSnapshotKillTest.class)
                .warn(
                        "killed {} times, {} times inside a copy, {} copies, 0 lost or mixed",
                        CYCLES,
                        killedInside,
                        copies);
    }

    private int runKillAndAudit(long seed, Random random) throws Exception {
        try (ChildJvm child =
                ChildJvm.start(
                        ChildJvm.requiredFlags(),
                        ChildMain.class,
                        "copy",
                        directory.toString(),
                        Long.toString(seed))) {
            child.await("followed");
            TimeUnit.MICROSECONDS.sleep(random.nextInt(500_000));
            child.kill();
            List<String> lines =
                    child.output().stream()
                            .filter(l -> l.startsWith("copied ") || l.startsWith("followed "))
                            .toList();
            String last = lines.get(lines.size() - 1);
            look();
            audit(Long.parseLong(last.substring(last.indexOf(' ') + 1)), "seed=" + seed);
            return (int) lines.stream().filter(l -> l.startsWith("copied ")).count();
        }
    }

    private List<String> snapshotFiles() throws IOException {
        Path snapshots = directory.resolve("to").resolve(SnapshotDirectory.DIRECTORY);
        try (Stream<Path> files = Files.list(snapshots)) {
            return files.map(f -> String.valueOf(f.getFileName())).sorted().toList();
        }
    }

    private void look() throws IOException {
        killedInside += snapshotFiles().size() > 1 ? 1 : 0;
    }

    private void audit(long reported, String state) throws IOException {
        try (ChronicleLog from =
                        ChronicleLog.open(directory.resolve("from"), LogOptions.standard());
                ChronicleLog to =
                        ChronicleLog.open(directory.resolve("to"), LogOptions.standard())) {
            long last = to.lastOpId();
            assertTrue(last >= reported, state + " last=" + last + " reported=" + reported);
            assertEquals(1, to.snapshots().list().size(), state);
            SavedSnapshot first = to.snapshots().list().get(0);
            assertTrue(to.snapshots().verify(first), state);
            assertEquals(ops(1, first.opId() + 1, last), readAll(to), state);
            assertTrue(last <= from.lastOpId(), state);
            assertEquals(1, snapshotFiles().size(), state + " " + snapshotFiles());
        }
    }
}
