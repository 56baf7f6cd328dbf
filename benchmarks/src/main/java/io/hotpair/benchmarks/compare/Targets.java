package io.hotpair.benchmarks.compare;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What Hotpair means to reach, beside what was measured. */
final class Targets {
    private static final List<Target> RATIOS =
            List.of(
                    new Target("get.10m.uniform/two-miss-bound", 1.20),
                    new Target("mget16.perkey/get", 0.35),
                    new Target("put/get", 1.15),
                    new Target("get.1m.uniform/chm", 0.80),
                    new Target("get.1m.uniform/chm.cpu", 0.80),
                    new Target("get.1m.zipf/chm", 0.70),
                    new Target("get.1m.zipf/chm.cpu", 0.70),
                    new Target("put.1m.uniform/chm", 0.85),
                    new Target("put.1m.uniform/chm.cpu", 0.85),
                    new Target("get.10m.uniform/chm", 0.90),
                    new Target("increment.1m.uniform/chm", 0.95),
                    new Target("get.10m.uniform/caffeine", 0.60),
                    new Target("put.10m.uniform/caffeine", 0.65),
                    new Target("get.1m.uniform/chronicle-map", 0.80),
                    new Target("put.1m.uniform/chronicle-map", 0.55),
                    new Target("pauses.p99.9/chm", 0.20),
                    new Target("pauses.p99.9/caffeine", 0.20));

    private static final double LOG_ADDS_NS = 50;

    /** Of each command on collections. */
    private static final double OF_REDIS = 1.00;

    private static final double OVERHEAD_BYTES = 40;
    private static final double HEAP_BYTES = 64 << 20;

    private record Target(String name, double limit) {
        Outcome outcome(double measured) {
            return new Outcome(name, measured, limit);
        }
    }

    private record Outcome(String name, double measured, double limit) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "  %-45s%,14.2f  at most %,14.2f  %s",
                    name,
                    measured,
                    limit,
                    measured <= limit ? "reached" : "missed");
        }
    }

    private Targets() {}

    static void print(
            PrintStream out,
            Map<String, Double> ratios,
            Map<String, Map<String, Double>> memory,
            Map<String, Map<String, Double>> logs) {
        List<Outcome> outcomes = new ArrayList<>();
        for (Target target : RATIOS) {
            Double measured = ratios.get(target.name());
            if (measured != null) {
                outcomes.add(target.outcome(measured));
            }
        }
        ratios.forEach(
                (name, ratio) -> {
                    if (name.endsWith(Report.REDIS)) {
                        outcomes.add(new Outcome(name, ratio, OF_REDIS));
                    }
                });
        logs.forEach(
                (name, figures) ->
                        outcomes.add(
                                new Outcome(
                                        "the log adds, ns, " + name,
                                        figures.getOrDefault("addedNs", Double.NaN),
                                        LOG_ADDS_NS)));
        memory.forEach((name, figures) -> addMemory(outcomes, name, figures));
        out.printf(Locale.ROOT, "%ntargets%n");
        outcomes.forEach(out::println);
        printBehind(out, ratios);
    }

    private static void addMemory(
            List<Outcome> outcomes, String name, Map<String, Double> figures) {
        if (name.startsWith(Peer.HOTPAIR.label())) {
            outcomes.add(
                    new Outcome(
                            "overhead of an entry, bytes, " + name,
                            figures.getOrDefault("ownOverheadBytesPerEntry", Double.NaN),
                            OVERHEAD_BYTES));
            outcomes.add(
                    new Outcome(
                            "Java heap, bytes, " + name,
                            figures.getOrDefault("heapBytes", Double.NaN),
                            HEAP_BYTES));
        }
    }

    /** Ahead of every peer in every operation: by the clock and by processor time. */
    private static void printBehind(PrintStream out, Map<String, Double> ratios) {
        Map<String, List<String>> behind = new TreeMap<>();
        ratios.forEach(
                (name, ratio) -> {
                    if (ratio > 1 && isOfPeer(name)) {
                        int slash = name.indexOf('/');
                        behind.computeIfAbsent(name.substring(0, slash), n -> new ArrayList<>())
                                .add(
                                        String.format(
                                                Locale.ROOT,
                                                "%s %.2f",
                                                name.substring(slash + 1),
                                                ratio));
                    }
                });
        out.printf(Locale.ROOT, "%nbehind a peer: %s%n", behind.isEmpty() ? "nowhere" : "");
        behind.forEach(
                (cell, peers) ->
                        out.printf(Locale.ROOT, "  %-32s%s%n", cell, String.join(", ", peers)));
    }

    private static boolean isOfPeer(String name) {
        if (name.endsWith(".p50") || name.endsWith(".p99.9") || name.endsWith(".process")) {
            return false;
        }
        String other = name.substring(name.indexOf('/') + 1).replace(".cpu", "");
        return !other.equals(Peer.TWO_MISS_BOUND.label())
                && !other.equals("get")
                && !other.startsWith("put.hot");
    }
}
