package io.hotpair;

import java.util.Objects;

/**
 * Which ids of a stream. Immutable.
 *
 * @param first the lowest one
 * @param last the highest one, included
 * @param limit at most how many; 0 or more
 */
public record StreamRange(StreamId first, StreamId last, long limit) {

    /**
     * Checks what is given.
     *
     * @param first the lowest one
     * @param last the highest one, included
     * @param limit at most how many; 0 or more
     */
    public StreamRange {
        Objects.requireNonNull(first, "first");
        Objects.requireNonNull(last, "last");
        if (limit < 0) {
            throw new IllegalArgumentException("limit=" + limit + ", expected 0 or more");
        }
    }

    /**
     * All ids; Redis's {@code - +}.
     *
     * @return the range
     */
    public static StreamRange all() {
        return new StreamRange(StreamId.MIN, StreamId.MAX, Long.MAX_VALUE);
    }

    /**
     * The ids from one to another.
     *
     * @param first the lowest one
     * @param last the highest one, included
     * @return the range
     */
    public static StreamRange of(StreamId first, StreamId last) {
        return new StreamRange(first, last, Long.MAX_VALUE);
    }

    /**
     * Begins with an id.
     *
     * @param id the lowest one
     * @return the range
     */
    public StreamRange from(StreamId id) {
        return new StreamRange(id, last, limit);
    }

    /**
     * Begins behind an id; Redis's {@code (id}.
     *
     * @param id the one before the lowest
     * @return the range
     * @throws IllegalArgumentException if there is no higher one
     */
    public StreamRange after(StreamId id) {
        return from(id.next());
    }

    /**
     * Ends with an id.
     *
     * @param id the highest one
     * @return the range
     */
    public StreamRange to(StreamId id) {
        return new StreamRange(first, id, limit);
    }

    /**
     * Ends before an id; Redis's {@code (id}.
     *
     * @param id the one after the highest
     * @return the range
     * @throws IllegalArgumentException if there is no lower one
     */
    public StreamRange before(StreamId id) {
        return to(id.previous());
    }

    /**
     * Ends after some; Redis's {@code COUNT}.
     *
     * @param count at most how many; 0 or more
     * @return the range
     */
    public StreamRange limit(long count) {
        return new StreamRange(first, last, count);
    }
}
