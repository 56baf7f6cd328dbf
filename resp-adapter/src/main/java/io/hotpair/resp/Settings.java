package io.hotpair.resp;

import java.util.List;
import java.util.concurrent.TimeUnit;

/** What CONFIG SET may change while the listener runs. Thread-safe. */
final class Settings {
    private volatile long idleTimeoutNs;
    private volatile int maxClients;
    private final int maxBulkLength;
    private volatile long queryBufferLimitBytes;
    private final long outputBufferLimitBytes;
    private final OutputLimit normalLimit;
    private volatile OutputLimit pubSubLimit;
    private volatile long slowLogThresholdUs = 10_000;
    private volatile long slowLogMaxLength = 128;
    private volatile long latencyThresholdMs;
    private volatile boolean tracksLatency = true;
    private volatile List<Double> latencyPercentiles = List.of(50.0, 99.0, 99.9);
    private volatile long busyReplyThresholdMs;
    private volatile int minReplicasToWrite;
    private volatile int minReplicasMaxLag = 10;
    private final PackingLimits packing = new PackingLimits();

    private volatile long aclLogMaxLength;
    private volatile boolean aclAllChannelsByDefault;

    Settings(RespConfig config) {
        busyReplyThresholdMs = config.busyReplyThreshold().toMillis();
        aclLogMaxLength = config.aclLogMaxLength();
        aclAllChannelsByDefault = config.aclAllChannelsByDefault();
        idleTimeoutNs = config.idleTimeout().toNanos();
        maxClients = config.maxClients();
        maxBulkLength = config.maxBulkLength();
        queryBufferLimitBytes = config.queryBufferLimitBytes();
        outputBufferLimitBytes = config.outputBufferLimitBytes();
        normalLimit = new OutputLimit(outputBufferLimitBytes, 0, 0);
        pubSubLimit = config.pubSubLimit();
    }

    long idleTimeoutNs() {
        return idleTimeoutNs;
    }

    long idleTimeoutSeconds() {
        return TimeUnit.NANOSECONDS.toSeconds(idleTimeoutNs);
    }

    void idleTimeoutSeconds(long seconds) {
        idleTimeoutNs = TimeUnit.SECONDS.toNanos(seconds);
    }

    int maxClients() {
        return maxClients;
    }

    void maxClients(long count) {
        maxClients = (int) count;
    }

    int maxBulkLength() {
        return maxBulkLength;
    }

    long queryBufferLimitBytes() {
        return queryBufferLimitBytes;
    }

    void queryBufferLimitBytes(long bytes) {
        queryBufferLimitBytes = bytes;
    }

    long outputBufferLimitBytes() {
        return outputBufferLimitBytes;
    }

    /** For what clients get that they did not ask for just now. */
    OutputLimit normalLimit() {
        return normalLimit;
    }

    OutputLimit pubSubLimit() {
        return pubSubLimit;
    }

    void pubSubLimit(OutputLimit limit) {
        pubSubLimit = limit;
    }

    PackingLimits packing() {
        return packing;
    }

    long slowLogThresholdUs() {
        return slowLogThresholdUs;
    }

    void slowLogThresholdUs(long us) {
        slowLogThresholdUs = us;
    }

    /** What takes as long is an event of the latency monitor; 0 if nothing is. */
    long latencyThresholdMs() {
        return latencyThresholdMs;
    }

    void latencyThresholdMs(long ms) {
        latencyThresholdMs = ms;
    }

    /** Whether histograms are kept of how long commands take. */
    boolean tracksLatency() {
        return tracksLatency;
    }

    void tracksLatency(boolean whether) {
        tracksLatency = whether;
    }

    /** Of which percentiles INFO tells. */
    List<Double> latencyPercentiles() {
        return latencyPercentiles;
    }

    void latencyPercentiles(List<Double> percentiles) {
        latencyPercentiles = percentiles;
    }

    /** After how long a script has others told that the server is busy; 0 if it never has. */
    long busyReplyThresholdMs() {
        return busyReplyThresholdMs;
    }

    void busyReplyThresholdMs(long ms) {
        busyReplyThresholdMs = ms;
    }

    int minReplicasToWrite() {
        return minReplicasToWrite;
    }

    void minReplicasToWrite(long count) {
        minReplicasToWrite = (int) count;
    }

    int minReplicasMaxLag() {
        return minReplicasMaxLag;
    }

    void minReplicasMaxLag(long seconds) {
        minReplicasMaxLag = (int) seconds;
    }

    /** How many good replicas a write needs; either of both at 0 turns that off. */
    int wantedReplicas() {
        return minReplicasMaxLag == 0 ? 0 : minReplicasToWrite;
    }

    long aclLogMaxLength() {
        return aclLogMaxLength;
    }

    void aclLogMaxLength(long length) {
        aclLogMaxLength = length;
    }

    /** Whether a user that is made or reset may use all channels. */
    boolean aclAllChannelsByDefault() {
        return aclAllChannelsByDefault;
    }

    void aclAllChannelsByDefault(boolean whether) {
        aclAllChannelsByDefault = whether;
    }

    long slowLogMaxLength() {
        return slowLogMaxLength;
    }

    void slowLogMaxLength(long length) {
        slowLogMaxLength = length;
    }
}
