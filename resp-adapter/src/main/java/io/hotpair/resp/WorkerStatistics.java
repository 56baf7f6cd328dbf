package io.hotpair.resp;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Counters of one event loop. Only its thread writes them; INFO reads them from another without
 * ordering, which is benign: a figure may be a moment old, and 64-bit reads do not tear on the JVMs
 * that this runs on.
 */
final class WorkerStatistics {
    private final long[] calls;
    private final long[] durationNs;
    private final long[] rejected;
    private final long[] failed;
    private final @Nullable LatencyHistogram[] latencies;
    private final Settings settings;
    private long commandCount;
    private long receivedBytes;
    private long sentBytes;
    private long readCount;
    private long writeCount;

    WorkerStatistics(RespServer server) {
        settings = server.settings();
        int commands = server.commands().size();
        latencies = new LatencyHistogram[commands];
        calls = new long[commands];
        durationNs = new long[commands];
        rejected = new long[commands];
        failed = new long[commands];
    }

    void executed(Command command, long ns) {
        commandCount++;
        calls[command.id()]++;
        durationNs[command.id()] += ns;
        if (settings.tracksLatency()) {
            latency(command.id()).record(ns);
        }
    }

    private LatencyHistogram latency(int command) {
        LatencyHistogram histogram = latencies[command];
        if (histogram == null) {
            histogram = new LatencyHistogram();
            latencies[command] = histogram;
        }
        return histogram;
    }

    void rejected(Command command) {
        rejected[command.id()]++;
    }

    void failed(Command command) {
        failed[command.id()]++;
    }

    void received(int bytes) {
        receivedBytes += bytes;
        readCount++;
    }

    void sent(int bytes) {
        sentBytes += bytes;
        writeCount++;
    }

    /** Adds what was counted elsewhere. */
    void add(WorkerStatistics other) {
        commandCount += other.commandCount;
        for (int i = 0; i < calls.length; i++) {
            calls[i] += other.calls[i];
            durationNs[i] += other.durationNs[i];
            rejected[i] += other.rejected[i];
            failed[i] += other.failed[i];
            LatencyHistogram latency = other.latencies[i];
            if (latency != null) {
                latency(i).add(latency);
            }
        }
    }

    void reset() {
        Arrays.fill(calls, 0);
        Arrays.fill(durationNs, 0);
        Arrays.fill(rejected, 0);
        Arrays.fill(failed, 0);
        Arrays.fill(latencies, null);
        commandCount = 0;
        receivedBytes = 0;
        sentBytes = 0;
        readCount = 0;
        writeCount = 0;
    }

    long calls(Command command) {
        return calls[command.id()];
    }

    long durationNs(Command command) {
        return durationNs[command.id()];
    }

    /** How long its calls took, or null if there were none. */
    @Nullable LatencyHistogram latency(Command command) {
        return latencies[command.id()];
    }

    long rejectedCalls(Command command) {
        return rejected[command.id()];
    }

    long failedCalls(Command command) {
        return failed[command.id()];
    }

    long commandCount() {
        return commandCount;
    }

    long receivedBytes() {
        return receivedBytes;
    }

    long sentBytes() {
        return sentBytes;
    }

    long readCount() {
        return readCount;
    }

    long writeCount() {
        return writeCount;
    }
}
