package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;
import static io.hotpair.resp.HashCommands.add;
import static io.hotpair.resp.HashCommands.hashes;

import io.hotpair.FieldExpiry;
import io.hotpair.HashOperations;
import io.hotpair.HashOperations.FieldCondition;
import io.hotpair.KeyOperations.DeadlineCondition;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Deadlines of a hash's fields, as Redis has them since 7.4. */
final class FieldExpiryCommands {
    private static final String NOT_POSITIVE = "ERR Number of fields must be a positive integer";
    private static final String TIME_OPTIONS =
            "EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds";

    private FieldExpiryCommands() {}

    static void register(CommandTable table) {
        expire(table, "hexpire", "seconds", ExpireTime.Unit.SECONDS)
                .summary("Sets in how many seconds fields expire.");
        expire(table, "hpexpire", "milliseconds", ExpireTime.Unit.MILLISECONDS)
                .summary("Sets in how many milliseconds fields expire.");
        expire(table, "hexpireat", "unix-time-seconds", ExpireTime.Unit.UNIX_SECONDS)
                .summary("Sets when fields expire, in seconds since 1970.");
        expire(table, "hpexpireat", "unix-time-milliseconds", ExpireTime.Unit.UNIX_MILLISECONDS)
                .summary("Sets when fields expire, in milliseconds since 1970.");
        left(table, "httl", HashOperations::httl)
                .tips("nondeterministic_output")
                .summary("Says in how many seconds fields expire.");
        left(table, "hpttl", HashOperations::hpttl)
                .tips("nondeterministic_output")
                .summary("Says in how many milliseconds fields expire.");
        left(table, "hexpiretime", HashOperations::hexpireTime)
                .summary("Says when fields expire, in seconds since 1970.");
        left(table, "hpexpiretime", HashOperations::hpexpireTime)
                .summary("Says when fields expire, in milliseconds since 1970.");
        several(table, "hpersist", -5, "key FIELDS (numfields field...)")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "update")
                .since("7.4.0")
                .summary("Removes the deadlines of fields.")
                .does(FieldExpiryCommands::hpersist);
        registerValues(table);
    }

    private static void registerValues(CommandTable table) {
        several(table, "hgetdel", -5, "key FIELDS (numfields field...)")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "delete")
                .summary("Returns the values of fields and deletes the fields.")
                .does(FieldExpiryCommands::hgetdel);
        several(
                        table,
                        "hgetex",
                        -5,
                        "key [" + TIME_OPTIONS + "|PERSIST] FIELDS (numfields field...)")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "update")
                .keyNotes("RW and UPDATE because it changes the TTL")
                .summary("Returns the values of fields and sets or removes their deadlines.")
                .does(FieldExpiryCommands::hgetex);
        several(
                        table,
                        "hsetex",
                        -6,
                        "key [FNX|FXX] ["
                                + TIME_OPTIONS
                                + "|KEEPTTL] FIELDS (numfields (field value)...)")
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "RW", "update")
                .summary("Sets fields, on conditions and with a deadline if so asked.")
                .does(FieldExpiryCommands::hsetex);
    }

    private static Command several(CommandTable table, String name, int arity, String syntax) {
        return add(table, name, arity, syntax)
                .since("8.0.0")
                .complexity("O(N), N being the number of fields that are given");
    }

    private static Command expire(
            CommandTable table, String name, String time, ExpireTime.Unit unit) {
        return several(
                        table,
                        name,
                        -6,
                        "key " + time + " [NX|XX|GT|LT] FIELDS (numfields field...)")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "update")
                .since("7.4.0")
                .does((r, c, out) -> hexpire(r, c, out, unit, name));
    }

    private static Command left(CommandTable table, String name, Left left) {
        return several(table, name, -5, "key FIELDS (numfields field...)")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .since("7.4.0")
                .does((r, c, out) -> left(r, c, out, left));
    }

    /** What HTTL and its kin ask. */
    @FunctionalInterface
    private interface Left {
        long[] of(HashOperations hashes, byte[] key, byte[]... fields);
    }

    /** Refuses a key of another type before anything else is looked at. */
    private static void checkType(Request request, Client client) {
        long unused = hashes(client).hlen(request.copy(1));
    }

    /** The fields behind the word FIELDS and their number, which must be all that follows. */
    private static byte[][] fields(Request request, int at, String notPositive) {
        if (!request.is(at, "FIELDS")) {
            throw new CommandException(
                    "ERR Mandatory argument FIELDS is missing or not at the right position");
        }
        long count = request.integer(at + 1, 1, Long.MAX_VALUE, notPositive);
        if (count != request.count() - at - 2) {
            throw new CommandException(
                    "ERR The `numfields` parameter must match the number of arguments");
        }
        return request.copies(at + 2);
    }

    // ---- deadlines

    private static void hexpire(
            Request request,
            Client client,
            ReplyBuffer reply,
            ExpireTime.Unit unit,
            String command) {
        checkType(request, client);
        long deadlineMs = deadlineMs(request.integer(2), unit, command, client);
        DeadlineCondition condition = condition(request, 3);
        byte[][] fields =
                fields(
                        request,
                        condition == DeadlineCondition.ALWAYS ? 3 : 4,
                        "ERR Parameter `numFields` should be greater than 0");
        int[] answers =
                hashes(client)
                        .hexpireAt(
                                request.copy(1),
                                Instant.ofEpochMilli(deadlineMs),
                                condition,
                                fields);
        client.noteWrite();
        reply.array(answers.length);
        Arrays.stream(answers).forEach(reply::integer);
    }

    private static long deadlineMs(
            long given, ExpireTime.Unit unit, String command, Client client) {
        if (given < 0) {
            throw new CommandException("ERR invalid expire time, must be >= 0");
        }
        long deadlineMs = ExpireTime.any(given, unit, command, client.keyspace().currentTimeMs());
        if (deadlineMs > FieldExpiry.MAX_DEADLINE_MS) {
            throw CommandException.invalidExpire(command);
        }
        return deadlineMs;
    }

    /** Whether a time that was accepted is over, so that fields were deleted. */
    static boolean hasPassed(Request request, int at, ExpireTime.Unit unit, long nowMs) {
        return ExpireTime.any(request.integer(at), unit, request.text(0), nowMs) <= nowMs;
    }

    private static DeadlineCondition condition(Request request, int at) {
        return switch (request.text(at).toUpperCase(Locale.ROOT)) {
            case "NX" -> DeadlineCondition.NX;
            case "XX" -> DeadlineCondition.XX;
            case "GT" -> DeadlineCondition.GT;
            case "LT" -> DeadlineCondition.LT;
            default -> DeadlineCondition.ALWAYS;
        };
    }

    private static void left(Request request, Client client, ReplyBuffer reply, Left left) {
        checkType(request, client);
        byte[][] fields = fields(request, 2, NOT_POSITIVE);
        long[] answers = left.of(hashes(client), request.copy(1), fields);
        reply.array(answers.length);
        Arrays.stream(answers).forEach(reply::integer);
    }

    private static void hpersist(Request request, Client client, ReplyBuffer reply) {
        checkType(request, client);
        byte[][] fields = fields(request, 2, NOT_POSITIVE);
        int[] answers = hashes(client).hpersist(request.copy(1), fields);
        client.noteWrite();
        reply.array(answers.length);
        Arrays.stream(answers).forEach(reply::integer);
    }

    // ---- values

    private static void hgetdel(Request request, Client client, ReplyBuffer reply) {
        checkType(request, client);
        byte[][] fields = fields(request, 2, NOT_POSITIVE);
        byte[] @Nullable [] values = hashes(client).hgetdel(request.copy(1), fields);
        client.noteWrite();
        HashCommands.values(values, reply);
    }

    private static void hgetex(Request request, Client client, ReplyBuffer reply) {
        checkType(request, client);
        FieldExpiry expiry = FieldExpiry.KEEP;
        int at = 2;
        ExpireTime.Unit unit = StringOptions.unit(request, 2);
        if (unit != null) {
            expiry = expiry(request, 3, unit, "hgetex", client);
            at = 4;
        } else if (request.is(2, "PERSIST")) {
            expiry = FieldExpiry.PERSIST;
            at = 3;
        }
        if (at + 1 >= request.count()) {
            throw CommandException.arity("hgetex");
        }
        byte[][] fields = fields(request, at, NOT_POSITIVE);
        checkTotal(client, request.copy(1), fields);
        byte[] @Nullable [] values = hashes(client).hgetex(request.copy(1), expiry, fields);
        client.noteWrite();
        HashCommands.values(values, reply);
    }

    private static FieldExpiry expiry(
            Request request, int at, ExpireTime.Unit unit, String command, Client client) {
        long deadlineMs = deadlineMs(request.integer(at), unit, command, client);
        return FieldExpiry.at(Instant.ofEpochMilli(deadlineMs));
    }

    /** A field named many times would otherwise be copied as often, all before a limit is met. */
    private static void checkTotal(Client client, byte[] key, byte[][] fields) {
        long limitBytes = client.server().replyLimitBytes();
        long total = 0;
        for (int i = 0; i < fields.length && fields.length > 1; i++) {
            total += hashes(client).hstrlen(key, fields[i]);
            if (total > limitBytes) {
                throw CommandException.replyTooLong(limitBytes);
            }
        }
    }

    private static void hsetex(Request request, Client client, ReplyBuffer reply) {
        SetOptions options = SetOptions.of(request, client);
        checkType(request, client);
        boolean done =
                hashes(client)
                        .hsetex(
                                request.copy(1),
                                options.condition,
                                options.expiry,
                                options.fieldsAndValues);
        client.noteWrite();
        reply.integer(done ? 1 : 0);
    }

    /** The options of HSETEX, in any order, and the fields with their values behind them. */
    private static final class SetOptions {
        private static final String COMMAND = "hsetex";

        private FieldCondition condition = FieldCondition.ALWAYS;
        // To set a field takes its deadline away.
        private FieldExpiry expiry = FieldExpiry.PERSIST;
        private boolean expiryGiven;
        private byte[][] fieldsAndValues = {};

        static SetOptions of(Request request, Client client) {
            SetOptions options = new SetOptions();
            int at = 2;
            while (at < request.count() && !request.is(at, "FIELDS")) {
                at = options.option(request, at, client);
            }
            options.pairs(request, at + 1);
            return options;
        }

        private void pairs(Request request, int at) {
            if (at + 2 >= request.count()) {
                throw CommandException.arity(COMMAND);
            }
            long count = request.integer(at, 1, Integer.MAX_VALUE, "ERR invalid number of fields");
            if (request.count() - at - 1 != 2 * count) {
                throw CommandException.arity(COMMAND);
            }
            fieldsAndValues = request.copies(at + 1);
        }

        private int option(Request request, int at, Client client) {
            if (request.is(at, "FNX")) {
                condition(FieldCondition.FNX);
                return at + 1;
            }
            if (request.is(at, "FXX")) {
                condition(FieldCondition.FXX);
                return at + 1;
            }
            ExpireTime.Unit unit = StringOptions.unit(request, at);
            if (unit == null && !request.is(at, "KEEPTTL")) {
                throw new CommandException("ERR unknown argument: " + request.inError(at));
            }
            checkOnlyExpiry();
            if (unit == null) {
                expiry = FieldExpiry.KEEP;
                return at + 1;
            }
            if (at + 1 == request.count()) {
                throw new CommandException("ERR missing expire time");
            }
            expiry = FieldExpiryCommands.expiry(request, at + 1, unit, COMMAND, client);
            return at + 2;
        }

        private void condition(FieldCondition asked) {
            if (condition != FieldCondition.ALWAYS) {
                throw new CommandException("ERR Only one of FXX or FNX arguments can be specified");
            }
            condition = asked;
        }

        private void checkOnlyExpiry() {
            if (expiryGiven) {
                throw new CommandException(
                        "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be"
                                + " specified");
            }
            expiryGiven = true;
        }
    }
}
