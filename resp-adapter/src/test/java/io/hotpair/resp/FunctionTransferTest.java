package io.hotpair.resp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.KeyArea;
import io.hotpair.Keyspace;
import io.hotpair.Progress;
import io.hotpair.resp.MigrationStatus.State;
import io.hotpair.resp.RdbExport.Format;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Libraries of functions go to a real redis-server, and come from it, with the keys. */
class FunctionTransferTest {
    private static final Pattern NAME = Pattern.compile("library_name\r\n\\$\\d+\r\n(\\w+)\r\n");
    private static final String SEVERAL =
            "#!lua name=several\n"
                    + "redis.register_function{function_name='A', description='says \u00e9',"
                    + " flags={'no-writes','allow-oom'}, callback=function() return 'A' end}\n"
                    + "redis.register_function('b', function(k, a) return redis.call('SET', k[1],"
                    + " a[1]) end)\n"
                    + "-- \u00ff\u0000\r\n";

    @TempDir private Path root;

    private static String library(String name, String answer) {
        return "#!lua name="
                + name
                + "\nredis.register_function('"
                + name
                + "f', function() return '"
                + answer
                + "' end)";
    }

    /** One that takes long to compile, and has a source that is long. */
    private static String large() {
        StringBuilder code = new StringBuilder(library("large", "1") + "\nlocal t = {}\n");
        for (int i = 0; i < 12_000; i++) {
            code.append("t[").append(i).append("] = function() return ").append(i).append(" end\n");
        }
        return code.toString();
    }

    /** What a server tells of each library. Functions and flags are in no particular order. */
    private static Map<String, List<String>> told(RawClient client) {
        TreeSet<String> names = new TreeSet<>();
        Matcher name = NAME.matcher(client.call("FUNCTION", "LIST"));
        while (name.find()) {
            names.add(name.group(1));
        }
        Map<String, List<String>> told = new TreeMap<>();
        for (String each : names) {
            String reply = client.call("FUNCTION", "LIST", "WITHCODE", "LIBRARYNAME", each);
            List<String> lines = new ArrayList<>(Arrays.asList(reply.split("\r\n", -1)));
            lines.sort(null);
            told.put(each, lines);
        }
        return told;
    }

    private static void assertSame(RawClient theirs, RawClient ours, String... names) {
        assertEquals(told(theirs), told(ours));
        assertEquals(new TreeSet<>(List.of(names)), told(ours).keySet());
    }

    private static void load(RawClient client, String... libraries) {
        for (String library : libraries) {
            String reply = client.call("FUNCTION", "LOAD", library);
            assertTrue(reply.startsWith("$"), reply);
        }
    }

    private static long count(RawClient client) {
        return told(client).size();
    }

    @Test
    void shouldBeInTheFilesThatRedisLoads() {
        Path file = root.resolve("dump.rdb");
        Path newer = root.resolve("newer.rdb");
        Path log = root.resolve("appendonlydir");
        try (TestListener listener = TestListener.open();
                RawClient ours = listener.connect()) {
            load(ours, library("one", "1"), SEVERAL, large());
            ours.call("SET", "a", "1");
            ours.call("SELECT", "3");
            ours.call("SET", "b", "1");
            Keyspace keyspace = listener.keyspace();
            RdbExport.Report written =
                    RdbExport.toFile(keyspace, Format.REDIS_7_0, file, Progress.NONE);
            assertEquals(2, written.keyCount());
            assertEquals(3, written.libraryCount());
            try (RealRedis redis =
                            RealRedis.start("--dir", root.toString(), "--dbfilename", "dump.rdb");
                    RawClient theirs = new RawClient(redis.port())) {
                assertSame(theirs, ours, "large", "one", "several");
                assertEquals(":1\r\n", theirs.call("DBSIZE"));
                assertEquals("+OK\r\n", theirs.call("FCALL", "b", "1", "k", "v"));
                assertEquals("$1\r\nA\r\n", theirs.call("FCALL", "a", "0"));
            }
            AofExport.toDirectory(keyspace, Format.REDIS_7_0, log, Progress.NONE);
            try (RealRedis redis =
                            RealRedis.start("--dir", root.toString(), "--appendonly", "yes");
                    RawClient theirs = new RawClient(redis.port())) {
                assertSame(theirs, ours, "large", "one", "several");
            }
            RdbExport.toFile(keyspace, Format.REDIS_7_4, newer, Progress.NONE);
            for (Path each : List.of(file, newer)) {
                try (TestListener again = TestListener.open();
                        RawClient client = again.connect()) {
                    RdbImport.Report read =
                            RdbImport.read(
                                    each, RdbImport.ALL_DATABASES, again.keyspace(), Progress.NONE);
                    assertEquals(new RdbImport.Report(2, 0, 0, 3), read);
                    assertSame(ours, client, "large", "one", "several");
                }
            }
        }
    }

    @Test
    void shouldNotWriteWhatAnotherVersionHasWritten() {
        try (Keyspace keyspace = RdbImportTest.inMemory()) {
            keyspace.put(KeyArea.key(KeyArea.OWN, "functions".getBytes(ISO_8859_1)), new byte[20]);
            Path file = root.resolve("dump.rdb");
            HotpairException refused =
                    assertThrows(
                            HotpairException.class,
                            () ->
                                    RdbExport.toFile(
                                            keyspace, Format.REDIS_7_0, file, Progress.NONE));
            assertEquals(HotpairException.Category.UNKNOWN_VERSION, refused.category());
            assertTrue(Files.notExists(file));
        }
    }

    @Test
    void shouldBeTakenFromTheFilesOfRedis() {
        try (RealRedis redis = RealRedis.start();
                RawClient theirs = new RawClient(redis.port());
                TestListener listener = TestListener.open();
                RawClient ours = listener.connect()) {
            theirs.call("SET", "k", "v");
            load(theirs, library("one", "1"), SEVERAL, large());
            load(ours, library("own", "1"), library("one", "2"));
            Path file = redis.save();
            // They are of no database, so they come with any.
            assertEquals(
                    new RdbImport.Report(0, 0, 1, 3),
                    RdbImport.read(file, 5, listener.keyspace(), Progress.NONE));
            assertEquals("$1\r\n1\r\n", ours.call("FCALL", "onef", "0"));
            assertEquals("$1\r\n1\r\n", ours.call("FCALL", "ownf", "0"));
            assertEquals("+OK\r\n", ours.call("FUNCTION", "DELETE", "own"));
            assertSame(theirs, ours, "large", "one", "several");
            // One of another name has that function already, so none is taken, and no key.
            ours.call("FUNCTION", "FLUSH");
            load(
                    ours,
                    library("one", "2"),
                    "#!lua name=x\nredis.register_function('B', function() end)");
            IllegalArgumentException refused =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> RdbImport.read(file, 0, listener.keyspace(), Progress.NONE));
            String why = String.valueOf(refused.getMessage());
            assertTrue(why.endsWith("can't be loaded: ERR Function b already exists"), why);
            assertEquals(":0\r\n", ours.call("DBSIZE"));
            assertEquals("$1\r\n2\r\n", ours.call("FCALL", "onef", "0"));
            assertEquals(2, count(ours));
        }
    }

    private void write(Path file, String... libraries) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            RdbFile rdb = new RdbFile(out);
            rdb.begin(RdbValueWriter.VERSION_7_0, "7.0.15", 0, false);
            for (String library : libraries) {
                rdb.library(library.getBytes(ISO_8859_1));
            }
            rdb.beginDatabase(0, 1, 0);
            rdb.key("k".getBytes(ISO_8859_1), 0, 0);
            rdb.out().string("v".getBytes(ISO_8859_1));
            rdb.end();
        }
    }

    @Test
    void shouldTakeNothingIfOneOfThemCannotBeLoaded() throws IOException {
        Path file = root.resolve("dump.rdb");
        try (TestListener listener = TestListener.open();
                RawClient ours = listener.connect()) {
            for (String bad :
                    List.of(
                            "",
                            "no library",
                            "#!lua name=bad\nthis is no Lua",
                            "#!lua name=bad\nlocal x = 1",
                            "#!lua name=bad\nerror('no')",
                            "#!lua name=bad\nwhile true do end",
                            "#!js name=bad\nredis.register_function('bad', function() end)",
                            library("one", "again"),
                            "#!lua name=bad\nredis.register_function('ONEF', function() end)")) {
                write(file, library("one", "1"), bad);
                IllegalArgumentException refused =
                        assertThrows(
                                IllegalArgumentException.class,
                                () -> RdbImport.read(file, 0, listener.keyspace(), Progress.NONE),
                                bad);
                String why = String.valueOf(refused.getMessage());
                assertTrue(why.contains("functions can't be loaded: ERR "), why);
                assertEquals(":0\r\n", ours.call("DBSIZE"), bad);
                assertEquals(0, count(ours), bad);
            }
            write(file, library("one", "1"), library("two", "2"));
            RdbImport.Report read = RdbImport.read(file, 0, listener.keyspace(), Progress.NONE);
            assertEquals(new RdbImport.Report(1, 0, 0, 2), read);
            assertEquals("$1\r\n2\r\n", ours.call("FCALL", "twof", "0"));
        }
    }

    private static String dumped(RawClient client) {
        String reply = client.call("FUNCTION", "DUMP");
        return reply.substring(reply.indexOf('\n') + 1, reply.length() - 2);
    }

    private static void change(RawClient client) {
        load(client, library("one", "1"), library("two", "2"), SEVERAL);
        client.call("SELECT", "2");
        String dump = dumped(client);
        client.call("FUNCTION", "FLUSH", "ASYNC");
        load(client, library("gone", "1"));
        client.call("FUNCTION", "RESTORE", dump, "FLUSH");
        client.call("FUNCTION", "LOAD", "REPLACE", library("two", "3"));
        client.call("FUNCTION", "DELETE", "one");
        client.call("MULTI");
        client.call("SET", "k", "v");
        client.call("FUNCTION", "LOAD", large());
        client.call("EXEC");
        client.call("FCALL", "b", "1", "set", "by a function");
        // Neither changes anything, so nobody is told.
        client.call("FUNCTION", "LOAD", library("two", "3"));
        client.call("FUNCTION", "DELETE", "nosuch");
    }

    @Test
    void shouldBeTakenFromTheLogsOfRedis() {
        String[] asCommands = {"--aof-use-rdb-preamble", "no"};
        for (String[] form : List.of(new String[0], asCommands)) {
            List<String> options = new ArrayList<>(List.of("--appendonly", "yes"));
            options.addAll(List.of("--dir", root.toString(), "--appendfsync", "always"));
            options.addAll(List.of("--appenddirname", "log" + form.length));
            options.addAll(List.of(form));
            Path log = root.resolve("log" + form.length);
            try (RealRedis redis = RealRedis.start(options.toArray(String[]::new));
                    RawClient theirs = new RawClient(redis.port())) {
                change(theirs);
                assertReads(log, theirs);
                theirs.call("BGREWRITEAOF");
                Await.until(
                        () -> {
                            String info = theirs.call("INFO", "persistence");
                            return info.contains("aof_rewrite_in_progress:0")
                                    && info.contains("aof_rewrite_scheduled:0");
                        },
                        () -> "still rewriting");
                load(theirs, library("last", "1"));
                assertReads(log, theirs);
            }
        }
    }

    private static void assertReads(Path log, RawClient theirs) {
        try (TestListener listener = TestListener.open();
                RawClient ours = listener.connect()) {
            load(ours, library("own", "1"), library("two", "7"));
            AofImport.Report read = AofImport.read(log, 2, listener.keyspace(), Progress.NONE);
            assertEquals(count(theirs), read.libraryCount());
            assertEquals(2, read.keyCount());
            assertEquals("+OK\r\n", ours.call("FUNCTION", "DELETE", "own"));
            assertEquals(told(theirs), told(ours));
        }
    }

    private static void await(RedisMigration migration, State state) {
        Await.until(() -> migration.status().state() == state, migration::status);
    }

    @Test
    void shouldFollowARedisThatIsFollowed() {
        try (RealRedis redis = RealRedis.start("--repl-diskless-sync-delay", "0");
                RawClient theirs = new RawClient(redis.port());
                TestListener listener = TestListener.open();
                RawClient ours = listener.connect()) {
            load(ours, library("own", "1"), library("first", "2"));
            load(theirs, library("first", "1"), large());
            theirs.call("SET", "k", "v");
            RedisMigration migration =
                    RedisMigration.builder(listener.keyspace(), "127.0.0.1", redis.port()).start();
            await(migration, State.FOLLOWING);
            assertSame(theirs, ours, "first", "large");
            theirs.call("FUNCTION", "DELETE", "large");
            change(theirs);
            theirs.call("SET", "end", "1");
            Await.until(
                    () -> ours.call("FCALL", "twof", "0").equals("$1\r\n3\r\n"), migration::status);
            ours.call("SELECT", "2");
            Await.until(() -> ours.call("GET", "end").equals("$1\r\n1\r\n"), migration::status);
            assertSame(theirs, ours, "first", "large", "several", "two");
            assertTrue(ours.call("FUNCTION", "FLUSH").startsWith("-READONLY"));
            theirs.call("FUNCTION", "FLUSH");
            Await.until(() -> count(ours) == 0, migration::status);
            load(theirs, library("last", "1"));
            Await.until(() -> count(ours) == 1, migration::status);
            migration.promote();
            assertEquals("$1\r\n1\r\n", ours.call("FCALL", "lastf", "0"));
            assertEquals("+OK\r\n", ours.call("FUNCTION", "FLUSH"));
            // A Redis without functions leaves none here.
            load(ours, library("own", "1"));
            theirs.call("FUNCTION", "FLUSH");
            try (RedisMigration again =
                    RedisMigration.builder(listener.keyspace(), "127.0.0.1", redis.port())
                            .start()) {
                await(again, State.FOLLOWING);
                assertEquals(0, count(ours));
            }
        }
    }

    @Test
    void shouldReplaceAllThatAFullKeyspaceHolds() {
        try (RealRedis redis = RealRedis.start("--repl-diskless-sync-delay", "0");
                RawClient theirs = new RawClient(redis.port());
                TestListener listener = TestListener.open(8 << 20, c -> c);
                RawClient ours = listener.connect()) {
            load(theirs, library("one", "1") + "\n--" + " ".repeat(1 << 20));
            theirs.call("SET", "k", "v");
            String reply = "+OK\r\n";
            for (int i = 0; reply.equals("+OK\r\n"); i++) {
                reply = ours.call("SET", "key:" + i, "v".repeat(1000));
            }
            assertTrue(reply.startsWith("-OOM "), reply);
            RedisMigration migration =
                    RedisMigration.builder(listener.keyspace(), "127.0.0.1", redis.port()).start();
            await(migration, State.FOLLOWING);
            assertSame(theirs, ours, "one");
            assertEquals(":1\r\n", ours.call("DBSIZE"));
            migration.close();
        }
    }

    @Test
    void shouldRemoveNothingForFunctionsThatNeedMoreThanAllMemory() {
        try (RealRedis redis = RealRedis.start("--repl-diskless-sync-delay", "0");
                RawClient theirs = new RawClient(redis.port());
                TestListener listener = TestListener.open(8 << 20, c -> c);
                RawClient ours = listener.connect()) {
            for (int i = 0; i < 9; i++) {
                load(theirs, library("l" + i, "1") + "\n--" + " ".repeat(1 << 20));
            }
            ours.call("SET", "k", "ours");
            load(ours, library("own", "1"));
            RedisMigration migration =
                    RedisMigration.builder(listener.keyspace(), "127.0.0.1", redis.port()).start();
            await(migration, State.FAILED);
            String why = String.valueOf(migration.status().lastError());
            assertTrue(why.contains("can't be loaded here: OOM "), why);
            assertEquals("$4\r\nours\r\n", ours.call("GET", "k"));
            assertEquals("$1\r\n1\r\n", ours.call("FCALL", "ownf", "0"));
            migration.close();
        }
    }

    /** What a library holds that it may hold by default. */
    private static final String HUNGRY =
            "#!lua name=hungry\nlocal held = 'x'\nfor i = 1, 23 do held = held .. held end\n"
                    + "redis.register_function('hungryf', function() return #held end)";

    @Test
    void shouldBeLoadedUnderTheLimitsOfTheListener() throws IOException {
        Path file = root.resolve("dump.rdb");
        write(file, HUNGRY);
        Path log = root.resolve("appendonly.aof");
        Files.writeString(log, RawClient.command("FUNCTION", "LOAD", HUNGRY));
        RespConfig frugal = RespConfig.builder().scriptMemoryLimit(1 << 20).build();
        try (TestListener listener = TestListener.open();
                RawClient ours = listener.connect()) {
            Keyspace keyspace = listener.keyspace();
            for (Executable read :
                    List.<Executable>of(
                            () -> RdbImport.read(file, 0, keyspace, frugal, Progress.NONE),
                            () -> AofImport.read(file, 0, keyspace, frugal, Progress.NONE),
                            () -> AofImport.read(log, 0, keyspace, frugal, Progress.NONE))) {
                IllegalArgumentException refused =
                        assertThrows(IllegalArgumentException.class, read);
                String why = String.valueOf(refused.getMessage());
                assertTrue(why.contains("not enough memory"), why);
                assertEquals(0, count(ours));
            }
            assertEquals(1, AofImport.read(file, 0, keyspace, Progress.NONE).libraryCount());
            assertEquals(":8388608\r\n", ours.call("FCALL", "hungryf", "0"));
        }
        try (RealRedis redis = RealRedis.start("--repl-diskless-sync-delay", "0");
                RawClient theirs = new RawClient(redis.port());
                TestListener listener =
                        TestListener.open(
                                c -> c.scriptMemoryLimit(1 << 20).replicaOfCommand(true));
                RawClient ours = listener.connect()) {
            load(theirs, HUNGRY);
            ours.call("SET", "k", "ours");
            ours.call("REPLICAOF", "127.0.0.1", "" + redis.port());
            RedisMigration migration =
                    Objects.requireNonNull(MigrationSlot.of(listener.keyspace()).active());
            await(migration, State.FAILED);
            String why = String.valueOf(migration.status().lastError());
            assertTrue(why.contains("not enough memory"), why);
            assertEquals("$4\r\nours\r\n", ours.call("GET", "k"));
        }
    }

    @Test
    void shouldSayThatThereIsNoRoomAsAnyWriteWould() throws IOException {
        Path file = root.resolve("dump.rdb");
        write(file, library("one", "1") + "\n--" + " ".repeat(9 << 20));
        try (TestListener listener = TestListener.open(8 << 20, c -> c);
                RawClient ours = listener.connect()) {
            for (Executable read :
                    List.<Executable>of(
                            () -> RdbImport.read(file, 0, listener.keyspace(), Progress.NONE),
                            () -> AofImport.read(file, 0, listener.keyspace(), Progress.NONE))) {
                HotpairException refused = assertThrows(HotpairException.class, read);
                assertEquals(HotpairException.Category.MEMORY_LIMIT, refused.category());
                String why = String.valueOf(refused.getMessage());
                assertTrue(why.contains("functions can't be loaded: OOM "), why);
                assertEquals(":0\r\n", ours.call("DBSIZE"));
                assertEquals(0, count(ours));
            }
        }
    }

    @Test
    void shouldRemoveNothingForACopyWhoseFunctionsCannotBeLoaded() {
        try (RealRedis redis = RealRedis.start("--repl-diskless-sync-delay", "0");
                RawClient theirs = new RawClient(redis.port());
                TestListener listener = TestListener.open();
                RawClient ours = listener.connect()) {
            load(ours, library("own", "1"));
            ours.call("SET", "k", "ours");
            theirs.call("SET", "k", "theirs");
            // More than there is room for.
            load(theirs, library("huge", "1") + "\n--" + " ".repeat(65 << 20));
            RedisMigration migration =
                    RedisMigration.builder(listener.keyspace(), "127.0.0.1", redis.port()).start();
            await(migration, State.FAILED);
            String why = String.valueOf(migration.status().lastError());
            assertTrue(why.contains("can't be loaded here: ERR there is no room"), why);
            assertEquals("$4\r\nours\r\n", ours.call("GET", "k"));
            assertEquals("$1\r\n1\r\n", ours.call("FCALL", "ownf", "0"));
            migration.close();
            // In the stream, too, it ends the migration, with all that came before it.
            theirs.call("FUNCTION", "FLUSH");
            RedisMigration again =
                    RedisMigration.builder(listener.keyspace(), "127.0.0.1", redis.port()).start();
            await(again, State.FOLLOWING);
            theirs.call("SET", "k", "2");
            load(theirs, library("huge", "1") + "\n--" + " ".repeat(65 << 20));
            await(again, State.FAILED);
            why = String.valueOf(again.status().lastError());
            assertTrue(why.contains("command=FUNCTION: ERR there is no room"), why);
            assertEquals("$1\r\n2\r\n", ours.call("GET", "k"));
            again.close();
        }
    }
}
