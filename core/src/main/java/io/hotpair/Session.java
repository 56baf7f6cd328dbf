package io.hotpair;

import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One caller's handle on a keyspace: operations on parts of arrays, without waiting for an
 * acknowledgement. {@link #lastOpId()} and {@link #lastTerm()} say what to wait for, with {@link
 * Keyspace#whenAcknowledged}. Only what waits as a future ({@code blpopAsync} and its kin) is
 * completed at the level of the operations that gave the session, because nobody could ask for it.
 * Not thread-safe; cheap enough to have one for each connection.
 *
 * <p>Every write throws {@link HotpairException} with {@code NOT_MASTER}, {@code
 * NOT_ENOUGH_REPLICAS}, {@code MEMORY_LIMIT} or {@code LOG_FAILED}, with nothing changed, {@link
 * IllegalArgumentException} for a key or value over the limit, and {@link IllegalStateException}
 * after the keyspace was closed.
 */
public interface Session extends TypedOperations {

    /** No deadline. */
    long NEVER = 0;

    /** The answer for a key that is absent. */
    int ABSENT = -1;

    /** What a read leaves behind, beside its result. */
    enum ReadTrace {
        /** It is a hit or a miss, and a use of the key, which eviction goes by. */
        USE,
        /** It is a hit or a miss. */
        COUNT,
        /** Nothing: the key was only looked at. */
        NONE
    }

    /**
     * Reads a value into an array. Allocates nothing.
     *
     * @param key holds the key
     * @param keyOffset where it begins
     * @param keyLength its bytes
     * @param into receives the value, if it fits behind the offset; else nothing is copied
     * @param offset where to put it
     * @return the value's length, or {@link #ABSENT}
     */
    int get(byte[] key, int keyOffset, int keyLength, byte[] into, int offset);

    /**
     * Reads a value.
     *
     * @param key holds the key
     * @param keyOffset where it begins
     * @param keyLength its bytes
     * @return the value, the caller's own, or null if the key is absent
     */
    byte @Nullable [] get(byte[] key, int keyOffset, int keyLength);

    /**
     * The length of a value.
     *
     * @param key holds the key
     * @param keyOffset where it begins
     * @param keyLength its bytes
     * @return bytes, or {@link #ABSENT}
     */
    int length(byte[] key, int keyOffset, int keyLength);

    /**
     * When a key expires.
     *
     * @param key holds the key
     * @param keyOffset where it begins
     * @param keyLength its bytes
     * @return milliseconds since 1970, {@link #NEVER}, or {@link #ABSENT}
     */
    long deadlineMs(byte[] key, int keyOffset, int keyLength);

    /**
     * Reads several values as they were at one moment.
     *
     * @param keys holds all the keys
     * @param keyOffsets where each begins
     * @param keyLengths the bytes of each
     * @param count how many
     * @return the values, null for an absent key
     * @throws HotpairException {@code BUSY} if others wrote the keys all the time, so that a
     *     thousand attempts saw no such moment although they were asked to wait
     */
    byte @Nullable [][] getAll(byte[] keys, int[] keyOffsets, int[] keyLengths, int count);

    /**
     * Brings what finding some keys takes into the processor's cache, for all of them side by side:
     * for a caller who knows which keys it is going to ask for, one after the other. Pays off where
     * the keyspace is larger than the cache, with 4 to about 32 keys. Nothing but a hint: it tells
     * nothing, does not count as a use of the keys, and does nothing where they can't be read just
     * now. Allocates nothing.
     *
     * @param keys holds all the keys
     * @param keyOffsets where each begins
     * @param keyLengths the bytes of each
     * @param count how many
     */
    void prefetch(byte[] keys, int[] keyOffsets, int[] keyLengths, int count);

    /**
     * Sets a value, whatever was there. Allocates nothing.
     *
     * @param key holds the key
     * @param keyOffset where it begins
     * @param keyLength its bytes
     * @param value holds the value
     * @param valueOffset where it begins
     * @param valueLength its bytes
     * @param deadlineMs when the key expires, milliseconds since 1970, or {@link #NEVER}
     */
    void put(
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] value,
            int valueOffset,
            int valueLength,
            long deadlineMs);

    /**
     * Changes a key depending on what it holds.
     *
     * @param key holds the key
     * @param keyOffset where it begins
     * @param keyLength its bytes
     * @param update decides; may be called several times
     * @return whether the key was changed
     */
    boolean update(byte[] key, int keyOffset, int keyLength, StringUpdate update);

    /**
     * Adds to the decimal integer that a key holds; an absent key counts as 0. The deadline stays.
     *
     * @param key holds the key
     * @param keyOffset where it begins
     * @param keyLength its bytes
     * @param delta what to add
     * @return the sum
     * @throws HotpairException {@code WRONG_VALUE} if the value is not the canonical decimal text
     *     of a 64-bit integer
     * @throws ArithmeticException if the sum does not fit 64 bits
     */
    long increment(byte[] key, int keyOffset, int keyLength, long delta);

    /**
     * Deletes a key.
     *
     * @param key holds the key
     * @param keyOffset where it begins
     * @param keyLength its bytes
     * @return whether it was there
     */
    boolean delete(byte[] key, int keyOffset, int keyLength);

    /**
     * Goes on with a walk over all keys. A key that is there from the first call to the last is
     * given exactly once.
     *
     * @param cursor 0 to begin, else what the last call returned
     * @param count about how many keys to give
     * @param consumer receives each key, the array being its own
     * @return where to go on, or 0 if all were given
     */
    long scan(long cursor, int count, Consumer<byte[]> consumer);

    /**
     * A key, each with about the same chance.
     *
     * @return the key, or null if there is none
     */
    byte @Nullable [] randomKey();

    /**
     * The version of a key: the opId of the operation that made its value, or removed it. What it
     * is of a key that was never there, or was removed long ago, means nothing but that.
     *
     * @param key the key
     * @return the version; it changes with every change of the key
     */
    long version(byte[] key);

    /**
     * Does several things as one step; see {@link Keyspace#transaction}.
     *
     * @param <R> what it gives
     * @param body what is done
     * @return what the body returned
     */
    <R> R transaction(Function<TransactionView, R> body);

    /**
     * The opId of the last write.
     *
     * @return the opId, or 0 if the last call to a writing method changed nothing
     */
    long lastOpId();

    /**
     * Says what reads leave behind: of a caller who reads a key in several steps, only the first
     * may be meant as a use of it. At first each read is a {@link ReadTrace#USE}. Reads inside of a
     * {@link #transaction} leave nothing whatever is said.
     *
     * @param next what the next read leaves
     * @param later what all reads after that one leave
     */
    default void readTrace(ReadTrace next, ReadTrace later) {}

    /**
     * Says on whose behalf the writes from now on are made, for {@link WriteListener}s. What waits
     * keeps what was said when its wait began. Without an effect where nobody can hear of it.
     *
     * @param origin anything, or null for nobody in particular
     */
    default void origin(@Nullable Object origin) {}

    /**
     * The term of the last write.
     *
     * @return the term
     */
    long lastTerm();
}
