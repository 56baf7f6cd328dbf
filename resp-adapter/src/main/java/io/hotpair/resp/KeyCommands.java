package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.STALE;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.KeyArea;
import io.hotpair.KeyOperations.DeadlineCondition;
import io.hotpair.Session;
import io.hotpair.Session.ReadTrace;
import io.hotpair.StringEntry;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** What can be done with a key whatever its value is. */
final class KeyCommands {
    private static final int RANDOM_TRIES = 32;

    /** How many keys of all databases SCAN looks at before it answers without having found all. */
    private static final int SCANNED_KEYS = 1024;

    private static final int FREQUENCY_OF_NEW_KEY = 5;

    private static final String SWITCHING =
            " Please note that when switching between policies at runtime LRU and LFU data will"
                    + " take some time to adjust.";

    private KeyCommands() {}

    static void register(CommandTable table) {
        registerKeys(table);
        registerMoves(table);
        registerDeadlines(table);
        registerWalks(table);
        registerObject(table);
    }

    private static Command add(CommandTable table, String name, int arity, String syntax) {
        return table.add(name, arity, Group.GENERIC).categories(Category.KEYSPACE).syntax(syntax);
    }

    private static void registerKeys(CommandTable table) {
        add(table, "del", -2, "key...")
                .flags(WRITE)
                .keys(1, -1, 1, "RM", "delete")
                .tips("request_policy:multi_shard", "response_policy:agg_sum")
                .complexity("O(N), N being the number of keys")
                .summary("Deletes keys, one after the other.")
                .does(KeyCommands::delete);
        add(table, "unlink", -2, "key...")
                .flags(WRITE, FAST)
                .keys(1, -1, 1, "RM", "delete")
                .tips("request_policy:multi_shard", "response_policy:agg_sum")
                .since("4.0.0")
                .complexity("O(N), N being the number of keys")
                .summary("Deletes keys, one after the other; the same as DEL here.")
                .does(KeyCommands::delete);
        add(table, "exists", -2, "key...")
                .flags(READONLY, FAST)
                .keys(1, -1, 1, "RO")
                .tips("request_policy:multi_shard", "response_policy:agg_sum")
                .complexity("O(N), N being the number of keys")
                .summary("Counts how many of the keys exist.")
                .readTrace(ReadTrace.COUNT)
                .does(KeyCommands::exists);
        add(table, "touch", -2, "key...")
                .flags(READONLY, FAST)
                .keys(1, -1, 1, "RO")
                .tips("request_policy:multi_shard", "response_policy:agg_sum")
                .since("3.2.1")
                .complexity("O(N), N being the number of keys")
                .summary("Counts how many of the keys exist, which is a use of each.")
                .does(KeyCommands::exists);
        add(table, "type", 2, "key")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO")
                .summary("Says what kind of value a key holds.")
                .readTrace(ReadTrace.COUNT)
                .does(KeyCommands::type);
        add(table, "randomkey", 1, "")
                .flags(READONLY)
                .tips("request_policy:all_shards", "nondeterministic_output")
                .summary("Returns a key, each with about the same chance.")
                .does(KeyCommands::randomKey);
    }

    private static void registerMoves(CommandTable table) {
        add(table, "rename", 3, "key newkey")
                .flags(WRITE)
                .keys(1, 1, 1, "RW", "access", "delete")
                .keys(2, 2, 1, "OW", "update")
                .summary("Gives a value another key; what that key held is gone.")
                .does(KeyCommands::rename);
        add(table, "renamenx", 3, "key newkey")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "delete")
                .keys(2, 2, 1, "OW", "insert")
                .summary("Gives a value another key if that is absent.")
                .does(KeyCommands::renamenx);
        add(table, "copy", -3, "source destination [DB destination-db] [REPLACE]")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "RO", "access")
                .keys(2, 2, 1, "OW", "update")
                .since("6.2.0")
                .complexity("O(N), N being the length of the value")
                .summary("Copies a value with its deadline to another key or database.")
                .does(KeyCommands::copy);
        add(table, "move", 3, "key db")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "access", "update")
                .summary("Moves a key with its value to another database, unless it is there.")
                .does(KeyCommands::move);
        table.add("swapdb", 3, Group.SERVER)
                .categories(Category.KEYSPACE, Category.DANGEROUS)
                .syntax("index1 index2")
                .flags(WRITE, FAST)
                .since("4.0.0")
                .complexity("O(N), N being the number of clients that wait for keys of the two")
                .summary("Exchanges two databases, for all who use them, in one step.")
                .does(KeyCommands::swap);
    }

    private static void rename(Request request, Client client, ReplyBuffer reply) {
        if (!client.session().keys().rename(request.copy(1), request.copy(2))) {
            throw CommandException.noSuchKey();
        }
        client.noteWrite();
        reply.ok();
    }

    private static void renamenx(Request request, Client client, ReplyBuffer reply) {
        int renamed = client.session().keys().renameNx(request.copy(1), request.copy(2));
        if (renamed < 0) {
            throw CommandException.noSuchKey();
        }
        client.noteWrite();
        reply.integer(renamed);
    }

    private static void copy(Request request, Client client, ReplyBuffer reply) {
        Databases databases = client.server().databases();
        boolean replace = false;
        int database = client.database();
        for (int i = 3; i < request.count(); i++) {
            if (request.is(i, "REPLACE")) {
                replace = true;
            } else if (request.is(i, "DB") && i + 1 < request.count()) {
                database = databases.number(request, ++i);
            } else {
                throw CommandException.syntax();
            }
        }
        byte[] from = request.copy(1);
        byte[] to = in(database, request.copy(2), client);
        if (Arrays.equals(from, to)) {
            throw sameObjects();
        }
        boolean isCopied = client.session().keys().copy(from, to, replace);
        client.noteWrite();
        reply.integer(isCopied ? 1 : 0);
    }

    /** The key under which in another database stands what has the name of a key of this one. */
    private static byte[] in(int database, byte[] key, Client client) {
        int area = Databases.mapping(client).area(database);
        byte[] other = KeyArea.key(area, KeyArea.name(key));
        if (client.session() instanceof TransactionSession inside) {
            inside.willWrite(other);
        }
        return other;
    }

    private static void move(Request request, Client client, ReplyBuffer reply) {
        int database = client.server().databases().number(request, 2);
        if (database == client.database()) {
            throw sameObjects();
        }
        byte[] from = request.copy(1);
        int moved = client.session().keys().renameNx(from, in(database, from, client));
        client.noteWrite();
        reply.integer(Math.max(0, moved));
    }

    private static void swap(Request request, Client client, ReplyBuffer reply) {
        int first = swapped(request, 1, "first");
        int second = swapped(request, 2, "second");
        Databases databases = client.server().databases();
        int count = databases.count();
        if (first < 0 || first >= count || second < 0 || second >= count) {
            throw Databases.outOfRange();
        }
        if (first != second) {
            databases.swap(client, first, second);
        }
        reply.ok();
    }

    private static int swapped(Request request, int argument, String which) {
        return (int)
                request.integer(
                        argument,
                        Integer.MIN_VALUE,
                        Integer.MAX_VALUE,
                        "ERR invalid " + which + " DB index");
    }

    private static CommandException sameObjects() {
        return new CommandException("ERR source and destination objects are the same");
    }

    private static void registerDeadlines(CommandTable table) {
        expire(table, "expire", "seconds", "1.0.0", ExpireTime.Unit.SECONDS)
                .summary("Sets in how many seconds a key expires.");
        expire(table, "pexpire", "milliseconds", "2.6.0", ExpireTime.Unit.MILLISECONDS)
                .summary("Sets in how many milliseconds a key expires.");
        expire(table, "expireat", "unix-time-seconds", "1.2.0", ExpireTime.Unit.UNIX_SECONDS)
                .summary("Sets when a key expires, in seconds since 1970.");
        expire(
                        table,
                        "pexpireat",
                        "unix-time-milliseconds",
                        "2.6.0",
                        ExpireTime.Unit.UNIX_MILLISECONDS)
                .summary("Sets when a key expires, in milliseconds since 1970.");
        left(table, "ttl", "1.0.0", (deadline, now) -> seconds(Math.max(0, deadline - now)))
                .tips("nondeterministic_output")
                .summary("Says in how many seconds a key expires.");
        left(table, "pttl", "2.6.0", (deadline, now) -> Math.max(0, deadline - now))
                .tips("nondeterministic_output")
                .summary("Says in how many milliseconds a key expires.");
        left(table, "expiretime", "7.0.0", (deadline, now) -> seconds(deadline))
                .summary("Says when a key expires, in seconds since 1970.");
        left(table, "pexpiretime", "7.0.0", (deadline, now) -> deadline)
                .summary("Says when a key expires, in milliseconds since 1970.");
        add(table, "persist", 2, "key")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "update")
                .since("2.2.0")
                .summary("Removes a key's deadline.")
                .does(KeyCommands::persist);
    }

    private static Command expire(
            CommandTable table, String name, String time, String since, ExpireTime.Unit unit) {
        return add(table, name, -3, "key " + time + " [NX|XX|GT|LT]")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "update")
                .since(since)
                .does((r, c, out) -> expire(r, c, out, unit, name));
    }

    private static Command left(CommandTable table, String name, String since, Left left) {
        return add(table, name, 2, "key")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO", "access")
                .since(since)
                .readTrace(ReadTrace.COUNT)
                .does((r, c, out) -> left(r, c, out, left));
    }

    private static void registerWalks(CommandTable table) {
        add(table, "dbsize", 1, "")
                .flags(READONLY, FAST)
                .tips("request_policy:all_shards", "response_policy:agg_sum")
                .summary("Counts the keys.")
                .does((r, c, out) -> out.integer(keyCount(c)));
        add(table, "keys", 2, "pattern")
                .flags(READONLY)
                .categories(Category.DANGEROUS)
                .tips("request_policy:all_shards", "nondeterministic_output_order")
                .complexity("O(N), N being the number of keys; other clients have their turns")
                .summary("Returns all keys that match a pattern.")
                .does(KeyCommands::keys);
        add(table, "scan", -2, "cursor [MATCH pattern] [COUNT count] [TYPE type]")
                .flags(READONLY)
                .tips("nondeterministic_output", "request_policy:special")
                .since("2.8.0")
                .complexity("O(1) for a call, O(N) for a walk over N keys")
                .summary("Goes on with a walk over all keys; each is given exactly once.")
                .readTrace(ReadTrace.COUNT)
                .does(KeyCommands::scan);
        flush(table, "flushall", false)
                .summary("Deletes all keys of all databases, in many small steps.");
        flush(table, "flushdb", true)
                .summary("Deletes all keys of the database, in many small steps.");
    }

    private static Command flush(CommandTable table, String name, boolean isOne) {
        return table.add(name, -1, Group.SERVER)
                .categories(Category.KEYSPACE, Category.DANGEROUS)
                .syntax("[ASYNC|SYNC]")
                .flags(WRITE)
                .tips("request_policy:all_shards", "response_policy:all_succeeded")
                .complexity("O(N), N being the number of keys; other clients have their turns")
                .does((r, c, out) -> flush(r, c, isOne));
    }

    private static void registerObject(CommandTable table) {
        Command object =
                table.add("object", -2, Group.GENERIC)
                        .since("2.2.3")
                        .summary("Says how a value is kept.");
        object(table, object, "encoding")
                .summary("Says in which form Redis would keep the value.")
                .does(KeyCommands::encoding);
        object(table, object, "refcount")
                .summary("Says how many references a value has; always one.")
                .does(KeyCommands::referenceCount);
        object(table, object, "idletime")
                .summary(
                        "Says for how many seconds a key was not used, under an LRU policy;"
                                + " refused under an LFU policy, zero under others.")
                .does(KeyCommands::idleTime);
        object(table, object, "freq")
                .since("4.0.0")
                .summary("Says how often a key is used, under an LFU policy; refused under others.")
                .does(KeyCommands::frequency);
        table.addSubcommand(object, "help", 2)
                .flags(LOADING, STALE)
                .categories(Category.KEYSPACE)
                .since("6.2.0")
                .summary("Lists the subcommands.")
                .does((r, c, out) -> HelpText.write(object, out));
    }

    private static Command object(CommandTable table, Command container, String name) {
        return table.addSubcommand(container, name, 3)
                .flags(READONLY)
                .categories(Category.KEYSPACE)
                .keys(2, 2, 1, "RO")
                .tips("nondeterministic_output")
                .since("2.2.3")
                .readTrace(ReadTrace.COUNT)
                .syntax("key");
    }

    private static boolean exists(Request request, int argument, Client client) {
        long deadlineMs =
                client.session()
                        .deadlineMs(
                                request.bytes(),
                                request.offset(argument),
                                request.length(argument));
        return deadlineMs != Session.ABSENT;
    }

    private static void type(Request request, Client client, ReplyBuffer reply) {
        String type = client.session().keys().type(request.copy(1));
        reply.status(type == null ? "none" : type);
    }

    private static long keyCount(Client client) {
        int area = Databases.area(client);
        long count = client.keyspace().keyCount(area);
        return client.session() instanceof TransactionSession inside
                ? count + inside.keyCountChange(area)
                : count;
    }

    /** Whether there is nothing to walk for: what is in the first area is seen by walking. */
    private static boolean isEmpty(Client client) {
        int area = Databases.area(client);
        return client.keyspace().isUnused(area) && keyCount(client) <= 0;
    }

    private static void delete(Request request, Client client, ReplyBuffer reply) {
        long deleted = 0;
        for (int i = 1; i < request.count(); i++) {
            if (client.session().delete(request.bytes(), request.offset(i), request.length(i))) {
                client.noteWrite();
                deleted++;
            }
        }
        reply.integer(deleted);
    }

    private static void exists(Request request, Client client, ReplyBuffer reply) {
        long present = 0;
        for (int i = 1; i < request.count(); i++) {
            if (exists(request, i, client)) {
                present++;
            }
        }
        reply.integer(present);
    }

    private static void expire(
            Request request,
            Client client,
            ReplyBuffer reply,
            ExpireTime.Unit unit,
            String command) {
        ExpireConditions conditions = ExpireConditions.of(request);
        long nowMs = client.keyspace().currentTimeMs();
        long deadlineMs = ExpireTime.any(request.integer(2), unit, command, nowMs);
        byte[] key = request.copy(1);
        boolean changed = conditions.expire(client.session(), key, deadlineMs);
        client.noteWrite();
        reply.integer(changed ? 1 : 0);
    }

    /** Sets a deadline; one that has passed, 0 included, deletes the key. */
    static void expire(StringEntry entry, long deadlineMs, long nowMs) {
        if (deadlineMs <= nowMs) {
            entry.delete();
        } else {
            entry.deadline(deadlineMs);
        }
    }

    /** What TTL and its kin make of a deadline. */
    @FunctionalInterface
    private interface Left {
        long of(long deadlineMs, long nowMs);
    }

    private static void left(Request request, Client client, ReplyBuffer reply, Left left) {
        long deadlineMs =
                client.session().deadlineMs(request.bytes(), request.offset(1), request.length(1));
        if (deadlineMs == Session.ABSENT) {
            reply.integer(-2);
        } else if (deadlineMs == Session.NEVER) {
            reply.integer(-1);
        } else {
            reply.integer(left.of(deadlineMs, client.keyspace().currentTimeMs()));
        }
    }

    private static long seconds(long ms) {
        return ms / 1000 + (ms % 1000 >= 500 ? 1 : 0);
    }

    private static void persist(Request request, Client client, ReplyBuffer reply) {
        boolean changed = client.session().keys().persist(request.copy(1));
        client.noteWrite();
        reply.integer(changed ? 1 : 0);
    }

    private static void keys(Request request, Client client, ReplyBuffer reply) {
        GlobPattern pattern = new GlobPattern(request.copy(1), false);
        if (isEmpty(client)) {
            reply.array(0);
        } else {
            client.park(new KeysWalk(client, pattern));
        }
    }

    /** Looked for among all keys, and then, where others have nearly all, by a walk. */
    private static void randomKey(Request request, Client client, ReplyBuffer reply) {
        int area = Databases.area(client);
        if (isEmpty(client)) {
            reply.nullValue();
            return;
        }
        for (int i = 0; i < RANDOM_TRIES; i++) {
            byte[] key = client.session().randomKey();
            if (key == null) {
                reply.nullValue();
                return;
            }
            if (KeyArea.of(key) == area) {
                reply.bulk(KeyArea.name(key));
                return;
            }
        }
        client.park(new RandomKeyWalk(client.session(), area));
    }

    private static void scan(Request request, Client client, ReplyBuffer reply) {
        long cursor = ScanArguments.cursor(request, 1);
        ScanArguments arguments = ScanArguments.ofKeys(request, 2);
        String type = arguments.type();
        Session session = client.session();
        int area = Databases.area(client);
        List<byte[]> keys = new ArrayList<>();
        int[] visited = new int[1];
        Consumer<byte[]> ofThisDatabase =
                key -> {
                    visited[0]++;
                    if (KeyArea.of(key) == area) {
                        keys.add(key);
                    }
                };
        // Where others have most of the keys a client would have to ask for ever.
        boolean goesOn = !isEmpty(client);
        long next = goesOn ? cursor : 0;
        while (goesOn) {
            next = session.scan(next, arguments.count() - keys.size(), ofThisDatabase);
            goesOn = next != 0 && keys.size() < arguments.count() && visited[0] < SCANNED_KEYS;
        }
        if (type != null) {
            keys.removeIf(key -> !type.equals(session.keys().type(key)));
        }
        keys.replaceAll(KeyArea::name);
        keys.removeIf(name -> !arguments.matches(name));
        ScanArguments.begin(reply, next, keys.size());
        for (byte[] name : keys) {
            reply.bulk(name);
        }
    }

    private static void flush(Request request, Client client, boolean isOne) {
        boolean valid =
                request.count() == 1
                        || (request.count() == 2
                                && (request.is(1, "ASYNC") || request.is(1, "SYNC")));
        if (!valid) {
            throw CommandException.syntax();
        }
        client.park(new FlushWalk(client, isOne ? Databases.area(client) : FlushWalk.ALL));
    }

    private static void encoding(Request request, Client client, ReplyBuffer reply) {
        String encoding =
                new ValueEncoding(client.server().settings().packing())
                        .of(client.session(), request.copy(2));
        if (encoding == null) {
            reply.nullValue();
        } else {
            reply.bulk(encoding);
        }
    }

    private static void referenceCount(Request request, Client client, ReplyBuffer reply) {
        if (exists(request, 2, client)) {
            reply.integer(1);
        } else {
            reply.nullValue();
        }
    }

    private static void idleTime(Request request, Client client, ReplyBuffer reply) {
        if (!exists(request, 2, client)) {
            reply.nullValue();
            return;
        }
        if (countsUse(client)) {
            throw new CommandException(
                    "ERR An LFU maxmemory policy is selected, idle time not tracked." + SWITCHING);
        }
        // The transaction that asks may have made the key.
        Optional<Duration> idle = client.keyspace().idleTime(request.copy(2));
        reply.integer(idle.orElse(Duration.ZERO).toSeconds());
    }

    private static void frequency(Request request, Client client, ReplyBuffer reply) {
        if (!exists(request, 2, client)) {
            reply.nullValue();
            return;
        }
        switch (client.keyspace().maxMemoryPolicy()) {
            // The transaction that asks may have made the key.
            case ALLKEYS_LFU, VOLATILE_LFU ->
                    reply.integer(
                            client.keyspace()
                                    .useFrequency(request.copy(2))
                                    .orElse(FREQUENCY_OF_NEW_KEY));
            case ALLKEYS_WINDOWED_LFU ->
                    throw new CommandException(
                            "ERR the access frequency of a key is not told here");
            default ->
                    throw new CommandException(
                            "ERR An LFU maxmemory policy is not selected, access frequency not"
                                    + " tracked."
                                    + SWITCHING);
        }
    }

    /** Whether keys are evicted by how often they are used. */
    private static boolean countsUse(Client client) {
        return switch (client.keyspace().maxMemoryPolicy()) {
            case ALLKEYS_LFU, VOLATILE_LFU, ALLKEYS_WINDOWED_LFU -> true;
            default -> false;
        };
    }

    /** On what EXPIRE depends. */
    private record ExpireConditions(
            boolean ifNone, boolean ifAny, boolean ifLater, boolean ifEarlier) {

        static ExpireConditions of(Request request) {
            boolean none = false;
            boolean any = false;
            boolean later = false;
            boolean earlier = false;
            for (int i = 3; i < request.count(); i++) {
                if (request.is(i, "NX")) {
                    none = true;
                } else if (request.is(i, "XX")) {
                    any = true;
                } else if (request.is(i, "GT")) {
                    later = true;
                } else if (request.is(i, "LT")) {
                    earlier = true;
                } else {
                    throw new CommandException("ERR Unsupported option " + request.inError(i));
                }
            }
            if (none && (any || later || earlier)) {
                throw new CommandException(
                        "ERR NX and XX, GT or LT options at the same time are not compatible");
            }
            if (later && earlier) {
                throw new CommandException(
                        "ERR GT and LT options at the same time are not compatible");
            }
            return new ExpireConditions(none, any, later, earlier);
        }

        /** Sets a key's deadline if all conditions allow it; one that has passed deletes it. */
        boolean expire(Session session, byte[] key, long deadlineMs) {
            if (ifAny && ifEarlier) {
                // The two exclude different keys, so both must be looked at in one step.
                return session.transaction(
                        view ->
                                view.keys().pexpireTime(key) > Session.NEVER
                                        && view.keys()
                                                .pexpireAt(key, deadlineMs, DeadlineCondition.LT));
            }
            return session.keys().pexpireAt(key, deadlineMs, condition());
        }

        private DeadlineCondition condition() {
            if (ifNone) {
                return DeadlineCondition.NX;
            }
            if (ifLater) {
                // A key without a deadline is refused by GT as it is by XX.
                return DeadlineCondition.GT;
            }
            if (ifEarlier) {
                return DeadlineCondition.LT;
            }
            return ifAny ? DeadlineCondition.XX : DeadlineCondition.ALWAYS;
        }
    }
}
