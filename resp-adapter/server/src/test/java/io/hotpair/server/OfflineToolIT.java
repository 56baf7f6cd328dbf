package io.hotpair.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Keyspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
        Result none = run("verify", "--dir", path("nothing"));
        assertEquals(2, none.exitCode());
        assertTrue(none.err().contains("is no backup"), none.err());
        Result noLog = run("inspect", "--dir", path("nothing"));
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
