package io.hotpair.internal;

import static io.hotpair.internal.TestEngine.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.FieldExpiry;
import io.hotpair.HashOperations.FieldCondition;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceConfig;
import io.hotpair.MemoryReport;
import io.hotpair.MemoryReportOptions;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A value is measured in any number of steps, with the same result. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FootprintTest {
    private static final KeyspaceConfig CONFIG =
            Keyspace.builder().inMemory().maxMemory(64 << 20).build();
    private static final byte[] KEY = bytes("key");
    private static final int ELEMENTS = 20_000;
    private static final byte[][] NAMES = names(0, ELEMENTS);

    private final Core core = Core.open(CONFIG);
    private final Engine engine = core.engine();
    private final Executor executor = new FaultRun.Direct(engine);

    /** A large value of each kind. */
    enum Large {
        STRING_OF_CHUNKS,
        HASH,
        HASH_WITH_DEADLINES,
        LIST,
        SET,
        ZSET,
        STREAM
    }

    private static byte[][] names(int from, int to) {
        byte[][] names = new byte[to - from][];
        for (int i = from; i < to; i++) {
            names[i - from] = bytes(String.format(Locale.ROOT, "name-%06d", i));
        }
        return names;
    }

    private void make(Large large) {
        switch (large) {
            case STRING_OF_CHUNKS -> new StringCommands(executor).setRange(KEY, 10_000_000, KEY);
            case HASH -> new HashCommands(executor).hset(KEY, NAMES);
            case HASH_WITH_DEADLINES ->
                    new HashCommands(executor)
                            .hsetex(
                                    KEY,
                                    FieldCondition.ALWAYS,
                                    FieldExpiry.in(Duration.ofHours(1)),
                                    NAMES);
            case LIST -> new ListCommands(executor).rpush(KEY, NAMES);
            case SET -> new SetCommands(executor).sadd(KEY, NAMES);
            case ZSET -> {
                for (int i = 0; i < NAMES.length; i++) {
                    new SortedSetCommands(executor).zadd(KEY, i % 100, NAMES[i]);
                }
            }
            case STREAM -> {
                for (byte[] name : NAMES) {
                    new StreamCommands(executor).xadd(KEY, name, name);
                }
            }
        }
    }

    @AfterEach
    void close() {
        core.close();
    }

    /** What a tree takes, by going through it as a whole. */
    private long tree(Mem mem, long node) {
        if (node == 0) {
            return 0;
        }
        long header = mem.getLong(node);
        long sum = engine.occupiedBytes(Tree.nodeLength(header));
        for (int i = 0; Tree.level(header) > 0 && i < Tree.nodeCount(header); i++) {
            sum += tree(mem, Tree.child(mem, node, i));
        }
        return sum;
    }

    private long expected() {
        return engine.inspect(
                KEY,
                (edit, record) -> {
                    Mem mem = edit.mem();
                    assertTrue(Records.isTree(mem, record));
                    return engine.occupiedBytes(Records.blockLength(mem, record))
                            + tree(mem, mem.getLong(Records.value(mem, record, 0)))
                            + tree(mem, Records.secondTree(mem, record));
                });
    }

    private MemoryReport report(int stepNodes) {
        return new MemoryWalk(engine, MemoryReportOptions.defaults(), stepNodes).run();
    }

    @ParameterizedTest
    @EnumSource(Large.class)
    void shouldMeasureTheSameInAnyNumberOfSteps(Large large) {
        make(large);
        long expected = expected();
        for (int stepNodes : new int[] {1, 2, 3, 31, 32, 33, 500, 1 << 30}) {
            assertEquals(
                    OptionalLong.of(expected),
                    MemoryWalk.usage(engine, KEY, stepNodes),
                    "stepNodes=" + stepNodes);
            assertEquals(expected, report(stepNodes).live().memoryBytes());
        }
    }

    /** Nobody stays in an epoch for a whole value. */
    @ParameterizedTest
    @EnumSource(Large.class)
    void shouldLookAtFewNodesInAStep(Large large) {
        make(large);
        Footprint footprint = new Footprint(engine);
        int steps = 0;
        boolean done = false;
        while (!done) {
            done = engine.inspect(KEY, (edit, record) -> footprint.step(edit, record, 10));
            assertTrue(footprint.nodesLeft() > -10, "nodesLeft=" + footprint.nodesLeft());
            steps++;
        }
        assertTrue(steps > 1, "steps=" + steps);
        assertEquals(expected(), footprint.memoryBytes());
    }

    private boolean step(Footprint footprint) {
        return engine.inspect(KEY, (edit, record) -> footprint.step(edit, record, 20));
    }

    @Test
    void shouldComeToAnEndThoughSomebodyAppendsFaster() {
        make(Large.LIST);
        long expected = expected();
        Footprint footprint = new Footprint(engine);
        int steps = 0;
        while (!step(footprint)) {
            new ListCommands(executor).rpush(KEY, names(0, 2_000));
            steps++;
            assertTrue(steps < 1_000, "steps=" + steps);
        }
        assertTrue(steps > 10, "steps=" + steps);
        // What was there at first, and the ways to it, which grew a little.
        assertEquals(1.0, (double) footprint.memoryBytes() / expected, 0.05);
    }

    @Test
    void shouldGoOnInAValueThatShrinks() {
        make(Large.LIST);
        Footprint footprint = new Footprint(engine);
        assertFalse(step(footprint));
        new ListCommands(executor).ltrim(KEY, 0, 100);
        assertTrue(step(footprint));
    }

    @Test
    void shouldBeginAnewWithAValueOfAnotherType() {
        make(Large.LIST);
        Footprint footprint = new Footprint(engine);
        assertFalse(step(footprint));
        new KeyCommands(executor).del(KEY);
        make(Large.SET);
        while (!step(footprint)) {
            // It is measured to its end.
        }
        assertEquals(expected(), footprint.memoryBytes());
        assertEquals(Records.SET, footprint.type());
    }

    @Test
    void shouldSayThatAKeyIsGoneThatGoesMeanwhile() {
        make(Large.LIST);
        Footprint footprint = new Footprint(engine);
        assertFalse(step(footprint));
        boolean done = engine.inspect(KEY, (edit, record) -> footprint.step(edit, 0, 20));
        assertTrue(done);
        assertEquals(0, footprint.type());
    }

    @Test
    void shouldShareTheNodesOfASegmentsEpochAmongItsKeys() {
        for (int i = 0; i < 200; i++) {
            new SetCommands(executor).sadd(bytes("set:" + i), names(0, 1_000 + i));
        }
        MemoryReport whole = report(1 << 30);
        assertEquals(200, whole.live().keyCount());
        assertEquals(200 * 1_000 + 199 * 100, whole.live().elementCount());
        for (int stepNodes : new int[] {1, 100, 1_000}) {
            MemoryReport inSteps = report(stepNodes);
            assertEquals(whole.live(), inSteps.live());
            assertEquals(whole.roundingBytes(), inSteps.roundingBytes());
            assertEquals(whole.types(), inSteps.types());
            ToLongFunction<MemoryReport> biggest =
                    report -> report.biggestKeys().get(0).memoryBytes();
            assertEquals(biggest.applyAsLong(whole), biggest.applyAsLong(inSteps));
        }
    }
}
