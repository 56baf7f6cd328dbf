package io.hotpair.internal;

import static io.hotpair.internal.TestEngine.bytes;

import io.hotpair.MaxMemoryPolicy;
import io.hotpair.Progress;
import io.hotpair.log.MemoryLog;
import io.hotpair.topology.Lease;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One operation in whose middle an error is thrown. It happened or it did not; in both cases the
 * log says the same, every block is accounted for, and the keyspace goes on. Loaded anew for each
 * {@link Variant}.
 */
final class FaultRun {
    private static final long MAX_MEMORY = 16 << 20;
    private static final int FILLED = 5;

    /** What is done. */
    @SuppressWarnings("ImmutableEnumChecker")
    enum Operation {
        PUT_NEW(on -> put(on, "new", "v")),
        PUT_OVER_A_STRING(on -> put(on, "string", "v")),
        PUT_OVER_A_TREE(on -> put(on, "tree", "v")),
        PUT_A_REGION(on -> put(on, "new", "v".repeat(300_000))),
        INCREMENT(on -> use(on.write(bytes("number"), new IncrementString().of(1)))),
        DELETE_A_STRING(on -> use(on.write(bytes("string"), DeleteKey.DELETE))),
        DELETE_A_TREE(on -> use(on.write(bytes("tree"), DeleteKey.DELETE))),
        HSET_NEW(on -> hset(on, "new", 1)),
        HSET_OF_A_SMALL_HASH(on -> hset(on, "hash", 1)),
        HSET_THAT_BECOMES_A_TREE(on -> hset(on, "hash", 80)),
        HSET_OF_A_TREE(on -> hset(on, "tree", 40)),
        HDEL_OF_A_TREE(on -> hdel(on, "tree", 30)),
        RENAME(on -> use(new KeyCommands(on).rename(bytes("tree"), bytes("string")))),
        COPY(on -> use(new KeyCommands(on).copy(bytes("tree"), bytes("new"), false))),
        EXPIRE(on -> expire(on)),
        MOVE(on -> TestEngine.move(((Direct) on).engine())),
        TRANSACTION(
                on -> {
                    int done =
                            on.transact(
                                    tx -> {
                                        put(tx, "new", "v");
                                        put(tx, "new 2", "v".repeat(2_000));
                                        hset(tx, "hash", 2);
                                        hset(tx, "tree", 2);
                                        use(tx.write(bytes("string"), DeleteKey.DELETE));
                                        return 1;
                                    });
                    use(done);
                });

        final Consumer<Executor> body;

        Operation(Consumer<Executor> body) {
            this.body = body;
        }
    }

    /** What runs operations on an engine, outside of any transaction. */
    record Direct(Engine engine) implements Executor {
        @Override
        public <R> R read(byte[] key, Reader<R> reader) {
            return engine.read(key, reader);
        }

        @Override
        public <R> R readAll(byte[][] keys, MultiReader<R> reader) {
            return engine.readAll(keys, reader);
        }

        @Override
        public boolean write(byte[] key, Mutation mutation) {
            return engine.mutate(key, 0, key.length, mutation, new Outcome());
        }

        @Override
        public <R> R transact(Function<Executor, R> body) {
            return engine.transact(body, new Outcome());
        }
    }

    private final MemoryLog log = new MemoryLog();
    private final Engine engine =
            new Engine(
                    new HeapMem(),
                    MAX_MEMORY,
                    MaxMemoryPolicy.NOEVICTION,
                    true,
                    TestEngine.STILL,
                    1_000_000_000);
    private final RoleSwitch roles = roles(engine, log);
    private final Executor executor = new Direct(engine);
    private final long blocksAtStart = Faults.blocks();

    private FaultRun() {
        roles.openAlone(Lease.permanent(TestEngine.STILL));
        put(executor, "string", "s");
        put(executor, "number", "41");
        hset(executor, "hash", 3);
        hset(executor, "tree", 80);
        String[] keys = new TestEngine(engine, new LogOrder(), null).neighbours(FILLED + 1);
        for (int i = 0; i < FILLED; i++) {
            put(executor, keys[i], "v");
        }
        settle();
    }

    private static RoleSwitch roles(Engine engine, MemoryLog log) {
        OperationRing ring = engine.ring();
        if (ring == null) {
            throw new IllegalStateException("ring=null, expected one");
        }
        return new RoleSwitch(
                "test",
                Path.of("test"),
                engine,
                ring,
                log,
                TestEngine.STILL,
                Thread::new,
                Long.MAX_VALUE);
    }

    private static void use(Object result) {
        if (result.equals("?")) {
            throw new AssertionError(result);
        }
    }

    private static void put(Executor on, String key, String value) {
        byte[] bytes = bytes(value);
        use(on.write(bytes(key), new PutString().of(bytes, 0, bytes.length, 0)));
    }

    private static void hset(Executor on, String key, int count) {
        byte[][] pairs = new byte[2 * count][];
        for (int i = 0; i < count; i++) {
            pairs[2 * i] = bytes("field " + i);
            pairs[2 * i + 1] = bytes("a value of some length " + key.length());
        }
        use(new HashCommands(on).hset(bytes(key), pairs));
    }

    private static void hdel(Executor on, String key, int count) {
        byte[][] fields = new byte[count][];
        for (int i = 0; i < count; i++) {
            fields[i] = bytes("field " + i);
        }
        use(new HashCommands(on).hdel(bytes(key), fields));
    }

    private static void expire(Executor on) {
        use(on.write(bytes("tree"), (edit, current) -> edit.withDeadline(current, 1_000_000)));
    }

    /** Lets the log take everything, and the memory that nobody reaches any more come back. */
    private void settle() {
        roles.writer().help(Long.MAX_VALUE);
        try {
            Field field = Engine.class.getDeclaredField("slab");
            field.setAccessible(true);
            Slab slab = (Slab) field.get(engine);
            Stripes stripes = engine.stripes();
            for (int i = 0; i < 4 * stripes.count(); i++) {
                if (!stripes.claim(i % stripes.count())) {
                    throw new AssertionError("a stripe is still held");
                }
                Stripe stripe = stripes.stripe(i % stripes.count());
                slab.reclaim(stripe);
                stripes.leave(stripe);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<Stripe> claimUsed() {
        List<Stripe> claimed = new ArrayList<>();
        Stripes stripes = engine.stripes();
        for (int i = 0; i < stripes.count(); i++) {
            if (stripes.stripe(i).edit != null && stripes.claim(i)) {
                claimed.add(stripes.stripe(i));
            }
        }
        return claimed;
    }

    /** Blocks but for the records in the index: tombstones stay there until it is rebuilt. */
    private long blocks() {
        long[] records = new long[1];
        engine.walk(record -> records[0]++);
        return Faults.blocks() - blocksAtStart - records[0];
    }

    /** What can be seen of a keyspace, and what it takes. */
    private String state() {
        settle();
        long[] keys = new long[1];
        engine.walk(record -> keys[0] += engine.live(record) == 0 ? 0 : 1);
        settle();
        Engine replayed =
                new Engine(
                        new HeapMem(),
                        MAX_MEMORY,
                        MaxMemoryPolicy.NOEVICTION,
                        true,
                        TestEngine.STILL,
                        1);
        long before = Faults.blocks();
        if (!roles(replayed, log).replay(new OpeningProgress(Progress.NONE))) {
            throw new AssertionError("not replayed");
        }
        Faults.blocks((int) (before - Faults.blocks()));
        return "digest="
                + engine.digest()
                + " log="
                + replayed.digest()
                + " keys="
                + keys[0]
                + " counted="
                + engine.sum(Engine.Counter.KEYS);
    }

    /**
     * Runs it.
     *
     * @param k the allocation at which the error is thrown
     * @param again whether it is thrown again, by what ends the operation then
     * @return whether there were so many
     */
    static boolean run(String name, long k, Error error, boolean again) {
        Operation operation = Operation.valueOf(name);
        FaultRun undisturbed = new FaultRun();
        String before = undisturbed.state();
        long blocksBefore = undisturbed.blocks();
        operation.body.accept(undisturbed.executor);
        String after = undisturbed.state();
        long blocksAfter = undisturbed.blocks();
        FaultRun run = new FaultRun();
        Runnable thrower =
                () -> {
                    throw error;
                };
        Faults.arm(
                k,
                () -> {
                    if (again) {
                        Faults.armEnd(thrower);
                    }
                    thrower.run();
                });
        boolean reached;
        // So the operation has a stripe that was never used.
        List<Stripe> used = run.claimUsed();
        try {
            operation.body.accept(run.executor);
            reached = !Faults.disarm();
        } catch (OutOfMemoryError | StackOverflowError e) {
            boolean unused = Faults.disarm();
            if (e != error) {
                throw e;
            }
            reached = true;
        } finally {
            Faults.armEnd(() -> {});
            used.forEach(run.engine.stripes()::leave);
            if (again) {
                run.finish(used);
            }
        }
        String where = name + " k=" + k + ": ";
        String state = run.state();
        require(state.equals(before) || state.equals(after), where + state);
        long expected = state.equals(after) ? blocksAfter : blocksBefore;
        require(run.blocks() == expected, where + run.blocks() + " blocks, not " + expected);
        if (!state.equals(after)) {
            operation.body.accept(run.executor);
            require(run.state().equals(after), where + "done again: " + run.state());
            require(run.blocks() == blocksAfter, where + "done again: " + run.blocks());
        }
        return reached;
    }

    /** Has another operation on the same stripe do what was left to do. */
    private void finish(List<Stripe> others) {
        Stripes stripes = engine.stripes();
        stripes.advance();
        long unused = stripes.safeEpoch();
        others.forEach(other -> require(stripes.claim(other.index), "a stripe is held"));
        require(!executor.write(bytes("none"), DeleteKey.DELETE), "deleted what is absent");
        others.forEach(stripes::leave);
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
