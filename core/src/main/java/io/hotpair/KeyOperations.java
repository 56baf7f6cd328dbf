package io.hotpair;

import io.hotpair.log.OperationReader;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Operations on keys, whatever they hold. Each is one atomic step. Named after Redis's commands,
 * and with their meaning.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=generic">Redis, generic commands</a>
 */
public interface KeyOperations {

    /** When a new deadline is taken. */
    enum DeadlineCondition {
        /** In any case. */
        ALWAYS,
        /** Only if the key has none. */
        NX,
        /** Only if the key has one. */
        XX,
        /** Only if it is later than the key's; none counts as infinitely late. */
        GT,
        /** Only if it is earlier than the key's; none counts as infinitely late. */
        LT
    }

    /**
     * What a key holds.
     *
     * @param key the key
     * @return {@code string}, {@code hash}, {@code list}, {@code set}, {@code zset} or {@code
     *     stream}; null if the key is absent
     */
    @Nullable String type(byte[] key);

    /**
     * Counts those of several keys that are there, as of one moment.
     *
     * @param keys the keys; one given twice counts twice
     * @return how many are there
     */
    int exists(byte[]... keys);

    /**
     * Deletes keys, all as one step. Memory of large values is given back by and by.
     *
     * @param keys the keys
     * @return how many were there
     */
    int del(byte[]... keys);

    /**
     * Gives a value another key; what that key held is gone. The value's deadline goes with it.
     * Takes no time in proportion to the value in memory; in the log the value stands once more.
     *
     * @param from the key that holds it
     * @param to the key that shall hold it; may be the same
     * @return whether there was a value
     */
    boolean rename(byte[] from, byte[] to);

    /**
     * As {@link #rename}, if the other key is absent.
     *
     * @param from the key that holds the value
     * @param to the key that shall hold it
     * @return 1 if it was renamed, 0 if the other key is there, -1 if there is no value
     */
    int renameNx(byte[] from, byte[] to);

    /**
     * Copies a value with its deadline. Takes time in proportion to the value.
     *
     * @param from the key that holds it
     * @param to another key
     * @param replace whether what the other key holds may be replaced
     * @return whether it was copied
     * @throws IllegalArgumentException if both keys are the same
     */
    boolean copy(byte[] from, byte[] to, boolean replace);

    /**
     * Sets when a key expires. A moment that has passed deletes the key.
     *
     * @param key the key
     * @param deadlineMs milliseconds since 1970
     * @param condition when it is taken
     * @return whether it was
     */
    boolean pexpireAt(byte[] key, long deadlineMs, DeadlineCondition condition);

    /**
     * Takes a key's deadline away.
     *
     * @param key the key
     * @return whether it had one
     */
    boolean persist(byte[] key);

    /**
     * When a key expires.
     *
     * @param key the key
     * @return milliseconds since 1970, {@link Session#NEVER} or {@link Session#ABSENT}
     */
    long pexpireTime(byte[] key);

    /**
     * Gives what a key holds as operations that make it, as of one moment: a large value as
     * several, the first of which replaces what was there. Fields of a hash that have expired may
     * be among them.
     *
     * @param key the key
     * @param consumer receives a reader that stands at an operation, whose opId means nothing; it
     *     must be quick, because memory that others give back waits for it
     * @return whether the key is there
     * @see io.hotpair.log.ElementReader
     */
    boolean describe(byte[] key, Consumer<OperationReader> consumer);
}
