package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.Progress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Files that a real redis-server has saved: what is read of them must answer as it does. */
class RdbImportTest {
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 40 : 6);
    private static final int COMMANDS = 300;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_123);

    /** What a key holds, by commands whose replies tell all of it. */
    static List<String[]> questions(String type, String key) {
        List<String[]> questions = new ArrayList<>();
        questions.add(new String[] {"PEXPIRETIME", key});
        switch (type) {
            case "+string\r\n" -> questions.add(new String[] {"GET", key});
            case "+hash\r\n" -> questions.add(new String[] {"HGETALL", key});
            case "+list\r\n" -> questions.add(new String[] {"LRANGE", key, "0", "-1"});
            case "+set\r\n" -> questions.add(new String[] {"SMEMBERS", key});
            case "+zset\r\n" ->
                    questions.add(new String[] {"ZRANGE", key, "0", "-1", "WITHSCORES"});
            case "+stream\r\n" -> {
                questions.add(new String[] {"XRANGE", key, "-", "+"});
                questions.add(new String[] {"XINFO", "STREAM", key, "FULL", "COUNT", "0"});
            }
            default -> throw new AssertionError(type);
        }
        return questions;
    }

    /** Sets and hashes have an order of their own, and when a consumer was seen is not kept. */
    static String comparable(String[] question, String reply) {
        if (Arrays.asList("HGETALL", "SMEMBERS").contains(question[0])) {
            List<String> lines = new ArrayList<>(Arrays.asList(reply.split("\r\n", -1)));
            lines.sort(null);
            return String.join("\r\n", lines);
        }
        return reply.replaceAll("(radix-tree-(?:keys|nodes)|seen-time)\r\n:\\d+", "$1\r\n:n")
                .replace("$2\r\n-0\r\n", "$1\r\n0\r\n");
    }

    static List<String> keys(RawClient client) {
        String reply = client.call("KEYS", "*");
        List<String> keys = new ArrayList<>();
        for (int at = reply.indexOf('$'); at >= 0 && at < reply.length(); ) {
            int begin = reply.indexOf('\n', at) + 1;
            int end = begin + Integer.parseInt(reply.substring(at + 1, begin - 2));
            keys.add(reply.substring(begin, end));
            at = end + 2;
        }
        return keys;
    }

    static void assertSame(String where, RawClient theirs, RawClient ours) {
        assertEquals(new TreeSet<>(keys(theirs)), new TreeSet<>(keys(ours)), where);
        for (String key : keys(theirs)) {
            String type = theirs.call("TYPE", key);
            assertEquals(type, ours.call("TYPE", key), where + " " + key);
            for (String[] question : questions(type, key)) {
                assertEquals(
                        comparable(question, theirs.call(question)),
                        comparable(question, ours.call(question)),
                        where + " " + Arrays.toString(question));
            }
        }
    }

    static Keyspace inMemory() {
        return Keyspace.open(Keyspace.builder().inMemory().maxMemory(256 << 20).build());
    }

    static final List<Function<Random, CommandSource>> FAMILIES =
            List.of(
                    HashSource::new,
                    ListSource::new,
                    SetSource::new,
                    SortedSetSource::new,
                    BitSource::new,
                    GeoSource::new,
                    StreamSource::new);

    /** Each family of commands has its turn. */
    static CommandSource source(int program, Random random) {
        return FAMILIES.get(program % FAMILIES.size()).apply(random);
    }

    /** Executes so many commands, but for what is left out. */
    static void fill(
            RawClient client, CommandSource source, int count, Predicate<String[]> leftOut) {
        for (int i = 0; i < count; i++) {
            String[] command = source.next();
            // It would let entries be counted past the highest number.
            if (!command[0].equalsIgnoreCase("XSETID") && !leftOut.test(command)) {
                client.call(command);
            }
        }
    }

    /** Gives some keys deadlines that are far away. */
    static void expireSome(RawClient client, Random random) {
        for (String key : keys(client)) {
            if (random.nextInt(3) == 0) {
                client.call("PEXPIRE", key, "" + (1_000_000 + random.nextInt(1_000_000)));
            }
        }
    }

    @Test
    void shouldReadWhatRandomProgramsHaveLeft() {
        try (RealRedis redis = RealRedis.start();
                RawClient theirs = new RawClient(redis.port())) {
            for (int program = 0; program < PROGRAMS * FAMILIES.size(); program++) {
                long seed = SEED + program;
                Random random = new Random(seed);
                theirs.call("FLUSHALL");
                fill(theirs, source(program, random), COMMANDS, command -> false);
                expireSome(theirs, random);
                Path file = redis.save();
                try (Keyspace keyspace = inMemory();
                        RespListener listener =
                                RespListener.open(keyspace, RespConfig.builder().port(0).build());
                        RawClient ours = new RawClient(listener.port())) {
                    RdbImport.Report report = RdbImport.read(file, 0, keyspace, Progress.NONE);
                    assertEquals(keys(theirs).size(), report.keyCount(), "seed=" + seed);
                    assertSame("seed=" + seed, theirs, ours);
                }
            }
        }
    }

    @Test
    void shouldReadLargeValuesStreamsAsTheyAreAndOtherDatabasesNot() {
        try (RealRedis redis = RealRedis.start();
                RawClient theirs = new RawClient(redis.port());
                Keyspace keyspace = inMemory();
                RespListener listener =
                        RespListener.open(keyspace, RespConfig.builder().port(0).build());
                RawClient ours = new RawClient(listener.port())) {
            for (int i = 0; i < 3_000; i++) {
                theirs.call("HSET", "hash", "f" + i, "v".repeat(i % 100));
                theirs.call("SADD", "set", "m" + i);
                theirs.call("SADD", "numbers", "" + (i * 77_777_777L));
                theirs.call("ZADD", "zset", i + ".5", "m" + i);
                theirs.call("RPUSH", "list", "e".repeat(i % 300) + i);
            }
            theirs.call("ZADD", "zset", "inf", "most", "-inf", "least", "-0", "zero");
            theirs.call("SET", "string", "x".repeat(3 << 20));
            theirs.call("SET", "number", "-12345");
            // Fields that are named twice keep both, and their order.
            theirs.call("XADD", "s", "1-1", "a", "1", "a", "2", "b", "3");
            theirs.call("XADD", "s", "1-2", "b", "3", "a", "1", "b", "4");
            theirs.call("XADD", "s", "2-1", "b", "3", "a", "1", "b", "4");
            theirs.call("XGROUP", "CREATE", "s", "g", "0");
            theirs.call("XREADGROUP", "GROUP", "g", "alice", "COUNT", "2", "STREAMS", "s", ">");
            theirs.call("XREADGROUP", "GROUP", "g", "bob", "STREAMS", "s", ">");
            theirs.call("XGROUP", "CREATECONSUMER", "s", "g", "carol");
            // What is pending may be deleted.
            theirs.call("XDEL", "s", "1-2");
            theirs.call("XGROUP", "CREATE", "empty", "g", "$", "MKSTREAM");
            theirs.call("XADD", "gone", "5-5", "a", "1");
            theirs.call("XDEL", "gone", "5-5");
            theirs.call("SELECT", "3");
            theirs.call("SET", "elsewhere", "1");
            theirs.call("SELECT", "0");
            ours.call("SET", "list", "replaced");
            ours.call("SET", "stays", "1");
            RdbImport.Report report = RdbImport.read(redis.save(), 0, keyspace, Progress.NONE);
            assertEquals(new RdbImport.Report(keys(theirs).size(), 0, 1, 0), report);
            assertEquals("$1\r\n1\r\n", ours.call("GET", "stays"));
            ours.call("DEL", "stays");
            assertSame("", theirs, ours);
            assertEquals(theirs.call("XPENDING", "s", "g"), ours.call("XPENDING", "s", "g"));
            assertEquals(
                    new RdbImport.Report(1, 0, report.keyCount(), 0),
                    RdbImport.read(redis.save(), 3, keyspace, Progress.NONE));
        }
    }

    @Test
    void shouldRefuseEveryDamagedFileBeforeItWritesAnything() throws IOException {
        try (RealRedis redis = RealRedis.start();
                RawClient theirs = new RawClient(redis.port());
                Keyspace keyspace = inMemory()) {
            for (int i = 0; i < 20; i++) {
                theirs.call("SET", "k" + i, "v" + i);
            }
            Path file = redis.save();
            byte[] bytes = Files.readAllBytes(file);
            for (int bit = 0; bit < bytes.length * 8; bit++) {
                byte[] damaged = bytes.clone();
                damaged[bit / 8] ^= (byte) (1 << bit % 8);
                Files.write(file, damaged);
                assertRefused(file, keyspace);
            }
            for (int length = 0; length < bytes.length; length++) {
                Files.write(file, Arrays.copyOf(bytes, length));
                assertRefused(file, keyspace);
            }
            int end = bytes.length - Long.BYTES - 1;
            for (int length = 9; length < end; length++) {
                // As one without a checksum ends.
                Files.write(file, Arrays.copyOf(Arrays.copyOf(bytes, length), length + Long.BYTES));
                assertRefused(file, keyspace);
            }
            Files.write(file, "*1\r\n$4\r\nPING\r\n".getBytes(StandardCharsets.US_ASCII));
            assertRefused(file, keyspace);
            assertEquals(0, keyspace.statistics().keyCount());
            Files.write(file, bytes);
            long[] last = new long[2];
            RdbImport.Report report =
                    RdbImport.read(
                            file,
                            0,
                            keyspace,
                            (done, total) -> {
                                assertTrue(done >= last[0] && done <= total);
                                last[0] = done;
                                last[1] = total;
                            });
            assertEquals(20, report.keyCount());
            assertEquals(bytes.length, last[1]);
        }
    }

    private static void assertRefused(Path file, Keyspace keyspace) {
        HotpairException e =
                assertThrows(
                        HotpairException.class,
                        () -> RdbImport.read(file, 0, keyspace, Progress.NONE));
        assertEquals(HotpairException.Category.CORRUPTION, e.category());
        assertTrue(String.valueOf(e.getMessage()).contains(file.toString()), e::getMessage);
    }
}
