package io.hotpair;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Operations on hashes: maps of fields to values under one key. Each is one atomic step. Named
 * after Redis's commands, and with their meaning. A key that holds another type is refused with
 * {@link HotpairException.Category#WRONG_TYPE}; an absent key is an empty hash, and a hash that
 * becomes empty is absent. Arrays given are not changed, arrays returned are the caller's own.
 *
 * <p>Reading or writing one field takes O(log n) of the hash's fields.
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
}
