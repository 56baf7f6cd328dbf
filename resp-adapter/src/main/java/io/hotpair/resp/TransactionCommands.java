package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ALLOW_BUSY;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.SKIP_SLOWLOG;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Flag;
import io.hotpair.resp.Command.Group;

/** Transactions. */
final class TransactionCommands {
    private static final Flag[] FLAGS = {NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY};

    private TransactionCommands() {}

    static void register(CommandTable table) {
        add(table, "multi", 1)
                .flags(FLAGS)
                .unqueued()
                .summary("Gathers the commands that follow, until EXEC.")
                .does(TransactionCommands::multi);
        add(table, "exec", 1)
                .flags(NOSCRIPT, LOADING, STALE, SKIP_SLOWLOG)
                .unqueued()
                .complexity("That of the commands")
                .summary("Executes the gathered commands as one step, if no watched key changed.")
                .does(TransactionCommands::exec);
        add(table, "discard", 1)
                .flags(FLAGS)
                .unqueued()
                .since("2.0.0")
                .complexity("O(N), N being the number of gathered commands")
                .summary("Forgets the gathered commands, and watches no key.")
                .does(TransactionCommands::discard);
        add(table, "watch", -2)
                .flags(FLAGS)
                .keys(1, -1, 1, "RO")
                .unqueued()
                .syntax("key...")
                .since("2.2.0")
                .complexity("O(1) for each key")
                .summary("Lets the next EXEC execute nothing if one of the keys changes before.")
                .does(TransactionCommands::watch);
        add(table, "unwatch", 1)
                .flags(FLAGS)
                .since("2.2.0")
                .summary("Watches no key.")
                .does(
                        (r, c, out) -> {
                            if (!c.transaction().isExecuting()) {
                                c.transaction().unwatch();
                            }
                            out.ok();
                        });
    }

    private static Command add(CommandTable table, String name, int arity) {
        return table.add(name, arity, Group.TRANSACTIONS)
                .categories(Category.TRANSACTION)
                .since("1.2.0");
    }

    private static void multi(Request request, Client client, ReplyBuffer reply) {
        if (client.transaction().isOpen()) {
            throw new CommandException("ERR MULTI calls can not be nested");
        }
        client.transaction().begin();
        reply.ok();
    }

    private static void discard(Request request, Client client, ReplyBuffer reply) {
        if (!client.transaction().isOpen()) {
            throw new CommandException("ERR DISCARD without MULTI");
        }
        client.transaction().discard();
        reply.ok();
    }

    private static void watch(Request request, Client client, ReplyBuffer reply) {
        if (client.transaction().isOpen()) {
            throw new CommandException("ERR WATCH inside MULTI is not allowed");
        }
        client.transaction().watch(request);
        reply.ok();
    }

    private static void exec(Request request, Client client, ReplyBuffer reply) {
        if (!client.transaction().isOpen()) {
            throw new CommandException("ERR EXEC without MULTI");
        }
        int from = reply.length();
        boolean executed =
                client.transaction().execute(client.connection().worker().dispatcher(), reply);
        client.noteTransaction();
        if (!executed) {
            reply.truncate(from);
            reply.nullArray();
        }
    }
}
