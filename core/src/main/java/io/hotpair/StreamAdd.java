package io.hotpair;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How an entry is added to a stream; the options of Redis's {@code XADD}. Immutable.
 *
 * @param id the entry's id; null to make one from the clock
 * @param makesSequence whether of the id only the time is given
 * @param makesStream whether an absent stream is made
 * @param trim what goes afterwards, or null for nothing
 */
public record StreamAdd(
        @Nullable StreamId id,
        boolean makesSequence,
        boolean makesStream,
        @Nullable StreamTrim trim) {

    /**
     * With an id from the clock, or the next after the highest one if that is in the future;
     * Redis's {@code *}.
     *
     * @return the options
     */
    public static StreamAdd generated() {
        return new StreamAdd(null, false, true, null);
    }

    /**
     * With an id.
     *
     * @param id the entry's id, above all that the stream ever had
     * @return the options
     */
    public static StreamAdd at(StreamId id) {
        return new StreamAdd(Objects.requireNonNull(id, "id"), false, true, null);
    }

    /**
     * With a time, and the next sequence; Redis's {@code 1526919030474-*}.
     *
     * @param timeMs milliseconds since 1970, as a rule; unsigned
     * @return the options
     */
    public static StreamAdd atTime(long timeMs) {
        return new StreamAdd(new StreamId(timeMs, 0), true, true, null);
    }

    /**
     * Only if the stream is there; Redis's {@code NOMKSTREAM}.
     *
     * @return the options
     */
    public StreamAdd onlyIfPresent() {
        return new StreamAdd(id, makesSequence, false, trim);
    }

    /**
     * And trims the stream, in the same step.
     *
     * @param then what goes
     * @return the options
     */
    public StreamAdd trim(StreamTrim then) {
        return new StreamAdd(id, makesSequence, makesStream, then);
    }
}
