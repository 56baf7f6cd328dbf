package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.HotpairException;
import io.hotpair.KeyArea;
import io.hotpair.ListEnd;
import io.hotpair.ListOperations;
import io.hotpair.PoppedElements;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lists. What waits for an element is in {@link BlockingListCommands}. */
final class ListCommands {
    private static final String NOT_POSITIVE = "ERR value is out of range, must be positive";

    private ListCommands() {}

    static void register(CommandTable table) {
        registerEnds(table);
        registerReads(table);
        registerChanges(table);
        registerMoves(table);
        BlockingListCommands.register(table);
    }

    static Command add(CommandTable table, String name, int arity, String syntax) {
        return table.add(name, arity, Group.LIST).categories(Category.LIST).syntax(syntax);
    }

    static ListOperations lists(Client client) {
        return client.session().lists();
    }

    private static void registerEnds(CommandTable table) {
        push(table, "lpush", ListOperations::lpush)
                .summary("Puts elements before the first one, one after the other.");
        push(table, "rpush", ListOperations::rpush)
                .summary("Puts elements behind the last one, one after the other.");
        push(table, "lpushx", ListOperations::lpushX)
                .since("2.2.0")
                .summary("Puts elements before the first one if the list is there.");
        push(table, "rpushx", ListOperations::rpushX)
                .since("2.2.0")
                .summary("Puts elements behind the last one if the list is there.");
        pop(table, "lpop", ListEnd.LEFT).summary("Removes and returns the first elements.");
        pop(table, "rpop", ListEnd.RIGHT).summary("Removes and returns the last elements.");
        add(table, "lmpop", -4, "numkeys key... (LEFT|RIGHT) [COUNT count]")
                .flags(WRITE)
                .keys(KeySpec.counted(1, "RW", "access", "delete"))
                .since("7.0.0")
                .complexity("O(N+M), N being the number of keys, M that of elements removed")
                .summary("Removes and returns elements of the first list that is there.")
                .does(ListCommands::lmpop);
    }

    private static Command push(CommandTable table, String name, Push push) {
        return add(table, name, -3, "key element...")
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "RW", "insert")
                .complexity("O(N), N being the number of elements that are added")
                .does((r, c, out) -> push(r, c, out, push));
    }

    /** What LPUSH and its kin do. */
    @FunctionalInterface
    private interface Push {
        long to(ListOperations lists, byte[] key, byte[]... elements);
    }

    private static Command pop(CommandTable table, String name, ListEnd from) {
        return add(table, name, -2, "key [count]")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "delete")
                .complexity("O(N), N being the number of elements that are removed")
                .does((r, c, out) -> pop(r, c, out, from, name));
    }

    private static void registerReads(CommandTable table) {
        add(table, "llen", 2, "key")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO")
                .summary("Counts the elements.")
                .does((r, c, out) -> out.integer(lists(c).llen(r.copy(1))));
        add(table, "lindex", 3, "key index")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .complexity("O(log(N)), N being the number of elements")
                .summary("Returns the element at a position.")
                .does(ListCommands::lindex);
        add(table, "lrange", 4, "key start stop")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .complexity("O(log(N)+M), N being the number of elements, M that of those returned")
                .summary("Returns the elements from one position to another.")
                .does(ListCommands::lrange);
        add(table, "lpos", -3, "key element [RANK rank] [COUNT num-matches] [MAXLEN len]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .since("6.0.6")
                .complexity("O(N), N being the number of elements that are compared")
                .summary("Searches for an element and returns positions.")
                .does(ListCommands::lpos);
    }

    private static void registerChanges(CommandTable table) {
        add(table, "lset", 4, "key index element")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "RW", "update")
                .complexity("O(log(N)), N being the number of elements")
                .summary("Replaces the element at a position.")
                .does(ListCommands::lset);
        add(table, "linsert", 5, "key (BEFORE|AFTER) pivot element")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "RW", "insert")
                .since("2.2.0")
                .complexity("O(N), N being the number of elements up to the pivot")
                .summary("Puts an element before or behind another one.")
                .does(ListCommands::linsert);
        add(table, "lrem", 4, "key count element")
                .flags(WRITE)
                .keys(1, 1, 1, "RW", "delete")
                .complexity("O(N), N being the number of elements")
                .summary("Removes elements that are equal to one.")
                .does(ListCommands::lrem);
        add(table, "ltrim", 4, "key start stop")
                .flags(WRITE)
                .keys(1, 1, 1, "RW", "delete")
                .complexity("O(N), N being the number of elements that are removed")
                .summary("Removes all elements but those from one position to another.")
                .does(ListCommands::ltrim);
    }

    private static void registerMoves(CommandTable table) {
        move(table, "lmove", 5, "source destination (LEFT|RIGHT) (LEFT|RIGHT)")
                .flags(WRITE, DENYOOM)
                .since("6.2.0")
                .summary("Moves an element from an end of a list to an end of another.")
                .does((r, c, out) -> lmove(r, c, out, end(r, 3), end(r, 4)));
        move(table, "rpoplpush", 3, "source destination")
                .flags(WRITE, DENYOOM)
                .since("1.2.0")
                .summary("Moves the last element of a list before the first of another.")
                .does((r, c, out) -> lmove(r, c, out, ListEnd.RIGHT, ListEnd.LEFT));
    }

    /** One that has a source and a destination. */
    static Command move(CommandTable table, String name, int arity, String syntax) {
        return add(table, name, arity, syntax)
                .keys(1, 1, 1, "RW", "access", "delete")
                .keys(2, 2, 1, "RW", "insert");
    }

    static ListEnd end(Request request, int argument) {
        if (request.is(argument, "LEFT")) {
            return ListEnd.LEFT;
        }
        if (request.is(argument, "RIGHT")) {
            return ListEnd.RIGHT;
        }
        throw CommandException.syntax();
    }

    // ---- ends

    private static void push(Request request, Client client, ReplyBuffer reply, Push push) {
        long count = push.to(lists(client), request.copy(1), request.copies(2));
        client.noteWrite();
        reply.integer(count);
    }

    private static void pop(
            Request request, Client client, ReplyBuffer reply, ListEnd from, String command) {
        if (request.count() > 3) {
            throw CommandException.arity(command);
        }
        byte[] key = request.copy(1);
        ListOperations lists = lists(client);
        if (request.count() == 2) {
            byte[] element = from == ListEnd.LEFT ? lists.lpop(key) : lists.rpop(key);
            client.noteWrite();
            reply.bulkOrNull(element);
            return;
        }
        long count = request.integer(2, 0, Long.MAX_VALUE, NOT_POSITIVE);
        if (count > 1) {
            ReplyLimit.check(client, Math.min(count, lists.llen(key)));
        }
        List<byte[]> elements =
                from == ListEnd.LEFT ? lists.lpop(key, count) : lists.rpop(key, count);
        client.noteWrite();
        if (elements == null) {
            reply.nullArray();
        } else {
            all(elements, reply);
        }
    }

    private static void all(List<byte[]> elements, ReplyBuffer reply) {
        reply.array(elements.size());
        elements.forEach(reply::bulk);
    }

    private static void lmpop(Request request, Client client, ReplyBuffer reply) {
        PopArguments arguments = PopArguments.of(request, 1, "LEFT", "RIGHT");
        checkLimit(client, arguments);
        PoppedElements popped =
                lists(client).lmpop(end(arguments), arguments.count(), arguments.keys());
        client.noteWrite();
        popped(popped, reply);
    }

    /** Looks at the list from which elements are about to be removed: the first that is there. */
    private static void checkLimit(Client client, PopArguments arguments) {
        long length = 0;
        for (int i = 0; arguments.count() > 1 && length == 0 && i < arguments.keys().length; i++) {
            length = lists(client).llen(arguments.keys()[i]);
        }
        ReplyLimit.check(client, Math.min(length, arguments.count()));
    }

    static ListEnd end(PopArguments arguments) {
        return arguments.isSecond() ? ListEnd.RIGHT : ListEnd.LEFT;
    }

    /** A key, and what was removed there. */
    static void popped(@Nullable PoppedElements popped, ReplyBuffer reply) {
        if (popped == null) {
            reply.nullArray();
            return;
        }
        reply.array(2);
        reply.bulk(KeyArea.name(popped.key()));
        all(popped.elements(), reply);
    }

    private static void lmove(
            Request request, Client client, ReplyBuffer reply, ListEnd from, ListEnd to) {
        byte[] element = lists(client).lmove(request.copy(1), request.copy(2), from, to);
        client.noteWrite();
        reply.bulkOrNull(element);
    }

    // ---- positions

    private static void lindex(Request request, Client client, ReplyBuffer reply) {
        byte[] key = request.copy(1);
        if (!request.isInteger(2) && lists(client).llen(key) == 0) {
            reply.nullValue();
            return;
        }
        reply.bulkOrNull(lists(client).lindex(key, request.integer(2)));
    }

    private static void lrange(Request request, Client client, ReplyBuffer reply) {
        long start = request.integer(2);
        long stop = request.integer(3);
        int from = reply.length();
        long[] count = new long[1];
        lists(client)
                .lrange(
                        request.copy(1),
                        start,
                        stop,
                        element -> {
                            reply.bulk(element);
                            count[0]++;
                        });
        reply.closeArray(from, count[0]);
    }

    private static void lset(Request request, Client client, ReplyBuffer reply) {
        byte[] key = request.copy(1);
        if (!request.isInteger(2) && lists(client).llen(key) == 0) {
            throw new CommandException("ERR no such key");
        }
        try {
            lists(client).lset(key, request.integer(2), request.copy(3));
        } catch (HotpairException e) {
            throw e.category() == HotpairException.Category.WRONG_VALUE
                    ? new CommandException("ERR " + e.getMessage())
                    : e;
        }
        client.noteWrite();
        reply.ok();
    }

    private static void ltrim(Request request, Client client, ReplyBuffer reply) {
        lists(client).ltrim(request.copy(1), request.integer(2), request.integer(3));
        client.noteWrite();
        reply.ok();
    }

    // ---- searches

    private static void linsert(Request request, Client client, ReplyBuffer reply) {
        boolean before = request.is(2, "BEFORE");
        if (!before && !request.is(2, "AFTER")) {
            throw CommandException.syntax();
        }
        byte[] key = request.copy(1);
        ListOperations lists = lists(client);
        long count =
                before
                        ? lists.linsertBefore(key, request.copy(3), request.copy(4))
                        : lists.linsertAfter(key, request.copy(3), request.copy(4));
        client.noteWrite();
        reply.integer(count);
    }

    private static void lrem(Request request, Client client, ReplyBuffer reply) {
        long removed = lists(client).lrem(request.copy(1), request.integer(2), request.copy(3));
        client.noteWrite();
        reply.integer(removed);
    }

    private static void lpos(Request request, Client client, ReplyBuffer reply) {
        long rank = 1;
        long count = -1;
        long maxLength = 0;
        for (int i = 3; i < request.count(); i += 2) {
            if (i + 1 == request.count()) {
                throw CommandException.syntax();
            }
            if (request.is(i, "RANK")) {
                rank = rank(request, i + 1);
            } else if (request.is(i, "COUNT")) {
                count = request.integer(i + 1, 0, Long.MAX_VALUE, "ERR COUNT can't be negative");
            } else if (request.is(i, "MAXLEN")) {
                maxLength =
                        request.integer(i + 1, 0, Long.MAX_VALUE, "ERR MAXLEN can't be negative");
            } else {
                throw CommandException.syntax();
            }
        }
        List<Long> positions =
                lists(client)
                        .lpos(
                                request.copy(1),
                                request.copy(2),
                                rank,
                                count < 0 ? 1 : count,
                                maxLength);
        if (count >= 0) {
            reply.array(positions.size());
            positions.forEach(reply::integer);
        } else if (positions.isEmpty()) {
            reply.nullValue();
        } else {
            reply.integer(positions.get(0));
        }
    }

    private static long rank(Request request, int argument) {
        long rank = request.integer(argument);
        if (rank == 0) {
            throw new CommandException(
                    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second"
                            + " ... or use negative to start from the end of the list");
        }
        // There the least number is its own opposite, and so lets every match count.
        return rank == Long.MIN_VALUE ? -1 : rank;
    }
}
