package io.hotpair.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotpair.KeyOperations.DeadlineCondition;
import io.hotpair.Keyspace;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jar's commands as an operator types them. */
@Timeout(240)
class OfflineToolIT {
    private static final Path JAR = Path.of("target", "hotpair-server.jar");

    @TempDir private Path root;

    /** What a command printed and how it ended. */
    private record Result(int exitCode, String out, String err) {}

    private Result run(String... args) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx128m", "-jar", JAR.toString()));
        command.addAll(List.of(args));
        Path out = root.resolve("out");
        Path err = root.resolve("err");
        int exitCode =
                new ProcessBuilder(command)
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile())
                        .start()
                        .waitFor();
        return new Result(exitCode, Files.readString(out), Files.readString(err));
    }

    private String path(String name) {
        return root.resolve(name).toString();
    }

    private Keyspace open(String name) {
        return Keyspace.open(
                Keyspace.builder().directory(root.resolve(name)).maxMemory(16 << 20).build());
    }

    @BeforeEach
    void fill() {
        try (Keyspace keyspace = open("k")) {
            keyspace.put("a", "1");
            keyspace.put("a", "2");
            keyspace.hashes()
                    .hset("h".getBytes(UTF_8), new byte[] {'f', 0}, "\"x\"".getBytes(UTF_8));
            assertTrue(keyspace.delete("a"));
        }
    }

    @Test
    void shouldBackUpVerifyRestoreAndClone() throws Exception {
        Result backup = run("backup", "--dir", path("k"), "--to", path("b"));
        assertEquals(0, backup.exitCode(), backup.err());
        assertTrue(backup.out().contains("reaches:   opId 0 to 4"), backup.out());
        assertEquals(backup.out(), run("verify", "--dir", path("b")).out());
        assertEquals(
                0, run("restore", "--dir", path("b"), "--to", path("r"), "--op", "2").exitCode());
        try (Keyspace restored = open("r")) {
            assertEquals("2", restored.get("a"));
        }
        Result clone = run("clone", "--dir", path("k"), "--to", path("c"));
        assertEquals(0, clone.exitCode(), clone.err());
        try (Keyspace cloned = open("c")) {
            assertNull(cloned.get("a"));
            assertEquals(1, cloned.statistics().keyCount());
        }
        try (Keyspace keyspace = open("k")) {
            keyspace.saveSnapshot().join();
        }
        Result behind = run("backup", "--dir", path("k"), "--to", path("b2"));
        assertTrue(behind.out().contains("reaches:   opId 4 to 4"), behind.out());
        assertTrue(behind.err().contains("begins with snapshot"), behind.err());
        assertFalse(behind.err().contains("deleted"), behind.err());
    }

    @Test
    void shouldImportAnRdbFileOrNothing() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/redis-server")), "no redis-server");
        Path rdb = root.resolve("dump.rdb");
        saveWithRedis();
        Result done = run("import", "--rdb", rdb.toString(), "--to", path("i"));
        assertEquals(0, done.exitCode(), done.err());
        assertEquals("imported to " + path("i") + ": 2 keys\n", done.out());
        assertEquals("", done.err());
        try (Keyspace imported = open("i")) {
            assertEquals("hello", imported.get("greeting"));
            assertEquals(1, imported.hashes().hlen("h".getBytes(UTF_8)));
        }
        Result again = run("import", "--rdb", rdb.toString(), "--to", path("i"));
        assertEquals(1, again.exitCode());
        assertTrue(again.err().contains("is there, expected none"), again.err());
        byte[] bytes = Files.readAllBytes(rdb);
        bytes[bytes.length / 2] ^= 1;
        Files.write(rdb, bytes);
        Result damaged = run("import", "--rdb", rdb.toString(), "--to", path("j"));
        assertEquals(2, damaged.exitCode());
        assertTrue(damaged.err().contains("is damaged"), damaged.err());
        assertFalse(Files.exists(root.resolve("j")));
        assertFalse(Files.exists(root.resolve("j.partial")));
        Result none = run("import", "--rdb", path("nothing"), "--to", path("j"));
        assertEquals(2, none.exitCode());
        assertTrue(none.err().contains("nothing"), none.err());
    }

    @Test
    void shouldExportAnRdbFileOrNothing() throws Exception {
        try (Keyspace keyspace = open("k")) {
            keyspace.put("here", "still");
            keyspace.hashes()
                    .hexpireAt(
                            "h".getBytes(UTF_8),
                            Instant.now().plusSeconds(1_000),
                            DeadlineCondition.ALWAYS,
                            new byte[] {'f', 0});
        }
        Result done = run("export", "--dir", path("k"), "--rdb", path("e.rdb"));
        assertEquals(0, done.exitCode(), done.err());
        assertEquals(
                "exported to "
                        + path("e.rdb")
                        + ": 2 keys\nlost: the deadlines of 1 fields of hashes, which Redis 7.0"
                        + " does not have\n",
                done.out());
        Result newer = run("export", "--dir", path("k"), "--rdb", path("n"), "--redis", "7.4");
        assertEquals("exported to " + path("n") + ": 2 keys\n", newer.out(), newer.err());
        assertEquals(0, run("import", "--rdb", path("n"), "--to", path("m")).exitCode());
        try (Keyspace exported = open("k");
                Keyspace imported = open("m")) {
            assertEquals(exported.digest(), imported.digest());
        }
        Result again = run("export", "--dir", path("k"), "--rdb", path("e.rdb"));
        assertEquals(1, again.exitCode());
        assertTrue(again.err().contains("is there, expected none"), again.err());
        Result none = run("export", "--dir", path("nothing"), "--rdb", path("f"));
        assertEquals(1, none.exitCode());
        assertTrue(none.err().contains("is not there"), none.err());
        assertFalse(Files.exists(root.resolve("nothing")));
        assertFalse(Files.exists(root.resolve("f")));
        assertEquals(
                1,
                run("export", "--dir", path("k"), "--rdb", path("f"), "--redis", "6").exitCode());
    }

    @Test
    void shouldExportAnAppendOnlyLogAndImportIt() throws Exception {
        Result done = run("export", "--dir", path("k"), "--aof", path("aof"));
        assertEquals("exported to " + path("aof") + ": 1 keys\n", done.out(), done.err());
        Files.writeString(
                root.resolve("aof").resolve("appendonly.aof.1.incr.aof"),
                "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n7\r\n*1\r\n$3");
        Result back = run("import", "--aof", path("aof"), "--to", path("i"));
        assertEquals(
                "imported to "
                        + path("i")
                        + ": 2 keys, by 1 commands\n"
                        + "left out: 6 bytes at the end of the log, where a command is cut short\n",
                back.out(),
                back.err());
        try (Keyspace imported = open("i")) {
            assertEquals("7", imported.get("a"));
        }
        Result both = run("import", "--aof", path("aof"), "--rdb", "x", "--to", path("j"));
        assertEquals(1, both.exitCode());
        assertTrue(both.err().contains("expected one of them"), both.err());
    }

    /** It saves when it ends in order. */
    private void saveWithRedis() throws Exception {
        Process redis =
                new ProcessBuilder(
                                "/usr/bin/redis-server",
                                "--port",
                                "0",
                                "--unixsocket",
                                root.resolve("s").toString(),
                                "--dir",
                                root.toString())
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        try {
            Path socket = root.resolve("s");
            while (!Files.exists(socket)) {
                assertTrue(redis.isAlive());
                Thread.sleep(10);
            }
            String commands = "SET greeting hello\r\nHSET h f v\r\nSAVE\r\n";
            try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                channel.write(ByteBuffer.wrap(commands.getBytes(UTF_8)));
                ByteBuffer replies = ByteBuffer.allocate(64);
                while (!new String(replies.array(), 0, replies.position(), UTF_8)
                        .equals("+OK\r\n:1\r\n+OK\r\n")) {
                    assertTrue(channel.read(replies) > 0);
                }
            }
        } finally {
            redis.destroyForcibly().waitFor();
        }
    }

    @Test
    void shouldPrintWhatTheLogHolds() throws Exception {
        Result text = run("inspect", "--dir", path("k"));
        assertEquals(0, text.exitCode(), text.err());
        List<String> lines = text.out().lines().toList();
        assertEquals(4, lines.size(), text.out());
        assertTrue(lines.get(0).startsWith("opId=1 term=1 time=20"), lines.get(0));
        assertTrue(lines.get(0).endsWith(" set key=\"a\" value=\"1\" length=1"), lines.get(0));
        assertTrue(lines.get(3).endsWith(" delete key=\"a\""), lines.get(3));
        Result json =
                run("inspect", "--dir", path("k"), "--from", "3", "--op", "3", "--format", "json");
        assertTrue(
                json.out()
                        .matches(
                                "\\{\"opId\":3,\"term\":1,\"time\":\"[^\"]+\",\"type\":\"change_hash\".*}\n"),
                json.out());
        assertTrue(json.out().contains("f\\u0000"), json.out());
        assertEquals(1, run("inspect", "--dir", path("k"), "--limit", "1").out().lines().count());
    }

    @Test
    void shouldSayWhatIsWrong() throws IOException, Exception {
        Result unknown = run("backup", "--from", "x");
        assertEquals(1, unknown.exitCode());
        assertTrue(unknown.err().contains("option=--from, expected one of [--dir, --to]"));
        for (String command : List.of("verify", "inspect")) {
            Result none = run(command, "--dir", path("nothing"));
            assertEquals(1, none.exitCode(), command);
            assertTrue(none.err().contains("is not there"), none.err());
        }
        Files.createDirectory(root.resolve("other"));
        Result noBackup = run("verify", "--dir", path("other"));
        assertEquals(2, noBackup.exitCode());
        assertTrue(noBackup.err().contains("is no backup"), noBackup.err());
        Result noLog = run("inspect", "--dir", path("other"));
        assertEquals(1, noLog.exitCode());
        assertTrue(noLog.err().contains("expected that of a keyspace"), noLog.err());
        try (Keyspace inUse = open("k")) {
            Result used = run("clone", "--dir", path("k"), "--to", path("c"));
            assertEquals(2, used.exitCode());
            assertTrue(used.err().contains("in use") || used.err().contains("open"), used.err());
            inUse.put("still", "here");
        }
    }
}
