package io.hotpair.internal;

import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.StreamAdd;
import io.hotpair.StreamAutoClaim;
import io.hotpair.StreamBatch;
import io.hotpair.StreamClaim;
import io.hotpair.StreamDeletionPolicy;
import io.hotpair.StreamDelivery;
import io.hotpair.StreamEntry;
import io.hotpair.StreamGroupRead;
import io.hotpair.StreamId;
import io.hotpair.StreamInfo;
import io.hotpair.StreamOperations;
import io.hotpair.StreamPending;
import io.hotpair.StreamPosition;
import io.hotpair.StreamRange;
import io.hotpair.StreamTrim;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Streams, as {@link Stream}. */
public final class StreamCommands implements StreamOperations {
    /** How many entries to look at, for each one that may be claimed. */
    private static final int ATTEMPTS = 10;

    private static final int CLAIM_CHUNK = 64;

    private final Executor executor;

    /** Creates them. */
    public StreamCommands(Executor executor) {
        this.executor = executor;
    }

    // ---- what all have in common

    /** Works on a stream that is open. */
    private interface Work<R> {
        R on(Stream stream, Edit edit);
    }

    /** Works on a group of a stream that is open. */
    private interface GroupWork<R> {
        R on(Stream stream, Stream.Group group, Edit edit);
    }

    private <R> R read(byte[] key, Work<R> work) {
        return executor.read(key, (edit, record) -> work.on(Stream.open(edit, record), edit));
    }

    private <R> R readGroup(byte[] key, byte[] group, GroupWork<R> work) {
        return read(key, (stream, edit) -> work.on(stream, existing(stream, group), edit));
    }

    /** Changes a stream; what an absent one gives, if it is not to be made, is given. */
    private <R> R change(
            byte[] key, boolean makes, boolean shrinks, Supplier<R> ifAbsent, Work<R> work) {
        List<R> result = new ArrayList<>(1);
        boolean unused =
                executor.write(
                        key,
                        (edit, current) -> {
                            result.clear();
                            if (current == 0 && !makes) {
                                return Mutation.UNCHANGED;
                            }
                            if (shrinks) {
                                edit.shrinks();
                            }
                            Stream stream = Stream.openToChange(edit, current);
                            result.add(work.on(stream, edit));
                            return stream.record(edit.deadlineMs(current));
                        });
        return result.isEmpty() ? ifAbsent.get() : result.get(0);
    }

    /** Changes a group, which must be there. */
    private <R> R changeGroup(
            byte[] key, byte[] group, boolean shrinks, String ifNoStream, GroupWork<R> work) {
        return change(
                key,
                false,
                shrinks,
                refusing(ifNoStream),
                (stream, edit) -> work.on(stream, existing(stream, group), edit));
    }

    private static <R> Supplier<R> refusing(String message) {
        return () -> {
            throw refusal(message);
        };
    }

    private static Stream.Group existing(Stream stream, byte[] group) {
        Stream.Group found = stream.group(group);
        if (found == null) {
            throw refusal(NO_GROUP);
        }
        return found;
    }

    private static HotpairException refusal(String message) {
        return new HotpairException(HotpairException.Category.WRONG_VALUE, message);
    }

    private static long limited(long limit) {
        if (limit < 0) {
            throw new IllegalArgumentException("limit=" + limit + ", expected 0 or more");
        }
        return limit == 0 ? Long.MAX_VALUE : limit;
    }

    // ---- entries

    @Override
    public StreamId xadd(byte[] key, byte[]... fieldsAndValues) {
        return Objects.requireNonNull(xadd(key, StreamAdd.generated(), fieldsAndValues));
    }

    @Override
    public @Nullable StreamId xadd(byte[] key, StreamAdd how, byte[]... fieldsAndValues) {
        if (StreamId.MIN.equals(how.id()) && !how.makesSequence()) {
            throw new IllegalArgumentException("id=0-0, expected above 0-0");
        }
        StreamBytes fields = fields(fieldsAndValues);
        List<StreamId> added =
                change(
                        key,
                        how.makesStream(),
                        false,
                        List::of,
                        (stream, edit) -> {
                            StreamId id = nextId(stream, how, edit.nowMs());
                            stream.append(id, fields.bytes(), 0, fields.length());
                            StreamTrim trim = how.trim();
                            long unused = trim == null ? 0 : Trimming.of(stream, trim);
                            return List.of(id);
                        });
        return added.isEmpty() ? null : added.get(0);
    }

    private static StreamBytes fields(byte[][] fieldsAndValues) {
        if (fieldsAndValues.length == 0 || fieldsAndValues.length % 2 != 0) {
            throw new IllegalArgumentException(
                    "fieldsAndValues.length=" + fieldsAndValues.length + ", expected pairs");
        }
        long length = 0;
        for (byte[] part : fieldsAndValues) {
            length += part.length + 5L;
        }
        if (length > Keyspace.MAX_VALUE_LENGTH) {
            throw new IllegalArgumentException(
                    "fields and values of "
                            + length
                            + " bytes, expected at most "
                            + Keyspace.MAX_VALUE_LENGTH);
        }
        StreamBytes fields = new StreamBytes();
        for (byte[] part : fieldsAndValues) {
            fields.block(part);
        }
        return fields;
    }

    private static StreamId nextId(Stream stream, StreamAdd how, long nowMs) {
        StreamId last = stream.lastId();
        if (last.equals(StreamId.MAX)) {
            throw refusal("no id is left above " + last);
        }
        StreamId id = how.id();
        if (id == null) {
            return Long.compareUnsigned(nowMs, last.timeMs()) > 0
                    ? new StreamId(nowMs, 0)
                    : last.next();
        }
        if (how.makesSequence() && id.timeMs() == last.timeMs() && last.sequence() != -1) {
            return last.next();
        }
        if (id.compareTo(last) <= 0) {
            throw refusal("id=" + id + ", expected above " + last + ", the stream's last one");
        }
        return id;
    }

    @Override
    public long xlen(byte[] key) {
        return read(key, (stream, edit) -> stream.length());
    }

    @Override
    public List<StreamEntry> xrange(byte[] key, StreamRange range) {
        return read(
                key,
                (stream, edit) -> {
                    long to = stream.entryAfter(range.last());
                    long from = stream.entryFrom(range.first());
                    return stream.entries(from, Stream.limited(from, to, range.limit()));
                });
    }

    @Override
    public List<StreamEntry> xrevrange(byte[] key, StreamRange range) {
        return read(
                key,
                (stream, edit) -> {
                    long to = stream.entryAfter(range.last());
                    long from = stream.entryFrom(range.first());
                    return stream.entriesReversed(
                            to - from > range.limit() ? to - range.limit() : from, to);
                });
    }

    @Override
    public List<StreamBatch> xread(long limit, StreamPosition... positions) {
        long most = limited(limit);
        StreamId[] after = new StreamId[positions.length];
        for (int i = 0; i < after.length; i++) {
            after[i] = Objects.requireNonNull(positions[i].after(), "after");
        }
        return executor.readAll(
                keys(positions),
                (edit, records) -> {
                    List<StreamBatch> batches = new ArrayList<>();
                    for (int i = 0; i < records.length; i++) {
                        Stream stream = Stream.open(edit, records[i]);
                        long from = stream.entryAfter(after[i]);
                        long to = Stream.limited(from, stream.endOfEntries(), most);
                        if (from < to) {
                            batches.add(
                                    new StreamBatch(positions[i].key(), stream.entries(from, to)));
                        }
                    }
                    return batches;
                });
    }

    private static <R> @Nullable List<R> nullIfEmpty(List<R> list) {
        return list.isEmpty() ? null : list;
    }

    private static void checkNotEmpty(StreamPosition[] positions) {
        if (positions.length == 0) {
            throw new IllegalArgumentException("positions.length=0, expected at least 1");
        }
    }

    /** Reads streams; what is new is so from the beginning on. */
    private static final class Read implements BlockingCommand<List<StreamBatch>> {
        private final long limit;
        private final StreamPosition[] positions;

        Read(long limit, StreamPosition[] positions) {
            checkNotEmpty(positions);
            this.limit = limited(limit);
            this.positions = positions.clone();
        }

        @Override
        public byte[][] keys() {
            return StreamCommands.keys(positions);
        }

        @Override
        public Rivals rivals() {
            return Rivals.NONE;
        }

        @Override
        public @Nullable List<StreamBatch> begin(Executor executor) {
            return executor.readAll(
                    keys(),
                    (edit, records) -> {
                        List<StreamBatch> batches = new ArrayList<>();
                        StreamId[] after = new StreamId[records.length];
                        for (int i = 0; i < records.length; i++) {
                            Stream stream = Stream.open(edit, records[i]);
                            StreamId given = positions[i].after();
                            after[i] = given == null ? stream.lastId() : given;
                            batches.addAll(read(stream, positions[i].key(), after[i]));
                        }
                        for (int i = 0; i < after.length; i++) {
                            positions[i] = StreamPosition.after(positions[i].key(), after[i]);
                        }
                        return nullIfEmpty(batches);
                    });
        }

        private List<StreamBatch> read(Stream stream, byte[] key, StreamId after) {
            long from = stream.entryAfter(after);
            long to = Stream.limited(from, stream.endOfEntries(), limit);
            return from < to ? List.of(new StreamBatch(key, stream.entries(from, to))) : List.of();
        }

        @Override
        public @Nullable List<StreamBatch> attempt(Executor executor, byte[] key) {
            return executor.read(
                    key,
                    (edit, record) ->
                            isThere(edit, record)
                                    ? nullIfEmpty(read(Stream.open(edit, record), key, after(key)))
                                    : null);
        }

        @Override
        public List<StreamBatch> nothing() {
            return List.of();
        }

        /** Of a key that was given several times the first one counts. */
        private StreamId after(byte[] key) {
            for (StreamPosition position : positions) {
                StreamId after = position.after();
                if (after != null && Arrays.equals(position.key(), key)) {
                    return after;
                }
            }
            throw new IllegalStateException("expected a key that was given");
        }
    }

    private static boolean isThere(Edit edit, long record) {
        return record != 0 && Records.type(edit.mem(), record) == Records.STREAM;
    }

    @Override
    public List<StreamBatch> xread(Duration timeout, long limit, StreamPosition... positions) {
        return Objects.requireNonNull(executor.block(new Read(limit, positions), timeout));
    }

    @Override
    public CompletableFuture<List<StreamBatch>> xreadAsync(
            Duration timeout, long limit, StreamPosition... positions) {
        return executor.blockAsync(new Read(limit, positions), timeout);
    }

    private static byte[][] keys(StreamPosition[] positions) {
        byte[][] keys = new byte[positions.length][];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = positions[i].key();
        }
        return keys;
    }

    @Override
    public StreamId xlastId(byte[] key) {
        return read(key, (stream, edit) -> stream.lastId());
    }

    @Override
    public long xdel(byte[] key, StreamId... ids) {
        return change(
                key,
                false,
                true,
                () -> 0L,
                (stream, edit) -> {
                    long removed = 0;
                    for (StreamId id : ids) {
                        removed += stream.removeEntry(id) ? 1 : 0;
                    }
                    return removed;
                });
    }

    @Override
    public int[] xdelex(byte[] key, StreamDeletionPolicy policy, StreamId... ids) {
        return change(
                key,
                false,
                true,
                () -> allAbsent(ids),
                (stream, edit) -> {
                    List<Stream.Group> groups = groupsFor(stream, policy);
                    int[] results = new int[ids.length];
                    for (int i = 0; i < ids.length; i++) {
                        if (!letsGo(stream, groups, policy, ids[i])) {
                            results[i] = ENTRY_REFERENCED;
                        } else {
                            results[i] = stream.removeEntry(ids[i]) ? ENTRY_DELETED : ENTRY_ABSENT;
                        }
                    }
                    return results;
                });
    }

    private static int[] allAbsent(StreamId[] ids) {
        int[] results = new int[ids.length];
        Arrays.fill(results, ENTRY_ABSENT);
        return results;
    }

    /** The groups at whose references a policy looks. */
    private static List<Stream.Group> groupsFor(Stream stream, StreamDeletionPolicy policy) {
        return policy == StreamDeletionPolicy.KEEP_REFERENCES ? List.of() : stream.groups();
    }

    /** Whether a policy lets an entry go; if it says so, the entry's references go at once. */
    private static boolean letsGo(
            Stream stream, List<Stream.Group> groups, StreamDeletionPolicy policy, StreamId id) {
        if (policy == StreamDeletionPolicy.DELETE_REFERENCES) {
            for (Stream.Group group : groups) {
                boolean unused = stream.removePending(group, id);
            }
        }
        return policy != StreamDeletionPolicy.ACKNOWLEDGED || !stream.isReferenced(groups, id);
    }

    @Override
    public long xtrim(byte[] key, StreamTrim trim) {
        return change(key, false, true, () -> 0L, (stream, edit) -> Trimming.of(stream, trim));
    }

    @Override
    public void xsetid(
            byte[] key, StreamId lastId, long entriesAdded, @Nullable StreamId maxDeletedId) {
        StreamId maxDeleted = maxDeletedId == null ? StreamId.MIN : maxDeletedId;
        if (lastId.compareTo(maxDeleted) < 0) {
            throw new IllegalArgumentException(
                    "lastId=" + lastId + ", expected maxDeletedId=" + maxDeleted + " or above");
        }
        if (entriesAdded < UNKNOWN) {
            throw new IllegalArgumentException(
                    "entriesAdded=" + entriesAdded + ", expected 0 or more");
        }
        boolean unused =
                change(
                        key,
                        false,
                        false,
                        refusing(NO_STREAM),
                        (stream, edit) -> setId(stream, lastId, entriesAdded, maxDeleted));
    }

    private static boolean setId(
            Stream stream, StreamId lastId, long entriesAdded, StreamId maxDeleted) {
        long length = stream.length();
        if (length > 0 && lastId.compareTo(stream.entryId(stream.endOfEntries() - 1)) < 0) {
            throw refusal("lastId=" + lastId + ", expected that of the last entry or above");
        }
        if (entriesAdded != UNKNOWN && entriesAdded < length) {
            throw refusal("entriesAdded=" + entriesAdded + ", expected the length or above");
        }
        stream.setHeader(
                lastId,
                maxDeleted.equals(StreamId.MIN) ? stream.maxDeletedId() : maxDeleted,
                entriesAdded == UNKNOWN ? stream.entriesAdded() : entriesAdded);
        return true;
    }

    // ---- groups

    @Override
    public boolean xgroupCreate(byte[] key, byte[] group, @Nullable StreamId lastDeliveredId) {
        return xgroupCreate(key, group, lastDeliveredId, false, UNKNOWN);
    }

    @Override
    public boolean xgroupCreate(
            byte[] key,
            byte[] group,
            @Nullable StreamId lastDeliveredId,
            boolean makesStream,
            long entriesRead) {
        checkEntriesRead(entriesRead);
        return change(
                key,
                makesStream,
                false,
                refusing(NO_STREAM),
                (stream, edit) -> {
                    if (stream.group(group) != null) {
                        return false;
                    }
                    StreamId last = lastDeliveredId == null ? stream.lastId() : lastDeliveredId;
                    stream.put(new Stream.Group(group, stream.newNumber(), last, entriesRead));
                    return true;
                });
    }

    private static void checkEntriesRead(long entriesRead) {
        if (entriesRead < UNKNOWN) {
            throw new IllegalArgumentException(
                    "entriesRead=" + entriesRead + ", expected 0 or more, or -1");
        }
    }

    @Override
    public void xgroupSetId(
            byte[] key, byte[] group, @Nullable StreamId lastDeliveredId, long entriesRead) {
        checkEntriesRead(entriesRead);
        boolean unused =
                changeGroup(
                        key,
                        group,
                        false,
                        NO_STREAM,
                        (stream, found, edit) -> {
                            found.lastId =
                                    lastDeliveredId == null ? stream.lastId() : lastDeliveredId;
                            found.entriesRead = entriesRead;
                            stream.put(found);
                            return true;
                        });
    }

    @Override
    public boolean xgroupDestroy(byte[] key, byte[] group) {
        return change(
                key,
                false,
                true,
                refusing(NO_STREAM),
                (stream, edit) -> {
                    Stream.Group found = stream.group(group);
                    if (found != null) {
                        stream.remove(found);
                    }
                    return found != null;
                });
    }

    @Override
    public boolean xgroupCreateConsumer(byte[] key, byte[] group, byte[] consumer) {
        return changeGroup(
                key,
                group,
                false,
                NO_STREAM,
                (stream, found, edit) -> {
                    if (stream.consumer(found, consumer) != null) {
                        return false;
                    }
                    stream.put(found, seen(stream, found, consumer, edit.nowMs()));
                    return true;
                });
    }

    @Override
    public void xgroupRestoreConsumer(
            byte[] key,
            byte[] group,
            byte[] consumer,
            Instant seenAt,
            @Nullable Instant activeAt,
            List<StreamPending> pending) {
        boolean unused =
                changeGroup(
                        key,
                        group,
                        false,
                        NO_STREAM,
                        (stream, found, edit) -> {
                            Stream.Consumer restored = seen(stream, found, consumer, 0);
                            requireNobodyElses(stream, found, restored, pending);
                            restored.seenMs = seenAt.toEpochMilli();
                            restored.activeMs =
                                    activeAt == null ? Stream.UNKNOWN : activeAt.toEpochMilli();
                            stream.put(found, restored);
                            restore(stream, found, restored, pending);
                            return true;
                        });
    }

    private static void requireNobodyElses(
            Stream stream,
            Stream.Group group,
            Stream.Consumer consumer,
            List<StreamPending> pending) {
        for (StreamPending each : pending) {
            Stream.Pending before = stream.pending(group, each.id());
            if (before != null && before.consumer() != consumer.number) {
                throw refusal("id=" + each.id() + ", expected it to be pending for nobody else");
            }
        }
    }

    private static void restore(
            Stream stream,
            Stream.Group group,
            Stream.Consumer consumer,
            List<StreamPending> pending) {
        for (StreamPending each : pending) {
            long deliveredMs = each.deliveredAt().toEpochMilli();
            stream.put(
                    group,
                    new Stream.Pending(each.id(), consumer.number, deliveredMs, each.deliveries()));
        }
    }

    /** The consumer, be it new, that tries something now. Not put into the stream yet. */
    private static Stream.Consumer seen(
            Stream stream, Stream.Group group, byte[] name, long nowMs) {
        Stream.Consumer found = stream.consumer(group, name);
        if (found == null) {
            return new Stream.Consumer(name, stream.newNumber(), nowMs, Stream.UNKNOWN);
        }
        found.seenMs = nowMs;
        return found;
    }

    @Override
    public long xgroupDelConsumer(byte[] key, byte[] group, byte[] consumer) {
        return changeGroup(
                key,
                group,
                true,
                NO_STREAM,
                (stream, found, edit) -> {
                    Stream.Consumer gone = stream.consumer(found, consumer);
                    if (gone == null) {
                        return 0L;
                    }
                    long pending = stream.ownedCount(gone);
                    stream.remove(found, gone);
                    return pending;
                });
    }

    // ---- reading for a group

    @Override
    public List<StreamBatch> xreadGroup(
            byte[] group, byte[] consumer, StreamGroupRead how, StreamPosition... positions) {
        ReadGroup read = new ReadGroup(group, consumer, how, positions);
        return read.all(executor);
    }

    /** Looks whether all are streams with a group, which is refused if not. */
    private static boolean haveGroup(Executor executor, StreamPosition[] positions, byte[] group) {
        byte[][] keys = Arrays.stream(positions).map(StreamPosition::key).toArray(byte[][]::new);
        return executor.readAll(
                keys,
                (edit, records) -> {
                    for (long record : records) {
                        Stream.Group unused = existing(Stream.open(edit, record), group);
                    }
                    return true;
                });
    }

    /** Reads streams for a group. */
    private static final class ReadGroup implements BlockingCommand<List<StreamBatch>> {
        private final byte[] group;
        private final byte[] consumer;
        private final long limit;
        private final boolean acknowledges;
        private final long minIdleMs;
        private final StreamPosition[] positions;

        /**
         * Of each stream, before when nothing pending is idle long enough: it is not looked at
         * until then, unless there is something new. That it is given another time, or that the key
         * holds another stream, is not noticed. {@link IdleEntries#NEVER} if nothing was pending.
         *
         * <p>Negated if all that was pending is no entry of the stream any more. Nothing comes of
         * that by itself, so there is no moment to look again; but what a change makes pending is
         * idle long enough then at the earliest. Else every change would cost a look at all of it.
         */
        private final long[] idleAtMs;

        /** The same, of an attempt, which may have to be made again. */
        private final long[] triedAtMs;

        ReadGroup(byte[] group, byte[] consumer, StreamGroupRead how, StreamPosition[] positions) {
            Duration minIdle = how.minIdle();
            limit = limited(how.limit());
            acknowledges = how.acknowledges();
            minIdleMs = minIdle == null ? UNKNOWN : milliseconds(minIdle);
            this.group = group.clone();
            this.consumer = consumer.clone();
            this.positions = positions.clone();
            idleAtMs = new long[positions.length];
            triedAtMs = new long[positions.length];
        }

        private static long milliseconds(Duration time) {
            try {
                return time.toMillis();
            } catch (ArithmeticException e) {
                return Long.MAX_VALUE;
            }
        }

        @Override
        public byte[][] keys() {
            return StreamCommands.keys(positions);
        }

        private boolean claims() {
            return minIdleMs != UNKNOWN;
        }

        @Override
        public Rivals rivals() {
            return claims() ? Rivals.ofGroupThatClaims(group) : Rivals.ofGroup(group);
        }

        /** What there is of all streams. */
        List<StreamBatch> all(Executor executor) {
            if (positions.length == 1) {
                return one(executor, 0, claims(), NO_GROUP);
            }
            return executor.transact(
                    transaction -> {
                        // Refused before anything is delivered: a transaction around this one may
                        // go on after that.
                        boolean unused = haveGroup(transaction, positions, group);
                        List<StreamBatch> batches = new ArrayList<>();
                        boolean claims = claims();
                        for (int i = 0; i < positions.length; i++) {
                            // As in Redis, who looks at the past claims nothing from there on.
                            claims &= positions[i].after() == null;
                            batches.addAll(one(transaction, i, claims, NO_GROUP));
                        }
                        return batches;
                    });
        }

        @Override
        public @Nullable List<StreamBatch> begin(Executor executor) {
            List<StreamBatch> batches = all(executor);
            System.arraycopy(triedAtMs, 0, idleAtMs, 0, idleAtMs.length);
            return nullIfEmpty(batches);
        }

        @Override
        public boolean mayWaitBehindOthers(Executor executor) {
            for (StreamPosition position : positions) {
                if (position.after() != null) {
                    return false;
                }
            }
            return haveGroup(executor, positions, group);
        }

        @Override
        public @Nullable List<StreamBatch> attempt(Executor executor, byte[] key) {
            int number = 0;
            while (!Arrays.equals(positions[number].key(), key)) {
                number++;
            }
            try {
                List<StreamBatch> batches = one(executor, number, claims(), NO_STREAM);
                for (int i = number; i < positions.length; i++) {
                    // A key may be given twice: it was looked at for all of them.
                    if (Arrays.equals(positions[i].key(), key)) {
                        idleAtMs[i] = triedAtMs[number];
                    }
                }
                return nullIfEmpty(batches);
            } catch (HotpairException e) {
                throw e.category() == HotpairException.Category.WRONG_TYPE ? refusal(NO_STREAM) : e;
            }
        }

        @Override
        public long againAtMs() {
            long firstMs = IdleEntries.NEVER;
            for (long atMs : idleAtMs) {
                firstMs = atMs < 0 ? firstMs : Math.min(firstMs, atMs);
            }
            return claims() ? firstMs : IdleEntries.NEVER;
        }

        @Override
        public List<StreamBatch> nothing() {
            return List.of();
        }

        /** The batch of one stream; none if it has nothing to deliver. */
        private List<StreamBatch> one(
                Executor executor, int number, boolean claims, String ifNoStream) {
            StreamId after = positions[number].after();
            byte[] key = positions[number].key();
            return new StreamCommands(executor)
                    .changeGroup(
                            key,
                            group,
                            false,
                            ifNoStream,
                            (stream, found, edit) -> {
                                if (after != null) {
                                    return List.of(
                                            new StreamBatch(
                                                    key,
                                                    readAgain(
                                                            stream, found, consumer, after, limit,
                                                            edit)));
                                }
                                // One moment for all of it: the clock may go on in between.
                                long nowMs = edit.nowMs();
                                StreamBatch batch =
                                        claims
                                                ? claimAndRead(number, stream, found, nowMs)
                                                : new StreamBatch(
                                                        key, readNew(stream, found, limit, nowMs));
                                return batch.entries().isEmpty() ? List.of() : List.of(batch);
                            });
        }

        private StreamBatch claimAndRead(
                int number, Stream stream, Stream.Group found, long nowMs) {
            List<StreamEntry> entries = new ArrayList<>();
            List<StreamDelivery> deliveries = new ArrayList<>();
            long atMs = Math.abs(idleAtMs[number]);
            triedAtMs[number] = atMs;
            boolean isNew = stream.entryAfter(found.lastId) < stream.endOfEntries();
            if (isNew || atMs == IdleEntries.NEVER || atMs <= nowMs) {
                for (Stream.Pending each : idle(number, stream, found, nowMs)) {
                    entries.add(stream.existingEntry(each.id()));
                    deliveries.add(
                            new StreamDelivery(
                                    since(each.deliveredMs(), nowMs), each.deliveries()));
                }
            }
            for (StreamEntry entry : readNew(stream, found, limit - entries.size(), nowMs)) {
                entries.add(entry);
                deliveries.add(StreamDelivery.NONE);
            }
            return new StreamBatch(positions[number].key(), entries, deliveries);
        }

        /** Makes what was idle for long enough the consumer's own; gives it as it was before. */
        private List<Stream.Pending> idle(
                int number, Stream stream, Stream.Group found, long nowMs) {
            long latestMs = minIdleMs == 0 ? Long.MAX_VALUE : nowMs - minIdleMs;
            IdleEntries idle = new IdleEntries(stream, found, latestMs, limit);
            long nextMs = idle.nextMs();
            if (nextMs != IdleEntries.NEVER) {
                triedAtMs[number] = afterIdling(nextMs);
            } else {
                boolean nothing = stream.pendingCount(found) == 0;
                triedAtMs[number] = nothing ? IdleEntries.NEVER : -afterIdling(nowMs);
            }
            Claimant claimant = new Claimant(stream, found, consumer, minIdleMs, false, nowMs);
            List<Stream.Pending> claimed = idle.found();
            for (Stream.Pending each : claimed) {
                claimant.take(each.id(), each);
            }
            return claimed;
        }

        private long afterIdling(long fromMs) {
            long most = IdleEntries.NEVER - 1;
            return fromMs < most - minIdleMs ? fromMs + minIdleMs : most;
        }

        /** Delivers what is new. */
        private List<StreamEntry> readNew(
                Stream stream, Stream.Group found, long most, long nowMs) {
            long from = stream.entryAfter(found.lastId);
            long to = Stream.limited(from, stream.endOfEntries(), most);
            if (from >= to) {
                return List.of();
            }
            List<StreamEntry> entries = stream.entries(from, to);
            ReadCounter counter = new ReadCounter(stream);
            for (StreamEntry entry : entries) {
                counter.delivered(found, entry.id());
            }
            stream.put(found);
            Stream.Consumer reader = seen(stream, found, consumer, nowMs);
            if (!acknowledges) {
                reader.activeMs = nowMs;
            }
            stream.put(found, reader);
            if (!acknowledges) {
                stream.deliver(found, reader, entries, nowMs);
            }
            return entries;
        }
    }

    @Override
    public List<StreamBatch> xreadGroup(
            Duration timeout,
            byte[] group,
            byte[] consumer,
            StreamGroupRead how,
            StreamPosition... positions) {
        checkNotEmpty(positions);
        return Objects.requireNonNull(
                executor.block(new ReadGroup(group, consumer, how, positions), timeout));
    }

    @Override
    public CompletableFuture<List<StreamBatch>> xreadGroupAsync(
            Duration timeout,
            byte[] group,
            byte[] consumer,
            StreamGroupRead how,
            StreamPosition... positions) {
        checkNotEmpty(positions);
        return executor.blockAsync(new ReadGroup(group, consumer, how, positions), timeout);
    }

    /** Delivers once more what is the consumer's own. */
    private static List<StreamEntry> readAgain(
            Stream stream, Stream.Group group, byte[] name, StreamId after, long limit, Edit edit) {
        long nowMs = edit.nowMs();
        Stream.Consumer consumer = seen(stream, group, name, nowMs);
        stream.put(group, consumer);
        List<StreamEntry> entries = new ArrayList<>();
        if (after.equals(StreamId.MAX)) {
            return entries;
        }
        for (StreamId id : stream.owned(consumer, after.next(), limit)) {
            StreamEntry entry = stream.entry(id);
            if (entry != null) {
                long deliveries = stream.existingPending(group, id).deliveries() + 1;
                stream.put(group, new Stream.Pending(id, consumer.number, nowMs, deliveries));
            }
            entries.add(entry == null ? new StreamEntry(id, null) : entry);
        }
        return entries;
    }

    @Override
    public long xack(byte[] key, byte[] group, StreamId... ids) {
        return change(
                key,
                false,
                true,
                () -> 0L,
                (stream, edit) -> {
                    Stream.Group found = stream.group(group);
                    long acknowledged = 0;
                    for (int i = 0; found != null && i < ids.length; i++) {
                        acknowledged += stream.removePending(found, ids[i]) ? 1 : 0;
                    }
                    return acknowledged;
                });
    }

    @Override
    public int[] xackdel(byte[] key, byte[] group, StreamDeletionPolicy policy, StreamId... ids) {
        return change(
                key,
                false,
                true,
                () -> allAbsent(ids),
                (stream, edit) -> {
                    Stream.Group found = stream.group(group);
                    int[] results = allAbsent(ids);
                    if (found == null) {
                        return results;
                    }
                    List<Stream.Group> groups = groupsFor(stream, policy);
                    for (int i = 0; i < ids.length; i++) {
                        if (stream.removePending(found, ids[i])) {
                            results[i] = deleted(stream, groups, policy, ids[i]);
                        }
                    }
                    return results;
                });
    }

    /** Deletes an entry that was pending; one that is gone already counts as deleted. */
    private static int deleted(
            Stream stream, List<Stream.Group> groups, StreamDeletionPolicy policy, StreamId id) {
        if (!letsGo(stream, groups, policy, id)) {
            return ENTRY_REFERENCED;
        }
        boolean unused = stream.removeEntry(id);
        return ENTRY_DELETED;
    }

    // ---- pending entries

    @Override
    public StreamPending.Summary xpending(byte[] key, byte[] group) {
        return readGroup(
                key,
                group,
                (stream, found, edit) -> {
                    long count = stream.pendingCount(found);
                    if (count == 0) {
                        return new StreamPending.Summary(0, null, null, List.of());
                    }
                    List<Map.Entry<byte[], Long>> consumers = new ArrayList<>();
                    for (Stream.Consumer consumer : stream.consumers(found)) {
                        long owned = stream.ownedCount(consumer);
                        if (owned > 0) {
                            consumers.add(Map.entry(consumer.name, owned));
                        }
                    }
                    StreamId first = stream.pending(found, StreamId.MIN, 1).get(0).id();
                    StreamId last = stream.lastPending(found).id();
                    return new StreamPending.Summary(count, first, last, consumers);
                });
    }

    @Override
    public List<StreamPending> xpending(
            byte[] key,
            byte[] group,
            StreamRange range,
            Duration minIdle,
            byte @Nullable [] consumer) {
        return readGroup(
                key,
                group,
                (stream, found, edit) -> {
                    PendingList list = new PendingList(stream, edit.nowMs());
                    Stream.Consumer owner =
                            consumer == null ? null : stream.consumer(found, consumer);
                    if (consumer != null && owner == null) {
                        return list.found;
                    }
                    list.add(found, owner, range, minIdle.toMillis());
                    return list.found;
                });
    }

    /** Pending entries on their way out. */
    private static final class PendingList {
        private static final int CHUNK = 64;

        final List<StreamPending> found = new ArrayList<>();
        private final Map<Long, byte[]> names = new HashMap<>();
        private final Stream stream;
        private final long nowMs;

        PendingList(Stream stream, long nowMs) {
            this.stream = stream;
            this.nowMs = nowMs;
        }

        /** Adds those of a group, or of one of its consumers. */
        void add(
                Stream.Group group,
                Stream.@Nullable Consumer owner,
                StreamRange range,
                long minIdleMs) {
            StreamId from = range.first();
            while (found.size() < range.limit()) {
                List<Stream.Pending> chunk =
                        owner == null
                                ? stream.pending(group, from, CHUNK)
                                : stream.owned(group, owner, from, CHUNK);
                for (Stream.Pending pending : chunk) {
                    if (pending.id().compareTo(range.last()) > 0 || found.size() == range.limit()) {
                        return;
                    }
                    if (minIdleMs <= 0 || nowMs - pending.deliveredMs() >= minIdleMs) {
                        found.add(described(pending));
                    }
                }
                if (chunk.size() < CHUNK) {
                    return;
                }
                StreamId last = chunk.get(CHUNK - 1).id();
                if (last.equals(StreamId.MAX)) {
                    return;
                }
                from = last.next();
            }
        }

        private StreamPending described(Stream.Pending pending) {
            byte[] name = names.computeIfAbsent(pending.consumer(), stream::consumerName);
            return new StreamPending(
                    pending.id(),
                    name.clone(),
                    Instant.ofEpochMilli(pending.deliveredMs()),
                    since(pending.deliveredMs(), nowMs),
                    pending.deliveries());
        }
    }

    private static Duration since(long thenMs, long nowMs) {
        return Duration.ofMillis(Math.max(0, nowMs - thenMs));
    }

    // ---- claiming

    @Override
    public List<StreamEntry> xclaim(
            byte[] key, byte[] group, byte[] consumer, StreamClaim how, StreamId... ids) {
        return changeGroup(
                key,
                group,
                false,
                NO_GROUP,
                (stream, found, edit) -> {
                    List<StreamEntry> entries = new ArrayList<>();
                    for (StreamId id : claim(stream, found, consumer, how, ids, false, edit)) {
                        entries.add(stream.existingEntry(id));
                    }
                    return entries;
                });
    }

    @Override
    public List<StreamId> xclaimJustId(
            byte[] key, byte[] group, byte[] consumer, StreamClaim how, StreamId... ids) {
        return changeGroup(
                key,
                group,
                false,
                NO_GROUP,
                (stream, found, edit) -> claim(stream, found, consumer, how, ids, true, edit));
    }

    private static List<StreamId> claim(
            Stream stream,
            Stream.Group group,
            byte[] name,
            StreamClaim how,
            StreamId[] ids,
            boolean justId,
            Edit edit) {
        StreamId lastId = how.lastId();
        if (lastId != null && lastId.compareTo(group.lastId) > 0) {
            group.lastId = lastId;
            stream.put(group);
        }
        long nowMs = edit.nowMs();
        Claimant claimant =
                new Claimant(stream, group, name, how.minIdle().toMillis(), justId, nowMs);
        claimant.deliveredMs = deliveredMs(how, nowMs);
        claimant.deliveries = how.deliveries();
        List<StreamId> claimed = new ArrayList<>();
        for (StreamId id : ids) {
            Stream.Pending pending = stream.pending(group, id);
            if (!stream.hasEntry(id)) {
                boolean unused = stream.removePending(group, id);
            } else if (pending == null ? how.force() : claimant.mayHave(pending)) {
                claimant.take(id, pending);
                claimed.add(id);
            }
        }
        return claimed;
    }

    /** When the delivery is to have been: what makes no sense means now. */
    private static long deliveredMs(StreamClaim how, long nowMs) {
        Duration idle = how.idle();
        Instant moment = how.deliveredAt();
        long givenMs = nowMs;
        if (idle != null) {
            givenMs = nowMs - idle.toMillis();
        } else if (moment != null) {
            givenMs = moment.toEpochMilli();
        }
        return givenMs < 0 || givenMs > nowMs ? nowMs : givenMs;
    }

    /** A consumer that claims; it is put into the stream when it gets something. */
    private static final class Claimant {
        private final Stream stream;
        private final Stream.Group group;
        private final byte[] name;
        private final long minIdleMs;
        private final boolean justId;
        private final long nowMs;
        private Stream.@Nullable Consumer consumer;
        private long deliveredMs;
        private long deliveries = Stream.UNKNOWN;

        Claimant(
                Stream stream,
                Stream.Group group,
                byte[] name,
                long minIdleMs,
                boolean justId,
                long nowMs) {
            this.stream = stream;
            this.group = group;
            this.name = name;
            this.minIdleMs = minIdleMs;
            this.justId = justId;
            this.nowMs = nowMs;
            deliveredMs = nowMs;
        }

        boolean mayHave(Stream.Pending pending) {
            return minIdleMs <= 0 || nowMs - pending.deliveredMs() >= minIdleMs;
        }

        /** Takes an entry, which is an entry of the stream; null if it is not pending yet. */
        void take(StreamId id, Stream.@Nullable Pending pending) {
            Stream.Consumer owner = consumer;
            if (owner == null) {
                owner = seen(stream, group, name, nowMs);
                owner.activeMs = nowMs;
                stream.put(group, owner);
                consumer = owner;
            }
            long count = pending == null ? 1 : pending.deliveries();
            if (deliveries >= 0) {
                count = deliveries;
            } else if (!justId) {
                count++;
            }
            stream.put(group, new Stream.Pending(id, owner.number, deliveredMs, count));
        }
    }

    @Override
    public StreamAutoClaim<StreamEntry> xautoclaim(
            byte[] key,
            byte[] group,
            byte[] consumer,
            Duration minIdle,
            StreamId from,
            long count) {
        return autoClaim(
                key,
                group,
                consumer,
                minIdle,
                from,
                count,
                false,
                (stream, ids) ->
                        new StreamAutoClaim<>(
                                ids.next(),
                                ids.claimed().stream().map(stream::existingEntry).toList(),
                                ids.deleted()));
    }

    @Override
    public StreamAutoClaim<StreamId> xautoclaimJustId(
            byte[] key,
            byte[] group,
            byte[] consumer,
            Duration minIdle,
            StreamId from,
            long count) {
        return autoClaim(key, group, consumer, minIdle, from, count, true, (stream, ids) -> ids);
    }

    private <R> R autoClaim(
            byte[] key,
            byte[] group,
            byte[] consumer,
            Duration minIdle,
            StreamId from,
            long count,
            boolean justId,
            BiFunction<Stream, StreamAutoClaim<StreamId>, R> result) {
        checkCount(count);
        long minIdleMs = minIdle.toMillis();
        return changeGroup(
                key,
                group,
                false,
                NO_GROUP,
                (stream, found, edit) -> {
                    Claimant claimant =
                            new Claimant(stream, found, consumer, minIdleMs, justId, edit.nowMs());
                    return result.apply(stream, autoClaim(claimant, from, count));
                });
    }

    private static void checkCount(long count) {
        if (count < 1) {
            throw new IllegalArgumentException("count=" + count + ", expected 1 or more");
        }
    }

    private static StreamAutoClaim<StreamId> autoClaim(
            Claimant claimant, StreamId from, long count) {
        Stream stream = claimant.stream;
        List<StreamId> claimed = new ArrayList<>();
        List<StreamId> deleted = new ArrayList<>();
        long attempts = count > Long.MAX_VALUE / ATTEMPTS ? Long.MAX_VALUE : count * ATTEMPTS;
        StreamId next = from;
        while (true) {
            List<Stream.Pending> chunk = stream.pending(claimant.group, next, CLAIM_CHUNK);
            for (Stream.Pending pending : chunk) {
                StreamId id = pending.id();
                if (attempts == 0 || claimed.size() + deleted.size() == count) {
                    return new StreamAutoClaim<>(id, claimed, deleted);
                }
                attempts--;
                if (!stream.hasEntry(id)) {
                    boolean unused = stream.removePending(claimant.group, id);
                    deleted.add(id);
                } else if (claimant.mayHave(pending)) {
                    claimant.take(id, pending);
                    claimed.add(id);
                }
            }
            if (chunk.size() < CLAIM_CHUNK
                    || chunk.get(CLAIM_CHUNK - 1).id().equals(StreamId.MAX)) {
                return new StreamAutoClaim<>(StreamId.MIN, claimed, deleted);
            }
            next = chunk.get(CLAIM_CHUNK - 1).id().next();
        }
    }

    // ---- what there is to say

    private <R> R describe(byte[] key, Work<R> work) {
        return executor.read(
                key,
                (edit, record) -> {
                    Stream stream = Stream.open(edit, record);
                    if (record == 0) {
                        throw refusal(NO_STREAM);
                    }
                    return work.on(stream, edit);
                });
    }

    @Override
    public StreamInfo xinfoStream(byte[] key) {
        return describe(key, (stream, edit) -> info(stream));
    }

    private static StreamInfo info(Stream stream) {
        long from = stream.firstEntry();
        long to = stream.endOfEntries();
        return new StreamInfo(
                to - from,
                stream.lastId(),
                stream.maxDeletedId(),
                stream.entriesAdded(),
                stream.groupCount(),
                from == to ? null : stream.entries(from, from + 1).get(0),
                from == to ? null : stream.entries(to - 1, to).get(0));
    }

    @Override
    public StreamInfo.Full xinfoStreamFull(byte[] key, long limit) {
        long most = limited(limit);
        return describe(
                key,
                (stream, edit) -> {
                    long from = stream.firstEntry();
                    List<StreamEntry> entries =
                            stream.entries(from, Stream.limited(from, stream.endOfEntries(), most));
                    List<StreamInfo.FullGroup> groups = new ArrayList<>();
                    for (Stream.Group group : stream.groups()) {
                        groups.add(fullGroup(stream, group, most, edit.nowMs()));
                    }
                    return new StreamInfo.Full(info(stream), entries, groups);
                });
    }

    private static StreamInfo.FullGroup fullGroup(
            Stream stream, Stream.Group group, long limit, long nowMs) {
        StreamRange range = StreamRange.all().limit(limit);
        PendingList pending = new PendingList(stream, nowMs);
        pending.add(group, null, range, 0);
        List<StreamInfo.FullConsumer> consumers = new ArrayList<>();
        for (Stream.Consumer consumer : stream.consumers(group)) {
            PendingList owned = new PendingList(stream, nowMs);
            owned.add(group, consumer, range, 0);
            consumers.add(
                    new StreamInfo.FullConsumer(described(stream, consumer, nowMs), owned.found));
        }
        return new StreamInfo.FullGroup(described(stream, group), pending.found, consumers);
    }

    @Override
    public List<StreamInfo.Group> xinfoGroups(byte[] key) {
        return describe(
                key,
                (stream, edit) -> {
                    List<StreamInfo.Group> groups = new ArrayList<>();
                    for (Stream.Group group : stream.groups()) {
                        groups.add(described(stream, group));
                    }
                    return groups;
                });
    }

    private static StreamInfo.Group described(Stream stream, Stream.Group group) {
        return new StreamInfo.Group(
                group.name,
                stream.consumerCount(group),
                stream.pendingCount(group),
                group.lastId,
                group.entriesRead == UNKNOWN
                        ? OptionalLong.empty()
                        : OptionalLong.of(group.entriesRead),
                new ReadCounter(stream).lag(group));
    }

    @Override
    public List<StreamInfo.Consumer> xinfoConsumers(byte[] key, byte[] group) {
        return describe(
                key,
                (stream, edit) -> {
                    List<StreamInfo.Consumer> consumers = new ArrayList<>();
                    for (Stream.Consumer consumer : stream.consumers(existing(stream, group))) {
                        consumers.add(described(stream, consumer, edit.nowMs()));
                    }
                    return consumers;
                });
    }

    private static StreamInfo.Consumer described(
            Stream stream, Stream.Consumer consumer, long nowMs) {
        boolean active = consumer.activeMs != UNKNOWN;
        return new StreamInfo.Consumer(
                consumer.name,
                stream.ownedCount(consumer),
                Instant.ofEpochMilli(consumer.seenMs),
                since(consumer.seenMs, nowMs),
                active ? Instant.ofEpochMilli(consumer.activeMs) : null,
                active ? since(consumer.activeMs, nowMs) : null);
    }
}
