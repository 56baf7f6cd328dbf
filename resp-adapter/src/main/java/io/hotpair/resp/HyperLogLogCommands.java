package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.HotpairException;
import io.hotpair.HyperLogLogOperations;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.util.function.Supplier;

/** HyperLogLogs: how many different elements there were, about. */
final class HyperLogLogCommands {
    private static final String NO_HYPERLOGLOG =
            "WRONGTYPE Key is not a valid HyperLogLog string value.";
    private static final String CORRUPTED = "INVALIDOBJ Corrupted HLL object detected";

    private HyperLogLogCommands() {}

    static void register(CommandTable table) {
        add(table, "pfadd", -2, "key [element...]")
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "RW", "insert")
                .complexity("O(1) for each element")
                .summary("Adds elements, and says whether the estimate may have changed.")
                .does(HyperLogLogCommands::pfadd);
        add(table, "pfcount", -2, "key...")
                .flags(READONLY)
                .heldWithWrites()
                .keys(1, -1, 1, "RW", "access")
                .keyNotes(
                        "RW because it may change the internal representation of the key, and"
                                + " propagate to replicas")
                .complexity("O(N), N being the number of keys")
                .summary("Estimates how many different elements were added to any of some keys.")
                .does(
                        (r, c, out) ->
                                out.integer(
                                        checked(r, c, () -> operations(c).pfCount(r.copies(1)))));
        add(table, "pfmerge", -2, "destkey [sourcekey...]")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "RW", "access", "insert")
                .keys(2, -1, 1, "RO", "access")
                .complexity("O(N), N being the number of keys")
                .summary("Adds to a key what was added to others.")
                .does(HyperLogLogCommands::pfmerge);
    }

    private static Command add(CommandTable table, String name, int arity, String syntax) {
        return table.add(name, arity, Group.HYPERLOGLOG)
                .categories(Category.HYPERLOGLOG)
                .syntax(syntax)
                .since("2.8.9");
    }

    private static HyperLogLogOperations operations(Client client) {
        return client.session().hyperLogLogs();
    }

    private static void pfadd(Request request, Client client, ReplyBuffer reply) {
        boolean changed =
                checked(
                        request,
                        client,
                        () -> operations(client).pfAdd(request.copy(1), request.copies(2)));
        client.noteWrite();
        reply.integer(changed ? 1 : 0);
    }

    private static void pfmerge(Request request, Client client, ReplyBuffer reply) {
        boolean unused =
                checked(
                        request,
                        client,
                        () -> {
                            operations(client).pfMerge(request.copy(1), request.copies(2));
                            return true;
                        });
        client.noteWrite();
        reply.ok();
    }

    /** Redis has words of its own for a string that is no HyperLogLog. */
    private static <R> R checked(Request request, Client client, Supplier<R> operation) {
        try {
            return operation.get();
        } catch (HotpairException e) {
            switch (e.category()) {
                case WRONG_VALUE -> throw new CommandException(CORRUPTED);
                case WRONG_TYPE -> throw wrongType(request, client);
                default -> throw e;
            }
        }
    }

    /** Of the first key that is not one, as Redis looks at them in turn. */
    private static CommandException wrongType(Request request, Client client) {
        int last = request.is(0, "PFADD") ? 1 : request.count() - 1;
        for (int i = 1; i <= last; i++) {
            byte[] key = request.copy(i);
            try {
                long unused = operations(client).pfCount(key);
            } catch (HotpairException e) {
                boolean isString = "string".equals(client.session().keys().type(key));
                return isString
                        ? new CommandException(NO_HYPERLOGLOG)
                        : CommandException.wrongType();
            }
        }
        return new CommandException(NO_HYPERLOGLOG);
    }
}
