package io.hotpair.benchmarks.compare;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** What the turns have cost, as a table, as JSON, and beside what Hotpair means to reach. */
final class StoresReport {
    private static final double LOG_ADDS_NS = 150;
    private static final double AHEAD_OF_CHRONICLE_MAP = 1.7;
    private static final double AHEAD_OF_OTHERS = 6;

    private final Map<Integer, Map<Store, List<StoreTurn.Cost>>> costs = new TreeMap<>();
    private final Map<String, Object> machine = new LinkedHashMap<>();

    StoresReport(StoresOptions options) {
        machine.put("processors", Machine.processors());
        machine.put("java", Runtime.version().toString());
        machine.put("keys", options.keyCount());
        machine.put("rounds", options.rounds());
        machine.put("loadBefore", Machine.load());
    }

    /** Takes a turn. Every store has the same number of them, in the order of the rounds. */
    void add(int threads, Store store, StoreTurn.Cost cost) {
        costs.computeIfAbsent(threads, t -> new EnumMap<>(Store.class))
                .computeIfAbsent(store, s -> new ArrayList<>())
                .add(cost);
    }

    /** A store's figure of each round, by that of another one in the same round. */
    Samples ratios(int threads, Store store, Store other, ToDoubleFunction<StoreTurn.Cost> figure) {
        List<StoreTurn.Cost> own = costs(threads, store);
        List<StoreTurn.Cost> base = costs(threads, other);
        Samples ratios = new Samples();
        for (int round = 0; round < Math.min(own.size(), base.size()); round++) {
            ratios.add(
                    figure.applyAsDouble(own.get(round)) / figure.applyAsDouble(base.get(round)));
        }
        return ratios;
    }

    private Samples ratiosToLog(int threads, Store store, ToDoubleFunction<StoreTurn.Cost> figure) {
        return ratios(threads, store, Store.HOTPAIR_LOG, figure);
    }

    /**
     * Of all rounds together: the kernel writes pages when it sees fit, and they count in the turn
     * in which they are changed again.
     */
    double bytesPerPut(int threads, Store store) {
        List<StoreTurn.Cost> all = costs(threads, store);
        long bytes = all.stream().mapToLong(StoreTurn.Cost::bytes).sum();
        return (double) bytes / all.stream().mapToLong(StoreTurn.Cost::count).sum();
    }

    /** What level {@code memory} takes longer than a put without a log, in each round. */
    Samples addedNs(int threads) {
        List<StoreTurn.Cost> memory = costs(threads, Store.HOTPAIR_MEMORY);
        List<StoreTurn.Cost> without = costs(threads, Store.HOTPAIR_NO_LOG);
        Samples added = new Samples();
        for (int round = 0; round < Math.min(memory.size(), without.size()); round++) {
            added.add(memory.get(round).wallNsPerPut() - without.get(round).wallNsPerPut());
        }
        return added;
    }

    private List<StoreTurn.Cost> costs(int threads, Store store) {
        return costs.getOrDefault(threads, Map.of()).getOrDefault(store, List.of());
    }

    private Samples samples(int threads, Store store, ToDoubleFunction<StoreTurn.Cost> figure) {
        Samples samples = new Samples();
        costs(threads, store).forEach(cost -> samples.add(figure.applyAsDouble(cost)));
        return samples;
    }

    void print(PrintStream out) {
        machine.put("loadAfter", Machine.load());
        out.printf(
                Locale.ROOT,
                """

                What a put takes: by the clock, all threads together; processor time of the whole
                process; bytes that it gave the kernel to be written (write_bytes of /proc/self/io).
                Medians of %s rounds, low: their 10th percentile; bytes: mean. Ratios to hotpair-log
                in the same round: median (10th to 90th percentile); above 1, hotpair-log takes less.
                """,
                machine.get("rounds"));
        costs.forEach((threads, stores) -> printTable(out, threads, stores));
        printTargets(out);
        out.println();
        out.println("machine: " + machine);
    }

    private void printTable(PrintStream out, int threads, Map<Store, List<StoreTurn.Cost>> stores) {
        out.printf(
                Locale.ROOT,
                "%n%-16s%10s%10s%28s%10s%8s%10s%n",
                threads + (threads == 1 ? " thread" : " threads"),
                "low ns",
                "ns",
                "ratio",
                "cpu ns",
                "ratio",
                "bytes");
        for (Store store : stores.keySet()) {
            Samples ratio = ratiosToLog(threads, store, StoreTurn.Cost::wallNsPerPut);
            out.printf(
                    Locale.ROOT,
                    "%-16s%,10.0f%,10.0f%8.2f (%7.2f to %7.2f)%,10.0f%8.2f%,10.0f%n",
                    store.label(),
                    samples(threads, store, StoreTurn.Cost::wallNsPerPut).low(),
                    samples(threads, store, StoreTurn.Cost::wallNsPerPut).median(),
                    ratio.median(),
                    ratio.quantile(0.1),
                    ratio.quantile(0.9),
                    samples(threads, store, StoreTurn.Cost::cpuNsPerPut).median(),
                    ratiosToLog(threads, store, StoreTurn.Cost::cpuNsPerPut).median(),
                    bytesPerPut(threads, store));
        }
    }

    private void printTargets(PrintStream out) {
        out.printf(Locale.ROOT, "%ntargets%n");
        for (int threads : costs.keySet()) {
            Samples added = addedNs(threads);
            if (added.count() > 0) {
                printTarget(
                        out,
                        "level memory adds, ns",
                        threads,
                        added.median(),
                        "at most",
                        LOG_ADDS_NS,
                        added.median() <= LOG_ADDS_NS);
            }
            for (Store level : List.of(Store.HOTPAIR_MEMORY, Store.HOTPAIR_LOG)) {
                printAhead(out, threads, level);
            }
        }
    }

    private void printAhead(PrintStream out, int threads, Store level) {
        for (Store store : costs.getOrDefault(threads, Map.of()).keySet()) {
            Samples ratios = ratios(threads, store, level, StoreTurn.Cost::wallNsPerPut);
            if (!store.isHotpair() && ratios.count() > 0) {
                double least =
                        store == Store.CHRONICLE_MAP ? AHEAD_OF_CHRONICLE_MAP : AHEAD_OF_OTHERS;
                printTarget(
                        out,
                        level.label() + ", times " + store.label(),
                        threads,
                        ratios.median(),
                        "at least",
                        least,
                        ratios.median() >= least);
            }
        }
    }

    private static void printTarget(
            PrintStream out,
            String what,
            int threads,
            double measured,
            String bound,
            double limit,
            boolean reached) {
        out.printf(
                Locale.ROOT,
                "  %-36s threads %d%,10.2f  %s %,8.2f  %s%n",
                what,
                threads,
                measured,
                bound,
                limit,
                reached ? "reached" : "missed");
    }

    /** All figures, by number of threads and store. */
    String json() {
        Map<String, Object> all = new LinkedHashMap<>();
        costs.forEach(
                (threads, stores) -> {
                    Map<String, Object> rows = new LinkedHashMap<>();
                    stores.keySet().forEach(store -> rows.put(store.label(), row(threads, store)));
                    rows.put("memoryAddsNs", quantiles(addedNs(threads)));
                    all.put("threads" + threads, rows);
                });
        all.put("machine", machine);
        return Json.write(all);
    }

    private Map<String, Object> row(int threads, Store store) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("wallNs", quantiles(samples(threads, store, StoreTurn.Cost::wallNsPerPut)));
        row.put("cpuNs", quantiles(samples(threads, store, StoreTurn.Cost::cpuNsPerPut)));
        row.put("bytes", bytesPerPut(threads, store));
        row.put("wallToLog", quantiles(ratiosToLog(threads, store, StoreTurn.Cost::wallNsPerPut)));
        row.put("cpuToLog", quantiles(ratiosToLog(threads, store, StoreTurn.Cost::cpuNsPerPut)));
        Samples toMemory =
                ratios(threads, store, Store.HOTPAIR_MEMORY, StoreTurn.Cost::wallNsPerPut);
        row.put("wallToMemory", quantiles(toMemory));
        return row;
    }

    private static Map<String, Object> quantiles(Samples samples) {
        Map<String, Object> quantiles = new LinkedHashMap<>();
        quantiles.put("p10", samples.quantile(0.1));
        quantiles.put("p50", samples.median());
        quantiles.put("p90", samples.quantile(0.9));
        return quantiles;
    }
}
