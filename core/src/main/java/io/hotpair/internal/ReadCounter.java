package io.hotpair.internal;

import io.hotpair.StreamId;
import java.util.OptionalLong;

/**
 * Reckons how many of the entries that a stream ever had a group has read, and how many are still
 * to come. Deleted entries leave no trace but the highest id among them, so the number is known
 * only where no such gap can be: Redis's rules, and its answers.
 */
final class ReadCounter {
    private final StreamId lastId;
    private final StreamId maxDeletedId;
    private final StreamId firstId;
    private final long length;
    private final long entriesAdded;

    ReadCounter(Stream stream) {
        lastId = stream.lastId();
        maxDeletedId = stream.maxDeletedId();
        firstId = stream.firstId();
        length = stream.length();
        entriesAdded = stream.entriesAdded();
    }

    /** Counts an entry that was delivered to a group. */
    void delivered(Stream.Group group, StreamId id) {
        if (group.entriesRead != Stream.UNKNOWN && !hasGapFrom(id)) {
            group.entriesRead++;
        } else if (entriesAdded != 0) {
            group.entriesRead = entriesUpTo(id);
        }
        group.lastId = id;
    }

    /** How many entries are still to be delivered to a group. */
    OptionalLong lag(Stream.Group group) {
        if (entriesAdded == 0) {
            return OptionalLong.of(0);
        }
        long read =
                group.entriesRead != Stream.UNKNOWN && !hasGapFrom(group.lastId)
                        ? group.entriesRead
                        : entriesUpTo(group.lastId);
        return read == Stream.UNKNOWN ? OptionalLong.empty() : OptionalLong.of(entriesAdded - read);
    }

    private boolean hasGapFrom(StreamId id) {
        return length > 0
                && !maxDeletedId.equals(StreamId.MIN)
                && firstId.compareTo(maxDeletedId) <= 0
                && id.compareTo(maxDeletedId) <= 0;
    }

    /** How many entries the stream ever had up to an id, if that can be known. */
    private long entriesUpTo(StreamId id) {
        if (entriesAdded == 0) {
            return 0;
        }
        int toLast = id.compareTo(lastId);
        if (toLast == 0 || (length == 0 && toLast < 0)) {
            return entriesAdded;
        }
        int toFirst = id.compareTo(firstId);
        boolean mayHaveGap =
                !maxDeletedId.equals(StreamId.MIN) && maxDeletedId.compareTo(firstId) >= 0;
        if (toLast > 0 || toFirst > 0 || mayHaveGap) {
            return Stream.UNKNOWN;
        }
        return entriesAdded - length + (toFirst == 0 ? 1 : 0);
    }
}
