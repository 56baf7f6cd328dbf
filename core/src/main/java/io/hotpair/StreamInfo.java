package io.hotpair;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What there is to say of a stream; Redis's {@code XINFO STREAM}.
 *
 * @param length how many entries it has
 * @param lastId the highest id that an entry ever had
 * @param maxDeletedId the highest id of an entry that was deleted, {@code 0-0} for none
 * @param entriesAdded how many entries were ever added
 * @param groupCount how many groups it has
 * @param first its first entry, or null
 * @param last its last entry, or null
 */
public record StreamInfo(
        long length,
        StreamId lastId,
        StreamId maxDeletedId,
        long entriesAdded,
        long groupCount,
        @Nullable StreamEntry first,
        @Nullable StreamEntry last) {

    /**
     * All that there is to say of a stream; Redis's {@code XINFO STREAM FULL}.
     *
     * @param stream the stream itself
     * @param entries its first entries
     * @param groups its groups, in the order of their names
     */
    public record Full(StreamInfo stream, List<StreamEntry> entries, List<FullGroup> groups) {}

    /**
     * A consumer group; Redis's {@code XINFO GROUPS}.
     *
     * @param name its name
     * @param consumerCount how many consumers it has
     * @param pendingCount how many entries are pending
     * @param lastDeliveredId the highest id that was delivered
     * @param entriesRead how many entries of the stream's were ever delivered up to that one; empty
     *     if that is not known
     * @param lag how many entries are still to be delivered; empty if that is not known
     */
    @SuppressWarnings("ArrayRecordComponent") // Names are bytes; compared as objects.
    public record Group(
            byte[] name,
            long consumerCount,
            long pendingCount,
            StreamId lastDeliveredId,
            OptionalLong entriesRead,
            OptionalLong lag) {}

    /**
     * A group with what is pending in it.
     *
     * @param group the group itself
     * @param pending its first pending entries
     * @param consumers its consumers, in the order of their names
     */
    public record FullGroup(
            Group group, List<StreamPending> pending, List<FullConsumer> consumers) {}

    /**
     * A consumer; Redis's {@code XINFO CONSUMERS}.
     *
     * @param name its name
     * @param pendingCount how many pending entries it owns
     * @param seenAt when it last tried to read or to claim
     * @param idle how long ago that is
     * @param activeAt when an entry was last delivered to it, to be acknowledged, or claimed for
     *     it; null if never
     * @param inactive how long ago that is, or null
     */
    @SuppressWarnings("ArrayRecordComponent") // Names are bytes; compared as objects.
    public record Consumer(
            byte[] name,
            long pendingCount,
            Instant seenAt,
            Duration idle,
            @Nullable Instant activeAt,
            @Nullable Duration inactive) {}

    /**
     * A consumer with what it owns.
     *
     * @param consumer the consumer itself
     * @param pending its first pending entries
     */
    public record FullConsumer(Consumer consumer, List<StreamPending> pending) {}
}
