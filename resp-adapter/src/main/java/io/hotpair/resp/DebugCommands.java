package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ADMIN;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.KeyArea;
import io.hotpair.resp.Command.Group;
import io.hotpair.resp.RespConfig.DebugAccess;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What test suites and tools ask of DEBUG, and is harmless. Off unless the configuration says. */
final class DebugCommands {
    /** The version and the checksum behind a dumped value, and its type before it. */
    private static final int NOT_OF_THE_VALUE = 11;

    private static final long MAX_PACKED_THRESHOLD = (1L << 32) - (1 << 20);
    private static final long MAX_SLEEP_NS = TimeUnit.DAYS.toNanos(1);

    private static final List<String> HELP =
            List.of(
                    "ERROR <string>",
                    "    Answers with this error, and counts none.",
                    "OBJECT <key>",
                    "    Show low level info about `key` and associated value.",
                    "SET-ACTIVE-EXPIRE <0|1>",
                    "    Does nothing: what has expired is gone for clients at once.",
                    "QUICKLIST-PACKED-THRESHOLD <size>",
                    "    Does nothing: lists have a form of their own.",
                    "SLEEP <seconds>",
                    "    Has this client alone wait for <seconds>. Decimals allowed.",
                    "STRINGMATCH-LEN <pattern> <string>",
                    "    Return whether a string matches a pattern.");

    private DebugCommands() {}

    static void register(CommandTable table) {
        Command debug =
                table.add("debug", -2, Group.SERVER)
                        .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                        .touchingKeys()
                        .syntax("subcommand [argument...]")
                        .summary(
                                "Helps tests, if enable-debug-command says so: ERROR, OBJECT, SLEEP,"
                                        + " STRINGMATCH-LEN, and some that do nothing.");
        debug.does((r, c, out) -> execute(debug, r, c, out));
    }

    /** Whether the configuration lets this client say DEBUG. */
    static boolean isAllowed(Client client) {
        return switch (client.server().config().debugCommand()) {
            case NO -> false;
            case LOCAL -> client.isOnLoopback();
            case YES -> true;
        };
    }

    /** The words for {@code enable-debug-command}. */
    static String text(DebugAccess access) {
        return access.name().toLowerCase(Locale.ROOT);
    }

    static CommandException notAllowed() {
        return new CommandException(
                "ERR DEBUG command not allowed. If the enable-debug-command option is set to"
                        + " \"local\", you can run it from a local connection, otherwise you need to"
                        + " set this option in the configuration file, and then restart the"
                        + " server.");
    }

    private static void execute(Command debug, Request request, Client client, ReplyBuffer reply) {
        String subcommand = request.text(1).toLowerCase(Locale.ROOT) + " " + request.count();
        switch (subcommand) {
            case "help 2" -> HelpText.write(debug, HELP, reply);
            case "error 3" -> reply.uncountedError(request.text(2));
            case "object 3" -> object(stored(request.copy(2), client), client, reply);
            case "quicklist-packed-threshold 3" -> packedThreshold(request, reply);
            case "set-active-expire 3" -> reply.ok();
            case "sleep 3" -> client.park(new Sleep(client, sleepNs(request)));
            case "stringmatch-len 4" ->
                    reply.integer(
                            new GlobPattern(request.copy(2), false).matches(request.copy(3))
                                    ? 1
                                    : 0);
            default ->
                    throw new CommandException(
                            "ERR unknown subcommand or wrong number of arguments for '"
                                    + request.inError(1)
                                    + "'. Try DEBUG HELP.");
        }
    }

    /** Which argument is a key depends on the subcommand, so it comes by its name. */
    private static byte[] stored(byte[] name, Client client) {
        return KeyArea.key(Databases.area(client), name);
    }

    /** There are no addresses and no idle times to tell; programs look for their names. */
    private static void object(byte[] key, Client client, ReplyBuffer reply) {
        String encoding =
                new ValueEncoding(client.server().settings().packing()).of(client.session(), key);
        byte @Nullable [] dumped = DumpCommands.dumped(key, client, CommandException::replyTooLong);
        if (encoding == null || dumped == null) {
            throw new CommandException("ERR no such key");
        }
        reply.status(
                "Value at:0x0 refcount:1 encoding:"
                        + encoding
                        + " serializedlength:"
                        + (dumped.length - NOT_OF_THE_VALUE)
                        + " lru:0 lru_seconds_idle:0");
    }

    private static void packedThreshold(Request request, ReplyBuffer reply) {
        long bytes = MemoryValue.parse(request.text(2));
        if (bytes < 0 || bytes > MAX_PACKED_THRESHOLD) {
            throw new CommandException(
                    "ERR argument must be a memory value bigger than 1 and smaller than 4gb");
        }
        reply.ok();
    }

    /** As in Redis, what is no number is none. */
    private static long sleepNs(Request request) {
        Double seconds = Doubles.lenient(request.bytes(), request.offset(2), request.length(2));
        double ns = seconds == null ? 0 : seconds * 1e9;
        return Math.min((long) ns, MAX_SLEEP_NS);
    }

    /** Unlike in Redis, nobody else waits; to the log of what took long it is the same. */
    private static final class Sleep implements Parked {
        private final Client client;
        private final long sleepNs;
        private final long startNs;

        Sleep(Client client, long sleepNs) {
            this.client = client;
            this.sleepNs = sleepNs;
            startNs = client.server().keyspace().nanoTime();
        }

        @Override
        public long advance(ReplyBuffer reply) {
            long leftNs = sleepNs - (client.server().keyspace().nanoTime() - startNs);
            if (leftNs > 0) {
                return leftNs;
            }
            reply.ok();
            return DONE;
        }

        @Override
        public long spentNs() {
            return Math.max(0, sleepNs);
        }
    }
}
