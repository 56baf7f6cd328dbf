package io.hotpair.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotpair.Acknowledgement;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.SnapshotOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
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
        Path probe = directory.resolve("probe");
        assumeTrue(
                run("unshare", "-m", "sh", "-c", Device.make(probe, type)) == 0,
                () -> type + " can't be made and mounted here: that needs root: " + output());
        List<String> command = new ArrayList<>(List.of("unshare", "-m"));
        command.addAll(
                ChildJvm.command(
                        ChildJvm.requiredFlags(),
                        Driver.class,
                        directory.toString(),
                        type,
                        what,
                        Integer.toString(CUTS)));
        assertEquals(0, run(command.toArray(String[]::new)), this::output);
        String text = output();
        String result = text.substring(text.indexOf(Driver.RESULT));
        LoggerFactory.getLogger(PowerCutTest.class).warn("{}: {}", type, result);
    }

    private int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start()
                .waitFor();
    }

    private String output() {
        try {
            return Files.readString(directory.resolve("output"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file with a file system in it. */
    private record Device(Path file, Path mountPoint) {
        /** The commands that make one and try whether it can be mounted and shut down. */
        static String make(Path at, String type) {
            Device device = at(at);
            String make =
                    type.equals("ext4")
                            ? "mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "
                            : "mkfs." + type + " -q -f ";
            return String.join(
                    " && ",
                    "truncate -s 1G " + device.file,
                    make + device.file,
                    "mkdir -p " + device.mountPoint,
                    device.mount(),
                    device.shutDown(),
                    device.unmount());
        }

        static Device at(Path path) {
            return new Device(
                    path.resolveSibling(path.getFileName() + ".img"),
                    path.resolveSibling(path.getFileName() + ".mnt"));
        }

        String mount() {
            return "mount -o loop " + file + " " + mountPoint;
        }

        String unmount() {
            return "umount " + mountPoint;
        }

        /** Without writing its journal: the number of the call is the same for both. */
        String shutDown() {
            return "perl -e 'open(my $d, \"<\", \""
                    + mountPoint
                    + "\") or die $!; ioctl($d, 0x8004587d, my $f = pack(\"L\", 2)) or die $!'";
        }
    }

    /** Cuts the power, again and again, and keeps account. In a mount namespace of its own. */
    static final class Driver {
        static final String RESULT = "Result: ";

        private final Device device;
        private final int cuts;
        private final Random random;
        private final Map<Integer, Long> acknowledged = new TreeMap<>();
        private UUID boot = new UUID(1, 1);
        private long lostAtLevelLog;

        private Driver(Device device, int cuts, long seed) {
            this.device = device;
            this.cuts = cuts;
            random = new Random(seed);
        }

        public static void main(String[] args) throws Exception {
            Path at = Path.of(args[0]).resolve("device-" + args[1]);
            long seed = System.nanoTime();
            sh(Device.make(at, args[1]));
            Driver driver = new Driver(Device.at(at), Integer.parseInt(args[3]), seed);
            if (args[2].equals("cut")) {
                driver.run(seed);
            } else {
                driver.fail();
            }
            System.exit(0);
        }

        private static void sh(String script) throws IOException, InterruptedException {
            int exit = new ProcessBuilder("sh", "-c", script).inheritIO().start().waitFor();
            if (exit != 0) {
                throw new IllegalStateException("exit=" + exit + " of " + script);
            }
        }

        private Path keyspace() {
            return device.mountPoint.resolve("k");
        }

        private void run(long seed) throws Exception {
            sh(device.mount());
            for (int cut = 0; cut < cuts; cut++) {
                cutOnce(random.nextInt(1_500));
                verify("seed=" + seed + " cut=" + cut);
            }
            sh(device.unmount());
            long total = acknowledged.values().stream().mapToLong(Long::longValue).sum();
            System.out.println(
                    RESULT
                            + cuts
                            + " power cuts, "
                            + total
                            + " writes acknowledged on disk, none lost; at level log, "
                            + lostAtLevelLog
                            + " lost");
        }

        /** The device gives nothing and takes nothing any more, and the victim lives on. */
        private void fail() throws Exception {
            sh(device.mount());
            try (ChildJvm victim = startVictim()) {
                note(victim.await("ack "));
                sh(device.shutDown());
                for (int writer = 0; writer <= Victim.WRITERS; writer++) {
                    String refused = victim.await("refused ");
                    String again = victim.await("again ");
                    require(refused, "LOG_FAILED", "OUTCOME_UNKNOWN");
                    require(again, "LOG_FAILED");
                }
                victim.await("read ");
                victim.kill();
                victim.output().stream().filter(l -> l.startsWith("ack ")).forEach(this::note);
            }
            acknowledged.remove(Victim.LOG_WRITER);
            sh(device.unmount() + " && " + device.mount());
            boot = new UUID(random.nextLong(), random.nextLong());
            verify("after the device failed");
            sh(device.unmount());
            System.out.println(RESULT + "writes refused, reads served, nothing lost");
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
                note(victim.await("ack "));
                TimeUnit.MILLISECONDS.sleep(afterMs);
                sh(device.shutDown());
                victim.kill();
                victim.output().stream().filter(l -> l.startsWith("ack ")).forEach(this::note);
            }
            sh(device.unmount() + " && " + device.mount());
            boot = new UUID(random.nextLong(), random.nextLong());
        }

        /** {@code ack <writer> <number>}. */
        private void note(String line) {
            String[] words = line.split(" ", -1);
            acknowledged.merge(Integer.valueOf(words[1]), Long.valueOf(words[2]), Math::max);
        }

        private void verify(String where) {
            try (Keyspace opened = Victim.open(keyspace(), boot.toString())) {
                acknowledged.forEach(
                        (writer, number) -> {
                            String kept = opened.get("w" + writer);
                            long there = kept == null ? 0 : Long.parseLong(kept.substring(1));
                            if (writer == Victim.LOG_WRITER) {
                                lostAtLevelLog += Math.max(0, number - there);
                            } else if (there < number) {
                                throw new IllegalStateException(
                                        where
                                                + " writer="
                                                + writer
                                                + ": acknowledged "
                                                + number
                                                + ", kept "
                                                + there);
                            }
                        });
                acknowledged.remove(Victim.LOG_WRITER);
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
                String kept = keyspace.get("w" + writer);
                long from = kept == null ? 0 : Long.parseLong(kept.substring(1));
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
                    keyspace.put(key, value.getBytes(UTF_8), level);
                    byte[] large = new byte[random.nextInt(3_000)];
                    keyspace.put(
                            ("x" + random.nextInt(2_000)).getBytes(UTF_8),
                            large,
                            Acknowledgement.MEMORY);
                } catch (HotpairException e) {
                    tellFailure(keyspace, writer, e, out);
                    return;
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
