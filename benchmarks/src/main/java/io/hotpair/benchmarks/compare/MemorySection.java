package io.hotpair.benchmarks.compare;

import java.util.List;
import java.util.Map;

/**
 * What each entry takes beyond the 116 bytes of its key and value, and how large the Java heap is
 * when all of them are loaded. One JVM for each contestant, with a heap that is touched beforehand,
 * so that the growth of the process is what lies off the heap.
 */
final class MemorySection {
    private static final int PAYLOAD_BYTES = Keys.LENGTH + Dataset.VALUE_LENGTH;

    private final Options options;
    private final Report report;

    /**
     * What one contestant takes.
     *
     * @param overheadBytes of each entry beyond key and value, by the growth of the heap and of the
     *     process around it
     * @param ownOverheadBytes the same as the contestant counts it, off the heap alone, or NaN
     * @param heapBytes the heap in use after the load and a collection
     */
    record Memory(double overheadBytes, double ownOverheadBytes, double heapBytes) {}

    MemorySection(Options options, Report report) {
        this.options = options;
        this.report = report;
    }

    void run() {
        for (int keyCount : options.keyCounts()) {
            for (Peer peer : Peer.values()) {
                boolean chosen = peer == Peer.HOTPAIR || options.peers().contains(peer);
                boolean worthIt = !options.quick() || keyCount <= 1_000_000 || peer == Peer.HOTPAIR;
                if (peer.isMap() && chosen && worthIt) {
                    measure(peer, keyCount);
                }
            }
        }
    }

    private void measure(Peer peer, int keyCount) {
        report.progress("memory of %s with %s keys", peer.label(), Dataset.label(keyCount));
        if (!Machine.hasRoomFor(2 * new Dataset(keyCount, false).likelyBytes())) {
            report.skip(peer, "memory of " + Dataset.label(keyCount), "not enough memory is free");
            return;
        }
        int heapMiB = peer.isOnHeap() ? (int) ((keyCount * 500L) >> 20) + 256 : 256;
        List<String> flags =
                List.of(
                        "-Xms" + heapMiB + "m",
                        "-Xmx" + heapMiB + "m",
                        "-XX:+AlwaysPreTouch",
                        "-XX:MaxDirectMemorySize=16g");
        try {
            Map<String, Double> answers =
                    ChildJvm.run(flags, MemoryProbe.class, peer.label(), keyCount);
            report.add(peer, keyCount, memory(peer, keyCount, answers));
        } catch (IllegalStateException e) {
            report.skip(peer, "memory of " + Dataset.label(keyCount), e.toString());
        }
    }

    private static Memory memory(Peer peer, int keyCount, Map<String, Double> answers) {
        double own = answers.getOrDefault("ownBytes", (double) Contestant.UNKNOWN);
        double heapGrowth = answers.getOrDefault("heapGrowthBytes", Double.NaN);
        double resident =
                peer.isOnHeap() ? 0 : answers.getOrDefault("residentGrowthBytes", Double.NaN);
        return new Memory(
                (resident + heapGrowth) / keyCount - PAYLOAD_BYTES,
                own == Contestant.UNKNOWN ? Double.NaN : own / keyCount - PAYLOAD_BYTES,
                answers.getOrDefault("heapBytes", Double.NaN));
    }
}
