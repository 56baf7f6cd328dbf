package io.hotpair.resp;

import io.hotpair.resp.HeavyKeys.Heavy;
import java.lang.management.ManagementFactory;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Which keys cost the most: what HOTKEYS tells, once it is asked to look. Thread-safe. While it
 * does not look, a command costs the load of a field.
 */
final class HotKeys {
    /** What can be counted of a key. */
    enum Metric {
        /** How long commands on it take, in nanoseconds. */
        CPU,
        /** How long commands on it and their replies are, in bytes. */
        NET
    }

    /**
     * What is to be looked at.
     *
     * @param metrics what is counted
     * @param count how many keys are told
     * @param durationMs for how long; 0 until it is stopped
     * @param ratio of so many commands one is looked at, by chance
     */
    record Wanted(Set<Metric> metrics, int count, long durationMs, int ratio) {}

    /**
     * What was found.
     *
     * @param active whether it goes on
     * @param startedAtMs when it began, since 1970
     * @param durationMs for how long it went on
     * @param processCpuMs how long the process has used processors since it began
     * @param commandsNs how long all commands took that have keys
     * @param commandsBytes how long those and their replies are
     * @param heaviest the keys, by what was counted
     * @param totals the sums of all keys
     */
    record Report(
            Wanted wanted,
            boolean active,
            long startedAtMs,
            long durationMs,
            long processCpuMs,
            long commandsNs,
            long commandsBytes,
            Map<Metric, List<Heavy>> heaviest,
            Map<Metric, Long> totals) {}

    /** So many keys have counters for each that is told: few are confused with their betters. */
    private static final int COUNTERS_PER_KEY = 10;

    private final KeyspacePort keyspace;
    private volatile @Nullable Run run;

    HotKeys(KeyspacePort keyspace) {
        this.keyspace = keyspace;
    }

    /** One time that it looked, or looks. Its monitor guards what is counted. */
    private final class Run {
        private final Wanted wanted;
        private final Map<Metric, HeavyKeys> counted = new EnumMap<>(Metric.class);
        private final long startedAtMs = keyspace.currentTimeMs();
        private final long startNs = keyspace.nanoTime();
        private final long startCpuNs = processCpuNs();
        private volatile boolean stopped;
        private long stoppedAfterNs;
        private long commandsNs;
        private long commandsBytes;

        Run(Wanted wanted) {
            this.wanted = wanted;
            for (Metric metric : wanted.metrics()) {
                counted.put(metric, new HeavyKeys(wanted.count() * COUNTERS_PER_KEY));
            }
        }

        boolean isActive() {
            return !stopped && !isOver();
        }

        private boolean isOver() {
            long durationMs = wanted.durationMs();
            return durationMs > 0 && elapsedNs() >= TimeUnit.MILLISECONDS.toNanos(durationMs);
        }

        private long elapsedNs() {
            return keyspace.nanoTime() - startNs;
        }

        /** Returns whether it was going on. */
        synchronized boolean stop() {
            if (!isActive()) {
                return false;
            }
            stoppedAfterNs = elapsedNs();
            stopped = true;
            return true;
        }

        void offer(Command command, Request request, long ns, long replyLength) {
            if (!isActive()) {
                return;
            }
            List<KeySpec.Found> keys = KeySpec.find(command.keys(), request, 0);
            if (keys.isEmpty()) {
                return;
            }
            long bytes = request.encodedLength() + replyLength;
            int ratio = wanted.ratio();
            boolean sampled = ratio == 1 || ThreadLocalRandom.current().nextInt(ratio) == 0;
            synchronized (this) {
                commandsNs += ns;
                commandsBytes += bytes;
                if (sampled) {
                    count(counted.get(Metric.CPU), keys, request, ns / keys.size());
                    count(counted.get(Metric.NET), keys, request, bytes / keys.size());
                }
            }
        }

        private void count(
                @Nullable HeavyKeys by, List<KeySpec.Found> keys, Request request, long each) {
            if (by == null) {
                return;
            }
            for (KeySpec.Found found : keys) {
                int key = found.argument();
                by.add(request.bytes(), request.offset(key), request.length(key), each);
            }
        }

        synchronized Report report() {
            boolean active = isActive();
            long ns = stopped ? stoppedAfterNs : elapsedNs();
            long ms = TimeUnit.NANOSECONDS.toMillis(ns);
            if (!stopped && !active) {
                ms = wanted.durationMs();
            }
            Map<Metric, List<Heavy>> heaviest = new EnumMap<>(Metric.class);
            Map<Metric, Long> totals = new EnumMap<>(Metric.class);
            counted.forEach(
                    (metric, keys) -> {
                        heaviest.put(metric, keys.heaviest(wanted.count()));
                        totals.put(metric, keys.total());
                    });
            return new Report(
                    wanted,
                    active,
                    startedAtMs,
                    ms,
                    TimeUnit.NANOSECONDS.toMillis(processCpuNs() - startCpuNs),
                    commandsNs,
                    commandsBytes,
                    heaviest,
                    totals);
        }
    }

    private static long processCpuNs() {
        return ManagementFactory.getOperatingSystemMXBean()
                        instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getProcessCpuTime()
                : 0;
    }

    boolean isActive() {
        Run present = run;
        return present != null && present.isActive();
    }

    /** Begins to look, and forgets what was found before; returns whether it was not looking. */
    synchronized boolean start(Wanted wanted) {
        if (isActive()) {
            return false;
        }
        run = new Run(wanted);
        return true;
    }

    /** Ends it, which leaves what was found; returns whether it was looking. */
    boolean stop() {
        Run present = run;
        return present != null && present.stop();
    }

    /** Forgets what was found; returns whether that could be done, as it was not looking. */
    synchronized boolean reset() {
        if (isActive()) {
            return false;
        }
        run = null;
        return true;
    }

    /** What was found; null if there is nothing. */
    @Nullable Report report() {
        Run present = run;
        return present == null ? null : present.report();
    }

    /**
     * Looks at a command that was executed, if it is to look.
     *
     * @param request as it came
     * @param ns how long it took
     */
    void offer(Command command, Request request, long ns, long replyLength) {
        Run present = run;
        if (present != null) {
            present.offer(command, request, ns, replyLength);
        }
    }
}
