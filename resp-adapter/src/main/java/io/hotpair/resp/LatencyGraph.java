package io.hotpair.resp;

import io.hotpair.resp.LatencyMonitor.Events;
import io.hotpair.resp.LatencyMonitor.Sample;
import java.util.List;

/** Samples as columns of letters, four rows high, with how long ago each was below it. */
final class LatencyGraph {
    private static final int COLUMNS = 80;
    private static final int ROWS = 4;
    private static final String LEVELS = "_o#";
    private static final int STEPS = ROWS * LEVELS.length();

    private final List<Sample> samples;
    private final long lowMs;
    private final long highMs;
    private final long nowSeconds;
    private final StringBuilder out = new StringBuilder();

    private LatencyGraph(List<Sample> samples, long nowSeconds) {
        this.samples = samples;
        this.nowSeconds = nowSeconds;
        lowMs = samples.stream().mapToLong(Sample::latencyMs).min().orElse(0);
        highMs = samples.stream().mapToLong(Sample::latencyMs).max().orElse(0);
    }

    static String of(Events events, long nowSeconds) {
        LatencyGraph graph = new LatencyGraph(events.samples(), nowSeconds);
        graph.write(events);
        return graph.out.toString();
    }

    private void write(Events events) {
        out.append(events.name())
                .append(" - high ")
                .append(highMs)
                .append(" ms, low ")
                .append(lowMs)
                .append(" ms (all time high ")
                .append(events.worstMs())
                .append(" ms)\n")
                .append("-".repeat(COLUMNS))
                .append('\n');
        for (int from = 0; from < samples.size(); from += COLUMNS) {
            if (from > 0) {
                out.append('\n');
            }
            write(samples.subList(from, Math.min(from + COLUMNS, samples.size())));
        }
    }

    private void write(List<Sample> part) {
        for (int row = 0; row < ROWS; row++) {
            for (Sample sample : part) {
                out.append(letter(sample, row));
            }
            out.append('\n');
        }
        out.append(" ".repeat(part.size())).append('\n');
        List<String> labels = part.stream().map(this::ago).toList();
        int height = labels.stream().mapToInt(String::length).max().orElse(0);
        for (int i = 0; i < height; i++) {
            for (String label : labels) {
                out.append(i < label.length() ? label.charAt(i) : ' ');
            }
            out.append('\n');
        }
    }

    private char letter(Sample sample, int row) {
        long step = (sample.latencyMs() - lowMs) * STEPS / Math.max(1, highMs - lowMs);
        long level = Math.min(step, STEPS - 1) - (long) (ROWS - row - 1) * LEVELS.length();
        if (level < 0) {
            return ' ';
        }
        return level < LEVELS.length() ? LEVELS.charAt((int) level) : '|';
    }

    private String ago(Sample sample) {
        long seconds = nowSeconds - sample.timeSeconds();
        if (seconds < 60) {
            return seconds + "s";
        }
        if (seconds < 3600) {
            return seconds / 60 + "m";
        }
        return seconds < 24 * 3600 ? seconds / 3600 + "h" : seconds / (24 * 3600) + "d";
    }
}
