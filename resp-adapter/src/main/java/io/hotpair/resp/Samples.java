package io.hotpair.resp;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;

/**
 * What is known only to who looks again and again: how much is going on just now, and how much
 * memory there was at most. Rates are the mean of the last 16 looks, as in Redis. Thread-safe.
 */
final class Samples {
    private static final int COUNT = 16;
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    private final RespServer server;
    private final Rate commands = new Rate(WorkerStatistics::commandCount);
    private final Rate received = new Rate(WorkerStatistics::receivedBytes);
    private final Rate sent = new Rate(WorkerStatistics::sentBytes);
    private long lastNs;
    private int next;
    private long peakBytes;

    Samples(RespServer server) {
        this.server = server;
        lastNs = server.keyspace().nanoTime();
    }

    /** Looks. Meant to be called every tenth of a second. */
    synchronized void take() {
        long nowNs = server.keyspace().nanoTime();
        long passedNs = nowNs - lastNs;
        if (passedNs > 0) {
            lastNs = nowNs;
            next = (next + 1) % COUNT;
            commands.take(passedNs);
            received.take(passedNs);
            sent.take(passedNs);
        }
        long unused = peakBytes();
    }

    /** The most that keys and values took, now included. */
    synchronized long peakBytes() {
        peakBytes = Math.max(peakBytes, usedBytes(server));
        return peakBytes;
    }

    /** What keys and values take. */
    static long usedBytes(RespServer server) {
        var statistics = server.keyspace().statistics();
        return Math.max(0, statistics.usedMemoryBytes() - statistics.idleMemoryBytes());
    }

    synchronized long commandsPerSecond() {
        return commands.mean();
    }

    synchronized long receivedBytesPerSecond() {
        return received.mean();
    }

    synchronized long sentBytesPerSecond() {
        return sent.mean();
    }

    /** How fast a counter grows. */
    private final class Rate {
        private final ToLongFunction<WorkerStatistics> counter;
        private final long[] perSecond = new long[COUNT];
        private long last;

        Rate(ToLongFunction<WorkerStatistics> counter) {
            this.counter = counter;
        }

        void take(long passedNs) {
            long count = server.sum(counter);
            // CONFIG RESETSTAT has it begin at zero again.
            long grown = Math.max(0, count - last);
            last = count;
            perSecond[next] = (long) (grown * (double) SECOND_NS / passedNs);
        }

        long mean() {
            return Arrays.stream(perSecond).sum() / COUNT;
        }
    }
}
