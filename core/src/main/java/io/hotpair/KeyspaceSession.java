package io.hotpair;

import io.hotpair.internal.Core;
import io.hotpair.internal.Decision;
import io.hotpair.internal.Engine;
import io.hotpair.internal.Outcome;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The session on an engine: checks what the caller gives, and tells the log that it has work. */
final class KeyspaceSession implements Session {
    private final Core core;
    private final Engine engine;
    private final Outcome outcome = new Outcome();
    private @Nullable UserDecision userDecision;

    KeyspaceSession(Core core) {
        this.core = core;
        engine = core.engine();
    }

    Outcome outcome() {
        return outcome;
    }

    @Override
    public int get(byte[] key, int keyOffset, int keyLength, byte[] into, int offset) {
        checkKey(key, keyOffset, keyLength);
        Objects.checkIndex(offset, into.length + 1);
        return engine.get(key, keyOffset, keyLength, into, offset);
    }

    @Override
    public byte @Nullable [] get(byte[] key, int keyOffset, int keyLength) {
        checkKey(key, keyOffset, keyLength);
        return engine.get(key, keyOffset, keyLength);
    }

    @Override
    public int length(byte[] key, int keyOffset, int keyLength) {
        checkKey(key, keyOffset, keyLength);
        return engine.length(key, keyOffset, keyLength);
    }

    @Override
    public long deadlineMs(byte[] key, int keyOffset, int keyLength) {
        checkKey(key, keyOffset, keyLength);
        return engine.deadlineMs(key, keyOffset, keyLength);
    }

    @Override
    public byte @Nullable [][] getAll(byte[] keys, int[] keyOffsets, int[] keyLengths, int count) {
        for (int i = 0; i < count; i++) {
            checkKey(keys, keyOffsets[i], keyLengths[i]);
        }
        return engine.getAll(keys, keyOffsets, keyLengths, count);
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
        engine.put(key, keyOffset, keyLength, value, valueOffset, valueLength, deadlineMs, outcome);
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
            boolean changed = engine.update(key, keyOffset, keyLength, decision, outcome);
            core.signal();
            return changed;
        } finally {
            decision.giveBack();
        }
    }

    @Override
    public long increment(byte[] key, int keyOffset, int keyLength, long delta) {
        checkKey(key, keyOffset, keyLength);
        long sum = engine.increment(key, keyOffset, keyLength, delta, outcome);
        core.signal();
        return sum;
    }

    @Override
    public boolean delete(byte[] key, int keyOffset, int keyLength) {
        checkKey(key, keyOffset, keyLength);
        boolean deleted = engine.delete(key, keyOffset, keyLength, outcome);
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

    private static void checkValue(byte[] value, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, value.length);
        if (length > Keyspace.MAX_VALUE_LENGTH) {
            throw new IllegalArgumentException(
                    "valueLength=" + length + ", expected at most " + Keyspace.MAX_VALUE_LENGTH);
        }
    }

    private static void checkDeadline(long deadlineMs) {
        if (deadlineMs < 0) {
            throw new IllegalArgumentException(
                    "deadlineMs=" + deadlineMs + ", expected 0 for never or more");
        }
    }

    /** Lets a user's update decide. One for each session, and another for each nested call. */
    private static final class UserDecision implements Decision {
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
        public boolean decide(byte @Nullable [] current, long deadlineMs) {
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
        public byte @Nullable [] value() {
            return entry.value();
        }

        @Override
        public int valueOffset() {
            return entry.valueOffset();
        }

        @Override
        public int valueLength() {
            return entry.valueLength();
        }

        @Override
        public long deadlineMs() {
            return entry.deadlineMs();
        }
    }
}
