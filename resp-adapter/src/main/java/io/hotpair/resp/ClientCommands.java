package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ADMIN;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.Client.ReplyMode;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import io.hotpair.resp.Topic.Kind;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** CLIENT: who is connected, and how. */
final class ClientCommands {
    private ClientCommands() {}

    static void register(CommandTable table) {
        Command client =
                table.add("client", -2, Group.CONNECTION)
                        .since("2.4.0")
                        .summary("Tells of connections and changes them.");
        registerOwn(table, client);
        registerOthers(table, client);
    }

    private static void registerOwn(CommandTable table, Command client) {
        own(table, client, "id", 2, "")
                .since("5.0.0")
                .summary("Returns the connection's id.")
                .does((r, c, out) -> out.integer(c.id()));
        own(table, client, "getname", 2, "")
                .since("2.6.9")
                .summary("Returns the connection's name.")
                .does(ClientCommands::getName);
        own(table, client, "setname", 3, "connection-name")
                .since("2.6.9")
                .summary("Names the connection.")
                .does(
                        (r, c, out) -> {
                            checkName(r, 2);
                            c.name(name(r, 2));
                            out.ok();
                        });
        own(table, client, "setinfo", 4, "(LIB-NAME libname|LIB-VER libver)")
                .since("7.2.0")
                .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                .summary("Says which library the client uses.")
                .does(ClientCommands::setInfo);
        own(table, client, "info", 2, "")
                .since("6.2.0")
                .tips("nondeterministic_output")
                .summary("Describes this connection.")
                .does((r, c, out) -> out.verbatim(describe(c) + "\n"));
        own(table, client, "reply", 3, "(ON|OFF|SKIP)")
                .since("3.2.0")
                .summary("Says whether the connection gets replies.")
                .does(ClientCommands::reply);
        own(table, client, "no-touch", 3, "(ON|OFF)")
                .since("7.2.0")
                .summary("Says whether what the connection reads counts as used.")
                .does(
                        (r, c, out) -> {
                            c.touching(!onOrOff(r));
                            out.ok();
                        });
        TrackingCommands.register(table, client);
        table.addSubcommand(client, "help", 2)
                .flags(LOADING, STALE)
                .categories(Category.CONNECTION)
                .since("5.0.0")
                .summary("Lists the subcommands.")
                .does((r, c, out) -> HelpText.write(client, out));
    }

    private static void registerOthers(CommandTable table, Command client) {
        admin(table, client, "list", -2, "[TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID client-id...]")
                .since("2.4.0")
                .tips("nondeterministic_output")
                .complexity("O(N), N being the number of clients")
                .summary("Describes all connections.")
                .does(ClientCommands::list);
        admin(
                        table,
                        client,
                        "kill",
                        -3,
                        "(ip:port|[ID client-id] [TYPE type] [USER username] [ADDR ip:port]"
                                + " [LADDR ip:port] [SKIPME yesno] [MAXAGE maxage])")
                .since("2.4.0")
                .complexity("O(N), N being the number of clients")
                .summary("Ends connections.")
                .does(ClientCommands::kill);
        admin(table, client, "no-evict", 3, "(ON|OFF)")
                .since("7.0.0")
                .summary("Says whether the connection may be ended when clients hold too much.")
                .does(
                        (r, c, out) -> {
                            c.evictable(!onOrOff(r));
                            out.ok();
                        });
        admin(table, client, "pause", -3, "timeout [WRITE|ALL]")
                .since("2.9.50")
                .summary("Holds commands back for some milliseconds.")
                .does(ClientCommands::pause);
        admin(table, client, "unblock", -3, "client-id [TIMEOUT|ERROR]")
                .since("5.0.0")
                .complexity("O(log N), N being the number of clients")
                .summary(
                        "Ends the wait of a connection, as if its time were over or with an error.")
                .does(UnblockWait::begin);
        admin(table, client, "unpause", 2, "")
                .since("6.2.0")
                .summary("Ends a pause.")
                .does(UnpauseWait::begin);
    }

    private static Command own(
            CommandTable table, Command client, String name, int arity, String syntax) {
        return table.addSubcommand(client, name, arity)
                .flags(NOSCRIPT, LOADING, STALE)
                .categories(Category.CONNECTION)
                .syntax(syntax);
    }

    private static Command admin(
            CommandTable table, Command client, String name, int arity, String syntax) {
        return table.addSubcommand(client, name, arity)
                .flags(ADMIN, NOSCRIPT, LOADING, STALE)
                .categories(Category.CONNECTION)
                .syntax(syntax);
    }

    /** Refuses names that would make two lines, or two fields, of one in CLIENT LIST. */
    static void checkName(Request request, int argument) {
        if (!isPrintable(request, argument)) {
            throw new CommandException(
                    "ERR Client names cannot contain spaces, newlines or special characters.");
        }
    }

    static @Nullable String name(Request request, int argument) {
        return request.length(argument) == 0 ? null : request.text(argument);
    }

    private static boolean isPrintable(Request request, int argument) {
        int from = request.offset(argument);
        for (int i = from; i < from + request.length(argument); i++) {
            byte b = request.bytes()[i];
            if (b < '!' || b > '~') {
                return false;
            }
        }
        return true;
    }

    private static void getName(Request request, Client client, ReplyBuffer reply) {
        String name = client.name();
        if (name == null) {
            reply.nullValue();
        } else {
            reply.bulk(name);
        }
    }

    private static void setInfo(Request request, Client client, ReplyBuffer reply) {
        String what = request.text(2).toLowerCase(Locale.ROOT);
        boolean library = what.equals("lib-name");
        if (!library && !what.equals("lib-ver")) {
            throw new CommandException("ERR Unrecognized option '" + request.inError(2) + "'");
        }
        if (!isPrintable(request, 3)) {
            throw new CommandException(
                    "ERR "
                            + request.inError(2)
                            + " cannot contain spaces, newlines or special characters.");
        }
        if (library) {
            client.libraryName(request.text(3));
        } else {
            client.libraryVersion(request.text(3));
        }
        reply.ok();
    }

    private static void reply(Request request, Client client, ReplyBuffer reply) {
        if (request.is(2, "ON")) {
            client.replyMode(ReplyMode.ON);
            reply.ok();
        } else if (request.is(2, "OFF")) {
            client.replyMode(ReplyMode.OFF);
        } else if (request.is(2, "SKIP")) {
            if (client.replyMode() != ReplyMode.OFF) {
                client.replyMode(ReplyMode.SKIP_NEXT);
            }
        } else {
            throw CommandException.syntax();
        }
    }

    private static boolean onOrOff(Request request) {
        if (request.is(2, "ON")) {
            return true;
        }
        if (request.is(2, "OFF")) {
            return false;
        }
        throw CommandException.syntax();
    }

    private static void pause(Request request, Client client, ReplyBuffer reply) {
        boolean writesOnly = false;
        if (request.count() == 4) {
            writesOnly = request.is(3, "WRITE");
            if (!writesOnly && !request.is(3, "ALL")) {
                throw new CommandException("ERR CLIENT PAUSE mode must be WRITE or ALL");
            }
        } else if (request.count() > 4) {
            throw CommandException.syntax();
        }
        if (!request.isInteger(2)) {
            throw new CommandException("ERR timeout is not an integer or out of range");
        }
        long timeoutMs = request.integer(2);
        if (timeoutMs < 0) {
            throw new CommandException("ERR timeout is negative");
        }
        long nowNs = client.keyspace().nanoTime();
        long lengthNs = Math.min(TimeUnit.MILLISECONDS.toNanos(timeoutMs), Long.MAX_VALUE / 4);
        client.server().pause().begin(nowNs + lengthNs, writesOnly, nowNs);
        reply.ok();
    }

    private static void list(Request request, Client client, ReplyBuffer reply) {
        ClientFilters filters = ClientFilters.ofList(request, client);
        Predicate<Client> wanted = filters.wanted();
        StringBuilder text = new StringBuilder();
        for (Connection connection : client.server().clients().all()) {
            Client each = connection.client();
            if (wanted.test(each) && !(filters.skipsAsking() && each == client)) {
                text.append(describe(each)).append('\n');
            }
        }
        reply.verbatim(text.toString());
    }

    private static void kill(Request request, Client client, ReplyBuffer reply) {
        if (request.count() == 3) {
            String address = request.text(2);
            KillWait.begin(
                    client, c -> c.address().equals(address), false, KillWait::orNone, reply);
            return;
        }
        ClientFilters filters = ClientFilters.ofKill(request, client);
        KillWait.begin(
                client,
                filters.wanted(),
                filters.skipsAsking(),
                (count, out) -> out.integer(count),
                reply);
    }

    /** For how long it is connected. */
    static long ageSeconds(Client client) {
        return secondsSince(client.connectedAtNs(), client);
    }

    /** For how long it has sent no command. */
    static long idleSeconds(Client client) {
        return secondsSince(client.lastCommandNs(), client);
    }

    private static long secondsSince(long ns, Client client) {
        return TimeUnit.NANOSECONDS.toSeconds(client.keyspace().nanoTime() - ns);
    }

    /** What it is doing or has asked for, a letter for each. */
    static String flags(Client client) {
        String flags =
                (client.isMonitor() ? "O" : "")
                        + (client.connection().isTransferring() ? "S" : "")
                        + (client.isSubscriber() ? "P" : "")
                        + (client.transaction().isOpen() ? "x" : "")
                        + (client.connection().isBlocked() ? "b" : "")
                        + trackingFlags(client)
                        + (client.isEvictable() ? "" : "e")
                        + (client.isTouching() ? "" : "T");
        return flags.isEmpty() ? "N" : flags;
    }

    private static String trackingFlags(Client client) {
        Tracking.Mode mode = client.tracking();
        return (mode == null ? "" : "t")
                + (client.isRedirectionBroken() ? "R" : "")
                + (mode != null && mode.broadcast() ? "B" : "");
    }

    static String describe(Client client) {
        Connection connection = client.connection();
        String name = client.name();
        Command last = client.lastCommand();
        long held = connection.account().heldBytes();
        return "id="
                + client.id()
                + " addr="
                + client.address()
                + " laddr="
                + client.localAddress()
                + " fd=-1 name="
                + (name == null ? "" : name)
                + " age="
                + ageSeconds(client)
                + " idle="
                + idleSeconds(client)
                + " flags="
                + flags(client)
                + " db="
                + client.database()
                + " sub="
                + client.subscriptionCount(Kind.CHANNEL)
                + " psub="
                + client.subscriptionCount(Kind.PATTERN)
                + " ssub="
                + client.subscriptionCount(Kind.SHARD)
                + " multi="
                + (client.transaction().isOpen() ? client.transaction().size() : -1)
                + " qbuf="
                + connection.heldLength()
                + " qbuf-free="
                + Math.max(0, connection.heldCapacity() - connection.heldLength())
                + " argv-mem=0 multi-mem="
                + client.transaction().bytes()
                + " rbs=0 rbp=0 obl=0 oll="
                + connection.outbox().batchCount()
                + " omem="
                + connection.outbox().queuedBytes()
                + " tot-mem="
                + held
                + " events=r cmd="
                + (last == null ? "NULL" : last.fullName())
                + " user="
                + client.account().name()
                + " redir="
                + TrackingCommands.redirect(client)
                + " resp="
                + client.protocol()
                + " lib-name="
                + client.libraryName()
                + " lib-ver="
                + client.libraryVersion();
    }
}
