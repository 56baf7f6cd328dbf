package io.hotpair.resp;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What took as long as {@code latency-monitor-threshold}, by kinds of events: the worst of each
 * second, and of all. Thread-safe.
 */
final class LatencyMonitor {
    private static final String COMMAND = "command";
    private static final String FAST_COMMAND = "fast-command";
    private static final int MAX_SAMPLES = 160;

    private final Settings settings;
    private final Map<String, Series> byEvent = new LinkedHashMap<>();

    /** The worst of a second. */
    record Sample(long timeSeconds, long latencyMs) {}

    /**
     * What is known of a kind of events.
     *
     * @param samples the oldest first; at least one
     */
    record Events(String name, List<Sample> samples, long worstMs) {
        Sample latest() {
            return samples.get(samples.size() - 1);
        }
    }

    private static final class Series {
        private final Deque<Sample> samples = new ArrayDeque<>();
        private long worstMs;

        void add(Sample sample) {
            worstMs = Math.max(worstMs, sample.latencyMs());
            Sample latest = samples.peekLast();
            if (latest != null && latest.timeSeconds() == sample.timeSeconds()) {
                if (latest.latencyMs() >= sample.latencyMs()) {
                    return;
                }
                samples.removeLast();
            } else if (samples.size() == MAX_SAMPLES) {
                samples.removeFirst();
            }
            samples.addLast(sample);
        }

        Events events(String name) {
            return new Events(name, List.copyOf(samples), worstMs);
        }
    }

    LatencyMonitor(Settings settings) {
        this.settings = settings;
    }

    /** Keeps how long a command took, if that is long. */
    void offer(Command command, Client client, long durationNs) {
        long thresholdMs = settings.latencyThresholdMs();
        long ms = TimeUnit.NANOSECONDS.toMillis(durationNs);
        if (thresholdMs > 0 && ms >= thresholdMs) {
            String event = command.has(Command.Flag.FAST) ? FAST_COMMAND : COMMAND;
            add(event, new Sample(client.keyspace().currentTimeMs() / 1000, ms));
        }
    }

    synchronized void add(String event, Sample sample) {
        byEvent.computeIfAbsent(event, e -> new Series()).add(sample);
    }

    synchronized @Nullable Events events(String name) {
        Series series = byEvent.get(name);
        return series == null ? null : series.events(name);
    }

    synchronized List<Events> all() {
        List<Events> all = new ArrayList<>();
        byEvent.forEach((name, series) -> all.add(series.events(name)));
        return all;
    }

    /**
     * Forgets a kind of events.
     *
     * @return whether there were any
     */
    synchronized boolean reset(String event) {
        return byEvent.remove(event) != null;
    }

    synchronized int resetAll() {
        int count = byEvent.size();
        byEvent.clear();
        return count;
    }

    /** What a human reads of it. */
    String report(long nowSeconds) {
        List<Events> all = all();
        if (all.isEmpty()) {
            return settings.latencyThresholdMs() == 0
                    ? "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this"
                            + " Redis instance. You may use \"CONFIG SET latency-monitor-threshold"
                            + " <milliseconds>.\" in order to enable it. If we weren't in a deep"
                            + " space mission I'd suggest to take a look at"
                            + " https://redis.io/topics/latency-monitor.\n"
                    : "Dave, no latency spike was observed during the lifetime of this Redis"
                            + " instance, not in the slightest bit. I honestly think you ought to"
                            + " sit down calmly, take a stress pill, and think things over.\n";
        }
        StringBuilder out =
                new StringBuilder(
                        "Dave, I have observed latency spikes in this Redis instance. You don't"
                                + " mind talking about it, do you Dave?\n\n");
        for (int i = 0; i < all.size(); i++) {
            out.append(i + 1).append(". ").append(line(all.get(i), nowSeconds)).append('\n');
        }
        out.append("\nI have a few advices for you:\n\n");
        if (all.stream().anyMatch(each -> each.name().equals(COMMAND))) {
            out.append(slowCommandAdvice());
        }
        if (all.stream().anyMatch(each -> each.name().equals(FAST_COMMAND))) {
            out.append(
                    "- Commands that take next to nothing took long: the process did not get its"
                            + " processors, or was stopped. Look at the machine's load and at the"
                            + " JVM's log of garbage collections (-Xlog:gc,safepoint).\n");
        }
        return out.toString();
    }

    private String slowCommandAdvice() {
        long slowUs = settings.slowLogThresholdUs();
        boolean hasAll =
                slowUs >= 0
                        && settings.slowLogMaxLength() > 0
                        && TimeUnit.MICROSECONDS.toMillis(slowUs) <= settings.latencyThresholdMs();
        return hasAll
                ? "- SLOWLOG GET tells which commands these were.\n"
                : "- SLOWLOG GET would tell which commands these were, after CONFIG SET"
                        + " slowlog-log-slower-than "
                        + TimeUnit.MILLISECONDS.toMicros(settings.latencyThresholdMs())
                        + ".\n";
    }

    private static String line(Events events, long nowSeconds) {
        List<Sample> samples = events.samples();
        int count = samples.size();
        long sumMs = samples.stream().mapToLong(Sample::latencyMs).sum();
        long averageMs = sumMs / count;
        long deviationMs =
                samples.stream().mapToLong(s -> Math.abs(averageMs - s.latencyMs())).sum() / count;
        long seconds = Math.max(1, nowSeconds - samples.get(0).timeSeconds());
        return String.format(
                Locale.ROOT,
                "%s: %d latency spikes (average %dms, mean deviation %dms, period %.2f sec). Worst"
                        + " all time event %dms.",
                events.name(),
                count,
                averageMs,
                deviationMs,
                (double) seconds / count,
                events.worstMs());
    }
}
