package io.hotpair.log;

import io.hotpair.HotpairException;
import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import org.jspecify.annotations.Nullable;

/**
 * An element of a stream, as an operation of type {@code CHANGE_STREAM} has it; {@code
 * core/docs/frame-format.md} says how. Groups and consumers have numbers, which are never used
 * again in their stream. Of a whole stream all groups come first, then all consumers, all that is
 * pending, all entries, and the header.
 */
public sealed interface StreamElement {

    /**
     * A consumer group.
     *
     * @param name its name
     * @param number its number
     * @param lastDeliveredId the last entry that was delivered
     * @param entriesRead how many were, or {@link io.hotpair.StreamOperations#UNKNOWN}
     */
    @SuppressWarnings("ArrayRecordComponent") // The caller's own; nobody compares them.
    record Group(byte[] name, long number, StreamId lastDeliveredId, long entriesRead)
            implements StreamElement {}

    /**
     * A consumer.
     *
     * @param group its group's number
     * @param name its name
     * @param number its number
     * @param seenMs when it last tried something, milliseconds since 1970
     * @param activeMs when it last got something; -1 for never
     */
    @SuppressWarnings("ArrayRecordComponent") // The caller's own; nobody compares them.
    record Consumer(long group, byte[] name, long number, long seenMs, long activeMs)
            implements StreamElement {}

    /**
     * An entry that was delivered and not acknowledged; it may be deleted.
     *
     * @param group its group's number
     * @param id the entry's id
     * @param consumer the number of the consumer that owns it
     * @param deliveredMs when it was last delivered, milliseconds since 1970
     * @param deliveries how often it was
     */
    record Pending(long group, StreamId id, long consumer, long deliveredMs, long deliveries)
            implements StreamElement {}

    /**
     * An entry.
     *
     * @param entry the entry
     */
    record Entry(StreamEntry entry) implements StreamElement {}

    /**
     * What is said of the stream as a whole.
     *
     * @param lastId the last id that was given
     * @param maxDeletedId the highest id that was deleted; 0-0 for none
     * @param entriesAdded how many entries were ever added
     */
    record Header(StreamId lastId, StreamId maxDeletedId, long entriesAdded)
            implements StreamElement {}

    /**
     * Reads the element at which a reader stands.
     *
     * @param element the reader
     * @return the element, or null for one that only repeats what others say
     * @throws HotpairException {@code CORRUPTION} if it is none
     */
    static @Nullable StreamElement read(ElementReader element) {
        try {
            return new StreamElementParts(element).read();
        } catch (ArrayIndexOutOfBoundsException e) {
            throw new HotpairException(
                    HotpairException.Category.CORRUPTION,
                    "operation is damaged: an element of a stream ends too early",
                    e);
        }
    }
}
