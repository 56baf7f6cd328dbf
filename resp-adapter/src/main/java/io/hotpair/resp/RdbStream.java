package io.hotpair.resp;

import com.moilioncircle.redis.replicator.rdb.datatype.Stream;
import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import java.util.List;

/** A stream of an RDB file, as it is there: fields in their order, and also those named twice. */
final class RdbStream extends Stream {
    private static final long serialVersionUID = 1L;

    /**
     * A consumer group.
     *
     * @param name its name
     * @param lastId the last entry that was delivered
     * @param entriesRead how many were, or {@link io.hotpair.StreamOperations#UNKNOWN}
     * @param consumers with what is pending for each
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    record Group(byte[] name, StreamId lastId, long entriesRead, List<Consumer> consumers) {}

    /**
     * A consumer.
     *
     * @param name its name
     * @param pending what was delivered to it and not acknowledged
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    record Consumer(byte[] name, List<Pending> pending) {}

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

    List<StreamEntry> entriesInOrder() {
        return entriesInOrder;
    }

    StreamId last() {
        return last;
    }

    long added() {
        return added;
    }

    StreamId maxDeleted() {
        return maxDeleted;
    }

    List<Group> consumerGroups() {
        return consumerGroups;
    }
}
