package io.hotpair.resp;

import com.moilioncircle.redis.replicator.rdb.datatype.Stream;
import io.hotpair.StreamAdd;
import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import io.hotpair.StreamOperations;
import io.hotpair.StreamPending;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;

/** A stream of an RDB file, as it is there: fields in their order, and also those named twice. */
final class RdbStream extends Stream {
    private static final long serialVersionUID = 1L;

    /**
     * A consumer group.
     *
     * @param name its name
     * @param lastId the last entry that was delivered
     * @param entriesRead how many were, or {@link io.hotpair.StreamOperations#UNKNOWN}; empty if
     *     the file is older than Redis 7.0, and does not tell
     * @param consumers with what is pending for each
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    record Group(
            byte[] name, StreamId lastId, OptionalLong entriesRead, List<Consumer> consumers) {}

    /**
     * A consumer.
     *
     * @param name its name
     * @param seenMs when it last tried something
     * @param activeMs when it last got something, or -1 for never
     * @param pending what was delivered to it and not acknowledged
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    record Consumer(byte[] name, long seenMs, long activeMs, List<Pending> pending) {}

    /**
     * An entry that was delivered and not acknowledged.
     *
     * @param id its id; the entry itself may be deleted
     * @param deliveredAtMs when it was delivered last
     * @param deliveries how often it was
     */
    record Pending(StreamId id, long deliveredAtMs, long deliveries) {}

    private final transient List<StreamEntry> entriesInOrder;
    private final transient StreamId last;
    private final transient long added;
    private final transient StreamId maxDeleted;
    private final transient List<Group> consumerGroups;

    RdbStream(
            List<StreamEntry> entriesInOrder,
            StreamId last,
            long added,
            StreamId maxDeleted,
            List<Group> consumerGroups) {
        this.entriesInOrder = entriesInOrder;
        this.last = last;
        this.added = added;
        this.maxDeleted = maxDeleted;
        this.consumerGroups = consumerGroups;
    }

    /** Writes it to a key that is absent. */
    void writeTo(StreamOperations streams, byte[] key) {
        if (entriesInOrder.isEmpty()) {
            makeEmpty(streams, key);
        }
        for (StreamEntry entry : entriesInOrder) {
            List<byte[]> fields = Objects.requireNonNull(entry.fieldsAndValues());
            StreamId unused =
                    streams.xadd(key, StreamAdd.at(entry.id()), fields.toArray(byte[][]::new));
        }
        consumerGroups.forEach(group -> write(streams, key, group));
        // Where a client has set the number to the highest, Redis has counted on, past it.
        long count = added < 0 ? Long.MAX_VALUE : added;
        if (last.compareTo(maxDeleted) < 0) {
            // A client has set the last one back.
            streams.xsetid(key, maxDeleted, count, maxDeleted);
            streams.xsetid(key, last, count, null);
        } else {
            streams.xsetid(key, last, count, maxDeleted);
        }
    }

    /** A group is what makes a stream without entries. */
    private static void makeEmpty(StreamOperations streams, byte[] key) {
        boolean isNew =
                streams.xgroupCreate(key, key, StreamId.MIN, true, StreamOperations.UNKNOWN);
        assert isNew;
        boolean isGone = streams.xgroupDestroy(key, key);
        assert isGone;
    }

    /** How many entries up to an id there ever were, as far as the entries that are left tell. */
    private long countUpTo(StreamId id) {
        if (entriesInOrder.isEmpty()) {
            return 0;
        }
        int fromFirst = id.compareTo(entriesInOrder.get(0).id());
        if (fromFirst <= 0) {
            return added - entriesInOrder.size() + (fromFirst == 0 ? 1 : 0);
        }
        return id.equals(last) ? added : StreamOperations.UNKNOWN;
    }

    private void write(StreamOperations streams, byte[] key, Group group) {
        OptionalLong told = group.entriesRead();
        long read = told.isPresent() ? told.getAsLong() : countUpTo(group.lastId());
        boolean unused =
                streams.xgroupCreate(
                        key,
                        group.name(),
                        group.lastId(),
                        false,
                        // As below, Redis may have counted on, past the highest number.
                        read < StreamOperations.UNKNOWN ? Long.MAX_VALUE : read);
        for (Consumer consumer : group.consumers()) {
            List<StreamPending> pending = new ArrayList<>(consumer.pending().size());
            for (Pending each : consumer.pending()) {
                Instant deliveredAt = Instant.ofEpochMilli(each.deliveredAtMs());
                pending.add(
                        new StreamPending(
                                each.id(),
                                consumer.name(),
                                deliveredAt,
                                Duration.ZERO,
                                each.deliveries()));
            }
            streams.xgroupRestoreConsumer(
                    key,
                    group.name(),
                    consumer.name(),
                    Instant.ofEpochMilli(consumer.seenMs()),
                    consumer.activeMs() < 0 ? null : Instant.ofEpochMilli(consumer.activeMs()),
                    pending);
        }
    }
}
