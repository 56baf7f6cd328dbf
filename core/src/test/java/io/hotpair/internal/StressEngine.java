package io.hotpair.internal;

import io.hotpair.MaxMemoryPolicy;
import io.hotpair.topology.Lease;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An engine on the memory of this JVM for the tests of jcstress. Values are numbers. Nothing is
 * noted of what is done: a note in common would order what the memory model leaves unordered.
 *
 * <p>Many states share one, each with keys of its own, so that a state costs a few writes. Keys are
 * used again long after their state is gone.
 */
final class StressEngine {
    static final long ABSENT = -1;

    private static final int KEYS = 1 << 15;
    private static final long MAX_MEMORY_BYTES = 64 << 20;
    private static final long WRITE_TIMEOUT_NS = 60_000_000_000L;

    /** More than this in the ring is taken out, before and after each write: it may be short. */
    private static final int UNTAKEN = 8;

    final Engine engine;

    private final AtomicInteger nextKey = new AtomicInteger();
    private final ReentrantLock logRole = new ReentrantLock();

    private StressEngine(boolean withLog, long maxMemoryBytes) {
        engine =
                new Engine(
                        Mem.platform(),
                        maxMemoryBytes,
                        MaxMemoryPolicy.NOEVICTION,
                        withLog,
                        TestEngine.STILL,
                        WRITE_TIMEOUT_NS);
        OperationRing ring = engine.ring();
        if (ring != null) {
            ring.reset(0);
        }
        engine.mode(Mode.master(1, Lease.permanent(TestEngine.STILL)));
    }

    /** One for many states. */
    static StressEngine shared(boolean withLog) {
        return new StressEngine(withLog, MAX_MEMORY_BYTES);
    }

    /** One for a single state, which closes it. */
    static StressEngine small() {
        return new StressEngine(false, 1 << 20);
    }

    void close() {
        engine.release();
    }

    /** A key that no other state uses, with a value, or {@link #ABSENT}. */
    byte[] key(long value) {
        byte[] key = TestEngine.bytes("key" + nextKey.getAndIncrement() % KEYS);
        if (value == ABSENT) {
            boolean unused = delete(key);
        } else {
            long unused = put(key, value);
        }
        return key;
    }

    // ---- operations

    private static byte[] bytes(long value) {
        return TestEngine.bytes(Long.toString(value));
    }

    private static long value(Edit edit, long record) {
        byte[] value = PutString.read(edit, record);
        if (value == null) {
            return ABSENT;
        }
        long number = 0;
        for (byte digit : value) {
            number = 10 * number + digit - '0';
        }
        return number;
    }

    private static long write(Edit edit, long value) {
        byte[] bytes = bytes(value);
        return edit.string(bytes, 0, bytes.length, 0);
    }

    long get(byte[] key) {
        long value = engine.read(key, StressEngine::value);
        logIfNeeded();
        return value;
    }

    /** Both values as of one moment. */
    long[] getBoth(byte[] a, byte[] b) {
        long[] both =
                engine.readAll(
                        new byte[][] {a, b},
                        (edit, records) ->
                                new long[] {value(edit, records[0]), value(edit, records[1])});
        logIfNeeded();
        return both;
    }

    /** Sets a value; returns the opId. */
    long put(byte[] key, long value) {
        return change(key, before -> value);
    }

    /** Adds to a value, an absent one counting as 0; returns the opId. */
    long add(byte[] key, long delta, long @Nullable [] sum) {
        return change(
                key,
                before -> {
                    long after = Math.max(0, before) + delta;
                    if (sum != null) {
                        sum[0] = after;
                    }
                    return after;
                });
    }

    /** Adds to a value; returns the sum. */
    long add(byte[] key, long delta) {
        long[] sum = new long[1];
        long unused = add(key, delta, sum);
        return sum[0];
    }

    boolean putIfAbsent(byte[] key, long value) {
        return change(key, before -> before == ABSENT ? value : ABSENT) != 0;
    }

    /** Sets a value that depends on the present one; {@link #ABSENT} leaves it alone. */
    private long change(byte[] key, LongUnaryOperator change) {
        logIfNeeded();
        Outcome outcome = new Outcome();
        boolean changed =
                engine.mutate(
                        key,
                        0,
                        key.length,
                        (edit, current) -> {
                            long after = change.applyAsLong(value(edit, current));
                            return after == ABSENT ? Mutation.UNCHANGED : write(edit, after);
                        },
                        outcome);
        logIfNeeded();
        return changed ? outcome.opId() : 0;
    }

    boolean delete(byte[] key) {
        logIfNeeded();
        boolean deleted = engine.mutate(key, 0, key.length, DeleteKey.DELETE, new Outcome());
        logIfNeeded();
        return deleted;
    }

    /** Takes one from a key and gives it to another. */
    boolean transfer(byte[] from, byte[] to) {
        logIfNeeded();
        boolean done =
                engine.transact(tx -> addIn(tx, from, -1) && addIn(tx, to, 1), new Outcome());
        logIfNeeded();
        return done;
    }

    private static boolean addIn(Executor tx, byte[] key, long delta) {
        return tx.write(
                key, (edit, current) -> write(edit, Math.max(0, value(edit, current)) + delta));
    }

    /** How many records there are of a key, dead or alive. */
    int recordCount(byte[] key) {
        int[] count = new int[1];
        engine.walk(
                record ->
                        count[0] += Arrays.equals(Records.key(engine.mem(), record), key) ? 1 : 0);
        return count[0];
    }

    // ---- the log role

    /**
     * Called before and after everything. Whoever had claimed a position that the log role waits
     * for looks afterwards, so nobody waits for room for ever.
     */
    private void logIfNeeded() {
        OperationRing ring = engine.ring();
        if (ring != null && ring.lastOpId() - ring.takenOpId() > UNTAKEN) {
            logRole.lock();
            try {
                log(ring);
            } finally {
                logRole.unlock();
            }
        }
    }

    private void log(OperationRing ring) {
        Stripe stripe = engine.stripes().enter();
        try {
            OperationRing.Next next = ring.peek();
            while (next == OperationRing.Next.RECORD || next == OperationRing.Next.GAP) {
                if (next == OperationRing.Next.RECORD) {
                    engine.releaseEffect(stripe, ring.record());
                }
                ring.advance();
                next = ring.peek();
            }
        } finally {
            engine.stripes().leave(stripe);
        }
        ring.release();
    }
}
