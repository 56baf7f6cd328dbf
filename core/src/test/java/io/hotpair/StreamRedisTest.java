package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Streams against a real server: the same seeded programs, the same replies, the same state.
 *
 * <p>Two clocks are at work, so times are compared by the hour: what is made idle is made so for
 * hours, and what must have been idle is asked for half hours.
 */
class StreamRedisTest extends TypeTest {
    private static final Duration HOUR = Duration.ofHours(1);

    /** One program that runs on both. */
    private final class Program {
        private final Random random;
        private final RedisProcess redis;
        private final StreamOperations streams = keyspace.streams();
        private final boolean trimsLoosely;
        private final List<String> trace = new ArrayList<>();
        private final long[] lastMs = new long[2];

        Program(long seed, RedisProcess redis, boolean trimsLoosely) {
            random = new Random(seed);
            this.redis = redis;
            this.trimsLoosely = trimsLoosely;
        }

        private byte[] key() {
            return bytes("s" + random.nextInt(2));
        }

        private byte[] group() {
            return bytes("g" + random.nextInt(3));
        }

        private byte[] consumer() {
            return bytes("c" + random.nextInt(4));
        }

        private StreamId id(byte[] key) {
            long highest = lastMs[key[1] - '0'] + 2;
            return new StreamId(1 + random.nextInt((int) highest), random.nextInt(3));
        }

        /** Mostly ids of entries that are there. */
        private StreamId[] ids(byte[] key) {
            StreamId[] ids = new StreamId[1 + random.nextInt(random.nextInt(8) == 0 ? 30 : 4)];
            List<StreamEntry> from =
                    streams.xrange(key, StreamRange.all().from(id(key)).limit(ids.length));
            for (int i = 0; i < ids.length; i++) {
                boolean known = i < from.size() && random.nextInt(5) > 0;
                ids[i] = known ? from.get(i).id() : id(key);
            }
            return ids;
        }

        private StreamRange range(byte[] key) {
            StreamRange range = StreamRange.all();
            if (random.nextInt(3) > 0) {
                range = range.from(id(key));
            }
            if (random.nextInt(3) > 0) {
                range = range.to(id(key));
            }
            return random.nextBoolean() ? range.limit(1 + random.nextInt(20)) : range;
        }

        private long limit() {
            return random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(10);
        }

        private Duration minIdle() {
            return Duration.ofMinutes(random.nextInt(4) * 30L + (random.nextBoolean() ? 0 : 1));
        }

        /** Compares what a command gives here and there. */
        private void same(Supplier<@Nullable Object> here, Object... command) {
            trace.add(shown(Arrays.asList(command)).replaceAll("xxx+", "x"));
            String ours;
            try {
                ours = shown(here.get());
            } catch (HotpairException e) {
                ours = refusal(e);
            } catch (IllegalArgumentException e) {
                ours = "!ERR";
            }
            assertEquals(shown(redis.call(command)), ours, () -> "at the end of " + tail());
        }

        private String refusal(HotpairException e) {
            assertEquals(HotpairException.Category.WRONG_VALUE, e.category(), e.getMessage());
            return StreamOperations.NO_GROUP.equals(e.getMessage()) ? "!NOGROUP" : "!ERR";
        }

        private List<String> tail() {
            return trace.subList(Math.max(0, trace.size() - 20), trace.size());
        }

        void step() {
            byte[] key = key();
            switch (random.nextInt(24)) {
                case 0, 1, 2, 3, 4, 5, 6 -> add(key);
                case 7 -> delete(key);
                case 8 -> trim(key);
                case 9 -> setId(key);
                case 10 -> ranges(key);
                case 11 -> read();
                case 12, 13 -> groups(key);
                case 14, 15, 16 -> readGroup();
                case 17, 18 -> acknowledge(key);
                case 19 -> pending(key);
                case 20, 21 -> claim(key);
                case 22 -> autoClaim(key);
                default -> describe(key);
            }
        }

        private void add(byte[] key) {
            int which = key[1] - '0';
            lastMs[which] += random.nextInt(10) == 0 ? 1 + random.nextInt(4) : 0;
            long timeMs = Math.max(1, lastMs[which] - (random.nextInt(20) == 0 ? 1 : 0));
            List<Object> command = new ArrayList<>(List.of("XADD", key));
            boolean makesSequence = random.nextInt(8) > 0;
            StreamId id = makesSequence ? new StreamId(timeMs, 0) : id(key);
            StreamAdd how = makesSequence ? StreamAdd.atTime(timeMs) : StreamAdd.at(id);
            if (random.nextInt(10) == 0) {
                how = how.onlyIfPresent();
                command.add("NOMKSTREAM");
            }
            if (random.nextInt(12) == 0) {
                how = how.trim(trim(key, command));
            }
            command.add(makesSequence ? timeMs + "-*" : id);
            byte[][] fields = new byte[2 * (1 + random.nextInt(3))][];
            for (int i = 0; i < fields.length; i++) {
                fields[i] = bytes("x".repeat(random.nextInt(random.nextInt(10) == 0 ? 300 : 12)));
            }
            command.addAll(List.of(fields));
            StreamAdd options = how;
            same(() -> streams.xadd(key, options, fields), command.toArray());
        }

        private StreamTrim trim(byte[] key, List<Object> command) {
            boolean byId = random.nextInt(3) == 0;
            StreamTrim trim;
            Object argument;
            if (byId) {
                StreamId id = id(key);
                trim = StreamTrim.toMinId(id);
                argument = id;
            } else {
                long length = random.nextInt((int) streams.xlen(key) + 20);
                trim = StreamTrim.toLength(length);
                argument = length;
            }
            boolean loosely = trimsLoosely && random.nextBoolean();
            command.addAll(List.of(byId ? "MINID" : "MAXLEN", loosely ? "~" : "=", argument));
            if (loosely) {
                long limit = random.nextInt(20);
                command.addAll(List.of("LIMIT", limit));
                return trim.limit(limit);
            }
            return trim;
        }

        private void delete(byte[] key) {
            StreamId[] ids = ids(key);
            List<Object> command = new ArrayList<>(List.of("XDEL", key));
            command.addAll(List.of(ids));
            same(() -> streams.xdel(key, ids), command.toArray());
        }

        private void trim(byte[] key) {
            if (random.nextInt(4) == 0) {
                List<Object> command = new ArrayList<>(List.of("XTRIM", key));
                StreamTrim trim = trim(key, command);
                same(() -> streams.xtrim(key, trim), command.toArray());
            } else if (random.nextInt(30) == 0) {
                same(() -> keyspace.delete(key) ? 1L : 0L, "DEL", key);
            }
        }

        private void setId(byte[] key) {
            if (random.nextInt(4) > 0) {
                return;
            }
            StreamId last = new StreamId(lastMs[key[1] - '0'] + random.nextInt(2), 50);
            long added = random.nextBoolean() ? -1 : random.nextInt(2_000);
            StreamId deleted = random.nextBoolean() ? null : id(key);
            List<StreamEntry> first = streams.xrange(key, StreamRange.all().limit(1));
            if (!first.isEmpty() && random.nextInt(3) == 0) {
                deleted = first.get(0).id();
            }
            setId(key, last, added, deleted);
        }

        private void setId(byte[] key, StreamId last, long added, @Nullable StreamId deleted) {
            List<Object> command = new ArrayList<>(List.of("XSETID", key, last));
            if (added >= 0) {
                command.addAll(List.of("ENTRIESADDED", added));
            }
            if (deleted != null) {
                command.addAll(List.of("MAXDELETEDID", deleted));
            }
            same(() -> ok(() -> streams.xsetid(key, last, added, deleted)), command.toArray());
        }

        private Object ok(Runnable action) {
            action.run();
            return "OK";
        }

        private void ranges(byte[] key) {
            StreamRange range = range(key);
            Object[] up = {"XRANGE", key, range.first(), range.last(), "COUNT", range.limit()};
            Object[] down = {"XREVRANGE", key, range.last(), range.first(), "COUNT", range.limit()};
            same(() -> entries(streams.xrange(key, range)), up);
            same(() -> entries(streams.xrevrange(key, range)), down);
            same(() -> streams.xlen(key), "XLEN", key);
            StreamId from = id(key);
            StreamId to = id(key);
            same(
                    () -> entries(streams.xrange(key, StreamRange.all().after(from).before(to))),
                    "XRANGE",
                    key,
                    "(" + from,
                    "(" + to);
        }

        private void read() {
            StreamPosition[] positions = new StreamPosition[1 + random.nextInt(2)];
            List<Object> ids = new ArrayList<>();
            long limit = limit();
            List<Object> command = new ArrayList<>(List.of("XREAD", "COUNT", limit, "STREAMS"));
            for (int i = 0; i < positions.length; i++) {
                byte[] key = key();
                StreamId after = id(key);
                positions[i] = StreamPosition.after(key, after);
                command.add(key);
                ids.add(after);
            }
            command.addAll(ids);
            same(() -> batches(streams.xread(limit, positions)), command.toArray());
        }

        private void groups(byte[] key) {
            byte[] group = group();
            byte[] consumer = consumer();
            StreamId id = random.nextBoolean() ? null : id(key);
            Object shown = id == null ? "$" : id;
            long read = random.nextInt(3) == 0 ? random.nextInt(200) : -1;
            boolean makes = random.nextBoolean();
            switch (random.nextInt(12)) {
                case 0, 1, 2, 3 -> {
                    List<Object> command =
                            new ArrayList<>(List.of("XGROUP", "CREATE", key, group, shown));
                    command.addAll(makes ? List.of("MKSTREAM") : List.of());
                    command.addAll(read < 0 ? List.of() : List.of("ENTRIESREAD", read));
                    same(
                            () ->
                                    streams.xgroupCreate(key, group, id, makes, read)
                                            ? "OK"
                                            : "!BUSYGROUP",
                            command.toArray());
                }
                case 4, 5 -> {
                    List<Object> command =
                            new ArrayList<>(List.of("XGROUP", "SETID", key, group, shown));
                    command.addAll(read < 0 ? List.of() : List.of("ENTRIESREAD", read));
                    same(
                            () -> ok(() -> streams.xgroupSetId(key, group, id, read)),
                            command.toArray());
                }
                case 6 ->
                        same(
                                () -> streams.xgroupDestroy(key, group) ? 1L : 0L,
                                "XGROUP",
                                "DESTROY",
                                key,
                                group);
                case 7, 8, 9 ->
                        same(
                                () -> streams.xgroupCreateConsumer(key, group, consumer) ? 1L : 0L,
                                "XGROUP",
                                "CREATECONSUMER",
                                key,
                                group,
                                consumer);
                default ->
                        same(
                                () -> streams.xgroupDelConsumer(key, group, consumer),
                                "XGROUP",
                                "DELCONSUMER",
                                key,
                                group,
                                consumer);
            }
        }

        private void readGroup() {
            byte[] group = group();
            byte[] consumer = consumer();
            long limit = limit();
            boolean acknowledges = random.nextInt(4) == 0;
            List<Object> command =
                    new ArrayList<>(
                            List.of("XREADGROUP", "GROUP", group, consumer, "COUNT", limit));
            command.addAll(acknowledges ? List.of("NOACK") : List.of());
            command.add("STREAMS");
            StreamPosition[] positions = new StreamPosition[random.nextInt(4) == 0 ? 2 : 1];
            List<Object> ids = new ArrayList<>();
            for (int i = 0; i < positions.length; i++) {
                byte[] key = key();
                boolean again = random.nextInt(4) == 0;
                StreamId after = random.nextBoolean() ? StreamId.MIN : id(key);
                positions[i] =
                        again ? StreamPosition.after(key, after) : StreamPosition.undelivered(key);
                command.add(key);
                ids.add(again ? after : ">");
            }
            command.addAll(ids);
            same(
                    () ->
                            batches(
                                    streams.xreadGroup(
                                            group, consumer, limit, acknowledges, positions)),
                    command.toArray());
        }

        private void acknowledge(byte[] key) {
            byte[] group = group();
            StreamId[] ids = ids(key);
            List<Object> command = new ArrayList<>(List.of("XACK", key, group));
            command.addAll(List.of(ids));
            same(() -> streams.xack(key, group, ids), command.toArray());
        }

        private void pending(byte[] key) {
            byte[] group = group();
            StreamRange range = range(key).limit(random.nextInt(random.nextInt(3) == 0 ? 200 : 9));
            Duration minIdle = minIdle();
            byte[] consumer = random.nextBoolean() ? null : consumer();
            same(() -> summary(streams.xpending(key, group)), "XPENDING", key, group);
            List<Object> command = new ArrayList<>(List.of("XPENDING", key, group));
            command.addAll(List.of("IDLE", minIdle.toMillis(), range.first(), range.last()));
            command.add(range.limit());
            command.addAll(consumer == null ? List.of() : List.of(consumer));
            same(
                    () -> pendings(streams.xpending(key, group, range, minIdle, consumer)),
                    command.toArray());
        }

        private void claim(byte[] key) {
            byte[] group = group();
            byte[] consumer = consumer();
            StreamClaim how = StreamClaim.idleFor(minIdle());
            StreamId[] ids = ids(key);
            List<Object> command = new ArrayList<>(List.of("XCLAIM", key, group, consumer));
            command.add(how.minIdle().toMillis());
            command.addAll(List.of(ids));
            if (random.nextInt(3) == 0) {
                Duration ago = HOUR.multipliedBy(random.nextInt(4) - 1);
                how = how.idle(ago);
                command.addAll(List.of("IDLE", ago.toMillis()));
            } else if (random.nextInt(3) == 0) {
                long then = System.currentTimeMillis() - random.nextInt(3) * HOUR.toMillis();
                how = how.deliveredAt(Instant.ofEpochMilli(then));
                command.addAll(List.of("TIME", then));
            }
            if (random.nextInt(3) == 0) {
                how = how.deliveries(random.nextInt(9));
                command.addAll(List.of("RETRYCOUNT", how.deliveries()));
            }
            if (random.nextInt(3) == 0) {
                how = how.forced();
                command.add("FORCE");
            }
            if (random.nextInt(9) == 0) {
                how = how.lastId(id(key));
                command.addAll(List.of("LASTID", how.lastId()));
            }
            StreamClaim options = how;
            if (random.nextBoolean()) {
                command.add("JUSTID");
                same(
                        () -> streams.xclaimJustId(key, group, consumer, options, ids),
                        command.toArray());
            } else {
                same(
                        () -> entries(streams.xclaim(key, group, consumer, options, ids)),
                        command.toArray());
            }
        }

        private void autoClaim(byte[] key) {
            byte[] group = group();
            byte[] consumer = consumer();
            Duration idle = minIdle();
            StreamId from = random.nextBoolean() ? StreamId.MIN : id(key);
            long count = 1L + random.nextInt(10);
            List<Object> command = new ArrayList<>(List.of("XAUTOCLAIM", key, group, consumer));
            command.addAll(List.of(idle.toMillis(), from, "COUNT", count));
            if (random.nextBoolean()) {
                command.add("JUSTID");
                same(
                        () ->
                                claimed(
                                        streams.xautoclaimJustId(
                                                key, group, consumer, idle, from, count)),
                        command.toArray());
            } else {
                same(
                        () -> {
                            StreamAutoClaim<StreamEntry> claim =
                                    streams.xautoclaim(key, group, consumer, idle, from, count);
                            return List.of(claim.next(), entries(claim.claimed()), claim.deleted());
                        },
                        command.toArray());
            }
        }

        private List<Object> claimed(StreamAutoClaim<StreamId> claim) {
            return List.of(claim.next(), claim.claimed(), claim.deleted());
        }

        private void describe(byte[] key) {
            byte[] group = group();
            same(() -> info(streams.xinfoStream(key)), "XINFO", "STREAM", key);
            same(() -> groupInfos(streams.xinfoGroups(key)), "XINFO", "GROUPS", key);
            same(
                    () -> consumers(streams.xinfoConsumers(key, group)),
                    "XINFO",
                    "CONSUMERS",
                    key,
                    group);
        }

        void state() {
            for (int i = 0; i < 2; i++) {
                byte[] key = bytes("s" + i);
                long limit = random.nextInt(3) * 10L;
                Object[] command = {"XINFO", "STREAM", key, "FULL", "COUNT", limit};
                same(() -> full(streams.xinfoStreamFull(key, limit)), command);
                same(
                        () -> entries(streams.xrange(key, StreamRange.all())),
                        "XRANGE",
                        key,
                        "-",
                        "+");
                describe(key);
            }
        }
    }

    // ---- what the server would reply

    private List<@Nullable Object> entries(List<StreamEntry> entries) {
        List<@Nullable Object> replies = new ArrayList<>();
        for (StreamEntry entry : entries) {
            replies.add(entry(entry));
        }
        return replies;
    }

    private @Nullable Object entry(@Nullable StreamEntry entry) {
        return entry == null ? null : Arrays.asList(entry.id(), entry.fieldsAndValues());
    }

    private @Nullable Object batches(List<StreamBatch> batches) {
        List<@Nullable Object> replies = new ArrayList<>();
        for (StreamBatch batch : batches) {
            replies.add(List.of(batch.key(), entries(batch.entries())));
        }
        return replies.isEmpty() ? null : replies;
    }

    private Object summary(StreamPending.Summary summary) {
        List<Object> consumers = new ArrayList<>();
        summary.consumers().forEach(one -> consumers.add(List.of(one.getKey(), one.getValue())));
        return Arrays.asList(
                summary.count(),
                summary.first(),
                summary.last(),
                summary.count() == 0 ? null : consumers);
    }

    private Object pendings(List<StreamPending> pending) {
        List<Object> replies = new ArrayList<>();
        for (StreamPending one : pending) {
            replies.add(List.of(one.id(), one.consumer(), one.idle().toMillis(), one.deliveries()));
        }
        return replies;
    }

    private Object info(StreamInfo info) {
        List<@Nullable Object> reply = head(info);
        reply.addAll(List.of("groups", info.groupCount()));
        reply.addAll(Arrays.asList("first-entry", entry(info.first())));
        reply.addAll(Arrays.asList("last-entry", entry(info.last())));
        return reply;
    }

    private static List<@Nullable Object> head(StreamInfo info) {
        return new ArrayList<>(
                List.of(
                        "length",
                        info.length(),
                        "last-generated-id",
                        info.lastId(),
                        "max-deleted-entry-id",
                        info.maxDeletedId(),
                        "entries-added",
                        info.entriesAdded(),
                        "recorded-first-entry-id",
                        info.first() == null ? StreamId.MIN : info.first().id()));
    }

    private Object groupInfos(List<StreamInfo.Group> groups) {
        List<Object> replies = new ArrayList<>();
        for (StreamInfo.Group group : groups) {
            replies.add(
                    Arrays.asList(
                            "name",
                            group.name(),
                            "consumers",
                            group.consumerCount(),
                            "pending",
                            group.pendingCount(),
                            "last-delivered-id",
                            group.lastDeliveredId(),
                            "entries-read",
                            orNull(group.entriesRead()),
                            "lag",
                            orNull(group.lag())));
        }
        return replies;
    }

    private static @Nullable Object orNull(OptionalLong number) {
        return number.isPresent() ? number.getAsLong() : null;
    }

    private Object consumers(List<StreamInfo.Consumer> consumers) {
        List<Object> replies = new ArrayList<>();
        for (StreamInfo.Consumer consumer : consumers) {
            replies.add(
                    List.of(
                            "name",
                            consumer.name(),
                            "pending",
                            consumer.pendingCount(),
                            "idle",
                            consumer.idle().toMillis()));
        }
        return replies;
    }

    private Object full(StreamInfo.Full full) {
        List<@Nullable Object> reply = head(full.stream());
        reply.addAll(List.of("entries", entries(full.entries()), "groups"));
        List<Object> groups = new ArrayList<>();
        full.groups().forEach(group -> groups.add(fullGroup(group)));
        reply.add(groups);
        return reply;
    }

    private Object fullGroup(StreamInfo.FullGroup full) {
        StreamInfo.Group group = full.group();
        List<Object> consumers = new ArrayList<>();
        for (StreamInfo.FullConsumer one : full.consumers()) {
            List<Object> pending = new ArrayList<>();
            for (StreamPending owned : one.pending()) {
                pending.add(List.of(owned.id(), owned.idle().toMillis(), owned.deliveries()));
            }
            consumers.add(
                    List.of(
                            "name",
                            one.consumer().name(),
                            "seen-time",
                            one.consumer().idle().toMillis(),
                            "pel-count",
                            one.consumer().pendingCount(),
                            "pending",
                            pending));
        }
        return Arrays.asList(
                "name",
                group.name(),
                "last-delivered-id",
                group.lastDeliveredId(),
                "entries-read",
                orNull(group.entriesRead()),
                "lag",
                orNull(group.lag()),
                "pel-count",
                group.pendingCount(),
                "pending",
                pendings(full.pending()),
                "consumers",
                consumers);
    }

    /** Text that is the same for what means the same: without times, and without nodes of trees. */
    private static String shown(@Nullable Object reply) {
        if (reply instanceof byte[] bytes) {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
        if (reply instanceof RedisProcess.Failure failure) {
            return "!" + failure.text().split(" ", 2)[0];
        }
        if (reply instanceof RedisProcess.Status status) {
            return status.text();
        }
        if (!(reply instanceof List<?> list)) {
            return String.valueOf(reply);
        }
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < list.size(); i++) {
            String one = shown(list.get(i));
            if (one.equals("radix-tree-keys") || one.equals("radix-tree-nodes")) {
                i++;
            } else {
                text.append(isTime(list, i) ? hours(one) : one).append(' ');
            }
        }
        return text.append(']').toString();
    }

    /** Whether an element is a moment or the time since then. */
    private static boolean isTime(List<?> list, int at) {
        if (at == 0 || !(list.get(at) instanceof Long)) {
            return false;
        }
        String before = shown(list.get(at - 1));
        boolean isNamed = before.equals("idle") || before.equals("seen-time");
        boolean isPending = shown(list.get(0)).contains("-") && at == list.size() - 2;
        return isNamed || isPending;
    }

    private static String hours(String number) {
        long ms = Long.parseLong(number);
        long ago = ms > 1L << 40 ? System.currentTimeMillis() - ms : ms;
        return Math.round((double) ago / HOUR.toMillis()) + "h";
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldReplyAsRedisDoes(boolean trimsLoosely) {
        long firstSeed = Long.getLong("hotpair.seed", System.nanoTime());
        int programs = Integer.getInteger("hotpair.programs", 4);
        int steps = Integer.getInteger("hotpair.steps", 1_500);
        try (RedisProcess redis = RedisProcess.start()) {
            Object unused =
                    redis.call("CONFIG", "SET", "stream-node-max-entries", trimsLoosely ? 1 : 100);
            for (long seed = firstSeed; seed < firstSeed + programs; seed++) {
                redis.call("FLUSHALL");
                keyspace.delete(bytes("s0"));
                keyspace.delete(bytes("s1"));
                Program program = new Program(seed, redis, trimsLoosely);
                try {
                    for (int i = 0; i < steps; i++) {
                        program.step();
                        if (i % 50 == 0) {
                            program.state();
                        }
                    }
                    program.state();
                } catch (AssertionError | RuntimeException e) {
                    throw new AssertionError("seed=" + seed, e);
                }
            }
        }
    }
}
