package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hotpair.Session.ReadTrace;
import io.hotpair.internal.BlockingCommand;
import io.hotpair.internal.Core;
import io.hotpair.internal.Engine;
import io.hotpair.internal.Executor;
import io.hotpair.internal.Mode;
import io.hotpair.internal.MultiReader;
import io.hotpair.internal.Mutation;
import io.hotpair.internal.Reader;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What can be done with the keys of a {@link Keyspace}, which is itself one of these: its writes
 * return at the level that it was opened with. {@link Keyspace#at} gives those of another level, on
 * the same keys. Thread-safe; usable from virtual threads.
 *
 * <p>Every write may throw {@link HotpairException}: with {@code MEMORY_LIMIT}, {@code NOT_MASTER},
 * {@code NOT_ENOUGH_REPLICAS} or {@code LOG_FAILED} nothing was changed; with {@code
 * OUTCOME_UNKNOWN} the change is made but its level was not reached in time. A key has at most
 * {@link Keyspace#MAX_KEY_LENGTH} bytes and a value at most {@link Keyspace#MAX_VALUE_LENGTH}:
 * longer ones are refused with {@link IllegalArgumentException}. After {@link Keyspace#close()}
 * whatever reads or writes keys throws {@link IllegalStateException}.
 */
public sealed class KeyspaceOperations extends ExecutorOperations permits Keyspace {
    private static final int CLEARED_AT_ONCE = 256;

    final Core core;
    final Engine engine;
    private final Acknowledgement level;
    private final Executor executor = new WaitingExecutor();

    KeyspaceOperations(Core core, Acknowledgement level) {
        this.core = core;
        engine = core.engine();
        this.level = level;
    }

    /**
     * How far a write has come when it returns.
     *
     * @return the level
     */
    public Acknowledgement acknowledgement() {
        return level;
    }

    /**
     * A handle for a caller that works on parts of arrays and waits for acknowledgements itself.
     *
     * @return a new session
     */
    public Session session() {
        return newSession();
    }

    /**
     * Reads a value.
     *
     * @param key the key
     * @return the value, the caller's own, or null if the key is absent
     */
    public byte @Nullable [] get(byte[] key) {
        Mode before = engine.mode();
        KeyspaceSession.checkKey(key, 0, key.length);
        byte[] value = engine.get(key, 0, key.length);
        core.checkRead(before);
        return value;
    }

    /**
     * Reads a value as text in UTF-8.
     *
     * @param key the key, in UTF-8
     * @return the value, or null if the key is absent
     */
    public @Nullable String get(String key) {
        byte[] value = get(key.getBytes(UTF_8));
        return value == null ? null : new String(value, UTF_8);
    }

    /**
     * Reads a value into an array. Allocates nothing.
     *
     * @param key the key
     * @param into receives the value, if it fits behind the offset; else nothing is copied
     * @param offset where to put it
     * @return the value's length in bytes, or {@link Session#ABSENT}
     */
    public int get(byte[] key, byte[] into, int offset) {
        Mode before = engine.mode();
        KeyspaceSession.checkKey(key, 0, key.length);
        Objects.checkIndex(offset, into.length + 1);
        int length = engine.get(key, 0, key.length, into, offset, ReadTrace.USE);
        core.checkRead(before);
        return length;
    }

    /**
     * Whether a key is there, whatever it holds.
     *
     * @param key the key
     * @return whether it is
     */
    public boolean containsKey(byte[] key) {
        return deadlineMs(key) != Session.ABSENT;
    }

    /**
     * Whether a key is there, whatever it holds.
     *
     * @param key the key, in UTF-8
     * @return whether it is
     */
    public boolean containsKey(String key) {
        return containsKey(key.getBytes(UTF_8));
    }

    /**
     * Sets a value without a deadline, whatever was there.
     *
     * @param key the key
     * @param value the value
     */
    public void put(byte[] key, byte[] value) {
        KeyspaceSession session = newSession();
        session.put(key, 0, key.length, value, 0, value.length, Session.NEVER);
        await(session);
    }

    /**
     * Sets a value without a deadline, whatever was there.
     *
     * @param key the key, in UTF-8
     * @param value the value, in UTF-8
     */
    public void put(String key, String value) {
        put(key.getBytes(UTF_8), value.getBytes(UTF_8));
    }

    /**
     * Sets a value that expires.
     *
     * @param key the key
     * @param value the value
     * @param timeToLive how long from now, at least a millisecond
     */
    public void put(byte[] key, byte[] value, Duration timeToLive) {
        long nowMs = core.config().clock().currentTimeMs();
        long deadlineMs = Millis.after(nowMs, "timeToLive", timeToLive);
        if (deadlineMs <= nowMs) {
            throw new IllegalArgumentException(
                    "timeToLive=" + timeToLive + ", expected at least 1 ms");
        }
        KeyspaceSession session = newSession();
        session.put(key, 0, key.length, value, 0, value.length, deadlineMs);
        await(session);
    }

    /**
     * Sets a value that expires.
     *
     * @param key the key, in UTF-8
     * @param value the value, in UTF-8
     * @param timeToLive how long from now, at least a millisecond
     */
    public void put(String key, String value, Duration timeToLive) {
        put(key.getBytes(UTF_8), value.getBytes(UTF_8), timeToLive);
    }

    /**
     * Sets a value if the key is absent.
     *
     * @param key the key
     * @param value the value
     * @return whether it was set
     */
    public boolean putIfAbsent(byte[] key, byte[] value) {
        return update(
                key,
                entry -> {
                    if (!entry.exists()) {
                        entry.set(value);
                    }
                });
    }

    /**
     * Sets a value if the key is absent.
     *
     * @param key the key, in UTF-8
     * @param value the value, in UTF-8
     * @return whether it was set
     */
    public boolean putIfAbsent(String key, String value) {
        return putIfAbsent(key.getBytes(UTF_8), value.getBytes(UTF_8));
    }

    /**
     * Replaces a value if it is the expected one. A deadline stays.
     *
     * @param key the key
     * @param expected what the key must hold; an absent key is for {@link #putIfAbsent}
     * @param value what it holds then
     * @return whether it was replaced
     */
    public boolean compareAndSet(byte[] key, byte[] expected, byte[] value) {
        Objects.requireNonNull(expected, "expected");
        return update(
                key,
                entry -> {
                    if (Arrays.equals(entry.current(), expected)) {
                        entry.set(value);
                    }
                });
    }

    /**
     * Replaces a value if it is the expected one. A deadline stays.
     *
     * @param key the key, in UTF-8
     * @param expected what the key must hold, in UTF-8
     * @param value what it holds then, in UTF-8
     * @return whether it was replaced
     */
    public boolean compareAndSet(String key, String expected, String value) {
        return compareAndSet(key.getBytes(UTF_8), expected.getBytes(UTF_8), value.getBytes(UTF_8));
    }

    /**
     * Changes a key depending on what it holds, as one step.
     *
     * @param key the key
     * @param update decides; may be called several times
     * @return whether the key was changed
     */
    public boolean update(byte[] key, StringUpdate update) {
        KeyspaceSession session = newSession();
        boolean changed = session.update(key, 0, key.length, update);
        await(session);
        return changed;
    }

    /**
     * Adds to the decimal integer that a key holds; an absent key counts as 0. A deadline stays.
     *
     * @param key the key
     * @param delta what to add
     * @return the sum
     * @throws HotpairException {@code WRONG_VALUE} if the value is not the canonical decimal text
     *     of a 64-bit integer
     * @throws ArithmeticException if the sum does not fit 64 bits
     */
    public long increment(byte[] key, long delta) {
        KeyspaceSession session = newSession();
        long sum = session.increment(key, 0, key.length, delta);
        await(session);
        return sum;
    }

    /**
     * Adds to the decimal integer that a key holds, as {@link #increment(byte[], long)} does.
     *
     * @param key the key, in UTF-8
     * @param delta what to add
     * @return the sum
     */
    public long increment(String key, long delta) {
        return increment(key.getBytes(UTF_8), delta);
    }

    /**
     * Deletes a key.
     *
     * @param key the key, in UTF-8
     * @return whether it was there
     */
    public boolean delete(String key) {
        return delete(key.getBytes(UTF_8));
    }

    /**
     * Deletes a key.
     *
     * @param key the key
     * @return whether it was there
     */
    public boolean delete(byte[] key) {
        KeyspaceSession session = newSession();
        boolean deleted = session.delete(key, 0, key.length);
        await(session);
        return deleted;
    }

    /**
     * Deletes all keys, of every database that the Redis adapter keeps here, but not its function
     * libraries. Not one step: each key is deleted by itself, a key that is written meanwhile may
     * stay, and whoever reads meanwhile may find some of them gone and others not. When it is
     * refused on the way, as any write may be, a part of the keys is gone.
     */
    public void clear() {
        Mode before = engine.mode();
        before.checkWritable();
        KeyspaceSession session = newSession();
        List<byte[]> batch = new ArrayList<>();
        long cursor = 0;
        long opId = 0;
        long term = before.term();
        do {
            batch.clear();
            cursor = session.scan(cursor, CLEARED_AT_ONCE, batch::add);
            for (byte[] key : batch) {
                if (!KeyArea.isOwn(key) && session.delete(key, 0, key.length)) {
                    opId = session.lastOpId();
                    term = session.lastTerm();
                }
            }
        } while (cursor != 0);
        core.await(level, opId, term);
    }

    /**
     * Sets when a key expires, of whatever type its value is.
     *
     * @param key the key
     * @param deadline when; a moment that has passed deletes the key
     * @return whether the key was there
     */
    public boolean expireAt(byte[] key, Instant deadline) {
        long deadlineMs = Math.max(1, Millis.of("deadline", deadline));
        return keys().pexpireAt(key, deadlineMs, KeyOperations.DeadlineCondition.ALWAYS);
    }

    /**
     * Sets when a key expires, of whatever type its value is.
     *
     * @param key the key, in UTF-8
     * @param deadline when; a moment that has passed deletes the key
     * @return whether the key was there
     */
    public boolean expireAt(String key, Instant deadline) {
        return expireAt(key.getBytes(UTF_8), deadline);
    }

    /**
     * Has a key expire, of whatever type its value is.
     *
     * @param key the key
     * @param timeToLive how long from now; none at all deletes the key
     * @return whether the key was there
     */
    public boolean expire(byte[] key, Duration timeToLive) {
        long nowMs = core.config().clock().currentTimeMs();
        long deadlineMs = Math.max(1, Millis.after(nowMs, "timeToLive", timeToLive));
        return keys().pexpireAt(key, deadlineMs, KeyOperations.DeadlineCondition.ALWAYS);
    }

    /**
     * Has a key expire, of whatever type its value is.
     *
     * @param key the key, in UTF-8
     * @param timeToLive how long from now; none at all deletes the key
     * @return whether the key was there
     */
    public boolean expire(String key, Duration timeToLive) {
        return expire(key.getBytes(UTF_8), timeToLive);
    }

    /**
     * When a key expires.
     *
     * @param key the key
     * @return the moment, or null if the key is absent or never expires
     */
    public @Nullable Instant deadline(byte[] key) {
        long deadlineMs = deadlineMs(key);
        return deadlineMs > 0 ? Instant.ofEpochMilli(deadlineMs) : null;
    }

    /**
     * When a key expires.
     *
     * @param key the key, in UTF-8
     * @return the moment, or null if the key is absent or never expires
     */
    public @Nullable Instant deadline(String key) {
        return deadline(key.getBytes(UTF_8));
    }

    private long deadlineMs(byte[] key) {
        Mode before = engine.mode();
        KeyspaceSession.checkKey(key, 0, key.length);
        long deadlineMs = engine.deadlineMs(key, 0, key.length, ReadTrace.USE);
        core.checkRead(before);
        return deadlineMs;
    }

    /**
     * Does several things as one step: all of them happen, at one moment, or none. The body sees
     * its own writes, and everything else as of one moment; if other writers change what it has
     * seen, it is run again, so it must have no effect but on the view. It may meanwhile see keys
     * of different moments, and what it then throws is forgotten. It holds memory from being
     * reclaimed, and a change of role, while it runs: it must not wait for anything.
     *
     * @param <R> what it gives
     * @param body what is done; what it throws is thrown, and nothing has happened
     * @return what the body returned
     * @throws HotpairException {@code BUSY} if it lost to other writers a thousand times; else as
     *     any write
     */
    public <R> R transaction(Function<TransactionView, R> body) {
        return executor.transact(transaction -> body.apply(new ExecutorView(transaction)));
    }

    /** Runs typed operations, and waits for what they wrote. */
    private final class WaitingExecutor implements Executor {
        @Override
        public <R> R read(byte[] key, Reader<R> reader) {
            KeyspaceSession.checkKey(key, 0, key.length);
            Mode before = engine.mode();
            R found = engine.read(key, reader);
            core.checkRead(before);
            return found;
        }

        @Override
        public boolean write(byte[] key, Mutation mutation) {
            KeyspaceSession session = newSession();
            boolean changed = session.write(key, mutation);
            await(session);
            return changed;
        }

        @Override
        public <R> R readAll(byte[][] keys, MultiReader<R> reader) {
            KeyspaceSession.checkKeys(keys);
            Mode before = engine.mode();
            R found = engine.readAll(keys, reader);
            core.checkRead(before);
            return found;
        }

        @Override
        public <R> R transact(Function<Executor, R> body) {
            KeyspaceSession session = newSession();
            R result = session.transact(body);
            await(session);
            return result;
        }

        @Override
        public <R> @Nullable R block(BlockingCommand<R> command, Duration timeout) {
            KeyspaceSession session = newSession();
            R found = session.block(command, timeout);
            if (found != null && command.writes()) {
                KeyspaceOperations.this.await(session);
            }
            return found;
        }

        @Override
        public <R> CompletableFuture<@Nullable R> blockAsync(
                BlockingCommand<R> command, Duration timeout) {
            return newSession().blockAsync(command, timeout);
        }
    }

    @Override
    Executor executor() {
        return executor;
    }

    private KeyspaceSession newSession() {
        return new KeyspaceSession(core, level);
    }

    private void await(KeyspaceSession session) {
        core.await(level, session.outcome());
    }
}
