package io.hotpair.resp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.KeyArea;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MIGRATE, to a real redis-server, to another listener, and to one that does what a test wants. */
@Timeout(120)
class MigrateTest {
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 20 : 2);
    private static final int COMMANDS = 200;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_129);
    private static final int MAX_DRIFT_MS = 5_000;
    private static final String OK = "+OK\r\n";
    private static final String NOT_READ = "-IOERR error or timeout reading to target instance\r\n";
    private static final String CHANGED =
            "-ERR a key was changed or removed here while it was sent, so it is left as it is here;"
                    + " the target has what it was before\r\n";

    private static TestListener open() {
        return open(config -> config);
    }

    private static TestListener open(UnaryOperator<RespConfigBuilder> settings) {
        return TestListener.open(config -> settings.apply(config.migrateCommand(true)));
    }

    /** MIGRATE to a port of this machine, with the rest of its arguments. */
    private static String[] migrate(int port, String... more) {
        List<String> command =
                new ArrayList<>(List.of("MIGRATE", "127.0.0.1", Integer.toString(port)));
        command.addAll(Arrays.asList(more));
        return command.toArray(String[]::new);
    }

    /** One key, to database 0, with much time. */
    private static String[] migrateKey(int port, String key, String... options) {
        String[] command = migrate(port, key, "0", "15000");
        String[] all = Arrays.copyOf(command, command.length + options.length);
        System.arraycopy(options, 0, all, command.length, options.length);
        return all;
    }

    private static String bulk(String text) {
        return "$" + text.length() + "\r\n" + text + "\r\n";
    }

    // ---- as a real server

    @Test
    void shouldDescribeItselfAsRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            assertEquals(
                    theirs.call("COMMAND", "INFO", "MIGRATE"),
                    ours.call("COMMAND", "INFO", "MIGRATE"));
            for (String command :
                    List.of(
                            "h p k 0 1",
                            "h p k 0 1 COPY",
                            "h p _ 0 1 KEYS a b",
                            "h p _ 0 1 COPY KEYS a b REPLACE",
                            "h p k 0 1 AUTH keys",
                            "h p _ 0 1 KEYS a",
                            "h p _ 0 1 AUTH keys KEYS a",
                            "h p _ 0 1 AUTH2 keys keys KEYS a")) {
                List<String> words = new ArrayList<>(List.of("COMMAND", "GETKEYS", "MIGRATE"));
                words.addAll(List.of(command.replace("_", "").split(" ", -1)));
                for (String subcommand : List.of("GETKEYS", "GETKEYSANDFLAGS")) {
                    words.set(1, subcommand);
                    String[] getKeys = words.toArray(String[]::new);
                    assertEquals(theirs.call(getKeys), ours.call(getKeys), command);
                }
            }
        }
    }

    /** The words stand for ports: of an open target, of one with a password, and so on. */
    private static final String[] MISTAKES = {
        "h p k 0",
        "h p k x 100",
        "h p k 0 x",
        "h p k 0 9223372036854775808",
        "h OPEN k 0 100 foo",
        "h OPEN k 0 100 AUTH",
        "h OPEN k 0 100 COPY AUTH2",
        "h OPEN k 0 100 AUTH2 a",
        "h OPEN k 0 100 KEYS a",
        "h OPEN k x 100 KEYS a",
        "h OPEN k x 100 foo",
        "h OPEN _ 0 100 KEYS",
        "h OPEN _ 0 100 KEYS nokey",
        "h OPEN nokey 0 100",
        "_ OPEN nokey 0 100 AUTH x COPY REPLACE",
        "_ OPEN k 0 100",
        "h CLOSED k 0 100",
        "h 0 k 0 100",
        "h -1 k 0 100",
        "h 70000 k 0 100",
        "h abc k 0 100",
        "h SILENT k 0 60",
        "h SILENT k 0 60 AUTH x",
        "h SILENT _ 0 60 KEYS k k2",
        "h OPEN k 0 1000",
        "h OPEN k 3 1000",
        "h OPEN k 0 0",
        "h OPEN k 0 -5 COPY",
        "h OPEN k 0 1000 COPY REPLACE",
        "h OPEN busy 0 1000",
        "h OPEN busy 0 1000 REPLACE",
        "h OPEN busy 0 1000 COPY",
        "h OPEN busy 0 1000 copy replace",
        "h OPEN _ 0 1000 KEYS k nokey k2",
        "h OPEN _ 0 1000 KEYS k busy k2",
        "h OPEN _ 0 1000 REPLACE KEYS k busy k2",
        "h OPEN _ 0 1000 COPY REPLACE KEYS k busy k2",
        "h LOCKED k 0 1000",
        "h LOCKED k 0 1000 AUTH x",
        "h LOCKED k 0 1000 AUTH2 nobody pw",
        "h LOCKED k 0 1000 AUTH2 default pw AUTH x",
        // Redis keeps its connection from here on, which has the right password then.
        "h LOCKED k 0 1000 AUTH pw",
        "h LOCKED k 0 1000 AUTH2 default pw",
        "h LOCKED k 0 1000 AUTH x AUTH pw",
        "h LOCKED _ 0 1000 AUTH pw REPLACE KEYS k k2",
    };

    /** Where the reply is the same, but Redis leaves a copy in a database that nobody named. */
    private static final String[] LEAVING_COPIES = {
        "h OPEN k 99 1000", "h OPEN k -5 1000", "h OPEN k 0 1000 AUTH x",
    };

    @Test
    void shouldAnswerAsRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                RealRedis open = RealRedis.start();
                RealRedis locked = RealRedis.start("--requirepass", "pw");
                FakeTarget silent = new FakeTarget();
                TestListener listener = open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect();
                RawClient atOpen = new RawClient(open.port());
                RawClient atLocked = new RawClient(locked.port())) {
            assertEquals(OK, atLocked.call("AUTH", "pw"));
            FakeTarget closed = new FakeTarget();
            closed.close();
            UnaryOperator<String> ports =
                    text ->
                            text.replace("OPEN", "" + open.port())
                                    .replace("LOCKED", "" + locked.port())
                                    .replace("CLOSED", "" + closed.port())
                                    .replace("SILENT", "" + silent.port())
                                    .replaceAll("^h ", "127.0.0.1 ")
                                    .replace("_", "");
            for (String[] group : List.of(MISTAKES, LEAVING_COPIES)) {
                for (String line : group) {
                    List<String> command = new ArrayList<>(List.of("MIGRATE"));
                    command.addAll(List.of(ports.apply(line).split(" ", -1)));
                    List<List<String>> seen = new ArrayList<>();
                    for (RawClient client : List.of(theirs, ours)) {
                        atOpen.call("FLUSHALL");
                        atLocked.call("FLUSHALL");
                        atOpen.call("SET", "busy", "there");
                        client.call("MSET", "k", "1", "k2", "2", "busy", "here");
                        List<String> all = new ArrayList<>();
                        all.add(client.call(command.toArray(String[]::new)));
                        all.add(new TreeSet<>(RdbImportTest.keys(client)).toString());
                        if (group == MISTAKES) {
                            all.add(atOpen.call("MGET", "busy", "k", "k2"));
                            all.add(atOpen.call("DBSIZE"));
                            all.add(atLocked.call("MGET", "k", "k2"));
                        }
                        seen.add(all);
                    }
                    assertEquals(seen.get(0), seen.get(1), line);
                }
            }
        }
    }

    /** A copy that would be in the wrong place, or of a stranger, is not made at all. */
    @Test
    void shouldSendNothingWhereItMayNotOrToADatabaseThatIsNotThere() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = open();
                RawClient ours = listener.connect();
                RawClient theirs = new RawClient(redis.port())) {
            ours.call("SET", "k", "1");
            assertEquals(
                    "-ERR Target instance replied with error: ERR DB index is out of range\r\n",
                    ours.call(migrate(redis.port(), "k", "99", "1000")));
            assertTrue(
                    ours.call(migrateKey(redis.port(), "k", "AUTH", "x"))
                            .startsWith("-ERR Target instance replied with error: ERR AUTH <pass"));
            assertEquals(":0\r\n", theirs.call("DBSIZE"));
            assertEquals(":1\r\n", ours.call("EXISTS", "k"));
        }
    }

    // ---- values

    /** Moves everything, and compares with how it was, but for the moment of expiry. */
    private static void assertMoves(String where, int from, int to, Random random) {
        try (RawClient source = new RawClient(from);
                RawClient target = new RawClient(to)) {
            target.call("FLUSHALL");
            List<String> keys = RdbImportTest.keys(source);
            if (keys.isEmpty()) {
                return;
            }
            List<String> before = new ArrayList<>();
            keys.forEach(key -> before.addAll(content(source, key)));
            boolean several = false;
            for (String key : keys) {
                if (random.nextBoolean()) {
                    assertEquals(OK, source.call(migrateKey(to, key)), where + " " + key);
                } else {
                    several = true;
                }
            }
            if (several) {
                List<String> all = new ArrayList<>(List.of("REPLACE", "KEYS"));
                all.addAll(keys);
                assertEquals(OK, source.call(migrateKey(to, "", all.toArray(String[]::new))));
            }
            assertEquals(":0\r\n", source.call("DBSIZE"), where);
            List<String> after = new ArrayList<>();
            keys.forEach(key -> after.addAll(content(target, key)));
            assertEquals(before.size(), after.size(), where);
            for (int i = 0; i < before.size(); i++) {
                if (before.get(i).matches(":\\d+\r\n") && after.get(i).matches(":\\d+\r\n")) {
                    long drift = deadline(after.get(i)) - deadline(before.get(i));
                    assertTrue(Math.abs(drift) < MAX_DRIFT_MS, where + " " + drift);
                } else {
                    assertEquals(before.get(i), after.get(i), where);
                }
            }
        }
    }

    private static long deadline(String reply) {
        return Long.parseLong(reply.substring(1).trim());
    }

    private static List<String> content(RawClient client, String key) {
        String type = client.call("TYPE", key);
        List<String> content = new ArrayList<>(List.of(type));
        for (String[] question : RdbImportTest.questions(type, key)) {
            content.add(RdbImportTest.comparable(question, client.call(question)));
        }
        return content;
    }

    @Test
    void shouldMoveWhatRandomProgramsHaveLeftToRedisAndBackAndOn() {
        try (RealRedis redis = RealRedis.start();
                TestListener first = open();
                TestListener second = open();
                RawClient ours = first.connect()) {
            for (int program = 0; program < PROGRAMS * RdbImportTest.FAMILIES.size(); program++) {
                long seed = SEED + program;
                String where = "seed=" + seed;
                Random random = new Random(seed);
                ours.call("FLUSHALL");
                // Deadlines of fields have no place in what Redis 7.0 reads.
                RdbImportTest.fill(
                        ours,
                        RdbImportTest.source(program, random),
                        COMMANDS,
                        command -> command[0].matches("(?i)HP?(EXPIRE|GETEX|SETEX).*"));
                RdbImportTest.expireSome(ours, random);
                assertMoves(where, first.port(), redis.port(), random);
                assertMoves(where + " back", redis.port(), second.port(), random);
                assertMoves(where + " on", second.port(), first.port(), random);
            }
        }
    }

    @Test
    void shouldMoveManyKeysAndLargeValues() {
        try (TestListener from = open();
                TestListener to = open();
                RawClient source = from.connect();
                RawClient target = to.connect()) {
            List<String> keys = new ArrayList<>(List.of("KEYS"));
            String value = "0123456789abcdef".repeat(10);
            for (int i = 0; i < 3_000; i++) {
                source.call("SET", "k" + i, value + i);
                keys.add("k" + i);
            }
            // Named twice, and not there.
            keys.addAll(List.of("k7", "nokey", "big"));
            source.call("SET", "big", "x".repeat(20 << 20));
            String id = source.call("CLIENT", "ID").substring(1).trim();
            assertEquals(OK, source.call(migrateKey(to.port(), "", keys.toArray(String[]::new))));
            assertEquals(":0\r\n", source.call("DBSIZE"));
            assertEquals(":3001\r\n", target.call("DBSIZE"));
            assertEquals(bulk(value + "2999"), target.call("GET", "k2999"));
            assertEquals(":20971520\r\n", target.call("STRLEN", "big"));
            Await.until(
                    () -> from.server().budget().usedBytes() < 1 << 20,
                    () -> id + " " + from.server().budget().usedBytes());
        }
    }

    @Test
    void shouldSayThatAValueIsTooLong() {
        try (TestListener from = open(config -> config.outputBufferLimit(1 << 20));
                FakeTarget target = new FakeTarget();
                RawClient source = from.connect()) {
            source.call("SET", "big", "x".repeat(2 << 20));
            source.send(RawClient.command(migrateKey(target.port(), "big")));
            try (RawClient greeted = target.acceptAndGreet()) {
                assertEquals(
                        "-ERR a value is longer than the limit for client output, 1048576 bytes, so"
                                + " it is not sent\r\n",
                        source.reply());
                assertEquals("", greeted.untilClosed());
            }
            assertEquals(":1\r\n", source.call("EXISTS", "big"));
        }
    }

    @Test
    void shouldMoveBetweenDatabasesByTheNamesThatClientsSay() {
        try (TestListener from = open();
                TestListener to = open();
                RawClient source = from.connect();
                RawClient target = to.connect()) {
            String odd = new String(KeyArea.key(3, "k".getBytes(ISO_8859_1)), ISO_8859_1);
            for (String database : List.of("0", "3")) {
                source.call("SELECT", database);
                source.call("MSET", "a", database, "b", database, "", database, odd, database);
                assertEquals(OK, source.call(migrate(to.port(), "a", "5", "9000")));
                assertEquals(OK, source.call(migrate(to.port(), "", "5", "9000")));
                assertEquals(
                        OK, source.call(migrate(to.port(), "", "5", "9000", "KEYS", "b", odd)));
                assertEquals(":0\r\n", source.call("DBSIZE"));
                assertEquals(":0\r\n", target.call("DBSIZE"));
                target.call("SELECT", "5");
                assertEquals(
                        "*4\r\n" + bulk(database).repeat(4),
                        target.call("MGET", "a", "b", "", odd));
                target.call("FLUSHALL");
                target.call("SELECT", "0");
            }
        }
    }

    // ---- what others do meanwhile

    /** What is done to a key that is on its way, by another client of the same event loop. */
    private static void assertStays(String then, String... meanwhile) {
        try (TestListener from = open(config -> config.eventLoopThreads(1));
                FakeTarget target = new FakeTarget();
                RawClient source = from.connect();
                RawClient other = from.connect()) {
            other.call("MSET", "k", "1", "unchanged", "1");
            source.send(RawClient.command(migrateKey(target.port(), "", "KEYS", "k", "unchanged")));
            try (RawClient sent = target.acceptAndGreet()) {
                assertTrue(
                        sent.reply().startsWith("*4\r\n$7\r\nRESTORE\r\n$1\r\nk\r\n$1\r\n0\r\n"));
                assertTrue(sent.reply().startsWith("*4\r\n$7\r\nRESTORE\r\n$9\r\nunchanged\r\n"));
                assertEquals(":2\r\n", other.call("EXISTS", "k", "unchanged"));
                for (String command : meanwhile) {
                    assertFalse(other.call(command.split(" ", -1)).startsWith("-"), command);
                }
                sent.send("+OK\r\n+OK\r\n");
                assertEquals(CHANGED, source.reply());
                assertEquals(then, other.call("GET", "k"), String.join("|", meanwhile));
                assertEquals(":0\r\n", other.call("EXISTS", "unchanged"));
                assertEquals("", sent.untilClosed());
            }
            assertEquals("+PONG\r\n", source.call("PING"));
        }
    }

    @Test
    void shouldKeepWhatWasWrittenBeforeTheTargetAnswered() {
        assertStays(bulk("2"), "SET k 2");
        assertStays(bulk("1"), "SET k 1");
        assertStays(bulk("12"), "APPEND k 2");
        assertStays(bulk("1"), "EXPIRE k 1000");
        assertStays(bulk("1"), "DEL k", "SET k 1");
        assertStays(bulk("1"), "RENAME k x", "RENAME x k");
        assertStays("$-1\r\n", "DEL k");
        assertStays("$-1\r\n", "RENAME k x");
        assertStays(bulk("2"), "MULTI", "SET k 2", "EXEC");
        assertStays(bulk("2"), "EVAL return(redis.call('SET','k','2')) 0");
    }

    @Test
    void shouldNotMindThatTheKeyExpiresOnItsWay() {
        try (TestListener from = open();
                FakeTarget target = new FakeTarget();
                RawClient source = from.connect();
                RawClient other = from.connect()) {
            other.call("SET", "k", "1", "PX", "1500");
            source.send(RawClient.command(migrateKey(target.port(), "k", "REPLACE")));
            try (RawClient sent = target.acceptAndGreet()) {
                String restore = sent.reply();
                assertTrue(
                        restore.matches(
                                "(?s)\\*5\r\n\\$7\r\nRESTORE\r\n\\$1\r\nk\r\n\\$[1-4]\r\n.*"),
                        restore);
                assertTrue(restore.endsWith("\r\n$7\r\nREPLACE\r\n"), restore);
                Await.until(
                        () -> other.call("EXISTS", "k").equals(":0\r\n"),
                        () -> other.call("PTTL", "k"));
                sent.send(OK);
                assertEquals(OK, source.reply());
            }
        }
    }

    /** Also of a key whose database has another number by then. */
    @Test
    void shouldRemoveTheValueThatWasSentThoughItsDatabaseWasExchanged() {
        try (TestListener from = open();
                FakeTarget target = new FakeTarget();
                RawClient source = from.connect();
                RawClient other = from.connect()) {
            other.call("SET", "k", "zero");
            source.call("SELECT", "1");
            source.call("SET", "k", "one");
            source.send(RawClient.command(migrateKey(target.port(), "k")));
            try (RawClient sent = target.acceptAndGreet()) {
                assertTrue(sent.reply().contains("RESTORE"));
                assertEquals(OK, other.call("SWAPDB", "0", "1"));
                sent.send(OK);
                assertEquals(OK, source.reply());
            }
            assertEquals("$-1\r\n", other.call("GET", "k"));
            assertEquals(bulk("zero"), source.call("GET", "k"));
        }
    }

    /** Each count is in the end either here, or in a value that was moved with an OK. */
    @Test
    void shouldLoseNoWriteOfManyThatCompete() throws InterruptedException {
        try (TestListener from = open(config -> config.eventLoopThreads(2));
                TestListener to = open();
                RawClient source = from.connect();
                RawClient target = to.connect()) {
            AtomicBoolean stop = new AtomicBoolean();
            long[] counts = new long[2];
            List<Thread> writers = new ArrayList<>();
            for (int i = 0; i < counts.length; i++) {
                int writer = i;
                writers.add(
                        new Thread(
                                () -> {
                                    try (RawClient client = from.connect()) {
                                        while (!stop.get()) {
                                            client.call("INCR", "n");
                                            counts[writer]++;
                                        }
                                    }
                                }));
            }
            writers.forEach(Thread::start);
            long moved = 0;
            int changed = 0;
            int won = 0;
            for (int i = 0; i < 100_000 && (won < 10 || changed < 10); i++) {
                String reply = source.call(migrateKey(to.port(), "n", "REPLACE"));
                if (reply.equals(OK)) {
                    won++;
                    String value = target.call("GETDEL", "n");
                    moved += Long.parseLong(value.split("\r\n", -1)[1]);
                } else if (reply.equals(CHANGED)) {
                    changed++;
                } else {
                    assertEquals("+NOKEY\r\n", reply);
                }
            }
            stop.set(true);
            for (Thread writer : writers) {
                writer.join();
            }
            String left = source.call("GET", "n");
            long here = left.startsWith("$-") ? 0 : Long.parseLong(left.split("\r\n", -1)[1]);
            assertEquals(Arrays.stream(counts).sum(), moved + here, won + " " + changed);
            assertTrue(won > 0 && changed > 0, won + " " + changed);
        }
    }

    /** In another term the same version may be another value's. */
    @Test
    void shouldKeepTheKeyIfTheTermChangedBeforeTheTargetAnswered() {
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true);
                RespListener from = keyspace.listen(config -> config.migrateCommand(true));
                FakeTarget target = new FakeTarget();
                RawClient source = new RawClient(from.port());
                RawClient other = new RawClient(from.port())) {
            source.call("SET", "k", "1");
            source.send(RawClient.command(migrateKey(target.port(), "k")));
            try (RawClient sent = target.acceptAndGreet()) {
                assertTrue(sent.reply().contains("RESTORE"));
                keyspace.beginTerm(8);
                sent.send(OK);
                assertTrue(source.reply().startsWith("-"));
            }
            assertEquals(bulk("1"), other.call("GET", "k"));
        }
    }

    // ---- targets that fail

    /** Of one who has gone it depends on the moment whether that is seen by reading or writing. */
    private static void assertFails(String error, String after, boolean closes) {
        try (TestListener from = open();
                FakeTarget target = new FakeTarget();
                RawClient source = from.connect()) {
            source.call("SET", "k", "1");
            source.send(RawClient.command(migrateKey(target.port(), "k")));
            RawClient sent = target.accept();
            String unused = sent.reply();
            sent.send(after);
            if (closes) {
                sent.close();
                assertEquals(error, source.reply().replace("writing", "reading"));
            } else {
                assertEquals(error, source.reply());
                // All that came before it was closed, which is a RESTORE or nothing.
                String rest = sent.untilClosed();
                assertTrue(rest.isEmpty() || rest.contains("RESTORE"), rest);
                sent.close();
            }
            assertEquals(bulk("1"), source.call("GET", "k"), after);
        }
    }

    @Test
    void shouldTakeNothingForAnAcknowledgementThatIsNone() {
        assertFails(NOT_READ, "", true);
        assertFails(NOT_READ, "+O", true);
        assertFails(NOT_READ, OK, true);
        assertFails(NOT_READ, "+OK\r\n+O", true);
        assertFails(NOT_READ, "+OK\r\n+OK\r\n", false);
        assertFails(NOT_READ, "$2\r\nOK\r\n", false);
        assertFails(NOT_READ, "\r\n", false);
        assertFails(NOT_READ, "HTTP/1.1 400 Bad Request\r\n", false);
        assertFails("-ERR Target instance replied with error: x\r\n", "-x\r\n", false);
        assertFails(
                "-ERR Target instance replied with error: " + "x".repeat(1022) + "\r\n",
                "-" + "x".repeat(100_000) + "\r\n",
                false);
    }

    @Test
    void shouldNotTakeAGreetingForAnAnswer() {
        try (TestListener from = open();
                FakeTarget target = new FakeTarget();
                RawClient source = from.connect()) {
            source.call("SET", "k", "1");
            source.send(RawClient.command(migrateKey(target.port(), "k")));
            try (RawClient sent = target.accept()) {
                sent.send("+OK POP3 server ready\r\n+OK\r\n");
                assertEquals(NOT_READ, source.reply());
            }
            assertEquals(bulk("1"), source.call("GET", "k"));
        }
    }

    @Test
    void shouldRemoveWhatWasAcknowledgedBeforeTheConnectionBroke() {
        try (TestListener from = open();
                FakeTarget target = new FakeTarget();
                RawClient source = from.connect()) {
            source.call("MSET", "a", "1", "b", "2", "c", "3");
            source.send(RawClient.command(migrateKey(target.port(), "", "KEYS", "a", "b", "c")));
            try (RawClient sent = target.acceptAndGreet()) {
                List<String> unused = sent.replies(3);
                sent.send("+OK\r\n");
            }
            assertEquals(NOT_READ, source.reply().replace("writing", "reading"));
            assertEquals("*3\r\n$-1\r\n$1\r\n2\r\n$1\r\n3\r\n", source.call("MGET", "a", "b", "c"));
            source.send(RawClient.command(migrateKey(target.port(), "", "KEYS", "b", "c")));
            try (RawClient sent = target.acceptAndGreet()) {
                List<String> unused = sent.replies(2);
                sent.send("-BUSY b\r\n+OK\r\n");
                assertEquals("-ERR Target instance replied with error: BUSY b\r\n", source.reply());
            }
            assertEquals("*2\r\n$1\r\n2\r\n$-1\r\n", source.call("MGET", "b", "c"));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldCostATimeoutAtMostAndHoldNobodyUp(boolean greets) {
        try (TestListener from = open(config -> config.eventLoopThreads(1));
                FakeTarget target = new FakeTarget();
                RawClient source = from.connect();
                RawClient other = from.connect()) {
            source.call("SET", "k", "1");
            long beganNs = System.nanoTime();
            source.send(RawClient.command(migrate(target.port(), "k", "0", "300")));
            try (RawClient sent = greets ? target.acceptAndGreet() : target.accept()) {
                assertEquals("+PONG\r\n", other.call("PING"));
                assertEquals(OK, other.call("SET", "other", "1"));
                assertTrue(other.call("INFO", "clients").contains("blocked_clients:0\r\n"));
                assertTrue(System.nanoTime() - beganNs < 10_000_000_000L);
                assertEquals(NOT_READ, source.reply());
                assertTrue(System.nanoTime() - beganNs >= 290_000_000L);
                assertTrue(sent.untilClosed().contains(greets ? "RESTORE" : "SELECT"));
            }
            assertEquals(bulk("1"), other.call("GET", "k"));
        }
    }

    @Test
    void shouldGiveUpOnATargetThatReadsNothing() {
        try (TestListener from = open();
                FakeTarget target = new FakeTarget();
                RawClient source = from.connect()) {
            source.call("SET", "k", "x".repeat(30 << 20));
            source.send(RawClient.command(migrate(target.port(), "k", "0", "500")));
            try (RawClient sent = target.acceptAndGreet()) {
                assertEquals(
                        "-IOERR error or timeout writing to target instance\r\n", source.reply());
                assertTrue(sent.untilClosed().length() < 30 << 20);
            }
            assertEquals(":31457280\r\n", source.call("STRLEN", "k"));
            Await.until(
                    () -> from.server().budget().usedBytes() < 1 << 20,
                    () -> from.server().budget().usedBytes());
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenTheClientGoesOrTheListenerCloses() {
        try (FakeTarget target = new FakeTarget()) {
            TestListener from = open();
            RawClient staying = from.connect();
            staying.call("SET", "k", "1");
            RawClient leaving = from.connect();
            leaving.send(RawClient.command(migrateKey(target.port(), "k")));
            try (RawClient sent = target.acceptAndGreet()) {
                assertTrue(sent.reply().contains("RESTORE"));
                leaving.close();
                assertEquals("", sent.untilClosed());
            }
            assertEquals(bulk("1"), staying.call("GET", "k"));
            staying.send(
                    RawClient.command(
                            "MIGRATE", "localhost", "" + target.port(), "k", "0", "15000"));
            try (RawClient sent = target.acceptAndGreet()) {
                assertTrue(sent.reply().contains("RESTORE"));
                from.listener().close();
                assertEquals("", sent.untilClosed());
            }
            Await.until(() -> threads().isEmpty(), MigrateTest::threads);
            assertEquals("1", from.keyspace().get("k"));
            staying.close();
            from.close();
        }
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("hotpair-resp") || name.startsWith("hotpair-host"))
                .toList();
    }

    // ---- rights, and who is told

    @Test
    void shouldBeOffUntilItIsAllowed() {
        try (TestListener listener = TestListener.open();
                FakeTarget target = new FakeTarget();
                RawClient client = listener.connect()) {
            client.call("SET", "k", "1");
            String off =
                    "-ERR MIGRATE is off: enable-migrate-command lets clients have this node connect"
                            + " to wherever they say\r\n";
            assertEquals(off, client.call(migrateKey(target.port(), "k")));
            assertEquals(off, client.call(migrateKey(target.port(), "nokey")));
            assertEquals(
                    "*2\r\n$22\r\nenable-migrate-command\r\n$2\r\nno\r\n",
                    client.call("CONFIG", "GET", "enable-migrate-command"));
        }
    }

    @Test
    void shouldNeedTheRightToReadAndToRemoveEachKey() {
        try (TestListener from = open();
                TestListener to = open();
                RawClient admin = from.connect();
                RawClient user = from.connect()) {
            admin.call("ACL", "SETUSER", "u", "on", "nopass", "~a*", "%R~r*", "%W~w*", "+migrate");
            admin.call("MSET", "a", "1", "a2", "2", "b", "3", "r", "4", "w", "5", "KEYS", "6");
            assertEquals(OK, user.call("AUTH", "u", "x"));
            for (String denied : List.of("b", "r", "w")) {
                String key = "-NOPERM this user has no permissions to access one of the keys used";
                assertTrue(user.call(migrateKey(to.port(), denied)).startsWith(key), denied);
                assertTrue(
                        user.call(migrateKey(to.port(), "", "KEYS", "a", denied, "a2"))
                                .startsWith(key),
                        denied);
                assertTrue(
                        user.call(migrateKey(to.port(), "", "AUTH", "keys", "KEYS", denied, "a"))
                                .startsWith(key),
                        denied);
            }
            assertEquals(":6\r\n", admin.call("DBSIZE"));
            assertEquals(OK, user.call(migrateKey(to.port(), "a")));
            assertEquals(OK, user.call(migrateKey(to.port(), "", "KEYS", "a", "a2")));
            admin.call("ACL", "SETUSER", "u", "-migrate");
            assertTrue(
                    user.call(migrateKey(to.port(), "a"))
                            .startsWith("-NOPERM this user has no permissions to run the"));
            assertTrue(admin.call("ACL", "CAT", "dangerous").contains("migrate\r\n"));
        }
    }

    @Test
    void shouldTellOfTheRemovalAsOfDel() {
        try (TestListener from = open(config -> config.notifyKeyspaceEvents("KEA"));
                FakeTarget target = new FakeTarget();
                Watched hearer = new Watched(from.port());
                RawClient source = from.connect();
                RawClient tracker = from.connect()) {
            source.call("MSET", "a", "1", "b", "2");
            tracker.call("HELLO", "3");
            tracker.call("CLIENT", "TRACKING", "ON");
            tracker.call("GET", "a");
            hearer.call("PSUBSCRIBE", "__key*");
            source.send(RawClient.command(migrateKey(target.port(), "", "KEYS", "a", "b")));
            try (RawClient sent = target.acceptAndGreet()) {
                List<String> unused = sent.replies(2);
                assertEquals(List.of(), hearer.arrived());
                sent.send("+OK\r\n-no\r\n");
                assertEquals("-ERR Target instance replied with error: no\r\n", source.reply());
            }
            assertEquals(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n", tracker.reply());
            List<String> events = hearer.arrived();
            assertEquals(2, events.size(), events::toString);
            assertTrue(events.get(0).endsWith("$16\r\n__keyspace@0__:a\r\n$3\r\ndel\r\n"));
            assertTrue(events.get(1).endsWith("$18\r\n__keyevent@0__:del\r\n$1\r\na\r\n"));
        }
    }

    /** The one who tracks is the one who moves: it hears of that behind the reply. */
    @ParameterizedTest
    @ValueSource(strings = {"0", "3"})
    void shouldTellWhoMovesAKeyBehindTheReplyAsRedisDoes(String database) {
        try (RealRedis redis = RealRedis.start();
                RealRedis to = RealRedis.start();
                TestListener listener = open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            List<List<String>> heard = new ArrayList<>();
            for (RawClient client : List.of(theirs, ours)) {
                client.call("HELLO", "3");
                client.call("SELECT", database);
                client.call("CLIENT", "TRACKING", "ON");
                client.call("SET", "k", "1");
                client.call("GET", "k");
                client.send(
                        RawClient.command(migrateKey(to.port(), "k", "REPLACE"))
                                + RawClient.command("GET", "other", "too many")
                                + RawClient.command("GET", "k"));
                heard.add(client.replies(4));
            }
            assertEquals(heard.get(0), heard.get(1));
        }
    }

    @Test
    void shouldNotWaitInsideOfATransactionOrAScript() {
        try (TestListener from = open();
                FakeTarget target = new FakeTarget();
                RawClient client = from.connect()) {
            String refused =
                    "ERR MIGRATE can't wait for another server inside a transaction or a script";
            client.call("SET", "k", "1");
            client.call("MULTI");
            assertEquals("+QUEUED\r\n", client.call(migrateKey(target.port(), "k")));
            client.call("GET", "k");
            assertEquals("*2\r\n-" + refused + "\r\n$1\r\n1\r\n", client.call("EXEC"));
            String script =
                    "return redis.pcall('MIGRATE','127.0.0.1','" + target.port() + "','k',0,9)";
            assertTrue(client.call("EVAL", script, "1", "k").startsWith("-" + refused));
            assertEquals(bulk("1"), client.call("GET", "k"));
        }
    }

    @Test
    void shouldAnswerWhenTheRemovalIsAcknowledged() {
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true);
                RespListener from = keyspace.listen(config -> config.migrateCommand(true));
                TestListener to = open();
                RawClient source = new RawClient(from.port());
                RawClient target = to.connect()) {
            source.call("MSET", "a", "1", "b", "2");
            keyspace.acknowledgesAtOnce(false);
            source.send(RawClient.command(migrateKey(to.port(), "", "KEYS", "a", "b")));
            Await.until(() -> keyspace.waiterCount() == 1, keyspace::waiterCount);
            assertEquals(":2\r\n", target.call("DBSIZE"));
            assertTrue(source.isSilentFor(50));
            keyspace.settleNext(true);
            assertEquals(OK, source.reply());
            keyspace.acknowledgesAtOnce(true);
            source.call("SET", "a", "1");
            keyspace.acknowledgesAtOnce(false);
            source.send(RawClient.command(migrateKey(to.port(), "a", "REPLACE")));
            Await.until(() -> keyspace.waiterCount() == 1, keyspace::waiterCount);
            keyspace.settleNext(false);
            assertTrue(source.reply().startsWith("-UNKNOWN outcome"));
        }
    }

    @Test
    void shouldShowNoPasswords() {
        try (RealRedis redis = RealRedis.start("--slowlog-log-slower-than", "0");
                RealRedis target = RealRedis.start("--requirepass", "pw");
                TestListener listener = open()) {
            List<String> shown = new ArrayList<>();
            for (int port : new int[] {redis.port(), listener.port()}) {
                try (RawClient monitor = new RawClient(port);
                        RawClient client = new RawClient(port)) {
                    client.call("CONFIG", "SET", "slowlog-log-slower-than", "0");
                    client.call("MSET", "a", "1", "b", "2");
                    monitor.call("MONITOR");
                    String keys = "KEYS a b AUTH c";
                    for (String options :
                            List.of("COPY AUTH secret " + keys, "AUTH2 secret pw COPY " + keys)) {
                        client.call(migrateKey(target.port(), "", options.split(" ", -1)));
                        String line = monitor.reply();
                        shown.add(line.substring(line.indexOf(']')));
                        String slow = client.call("SLOWLOG", "GET", "1");
                        shown.add(
                                slow.replaceAll(
                                        "(?s).*(MIGRATE\r\n.*)\\$\\d+\r\n127.0.0.1:.*", "$1"));
                    }
                }
            }
            assertFalse(shown.toString().contains("secret"));
            assertEquals(shown.subList(0, 4), shown.subList(4, 8));
        }
    }
}
