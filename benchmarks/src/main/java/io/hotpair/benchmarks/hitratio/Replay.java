package io.hotpair.benchmarks.hitratio;

/** A cache that a trace is played to: each request is a get and, where it misses, a put. */
interface Replay extends AutoCloseable {
    /** Asks for a key and puts it if it is not there; whether it was. */
    boolean request(int key);

    /**
     * How many hits stored a new access word, in relation to all; 0 where there is no such word.
     */
    default double writesPerHit() {
        return 0;
    }

    /** Gives back what it holds. */
    @Override
    default void close() {}

    /** The share of a trace's requests that hit. */
    static double hitRatio(Trace trace, Replay cache) {
        long hits = 0;
        for (int i = 0; i < trace.requestCount(); i++) {
            hits += cache.request(trace.key(i)) ? 1 : 0;
        }
        return (double) hits / trace.requestCount();
    }
}
