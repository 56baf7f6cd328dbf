package io.hotpair;

import org.jspecify.annotations.Nullable;

/**
 * A keyspace as a transaction sees it: with its own writes, which nobody else sees before it has
 * committed. Valid inside {@link Keyspace#transaction} only, and in its thread. An operation that
 * throws a refusal of type or value has changed nothing, so the body may go on after it.
 */
public interface TransactionView extends TypedOperations {

    /**
     * Reads a string.
     *
     * @param key the key
     * @return the value, or null if the key is absent
     */
    byte @Nullable [] get(byte[] key);

    /**
     * Sets a string, whatever was there.
     *
     * @param key the key
     * @param value the value
     * @param deadlineMs when the key expires, milliseconds since 1970, or {@link Session#NEVER}
     */
    void put(byte[] key, byte[] value, long deadlineMs);

    /**
     * Changes a string depending on what it is, as {@link Session#update} does.
     *
     * @param key the key
     * @param update decides
     * @return whether the key was changed
     */
    boolean update(byte[] key, StringUpdate update);

    /**
     * Adds to the decimal integer that a key holds, as {@link Keyspace#increment(byte[], long)}
     * does.
     *
     * @param key the key
     * @param delta what to add
     * @return the sum
     */
    long increment(byte[] key, long delta);

    /**
     * Deletes a key, whatever it holds.
     *
     * @param key the key
     * @return whether it was there
     */
    boolean delete(byte[] key);

    /**
     * The version of a key, before this transaction's own writes; see {@link Session#version}. To
     * ask for it is to depend on it.
     *
     * @param key the key
     * @return the version
     */
    long version(byte[] key);
}
