package io.hotpair;

import static io.hotpair.StreamDeletionPolicy.ACKNOWLEDGED;
import static io.hotpair.StreamDeletionPolicy.DELETE_REFERENCES;
import static io.hotpair.StreamDeletionPolicy.KEEP_REFERENCES;
import static io.hotpair.StreamOperations.ENTRY_ABSENT;
import static io.hotpair.StreamOperations.ENTRY_DELETED;
import static io.hotpair.StreamOperations.ENTRY_REFERENCED;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.MemoryLogProvider;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Deletions in streams that look at what consumer groups still refer to. */
class StreamDeletionTest extends TypeTest {
    private static final byte[] KEY = bytes("s");
    private static final byte[] FIELD = bytes("field");
    private static final List<StreamDeletionPolicy> POLICIES =
            List.of(StreamDeletionPolicy.values());
    private static final String[] GROUPS = {"g", "h"};
    private static final String[] CONSUMERS = {"ann", "bob", "cat"};

    private StreamOperations streams;

    @BeforeEach
    void openStreams() {
        streams = keyspace.streams();
    }

    private static StreamId id(long timeMs) {
        return new StreamId(timeMs, 0);
    }

    private void add(long from, long to) {
        for (long i = from; i <= to; i++) {
            streams.xadd(KEY, StreamAdd.at(id(i)), FIELD, bytes("value " + i));
        }
    }

    private void read(String group, String consumer, long count) {
        List<StreamBatch> read =
                streams.xreadGroup(
                        bytes(group),
                        bytes(consumer),
                        count,
                        false,
                        StreamPosition.undelivered(KEY));
        assertEquals(count, read.get(0).entries().size());
    }

    private long pending(String group) {
        return streams.xpending(KEY, bytes(group)).count();
    }

    private int deleted(StreamDeletionPolicy policy, long id) {
        return streams.xdelex(KEY, policy, id(id))[0];
    }

    /** Three entries, of which all are pending of g, and the first of h. */
    private void addAndRead() {
        add(1, 3);
        streams.xgroupCreate(KEY, bytes("g"), StreamId.MIN);
        streams.xgroupCreate(KEY, bytes("h"), StreamId.MIN);
        read("g", "ann", 3);
        read("h", "bob", 1);
    }

    @Test
    void shouldKeepWhatIsPendingIfSoAsked() {
        addAndRead();
        assertArrayEquals(
                new int[] {ENTRY_DELETED, ENTRY_ABSENT, ENTRY_ABSENT},
                streams.xdelex(KEY, KEEP_REFERENCES, id(1), id(1), id(7)));
        assertEquals(3, pending("g"));
        assertEquals(1, pending("h"));
        assertEquals(id(1), streams.xinfoStream(KEY).maxDeletedId());
    }

    @Test
    void shouldEndThatItIsPendingIfSoAsked() {
        addAndRead();
        streams.xdel(KEY, id(2));
        assertArrayEquals(
                new int[] {ENTRY_DELETED, ENTRY_ABSENT},
                streams.xdelex(KEY, DELETE_REFERENCES, id(1), id(2)));
        assertEquals(1, pending("g"));
        assertEquals(0, pending("h"));
        assertEquals(0, streams.xinfoConsumers(KEY, bytes("h")).get(0).pendingCount());
    }

    @Test
    void shouldDeleteOnlyWhatAllGroupsHaveAcknowledgedIfSoAsked() {
        addAndRead();
        assertEquals(ENTRY_REFERENCED, deleted(ACKNOWLEDGED, 1));
        streams.xack(KEY, bytes("g"), id(1), id(2));
        assertEquals(ENTRY_REFERENCED, deleted(ACKNOWLEDGED, 1));
        streams.xack(KEY, bytes("h"), id(1));
        assertEquals(ENTRY_DELETED, deleted(ACKNOWLEDGED, 1));
        // Not there any more, and needed by nobody; one that h has yet to read; one that may come.
        assertEquals(ENTRY_ABSENT, deleted(ACKNOWLEDGED, 1));
        assertEquals(ENTRY_REFERENCED, deleted(ACKNOWLEDGED, 2));
        assertEquals(ENTRY_REFERENCED, deleted(ACKNOWLEDGED, 9));
        streams.xgroupDestroy(KEY, bytes("h"));
        assertEquals(ENTRY_DELETED, deleted(ACKNOWLEDGED, 2));
        streams.xgroupDestroy(KEY, bytes("g"));
        assertEquals(ENTRY_DELETED, deleted(ACKNOWLEDGED, 3));
        assertEquals(ENTRY_ABSENT, deleted(ACKNOWLEDGED, 9));
    }

    @Test
    void shouldAcknowledgeWhatItDeletes() {
        addAndRead();
        byte[] group = bytes("g");
        assertArrayEquals(
                new int[] {ENTRY_REFERENCED, ENTRY_ABSENT, ENTRY_ABSENT},
                streams.xackdel(KEY, group, ACKNOWLEDGED, id(1), id(1), id(9)));
        assertEquals(3, streams.xlen(KEY));
        assertEquals(2, pending("g"));
        assertArrayEquals(
                new int[] {ENTRY_DELETED}, streams.xackdel(KEY, bytes("h"), ACKNOWLEDGED, id(1)));
        // One that is gone but pending counts as deleted; one that is there but not pending not.
        streams.xdel(KEY, id(2));
        assertArrayEquals(
                new int[] {ENTRY_DELETED, ENTRY_DELETED},
                streams.xackdel(KEY, group, KEEP_REFERENCES, id(2), id(3)));
        add(4, 4);
        assertArrayEquals(
                new int[] {ENTRY_ABSENT}, streams.xackdel(KEY, group, DELETE_REFERENCES, id(4)));
        assertEquals(1, streams.xlen(KEY));
        assertEquals(id(3), streams.xinfoStream(KEY).maxDeletedId());
    }

    @Test
    void shouldFindNothingWhereThereIsNoStreamOrNoGroup() {
        int[] nothing = {ENTRY_ABSENT, ENTRY_ABSENT};
        for (StreamDeletionPolicy policy : StreamDeletionPolicy.values()) {
            assertArrayEquals(nothing, streams.xdelex(KEY, policy, id(1), id(2)));
            assertArrayEquals(nothing, streams.xackdel(KEY, bytes("g"), policy, id(1), id(2)));
        }
        add(1, 2);
        assertArrayEquals(nothing, streams.xackdel(KEY, bytes("g"), ACKNOWLEDGED, id(1), id(2)));
        assertEquals(2, streams.xlen(KEY));
    }

    /** What is pending of entries that were deleted before stays so, as in Redis. */
    @Test
    void shouldTrimWithTheReferencesOfWhatItTrims() {
        int count = 3_000;
        add(1, count);
        streams.xgroupCreate(KEY, bytes("g"), StreamId.MIN);
        streams.xgroupCreate(KEY, bytes("h"), id(1_000));
        for (int i = 0; i < count / 100; i++) {
            read("g", CONSUMERS[i % 2], 100);
        }
        read("h", "cat", 1_500);
        streams.xdel(KEY, id(7), id(256), id(257), id(1_999));
        StreamTrim trim = StreamTrim.toMinId(id(2_001)).policy(DELETE_REFERENCES);
        assertEquals(1_996, streams.xtrim(KEY, trim));
        assertEquals(1_004, pending("g"));
        assertEquals(501, pending("h"));
        assertEquals(1_004, owned("g"));
        assertEquals(501, owned("h"));
        assertEquals(id(1_999), streams.xinfoStream(KEY).maxDeletedId());
    }

    private long owned(String group) {
        return streams.xinfoConsumers(KEY, bytes(group)).stream()
                .mapToLong(StreamInfo.Consumer::pendingCount)
                .sum();
    }

    @Test
    void shouldLeaveHolesWhereItTrimsOnlyWhatIsAcknowledged() {
        int count = 5_000;
        add(1, count);
        streams.xgroupCreate(KEY, bytes("g"), StreamId.MIN);
        read("g", "ann", 4_000);
        for (int i = 1; i <= 4_000; i++) {
            if (i % 10 != 0 && (i <= 1_000 || i > 2_000)) {
                streams.xack(KEY, bytes("g"), id(i));
            }
        }
        StreamTrim trim = StreamTrim.toLength(4_500).policy(ACKNOWLEDGED);
        assertEquals(500, streams.xtrim(KEY, trim));
        assertEquals(0, streams.xtrim(KEY, trim));
        assertEquals(
                90, streams.xtrim(KEY, StreamTrim.toLength(10).policy(ACKNOWLEDGED).limit(90)));
        assertEquals(
                900 - 500 - 90,
                streams.xtrim(KEY, StreamTrim.toMinId(id(1_500)).policy(ACKNOWLEDGED)));
        assertEquals(1_800, streams.xtrim(KEY, StreamTrim.toLength(0).policy(ACKNOWLEDGED)));
        assertEquals(1_300, pending("g"));
        assertEquals(2_300, streams.xlen(KEY));
        assertEquals(StreamId.MIN, streams.xinfoStream(KEY).maxDeletedId());
        assertEquals(id(10), streams.xrange(KEY, StreamRange.all().limit(1)).get(0).id());
    }

    /**
     * Redis goes node by node, here of ten, and ends in one that is not surplus as a whole even if
     * nothing of it may go.
     */
    @ParameterizedTest
    @CsvSource({
        "DELETE_REFERENCES, 95, 0, 5",
        "DELETE_REFERENCES, 70, 25, 20",
        "DELETE_REFERENCES, 95, 9, 0",
        "ACKNOWLEDGED, 95, 0, 0",
        "ACKNOWLEDGED, 90, 0, 10",
        "ACKNOWLEDGED, 85, 0, 15",
        "ACKNOWLEDGED, 80, 0, 20",
        "ACKNOWLEDGED, 60, 29, 20",
        "ACKNOWLEDGED, 60, 9, 0",
        "ACKNOWLEDGED, 0, 0, 70",
    })
    void shouldEndAtTheNodeAtWhichRedisEnds(
            StreamDeletionPolicy policy, long length, long limit, long gone) {
        add(1, 100);
        streams.xgroupCreate(KEY, bytes("g"), StreamId.MIN);
        read("g", "ann", 80);
        for (int i = 11; i <= 80; i++) {
            streams.xack(KEY, bytes("g"), id(i));
        }
        StreamTrim trim = StreamTrim.toLength(length).policy(policy);
        assertEquals(gone, streams.xtrim(KEY, trim.wholeNodes(10, 0).limit(limit)));
        assertEquals(100 - gone, streams.xlen(KEY));
    }

    /** A stream as Redis's rules say, with the means of the library. */
    private static final class Model {
        final TreeSet<StreamId> entries = new TreeSet<>();
        final List<StreamId> lastRead = new ArrayList<>();
        final List<TreeMap<StreamId, String>> pending = new ArrayList<>();

        Model() {
            for (int i = 0; i < GROUPS.length; i++) {
                lastRead.add(StreamId.MIN);
                pending.add(new TreeMap<>());
            }
        }

        boolean letsGo(StreamDeletionPolicy policy, StreamId id) {
            for (int i = 0; i < GROUPS.length; i++) {
                if (policy == DELETE_REFERENCES) {
                    pending.get(i).remove(id);
                } else if (policy == ACKNOWLEDGED
                        && (id.compareTo(lastRead.get(i)) > 0 || pending.get(i).containsKey(id))) {
                    return false;
                }
            }
            return true;
        }

        int delete(StreamDeletionPolicy policy, StreamId id) {
            if (!letsGo(policy, id)) {
                return ENTRY_REFERENCED;
            }
            return entries.remove(id) ? ENTRY_DELETED : ENTRY_ABSENT;
        }

        int acknowledge(int group, StreamDeletionPolicy policy, StreamId id) {
            if (pending.get(group).remove(id) == null) {
                return ENTRY_ABSENT;
            }
            int result = delete(policy, id);
            return result == ENTRY_ABSENT ? ENTRY_DELETED : result;
        }

        long trim(StreamTrim trim) {
            long removed = 0;
            for (StreamId id : List.copyOf(entries)) {
                StreamId minId = trim.minId();
                boolean surplus =
                        minId == null ? entries.size() > trim.maxLength() : id.compareTo(minId) < 0;
                if (!surplus || (trim.limit() > 0 && removed == trim.limit())) {
                    break;
                }
                if (letsGo(trim.policy(), id)) {
                    entries.remove(id);
                    removed++;
                }
            }
            return removed;
        }
    }

    /** One program that runs on a stream and on the model. */
    private final class Program {
        private final Random random;
        private final Model model = new Model();
        private final int length;
        private long time;

        Program(long seed, int length) {
            random = new Random(seed);
            this.length = length;
        }

        private StreamId id() {
            return StreamDeletionTest.id(1 + random.nextInt((int) time + 3));
        }

        private StreamId[] ids() {
            StreamId[] ids = new StreamId[1 + random.nextInt(length / 4)];
            StreamId next = id();
            for (int i = 0; i < ids.length; i++) {
                ids[i] = next;
                next = random.nextInt(4) == 0 ? id() : StreamDeletionTest.id(next.timeMs() + 1);
            }
            return ids;
        }

        private StreamDeletionPolicy policy() {
            return POLICIES.get(random.nextInt(POLICIES.size()));
        }

        private void step() {
            int group = random.nextInt(GROUPS.length);
            switch (random.nextInt(8)) {
                case 0, 1 -> add();
                case 2, 3 -> deliver(group);
                case 4 -> {
                    StreamId[] ids = ids();
                    streams.xack(KEY, bytes(GROUPS[group]), ids);
                    model.pending.get(group).keySet().removeAll(Arrays.asList(ids));
                }
                case 5 -> delete(policy(), ids());
                case 6 -> acknowledge(group, policy(), ids());
                default -> trim();
            }
        }

        private void add() {
            int count = random.nextInt(length);
            for (int i = 0; i < count; i++) {
                time += 1 + random.nextInt(2);
                StreamId id = StreamDeletionTest.id(time);
                StreamAdd how = StreamAdd.at(id);
                model.entries.add(id);
                if (random.nextInt(20) == 0) {
                    StreamTrim trim = trimming();
                    how = how.trim(trim);
                    model.trim(trim);
                }
                streams.xadd(KEY, how, FIELD, FIELD);
            }
        }

        private void deliver(int group) {
            int count = 1 + random.nextInt(length);
            String consumer = CONSUMERS[random.nextInt(CONSUMERS.length)];
            List<StreamBatch> read =
                    streams.xreadGroup(
                            bytes(GROUPS[group]),
                            bytes(consumer),
                            count,
                            false,
                            StreamPosition.undelivered(KEY));
            for (StreamBatch batch : read) {
                for (StreamEntry entry : batch.entries()) {
                    model.pending.get(group).put(entry.id(), consumer);
                    model.lastRead.set(group, entry.id());
                }
            }
        }

        private void delete(StreamDeletionPolicy policy, StreamId[] ids) {
            int[] expected =
                    Arrays.stream(ids).mapToInt(each -> model.delete(policy, each)).toArray();
            assertArrayEquals(expected, streams.xdelex(KEY, policy, ids));
        }

        private void acknowledge(int group, StreamDeletionPolicy policy, StreamId[] ids) {
            int[] expected =
                    Arrays.stream(ids)
                            .mapToInt(each -> model.acknowledge(group, policy, each))
                            .toArray();
            assertArrayEquals(expected, streams.xackdel(KEY, bytes(GROUPS[group]), policy, ids));
        }

        private StreamTrim trimming() {
            StreamTrim trim =
                    random.nextBoolean()
                            ? StreamTrim.toMinId(id())
                            : StreamTrim.toLength(random.nextInt(2 * length));
            return trim.policy(policy()).limit(random.nextBoolean() ? 0 : random.nextInt(length));
        }

        private void trim() {
            StreamTrim trim = trimming();
            assertEquals(model.trim(trim), streams.xtrim(KEY, trim), trim::toString);
        }

        private void compare() {
            List<StreamId> ids =
                    streams.xrange(KEY, StreamRange.all()).stream().map(StreamEntry::id).toList();
            assertEquals(List.copyOf(model.entries), ids);
            for (int i = 0; i < GROUPS.length; i++) {
                for (String consumer : CONSUMERS) {
                    assertEquals(model.pending.get(i), pendings(GROUPS[i], null));
                    TreeMap<StreamId, String> owned = new TreeMap<>(model.pending.get(i));
                    owned.values().removeIf(owner -> !owner.equals(consumer));
                    assertEquals(owned, pendings(GROUPS[i], bytes(consumer)));
                }
            }
        }

        private Map<StreamId, String> pendings(String group, byte @Nullable [] consumer) {
            TreeMap<StreamId, String> found = new TreeMap<>();
            for (StreamPending each :
                    streams.xpending(
                            KEY, bytes(group), StreamRange.all(), Duration.ZERO, consumer)) {
                found.put(each.id(), text(each.consumer()));
            }
            return found;
        }
    }

    /** And after it was opened again, which is what the log says: replicas do the same. */
    @ParameterizedTest
    @CsvSource({"8, 600", "60, 300", "700, 60"})
    void shouldLeaveWhatTheRulesSay(int length, int steps) {
        long seed = Long.getLong("hotpair.seed", System.nanoTime());
        for (String group : GROUPS) {
            streams.xgroupCreate(KEY, bytes(group), StreamId.MIN, true, -1);
        }
        Program program = new Program(seed, length);
        try {
            for (int i = 0; i < steps; i++) {
                program.step();
                program.compare();
            }
            String digest = keyspace.digest();
            keyspace.close();
            open();
            openStreams();
            assertEquals(digest, keyspace.digest());
            program.compare();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("seed=" + seed, e);
        }
    }

    /** In one operation, in which rows of what is pending stand as rows. */
    @ParameterizedTest
    @EnumSource(StreamDeletionPolicy.class)
    void shouldSayLittleOfALargeTrim(StreamDeletionPolicy policy) {
        int count = 20_000;
        add(1, count);
        streams.xgroupCreate(KEY, bytes("g"), StreamId.MIN);
        read("g", "ann", count / 2);
        read("g", "bob", count / 2);
        if (policy == ACKNOWLEDGED) {
            for (int i = 1; i <= count; i++) {
                streams.xack(KEY, bytes("g"), id(i));
            }
        }
        long before = keyspace.statistics().lastOpId();
        assertEquals(count, streams.xtrim(KEY, StreamTrim.toLength(0).policy(policy)));
        assertEquals(policy == KEEP_REFERENCES ? count : 0, pending("g"));
        int length = operationLengthAfter(before);
        assertTrue(length < 4_000, "bytes=" + length);
    }

    private int operationLengthAfter(long opId) {
        FrameBuffer frame = new FrameBuffer();
        OperationReader reader = new OperationReader();
        int length = 0;
        try (OperationSource source = MemoryLogProvider.of(directory).openSource()) {
            source.seekAfter(opId);
            while (source.poll(frame)) {
                reader.wrap(frame);
                while (reader.next()) {
                    length += reader.opId() > opId ? reader.operationLength() : 0;
                }
            }
        }
        return length;
    }
}
