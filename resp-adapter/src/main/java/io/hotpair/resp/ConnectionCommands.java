package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ALLOW_BUSY;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.NO_AUTH;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Flag;
import io.hotpair.resp.Command.Group;

/** What concerns a connection itself. */
final class ConnectionCommands {
    private static final Flag[] HANDSHAKE = {NOSCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY};

    private ConnectionCommands() {}

    static void register(CommandTable table) {
        add(table, "ping", -1, "[message]")
                .flags(FAST)
                .inSubscribedMode()
                .tips("request_policy:all_shards", "response_policy:all_succeeded")
                .summary("Answers PONG, or the message.")
                .does(ConnectionCommands::ping);
        add(table, "echo", 2, "message")
                .flags(LOADING, STALE, FAST)
                .summary("Answers the message.")
                .does((r, c, out) -> out.bulk(r.bytes(), r.offset(1), r.length(1)));
        add(table, "auth", -2, "[username] password")
                .flags(HANDSHAKE)
                .summary("Authenticates the connection, as the user `default` without a name.")
                .does(ConnectionCommands::auth);
        add(table, "hello", -1, "[protover [AUTH username password] [SETNAME clientname]]")
                .flags(HANDSHAKE)
                .since("6.0.0")
                .summary("Chooses RESP2 or RESP3, and authenticates and names the connection.")
                .does(ConnectionCommands::hello);
        add(table, "quit", -1, "")
                .flags(HANDSHAKE)
                .unqueued()
                .inSubscribedMode()
                .summary("Ends the connection.")
                .does(
                        (r, c, out) -> {
                            out.ok();
                            c.close();
                        });
        add(table, "reset", 1, "")
                .flags(HANDSHAKE)
                .unqueued()
                .inSubscribedMode()
                .since("6.2.0")
                .summary("Puts the connection back to what it was when it began.")
                .does(
                        (r, c, out) -> {
                            c.reset();
                            out.protocol(2);
                            out.status("RESET");
                        });
        add(table, "select", 2, "index")
                .flags(LOADING, STALE, FAST)
                .summary("Selects the database that the connection's commands are about.")
                .does(ConnectionCommands::select);
    }

    private static Command add(CommandTable table, String name, int arity, String syntax) {
        return table.add(name, arity, Group.CONNECTION)
                .categories(Category.CONNECTION)
                .syntax(syntax);
    }

    private static void ping(Request request, Client client, ReplyBuffer reply) {
        if (request.count() > 2) {
            throw new CommandException("ERR wrong number of arguments for 'ping' command");
        }
        if (client.isSubscriber() && client.protocol() == 2) {
            reply.array(2);
            reply.bulk("pong");
            reply.bulk(request.count() == 1 ? new byte[0] : request.copy(1));
        } else if (request.count() == 1) {
            reply.status("PONG");
        } else {
            reply.bulk(request.bytes(), request.offset(1), request.length(1));
        }
    }

    private static void select(Request request, Client client, ReplyBuffer reply) {
        client.database(client.server().databases().number(request, 1));
        reply.ok();
    }

    private static void auth(Request request, Client client, ReplyBuffer reply) {
        if (request.count() > 3) {
            throw CommandException.syntax();
        }
        boolean named = request.count() == 3;
        Acl acl = client.server().acl();
        if (!named && acl.defaultAccount().user().needsNoPassword()) {
            throw new CommandException(
                    "ERR AUTH <password> called without any password configured for the default"
                            + " user. Are you sure your configuration is correct?");
        }
        if (authenticate(request, client, named ? request.text(1) : Acl.DEFAULT, named ? 2 : 1)) {
            reply.ok();
        }
    }

    /**
     * Checks a password.
     *
     * @return whether it was right; if not, an error is thrown, or will be, when the guesser has
     *     waited
     */
    private static boolean authenticate(Request request, Client client, String user, int argument) {
        GuessLimit limit = client.server().guessLimit();
        boolean executing = client.transaction().isExecuting();
        // In EXEC nobody can be made to wait, so a guesser is not heard there at all.
        if (limit.isSwamped(client.host()) || (executing && limit.isSlowed(client.host()))) {
            client.close();
            throw CommandException.wrongPassword();
        }
        AclAccount account =
                client.server().acl().authenticate(client, user, hash(request, argument));
        if (account != null) {
            limit.succeeded(client.host(), user);
            client.account(account);
            return true;
        }
        noteFailure(request, client, user);
        long delayNs = limit.delayNs(client.host(), user);
        if (delayNs == 0) {
            throw CommandException.wrongPassword();
        }
        client.park(new Refusal(delayNs));
        return false;
    }

    private static void noteFailure(Request request, Client client, String user) {
        RespServer.LOGGER.warn(
                "Wrong password from client id={} addr={}", client.id(), client.address());
        AclLog.Context context =
                client.transaction().isOpen() ? AclLog.Context.MULTI : AclLog.Context.TOPLEVEL;
        client.server()
                .acl()
                .denied(client, AclSelector.Denial.AUTH, context, request.text(0), user);
    }

    private static PasswordHash hash(Request request, int argument) {
        return PasswordHash.of(request.bytes(), request.offset(argument), request.length(argument));
    }

    /** The error for a wrong password, after a while. */
    private static final class Refusal implements Parked {
        private final long delayNs;
        private boolean waited;

        Refusal(long delayNs) {
            this.delayNs = delayNs;
        }

        @Override
        public long advance(ReplyBuffer reply) {
            if (!waited) {
                waited = true;
                return delayNs;
            }
            throw CommandException.wrongPassword();
        }
    }

    private static void hello(Request request, Client client, ReplyBuffer reply) {
        long version = 0;
        if (request.count() > 1) {
            if (!request.isInteger(1)) {
                throw new CommandException(
                        "ERR Protocol version is not an integer or out of range");
            }
            version = request.integer(1);
            if (version != 2 && version != 3) {
                throw new CommandException("NOPROTO unsupported protocol version");
            }
        }
        int password = 0;
        int name = 0;
        for (int i = 2; i < request.count(); i++) {
            int more = request.count() - i - 1;
            if (request.is(i, "AUTH") && more >= 2) {
                password = i + 2;
                i += 2;
            } else if (request.is(i, "SETNAME") && more >= 1) {
                name = i + 1;
                ClientCommands.checkName(request, name);
                i++;
            } else {
                throw new CommandException(
                        "ERR Syntax error in HELLO option '" + request.inError(i) + "'");
            }
        }
        if (password > 0 && !authenticate(request, client, request.text(password - 1), password)) {
            return;
        }
        if (!client.isAuthenticated()) {
            throw new CommandException(
                    "NOAUTH HELLO must be called with the client already authenticated, otherwise"
                            + " the HELLO AUTH <user> <pass> option can be used to authenticate the"
                            + " client and select the RESP protocol version at the same time");
        }
        if (name > 0) {
            client.name(ClientCommands.name(request, name));
        }
        if (version != 0) {
            client.protocol((int) version);
            reply.protocol((int) version);
        }
        describe(client, reply);
    }

    private static void describe(Client client, ReplyBuffer reply) {
        boolean replica = WaitCommands.isReplica(client);
        reply.map(7);
        reply.bulk("server");
        reply.bulk("redis");
        reply.bulk("version");
        reply.bulk(RespServer.REDIS_VERSION);
        reply.bulk("proto");
        reply.integer(client.protocol());
        reply.bulk("id");
        reply.integer(client.id());
        reply.bulk("mode");
        reply.bulk("standalone");
        reply.bulk("role");
        reply.bulk(replica ? "replica" : "master");
        reply.bulk("modules");
        reply.array(0);
    }
}
