package io.hotpair.benchmarks.compare;

import java.lang.management.ManagementFactory;

/** Fills one contestant in a JVM of its own, and says what memory that took. */
final class MemoryProbe {
    private MemoryProbe() {}

    /** Arguments: the peer, the number of keys. */
    public static void main(String[] arguments) {
        Peer peer = Peer.of(arguments[0]);
        Dataset dataset = Dataset.withoutCounters(Integer.parseInt(arguments[1]));
        // A tiny one first: what every JVM loads for this peer is not what its entries take.
        try (Contestant tiny = peer.open(Dataset.withoutCounters(1000))) {
            Lineup.fill(tiny, Dataset.withoutCounters(1000));
        }
        long heapBefore = heapBytes();
        long residentBefore = Machine.residentBytes();
        try (Contestant contestant = peer.open(dataset)) {
            Lineup.fill(contestant, dataset);
            ChildJvm.answer("ownBytes", contestant.ownBytes());
            long heapAfter = heapBytes();
            ChildJvm.answer("heapBytes", heapAfter);
            ChildJvm.answer("heapGrowthBytes", heapAfter - heapBefore);
            ChildJvm.answer("residentGrowthBytes", Machine.residentBytes() - residentBefore);
        }
        System.exit(0);
    }

    /** The heap in use after a collection. */
    private static long heapBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
