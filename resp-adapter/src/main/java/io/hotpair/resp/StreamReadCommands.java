package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.BLOCKING;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;
import static io.hotpair.resp.StreamCommands.add;
import static io.hotpair.resp.StreamCommands.streams;

import io.hotpair.HotpairException;
import io.hotpair.StreamBatch;
import io.hotpair.StreamEntry;
import io.hotpair.StreamGroupRead;
import io.hotpair.StreamId;
import io.hotpair.StreamOperations;
import io.hotpair.StreamPosition;
import io.hotpair.StreamRange;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Streams: XREAD and XREADGROUP, which read several, and may wait. */
final class StreamReadCommands {
    private StreamReadCommands() {}

    static void register(CommandTable table) {
        add(table, "xread", -4, "[COUNT count] [BLOCK milliseconds] STREAMS key... id...")
                .flags(READONLY, BLOCKING)
                .keys(KeySpec.halfBehind("STREAMS", 1, "RO", "access"))
                .complexity("O(log(N)+M) for each stream, N entries, M of them returned")
                .summary("Returns the entries of streams behind an id, and waits if there is none.")
                .does(StreamReadCommands::xread);
        add(
                        table,
                        "xreadgroup",
                        -7,
                        "GROUP group consumer [COUNT count] [BLOCK milliseconds]"
                                + " [CLAIM min-idle-time] [NOACK] STREAMS key... id...")
                .flags(WRITE, BLOCKING)
                .keys(KeySpec.halfBehind("STREAMS", 4, "RO", "access"))
                .complexity(
                        "O(log(N)+M) for each stream, N entries, M of them returned; with CLAIM"
                                + " also what is pending")
                .summary("Delivers entries of streams to a consumer of a group.")
                .does(StreamReadCommands::xreadgroup);
    }

    private static void xread(Request request, Client client, ReplyBuffer reply) {
        ReadArguments arguments = new ReadArguments(request, client, false);
        StreamPosition[] positions = arguments.positions();
        Duration timeout = arguments.timeout;
        if (timeout == null) {
            for (int i = 0; i < positions.length; i++) {
                if (positions[i].after() == null) {
                    byte[] key = positions[i].key();
                    positions[i] = StreamPosition.after(key, streams(client).xlastId(key));
                }
            }
            StreamReplies.batches(streams(client).xread(arguments.limit(), positions), reply);
            return;
        }
        CompletableFuture<List<StreamBatch>> future =
                streams(client).xreadAsync(timeout, arguments.limit(), positions);
        BlockedClient.await(client, reply, future, false, StreamReplies::batches);
    }

    private static void xreadgroup(Request request, Client client, ReplyBuffer reply) {
        ReadArguments arguments = new ReadArguments(request, client, true);
        StreamPosition[] positions = arguments.positions();
        byte[] group = request.copy(arguments.group);
        byte[] consumer = request.copy(arguments.group + 1);
        Duration timeout = arguments.timeout;
        try {
            if (timeout == null) {
                List<StreamBatch> found =
                        streams(client).xreadGroup(group, consumer, arguments.inGroup(), positions);
                client.noteWrite();
                StreamReplies.batches(found, reply);
                return;
            }
        } catch (HotpairException e) {
            throw arguments.refused(e);
        }
        arguments.checkAll();
        CompletableFuture<List<StreamBatch>> future =
                streams(client)
                        .xreadGroupAsync(timeout, group, consumer, arguments.inGroup(), positions);
        BlockedClient.await(client, reply, future, true, StreamReplies::batches);
    }

    /** What a consumer is told that waits, when its stream or its group is not there any more. */
    static HotpairException lost(Request request, Client client) {
        return new HotpairException(
                HotpairException.Category.WRONG_VALUE,
                new ReadArguments(request, client, true).lost());
    }

    /** What XREAD and XREADGROUP are given. */
    private static final class ReadArguments {
        private final Request request;
        private final Client client;
        private final boolean inGroup;
        private @Nullable Duration timeout;
        private @Nullable Duration minIdle;
        private long count;
        private boolean acknowledges;
        private int group;
        private int streams;
        private int streamCount;
        private int lastEntries;

        ReadArguments(Request request, Client client, boolean inGroup) {
            this.request = request;
            this.client = client;
            this.inGroup = inGroup;
            int i = 1;
            while (i < request.count() && streams == 0) {
                i += option(i);
            }
            if (streams == 0) {
                throw CommandException.syntax();
            }
            if (inGroup && group == 0) {
                throw new CommandException("ERR Missing GROUP option for XREADGROUP");
            }
        }

        private int option(int i) {
            int left = request.count() - i - 1;
            if (left >= 1 && request.is(i, "CLAIM")) {
                checkGroupOption("CLAIM");
                minIdle = minIdle(i + 1);
                return 2;
            }
            if (left >= 1 && request.is(i, "BLOCK")) {
                if (client.transaction().isScripted()) {
                    throw new CommandException(
                            "ERR "
                                    + request.text(0)
                                    + " command is not allowed with BLOCK option from scripts");
                }
                timeout = timeout(i + 1);
                return 2;
            }
            if (left >= 1 && request.is(i, "COUNT")) {
                count = Math.max(0, request.integer(i + 1));
                return 2;
            }
            if (left >= 1 && request.is(i, "STREAMS")) {
                streams(i + 1, left);
                return 1;
            }
            if (left >= 2 && request.is(i, "GROUP")) {
                checkGroupOption("GROUP");
                group = i + 1;
                return 3;
            }
            if (request.is(i, "NOACK")) {
                checkGroupOption("NOACK");
                acknowledges = true;
                return 1;
            }
            throw CommandException.syntax();
        }

        private void checkGroupOption(String option) {
            if (!inGroup) {
                throw new CommandException(
                        "ERR The "
                                + option
                                + " option is only supported by XREADGROUP. You called XREAD"
                                + " instead.");
            }
        }

        private void streams(int first, int arguments) {
            if (arguments % 2 != 0) {
                throw new CommandException(
                        "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$'"
                                + " must be specified.");
            }
            streams = first;
            streamCount = arguments / 2;
        }

        private Duration timeout(int argument) {
            long ms =
                    milliseconds(
                            argument,
                            "ERR timeout is not an integer or out of range",
                            "ERR timeout is negative");
            if (ms > Long.MAX_VALUE - client.keyspace().currentTimeMs()) {
                throw new CommandException("ERR timeout is out of range");
            }
            return Duration.ofMillis(ms);
        }

        private Duration minIdle(int argument) {
            return Duration.ofMillis(
                    milliseconds(
                            argument,
                            "ERR min-idle-time is not an integer or out of range",
                            "ERR min-idle-time must be a positive integer"));
        }

        private long milliseconds(int argument, String ifNoNumber, String ifNegative) {
            long ms = request.integer(argument, Long.MIN_VALUE, Long.MAX_VALUE, ifNoNumber);
            if (ms < 0) {
                throw new CommandException(ifNegative);
            }
            return ms;
        }

        /** How streams are read for a consumer. */
        StreamGroupRead inGroup() {
            return new StreamGroupRead(limit(), acknowledges, minIdle);
        }

        /** At most how many entries of each stream: never more than a reply can have. */
        long limit() {
            if (lastEntries == streamCount) {
                // What is added meanwhile is not asked for.
                return 1;
            }
            long most = ReplyLimit.elements(client);
            return count == 0 ? most : Math.min(count, most);
        }

        StreamPosition[] positions() {
            StreamPosition[] positions = new StreamPosition[streamCount];
            for (int i = 0; i < streamCount; i++) {
                try {
                    positions[i] = position(i);
                } catch (CommandException e) {
                    // Of this stream and those before it key and group are looked at first.
                    check(i + 1);
                    throw e;
                }
            }
            if (!inGroup) {
                check(streamCount);
            }
            return positions;
        }

        private StreamPosition position(int i) {
            byte[] key = request.copy(streams + i);
            int argument = streams + streamCount + i;
            if (request.is(argument, "$")) {
                if (inGroup) {
                    throw new CommandException(
                            "ERR The $ ID is meaningless in the context of XREADGROUP: you want to"
                                    + " read the history of this consumer by specifying a proper ID,"
                                    + " or use the > ID to get new messages. The $ ID would just"
                                    + " return an empty result set.");
                }
                return StreamPosition.added(key);
            }
            if (request.is(argument, ">")) {
                if (!inGroup) {
                    throw new CommandException(
                            "ERR The > ID can be specified only when calling XREADGROUP using the"
                                    + " GROUP <group> <consumer> option.");
                }
                return StreamPosition.undelivered(key);
            }
            if (request.is(argument, "+") && !inGroup) {
                lastEntries++;
                return lastEntry(key);
            }
            StreamId id = StreamIds.strict(request, argument);
            return inGroup && id.equals(StreamId.MAX)
                    ? StreamPosition.undelivered(key)
                    : StreamPosition.after(key, id);
        }

        /** As from Redis 7.4 on; of a stream without entries, behind all that it ever had. */
        private StreamPosition lastEntry(byte[] key) {
            StreamOperations operations = StreamCommands.streams(client);
            StreamId lastId = operations.xlastId(key);
            List<StreamEntry> last = operations.xrevrange(key, StreamRange.all().limit(1));
            return StreamPosition.after(key, last.isEmpty() ? lastId : last.get(0).id().previous());
        }

        void checkAll() {
            check(streamCount);
        }

        /** Looks whether the first keys are streams, and have the group. */
        private void check(int howMany) {
            for (int i = 0; i < howMany; i++) {
                byte[] key = request.copy(streams + i);
                boolean there =
                        inGroup
                                ? StreamGroups.exists(client, key, request.copy(group))
                                : StreamCommands.exists(client, key);
                if (inGroup && !there) {
                    throw new CommandException(
                            "NOGROUP No such key '"
                                    + request.keyInError(streams + i)
                                    + "' or consumer group '"
                                    + request.inError(group)
                                    + "' in XREADGROUP with GROUP option");
                }
            }
        }

        /** Says of the first stream that is concerned whether it went, or only the group. */
        String lost() {
            for (int i = 0; i < streamCount; i++) {
                byte[] key = request.copy(streams + i);
                boolean isStream = "stream".equals(client.session().keys().type(key));
                if (isStream && !StreamGroups.exists(client, key, request.copy(group))) {
                    return StreamOperations.NO_GROUP;
                }
                if (!isStream) {
                    break;
                }
            }
            return StreamOperations.NO_STREAM;
        }

        /** Which stream it was that is not there, or has no such group, or is no stream. */
        RuntimeException refused(HotpairException e) {
            boolean ours =
                    StreamGroups.isAbsence(e)
                            || e.category() == HotpairException.Category.WRONG_TYPE;
            if (ours) {
                checkAll();
            }
            return e;
        }
    }
}
