package io.hotpair;

import io.hotpair.KeyOperations.DeadlineCondition;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Operations on hashes: maps of fields to values under one key. Each is one atomic step. Named
 * after Redis's commands, and with their meaning. A key that holds another type is refused with
 * {@link HotpairException.Category#WRONG_TYPE}; an absent key is an empty hash, and a hash that
 * becomes empty is absent. Arrays given are not changed, arrays returned are the caller's own.
 *
 * <p>A field may have a deadline of its own. Past it the field is absent for every operation, at
 * once and on every node; the master removes it soon after, and with the last field the key.
 *
 * <p>Reading or writing one field takes O(log n) of the hash's fields, with a deadline or without.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=hash">Redis, hash commands</a>
 */
public interface HashOperations {

    /**
     * Sets a field. A deadline that the field had is gone.
     *
     * @param key the key
     * @param field the field
     * @param value the value
     * @return whether the field is new
     */
    boolean hset(byte[] key, byte[] field, byte[] value);

    /**
     * Sets several fields.
     *
     * @param key the key
     * @param fieldsAndValues field, value, field, value ...; at least one pair
     * @return how many of the fields are new
     */
    int hset(byte[] key, byte[]... fieldsAndValues);

    /**
     * Reads a field.
     *
     * @param key the key
     * @param field the field
     * @return the value, or null if the field is absent
     */
    byte @Nullable [] hget(byte[] key, byte[] field);

    /**
     * Reads all fields with their values.
     *
     * @param key the key
     * @return field and value of each, in the hash's own order; empty for an absent key
     */
    List<Map.Entry<byte[], byte[]>> hgetAll(byte[] key);

    /**
     * As {@link #hgetAll(byte[])}, without a list that holds all of them.
     *
     * @param key the key
     * @param consumer receives each field and value, the arrays being its own; it must not use the
     *     keyspace, and should be quick, as the memory of what is replaced meanwhile is free only
     *     afterwards. What it throws ends the call and is thrown
     */
    void hgetAll(byte[] key, BiConsumer<byte[], byte[]> consumer);

    /**
     * Deletes fields.
     *
     * @param key the key
     * @param fields the fields
     * @return how many were there
     */
    int hdel(byte[] key, byte[]... fields);

    /**
     * Counts the fields.
     *
     * @param key the key
     * @return how many there are
     */
    long hlen(byte[] key);

    /** What {@link #hexpire} and its like answer for a field that is absent. */
    int NO_FIELD = -2;

    /** What {@link #hpersist} and {@link #hpttl} answer for a field that never expires. */
    int NO_DEADLINE = -1;

    /** What {@link #hexpire} answers for a field that keeps the deadline it has, or none. */
    int CONDITION_NOT_MET = 0;

    /** What {@link #hexpire} and {@link #hpersist} answer for a field that they changed. */
    int CHANGED = 1;

    /** What {@link #hexpire} answers for a field that is deleted, its deadline having passed. */
    int DELETED = 2;

    /** Which fields must be there for {@link #hsetex} to set any. */
    enum FieldCondition {
        /** It does not matter. */
        ALWAYS,
        /** None of those given. */
        FNX,
        /** All of those given. */
        FXX
    }

    /**
     * Sets a field if it is absent.
     *
     * @param key the key
     * @param field the field
     * @param value the value
     * @return whether it was set
     */
    boolean hsetnx(byte[] key, byte[] field, byte[] value);

    /**
     * Reads several fields as of one moment.
     *
     * @param key the key
     * @param fields the fields
     * @return the values, in the order of the fields, null for one that is absent
     */
    byte[] @Nullable [] hmget(byte[] key, byte[]... fields);

    /**
     * As {@link #hmget(byte[], byte[][])}, without an array that holds all values.
     *
     * @param key the key
     * @param fields the fields
     * @param consumer receives each value, in the order of the fields, the array being its own;
     *     null for a field that is absent. It must not use the keyspace, and should be quick, as
     *     the memory of what is replaced meanwhile is free only afterwards. What it throws ends the
     *     call and is thrown
     */
    void hmget(byte[] key, byte[][] fields, Consumer<byte @Nullable []> consumer);

    /**
     * Whether a field is there.
     *
     * @param key the key
     * @param field the field
     * @return whether it is
     */
    boolean hexists(byte[] key, byte[] field);

    /**
     * The length of a field's value.
     *
     * @param key the key
     * @param field the field
     * @return bytes; 0 if the field is absent
     */
    int hstrlen(byte[] key, byte[] field);

    /**
     * Reads all fields.
     *
     * @param key the key
     * @return the fields, in the hash's own order
     */
    List<byte[]> hkeys(byte[] key);

    /**
     * Reads the values of all fields.
     *
     * @param key the key
     * @return the values, in the order of {@link #hkeys}
     */
    List<byte[]> hvals(byte[] key);

    /**
     * Adds to the decimal integer that a field holds; an absent field counts as 0. The field's
     * deadline stays.
     *
     * @param key the key
     * @param field the field
     * @param delta what to add
     * @return the sum
     * @throws HotpairException {@code WRONG_VALUE}, "hash value is not an integer", if the value is
     *     not the canonical decimal text of a 64-bit integer
     * @throws ArithmeticException if the sum does not fit 64 bits
     */
    long hincrBy(byte[] key, byte[] field, long delta);

    /**
     * Adds to the decimal number that a field holds; an absent field counts as 0. The field's
     * deadline stays. Counts as Redis does: in 80-bit floating point, with up to 17 digits after
     * the point in the result.
     *
     * @param key the key
     * @param field the field
     * @param delta what to add: decimal or hexadecimal text as C's {@code strtold} takes it
     * @return the sum, as it is stored
     * @throws IllegalArgumentException if {@code delta} is no number, or infinite
     * @throws HotpairException {@code WRONG_VALUE}, "hash value is not a float", if the value is
     *     none
     * @throws ArithmeticException if the sum is infinite
     */
    String hincrByFloat(byte[] key, byte[] field, String delta);

    /**
     * Some fields chosen at random, with their values.
     *
     * @param key the key
     * @param count how many different ones, all of them if there are not so many; or, negative, how
     *     many with repetitions allowed
     * @return field and value of each, in no particular order; empty for an absent key
     */
    List<Map.Entry<byte[], byte[]>> hrandfield(byte[] key, long count);

    /**
     * As {@link #hrandfield(byte[], long)}, without a list that holds all of them.
     *
     * @param key the key
     * @param count how many, as there
     * @param consumer receives each field and value, the arrays being its own; it must not use the
     *     keyspace, and should be quick, as the memory of what is replaced meanwhile is free only
     *     afterwards. What it throws ends the call and is thrown
     */
    void hrandfield(byte[] key, long count, BiConsumer<byte[], byte[]> consumer);

    /**
     * Goes on with a walk over all fields. A field that is there from the first call to the last is
     * given exactly once, however the hash changes. A small hash is given whole. A cursor means
     * something to the node that returned it, and as long as its keyspace is open.
     *
     * @param key the key
     * @param cursor 0 to begin, else what the last call returned
     * @param count about how many fields to give
     * @param consumer receives fields and values, the arrays being its own; it may take its time
     * @return where to go on, or 0 if all were given
     */
    long hscan(byte[] key, long cursor, int count, BiConsumer<byte[], byte[]> consumer);

    /**
     * Lets fields expire some time from now, as HEXPIRE and HPEXPIRE do.
     *
     * @param key the key
     * @param timeToLive how long, in milliseconds; none at all deletes a field
     * @param condition which deadlines are changed
     * @param fields the fields
     * @return for each field {@link #NO_FIELD}, {@link #CONDITION_NOT_MET}, {@link #CHANGED} or
     *     {@link #DELETED}
     */
    int[] hexpire(byte[] key, Duration timeToLive, DeadlineCondition condition, byte[]... fields);

    /**
     * Lets fields expire at a moment, as HEXPIREAT and HPEXPIREAT do.
     *
     * @param key the key
     * @param deadline when; one that has passed deletes a field
     * @param condition which deadlines are changed
     * @param fields the fields
     * @return as {@link #hexpire}
     */
    int[] hexpireAt(byte[] key, Instant deadline, DeadlineCondition condition, byte[]... fields);

    /**
     * How long fields will be there.
     *
     * @param key the key
     * @param fields the fields
     * @return seconds, rounded up; {@link #NO_FIELD} or {@link #NO_DEADLINE}
     */
    long[] httl(byte[] key, byte[]... fields);

    /**
     * How long fields will be there.
     *
     * @param key the key
     * @param fields the fields
     * @return milliseconds; {@link #NO_FIELD} or {@link #NO_DEADLINE}
     */
    long[] hpttl(byte[] key, byte[]... fields);

    /**
     * When fields expire.
     *
     * @param key the key
     * @param fields the fields
     * @return seconds since 1970, rounded up; {@link #NO_FIELD} or {@link #NO_DEADLINE}
     */
    long[] hexpireTime(byte[] key, byte[]... fields);

    /**
     * When fields expire.
     *
     * @param key the key
     * @param fields the fields
     * @return milliseconds since 1970; {@link #NO_FIELD} or {@link #NO_DEADLINE}
     */
    long[] hpexpireTime(byte[] key, byte[]... fields);

    /**
     * Takes the deadlines of fields away.
     *
     * @param key the key
     * @param fields the fields
     * @return for each field {@link #NO_FIELD}, {@link #NO_DEADLINE} or {@link #CHANGED}
     */
    int[] hpersist(byte[] key, byte[]... fields);

    /**
     * Reads fields and deletes them.
     *
     * @param key the key
     * @param fields the fields
     * @return the values, in the order of the fields, null for one that is absent
     */
    byte[] @Nullable [] hgetdel(byte[] key, byte[]... fields);

    /**
     * Reads fields and changes their deadlines.
     *
     * @param key the key
     * @param expiry what becomes of the deadlines
     * @param fields the fields
     * @return the values, in the order of the fields, null for one that is absent
     */
    byte[] @Nullable [] hgetex(byte[] key, FieldExpiry expiry, byte[]... fields);

    /**
     * Sets fields with a deadline.
     *
     * @param key the key
     * @param condition which of the fields must be there; it is met by all or none is set
     * @param expiry what becomes of the deadlines; one that has passed deletes the fields
     * @param fieldsAndValues field, value, field, value ...; at least one pair
     * @return whether the condition was met
     */
    boolean hsetex(
            byte[] key, FieldCondition condition, FieldExpiry expiry, byte[]... fieldsAndValues);
}
