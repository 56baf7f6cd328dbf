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
        several(table, "hpersist", -5, "key FIELDS numfields field...")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "update")
                .since("7.4.0")
                .summary("Removes the deadlines of fields.")
                .does(FieldExpiryCommands::hpersist);
        registerValues(table);
    }

    private static void registerValues(CommandTable table) {
        several(table, "hgetdel", -5, "key FIELDS numfields field...")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "delete")
                .summary("Returns the values of fields and deletes the fields.")
                .does(FieldExpiryCommands::hgetdel);
        several(table, "hgetex", -5, "key [" + TIME_OPTIONS + "|PERSIST] FIELDS numfields field...")
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
                                + "|KEEPTTL] FIELDS numfields (field value)...")
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
        return several(table, name, -6, "key " + time + " [NX|XX|GT|LT] FIELDS numfields field...")
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "RW", "update")
                .since("7.4.0")
                .does((r, c, out) -> hexpire(r, c, out, unit, name));
    }

    private static Command left(CommandTable table, String name, Left left) {
        return several(table, name, -5, "key FIELDS numfields field...")
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
        return counted(request, at + 1, 1, notPositive);
    }

    private static byte[][] counted(Request request, int at, int each, String notPositive) {
        if (at >= request.count()) {
            throw new CommandException(notPositive);
        }
        long count = request.integer(at, 1, Long.MAX_VALUE, notPositive);
        int left = request.count() - at - 1;
        if (left % each != 0 || count != left / each) {
            throw new CommandException(
                    "ERR The `numfields` parameter must match the number of arguments");
        }
        return request.copies(at + 1);
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
        Options options = Options.of(request, "hgetex", client, 1);
        checkTotal(client, request.copy(1), options.fields);
        byte[] @Nullable [] values =
                hashes(client).hgetex(request.copy(1), options.expiry, options.fields);
        client.noteWrite();
        HashCommands.values(values, reply);
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
        checkType(request, client);
        Options options = Options.of(request, "hsetex", client, 2);
        boolean done =
                hashes(client)
                        .hsetex(request.copy(1), options.condition, options.expiry, options.fields);
        client.noteWrite();
        reply.integer(done ? 1 : 0);
    }

    /** The options of HGETEX and HSETEX, and the fields behind them. */
    private static final class Options {
        private static final byte[][] NONE = {};

        private final boolean sets;
        private FieldCondition condition = FieldCondition.ALWAYS;
        private FieldExpiry expiry;
        private boolean expiryGiven;
        private byte[][] fields = NONE;

        private Options(boolean sets) {
            this.sets = sets;
            // To set a field takes its deadline away, to get it does not.
            expiry = sets ? FieldExpiry.PERSIST : FieldExpiry.KEEP;
        }

        static Options of(Request request, String command, Client client, int each) {
            Options options = new Options(each == 2);
            int at = 2;
            while (at < request.count() && !request.is(at, "FIELDS")) {
                at = options.option(request, at, command, client);
            }
            if (at == request.count()) {
                throw new CommandException("ERR missing FIELDS argument");
            }
            options.fields = counted(request, at + 1, each, "ERR invalid number of fields");
            return options;
        }

        private int option(Request request, int at, String command, Client client) {
            String word = request.text(at).toUpperCase(Locale.ROOT);
            switch (word) {
                case "FNX", "FXX" -> {
                    if (sets) {
                        condition(FieldCondition.valueOf(word));
                        return at + 1;
                    }
                }
                case "PERSIST", "KEEPTTL" -> {
                    if (word.equals("KEEPTTL") == sets) {
                        expiry(sets ? FieldExpiry.KEEP : FieldExpiry.PERSIST);
                        return at + 1;
                    }
                }
                default -> {
                    ExpireTime.Unit unit = StringOptions.unit(request, at);
                    if (unit != null) {
                        expiry(time(request, at + 1, unit, command, client));
                        return at + 2;
                    }
                }
            }
            throw new CommandException("ERR unknown argument: " + request.inError(at));
        }

        private void condition(FieldCondition asked) {
            if (condition != FieldCondition.ALWAYS) {
                throw new CommandException("ERR Only one of FXX or FNX arguments can be specified");
            }
            condition = asked;
        }

        private void expiry(FieldExpiry asked) {
            if (expiryGiven) {
                throw new CommandException(
                        "ERR Only one of EX, PX, EXAT, PXAT or "
                                + (sets ? "KEEPTTL" : "PERSIST")
                                + " arguments can be specified");
            }
            expiryGiven = true;
            expiry = asked;
        }

        private static FieldExpiry time(
                Request request, int at, ExpireTime.Unit unit, String command, Client client) {
            if (at == request.count()) {
                throw CommandException.syntax();
            }
            long deadlineMs = deadlineMs(request.integer(at), unit, command, client);
            return FieldExpiry.at(Instant.ofEpochMilli(deadlineMs));
        }
    }
}
