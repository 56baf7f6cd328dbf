package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.OperationLog;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
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

    private static void hold(Path directory) throws InterruptedException {
        OperationLog log = new ChronicleLogProvider().open(directory);
        new TestFrames().append(log, 1, 1, 100);
        OUT.println("holding");
        Thread.currentThread().join();
    }

    /**
     * Appends until it is killed, through all that an append can meet: rolls, forces, fragments.
     */
    private static void append(Path directory, long seed) {
        Random random = new Random(seed);
        AtomicLong clock = new AtomicLong(System.currentTimeMillis());
        OperationLog log =
                ChronicleLog.open(directory, LogOptions.standard().withWallClock(clock::get));
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
            if (kind == 6) {
                clock.addAndGet(Segment.CYCLE_MS);
            }
        }
    }
}
