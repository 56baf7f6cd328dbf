package io.hotpair;

/** Where time comes from, so that a simulation can supply it. Thread-safe. */
public interface Clock {

    /** The machine's clocks. */
    Clock SYSTEM = new SystemClock();

    /**
     * The wall clock, for deadlines of keys and for people.
     *
     * @return milliseconds since 1970
     */
    long currentTimeMs();

    /**
     * The monotonic clock, for time-outs and leases.
     *
     * @return nanoseconds since an arbitrary moment
     */
    long nanoTime();
}
