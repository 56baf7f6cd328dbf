package io.hotpair.benchmarks.compare;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Collects the figures and makes ratios of them: Hotpair's figure by the other's, so that below 1
 * Hotpair is ahead. A ratio takes both figures from the same rounds.
 */
final class Report {
    /** What the names of ratios to Redis's processor time end with. */
    static final String REDIS = "/redis";

    private static final double TAIL = 0.999;

    private final PrintStream out;
    private final PrintStream progress;
    private final Map<String, Object> machine = new LinkedHashMap<>();
    private final Map<String, Double> ratios = new TreeMap<>();
    private final Map<String, Map<Peer, Figures>> cells = new LinkedHashMap<>();
    private final Map<String, Map<String, Double>> memory = new LinkedHashMap<>();
    private final Map<String, Map<String, Double>> pauses = new LinkedHashMap<>();
    private final Map<String, Map<String, Double>> logs = new LinkedHashMap<>();
    private final Map<String, Map<String, Double>> collections = new LinkedHashMap<>();
    private final Map<String, String> skipped = new LinkedHashMap<>();

    Report(PrintStream out, PrintStream progress) {
        this.out = out;
        this.progress = progress;
        machine.put("java", Runtime.version().toString());
        machine.put("processors", Machine.processors());
        machine.put("loadBefore", Machine.load());
    }

    void progress(String format, Object... arguments) {
        progress.printf(
                Locale.ROOT,
                "[%tT] " + format + "%n",
                prepend(System.currentTimeMillis(), arguments));
    }

    private static Object[] prepend(Object first, Object... rest) {
        List<Object> all = new ArrayList<>();
        all.add(first);
        all.addAll(List.of(rest));
        return all.toArray();
    }

    /** Notes what could not be measured. */
    void skip(Peer peer, String what, String why) {
        skip(peer.label() + " (" + what + ")", why);
    }

    /** Notes what could not be measured. */
    void skip(String what, String why) {
        skipped.put(what, why);
        progress("skipped %s: %s", what, why);
    }

    /** Takes the figures of a cell; of one that comes again, with others beside, the new ones. */
    void add(String label, Map<Peer, Figures> figures) {
        Map<Peer, Figures> known = cells.computeIfAbsent(label, l -> new TreeMap<>());
        figures.forEach(known::putIfAbsent);
        Figures hotpair = figures.get(Peer.HOTPAIR);
        if (hotpair == null) {
            return;
        }
        figures.forEach(
                (peer, other) -> {
                    if (peer != Peer.HOTPAIR && peer != Peer.IDLE) {
                        compare(label + "/" + peer.label(), hotpair, other);
                    }
                });
    }

    private void compare(String name, Figures hotpair, Figures other) {
        ratio(name, hotpair.wall.low(), other.wall.low());
        ratio(name + ".p50", hotpair.wall.median(), other.wall.median());
        ratio(name + ".cpu", hotpair.cpu.low(), other.cpu.low());
        ratio(name + ".process", hotpair.processMeanNs(), other.processMeanNs());
        ratio(
                name + ".p99.9",
                (double) hotpair.latency.quantileNs(TAIL),
                (double) other.latency.quantileNs(TAIL));
    }

    /** The first line-up with both counts; short runs have no processor time in ticks. */
    private void ratio(String name, double figure, double other) {
        double ratio = figure / other;
        if (ratio > 0 && Double.isFinite(ratio)) {
            ratios.putIfAbsent(name, ratio);
        }
    }

    void add(Peer peer, int keyCount, MemorySection.Memory taken) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("overheadBytesPerEntry", taken.overheadBytes());
        figures.put("ownOverheadBytesPerEntry", taken.ownOverheadBytes());
        figures.put("heapBytes", taken.heapBytes());
        memory.put(peer.label() + "." + Dataset.label(keyCount), figures);
    }

    void addPauses(Peer peer, Map<String, Double> answers) {
        pauses.put(peer.label(), answers);
        Map<String, Double> hotpair = pauses.get(Peer.HOTPAIR.label());
        if (peer.isOnHeap() && hotpair != null) {
            double ratio =
                    hotpair.getOrDefault("p99.9", Double.NaN)
                            / answers.getOrDefault("p99.9", Double.NaN);
            ratios.put("pauses.p99.9/" + peer.label(), ratio);
        }
    }

    void add(String name, LogSection.Cost cost) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("memoryNs", cost.memory().low());
        figures.put("logNs", cost.log().low());
        figures.put("addedNs", cost.addedNs());
        figures.put("addedNsP50", cost.log().median() - cost.memory().median());
        logs.put(name, figures);
        String suffix = name.equals("steady") ? "" : "." + name;
        ratios.put("put.hot.log/put.hot.memory" + suffix, cost.ratio());
    }

    void add(String label, CollectionsSection.Cost cost) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("hotpairNs", cost.hotpair().median());
        figures.put("redisNs", cost.redis().median());
        figures.put("ratio", cost.ratio());
        figures.put("redisCallNs", cost.redisCall().median());
        figures.put("hotpairNs.p10", cost.hotpair().low());
        figures.put("redisNs.p10", cost.redis().low());
        figures.put("processNs.mean", cost.process().mean());
        collections.put(label, figures);
        ratio(label + REDIS, cost.hotpair().median(), cost.redis().median());
    }

    /** Notes which Redis is beside Hotpair. */
    void redis(String version) {
        machine.put("redis", version);
    }

    /** Ratios between operations of Hotpair, of each cell and, without a cell's name, of one. */
    private void compareOperations() {
        for (String get : List.copyOf(cells.keySet())) {
            if (get.startsWith("get.")) {
                String place = get.substring("get".length());
                compareOperation("put" + place, get, "put" + place + "/get", 1);
                compareOperation(
                        "mget16" + place, get, "mget16.perkey" + place + "/get", Caller.BATCH);
            }
        }
        for (String place : List.of(".1m.uniform", ".10m.uniform")) {
            Double put = ratios.get("put" + place + "/get");
            Double several = ratios.get("mget16.perkey" + place + "/get");
            if (put != null) {
                ratios.put("put/get", put);
            }
            if (several != null) {
                ratios.put("mget16.perkey/get", several);
            }
        }
    }

    private void compareOperation(String label, String getLabel, String name, int keys) {
        Figures figures = cells.getOrDefault(label, Map.of()).get(Peer.HOTPAIR);
        Figures get = cells.getOrDefault(getLabel, Map.of()).get(Peer.HOTPAIR);
        if (figures != null && get != null) {
            ratios.put(name, figures.wall.low() / keys / get.wall.low());
            ratios.put(name + ".cpu", figures.cpu.low() / keys / get.cpu.low());
        }
    }

    /** Prints the tables. */
    void print() {
        machine.put("loadAfter", Machine.load());
        compareOperations();
        out.println();
        printCells();
        printOperations();
        printFigures("bytes", memory);
        printFigures("pauses: latency in ns under a steady load", pauses);
        printFigures("put on a hot key, ns", logs);
        printCollections();
        Targets.print(out, ratios, memory, logs);
        out.println();
        skipped.forEach((what, why) -> out.printf(Locale.ROOT, "skipped: %s: %s%n", what, why));
        out.println("machine: " + machine);
    }

    private void printCells() {
        if (cells.isEmpty()) {
            return;
        }
        List<Peer> columns = columns();
        out.println(
                "Hotpair's ns, and Hotpair's time by each other's: by the clock, low quantile;");
        out.println("by processor time of the callers, low quantile; 99.9th percentile of calls");
        StringBuilder head = new StringBuilder(String.format(Locale.ROOT, "%-30s%9s", "", "ns"));
        columns.forEach(peer -> head.append(cell(peer.label(), peer)));
        out.println(head);
        cells.forEach(
                (label, figures) -> {
                    printRow(label, label, figures, columns, "");
                    printRow(label, "  cpu", figures, columns, ".cpu");
                    printRow(label, "  p99.9", figures, columns, ".p99.9");
                });
        out.println();
    }

    private void printRow(
            String label,
            String shown,
            Map<Peer, Figures> figures,
            List<Peer> columns,
            String suffix) {
        Figures hotpair = figures.get(Peer.HOTPAIR);
        if (hotpair == null) {
            return;
        }
        StringBuilder row =
                new StringBuilder(
                        String.format(Locale.ROOT, "%-30s%9.1f", shown, figure(hotpair, suffix)));
        for (Peer peer : columns) {
            Double ratio = ratios.get(label + "/" + peer.label() + suffix);
            row.append(cell(ratio == null ? "-" : String.format(Locale.ROOT, "%.2f", ratio), peer));
        }
        out.println(row);
    }

    private static double figure(Figures figures, String suffix) {
        return switch (suffix) {
            case ".cpu" -> figures.cpu.low();
            case ".p99.9" -> figures.latency.quantileNs(TAIL);
            default -> figures.wall.low();
        };
    }

    private List<Peer> columns() {
        List<Peer> columns = new ArrayList<>();
        for (Peer peer : Peer.values()) {
            boolean present = cells.values().stream().anyMatch(row -> row.containsKey(peer));
            if (present && peer != Peer.HOTPAIR && peer != Peer.IDLE) {
                columns.add(peer);
            }
        }
        return columns;
    }

    private static String cell(String text, Peer peer) {
        return String.format(Locale.ROOT, "%" + Math.max(7, peer.label().length() + 2) + "s", text);
    }

    private void printOperations() {
        cells.forEach(
                (label, figures) -> {
                    Figures idle = figures.get(Peer.IDLE);
                    if (idle != null) {
                        out.printf(
                                Locale.ROOT,
                                "%s: %.1f ns of it are the loop's%n",
                                label,
                                idle.wall.low());
                    }
                });
        ratios.forEach(
                (name, ratio) -> {
                    if (name.endsWith("/get") || name.startsWith("put.hot")) {
                        out.printf(Locale.ROOT, "%-50s%7.2f%n", name, ratio);
                    }
                });
    }

    private void printCollections() {
        if (collections.isEmpty()) {
            return;
        }
        out.printf(
                Locale.ROOT,
                "%ncommands on collections: processor time in ns of Hotpair's caller and of Redis's"
                        + " main thread,%nmedians; duration of the call alone, as Redis says%n"
                        + "%-22s%10s%10s%8s%12s%n",
                "",
                "hotpair",
                "redis",
                "ratio",
                "redis call");
        collections.forEach(
                (label, figures) ->
                        out.printf(
                                Locale.ROOT,
                                "%-22s%,10.0f%,10.0f%8.2f%,12.0f%n",
                                label,
                                figures.get("hotpairNs"),
                                figures.get("redisNs"),
                                figures.get("ratio"),
                                figures.get("redisCallNs")));
    }

    private void printFigures(String title, Map<String, Map<String, Double>> rows) {
        if (rows.isEmpty()) {
            return;
        }
        out.printf(Locale.ROOT, "%n%s%n", title);
        rows.forEach(
                (label, figures) -> {
                    out.printf(Locale.ROOT, "  %-20s", label);
                    figures.forEach(
                            (name, figure) -> {
                                if (!figure.isNaN()) {
                                    out.printf(Locale.ROOT, "  %s %,.1f", name, figure);
                                }
                            });
                    out.println();
                });
    }

    void write(Path file) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("ratios", ratios);
        all.put("machine", machine);
        all.put("cells", figures());
        all.put("memory", memory);
        all.put("pauses", pauses);
        all.put("log", logs);
        all.put("collections", collections);
        all.put("skipped", skipped);
        Files.writeString(file, Json.write(all));
    }

    private Map<String, Object> figures() {
        Map<String, Object> all = new LinkedHashMap<>();
        cells.forEach(
                (label, figures) -> {
                    Map<String, Object> row = new LinkedHashMap<>();
                    figures.forEach((peer, of) -> row.put(peer.label(), quantiles(of)));
                    all.put(label, row);
                });
        return all;
    }

    private static Map<String, Object> quantiles(Figures figures) {
        Map<String, Object> quantiles = new LinkedHashMap<>();
        quantiles.put("slices", figures.wall.count());
        quantiles.put("wallNs.p10", figures.wall.low());
        quantiles.put("wallNs.p50", figures.wall.median());
        quantiles.put("wallNs.p90", figures.wall.quantile(0.9));
        quantiles.put("cpuNs.p10", figures.cpu.low());
        quantiles.put("cpuNs.p50", figures.cpu.median());
        quantiles.put("processNs.mean", figures.processMeanNs());
        quantiles.put("latencyNs.p50", figures.latency.quantileNs(0.5));
        quantiles.put("latencyNs.p99", figures.latency.quantileNs(0.99));
        quantiles.put("latencyNs.p99.9", figures.latency.quantileNs(TAIL));
        return quantiles;
    }
}
