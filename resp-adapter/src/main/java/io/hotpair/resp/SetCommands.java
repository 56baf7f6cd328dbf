package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.SetOperations;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.util.ArrayList;
import java.util.List;

/** Sets. */
final class SetCommands {
    private static final String NOT_POSITIVE = "ERR value is out of range, must be positive";

    private SetCommands() {}

    static void register(CommandTable table) {
        registerMembers(table);
        registerWholes(table);
        registerAlgebra(table);
    }

    private static Command add(CommandTable table, String name, int arity, String syntax) {
        return table.add(name, arity, Group.SET).categories(Category.SET).syntax(syntax);
    }

    private static SetOperations sets(Client client) {
        return client.session().sets();
    }

    private static void registerMembers(CommandTable table) {
        add(table, "sadd", -3, "key member...")
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "RW", "insert")
                .complexity("O(N), N being the number of members that are given")
                .summary("Adds members.")
                .does(SetCommands::sadd);
        add(table, "srem", -3, "key member...")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "delete")
                .complexity("O(N), N being the number of members that are given")
                .summary("Removes members.")
                .does(SetCommands::srem);
        add(table, "smove", 4, "source destination member")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "delete")
                .keys(2, 2, 1, "RW", "insert")
                .summary("Moves a member from one set to another.")
                .does(SetCommands::smove);
        add(table, "sismember", 3, "key member")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO")
                .summary("Says whether a member is there.")
                .does((r, c, out) -> out.integer(sets(c).sismember(r.copy(1), r.copy(2)) ? 1 : 0));
        add(table, "smismember", -3, "key member...")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .since("6.2.0")
                .complexity("O(N), N being the number of members that are asked for")
                .summary("Says of several members whether they are there.")
                .does(SetCommands::smismember);
        add(table, "scard", 2, "key")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO")
                .summary("Counts the members.")
                .does((r, c, out) -> out.integer(sets(c).scard(r.copy(1))));
    }

    private static void registerWholes(CommandTable table) {
        add(table, "smembers", 2, "key")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .tips("nondeterministic_output_order")
                .complexity("O(N), N being the number of members")
                .summary("Returns all members.")
                .does((r, c, out) -> smembers(r.copy(1), c, out));
        add(table, "spop", -2, "key [count]")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "delete")
                .tips("nondeterministic_output")
                .complexity("O(N), N being the number of members that are removed")
                .summary("Removes and returns members chosen at random.")
                .does(SetCommands::spop);
        add(table, "srandmember", -2, "key [count]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .tips("nondeterministic_output")
                .complexity("O(N), N being the number of members chosen")
                .summary("Chooses members at random.")
                .does(SetCommands::srandmember);
        add(table, "sscan", -3, "key cursor [MATCH pattern] [COUNT count]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .tips("nondeterministic_output")
                .since("2.8.0")
                .complexity("O(1) for a call, O(N) for a walk over N members")
                .summary("Goes on with a walk over all members; each is given exactly once.")
                .does(SetCommands::sscan);
    }

    private static void registerAlgebra(CommandTable table) {
        combine(table, "sinter", SetOperations::sinter)
                .complexity("O(N*M), N being the size of the smallest set, M the number of sets")
                .summary("Returns the members that all sets have.");
        combine(table, "sunion", SetOperations::sunion)
                .summary("Returns the members that any of the sets has.");
        combine(table, "sdiff", SetOperations::sdiff)
                .summary("Returns the members that only the first of the sets has.");
        store(table, "sinterstore", "RW", SetOperations::sinterStore)
                .complexity("O(N*M), N being the size of the smallest set, M the number of sets")
                .summary("Sets a key to the members that all sets have.");
        store(table, "sunionstore", "OW", SetOperations::sunionStore)
                .summary("Sets a key to the members that any of the sets has.");
        store(table, "sdiffstore", "OW", SetOperations::sdiffStore)
                .summary("Sets a key to the members that only the first of the sets has.");
        add(table, "sintercard", -3, "numkeys key... [LIMIT limit]")
                .flags(READONLY)
                .keys(KeySpec.counted(1, "RO", "access"))
                .since("7.0.0")
                .complexity("O(N*M), N being the size of the smallest set, M the number of sets")
                .summary("Counts the members that all sets have.")
                .does(SetCommands::sintercard);
    }

    /** Several sets made one. */
    @FunctionalInterface
    private interface Combination {
        List<byte[]> of(SetOperations sets, byte[]... keys);
    }

    private static Command combine(CommandTable table, String name, Combination combination) {
        return add(table, name, -2, "key...")
                .flags(READONLY)
                .keys(1, -1, 1, "RO", "access")
                .tips("nondeterministic_output_order")
                .complexity("O(N), N being the number of members of all sets")
                .does((r, c, out) -> combine(r, c, out, combination));
    }

    /** As {@link Combination}, put into a key. */
    @FunctionalInterface
    private interface Store {
        long of(SetOperations sets, byte[] destination, byte[]... keys);
    }

    private static Command store(CommandTable table, String name, String access, Store store) {
        return add(table, name, -3, "destination key...")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, access, "update")
                .keys(2, -1, 1, "RO", "access")
                .complexity("O(N), N being the number of members of all sets")
                .does((r, c, out) -> store(r, c, out, store));
    }

    // ---- members

    private static void sadd(Request request, Client client, ReplyBuffer reply) {
        int added = sets(client).sadd(request.copy(1), request.copies(2));
        client.noteWrite();
        reply.integer(added);
    }

    private static void srem(Request request, Client client, ReplyBuffer reply) {
        int removed = sets(client).srem(request.copy(1), request.copies(2));
        client.noteWrite();
        reply.integer(removed);
    }

    private static void smove(Request request, Client client, ReplyBuffer reply) {
        boolean moved = sets(client).smove(request.copy(1), request.copy(2), request.copy(3));
        client.noteWrite();
        reply.integer(moved ? 1 : 0);
    }

    private static void smismember(Request request, Client client, ReplyBuffer reply) {
        boolean[] present = sets(client).smismember(request.copy(1), request.copies(2));
        reply.array(present.length);
        for (boolean one : present) {
            reply.integer(one ? 1 : 0);
        }
    }

    private static void smembers(byte[] key, Client client, ReplyBuffer reply) {
        int from = reply.length();
        long[] count = new long[1];
        sets(client)
                .smembers(
                        key,
                        member -> {
                            reply.bulk(member);
                            count[0]++;
                        });
        reply.closeSet(from, count[0]);
    }

    // ---- chance

    private static void spop(Request request, Client client, ReplyBuffer reply) {
        byte[] key = request.copy(1);
        if (request.count() == 2) {
            byte[] member = sets(client).spop(key);
            client.noteWrite();
            reply.bulkOrNull(member);
            return;
        }
        if (request.count() > 3) {
            throw CommandException.syntax();
        }
        long count = request.integer(2, 0, Long.MAX_VALUE, NOT_POSITIVE);
        if (count > 1) {
            ReplyLimit.check(client, Math.min(count, sets(client).scard(key)));
        }
        List<byte[]> members = sets(client).spop(key, count);
        client.noteWrite();
        all(members, reply);
    }

    private static void all(List<byte[]> members, ReplyBuffer reply) {
        reply.set(members.size());
        members.forEach(reply::bulk);
    }

    private static void srandmember(Request request, Client client, ReplyBuffer reply) {
        byte[] key = request.copy(1);
        if (request.count() == 2) {
            reply.bulkOrNull(sets(client).srandmember(key));
            return;
        }
        if (request.count() > 3) {
            throw CommandException.syntax();
        }
        long chosen = RandomCount.of(request, 2, "");
        if (chosen < 0 && sets(client).scard(key) == 0) {
            reply.array(0);
            return;
        }
        RandomCount.check(client, chosen, 1);
        int from = reply.length();
        long[] count = new long[1];
        sets(client)
                .srandmember(
                        key,
                        chosen,
                        member -> {
                            reply.bulk(member);
                            count[0]++;
                        });
        reply.closeArray(from, count[0]);
    }

    private static void sscan(Request request, Client client, ReplyBuffer reply) {
        long cursor = ScanArguments.cursor(request, 2);
        byte[] key = request.copy(1);
        if (sets(client).scard(key) == 0) {
            ScanArguments.begin(reply, 0, 0);
            return;
        }
        ScanArguments arguments = ScanArguments.ofValue(request, client, null);
        List<byte[]> found = new ArrayList<>();
        long next =
                sets(client)
                        .sscan(
                                key,
                                cursor,
                                arguments.count(),
                                member -> {
                                    if (arguments.matches(member)) {
                                        found.add(member);
                                    }
                                });
        ScanArguments.begin(reply, next, found.size());
        found.forEach(reply::bulk);
    }

    // ---- several sets

    private static void combine(
            Request request, Client client, ReplyBuffer reply, Combination combination) {
        if (request.count() == 2) {
            smembers(request.copy(1), client, reply);
            return;
        }
        all(combination.of(sets(client), request.copies(1)), reply);
    }

    private static void store(Request request, Client client, ReplyBuffer reply, Store store) {
        long count = store.of(sets(client), request.copy(1), request.copies(2));
        client.noteWrite();
        reply.integer(count);
    }

    private static void sintercard(Request request, Client client, ReplyBuffer reply) {
        long keyCount =
                request.integer(1, 1, Long.MAX_VALUE, "ERR numkeys should be greater than 0");
        if (keyCount > request.count() - 2) {
            throw new CommandException("ERR Number of keys can't be greater than number of args");
        }
        long limit = 0;
        for (int i = 2 + (int) keyCount; i < request.count(); i += 2) {
            if (i + 1 == request.count() || !request.is(i, "LIMIT")) {
                throw CommandException.syntax();
            }
            limit = request.integer(i + 1, 0, Long.MAX_VALUE, "ERR LIMIT can't be negative");
        }
        reply.integer(sets(client).sinterCard(limit, request.copies(2, (int) keyCount)));
    }
}
