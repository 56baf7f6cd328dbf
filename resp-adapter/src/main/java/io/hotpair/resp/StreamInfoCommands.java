package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.STALE;
import static io.hotpair.resp.StreamCommands.streams;

import io.hotpair.HotpairException;
import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import io.hotpair.StreamInfo;
import io.hotpair.StreamPending;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Streams: XINFO. */
final class StreamInfoCommands {
    private static final long DEFAULT_COUNT = 10;

    /** How many entries Redis keeps in a node of its tree. */
    private static final long NODE_ENTRIES = 100;

    private StreamInfoCommands() {}

    static void register(CommandTable table) {
        Command xinfo =
                table.add("xinfo", -2, Group.STREAM)
                        .since("5.0.0")
                        .summary("Describes streams, groups and consumers.");
        sub(table, xinfo, "stream", -3, "key [FULL [COUNT count]]")
                .summary("Describes a stream.")
                .does(StreamInfoCommands::stream);
        sub(table, xinfo, "groups", 3, "key")
                .summary("Describes the groups of a stream.")
                .does(StreamInfoCommands::groups);
        sub(table, xinfo, "consumers", 4, "key group")
                .tips("nondeterministic_output")
                .summary("Describes the consumers of a group.")
                .does(StreamInfoCommands::consumers);
        table.addSubcommand(xinfo, "help", 2)
                .flags(LOADING, STALE)
                .categories(Category.STREAM)
                .since("5.0.0")
                .summary("Lists the subcommands.")
                .does((r, c, out) -> HelpText.write(xinfo, out));
    }

    private static Command sub(
            CommandTable table, Command container, String name, int arity, String syntax) {
        return table.addSubcommand(container, name, arity)
                .flags(READONLY)
                .keys(2, 2, 1, "RO", "access")
                .categories(Category.STREAM)
                .since("5.0.0")
                .syntax(syntax);
    }

    private static <R> R ofStream(Supplier<R> work) {
        try {
            return work.get();
        } catch (HotpairException e) {
            throw StreamGroups.isAbsence(e) ? CommandException.noSuchKey() : e;
        }
    }

    private static void stream(Request request, Client client, ReplyBuffer reply) {
        byte[] key = request.copy(2);
        if (request.count() == 3) {
            StreamInfo info = ofStream(() -> streams(client).xinfoStream(key));
            reply.map(10);
            common(info, reply);
            field("groups", info.groupCount(), reply);
            entry("first-entry", info.first(), reply);
            entry("last-entry", info.last(), reply);
            return;
        }
        if (!StreamCommands.exists(client, key)) {
            throw CommandException.noSuchKey();
        }
        long count = fullCount(request);
        long limit = Math.min(count == 0 ? Long.MAX_VALUE : count, ReplyLimit.elements(client));
        StreamInfo.Full full = ofStream(() -> streams(client).xinfoStreamFull(key, limit));
        reply.map(9);
        common(full.stream(), reply);
        reply.bulk("entries");
        StreamReplies.entries(full.entries(), reply);
        reply.bulk("groups");
        reply.array(full.groups().size());
        for (StreamInfo.FullGroup group : full.groups()) {
            fullGroup(group, reply);
        }
    }

    private static long fullCount(Request request) {
        int options = request.count() - 3;
        boolean valid =
                request.is(3, "FULL") && (options == 1 || (options == 3 && request.is(4, "COUNT")));
        if (!valid) {
            throw StreamGroupCommands.unknownSubcommand(request);
        }
        long count = options == 1 ? DEFAULT_COUNT : request.integer(5);
        return count < 0 ? DEFAULT_COUNT : count;
    }

    /** What both forms of XINFO STREAM begin with. */
    private static void common(StreamInfo info, ReplyBuffer reply) {
        long nodes = (info.length() + NODE_ENTRIES - 1) / NODE_ENTRIES;
        StreamEntry first = info.first();
        field("length", info.length(), reply);
        field("radix-tree-keys", nodes, reply);
        field("radix-tree-nodes", nodes + 1, reply);
        id("last-generated-id", info.lastId(), reply);
        id("max-deleted-entry-id", info.maxDeletedId(), reply);
        field("entries-added", info.entriesAdded(), reply);
        id("recorded-first-entry-id", first == null ? StreamId.MIN : first.id(), reply);
    }

    private static void field(String name, long value, ReplyBuffer reply) {
        reply.bulk(name);
        reply.integer(value);
    }

    private static void field(String name, OptionalLong value, ReplyBuffer reply) {
        reply.bulk(name);
        if (value.isPresent()) {
            reply.integer(value.getAsLong());
        } else {
            reply.nullValue();
        }
    }

    private static void id(String name, StreamId id, ReplyBuffer reply) {
        reply.bulk(name);
        StreamReplies.id(id, reply);
    }

    private static void name(byte[] name, ReplyBuffer reply) {
        reply.bulk("name");
        reply.bulk(name);
    }

    private static void entry(String name, @Nullable StreamEntry entry, ReplyBuffer reply) {
        reply.bulk(name);
        if (entry == null) {
            reply.nullValue();
        } else {
            StreamReplies.entry(entry, reply);
        }
    }

    private static void fullGroup(StreamInfo.FullGroup full, ReplyBuffer reply) {
        StreamInfo.Group group = full.group();
        reply.map(7);
        name(group.name(), reply);
        id("last-delivered-id", group.lastDeliveredId(), reply);
        field("entries-read", group.entriesRead(), reply);
        field("lag", group.lag(), reply);
        field("pel-count", group.pendingCount(), reply);
        reply.bulk("pending");
        reply.array(full.pending().size());
        for (StreamPending pending : full.pending()) {
            reply.array(4);
            StreamReplies.id(pending.id(), reply);
            reply.bulk(pending.consumer());
            delivery(pending, reply);
        }
        reply.bulk("consumers");
        reply.array(full.consumers().size());
        for (StreamInfo.FullConsumer consumer : full.consumers()) {
            fullConsumer(consumer, reply);
        }
    }

    private static void fullConsumer(StreamInfo.FullConsumer full, ReplyBuffer reply) {
        StreamInfo.Consumer consumer = full.consumer();
        reply.map(4);
        name(consumer.name(), reply);
        field("seen-time", consumer.seenAt().toEpochMilli(), reply);
        field("pel-count", consumer.pendingCount(), reply);
        reply.bulk("pending");
        reply.array(full.pending().size());
        for (StreamPending pending : full.pending()) {
            reply.array(3);
            StreamReplies.id(pending.id(), reply);
            delivery(pending, reply);
        }
    }

    private static void delivery(StreamPending pending, ReplyBuffer reply) {
        reply.integer(pending.deliveredAt().toEpochMilli());
        reply.integer(pending.deliveries());
    }

    private static void groups(Request request, Client client, ReplyBuffer reply) {
        List<StreamInfo.Group> groups =
                ofStream(() -> streams(client).xinfoGroups(request.copy(2)));
        reply.array(groups.size());
        for (StreamInfo.Group group : groups) {
            reply.map(6);
            name(group.name(), reply);
            field("consumers", group.consumerCount(), reply);
            field("pending", group.pendingCount(), reply);
            id("last-delivered-id", group.lastDeliveredId(), reply);
            field("entries-read", group.entriesRead(), reply);
            field("lag", group.lag(), reply);
        }
    }

    private static void consumers(Request request, Client client, ReplyBuffer reply) {
        byte[] key = request.copy(2);
        if (!StreamCommands.exists(client, key)) {
            throw CommandException.noSuchKey();
        }
        List<StreamInfo.Consumer> consumers;
        try {
            consumers = streams(client).xinfoConsumers(key, request.copy(3));
        } catch (HotpairException e) {
            throw StreamGroups.isAbsence(e) ? StreamGroups.absentInStream(request, 2, 3) : e;
        }
        reply.array(consumers.size());
        for (StreamInfo.Consumer consumer : consumers) {
            reply.map(3);
            name(consumer.name(), reply);
            field("pending", consumer.pendingCount(), reply);
            field("idle", consumer.idle().toMillis(), reply);
        }
    }
}
