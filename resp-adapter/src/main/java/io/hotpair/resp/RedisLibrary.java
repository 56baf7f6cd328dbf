package io.hotpair.resp;

import io.hotpair.resp.internal.lua.Arguments;
import io.hotpair.resp.internal.lua.Libraries;
import io.hotpair.resp.internal.lua.LuaError;
import io.hotpair.resp.internal.lua.LuaState;
import io.hotpair.resp.internal.lua.LuaString;
import io.hotpair.resp.internal.lua.LuaTable;
import io.hotpair.resp.internal.lua.Numbers;
import io.hotpair.resp.internal.lua.Operations;
import io.hotpair.topology.Role;
import io.hotpair.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code redis}: how scripts reach what is around them. */
final class RedisLibrary {
    private static final int MAX_VERSION_PART = 256;
    private static final @Nullable Object[] NOTHING = {};
    private static final int MAX_REQUEST_BYTES = 1 << 30;
    private static final int SHA_PIECE_BYTES = 16 << 10;
    private static final int STEPS_OF_WALK = 1 << 12;

    /** As Redis cuts what it logs. */
    private static final int MAX_LOG_LENGTH = 1_024;

    private RedisLibrary() {}

    /** Its table, which scripts for Valkey call {@code server}. */
    static LuaTable module(Libraries libraries) {
        LuaTable module = libraries.module("redis");
        libraries.otherName("server", module);
        return module;
    }

    static void register(LuaTable module) {
        registerShared(module);
        Libraries.add(module, "replicate_commands", a -> result(true));
        Libraries.add(module, "breakpoint", a -> result(false));
        Libraries.add(module, "debug", a -> NOTHING);
    }

    /** What functions have as well. */
    static void registerShared(LuaTable module) {
        Libraries.add(module, "call", a -> call(a, true));
        Libraries.add(module, "pcall", a -> call(a, false));
        Libraries.add(module, "error_reply", RedisLibrary::errorReply);
        Libraries.add(module, "status_reply", RedisLibrary::statusReply);
        Libraries.add(module, "sha1hex", RedisLibrary::sha1hex);
        Libraries.add(module, "log", RedisLibrary::log);
        Libraries.add(module, "setresp", RedisLibrary::setresp);
        Libraries.add(module, "set_repl", RedisLibrary::setRepl);
        Libraries.add(module, "acl_check_cmd", RedisLibrary::aclCheckCmd);
        module.set("REPL_NONE", 0.0);
        module.set("REPL_AOF", 1.0);
        module.set("REPL_REPLICA", 2.0);
        module.set("REPL_SLAVE", 2.0);
        module.set("REPL_ALL", 3.0);
        constants(module);
    }

    /** What the code of a library of functions has while it is loaded. */
    static void registerLoading(LuaTable module) {
        Libraries.add(module, "register_function", FunctionLibrary::register);
        Libraries.add(module, "log", RedisLibrary::log);
        constants(module);
        Libraries.strict(module);
    }

    private static void constants(LuaTable module) {
        String[] levels = {"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING"};
        for (int i = 0; i < levels.length; i++) {
            module.set(levels[i], (double) i);
        }
        module.set("REDIS_VERSION", LuaString.of(RespServer.REDIS_VERSION));
        int number = 0;
        for (String part : RespServer.REDIS_VERSION.split("\\.", -1)) {
            number = number * MAX_VERSION_PART + Integer.parseInt(part);
        }
        module.set("REDIS_VERSION_NUM", (double) number);
    }

    private static @Nullable Object[] result(@Nullable Object value) {
        return new @Nullable Object[] {value};
    }

    private static ScriptRun run(Arguments args) {
        return run(args.state());
    }

    private static ScriptRun run(LuaState state) {
        if (state.host() instanceof ScriptRun run) {
            return run;
        }
        throw error(state, "redis.call/pcall can only be called inside a script invocation");
    }

    // ---- errors

    /** A table with an error; one without a code gets the usual one. */
    private static LuaTable errorTable(LuaState state, String message) {
        String text = message;
        if (!text.startsWith("-")) {
            text = "ERR " + text;
        } else {
            text = text.indexOf(' ') < 0 ? "ERR " + text.substring(1) : text.substring(1);
        }
        LuaTable table = state.newTable();
        table.set(
                "err", state.newString(text.stripTrailing().getBytes(StandardCharsets.ISO_8859_1)));
        return table;
    }

    static LuaError error(LuaState state, String message) {
        return state.raise(errorTable(state, message));
    }

    // ---- commands

    private static @Nullable Object[] call(Arguments args, boolean raises) {
        LuaState state = args.state();
        ScriptRun run = run(args);
        Object answer;
        try {
            if (args.count() == 0) {
                throw new CommandException(
                        "Please specify at least one argument for this redis lib call");
            }
            Request request = request(args, run.context().request());
            answer = answer(state, run, request);
        } catch (CommandException e) {
            answer = errorTable(state, e.reply());
        }
        if (raises
                && answer instanceof LuaTable table
                && Operations.toBytes(table.get("err")) != null) {
            throw state.raise(table);
        }
        return result(answer);
    }

    /** What a command answers, or why it was not executed. */
    private static @Nullable Object answer(LuaState state, ScriptRun run, Request request) {
        try {
            byte[] reply = state.inOwnThread(() -> execute(state, run, request));
            int length = run.context().reply().length();
            // The values are made beside it.
            state.budget().hold(length);
            Object value = new ScriptValues.Reader(state, reply).read();
            state.budget().release(length);
            return value;
        } catch (CommandException e) {
            LuaTable table = errorTable(state, e.reply());
            ScriptValues.markCounted(table);
            run.client().server().errorCounts().count(String.valueOf(table.get("err")));
            return table;
        }
    }

    private static Request request(Arguments args, Request request) {
        byte[][] values = new byte[args.count()][];
        long total = 0;
        for (int i = 0; i < values.length; i++) {
            values[i] = argument(args.get(i));
            total += values[i].length;
        }
        // The same long string may stand there many times: it is copied as often.
        args.state().budget().allocate(total);
        args.state().budget().steps(values.length + (int) Math.min(total / 64, 1 << 20));
        if (total > MAX_REQUEST_BYTES) {
            throw new CommandException("ERR the arguments of a command in a script are too long");
        }
        byte[] bytes = new byte[(int) total];
        request.reset();
        request.locate(bytes, 0);
        int at = 0;
        for (byte[] value : values) {
            System.arraycopy(value, 0, bytes, at, value.length);
            request.add(at, value.length);
            at += value.length;
        }
        return request;
    }

    private static byte[] argument(@Nullable Object value) {
        if (value instanceof LuaString string) {
            return string.bytes();
        }
        if (value instanceof Double number) {
            return Numbers.general(number, 17, false).getBytes(StandardCharsets.ISO_8859_1);
        }
        throw new CommandException("Lua redis lib command arguments must be strings or integers");
    }

    private static byte[] execute(LuaState state, ScriptRun run, Request request) {
        Client client = run.client();
        RespServer server = client.server();
        Command command = find(server, request);
        if (command == null) {
            throw new CommandException("Unknown Redis command called from script");
        }
        try {
            check(command, request, run);
        } catch (CommandException e) {
            run.context().statistics().rejected(command);
            throw e;
        }
        if (command.isWrite()) {
            run.writes();
        }
        ReplyBuffer reply = run.context().reply();
        reply.begin(run.protocol(), server.config().scriptMemoryLimitBytes());
        // Who listens to what keys do needs the arguments until the script is committed.
        Request given = server.keyEvents().isListening() ? request.copy() : request;
        // One that walks over all keys goes in steps, between which the clock is looked at.
        client.transaction().betweenSteps(() -> state.budget().steps(STEPS_OF_WALK));
        try {
            run.context().dispatcher().executeQueued(command, given, client, reply);
        } finally {
            client.transaction().betweenSteps(null);
        }
        return reply.bytes();
    }

    private static @Nullable Command find(RespServer server, Request request) {
        Command command =
                server.commands().find(request.bytes(), request.offset(0), request.length(0));
        if (command == null || command.subcommands().isEmpty() || request.count() < 2) {
            return command;
        }
        return command.subcommands().get(request.text(1).toLowerCase(Locale.ROOT));
    }

    private static void check(Command command, Request request, ScriptRun run) {
        if (!command.acceptsArguments(request.count()) || command.isContainer()) {
            throw new CommandException("Wrong number of args calling Redis command from script");
        }
        if (command.has(Command.Flag.NOSCRIPT)) {
            throw new CommandException("This Redis command is not allowed from script");
        }
        checkRights(command, request, run.client());
        // What Redis's replicas would hear of counts as a write, too.
        if (command.isHeldWithWrites() && run.program().isReadOnly()) {
            throw new CommandException("Write commands are not allowed from read-only scripts.");
        }
        if (!command.isWrite()) {
            return;
        }
        if (ReplicationCommands.lacksReplicas(run.client().server())) {
            throw new CommandException("-" + CommandException.noReplicas().reply());
        }
        Topology topology = run.client().server().keyspace().topology();
        boolean follows = run.client().server().keyspace().migration().active() != null;
        if (follows || (topology != null && topology.role() == Role.REPLICA)) {
            throw new CommandException("-" + CommandException.readOnly().reply());
        }
        if (command.has(Command.Flag.DENYOOM) && run.lacksMemory()) {
            throw new CommandException("-" + CommandException.outOfMemory().reply());
        }
    }

    private static void checkRights(Command command, Request request, Client client) {
        if (client.user().isUnrestricted()) {
            return;
        }
        Acl acl = client.server().acl();
        AclSelector.Denial why = acl.denial(client, command, request, AclLog.Context.LUA);
        if (why != null) {
            throw Acl.refusalInScript(why);
        }
    }

    // ---- the rest

    private static @Nullable Object[] errorReply(Arguments args) {
        LuaState state = args.state();
        if (args.count() != 1 || !(args.get(0) instanceof LuaString message)) {
            return result(errorTable(state, "wrong number or type of arguments"));
        }
        String text = message.toString();
        return result(errorTable(state, text.startsWith("-") ? text : "-" + text));
    }

    private static @Nullable Object[] statusReply(Arguments args) {
        if (args.count() != 1 || !(args.get(0) instanceof LuaString message)) {
            return result(errorTable(args.state(), "wrong number or type of arguments"));
        }
        LuaTable table = args.state().newTable();
        table.set("ok", message);
        return result(table);
    }

    private static @Nullable Object[] sha1hex(Arguments args) {
        if (args.count() != 1) {
            throw error(args.state(), "wrong number of arguments");
        }
        byte[] bytes = Operations.toBytes(args.get(0));
        MessageDigest digest = Script.sha1();
        for (int at = 0; bytes != null && at < bytes.length; at += SHA_PIECE_BYTES) {
            args.state().budget().work(SHA_PIECE_BYTES);
            digest.update(bytes, at, Math.min(SHA_PIECE_BYTES, bytes.length - at));
        }
        String hex = HexFormat.of().formatHex(digest.digest());
        return result(args.state().newString(hex.getBytes(StandardCharsets.ISO_8859_1)));
    }

    private static @Nullable Object[] log(Arguments args) {
        LuaState state = args.state();
        if (args.count() < 2) {
            throw error(state, "redis.log() requires two arguments or more.");
        }
        if (!(args.get(0) instanceof Double level)) {
            throw error(state, "First argument must be a number (log level).");
        }
        if (level < 0 || level > 3) {
            throw error(state, "Invalid debug level.");
        }
        StringBuilder text = new StringBuilder();
        for (int i = 1; i < args.count(); i++) {
            byte[] part = Operations.toBytes(args.get(i));
            if (part != null && text.length() < MAX_LOG_LENGTH) {
                int most = Math.min(part.length, MAX_LOG_LENGTH);
                text.append(i > 1 ? " " : "").append(new LuaString(Arrays.copyOf(part, most)));
            }
        }
        text.setLength(Math.min(text.length(), MAX_LOG_LENGTH));
        state.budget().allocate(text.length());
        // What a client sends must not look like a line of ours.
        if (state.host() instanceof FunctionLibrary.Registry) {
            return NOTHING;
        }
        run(args).log((int) (double) level, text.toString().replaceAll("\\p{Cntrl}", " "));
        return NOTHING;
    }

    private static @Nullable Object[] setresp(Arguments args) {
        if (args.count() != 1) {
            throw error(args.state(), "redis.setresp() requires one argument.");
        }
        double version = args.get(0) instanceof Double number ? number : 0;
        if (version != 2 && version != 3) {
            throw error(args.state(), "RESP version must be 2 or 3.");
        }
        run(args).protocol((int) version);
        return NOTHING;
    }

    /** The log has effects, whatever a script asks; so all that can be wrong is the flag. */
    private static @Nullable Object[] setRepl(Arguments args) {
        if (args.count() != 1) {
            throw error(args.state(), "redis.set_repl() requires two arguments.");
        }
        double flags = args.get(0) instanceof Double number ? number : 0;
        if (flags < 0 || flags > 3) {
            throw error(
                    args.state(),
                    "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or"
                            + " REPL_NONE.");
        }
        return NOTHING;
    }

    private static @Nullable Object[] aclCheckCmd(Arguments args) {
        LuaState state = args.state();
        try {
            if (args.count() == 0) {
                throw new CommandException(
                        "Please specify at least one argument for this redis lib call");
            }
            Request request = request(args, new Request());
            Client client = run(args).client();
            Command command = find(client.server(), request);
            if (command == null) {
                throw new CommandException("Invalid command passed to redis.acl_check_cmd()");
            }
            return result(client.user().check(command, request, 0) == AclSelector.OK);
        } catch (CommandException e) {
            throw error(state, e.reply());
        }
    }
}
