package io.hotpair;

/** Deadlines that wait; see {@link Keyspace#holdDeadlines}. Thread-safe. */
public interface DeadlineHold extends AutoCloseable {

    /**
     * The time by which deadlines are judged now.
     *
     * @return milliseconds since 1970
     */
    long nowMs();

    /**
     * Says that it was so late when what comes next was done elsewhere: what had a deadline before
     * that has expired.
     *
     * @param timeMs milliseconds since 1970; one before {@link #nowMs} changes nothing, and one
     *     later than this machine's clock counts as its time
     */
    void reach(long timeMs);

    /** Lets the clock go on. What expired meanwhile does so now. Idempotent. */
    @Override
    void close();
}
