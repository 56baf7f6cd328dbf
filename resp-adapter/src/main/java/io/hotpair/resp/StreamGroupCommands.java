package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.STALE;
import static io.hotpair.resp.Command.Flag.WRITE;
import static io.hotpair.resp.StreamCommands.add;
import static io.hotpair.resp.StreamCommands.streams;

import io.hotpair.HotpairException;
import io.hotpair.StreamAutoClaim;
import io.hotpair.StreamClaim;
import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import io.hotpair.StreamOperations;
import io.hotpair.StreamPending;
import io.hotpair.StreamRange;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Streams: their consumer groups. */
final class StreamGroupCommands {
    private static final long DEFAULT_CLAIMS = 100;

    /** Redis looks at ten times as many, of sixteen bytes each. */
    private static final long MAX_CLAIMS = Long.MAX_VALUE / 16;

    private static final String NO_KEY =
            "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may"
                    + " want to use the MKSTREAM option to create an empty stream automatically.";

    private StreamGroupCommands() {}

    static void register(CommandTable table) {
        registerGroups(table);
        add(table, "xack", -4, "key group id...")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "update")
                .complexity("O(log(N)) for each entry")
                .summary("Acknowledges entries, which are not pending any more.")
                .does(StreamGroupCommands::xack);
        add(table, "xackdel", -6, "key group " + StreamDeletion.POLICY + " IDS (numids id...)")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "update", "delete")
                .since("8.2.0")
                .complexity("O(log(N)) for each entry, and for each group if it is looked at")
                .summary(
                        "Acknowledges entries and removes them, as far as other groups let them go.")
                .does(StreamGroupCommands::xackdel);
        add(table, "xpending", -3, "key group [[IDLE min-idle-time] start end count [consumer]]")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .tips("nondeterministic_output")
                .complexity("O(log(N)+M), N being the number of pending entries, M of those given")
                .summary("Lists pending entries, or sums them up.")
                .does(StreamGroupCommands::xpending);
        add(
                        table,
                        "xclaim",
                        -6,
                        "key group consumer min-idle-time id... [IDLE ms] [TIME unix-time-milliseconds]"
                                + " [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id]")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "update")
                .tips("nondeterministic_output")
                .complexity("O(log(N)) for each entry")
                .summary("Makes a consumer the owner of pending entries.")
                .does(StreamGroupCommands::xclaim);
        add(
                        table,
                        "xautoclaim",
                        -6,
                        "key group consumer min-idle-time start [COUNT count] [JUSTID]")
                .flags(WRITE, FAST)
                .keys(1, 1, 1, "RW", "delete")
                .tips("nondeterministic_output")
                .since("6.2.0")
                .complexity("O(M), M being the count")
                .summary("Makes a consumer the owner of entries that nobody works at.")
                .does(StreamGroupCommands::xautoclaim);
    }

    private static void registerGroups(CommandTable table) {
        Command xgroup =
                table.add("xgroup", -2, Group.STREAM)
                        .since("5.0.0")
                        .summary("Makes and changes consumer groups.");
        sub(table, xgroup, "create", -5, "key group (id|$) [MKSTREAM] [ENTRIESREAD entries-read]")
                .flags(WRITE, DENYOOM)
                .keys(2, 2, 1, "RW", "insert")
                .summary("Makes a group.")
                .does(StreamGroupCommands::create);
        sub(table, xgroup, "createconsumer", 5, "key group consumer")
                .flags(WRITE, DENYOOM)
                .keys(2, 2, 1, "RW", "insert")
                .since("6.2.0")
                .summary("Makes a consumer.")
                .does(StreamGroupCommands::createConsumer);
        sub(table, xgroup, "delconsumer", 5, "key group consumer")
                .flags(WRITE)
                .keys(2, 2, 1, "RW", "delete")
                .summary("Removes a consumer, and says how many pending entries it owned.")
                .does(StreamGroupCommands::deleteConsumer);
        sub(table, xgroup, "destroy", 4, "key group")
                .flags(WRITE)
                .keys(2, 2, 1, "RW", "delete")
                .complexity("O(N), N being the number of pending entries")
                .summary("Removes a group.")
                .does(StreamGroupCommands::destroy);
        sub(table, xgroup, "setid", -5, "key group (id|$) [ENTRIESREAD entries-read]")
                .flags(WRITE)
                .keys(2, 2, 1, "RW", "update")
                .summary("Sets how far a group has come.")
                .does(StreamGroupCommands::setId);
        table.addSubcommand(xgroup, "help", 2)
                .flags(LOADING, STALE)
                .categories(Category.STREAM)
                .since("5.0.0")
                .summary("Lists the subcommands.")
                .does((r, c, out) -> HelpText.write(xgroup, out));
    }

    private static Command sub(
            CommandTable table, Command container, String name, int arity, String syntax) {
        return table.addSubcommand(container, name, arity)
                .categories(Category.STREAM)
                .since("5.0.0")
                .syntax(syntax);
    }

    /** Does something with a stream that must be there, as must a group in it that it needs. */
    private static <R> R inStream(Request request, Client client, Supplier<R> work) {
        if (!StreamCommands.exists(client, request.copy(2))) {
            throw new CommandException(NO_KEY);
        }
        try {
            R result = work.get();
            client.noteWrite();
            return result;
        } catch (HotpairException e) {
            throw StreamGroups.isAbsence(e) ? StreamGroups.absentInStream(request, 2, 3) : e;
        }
    }

    private static void createConsumer(Request request, Client client, ReplyBuffer reply) {
        boolean created =
                inStream(
                        request,
                        client,
                        () ->
                                streams(client)
                                        .xgroupCreateConsumer(
                                                request.copy(2), request.copy(3), request.copy(4)));
        reply.integer(created ? 1 : 0);
    }

    private static void deleteConsumer(Request request, Client client, ReplyBuffer reply) {
        long pending =
                inStream(
                        request,
                        client,
                        () ->
                                streams(client)
                                        .xgroupDelConsumer(
                                                request.copy(2), request.copy(3), request.copy(4)));
        reply.integer(pending);
    }

    private static void destroy(Request request, Client client, ReplyBuffer reply) {
        boolean removed =
                inStream(
                        request,
                        client,
                        () -> streams(client).xgroupDestroy(request.copy(2), request.copy(3)));
        reply.integer(removed ? 1 : 0);
    }

    /** What XGROUP CREATE and SETID have behind the id. */
    private record GroupOptions(boolean makesStream, long entriesRead) {

        static GroupOptions of(Request request, boolean creates) {
            boolean makes = false;
            long read = StreamOperations.UNKNOWN;
            for (int i = 5; i < request.count(); i++) {
                if (creates && request.is(i, "MKSTREAM")) {
                    makes = true;
                } else if (i + 1 < request.count() && request.is(i, "ENTRIESREAD")) {
                    read = request.integer(++i);
                    if (read < 0 && read != StreamOperations.UNKNOWN) {
                        throw new CommandException(
                                "ERR value for ENTRIESREAD must be positive or -1");
                    }
                } else {
                    throw unknownSubcommand(request);
                }
            }
            return new GroupOptions(makes, read);
        }
    }

    static CommandException unknownSubcommand(Request request) {
        return new CommandException(
                "ERR unknown subcommand or wrong number of arguments for '"
                        + request.inError(1, 128)
                        + "'. Try "
                        + request.inError(0).toUpperCase(Locale.ROOT)
                        + " HELP.");
    }

    private static void create(Request request, Client client, ReplyBuffer reply) {
        GroupOptions options = GroupOptions.of(request, true);
        byte[] key = request.copy(2);
        if (!StreamCommands.exists(client, key) && !options.makesStream()) {
            throw new CommandException(NO_KEY);
        }
        if (request.count() > 8) {
            throw unknownSubcommand(request);
        }
        StreamId last = request.is(4, "$") ? null : StreamIds.strict(request, 4);
        boolean created;
        try {
            created =
                    streams(client)
                            .xgroupCreate(
                                    key,
                                    request.copy(3),
                                    last,
                                    options.makesStream(),
                                    options.entriesRead());
        } catch (HotpairException e) {
            throw StreamGroups.isAbsence(e) ? new CommandException(NO_KEY) : e;
        }
        client.noteWrite();
        if (!created) {
            throw new CommandException("BUSYGROUP Consumer Group name already exists");
        }
        reply.ok();
    }

    private static void setId(Request request, Client client, ReplyBuffer reply) {
        GroupOptions options = GroupOptions.of(request, false);
        byte[] key = request.copy(2);
        byte[] group = request.copy(3);
        boolean wrongCount = request.count() != 5 && request.count() != 7;
        boolean added = request.is(4, "$");
        if (wrongCount || !added) {
            // An error of these comes after that of a missing group.
            boolean there = StreamCommands.exists(client, key);
            if (there && !StreamGroups.exists(client, key, group)) {
                throw StreamGroups.absentInStream(request, 2, 3);
            }
            if (there && wrongCount) {
                throw unknownSubcommand(request);
            }
        }
        if (!StreamCommands.exists(client, key)) {
            throw new CommandException(NO_KEY);
        }
        StreamId last = added ? null : StreamIds.any(request, 4);
        boolean unused =
                inStream(
                        request,
                        client,
                        () -> {
                            streams(client).xgroupSetId(key, group, last, options.entriesRead());
                            return true;
                        });
        reply.ok();
    }

    private static void xack(Request request, Client client, ReplyBuffer reply) {
        byte[] key = request.copy(1);
        byte[] group = request.copy(2);
        StreamId[] ids;
        try {
            ids = StreamCommands.ids(request, 3);
        } catch (CommandException e) {
            if (StreamGroups.exists(client, key, group)) {
                throw e;
            }
            reply.integer(0);
            return;
        }
        long acknowledged = streams(client).xack(key, group, ids);
        client.noteWrite();
        reply.integer(acknowledged);
    }

    private static void xackdel(Request request, Client client, ReplyBuffer reply) {
        byte[] key = request.copy(1);
        byte[] group = request.copy(2);
        boolean there = StreamCommands.exists(client, key);
        StreamDeletion deletion = StreamDeletion.read(request, 3);
        if (!there) {
            deletion.foundNothing(reply);
            return;
        }
        StreamId[] ids;
        try {
            ids = deletion.ids(request);
        } catch (CommandException e) {
            if (StreamGroups.exists(client, key, group)) {
                throw e;
            }
            deletion.foundNothing(reply);
            return;
        }
        int[] results = streams(client).xackdel(key, group, deletion.policy(), ids);
        client.noteWrite();
        StreamDeletion.reply(results, reply);
    }

    private static void xpending(Request request, Client client, ReplyBuffer reply) {
        int count = request.count();
        if (count == 3) {
            summary(
                    StreamGroups.inGroup(
                            request,
                            client,
                            1,
                            2,
                            () -> streams(client).xpending(request.copy(1), request.copy(2))),
                    reply);
            return;
        }
        if (count < 6 || count > 9) {
            throw CommandException.syntax();
        }
        int start = 3;
        long minIdle = 0;
        if (request.is(3, "IDLE")) {
            minIdle = request.integer(4);
            if (count < 8) {
                throw CommandException.syntax();
            }
            start = 5;
        }
        long limit = Math.max(0, request.integer(start + 2));
        StreamRange range =
                StreamIds.range(request, start, start + 1)
                        .limit(Math.min(limit, ReplyLimit.elements(client)));
        byte[] consumer = start + 3 < count ? request.copy(start + 3) : null;
        pending(
                pending(request, client, range, Duration.ofMillis(Math.max(0, minIdle)), consumer),
                reply);
    }

    private static List<StreamPending> pending(
            Request request,
            Client client,
            StreamRange range,
            Duration minIdle,
            byte @Nullable [] consumer) {
        return StreamGroups.inGroup(
                request,
                client,
                1,
                2,
                () ->
                        streams(client)
                                .xpending(
                                        request.copy(1),
                                        request.copy(2),
                                        range,
                                        minIdle,
                                        consumer));
    }

    private static void summary(StreamPending.Summary summary, ReplyBuffer reply) {
        StreamId first = summary.first();
        StreamId last = summary.last();
        reply.array(4);
        reply.integer(summary.count());
        if (first == null || last == null) {
            reply.nullValue();
            reply.nullValue();
            reply.nullArray();
            return;
        }
        StreamReplies.id(first, reply);
        StreamReplies.id(last, reply);
        reply.array(summary.consumers().size());
        for (Map.Entry<byte[], Long> consumer : summary.consumers()) {
            reply.array(2);
            reply.bulk(consumer.getKey());
            reply.bulkInteger(consumer.getValue());
        }
    }

    private static void pending(List<StreamPending> entries, ReplyBuffer reply) {
        reply.array(entries.size());
        for (StreamPending entry : entries) {
            reply.array(4);
            StreamReplies.id(entry.id(), reply);
            reply.bulk(entry.consumer());
            reply.integer(entry.idle().toMillis());
            reply.integer(entry.deliveries());
        }
    }

    private static void xclaim(Request request, Client client, ReplyBuffer reply) {
        ClaimArguments arguments = new ClaimArguments(request);
        byte[] key = request.copy(1);
        byte[] group = request.copy(2);
        byte[] consumer = request.copy(3);
        Runnable answer =
                StreamGroups.inGroup(
                        request,
                        client,
                        1,
                        2,
                        () -> {
                            StreamClaim how = arguments.read();
                            StreamId[] ids = arguments.ids.toArray(new StreamId[0]);
                            if (arguments.justIds) {
                                List<StreamId> claimed =
                                        streams(client)
                                                .xclaimJustId(key, group, consumer, how, ids);
                                return () -> StreamReplies.ids(claimed, reply);
                            }
                            List<StreamEntry> claimed =
                                    streams(client).xclaim(key, group, consumer, how, ids);
                            return () -> StreamReplies.entries(claimed, reply);
                        });
        client.noteWrite();
        answer.run();
    }

    /** What XCLAIM is given behind the consumer. */
    private static final class ClaimArguments {
        private final Request request;
        private final List<StreamId> ids = new ArrayList<>();
        private boolean justIds;

        ClaimArguments(Request request) {
            this.request = request;
        }

        StreamClaim read() {
            StreamClaim how =
                    StreamClaim.idleFor(
                            Duration.ofMillis(Math.max(0, number(4, "min-idle-time argument"))));
            int i = 5;
            for (; i < request.count(); i++) {
                StreamId id = StreamIds.find(request, i);
                if (id == null) {
                    break;
                }
                ids.add(id);
            }
            for (; i < request.count(); i++) {
                boolean more = i + 1 < request.count();
                if (request.is(i, "FORCE")) {
                    how = how.forced();
                } else if (request.is(i, "JUSTID")) {
                    justIds = true;
                } else if (more && request.is(i, "IDLE")) {
                    how = idle(how, number(++i, "IDLE option argument"));
                } else if (more && request.is(i, "TIME")) {
                    how = deliveredAt(how, number(++i, "TIME option argument"));
                } else if (more && request.is(i, "RETRYCOUNT")) {
                    how = how.deliveries(number(++i, "RETRYCOUNT option argument"));
                } else if (more && request.is(i, "LASTID")) {
                    how = how.lastId(StreamIds.strict(request, ++i));
                } else {
                    throw new CommandException(
                            "ERR Unrecognized XCLAIM option '" + request.inError(i) + "'");
                }
            }
            return how;
        }

        /** Of IDLE and TIME the later one counts. */
        private static StreamClaim idle(StreamClaim how, long ms) {
            return how.idle(Duration.ofMillis(ms));
        }

        private static StreamClaim deliveredAt(StreamClaim how, long ms) {
            return how.deliveredAt(Instant.ofEpochMilli(ms));
        }

        private long number(int argument, String what) {
            return request.integer(
                    argument,
                    Long.MIN_VALUE,
                    Long.MAX_VALUE,
                    "ERR Invalid " + what + " for XCLAIM");
        }
    }

    private static void xautoclaim(Request request, Client client, ReplyBuffer reply) {
        long minIdle =
                request.integer(
                        4,
                        Long.MIN_VALUE,
                        Long.MAX_VALUE,
                        "ERR Invalid min-idle-time argument for XAUTOCLAIM");
        Duration idle = Duration.ofMillis(Math.max(0, minIdle));
        StreamId from = StreamIds.first(request, 5);
        long count = DEFAULT_CLAIMS;
        boolean justIds = false;
        for (int i = 6; i < request.count(); i++) {
            if (i + 1 < request.count() && request.is(i, "COUNT")) {
                count = request.integer(++i, 1, MAX_CLAIMS, "ERR COUNT must be > 0");
            } else if (request.is(i, "JUSTID")) {
                justIds = true;
            } else {
                throw CommandException.syntax();
            }
        }
        long most = Math.min(count, ReplyLimit.elements(client));
        byte[] key = request.copy(1);
        byte[] group = request.copy(2);
        byte[] consumer = request.copy(3);
        boolean ids = justIds;
        Runnable answer =
                StreamGroups.inGroup(
                        request,
                        client,
                        1,
                        2,
                        () -> {
                            StreamOperations streams = streams(client);
                            if (ids) {
                                StreamAutoClaim<StreamId> claimed =
                                        streams.xautoclaimJustId(
                                                key, group, consumer, idle, from, most);
                                return () -> claimed(claimed, StreamReplies::id, reply);
                            }
                            StreamAutoClaim<StreamEntry> claimed =
                                    streams.xautoclaim(key, group, consumer, idle, from, most);
                            return () -> claimed(claimed, StreamReplies::entry, reply);
                        });
        client.noteWrite();
        answer.run();
    }

    private static <T> void claimed(
            StreamAutoClaim<T> claim, BiConsumer<T, ReplyBuffer> writer, ReplyBuffer reply) {
        reply.array(3);
        StreamReplies.id(claim.next(), reply);
        reply.array(claim.claimed().size());
        for (T each : claim.claimed()) {
            writer.accept(each, reply);
        }
        StreamReplies.ids(claim.deleted(), reply);
    }
}
