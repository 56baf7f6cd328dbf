package io.hotpair;

/**
 * The id of a stream's entry: a time and a number among the entries of that time. Both are unsigned
 * 64-bit numbers.
 *
 * @param timeMs milliseconds since 1970, as a rule; unsigned
 * @param sequence tells entries of one millisecond apart; unsigned
 * @see <a href="https://redis.io/docs/latest/develop/data-types/streams/#entry-ids">Redis, entry
 *     ids</a>
 */
public record StreamId(long timeMs, long sequence) implements Comparable<StreamId> {
    /** The lowest one, {@code 0-0}, which no entry has. */
    public static final StreamId MIN = new StreamId(0, 0);

    /** The highest one. */
    public static final StreamId MAX = new StreamId(-1, -1);

    /**
     * Reads an id as Redis writes it, {@code 1526919030474-55}.
     *
     * @param text two decimal numbers with a hyphen between them, or the time alone
     * @param sequenceIfMissing the sequence of a time alone
     * @return the id
     * @throws IllegalArgumentException if the text is no id
     */
    public static StreamId parse(String text, long sequenceIfMissing) {
        int hyphen = text.indexOf('-');
        try {
            return hyphen < 0
                    ? new StreamId(Long.parseUnsignedLong(text), sequenceIfMissing)
                    : new StreamId(
                            Long.parseUnsignedLong(text.substring(0, hyphen)),
                            Long.parseUnsignedLong(text.substring(hyphen + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("id=" + text + ", expected time-sequence", e);
        }
    }

    /**
     * Reads an id; a time alone means its sequence 0.
     *
     * @param text two decimal numbers with a hyphen between them, or the time alone
     * @return the id
     * @throws IllegalArgumentException if the text is no id
     */
    public static StreamId parse(String text) {
        return parse(text, 0);
    }

    /**
     * The id that comes next.
     *
     * @return the lowest id above this one
     * @throws IllegalArgumentException if this is the highest one
     */
    public StreamId next() {
        if (equals(MAX)) {
            throw new IllegalArgumentException("id=" + this + ", expected one that has a next one");
        }
        return sequence == -1 ? new StreamId(timeMs + 1, 0) : new StreamId(timeMs, sequence + 1);
    }

    /**
     * The id that comes before.
     *
     * @return the highest id below this one
     * @throws IllegalArgumentException if this is the lowest one
     */
    public StreamId previous() {
        if (equals(MIN)) {
            throw new IllegalArgumentException("id=" + this + ", expected one above the lowest");
        }
        return sequence == 0 ? new StreamId(timeMs - 1, -1) : new StreamId(timeMs, sequence - 1);
    }

    @Override
    public int compareTo(StreamId other) {
        int order = Long.compareUnsigned(timeMs, other.timeMs);
        return order != 0 ? order : Long.compareUnsigned(sequence, other.sequence);
    }

    /** The id as Redis writes it. */
    @Override
    public String toString() {
        return Long.toUnsignedString(timeMs) + '-' + Long.toUnsignedString(sequence);
    }
}
