package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.HotpairException;
import io.hotpair.StreamAdd;
import io.hotpair.StreamDeletionPolicy;
import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import io.hotpair.StreamOperations;
import io.hotpair.StreamRange;
import io.hotpair.StreamTrim;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Streams: their entries. */
final class StreamCommands {
    private static final String TRIM = "(MAXLEN|MINID) [=|~] threshold [LIMIT count]";

    private StreamCommands() {}

    static void register(CommandTable table) {
        registerWrites(table);
        registerReads(table);
        StreamReadCommands.register(table);
        StreamGroupCommands.register(table);
        StreamInfoCommands.register(table);
    }

    static Command add(CommandTable table, String name, int arity, String syntax) {
        return table.add(name, arity, Group.STREAM)
                .categories(Category.STREAM)
                .since("5.0.0")
                .syntax(syntax);
    }

    private static void registerWrites(CommandTable table) {
        add(
                        table,
                        "xadd",
                        -5,
                        "key [NOMKSTREAM] "
                                + StreamDeletion.POLICY
                                + " ["
                                + TRIM
                                + "] id (field value)...")
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "RW", "update")
                .keyNotes("UPDATE instead of INSERT because of the optional trimming feature")
                .tips("nondeterministic_output")
                .complexity("O(1) to add, O(log(N)) to trim")
                .summary("Adds an entry, and trims the stream if so asked.")
                .does(StreamCommands::xadd);
        add(table, "xdel", -3, "key id...")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "delete")
                .complexity("O(log(N)) for each entry")
                .summary("Removes entries.")
                .does(StreamCommands::xdel);
        add(table, "xdelex", -5, "key " + StreamDeletion.POLICY + " IDS (numids id...)")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "delete")
                .since("8.2.0")
                .complexity("O(log(N)) for each entry, and for each group if it is looked at")
                .summary("Removes entries, as far as what is pending lets them go.")
                .does(StreamCommands::xdelex);
        add(table, "xtrim", -4, "key " + TRIM + " " + StreamDeletion.POLICY)
                .flags(WRITE)
                .keys(1, 1, 1, "RW", "delete")
                .tips("nondeterministic_output")
                .complexity("O(log(N)), N being the number of entries")
                .summary("Removes the oldest entries.")
                .does(StreamCommands::xtrim);
        add(
                        table,
                        "xsetid",
                        -3,
                        "key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]")
                .flags(WRITE, DENYOOM, FAST)
                .keys(1, 1, 1, "RW", "update")
                .summary("Sets what a stream knows of its past.")
                .does(StreamCommands::xsetid);
    }

    private static void registerReads(CommandTable table) {
        add(table, "xlen", 2, "key")
                .flags(READONLY, FAST)
                .keys(1, 1, 1, "RO")
                .summary("Counts the entries.")
                .does((r, c, out) -> out.integer(streams(c).xlen(r.copy(1))));
        add(table, "xrange", -4, "key start end [COUNT count]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .complexity("O(log(N)+M), N being the number of entries, M that of those returned")
                .summary("Returns the entries with ids in a range.")
                .does((r, c, out) -> xrange(r, c, out, false));
        add(table, "xrevrange", -4, "key end start [COUNT count]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .complexity("O(log(N)+M), N being the number of entries, M that of those returned")
                .summary("Returns the entries with ids in a range, highest first.")
                .does((r, c, out) -> xrange(r, c, out, true));
    }

    static StreamOperations streams(Client client) {
        return client.session().streams();
    }

    /** Whether there is a stream; another type is refused. */
    static boolean exists(Client client, byte[] key) {
        String type = client.session().keys().type(key);
        if (type != null && !type.equals("stream")) {
            throw CommandException.wrongType();
        }
        return type != null;
    }

    private static void xadd(Request request, Client client, ReplyBuffer reply) {
        AddArguments arguments = AddArguments.read(request, true);
        int fields = arguments.id + 1;
        int count = request.count() - fields;
        if (count < 2 || count % 2 != 0) {
            throw CommandException.arity("xadd");
        }
        StreamAdd how = arguments.asAdd(request, client.server().settings().packing());
        if (StreamId.MIN.equals(how.id()) && !how.makesSequence()) {
            throw new CommandException("ERR The ID specified in XADD must be greater than 0-0");
        }
        StreamId id = added(client, request.copy(1), how, request.copies(fields));
        client.noteWrite();
        if (id == null) {
            reply.nullValue();
        } else {
            StreamReplies.id(id, reply);
        }
    }

    private static @Nullable StreamId added(
            Client client, byte[] key, StreamAdd how, byte[][] fieldsAndValues) {
        try {
            return streams(client).xadd(key, how, fieldsAndValues);
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.WRONG_VALUE) {
                throw e;
            }
            boolean exhausted = String.valueOf(e.getMessage()).startsWith("no id is left");
            throw new CommandException(
                    exhausted
                            ? "ERR The stream has exhausted the last possible ID, unable to add"
                                    + " more items"
                            : "ERR The ID specified in XADD is equal or smaller than the target"
                                    + " stream top item");
        }
    }

    private static void xdel(Request request, Client client, ReplyBuffer reply) {
        byte[] key = request.copy(1);
        if (!exists(client, key)) {
            reply.integer(0);
            return;
        }
        long removed = streams(client).xdel(key, ids(request, 2));
        client.noteWrite();
        reply.integer(removed);
    }

    private static void xdelex(Request request, Client client, ReplyBuffer reply) {
        byte[] key = request.copy(1);
        boolean there = exists(client, key);
        StreamDeletion deletion = StreamDeletion.read(request, 2);
        if (!there) {
            deletion.foundNothing(reply);
            return;
        }
        int[] results = streams(client).xdelex(key, deletion.policy(), deletion.ids(request));
        client.noteWrite();
        StreamDeletion.reply(results, reply);
    }

    /** All arguments from one on, which must be ids. */
    static StreamId[] ids(Request request, int from) {
        return ids(request, from, request.count());
    }

    static StreamId[] ids(Request request, int from, int to) {
        StreamId[] ids = new StreamId[to - from];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = StreamIds.strict(request, from + i);
        }
        return ids;
    }

    private static void xtrim(Request request, Client client, ReplyBuffer reply) {
        AddArguments arguments = AddArguments.read(request, false);
        StreamTrim trim = arguments.trim(client.server().settings().packing());
        long removed = trim == null ? 0 : streams(client).xtrim(request.copy(1), trim);
        client.noteWrite();
        reply.integer(removed);
    }

    private static void xsetid(Request request, Client client, ReplyBuffer reply) {
        StreamId last = StreamIds.strict(request, 2);
        long added = StreamOperations.UNKNOWN;
        StreamId deleted = null;
        for (int i = 3; i < request.count(); i += 2) {
            boolean more = i + 1 < request.count();
            if (more && request.is(i, "ENTRIESADDED")) {
                added = request.integer(i + 1);
                if (added < 0) {
                    throw new CommandException("ERR entries_added must be positive");
                }
            } else if (more && request.is(i, "MAXDELETEDID")) {
                deleted = StreamIds.strict(request, i + 1);
                if (last.compareTo(deleted) < 0) {
                    throw smallerThan("the provided max_deleted_entry_id");
                }
            } else {
                throw CommandException.syntax();
            }
        }
        byte[] key = request.copy(1);
        if (!exists(client, key)) {
            throw CommandException.noSuchKey();
        }
        setId(client, key, last, added, deleted);
        client.noteWrite();
        reply.ok();
    }

    private static CommandException smallerThan(String what) {
        return new CommandException("ERR The ID specified in XSETID is smaller than " + what);
    }

    private static void setId(
            Client client, byte[] key, StreamId last, long added, @Nullable StreamId deleted) {
        try {
            streams(client).xsetid(key, last, added, deleted);
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.WRONG_VALUE) {
                throw e;
            }
            String message = String.valueOf(e.getMessage());
            if (message.startsWith("entriesAdded")) {
                throw new CommandException(
                        "ERR The entries_added specified in XSETID is smaller than the target"
                                + " stream length");
            }
            throw message.startsWith("lastId")
                    ? smallerThan("the target stream top item")
                    : CommandException.noSuchKey();
        }
    }

    private static void xrange(
            Request request, Client client, ReplyBuffer reply, boolean reversed) {
        StreamId first = StreamIds.first(request, reversed ? 3 : 2);
        StreamId last = StreamIds.last(request, reversed ? 2 : 3);
        long count = -1;
        for (int i = 4; i < request.count(); i += 2) {
            if (i + 1 == request.count() || !request.is(i, "COUNT")) {
                throw CommandException.syntax();
            }
            count = Math.max(0, request.integer(i + 1));
        }
        byte[] key = request.copy(1);
        if (!exists(client, key)) {
            reply.array(0);
        } else if (count == 0) {
            reply.nullArray();
        } else {
            long most = ReplyLimit.elements(client);
            long limit = count < 0 ? most + 1 : Math.min(count, most + 1);
            StreamRange range = StreamRange.of(first, last).limit(limit);
            List<StreamEntry> found =
                    reversed
                            ? streams(client).xrevrange(key, range)
                            : streams(client).xrange(key, range);
            ReplyLimit.check(client, found.size());
            StreamReplies.entries(found, reply);
        }
    }

    /** What XADD and XTRIM have in common: options, and for XADD an id behind them. */
    private static final class AddArguments {
        private boolean makesStream = true;
        private boolean byLength;
        private boolean approximate;
        private boolean limited;
        private long maxLength;
        private long limit;
        private @Nullable StreamId minId;
        private @Nullable StreamDeletionPolicy policy;
        private int id;

        static AddArguments read(Request request, boolean adds) {
            AddArguments arguments = new AddArguments();
            int i = 2;
            while (i < request.count()) {
                int taken = arguments.option(request, i, adds);
                if (taken == 0) {
                    break;
                }
                i += taken;
            }
            if (adds && i < request.count() && !isGenerated(request, i)) {
                StreamIds.Partial unused = StreamIds.partial(request, i);
            }
            arguments.id = i;
            arguments.check(adds);
            return arguments;
        }

        private static boolean isGenerated(Request request, int i) {
            return request.is(i, "*");
        }

        /** How many arguments an option is, or 0 if the id is there. */
        private int option(Request request, int i, boolean adds) {
            boolean more = i + 1 < request.count();
            if (more && (request.is(i, "MAXLEN") || request.is(i, "MINID"))) {
                return threshold(request, i);
            }
            if (more && request.is(i, "LIMIT")) {
                limit = request.integer(i + 1);
                if (limit < 0) {
                    throw new CommandException("ERR The LIMIT argument must be >= 0.");
                }
                limited = true;
                return 2;
            }
            if (policy == null && StreamDeletion.policyAt(request, i) != null) {
                policy = StreamDeletion.policyAt(request, i);
                return 1;
            }
            if (adds && request.is(i, "NOMKSTREAM")) {
                makesStream = false;
                return 1;
            }
            if (!adds) {
                throw CommandException.syntax();
            }
            return 0;
        }

        private int threshold(Request request, int i) {
            if (trims()) {
                throw new CommandException(
                        "ERR syntax error, MAXLEN and MINID options at the same time are not"
                                + " compatible");
            }
            boolean sign =
                    i + 2 < request.count() && (request.is(i + 1, "~") || request.is(i + 1, "="));
            approximate = sign && request.is(i + 1, "~");
            int argument = sign ? i + 2 : i + 1;
            if (request.is(i, "MINID")) {
                minId = StreamIds.strict(request, argument);
            } else {
                byLength = true;
                maxLength = request.integer(argument);
                if (maxLength < 0) {
                    throw new CommandException("ERR The MAXLEN argument must be >= 0.");
                }
            }
            return argument - i + 1;
        }

        private boolean trims() {
            return byLength || minId != null;
        }

        private void check(boolean adds) {
            if (limit > 0 && !trims()) {
                throw new CommandException(
                        "ERR syntax error, LIMIT cannot be used without specifying a trimming"
                                + " strategy");
            }
            if (!adds && !trims()) {
                throw new CommandException(
                        "ERR syntax error, XTRIM must be called with a trimming strategy");
            }
            if (limited && !approximate) {
                throw new CommandException(
                        "ERR syntax error, LIMIT cannot be used without the special ~ option");
            }
        }

        @Nullable StreamTrim trim(PackingLimits nodes) {
            StreamId lowest = minId;
            if (lowest == null && !byLength) {
                return null;
            }
            StreamTrim trim =
                    lowest == null ? StreamTrim.toLength(maxLength) : StreamTrim.toMinId(lowest);
            StreamDeletionPolicy given = StreamDeletion.orKeep(policy);
            if (approximate || given != StreamDeletionPolicy.KEEP_REFERENCES) {
                trim = byNodes(trim, nodes);
            }
            return trim.policy(given);
        }

        /**
         * Redis goes node by node: it takes whole ones, or looks at what is in them, and at a
         * hundred of them at a time if it may choose and is not told at how many.
         */
        private StreamTrim byNodes(StreamTrim trim, PackingLimits nodes) {
            long entries = nodes.get(PackingLimits.Limit.STREAM_ENTRIES);
            long usual = entries == 0 ? 10_000 : Math.min(entries, 10_000) * 100;
            return trim.limit(limited || !approximate ? limit : usual)
                    .wholeNodes(
                            entries == 0 ? Long.MAX_VALUE : entries,
                            nodes.get(PackingLimits.Limit.STREAM_BYTES));
        }

        StreamAdd asAdd(Request request, PackingLimits nodes) {
            StreamAdd how;
            if (isGenerated(request, id)) {
                how = StreamAdd.generated();
            } else {
                StreamIds.Partial given = StreamIds.partial(request, id);
                how =
                        given.makesSequence()
                                ? StreamAdd.atTime(given.id().timeMs())
                                : StreamAdd.at(given.id());
            }
            StreamTrim then = trim(nodes);
            if (then != null) {
                how = how.trim(then);
            }
            return makesStream ? how : how.onlyIfPresent();
        }
    }
}
