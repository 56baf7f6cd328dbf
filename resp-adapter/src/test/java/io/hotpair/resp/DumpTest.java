package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.moilioncircle.redis.replicator.Constants;
import com.moilioncircle.redis.replicator.util.CRC64;
import io.hotpair.FieldExpiry;
import io.hotpair.WriteListener;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What DUMP gives here a real redis-server must RESTORE, and the other way round. */
class DumpTest {
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 20 : 3);
    private static final int COMMANDS = 200;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_125);

    private static String bulk(String reply) {
        assertTrue(reply.startsWith("$"), reply);
        return reply.substring(reply.indexOf('\n') + 1, reply.length() - 2);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** A value, as a payload of version 10 has it. */
    static String payload(byte... value) {
        byte[] payload = Arrays.copyOf(value, value.length + 10);
        payload[value.length] = 10;
        long crc = CRC64.crc64(payload, 0, value.length + 2);
        for (int i = 0; i < 8; i++) {
            payload[value.length + 2 + i] = (byte) (crc >>> (8 * i));
        }
        return text(payload);
    }

    /** Moves each key from one server to the other, and back, and compares. */
    private static void assertMoves(String where, RawClient from, RawClient to) {
        to.call("FLUSHALL");
        for (String key : RdbImportTest.keys(from)) {
            String dump = bulk(from.call("DUMP", key));
            String deadline = from.call("PEXPIRETIME", key).trim().substring(1);
            assertEquals(
                    "+OK\r\n",
                    to.call("RESTORE", key, deadline.equals("-1") ? "0" : deadline, dump, "ABSTTL"),
                    where + " " + key);
        }
        RdbImportTest.assertSame(where, from, to);
    }

    @Test
    void shouldMoveWhatRandomProgramsHaveLeftBothWays() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (int program = 0; program < PROGRAMS * RdbImportTest.FAMILIES.size(); program++) {
                long seed = SEED + program;
                String where = "seed=" + seed;
                Random random = new Random(seed);
                CommandSource source = RdbImportTest.source(program, random);
                RawClient from = program % 2 == 0 ? theirs : ours;
                RawClient to = program % 2 == 0 ? ours : theirs;
                from.call("FLUSHALL");
                RdbImportTest.fill(from, source, COMMANDS, command -> false);
                assertMoves(where, from, to);
                assertMoves(where + " back", to, from);
            }
        }
    }

    @Test
    void shouldTakeEveryFormThatRedisHas() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            long[] numbers = {
                0,
                127,
                128,
                -1,
                -4096,
                4095,
                4096,
                -4097,
                32_767,
                -32_768,
                32_768,
                8_388_607,
                -8_388_608,
                8_388_608,
                Integer.MAX_VALUE,
                Integer.MIN_VALUE,
                2_147_483_648L,
                Long.MAX_VALUE,
                Long.MIN_VALUE
            };
            for (int size : new int[] {1, 10, 3_000}) {
                for (int i = 0; i < size; i++) {
                    String element = i < numbers.length ? "" + numbers[i] : "e" + i;
                    String longer = "ab".repeat(i % 100 == 0 ? i * 2 : i % 50) + i;
                    theirs.call("RPUSH", "list" + size, element, longer);
                    theirs.call("SADD", "set" + size, element, longer);
                    theirs.call("SADD", "ints" + size, "" + i * i * i);
                    theirs.call("HSET", "hash" + size, element, longer);
                    theirs.call("ZADD", "zset" + size, i / 3.0 + "", element);
                    theirs.call("XADD", "stream" + size, "*", element, longer);
                }
            }
            theirs.call("SADD", "shorts", "1", "-2", "300");
            theirs.call("SADD", "longs", "1", "-2", "30000000000");
            theirs.call("ZADD", "infinite", "inf", "a", "-inf", "b", "1e300", "c");
            theirs.call("ZADD", "infinite", "1", "x".repeat(100));
            theirs.call("SET", "compressed", "abcabc".repeat(100_000));
            theirs.call("SET", "empty", "");
            theirs.call("RPUSH", "plain", "x".repeat(10_000), "y".repeat(100), "z");
            for (long number : numbers) {
                theirs.call("SET", "n" + number, "" + number);
                ours.call("SET", "n" + number, "" + number);
                assertEquals(theirs.call("DUMP", "n" + number), ours.call("DUMP", "n" + number));
            }
            assertMoves("", theirs, ours);
            assertMoves("back", ours, theirs);
        }
    }

    private static byte[] plus(byte[] begin, int... more) {
        byte[] all = Arrays.copyOf(begin, begin.length + more.length);
        for (int i = 0; i < more.length; i++) {
            all[begin.length + i] = (byte) more[i];
        }
        return all;
    }

    /** A packed list of Redis before 7.0, as a string of an RDB file. */
    private static byte[] zipList(int count, int last, int... entries) {
        int length = 11 + entries.length;
        byte[] all = plus(new byte[0], length, length, 0, 0, 0, last, 0, 0, 0, count, 0);
        return plus(plus(all, entries), 0xFF);
    }

    @Test
    void shouldTakeWhatOlderVersionsOfRedisHaveWritten() {
        int[] numbers = {
            // "a", -1 in a byte, 300 in two, 7 beside its kind, -70000 in three, 2^31 - 1 in four
            0,
            1,
            'a',
            3,
            0xFE,
            0xFF,
            3,
            0xC0,
            0x2C,
            1,
            4,
            0xF8,
            2,
            0xF0,
            0x90,
            0xEE,
            0xFE,
            5,
            0xD0,
            0xFF,
            0xFF,
            0xFF,
            0x7F
        };
        byte[] list = zipList(6, 27, numbers);
        byte[][] values = {
            plus(new byte[] {10}, ints(list)),
            plus(new byte[] {13}, ints(list)),
            plus(new byte[] {14, 2}, ints(plus(list, ints(list)))),
            plus(new byte[] {9}, 12, 2, 1, 'a', 2, 0, 'x', 'y', 1, 'b', 0, 0, 0xFF),
            plus(new byte[] {11}, 12, 2, 0, 0, 0, 2, 0, 0, 0, 0xFE, 0xFF, 5, 0),
            plus(
                    new byte[] {12},
                    ints(zipList(4, 18, 0, 1, 'a', 3, 0xF3, 2, 1, 'b', 3, 3, '3', '.', '5'))),
            plus(new byte[] {3}, 3, 1, 'a', 3, '1', '.', '5', 1, 'b', 254, 1, 'c', 255),
            plus(new byte[] {1}, 2, 0xC0, 0xFF, 2, 'h', 'i'),
            plus(new byte[] {0, (byte) 0xC3}, 8, 20, 1, 'a', 'b', 0xE0, 8, 1, 0, 'x'),
        };
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (int i = 0; i < values.length; i++) {
                String payload = payload(values[i]);
                String reply = theirs.call("RESTORE", "k" + i, "0", payload);
                assertEquals(reply, ours.call("RESTORE", "k" + i, "0", payload), "value " + i);
                assertEquals("+OK\r\n", reply, "value " + i);
            }
            RdbImportTest.assertSame("", theirs, ours);
        }
    }

    /** A stream as Redis 5 and 6 write it, which do not tell how many entries a group has read. */
    private static byte[] olderStream(int firstMs, int count, int... deliveredMs) {
        RdbListPack pack = new RdbListPack();
        for (String each : List.of(Integer.toString(count), "0", "1", "field", "0")) {
            pack.string(bytes(each));
        }
        for (int i = 0; i < count; i++) {
            for (String each : List.of("2", Integer.toString(i), "0", "value", "4")) {
                pack.string(bytes(each));
            }
        }
        RdbBuffer value = new RdbBuffer(RdbBuffer.NONE);
        value.one(15).one(1).one(16).highestFirst(firstMs, 8).highestFirst(0, 8);
        pack.writeTo(value);
        value.one(count).one(firstMs + count - 1).one(0).one(deliveredMs.length);
        for (int ms : deliveredMs) {
            value.one(1).one('a' + ms).one(ms).one(0).one(0).one(0);
        }
        return value.copy();
    }

    @Test
    void shouldCountWhatGroupsOfOlderStreamsHaveReadAsRedisDoes() {
        String payload = payload(olderStream(5, 4, 0, 3, 5, 6, 8));
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            String reply = theirs.call("RESTORE", "s", "0", payload);
            assertEquals("+OK\r\n", reply);
            assertEquals(reply, ours.call("RESTORE", "s", "0", payload));
            assertEquals(
                    theirs.call("XINFO", "STREAM", "s", "FULL"),
                    ours.call("XINFO", "STREAM", "s", "FULL"));
            assertEquals(theirs.call("XINFO", "GROUPS", "s"), ours.call("XINFO", "GROUPS", "s"));
        }
    }

    private static int[] ints(byte[] bytes) {
        int[] ints = new int[bytes.length];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = bytes[i];
        }
        return ints;
    }

    /** What is below zero is taken for the highest number. */
    @Test
    void shouldTakeCountsThatOverflowed() {
        String most = String.valueOf(Long.MAX_VALUE);
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (RawClient client : List.of(theirs, ours)) {
                client.call("XADD", "k", "1-1", "f", "v");
                client.call("XSETID", "k", "1-1", "ENTRIESADDED", most);
                client.call("XADD", "k", "3-1", "f", "v");
                client.call("XGROUP", "CREATE", "k", "g", "1-1", "ENTRIESREAD", most);
                client.call("XREADGROUP", "GROUP", "g", "ann", "STREAMS", "k", ">");
                String dump = bulk(client.call("DUMP", "k"));
                assertEquals("+OK\r\n", ours.call("RESTORE", "copy", "0", dump, "REPLACE"));
                String groups = ours.call("XINFO", "GROUPS", "copy");
                assertTrue(groups.contains("entries-read\r\n:" + most), groups);
                String stream = ours.call("XINFO", "STREAM", "copy");
                assertTrue(stream.contains("entries-added\r\n:" + most), stream);
            }
        }
    }

    @Test
    void shouldTakeAStreamWhoseLastIdWasSetBack() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (RawClient client : List.of(theirs, ours)) {
                client.call("XADD", "k", "2", "f", "v");
                client.call("XDEL", "k", "2");
                assertEquals("+OK\r\n", client.call("XSETID", "k", "0-0"));
            }
            assertMoves("from Redis", theirs, ours);
            assertMoves("to Redis", ours, theirs);
        }
    }

    @Test
    void shouldKeepDeadlinesOfFieldsAmongItself() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("HSET", "h", "a", "1", "b", "2", "c", "3");
            client.call("HPEXPIREAT", "h", "4000000000123", "FIELDS", "1", "b");
            client.call("HPEXPIREAT", "h", "4000000000007", "FIELDS", "1", "c");
            String dump = bulk(client.call("DUMP", "h"));
            assertEquals(12, dump.charAt(dump.length() - 10));
            assertEquals("+OK\r\n", client.call("RESTORE", "i", "0", dump));
            for (String question : new String[] {"h", "i"}) {
                assertEquals(
                        "*3\r\n:-1\r\n:4000000000123\r\n:4000000000007\r\n",
                        client.call("HPEXPIRETIME", question, "FIELDS", "3", "a", "b", "c"));
            }
            // The same in the packed form of Redis 7.4.
            RdbListPack pack = new RdbListPack();
            for (String each : List.of("a", "1", "0", "b", "2", "4000000000123")) {
                pack.string(bytes(each));
            }
            RdbBuffer value = new RdbBuffer(RdbBuffer.NONE);
            value.one(25).lowestFirst(4_000_000_000_123L, 8);
            pack.writeTo(value);
            assertEquals("+OK\r\n", client.call("RESTORE", "p", "0", payload(value.copy())));
            assertEquals(
                    "*2\r\n:-1\r\n:4000000000123\r\n",
                    client.call("HPEXPIRETIME", "p", "FIELDS", "2", "a", "b"));
        }
    }

    @Test
    void shouldRestoreInOneWriteAndHeedItsOptions() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            for (int i = 0; i < 2_000; i++) {
                client.call("RPUSH", "list", "e" + i);
            }
            String dump = bulk(client.call("DUMP", "list"));
            AtomicInteger commits = new AtomicInteger();
            WriteListener counter = writesOfACommit -> commits.incrementAndGet();
            listener.keyspace().addWriteListener(counter);
            client.call("SET", "k", "v");
            assertEquals(
                    "-BUSYKEY Target key name already exists.\r\n",
                    client.call("RESTORE", "k", "0", dump));
            assertEquals("+OK\r\n", client.call("RESTORE", "k", "100000", dump, "replace"));
            assertEquals(2, commits.get());
            listener.keyspace().removeWriteListener(counter);
            assertEquals(":2000\r\n", client.call("LLEN", "k"));
            assertTrue(client.call("PTTL", "k").matches(":(100000|99\\d\\d\\d)\r\n"));
            assertEquals("+OK\r\n", client.call("RESTORE", "k", "1", dump, "ABSTTL", "REPLACE"));
            assertEquals(":0\r\n", client.call("EXISTS", "k"));
            client.call("MULTI");
            client.call("RESTORE", "a", "0", dump);
            client.call("RESTORE", "a", "0", dump);
            client.call("DUMP", "a");
            String replies = client.call("EXEC");
            assertTrue(
                    replies.startsWith(
                            "*3\r\n+OK\r\n-BUSYKEY Target key name already exists.\r\n$"),
                    replies);
            assertTrue(replies.endsWith(dump + "\r\n"));
        }
    }

    @Test
    void shouldRefuseClaimsThatNothingStandsBehind() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            int[] far = {0x81, 0x10, 0, 0, 0, 0, 0, 0, 0};
            int[] negative = {0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
            for (int type = 0; type < 40; type++) {
                for (int[] length : List.of(far, negative, new int[0], new int[] {0, 0})) {
                    assertRefused(client, plus(new byte[] {(byte) type}, length));
                }
            }
            // A string that claims to be compressed from 2^60 bytes, and from a gigabyte.
            assertRefused(client, plus(plus(new byte[] {0, (byte) 0xC3, 3}, far), 0, 'a', 0));
            assertRefused(
                    client,
                    plus(new byte[] {0, (byte) 0xC3, 3, (byte) 0x80, 64, 0, 0, 0}, 0, 'a', 0));
            assertRefused(client, plus(new byte[] {2, 2, 1, 'a', 1, 'a'}));
            assertRefused(client, plus(new byte[] {5, 1, 1, 'a'}, 0, 0, 0, 0, 0, 0, 0xF8, 0x7F));
            assertEquals(":0\r\n", client.call("DBSIZE"));
        }
    }

    /**
     * A hash with one field, in the form that tells deadlines by how they differ from the least.
     */
    private static byte[] timedField(long leastMs, long left) {
        RdbBuffer out = new RdbBuffer(RdbBuffer.NONE);
        out.one(Constants.RDB_TYPE_HASH_METADATA).lowestFirst(leastMs, 8).length(1).length(left);
        return out.string(bytes("f")).string(bytes("v")).copy();
    }

    /** The same, packed. */
    private static byte[] packedField(long deadlineMs) {
        RdbBuffer out = new RdbBuffer(RdbBuffer.NONE);
        out.one(Constants.RDB_TYPE_HASH_LISTPACK_EX).zeros(8);
        RdbListPack pack = new RdbListPack();
        pack.string(bytes("f"));
        pack.string(bytes("v"));
        pack.number(deadlineMs);
        pack.writeTo(out);
        return out.copy();
    }

    @Test
    void shouldRefuseDeadlinesOfFieldsThatNoCommandTakes() {
        long most = FieldExpiry.MAX_DEADLINE_MS;
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            for (byte[] taken :
                    List.of(timedField(most, 1), timedField(most - 5, 6), packedField(most))) {
                assertEquals(
                        "+OK\r\n", client.call("RESTORE", "k", "0", payload(taken), "REPLACE"));
                assertEquals(
                        "*1\r\n:" + most + "\r\n",
                        client.call("HPEXPIRETIME", "k", "FIELDS", "1", "f"));
            }
            client.call("DEL", "k");
            for (long each : new long[] {-1, -5, Long.MIN_VALUE, most + 1, Long.MAX_VALUE}) {
                assertRefused(client, timedField(each, 1));
                assertRefused(client, packedField(each));
            }
            assertRefused(client, timedField(most, 2));
            assertRefused(client, timedField(1, Long.MIN_VALUE));
            assertRefused(client, timedField(5, -10));
            assertRefused(client, timedField(Long.MAX_VALUE, Long.MAX_VALUE));
        }
    }

    @Test
    void shouldRefuseACompressedStringThatIsLongerThanAnyValue() {
        byte[] bytes = new byte[20 << 20];
        RdbBuffer head = new RdbBuffer(RdbBuffer.NONE);
        head.one(0xC3).length(bytes.length - 64).length(1L << 31);
        System.arraycopy(head.bytes(), 0, bytes, 0, head.length());
        RdbReader reader = new RdbReader(bytes, 0, bytes.length, Long.MAX_VALUE);
        assertEquals(
                "ERR Bad data format",
                assertThrows(CommandException.class, reader::string).reply());
    }

    @Test
    void shouldRefuseWhatTakesMoreMemoryThanClientsMayHave() {
        try (TestListener listener =
                        TestListener.open(config -> config.clientMemoryLimit(1 << 20));
                RawClient client = listener.connect()) {
            // A mebibyte and more of the same byte, in 12 kilobytes.
            RdbBuffer string = new RdbBuffer(RdbBuffer.NONE);
            int repeats = 4_600;
            string.one(0).one(0xC3).length(2 + 3L * repeats).length(1 + 264L * repeats);
            string.one(0).one('a');
            for (int i = 0; i < repeats; i++) {
                string.one(0xE0).one(255).one(0);
            }
            // Entries whose field is that of the pack and whose value is empty.
            RdbListPack pack = new RdbListPack();
            int count = 10_000;
            for (long number : new long[] {count, 0, 1}) {
                pack.number(number);
            }
            pack.string(new byte[0]);
            pack.number(0);
            for (int i = 0; i < count; i++) {
                for (long number : new long[] {2, 0, i}) {
                    pack.number(number);
                }
                pack.string(new byte[0]);
                pack.number(4);
            }
            RdbBuffer stream = new RdbBuffer(RdbBuffer.NONE);
            stream.one(19).length(1).length(16).zeros(15).one(1);
            pack.writeTo(stream);
            for (RdbBuffer each : List.of(string, stream)) {
                String reply = client.call("RESTORE", "k", "0", payload(each.copy()));
                assertTrue(
                        reply.matches(
                                "-ERR to read the value takes more than the \\d+ bytes.*\r\n"),
                        reply);
            }
        }
    }

    private static void assertRefused(RawClient client, byte[] value) {
        String reply = client.call("RESTORE", "k", "0", payload(value));
        boolean isEmptyString = value.length > 1 && value[0] == 0 && value[1] == 0;
        if (isEmptyString) {
            assertEquals("+OK\r\n:1\r\n", reply + client.call("DEL", "k"));
        } else {
            assertEquals("-ERR Bad data format\r\n", reply, Arrays.toString(value));
        }
    }

    @Test
    void shouldStandEveryByteThatIsChanged() {
        List<String> dumps = new ArrayList<>();
        try (RealRedis redis = RealRedis.start();
                RawClient theirs = new RawClient(redis.port())) {
            theirs.call("RPUSH", "list", "a", "1000", "x".repeat(100));
            theirs.call("SADD", "ints", "1", "2", "70000");
            theirs.call("SADD", "set", "a", "b");
            theirs.call("HSET", "hash", "a", "b", "c", "5");
            theirs.call("ZADD", "zset", "1.5", "a", "2", "b");
            theirs.call("XADD", "stream", "1-1", "a", "1");
            theirs.call("XADD", "stream", "1-2", "b", "1");
            theirs.call("XGROUP", "CREATE", "stream", "g", "0");
            theirs.call("XREADGROUP", "GROUP", "g", "c", "STREAMS", "stream", ">");
            theirs.call("SET", "string", "abc".repeat(100));
            for (String key : RdbImportTest.keys(theirs)) {
                dumps.add(bulk(theirs.call("DUMP", key)));
            }
        }
        Random random = new Random(SEED);
        int taken = 0;
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            for (String dump : dumps) {
                byte[] value = Arrays.copyOf(bytes(dump), dump.length() - 10);
                for (int i = 0; i < 20 * value.length; i++) {
                    byte[] changed = value.clone();
                    changed[i % value.length] = (byte) random.nextInt(256);
                    if (i % 3 == 0) {
                        changed[random.nextInt(value.length)] ^= (byte) (1 << random.nextInt(8));
                    }
                    String reply = client.call("RESTORE", "k", "0", payload(changed), "REPLACE");
                    assertTrue(
                            reply.equals("+OK\r\n") || reply.equals("-ERR Bad data format\r\n"),
                            () -> "seed=" + SEED + " " + Arrays.toString(changed) + reply);
                    taken += reply.startsWith("+") ? 1 : 0;
                    String type = client.call("TYPE", "k");
                    if (!type.equals("+none\r\n")) {
                        RdbImportTest.questions(type, "k").forEach(client::call);
                    }
                }
            }
        }
        assertTrue(taken > 100, "taken=" + taken);
    }
}
