package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ALLOW_BUSY;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.NO_MANDATORY_KEYS;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.SKIP_MONITOR;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.KeyspaceStatistics;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Flag;
import io.hotpair.resp.Command.Group;
import io.hotpair.topology.Role;
import io.hotpair.topology.Topology;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Scripts that clients bring along. */
final class ScriptCommands {
    private static final int SHA_LENGTH = 40;
    static final String ANY_USE =
            "We cannot tell how the keys will be used so we assume the worst, ";

    private static final Flag[] FLAGS = {NOSCRIPT, STALE, SKIP_MONITOR, NO_MANDATORY_KEYS};
    private static final Flag[] READ_FLAGS = {
        READONLY, NOSCRIPT, STALE, SKIP_MONITOR, NO_MANDATORY_KEYS
    };

    private ScriptCommands() {}

    static void register(CommandTable table) {
        callable(table, "eval", false, "script numkeys [key...] [arg...]", "2.6.0")
                .heldWithWritesUnless((r, c) -> writesNothing(r.copy(1), c))
                .keyNotes(ANY_USE + "RW and UPDATE")
                .summary("Executes a script.")
                .does((r, c, out) -> run(c.server().scripts().of(r.copy(1)), r, c, out, false));
        callable(table, "evalsha", false, "sha1 numkeys [key...] [arg...]", "2.6.0")
                .heldWithWritesUnless(
                        (r, c) ->
                                writesNothing(
                                        c.server()
                                                .scripts()
                                                .find(r.text(1).toLowerCase(Locale.ROOT))))
                .summary("Executes a script of the cache, named by the SHA-1 of its text.")
                .does((r, c, out) -> run(cached(r, c), r, c, out, false));
        callable(table, "eval_ro", true, "script numkeys [key...] [arg...]", "7.0.0")
                .keyNotes(ANY_USE + "RO and ACCESS")
                .summary("Executes a script that only reads.")
                .does((r, c, out) -> run(c.server().scripts().of(r.copy(1)), r, c, out, true));
        callable(table, "evalsha_ro", true, "sha1 numkeys [key...] [arg...]", "7.0.0")
                .summary("Executes a script of the cache that only reads.")
                .does((r, c, out) -> run(cached(r, c), r, c, out, true));
        registerScript(table);
    }

    /** Whether a script says that it writes nothing; what is none does not say so. */
    private static boolean writesNothing(byte[] source, Client client) {
        try {
            return writesNothing(client.server().scripts().of(source));
        } catch (CommandException e) {
            return false;
        }
    }

    /** The same of one in the cache; of one that nobody knows nothing is known. */
    private static boolean writesNothing(@Nullable Script script) {
        return script != null && script.has(Script.Flag.NO_WRITES);
    }

    /** Adds a command that executes something with keys. */
    static Command callable(
            CommandTable table, String name, boolean readsOnly, String syntax, String since) {
        return table.add(name, -3, Group.SCRIPTING)
                .flags(readsOnly ? READ_FLAGS : FLAGS)
                .touchingKeys()
                .categories(Category.SCRIPTING)
                .keys(
                        readsOnly
                                ? KeySpec.counted(2, "RO", "access")
                                : KeySpec.counted(2, "RW", "access", "update"))
                .syntax(syntax)
                .since(since)
                .complexity("That of the script");
    }

    private static void registerScript(CommandTable table) {
        Command script =
                table.add("script", -2, Group.SCRIPTING)
                        .since("2.6.0")
                        .complexity("Depends on the subcommand")
                        .summary("The cache of scripts.");
        sub(table, script, "debug", 3, NOSCRIPT)
                .syntax("(YES|SYNC|NO)")
                .since("3.2.0")
                .summary("Would execute scripts step by step; there is no debugger.")
                .does(ScriptCommands::debug);
        sub(table, script, "exists", -3, NOSCRIPT)
                .syntax("sha1...")
                .complexity("O(N), N being the number of scripts")
                .tips("request_policy:all_shards", "response_policy:agg_logical_and")
                .summary("Tells which scripts are in the cache.")
                .does(ScriptCommands::exists);
        sub(table, script, "flush", -2, NOSCRIPT)
                .syntax("[ASYNC|SYNC]")
                .complexity("O(N), N being the number of scripts")
                .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                .summary("Empties the cache.")
                .does(ScriptCommands::flush);
        sub(table, script, "kill", 2, NOSCRIPT, ALLOW_BUSY)
                .tips("request_policy:all_shards", "response_policy:one_succeeded")
                .summary("Ends the scripts that take long; nothing of them has happened.")
                .does((r, c, out) -> kill(c, out, false));
        sub(table, script, "load", 3, NOSCRIPT, STALE)
                .syntax("script")
                .complexity("O(N), N being the length of the script")
                .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                .summary("Puts a script into the cache, and tells its SHA-1.")
                .does(ScriptCommands::load);
        sub(table, script, "help", 2, LOADING, STALE)
                .since("5.0.0")
                .summary("Lists the subcommands.")
                .does((r, c, out) -> HelpText.write(script, out));
    }

    private static Command sub(
            CommandTable table, Command container, String name, int arity, Flag... flags) {
        return table.addSubcommand(container, name, arity)
                .flags(flags)
                .categories(Category.SCRIPTING)
                .since("2.6.0");
    }

    private static Script cached(Request request, Client client) {
        Script script =
                request.length(1) == SHA_LENGTH
                        ? client.server().scripts().find(request.text(1).toLowerCase(Locale.ROOT))
                        : null;
        if (script == null) {
            throw new CommandException("NOSCRIPT No matching script. Please use EVAL.");
        }
        return script;
    }

    /** How many keys the arguments from the fourth on begin with. */
    static int keyCount(Request request) {
        long count = request.integer(2);
        if (count > request.count() - 3) {
            throw new CommandException("ERR Number of keys can't be greater than number of args");
        }
        if (count < 0) {
            throw new CommandException("ERR Number of keys can't be negative");
        }
        return (int) count;
    }

    private static void run(
            Script script, Request request, Client client, ReplyBuffer reply, boolean readOnly) {
        int keys = keyCount(request);
        if (script.hasShebang()) {
            checkFlags(
                    client,
                    readOnly,
                    script.has(Script.Flag.NO_WRITES),
                    script.has(Script.Flag.ALLOW_OOM));
        }
        new ScriptRun(
                        client,
                        ScriptRun.program(script, readOnly, request.isSame(1, script.source())),
                        request,
                        request.copies(3, keys),
                        request.copies(3 + keys))
                .execute(reply);
    }

    /** What something that says what it does needs, before it begins. */
    static void checkFlags(
            Client client, boolean readOnly, boolean writesNothing, boolean allowsOutOfMemory) {
        if (!writesNothing) {
            if (ReplicationCommands.lacksReplicas(client.server())) {
                throw CommandException.noReplicas();
            }
            if (readOnly) {
                throw new CommandException(
                        "ERR Can not execute a script with write flag using *_ro command.");
            }
            Topology topology = client.keyspace().topology();
            if (topology != null && topology.role() == Role.REPLICA) {
                throw new CommandException(
                        "READONLY Can not run script with write flag on readonly replica.");
            }
        }
        if (!allowsOutOfMemory && isFull(client)) {
            if (!client.transaction().isExecuting()) {
                throw CommandException.outOfMemory();
            }
            throw new CommandException(
                    "OOM allow-oom flag is not set on the script, can not run it when used memory >"
                            + " 'maxmemory'");
        }
    }

    /** Whether more memory is taken than may be. */
    static boolean isFull(Client client) {
        KeyspaceStatistics statistics = client.keyspace().statistics();
        return statistics.usedMemoryBytes() > statistics.maxMemoryBytes();
    }

    private static void load(Request request, Client client, ReplyBuffer reply) {
        Script script = client.server().scripts().of(request.copy(2));
        new ScriptRun(client, ScriptRun.loading(script)).execute(reply);
    }

    private static void exists(Request request, Client client, ReplyBuffer reply) {
        reply.array(request.count() - 2L);
        for (int i = 2; i < request.count(); i++) {
            reply.integer(client.server().scripts().find(request.text(i)) == null ? 0 : 1);
        }
    }

    private static void flush(Request request, Client client, ReplyBuffer reply) {
        boolean known =
                request.count() == 2
                        || (request.count() == 3
                                && (request.is(2, "SYNC") || request.is(2, "ASYNC")));
        if (!known) {
            throw new CommandException("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
        }
        client.server().scripts().flush();
        reply.ok();
    }

    static void kill(Client client, ReplyBuffer reply, boolean functions) {
        client.server().scripts().kill(functions);
        reply.ok();
    }

    private static void debug(Request request, Client client, ReplyBuffer reply) {
        if (request.is(2, "NO")) {
            reply.ok();
        } else if (request.is(2, "YES") || request.is(2, "SYNC")) {
            throw new CommandException("ERR SCRIPT DEBUG is not supported: there is no debugger");
        } else {
            throw new CommandException("ERR Use SCRIPT DEBUG YES/SYNC/NO");
        }
    }
}
