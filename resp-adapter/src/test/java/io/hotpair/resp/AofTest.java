package io.hotpair.resp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.Progress;
import io.hotpair.resp.RdbExport.Format;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Append-only logs of a real redis-server, and those that it is given. */
class AofTest {
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 10 : 1);
    private static final int COMMANDS = 300;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_126);

    @TempDir private Path root;

    private RealRedis logging(String... options) {
        String[] all = {"--dir", root.toString(), "--appendonly", "yes"};
        String[] both = Arrays.copyOf(all, all.length + options.length);
        System.arraycopy(options, 0, both, all.length, options.length);
        return RealRedis.start(both);
    }

    private Path log() {
        return root.resolve("appendonlydir");
    }

    /** Has it write what it has kept back, and begin a new file if asked. */
    private static void settle(RawClient client, boolean rewrites) {
        if (rewrites) {
            client.call("BGREWRITEAOF");
            Await.until(
                    () -> {
                        String info = client.call("INFO", "persistence");
                        return info.contains("aof_rewrite_in_progress:0")
                                && info.contains("aof_rewrite_scheduled:0");
                    },
                    () -> "still rewriting");
        }
        client.call("WAITAOF");
        client.call("CONFIG", "SET", "appendfsync", "always");
        client.call("SET", "the end", "1");
        client.call("DEL", "the end");
    }

    private static void assertReads(String where, Path log, RawClient theirs) {
        try (Keyspace keyspace = RdbImportTest.inMemory();
                RespListener listener =
                        RespListener.open(keyspace, RespConfig.builder().port(0).build());
                RawClient ours = new RawClient(listener.port())) {
            AofImport.Report report = AofImport.read(log, 0, keyspace, Progress.NONE);
            assertEquals(0, report.cutBytes(), where);
            assertEquals(RdbImportTest.keys(theirs).size(), report.keyCount(), where);
            RdbImportTest.assertSame(where, theirs, ours);
        }
    }

    @Test
    void shouldReadTheLogsOfRandomPrograms() {
        try (RealRedis redis = logging("--enable-debug-command", "yes");
                RawClient theirs = new RawClient(redis.port())) {
            for (int program = 0; program < PROGRAMS * RdbImportTest.FAMILIES.size(); program++) {
                long seed = SEED + program;
                Random random = new Random(seed);
                CommandSource source = RdbImportTest.source(program, random);
                theirs.call("FLUSHALL");
                String stamps = random.nextBoolean() ? "yes" : "no";
                theirs.call("CONFIG", "SET", "aof-timestamp-enabled", stamps);
                theirs.call(
                        "CONFIG", "SET", "aof-use-rdb-preamble", program % 3 == 0 ? "no" : "yes");
                int first = COMMANDS / 2;
                RdbImportTest.fill(theirs, source, first, command -> !isReadBack(command));
                settle(theirs, true);
                RdbImportTest.fill(
                        theirs, source, COMMANDS - first, command -> !isReadBack(command));
                RdbImportTest.expireSome(theirs, random);
                settle(theirs, random.nextInt(4) == 0);
                // What is pending and deleted is not in the log.
                assertEquals("+OK\r\n", theirs.call("DEBUG", "LOADAOF"));
                assertReads("seed=" + seed, log(), theirs);
            }
        }
    }

    /**
     * Whether Redis itself reads what it writes of that. Entries counted past the highest number
     * are not taken for a number any more; and PFCOUNT writes an estimate into the value.
     */
    static boolean isReadBack(String[] command) {
        List<String> words = List.of(command);
        return !command[0].matches("(?i)XSETID|PFCOUNT")
                && !(words.contains("ENTRIESREAD") && words.contains("" + Long.MAX_VALUE));
    }

    private Path write(String name, String text) throws IOException {
        return Files.write(root.resolve(name), text.getBytes(ISO_8859_1));
    }

    private static String commands(String... lines) {
        StringBuilder text = new StringBuilder();
        for (String line : lines) {
            text.append(RawClient.command(line.split(" ", -1)));
        }
        return text.toString();
    }

    /** What reading a log of one file says, and what is there then. */
    private static String read(Path log) {
        try (Keyspace keyspace = RdbImportTest.inMemory();
                RespListener listener =
                        RespListener.open(keyspace, RespConfig.builder().port(0).build());
                RawClient client = new RawClient(listener.port())) {
            AofImport.Report report = AofImport.read(log, 0, keyspace, Progress.NONE);
            StringBuilder text =
                    new StringBuilder(
                            "commands="
                                    + report.commandCount()
                                    + " others="
                                    + report.otherDatabaseCount()
                                    + " expired="
                                    + report.expiredCount()
                                    + " cut="
                                    + report.cutBytes());
            RdbImportTest.keys(client).stream()
                    .sorted()
                    .forEach(
                            key ->
                                    text.append(' ')
                                            .append(key)
                                            .append('=')
                                            .append(
                                                    client.call("GET", key)
                                                            .trim()
                                                            .replaceAll("(?s).*\n", "")));
            return text.toString();
        }
    }

    @Test
    void shouldKeepAKeyWhoseDeadlineWasMovedBeforeItPassed() throws IOException {
        assertEquals(
                "commands=6 others=0 expired=1 cut=0 a=1 b=2",
                read(
                        write(
                                "log",
                                commands(
                                        "SET a 1",
                                        "PEXPIREAT a 1000000",
                                        "PERSIST a",
                                        "SET b 2 PXAT 1000000",
                                        "PEXPIREAT b 4000000000000",
                                        "SET c 3 PXAT 1000000"))));
    }

    @Test
    void shouldLeaveOutOtherDatabasesAndWhatIsNoData() throws IOException {
        assertEquals(
                "commands=2 others=1 expired=0 cut=0 a=1 b=2",
                read(
                        write(
                                "log",
                                commands("SELECT 0", "SET a 1", "SELECT 3", "SET c 3")
                                        + "#TS:1700000000\r\n"
                                        + commands(
                                                "SELECT 0",
                                                "SCRIPT LOAD x",
                                                "PFCOUNT b",
                                                "SET b 2"))));
    }

    @Test
    void shouldCutALogAtEveryByteAndSayWhatWasCut() throws IOException {
        String first = commands("SET a 1");
        String group = commands("MULTI", "SET a 2", "SET b 2", "EXEC");
        String all = first + group;
        for (int length = 0; length <= all.length(); length++) {
            int valid =
                    length == all.length() ? length : length < first.length() ? 0 : first.length();
            String state = valid == 0 ? "" : valid == all.length() ? " a=2 b=2" : " a=1";
            String reported = read(write("log", all.substring(0, length)));
            assertTrue(
                    reported.endsWith("cut=" + (length - valid) + state),
                    "length=" + length + " " + reported);
        }
        write("one", first.substring(0, 7));
        write("two", first);
        write("a.manifest", "file one seq 1 type b\nfile two seq 1 type i\n");
        HotpairException torn =
                assertThrows(HotpairException.class, () -> read(root.resolve("a.manifest")));
        assertEquals(HotpairException.Category.CORRUPTION, torn.category());
    }

    @Test
    void shouldReadALogThatBeginsAsAnRdbFile() throws IOException {
        Path rdb = root.resolve("rdb");
        try (Keyspace keyspace = RdbImportTest.inMemory()) {
            keyspace.put("a", "1");
            keyspace.put("n", "\u00ff".repeat(100));
            RdbExport.Report unused =
                    RdbExport.toFile(keyspace, Format.REDIS_7_0, rdb, Progress.NONE);
        }
        byte[] base = Files.readAllBytes(rdb);
        String begin = new String(base, ISO_8859_1);
        assertEquals(
                "commands=3 others=0 expired=0 cut=3 a=2 b=2",
                read(write("log", begin + commands("INCR a", "SET b 2", "DEL n") + "*1\r")));
        base[base.length / 2] ^= 1;
        String damaged = new String(base, ISO_8859_1);
        assertThrows(
                HotpairException.class, () -> read(write("log", damaged + commands("INCR a"))));
    }

    @Test
    void shouldFindTheEndOfAnRdbFileWhoseChecksumFitsAByteTooEarlyAsWell() throws IOException {
        int found = 0;
        try (Keyspace keyspace = RdbImportTest.inMemory()) {
            for (int i = 0; found < 3; i++) {
                assertTrue(i < 20_000, "found=" + found);
                byte[] value = (i + "\u00ff").getBytes(ISO_8859_1);
                keyspace.put("n".getBytes(ISO_8859_1), value);
                Path rdb = root.resolve("rdb" + i);
                RdbExport.Report unused =
                        RdbExport.toFile(keyspace, Format.REDIS_7_0, rdb, Progress.NONE);
                byte[] base = Files.readAllBytes(rdb);
                Files.delete(rdb);
                if (base[base.length - 1] == 0) {
                    found++;
                    String begin = new String(base, ISO_8859_1);
                    assertEquals(
                            "commands=0 others=0 expired=0 cut=0 n=" + i + '\u00ff',
                            read(write("log", begin)));
                    assertEquals(
                            "commands=1 others=0 expired=0 cut=0 b=2 n=" + i + '\u00ff',
                            read(write("log", begin + commands("SET b 2"))));
                }
            }
        }
    }

    @Test
    void shouldRefuseWhatItCannotExecute() throws IOException {
        for (String line :
                List.of(
                        "EXPIRE a 10",
                        "SET a 1 EX 10",
                        "FUNCTION LOAD x",
                        "FUNCTION LOAD x",
                        "BLPOP a 0",
                        "GET a",
                        "SHUTDOWN",
                        "LPUSH a")) {
            Path log = write("log", commands("SET a 1", line, "SET b 1"));
            IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, () -> read(log), line);
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains("position=27 command=" + line.split(" ", -1)[0]), message);
        }
        for (String line : List.of("MOVE a 0", "SWAPDB 0 1", "COPY a b DB 0", "FUNCTION DUMP")) {
            Path log = write("log", commands("SELECT 1", line));
            assertThrows(IllegalArgumentException.class, () -> read(log), line);
        }
        Path inGroup = write("log", commands("MULTI", "SET a 1", "LPUSH a 1", "EXEC"));
        assertTrue(
                String.valueOf(
                                assertThrows(IllegalArgumentException.class, () -> read(inGroup))
                                        .getMessage())
                        .contains("WRONGTYPE"));
        Path noLog = write("log", "SET a 1\r\n");
        assertThrows(HotpairException.class, () -> read(noLog));
        write("a.manifest", "file ../log seq 1 type i\n");
        assertThrows(HotpairException.class, () -> read(root.resolve("a.manifest")));
        write("b.manifest", "");
        assertThrows(IllegalArgumentException.class, () -> read(root));
    }

    @Test
    void shouldSayThatALogDoesNotFit() throws IOException {
        Path log = write("log", commands("SET a 1", "SET b " + "x".repeat(9 << 20)));
        try (Keyspace small =
                Keyspace.open(Keyspace.builder().inMemory().maxMemory(8 << 20).build())) {
            HotpairException refused =
                    assertThrows(
                            HotpairException.class,
                            () -> AofImport.read(log, 0, small, Progress.NONE));
            assertEquals(HotpairException.Category.MEMORY_LIMIT, refused.category());
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains("position=27 command=SET: OOM "), message);
            assertNull(small.get("a"));
        }
    }

    @Test
    void shouldWriteADirectoryThatRedisGoesOnWith() throws IOException {
        try (Keyspace keyspace = RdbImportTest.inMemory();
                RespListener listener =
                        RespListener.open(keyspace, RespConfig.builder().port(0).build());
                RawClient ours = new RawClient(listener.port())) {
            ours.call("SET", "a", "1");
            ours.call("RPUSH", "l", "x", "y");
            assertEquals(
                    2,
                    AofExport.toDirectory(keyspace, Format.REDIS_7_0, log(), Progress.NONE)
                            .keyCount());
            assertThrows(
                    IllegalArgumentException.class,
                    () -> AofExport.toDirectory(keyspace, Format.REDIS_7_0, log(), Progress.NONE));
            try (Stream<Path> files = Files.list(log())) {
                files.forEach(file -> assertEquals("rw-------", permissions(file)));
            }
            assertEquals("rwx------", permissions(log()));
            try (Stream<Path> files = Files.list(root)) {
                assertEquals(List.of(log()), files.toList());
            }
            try (RealRedis redis = logging();
                    RawClient theirs = new RawClient(redis.port())) {
                RdbImportTest.assertSame("", theirs, ours);
                theirs.call("INCR", "a");
                ours.call("INCR", "a");
                settle(theirs, false);
            }
            assertFalse(Files.size(log().resolve("appendonly.aof.1.incr.aof")) == 0);
            try (RealRedis again = logging();
                    RawClient theirs = new RawClient(again.port())) {
                RdbImportTest.assertSame("", theirs, ours);
                assertReads("", log(), theirs);
            }
        }
    }

    private static String permissions(Path file) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
