package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.SavedSnapshot;
import io.hotpair.SnapshotOptions;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.OperationLog;
import io.hotpair.log.TestFrames;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** What a child JVM of the tests does; the first argument says what. */
final class ChildMain {
    private static final PrintStream OUT =
            new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private ChildMain() {}

    public static void main(String[] arguments) throws InterruptedException {
        Path directory = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "open" -> openAndReport(directory);
            case "hold" -> hold(directory);
            case "close" -> openAppendAndClose(directory);
            case "save" -> saveAndShorten(directory, Long.parseLong(arguments[2]));
            case "copy" -> copy(directory, Long.parseLong(arguments[2]));
            case "append" -> append(directory, Long.parseLong(arguments[2]));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void openAndReport(Path directory) {
        try (OperationLog log = new ChronicleLogProvider().open(directory)) {
            OUT.println("opened " + log.lastOpId());
        } catch (HotpairException e) {
            OUT.println("refused " + e.category() + " " + e.getMessage());
        }
    }

    /** Closes in order, and ends when Chronicle's threads have. */
    private static void openAppendAndClose(Path directory) throws InterruptedException {
        OperationLog log = new ChronicleLogProvider().open(directory);
        new TestFrames().append(log, 1, 1, 100);
        Thread checker = diskSpaceChecker();
        // It waits before each of its rounds: from the second time on it has done one.
        while (waitCount(checker) < 3) {
            Thread.onSpinWait();
        }
        log.close();
        checker.join();
        OUT.println("closed");
    }

    private static Thread diskSpaceChecker() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().endsWith("disk~space~checker"))
                .findFirst()
                .orElseThrow();
    }

    private static long waitCount(Thread thread) {
        return ManagementFactory.getThreadMXBean().getThreadInfo(thread.getId()).getWaitedCount();
    }

    private static void hold(Path directory) throws InterruptedException {
        OperationLog log = new ChronicleLogProvider().open(directory);
        new TestFrames().append(log, 1, 1, 100);
        OUT.println("holding");
        Thread.currentThread().join();
    }

    /**
     * Appends until it is killed, through all that an append can meet: rolls, forces, fragments,
     * and fragments that are left for something else.
     */
    private static void append(Path directory, long seed) {
        Random random = new Random(seed);
        AtomicLong clock = new AtomicLong(System.currentTimeMillis());
        // Summaries are written all the time, so that many a kill hits one that is being written.
        LogOptions options =
                LogOptions.standard()
                        .withWallClock(clock::get)
                        .withSegmentBytes(1 << 20)
                        .withSummaries(32 << 10, 1_000_000);
        OperationLog log = ChronicleLog.open(directory, options);
        TestFrames frames = new TestFrames();
        while (true) {
            int kind = random.nextInt(400);
            if (kind == 0) {
                for (FrameBuffer fragment : frames.fragments(1, log.lastOpId(), 3 << 20)) {
                    log.append(fragment);
                }
            } else if (kind < 4) {
                frames.append(log, 1, 1, 200_000);
            } else {
                frames.append(log, 1, 1 + random.nextInt(8), random.nextInt(1000));
            }
            OUT.println("acknowledged " + log.lastOpId());
            if (kind == 5) {
                log.force();
            }
            if (kind == 7) {
                frames.fragments(1, log.lastOpId(), 3 << 20).subList(0, 2).forEach(log::append);
            }
            if (kind == 6) {
                clock.addAndGet(Segment.CYCLE_MS);
            }
        }
    }

    /**
     * Writes to a keyspace that saves snapshots and shortens its log all the time, until it is
     * killed. Hours pass quickly here.
     */
    private static void saveAndShorten(Path directory, long first) {
        TestClock clock = new TestClock();
        TestLogProvider.use(directory, LogOptions.standard().withWallClock(clock::currentTimeMs));
        SnapshotOptions options =
                SnapshotOptions.defaults()
                        .withAfterLogBytes(20_000)
                        .withRetentionBytes(50_000)
                        .withBytesPerSecond(2 << 20);
        Keyspace keyspace =
                Keyspace.open(
                        Keyspace.builder()
                                .directory(directory)
                                .forceInterval(Duration.ofMillis(10))
                                .snapshots(options)
                                .clock(clock)
                                .build());
        byte[] value = new byte[500];
        CompletableFuture<SavedSnapshot> saving = new CompletableFuture<>();
        for (long n = first; ; n++) {
            new Random(n).nextBytes(value);
            FrameDescriptor.putLong(value, 0, n);
            keyspace.put(savedKey(n), value);
            OUT.println("acknowledged " + n);
            if (n % 200 == 0) {
                clock.advance(Duration.ofHours(1));
                if (saving.isCompletedExceptionally()) {
                    OUT.println("failed " + saving);
                }
                saving = keyspace.saveSnapshot();
            }
        }
    }

    /**
     * Has one log begin with the newest snapshot of another one, again and again, and follow it a
     * little, until it is killed.
     */
    private static void copy(Path directory, long seed) {
        Random random = new Random(seed);
        TestClock clock = new TestClock();
        LogOptions options = LogOptions.standard().withWallClock(clock::currentTimeMs);
        ChronicleLog from = ChronicleLog.open(directory.resolve("from"), options);
        ChronicleLog to = ChronicleLog.open(directory.resolve("to"), options);
        TestFrames frames = new TestFrames();
        while (true) {
            frames.append(from, 1, 20, random.nextInt(2_000));
            TestSnapshots.save(from, 200, 1 + random.nextInt(2_000));
            frames.append(from, 1, 20, random.nextInt(2_000));
            TestSnapshots.copy(from, to, to.lastOpId());
            OUT.println("copied " + to.lastOpId());
            TestSnapshots.follow(from, to);
            if (random.nextBoolean()) {
                to.force();
            }
            OUT.println("followed " + to.lastOpId());
        }
    }

    /** The key of a write: the same again after some hundreds of writes. */
    static byte[] savedKey(long n) {
        return ("k" + n % 700).getBytes(StandardCharsets.US_ASCII);
    }
}
