package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Progress;
import io.hotpair.resp.MigrationStatus.State;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A keyspace follows a real redis-server, which is written meanwhile. */
class MigrationTest {
    private static final int KEYS =
            Integer.getInteger("hotpair.migrationKeys", DifferentialTest.isCi() ? 50_000 : 20_000);
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_122);
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(Math.max(30, KEYS / 2_000));
    private static final String CONSUMER_OF_NOTHING =
            "(?s)\\*8 \\$4 name \\$\\d+ [^\r]* \\$9 seen-time :n \\$9 pel-count :0 \\$7 pending \\*0 "
                    .replace(" ", "\r\n");
    private static final int BATCH = 500;
    private static final int MAX_SHORT_MS = 1_500;

    private static RealRedis redis(String... options) {
        String[] all = {"--repl-diskless-sync-delay", "0", "--repl-backlog-size", "64mb"};
        String[] both = Arrays.copyOf(all, all.length + options.length);
        System.arraycopy(options, 0, both, all.length, options.length);
        return RealRedis.start(both);
    }

    private static TestListener target() {
        return TestListener.open(
                KEYS > 100_000 ? 4L << 30 : 256L << 20, config -> config.replicaOfCommand(true));
    }

    private static RedisMigration migrate(TestListener to, RealRedis from) {
        return RedisMigration.builder(to.keyspace(), "127.0.0.1", from.port()).start();
    }

    private static RedisMigration migrateTo(int databases, TestListener to, RealRedis from) {
        return RedisMigration.builder(to.keyspace(), "127.0.0.1", from.port())
                .databases(databases)
                .start();
    }

    private static void await(RedisMigration migration, State state) {
        Await.until(DEADLINE_NS, () -> migration.status().state() == state, migration::status);
    }

    /** Sends commands in batches, and reads what is answered. */
    private static final class Pipeline implements AutoCloseable {
        private final RawClient client;
        private final StringBuilder batch = new StringBuilder();
        private int count;

        Pipeline(int port) {
            client = new RawClient(port);
        }

        void add(String... command) {
            batch.append(RawClient.command(command));
            if (++count == BATCH) {
                flush();
            }
        }

        void flush() {
            client.send(batch.toString());
            for (; count > 0; count--) {
                String unused = client.reply();
            }
            batch.setLength(0);
        }

        @Override
        public void close() {
            flush();
            client.close();
        }
    }

    /** Keys of all types, some of them with deadlines. */
    private static void fill(int port, int keys, Random random) {
        try (Pipeline to = new Pipeline(port)) {
            for (int i = 0; i < keys; i++) {
                String key = "fill:" + i;
                String value = Long.toString(random.nextLong(), 36);
                switch (i % 6) {
                    case 0 -> to.add("SET", key, value.repeat(random.nextInt(8)));
                    case 1 -> to.add("HSET", key, "a", value, "b", "\0\1\r\n", value, "c");
                    case 2 -> to.add("RPUSH", key, value, "x", value);
                    case 3 -> to.add("SADD", key, value, "" + random.nextInt(100), "m");
                    case 4 -> to.add("ZADD", key, "" + random.nextInt(9), value, "1.5", "m");
                    default -> {
                        to.add("XADD", key, "*", "f", value, "f", "g");
                        to.add("XGROUP", "CREATE", key, "g", "0");
                        to.add("XREADGROUP", "GROUP", "g", "c", "STREAMS", key, ">");
                    }
                }
                if (random.nextInt(5) == 0) {
                    to.add("PEXPIRE", key, "" + (3_600_000 + random.nextInt(1_000_000)));
                }
            }
        }
    }

    /** Random commands of all families until it is told to end. */
    private static final class Writer implements AutoCloseable {
        private final AtomicBoolean ending = new AtomicBoolean();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        private final Thread thread;
        private final AtomicLong count = new AtomicLong();

        Writer(int port, long seed) {
            thread = new Thread(() -> write(port, seed), "writer");
            thread.start();
        }

        private void write(int port, long seed) {
            try (Pipeline to = new Pipeline(port)) {
                Random random = new Random(seed);
                while (!ending.get()) {
                    program(to, random);
                    to.flush();
                }
            } catch (RuntimeException | Error e) {
                failure.set(e);
            }
        }

        private void program(Pipeline to, Random random) {
            CommandSource source =
                    RdbImportTest.FAMILIES
                            .get(random.nextInt(RdbImportTest.FAMILIES.size()))
                            .apply(random);
            String suffix = ":" + random.nextInt(1_000);
            for (int i = 0; i < 50; i++) {
                boolean grouped = random.nextInt(5) == 0;
                if (grouped) {
                    to.add("MULTI");
                }
                for (int j = 0; j < (grouped ? 1 + random.nextInt(4) : 1); j++) {
                    String[] command = source.next();
                    if (AofTest.isReadBack(command) && isTold(command)) {
                        to.add(ownKeys(command, suffix));
                        long unused = count.incrementAndGet();
                    }
                }
                if (grouped) {
                    to.add("EXEC");
                }
            }
            // What expires soon, and what is prolonged just before it would.
            String key = "short:" + random.nextInt(200);
            to.add("SET", key, "v", "PX", "" + (1 + random.nextInt(MAX_SHORT_MS)));
            to.add("APPEND", "short:" + random.nextInt(200), "w");
            to.add("PEXPIRE", "short:" + random.nextInt(200), "" + random.nextInt(MAX_SHORT_MS));
            to.add("PERSIST", "short:" + random.nextInt(200));
            to.add("LPUSH", "fill:2", "n" + random.nextInt());
            to.add("SPOP", "fill:" + (6 * random.nextInt(100) + 3));
            to.add("DEL", "fill:" + random.nextInt(KEYS));
        }

        /**
         * Whether Redis tells its replicas what that does. Reading what is pending counts a
         * delivery, and BITFIELD that fails may yet make a string longer: of either there is no
         * word ({@link #shouldKnowWhatARealReplicaKnows}).
         */
        private static boolean isTold(String[] command) {
            List<String> words =
                    Stream.of(command).map(word -> word.toUpperCase(Locale.ROOT)).toList();
            int streams = words.indexOf("STREAMS");
            return switch (words.get(0)) {
                case "XREADGROUP" ->
                        words.subList((streams + 1 + words.size()) / 2, words.size()).stream()
                                .allMatch(">"::equals);
                case "BITFIELD" -> !words.contains("FAIL");
                default -> true;
            };
        }

        /** So that there are more keys than the few that sources share. */
        private static String[] ownKeys(String[] command, String suffix) {
            String[] own = command.clone();
            for (int i = 1; i < own.length; i++) {
                if (own[i].matches("k\\d")) {
                    own[i] += suffix;
                }
            }
            return own;
        }

        void awaitMore(long commands) {
            long until = count.get() + commands;
            Await.until(() -> count.get() >= until || failure.get() != null, count::get);
        }

        @Override
        public void close() {
            ending.set(true);
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            Throwable failed = failure.get();
            if (failed != null) {
                throw new AssertionError("the writer failed", failed);
            }
        }
    }

    private static long info(RawClient client, String field) {
        String info = client.call("INFO", "replication");
        int at = info.indexOf("\n" + field + ":");
        return at < 0
                ? -1
                : Long.parseLong(info.substring(info.indexOf(':', at) + 1).split("\r", 2)[0]);
    }

    /** Waits until all that was written there has come here. */
    private static void awaitOffset(RealRedis from, RedisMigration migration) {
        try (RawClient client = new RawClient(from.port())) {
            long[] theirs = {0};
            Await.until(
                    DEADLINE_NS,
                    () -> {
                        theirs[0] = info(client, "master_repl_offset");
                        return migration.status().offset() >= theirs[0];
                    },
                    () -> "theirs=" + theirs[0] + " ours=" + migration.status());
        }
    }

    /** How many keys differ; all are compared by what they answer. */
    private static List<String> differences(int theirPort, int ourPort) {
        List<String> different = new ArrayList<>();
        try (RawClient theirs = new RawClient(theirPort);
                RawClient ours = new RawClient(ourPort)) {
            // The shortest deadlines pass first, so that both have forgotten the same keys.
            long untilMs = System.currentTimeMillis() + MAX_SHORT_MS + 1;
            Await.until(() -> System.currentTimeMillis() > untilMs, () -> "time");
            List<String> keys = new ArrayList<>(new TreeSet<>(RdbImportTest.keys(theirs)));
            TreeSet<String> more = new TreeSet<>(RdbImportTest.keys(ours));
            keys.forEach(more::remove);
            more.forEach(key -> different.add("more: " + key));
            for (int from = 0; from < keys.size(); from += BATCH) {
                List<String> some = keys.subList(from, Math.min(from + BATCH, keys.size()));
                compare(some, theirs, ours, different);
            }
        }
        return different;
    }

    private static void compare(
            List<String> keys, RawClient theirs, RawClient ours, List<String> different) {
        StringBuilder types = new StringBuilder();
        keys.forEach(key -> types.append(RawClient.command("TYPE", key)));
        theirs.send(types.toString());
        ours.send(types.toString());
        List<String[]> questions = new ArrayList<>();
        for (String key : keys) {
            String type = theirs.reply();
            String here = ours.reply();
            if (!type.equals(here)) {
                different.add(key + ": " + type + " " + here);
            } else if (!type.equals("+none\r\n")) {
                questions.addAll(RdbImportTest.questions(type, key));
            }
        }
        StringBuilder asked = new StringBuilder();
        questions.forEach(question -> asked.append(RawClient.command(question)));
        theirs.send(asked.toString());
        ours.send(asked.toString());
        for (String[] question : questions) {
            String there = told(question, theirs.reply());
            String here = told(question, ours.reply());
            if (!there.equals(here)) {
                different.add(Arrays.toString(question) + "\nthere: " + there + "\nhere:  " + here);
            }
        }
    }

    /**
     * What Redis tells its replicas of. It does not tell how many entries a group has read when it
     * reads some, nor of a consumer that gets none; {@link #shouldKnowWhatARealReplicaKnows} shows
     * that.
     */
    private static String told(String[] question, String reply) {
        String same = RdbImportTest.comparable(question, reply);
        if (question[0].equals("ZRANGE")) {
            // A distance is told as the command that stores it, and is calculated again here.
            return DifferentialTest.rounded(same);
        }
        if (!question[0].equals("XINFO")) {
            return same;
        }
        return same.replaceAll("(entries-read|lag)\r\n(:-?\\d+|\\$-1)", "$1\r\n:n")
                .replaceAll(CONSUMER_OF_NOTHING, "")
                .replaceAll("consumers\r\n\\*\\d+", "consumers\r\n*n");
    }

    private static void assertSame(RealRedis from, TestListener to) {
        List<String> different = differences(from.port(), to.port());
        assertEquals(0, different.size(), () -> "seed=" + SEED + " " + different);
    }

    @Test
    void shouldTakeEverythingWhileItIsWritten() {
        try (RealRedis from = redis();
                TestListener to = target();
                RawClient admin = new RawClient(from.port());
                RawClient client = to.connect()) {
            client.call("SET", "before", "1");
            fill(from.port(), KEYS, new Random(SEED));
            long beganNs = System.nanoTime();
            RedisMigration migration;
            long loadedNs;
            try (Writer writer = new Writer(from.port(), SEED)) {
                writer.awaitMore(1_000);
                migration = migrate(to, from);
                await(migration, State.FOLLOWING);
                loadedNs = System.nanoTime();
                assertEquals(
                        "-READONLY You can't write against a read only replica.\r\n",
                        client.call("SET", "a", "1"));
                assertEquals("$-1\r\n", client.call("GET", "before"));
                writer.awaitMore(20_000);
                // A link that breaks is taken up again where it was.
                for (int i = 1; i <= 3; i++) {
                    int times = i;
                    admin.call("CLIENT", "KILL", "TYPE", "replica");
                    Await.until(() -> migration.status().resumptions() >= times, migration::status);
                    await(migration, State.FOLLOWING);
                    writer.awaitMore(2_000);
                }
            }
            awaitOffset(from, migration);
            assertEquals(1, migration.status().fullCopies());
            long offset = migration.promote();
            assertEquals(offset, migration.status().offset());
            assertEquals("+OK\r\n", client.call("SET", "after", "1"));
            client.call("DEL", "after");
            long endedNs = System.nanoTime();
            assertSame(from, to);
            assertTrue(to.keyspace().statistics().keyCount() > KEYS / 2);
            System.err.printf(
                    Locale.ROOT,
                    "migrated %s; in sync after %.1f s, all after %.1f s, differences 0%n",
                    client.call("DBSIZE").trim(),
                    (loadedNs - beganNs) / 1e9,
                    (endedNs - beganNs) / 1e9);
            assertNotNull(migration.status().lastError());
        }
    }

    @Test
    void shouldKnowWhatARealReplicaKnows() {
        try (RealRedis from = redis();
                RealRedis replica = redis("--replicaof", "127.0.0.1 " + from.port());
                TestListener to = target();
                RawClient theirs = new RawClient(from.port());
                RawClient known = new RawClient(replica.port());
                RawClient ours = to.connect()) {
            RedisMigration migration = migrate(to, from);
            await(migration, State.FOLLOWING);
            Await.until(() -> known.call("ROLE").contains("connected"), () -> known.call("ROLE"));
            theirs.call("XADD", "s", "1-1", "a", "1");
            theirs.call("XADD", "s", "1-2", "a", "1");
            theirs.call("XGROUP", "CREATE", "s", "g", "0");
            theirs.call("XREADGROUP", "GROUP", "g", "alice", "COUNT", "1", "STREAMS", "s", ">");
            theirs.call("XREADGROUP", "GROUP", "g", "bob", "COUNT", "1", "STREAMS", "s", ">");
            theirs.call("XREADGROUP", "GROUP", "g", "bob", "STREAMS", "s", "0");
            theirs.call("XACK", "s", "g", "1-1");
            theirs.call("XAUTOCLAIM", "s", "g", "carol", "3600000", "0");
            theirs.call("XREADGROUP", "GROUP", "g", "dave", "STREAMS", "s", ">");
            theirs.call("XADD", "s", "1-3", "a", "1");
            theirs.call("XREADGROUP", "GROUP", "g", "dave", "NOACK", "STREAMS", "s", ">");
            theirs.call("SET", "bits", "a");
            theirs.call("BITFIELD", "bits", "OVERFLOW", "FAIL", "SET", "u8", "100", "256");
            assertEquals(":14\r\n", theirs.call("STRLEN", "bits"));
            theirs.call("SET", "last", "1");
            awaitOffset(from, migration);
            Await.until(
                    () -> info(known, "slave_repl_offset") >= migration.status().offset(),
                    migration::status);
            assertEquals(known.call("STRLEN", "bits"), ours.call("STRLEN", "bits"));
            String[] question = {"XINFO", "STREAM", "s", "FULL"};
            assertEquals(
                    RdbImportTest.comparable(question, known.call(question)),
                    RdbImportTest.comparable(question, ours.call(question)));
            migration.close();
        }
    }

    @Test
    void shouldKeepAKeyWhoseDeadlineIsMovedWhileTheStreamIsLate() {
        try (RealRedis from = redis();
                TestListener to = target();
                RawClient theirs = new RawClient(from.port());
                RawClient ours = to.connect()) {
            theirs.call("HSET", "session", "a", "1");
            theirs.call("PEXPIRE", "session", "300");
            // It comes slowly enough for the deadline to pass here before it is moved.
            theirs.call("SET", "large", "x".repeat(48 << 10));
            RedisMigration migration =
                    RedisMigration.builder(to.keyspace(), "127.0.0.1", from.port())
                            .bytesPerSecond(64 << 10)
                            .start();
            Await.until(() -> migration.status().fullCopies() == 1, migration::status);
            theirs.call("SET", "large2", "y1z".repeat(16 << 10));
            theirs.call("PERSIST", "session");
            assertEquals("+hash\r\n", theirs.call("TYPE", "session"));
            awaitOffset(from, migration);
            assertEquals("$1\r\n1\r\n", ours.call("HGET", "session", "a"));
            theirs.call("SET", "gone", "1", "PX", "1");
            Await.until(() -> theirs.call("EXISTS", "gone").equals(":0\r\n"), () -> "there");
            awaitOffset(from, migration);
            assertEquals(":0\r\n", ours.call("EXISTS", "gone"));
            long unused = migration.promote();
        }
    }

    @Test
    void shouldTakeAFullCopyWhenTheRedisHasForgottenWhereItWas() {
        try (RealRedis from = redis();
                TestListener to = target();
                RawClient theirs = new RawClient(from.port());
                RawClient ours = to.connect()) {
            theirs.call("SET", "a", "1");
            RedisMigration migration = migrate(to, from);
            await(migration, State.FOLLOWING);
            theirs.call("DEBUG", "CHANGE-REPL-ID");
            from.stop();
            Await.until(
                    () -> ours.call("INFO", "replication").contains("master_link_status:down"),
                    () -> ours.call("INFO", "replication"));
            assertTrue(ours.call("ROLE").contains("connect\r\n:-1"), () -> ours.call("ROLE"));
            assertEquals("$1\r\n1\r\n", ours.call("GET", "a"));
            assertTrue(ours.call("SET", "a", "2").startsWith("-READONLY"));
            from.restart();
            try (RawClient again = new RawClient(from.port())) {
                again.call("SET", "b", "2");
                Await.until(() -> migration.status().fullCopies() == 2, migration::status);
                await(migration, State.FOLLOWING);
                awaitOffset(from, migration);
                assertEquals("$-1\r\n", ours.call("GET", "a"));
                assertEquals("$1\r\n2\r\n", ours.call("GET", "b"));
            }
            migration.close();
            assertEquals("+OK\r\n", ours.call("SET", "a", "2"));
        }
    }

    @Test
    void shouldTryAgainUntilThePasswordIsRight() {
        try (RealRedis from = redis("--requirepass", "right");
                TestListener to = target();
                RawClient theirs = new RawClient(from.port())) {
            theirs.call("AUTH", "right");
            theirs.call("SET", "a", "1");
            RedisMigration migration =
                    RedisMigration.builder(to.keyspace(), "127.0.0.1", from.port())
                            .password("wrong")
                            .start();
            Await.until(
                    () -> String.valueOf(migration.status().lastError()).startsWith("WRONGPASS"),
                    migration::status);
            assertThrows(IllegalStateException.class, () -> migrate(to, from));
            assertThrows(IllegalStateException.class, migration::promote);
            theirs.call("ACL", "SETUSER", "default", ">wrong");
            await(migration, State.FOLLOWING);
            assertEquals("1", to.keyspace().get("a"));
            theirs.call("ACL", "SETUSER", "other", "on", ">p", "+@all", "~*");
            long unused = migration.promote();
            RedisMigration other =
                    RedisMigration.builder(to.keyspace(), "127.0.0.1", from.port())
                            .user("other")
                            .password("p")
                            .start();
            await(other, State.FOLLOWING);
            other.close();
        }
    }

    @Test
    void shouldRefuseDatabasesThatAreNotHereBeforeItRemovesAnything() {
        try (RealRedis from = redis();
                TestListener to = target();
                RawClient theirs = new RawClient(from.port());
                RawClient ours = to.connect()) {
            ours.call("SET", "before", "1");
            theirs.call("SET", "a", "1");
            theirs.call("SELECT", "3");
            theirs.call("SET", "b", "1");
            RedisMigration migration = migrateTo(3, to, from);
            await(migration, State.FAILED);
            assertTrue(String.valueOf(migration.status().lastError()).contains("database=3"));
            assertEquals("$1\r\n1\r\n", ours.call("GET", "before"));
            assertTrue(ours.call("SET", "c", "1").startsWith("-READONLY"));
            assertEquals("+OK\r\n", ours.call("REPLICAOF", "NO", "ONE"));
            assertEquals("+OK\r\n", ours.call("SET", "c", "1"));
            // The same in the stream: what came before it is there.
            theirs.call("DEL", "b");
            RedisMigration again = migrateTo(3, to, from);
            await(again, State.FOLLOWING);
            theirs.call("SELECT", "0");
            theirs.call("SET", "a", "2");
            theirs.call("SELECT", "3");
            theirs.call("SET", "b", "1");
            await(again, State.FAILED);
            String error = String.valueOf(again.status().lastError());
            assertTrue(error.contains("command=SET: database=3"), error);
            assertEquals("$1\r\n2\r\n", ours.call("GET", "a"));
            again.close();
        }
    }

    private static String withoutNumbers(String info, RealRedis from) {
        return info.replaceAll(
                        "(?m)^(migration_|node_|term|repl_backlog|master_replid|slave_priority).*\r\n",
                        "")
                .replaceAll("(offset|seconds_ago|seconds|_bytes):-?\\d+", "$1:n")
                .replace("master_port:" + from.port(), "master_port:p");
    }

    @Test
    void shouldTellClientsWhatARealReplicaTells() {
        try (RealRedis from = redis();
                RealRedis replica = redis();
                TestListener to = target();
                TestListener off = TestListener.open();
                RawClient theirs = new RawClient(from.port());
                RawClient known = new RawClient(replica.port());
                RawClient waiting = to.connect();
                RawClient closed = off.connect();
                RawClient ours = to.connect()) {
            String port = Integer.toString(from.port());
            assertTrue(closed.call("REPLICAOF", "127.0.0.1", port).startsWith("-ERR REPLICAOF is"));
            assertEquals("+OK\r\n", closed.call("REPLICAOF", "NO", "ONE"));
            waiting.send(RawClient.command("BLPOP", "list", "0"));
            Await.until(
                    () -> to.server().clients().all().stream().anyMatch(Connection::isBlocked),
                    () -> "nobody waits");
            for (String[] command :
                    List.of(
                            new String[] {"REPLICAOF", "127.0.0.1", "x"},
                            new String[] {"REPLICAOF", "127.0.0.1", "70000"},
                            new String[] {"REPLICAOF", "127.0.0.1", port},
                            new String[] {"SLAVEOF", "127.0.0.1", port},
                            new String[] {"SET", "a", "1"})) {
                assertEquals(known.call(command), ours.call(command), Arrays.toString(command));
            }
            assertTrue(waiting.reply().startsWith("-UNBLOCKED force unblock"));
            for (RawClient client : List.of(known, ours)) {
                Await.until(
                        () -> client.call("ROLE").contains("connected"), () -> client.call("ROLE"));
            }
            theirs.call("RPUSH", "list", "1");
            theirs.call("SET", "a", "1");
            for (RawClient client : List.of(known, ours)) {
                Await.until(
                        () -> client.call("GET", "a").equals("$1\r\n1\r\n"),
                        () -> client.call("GET", "a"));
            }
            assertEquals(":1\r\n", ours.call("LLEN", "list"));
            String slaves = theirs.call("INFO", "replication");
            assertTrue(slaves.contains("ip=127.0.0.1,port=" + to.port() + ",state=online"), slaves);
            Await.until(
                    () -> theirs.call("WAIT", "2", "100").equals(":2\r\n"),
                    () -> "not acknowledged");
            assertEquals(
                    withoutNumbers(known.call("INFO", "replication"), from),
                    withoutNumbers(ours.call("INFO", "replication"), from)
                            .replaceAll(
                                    "^\\$\\d+",
                                    withoutNumbers(known.call("INFO", "replication"), from)
                                            .split("\r", 2)[0]
                                            .replace("$", "\\$")));
            assertEquals(
                    known.call("ROLE").replaceAll(":\\d+\r\n$", ""),
                    ours.call("ROLE").replaceAll(":\\d+\r\n$", ""));
            assertEquals("+OK\r\n", ours.call("REPLICAOF", "no", "one"));
            assertEquals("*3\r\n$6\r\nmaster", ours.call("ROLE").substring(0, 14));
            assertEquals("+OK\r\n", ours.call("SET", "a", "2"));
        }
    }

    @Test
    void shouldEndWithItsKeyspace() {
        try (RealRedis from = redis()) {
            RedisMigration migration;
            try (TestListener to = target()) {
                migration = migrate(to, from);
                await(migration, State.FOLLOWING);
            }
            Await.until(migration::hasEnded, migration::status);
            Await.until(
                    () ->
                            Thread.getAllStackTraces().keySet().stream()
                                    .noneMatch(t -> t.getName().contains("-migration")),
                    () -> Thread.getAllStackTraces().keySet());
        }
    }

    @Test
    void shouldCopyKeyByKeyFromARedisThatNobodyMayFollow() {
        try (RealRedis from = redis("--rename-command", "PSYNC", "HIDDEN");
                TestListener to = target();
                RawClient theirs = new RawClient(from.port());
                RawClient ours = to.connect()) {
            theirs.call("ACL", "SETUSER", "u", "on", ">p@ss", "~*", "+@all");
            RedisMigration refused = migrate(to, from);
            await(refused, State.FAILED);
            String error = String.valueOf(refused.status().lastError());
            assertTrue(error.contains("RedisImport"), error);
            refused.close();
            fill(from.port(), 3_000, new Random(SEED));
            ours.call("SET", "stays", "1");
            ours.call("SET", "fill:1", "replaced");
            URI source = URI.create("redis://u:p%40ss@127.0.0.1:" + from.port() + "/0");
            RedisImport.Report report = RedisImport.read(source, to.keyspace(), Progress.NONE);
            assertEquals(new RedisImport.Report(3_000, 0), report);
            assertEquals(":1\r\n", ours.call("DEL", "stays"));
            assertSame(from, to);
            theirs.call("CONFIG", "SET", "requirepass", "x");
            URI noLogin = URI.create("redis://127.0.0.1:" + from.port());
            assertThrows(
                    UncheckedIOException.class,
                    () -> RedisImport.read(noLogin, to.keyspace(), Progress.NONE));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> RedisImport.read(URI.create("http://h"), to.keyspace(), Progress.NONE));
        }
    }
}
