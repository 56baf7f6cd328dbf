package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ADMIN;
import static io.hotpair.resp.Command.Flag.ALLOW_BUSY;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.NO_MULTI;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** What concerns the server as a whole. */
final class ServerCommands {
    /** What a key takes besides its own bytes and its value's, about: record, entry, slack. */
    private static final int DEFAULT_SLOW_ENTRIES = 10;

    private ServerCommands() {}

    static void register(CommandTable table) {
        table.add("info", -1, Group.SERVER)
                .categories(Category.DANGEROUS)
                .flags(LOADING, STALE)
                .tips(
                        "nondeterministic_output",
                        "request_policy:all_shards",
                        "response_policy:special")
                .syntax("[section...]")
                .summary("Tells the server's figures.")
                .does(ServerCommands::info);
        table.add("time", 1, Group.SERVER)
                .flags(LOADING, STALE, FAST)
                .tips("nondeterministic_output")
                .since("2.6.0")
                .summary("Returns the time, in seconds and microseconds.")
                .does(ServerCommands::time);
        table.add("lolwut", -1, Group.SERVER)
                .flags(READONLY, FAST)
                .syntax("[VERSION version]")
                .since("5.0.0")
                .summary("Returns the version.")
                .does((r, c, out) -> out.verbatim("Redis ver. " + RespServer.REDIS_VERSION + "\n"));
        table.add("shutdown", -1, Group.SERVER)
                .flags(ADMIN, NOSCRIPT, LOADING, STALE, NO_MULTI, ALLOW_BUSY)
                .syntax("[NOSAVE|SAVE] [NOW] [FORCE] [ABORT]")
                .summary("Ends the server's process; refused where an application is around it.")
                .does(ServerCommands::shutdown);
        DebugCommands.register(table);
        registerConfig(table);
        registerSlowLog(table);
        LatencyCommands.register(table);
        HotKeysCommands.register(table);
        registerMemory(table);
    }

    private static void registerConfig(CommandTable table) {
        Command config =
                table.add("config", -2, Group.SERVER)
                        .since("2.0.0")
                        .summary("Tells the configuration, and changes some of it.");
        admin(table, config, "get", -3, "parameter...")
                .since("2.0.0")
                .summary("Returns the parameters that match patterns.")
                .does(ServerCommands::configGet);
        admin(table, config, "set", -4, "parameter value [parameter value...]")
                .since("2.0.0")
                .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                .summary("Sets parameters, all or none.")
                .does(ServerCommands::configSet);
        admin(table, config, "resetstat", 2, "")
                .since("2.0.0")
                .summary("Sets the counters of INFO to zero.")
                .does(ServerCommands::configResetStat);
        admin(table, config, "rewrite", 2, "")
                .since("2.8.0")
                .summary("Writes what was changed into the configuration file.")
                .does(ServerCommands::configRewrite);
        help(table, config);
    }

    private static void registerSlowLog(CommandTable table) {
        Command slowlog =
                table.add("slowlog", -2, Group.SERVER)
                        .since("2.2.12")
                        .summary("Tells which commands took long.");
        slow(table, slowlog, "get", -2)
                .syntax("[count]")
                .tips("request_policy:all_nodes", "nondeterministic_output")
                .complexity("O(N), N being the number of entries")
                .summary("Returns the latest entries.")
                .does(ServerCommands::slowGet);
        slow(table, slowlog, "len", 2)
                .tips(
                        "request_policy:all_nodes",
                        "response_policy:agg_sum",
                        "nondeterministic_output")
                .summary("Counts the entries.")
                .does((r, c, out) -> out.integer(c.server().slowLog().size()));
        slow(table, slowlog, "reset", 2)
                .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                .summary("Drops the entries.")
                .does(
                        (r, c, out) -> {
                            c.server().slowLog().reset();
                            out.ok();
                        });
        help(table, slowlog);
    }

    private static Command slow(CommandTable table, Command slowlog, String name, int arity) {
        return table.addSubcommand(slowlog, name, arity)
                .flags(ADMIN, LOADING, STALE)
                .since("2.2.12");
    }

    private static void registerMemory(CommandTable table) {
        Command memory =
                table.add("memory", -2, Group.SERVER)
                        .since("4.0.0")
                        .summary("Tells what takes memory.");
        table.addSubcommand(memory, "usage", -3)
                .flags(READONLY)
                .keys(2, 2, 1, "RO")
                .syntax("key [SAMPLES count]")
                .since("4.0.0")
                .summary("Says how many bytes a key and its value take.")
                .does(ServerCommands::memoryUsage);
        table.addSubcommand(memory, "doctor", 2)
                .since("4.0.0")
                .tips(
                        "nondeterministic_output",
                        "request_policy:all_shards",
                        "response_policy:special")
                .summary("Says how much of the limit is taken.")
                .does(ServerCommands::memoryDoctor);
        table.addSubcommand(memory, "malloc-stats", 2)
                .since("4.0.0")
                .tips(
                        "nondeterministic_output",
                        "request_policy:all_shards",
                        "response_policy:special")
                .summary("Says how much memory is taken, as MEMORY DOCTOR does.")
                .does(ServerCommands::memoryDoctor);
        table.addSubcommand(memory, "purge", 2)
                .since("4.0.0")
                .tips("request_policy:all_shards", "response_policy:all_succeeded")
                .summary("Does nothing: what is idle serves other values as soon as they need it.")
                .does((r, c, out) -> out.ok());
        table.addSubcommand(memory, "stats", 2)
                .since("4.0.0")
                .tips(
                        "nondeterministic_output",
                        "request_policy:all_shards",
                        "response_policy:special")
                .summary("Tells how much memory is taken by what.")
                .does(ServerCommands::memoryStats);
        help(table, memory);
    }

    static Command admin(
            CommandTable table, Command container, String name, int arity, String syntax) {
        return table.addSubcommand(container, name, arity)
                .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                .syntax(syntax);
    }

    static Command help(CommandTable table, Command container) {
        return table.addSubcommand(container, "help", 2)
                .flags(LOADING, STALE)
                .since(container.since().compareTo("5.0.0") > 0 ? container.since() : "5.0.0")
                .summary("Lists the subcommands.")
                .does((r, c, out) -> HelpText.write(container, out));
    }

    private static void info(Request request, Client client, ReplyBuffer reply) {
        Set<String> sections = new LinkedHashSet<>();
        for (int i = 1; i < request.count(); i++) {
            sections.add(request.text(i).toLowerCase(Locale.ROOT));
        }
        reply.verbatim(new InfoReport(client.server()).text(sections));
    }

    private static void time(Request request, Client client, ReplyBuffer reply) {
        long nowMs = client.keyspace().currentTimeMs();
        reply.array(2);
        reply.bulkInteger(nowMs / 1000);
        reply.bulkInteger(nowMs % 1000 * 1000);
    }

    private static void shutdown(Request request, Client client, ReplyBuffer reply) {
        for (int i = 1; i < request.count(); i++) {
            if (!(request.is(i, "NOSAVE")
                    || request.is(i, "SAVE")
                    || request.is(i, "NOW")
                    || request.is(i, "FORCE")
                    || request.is(i, "ABORT"))) {
                throw CommandException.syntax();
            }
        }
        Runnable action = client.server().config().shutdownCommand();
        if (action == null) {
            throw new CommandException(
                    "ERR SHUTDOWN is refused: the application that opened the listener closes it");
        }
        if (isAsked(request, "ABORT")) {
            throw new CommandException(
                    request.count() > 2 ? "ERR syntax error" : "ERR No shutdown in progress.");
        }
        if (isAsked(request, "SAVE") && isAsked(request, "NOSAVE")) {
            throw CommandException.syntax();
        }
        shutDown(isAsked(request, "SAVE"), action, client);
    }

    private static boolean isAsked(Request request, String word) {
        for (int i = 1; i < request.count(); i++) {
            if (request.is(i, word)) {
                return true;
            }
        }
        return false;
    }

    /** As in Redis, there is no reply: the connection ends. What was logged needs no snapshot. */
    private static void shutDown(boolean saves, Runnable action, Client client) {
        RespServer.LOGGER.info("Client id={} asked for SHUTDOWN", client.id());
        if (!saves) {
            client.close();
            action.run();
            return;
        }
        if (!client.keyspace().hasLog()) {
            throw new CommandException("ERR Errors trying to SHUTDOWN. Check logs.");
        }
        client.close();
        CompletableFuture<?> unused =
                client.keyspace()
                        .saveSnapshot()
                        .whenComplete(
                                (saved, failure) -> {
                                    if (failure == null) {
                                        action.run();
                                    } else {
                                        RespServer.LOGGER.warn(
                                                "SHUTDOWN SAVE: no snapshot was saved, so the"
                                                        + " server goes on",
                                                failure);
                                    }
                                });
    }

    private static void configGet(Request request, Client client, ReplyBuffer reply) {
        ConfigTable table = new ConfigTable(client.server());
        Map<String, String> found = new LinkedHashMap<>();
        for (int i = 2; i < request.count(); i++) {
            String asked = request.text(i);
            ConfigTable.Parameter exact = table.find(asked);
            if (exact != null) {
                add(asked, exact, found);
            } else {
                addMatching(table, new GlobPattern(request.copy(i), true), found);
            }
        }
        reply.map(found.size());
        found.forEach(
                (name, value) -> {
                    reply.bulk(name);
                    reply.bulk(value);
                });
    }

    private static void addMatching(
            ConfigTable table, GlobPattern pattern, Map<String, String> found) {
        for (ConfigTable.Parameter parameter : table.parameters()) {
            if (pattern.matches(parameter.name().getBytes(StandardCharsets.US_ASCII))) {
                add(parameter.name(), parameter, found);
            }
        }
    }

    private static void add(
            String name, ConfigTable.Parameter parameter, Map<String, String> found) {
        String value = parameter.value().get();
        if (value != null) {
            found.put(name, value);
        }
    }

    private static void configSet(Request request, Client client, ReplyBuffer reply) {
        if (request.count() % 2 != 0) {
            throw CommandException.syntax();
        }
        ConfigTable table = new ConfigTable(client.server());
        List<Runnable> changes = new ArrayList<>();
        Set<String> names = new LinkedHashSet<>();
        for (int i = 2; i < request.count(); i += 2) {
            ConfigTable.Parameter parameter = table.find(request.text(i));
            if (parameter == null) {
                throw new CommandException(
                        "ERR Unknown option or number of arguments for CONFIG SET - '"
                                + request.inError(i)
                                + "'");
            }
            if (parameter.change() == null) {
                throw refused(parameter, ConfigTable.IMMUTABLE);
            }
            if (!names.add(parameter.name())) {
                throw refused(parameter, "duplicate parameter");
            }
            try {
                changes.add(table.change(parameter, request.text(i + 1)));
            } catch (IllegalArgumentException e) {
                throw refused(parameter, String.valueOf(e.getMessage()));
            }
        }
        changes.forEach(Runnable::run);
        reply.ok();
    }

    private static void configRewrite(Request request, Client client, ReplyBuffer reply) {
        ConfigFile file = client.server().configFile();
        if (file == null) {
            throw new CommandException("ERR The server is running without a config file");
        }
        file.rewrite();
        reply.ok();
    }

    private static CommandException refused(ConfigTable.Parameter parameter, String why) {
        return new CommandException(
                "ERR CONFIG SET failed (possibly related to argument '"
                        + parameter.name()
                        + "') - "
                        + why);
    }

    private static void slowGet(Request request, Client client, ReplyBuffer reply) {
        if (request.count() > 3) {
            throw CommandException.syntax();
        }
        long count = DEFAULT_SLOW_ENTRIES;
        if (request.count() == 3) {
            if (!request.isInteger(2) || request.integer(2) < -1) {
                throw new CommandException("ERR count should be greater than or equal to -1");
            }
            count = request.integer(2);
        }
        List<SlowLog.Entry> entries = client.server().slowLog().latest(count);
        reply.array(entries.size());
        for (SlowLog.Entry entry : entries) {
            reply.array(6);
            reply.integer(entry.id());
            reply.integer(entry.timeMs() / 1000);
            reply.integer(entry.durationUs());
            reply.array(entry.arguments().size());
            entry.arguments().forEach(reply::bulk);
            reply.bulk(entry.address());
            reply.bulk(entry.clientName());
        }
    }

    private static void memoryUsage(Request request, Client client, ReplyBuffer reply) {
        if (request.count() != 3) {
            boolean samples = request.count() == 5 && request.is(3, "SAMPLES");
            if (!samples || request.integer(4) < 0) {
                throw CommandException.syntax();
            }
        }
        OptionalLong bytes = client.keyspace().memoryUsage(request.copy(2));
        if (bytes.isEmpty()) {
            reply.nullValue();
        } else {
            reply.integer(bytes.getAsLong());
        }
    }

    private static void configResetStat(Request request, Client client, ReplyBuffer reply) {
        CompletableFuture<Void> reset = client.server().resetStatistics();
        if (client.transaction().isExecuting()) {
            reply.ok();
            return;
        }
        Parked wait =
                out -> {
                    if (!reset.isDone()) {
                        return Parked.UNTIL_WOKEN;
                    }
                    out.ok();
                    return Parked.DONE;
                };
        client.park(wait);
        CompletableFuture<Void> unused =
                reset.whenComplete((done, failure) -> client.connection().wake(wait));
    }

    private static void memoryStats(Request request, Client client, ReplyBuffer reply) {
        var statistics = client.keyspace().statistics();
        long active = statistics.usedMemoryBytes();
        long allocated = active - Math.min(active, statistics.idleMemoryBytes());
        long peak = client.server().samples().peakBytes();
        double fragmentation = (double) active / Math.max(1, allocated);
        Map<String, Number> amounts = new LinkedHashMap<>();
        amounts.put("peak.allocated", peak);
        amounts.put("total.allocated", allocated);
        amounts.put("startup.allocated", 0L);
        amounts.put("replication.backlog", 0L);
        amounts.put("clients.slaves", 0L);
        amounts.put("clients.normal", client.server().budget().usedBytes());
        amounts.put("cluster.links", 0L);
        amounts.put("aof.buffer", 0L);
        amounts.put("lua.caches", client.server().scripts().bytes());
        amounts.put("functions.caches", client.server().functions().totals().bytes());
        amounts.put("overhead.total", 0L);
        amounts.put("keys.count", statistics.keyCount());
        amounts.put("keys.bytes-per-key", allocated / Math.max(1, statistics.keyCount()));
        amounts.put("dataset.bytes", allocated);
        amounts.put("dataset.percentage", 100.0);
        amounts.put("peak.percentage", 100.0 * allocated / Math.max(1, peak));
        amounts.put("allocator.allocated", allocated);
        amounts.put("allocator.active", active);
        amounts.put("allocator.resident", active);
        amounts.put("allocator-fragmentation.ratio", fragmentation);
        amounts.put("allocator-fragmentation.bytes", active - allocated);
        amounts.put("allocator-rss.ratio", 1.0);
        amounts.put("allocator-rss.bytes", 0L);
        amounts.put("rss-overhead.ratio", 1.0);
        amounts.put("rss-overhead.bytes", 0L);
        amounts.put("fragmentation", fragmentation);
        amounts.put("fragmentation.bytes", active - allocated);
        reply.map(amounts.size());
        amounts.forEach(
                (name, amount) -> {
                    reply.bulk(name);
                    if (amount instanceof Double) {
                        reply.number(amount.doubleValue());
                    } else {
                        reply.integer(amount.longValue());
                    }
                });
    }

    private static void memoryDoctor(Request request, Client client, ReplyBuffer reply) {
        var statistics = client.keyspace().statistics();
        reply.verbatim(
                "The keyspace takes "
                        + statistics.usedMemoryBytes()
                        + " of "
                        + statistics.maxMemoryBytes()
                        + " bytes.\n");
    }
}
