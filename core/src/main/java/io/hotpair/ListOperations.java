package io.hotpair;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Operations on lists. Each is one atomic step, those on several keys too. Named after Redis's
 * commands, and with their meaning. A key that holds another type is refused with {@link
 * HotpairException.Category#WRONG_TYPE}; an absent key is an empty list, and a list that becomes
 * empty is absent. Arrays given are not changed, arrays returned are the caller's own. A deadline
 * that the key has stays.
 *
 * <p>A position is an index from 0; a negative one counts from the end, -1 being the last element.
 * To come to any position takes O(log n) of the list's elements; to search for an element takes
 * O(n).
 *
 * <p>What those have in common that wait is said in the description of {@link io.hotpair the
 * package}.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=list">Redis, list commands</a>
 */
public interface ListOperations {

    /**
     * Puts elements at the left end, one after the other, so that the last one given comes first.
     *
     * @param key the key
     * @param elements at least one
     * @return the list's length then
     */
    long lpush(byte[] key, byte[]... elements);

    /**
     * Puts elements at the right end, one after the other.
     *
     * @param key the key
     * @param elements at least one
     * @return the list's length then
     */
    long rpush(byte[] key, byte[]... elements);

    /**
     * As {@link #lpush}, if the list is there.
     *
     * @param key the key
     * @param elements at least one
     * @return the list's length then; 0 if it is absent
     */
    long lpushX(byte[] key, byte[]... elements);

    /**
     * As {@link #rpush}, if the list is there.
     *
     * @param key the key
     * @param elements at least one
     * @return the list's length then; 0 if it is absent
     */
    long rpushX(byte[] key, byte[]... elements);

    /**
     * Takes the first element.
     *
     * @param key the key
     * @return the element, or null if the list is absent
     */
    byte @Nullable [] lpop(byte[] key);

    /**
     * Takes the last element.
     *
     * @param key the key
     * @return the element, or null if the list is absent
     */
    byte @Nullable [] rpop(byte[] key);

    /**
     * Takes elements from the left end.
     *
     * @param key the key
     * @param count how many at most, 0 or more
     * @return the elements, the first one first; null if the list is absent
     */
    @Nullable List<byte[]> lpop(byte[] key, long count);

    /**
     * Takes elements from the right end.
     *
     * @param key the key
     * @param count how many at most, 0 or more
     * @return the elements, the last one first; null if the list is absent
     */
    @Nullable List<byte[]> rpop(byte[] key, long count);

    /**
     * The length of a list.
     *
     * @param key the key
     * @return how many elements it has
     */
    long llen(byte[] key);

    /**
     * Reads an element.
     *
     * @param key the key
     * @param index its position
     * @return the element, or null if there is none
     */
    byte @Nullable [] lindex(byte[] key, long index);

    /**
     * Reads a part of a list.
     *
     * @param key the key
     * @param start the position of the first element
     * @param stop the position of the last one
     * @return what is there of it
     */
    List<byte[]> lrange(byte[] key, long start, long stop);

    /**
     * As {@link #lrange(byte[], long, long)}, without a list that holds all of them.
     *
     * @param key the key
     * @param start the position of the first element
     * @param stop the position of the last one
     * @param consumer receives each element, the array being its own; it must not use the keyspace,
     *     and should be quick, as the memory of what is replaced meanwhile is free only afterwards.
     *     What it throws ends the call and is thrown
     */
    void lrange(byte[] key, long start, long stop, Consumer<byte[]> consumer);

    /**
     * Replaces an element.
     *
     * @param key the key
     * @param index its position
     * @param element what it is then
     * @throws HotpairException {@code WRONG_VALUE}, "no such key" if the list is absent, "index out
     *     of range" if it has no such element
     */
    void lset(byte[] key, long index, byte[] element);

    /**
     * Puts an element before the first one that is equal to another.
     *
     * @param key the key
     * @param pivot the other one
     * @param element what to put
     * @return the list's length then; 0 if it is absent, -1 if the pivot is
     */
    long linsertBefore(byte[] key, byte[] pivot, byte[] element);

    /**
     * Puts an element behind the first one that is equal to another.
     *
     * @param key the key
     * @param pivot the other one
     * @param element what to put
     * @return the list's length then; 0 if it is absent, -1 if the pivot is
     */
    long linsertAfter(byte[] key, byte[] pivot, byte[] element);

    /**
     * Puts elements at a position, in O(log n). Redis has no such command.
     *
     * @param key the key
     * @param index the position of the element before which to put them; the list's length to put
     *     them at its end
     * @param elements the elements, the first one first; at least one
     * @return the list's length then
     * @throws HotpairException {@code WRONG_VALUE}, "index out of range" if there is no such
     *     position
     */
    long linsertAt(byte[] key, long index, byte[]... elements);

    /**
     * Removes elements that are equal to one.
     *
     * @param key the key
     * @param count how many at most: from the left if positive, from the right if negative, all if
     *     0
     * @param element the one
     * @return how many were removed
     */
    long lrem(byte[] key, long count, byte[] element);

    /**
     * Removes all elements but those of a part.
     *
     * @param key the key
     * @param start the position of the first one that stays
     * @param stop the position of the last one that stays
     */
    void ltrim(byte[] key, long start, long stop);

    /**
     * Searches from the left.
     *
     * @param key the key
     * @param element what to look for
     * @return its position, or null if there is none
     */
    @Nullable Long lpos(byte[] key, byte[] element);

    /**
     * Searches for several.
     *
     * @param key the key
     * @param element what to look for
     * @param rank from which match on they are returned, 1 being the first; a negative one searches
     *     from the right, -1 being the first there; not 0
     * @param count how many to return at most; 0 for all
     * @param maxLength how many elements to compare at most; 0 for all
     * @return their positions from the left, in the order in which they were found
     */
    List<Long> lpos(byte[] key, byte[] element, long rank, long count, long maxLength);

    /**
     * Moves an element from an end of a list to an end of another one, or of the same.
     *
     * @param source the key of the one
     * @param destination the key of the other
     * @param from the end from which it is taken
     * @param to the end to which it is put
     * @return the element, or null if the source is absent
     */
    byte @Nullable [] lmove(byte[] source, byte[] destination, ListEnd from, ListEnd to);

    /**
     * Moves the last element of a list to the left end of another one, or of the same.
     *
     * @param source the key of the one
     * @param destination the key of the other
     * @return the element, or null if the source is absent
     */
    default byte @Nullable [] rpopLpush(byte[] source, byte[] destination) {
        return lmove(source, destination, ListEnd.RIGHT, ListEnd.LEFT);
    }

    /**
     * Takes elements from the first list that is there.
     *
     * @param from the end from which they are taken
     * @param count how many at most, at least 1
     * @param keys the keys, at least one
     * @return the elements and their key, or null if all the lists are absent
     */
    @Nullable PoppedElements lmpop(ListEnd from, long count, byte[]... keys);

    // ---- operations that wait

    /**
     * Takes the first element of the first list that is there; waits while none is.
     *
     * @param timeout how long at most; zero for ever. An interrupt ends the wait as well, and the
     *     thread stays interrupted: who waits in a loop looks at that
     * @param keys the keys, at least one
     * @return the element and its key, or null if none came
     */
    @Nullable PoppedElements blpop(Duration timeout, byte[]... keys);

    /**
     * As {@link #blpop}, without a thread that waits.
     *
     * @param timeout how long at most; zero for ever
     * @param keys the keys, at least one
     * @return completed with the element and its key, or with null if none came
     */
    CompletableFuture<@Nullable PoppedElements> blpopAsync(Duration timeout, byte[]... keys);

    /**
     * Takes the last element of the first list that is there; waits while none is.
     *
     * @param timeout how long at most; zero for ever. An interrupt ends the wait as well, and the
     *     thread stays interrupted: who waits in a loop looks at that
     * @param keys the keys, at least one
     * @return the element and its key, or null if none came
     */
    @Nullable PoppedElements brpop(Duration timeout, byte[]... keys);

    /**
     * As {@link #brpop}, without a thread that waits.
     *
     * @param timeout how long at most; zero for ever
     * @param keys the keys, at least one
     * @return completed with the element and its key, or with null if none came
     */
    CompletableFuture<@Nullable PoppedElements> brpopAsync(Duration timeout, byte[]... keys);

    /**
     * As {@link #lmpop}, but waits while all the lists are absent. It does not wait for as many
     * elements as it may take.
     *
     * @param timeout how long at most; zero for ever. An interrupt ends the wait as well, and the
     *     thread stays interrupted: who waits in a loop looks at that
     * @param from the end from which they are taken
     * @param count how many at most, at least 1
     * @param keys the keys, at least one
     * @return the elements and their key, or null if none came
     */
    @Nullable PoppedElements blmpop(Duration timeout, ListEnd from, long count, byte[]... keys);

    /**
     * As {@link #blmpop}, without a thread that waits.
     *
     * @param timeout how long at most; zero for ever
     * @param from the end from which they are taken
     * @param count how many at most, at least 1
     * @param keys the keys, at least one
     * @return completed with the elements and their key, or with null if none came
     */
    CompletableFuture<@Nullable PoppedElements> blmpopAsync(
            Duration timeout, ListEnd from, long count, byte[]... keys);

    /**
     * As {@link #lmove}, but waits while the source is absent. The destination's type is looked at
     * when there is an element to move, not before.
     *
     * @param timeout how long at most; zero for ever. An interrupt ends the wait as well, and the
     *     thread stays interrupted: who waits in a loop looks at that
     * @param source the key of the one
     * @param destination the key of the other
     * @param from the end from which it is taken
     * @param to the end to which it is put
     * @return the element, or null if none came
     */
    byte @Nullable [] blmove(
            Duration timeout, byte[] source, byte[] destination, ListEnd from, ListEnd to);

    /**
     * As {@link #blmove}, without a thread that waits.
     *
     * @param timeout how long at most; zero for ever
     * @param source the key of the one
     * @param destination the key of the other
     * @param from the end from which it is taken
     * @param to the end to which it is put
     * @return completed with the element, or with null if none came
     */
    CompletableFuture<byte @Nullable []> blmoveAsync(
            Duration timeout, byte[] source, byte[] destination, ListEnd from, ListEnd to);

    /**
     * As {@link #rpopLpush}, but waits while the source is absent.
     *
     * @param timeout how long at most; zero for ever. An interrupt ends the wait as well, and the
     *     thread stays interrupted: who waits in a loop looks at that
     * @param source the key of the one
     * @param destination the key of the other
     * @return the element, or null if none came
     */
    default byte @Nullable [] brpopLpush(Duration timeout, byte[] source, byte[] destination) {
        return blmove(timeout, source, destination, ListEnd.RIGHT, ListEnd.LEFT);
    }

    /**
     * As {@link #brpopLpush}, without a thread that waits.
     *
     * @param timeout how long at most; zero for ever
     * @param source the key of the one
     * @param destination the key of the other
     * @return completed with the element, or with null if none came
     */
    default CompletableFuture<byte @Nullable []> brpopLpushAsync(
            Duration timeout, byte[] source, byte[] destination) {
        return blmoveAsync(timeout, source, destination, ListEnd.RIGHT, ListEnd.LEFT);
    }
}
