package io.hotpair;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Operations on sorted sets: members that each have a score, in the order of scores and, where
 * these are the same, of the members' unsigned bytes. Each is one atomic step. Named after Redis's
 * commands, and with their meaning. A key that holds another type is refused with {@link
 * HotpairException.Category#WRONG_TYPE}; an absent key is an empty sorted set, and one that becomes
 * empty is absent. Arrays given are not changed, arrays returned are the caller's own.
 *
 * <p>A score is any double but a NaN. 0.0 and -0.0 are the same place, but each comes back as it
 * was put; to put one where the other is changes nothing.
 *
 * <p>Reading, writing or ranking one member takes O(log n) of the set's members, and so does
 * finding where a range begins.
 *
 * <p>What those have in common that wait is said in the description of {@link io.hotpair the
 * package}.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=sorted-set">Redis, sorted set
 *     commands</a>
 */
public interface SortedSetOperations {

    // ---- members

    /**
     * Gives a member a score, whether it is there or not.
     *
     * @param key the key
     * @param score the score; not a NaN
     * @param member the member
     * @return whether the member is new
     */
    boolean zadd(byte[] key, double score, byte[] member);

    /**
     * Gives members their scores, one after the other, where a condition allows it.
     *
     * @param key the key
     * @param condition which members are added, and which get a new score
     * @param countsChanges whether members whose score changed are counted too: Redis's CH
     * @param members the members; at least one
     * @return how many are new, or new or changed
     */
    long zadd(byte[] key, ZaddCondition condition, boolean countsChanges, ScoredMember... members);

    /**
     * Adds to a member's score, where a condition allows it: ZADD with INCR. An absent member has
     * the score 0.
     *
     * @param key the key
     * @param condition whether the member is added, and whether it gets the new score
     * @param increment what to add; not a NaN
     * @param member the member
     * @return the new score, or null if the condition did not allow it
     * @throws HotpairException {@code WRONG_VALUE} if the sum is a NaN: infinities of both signs
     */
    @Nullable Double zaddIncr(byte[] key, ZaddCondition condition, double increment, byte[] member);

    /**
     * Adds to a member's score. An absent member has the score 0.
     *
     * @param key the key
     * @param increment what to add; not a NaN
     * @param member the member
     * @return the new score
     * @throws HotpairException {@code WRONG_VALUE} if the sum is a NaN: infinities of both signs
     */
    double zincrby(byte[] key, double increment, byte[] member);

    /**
     * Removes members.
     *
     * @param key the key
     * @param members the members
     * @return how many were there
     */
    long zrem(byte[] key, byte[]... members);

    /**
     * Reads a member's score.
     *
     * @param key the key
     * @param member the member
     * @return the score, or null if the member is absent
     */
    @Nullable Double zscore(byte[] key, byte[] member);

    /**
     * Reads the scores of members, all at one moment.
     *
     * @param key the key
     * @param members the members
     * @return the score of each in their order, or null for one that is absent
     */
    List<@Nullable Double> zmscore(byte[] key, byte[]... members);

    /**
     * Says where a member stands, counted from the lowest one.
     *
     * @param key the key
     * @param member the member
     * @return its place with its score, or null if it is absent
     */
    @Nullable ScoredRank zrank(byte[] key, byte[] member);

    /**
     * Says where a member stands, counted from the highest one.
     *
     * @param key the key
     * @param member the member
     * @return its place with its score, or null if it is absent
     */
    @Nullable ScoredRank zrevrank(byte[] key, byte[] member);

    // ---- counts and ranges

    /**
     * Counts the members.
     *
     * @param key the key
     * @return how many there are
     */
    long zcard(byte[] key);

    /**
     * Counts the members with scores in a range. Takes O(log n), however many they are.
     *
     * @param key the key
     * @param min the low end
     * @param max the high end
     * @return how many there are
     */
    long zcount(byte[] key, ScoreBound min, ScoreBound max);

    /**
     * Counts the members in a range of members, where all scores are the same; see {@link
     * SortedSetRange#byLex}. Takes O(log n), however many they are.
     *
     * @param key the key
     * @param min the low end
     * @param max the high end
     * @return how many there are
     */
    long zlexcount(byte[] key, LexBound min, LexBound max);

    /**
     * Reads a range, in its order.
     *
     * @param key the key
     * @param range the range
     * @return the members in it
     */
    List<ScoredMember> zrange(byte[] key, SortedSetRange range);

    /**
     * Puts a range of one key's members into another key, in the place of what is there, whatever
     * its type and deadline. If the range is empty the other key is deleted.
     *
     * @param destination the key that is written
     * @param source the key that is read; may be the same
     * @param range the range
     * @return how many members the destination has now
     */
    long zrangeStore(byte[] destination, byte[] source, SortedSetRange range);

    /**
     * Removes the members from one place to another.
     *
     * @param key the key
     * @param start the first place; if negative, counted from the end, -1 being the last member
     * @param stop the last place, likewise
     * @return how many were removed
     */
    long zremrangeByRank(byte[] key, long start, long stop);

    /**
     * Removes the members with scores in a range.
     *
     * @param key the key
     * @param min the low end
     * @param max the high end
     * @return how many were removed
     */
    long zremrangeByScore(byte[] key, ScoreBound min, ScoreBound max);

    /**
     * Removes the members in a range of members, where all scores are the same; see {@link
     * SortedSetRange#byLex}.
     *
     * @param key the key
     * @param min the low end
     * @param max the high end
     * @return how many were removed
     */
    long zremrangeByLex(byte[] key, LexBound min, LexBound max);

    // ---- pops and samples

    /**
     * Removes the members with the lowest scores.
     *
     * @param key the key
     * @param count how many at most; 0 or more
     * @return what was removed, lowest first
     */
    List<ScoredMember> zpopmin(byte[] key, long count);

    /**
     * Removes the members with the highest scores.
     *
     * @param key the key
     * @param count how many at most; 0 or more
     * @return what was removed, highest first
     */
    List<ScoredMember> zpopmax(byte[] key, long count);

    /**
     * Removes members from the first of some keys that has any.
     *
     * @param keys the keys
     * @param highest whether those with the highest scores go, or those with the lowest
     * @param count how many at most; 1 or more
     * @return the key with what was removed from it, or null if all keys are absent
     */
    Map.@Nullable Entry<byte[], List<ScoredMember>> zmpop(
            byte[][] keys, boolean highest, long count);

    /**
     * Chooses a member at random, each being as likely as any other.
     *
     * @param key the key
     * @return a member, or null if the key is absent
     */
    byte @Nullable [] zrandmember(byte[] key);

    /**
     * Chooses members at random.
     *
     * @param key the key
     * @param count how many different ones, fewer if there are not so many; or, if negative, how
     *     many that may be the same
     * @return the members, in no order that means anything
     */
    List<ScoredMember> zrandmember(byte[] key, long count);

    /**
     * Walks through the members. Members that are there all the time are met exactly once, however
     * the set changes meanwhile; others may be met or not.
     *
     * @param key the key
     * @param cursor 0 to begin, then what the last call returned
     * @param count about how many to meet; a small sorted set is met at once
     * @param consumer receives the members, after they were read
     * @return the cursor to go on with, or 0 at the end
     */
    long zscan(byte[] key, long cursor, int count, Consumer<ScoredMember> consumer);

    // ---- several sets

    /**
     * Reads the members that any of some sorted sets has. A plain set counts as a sorted one whose
     * scores are 1.
     *
     * @param keys the keys; at least one
     * @param weights what the scores of each key are multiplied with, or null for 1; a product that
     *     is a NaN counts as 0
     * @param aggregate how the scores of a member become one
     * @return the members, in the order of their scores
     */
    List<ScoredMember> zunion(byte[][] keys, double @Nullable [] weights, Aggregate aggregate);

    /**
     * Reads the members that all of some sorted sets have; see {@link #zunion}.
     *
     * @param keys the keys; at least one
     * @param weights what the scores of each key are multiplied with, or null for 1
     * @param aggregate how the scores of a member become one
     * @return the members, in the order of their scores
     */
    List<ScoredMember> zinter(byte[][] keys, double @Nullable [] weights, Aggregate aggregate);

    /**
     * Reads the members that the first of some sorted sets has and no other one; see {@link
     * #zunion}.
     *
     * @param keys the keys; at least one
     * @return the members with their scores in the first one
     */
    List<ScoredMember> zdiff(byte[]... keys);

    /**
     * Counts the members that all of some sorted sets have.
     *
     * @param keys the keys; at least one
     * @param limit where to stop counting; 0 for no limit
     * @return how many there are, or the limit
     */
    long zintercard(byte[][] keys, long limit);

    /**
     * Puts what {@link #zunion} finds into a key, in the place of what is there, whatever its type
     * and deadline. If nothing is found the key is deleted.
     *
     * @param destination the key that is written; may be one of those read
     * @param keys the keys; at least one
     * @param weights what the scores of each key are multiplied with, or null for 1
     * @param aggregate how the scores of a member become one
     * @return how many members the destination has now
     */
    long zunionStore(
            byte[] destination, byte[][] keys, double @Nullable [] weights, Aggregate aggregate);

    /**
     * Puts what {@link #zinter} finds into a key; see {@link #zunionStore}.
     *
     * @param destination the key that is written; may be one of those read
     * @param keys the keys; at least one
     * @param weights what the scores of each key are multiplied with, or null for 1
     * @param aggregate how the scores of a member become one
     * @return how many members the destination has now
     */
    long zinterStore(
            byte[] destination, byte[][] keys, double @Nullable [] weights, Aggregate aggregate);

    /**
     * Puts what {@link #zdiff} finds into a key; see {@link #zunionStore}.
     *
     * @param destination the key that is written; may be one of those read
     * @param keys the keys; at least one
     * @return how many members the destination has now
     */
    long zdiffStore(byte[] destination, byte[]... keys);

    // ---- operations that wait

    /**
     * Removes the member with the lowest score from the first of some keys that has any; waits
     * while none has.
     *
     * @param timeout how long at most; zero for ever. An interrupt ends the wait as well, and the
     *     thread stays interrupted: who waits in a loop looks at that
     * @param keys the keys; at least one
     * @return the key with what was removed from it, or null if nothing came
     */
    Map.@Nullable Entry<byte[], ScoredMember> bzpopmin(Duration timeout, byte[]... keys);

    /**
     * As {@link #bzpopmin}, without a thread that waits.
     *
     * @param timeout how long at most; zero for ever
     * @param keys the keys; at least one
     * @return completed with the key and what was removed from it, or with null if nothing came
     */
    CompletableFuture<Map.@Nullable Entry<byte[], ScoredMember>> bzpopminAsync(
            Duration timeout, byte[]... keys);

    /**
     * Removes the member with the highest score from the first of some keys that has any; waits
     * while none has.
     *
     * @param timeout how long at most; zero for ever. An interrupt ends the wait as well, and the
     *     thread stays interrupted: who waits in a loop looks at that
     * @param keys the keys; at least one
     * @return the key with what was removed from it, or null if nothing came
     */
    Map.@Nullable Entry<byte[], ScoredMember> bzpopmax(Duration timeout, byte[]... keys);

    /**
     * As {@link #bzpopmax}, without a thread that waits.
     *
     * @param timeout how long at most; zero for ever
     * @param keys the keys; at least one
     * @return completed with the key and what was removed from it, or with null if nothing came
     */
    CompletableFuture<Map.@Nullable Entry<byte[], ScoredMember>> bzpopmaxAsync(
            Duration timeout, byte[]... keys);

    /**
     * As {@link #zmpop}, but waits while all keys are absent. It does not wait for as many members
     * as it may take.
     *
     * @param timeout how long at most; zero for ever. An interrupt ends the wait as well, and the
     *     thread stays interrupted: who waits in a loop looks at that
     * @param keys the keys; at least one
     * @param highest whether those with the highest scores go, or those with the lowest
     * @param count how many at most; 1 or more
     * @return the key with what was removed from it, or null if nothing came
     */
    Map.@Nullable Entry<byte[], List<ScoredMember>> bzmpop(
            Duration timeout, byte[][] keys, boolean highest, long count);

    /**
     * As {@link #bzmpop}, without a thread that waits.
     *
     * @param timeout how long at most; zero for ever
     * @param keys the keys; at least one
     * @param highest whether those with the highest scores go, or those with the lowest
     * @param count how many at most; 1 or more
     * @return completed with the key and what was removed from it, or with null if nothing came
     */
    CompletableFuture<Map.@Nullable Entry<byte[], List<ScoredMember>>> bzmpopAsync(
            Duration timeout, byte[][] keys, boolean highest, long count);
}
