package io.hotpair.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.KeyOperations.DeadlineCondition;
import io.hotpair.Keyspace;
import io.hotpair.ScoredMember;
import io.hotpair.StreamAdd;
import io.hotpair.StreamBatch;
import io.hotpair.StreamId;
import io.hotpair.StreamPending;
import io.hotpair.StreamPosition;
import io.hotpair.ZaddCondition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ElementReaderTest {
    private static final byte[] KEY = bytes("key");

    private final Keyspace keyspace =
            Keyspace.open(Keyspace.builder().inMemory().maxMemory(64 << 20).build());

    @AfterEach
    void close() {
        keyspace.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static String text(byte[] bytes, int offset, int length) {
        return new String(bytes, offset, length, UTF_8);
    }

    private static String key(ElementReader element) {
        return text(element.bytes(), element.keyOffset(), element.keyLength());
    }

    private static String value(ElementReader element) {
        return text(element.bytes(), element.valueOffset(), element.valueLength());
    }

    /** What says of each element something that a test can compare. */
    @FunctionalInterface
    private interface Say {
        String of(ElementReader element);
    }

    private List<String> described(Say say) {
        List<String> said = new ArrayList<>();
        boolean[] isFirst = {true};
        boolean isThere =
                keyspace.keys()
                        .describe(
                                KEY,
                                operation -> {
                                    assertTrue(
                                            isFirst[0] == operation.replaces()
                                                    || operation.type() == OperationType.SET);
                                    isFirst[0] = false;
                                    ElementReader element = new ElementReader().wrap(operation);
                                    while (element.next()) {
                                        said.add(say.of(element));
                                    }
                                });
        assertTrue(isThere);
        return said;
    }

    @Test
    void shouldReadStringsWholeAndInParts() {
        assertFalse(keyspace.keys().describe(KEY, operation -> {}));
        keyspace.put(KEY, bytes("value"));
        assertEquals(List.of("0 value"), described(e -> e.position() + " " + value(e)));
        String large = "0123456789".repeat(100_000);
        assertEquals(1_000_005, keyspace.strings().append(KEY, bytes(large)));
        StringBuilder whole = new StringBuilder();
        List<String> parts =
                described(
                        e -> {
                            assertEquals(whole.length(), e.position());
                            whole.append(value(e));
                            return "";
                        });
        assertTrue(parts.size() > 1);
        assertEquals("value" + large, whole.toString());
    }

    @Test
    void shouldReadFieldsMembersAndElementsOfLists() {
        Instant deadline = Instant.ofEpochMilli(4_000_000_000_000L);
        assertEquals(2, keyspace.hashes().hset(KEY, bytes("a"), bytes("1"), bytes("b"), bytes("")));
        int[] unused =
                keyspace.hashes().hexpireAt(KEY, deadline, DeadlineCondition.ALWAYS, bytes("b"));
        assertEquals(
                List.of("a=1 0", "b= 4000000000000"),
                described(e -> key(e) + "=" + value(e) + " " + e.deadlineMs()).stream()
                        .sorted()
                        .toList());
        assertTrue(keyspace.delete(KEY));
        assertEquals(2, keyspace.sets().sadd(KEY, bytes("x"), bytes("y")));
        assertEquals(
                List.of("x", "y"), described(ElementReaderTest::key).stream().sorted().toList());
        assertTrue(keyspace.delete(KEY));
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            expected.add("e" + i);
            assertEquals(i + 1, keyspace.lists().rpush(KEY, bytes("e" + i)));
        }
        assertEquals(expected, described(ElementReaderTest::value));
        assertTrue(keyspace.delete(KEY));
        long added =
                keyspace.sortedSets()
                        .zadd(
                                KEY,
                                ZaddCondition.ALWAYS,
                                false,
                                new ScoredMember(bytes("m"), -0.5),
                                new ScoredMember(bytes("n"), Double.POSITIVE_INFINITY));
        assertEquals(2, added);
        assertEquals(List.of("m -0.5", "n Infinity"), described(e -> key(e) + " " + e.score()));
    }

    private static String say(ElementReader element) {
        StreamElement found = StreamElement.read(element);
        if (found instanceof StreamElement.Group group) {
            return "group "
                    + new String(group.name(), UTF_8)
                    + " "
                    + group.lastDeliveredId()
                    + " "
                    + group.entriesRead();
        } else if (found instanceof StreamElement.Consumer consumer) {
            return "consumer "
                    + new String(consumer.name(), UTF_8)
                    + " "
                    + consumer.seenMs()
                    + " "
                    + consumer.activeMs();
        } else if (found instanceof StreamElement.Entry entry) {
            StringBuilder said = new StringBuilder("entry " + entry.entry().id());
            List<byte[]> all = entry.entry().fieldsAndValues();
            if (all != null) {
                all.forEach(each -> said.append(' ').append(new String(each, UTF_8)));
            }
            return said.toString();
        } else if (found instanceof StreamElement.Pending pending) {
            return "pending "
                    + pending.id()
                    + " "
                    + pending.deliveredMs()
                    + " "
                    + pending.deliveries();
        }
        return found == null ? "" : found.toString();
    }

    @Test
    void shouldReadStreams() {
        StreamId high = new StreamId(-1, 7);
        assertEquals(
                new StreamId(5, 0),
                keyspace.streams().xadd(KEY, StreamAdd.at(new StreamId(5, 0)), KEY, bytes("1")));
        assertEquals(high, keyspace.streams().xadd(KEY, StreamAdd.at(high), KEY, KEY));
        assertTrue(keyspace.streams().xgroupCreate(KEY, bytes("g"), StreamId.MIN));
        List<StreamPending> pending =
                List.of(
                        new StreamPending(
                                new StreamId(3, 4),
                                KEY,
                                Instant.ofEpochMilli(1_234),
                                Duration.ZERO,
                                9));
        keyspace.streams()
                .xgroupRestoreConsumer(
                        KEY, bytes("g"), bytes("c"), Instant.ofEpochMilli(77), null, pending);
        assertEquals(
                List.of(
                        "group g 0-0 -1",
                        "consumer c 77 -1",
                        "pending 3-4 1234 9",
                        "",
                        "",
                        "entry 5-0 key 1",
                        "entry 18446744073709551615-7 key key",
                        new StreamElement.Header(high, StreamId.MIN, 2).toString()),
                described(ElementReaderTest::say));
        HotpairException refused =
                assertThrows(
                        HotpairException.class,
                        () ->
                                keyspace.streams()
                                        .xgroupRestoreConsumer(
                                                KEY,
                                                bytes("g"),
                                                bytes("d"),
                                                Instant.EPOCH,
                                                Instant.EPOCH,
                                                pending));
        assertEquals(HotpairException.Category.WRONG_VALUE, refused.category());
        List<StreamBatch> read =
                keyspace.streams()
                        .xreadGroup(
                                bytes("g"), bytes("c"), 10, false, StreamPosition.undelivered(KEY));
        assertEquals(2, read.get(0).entries().size());
        assertEquals(3, keyspace.streams().xpending(KEY, bytes("g")).count());
    }

    @Test
    void shouldRefuseWhatIsCutShortAnywhere() {
        keyspace.hashes().hset(KEY, bytes("field"), bytes("value"), bytes("x"), bytes("y"));
        keyspace.keys()
                .describe(
                        KEY,
                        operation -> {
                            byte[] bytes =
                                    Arrays.copyOfRange(
                                            operation.bytes(),
                                            operation.operationOffset(),
                                            operation.operationOffset()
                                                    + operation.operationLength());
                            int length = operation.valueLength();
                            for (int cut = 1; cut < length; cut++) {
                                FrameDescriptor.putInt(
                                        bytes,
                                        FrameDescriptor.OP_VALUE_LENGTH_OFFSET,
                                        length - cut);
                                assertEndsInOrder(bytes);
                            }
                        });
    }

    private static void assertEndsInOrder(byte[] operation) {
        OperationReader reader = new OperationReader();
        reader.wrap(operation, 0, operation.length);
        assertTrue(reader.next());
        ElementReader element = new ElementReader().wrap(reader);
        int end = reader.valueOffset() + reader.valueLength();
        try {
            while (element.next()) {
                assertTrue(element.valueOffset() + element.valueLength() <= end);
            }
        } catch (HotpairException e) {
            assertEquals(HotpairException.Category.CORRUPTION, e.category());
        }
    }
}
