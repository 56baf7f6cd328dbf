package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.persistence.ClockedLogProvider;
import io.hotpair.replication.DataNode;
import io.hotpair.replication.Endpoint;
import io.hotpair.replication.PairEvent;
import io.hotpair.replication.PairEvent.Kind;
import io.hotpair.replication.PairStatus;
import io.hotpair.replication.internal.PairSession;
import io.hotpair.replication.internal.PairSettings;
import io.hotpair.topology.Role;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Replicas that can't resume from the log: real logs, real sockets, two nodes in this JVM. */
@Timeout(120)
class FullCopyTest {
    private static final long NO_LIMIT = Long.MAX_VALUE;
    private static final int VALUE_LENGTH = 1_000;

    @TempDir Path directory;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final SharedRegister register = new SharedRegister();
    private final int portA = freePort();
    private final int portB = freePort();
    private FaultyLink link;
    private Node a;
    private Node b;

    /** What survives a node's process, and the process if it runs. */
    private final class Node {
        final String name;
        final Path home;
        final Queue<PairEvent> events = new ConcurrentLinkedQueue<>();
        private final List<DataNode> seen;
        private long bytesPerSecond = NO_LIMIT;
        private long linkBytesPerSecond;
        private boolean acceptsLoss;
        private long maxMemoryBytes = 256L << 20;
        private @Nullable Keyspace keyspace;
        private @Nullable PairSession session;

        Node(String name, List<DataNode> seen) {
            this.name = name;
            this.seen = seen;
            home = directory.resolve(name);
        }

        Node start() {
            keyspace =
                    Keyspace.open(
                            Keyspace.builder()
                                    .directory(home)
                                    .maxMemory(maxMemoryBytes)
                                    .forceInterval(Duration.ofMillis(20))
                                    .snapshots(
                                            SnapshotOptions.defaults()
                                                    .onDemand()
                                                    .withRetentionBytes(1)
                                                    .withBytesPerSecond(bytesPerSecond))
                                    .replication(
                                            steered -> {
                                                session =
                                                        PairSession.start(
                                                                new PairSettings(
                                                                        name,
                                                                        seen,
                                                                        "127.0.0.1",
                                                                        null,
                                                                        1,
                                                                        linkBytesPerSecond,
                                                                        acceptsLoss,
                                                                        events::add),
                                                                steered,
                                                                () -> register.of(name));
                                                return session;
                                            })
                                    .build());
            return this;
        }

        Keyspace keyspace() {
            Keyspace open = keyspace;
            assertNotNull(open, name + " does not run");
            return open;
        }

        PairStatus status() {
            PairSession running = session;
            assertNotNull(running, name + " does not run");
            return running.status();
        }

        boolean receives() {
            PairSession running = session;
            return running != null && running.receivesFullCopy();
        }

        void stop() {
            Keyspace open = keyspace;
            keyspace = null;
            session = null;
            if (open != null) {
                open.close();
            }
        }

        Node awaitMaster() {
            await(name + " is master", () -> status().role() == Role.MASTER);
            return this;
        }

        long count(Kind kind) {
            return events.stream().filter(e -> e.kind() == kind).count();
        }

        PairEvent event(Kind kind) {
            return events.stream().filter(e -> e.kind() == kind).findFirst().orElseThrow();
        }

        long lastOpId() {
            return keyspace().statistics().lastOpId();
        }

        /** Writes so many keys, each with a value that follows from nothing. */
        void write(int count) {
            byte[] value = new byte[VALUE_LENGTH];
            for (int i = 0; i < count; i++) {
                random.nextBytes(value);
                byte[] key = ("k" + random.nextInt(2_000)).getBytes(UTF_8);
                keyspace().at(Acknowledgement.MEMORY).put(key, value.clone());
            }
            // All of it is in the log when the last one is.
            keyspace().at(Acknowledgement.LOG).put("last".getBytes(UTF_8), value);
        }

        /** Two snapshots and an hour between: what lies before goes. */
        void shorten() {
            for (int i = 0; i < 2; i++) {
                ClockedLogProvider.passAnHour();
                write(500);
                SavedSnapshot unused = keyspace().saveSnapshot().join();
            }
            write(500);
        }

        List<String> snapshotFiles() throws IOException {
            try (Stream<Path> files = Files.list(home.resolve("log").resolve("snapshots"))) {
                return files.map(f -> String.valueOf(f.getFileName())).sorted().toList();
            }
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static DataNode dataNode(String name, int port) {
        return new DataNode(
                name,
                new Endpoint("127.0.0.1", port),
                new Endpoint("127.0.0.1", freePort()),
                new Endpoint("localhost", 6379));
    }

    /** Node b reaches a through a link that may fail. */
    @BeforeEach
    void createNodes() throws IOException {
        link = new FaultyLink(portA);
        a = new Node("a", List.of(dataNode("a", portA), dataNode("b", portB)));
        b = new Node("b", List.of(dataNode("a", link.port()), dataNode("b", portB)));
    }

    @AfterEach
    void stopAll() throws IOException {
        b.stop();
        a.stop();
        link.close();
    }

    private void await(String what, BooleanSupplier condition) {
        long giveUpNs = System.nanoTime() + 60_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(
                    System.nanoTime() - giveUpNs < 0,
                    () ->
                            "seed="
                                    + seed
                                    + " waited for "
                                    + what
                                    + " "
                                    + register.state()
                                    + " a="
                                    + a.events
                                    + " b="
                                    + b.events);
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private void awaitInSync() {
        await("both in sync", () -> register.state().inSync().size() == 2);
    }

    private void awaitSame() {
        awaitInSync();
        await("b has everything", () -> b.lastOpId() == a.lastOpId());
        assertEquals(a.keyspace().digest(), b.keyspace().digest(), "seed=" + seed);
    }

    /** Node b has left the set: until then the register may still count on what it had. */
    private void awaitRepaired() {
        await("b says that its log was damaged", () -> b.count(Kind.ALARM) > 0);
        assertTrue(b.event(Kind.ALARM).text().contains("damaged"), () -> b.events.toString());
    }

    /** With all but what is in sync gone, b goes on with everything. */
    private void assertTakesOver() {
        String digest = a.keyspace().digest();
        a.stop();
        b.awaitMaster();
        assertEquals(digest, b.keyspace().digest());
        b.write(10);
    }

    @Test
    void shouldBringInANewNodeWhenTheLogsBeginIsGone() throws IOException {
        a.bytesPerSecond = 2 << 20;
        a.start().awaitMaster().write(3_000);
        a.shorten();
        b.start();
        awaitSame();
        assertEquals(1, b.status().fullCopyCount());
        assertEquals(1, b.count(Kind.FULL_COPY_BEGUN));
        assertEquals(1, b.count(Kind.FULL_COPY_LOADED));
        assertEquals(0, b.count(Kind.ALARM), () -> b.events.toString());
        await("no alarm", () -> b.status().alarm() == null);
        assertFalse(b.receives());
        // About 1.8 MB, at 2 MiB/s.
        long tookMs = b.event(Kind.FULL_COPY_LOADED).durationNs() / 1_000_000;
        assertTrue(tookMs > 500, "the limit was not kept to: ms=" + tookMs);
        assertEquals(1, b.snapshotFiles().size());
        // The newest of those that were there; none was saved for it.
        assertEquals(2, a.snapshotFiles().size());
        assertTakesOver();
        // The other way round, and by the log alone.
        a.start();
        awaitInSync();
        await("a has everything", () -> a.lastOpId() == b.lastOpId());
        assertEquals(b.keyspace().digest(), a.keyspace().digest());
        assertEquals(0, a.status().fullCopyCount());
        b.stop();
        a.awaitMaster();
        b.start();
        awaitSame();
        assertEquals(0, b.status().fullCopyCount());
    }

    private void letBMissMoreThanTheLogKeeps() {
        a.start().awaitMaster().write(1_000);
        b.start();
        awaitSame();
        b.stop();
        await("a is alone", () -> register.state().inSync().size() == 1);
        a.write(500);
        a.shorten();
        a.shorten();
    }

    @Test
    void shouldBringBackAReplicaThatWasAwayLongerThanTheLogReachesBack() throws IOException {
        letBMissMoreThanTheLogKeeps();
        b.start();
        awaitSame();
        assertEquals(1, b.status().fullCopyCount());
        assertEquals(1, b.snapshotFiles().size());
        assertTakesOver();
    }

    @Test
    void shouldSaveASnapshotFirstWhenNoneIsSound() throws IOException {
        a.start().awaitMaster().write(1_000);
        a.shorten();
        for (String name : a.snapshotFiles()) {
            Path file = a.home.resolve("log").resolve("snapshots").resolve(name);
            damage(file, Files.size(file) / 2);
        }
        b.start();
        awaitSame();
        assertEquals(1, b.status().fullCopyCount());
        assertEquals(1, a.keyspace().savedSnapshots().size());
        assertEquals(0, b.count(Kind.ALARM), () -> b.events.toString());
    }

    private static void damage(Path file, long position) throws IOException {
        try (RandomAccessFile damaged = new RandomAccessFile(file.toFile(), "rw")) {
            damaged.seek(position);
            int found = damaged.read();
            damaged.seek(position);
            damaged.write(found ^ 1);
        }
    }

    /** Damages the first segment of a node that does not run, and what vouched for it. */
    private static void damageLog(Node node) throws IOException {
        Path log = node.home.resolve("log");
        try (Stream<Path> segments = Files.list(log.resolve("queue"))) {
            Path first =
                    segments.filter(f -> f.toString().endsWith(".cq4")).sorted().toList().get(0);
            damage(first, 400_000);
        }
        try (Stream<Path> files = Files.walk(log)) {
            for (Path summary : files.filter(f -> f.toString().endsWith(".summary")).toList()) {
                Files.delete(summary);
            }
        }
    }

    /** What it took alone would be no part of the pair's history. */
    @Test
    void shouldLeaveADirectoryThatIsNotOpenedWithoutThePair() {
        a.start().awaitMaster().write(10);
        a.stop();
        KeyspaceBuilder alone = Keyspace.builder().directory(a.home).maxMemory(256L << 20);
        HotpairException e =
                assertThrows(HotpairException.class, () -> Keyspace.open(alone.build()));
        assertEquals(HotpairException.Category.NODE_OF_PAIR, e.category());
        // Nothing was touched: the pair goes on as if nothing had been.
        a.start().awaitMaster().write(10);
        b.start();
        awaitSame();
    }

    @Test
    void shouldFetchAgainWhatIsDamagedInItsLog() throws IOException {
        a.start().awaitMaster().write(1_000);
        b.start();
        awaitSame();
        ClockedLogProvider.passAnHour();
        a.write(500);
        awaitSame();
        long before = b.lastOpId();
        b.stop();
        damageLog(b);
        a.write(100);
        b.events.clear();
        b.start();
        awaitSame();
        assertEquals(0, b.status().fullCopyCount());
        long from = b.event(Kind.RESUMED).opId();
        assertTrue(from > 0 && from < before, () -> b.events.toString());
        assertTrue(b.event(Kind.ALARM).text().contains("damaged"), () -> b.events.toString());
        await("no alarm", () -> b.status().alarm() == null);
        assertTrue(Files.isDirectory(b.home.resolve("log").resolve("damaged")));
        b.stop();
        // All of it is there again: without a snapshot this reads it from the first operation on.
        b.start();
        awaitSame();
        assertTakesOver();
    }

    @Test
    void shouldFetchAgainWhatTheSnapshotShowedThatItsLogBeginsWith() throws IOException {
        a.start().awaitMaster().write(1_000);
        a.shorten();
        b.start();
        awaitSame();
        assertEquals(1, b.status().fullCopyCount());
        b.stop();
        for (String name : b.snapshotFiles()) {
            Path file = b.home.resolve("log").resolve("snapshots").resolve(name);
            damage(file, Files.size(file) / 2);
        }
        b.events.clear();
        // Only loading it meets the damage.
        b.start();
        awaitRepaired();
        awaitSame();
        assertTakesOver();
    }

    @Test
    void shouldFetchEverythingAgainWhenNothingIsLeftOfItsLog() throws IOException {
        a.start().awaitMaster().write(1_000);
        b.start();
        awaitSame();
        b.stop();
        damage(b.home.resolve("log").resolve("durable.mark"), 30);
        b.events.clear();
        b.start();
        awaitRepaired();
        awaitSame();
        assertTakesOver();
    }

    @Test
    void shouldHaltWhenOnlyADamagedLogIsInSync() throws IOException {
        a.start().awaitMaster().write(1_000);
        b.start();
        awaitSame();
        b.stop();
        await("a is alone", () -> register.state().inSync().size() == 1);
        a.write(1_000);
        long lastOpId = a.lastOpId();
        a.stop();
        damageLog(a);
        a.start();
        await("a halts", () -> a.status().alarm() != null);
        assertTrue(String.valueOf(a.status().alarm()).contains("was damaged and is set aside"));
        b.start();
        await("b has asked", () -> b.count(Kind.REGISTERED) > 1);
        assertEquals(List.of("a"), List.copyOf(register.state().inSync()));
        assertEquals(Role.REPLICA, b.status().role());
        a.stop();
        // A person decides; until then nothing has changed.
        a.acceptsLoss = true;
        a.start().awaitMaster();
        assertTrue(a.lastOpId() < lastOpId);
        awaitSame();
        assertTakesOver();
    }

    @Test
    void shouldBeginAgainWhenTheConnectionBreaksAndLeaveNoJunk() throws IOException {
        a.start().awaitMaster().write(3_000);
        a.shorten();
        AtomicInteger connections = new AtomicInteger();
        int bad = 10;
        // Every second connection asks in vain to resume; the other one is broken off somewhere in
        // the copy, which is longer than that.
        link.breakAfter(
                () ->
                        connections.getAndIncrement() >= bad
                                ? Long.MAX_VALUE
                                : 500 + random.nextInt(1_400_000));
        b.start();
        await("some broke off", () -> connections.get() > 4);
        assertEquals(Role.REPLICA, b.status().role());
        assertFalse(register.state().inSync().contains("b"));
        awaitSame();
        assertTrue(link.breakCount() >= 2, "breaks=" + link.breakCount());
        assertEquals(1, b.status().fullCopyCount());
        assertTrue(b.count(Kind.FULL_COPY_BEGUN) > 1);
        assertEquals(1, b.snapshotFiles().size(), b.snapshotFiles().toString());
        assertTakesOver();
    }

    @Test
    void shouldDetectABitThatFlippedOnTheWay() throws IOException {
        a.start().awaitMaster().write(3_000);
        a.shorten();
        AtomicInteger connections = new AtomicInteger();
        link.flipAt(
                () ->
                        connections.getAndIncrement() >= 8
                                ? Long.MAX_VALUE
                                : 300 + random.nextInt(1_000_000));
        b.start();
        awaitSame();
        assertTrue(link.flipCount() >= 2, "flips=" + link.flipCount());
        assertEquals(1, b.status().fullCopyCount());
        assertEquals(1, b.snapshotFiles().size(), b.snapshotFiles().toString());
    }

    @Test
    void shouldTakeWritesWhileACopyIsSentAndLoseNone() throws Exception {
        // A snapshot is saved in no time, and takes seconds to be sent.
        a.linkBytesPerSecond = 500_000;
        a.start().awaitMaster().write(3_000);
        a.shorten();
        AtomicBoolean stop = new AtomicBoolean();
        Queue<Long> acknowledged = new ConcurrentLinkedQueue<>();
        Keyspace master = a.keyspace();
        Thread writer =
                new Thread(
                        () -> {
                            for (long n = 0; !stop.get(); n++) {
                                try {
                                    master.at(Acknowledgement.PEER)
                                            .put("peer" + n, Long.toString(n));
                                    acknowledged.add(n);
                                    // Slower than the link, or the replica never catches up.
                                    LockSupport.parkNanos(1_000_000);
                                } catch (HotpairException | IllegalStateException e) {
                                    return;
                                }
                            }
                        });
        writer.start();
        try {
            b.start();
            await("the copy comes", () -> b.receives() && link.passedBytes() > 200_000);
            int before = acknowledged.size();
            // The log rolls and would be shortened meanwhile, but for the replica.
            ClockedLogProvider.passAnHour();
            a.write(10);
            master.saveSnapshot().join();
            ClockedLogProvider.passAnHour();
            a.write(10);
            master.saveSnapshot().join();
            assertTrue(b.receives(), "the copy was over too soon");
            awaitInSync();
            assertEquals(1, b.status().fullCopyCount(), () -> b.events.toString());
            assertEquals(1, b.count(Kind.FULL_COPY_BEGUN), () -> b.events.toString());
            assertTrue(acknowledged.size() > before + 10, "writes stood still during the copy");
            await("more was acknowledged by both", () -> acknowledged.size() > before + 500);
        } finally {
            // In the middle of its writes the master goes.
            a.stop();
            stop.set(true);
            writer.join();
        }
        b.awaitMaster();
        for (long n : acknowledged) {
            assertEquals(Long.toString(n), b.keyspace().get("peer" + n), "seed=" + seed);
        }
    }

    @Test
    void shouldAbortWhenTheMasterLosesItsRoleAndNeverStandWithLess() throws IOException {
        a.bytesPerSecond = 1 << 20;
        a.start().awaitMaster().write(3_000);
        a.shorten();
        b.start();
        await("the copy comes", () -> b.receives() && link.passedBytes() > 200_000);
        String digest = a.keyspace().digest();
        a.stop();
        await("the copy has ended", () -> !b.receives());
        // Nobody is master: b must not be.
        long untilNs = System.nanoTime() + 3_000_000_000L;
        while (System.nanoTime() - untilNs < 0) {
            assertEquals(Role.REPLICA, b.status().role());
            assertFalse(register.state().inSync().contains("b"));
        }
        assertEquals(0, b.lastOpId());
        assertEquals(0, b.status().fullCopyCount());
        assertEquals(List.of(), b.snapshotFiles());
        a.bytesPerSecond = NO_LIMIT;
        a.start().awaitMaster();
        assertEquals(digest, a.keyspace().digest());
        awaitSame();
        assertEquals(1, b.status().fullCopyCount());
    }

    @Test
    void shouldBeWhatItWasWhenItIsClosedInTheMiddle() throws IOException {
        a.start().awaitMaster().write(1_000);
        b.start();
        awaitSame();
        String old = b.keyspace().digest();
        b.stop();
        await("a is alone", () -> register.state().inSync().size() == 1);
        a.write(2_000);
        a.shorten();
        a.shorten();
        a.stop();
        a.bytesPerSecond = 1 << 20;
        a.start().awaitMaster();
        assertNotEquals(old, a.keyspace().digest());
        long passed = link.passedBytes();
        b.start();
        await("the copy comes", () -> b.receives() && link.passedBytes() > passed + 200_000);
        // Until then it serves what it had.
        assertEquals(old, b.keyspace().digest());
        b.stop();
        assertTrue(b.snapshotFiles().stream().noneMatch(f -> f.endsWith("partial")));
        a.stop();
        b.start();
        assertEquals(old, b.keyspace().digest());
        a.bytesPerSecond = NO_LIMIT;
        a.start().awaitMaster();
        awaitSame();
        assertEquals(1, b.status().fullCopyCount());
    }

    @Test
    void shouldHoldACopyThatIsLongerThanItsLimit() throws IOException {
        a.start().awaitMaster();
        byte[] value = new byte[100_000];
        for (int i = 0; i < 400; i++) {
            random.nextBytes(value);
            a.keyspace()
                    .at(Acknowledgement.MEMORY)
                    .put(("large" + i).getBytes(UTF_8), value.clone());
        }
        a.shorten();
        b.maxMemoryBytes = 16L << 20;
        b.start();
        awaitSame();
        assertEquals(1, b.status().fullCopyCount());
    }

    @Test
    void shouldRaiseAnAlarmWhileThereIsNoRoomAndGoOnWhenThereIs() throws IOException {
        letBMissMoreThanTheLogKeeps();
        // Enough for its log, and not for a snapshot besides.
        ClockedLogProvider.freeBytes(b.home, 20L << 20);
        try {
            b.start();
            await("an alarm", () -> b.status().alarm() != null);
            String alarm = String.valueOf(b.status().alarm());
            assertTrue(alarm.contains("too little free space"), alarm);
            assertEquals(0, b.status().fullCopyCount());
            await(
                    "who asks why it is not in sync is told",
                    () ->
                            String.valueOf(b.status().alarm())
                                    .contains("s (a full copy of what master=a has can't be"));
            // It is what it was, and serves what it has.
            assertNotNull(b.keyspace().get("last".getBytes(UTF_8)));
        } finally {
            ClockedLogProvider.freeBytes(b.home, null);
        }
        awaitSame();
        assertEquals(1, b.status().fullCopyCount());
        await("no alarm", () -> b.status().alarm() == null);
        assertEquals(1, b.snapshotFiles().size(), b.snapshotFiles().toString());
    }
}
