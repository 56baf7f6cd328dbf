package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamTest extends TypeTest {
    private static final byte[] KEY = bytes("s");
    private static final byte[] GROUP = bytes("g");
    private static final byte[] ANN = bytes("ann");
    private static final byte[] BOB = bytes("bob");
    private static final byte[] FIELD = bytes("field");

    private StreamOperations streams;

    @BeforeEach
    void openStreams() {
        streams = keyspace.streams();
    }

    private static StreamId id(long timeMs, long sequence) {
        return new StreamId(timeMs, sequence);
    }

    private StreamId add(long timeMs, String value) {
        StreamId id = id(timeMs, 0);
        assertEquals(id, streams.xadd(KEY, StreamAdd.at(id), FIELD, bytes(value)));
        return id;
    }

    private static List<StreamId> ids(List<StreamEntry> entries) {
        return entries.stream().map(StreamEntry::id).toList();
    }

    private List<StreamEntry> read(byte[] consumer, long limit) {
        List<StreamBatch> batches =
                streams.xreadGroup(GROUP, consumer, limit, false, StreamPosition.undelivered(KEY));
        return batches.isEmpty() ? List.of() : batches.get(0).entries();
    }

    private static void assertRefused(String message, Runnable action) {
        HotpairException refusal = assertThrows(HotpairException.class, action::run);
        assertEquals(HotpairException.Category.WRONG_VALUE, refusal.category());
        assertTrue(String.valueOf(refusal.getMessage()).startsWith(message), refusal::getMessage);
    }

    @Test
    void shouldMakeIdsThatRise() {
        StreamId before = StreamId.MIN;
        for (int i = 0; i < 1_000; i++) {
            StreamId id = streams.xadd(KEY, FIELD, bytes("v" + i));
            assertTrue(id.compareTo(before) > 0, before + " " + id);
            before = id;
        }
        assertEquals(1_000, streams.xlen(KEY));
        assertEquals(before, streams.xlastId(KEY));
    }

    @Test
    void shouldOrderIdsAsUnsignedNumbers() {
        StreamId[] rising = {
            id(0, 1),
            id(0, -1),
            id(1, 0),
            id(255, 0),
            id(256, -2),
            id(Long.MAX_VALUE, 0),
            id(Long.MIN_VALUE, 0),
            id(-1, 0),
            id(-1, 255),
            id(-1, 256),
            StreamId.MAX
        };
        for (StreamId id : rising) {
            assertEquals(id, streams.xadd(KEY, StreamAdd.at(id), FIELD, FIELD));
            assertEquals(id, StreamId.parse(id.toString()));
        }
        assertEquals(List.of(rising), ids(streams.xrange(KEY, StreamRange.all())));
        for (int i = 1; i < rising.length; i++) {
            StreamRange range = StreamRange.of(rising[i - 1], rising[i]);
            assertEquals(List.of(rising[i - 1], rising[i]), ids(streams.xrange(KEY, range)));
            assertEquals(List.of(rising[i], rising[i - 1]), ids(streams.xrevrange(KEY, range)));
            StreamRange inside = range.after(rising[i - 1]).before(rising[i]);
            assertEquals(List.of(), streams.xrange(KEY, inside));
        }
        assertRefused("no id is left", () -> streams.xadd(KEY, FIELD, FIELD));
    }

    @Test
    void shouldParseIds() {
        assertEquals(id(12, 7), StreamId.parse("12", 7));
        assertEquals(StreamId.MAX, StreamId.parse("18446744073709551615-18446744073709551615"));
        for (String bad : List.of("", "-", "1-", "-1", "1-2-3", "x", "18446744073709551616")) {
            assertThrows(IllegalArgumentException.class, () -> StreamId.parse(bad), bad);
        }
        assertEquals(id(2, 0), id(1, -1).next());
        assertEquals(id(1, -1), id(2, 0).previous());
        assertThrows(IllegalArgumentException.class, StreamId.MAX::next);
        assertThrows(IllegalArgumentException.class, StreamId.MIN::previous);
    }

    @Test
    void shouldRefuseIdsThatDoNotRise() {
        add(5, "v");
        assertRefused("id=5-0", () -> add(5, "w"));
        assertRefused("id=4-0", () -> streams.xadd(KEY, StreamAdd.atTime(4), FIELD, FIELD));
        assertThrows(
                IllegalArgumentException.class,
                () -> streams.xadd(KEY, StreamAdd.at(StreamId.MIN), FIELD, FIELD));
        assertEquals(id(5, 1), streams.xadd(KEY, StreamAdd.atTime(5), FIELD, FIELD));
        assertEquals(2, streams.xlen(KEY));
    }

    @Test
    void shouldStayWithItsLastIdWhenEmpty() {
        add(5, "v");
        assertEquals(1, streams.xdel(KEY, id(5, 0), id(6, 0)));
        assertEquals(0, streams.xlen(KEY));
        assertEquals(1, keyspace.statistics().keyCount());
        assertRefused("id=5-0", () -> add(5, "w"));
        StreamInfo info = streams.xinfoStream(KEY);
        assertEquals(id(5, 0), info.maxDeletedId());
        assertEquals(1, info.entriesAdded());
        assertNull(info.first());
    }

    @Test
    void shouldMakeNoStreamUnlessAsked() {
        assertNull(streams.xadd(KEY, StreamAdd.generated().onlyIfPresent(), FIELD, FIELD));
        assertFalse(keyspace.delete(KEY));
        assertEquals(0, streams.xdel(KEY, StreamId.MAX));
        assertEquals(0, streams.xtrim(KEY, StreamTrim.toLength(0)));
        assertEquals(List.of(), streams.xrange(KEY, StreamRange.all()));
        assertEquals(0, streams.xack(KEY, GROUP, StreamId.MAX));
        assertRefused(
                StreamOperations.NO_STREAM, () -> streams.xsetid(KEY, StreamId.MIN, -1, null));
        assertRefused(StreamOperations.NO_STREAM, () -> streams.xgroupCreate(KEY, GROUP, null));
        assertRefused(StreamOperations.NO_STREAM, () -> streams.xinfoStream(KEY));
        assertRefused(StreamOperations.NO_GROUP, () -> streams.xpending(KEY, GROUP));
        assertRefused(StreamOperations.NO_GROUP, () -> read(ANN, 1));
        assertTrue(streams.xgroupCreate(KEY, GROUP, null, true, -1));
        assertFalse(streams.xgroupCreate(KEY, GROUP, null, true, -1));
        assertRefused(
                StreamOperations.NO_GROUP,
                () -> streams.xgroupDelConsumer(KEY, bytes("other"), ANN));
    }

    @Test
    void shouldRefuseAnotherType() {
        keyspace.put(KEY, bytes("text"));
        HotpairException refusal =
                assertThrows(HotpairException.class, () -> streams.xadd(KEY, FIELD, FIELD));
        assertEquals(HotpairException.Category.WRONG_TYPE, refusal.category());
        byte[] other = bytes("t");
        streams.xadd(other, FIELD, FIELD);
        assertThrows(HotpairException.class, () -> keyspace.get(other));
    }

    @Test
    void shouldTakeOneHugeEntryBesideSmallOnes() {
        byte[] huge = new byte[3 << 20];
        new Random(1).nextBytes(huge);
        add(1, "small");
        streams.xadd(KEY, StreamAdd.at(id(2, 0)), FIELD, huge);
        add(3, "small");
        List<byte[]> read = streams.xrange(KEY, StreamRange.all()).get(1).fieldsAndValues();
        assertNotNull(read);
        assertArrayEquals(huge, read.get(1));
        assertEquals(1, streams.xdel(KEY, id(2, 0)));
        assertEquals(List.of(id(1, 0), id(3, 0)), ids(streams.xrange(KEY, StreamRange.all())));
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 300, 20_000})
    void shouldHoldWhatAMapHolds(int maxLength) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        TreeMap<StreamId, String> model = new TreeMap<>();
        long timeMs = 1;
        for (int i = 0; i < 20_000; i++) {
            timeMs += random.nextInt(3);
            StreamId from = id(random.nextInt((int) timeMs), random.nextInt(2));
            switch (random.nextInt(10)) {
                case 0 -> {
                    boolean there = model.remove(from) != null;
                    assertEquals(there ? 1 : 0, streams.xdel(KEY, from), "seed=" + seed);
                }
                case 1 -> {
                    StreamRange range = StreamRange.all().from(from).limit(7);
                    List<StreamId> ids =
                            model.tailMap(from, true).keySet().stream().limit(7).toList();
                    assertEquals(ids, ids(streams.xrange(KEY, range)), "seed=" + seed);
                    range = StreamRange.all().to(from).limit(7);
                    ids = model.headMap(from, true).descendingKeySet().stream().limit(7).toList();
                    assertEquals(ids, ids(streams.xrevrange(KEY, range)), "seed=" + seed);
                }
                default -> {
                    String value = "v".repeat(random.nextInt(40)) + i;
                    StreamAdd how = StreamAdd.atTime(timeMs).trim(StreamTrim.toLength(maxLength));
                    StreamId id = streams.xadd(KEY, how, FIELD, bytes(value));
                    assertNotNull(id);
                    assertNull(model.put(id, value), "seed=" + seed);
                    while (model.size() > maxLength) {
                        model.pollFirstEntry();
                    }
                }
            }
            assertEquals(model.size(), streams.xlen(KEY), "seed=" + seed);
        }
        List<@Nullable String> values = new ArrayList<>();
        for (StreamEntry entry : streams.xrange(KEY, StreamRange.all())) {
            List<byte[]> fields = entry.fieldsAndValues();
            assertNotNull(fields);
            values.add(text(fields.get(1)));
        }
        assertEquals(new ArrayList<>(model.values()), values, "seed=" + seed);
    }

    @Test
    void shouldTrimManyAtOnce() {
        for (int i = 1; i <= 50_000; i++) {
            add(i, "value " + i);
        }
        assertEquals(10, streams.xtrim(KEY, StreamTrim.toLength(100).limit(10)));
        assertEquals(29_990, streams.xtrim(KEY, StreamTrim.toMinId(id(30_001, 0))));
        assertEquals(19_900, streams.xtrim(KEY, StreamTrim.toLength(100)));
        assertEquals(100, streams.xlen(KEY));
        assertEquals(id(49_901, 0), ids(streams.xrange(KEY, StreamRange.all())).get(0));
        assertEquals(StreamId.MIN, streams.xinfoStream(KEY).maxDeletedId());
    }

    @Test
    void shouldShareEntriesOutAndForgetThemWhenAcknowledged() {
        for (int i = 1; i <= 5; i++) {
            add(i, "v" + i);
        }
        assertTrue(streams.xgroupCreate(KEY, GROUP, StreamId.MIN));
        assertEquals(List.of(id(1, 0), id(2, 0)), ids(read(ANN, 2)));
        assertEquals(List.of(id(3, 0), id(4, 0), id(5, 0)), ids(read(BOB, 9)));
        assertEquals(List.of(), read(ANN, 9));
        assertEquals(2, streams.xack(KEY, GROUP, id(1, 0), id(3, 0), id(9, 0)));
        StreamPending.Summary summary = streams.xpending(KEY, GROUP);
        assertEquals(3, summary.count());
        assertEquals(id(2, 0), summary.first());
        assertEquals(id(5, 0), summary.last());
        assertEquals(List.of(1L, 2L), summary.consumers().stream().map(c -> c.getValue()).toList());
        streams.xdel(KEY, id(5, 0));
        List<StreamEntry> again =
                streams.xreadGroup(GROUP, BOB, 0, false, StreamPosition.after(KEY, StreamId.MIN))
                        .get(0)
                        .entries();
        assertEquals(List.of(id(4, 0), id(5, 0)), ids(again));
        assertNull(again.get(1).fieldsAndValues());
        assertEquals(2, streams.xgroupDelConsumer(KEY, GROUP, BOB));
        assertEquals(1, streams.xpending(KEY, GROUP).count());
    }

    @Test
    void shouldReadNothingOfAnyStreamIfOneHasNoGroup() {
        byte[] other = bytes("t");
        add(1, "v");
        streams.xadd(other, FIELD, FIELD);
        streams.xgroupCreate(KEY, GROUP, StreamId.MIN);
        StreamPosition[] both = {
            StreamPosition.undelivered(KEY), StreamPosition.undelivered(other)
        };
        assertRefused(
                StreamOperations.NO_GROUP, () -> streams.xreadGroup(GROUP, ANN, 0, false, both));
        boolean refused =
                keyspace.transaction(
                        view -> {
                            assertRefused(
                                    StreamOperations.NO_GROUP,
                                    () -> view.streams().xreadGroup(GROUP, ANN, 0, false, both));
                            view.put(bytes("refused"), FIELD, 0);
                            return true;
                        });
        assertTrue(refused);
        assertEquals(0, streams.xpending(KEY, GROUP).count());
        streams.xgroupCreate(other, GROUP, StreamId.MIN);
        assertEquals(2, streams.xreadGroup(GROUP, ANN, 0, false, both).size());
        assertEquals(1, streams.xpending(other, GROUP).count());
    }

    @Test
    void shouldKnowWhenAConsumerWasActive() {
        streams.xgroupCreate(KEY, GROUP, null, true, -1);
        assertTrue(streams.xgroupCreateConsumer(KEY, GROUP, ANN));
        assertFalse(streams.xgroupCreateConsumer(KEY, GROUP, ANN));
        assertNull(streams.xinfoConsumers(KEY, GROUP).get(0).activeAt());
        add(1, "v");
        assertEquals(1, read(ANN, 0).size());
        StreamInfo.Consumer ann = streams.xinfoConsumers(KEY, GROUP).get(0);
        assertEquals(ann.seenAt(), ann.activeAt());
        assertEquals(1, ann.pendingCount());
    }

    @Test
    void shouldWalkOverAllThatIsPendingWhenClaiming() {
        for (int i = 1; i <= 1_000; i++) {
            add(i, "v" + i);
        }
        streams.xgroupCreate(KEY, GROUP, StreamId.MIN);
        assertEquals(1_000, read(ANN, 0).size());
        streams.xtrim(KEY, StreamTrim.toMinId(id(101, 0)));
        StreamId from = StreamId.MIN;
        int claimed = 0;
        int deleted = 0;
        do {
            StreamAutoClaim<StreamId> claim =
                    streams.xautoclaimJustId(KEY, GROUP, BOB, Duration.ZERO, from, 70);
            claimed += claim.claimed().size();
            deleted += claim.deleted().size();
            from = claim.next();
        } while (!from.equals(StreamId.MIN));
        assertEquals(900, claimed);
        assertEquals(100, deleted);
        assertEquals(900, streams.xgroupDelConsumer(KEY, GROUP, BOB));
        assertEquals(0, streams.xpending(KEY, GROUP).count());
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 3_000})
    void shouldBeMovedAndCopiedWhole(int length) {
        for (int i = 1; i <= length; i++) {
            add(i, "v" + i);
        }
        streams.xgroupCreate(KEY, bytes("gone"), StreamId.MIN);
        streams.xgroupCreateConsumer(KEY, bytes("gone"), ANN);
        streams.xgroupDestroy(KEY, bytes("gone"));
        streams.xgroupCreate(KEY, GROUP, StreamId.MIN);
        read(ANN, length / 3);
        streams.xgroupCreate(KEY, bytes("a group before"), StreamId.MIN);
        read(BOB, length / 3);
        streams.xdel(KEY, id(1, 0));
        byte[] copy = bytes("copy");
        byte[] moved = bytes("moved");
        assertTrue(keyspace.keys().copy(KEY, copy, false));
        assertTrue(keyspace.keys().rename(KEY, moved));
        add(1, "another one");
        String digest = keyspace.digest();
        keyspace.close();
        open();
        openStreams();
        assertEquals(digest, keyspace.digest());
        for (byte[] key : List.of(copy, moved)) {
            assertEquals(length - 1, streams.xlen(key));
            assertEquals(length / 3, streams.xgroupDelConsumer(key, GROUP, ANN));
            assertEquals(length / 3, streams.xpending(key, GROUP).count());
            assertTrue(streams.xgroupCreateConsumer(key, GROUP, bytes("cid")));
            assertEquals(2, streams.xinfoConsumers(key, GROUP).size());
        }
    }

    @Test
    void shouldKeepTheDeadline() {
        add(1, "v");
        long deadlineMs = System.currentTimeMillis() + 3_600_000;
        assertTrue(
                keyspace.keys().pexpireAt(KEY, deadlineMs, KeyOperations.DeadlineCondition.ALWAYS));
        streams.xgroupCreate(KEY, GROUP, StreamId.MIN);
        read(ANN, 1);
        add(2, "w");
        assertEquals(deadlineMs, keyspace.keys().pexpireTime(KEY));
    }

    @Test
    void shouldDeliverEachEntryOnceToConsumersAtTheSameTime() throws Exception {
        int each = 3_000;
        streams.xgroupCreate(KEY, GROUP, null, true, -1);
        List<Callable<List<StreamId>>> tasks = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            byte[] name = bytes("consumer " + i);
            tasks.add(() -> addMany(each));
            tasks.add(() -> readMany(name, each));
        }
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Future<List<StreamId>>> results = threads.invokeAll(tasks, 60, TimeUnit.SECONDS);
        threads.shutdownNow();
        Set<StreamId> added = new HashSet<>();
        Set<StreamId> delivered = new HashSet<>();
        for (int i = 0; i < results.size(); i++) {
            Set<StreamId> all = i % 2 == 0 ? added : delivered;
            for (StreamId id : results.get(i).get()) {
                assertTrue(all.add(id), id + " twice");
            }
        }
        assertEquals(3 * each, added.size());
        assertEquals(added, delivered);
        assertEquals(0, streams.xpending(KEY, GROUP).count());
        assertEquals(OptionalLong.of(0), streams.xinfoGroups(KEY).get(0).lag());
    }

    private List<StreamId> addMany(int count) {
        List<StreamId> added = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            added.add(streams.xadd(KEY, FIELD, bytes("v" + i)));
        }
        return added;
    }

    private List<StreamId> readMany(byte[] consumer, int count) {
        List<StreamId> read = new ArrayList<>();
        while (read.size() < count) {
            List<StreamId> ids = ids(read(consumer, Math.min(10, count - read.size())));
            assertEquals(ids.size(), streams.xack(KEY, GROUP, ids.toArray(StreamId[]::new)));
            read.addAll(ids);
        }
        return read;
    }

    @Test
    void shouldRestoreAConsumerWithWhatIsPendingThoughItIsGone() {
        StreamId there = add(5, "a");
        streams.xgroupCreate(KEY, GROUP, StreamId.MIN);
        Instant delivered = Instant.ofEpochMilli(1_234);
        List<StreamPending> pending =
                List.of(
                        new StreamPending(id(3, 0), ANN, delivered, Duration.ZERO, 7),
                        new StreamPending(there, ANN, delivered, Duration.ZERO, 1));
        Instant seen = Instant.ofEpochMilli(77);
        streams.xgroupRestoreConsumer(KEY, GROUP, ANN, seen, null, pending);
        StreamInfo.Consumer restored = streams.xinfoConsumers(KEY, GROUP).get(0);
        assertEquals(2, restored.pendingCount());
        assertEquals(seen, restored.seenAt());
        assertNull(restored.activeAt());
        assertEquals(2, streams.xack(KEY, GROUP, id(3, 0), there));
        streams.xgroupRestoreConsumer(KEY, GROUP, BOB, seen, seen, pending);
        HotpairException refused =
                assertThrows(
                        HotpairException.class,
                        () -> streams.xgroupRestoreConsumer(KEY, GROUP, ANN, seen, seen, pending));
        assertEquals(HotpairException.Category.WRONG_VALUE, refused.category());
        assertEquals(2, streams.xinfoConsumers(KEY, GROUP).get(1).pendingCount());
        assertEquals(seen, streams.xinfoConsumers(KEY, GROUP).get(1).activeAt());
    }

    @Test
    void shouldGiveAllMemoryBack() {
        for (int round = 0; round < 12; round++) {
            streams.xgroupCreate(KEY, GROUP, StreamId.MIN, true, -1);
            for (int i = 0; i < 30_000; i++) {
                streams.xadd(KEY, FIELD, bytes("some value of an entry " + i));
                if (i % 100 == 99) {
                    List<StreamEntry> read = read(i % 200 == 99 ? ANN : BOB, 100);
                    assertEquals(100, read.size());
                    if (i % 300 == 99) {
                        streams.xack(KEY, GROUP, ids(read).toArray(StreamId[]::new));
                    }
                }
            }
            assertEquals(20_000, streams.xpending(KEY, GROUP).count());
            switch (round % 4) {
                case 0 -> keyspace.put(KEY, bytes("no stream any more"));
                case 1 -> streams.xtrim(KEY, StreamTrim.toLength(0));
                case 2 -> assertTrue(streams.xgroupDestroy(KEY, GROUP));
                default -> {
                    streams.xtrim(KEY, StreamTrim.toLength(5));
                    assertTrue(streams.xgroupDelConsumer(KEY, GROUP, ANN) > 0);
                }
            }
            keyspace.delete(KEY);
        }
    }
}
