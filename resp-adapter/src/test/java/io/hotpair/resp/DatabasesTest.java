package io.hotpair.resp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.KeyArea;
import io.hotpair.Keyspace;
import io.hotpair.Progress;
import io.hotpair.resp.MigrationStatus.State;
import io.hotpair.resp.RdbExport.Format;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several databases in one keyspace: what the programs of the differential tests do not reach. */
class DatabasesTest {
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_123);
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 20 : 4);
    private static final int[] USED = {0, 1, 2, 15};
    private static final List<Function<Random, CommandSource>> FAMILIES =
            List.of(
                    HashSource::new,
                    ListSource::new,
                    SetSource::new,
                    SortedSetSource::new,
                    BitSource::new);

    @TempDir private Path root;

    private static RespListener listener(Keyspace keyspace) {
        return RespListener.open(keyspace, RespConfig.builder().port(0).build());
    }

    /** Commands over several databases that Redis writes into its log as they are. */
    private static List<String[]> program(int number) {
        Function<Random, CommandSource> family = FAMILIES.get(number % FAMILIES.size());
        List<String[]> commands = new ArrayList<>();
        for (String[] command :
                TypesDifferentialTest.programs(family).apply(SEED / 2 * 2 + 1 + 2L * number)) {
            // Bytes that BITFIELD adds and does not set Redis does not tell its replicas of.
            boolean isTold = !String.join(" ", command).matches("(?i)BITFIELD .*fail.*");
            if (isTold && AofTest.isReadBack(command)) {
                commands.add(command);
            }
        }
        return commands;
    }

    private static void run(int number, RawClient client) {
        program(number).forEach(client::call);
        client.call("SELECT", "2");
        client.call("SET", "last", "1", "EX", "100000");
        client.call("SELECT", "0");
    }

    private static void assertSame(String where, RawClient theirs, RawClient ours) {
        for (int database : USED) {
            String number = Integer.toString(database);
            assertEquals(theirs.call("SELECT", number), ours.call("SELECT", number));
            RdbImportTest.assertSame(where + " database=" + number, theirs, ours);
            assertEquals(theirs.call("DBSIZE"), ours.call("DBSIZE"), where);
        }
        theirs.call("SELECT", "0");
        ours.call("SELECT", "0");
        assertEquals(keyspace(theirs), keyspace(ours), where);
    }

    private static String keyspace(RawClient client) {
        return client.call("INFO", "keyspace").replaceAll("avg_ttl=\\d+|^\\$\\d+", "");
    }

    @Test
    void shouldWriteAndReadFilesOfAllDatabases() {
        for (int i = 0; i < PROGRAMS; i++) {
            Path file = root.resolve(i + ".rdb");
            try (Keyspace keyspace = RdbImportTest.inMemory();
                    Keyspace read = RdbImportTest.inMemory();
                    RespListener listener = listener(keyspace);
                    RespListener readListener = listener(read);
                    RawClient ours = new RawClient(listener.port());
                    RawClient again = new RawClient(readListener.port())) {
                run(i, ours);
                RdbExport.Report written =
                        RdbExport.toFile(keyspace, Format.REDIS_7_0, file, Progress.NONE);
                try (RealRedis redis =
                                RealRedis.start(
                                        "--dir", root.toString(), "--dbfilename", i + ".rdb");
                        RawClient theirs = new RawClient(redis.port())) {
                    assertSame("program " + i, theirs, ours);
                }
                again.call("SWAPDB", "1", "2");
                RdbImport.Report report =
                        RdbImport.read(file, RdbImport.ALL_DATABASES, read, Progress.NONE);
                assertEquals(new RdbImport.Report(written.keyCount(), 0, 0, 0), report);
                assertSame("program " + i, ours, again);
            }
        }
    }

    @Test
    void shouldReadLogsOfAllDatabases() {
        for (int i = 0; i < PROGRAMS; i++) {
            Path directory = root.resolve("redis" + i);
            assertTrue(directory.toFile().mkdir());
            try (RealRedis redis =
                            RealRedis.start(
                                    "--appendonly",
                                    "yes",
                                    "--appendfsync",
                                    "always",
                                    "--dir",
                                    directory.toString());
                    RawClient theirs = new RawClient(redis.port());
                    Keyspace keyspace = RdbImportTest.inMemory();
                    RespListener listener = listener(keyspace);
                    RawClient ours = new RawClient(listener.port())) {
                run(i, theirs);
                AofImport.Report report =
                        AofImport.read(
                                directory.resolve("appendonlydir"),
                                RdbImport.ALL_DATABASES,
                                keyspace,
                                Progress.NONE);
                assertEquals(0, report.otherDatabaseCount());
                assertSame("program " + i, theirs, ours);
            }
        }
    }

    @Test
    void shouldFollowARedisInAllDatabases() throws InterruptedException {
        try (RealRedis redis = RealRedis.start("--repl-diskless-sync-delay", "0");
                RawClient theirs = new RawClient(redis.port());
                TestListener to = TestListener.open();
                RawClient ours = to.connect()) {
            run(0, theirs);
            try (RedisMigration migration =
                    RedisMigration.builder(to.keyspace(), "127.0.0.1", redis.port())
                            .databases(16)
                            .start()) {
                assertTrue(migration.awaitFollowing(Duration.ofSeconds(30)));
                for (int i = 1; i < 1 + PROGRAMS; i++) {
                    run(i, theirs);
                    theirs.call("MULTI");
                    theirs.call("SET", "multi", "0");
                    theirs.call("SELECT", "1");
                    theirs.call("SET", "multi", "1");
                    theirs.call("SWAPDB", "1", "2");
                    theirs.call("SET", "multi", "2");
                    theirs.call("EXEC");
                    theirs.call("SELECT", "0");
                    theirs.call("SET", "end", Integer.toString(i));
                    String expected = theirs.call("GET", "end");
                    Await.until(
                            () ->
                                    migration.status().state() == State.FAILED
                                            || ours.call("GET", "end").equals(expected),
                            migration::status);
                    assertEquals(State.FOLLOWING, migration.status().state(), "program " + i);
                    assertSame("program " + i, theirs, ours);
                }
            }
        }
    }

    @Test
    void shouldLetNoDatabaseReachTheKeysOfAnother() {
        String mark = new String(KeyArea.noneKey(), ISO_8859_1);
        List<String> names =
                List.of("", "k", mark, mark + "\0", mark + "\1", mark + "\1k", mark + "\0" + mark);
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            for (int database = 0; database < 3; database++) {
                client.call("SELECT", "" + database);
                for (int i = 0; i < names.size(); i++) {
                    assertEquals("$-1\r\n", client.call("GET", names.get(i)));
                    client.call("SET", names.get(i), database + "-" + i);
                }
            }
            for (int database = 0; database < 3; database++) {
                client.call("SELECT", "" + database);
                assertEquals(":" + names.size() + "\r\n", client.call("DBSIZE"));
                for (int i = 0; i < names.size(); i++) {
                    String value = database + "-" + i;
                    assertEquals("$3\r\n" + value + "\r\n", client.call("GET", names.get(i)));
                }
                assertTrue(client.call("KEYS", "*").startsWith("*" + names.size() + "\r\n"));
            }
            client.call("SELECT", "1");
            client.call("SWAPDB", "1", "0");
            assertEquals("$3\r\n0-2\r\n", client.call("GET", mark));
            assertEquals("+OK\r\n", client.call("FLUSHDB"));
            assertEquals("*0\r\n", client.call("KEYS", "*"));
            assertEquals("$-1\r\n", client.call("RANDOMKEY"));
            client.call("FLUSHALL");
            assertEquals("$12\r\n# Keyspace\r\n\r\n", client.call("INFO", "keyspace"));
        }
    }

    @Test
    void shouldTellTheDatabaseWhereRedisDoes() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect();
                RawClient monitor = listener.connect()) {
            assertTrue(client.call("CONFIG", "GET", "databases").contains("$2\r\n16\r\n"));
            monitor.call("MONITOR");
            client.call("SELECT", "7");
            assertTrue(monitor.reply().matches("(?s).* \\[7 127.*\"SELECT\" \"7\"\r\n"));
            assertTrue(client.call("CLIENT", "INFO").contains(" db=7 "));
            String script = "redis.call('select', 3); redis.call('set', KEYS[1], 'x')";
            client.call("EVAL", script, "1", "k");
            assertEquals(":0\r\n", client.call("EXISTS", "k"));
            assertTrue(client.call("CLIENT", "INFO").contains(" db=7 "));
            client.call("RESET");
            assertTrue(client.call("CLIENT", "INFO").contains(" db=0 "));
            client.call("SELECT", "3");
            assertEquals("$1\r\nx\r\n", client.call("GET", "k"));
            assertFalse(client.call("CONFIG", "SET", "databases", "2").startsWith("+"));
        }
    }

    @Test
    void shouldForgetTheDatabaseThatATransactionSelectedIfItFails() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect();
                RawClient other = listener.connect()) {
            client.call("WATCH", "k");
            other.call("SET", "k", "1");
            for (String command : List.of("MULTI", "SELECT 3", "SET k 2", "EXEC")) {
                client.call(command.split(" "));
            }
            assertTrue(client.call("CLIENT", "INFO").contains(" db=0 "));
            // Only what is in the database that is watched counts.
            client.call("WATCH", "k");
            other.call("SELECT", "3");
            other.call("SET", "k", "3");
            client.call("MULTI");
            client.call("SELECT", "3");
            client.call("GET", "k");
            assertEquals("*2\r\n+OK\r\n$1\r\n3\r\n", client.call("EXEC"));
            assertTrue(client.call("CLIENT", "INFO").contains(" db=3 "));
        }
    }

    @Test
    void shouldServeThoseWhoWaitWhenTheirDatabaseIsExchanged() {
        try (TestListener listener = TestListener.open();
                RawClient waiting = listener.connect();
                RawClient timed = listener.connect();
                RawClient client = listener.connect()) {
            client.call("SELECT", "1");
            client.call("RPUSH", "l", "a");
            waiting.send(RawClient.command("BLPOP", "l", "0"));
            Await.until(
                    () -> client.call("INFO", "clients").contains("blocked_clients:1\r"),
                    () -> client.call("INFO", "clients"));
            timed.send(RawClient.command("BLPOP", "other", "0.3"));
            // Where the machine stands still for so long, its time is over before it is looked at.
            Await.until(
                    () ->
                            client.call("INFO", "clients").contains("blocked_clients:2\r")
                                    || !timed.isSilentFor(1),
                    () -> client.call("INFO", "clients"));
            client.call("MULTI");
            client.call("SWAPDB", "1", "0");
            client.call("SET", "other", "no list");
            client.call("EXEC");
            assertEquals("*2\r\n$1\r\nl\r\n$1\r\na\r\n", waiting.reply());
            assertEquals("*-1\r\n", timed.reply());
        }
    }

    /** What stands in database 1 when it takes the place of the stream with a group, and later. */
    private static final String[] EXCHANGES = {
        "",
        "set s v",
        "xadd s 5-5 f v",
        "xgroup create s other $ mkstream",
        "xgroup create s g $ mkstream, xadd s 5-5 f v",
        "xgroup create s g $ mkstream, multi, select 0, swapdb 1 0, del s, exec",
        "xadd s 5-5 f v, multi, select 0, swapdb 1 0, xgroup create s g 0, exec",
        "xgroup create s g $ mkstream, multi, select 0, swapdb 1 0, set s v, exec",
        "multi, select 0, swapdb 1 0, swapdb 0 1, xadd s 5-5 f v, exec",
    };

    @Test
    void shouldTellConsumersThatWaitWhatRedisTellsThemWhenTheirDatabaseIsExchanged() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            for (String exchange : EXCHANGES) {
                assertEquals(
                        consumed(redis.port(), exchange),
                        consumed(listener.port(), exchange),
                        exchange);
            }
        }
    }

    /** What a consumer is told that waits for a stream of database 0. */
    private static String consumed(int port, String exchange) {
        try (RawClient client = new RawClient(port);
                RawClient waiting = new RawClient(port)) {
            client.call("FLUSHALL");
            client.call("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
            waiting.send("XREADGROUP GROUP g c BLOCK 0 STREAMS s >\r\n");
            Await.until(
                    () -> client.call("INFO", "clients").contains("blocked_clients:1\r"),
                    () -> client.call("INFO", "clients"));
            client.call("SELECT", "1");
            for (String command : exchange.isEmpty() ? new String[0] : exchange.split(", ", -1)) {
                client.call(command.split(" ", -1));
            }
            if (!exchange.endsWith("exec")) {
                client.call("SWAPDB", "0", "1");
            }
            return waiting.reply();
        }
    }

    @Test
    void shouldGiveWhoWaitsAtAnotherListenerWhatHasItsNameNow() {
        try (TestListener listener = TestListener.open();
                RespListener second =
                        RespListener.open(
                                listener.keyspace(), RespConfig.builder().port(0).build());
                RawClient client = listener.connect();
                RawClient waits = new RawClient(second.port())) {
            waits.send(RawClient.command("BLPOP", "k", "0"));
            Await.until(
                    () -> second.server().clients().all().stream().anyMatch(Connection::isBlocked),
                    () -> "nobody waits");
            client.call("SELECT", "1");
            client.call("RPUSH", "k", "v");
            assertEquals("+OK\r\n", client.call("SWAPDB", "0", "1"));
            assertEquals("*2\r\n$1\r\nk\r\n$1\r\nv\r\n", waits.reply());
            assertEquals(":0\r\n", client.call("DBSIZE"));
        }
    }

    @Test
    void shouldNoticeAWriteThatCameBeforeTheDatabaseWasExchanged() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("WATCH", "k");
            client.call("SET", "k", "v");
            client.call("SWAPDB", "0", "1");
            client.call("MULTI");
            client.call("SET", "l", "v");
            assertEquals("*-1\r\n", client.call("EXEC"));
        }
    }
}
