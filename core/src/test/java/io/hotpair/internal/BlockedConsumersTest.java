package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.ChangeListener.Event;
import io.hotpair.Clock;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The interleavings that a test of whole commands would meet by luck only. */
@Timeout(60)
class BlockedConsumersTest {
    private static final byte[] A = {'a'};
    private static final byte[] B = {'b'};

    private final AtomicInteger audience = new AtomicInteger();
    private final Timers timers = new Timers(Clock.SYSTEM);
    private final BlockedConsumers consumers = new BlockedConsumers(audience, timers);
    private final Map<Byte, Integer> stock = new ConcurrentHashMap<>();
    private final List<String> served = Collections.synchronizedList(new ArrayList<>());

    /** Takes one piece of a key's stock. */
    private @Nullable Integer take(byte[] key) {
        Integer[] before = new Integer[1];
        stock.computeIfPresent(
                key[0],
                (name, count) -> {
                    before[0] = count;
                    return count == 1 ? null : count - 1;
                });
        return before[0];
    }

    private void put(byte[] key, int count) {
        stock.merge(key[0], count, Integer::sum);
        consumers.changed(key, Event.CHANGED);
    }

    private BlockedConsumer<Integer> consumer(
            String name, BlockedConsumer.Attempt<Integer> attempt, byte[]... keys) {
        BlockedConsumer<Integer> consumer =
                new BlockedConsumer<>(consumers, keys.length, Rivals.FOR_ELEMENTS, attempt, null);
        consumer.whenServed(() -> served.add(name));
        consumers.add(consumer, keys);
        return consumer;
    }

    /** An attempt that stops in its middle, in another thread. */
    private final class Stopped implements BlockedConsumer.Attempt<Integer> {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch mayGoOn = new CountDownLatch(1);
        private volatile @Nullable Thread server;

        @Override
        public @Nullable Integer on(byte[] key) {
            if (Thread.currentThread() != server) {
                return take(key);
            }
            reached.countDown();
            awaitLatch(mayGoOn);
            server = null;
            return take(key);
        }

        void stopInPut(byte[] key, int count) {
            Thread thread = new Thread(() -> put(key, count));
            server = thread;
            thread.start();
            awaitLatch(reached);
        }

        void goOn() throws InterruptedException {
            Thread thread = server;
            mayGoOn.countDown();
            if (thread != null) {
                thread.join();
            }
        }
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterEach
    void shouldLeaveNothingBehind() {
        consumers.failAll(() -> new IllegalStateException("the end"));
        assertEquals(0, consumers.waitingCount());
        assertEquals(0, consumers.lineCount());
        assertEquals(0, audience.get());
        assertEquals(0, timers.count());
    }

    @Test
    void shouldServeThoseBehindOneThatWasBusyAtAnotherKey() throws Exception {
        Stopped stopped = new Stopped();
        consumer("first", stopped, A, B);
        consumer("second", this::take, B);
        stopped.stopInPut(A, 1);
        // Whoever comes with this finds the first one busy, and does not wait for it.
        put(B, 1);
        assertEquals(List.of(), served);
        stopped.goOn();
        assertEquals(List.of("first", "second"), served);
        assertEquals(Map.of(), stock);
    }

    @Test
    void shouldServeOneThatWasBusyInVain() throws Exception {
        Stopped stopped = new Stopped();
        consumer("first", stopped, A, B);
        consumer("second", this::take, B);
        stopped.stopInPut(A, 1);
        Integer stolen = take(A);
        assertEquals(1, stolen);
        put(B, 1);
        stopped.goOn();
        assertEquals(List.of("first"), served);
    }

    @Test
    void shouldDeliverWhatIsTakenForOneThatGivesUp() throws Exception {
        Stopped stopped = new Stopped();
        BlockedConsumer<Integer> consumer = consumer("first", stopped, A);
        stopped.stopInPut(A, 1);
        assertFalse(consumer.end(() -> served.add("gave up")));
        stopped.goOn();
        assertEquals(List.of("first"), served);
        assertEquals(1, consumer.result());
    }

    @Test
    void shouldLetOneGiveUpForWhomNothingWasFound() throws Exception {
        Stopped stopped = new Stopped();
        BlockedConsumer<Integer> consumer = consumer("first", stopped, A);
        consumer("second", this::take, A);
        stopped.stopInPut(A, 1);
        assertFalse(consumer.end(() -> served.add("gave up")));
        assertFalse(consumer.end(() -> served.add("gave up twice")));
        Integer stolen = take(A);
        assertEquals(1, stolen);
        stopped.goOn();
        assertEquals(List.of("gave up"), served);
        put(A, 1);
        assertEquals(List.of("gave up", "second"), served);
    }

    @Test
    void shouldServeAgainWhatChangedMeanwhile() throws Exception {
        Stopped stopped = new Stopped();
        consumer("first", stopped, A);
        consumer("second", this::take, A);
        stopped.stopInPut(A, 1);
        put(A, 1);
        assertEquals(List.of(), served);
        stopped.goOn();
        assertEquals(List.of("first", "second"), served);
    }

    @Test
    void shouldServeLaterOneWhoseAttemptCouldNotBeMade() {
        boolean[] canNot = {true};
        consumer(
                "first",
                key -> {
                    if (canNot[0]) {
                        throw BlockedConsumer.TryLater.INSTANCE;
                    }
                    return take(key);
                },
                A);
        consumer("second", this::take, A);
        put(A, 1);
        assertEquals(List.of(), served);
        canNot[0] = false;
        consumers.servePostponed();
        assertEquals(List.of("first"), served);
    }

    @Test
    void shouldFailOneWhoseAttemptFails() {
        Error error = new AssertionError("planned");
        boolean[] fails = {false};
        BlockedConsumer<Integer> consumer =
                consumer(
                        "first",
                        key -> {
                            if (fails[0]) {
                                throw error;
                            }
                            return null;
                        },
                        A);
        consumer("second", this::take, A);
        fails[0] = true;
        put(A, 1);
        assertSame(error, consumer.failure());
        assertEquals(List.of("first", "second"), served);
    }

    @Test
    void shouldTellLaterWhoeverCouldNotBeToldNow() {
        boolean[] canNot = {true};
        BlockedConsumer<Integer> first =
                new BlockedConsumer<>(consumers, 1, Rivals.FOR_ELEMENTS, this::take, null);
        first.whenServed(
                () -> {
                    if (canNot[0]) {
                        throw new OutOfMemoryError("planned");
                    }
                    served.add("first");
                });
        consumers.add(first, new byte[][] {A});
        consumer("second", this::take, A);
        put(A, 2);
        assertEquals(List.of("second"), served);
        canNot[0] = false;
        consumers.tidy();
        assertEquals(List.of("second", "first"), served);
        assertTrue(first.isDone());
    }

    @Test
    void shouldNotKeepAThreadServingForEver() {
        timers.runBy(Thread.currentThread());
        int[] attempts = {0};
        // Each attempt makes another one necessary, as others do who change the key all the time.
        consumer(
                "greedy",
                key -> {
                    attempts[0]++;
                    consumers.changed(A, Event.CHANGED);
                    return null;
                },
                A);
        int atOnce = attempts[0];
        assertTrue(atOnce > 100 && atOnce < 10_000, "attempts=" + atOnce);
        consumers.tidy();
        assertTrue(attempts[0] > atOnce, "attempts=" + attempts[0]);
    }

    @Test
    void shouldRestWhenManyWaitForWhatIsNotThere() {
        timers.runBy(Thread.currentThread());
        int[] attempts = {0};
        for (int i = 0; i < 2_500; i++) {
            BlockedConsumer<Integer> unused = counting(attempts, Rivals.NONE, A);
        }
        int before = attempts[0];
        put(A, 1);
        assertEquals(before + 2_500, attempts[0]);
        for (int i = 0; i < 3; i++) {
            consumers.tidy();
            consumers.servePostponed();
        }
        assertEquals(before + 2_500, attempts[0]);
        assertEquals(2_500, consumers.waitingCount());
    }

    private BlockedConsumer<Integer> counting(int[] attempts, Rivals rivals, byte[]... keys) {
        BlockedConsumer<Integer> consumer =
                new BlockedConsumer<>(
                        consumers,
                        keys.length,
                        rivals,
                        key -> {
                            attempts[0]++;
                            return null;
                        },
                        null);
        consumers.add(consumer, keys);
        return consumer;
    }

    @Test
    void shouldAskNobodyElseWhenOneBeginsThatOnlyLooks() {
        int[] others = {0};
        counting(others, Rivals.FOR_ELEMENTS, A, B);
        int[] readers = {0};
        for (int i = 0; i < 2_000; i++) {
            BlockedConsumer<Integer> unused = counting(readers, Rivals.NONE, A, B);
        }
        assertEquals(2 * 2_000, readers[0]);
        assertEquals(2, others[0]);
    }

    @Test
    void shouldAskOnlyRivalsWhenOneBeginsThatTakes() {
        int[] readers = {0};
        int[] group = {0};
        for (int i = 0; i < 100; i++) {
            BlockedConsumer<Integer> unused = counting(readers, Rivals.NONE, A);
        }
        counting(group, Rivals.ofGroup(A), A);
        readers[0] = 0;
        group[0] = 0;
        // It finds nothing, so those behind it would not, and those for other things may.
        int[] first = {0};
        counting(first, Rivals.FOR_ELEMENTS, A);
        int[] second = {0};
        counting(second, Rivals.FOR_ELEMENTS, A);
        assertEquals(List.of(0, 0, 2, 0), List.of(readers[0], group[0], first[0], second[0]));
        put(A, 1);
        assertEquals(List.of(100, 1, 3, 0), List.of(readers[0], group[0], first[0], second[0]));
    }

    @Test
    void shouldAskThoseOfAUserInTheirOrder() {
        List<String> asked = new ArrayList<>();
        for (String name : List.of("first", "second", "third")) {
            ConsumerFuture<Integer> unused =
                    consumers.await(
                            new byte[][] {A},
                            () -> {
                                asked.add(name);
                                return null;
                            });
        }
        assertEquals(List.of("first", "first", "second", "first", "second", "third"), asked);
    }

    @Test
    void shouldServeTheWholeLineForWhoFoundSomebodyAtItWhoBegins() throws Exception {
        int[] readers = {0};
        counting(readers, Rivals.NONE, A);
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch mayGoOn = new CountDownLatch(1);
        AtomicInteger attempts = new AtomicInteger();
        Thread begins =
                new Thread(
                        () ->
                                consumer(
                                        "begins",
                                        key -> {
                                            if (attempts.incrementAndGet() == 1) {
                                                reached.countDown();
                                                awaitLatch(mayGoOn);
                                                return null;
                                            }
                                            return take(key);
                                        },
                                        A));
        readers[0] = 0;
        begins.start();
        awaitLatch(reached);
        // Leaves the line to the one that begins.
        put(A, 1);
        assertEquals(0, readers[0]);
        mayGoOn.countDown();
        begins.join();
        assertEquals(List.of("begins"), served);
        assertTrue(readers[0] > 0, "readers=" + readers[0]);
    }

    @Test
    void shouldServeOneThatOnlyLooksAgainIfTheKeyChangesWhileItBegins() throws Exception {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch mayGoOn = new CountDownLatch(1);
        AtomicInteger attempts = new AtomicInteger();
        BlockedConsumer<Integer> reader =
                new BlockedConsumer<>(
                        consumers,
                        1,
                        Rivals.NONE,
                        key -> {
                            if (attempts.incrementAndGet() == 1) {
                                reached.countDown();
                                awaitLatch(mayGoOn);
                                return null;
                            }
                            return stock.get(key[0]);
                        },
                        null);
        reader.whenServed(() -> served.add("reader"));
        Thread begins = new Thread(() -> consumers.add(reader, new byte[][] {A}));
        begins.start();
        awaitLatch(reached);
        put(A, 1);
        assertEquals(List.of(), served);
        mayGoOn.countDown();
        begins.join();
        assertEquals(List.of("reader"), served);
        assertEquals(1, reader.result());
    }

    @Test
    void shouldTimeOut() {
        long startNs = System.nanoTime();
        BlockedConsumer<Integer> consumer =
                new BlockedConsumer<>(consumers, 2, Rivals.NONE, this::take, null);
        consumers.addTimer(consumer, 1_000_000, () -> served.add("timed out"));
        consumers.add(consumer, new byte[][] {A, B});
        while (!consumer.isDone()) {
            assertTrue(System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(20));
            consumers.tidy();
        }
        assertTrue(System.nanoTime() - startNs >= 1_000_000);
        assertEquals(List.of("timed out"), served);
    }

    @Test
    void shouldServeRowsInTheirOrderAndGoOnWithTheNextRow() {
        byte[][] only = {A};
        List<BlockedConsumer<Integer>> all = new ArrayList<>();
        Rivals[] rivals = {
            Rivals.FOR_ELEMENTS, Rivals.FOR_SCORED_MEMBERS, Rivals.FOR_ELEMENTS, Rivals.NONE
        };
        for (int i = 0; i < rivals.length; i++) {
            String name = "c" + i;
            BlockedConsumer<Integer> next =
                    new BlockedConsumer<>(consumers, 1, rivals[i], this::take, null);
            next.whenServed(() -> served.add(name));
            consumers.add(next, only);
            all.add(next);
        }
        put(A, 1);
        put(A, 1);
        put(A, 1);
        assertEquals(List.of("c0", "c2", "c1"), served);
        assertTrue(all.get(3).end(() -> served.add("gave up")));
        assertEquals(0, consumers.lineCount());
    }

    @Test
    void shouldStandOnceInTheLineOfAKeyThatIsGivenTwice() {
        int[] attempts = {0};
        BlockedConsumer<Integer> consumer = counting(attempts, Rivals.NONE, A, A, B, A);
        attempts[0] = 0;
        put(A, 1);
        assertEquals(1, attempts[0]);
        assertTrue(consumer.end(() -> served.add("gave up")));
        assertEquals(0, consumers.lineCount());
    }

    /** W6: rows are read while others change them. */
    @Test
    void shouldLoseNobodyInRowsThatChangeWhileTheyAreServed() throws Exception {
        long seed = ThreadLocalRandom.current().nextLong();
        AtomicInteger putCount = new AtomicInteger();
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Waiting> all = new ArrayList<>();
        try {
            List<Future<List<Waiting>>> parts = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                SplittableRandom random = new SplittableRandom(seed + i);
                parts.add(threads.submit(() -> comeAndGo(random, putCount)));
            }
            for (Future<List<Waiting>> part : parts) {
                all.addAll(part.get());
            }
        } finally {
            threads.shutdownNow();
        }
        consumers.servePostponed();
        long taken = all.stream().filter(each -> each.consumer().result() != null).count();
        int left = stock.values().stream().mapToInt(Integer::intValue).sum();
        assertEquals(putCount.get(), taken + left, "seed=" + seed);
        for (Waiting each : all) {
            boolean couldHave = Arrays.stream(each.keys()).anyMatch(k -> stock.containsKey(k[0]));
            assertFalse(!each.consumer().isDone() && couldHave, "seed=" + seed);
        }
        long waiting = all.stream().filter(each -> !each.consumer().isDone()).count();
        assertEquals(waiting, consumers.waitingCount(), "seed=" + seed);
    }

    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Waiting(BlockedConsumer<Integer> consumer, byte[][] keys) {}

    private List<Waiting> comeAndGo(SplittableRandom random, AtomicInteger putCount) {
        byte[][] names = {A, B, {'c'}};
        Rivals[] rivals = {
            Rivals.FOR_ELEMENTS,
            Rivals.FOR_SCORED_MEMBERS,
            Rivals.NONE,
            Rivals.OF_A_USER,
            Rivals.ofGroup(A)
        };
        List<Waiting> mine = new ArrayList<>();
        for (int i = 0; i < 30_000; i++) {
            int what = random.nextInt(10);
            if (what < 5) {
                byte[][] keys = new byte[1 + random.nextInt(3)][];
                Arrays.setAll(keys, n -> names[random.nextInt(names.length)]);
                BlockedConsumer<Integer> next =
                        new BlockedConsumer<>(
                                consumers,
                                keys.length,
                                rivals[random.nextInt(rivals.length)],
                                this::take,
                                null);
                consumers.add(next, keys);
                mine.add(new Waiting(next, keys));
            } else if (what < 8) {
                int count = 1 + random.nextInt(2);
                putCount.addAndGet(count);
                put(names[random.nextInt(names.length)], count);
            } else if (!mine.isEmpty()) {
                int at = Math.max(0, mine.size() - 1 - random.nextInt(20));
                boolean unused = mine.get(at).consumer().end(() -> {});
            }
        }
        return mine;
    }

    /** W6: else whoever keeps one that has ended keeps all who ever stood behind it. */
    @Test
    void shouldKeepNobodyForOneWhoHasGone() {
        BlockedConsumer<Integer> kept = consumer("kept", this::take, A);
        BlockedConsumer<Integer> other =
                new BlockedConsumer<>(consumers, 1, Rivals.NONE, this::take, null);
        consumers.add(other, new byte[][] {A});
        List<WeakReference<BlockedConsumer<Integer>>> behind = new ArrayList<>();
        for (Rivals rivals : List.of(Rivals.FOR_ELEMENTS, Rivals.FOR_SCORED_MEMBERS)) {
            behind.add(waiting(rivals));
        }
        boolean unused = kept.end(() -> {});
        boolean unused2 = other.end(() -> {});
        consumer("last", this::take, A);
        behind.forEach(this::giveUp);
        long giveUpNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (behind.stream().anyMatch(each -> each.get() != null)) {
            assertTrue(System.nanoTime() < giveUpNs, "they are still reached");
            System.gc();
        }
        assertTrue(kept.isDone() && other.isDone());
        assertEquals(1, consumers.waitingCount());
    }

    private WeakReference<BlockedConsumer<Integer>> waiting(Rivals rivals) {
        BlockedConsumer<Integer> consumer =
                new BlockedConsumer<>(consumers, 1, rivals, this::take, null);
        consumers.add(consumer, new byte[][] {A});
        return new WeakReference<>(consumer);
    }

    private void giveUp(WeakReference<BlockedConsumer<Integer>> consumer) {
        boolean unused = Objects.requireNonNull(consumer.get()).end(() -> {});
    }

    @Test
    void shouldTakeLittleForAKeyThatOneWaitsFor() {
        int clients = 20;
        int each = 5_000;
        long before = liveHeapBytes();
        for (int i = 0; i < clients; i++) {
            byte[][] keys = new byte[each][];
            for (int k = 0; k < each; k++) {
                keys[k] = ByteBuffer.allocate(12).putInt(i).putLong(k).array();
            }
            consumers.add(
                    new BlockedConsumer<Integer>(
                            consumers, each, Rivals.FOR_ELEMENTS, key -> null, null),
                    keys);
        }
        long perKey = (liveHeapBytes() - before) / ((long) clients * each);
        assertEquals(clients * each, consumers.lineCount());
        // A line 40, a place 32 and 4, its key's copy 32, a node of the map 32 and 4 to 8.
        assertTrue(perKey < 180, () -> "bytes for a key: " + perKey);
    }

    /** What is left when all garbage is gone. */
    private static long liveHeapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
