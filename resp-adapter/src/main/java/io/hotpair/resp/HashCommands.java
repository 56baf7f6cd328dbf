package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.HashOperations;
import io.hotpair.HotpairException;
import io.hotpair.LongDouble;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Hashes: their fields and values. What concerns deadlines is in {@link FieldExpiryCommands}. */
final class HashCommands {
    private HashCommands() {}

    static void register(CommandTable table) {
        registerReads(table);
        registerWholes(table);
        registerWrites(table);
        FieldExpiryCommands.register(table);
    }

    static Command add(CommandTable table, String name, int arity, String syntax) {
        return table.add(name, arity, Group.HASH)
                .categories(Category.HASH)
                .syntax(syntax)
                .since("2.0.0");
    }

    static HashOperations hashes(Client client) {
        return client.session().hashes();
    }

    private static void registerReads(CommandTable table) {
        add(table, "hget", 3, "key field")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .summary("Returns the value of a field.")
                .does((r, c, out) -> out.bulkOrNull(hashes(c).hget(r.copy(1), r.copy(2))));
        add(table, "hmget", -3, "key field...")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .complexity("O(N), N being the number of fields asked for")
                .summary("Returns the values of several fields.")
                .does(HashCommands::hmget);
        add(table, "hexists", 3, "key field")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO")
                .summary("Says whether a field is there.")
                .does((r, c, out) -> out.integer(hashes(c).hexists(r.copy(1), r.copy(2)) ? 1 : 0));
        add(table, "hlen", 2, "key")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO")
                .summary("Counts the fields.")
                .does((r, c, out) -> out.integer(hashes(c).hlen(r.copy(1))));
        add(table, "hstrlen", 3, "key field")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO")
                .since("3.2.0")
                .summary("Returns the length of a field's value.")
                .does((r, c, out) -> out.integer(hashes(c).hstrlen(r.copy(1), r.copy(2))));
    }

    private static void registerWholes(CommandTable table) {
        whole(table, "hgetall")
                .summary("Returns all fields with their values.")
                .does(HashCommands::hgetall);
        whole(table, "hkeys")
                .summary("Returns all fields.")
                .does((r, c, out) -> all(r, c, out, true));
        whole(table, "hvals")
                .summary("Returns the values of all fields.")
                .does((r, c, out) -> all(r, c, out, false));
        add(table, "hrandfield", -2, "key [count [WITHVALUES]]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .tips("nondeterministic_output")
                .since("6.2.0")
                .complexity("O(N), N being the number of fields chosen")
                .summary("Chooses fields at random.")
                .does(HashCommands::hrandfield);
        add(table, "hscan", -3, "key cursor [MATCH pattern] [COUNT count] [NOVALUES]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .tips("nondeterministic_output")
                .since("2.8.0")
                .complexity("O(1) for a call, O(N) for a walk over N fields")
                .summary("Goes on with a walk over all fields; each is given exactly once.")
                .does(HashCommands::hscan);
    }

    private static Command whole(CommandTable table, String name) {
        return add(table, name, 2, "key")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .tips("nondeterministic_output_order")
                .complexity("O(N), N being the number of fields");
    }

    private static void registerWrites(CommandTable table) {
        write(table, "hset", -4, "key (field value)...", "RW", "update")
                .complexity("O(N), N being the number of fields that are set")
                .summary("Sets fields, and says how many of them are new.")
                .does((r, c, out) -> out.integer(hset(r, c, "hset")));
        write(table, "hmset", -4, "key (field value)...", "RW", "update")
                .complexity("O(N), N being the number of fields that are set")
                .summary("Sets fields; the older form of HSET.")
                .does(HashCommands::hmset);
        write(table, "hsetnx", 4, "key field value", "RW", "insert")
                .summary("Sets a field if it is absent.")
                .does(HashCommands::hsetnx);
        write(table, "hincrby", 4, "key field increment", "RW", "access", "update")
                .summary("Adds to the integer that a field holds.")
                .does(HashCommands::hincrby);
        write(table, "hincrbyfloat", 4, "key field increment", "RW", "access", "update")
                .since("2.6.0")
                .floating("increment")
                .summary("Adds to the floating point number that a field holds.")
                .does(HashCommands::hincrbyfloat);
        add(table, "hdel", -3, "key field...")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "delete")
                .complexity("O(N), N being the number of fields that are deleted")
                .summary("Deletes fields.")
                .does(HashCommands::hdel);
    }

    private static Command write(
            CommandTable table, String name, int arity, String syntax, String... access) {
        return add(table, name, arity, syntax).flags(WRITE, DENYOOM, FAST).keys(1, 1, 1, access);
    }

    // ---- fields

    private static void hmget(Request request, Client client, ReplyBuffer reply) {
        reply.array(request.count() - 2L);
        hashes(client).hmget(request.copy(1), request.copies(2), reply::bulkOrNull);
    }

    static void values(byte[] @Nullable [] values, ReplyBuffer reply) {
        reply.array(values.length);
        for (byte[] value : values) {
            reply.bulkOrNull(value);
        }
    }

    private static long hset(Request request, Client client, String command) {
        if (request.count() % 2 != 0) {
            throw CommandException.arity(command);
        }
        int added = hashes(client).hset(request.copy(1), request.copies(2));
        client.noteWrite();
        return added;
    }

    private static void hmset(Request request, Client client, ReplyBuffer reply) {
        long unused = hset(request, client, "hmset");
        reply.ok();
    }

    private static void hsetnx(Request request, Client client, ReplyBuffer reply) {
        boolean set = hashes(client).hsetnx(request.copy(1), request.copy(2), request.copy(3));
        client.noteWrite();
        reply.integer(set ? 1 : 0);
    }

    private static void hdel(Request request, Client client, ReplyBuffer reply) {
        int deleted = hashes(client).hdel(request.copy(1), request.copies(2));
        client.noteWrite();
        reply.integer(deleted);
    }

    // ---- numbers

    private static void hincrby(Request request, Client client, ReplyBuffer reply) {
        long increment = request.integer(3);
        long sum;
        try {
            sum = hashes(client).hincrBy(request.copy(1), request.copy(2), increment);
        } catch (ArithmeticException e) {
            throw CommandException.incrementOverflow();
        } catch (HotpairException e) {
            throw told(e);
        }
        client.noteWrite();
        reply.integer(sum);
    }

    /** What is wrong with a value, as it is called here: not the value of a key, but of a field. */
    private static RuntimeException told(HotpairException failure) {
        return failure.category() == HotpairException.Category.WRONG_VALUE
                ? new CommandException("ERR " + failure.getMessage())
                : failure;
    }

    private static void hincrbyfloat(Request request, Client client, ReplyBuffer reply) {
        LongDouble increment = LongDouble.parse(request.text(3));
        if (increment == null) {
            throw CommandException.notAFloat();
        }
        if (!increment.isFinite()) {
            throw new CommandException("ERR value is NaN or Infinity");
        }
        String sum;
        try {
            sum = hashes(client).hincrByFloat(request.copy(1), request.copy(2), request.text(3));
        } catch (ArithmeticException e) {
            throw CommandException.notFinite();
        } catch (HotpairException e) {
            throw told(e);
        }
        client.noteWrite();
        reply.bulk(sum);
    }

    // ---- all fields

    private static void hgetall(Request request, Client client, ReplyBuffer reply) {
        int from = reply.length();
        long[] count = new long[1];
        hashes(client)
                .hgetAll(
                        request.copy(1),
                        (field, value) -> {
                            reply.bulk(field);
                            reply.bulk(value);
                            count[0]++;
                        });
        reply.closeMap(from, count[0]);
    }

    private static void all(Request request, Client client, ReplyBuffer reply, boolean fields) {
        int from = reply.length();
        long[] count = new long[1];
        hashes(client)
                .hgetAll(
                        request.copy(1),
                        (field, value) -> {
                            reply.bulk(fields ? field : value);
                            count[0]++;
                        });
        reply.closeArray(from, count[0]);
    }

    private static void hrandfield(Request request, Client client, ReplyBuffer reply) {
        byte[] key = request.copy(1);
        if (request.count() == 2) {
            byte[][] chosen = new byte[1][];
            hashes(client).hrandfield(key, 1, (field, value) -> chosen[0] = field);
            reply.bulkOrNull(chosen[0]);
            return;
        }
        long count = RandomCount.of(request, 2, "WITHVALUES");
        boolean withValues = request.count() == 4;
        if (count < 0 && hashes(client).hlen(key) == 0) {
            reply.array(0);
            return;
        }
        RandomCount.check(client, count, withValues ? 2 : 1);
        boolean nested = withValues && reply.isResp3();
        int from = reply.length();
        long[] strings = new long[1];
        hashes(client)
                .hrandfield(
                        key,
                        count,
                        (field, value) -> {
                            if (nested) {
                                reply.array(2);
                            }
                            reply.bulk(field);
                            if (withValues) {
                                reply.bulk(value);
                            }
                            strings[0] += withValues && !nested ? 2 : 1;
                        });
        reply.closeArray(from, strings[0]);
    }

    private static void hscan(Request request, Client client, ReplyBuffer reply) {
        long cursor = ScanArguments.cursor(request, 2);
        byte[] key = request.copy(1);
        if (hashes(client).hlen(key) == 0) {
            ScanArguments.begin(reply, 0, 0);
            return;
        }
        ScanArguments arguments = ScanArguments.ofValue(request, client, "NOVALUES");
        List<byte[]> found = new ArrayList<>();
        long next =
                hashes(client)
                        .hscan(
                                key,
                                cursor,
                                arguments.count(),
                                (field, value) -> {
                                    if (arguments.matches(field)) {
                                        found.add(field);
                                        if (!arguments.namesOnly()) {
                                            found.add(value);
                                        }
                                    }
                                });
        ScanArguments.begin(reply, next, found.size());
        found.forEach(reply::bulk);
    }
}
