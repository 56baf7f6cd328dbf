package io.hotpair.resp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Keyspace;
import io.hotpair.Progress;
import io.hotpair.Snapshot;
import io.hotpair.resp.MigrationStatus.State;
import io.hotpair.topology.Role;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients fetch the keyspace as an RDB file. */
class SyncTest {
    private static final String NO_STREAM =
            "-ERR no replica of Redis can follow this node; REPLCONF rdb-only 1 has SYNC send an RDB"
                    + " file\r\n";
    private static final int SMALL_BUFFER = 4 << 10;
    private static final long SEED = 20_261_127;

    @TempDir private Path root;

    /** A client that reads when it is told to. */
    private static final class Fetcher implements AutoCloseable {
        private final Socket socket = new Socket();
        private final DataInputStream in;
        private int signsOfLife;

        Fetcher(int port) throws IOException {
            socket.setReceiveBufferSize(SMALL_BUFFER);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            socket.setSoTimeout(20_000);
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
        }

        Fetcher say(String... command) throws IOException {
            socket.getOutputStream().write(RawClient.command(command).getBytes(ISO_8859_1));
            return this;
        }

        Fetcher ask() throws IOException {
            say("REPLCONF", "rdb-only", "1");
            assertEquals("+OK", line());
            return say("SYNC");
        }

        /** The next line that says something. */
        String line() throws IOException {
            StringBuilder line = new StringBuilder();
            while (true) {
                char c = (char) in.readUnsignedByte();
                if (c == '\n' && line.length() == 0) {
                    signsOfLife++;
                } else if (c == '\n') {
                    return line.substring(0, line.length() - 1);
                } else {
                    line.append(c);
                }
            }
        }

        void readTo(String last) throws IOException {
            String line;
            do {
                line = line();
            } while (!line.equals(last));
        }

        /** Reads the file, behind which there is nothing. */
        byte[] file() throws IOException {
            String header = line();
            assertTrue(header.matches("\\$\\d+"), header);
            byte[] file = in.readNBytes(Integer.parseInt(header.substring(1)));
            assertEquals(-1, in.read());
            return file;
        }

        @Override
        public void close() {
            RawClient.close(socket);
        }
    }

    private String cli(int port, String... arguments) throws Exception {
        RealRedis.require("redis-cli");
        List<String> command = new ArrayList<>(List.of("redis-cli", "-p", "" + port));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), ISO_8859_1);
        return process.waitFor() + " " + output;
    }

    private RealRedis loaded(Path file) {
        return RealRedis.start(
                "--dir", root.toString(), "--dbfilename", file.getFileName().toString());
    }

    private static void fill(RawClient client) {
        Random random = new Random(SEED);
        for (int database = 0; database < 4; database += 3) {
            client.call("SELECT", "" + database);
            for (var family : RdbImportTest.FAMILIES) {
                RdbImportTest.fill(client, family.apply(random), 300, command -> false);
            }
            client.call("SET", "timed", "v", "PXAT", "4000000000000");
        }
        client.call("SELECT", "0");
        client.call(
                "FUNCTION",
                "LOAD",
                "#!lua name=lib\nredis.register_function('f', function() return 1 end)");
    }

    private static void fillWith(Keyspace keyspace, int megabytes) {
        byte[] value = new byte[1 << 20];
        Random random = new Random(SEED);
        for (int i = 0; i < megabytes; i++) {
            random.nextBytes(value);
            keyspace.put(("key:" + i).getBytes(ISO_8859_1), value);
        }
    }

    /** Waits until nothing is left of any, and others can have a snapshot. */
    private static void awaitNone(TestListener listener) {
        Await.until(() -> listener.server().rdbCopies().count() == 0, () -> "copies");
        listener.keyspace().snapshot().close();
    }

    private static long filesLeft() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(f -> f.getFileName().toString().startsWith("hotpair-sync")).count();
        }
    }

    private static void assertSame(Keyspace expected, byte[] file, Path at) throws IOException {
        Files.write(at, file);
        try (Keyspace read = RdbImportTest.inMemory()) {
            RdbImport.Report unused =
                    RdbImport.read(at, RdbImport.ALL_DATABASES, read, Progress.NONE);
            assertEquals(expected.digest(), read.digest());
        }
    }

    @Test
    void shouldGiveRedisCliAFileThatRedisLoads() throws Exception {
        for (String option : List.of("-2", "-3")) {
            Path file = root.resolve("dump" + option + ".rdb");
            try (TestListener listener = TestListener.open();
                    RawClient ours = listener.connect()) {
                fill(ours);
                String output = cli(listener.port(), option, "--rdb", file.toString());
                assertTrue(output.startsWith("0 "), output);
                assertTrue(output.contains("Transfer finished with success"), output);
                try (RealRedis redis = loaded(file);
                        RawClient theirs = new RawClient(redis.port())) {
                    for (String database : List.of("0", "3")) {
                        theirs.call("SELECT", database);
                        ours.call("SELECT", database);
                        RdbImportTest.assertSame("database=" + database, theirs, ours);
                    }
                    assertEquals(
                            theirs.call("FUNCTION", "LIST", "WITHCODE"),
                            ours.call("FUNCTION", "LIST", "WITHCODE"));
                    assertEquals(":1\r\n", theirs.call("FCALL", "f", "0"));
                }
                awaitNone(listener);
            }
        }
    }

    @Test
    void shouldGiveRedisCliTheFunctionsAlone() throws Exception {
        Path file = root.resolve("functions.rdb");
        try (TestListener listener = TestListener.open();
                RawClient ours = listener.connect()) {
            fill(ours);
            String output = cli(listener.port(), "--functions-rdb", file.toString());
            assertTrue(output.startsWith("0 "), output);
            try (RealRedis redis = loaded(file);
                    RawClient theirs = new RawClient(redis.port())) {
                assertEquals(":1\r\n", theirs.call("FCALL", "f", "0"));
                assertEquals("# Keyspace", theirs.call("INFO", "keyspace").split("\r\n", -1)[1]);
                assertEquals(":0\r\n", theirs.call("DBSIZE"));
                byte[] real;
                try (Fetcher fetcher = new Fetcher(redis.port())) {
                    fetcher.say("REPLCONF", "capa", "eof", "rdb-filter-only", "functions");
                    assertEquals("+OK", fetcher.line());
                    fetcher.ask();
                    String mark = fetcher.line().substring("$EOF:".length());
                    real = fetcher.in.readAllBytes();
                    assertTrue(new String(real, ISO_8859_1).endsWith(mark));
                }
                // What is said of the file comes first, then the libraries, the end, a checksum.
                String ownFile = new String(Files.readAllBytes(file), ISO_8859_1);
                String theirFile = new String(real, ISO_8859_1);
                int length = ownFile.length() - 8 - ownFile.indexOf('\u00f5');
                int at = theirFile.indexOf('\u00f5');
                assertEquals(
                        ownFile.substring(ownFile.indexOf('\u00f5'), ownFile.length() - 8),
                        theirFile.substring(at, at + length));
            }
        }
    }

    @Test
    void shouldAnswerAsRedisDoes() {
        List<String[]> commands =
                List.of(
                        new String[] {"REPLCONF"},
                        new String[] {"REPLCONF", "capa"},
                        new String[] {"REPLCONF", "nosuch", "1"},
                        new String[] {"REPLCONF", "capa", "eof", "CAPA", "psync2", "capa", "x"},
                        new String[] {"REPLCONF", "listening-port", "6379"},
                        new String[] {"REPLCONF", "listening-port", "x"},
                        new String[] {"REPLCONF", "ip-address", "h".repeat(300)},
                        new String[] {"REPLCONF", "ip-address", "h".repeat(255)},
                        new String[] {"REPLCONF", "ip-address", "h".repeat(256)},
                        new String[] {"REPLCONF", "ip-address", ""},
                        new String[] {"REPLCONF", "rdb-only", "2"},
                        new String[] {"REPLCONF", "rdb-only", "-1"},
                        new String[] {"REPLCONF", "rdb-only", "x"},
                        new String[] {"REPLCONF", "rdb-only", "0"},
                        new String[] {"REPLCONF", "RDB-only", "1"},
                        new String[] {"REPLCONF", "rdb-filter-only", "functions FUNCTIONS"},
                        new String[] {"REPLCONF", "rdb-filter-only", "functions keys"},
                        new String[] {"REPLCONF", "rdb-filter-only", "\"functions"},
                        new String[] {"REPLCONF", "rdb-filter-only", ""},
                        new String[] {"REPLCONF", "capa", "x", "nosuch", "1"},
                        new String[] {"SYNC", "x"},
                        new String[] {"PSYNC", "?"},
                        new String[] {"MULTI"},
                        new String[] {"SYNC"},
                        new String[] {"PSYNC", "?", "-1"},
                        new String[] {"DISCARD"},
                        new String[] {"EVAL", "return redis.call('SYNC')", "0"});
        String filtered =
                RawClient.command("REPLCONF", "rdb-filter-only", "functions")
                        + RawClient.command("PING");
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (String[] command : commands) {
                assertEquals(theirs.call(command), ours.call(command), String.join(" ", command));
            }
            for (String pipeline :
                    List.of(
                            RawClient.command("PING") + RawClient.command("SYNC"),
                            RawClient.command("REPLCONF", "ack", "1") + RawClient.command("PING"),
                            filtered)) {
                theirs.send(pipeline);
                ours.send(pipeline);
                assertEquals(theirs.reply(), ours.reply(), pipeline);
                if (!pipeline.contains("ack")) {
                    assertEquals(theirs.reply(), ours.reply(), pipeline);
                }
            }
        }
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (String[] command :
                    List.of(
                            new String[] {"REPLCONF", "rdb-only", "1"},
                            new String[] {"REPLCONF", "rdb-filter-only", "functions"},
                            // Which leaves alone what the file is to be.
                            new String[] {"RESET"},
                            new String[] {"SYNC"})) {
                assertEquals(theirs.call(command), ours.call(command));
            }
        }
    }

    @Test
    void shouldHoldLittleForWhoDoesNotRead() throws IOException {
        long before = filesLeft();
        try (TestListener listener = TestListener.open(c -> c.outputBufferLimit(1 << 20));
                RawClient other = listener.connect()) {
            fillWith(listener.keyspace(), 64);
            try (Fetcher slow = new Fetcher(listener.port())) {
                slow.ask();
                String header = slow.line();
                long length = Long.parseLong(header.substring(1));
                assertTrue(length > 64 << 20, header);
                // It has begun, so the snapshot was let go, though next to nothing was read.
                listener.keyspace().snapshot().close();
                Connection connection =
                        listener.server().clients().all().stream()
                                .filter(Connection::isTransferring)
                                .findFirst()
                                .orElseThrow();
                Await.until(() -> connection.outbox().congested(), () -> "all of it was taken");
                assertTrue(connection.outbox().queuedBytes() <= 512 << 10);
                assertTrue(connection.account().heldBytes() <= 512 << 10);
                assertEquals(before, filesLeft());
                String listed = other.call("CLIENT", "LIST", "TYPE", "replica");
                assertTrue(listed.contains(" flags=S ") && listed.contains(" cmd=sync "), listed);
                assertTrue(other.call("INFO", "clients").contains("blocked_clients:0"));
                for (int i = 0; i < 1_000; i++) {
                    assertEquals("+OK\r\n", other.call("SET", "key:" + i % 64, "written since"));
                }
                byte[] rest = slow.in.readNBytes((int) length);
                assertEquals(-1, slow.in.read());
                Path file = root.resolve("dump.rdb");
                try (Keyspace same = RdbImportTest.inMemory()) {
                    fillWith(same, 64);
                    assertSame(same, rest, file);
                }
            }
            awaitNone(listener);
            assertEquals(before, filesLeft());
        }
    }

    @Test
    void shouldLeaveNothingOfThoseThatGo() throws IOException {
        long before = filesLeft();
        try (TestListener listener = TestListener.open(c -> c.stallTimeout(Duration.ofSeconds(2)));
                RawClient other = listener.connect()) {
            fillWith(listener.keyspace(), 32);
            // One while the file is written, one in the middle, one that is disconnected as it
            // reads nothing, one that somebody ends.
            try (Fetcher early = new Fetcher(listener.port())) {
                early.ask();
            }
            try (Fetcher late = new Fetcher(listener.port())) {
                String unused = late.ask().line();
            }
            awaitNone(listener);
            try (Fetcher stalled = new Fetcher(listener.port())) {
                String unused = stalled.ask().line();
                awaitNone(listener);
            }
            try (Fetcher killed = new Fetcher(listener.port())) {
                killed.ask();
                Await.until(
                        () -> !other.call("CLIENT", "KILL", "TYPE", "slave").equals(":0\r\n"),
                        () -> "nobody fetches");
                awaitNone(listener);
            }
            assertEquals(before, filesLeft());
            try (Fetcher last = new Fetcher(listener.port())) {
                assertSame(listener.keyspace(), last.ask().file(), root.resolve("dump.rdb"));
            }
        }
    }

    @Test
    void shouldWaitForAnotherSnapshotAndSayNothingElseMeanwhile() throws Exception {
        try (TestListener listener = TestListener.open();
                RawClient other = listener.connect();
                Fetcher fetcher = new Fetcher(listener.port())) {
            listener.keyspace().put("a", "1");
            fetcher.say("HELLO", "3").say("ECHO", "ready").readTo("ready");
            fetcher.say("SUBSCRIBE", "c").readTo(":1");
            fetcher.say("CLIENT", "TRACKING", "on", "bcast").readTo("+OK");
            try (Snapshot held = listener.keyspace().snapshot()) {
                fetcher.ask();
                String[] subscribers = {"PUBSUB", "NUMSUB", "c"};
                Await.until(() -> other.call(subscribers).endsWith(":0\r\n"), () -> "still there");
                assertTrue(held.opId() > 0);
                for (int i = 0; i < 100; i++) {
                    assertEquals(":0\r\n", other.call("PUBLISH", "c", "m"));
                    assertEquals("+OK\r\n", other.call("SET", "b", "" + i));
                }
                while (fetcher.signsOfLife == 0) {
                    assertEquals('\n', fetcher.in.read());
                    fetcher.signsOfLife++;
                }
            }
            assertSame(listener.keyspace(), fetcher.file(), root.resolve("dump.rdb"));
        }
    }

    /** What is said of saving while a file is written. */
    private static List<String> saving(RawClient client) {
        List<String> said = new ArrayList<>();
        for (String command : List.of("SAVE", "BGSAVE", "BGSAVE SCHEDULE", "BGREWRITEAOF")) {
            said.add(client.call(command.split(" ", -1)));
        }
        said.add(client.call("BGSAVE"));
        String info = client.call("INFO", "persistence");
        said.add(info.replaceAll("(?s).*(rdb_bgsave_in_progress:\\d).*", "$1"));
        return said;
    }

    @Test
    void shouldSaveNothingElseWhileAFileIsWrittenAsRedisDoes() throws Exception {
        try (RealRedis redis =
                        RealRedis.start(
                                "--rdb-key-save-delay", "60000000",
                                "--repl-diskless-sync-delay", "0");
                RawClient theirs = new RawClient(redis.port());
                ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true);
                RespListener listener = keyspace.listen(c -> c);
                RawClient ours = new RawClient(listener.port());
                Fetcher fetcher = new Fetcher(listener.port())) {
            theirs.call("SET", "a", "1");
            ours.call("SET", "a", "1");
            List<String> expected;
            try (Fetcher another = new Fetcher(redis.port())) {
                another.say("REPLCONF", "capa", "eof").readTo("+OK");
                another.ask();
                Await.until(
                        () -> theirs.call("INFO", "persistence").contains("_in_progress:1\r\n"),
                        () -> theirs.call("INFO", "persistence"));
                // What comes behind it need not take long.
                theirs.call("CONFIG", "SET", "rdb-key-save-delay", "0");
                expected = saving(theirs);
            }
            try (Snapshot held = keyspace.snapshot()) {
                assertTrue(held.opId() > 0);
                fetcher.ask();
                Await.until(() -> listener.server().rdbCopies().count() == 1, () -> "no copy");
                assertEquals(expected, saving(ours));
                assertEquals(0, keyspace.savings().size());
            }
            assertTrue(fetcher.file().length > 50);
            // Now what was put off.
            Await.until(() -> keyspace.savings().size() == 1, keyspace::savings);
            assertEquals("-ERR Background save already in progress\r\n", ours.call("BGSAVE"));
            keyspace.savings().get(0).completeExceptionally(new IllegalStateException("no room"));
            assertEquals("+Background saving started\r\n", ours.call("BGSAVE"));
            assertEquals(2, keyspace.savings().size());
        }
    }

    @Test
    void shouldGiveNothingOfWhatAMigrationHasBegunToReplace() throws Exception {
        try (TestListener listener = TestListener.open();
                Fetcher fetcher = new Fetcher(listener.port());
                ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            RedisMigration migration;
            try (Snapshot held = listener.keyspace().snapshot()) {
                assertEquals(0, held.opId());
                assertEquals('\n', fetcher.ask().in.read());
                String host = silent.getInetAddress().getHostAddress();
                migration =
                        RedisMigration.builder(listener.keyspace(), host, silent.getLocalPort())
                                .start();
            }
            // It is closed first, as the migration waits for an answer until then.
            try (migration;
                    ServerSocket first = silent) {
                assertFalse(first.isClosed());
                assertEquals(
                        "-NOMASTERLINK Can't SYNC while not connected with my master",
                        fetcher.line());
            }
            awaitNone(listener);
        }
    }

    @Test
    void shouldServeSoManyAndNoMore() throws Exception {
        List<Fetcher> fetchers = new ArrayList<>();
        try (TestListener listener = TestListener.open()) {
            try (Snapshot held = listener.keyspace().snapshot()) {
                assertEquals(0, held.opId());
                for (int i = 0; i < RdbCopies.MOST; i++) {
                    fetchers.add(new Fetcher(listener.port()).ask());
                }
                Await.until(
                        () -> listener.server().rdbCopies().count() == RdbCopies.MOST,
                        () -> listener.server().rdbCopies().count());
                try (Fetcher more = new Fetcher(listener.port())) {
                    assertEquals(
                            "-ERR 4 clients fetch RDB files already, try again later",
                            more.ask().line());
                    assertEquals("+PONG", more.say("PING").line());
                }
            }
            byte[] first = fetchers.get(0).file();
            for (Fetcher fetcher : fetchers.subList(1, RdbCopies.MOST)) {
                assertEquals(first.length, fetcher.file().length);
            }
            awaitNone(listener);
        } finally {
            fetchers.forEach(Fetcher::close);
        }
    }

    @Test
    void shouldGiveFilesToThoseOnlyWhoMayReadAllKeys() throws IOException {
        try (TestListener listener = TestListener.open();
                RawClient admin = listener.connect()) {
            admin.call("ACL", "SETUSER", "some", "on", "nopass", "~a*", "+@all");
            admin.call("ACL", "SETUSER", "writer", "on", "nopass", "%W~*", "+@all");
            admin.call("ACL", "SETUSER", "reader", "on", "nopass", "%R~*", "+sync", "+replconf");
            admin.call("ACL", "SETUSER", "safe", "on", "nopass", "~*", "+@all", "-@dangerous");
            for (String user : List.of("some", "writer")) {
                try (Fetcher fetcher = new Fetcher(listener.port())) {
                    assertEquals("+OK", fetcher.say("AUTH", user, "").line());
                    assertEquals(
                            "-NOPERM this user has no permissions to read all keys, which SYNC"
                                    + " sends",
                            fetcher.ask().line());
                    // Without keys there is nothing that he may not see.
                    fetcher.say("REPLCONF", "capa", "eof", "rdb-filter-only", "functions");
                    assertEquals("+OK", fetcher.line());
                    assertTrue(fetcher.say("SYNC").file().length < 100);
                }
            }
            try (Fetcher fetcher = new Fetcher(listener.port())) {
                assertEquals("+OK", fetcher.say("AUTH", "reader", "").line());
                assertSame(listener.keyspace(), fetcher.ask().file(), root.resolve("dump.rdb"));
            }
            try (RawClient safe = listener.connect()) {
                safe.call("AUTH", "safe", "");
                assertEquals(
                        "-NOPERM this user has no permissions to run the 'sync' command\r\n",
                        safe.call("SYNC"));
                assertEquals(
                        "-NOPERM this user has no permissions to run the 'replconf' command\r\n",
                        safe.call("REPLCONF", "rdb-only", "1"));
            }
        }
    }

    @Test
    void shouldBeNoMasterOfReplicas() throws Exception {
        try (TestListener listener = TestListener.open();
                RawClient ours = listener.connect();
                RealRedis replica = RealRedis.start();
                RawClient theirs = new RawClient(replica.port())) {
            ours.call("SET", "k", "ours");
            theirs.call("SET", "k", "theirs");
            assertEquals(NO_STREAM, ours.call("SYNC"));
            assertEquals(
                    "-ERR no replica of Redis can follow this node; REPLCONF rdb-only 1 and SYNC"
                            + " give an RDB file\r\n",
                    ours.call("PSYNC", "?", "-1"));
            theirs.call("REPLICAOF", "127.0.0.1", "" + listener.port());
            Await.until(
                    () -> {
                        String stats = ours.call("INFO", "commandstats");
                        return stats.matches("(?s).*cmdstat_sync:[^\r]*failed_calls=[2-9].*");
                    },
                    () -> ours.call("INFO", "commandstats"));
            assertEquals("$6\r\ntheirs\r\n", theirs.call("GET", "k"));
            assertTrue(theirs.call("INFO", "replication").contains("master_link_status:down"));
            String output = cli(listener.port(), "--replica");
            assertTrue(output.startsWith("1 "), output);
            assertTrue(output.contains("no replica of Redis can follow this node"), output);
            try (TestListener other = TestListener.open();
                    RedisMigration migration =
                            RedisMigration.builder(other.keyspace(), "127.0.0.1", listener.port())
                                    .start()) {
                Await.until(() -> migration.status().state() == State.FAILED, migration::status);
                String why = String.valueOf(migration.status().lastError());
                assertTrue(why.contains("RedisImport"), why);
            }
        }
    }

    @Test
    void shouldSendWhatANodeOfAPairVouchesFor() throws Exception {
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true);
                RespListener listener = keyspace.listen(c -> c)) {
            try (Fetcher fetcher = new Fetcher(listener.port())) {
                assertTrue(fetcher.ask().file().length > 50);
            }
            keyspace.vouches(false);
            try (Fetcher fetcher = new Fetcher(listener.port())) {
                assertTrue(fetcher.ask().line().startsWith("-MASTERDOWN "));
            }
            keyspace.role(Role.REPLICA);
            try (Fetcher fetcher = new Fetcher(listener.port())) {
                assertEquals(
                        "-NOMASTERLINK Can't SYNC while not connected with my master",
                        fetcher.ask().line());
            }
        }
    }

    @Test
    void shouldSendWhatIsVouchedForThoughItWasAskedForInAnotherTerm() throws Exception {
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true);
                RespListener listener = keyspace.listen(c -> c);
                Fetcher fetcher = new Fetcher(listener.port())) {
            keyspace.keyspace().put("a", "1");
            try (Snapshot held = keyspace.snapshot()) {
                assertTrue(held.opId() > 0);
                fetcher.ask();
                Await.until(() -> listener.server().rdbCopies().count() == 1, () -> "no copy");
                keyspace.beginTerm(8);
            }
            assertTrue(fetcher.file().length > 50);
        }
    }

    @Test
    void shouldEndWithItsListener() throws Exception {
        Fetcher fetcher;
        try (TestListener listener = TestListener.open()) {
            fillWith(listener.keyspace(), 32);
            fetcher = new Fetcher(listener.port()).ask();
            String unused = fetcher.line();
            listener.listener().close();
            assertEquals(0, listener.server().rdbCopies().count());
            listener.keyspace().snapshot().close();
        }
        try (fetcher) {
            assertTrue(fetcher.in.readNBytes(64 << 20).length < 32 << 20);
        } catch (IOException e) {
            assertEquals("Connection reset", e.getMessage());
        }
    }
}
