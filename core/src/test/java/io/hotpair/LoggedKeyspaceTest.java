package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.MemoryLog;
import io.hotpair.log.MemoryLogProvider;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationSource;
import io.hotpair.log.OperationType;
import io.hotpair.topology.Lease;
import io.hotpair.topology.ReplicatedKeyspace;
import io.hotpair.topology.Role;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class LoggedKeyspaceTest {
    private final Path directory = Path.of("memory", UUID.randomUUID().toString());

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private KeyspaceBuilder builder() {
        return Keyspace.builder().directory(directory).maxMemory(64 << 20);
    }

    private MemoryLog log() {
        return MemoryLogProvider.of(directory);
    }

    /** What the log says, by replaying it into a map: the oracle. */
    private Map<String, String> replayed() {
        return replayed(log());
    }

    private static Map<String, String> replayed(MemoryLog log) {
        Map<String, String> state = new HashMap<>();
        eachOperation(
                log,
                operation -> {
                    if (operation.type() == OperationType.SET) {
                        state.put(key(operation), value(operation));
                    } else if (operation.type() == OperationType.DELETE) {
                        state.remove(key(operation));
                    }
                });
        return state;
    }

    private interface Visitor {
        void visit(OperationReader operation);
    }

    private void eachOperation(Visitor visitor) {
        eachOperation(log(), visitor);
    }

    private static void eachOperation(MemoryLog log, Visitor visitor) {
        FrameBuffer frame = new FrameBuffer();
        OperationReader reader = new OperationReader();
        long previous = 0;
        try (OperationSource source = log.openSource()) {
            source.seekAfter(0);
            while (source.poll(frame)) {
                reader.wrap(frame);
                while (reader.next()) {
                    assertEquals(previous, reader.previousOpId());
                    previous = reader.opId();
                    visitor.visit(reader);
                }
            }
        }
    }

    private static String key(OperationReader operation) {
        return new String(operation.bytes(), operation.keyOffset(), operation.keyLength(), UTF_8);
    }

    private static String value(OperationReader operation) {
        return new String(
                operation.bytes(), operation.valueOffset(), operation.valueLength(), UTF_8);
    }

    /**
     * Calls itself until there is no stack, and puts on the way back; counts what is acknowledged.
     */
    @SuppressWarnings("InfiniteRecursion")
    private static void putDeep(Keyspace keyspace, String[] keys, int[] count) {
        try {
            putDeep(keyspace, keys, count);
        } catch (StackOverflowError e) {
            // What follows may have none either; then it is tried one call further up.
        }
        if (count[0] < keys.length) {
            keyspace.put(keys[count[0]], "v");
            count[0]++;
        }
    }

    /** Whose write was in the log's hands when it failed can't know what became of it. */
    private static void assertSaysThatTheLogFailed(HotpairException e) {
        assertTrue(
                e.category() == HotpairException.Category.LOG_FAILED
                        || e.category() == HotpairException.Category.OUTCOME_UNKNOWN,
                e::toString);
    }

    /**
     * Who waits for the log takes part in its work. Where his stack ends in the middle of it,
     * either the log goes on or it says that it can't, to everybody and for good; it never goes on
     * behind what it has left out.
     */
    @Test
    void shouldLeaveNothingOutAndHangNobodyWhenAWriterHasNoStackLeft() throws Exception {
        // What the JVM could not link for want of stack it would never link again.
        shouldStopWritesForGoodWhenTheLogFails();
        int failed = 0;
        for (int round = 0; round < 10; round++) {
            Path own = Path.of("memory", UUID.randomUUID().toString());
            List<String> acknowledged = new ArrayList<>();
            try (Keyspace keyspace =
                    Keyspace.open(Keyspace.builder().directory(own).maxMemory(8 << 20).build())) {
                for (int i = 0; i < 8; i++) {
                    String[] keys = new String[300];
                    for (int k = 0; k < keys.length; k++) {
                        keys[k] = "k" + i + "-" + k;
                    }
                    int[] count = new int[1];
                    Runnable deep = () -> putDeep(keyspace, keys, count);
                    Thread thread = new Thread(null, deep, "deep", 256 << 10);
                    AtomicReference<Throwable> end = new AtomicReference<>();
                    thread.setUncaughtExceptionHandler((t, e) -> end.set(e));
                    thread.start();
                    thread.join();
                    if (end.get() instanceof HotpairException e) {
                        assertSaysThatTheLogFailed(e);
                    } else {
                        assertTrue(
                                end.get() == null
                                        || end.get() instanceof VirtualMachineError
                                        || end.get() instanceof LinkageError,
                                () -> "ended by " + end.get());
                    }
                    acknowledged.addAll(Arrays.asList(keys).subList(0, count[0]));
                }
                keyspace.put("after", "v");
                acknowledged.add("after");
            } catch (HotpairException e) {
                assertSaysThatTheLogFailed(e);
                failed++;
            }
            Map<String, String> logged = replayed(MemoryLogProvider.of(own));
            for (String key : acknowledged) {
                assertEquals("v", logged.get(key), "round=" + round + " key=" + key);
            }
        }
        System.out.println("a writer without a stack: " + failed + " logs of 10 failed");
    }

    @Test
    void shouldFindEverythingAgainAfterReopening() {
        String digest;
        try (Keyspace keyspace = Keyspace.open(builder().build())) {
            for (int i = 0; i < 10_000; i++) {
                keyspace.put("k" + i % 3_000, "v" + i);
            }
            keyspace.delete(bytes("k7"));
            keyspace.increment(bytes("n"), 41);
            keyspace.put(bytes("dated"), bytes("v"), Duration.ofHours(1));
            keyspace.put(bytes("big"), new byte[5 << 20]);
            digest = keyspace.digest();
        }
        assertEquals(log().lastOpId(), log().forcedOpId(), "close forces");
        try (Keyspace keyspace = Keyspace.open(builder().build())) {
            assertEquals(digest, keyspace.digest());
            assertEquals(42, keyspace.increment(bytes("n"), 1));
            assertNull(keyspace.get("k7"));
        }
        assertEquals("42", replayed().get("n"));
    }

    @Test
    void shouldHaveInTheLogWhatItAcknowledged() {
        try (Keyspace keyspace = Keyspace.open(builder().build())) {
            for (int i = 0; i < 1_000; i++) {
                keyspace.put("k", "v" + i);
                assertEquals("v" + i, replayed().get("k"));
                if (i > 20) {
                    i += 97;
                }
            }
        }
    }

    @Test
    void shouldForceTheLogAtItsInterval() throws InterruptedException {
        try (Keyspace keyspace =
                Keyspace.open(builder().forceInterval(Duration.ofMillis(20)).build())) {
            keyspace.put("k", "v");
            long giveUpNs = System.nanoTime() + 5_000_000_000L;
            while (log().forcedOpId() < 1 && System.nanoTime() < giveUpNs) {
                Thread.sleep(1);
            }
            assertEquals(1, log().forcedOpId());
        }
    }

    /** An application that does nothing should see its processor sleep. */
    @Test
    void shouldHardlyWakeWhileNothingIsWritten() throws InterruptedException {
        String name = "idle-" + UUID.randomUUID();
        try (Keyspace keyspace =
                Keyspace.open(builder().name(name).forceInterval(Duration.ofSeconds(1)).build())) {
            keyspace.put("k", "v");
            long giveUpNs = System.nanoTime() + 10_000_000_000L;
            while (log().forcedOpId() < 1 && System.nanoTime() < giveUpNs) {
                Thread.sleep(1);
            }
            long before = waits(name);
            Thread.sleep(1_000);
            long waits = waits(name) - before;
            assertTrue(waits > 0, "the threads were not found");
            assertTrue(waits <= 60, waits + " waits in a second");
        }
    }

    /** How often the threads of a keyspace have gone to rest. */
    private static long waits(String keyspace) {
        ThreadInfo[] threads = ManagementFactory.getThreadMXBean().dumpAllThreads(false, false);
        return Arrays.stream(threads)
                .filter(thread -> thread.getThreadName().contains(keyspace))
                .mapToLong(ThreadInfo::getWaitedCount)
                .sum();
    }

    /**
     * Closing brings all to the log: who writes meanwhile has written, or is told that he can't.
     */
    @Test
    void shouldAnswerForWhatIsLoggedAsItIsClosed() throws Exception {
        for (Acknowledgement level :
                List.of(Acknowledgement.MEMORY, Acknowledgement.LOG, Acknowledgement.DISK)) {
            for (int round = 0; round < 10; round++) {
                checkThatWritersAreAnsweredByClose(level);
            }
        }
    }

    private void checkThatWritersAreAnsweredByClose(Acknowledgement level) throws Exception {
        int writers = 4;
        byte[] key = bytes("closed-" + level);
        Keyspace keyspace = Keyspace.open(builder().acknowledgement(level).build());
        long before = keyspace.increment(key, 0);
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        try {
            CountDownLatch begun = new CountDownLatch(writers);
            List<Future<Long>> written = new ArrayList<>();
            for (int i = 0; i < writers; i++) {
                written.add(threads.submit(() -> incrementUntilClosed(keyspace, key, begun)));
            }
            assertTrue(begun.await(30, TimeUnit.SECONDS));
            keyspace.close();
            long expected = before;
            for (Future<Long> each : written) {
                expected += each.get(30, TimeUnit.SECONDS);
            }
            try (Keyspace reopened = Keyspace.open(builder().build())) {
                assertEquals(expected, reopened.increment(key, 0), level + "");
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static long incrementUntilClosed(Keyspace keyspace, byte[] key, CountDownLatch begun) {
        for (long count = 0; ; count++) {
            try {
                long unused = keyspace.increment(key, 1);
            } catch (IllegalStateException e) {
                return count;
            }
            begun.countDown();
        }
    }

    @Test
    void shouldStopWritesForGoodWhenTheLogFails() {
        try (Keyspace keyspace = Keyspace.open(builder().build())) {
            keyspace.put("before", "v");
            log().failFromNowOn();
            HotpairException first =
                    assertThrows(HotpairException.class, () -> keyspace.put("k", "v"));
            assertEquals(HotpairException.Category.OUTCOME_UNKNOWN, first.category());
            HotpairException second =
                    assertThrows(HotpairException.class, () -> keyspace.put("k", "v"));
            assertEquals(HotpairException.Category.LOG_FAILED, second.category());
            assertTrue(second.toString().contains("planned failure"), second.toString());
            assertEquals("v", keyspace.get("before"));
        }
    }

    /**
     * The linearisation test: writers bump two counters each, readers read both. A pair contradicts
     * the log if the counter read second had moved on, in the log's order, before the value read
     * first was written.
     */
    @Test
    void shouldOrderTheLogAsReadersSawIt() throws Exception {
        List<long[]> pairs = new ArrayList<>();
        try (Keyspace keyspace =
                Keyspace.open(builder().acknowledgement(Acknowledgement.MEMORY).build())) {
            AtomicBoolean stop = new AtomicBoolean();
            CountDownLatch done = new CountDownLatch(2);
            for (String key : List.of("a", "b")) {
                new Thread(
                                () -> {
                                    Session session = keyspace.session();
                                    while (!stop.get()) {
                                        session.increment(bytes(key), 0, 1, 1);
                                    }
                                    done.countDown();
                                })
                        .start();
            }
            Session session = keyspace.session();
            long untilNs = System.nanoTime() + 2_000_000_000L;
            while (System.nanoTime() < untilNs) {
                boolean aFirst = pairs.size() % 2 == 0;
                long first = read(session, aFirst ? "a" : "b");
                long second = read(session, aFirst ? "b" : "a");
                if (pairs.size() < 1_000_000) {
                    pairs.add(new long[] {first, second});
                }
            }
            stop.set(true);
            assertTrue(done.await(10, TimeUnit.SECONDS));
        }
        List<List<Long>> opIds = List.of(listOfZero(), listOfZero());
        eachOperation(
                operation -> {
                    List<Long> of = opIds.get(key(operation).equals("a") ? 0 : 1);
                    assertEquals(of.size(), Long.parseLong(value(operation)), "an increment lost");
                    of.add(operation.opId());
                });
        for (int i = 0; i < pairs.size(); i++) {
            List<Long> first = opIds.get(i % 2);
            List<Long> second = opIds.get(1 - i % 2);
            int firstValue = (int) pairs.get(i)[0];
            int secondValue = (int) pairs.get(i)[1];
            boolean contradicts =
                    secondValue + 1 < second.size()
                            && second.get(secondValue + 1) < first.get(firstValue);
            assertFalse(contradicts, "pair " + i + ": " + firstValue + ", " + secondValue);
        }
        assertTrue(pairs.size() > 1_000, "pairs=" + pairs.size());
    }

    private static List<Long> listOfZero() {
        return new ArrayList<>(List.of(0L));
    }

    private static long read(Session session, String key) {
        byte[] value = session.get(bytes(key), 0, 1);
        return value == null ? 0 : Long.parseLong(new String(value, UTF_8));
    }

    @Test
    void shouldReplayToWhatConcurrentWritersLeft() throws Exception {
        Map<String, String> memory = new HashMap<>();
        AtomicInteger created = new AtomicInteger();
        AtomicInteger deleted = new AtomicInteger();
        try (Keyspace keyspace = Keyspace.open(builder().build())) {
            ExecutorService pool = Executors.newFixedThreadPool(4);
            List<Future<?>> results = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                long seed = t;
                results.add(pool.submit(() -> writeAtRandom(keyspace, seed, created, deleted)));
            }
            for (Future<?> result : results) {
                result.get();
            }
            pool.shutdown();
            assertEquals(created.get() - deleted.get(), keyspace.statistics().keyCount());
            Session session = keyspace.session();
            long cursor = 0;
            do {
                cursor =
                        session.scan(
                                cursor,
                                100,
                                key -> {
                                    byte[] value = keyspace.get(key);
                                    memory.put(
                                            new String(key, UTF_8),
                                            value == null ? "gone" : new String(value, UTF_8));
                                });
            } while (cursor != 0);
        }
        assertEquals(memory, replayed());
        Map<String, String> state = new HashMap<>();
        int[] counts = new int[2];
        eachOperation(
                operation -> {
                    if (operation.type() == OperationType.SET) {
                        counts[0] += state.put(key(operation), value(operation)) == null ? 1 : 0;
                    } else {
                        assertTrue(state.remove(key(operation)) != null, "deleted twice");
                        counts[1]++;
                    }
                });
        assertEquals(created.get(), counts[0]);
        assertEquals(deleted.get(), counts[1]);
    }

    /** Only creates and deletes, so that what each call returned can be counted against the log. */
    private static void writeAtRandom(
            Keyspace keyspace, long seed, AtomicInteger created, AtomicInteger deleted) {
        Random random = new Random(seed);
        for (int i = 0; i < 40_000; i++) {
            // A few hot keys, and many that make segments split and be rebuilt.
            String key = "k" + (i % 2 == 0 ? random.nextInt(8) : random.nextInt(20_000));
            if (random.nextBoolean()) {
                created.addAndGet(keyspace.putIfAbsent(bytes(key), bytes("v" + i)) ? 1 : 0);
            } else {
                deleted.addAndGet(keyspace.delete(bytes(key)) ? 1 : 0);
            }
        }
    }

    private static HotpairException.Category categoryOf(Runnable action) {
        return assertThrows(HotpairException.class, action::run).category();
    }

    @Test
    void shouldTakeWritesOnlyAsMaster() {
        Steering steering = new Steering();
        try (Keyspace keyspace = Keyspace.open(builder().replication(steering).build())) {
            assertEquals(
                    HotpairException.Category.NOT_MASTER, categoryOf(() -> keyspace.put("k", "v")));
            // Nothing is there to be deleted, but the master may have something.
            assertEquals(HotpairException.Category.NOT_MASTER, categoryOf(keyspace::clear));
            assertEquals(0, keyspace.term());
            long barrier = steering.keyspace().promote(5, Lease.permanent(Clock.SYSTEM));
            assertEquals(1, barrier);
            assertEquals(5, keyspace.term());
            keyspace.put("k", "v");
            steering.keyspace().refuseWrites("expected 2 in sync");
            assertEquals(
                    HotpairException.Category.NOT_ENOUGH_REPLICAS,
                    categoryOf(() -> keyspace.put("k", "w")));
            assertEquals(
                    HotpairException.Category.NOT_ENOUGH_REPLICAS, categoryOf(keyspace::clear));
            steering.keyspace().refuseWrites(null);
            keyspace.put("k", "w");
            steering.keyspace().demote();
            assertEquals("w", keyspace.get("k"));
            assertEquals(
                    HotpairException.Category.NOT_MASTER, categoryOf(() -> keyspace.put("k", "x")));
            assertEquals(5, log().lineage().lastTerm());
        }
    }

    private static void assertRefuses(Keyspace keyspace, String sentence) {
        HotpairException refused =
                assertThrows(HotpairException.class, () -> keyspace.put("k", "v"));
        assertEquals(HotpairException.Category.NOT_MASTER, refused.category());
        assertEquals(sentence, refused.getMessage());
    }

    @Test
    void shouldNameTheMasterToWhoeverWritesOnAReplica() {
        Steering steering = new Steering();
        try (Keyspace keyspace = Keyspace.open(builder().replication(steering).build())) {
            assertRefuses(keyspace, "this node is a replica; no master is known yet");
            steering.master("b", "10.0.0.2", 6379);
            assertRefuses(keyspace, "this node is a replica; the master is b at 10.0.0.2:6379");
            steering.master("c", "", 0);
            assertRefuses(keyspace, "this node is a replica; the master is c");
            // It is elected, and has not begun to act.
            steering.master("test", "10.0.0.1", 6379);
            assertRefuses(keyspace, "this node is a replica; no master is known yet");
            steering.keyspace().promote(5, Lease.permanent(Clock.SYSTEM));
            keyspace.put("k", "v");
            steering.keyspace().demote();
            steering.master("b", "10.0.0.2", 6379);
            assertRefuses(keyspace, "this node is a replica; the master is b at 10.0.0.2:6379");
        }
    }

    @Test
    void shouldWaitForAMaster() throws Exception {
        Steering steering = new Steering();
        try (Keyspace keyspace = Keyspace.open(builder().replication(steering).build())) {
            assertEquals(Optional.empty(), keyspace.awaitMaster(Duration.ZERO));
            long beganNs = System.nanoTime();
            assertEquals(Optional.empty(), keyspace.awaitMaster(Duration.ofMillis(50)));
            assertTrue(System.nanoTime() - beganNs >= 50_000_000);
            FutureTask<Optional<Role>> waiting =
                    new FutureTask<>(() -> keyspace.awaitMaster(Duration.ofSeconds(60)));
            new Thread(waiting).start();
            // Named in the register, it does not act yet.
            steering.master("test", "", 0);
            assertEquals(Optional.empty(), keyspace.awaitMaster(Duration.ofMillis(50)));
            assertFalse(waiting.isDone());
            Lease lease = Lease.permanent(Clock.SYSTEM);
            steering.keyspace().promote(5, lease);
            assertEquals(Optional.of(Role.MASTER), waiting.get(60, TimeUnit.SECONDS));
            lease.end();
            assertEquals(Optional.empty(), keyspace.awaitMaster(Duration.ZERO));
            steering.keyspace().demote();
            steering.master("b", "", 0);
            assertEquals(
                    Optional.of(Role.REPLICA),
                    keyspace.awaitMaster(Duration.ofSeconds(Long.MAX_VALUE)));
        }
        try (Keyspace alone = Keyspace.open(builder().build())) {
            assertEquals(Optional.of(Role.MASTER), alone.awaitMaster(Duration.ZERO));
        }
        try (Keyspace inMemory = Keyspace.open(Keyspace.builder().inMemory().build())) {
            assertEquals(Optional.of(Role.MASTER), inMemory.awaitMaster(Duration.ZERO));
        }
    }

    @Test
    void shouldEndTheWaitForAMasterByAnInterruptAndByClosing() throws Exception {
        Keyspace keyspace = Keyspace.open(builder().replication(new Steering()).build());
        try (keyspace) {
            Thread.currentThread().interrupt();
            assertThrows(
                    InterruptedException.class, () -> keyspace.awaitMaster(Duration.ofSeconds(60)));
            assertFalse(Thread.interrupted());
        }
        assertThrows(IllegalStateException.class, () -> keyspace.awaitMaster(Duration.ZERO));
        Keyspace closing = Keyspace.open(builder().replication(new Steering()).build());
        FutureTask<Optional<Role>> waiting =
                new FutureTask<>(() -> closing.awaitMaster(Duration.ofSeconds(60)));
        new Thread(waiting).start();
        closing.close();
        ExecutionException end =
                assertThrows(ExecutionException.class, () -> waiting.get(30, TimeUnit.SECONDS));
        assertInstanceOf(IllegalStateException.class, end.getCause());
    }

    @Test
    void shouldWaitForThePeerAtThatLevel() throws Exception {
        Steering steering = new Steering();
        try (Keyspace keyspace =
                Keyspace.open(
                        builder()
                                .replication(steering)
                                .acknowledgement(Acknowledgement.PEER)
                                .acknowledgementTimeout(Duration.ofMillis(100))
                                .build())) {
            steering.keyspace().promote(1, Lease.permanent(Clock.SYSTEM));
            assertEquals(
                    HotpairException.Category.OUTCOME_UNKNOWN,
                    categoryOf(() -> keyspace.put("k", "v")));
            Session session = keyspace.session();
            session.put(bytes("k"), 0, 1, bytes("w"), 0, 1, 0);
            CountDownLatch reached = new CountDownLatch(1);
            keyspace.whenAcknowledged(
                    Acknowledgement.PEER,
                    session.lastOpId(),
                    session.lastTerm(),
                    ok -> {
                        if (ok) {
                            reached.countDown();
                        }
                    });
            assertFalse(reached.await(20, TimeUnit.MILLISECONDS));
            steering.keyspace().commit(session.lastOpId());
            assertTrue(reached.await(5, TimeUnit.SECONDS));
        }
    }

    @Test
    void shouldWaitForAllDevicesAtThatLevelAndHaveThemForce() throws Exception {
        Steering steering = new Steering();
        try (Keyspace keyspace =
                Keyspace.open(
                        builder()
                                .replication(steering)
                                .forceInterval(Duration.ofHours(1))
                                .acknowledgement(Acknowledgement.PEER_DISK)
                                .build())) {
            steering.keyspace().promote(1, Lease.permanent(Clock.SYSTEM));
            CountDownLatch asked = new CountDownLatch(1);
            steering.keyspace().addDiskListener(asked::countDown);
            CountDownLatch done = new CountDownLatch(1);
            Thread writer =
                    new Thread(
                            () -> {
                                keyspace.put("k", "v");
                                done.countDown();
                            });
            writer.start();
            assertTrue(asked.await(5, TimeUnit.SECONDS));
            long opId = steering.keyspace().wantedOnDisk();
            assertEquals(2, opId, "after the term's barrier");
            CountDownLatch forced = new CountDownLatch(1);
            steering.keyspace().durable().whenReached(opId, reached -> forced.countDown());
            assertTrue(forced.await(5, TimeUnit.SECONDS), "this node forces it too");
            steering.keyspace().commit(opId);
            assertFalse(done.await(20, TimeUnit.MILLISECONDS));
            steering.keyspace().commitToDisk(opId);
            assertTrue(done.await(5, TimeUnit.SECONDS));
            steering.keyspace().demote();
            assertEquals(0, steering.keyspace().wantedOnDisk());
        }
    }

    @Test
    void shouldNotAnswerForWhatItDidWhenItsLeaseHasEnded() {
        Steering steering = new Steering();
        try (Keyspace keyspace =
                Keyspace.open(
                        builder()
                                .replication(steering)
                                .acknowledgementTimeout(Duration.ofMillis(50))
                                .build())) {
            Lease lease = Lease.ended(Clock.SYSTEM);
            lease.extendTo(System.nanoTime() + 3_600_000_000_000L);
            steering.keyspace().promote(1, lease);
            keyspace.put("k", "v");
            String digest = keyspace.digest();
            long loggedOpId = log().lastOpId();
            lease.end();
            assertEquals(HotpairException.Category.NOT_MASTER, categoryOf(() -> keyspace.get("k")));
            assertEquals(
                    HotpairException.Category.OUTCOME_UNKNOWN,
                    categoryOf(() -> keyspace.put("k", "w")));
            assertEquals(
                    HotpairException.Category.OUTCOME_UNKNOWN,
                    categoryOf(
                            () ->
                                    keyspace.at(Acknowledgement.MEMORY)
                                            .put(bytes("new"), bytes("w"))));
            assertEquals(loggedOpId, log().lastOpId(), "nothing is appended without a lease");
            steering.keyspace().demote();
            assertEquals("v", keyspace.get("k"));
            assertNull(keyspace.get("new"));
            assertEquals(digest, keyspace.digest());
            assertEquals(1, keyspace.statistics().keyCount());
            steering.keyspace().promote(2, Lease.permanent(Clock.SYSTEM));
            keyspace.put("new", "again");
        }
        assertEquals(Map.of("k", "v", "new", "again"), replayed());
    }

    @Test
    void shouldNotTakeAnOpIdOfALaterTermForAnAcknowledgement() {
        Steering steering = new Steering();
        try (Keyspace keyspace = Keyspace.open(builder().replication(steering).build())) {
            Lease lease = Lease.ended(Clock.SYSTEM);
            steering.keyspace().promote(1, lease);
            Session session = keyspace.session();
            session.put(bytes("k"), 0, 1, bytes("lost"), 0, 4, 0);
            long opId = session.lastOpId();
            long term = session.lastTerm();
            steering.keyspace().demote();
            steering.keyspace().promote(2, Lease.permanent(Clock.SYSTEM));
            for (int i = 0; i < 10; i++) {
                keyspace.put("other", "v" + i);
            }
            assertTrue(log().lastOpId() > opId);
            boolean[] answer = {true};
            keyspace.whenAcknowledged(Acknowledgement.LOG, opId, term, ok -> answer[0] = ok);
            assertFalse(answer[0]);
            assertNull(keyspace.get("k"));
        }
    }

    @Test
    void shouldFollowCutAndFollowAgain() {
        Path other = Path.of("memory", UUID.randomUUID().toString());
        Steering masterSteering = new Steering();
        Steering replicaSteering = new Steering();
        try (Keyspace old = Keyspace.open(builder().replication(masterSteering).build());
                Keyspace young =
                        Keyspace.open(
                                Keyspace.builder()
                                        .directory(other)
                                        .maxMemory(64 << 20)
                                        .replication(replicaSteering)
                                        .build())) {
            masterSteering.keyspace().promote(1, Lease.permanent(Clock.SYSTEM));
            for (int i = 0; i < 2_000; i++) {
                old.put("k" + i, "v");
            }
            old.delete(bytes("k5"));
            long common = log().lastOpId();
            ship(log(), replicaSteering.keyspace(), 0);
            assertEquals(old.digest(), young.digest());
            // The old master goes on alone; the young one takes over without that tail.
            for (int i = 0; i < 3_000; i++) {
                old.put("k" + i, "divergent");
            }
            old.put("k5", "back from the dead");
            old.delete(bytes("k6"));
            replicaSteering.keyspace().promote(2, Lease.permanent(Clock.SYSTEM));
            young.put("k7", "second term");
            masterSteering.keyspace().demote();
            masterSteering.keyspace().rewindTo(common);
            assertEquals(common, log().lastOpId());
            assertNull(old.get("k5"));
            assertEquals("v", old.get("k6"));
            assertNull(old.get("k2500"));
            ship(MemoryLogProvider.of(other), masterSteering.keyspace(), common);
            assertEquals("second term", old.get("k7"));
            assertEquals(young.digest(), old.digest());
            assertEquals(young.statistics().keyCount(), old.statistics().keyCount());
            assertEquals(MemoryLogProvider.of(other).lineage(), log().lineage());
            assertNotEquals(0, log().lastOpId());
        }
    }

    private static void ship(MemoryLog from, ReplicatedKeyspace to, long afterOpId) {
        FrameBuffer frame = new FrameBuffer();
        try (OperationSource source = from.openSource()) {
            source.seekAfter(afterOpId);
            while (source.poll(frame)) {
                to.apply(frame);
            }
        }
    }

    @Test
    void shouldRefuseWhatItCannotDo() {
        assertThrows(IllegalStateException.class, () -> Keyspace.builder().build());
        assertThrows(
                IllegalStateException.class,
                () -> Keyspace.builder().inMemory().acknowledgement(Acknowledgement.LOG).build());
        assertThrows(
                IllegalStateException.class,
                () -> builder().acknowledgement(Acknowledgement.PEER).build());
        assertThrows(
                IllegalStateException.class,
                () -> builder().acknowledgement(Acknowledgement.PEER_DISK).build());
        assertThrows(IllegalArgumentException.class, () -> Keyspace.builder().name("../up"));
        assertThrows(IllegalArgumentException.class, () -> Keyspace.builder().maxMemory(1));
    }

    @Test
    void shouldNotLoseAWriteToAnInterrupt() {
        try (Keyspace keyspace = Keyspace.open(builder().build())) {
            Thread.currentThread().interrupt();
            keyspace.put("k", "v");
            assertTrue(Thread.interrupted(), "the flag is the caller's");
            assertEquals("v", keyspace.get("k"));
        }
        assertEquals("v", replayed().get("k"));
    }

    @Test
    void shouldNotAnswerForAConditionWhenItsLeaseHasEnded() {
        Steering steering = new Steering();
        try (Keyspace keyspace = Keyspace.open(builder().replication(steering).build())) {
            Lease lease = Lease.ended(Clock.SYSTEM);
            lease.extendTo(System.nanoTime() + 3_600_000_000_000L);
            steering.keyspace().promote(1, lease);
            keyspace.put("k", "v");
            lease.end();
            assertEquals(
                    HotpairException.Category.NOT_MASTER,
                    categoryOf(() -> keyspace.putIfAbsent(bytes("k"), bytes("w"))));
            assertEquals(
                    HotpairException.Category.NOT_MASTER,
                    categoryOf(() -> keyspace.delete("absent")));
        }
    }

    @Test
    void shouldNotLetAWaiterThatThrowsHurtTheLog() {
        try (Keyspace keyspace =
                Keyspace.open(builder().acknowledgement(Acknowledgement.MEMORY).build())) {
            Session session = keyspace.session();
            for (int i = 0; i < 3; i++) {
                session.put(bytes("k"), 0, 1, bytes("v"), 0, 1, 0);
                keyspace.whenAcknowledged(
                        Acknowledgement.LOG,
                        session.lastOpId() + 1,
                        session.lastTerm(),
                        ok -> {
                            throw new IllegalStateException("planned");
                        });
            }
            keyspace.at(Acknowledgement.LOG).put(bytes("k"), bytes("w"));
        }
        assertEquals("w", replayed().get("k"));
    }

    @Test
    void shouldPutMemoryBackThoughTheDeadTermFilledIt() {
        Steering steering = new Steering();
        try (Keyspace keyspace =
                Keyspace.open(
                        builder()
                                .replication(steering)
                                .acknowledgement(Acknowledgement.MEMORY)
                                .build())) {
            Lease lease = Lease.ended(Clock.SYSTEM);
            lease.extendTo(System.nanoTime() + 3_600_000_000_000L);
            steering.keyspace().promote(1, lease);
            keyspace.at(Acknowledgement.LOG).put(bytes("a"), new byte[25 << 20]);
            String digest = keyspace.digest();
            lease.end();
            for (String key : List.of("a", "b", "s")) {
                assertEquals(
                        HotpairException.Category.OUTCOME_UNKNOWN,
                        categoryOf(
                                () ->
                                        keyspace.put(
                                                bytes(key),
                                                new byte[key.equals("b") ? 30 << 20 : 1])));
            }
            steering.keyspace().demote();
            assertEquals(digest, keyspace.digest());
        }
    }

    @Test
    void shouldOverwriteALargeValueAgainAndAgain() {
        try (Keyspace keyspace = Keyspace.open(builder().build())) {
            for (int i = 0; i < 10; i++) {
                keyspace.put(bytes("big"), new byte[25 << 20]);
            }
        }
    }

    @Test
    void shouldOpenAgainHoweverFullItWas() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 6; round++) {
            Path full = Path.of("memory", UUID.randomUUID().toString());
            KeyspaceConfig config =
                    Keyspace.builder()
                            .directory(full)
                            .maxMemory(4 << 20)
                            .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                            .build();
            String digest;
            try (Keyspace keyspace = Keyspace.open(config)) {
                fill(keyspace, random);
                digest = keyspace.digest();
            }
            for (int i = 0; i < 3; i++) {
                try (Keyspace keyspace = Keyspace.open(config)) {
                    assertEquals(digest, keyspace.digest(), "seed=" + seed);
                    // It is full, but it can be emptied, and then it takes writes again.
                    keyspace.delete(bytes("k0"));
                    keyspace.put(bytes("k0"), new byte[0]);
                    digest = keyspace.digest();
                }
            }
        }
    }

    private static void fill(Keyspace keyspace, Random random) {
        keyspace.put(bytes("k0"), new byte[100_000]);
        int refused = 0;
        for (int i = 1; refused < 20; i++) {
            try {
                keyspace.put(bytes("k" + i), new byte[random.nextInt(600)]);
                if (i % 3 == 0) {
                    keyspace.delete(bytes("k" + (1 + random.nextInt(i))));
                }
            } catch (HotpairException e) {
                assertEquals(HotpairException.Category.MEMORY_LIMIT, e.category());
                refused++;
            }
        }
    }
}
