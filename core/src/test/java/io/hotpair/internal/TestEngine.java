package io.hotpair.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hotpair.Clock;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.topology.Lease;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** An engine whose operations are noted for {@link LogOrder}; each thread uses an own outcome. */
final class TestEngine {
    static final String ABSENT = "-";

    /** Time stands still, so that nothing depends on how long a test takes. */
    static final Clock STILL =
            new Clock() {
                @Override
                public long currentTimeMs() {
                    return 1;
                }

                @Override
                public long nanoTime() {
                    return 1;
                }
            };

    final Engine engine;
    final LogOrder order;

    private final @Nullable LogWriter writer;

    /**
     * Creates one.
     *
     * @param writer the log role; null if this plays it
     */
    TestEngine(Engine engine, LogOrder order, @Nullable LogWriter writer) {
        this.engine = engine;
        this.order = order;
        this.writer = writer;
    }

    static TestEngine open(Mem mem, int maxOperations, boolean withLog) {
        Engine engine = new Engine(mem, 8 << 20, MaxMemoryPolicy.NOEVICTION, withLog, STILL, 1);
        OperationRing ring = engine.ring();
        if (ring != null) {
            ring.reset(0);
        }
        engine.mode(Mode.master(1, Lease.permanent(STILL)));
        return new TestEngine(engine, new LogOrder(maxOperations), null);
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static String text(Edit edit, long record) {
        byte[] value = PutString.read(edit, record);
        return value == null ? ABSENT : new String(value, UTF_8);
    }

    private static String in(Map<String, String> state, String key) {
        return state.getOrDefault(key, ABSENT);
    }

    // ---- point operations

    String get(String key) {
        return order.note(
                "get " + key,
                state -> in(state, key),
                new Outcome(),
                () -> engine.read(bytes(key), TestEngine::text));
    }

    String put(String key, String value) {
        Outcome outcome = new Outcome();
        byte[] bytes = bytes(value);
        PutString mutation = new PutString().of(bytes, 0, bytes.length, 0);
        return order.note(
                "put " + key + "=" + value,
                state -> {
                    state.put(key, value);
                    return "ok";
                },
                outcome,
                () -> {
                    write(key, mutation, outcome);
                    return "ok";
                });
    }

    private boolean write(String key, Mutation mutation, Outcome outcome) {
        byte[] name = bytes(key);
        return engine.mutate(name, 0, name.length, mutation, outcome);
    }

    boolean putIfAbsent(String key, String value) {
        return replace(key, ABSENT, value);
    }

    /** Puts a value if the present one is as expected. */
    boolean replace(String key, String expected, String value) {
        Outcome outcome = new Outcome();
        return order.note(
                "replace " + key + "=" + value + " if " + expected,
                state -> {
                    boolean holds = in(state, key).equals(expected);
                    if (holds) {
                        state.put(key, value);
                    }
                    return holds;
                },
                outcome,
                () ->
                        write(
                                key,
                                (edit, current) ->
                                        text(edit, current).equals(expected)
                                                ? edit.string(bytes(value), 0, value.length(), 0)
                                                : Mutation.UNCHANGED,
                                outcome));
    }

    long increment(String key) {
        Outcome outcome = new Outcome();
        IncrementString mutation = new IncrementString().of(1);
        return order.note(
                "increment " + key,
                state -> {
                    String before = in(state, key);
                    long sum = (before.equals(ABSENT) ? 0 : Long.parseLong(before)) + 1;
                    state.put(key, Long.toString(sum));
                    return sum;
                },
                outcome,
                () -> {
                    write(key, mutation, outcome);
                    return mutation.sum();
                });
    }

    boolean delete(String key) {
        Outcome outcome = new Outcome();
        return order.note(
                "delete " + key,
                state -> state.remove(key) != null,
                outcome,
                () -> write(key, DeleteKey.DELETE, outcome));
    }

    /** Moves everything to other addresses, which nobody should notice. */
    String move() {
        move(engine);
        return "ok";
    }

    static void move(Engine engine) {
        Relocation everything = new Relocation(address -> true);
        int upper = 0;
        do {
            upper = engine.relocateSegment(upper, everything);
        } while (upper != 0);
    }

    // ---- several keys

    /** Both values, by a double collect. */
    String getBoth(String a, String b) {
        return order.note(
                "getBoth " + a + " " + b,
                state -> in(state, a) + "," + in(state, b),
                new Outcome(),
                () ->
                        engine.readAll(
                                new byte[][] {bytes(a), bytes(b)},
                                (edit, records) ->
                                        text(edit, records[0]) + "," + text(edit, records[1])));
    }

    /** Both values, by a transaction that only reads. */
    String readBoth(String a, String b) {
        Outcome outcome = new Outcome();
        return order.note(
                "readBoth " + a + " " + b,
                state -> in(state, a) + "," + in(state, b),
                outcome,
                () -> engine.transact(tx -> read(tx, a) + "," + read(tx, b), outcome));
    }

    private static String read(Executor executor, String key) {
        return executor.read(bytes(key), TestEngine::text);
    }

    private static void write(Executor executor, String key, String value) {
        byte[] bytes = bytes(value);
        boolean unused = executor.write(bytes(key), new PutString().of(bytes, 0, bytes.length, 0));
    }

    private static long number(String text) {
        return text.equals(ABSENT) ? 0 : Long.parseLong(text);
    }

    /** Takes one from a key and gives it to another, if there is one; an absent key counts as 0. */
    String transfer(String from, String to) {
        Outcome outcome = new Outcome();
        return order.note(
                "transfer " + from + " to " + to,
                state -> {
                    long left = number(in(state, from)) - 1;
                    if (left < 0) {
                        return "none";
                    }
                    state.put(from, Long.toString(left));
                    state.put(to, Long.toString(number(in(state, to)) + 1));
                    return Long.toString(left);
                },
                outcome,
                () -> engine.transact(tx -> transfer(tx, from, to), outcome));
    }

    private static String transfer(Executor tx, String from, String to) {
        long left = number(read(tx, from)) - 1;
        if (left < 0) {
            return "none";
        }
        write(tx, from, Long.toString(left));
        write(tx, to, Long.toString(number(read(tx, to)) + 1));
        return Long.toString(left);
    }

    /** Copies one key to another; the first one is only read. */
    String copy(String from, String to) {
        Outcome outcome = new Outcome();
        return order.note(
                "copy " + from + " to " + to,
                state -> {
                    state.put(to, in(state, from));
                    return in(state, from);
                },
                outcome,
                () ->
                        engine.transact(
                                tx -> {
                                    String value = read(tx, from);
                                    write(tx, to, value);
                                    return value;
                                },
                                outcome));
    }

    /**
     * Names of keys that stand in one segment, and have their home in its first bucket, but for the
     * last one, which has it in the second.
     */
    String[] neighbours(int count) {
        String[] keys = keys(0, count);
        keys[count - 1] = keys(1, 1)[0];
        return keys;
    }

    private String[] keys(int bucket, int count) {
        return IntStream.iterate(0, i -> i + 1)
                .mapToObj(i -> "n" + i)
                .filter(key -> isAt(bucket, engine.hash(bytes(key))))
                .limit(count)
                .toArray(String[]::new);
    }

    private static boolean isAt(int bucket, long hash) {
        return hash >= 0 && ((hash >>> 32) & 1) == bucket;
    }

    // ---- the log role

    String log() {
        if (writer != null) {
            writer.help(Long.MAX_VALUE);
            return "ok";
        }
        OperationRing ring = engine.ring();
        if (ring == null) {
            return "ok";
        }
        Stripe stripe = engine.stripes().enter();
        try {
            OperationRing.Next next = ring.peek();
            while (next != OperationRing.Next.NONE) {
                if (next == OperationRing.Next.RECORD) {
                    order.logged(ring.position());
                    engine.releaseEffect(stripe, ring.record());
                }
                if (next == OperationRing.Next.PENDING) {
                    // Whoever claimed it is slow, or stopped: nothing here can tell, nor need it.
                    ring.poison();
                } else {
                    ring.advance();
                }
                next = ring.peek();
            }
        } finally {
            engine.stripes().leave(stripe);
        }
        ring.release();
        return "ok";
    }

    // ---- afterwards

    /** Checks the order, and that memory holds what it gives. */
    void check() {
        String unused = log();
        Map<String, String> expected = order.check();
        Map<String, String> present = new TreeMap<>();
        engine.walk(
                record -> {
                    if (engine.live(record) != 0) {
                        Mem mem = engine.mem();
                        present.put(
                                new String(Records.key(mem, record), UTF_8),
                                new String(Records.value(mem, record), UTF_8));
                    }
                });
        if (!present.equals(expected)) {
            throw new AssertionError("memory holds " + present + ", the log says " + expected);
        }
        if (engine.ring() != null && writer == null) {
            order.checkLogged();
        }
    }
}
