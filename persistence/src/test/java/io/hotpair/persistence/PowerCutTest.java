package io.hotpair.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hotpair.Acknowledgement;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.SnapshotOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * The power goes while a keyspace is written: its file system, on a device of its own, is shut down
 * in an instant, so that what was not forced is gone, as with {@code EXT4_IOC_SHUTDOWN} and {@code
 * XFS_IOC_GOINGDOWN} the makers of file systems test them. Then the writing JVM is killed, the file
 * system mounted again, and what was acknowledged is looked for. Who keeps account is not the
 * victim.
 */
class PowerCutTest {
    private static final int CUTS = Integer.getInteger("hotpair.powerCuts", 3);

    @TempDir Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"ext4", "xfs"})
    @Timeout(3600)
    void shouldKeepWhatWasAcknowledgedOnDisk(String type) throws Exception {
        drive(type, "cut");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ext4", "xfs"})
    @Timeout(300)
    void shouldRefuseWritesAndServeReadsWhenTheDeviceFails(String type) throws Exception {
        drive(type, "fail");
    }

    private void drive(String type, String what) throws Exception {
        String result =
                new MountNamespace(directory)
                        .drive(
                                Driver.class,
                                directory.toString(),
                                type,
                                what,
                                Integer.toString(CUTS));
        LoggerFactory.getLogger(PowerCutTest.class).warn("{}: {}", type, result);
    }

    /** Cuts the power, again and again, and keeps account. In a mount namespace of its own. */
    static final class Driver {
        private final LoopDevice device;
        private final int cuts;
        private final Random random;
        private final Ledger ledger = new Ledger();
        private UUID boot = new UUID(1, 1);
        private long lostAtLevelLog;

        private Driver(LoopDevice device, int cuts, long seed) {
            this.device = device;
            this.cuts = cuts;
            random = new Random(seed);
        }

        public static void main(String[] args) throws Exception {
            Path at = Path.of(args[0]).resolve("device-" + args[1]);
            long seed = System.nanoTime();
            LoopDevice device = LoopDevice.make(at, args[1]);
            Driver driver = new Driver(device, Integer.parseInt(args[3]), seed);
            if (args[2].equals("cut")) {
                driver.run(seed);
            } else {
                driver.fail();
            }
            System.exit(0);
        }

        private Path keyspace() {
            return device.mountPoint().resolve("k");
        }

        private void run(long seed) throws Exception {
            device.mount();
            for (int cut = 0; cut < cuts; cut++) {
                cutOnce(random.nextInt(1_500));
                verify("seed=" + seed + " cut=" + cut);
            }
            device.unmount();
            System.out.println(
                    MountNamespace.RESULT
                            + cuts
                            + " power cuts, "
                            + ledger.total()
                            + " writes acknowledged on disk, none lost; at level log, "
                            + lostAtLevelLog
                            + " lost");
        }

        /** The device gives nothing and takes nothing any more, and the victim lives on. */
        private void fail() throws Exception {
            device.mount();
            try (ChildJvm victim = startVictim()) {
                ledger.note(victim.await("ack "));
                device.shutDown();
                for (int writer = 0; writer <= Victim.WRITERS; writer++) {
                    String refused = victim.await("refused ");
                    String again = victim.await("again ");
                    require(refused, "LOG_FAILED", "OUTCOME_UNKNOWN");
                    require(again, "LOG_FAILED");
                }
                victim.await("read ");
                victim.kill();
                ledger.noteAll(victim.output());
            }
            ledger.forget(Victim.LOG_WRITER);
            device.unmount();
            device.mount();
            boot = new UUID(random.nextLong(), random.nextLong());
            verify("after the device failed");
            device.unmount();
            System.out.println(
                    MountNamespace.RESULT + "writes refused, reads served, nothing lost");
        }

        private static void require(String line, String... categories) {
            if (Stream.of(categories).noneMatch(line::endsWith)) {
                throw new IllegalStateException(line + ", expected one of " + List.of(categories));
            }
        }

        private ChildJvm startVictim() throws IOException {
            return ChildJvm.start(
                    ChildJvm.requiredFlags(),
                    Victim.class,
                    keyspace().toString(),
                    Long.toString(random.nextLong()),
                    boot.toString());
        }

        private void cutOnce(int afterMs) throws Exception {
            try (ChildJvm victim = startVictim()) {
                ledger.note(victim.await("ack "));
                TimeUnit.MILLISECONDS.sleep(afterMs);
                device.shutDown();
                victim.kill();
                ledger.noteAll(victim.output());
            }
            device.unmount();
            device.mount();
            boot = new UUID(random.nextLong(), random.nextLong());
        }

        private void verify(String where) {
            try (Keyspace opened = Victim.open(keyspace(), boot.toString())) {
                lostAtLevelLog += ledger.lostBy(Victim.LOG_WRITER, opened);
                ledger.forget(Victim.LOG_WRITER);
                ledger.verify(opened, where);
            }
        }
    }

    /** Writes, and says what was acknowledged. */
    static final class Victim {
        static final int LOG_WRITER = 0;
        static final int WRITERS = 4;

        private Victim() {}

        /** On a machine that was started anew when its power was back. */
        static Keyspace open(Path directory, String boot) {
            TestLogProvider.use(directory, LogOptions.standard().withBootId(boot));
            return Keyspace.open(
                    Keyspace.builder()
                            .directory(directory)
                            .maxMemory(32 << 20)
                            .snapshots(
                                    SnapshotOptions.defaults()
                                            .withAfterLogBytes(256 << 10)
                                            .withRetention(Duration.ofSeconds(1)))
                            .build());
        }

        public static void main(String[] args) throws Exception {
            PrintStream out = System.out;
            Keyspace keyspace = open(Path.of(args[0]), args[2]);
            Random random = new Random(Long.parseLong(args[1]));
            for (int writer = 0; writer <= WRITERS; writer++) {
                long from = Ledger.kept(writer, keyspace);
                int id = writer;
                long seed = random.nextLong();
                new Thread(() -> write(keyspace, id, from, new Random(seed), out)).start();
            }
            Thread.currentThread().join();
        }

        private static void write(
                Keyspace keyspace, int writer, long from, Random random, PrintStream out) {
            Acknowledgement level =
                    writer == LOG_WRITER ? Acknowledgement.LOG : Acknowledgement.DISK;
            for (long next = from + 1; ; next++) {
                try {
                    byte[] key = ("w" + writer).getBytes(UTF_8);
                    String value = "v" + next;
                    keyspace.at(level).put(key, value.getBytes(UTF_8));
                    byte[] large = new byte[random.nextInt(3_000)];
                    keyspace.at(Acknowledgement.MEMORY)
                            .put(("x" + random.nextInt(2_000)).getBytes(UTF_8), large);
                } catch (HotpairException e) {
                    tellFailure(keyspace, writer, e, out);
                    return;
                } catch (InternalError e) {
                    // So the JVM tells who appended by himself that the device took nothing, and
                    // when it likes; who goes on is refused.
                    out.println("late " + writer + " " + e.getMessage());
                    continue;
                }
                out.println("ack " + writer + " " + next);
                if (writer == LOG_WRITER) {
                    // The log is not to fill the device.
                    LockSupport.parkNanos(100_000);
                }
            }
        }

        /** The device is gone: what is in memory is still there to be read. */
        private static void tellFailure(
                Keyspace keyspace, int writer, HotpairException failure, PrintStream out) {
            synchronized (out) {
                out.println("refused " + writer + " " + failure.category());
                try {
                    keyspace.put("w" + writer, "more");
                    out.println("again " + writer + " not refused");
                } catch (HotpairException e) {
                    out.println("again " + writer + " " + e.category());
                }
                out.println("read " + keyspace.get("w" + writer));
            }
        }
    }
}
