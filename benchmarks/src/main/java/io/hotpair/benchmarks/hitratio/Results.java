package io.hotpair.benchmarks.hitratio;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The hit ratios of a run, as a table for each trace, as a summary and as JSON. */
final class Results {
    /** What the default promises in relation to Caffeine, in percentage points. */
    private static final double PROMISED_AVERAGE = -1;

    private static final double PROMISED_WORST = -3;

    /** One policy on one trace with one size of cache; writes per hit are 0 where not counted. */
    record Cell(double hitRatio, double writesPerHit) {}

    /** All policies on one trace with one size of cache. */
    record Row(String trace, double percent, int capacity, List<Cell> cells) {
        double hitPercent(int policy) {
            return cells.get(policy).hitRatio() * 100;
        }
    }

    private final List<String> policies;
    private final List<Row> rows = new ArrayList<>();
    private final int caffeine;
    private final int optimum;

    Results(List<String> policies) {
        this.policies = policies;
        caffeine = policies.indexOf(Contestants.CAFFEINE);
        optimum = policies.indexOf(Contestants.OPTIMUM);
    }

    void add(Row row) {
        rows.add(row);
    }

    private double difference(Row row, int policy) {
        return row.hitPercent(policy) - row.hitPercent(caffeine);
    }

    private double averageDifference(int policy) {
        return rows.stream().mapToDouble(row -> difference(row, policy)).average().orElse(0);
    }

    private Row worst(int policy) {
        Row worst = rows.get(0);
        for (Row row : rows) {
            worst = difference(row, policy) < difference(worst, policy) ? row : worst;
        }
        return worst;
    }

    private double shareOfOptimum(int policy) {
        return rows.stream()
                .mapToDouble(row -> row.hitPercent(policy) / row.hitPercent(optimum))
                .average()
                .orElse(0);
    }

    private double writesPerHit(int policy) {
        return rows.stream()
                .mapToDouble(row -> row.cells().get(policy).writesPerHit())
                .average()
                .orElse(0);
    }

    /** Whether the default policy is as good as it shall be. */
    boolean areAsPromised() {
        int policy = policies.indexOf(Contestants.DEFAULT);
        return averageDifference(policy) >= PROMISED_AVERAGE
                && difference(worst(policy), policy) >= PROMISED_WORST;
    }

    /** The hit ratios on one trace, in percent: a row for each policy, a column for each size. */
    String table(String trace) {
        List<Row> ofTrace = rows.stream().filter(row -> row.trace().equals(trace)).toList();
        StringBuilder out = new StringBuilder(String.format(Locale.ROOT, "%n%-26s", trace));
        for (Row row : ofTrace) {
            out.append(String.format(Locale.ROOT, "%9s", shortest(row.percent()) + "%"));
        }
        out.append(String.format(Locale.ROOT, "%n%-26s", "records"));
        for (Row row : ofTrace) {
            out.append(String.format(Locale.ROOT, "%9d", row.capacity()));
        }
        out.append(System.lineSeparator());
        for (int i = 0; i < policies.size(); i++) {
            out.append(String.format(Locale.ROOT, "%-26s", policies.get(i)));
            for (Row row : ofTrace) {
                out.append(String.format(Locale.ROOT, "%9.2f", row.hitPercent(i)));
            }
            out.append(System.lineSeparator());
        }
        return out.toString();
    }

    /** Each policy in relation to Caffeine, in percentage points, and to the optimum. */
    String summary() {
        StringBuilder out =
                new StringBuilder(
                        String.format(
                                Locale.ROOT,
                                "%n%-26s%9s%9s  %-30s%9s%11s%n",
                                "in points of Caffeine",
                                "average",
                                "worst",
                                "at",
                                "/optimum",
                                "writes/hit"));
        for (int i = 0; i < policies.size(); i++) {
            Row worst = worst(i);
            out.append(
                    String.format(
                            Locale.ROOT,
                            "%-26s%+9.2f%+9.2f  %-30s%9.3f%11.3f%n",
                            policies.get(i),
                            averageDifference(i),
                            difference(worst, i),
                            worst.trace() + " " + shortest(worst.percent()) + "%",
                            shareOfOptimum(i),
                            writesPerHit(i)));
        }
        return out.toString();
    }

    String json() {
        List<String> ratios = new ArrayList<>();
        List<String> summaries = new ArrayList<>();
        for (int i = 0; i < policies.size(); i++) {
            for (Row row : rows) {
                ratios.add(ratioJson(row, i));
            }
            summaries.add(summaryJson(i));
        }
        return "{\"hitRatios\": {\n"
                + String.join(",\n", ratios)
                + "\n}, \"summary\": {\n"
                + String.join(",\n", summaries)
                + "\n}}\n";
    }

    private String ratioJson(Row row, int policy) {
        return String.format(
                Locale.ROOT,
                "  \"%s.%s/%s\": %.6f",
                row.trace(),
                shortest(row.percent()),
                policies.get(policy),
                row.cells().get(policy).hitRatio());
    }

    private String summaryJson(int policy) {
        return String.format(
                Locale.ROOT,
                "  \"%s\": {\"averagePoints\": %.3f, \"worstPoints\": %.3f, \"worstAt\": \"%s.%s\","
                        + " \"shareOfOptimum\": %.4f, \"writesPerHit\": %.4f}",
                policies.get(policy),
                averageDifference(policy),
                difference(worst(policy), policy),
                worst(policy).trace(),
                shortest(worst(policy).percent()),
                shareOfOptimum(policy),
                writesPerHit(policy));
    }

    private static String shortest(double percent) {
        return percent == Math.rint(percent)
                ? Long.toString((long) percent)
                : Double.toString(percent);
    }
}
