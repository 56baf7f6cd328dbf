package io.hotpair;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Operations on sets: members that are all different, under one key. Each is one atomic step. Named
 * after Redis's commands, and with their meaning. A key that holds another type is refused with
 * {@link HotpairException.Category#WRONG_TYPE}; an absent key is an empty set, and a set that
 * becomes empty is absent. Arrays given are not changed, arrays returned are the caller's own.
 *
 * <p>Reading, adding or removing one member takes O(log n) of the set's members.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=set">Redis, set commands</a>
 */
public interface SetOperations {

    /**
     * Adds members.
     *
     * @param key the key
     * @param members the members, at least one
     * @return how many of them are new
     */
    int sadd(byte[] key, byte[]... members);

    /**
     * Removes members.
     *
     * @param key the key
     * @param members the members
     * @return how many of them were there
     */
    int srem(byte[] key, byte[]... members);

    /**
     * Whether a member is there.
     *
     * @param key the key
     * @param member the member
     * @return whether it is
     */
    boolean sismember(byte[] key, byte[] member);

    /**
     * Whether members are there, as of one moment.
     *
     * @param key the key
     * @param members the members
     * @return for each whether it is
     */
    boolean[] smismember(byte[] key, byte[]... members);

    /**
     * Counts the members.
     *
     * @param key the key
     * @return how many there are
     */
    long scard(byte[] key);

    /**
     * Reads all members.
     *
     * @param key the key
     * @return the members, in the set's own order
     */
    List<byte[]> smembers(byte[] key);

    /**
     * As {@link #smembers(byte[])}, without a list that holds all of them.
     *
     * @param key the key
     * @param consumer receives each member, the array being its own; it must not use the keyspace,
     *     and should be quick, as the memory of what is replaced meanwhile is free only afterwards.
     *     What it throws ends the call and is thrown
     */
    void smembers(byte[] key, Consumer<byte[]> consumer);

    /**
     * Removes a member chosen at random.
     *
     * @param key the key
     * @return the member, or null for an absent key
     */
    byte @Nullable [] spop(byte[] key);

    /**
     * Removes members chosen at random.
     *
     * @param key the key
     * @param count how many, not negative; all of them if there are not so many
     * @return the members, in no particular order
     */
    List<byte[]> spop(byte[] key, long count);

    /**
     * A member chosen at random.
     *
     * @param key the key
     * @return the member, or null for an absent key
     */
    byte @Nullable [] srandmember(byte[] key);

    /**
     * Some members chosen at random.
     *
     * @param key the key
     * @param count how many different ones, all of them if there are not so many; or, negative, how
     *     many with repetitions allowed
     * @return the members, in no particular order
     */
    List<byte[]> srandmember(byte[] key, long count);

    /**
     * As {@link #srandmember(byte[], long)}, without a list that holds all of them.
     *
     * @param key the key
     * @param count how many, as there
     * @param consumer receives each member, the array being its own; it must not use the keyspace,
     *     and should be quick, as the memory of what is replaced meanwhile is free only afterwards.
     *     What it throws ends the call and is thrown
     */
    void srandmember(byte[] key, long count, Consumer<byte[]> consumer);

    /**
     * Goes on with a walk over all members. A member that is there from the first call to the last
     * is given exactly once, however the set changes. A small set is given whole. A cursor means
     * something to the node that returned it, and as long as its keyspace is open.
     *
     * @param key the key
     * @param cursor 0 to begin, else what the last call returned
     * @param count about how many members to give
     * @param consumer receives each member, the array being its own; it may take its time
     * @return where to go on, or 0 if all were given
     */
    long sscan(byte[] key, long cursor, int count, Consumer<byte[]> consumer);

    /**
     * Moves a member from a set to another one, as one step.
     *
     * @param source the key of the one
     * @param destination the key of the other
     * @param member the member
     * @return whether it was in the source; if it was not, nothing has changed
     */
    boolean smove(byte[] source, byte[] destination, byte[] member);

    /**
     * The members that all of several sets have, as of one moment. Takes time in proportion to the
     * smallest of them.
     *
     * @param keys the keys, at least one
     * @return the members, in no particular order
     */
    List<byte[]> sinter(byte[]... keys);

    /**
     * Counts the members that all of several sets have, as of one moment.
     *
     * @param limit how many are enough: the count ends there; 0 for no limit
     * @param keys the keys, at least one
     * @return how many there are, or the limit if it is less
     */
    long sinterCard(long limit, byte[]... keys);

    /**
     * Sets a key to the members that all of several sets have, as one step. Whatever the key held
     * is gone, and its deadline; without any member it is absent.
     *
     * @param destination the key
     * @param keys the sets' keys, at least one
     * @return how many members it has
     */
    long sinterStore(byte[] destination, byte[]... keys);

    /**
     * The members that any of several sets has, as of one moment.
     *
     * @param keys the keys, at least one
     * @return the members, in no particular order
     */
    List<byte[]> sunion(byte[]... keys);

    /**
     * Sets a key to the members that any of several sets has, as {@link #sinterStore} does.
     *
     * @param destination the key
     * @param keys the sets' keys, at least one
     * @return how many members it has
     */
    long sunionStore(byte[] destination, byte[]... keys);

    /**
     * The members of the first of several sets that none of the others has, as of one moment.
     *
     * @param keys the keys, at least one
     * @return the members, in no particular order
     */
    List<byte[]> sdiff(byte[]... keys);

    /**
     * Sets a key to the members of the first of several sets that none of the others has, as {@link
     * #sinterStore} does.
     *
     * @param destination the key
     * @param keys the sets' keys, at least one
     * @return how many members it has
     */
    long sdiffStore(byte[] destination, byte[]... keys);
}
