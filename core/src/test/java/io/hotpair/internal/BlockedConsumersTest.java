package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.ChangeListener.Event;
import io.hotpair.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
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
                new BlockedConsumer<>(consumers, keys, Rivals.FOR_ELEMENTS, attempt, null);
        consumer.whenServed(() -> served.add(name));
        consumers.add(consumer);
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
                new BlockedConsumer<>(
                        consumers, new byte[][] {A}, Rivals.FOR_ELEMENTS, this::take, null);
        first.whenServed(
                () -> {
                    if (canNot[0]) {
                        throw new OutOfMemoryError("planned");
                    }
                    served.add("first");
                });
        consumers.add(first);
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
    void shouldTimeOut() {
        long startNs = System.nanoTime();
        BlockedConsumer<Integer> consumer =
                new BlockedConsumer<>(
                        consumers, new byte[][] {A, B}, Rivals.NONE, this::take, null);
        consumers.addTimer(consumer, 1_000_000, () -> served.add("timed out"));
        consumers.add(consumer);
        while (!consumer.isDone()) {
            assertTrue(System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(20));
            consumers.tidy();
        }
        assertTrue(System.nanoTime() - startNs >= 1_000_000);
        assertEquals(List.of("timed out"), served);
    }
}
