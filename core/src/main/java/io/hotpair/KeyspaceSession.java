package io.hotpair;

import io.hotpair.internal.BlockingCommand;
import io.hotpair.internal.Core;
import io.hotpair.internal.DeleteKey;
import io.hotpair.internal.Engine;
import io.hotpair.internal.Executor;
import io.hotpair.internal.IncrementString;
import io.hotpair.internal.MultiReader;
import io.hotpair.internal.Mutation;
import io.hotpair.internal.Outcome;
import io.hotpair.internal.PutString;
import io.hotpair.internal.Reader;
import io.hotpair.internal.UpdateString;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The session on an engine: checks what the caller gives, and tells the log that it has work. */
final class KeyspaceSession extends ExecutorOperations implements Session, Executor {
    private final Core core;
    private final Engine engine;
    private final Acknowledgement level;
    private final Outcome outcome = new Outcome();
    private final PutString put = new PutString();
    private final IncrementString increment = new IncrementString();
    private @Nullable UserDecision userDecision;
    private ReadTrace nextTrace = ReadTrace.USE;
    private ReadTrace laterTrace = ReadTrace.USE;

    KeyspaceSession(Core core, Acknowledgement level) {
        this.core = core;
        this.level = level;
        engine = core.engine();
    }

    Outcome outcome() {
        return outcome;
    }

    @Override
    Executor executor() {
        return this;
    }

    @Override
    public int get(byte[] key, int keyOffset, int keyLength, byte[] into, int offset) {
        checkKey(key, keyOffset, keyLength);
        Objects.checkIndex(offset, into.length + 1);
        return engine.get(key, keyOffset, keyLength, into, offset, takeTrace());
    }

    @Override
    public byte @Nullable [] get(byte[] key, int keyOffset, int keyLength) {
        checkKey(key, keyOffset, keyLength);
        return engine.get(key, keyOffset, keyLength, takeTrace());
    }

    @Override
    public int length(byte[] key, int keyOffset, int keyLength) {
        checkKey(key, keyOffset, keyLength);
        return engine.length(key, keyOffset, keyLength, takeTrace());
    }

    @Override
    public long deadlineMs(byte[] key, int keyOffset, int keyLength) {
        checkKey(key, keyOffset, keyLength);
        return engine.deadlineMs(key, keyOffset, keyLength, takeTrace());
    }

    @Override
    public byte @Nullable [][] getAll(byte[] keys, int[] keyOffsets, int[] keyLengths, int count) {
        for (int i = 0; i < count; i++) {
            checkKey(keys, keyOffsets[i], keyLengths[i]);
        }
        return engine.getAll(keys, keyOffsets, keyLengths, count, takeTrace());
    }

    @Override
    public void prefetch(byte[] keys, int[] keyOffsets, int[] keyLengths, int count) {
        for (int i = 0; i < count; i++) {
            checkKey(keys, keyOffsets[i], keyLengths[i]);
        }
        engine.prefetch(keys, keyOffsets, keyLengths, count);
    }

    @Override
    public void put(
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] value,
            int valueOffset,
            int valueLength,
            long deadlineMs) {
        checkKey(key, keyOffset, keyLength);
        checkValue(value, valueOffset, valueLength);
        checkDeadline(deadlineMs);
        Mutation mutation = put.of(value, valueOffset, valueLength, deadlineMs);
        boolean unused = engine.mutate(key, keyOffset, keyLength, mutation, outcome);
        core.signal();
    }

    @Override
    public boolean update(byte[] key, int keyOffset, int keyLength, StringUpdate update) {
        checkKey(key, keyOffset, keyLength);
        Objects.requireNonNull(update, "update");
        UserDecision decision = userDecision;
        if (decision == null) {
            decision = new UserDecision();
            userDecision = decision;
        }
        decision = decision.take(update);
        try {
            boolean changed = engine.mutate(key, keyOffset, keyLength, decision, outcome);
            core.signal();
            return changed;
        } finally {
            decision.giveBack();
        }
    }

    @Override
    public long increment(byte[] key, int keyOffset, int keyLength, long delta) {
        checkKey(key, keyOffset, keyLength);
        boolean unused = engine.mutate(key, keyOffset, keyLength, increment.of(delta), outcome);
        core.signal();
        return increment.sum();
    }

    @Override
    public boolean delete(byte[] key, int keyOffset, int keyLength) {
        checkKey(key, keyOffset, keyLength);
        boolean deleted = engine.mutate(key, keyOffset, keyLength, DeleteKey.DELETE, outcome);
        core.signal();
        return deleted;
    }

    @Override
    public long scan(long cursor, int count, Consumer<byte[]> consumer) {
        if (count < 1) {
            throw new IllegalArgumentException("count=" + count + ", expected 1 or more");
        }
        return engine.scan(cursor, count, consumer);
    }

    @Override
    public byte @Nullable [] randomKey() {
        return engine.randomKey();
    }

    @Override
    public <R> R read(byte[] key, Reader<R> reader) {
        checkKey(key, 0, key.length);
        return engine.read(key, reader, takeTrace());
    }

    @Override
    public boolean write(byte[] key, Mutation mutation) {
        checkKey(key, 0, key.length);
        boolean changed = engine.mutate(key, 0, key.length, mutation, outcome);
        core.signal();
        return changed;
    }

    @Override
    public <R> R readAll(byte[][] keys, MultiReader<R> reader) {
        checkKeys(keys);
        return engine.readAll(keys, reader, takeTrace());
    }

    @Override
    public <R> R transact(Function<Executor, R> body) {
        R result = engine.transact(body, outcome);
        core.signal();
        return result;
    }

    @Override
    public <R> @Nullable R block(BlockingCommand<R> command, Duration timeout) {
        checkKeys(command.keys());
        return core.blockingCalls().await(command, timeout, this, outcome);
    }

    @Override
    public <R> CompletableFuture<@Nullable R> blockAsync(
            BlockingCommand<R> command, Duration timeout) {
        checkKeys(command.keys());
        // Its attempts are made while this session goes on.
        KeyspaceSession own = new KeyspaceSession(core, level);
        own.origin(outcome.origin());
        own.readTrace(nextTrace, laterTrace);
        return core.blockingCalls().start(command, timeout, own, own.outcome, level);
    }

    @Override
    public long version(byte[] key) {
        checkKey(key, 0, key.length);
        return engine.version(key);
    }

    @Override
    public <R> R transaction(Function<TransactionView, R> body) {
        return transact(executor -> body.apply(new ExecutorView(executor)));
    }

    static void checkKeys(byte[][] keys) {
        for (byte[] key : keys) {
            checkKey(key, 0, key.length);
        }
    }

    @Override
    public void readTrace(ReadTrace next, ReadTrace later) {
        Objects.requireNonNull(next, "next");
        Objects.requireNonNull(later, "later");
        nextTrace(next);
        if (laterTrace != later) {
            laterTrace = later;
        }
    }

    /** What the read leaves behind that is about to be made. */
    private ReadTrace takeTrace() {
        ReadTrace present = nextTrace;
        nextTrace(laterTrace);
        return present;
    }

    /** A collector's barrier makes a store of a reference dearer than to look first. */
    private void nextTrace(ReadTrace trace) {
        if (nextTrace != trace) {
            nextTrace = trace;
        }
    }

    @Override
    public void origin(@Nullable Object origin) {
        outcome.origin(origin);
    }

    @Override
    public long lastOpId() {
        return outcome.opId();
    }

    @Override
    public long lastTerm() {
        return outcome.term();
    }

    static void checkKey(byte[] key, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, key.length);
        if (length > Keyspace.MAX_KEY_LENGTH) {
            throw new IllegalArgumentException(
                    "keyLength=" + length + ", expected at most " + Keyspace.MAX_KEY_LENGTH);
        }
    }

    static void checkValue(byte[] value, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, value.length);
        if (length > Keyspace.MAX_VALUE_LENGTH) {
            throw new IllegalArgumentException(
                    "valueLength=" + length + ", expected at most " + Keyspace.MAX_VALUE_LENGTH);
        }
    }

    static void checkDeadline(long deadlineMs) {
        if (deadlineMs < 0) {
            throw new IllegalArgumentException(
                    "deadlineMs=" + deadlineMs + ", expected 0 for never or more");
        }
    }

    /** Lets a user's update decide. One for each session, and another for each nested call. */
    static final class UserDecision extends UpdateString {
        private final StringEntry entry = new StringEntry();
        private @Nullable StringUpdate update;

        UserDecision take(StringUpdate forUpdate) {
            UserDecision free = update == null ? this : new UserDecision();
            free.update = forUpdate;
            return free;
        }

        void giveBack() {
            update = null;
            entry.reset(null, 0);
        }

        @Override
        protected boolean decide(byte @Nullable [] current, long deadlineMs) {
            entry.reset(current, deadlineMs);
            Objects.requireNonNull(update, "update").apply(entry);
            byte[] value = entry.value();
            if (value != null) {
                checkValue(value, entry.valueOffset(), entry.valueLength());
                checkDeadline(entry.deadlineMs());
            }
            return entry.changed();
        }

        @Override
        protected byte @Nullable [] value() {
            return entry.value();
        }

        @Override
        protected int valueOffset() {
            return entry.valueOffset();
        }

        @Override
        protected int valueLength() {
            return entry.valueLength();
        }

        @Override
        protected long deadlineMs() {
            return entry.deadlineMs();
        }
    }
}
