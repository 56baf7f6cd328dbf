package io.hotpair.benchmarks.compare;

import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceBuilder;
import io.hotpair.Session;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * What the log adds to a put on a hot key, which is in the processor's cache: nothing else is slow
 * there. {@code steady}: puts without end, so that the log's own thread has to keep up; {@code
 * burst}: a few thousand puts, fewer than the ring between caller and log holds, with the log's
 * thread at rest before each. The caller never waits for an acknowledgement.
 */
final class LogSection {
    private static final int ROUNDS = 60;
    private static final int QUICK_ROUNDS = 30;
    private static final int WARM_UP_ROUNDS = 10;
    private static final int STEADY_PUTS = 100_000;
    private static final int BURST_PUTS = 4_000;

    private final Options options;
    private final Report report;

    /**
     * What a put on a hot key takes, in nanoseconds.
     *
     * @param memory without a log
     * @param log with one
     */
    record Cost(Samples memory, Samples log) {
        double ratio() {
            return log.low() / memory.low();
        }

        double addedNs() {
            return log.low() - memory.low();
        }
    }

    LogSection(Options options, Report report) {
        this.options = options;
        this.report = report;
    }

    void run() {
        report.progress("the log on a hot key");
        Path directory = temporaryDirectory();
        try (Keyspace memory = Keyspace.open(builder().inMemory().build());
                Keyspace log = Keyspace.open(builder().directory(directory).build())) {
            compare("steady", memory, log, STEADY_PUTS);
            compare("burst", memory, log, BURST_PUTS);
        } catch (HotpairException | IllegalStateException e) {
            report.skip(Peer.HOTPAIR, "log", e.toString());
        } finally {
            delete(directory);
        }
    }

    private static KeyspaceBuilder builder() {
        return Keyspace.builder().name("compare-log").maxMemory(64 << 20);
    }

    private void compare(String name, Keyspace memory, Keyspace log, int puts) {
        Cost cost = new Cost(new Samples(), new Samples());
        int rounds = options.quick() ? QUICK_ROUNDS : ROUNDS;
        for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
            double withoutNs = put(memory, puts);
            awaitLogged(log);
            double withNs = put(log, puts);
            if (round >= 0) {
                cost.memory().add(withoutNs);
                cost.log().add(withNs);
            }
        }
        report.add(name, cost);
    }

    private static double put(Keyspace keyspace, int puts) {
        Session session = keyspace.session();
        byte[] key = new byte[Keys.LENGTH];
        byte[] value = new byte[Dataset.VALUE_LENGTH];
        Arrays.fill(value, (byte) 'v');
        Keys.write(1, key);
        long startNs = System.nanoTime();
        for (int i = 0; i < puts; i++) {
            session.put(key, 0, key.length, value, 0, value.length, Session.NEVER);
        }
        return (double) (System.nanoTime() - startNs) / puts;
    }

    private static void awaitLogged(Keyspace keyspace) {
        while (keyspace.statistics().loggedOpId() < keyspace.statistics().lastOpId()) {
            LockSupport.parkNanos(10_000);
        }
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("hotpair-compare");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path directory) {
        try (Stream<Path> paths = Files.walk(directory)) {
            paths.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
