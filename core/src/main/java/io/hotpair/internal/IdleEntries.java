package io.hotpair.internal;

import io.hotpair.StreamId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * What is pending of a group and was not delivered for some time. Pending entries stand in the
 * order of their ids, so all of them are looked at, but no more is kept than is asked for.
 */
final class IdleEntries {
    /** Says that there is no such moment. */
    static final long NEVER = Long.MAX_VALUE;

    private static final Comparator<Stream.Pending> LONGEST_FIRST =
            Comparator.comparingLong(Stream.Pending::deliveredMs).thenComparing(Stream.Pending::id);

    private final Stream stream;
    private final long latestMs;
    private final long limit;
    private final PriorityQueue<Stream.Pending> found =
            new PriorityQueue<>(LONGEST_FIRST.reversed());
    private long nextMs = NEVER;

    /**
     * Looks for them.
     *
     * @param latestMs when they were delivered at the latest
     * @param limit at most how many; 1 or more
     */
    IdleEntries(Stream stream, Stream.Group group, long latestMs, long limit) {
        this.stream = stream;
        this.latestMs = latestMs;
        this.limit = limit;
        StreamId from = StreamId.MIN;
        List<Stream.Pending> chunk;
        do {
            chunk = stream.pending(group, from, Stream.CHUNK);
            chunk.forEach(this::look);
            if (!chunk.isEmpty()) {
                from = chunk.get(chunk.size() - 1).id();
            }
            if (from.equals(StreamId.MAX)) {
                return;
            }
            from = from.next();
        } while (chunk.size() == Stream.CHUNK);
    }

    private void look(Stream.Pending pending) {
        if (pending.deliveredMs() > latestMs) {
            if (pending.deliveredMs() < nextMs && stream.hasEntry(pending.id())) {
                nextMs = pending.deliveredMs();
            }
            return;
        }
        Stream.Pending last = found.size() < limit ? null : found.peek();
        boolean wanted = last == null || LONGEST_FIRST.compare(pending, last) < 0;
        if (wanted && stream.hasEntry(pending.id())) {
            found.add(pending);
            if (found.size() > limit) {
                Stream.Pending unused = found.poll();
            }
        }
    }

    /** Those that are entries of the stream, the one that is idle longest first. */
    List<Stream.Pending> found() {
        List<Stream.Pending> sorted = new ArrayList<>(found);
        sorted.sort(LONGEST_FIRST);
        return sorted;
    }

    /** When the first of all others was delivered; {@link #NEVER} if there is no other. */
    long nextMs() {
        return nextMs;
    }
}
