package io.hotpair;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Operations on strings and on parts of them. Each is one atomic step, those on several keys too.
 * Named after Redis's commands, and with their meaning. Where a value is looked at, a key that
 * holds another type is refused with {@link HotpairException.Category#WRONG_TYPE}, and an absent
 * key counts as an empty string. Arrays given are not changed, arrays returned are the caller's
 * own. What a key holds may be up to 512 MiB long; an operation that would make it longer is
 * refused with {@link IllegalArgumentException}.
 *
 * <p>To change a part of a string of many kilobytes takes as long as to copy 4 KiB; zeros that were
 * skipped take next to no memory.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=string">Redis, string commands</a>
 * @see <a href="https://redis.io/docs/latest/commands/?group=bitmap">Redis, bitmap commands</a>
 */
public interface StringOperations {
    /** How many bits the longest string has. */
    long MAX_BITS = 8L * Keyspace.MAX_VALUE_LENGTH;

    /**
     * Sets a value: SET with all its options. A value that is set without a condition and without
     * being asked for the one before may take the place of any type.
     *
     * @param key the key
     * @param value the value
     * @param options conditions, deadline, and whether the value before is returned
     * @return whether it was set, and the value before
     */
    SetResult set(byte[] key, byte[] value, SetOptions options);

    /**
     * Sets a value without a deadline if the key is absent.
     *
     * @param key the key
     * @param value the value
     * @return whether it was set
     */
    boolean setNx(byte[] key, byte[] value);

    /**
     * Sets a value that expires, whatever was there.
     *
     * @param key the key
     * @param timeToLive how long from now, at least a millisecond
     * @param value the value
     */
    void setEx(byte[] key, Duration timeToLive, byte[] value);

    /**
     * Reads several values as of one moment.
     *
     * @param keys the keys
     * @return the value of each; null for a key that is absent or holds another type
     */
    List<byte @Nullable []> mget(byte[]... keys);

    /**
     * Sets several values without a deadline, whatever was there.
     *
     * @param keysAndValues key, value, key, value ...; at least one pair; of a key that is given
     *     twice the last value counts
     */
    void mset(byte[]... keysAndValues);

    /**
     * Sets several values without a deadline if all the keys are absent.
     *
     * @param keysAndValues key, value, key, value ...; at least one pair
     * @return whether they were set
     */
    boolean msetNx(byte[]... keysAndValues);

    /**
     * Sets several values, with one deadline, if each of the keys is as a condition says: MSETEX.
     * All are set or none.
     *
     * @param condition what must be so of each key
     * @param expiry what becomes of the deadlines; the same moment for all the keys, unless each
     *     keeps its own
     * @param keysAndValues key, value, key, value ...; at least one pair; of a key that is given
     *     twice the last value counts
     * @return whether they were set
     */
    boolean msetEx(ValueCondition condition, Expiry expiry, byte[]... keysAndValues);

    /**
     * Sets a value without a deadline and returns the one before.
     *
     * @param key the key
     * @param value the value
     * @return the value before, or null if the key was absent
     */
    byte @Nullable [] getSet(byte[] key, byte[] value);

    /**
     * Reads a value and deletes the key.
     *
     * @param key the key
     * @return the value, or null if the key was absent
     */
    byte @Nullable [] getDel(byte[] key);

    /**
     * Reads a value and sets when the key expires.
     *
     * @param key the key
     * @param expiry what becomes of the deadline
     * @return the value, or null if the key is absent
     */
    byte @Nullable [] getEx(byte[] key, Expiry expiry);

    /**
     * Deletes a key on a condition: DELEX.
     *
     * @param key the key
     * @param condition on what value
     * @return whether it was there and was deleted
     */
    boolean delEx(byte[] key, ValueCondition condition);

    /**
     * Adds to the decimal integer that a key holds; an absent key counts as 0. The deadline stays.
     *
     * @param key the key
     * @param delta what to add
     * @return the sum
     * @throws HotpairException {@code WRONG_VALUE} if the value is not the canonical decimal text
     *     of a 64-bit integer
     * @throws ArithmeticException if the sum does not fit 64 bits
     */
    long incrBy(byte[] key, long delta);

    /**
     * Adds to the decimal number that a key holds; an absent key counts as 0. The deadline stays.
     * Counts with the 64 bits of an x86's extended precision, as Redis does.
     *
     * @param key the key
     * @param delta what to add, as C's {@code strtold} reads it
     * @return the sum, with at most 17 digits after the point; what the key holds then
     * @throws IllegalArgumentException if delta is no number
     * @throws HotpairException {@code WRONG_VALUE} if the value is no number
     * @throws ArithmeticException if the sum is not finite
     */
    String incrByFloat(byte[] key, String delta);

    /**
     * The length of a value.
     *
     * @param key the key
     * @return bytes, 0 for an absent key
     */
    long strlen(byte[] key);

    /**
     * Reads a part of a value.
     *
     * @param key the key
     * @param start its first byte; a negative number counts from the end, -1 being the last byte
     * @param end its last byte, likewise
     * @return what is there of it
     */
    byte[] getRange(byte[] key, long start, long end);

    /**
     * Overwrites a part of a value, with zeros before it if it begins behind the end. The deadline
     * stays.
     *
     * @param key the key
     * @param offset its first byte
     * @param value the bytes; none of them leaves the key alone
     * @return the length of the value then
     */
    long setRange(byte[] key, long offset, byte[] value);

    /**
     * Appends to a value. The deadline stays.
     *
     * @param key the key
     * @param value the bytes
     * @return the length of the value then
     */
    long append(byte[] key, byte[] value);

    /**
     * Reads a bit.
     *
     * @param key the key
     * @param offset which, from 0 to {@link #MAX_BITS} - 1, the highest bit of a byte being its
     *     first
     * @return the bit; false behind the end
     */
    boolean getBit(byte[] key, long offset);

    /**
     * Sets a bit, with zeros before it if it is behind the end. The deadline stays.
     *
     * @param key the key
     * @param offset which, from 0 to {@link #MAX_BITS} - 1
     * @param bit what it is then
     * @return what it was
     */
    boolean setBit(byte[] key, long offset, boolean bit);

    /**
     * Counts the bits that are set.
     *
     * @param key the key
     * @return how many
     */
    long bitCount(byte[] key);

    /**
     * Counts the bits that are set in a part of a value.
     *
     * @param key the key
     * @param start the first byte or bit; a negative number counts from the end
     * @param end the last one, likewise
     * @param unit in what they are counted
     * @return how many
     */
    long bitCount(byte[] key, long start, long end, BitUnit unit);

    /**
     * Finds the first bit of a kind, from a byte on. A value has zeros behind its end.
     *
     * @param key the key
     * @param bit which kind
     * @param start the first byte to look at; a negative number counts from the end
     * @return where it is, counted in bits from the value's start; -1 if there is none
     */
    long bitPos(byte[] key, boolean bit, long start);

    /**
     * Finds the first bit of a kind in a part of a value.
     *
     * @param key the key
     * @param bit which kind
     * @param start the first byte or bit; a negative number counts from the end
     * @param end the last one, likewise
     * @param unit in what they are counted
     * @return where it is, counted in bits from the value's start; -1 if there is none. An absent
     *     key has a zero at 0
     */
    long bitPos(byte[] key, boolean bit, long start, long end, BitUnit unit);

    /**
     * Combines strings bit by bit, the shorter ones having zeros behind their ends, and sets the
     * result without a deadline, whatever was there; an empty result deletes the key.
     *
     * @param operator how
     * @param destination the key that receives the result
     * @param sources the keys of the strings, at least one; exactly one for {@link
     *     BitOperator#NOT}, at least two for {@code DIFF}, {@code DIFF1} and {@code ANDOR}
     * @return the length of the result in bytes
     */
    long bitOp(BitOperator operator, byte[] destination, byte[]... sources);

    /**
     * Looks at, sets and adds to integers of any length at any bit, one after the other: BITFIELD.
     * Steps that change something make the string long enough for all of them first. The deadline
     * stays.
     *
     * @param key the key
     * @param steps what to do
     * @return what each step gives; null for one that did not fit with {@link
     *     BitField.Overflow#FAIL}
     */
    List<@Nullable Long> bitField(byte[] key, BitField... steps);

    /**
     * Looks at integers of any length at any bit: BITFIELD_RO.
     *
     * @param key the key
     * @param steps what to look at, each a {@link BitField.Action#GET}
     * @return the integers
     */
    List<Long> bitFieldRo(byte[] key, BitField... steps);

    /**
     * The longest common subsequence of two strings. Takes time in proportion to the product of
     * their lengths, which may be at most 2^27.
     *
     * @param first the key of the one
     * @param second the key of the other
     * @return the subsequence
     */
    byte[] lcs(byte[] first, byte[] second);

    /**
     * The length of the longest common subsequence of two strings: LCS LEN.
     *
     * @param first the key of the one
     * @param second the key of the other
     * @return bytes
     */
    long lcsLength(byte[] first, byte[] second);

    /**
     * Where two strings have their longest common subsequence: LCS IDX.
     *
     * @param first the key of the one
     * @param second the key of the other
     * @param minMatchLength matches shorter than this are left out; 0 for none
     * @return the matches
     */
    LcsMatches lcsMatches(byte[] first, byte[] second, long minMatchLength);
}
