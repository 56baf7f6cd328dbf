package io.hotpair.persistence;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotpair.Acknowledgement;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceStatistics;
import io.hotpair.PersistenceStatus;
import io.hotpair.SnapshotOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * The device of a keyspace becomes a thousand times slower while it is written, and fast again. A
 * control group makes it so, for a JVM that writes at the levels {@code disk}, {@code log} and
 * {@code memory} and reads meanwhile. At the slowest moment the power goes, or the JVM is killed,
 * or nothing happens and it is closed later. Who keeps account is not the victim.
 */
class SlowDiskTest {
    /** Of each three, the first ends with a recovery, the second with a power cut, then a kill. */
    private static final int ROUNDS = Integer.getInteger("hotpair.slowDisks", 2);

    @TempDir Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"ext4", "xfs"})
    @Timeout(3600)
    void shouldLoseNothingAndRecoverByItselfWhenTheDeviceIsSlow(String type) throws Exception {
        String lacking = lacking();
        assumeTrue(lacking.isEmpty(), () -> "no device can be made slow here: " + lacking);
        String result =
                new MountNamespace(directory)
                        .drive(Driver.class, directory.toString(), type, Integer.toString(ROUNDS));
        LoggerFactory.getLogger(SlowDiskTest.class).warn("{}: {}", type, result);
    }

    private static String lacking() {
        try {
            WriteLimit.make("hotpair-probe-" + ProcessHandle.current().pid()).close();
            return "";
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** How a round ends. */
    private enum Ending {
        RECOVERY,
        POWER_CUT,
        KILL
    }

    /** What a victim says of itself a few times a second. */
    private record Tick(
            long timeNs,
            long reads,
            long onDisk,
            long inLog,
            long timeouts,
            long notLogged,
            long usedBytes,
            long processBytes,
            boolean hasAlarm) {
        static Tick parse(String line) {
            long[] words =
                    Arrays.stream(line.split(" ", -1)).skip(1).mapToLong(Long::parseLong).toArray();
            return new Tick(
                    words[0],
                    words[1],
                    words[2],
                    words[3],
                    words[4],
                    words[5],
                    words[6],
                    words[7],
                    words[8] != 0);
        }

        String line() {
            return String.format(
                    Locale.ROOT,
                    "tick %d %d %d %d %d %d %d %d %d",
                    timeNs,
                    reads,
                    onDisk,
                    inLog,
                    timeouts,
                    notLogged,
                    usedBytes,
                    processBytes,
                    hasAlarm ? 1 : 0);
        }

        double onDiskPerSecond(Tick since) {
            return (onDisk - since.onDisk) * 1e9 / (timeNs - since.timeNs);
        }
    }

    /** Makes the device slow, again and again, and keeps account. */
    static final class Driver {
        private static final long SLOWEST_BYTES_PER_SECOND = 64 << 10;
        private static final int SLOW_RATES = 6;
        private static final long CLOSING_BYTES_PER_SECOND = 2 << 20;
        private static final long FAST_NS = TimeUnit.MILLISECONDS.toNanos(500);
        private static final long SLOW_NS = TimeUnit.MILLISECONDS.toNanos(2_500);
        private static final long RECOVERY_NS = TimeUnit.SECONDS.toNanos(20);

        private static final Ending[] ENDINGS = Ending.values();

        /** As in {@code OperationRing}: so many writes may wait for the log. */
        private static final long RING_CAPACITY = 1 << 15;

        private final LoopDevice device;
        private final Path close;
        private final int rounds;
        private final Random random;
        private final Ledger ledger = new Ledger();
        private final WriteLimit limit;
        private final List<String> findings = new ArrayList<>();
        private UUID boot = new UUID(1, 1);
        private long lostAtLevelLog;
        private int slowCount;

        private Driver(LoopDevice device, Path close, int rounds, long seed) throws Exception {
            this.device = device;
            this.close = close;
            this.rounds = rounds;
            random = new Random(seed);
            device.mount();
            limit = WriteLimit.make("hotpair-slow-" + ProcessHandle.current().pid());
        }

        public static void main(String[] args) throws Exception {
            Path directory = Path.of(args[0]);
            LoopDevice device = LoopDevice.make(directory.resolve("device-" + args[1]), args[1]);
            long seed = System.nanoTime();
            Path close = directory.resolve("close-" + args[1]);
            new Driver(device, close, Integer.parseInt(args[2]), seed).run(seed);
            System.exit(0);
        }

        private void run(long seed) throws Exception {
            try {
                for (int round = 0; round < rounds; round++) {
                    runOnce("seed=" + seed + " round=" + round, ENDINGS[round % ENDINGS.length]);
                }
            } finally {
                limit.close();
            }
            device.unmount();
            if (slowCount == 0) {
                throw new IllegalStateException("the device was never slow: " + findings);
            }
            System.out.println(
                    MountNamespace.RESULT
                            + rounds
                            + " times slow, "
                            + ledger.total()
                            + " writes acknowledged on disk, none lost; of level log, which a power"
                            + " cut may cost what no force had reached, "
                            + lostAtLevelLog
                            + " lost; "
                            + String.join("; ", findings));
        }

        private void runOnce(String where, Ending ending) throws Exception {
            try (ChildJvm victim = startVictim()) {
                try {
                    limit.add(victim.pid());
                    run(victim, where, ending);
                } finally {
                    // A thread that waits for the device does not end before it is served.
                    limit.lift();
                }
                ledger.noteAll(victim.output());
            }
            if (ending != Ending.KILL) {
                boot = new UUID(random.nextLong(), random.nextLong());
            }
            verify(where, ending == Ending.POWER_CUT);
        }

        private void run(ChildJvm victim, String where, Ending ending) throws Exception {
            Tick before = tickAfter(victim, FAST_NS);
            Tick fast = tickAfter(victim, FAST_NS);
            double usual = fast.onDiskPerSecond(before);
            // With the slowest, not one force comes to an end.
            long rate = SLOWEST_BYTES_PER_SECOND << random.nextInt(SLOW_RATES);
            limit.set(device.number(), rate);
            Tick slow = watchSlow(victim, rate, usual, where);
            switch (ending) {
                case RECOVERY -> recoverAndClose(victim, slow, usual, where);
                case KILL -> kill(victim);
                case POWER_CUT -> cutPower(victim);
            }
        }

        private ChildJvm startVictim() throws IOException {
            Files.deleteIfExists(close);
            List<String> flags = new ArrayList<>(ChildJvm.requiredFlags());
            flags.add("-Xmx64m");
            return ChildJvm.start(
                    flags,
                    Victim.class,
                    keyspace().toString(),
                    Long.toString(random.nextLong()),
                    boot.toString(),
                    close.toString());
        }

        private Path keyspace() {
            return device.mountPoint().resolve("k");
        }

        private static Tick tick(ChildJvm victim) throws InterruptedException {
            return Tick.parse(victim.await("tick "));
        }

        private static Tick tickAfter(ChildJvm victim, long ns) throws InterruptedException {
            long untilNs = System.nanoTime() + ns;
            Tick last = tick(victim);
            while (last.timeNs < untilNs) {
                last = tick(victim);
            }
            return last;
        }

        /** Reads go on, memory stays within bounds, and only what is forced is acknowledged. */
        private Tick watchSlow(ChildJvm victim, long rate, double usual, String where)
                throws InterruptedException {
            Tick first = tickAfter(victim, 0);
            Tick last = first;
            long mostNotLogged = 0;
            while (last.timeNs - first.timeNs < SLOW_NS) {
                Tick next = tick(victim);
                require(next.reads > last.reads, where, "reads wait", last, next);
                require(next.notLogged <= RING_CAPACITY, where, "the ring overflows", last, next);
                require(next.usedBytes <= Victim.MAX_MEMORY, where, "too much memory", last, next);
                require(!next.hasAlarm, where, "slow is not broken", last, next);
                mostNotLogged = Math.max(mostNotLogged, next.notLogged);
                last = next;
            }
            double seconds = (last.timeNs - first.timeNs) / 1e9;
            long acknowledgedBytes = (last.onDisk - first.onDisk) * Victim.VALUE_LENGTH;
            // What had begun before, and what the kernel writes by itself, is not limited.
            require(
                    acknowledgedBytes < 4 * rate * seconds + (1 << 20),
                    where,
                    "acknowledged more than the device took",
                    first,
                    last);
            require(
                    last.processBytes - first.processBytes < 64 << 20,
                    where,
                    "the process grows",
                    first,
                    last);
            if (last.onDiskPerSecond(first) < usual / 2) {
                slowCount++;
            }
            findings.add(
                    String.format(
                            Locale.ROOT,
                            "in %.1f s at %d KiB/s: %d on disk, %d timed out, %d in the log, %d reads, at"
                                    + " most %d behind the log, %+d KiB",
                            seconds,
                            rate >> 10,
                            last.onDisk - first.onDisk,
                            last.timeouts - first.timeouts,
                            last.inLog - first.inLog,
                            last.reads - first.reads,
                            mostNotLogged,
                            (last.processBytes - first.processBytes) >> 10));
            return last;
        }

        private static void require(
                boolean condition, String where, String what, Tick before, Tick after) {
            if (!condition) {
                throw new IllegalStateException(where + ": " + what + ": " + before + after);
            }
        }

        /** It is as before by itself; and then it is closed while the device is slow. */
        private void recoverAndClose(ChildJvm victim, Tick slow, double usual, String where)
                throws Exception {
            limit.lift();
            long fromNs = System.nanoTime();
            Tick last = slow;
            Tick next = tick(victim);
            while (next.onDiskPerSecond(last) < usual / 2
                    || next.timeouts > last.timeouts
                    || next.hasAlarm) {
                require(
                        next.timeNs - fromNs < RECOVERY_NS,
                        where,
                        "not what it was, which is " + usual + " a second",
                        last,
                        next);
                last = next;
                next = tick(victim);
            }
            limit.set(device.number(), CLOSING_BYTES_PER_SECOND);
            Files.createFile(close);
            String closed = victim.await("closed ");
            limit.lift();
            if (victim.awaitExit() != 0) {
                throw new IllegalStateException(where + ": " + victim.output());
            }
            device.shutDown();
            device.unmount();
            device.mount();
            findings.add(
                    String.format(
                            Locale.ROOT,
                            "recovered in %.2f s to over half of %.0f a second, %s ms",
                            (next.timeNs - fromNs) / 1e9,
                            usual,
                            closed));
        }

        private void kill(ChildJvm victim) throws Exception {
            sigkill(victim);
            limit.lift();
            victim.kill();
        }

        /** What waits at the device in this moment is lost as well, and nobody waits for it. */
        private void cutPower(ChildJvm victim) throws Exception {
            device.shutDown();
            sigkill(victim);
            device.keepImage();
            limit.lift();
            victim.kill();
            device.unmount();
            device.restoreImage();
            device.mount();
        }

        private static void sigkill(ChildJvm victim) {
            ProcessHandle.of(victim.pid()).ifPresent(ProcessHandle::destroyForcibly);
        }

        private void verify(String where, boolean powerWasCut) {
            try (Keyspace opened = Victim.open(keyspace(), boot.toString())) {
                if (powerWasCut) {
                    lostAtLevelLog += ledger.lostBy(Victim.LOG_WRITER, opened);
                    ledger.forget(Victim.LOG_WRITER);
                }
                ledger.verify(opened, where);
            }
            ledger.forget(Victim.LOG_WRITER);
        }
    }

    /** Writes and reads, and says how that goes. */
    static final class Victim {
        static final int LOG_WRITER = 0;
        static final int WRITERS = 4;
        static final int VALUE_LENGTH = 1_000;
        static final long MAX_MEMORY = 32 << 20;
        private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(250);
        private static final int READ_KEYS = 1_000;
        private static final int BURST = 40;

        private final Keyspace keyspace;
        private final PrintStream out = System.out;
        private final AtomicLong reads = new AtomicLong();
        private final AtomicLong onDisk = new AtomicLong();
        private final AtomicLong inLog = new AtomicLong();
        private final AtomicLong timeouts = new AtomicLong();
        private volatile boolean closing;

        private Victim(Keyspace keyspace) {
            this.keyspace = keyspace;
        }

        static Keyspace open(Path directory, String boot) {
            TestLogProvider.use(directory, LogOptions.standard().withBootId(boot));
            return Keyspace.open(
                    Keyspace.builder()
                            .directory(directory)
                            .maxMemory(MAX_MEMORY)
                            .acknowledgementTimeout(Duration.ofSeconds(1))
                            .snapshots(
                                    SnapshotOptions.defaults()
                                            .withAfterLogBytes(4 << 20)
                                            .withRetention(Duration.ofSeconds(1)))
                            .build());
        }

        public static void main(String[] args) throws Exception {
            Thread.setDefaultUncaughtExceptionHandler(
                    (thread, e) -> {
                        e.printStackTrace(System.out);
                        Runtime.getRuntime().halt(3);
                    });
            new Victim(open(Path.of(args[0]), args[2]))
                    .run(new Random(Long.parseLong(args[1])), Path.of(args[3]));
        }

        private void run(Random random, Path close) throws Exception {
            for (int key = 0; key < READ_KEYS; key++) {
                keyspace.at(Acknowledgement.MEMORY).put(bytes("x" + key), value("x" + key + " "));
            }
            List<Thread> threads = new ArrayList<>();
            for (int writer = 0; writer <= WRITERS; writer++) {
                int id = writer;
                long from = Ledger.kept(writer, keyspace);
                threads.add(new Thread(() -> write(id, from)));
            }
            long seed = random.nextLong();
            threads.add(new Thread(() -> writeToMemory(new Random(seed))));
            threads.add(new Thread(() -> read(new Random(seed + 1))));
            threads.forEach(Thread::start);
            while (!Files.exists(close)) {
                LockSupport.parkNanos(TICK_NS);
                out.println(tick().line());
            }
            closing = true;
            for (Thread thread : threads) {
                thread.join();
            }
            long fromNs = System.nanoTime();
            keyspace.close();
            out.println("closed " + (System.nanoTime() - fromNs) / 1_000_000);
        }

        private Tick tick() throws IOException {
            KeyspaceStatistics statistics = keyspace.statistics();
            PersistenceStatus status = keyspace.persistenceStatus();
            return new Tick(
                    System.nanoTime(),
                    reads.get(),
                    onDisk.get(),
                    inLog.get(),
                    timeouts.get(),
                    statistics.lastOpId() - statistics.loggedOpId(),
                    statistics.usedMemoryBytes(),
                    anonymousBytes(),
                    status.refusal() != null || status.savingFailure() != null);
        }

        /** Memory of this process that is not a file's. */
        private static long anonymousBytes() throws IOException {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("RssAnon:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .sum();
        }

        /** A time-out means that nobody knows: the next number is tried. */
        private void write(int writer, long from) {
            boolean toLog = writer == LOG_WRITER;
            Acknowledgement level = toLog ? Acknowledgement.LOG : Acknowledgement.DISK;
            for (long next = from + 1; !closing; next++) {
                try {
                    keyspace.at(level).put(bytes("w" + writer), value("v" + next + " "));
                } catch (HotpairException e) {
                    if (e.category() != HotpairException.Category.OUTCOME_UNKNOWN) {
                        throw e;
                    }
                    timeouts.incrementAndGet();
                    continue;
                }
                out.println("ack " + writer + " " + next);
                (toLog ? inLog : onDisk).incrementAndGet();
                if (toLog) {
                    LockSupport.parkNanos(2_000_000);
                }
            }
        }

        /** More than the slow device takes. */
        private void writeToMemory(Random random) {
            while (!closing) {
                for (int i = 0; i < BURST; i++) {
                    String key = "x" + random.nextInt(READ_KEYS);
                    keyspace.at(Acknowledgement.MEMORY).put(bytes(key), value(key + " "));
                }
                LockSupport.parkNanos(100_000_000);
            }
        }

        private void read(Random random) {
            while (!closing) {
                String key = "x" + random.nextInt(READ_KEYS);
                String found = keyspace.get(key);
                if (found == null || !found.startsWith(key + " ")) {
                    throw new IllegalStateException(key + "=" + found);
                }
                reads.incrementAndGet();
                LockSupport.parkNanos(50_000);
            }
        }

        private static byte[] bytes(String text) {
            return text.getBytes(UTF_8);
        }

        private static byte[] value(String beginning) {
            byte[] value = Arrays.copyOf(beginning.getBytes(US_ASCII), VALUE_LENGTH);
            Arrays.fill(value, beginning.length(), VALUE_LENGTH, (byte) '.');
            return value;
        }
    }
}
