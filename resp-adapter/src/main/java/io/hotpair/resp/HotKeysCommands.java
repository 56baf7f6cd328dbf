package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ADMIN;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;

import io.hotpair.resp.Command.Group;
import io.hotpair.resp.HeavyKeys.Heavy;
import io.hotpair.resp.HotKeys.Metric;
import io.hotpair.resp.HotKeys.Report;
import io.hotpair.resp.HotKeys.Wanted;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Which keys cost the most. */
final class HotKeysCommands {
    private static final String STARTED = "ERR hotkey tracking session already in progress";
    private static final int FIRST_METRIC = 4;
    private static final int DEFAULT_COUNT = 10;
    private static final int MAX_COUNT = 64;
    private static final int MAX_SECONDS = 1_000_000;
    private static final int LAST_SLOT = 16_383;

    private HotKeysCommands() {}

    static void register(CommandTable table) {
        Command hotkeys =
                table.add("hotkeys", -2, Group.SERVER)
                        .since("8.6.0")
                        .summary("Tells which keys cost the most.");
        add(table, hotkeys, "start", -2)
                .syntax(
                        "METRICS (count [CPU] [NET]) [COUNT k] [DURATION seconds] [SAMPLE ratio]"
                                + " [SLOTS (count slot...)]")
                .tips("request_policy:special")
                .summary("Begins to count what each key costs, in time or in bytes.")
                .does(HotKeysCommands::start);
        add(table, hotkeys, "stop", 2)
                .tips("request_policy:special")
                .summary("Ends that; what was counted can be asked for.")
                .does(
                        (r, c, out) -> {
                            if (c.server().hotKeys().stop()) {
                                out.ok();
                            } else {
                                out.nullValue();
                            }
                        });
        add(table, hotkeys, "get", 2)
                .tips(
                        "nondeterministic_output",
                        "request_policy:special",
                        "response_policy:special")
                .complexity("O(K), K being the number of keys that are told")
                .summary("Returns the keys that cost the most, and what all cost together.")
                .does((r, c, out) -> write(c.server().hotKeys().report(), out));
        add(table, hotkeys, "reset", 2)
                .tips("request_policy:special")
                .summary("Forgets what was counted.")
                .does(HotKeysCommands::reset);
        ServerCommands.help(table, hotkeys).since("8.6.1");
    }

    private static Command add(CommandTable table, Command hotkeys, String name, int arity) {
        return table.addSubcommand(hotkeys, name, arity).flags(ADMIN, NOSCRIPT).since("8.6.0");
    }

    private static void reset(Request request, Client client, ReplyBuffer reply) {
        if (!client.server().hotKeys().reset()) {
            throw new CommandException(
                    "ERR hotkey tracking session in progress, stop tracking first");
        }
        reply.ok();
    }

    private static void start(Request request, Client client, ReplyBuffer reply) {
        HotKeys hotKeys = client.server().hotKeys();
        if (hotKeys.isActive()) {
            throw new CommandException(STARTED);
        }
        if (!hotKeys.start(new Arguments(request).read())) {
            throw new CommandException(STARTED);
        }
        reply.ok();
    }

    /** What HOTKEYS START is told. */
    private static final class Arguments {
        private final Request request;
        private int count = DEFAULT_COUNT;
        private long seconds;
        private int ratio = 1;

        Arguments(Request request) {
            this.request = request;
        }

        Wanted read() {
            if (request.count() < FIRST_METRIC || !request.is(2, "METRICS")) {
                throw new CommandException("ERR METRICS parameter is required");
            }
            int metrics = Metric.values().length;
            int words = number(3, metrics, "METRICS count must be > 0 and <= " + metrics);
            Set<Metric> wanted = metrics(words);
            for (int i = FIRST_METRIC + words; i < request.count(); i += 2) {
                option(i);
            }
            return new Wanted(wanted, count, TimeUnit.SECONDS.toMillis(seconds), ratio);
        }

        private int number(int argument, int most, String otherwise) {
            return (int) request.integer(argument, 1, most, "ERR " + otherwise);
        }

        /** As in Redis, words that are none are passed over, as long as one is. */
        private Set<Metric> metrics(int words) {
            Set<Metric> wanted = EnumSet.noneOf(Metric.class);
            int end = Math.min(FIRST_METRIC + words, request.count());
            for (int i = FIRST_METRIC; i < end; i++) {
                Metric metric = metric(i);
                if (metric != null && !wanted.add(metric)) {
                    throw new CommandException(
                            "ERR METRICS " + metric + " defined more than once!");
                }
            }
            if (end < FIRST_METRIC + words) {
                throw new CommandException(
                        "ERR METRICS count does not match number of metric types provided");
            }
            if (wanted.isEmpty()) {
                throw new CommandException(
                        "ERR METRICS no valid metrics passed. Supported: CPU|NET");
            }
            return wanted;
        }

        private @Nullable Metric metric(int argument) {
            for (Metric metric : Metric.values()) {
                if (request.is(argument, metric.name())) {
                    return metric;
                }
            }
            return null;
        }

        private void option(int i) {
            if (i + 1 == request.count()) {
                throw CommandException.syntax();
            }
            if (request.is(i, "COUNT")) {
                count = number(i + 1, MAX_COUNT, "COUNT must be between 1 and 64");
            } else if (request.is(i, "DURATION")) {
                seconds = number(i + 1, MAX_SECONDS, "DURATION must be between 1 and 1000000");
            } else if (request.is(i, "SAMPLE")) {
                ratio = number(i + 1, Integer.MAX_VALUE, "SAMPLE ratio must be positive");
            } else if (request.is(i, "SLOTS")) {
                throw new CommandException(
                        "ERR SLOTS parameter cannot be used in non-cluster mode");
            } else {
                throw CommandException.syntax();
            }
        }
    }

    private static void write(@Nullable Report report, ReplyBuffer reply) {
        if (report == null) {
            reply.nullValue();
            return;
        }
        List<Heavy> byTime = report.heaviest().get(Metric.CPU);
        List<Heavy> byBytes = report.heaviest().get(Metric.NET);
        reply.array(1);
        reply.map(7 + (byTime == null ? 0 : 3) + (byBytes == null ? 0 : 2));
        field("tracking-active", report.active() ? 1 : 0, reply);
        field("sample-ratio", report.wanted().ratio(), reply);
        writeSlots(reply);
        field("all-commands-all-slots-us", micros(report.commandsNs()), reply);
        field("net-bytes-all-commands-all-slots", report.commandsBytes(), reply);
        field("collection-start-time-unix-ms", report.startedAtMs(), reply);
        field("collection-duration-ms", report.durationMs(), reply);
        if (byTime != null) {
            // As in INFO, the JVM tells only the sum of both.
            field("total-cpu-time-user-ms", report.processCpuMs(), reply);
            field("total-cpu-time-sys-ms", 0, reply);
        }
        Long totalBytes = report.totals().get(Metric.NET);
        if (totalBytes != null) {
            field("total-net-bytes", totalBytes, reply);
        }
        if (byTime != null) {
            List<Heavy> inMicros =
                    byTime.stream().map(each -> new Heavy(each.key(), micros(each.sum()))).toList();
            writeKeys(Metric.CPU, "time-us", inMicros, reply);
        }
        if (byBytes != null) {
            writeKeys(Metric.NET, "bytes", byBytes, reply);
        }
    }

    private static long micros(long ns) {
        return TimeUnit.NANOSECONDS.toMicros(ns);
    }

    private static void field(String name, long value, ReplyBuffer reply) {
        reply.bulk(name);
        reply.integer(value);
    }

    /** All of them, as one range. */
    private static void writeSlots(ReplyBuffer reply) {
        reply.bulk("selected-slots");
        reply.array(1);
        reply.array(2);
        reply.integer(0);
        reply.integer(LAST_SLOT);
    }

    private static void writeKeys(Metric metric, String unit, List<Heavy> keys, ReplyBuffer reply) {
        reply.bulk("by-" + metric.name().toLowerCase(Locale.ROOT) + "-" + unit);
        List<Heavy> told = keys.stream().filter(each -> each.sum() > 0).toList();
        reply.array(2L * told.size());
        for (Heavy each : told) {
            reply.bulk(each.key());
            reply.integer(each.sum());
        }
    }
}
