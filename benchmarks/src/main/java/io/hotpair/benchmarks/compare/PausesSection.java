package io.hotpair.benchmarks.compare;

import java.util.List;
import java.util.Map;

/**
 * The slowest of a thousand requests under a steady load, half reads and half overwrites, with a
 * working set of 4 GiB: where the collector has to move and mark what a map on the heap holds. The
 * idle one shows how long the machine itself keeps a thread waiting.
 */
final class PausesSection {
    /** An entry with a value of 1000 bytes, as a map on the heap holds it, objects included. */
    private static final long ENTRY_BYTES = 1136;

    private static final long WORKING_SET_BYTES = 4L << 30;
    private static final int REQUESTS_PER_SECOND = 100_000;

    /** Twice the working set, which is generous, for those that live there. */
    private static final long LARGE_HEAP_BYTES = 2 * WORKING_SET_BYTES;

    private static final String SMALL_HEAP = "-Xmx64m";
    private static final List<Peer> PEERS =
            List.of(Peer.IDLE, Peer.HOTPAIR, Peer.CHM, Peer.CAFFEINE);

    private final Options options;
    private final Report report;

    PausesSection(Options options, Report report) {
        this.options = options;
        this.report = report;
    }

    void run() {
        for (Peer peer : PEERS) {
            if (peer != Peer.HOTPAIR && !options.peers().contains(peer)) {
                continue;
            }
            if (!Machine.hasRoomFor(LARGE_HEAP_BYTES)) {
                report.skip(peer, "pauses", "not enough memory is free");
                continue;
            }
            report.progress("pauses of %s", peer.label());
            try {
                report.addPauses(peer, measure(peer));
            } catch (IllegalStateException e) {
                report.skip(peer, "pauses", e.toString());
            }
        }
    }

    private Map<String, Double> measure(Peer peer) {
        String heap = peer.isOnHeap() ? "-Xmx" + LARGE_HEAP_BYTES : SMALL_HEAP;
        return ChildJvm.run(
                List.of(heap, "-XX:+UseG1GC"),
                PausesProbe.class,
                peer.label(),
                WORKING_SET_BYTES / ENTRY_BYTES,
                REQUESTS_PER_SECOND,
                options.quick() ? 15 : 120);
    }
}
