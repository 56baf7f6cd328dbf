package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.LongDouble;
import io.hotpair.Session;
import io.hotpair.SetResult;
import io.hotpair.StringOperations;
import io.hotpair.StringUpdate;
import io.hotpair.ValueCondition;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Strings and counters. */
final class StringCommands {
    private static final String COMPARISON =
            "IFEQ ifeq-value|IFNE ifne-value|IFDEQ ifdeq-digest|IFDNE ifdne-digest";
    private static final String EXPIRATION =
            "[EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds"
                    + "|KEEPTTL]";

    private StringCommands() {}

    static void register(CommandTable table) {
        registerReads(table);
        registerWrites(table);
        registerCounters(table);
    }

    private static Command add(CommandTable table, String name, int arity, String syntax) {
        return table.add(name, arity, Group.STRING).categories(Category.STRING).syntax(syntax);
    }

    private static void registerReads(CommandTable table) {
        add(table, "get", 2, "key")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .summary("Returns the value of a key.")
                .does(StringCommands::get);
        add(table, "mget", -2, "key...")
                .flags(READONLY, FAST)
                .keys(1, -1, 1, "RO", "access")
                .tips("request_policy:multi_shard")
                .complexity("O(N), N being the number of keys")
                .summary("Returns the values of several keys, as they were at one moment.")
                .does(StringCommands::mget);
        add(table, "strlen", 2, "key")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO")
                .since("2.2.0")
                .summary("Returns the length of a value.")
                .does(StringCommands::strlen);
        add(table, "digest", 2, "key")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .since("8.4.0")
                .complexity("O(N), N being the length of the value")
                .summary("Returns the digest of a value, which conditions can be compared with.")
                .does(StringCommands::digest);
        add(table, "getrange", 4, "key start end")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .since("2.4.0")
                .complexity("O(N), N being the length of the value")
                .summary("Returns a part of a value.")
                .does(StringCommands::getrange);
        add(table, "substr", 4, "key start end")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .complexity("O(N), N being the length of the value")
                .summary("Returns a part of a value; the older name of GETRANGE.")
                .does(StringCommands::getrange);
    }

    private static void registerWrites(CommandTable table) {
        add(table, "set", -3, "key value [NX|XX|" + COMPARISON + "] [GET] " + EXPIRATION)
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "RW", "access", "update", "variable_flags")
                .keyNotes("RW and ACCESS due to the optional `GET` argument")
                .variableAccess(StringCommands::accessOfSet)
                .summary("Sets a value, on conditions and with a deadline if so asked.")
                .does(StringCommands::set);
        add(table, "mset", -3, "(key value)...")
                .flags(WRITE, DENYOOM)
                .keys(1, -1, 2, "OW", "update")
                .tips("request_policy:multi_shard", "response_policy:all_succeeded")
                .since("1.0.1")
                .complexity("O(N), N being the number of keys")
                .summary("Sets several values as one step.")
                .does((r, c, out) -> mset(r, c, out, "mset"));
        add(table, "msetnx", -3, "(key value)...")
                .flags(WRITE, DENYOOM)
                .keys(1, -1, 2, "OW", "insert")
                .tips("request_policy:multi_shard", "response_policy:agg_min")
                .since("1.0.1")
                .complexity("O(N), N being the number of keys")
                .summary("Sets several values as one step if all the keys are absent.")
                .does((r, c, out) -> mset(r, c, out, "msetnx"));
        add(table, "msetex", -4, "numkeys (key value)... [NX|XX] " + EXPIRATION)
                .flags(WRITE, DENYOOM)
                .keys(KeySpec.counted(1, 2, "OW", "update"))
                .tips("request_policy:multi_shard", "response_policy:all_succeeded")
                .since("8.4.0")
                .complexity("O(N), N being the number of keys")
                .summary(
                        "Sets several values with one deadline as one step, on conditions if so asked.")
                .does(StringCommands::msetex);
        add(table, "setnx", 3, "key value")
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "OW", "insert")
                .summary("Sets a value if the key is absent.")
                .does(StringCommands::setnx);
        add(table, "setex", 4, "key seconds value")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "OW", "update")
                .since("2.0.0")
                .summary("Sets a value that expires after some seconds.")
                .does((r, c, out) -> setWithTime(r, c, out, ExpireTime.Unit.SECONDS, "setex"));
        add(table, "psetex", 4, "key milliseconds value")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "OW", "update")
                .since("2.6.0")
                .summary("Sets a value that expires after some milliseconds.")
                .does(
                        (r, c, out) ->
                                setWithTime(r, c, out, ExpireTime.Unit.MILLISECONDS, "psetex"));
        add(table, "getset", 3, "key value")
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "RW", "access", "update")
                .summary("Sets a value and returns the one before.")
                .does(StringCommands::getset);
        add(table, "getdel", 2, "key")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "delete")
                .since("6.2.0")
                .summary("Returns a value and deletes the key.")
                .does(StringCommands::getdel);
        add(table, "delex", -2, "key [" + COMPARISON + "]")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "delete", "variable_flags")
                .variableAccess(StringCommands::accessOfDelex)
                .since("8.4.0")
                .complexity("O(1), with a digest O(N), N being the length of the value")
                .summary("Deletes a key; if so asked, only with this value, or with another one.")
                .does(StringCommands::delex);
        add(table, "delifeq", 3, "key value")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "delete")
                .since("9.0.0")
                .summary("Deletes a key if it has this value.")
                .does(StringCommands::delifeq);
        add(
                        table,
                        "getex",
                        -2,
                        "key [EX seconds|PX milliseconds|EXAT unix-time-seconds"
                                + "|PXAT unix-time-milliseconds|PERSIST]")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "update")
                .keyNotes("RW and UPDATE because it changes the TTL")
                .since("6.2.0")
                .summary("Returns a value and sets or removes the key's deadline.")
                .does(StringCommands::getex);
        add(table, "append", 3, "key value")
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "RW", "insert")
                .since("2.0.0")
                .complexity("O(N), N being the length of the value")
                .summary("Appends to a value; an absent key counts as empty.")
                .does(StringCommands::append);
        add(table, "setrange", 4, "key offset value")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "RW", "update")
                .since("2.2.0")
                .complexity("O(N), N being the length of the value")
                .summary("Overwrites a part of a value, filling up with zero bytes before it.")
                .does(StringCommands::setrange);
    }

    private static void registerCounters(CommandTable table) {
        counter(table, "incr", 2, "key")
                .summary("Adds one to the integer that a key holds.")
                .does((r, c, out) -> add(r, c, out, 1));
        counter(table, "decr", 2, "key")
                .summary("Subtracts one from the integer that a key holds.")
                .does((r, c, out) -> add(r, c, out, -1));
        counter(table, "incrby", 3, "key increment")
                .summary("Adds to the integer that a key holds.")
                .does((r, c, out) -> add(r, c, out, r.integer(2)));
        counter(table, "decrby", 3, "key decrement")
                .summary("Subtracts from the integer that a key holds.")
                .does((r, c, out) -> add(r, c, out, negated(r.integer(2))));
        counter(table, "incrbyfloat", 3, "key increment")
                .since("2.6.0")
                .floating("increment")
                .summary("Adds to the floating point number that a key holds.")
                .does(StringCommands::incrbyfloat);
    }

    private static Command counter(CommandTable table, String name, int arity, String syntax) {
        return add(table, name, arity, syntax)
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "RW", "access", "update");
    }

    /** Allocates nothing: the value is read straight into the reply. */
    private static void get(Request request, Client client, ReplyBuffer reply) {
        Session session = client.session();
        while (true) {
            int into = reply.valueOffset();
            int length =
                    session.get(
                            request.bytes(),
                            request.offset(1),
                            request.length(1),
                            reply.bytes(),
                            into);
            if (length == Session.ABSENT) {
                reply.nullValue();
                return;
            }
            if (length <= reply.bytes().length - into) {
                reply.valueRead(length);
                return;
            }
            reply.expectValue(length);
        }
    }

    private static void mget(Request request, Client client, ReplyBuffer reply) {
        int count = request.count() - 1;
        int[] offsets = new int[count];
        int[] lengths = new int[count];
        for (int i = 0; i < count; i++) {
            offsets[i] = request.offset(i + 1);
            lengths[i] = request.length(i + 1);
        }
        checkTotal(request, client);
        byte[] @Nullable [] values =
                Objects.requireNonNull(
                        client.session().getAll(request.bytes(), offsets, lengths, count),
                        "values");
        reply.array(count);
        for (int i = 0; i < count; i++) {
            reply.bulkOrNull(values[i]);
        }
    }

    /** A key named many times would otherwise be copied as often, all before a limit is met. */
    private static void checkTotal(Request request, Client client) {
        long limitBytes = client.server().replyLimitBytes();
        long total = 0;
        for (int i = 1; i < request.count(); i++) {
            total += lengthIfString(request, i, client);
            if (total > limitBytes) {
                throw CommandException.replyTooLong(limitBytes);
            }
        }
    }

    /** The length of a value; other types than strings are given as absent, so they have none. */
    private static int lengthIfString(Request request, int argument, Client client) {
        return lengthIfString(
                request.bytes(), request.offset(argument), request.length(argument), client);
    }

    static int lengthIfString(byte[] key, Client client) {
        return lengthIfString(key, 0, key.length, client);
    }

    private static int lengthIfString(byte[] key, int offset, int length, Client client) {
        try {
            return client.unnoticed().length(key, offset, length);
        } catch (HotpairException e) {
            if (e.category() == HotpairException.Category.WRONG_TYPE) {
                return 0;
            }
            throw e;
        }
    }

    private static void strlen(Request request, Client client, ReplyBuffer reply) {
        reply.integer(Math.max(0, length(request, client)));
    }

    private static void digest(Request request, Client client, ReplyBuffer reply) {
        byte[] value = client.session().get(request.bytes(), request.offset(1), request.length(1));
        reply.bulkOrNull(
                value == null ? null : ValueDigest.of(value).getBytes(StandardCharsets.US_ASCII));
    }

    private static void getrange(Request request, Client client, ReplyBuffer reply) {
        long start = request.integer(2);
        long end = request.integer(3);
        boolean isShort =
                (start < 0) == (end < 0) && end - start < client.server().replyLimitBytes();
        if (!isShort) {
            long length = Math.max(0, length(request, client));
            long from = Math.max(0, start < 0 ? length + start : start);
            long to = Math.min(length - 1, Math.max(0, end < 0 ? length + end : end));
            checkReply(to - from + 1, client);
        }
        reply.bulk(client.session().strings().getRange(request.copy(1), start, end));
    }

    /** The length of a value, or {@link Session#ABSENT}; another type is refused. */
    private static int length(Request request, Client client) {
        return client.session().length(request.bytes(), request.offset(1), request.length(1));
    }

    /** Allocates nothing without options. */
    private static List<String> accessOfSet(Request request, int from) {
        for (int i = from + 3; i < request.count(); i++) {
            // A condition tells of the value, too.
            if (request.is(i, "GET")
                    || request.is(i, "IFEQ")
                    || request.is(i, "IFNE")
                    || request.is(i, "IFDEQ")
                    || request.is(i, "IFDNE")) {
                return KeySpec.READS_AND_WRITES;
            }
        }
        return KeySpec.OVERWRITES;
    }

    private static List<String> accessOfDelex(Request request, int from) {
        return request.count() == from + 2 ? KeySpec.DELETES : KeySpec.READS_AND_DELETES;
    }

    private static void set(Request request, Client client, ReplyBuffer reply) {
        if (request.count() == 3) {
            put(request, 2, client, Session.NEVER);
            reply.ok();
            return;
        }
        StringOptions options = StringOptions.ofSet(request);
        long deadlineMs = options.deadlineMs(request, "set", client.keyspace().currentTimeMs());
        if (options.isPlain()) {
            put(request, 2, client, deadlineMs);
            reply.ok();
            return;
        }
        if (options.returnsPrevious()) {
            checkReply(length(request, client), client);
        }
        SetResult result =
                client.session()
                        .strings()
                        .set(request.copy(1), request.copy(2), options.asSetOptions(deadlineMs));
        client.noteWrite();
        if (options.returnsPrevious()) {
            reply.bulkOrNull(result.previous());
        } else if (result.done()) {
            reply.ok();
        } else {
            reply.nullValue();
        }
    }

    private static void delex(Request request, Client client, ReplyBuffer reply) {
        if (request.count() == 2) {
            delete(request, client, ValueCondition.always(), reply);
            return;
        }
        if (request.count() != 4) {
            throw CommandException.arity("delex");
        }
        // As in Redis, what is there comes before what is asked of it.
        String type = client.session().keys().type(request.copy(1));
        if (type == null) {
            reply.integer(0);
            return;
        }
        if (!type.equals("string")) {
            throw new CommandException(
                    "ERR Key should be of string type if conditions are specified");
        }
        ValueCondition condition = StringOptions.comparison(request, 2);
        if (condition == null) {
            throw new CommandException("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE");
        }
        delete(request, client, condition, reply);
    }

    private static void delifeq(Request request, Client client, ReplyBuffer reply) {
        delete(request, client, ValueCondition.ifEqual(request.copy(2)), reply);
    }

    private static void delete(
            Request request, Client client, ValueCondition condition, ReplyBuffer reply) {
        boolean deleted = client.session().strings().delEx(request.copy(1), condition);
        client.noteWrite();
        reply.integer(deleted ? 1 : 0);
    }

    private static void put(Request request, int value, Client client, long deadlineMs) {
        client.session()
                .put(
                        request.bytes(),
                        request.offset(1),
                        request.length(1),
                        request.bytes(),
                        request.offset(value),
                        request.length(value),
                        deadlineMs);
        client.noteWrite();
    }

    private static void update(Request request, Client client, StringUpdate update) {
        client.session().update(request.bytes(), request.offset(1), request.length(1), update);
        client.noteWrite();
    }

    private static void mset(Request request, Client client, ReplyBuffer reply, String command) {
        if (request.count() % 2 == 0) {
            throw CommandException.arity(command);
        }
        StringOperations strings = client.session().strings();
        if (command.equals("mset")) {
            strings.mset(request.copies(1));
            client.noteWrite();
            reply.ok();
        } else {
            boolean done = strings.msetNx(request.copies(1));
            client.noteWrite();
            reply.integer(done ? 1 : 0);
        }
    }

    private static void msetex(Request request, Client client, ReplyBuffer reply) {
        long pairs = request.integer(1, 1, Integer.MAX_VALUE, "ERR invalid numkeys value");
        if (2 + 2 * pairs > request.count()) {
            throw new CommandException("ERR wrong number of key-value pairs");
        }
        int arguments = (int) (2 * pairs);
        StringOptions options = StringOptions.ofMsetex(request, 2 + arguments);
        long deadlineMs = options.deadlineMs(request, "msetex", client.keyspace().currentTimeMs());
        boolean done =
                client.session()
                        .strings()
                        .msetEx(
                                options.condition(),
                                options.expiry(deadlineMs),
                                request.copies(2, arguments));
        client.noteWrite();
        reply.integer(done ? 1 : 0);
    }

    private static void setnx(Request request, Client client, ReplyBuffer reply) {
        boolean done = client.session().strings().setNx(request.copy(1), request.copy(2));
        client.noteWrite();
        reply.integer(done ? 1 : 0);
    }

    private static void setWithTime(
            Request request,
            Client client,
            ReplyBuffer reply,
            ExpireTime.Unit unit,
            String command) {
        long nowMs = client.keyspace().currentTimeMs();
        put(request, 3, client, ExpireTime.positive(request.integer(2), unit, command, nowMs));
        reply.ok();
    }

    private static void getset(Request request, Client client, ReplyBuffer reply) {
        checkReply(length(request, client), client);
        byte[] previous = client.session().strings().getSet(request.copy(1), request.copy(2));
        client.noteWrite();
        reply.bulkOrNull(previous);
    }

    private static void getdel(Request request, Client client, ReplyBuffer reply) {
        checkReply(length(request, client), client);
        byte[] previous = client.session().strings().getDel(request.copy(1));
        client.noteWrite();
        reply.bulkOrNull(previous);
    }

    /** A value that no reply may have is left as it is. */
    private static void checkReply(long length, Client client) {
        long limitBytes = client.server().replyLimitBytes();
        if (length > limitBytes) {
            throw CommandException.replyTooLong(limitBytes);
        }
    }

    private static void getex(Request request, Client client, ReplyBuffer reply) {
        StringOptions options = StringOptions.ofGetex(request);
        int length = length(request, client);
        if (length == Session.ABSENT || !options.changesDeadline()) {
            get(request, client, reply);
            return;
        }
        checkReply(length, client);
        long nowMs = client.keyspace().currentTimeMs();
        long deadlineMs = options.deadlineMs(request, "getex", nowMs);
        Outcome outcome = new Outcome();
        update(
                request,
                client,
                entry -> {
                    outcome.previous = entry.current();
                    if (entry.exists() && deadlineMs != Session.NEVER) {
                        KeyCommands.expire(entry, deadlineMs, nowMs);
                    } else if (entry.currentDeadlineMs() != Session.NEVER) {
                        entry.deadline(Session.NEVER);
                    }
                });
        reply.bulkOrNull(outcome.previous);
    }

    private static void append(Request request, Client client, ReplyBuffer reply) {
        int maxLength = client.server().settings().maxBulkLength();
        // Else the keyspace's own limit is as low. A look at the key would count as a use of it.
        if (maxLength < Keyspace.MAX_VALUE_LENGTH) {
            int present = length(request, client);
            if (present != Session.ABSENT && present > maxLength - request.length(2)) {
                throw CommandException.tooLong();
            }
        }
        long length;
        try {
            length = client.session().strings().append(request.copy(1), request.copy(2));
        } catch (IllegalArgumentException e) {
            long longer = (long) length(request, client) + request.length(2);
            throw longer > Keyspace.MAX_VALUE_LENGTH ? CommandException.tooLong() : e;
        }
        client.noteWrite();
        reply.integer(length);
    }

    private static void setrange(Request request, Client client, ReplyBuffer reply) {
        long offset = request.integer(2);
        if (offset < 0) {
            throw CommandException.offsetRange();
        }
        int added = request.length(3);
        if (added == 0) {
            strlen(request, client, reply);
            return;
        }
        if (offset > client.server().settings().maxBulkLength() - added) {
            // Looks at the type, whose error comes first.
            int unused = length(request, client);
            throw CommandException.tooLong();
        }
        long length = client.session().strings().setRange(request.copy(1), offset, request.copy(3));
        client.noteWrite();
        reply.integer(length);
    }

    private static void add(Request request, Client client, ReplyBuffer reply, long delta) {
        long sum;
        try {
            sum =
                    client.session()
                            .increment(
                                    request.bytes(), request.offset(1), request.length(1), delta);
        } catch (ArithmeticException e) {
            throw CommandException.incrementOverflow();
        }
        client.noteWrite();
        reply.integer(sum);
    }

    private static long negated(long decrement) {
        if (decrement == Long.MIN_VALUE) {
            throw CommandException.decrementOverflow();
        }
        return -decrement;
    }

    private static void incrbyfloat(Request request, Client client, ReplyBuffer reply) {
        String increment = request.text(2);
        if (LongDouble.parse(increment) == null) {
            // Looks at the type, whose error comes first.
            int unused = length(request, client);
            throw CommandException.notAFloat();
        }
        String sum;
        try {
            sum = client.session().strings().incrByFloat(request.copy(1), increment);
        } catch (ArithmeticException e) {
            throw CommandException.notFinite();
        } catch (HotpairException e) {
            throw e.category() == HotpairException.Category.WRONG_VALUE
                    ? CommandException.notAFloat()
                    : e;
        }
        client.noteWrite();
        reply.bulk(sum.getBytes(StandardCharsets.US_ASCII));
    }

    /** What an update found or did, the last time that it was called. */
    private static final class Outcome {
        private byte @Nullable [] previous;
    }
}
