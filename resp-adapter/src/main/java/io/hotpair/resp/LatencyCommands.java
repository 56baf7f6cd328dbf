package io.hotpair.resp;

import io.hotpair.resp.Command.Group;
import io.hotpair.resp.LatencyMonitor.Events;
import io.hotpair.resp.LatencyMonitor.Sample;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How long commands take. */
final class LatencyCommands {
    /** The shortest and the longest time of {@code HISTOGRAM}, about 1 us and 1 s. */
    private static final int FIRST_BITS = 10;

    private static final int LAST_BITS = 30;

    private static final List<String> HELP =
            List.of(
                    "DOCTOR",
                    "    Return a human readable latency analysis report.",
                    "GRAPH <event>",
                    "    Return an ASCII latency graph for the <event> class.",
                    "HISTORY <event>",
                    "    Return time-latency samples for the <event> class.",
                    "LATEST",
                    "    Return the latest latency samples for all events.",
                    "RESET [<event> ...]",
                    "    Reset latency data of one or more <event> classes.",
                    "    (default: reset all data for all event classes)",
                    "HISTOGRAM [COMMAND ...]",
                    "    Return a cumulative distribution of latencies in the format of a histogram"
                            + " for the specified command names.",
                    "    If no commands are specified then all histograms are replied.");

    private LatencyCommands() {}

    static void register(CommandTable table) {
        Command latency =
                table.add("latency", -2, Group.SERVER)
                        .since("2.8.13")
                        .summary("Tells how long commands take, and which took long.");
        add(table, latency, "latest", 2, "")
                .summary("Returns the latest sample and the worst one, of each kind of events.")
                .does(LatencyCommands::latest);
        add(table, latency, "history", 3, "event")
                .summary("Returns the samples of a kind of events.")
                .does(LatencyCommands::history);
        add(table, latency, "histogram", -2, "[command...]")
                .since("7.0.0")
                .complexity("O(N), N being the number of commands with such figures")
                .summary("Tells how many calls of commands took less than 1, 2, 4... microseconds.")
                .does(LatencyCommands::histogram);
        add(table, latency, "graph", 3, "event")
                .summary("Draws the samples of a kind of events.")
                .does(LatencyCommands::graph);
        add(table, latency, "doctor", 2, "")
                .summary("Says in words what was seen, and what to do.")
                .does((r, c, out) -> out.verbatim(c.server().latencies().report(nowSeconds(c))));
        ServerCommands.admin(table, latency, "reset", -2, "[event...]")
                .since("2.8.13")
                .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                .summary("Forgets the samples.")
                .does(LatencyCommands::reset);
        ServerCommands.help(table, latency).does((r, c, out) -> HelpText.write(latency, HELP, out));
    }

    private static Command add(
            CommandTable table, Command latency, String name, int arity, String syntax) {
        return ServerCommands.admin(table, latency, name, arity, syntax)
                .since("2.8.13")
                .tips(
                        "nondeterministic_output",
                        "request_policy:all_nodes",
                        "response_policy:special");
    }

    private static long nowSeconds(Client client) {
        return client.keyspace().currentTimeMs() / 1000;
    }

    private static void latest(Request request, Client client, ReplyBuffer reply) {
        List<Events> all = client.server().latencies().all();
        reply.array(all.size());
        for (Events events : all) {
            Sample latest = events.latest();
            reply.array(4);
            reply.bulk(events.name());
            reply.integer(latest.timeSeconds());
            reply.integer(latest.latencyMs());
            reply.integer(events.worstMs());
        }
    }

    private static void history(Request request, Client client, ReplyBuffer reply) {
        Events events = client.server().latencies().events(request.text(2));
        List<Sample> samples = events == null ? List.of() : events.samples();
        reply.array(samples.size());
        for (Sample sample : samples) {
            reply.array(2);
            reply.integer(sample.timeSeconds());
            reply.integer(sample.latencyMs());
        }
    }

    private static void graph(Request request, Client client, ReplyBuffer reply) {
        Events events = client.server().latencies().events(request.text(2));
        if (events == null) {
            throw new CommandException(
                    "ERR No samples available for event '" + request.inError(2) + "'");
        }
        reply.verbatim(LatencyGraph.of(events, nowSeconds(client)));
    }

    private static void reset(Request request, Client client, ReplyBuffer reply) {
        LatencyMonitor latencies = client.server().latencies();
        if (request.count() == 2) {
            reply.integer(latencies.resetAll());
            return;
        }
        int count = 0;
        for (int i = 2; i < request.count(); i++) {
            count += latencies.reset(request.text(i)) ? 1 : 0;
        }
        reply.integer(count);
    }

    private static void histogram(Request request, Client client, ReplyBuffer reply) {
        RespServer server = client.server();
        Map<String, LatencyHistogram> found = new LinkedHashMap<>();
        if (request.count() == 2) {
            server.commands().everything().forEach(each -> add(each, server, found));
        }
        for (int i = 2; i < request.count(); i++) {
            Command command = server.commands().find(request.text(i).toLowerCase(Locale.ROOT));
            if (command != null) {
                add(command, server, found);
                command.subcommands().values().forEach(sub -> add(sub, server, found));
            }
        }
        reply.map(found.size());
        found.forEach((name, histogram) -> write(name, histogram, reply));
    }

    private static void add(
            Command command, RespServer server, Map<String, LatencyHistogram> found) {
        LatencyHistogram histogram = server.latencyOf(command);
        if (histogram.count() > 0) {
            found.put(command.fullName(), histogram);
        }
    }

    private static void write(String name, LatencyHistogram histogram, ReplyBuffer reply) {
        Map<Long, Long> countByUs = new LinkedHashMap<>();
        long before = 0;
        for (int bits = FIRST_BITS; bits <= LAST_BITS; bits++) {
            long count = histogram.countBelow(1L << bits);
            if (count > before) {
                countByUs.put(label(bits), count);
                before = count;
            }
        }
        reply.bulk(name);
        reply.map(2);
        reply.bulk("calls");
        reply.integer(histogram.count());
        reply.bulk("histogram_usec");
        reply.map(countByUs.size());
        countByUs.forEach(
                (us, count) -> {
                    reply.integer(us);
                    reply.integer(count);
                });
    }

    /** Microseconds, as Redis names that power of two: it rounds up to two digits before. */
    private static long label(int bits) {
        return ((1L << bits) + (1L << (bits - 7)) - 1) / 1000;
    }
}
