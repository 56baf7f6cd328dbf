package io.hotpair;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Operations on streams: sequences of entries with rising ids, which consumer groups share out and
 * acknowledge. Each is one atomic step. Named after Redis's commands, and with their meaning as of
 * 7.0, or of the version that first had them. A key that holds another type is refused with {@link
 * HotpairException.Category#WRONG_TYPE}; an absent key is an empty stream to whoever reads it, but
 * an empty stream need not be absent: it keeps its last id and its groups. Arrays given are not
 * changed, arrays returned are the caller's own.
 *
 * <p>Where a stream or a group must be there, its absence is a {@link
 * HotpairException.Category#WRONG_VALUE} whose message is {@link #NO_STREAM} or {@link #NO_GROUP}.
 * Times are the keyspace's clock's, in milliseconds.
 *
 * <p>To add, find, remove, deliver, acknowledge or claim one entry takes O(log n), for each group
 * if its references are looked at; so do {@link #xlen}, and {@link #xtrim} whatever it removes if
 * it does not look at them.
 *
 * <p>What those have in common that wait is said in the description of {@link io.hotpair the
 * package}.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=stream">Redis, stream commands</a>
 */
public interface StreamOperations {

    /** The message of the refusal where there is no stream. */
    String NO_STREAM = "the key is absent, expected a stream";

    /** The message of the refusal where there is no stream or no such group of it. */
    String NO_GROUP = "no such group, expected one that was created";

    /** Says that a number of entries is not known, or is to stay as it is. */
    long UNKNOWN = -1;

    /** What {@link #xdelex} and {@link #xackdel} answer for an entry that they did not find. */
    int ENTRY_ABSENT = -1;

    /** What {@link #xdelex} and {@link #xackdel} answer for an entry that is gone now. */
    int ENTRY_DELETED = 1;

    /** What {@link #xdelex} and {@link #xackdel} answer for an entry that a group still needs. */
    int ENTRY_REFERENCED = 2;

    // ---- entries

    /**
     * Adds an entry with an id from the clock. An absent stream is made.
     *
     * @param key the key
     * @param fieldsAndValues field, value, field, value ...; at least one pair
     * @return the entry's id
     * @throws HotpairException {@code WRONG_VALUE} if no id is left
     */
    StreamId xadd(byte[] key, byte[]... fieldsAndValues);

    /**
     * Adds an entry.
     *
     * @param key the key
     * @param how with what id, whether an absent stream is made, and what is trimmed afterwards
     * @param fieldsAndValues field, value, field, value ...; at least one pair
     * @return the entry's id, or null if there is no stream and none is to be made
     * @throws HotpairException {@code WRONG_VALUE} if the id is not above all that the stream ever
     *     had; its message begins with {@code no id is left} if there can be no such id
     * @throws IllegalArgumentException if the id is {@code 0-0}
     */
    @Nullable StreamId xadd(byte[] key, StreamAdd how, byte[]... fieldsAndValues);

    /**
     * Counts the entries.
     *
     * @param key the key
     * @return how many there are
     */
    long xlen(byte[] key);

    /**
     * Reads entries in the order of their ids.
     *
     * @param key the key
     * @param range which ids
     * @return the entries
     */
    List<StreamEntry> xrange(byte[] key, StreamRange range);

    /**
     * Reads entries from the highest id down.
     *
     * @param key the key
     * @param range which ids
     * @return the entries
     */
    List<StreamEntry> xrevrange(byte[] key, StreamRange range);

    /**
     * Reads several streams as they are at one moment, without waiting for entries.
     *
     * @param limit at most how many entries of each; 0 for all
     * @param positions which streams, each behind an id
     * @return what was found; a stream with nothing to read is left out
     */
    List<StreamBatch> xread(long limit, StreamPosition... positions);

    /**
     * As {@link #xread(long, StreamPosition...)}, but waits while there is nothing to read: Redis's
     * {@code BLOCK}. After a wait there is one batch, of the first stream to which entries were
     * added.
     *
     * @param timeout how long at most; zero for ever. An interrupt ends the wait as well, and the
     *     thread stays interrupted: who waits in a loop looks at that
     * @param limit at most how many entries of each; 0 for all
     * @param positions which streams, each behind an id or from now on ({@link
     *     StreamPosition#added}); at least one
     * @return what was found; empty if nothing came
     */
    List<StreamBatch> xread(Duration timeout, long limit, StreamPosition... positions);

    /**
     * As {@link #xread(Duration, long, StreamPosition...)}, without a thread that waits.
     *
     * @param timeout how long at most; zero for ever
     * @param limit at most how many entries of each; 0 for all
     * @param positions which streams, each behind an id or from now on; at least one
     * @return completed with what was found, or with an empty list if nothing came
     */
    CompletableFuture<List<StreamBatch>> xreadAsync(
            Duration timeout, long limit, StreamPosition... positions);

    /**
     * The highest id that an entry of the stream ever had; what Redis's {@code XREAD} takes a
     * {@code $} for.
     *
     * @param key the key
     * @return the id, {@code 0-0} if there is none
     */
    StreamId xlastId(byte[] key);

    /**
     * Removes entries. Those that are pending stay so.
     *
     * @param key the key
     * @param ids the ids
     * @return how many of them were there
     */
    long xdel(byte[] key, StreamId... ids);

    /**
     * Removes entries, as far as the references of consumer groups let them go.
     *
     * @param key the key
     * @param policy what the references mean
     * @param ids the ids
     * @return for each of them {@link #ENTRY_DELETED}, {@link #ENTRY_ABSENT}, or, if only what is
     *     acknowledged is to go, {@link #ENTRY_REFERENCED}, be the entry there or not
     * @see <a href="https://redis.io/docs/latest/commands/xdelex/">Redis, XDELEX</a>
     */
    int[] xdelex(byte[] key, StreamDeletionPolicy policy, StreamId... ids);

    /**
     * Removes the oldest entries. Takes O(log n) if references of consumer groups do not matter.
     *
     * @param key the key
     * @param trim which ones
     * @return how many
     */
    long xtrim(byte[] key, StreamTrim trim);

    /**
     * Sets what a stream knows of its past.
     *
     * @param key the key
     * @param lastId the highest id that an entry ever had
     * @param entriesAdded how many entries were ever added, or {@link #UNKNOWN} to let it stay
     * @param maxDeletedId the highest id that was ever deleted; null or {@code 0-0} to let it stay
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream, or if it has an entry
     *     above the last id, or more entries than were ever added; the message then begins with
     *     {@code lastId} or {@code entriesAdded}
     * @throws IllegalArgumentException if the last id is below the highest deleted one, or
     *     entriesAdded is negative and not {@link #UNKNOWN}
     */
    void xsetid(byte[] key, StreamId lastId, long entriesAdded, @Nullable StreamId maxDeletedId);

    // ---- groups

    /**
     * Makes a consumer group of a stream that is there.
     *
     * @param key the key
     * @param group its name
     * @param lastDeliveredId entries above this id are for the group; null for what comes from now
     *     on, Redis's {@code $}
     * @return whether it is new; one that is there stays as it is
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream
     */
    boolean xgroupCreate(byte[] key, byte[] group, @Nullable StreamId lastDeliveredId);

    /**
     * Makes a consumer group.
     *
     * @param key the key
     * @param group its name
     * @param lastDeliveredId entries above this id are for the group; null for what comes from now
     *     on, Redis's {@code $}
     * @param makesStream whether an absent stream is made
     * @param entriesRead how many entries were ever delivered to it, or {@link #UNKNOWN}
     * @return whether it is new; one that is there stays as it is
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream and none is to be made
     */
    boolean xgroupCreate(
            byte[] key,
            byte[] group,
            @Nullable StreamId lastDeliveredId,
            boolean makesStream,
            long entriesRead);

    /**
     * Sets how far a group has come.
     *
     * @param key the key
     * @param group its name
     * @param lastDeliveredId entries above this id are for the group; null for what comes from now
     *     on, Redis's {@code $}
     * @param entriesRead how many entries were ever delivered to it, or {@link #UNKNOWN}
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream or no such group
     */
    void xgroupSetId(
            byte[] key, byte[] group, @Nullable StreamId lastDeliveredId, long entriesRead);

    /**
     * Removes a group, with its consumers and what is pending. Takes O(log n) for each consumer.
     *
     * @param key the key
     * @param group its name
     * @return whether it was there
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream
     */
    boolean xgroupDestroy(byte[] key, byte[] group);

    /**
     * Makes a consumer.
     *
     * @param key the key
     * @param group the group's name
     * @param consumer its name
     * @return whether it is new
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream or no such group
     */
    boolean xgroupCreateConsumer(byte[] key, byte[] group, byte[] consumer);

    /**
     * Makes a consumer as it was elsewhere, with all that is pending for it, whether those entries
     * are there or not. One that is there is changed.
     *
     * @param key the key
     * @param group its group's name
     * @param consumer its name
     * @param seenAt when it last tried something
     * @param activeAt when it last got something, or null for never
     * @param pending what is pending for it; that they are {@code idle}, and whose they are, is not
     *     looked at
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream or no such group, or an
     *     entry is pending for another consumer
     */
    void xgroupRestoreConsumer(
            byte[] key,
            byte[] group,
            byte[] consumer,
            Instant seenAt,
            @Nullable Instant activeAt,
            List<StreamPending> pending);

    /**
     * Removes a consumer. What it owned is not pending any more, and is delivered to nobody.
     *
     * @param key the key
     * @param group the group's name
     * @param consumer its name
     * @return how many pending entries it owned
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream or no such group
     */
    long xgroupDelConsumer(byte[] key, byte[] group, byte[] consumer);

    /**
     * Reads for a consumer, which is made if it is not there and there is something to read,
     * without waiting for entries. New entries become pending, and the consumer's own. Those behind
     * an id are the consumer's own pending ones, delivered once more; one that is no entry of the
     * stream any more has null for its fields.
     *
     * @param group the group's name, in each of the streams
     * @param consumer the consumer's name
     * @param limit at most how many entries of each stream; 0 for all
     * @param acknowledges whether new entries count as acknowledged at once; Redis's {@code NOACK}
     * @param positions which streams
     * @return what was found; a stream without new entries is left out, but one read behind an id
     *     is not
     * @throws HotpairException {@code WRONG_VALUE} if one of the streams or groups is not there;
     *     then nothing is delivered, and the message is {@link #NO_GROUP}
     */
    default List<StreamBatch> xreadGroup(
            byte[] group,
            byte[] consumer,
            long limit,
            boolean acknowledges,
            StreamPosition... positions) {
        StreamGroupRead how = new StreamGroupRead(limit, acknowledges, null);
        return xreadGroup(group, consumer, how, positions);
    }

    /**
     * As {@link #xreadGroup(byte[], byte[], long, boolean, StreamPosition...)}, and if so asked
     * also claims what was pending for some time, Redis's {@code CLAIM}: of each stream that comes
     * first, from the one that is idle longest on, then what is new. What is claimed is pending for
     * this consumer then, delivered once more; what is no entry of the stream any more is left
     * alone. As in Redis nothing is claimed of a position behind an id, nor of those given after
     * it.
     *
     * <p>To claim takes O(n) of all that is pending of the group.
     *
     * @param group the group's name, in each of the streams
     * @param consumer the consumer's name
     * @param how how much, and what is claimed
     * @param positions which streams
     * @return what was found; a stream without anything to deliver is left out, but one read behind
     *     an id is not
     * @throws HotpairException {@code WRONG_VALUE} if one of the streams or groups is not there;
     *     then nothing is delivered, and the message is {@link #NO_GROUP}
     * @see <a href="https://redis.io/docs/latest/commands/xreadgroup/">Redis, XREADGROUP</a>
     */
    List<StreamBatch> xreadGroup(
            byte[] group, byte[] consumer, StreamGroupRead how, StreamPosition... positions);

    /**
     * As {@link #xreadGroup(byte[], byte[], long, boolean, StreamPosition...)}, but waits while
     * there is nothing new: Redis's {@code BLOCK}. After a wait there is one batch, of the first
     * stream that had something new. Where a position is behind an id it does not wait.
     *
     * <p>Unlike in Redis a wait also ends when entries become undelivered by {@link #xgroupSetId}.
     *
     * @param timeout how long at most; zero for ever. An interrupt ends the wait as well, and the
     *     thread stays interrupted: who waits in a loop looks at that
     * @param group the group's name, in each of the streams
     * @param consumer the consumer's name
     * @param limit at most how many entries of each stream; 0 for all
     * @param acknowledges whether new entries count as acknowledged at once; Redis's {@code NOACK}
     * @param positions which streams; at least one
     * @return what was found; empty if nothing came
     * @throws HotpairException {@code WRONG_VALUE} if one of the streams or groups is not there at
     *     first, or one that changes is not there any more; then the message is {@link #NO_GROUP},
     *     or {@link #NO_STREAM} if the stream went while this waited
     */
    default List<StreamBatch> xreadGroup(
            Duration timeout,
            byte[] group,
            byte[] consumer,
            long limit,
            boolean acknowledges,
            StreamPosition... positions) {
        StreamGroupRead how = new StreamGroupRead(limit, acknowledges, null);
        return xreadGroup(timeout, group, consumer, how, positions);
    }

    /**
     * As {@link #xreadGroup(byte[], byte[], StreamGroupRead, StreamPosition...)}, but waits as
     * {@link #xreadGroup(Duration, byte[], byte[], long, boolean, StreamPosition...)} does. If it
     * claims, the wait also ends when something has been pending long enough.
     *
     * <p>When that will be is known from what was pending last. So what {@link #xclaim} gives
     * another time meanwhile may be noticed only when something is added, or when that moment
     * comes; likewise what is pending in another stream that takes the key's place and has the
     * group too, after a rename say. A stream without the group ends the wait, as its removal does.
     *
     * @param timeout how long at most; zero for ever. An interrupt ends the wait as well, and the
     *     thread stays interrupted: who waits in a loop looks at that
     * @param group the group's name, in each of the streams
     * @param consumer the consumer's name
     * @param how how much, and what is claimed
     * @param positions which streams; at least one
     * @return what was found; empty if nothing came
     * @throws HotpairException {@code WRONG_VALUE} if one of the streams or groups is not there at
     *     first, or one that changes is not there any more; then the message is {@link #NO_GROUP},
     *     or {@link #NO_STREAM} if the stream went while this waited
     */
    List<StreamBatch> xreadGroup(
            Duration timeout,
            byte[] group,
            byte[] consumer,
            StreamGroupRead how,
            StreamPosition... positions);

    /**
     * As {@link #xreadGroup(Duration, byte[], byte[], long, boolean, StreamPosition...)}, without a
     * thread that waits.
     *
     * @param timeout how long at most; zero for ever
     * @param group the group's name, in each of the streams
     * @param consumer the consumer's name
     * @param limit at most how many entries of each stream; 0 for all
     * @param acknowledges whether new entries count as acknowledged at once; Redis's {@code NOACK}
     * @param positions which streams; at least one
     * @return completed with what was found, or with an empty list if nothing came
     */
    default CompletableFuture<List<StreamBatch>> xreadGroupAsync(
            Duration timeout,
            byte[] group,
            byte[] consumer,
            long limit,
            boolean acknowledges,
            StreamPosition... positions) {
        StreamGroupRead how = new StreamGroupRead(limit, acknowledges, null);
        return xreadGroupAsync(timeout, group, consumer, how, positions);
    }

    /**
     * As {@link #xreadGroup(Duration, byte[], byte[], StreamGroupRead, StreamPosition...)}, without
     * a thread that waits.
     *
     * @param timeout how long at most; zero for ever
     * @param group the group's name, in each of the streams
     * @param consumer the consumer's name
     * @param how how much, and what is claimed
     * @param positions which streams; at least one
     * @return completed with what was found, or with an empty list if nothing came
     */
    CompletableFuture<List<StreamBatch>> xreadGroupAsync(
            Duration timeout,
            byte[] group,
            byte[] consumer,
            StreamGroupRead how,
            StreamPosition... positions);

    /**
     * Acknowledges entries: they are not pending any more.
     *
     * @param key the key
     * @param group the group's name
     * @param ids the ids
     * @return how many of them were pending; 0 if there is no group
     */
    long xack(byte[] key, byte[] group, StreamId... ids);

    /**
     * Acknowledges entries and removes them, as far as the references of other groups let them go.
     *
     * @param key the key
     * @param group the group's name
     * @param policy what the references mean
     * @param ids the ids
     * @return for each of them {@link #ENTRY_ABSENT} if it was not pending of this group, or if
     *     there is no such group; else it was acknowledged, and is {@link #ENTRY_DELETED} or {@link
     *     #ENTRY_REFERENCED}
     * @see <a href="https://redis.io/docs/latest/commands/xackdel/">Redis, XACKDEL</a>
     */
    int[] xackdel(byte[] key, byte[] group, StreamDeletionPolicy policy, StreamId... ids);

    /**
     * Sums up what is pending.
     *
     * @param key the key
     * @param group the group's name
     * @return the sum
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream or no such group
     */
    StreamPending.Summary xpending(byte[] key, byte[] group);

    /**
     * Lists what is pending.
     *
     * @param key the key
     * @param group the group's name
     * @param range which ids, and at most how many of those that the others let through
     * @param minIdle entries delivered more recently are left out
     * @param consumer whose, or null for everybody's
     * @return the pending entries in the order of their ids
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream or no such group
     */
    List<StreamPending> xpending(
            byte[] key,
            byte[] group,
            StreamRange range,
            Duration minIdle,
            byte @Nullable [] consumer);

    /**
     * Makes a consumer the owner of pending entries. It is made if it is not there and gets one.
     * What is no entry of the stream any more is not pending afterwards.
     *
     * @param key the key
     * @param group the group's name
     * @param consumer the consumer's name
     * @param how the conditions, and what becomes of time and count
     * @param ids the ids
     * @return the entries that it owns now
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream or no such group
     */
    List<StreamEntry> xclaim(
            byte[] key, byte[] group, byte[] consumer, StreamClaim how, StreamId... ids);

    /**
     * As {@link #xclaim}, but does not read the entries, nor count that as a delivery.
     *
     * @param key the key
     * @param group the group's name
     * @param consumer the consumer's name
     * @param how the conditions, and what becomes of time and count
     * @param ids the ids
     * @return the ids of the entries that it owns now
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream or no such group
     */
    List<StreamId> xclaimJustId(
            byte[] key, byte[] group, byte[] consumer, StreamClaim how, StreamId... ids);

    /**
     * Goes on with a walk over what is pending, and makes a consumer the owner of what was not
     * delivered for some time. Looks at ten times as many entries as it may claim.
     *
     * @param key the key
     * @param group the group's name
     * @param consumer the consumer's name
     * @param minIdle entries delivered more recently are left alone
     * @param from the lowest id to look at
     * @param count at most how many entries to claim, or to find deleted; 1 or more
     * @return what it owns now, what is not pending any more because it is no entry any more, and
     *     where to go on
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream or no such group
     */
    StreamAutoClaim<StreamEntry> xautoclaim(
            byte[] key, byte[] group, byte[] consumer, Duration minIdle, StreamId from, long count);

    /**
     * As {@link #xautoclaim}, but does not read the entries, nor count that as a delivery.
     *
     * @param key the key
     * @param group the group's name
     * @param consumer the consumer's name
     * @param minIdle entries delivered more recently are left alone
     * @param from the lowest id to look at
     * @param count at most how many entries to claim, or to find deleted; 1 or more
     * @return what it owns now, what is not pending any more because it is no entry any more, and
     *     where to go on
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream or no such group
     */
    StreamAutoClaim<StreamId> xautoclaimJustId(
            byte[] key, byte[] group, byte[] consumer, Duration minIdle, StreamId from, long count);

    // ---- what there is to say

    /**
     * Describes a stream.
     *
     * @param key the key
     * @return the description
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream
     */
    StreamInfo xinfoStream(byte[] key);

    /**
     * Describes a stream with its groups and consumers.
     *
     * @param key the key
     * @param limit at most how many entries, and how many pending ones of each group and consumer;
     *     0 for all
     * @return the description
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream
     */
    StreamInfo.Full xinfoStreamFull(byte[] key, long limit);

    /**
     * Describes the groups of a stream.
     *
     * @param key the key
     * @return the descriptions, in the order of the groups' names
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream
     */
    List<StreamInfo.Group> xinfoGroups(byte[] key);

    /**
     * Describes the consumers of a group.
     *
     * @param key the key
     * @param group the group's name
     * @return the descriptions, in the order of the consumers' names
     * @throws HotpairException {@code WRONG_VALUE} if there is no stream or no such group
     */
    List<StreamInfo.Consumer> xinfoConsumers(byte[] key, byte[] group);
}
