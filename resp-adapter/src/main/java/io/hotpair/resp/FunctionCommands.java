package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ALLOW_BUSY;
import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.STALE;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.HotpairException;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Flag;
import io.hotpair.resp.Command.Group;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Functions, which clients call by name. */
final class FunctionCommands {
    private FunctionCommands() {}

    static void register(CommandTable table) {
        ScriptCommands.callable(
                        table, "fcall", false, "function numkeys [key...] [arg...]", "7.0.0")
                .heldWithWritesUnless(FunctionCommands::writesNothing)
                .keyNotes(ScriptCommands.ANY_USE + "RW and UPDATE")
                .summary("Calls a function.")
                .does((r, c, out) -> call(r, c, out, false));
        ScriptCommands.callable(
                        table, "fcall_ro", true, "function numkeys [key...] [arg...]", "7.0.0")
                .keyNotes(ScriptCommands.ANY_USE + "RO and ACCESS")
                .summary("Calls a function that only reads.")
                .does((r, c, out) -> call(r, c, out, true));
        Command function =
                table.add("function", -2, Group.SCRIPTING)
                        .since("7.0.0")
                        .complexity("Depends on the subcommand")
                        .summary("Libraries of functions.");
        String[] everywhere = {"request_policy:all_shards", "response_policy:all_succeeded"};
        sub(table, function, "delete", 3, WRITE, NOSCRIPT)
                .syntax("library")
                .tips(everywhere)
                .summary("Deletes a library.")
                .does(FunctionCommands::delete);
        sub(table, function, "dump", 2, NOSCRIPT)
                .complexity("O(N), N being the length of the libraries")
                .summary("Returns all libraries as bytes, which FUNCTION RESTORE takes.")
                .does(FunctionCommands::dump);
        sub(table, function, "flush", -2, WRITE, NOSCRIPT)
                .syntax("[ASYNC|SYNC]")
                .complexity("O(N), N being the number of libraries")
                .tips(everywhere)
                .summary("Deletes all libraries.")
                .does(FunctionCommands::flush);
        sub(table, function, "kill", 2, NOSCRIPT, ALLOW_BUSY)
                .tips("request_policy:all_shards", "response_policy:one_succeeded")
                .summary("Ends the functions that take long; nothing of them has happened.")
                .does((r, c, out) -> ScriptCommands.kill(c, out, true));
        sub(table, function, "list", -2, NOSCRIPT)
                .syntax("[LIBRARYNAME pattern] [WITHCODE]")
                .complexity("O(N), N being the number of functions")
                .tips("nondeterministic_output_order")
                .summary("Tells which libraries there are.")
                .does(FunctionCommands::list);
        sub(table, function, "load", -3, WRITE, DENYOOM, NOSCRIPT)
                .syntax("[REPLACE] code")
                .complexity("O(1), and what the code of the library takes")
                .tips(everywhere)
                .summary("Adds a library.")
                .does(FunctionCommands::load);
        sub(table, function, "restore", -3, WRITE, DENYOOM, NOSCRIPT)
                .syntax("serialized-value [FLUSH|APPEND|REPLACE]")
                .complexity("O(1), and what the code of the libraries takes")
                .tips(everywhere)
                .summary("Adds the libraries that FUNCTION DUMP gave, here or in Redis.")
                .does(FunctionCommands::restore);
        sub(table, function, "stats", 2, NOSCRIPT, ALLOW_BUSY)
                .tips(
                        "nondeterministic_output",
                        "request_policy:all_shards",
                        "response_policy:special")
                .summary("Tells which function runs, and how many there are.")
                .does(FunctionCommands::stats);
        sub(table, function, "help", 2, LOADING, STALE)
                .summary("Lists the subcommands.")
                .does((r, c, out) -> HelpText.write(function, out));
    }

    private static Command sub(
            CommandTable table, Command container, String name, int arity, Flag... flags) {
        return table.addSubcommand(container, name, arity)
                .flags(flags)
                .categories(Category.SCRIPTING)
                .since("7.0.0");
    }

    private static FunctionSet functions(Client client) {
        return client.server().functions().in(client.unnoticed());
    }

    private static @Nullable FunctionLibrary library(Client client, String function) {
        return client.server().functions().of(client.unnoticed(), function);
    }

    private static boolean writesNothing(Request request, Client client) {
        try {
            FunctionLibrary library = library(client, request.text(1));
            FunctionLibrary.Function function =
                    library == null ? null : library.function(request.text(1));
            return function != null && function.flags().contains(Script.Flag.NO_WRITES);
        } catch (CommandException | HotpairException e) {
            // Whoever executes it is told.
            return false;
        }
    }

    private static void call(Request request, Client client, ReplyBuffer reply, boolean readOnly) {
        String name = request.text(1);
        FunctionLibrary library = library(client, name);
        FunctionLibrary.Function function = library == null ? null : library.function(name);
        if (library == null || function == null) {
            throw new CommandException("ERR Function not found");
        }
        if (!request.isInteger(2)) {
            throw new CommandException("ERR Bad number of keys provided");
        }
        int keys = ScriptCommands.keyCount(request);
        ScriptCommands.checkFlags(
                client,
                readOnly,
                function.flags().contains(Script.Flag.NO_WRITES),
                function.flags().contains(Script.Flag.ALLOW_OOM));
        new ScriptRun(
                        client,
                        client.server().functions().program(library, function, readOnly),
                        request,
                        request.copies(3, keys),
                        request.copies(3 + keys))
                .execute(reply);
    }

    private static void load(Request request, Client client, ReplyBuffer reply) {
        boolean replaces = false;
        for (int i = 2; i < request.count() - 1; i++) {
            if (!request.is(i, "REPLACE")) {
                throw new CommandException("ERR Unknown option given: " + request.inError(i));
            }
            replaces = true;
        }
        Functions functions = client.server().functions();
        FunctionLibrary library = new FunctionLibrary(request.copy(request.count() - 1));
        functions.check(client.unnoticed(), library, replaces);
        new ScriptRun(client, functions.loading(library, replaces)).execute(reply);
    }

    private static void dump(Request request, Client client, ReplyBuffer reply) {
        reply.bulk(
                RdbPayload.ofLibraries(
                        functions(client).all().stream().map(FunctionLibrary::source).toList()));
    }

    private static void restore(Request request, Client client, ReplyBuffer reply) {
        if (request.count() > 4) {
            throw new CommandException(
                    "ERR unknown subcommand or wrong number of arguments for '"
                            + request.inError(1)
                            + "'. Try FUNCTION HELP.");
        }
        FunctionSet.Policy policy = FunctionSet.Policy.APPEND;
        if (request.count() == 4) {
            policy = policy(request);
        }
        long maxHeld = client.server().budget().availableBytes();
        RdbPayload payload = new RdbPayload(request.copy(2), maxHeld);
        new ScriptRun(client, client.server().functions().restoring(payload.libraries(), policy))
                .execute(reply);
    }

    private static FunctionSet.Policy policy(Request request) {
        for (FunctionSet.Policy policy : FunctionSet.Policy.values()) {
            if (request.is(3, policy.name())) {
                return policy;
            }
        }
        throw new CommandException(
                "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
    }

    private static void delete(Request request, Client client, ReplyBuffer reply) {
        if (!client.server().functions().delete(client.session(), request.text(2))) {
            throw new CommandException("ERR Library not found");
        }
        client.noteWrite();
        reply.ok();
    }

    private static void flush(Request request, Client client, ReplyBuffer reply) {
        boolean known =
                request.count() == 2
                        || (request.count() == 3
                                && (request.is(2, "SYNC") || request.is(2, "ASYNC")));
        if (request.count() > 3) {
            throw new CommandException(
                    "ERR unknown subcommand or wrong number of arguments for 'flush'. Try"
                            + " FUNCTION HELP.");
        }
        if (!known) {
            throw new CommandException("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
        }
        client.server().functions().flush(client.session());
        client.noteWrite();
        reply.ok();
    }

    private static void list(Request request, Client client, ReplyBuffer reply) {
        boolean withCode = false;
        GlobPattern pattern = null;
        for (int i = 2; i < request.count(); i++) {
            if (!withCode && request.is(i, "WITHCODE")) {
                withCode = true;
            } else if (pattern == null && request.is(i, "LIBRARYNAME")) {
                if (++i == request.count()) {
                    throw new CommandException("ERR library name argument was not given");
                }
                pattern = new GlobPattern(request.copy(i), true);
            } else {
                throw new CommandException("ERR Unknown argument " + request.inError(i));
            }
        }
        GlobPattern wanted = pattern;
        List<FunctionLibrary> libraries =
                functions(client).all().stream()
                        .filter(each -> wanted == null || matches(wanted, each.name()))
                        .toList();
        reply.array(libraries.size());
        for (FunctionLibrary library : libraries) {
            write(library, withCode, reply);
        }
    }

    private static boolean matches(GlobPattern pattern, String name) {
        return pattern.matches(name.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void write(FunctionLibrary library, boolean withCode, ReplyBuffer reply) {
        reply.map(withCode ? 4 : 3);
        reply.bulk("library_name");
        reply.bulk(library.name());
        reply.bulk("engine");
        reply.bulk("LUA");
        reply.bulk("functions");
        reply.array(library.functions().size());
        for (FunctionLibrary.Function function : library.functions().values()) {
            reply.map(3);
            reply.bulk("name");
            reply.bulk(function.name());
            reply.bulk("description");
            String description = function.description();
            if (description == null) {
                reply.nullValue();
            } else {
                reply.bulk(description);
            }
            reply.bulk("flags");
            reply.set(function.flags().size());
            function.flags().forEach(flag -> reply.status(flag.text()));
        }
        if (withCode) {
            reply.bulk("library_code");
            reply.bulk(library.source());
        }
    }

    private static void stats(Request request, Client client, ReplyBuffer reply) {
        FunctionSet.Totals totals = functions(client).totals();
        ScriptRun busy = client.server().scripts().busy();
        if (busy != null && !busy.isFunction()) {
            throw CommandException.busy(false);
        }
        ScriptRun running = client.server().scripts().anyRunning();
        reply.map(2);
        reply.bulk("running_script");
        if (running == null) {
            reply.nullValue();
        } else {
            reply.map(3);
            reply.bulk("name");
            reply.bulk(running.program().name());
            reply.bulk("command");
            List<byte[]> command = running.command();
            reply.array(command.size());
            command.forEach(reply::bulk);
            reply.bulk("duration_ms");
            reply.integer(running.runningMs());
        }
        reply.bulk("engines");
        reply.map(1);
        reply.bulk("LUA");
        reply.map(2);
        reply.bulk("libraries_count");
        reply.integer(totals.libraries());
        reply.bulk("functions_count");
        reply.integer(totals.functions());
    }
}
