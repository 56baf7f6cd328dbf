package io.hotpair.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.Session.ReadTrace;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reads of several keys: right in any number, and never without an end. */
@Timeout(600)
class ReadTogetherTest {
    /** More than go through the steps of a search together, so that there are several groups. */
    private static final int KEYS = 3_000;

    private static final byte[][] NAMES =
            IntStream.range(0, KEYS).mapToObj(i -> bytes("key" + i)).toArray(byte[][]::new);

    private static byte[] bytes(String text) {
        return TestEngine.bytes(text);
    }

    private static void put(Engine engine, byte[] key, String value) {
        byte[] bytes = bytes(value);
        assertTrue(
                engine.mutate(
                        key,
                        0,
                        key.length,
                        new PutString().of(bytes, 0, bytes.length, 0),
                        new Outcome()));
    }

    private static void delete(Engine engine, byte[] key) {
        boolean unused = engine.mutate(key, 0, key.length, DeleteKey.DELETE, new Outcome());
    }

    private static List<String> getAll(Engine engine, int... numbers) {
        int[] offsets = new int[numbers.length];
        int[] lengths = new int[numbers.length];
        byte[] keys = new byte[0];
        for (int i = 0; i < numbers.length; i++) {
            byte[] name = NAMES[numbers[i]];
            offsets[i] = keys.length;
            lengths[i] = name.length;
            keys = Arrays.copyOf(keys, keys.length + name.length);
            System.arraycopy(name, 0, keys, offsets[i], name.length);
        }
        return Stream.of(
                        Objects.requireNonNull(
                                engine.getAll(
                                        keys, offsets, lengths, numbers.length, ReadTrace.USE)))
                .map(ReadTogetherTest::text)
                .toList();
    }

    private static String text(byte @Nullable [] value) {
        return value == null ? TestEngine.ABSENT : new String(value, UTF_8);
    }

    @Test
    void shouldFindWhatSingleReadsFind() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        Mem mem = Mem.platform();
        Engine engine = TestEngine.open(mem, 0, false).engine;
        for (int round = 0; round < 200; round++) {
            for (int i = 0; i < 100; i++) {
                byte[] key = NAMES[random.nextInt(KEYS)];
                if (random.nextInt(4) == 0) {
                    delete(engine, key);
                } else {
                    put(engine, key, "v".repeat(random.nextInt(1_000)));
                }
            }
            // A key may be asked for twice.
            int[] numbers = random.ints(random.nextInt(150), 0, KEYS).toArray();
            List<String> found = getAll(engine, numbers);
            for (int i = 0; i < numbers.length; i++) {
                byte[] key = NAMES[numbers[i]];
                assertEquals(
                        text(engine.get(key, 0, key.length)), found.get(i), "key " + numbers[i]);
            }
        }
        engine.release();
    }

    @Test
    void shouldGiveUpAtLastWhenTheKeysAreWrittenAllTheTime() {
        StepMem mem = new StepMem(new HeapMem());
        Engine engine = TestEngine.open(mem, 0, false).engine;
        put(engine, NAMES[0], "a");
        int[] writes = new int[1];
        boolean[] inside = new boolean[1];
        // Before the reader's accesses somebody else, as it were, writes: each pass is in vain.
        mem.hook(
                (access, address, value) -> {
                    if (access == StepMem.Access.VOLATILE_LOAD && !inside[0]) {
                        inside[0] = true;
                        put(engine, NAMES[0], Integer.toString(writes[0]++));
                        inside[0] = false;
                    }
                });
        HotpairException e = assertThrows(HotpairException.class, () -> getAll(engine, 0, 1, 2));
        mem.unhook();
        assertEquals(HotpairException.Category.BUSY, e.category());
        // What was replaced meanwhile was not kept until the end: all of it does not fit.
        long replaced = writes[0] * 48L;
        assertTrue(replaced > 2 * engine.usedMemoryBytes(), "writes=" + writes[0]);
        assertEquals(3, getAll(engine, 0, 1, 2).size());
    }

    @Test
    void shouldBeLetThroughByThoseWhoWriteAllTheTime() throws Exception {
        Mem mem = Mem.platform();
        Engine engine = TestEngine.open(mem, 0, false).engine;
        int[] numbers = IntStream.range(0, 16).toArray();
        for (int number : numbers) {
            put(engine, NAMES[number], "0");
        }
        AtomicBoolean stop = new AtomicBoolean();
        ExecutorService writers = Executors.newFixedThreadPool(3);
        try {
            Future<?>[] futures = new Future<?>[3];
            for (int i = 0; i < futures.length; i++) {
                futures[i] = writers.submit(() -> raise(engine, numbers, stop));
            }
            long previous = 0;
            for (int i = 0; i < 2_000; i++) {
                previous = sumOf(getAll(engine, numbers), previous);
            }
            stop.set(true);
            for (Future<?> future : futures) {
                Object unused = future.get(60, TimeUnit.SECONDS);
            }
        } finally {
            stop.set(true);
            writers.shutdown();
            assertTrue(writers.awaitTermination(60, TimeUnit.SECONDS));
        }
        engine.release();
    }

    private static void raise(Engine engine, int[] numbers, AtomicBoolean stop) {
        IncrementString increment = new IncrementString();
        Outcome outcome = new Outcome();
        for (int i = 0; !stop.get(); i++) {
            byte[] key = NAMES[numbers[i % numbers.length]];
            assertTrue(engine.mutate(key, 0, key.length, increment.of(1), outcome));
        }
    }

    /** Counters only grow, so the sums of consistent reads do, too. */
    private static long sumOf(List<String> values, long atLeast) {
        long sum = 0;
        for (String value : values) {
            sum += Long.parseLong(value);
        }
        assertTrue(sum >= atLeast, sum + " after " + atLeast);
        return sum;
    }

    @Test
    void shouldWaitForWhoeverAsksButNotForEver() throws Exception {
        RightOfWay way = new RightOfWay();
        way.give();
        Thread asking = new Thread(way::ask);
        asking.start();
        asking.join();
        // It never comes to its end, and is forgotten; so another one may ask.
        way.give();
        way.ask();
        assertEquals("RightOfWay[asking=" + Thread.currentThread() + "]", way.toString());
        way.end();
        assertEquals("RightOfWay[asking=null]", way.toString());
    }
}
