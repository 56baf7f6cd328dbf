package io.hotpair.benchmarks.compare;

/** What was measured of one contestant at one operation, over all chunks. */
final class Figures {
    /** Nanoseconds by the clock, of one operation in one thread; one sample for each slice. */
    final Samples wall = new Samples();

    /** Nanoseconds of the thread that called; one sample for each slice. */
    final Samples cpu = new Samples();

    /** Durations of single operations, from chunks of their own. */
    final LatencyHistogram latency = new LatencyHistogram();

    private long count;
    private long processNs;

    void add(Crew.Chunk chunk) {
        for (Crew.Slice slice : chunk.slices()) {
            wall.add((double) slice.wallNs() / slice.count());
            cpu.add((double) slice.cpuNs() / slice.count());
            count += slice.count();
        }
        processNs += chunk.processNs();
    }

    /**
     * Nanoseconds of the whole JVM for an operation, collectors and the contestant's own threads
     * included; the mean of all chunks, since the operating system counts it in ticks.
     */
    double processMeanNs() {
        return (double) processNs / count;
    }
}
