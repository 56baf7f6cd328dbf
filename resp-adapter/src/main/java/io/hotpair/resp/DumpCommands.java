package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.DENYOOM;
import static io.hotpair.resp.Command.Flag.READONLY;
import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.KeyOperations.DeadlineCondition;
import io.hotpair.TransactionView;
import io.hotpair.log.OperationReader;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** A value as bytes, and back, in the form that Redis has for it. */
final class DumpCommands {
    private static final int MAX_FREQUENCY = 255;

    private DumpCommands() {}

    static void register(CommandTable table) {
        table.add("dump", 2, Group.GENERIC)
                .categories(Category.KEYSPACE)
                .syntax("key")
                .flags(READONLY)
                .keys(1, 1, 1, "RO", "access")
                .tips("nondeterministic_output")
                .since("2.6.0")
                .complexity("O(N), N being the length of the value")
                .summary("Returns a value as bytes, which RESTORE takes, here or in Redis.")
                .does(DumpCommands::dump);
        table.add("restore", -4, Group.GENERIC)
                .categories(Category.KEYSPACE, Category.DANGEROUS)
                .syntax(
                        "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ"
                                + " frequency]")
                .flags(WRITE, DENYOOM)
                .keys(1, 1, 1, "OW", "update")
                .since("2.6.0")
                .complexity("O(N), N being the length of the value")
                .summary("Makes a value of the bytes that DUMP gave, here or in Redis.")
                .does(DumpCommands::restore);
    }

    private static void dump(Request request, Client client, ReplyBuffer reply) {
        reply.bulkOrNull(dumped(request.copy(1), client, CommandException::replyTooLong));
    }

    /**
     * What DUMP answers of a key; null if there is none.
     *
     * @param tooLong what is thrown if a reply may not be as long as that, given the limit
     */
    static byte @Nullable [] dumped(
            byte[] key, Client client, LongFunction<CommandException> tooLong) {
        List<byte[]> operations = new ArrayList<>();
        long limitBytes = client.server().replyLimitBytes();
        if (StringCommands.lengthIfString(key, client) > limitBytes) {
            // Of zeros there are next to none in what follows.
            throw tooLong.apply(limitBytes);
        }
        long[] length = {0};
        boolean isThere =
                client.session()
                        .keys()
                        .describe(
                                key,
                                operation -> {
                                    length[0] += operation.operationLength();
                                    if (length[0] > limitBytes) {
                                        throw tooLong.apply(limitBytes);
                                    }
                                    operations.add(copy(operation));
                                });
        return isThere ? payload(operations, client.keyspace().currentTimeMs()) : null;
    }

    private static byte[] copy(OperationReader operation) {
        int from = operation.operationOffset();
        return Arrays.copyOfRange(operation.bytes(), from, from + operation.operationLength());
    }

    private static OperationReader reader(byte[] operation) {
        OperationReader reader = new OperationReader();
        reader.wrap(operation, 0, operation.length);
        boolean isThere = reader.next();
        assert isThere;
        return reader;
    }

    /**
     * Only deadlines of fields need more than what Redis 7.0 reads.
     *
     * @return the payload, or null if all fields of a hash have expired
     */
    private static byte @Nullable [] payload(List<byte[]> operations, long nowMs) {
        RdbShape shape = new RdbShape(reader(operations.get(0)), nowMs);
        operations.stream().skip(1).forEach(each -> shape.add(reader(each)));
        if (shape.isGone()) {
            return null;
        }
        int version =
                shape.timedCount() > 0 ? RdbValueWriter.VERSION_7_4 : RdbValueWriter.VERSION_7_0;
        RdbBuffer out = new RdbBuffer(RdbBuffer.NONE);
        RdbValueWriter writer = new RdbValueWriter(out, version, nowMs);
        out.one(writer.typeOf(shape));
        writer.begin(shape);
        operations.forEach(each -> writer.add(reader(each)));
        writer.end();
        RdbPayload.end(out, version);
        return out.copy();
    }

    private static void restore(Request request, Client client, ReplyBuffer reply) {
        boolean replace = false;
        boolean isAbsolute = false;
        boolean hasIdleTime = false;
        boolean hasFrequency = false;
        for (int i = 4; i < request.count(); i++) {
            boolean hasNext = i + 1 < request.count();
            if (request.is(i, "REPLACE")) {
                replace = true;
            } else if (request.is(i, "ABSTTL")) {
                isAbsolute = true;
            } else if (request.is(i, "IDLETIME") && hasNext && !hasFrequency) {
                requireIdleTime(request.integer(++i));
                hasIdleTime = true;
            } else if (request.is(i, "FREQ") && hasNext && !hasIdleTime) {
                requireFrequency(request.integer(++i));
                hasFrequency = true;
            } else {
                throw CommandException.syntax();
            }
        }
        restore(request, client, replace, isAbsolute);
        reply.ok();
    }

    /** Looked at and forgotten: how long keys are idle, and how often used, is not kept here. */
    private static void requireIdleTime(long seconds) {
        if (seconds < 0) {
            throw new CommandException("ERR Invalid IDLETIME value, must be >= 0");
        }
    }

    private static void requireFrequency(long frequency) {
        if (frequency < 0 || frequency > MAX_FREQUENCY) {
            throw new CommandException("ERR Invalid FREQ value, must be >= 0 and <= 255");
        }
    }

    private static void restore(
            Request request, Client client, boolean replace, boolean isAbsolute) {
        byte[] key = request.copy(1);
        if (!replace && client.unnoticed().keys().exists(key) > 0) {
            throw isBusy();
        }
        long timeToLive = request.integer(2);
        if (timeToLive < 0) {
            throw new CommandException("ERR Invalid TTL value, must be >= 0");
        }
        RdbPayload payload =
                new RdbPayload(request.copy(3), client.server().budget().availableBytes());
        payload.read(RestoredValue.NOWHERE);
        long nowMs = client.keyspace().currentTimeMs();
        // Too far away is, as with Redis, long ago.
        long deadlineMs = isAbsolute || timeToLive == 0 ? timeToLive : timeToLive + nowMs;
        Void unused =
                client.session()
                        .transaction(
                                view -> {
                                    write(view, key, payload, replace, deadlineMs, nowMs);
                                    return null;
                                });
        client.noteWrite();
    }

    private static CommandException isBusy() {
        return new CommandException("BUSYKEY Target key name already exists.");
    }

    private static void write(
            TransactionView view,
            byte[] key,
            RdbPayload payload,
            boolean replace,
            long deadlineMs,
            long nowMs) {
        if (!replace && view.keys().exists(key) > 0) {
            throw isBusy();
        }
        boolean unused = view.delete(key);
        if (deadlineMs != 0 && deadlineMs <= nowMs) {
            return;
        }
        RestoredValue value = new RestoredValue(view, key, nowMs);
        payload.read(value);
        if (value.end() && deadlineMs != 0) {
            unused = view.keys().pexpireAt(key, deadlineMs, DeadlineCondition.ALWAYS);
        }
    }
}
