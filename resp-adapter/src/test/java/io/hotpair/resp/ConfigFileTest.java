package io.hotpair.resp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parameters that a configuration sets, and what CONFIG REWRITE makes of a file of options. */
class ConfigFileTest {
    private static final String BEFORE =
            """
            # what this is for
            port 0

              timeout 5
            min-slaves-to-write 0
            Timeout 6
            node a # no comment
            requirepass secret
            """;

    @TempDir Path directory;

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("hotpair.conf"), text);
    }

    private static TestListener open(Path file) {
        return TestListener.open(config -> config.configFile(file));
    }

    private static String value(RawClient client, String parameter) {
        return client.call("CONFIG", "GET", parameter).split("\r\n", -1)[4];
    }

    @Test
    void shouldSetParametersOfTheConfiguration() {
        try (TestListener listener =
                        TestListener.open(
                                config ->
                                        config.parameter("MaxClients", "77")
                                                .parameter("timeout", "5")
                                                .parameter("timeout", "6")
                                                .parameter("appendfsync", "everysec")
                                                .parameter("daemonize", "NO")
                                                .parameter("notify-keyspace-events", "KEA"));
                RawClient client = listener.connect()) {
            assertEquals("77", value(client, "maxclients"));
            assertEquals("6", value(client, "timeout"));
            assertEquals("AKE", value(client, "notify-keyspace-events"));
        }
    }

    @Test
    void shouldOpenNothingWithAParameterThatIsNotUnderstood() {
        String[][] wrong = {
            {"no-such", "1", "parameter=no-such, expected one that CONFIG GET * lists"},
            {"timeout", "x", "timeout=x: argument couldn't be parsed into an integer"},
            {"appendfsync", "always", "appendfsync=always: can't set immutable config"},
            {"daemonize", "yes", "daemonize=yes: can't be anything but no"},
        };
        for (String[] each : wrong) {
            IllegalArgumentException e =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> TestListener.open(c -> c.parameter(each[0], each[1])));
            assertEquals(each[2], e.getMessage());
        }
    }

    @Test
    void shouldTakeEveryParameterAsCommandsTellIt() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            List<ConfigTable.Parameter> all =
                    List.copyOf(new ConfigTable(listener.server()).parameters());
            assertTrue(all.size() > 50, all.size() + " parameters");
            for (ConfigTable.Parameter each : all) {
                String value = each.value().get();
                if (each.change() != null && value != null) {
                    assertEquals("+OK\r\n", client.call("CONFIG", "SET", each.name(), value));
                    assertEquals(value, each.value().get());
                }
            }
        }
    }

    @Test
    void shouldRefuseToRewriteWithoutAFileAsRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            assertEquals(theirs.call("CONFIG", "REWRITE"), ours.call("CONFIG", "REWRITE"));
        }
    }

    @Test
    void shouldWriteWhatHasChangedAndLeaveTheRest() throws IOException {
        Path file = file(BEFORE);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        try (TestListener listener = open(file);
                RawClient client = listener.connect()) {
            assertEquals("+OK\r\n", client.call("CONFIG", "REWRITE"));
            assertEquals(BEFORE, Files.readString(file));
            client.call("CONFIG", "SET", "timeout", "0", "maxclients", "50");
            client.call("CONFIG", "SET", "timeout", "9", "min-replicas-to-write", "2");
            client.call("CONFIG", "SET", "latency-tracking-info-percentiles", "");
            client.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb\n1mb 5");
            assertEquals("+OK\r\n", client.call("CONFIG", "REWRITE"));
            String after =
                    """
                    # what this is for
                    port 0

                    timeout 9
                    min-replicas-to-write 2
                    node a # no comment
                    requirepass secret
                    # Generated by CONFIG REWRITE
                    maxclients 50
                    latency-tracking-info-percentiles ""
                    client-output-buffer-limit pubsub 1048576 1048576 5
                    """;
            assertEquals(after, Files.readString(file));
            assertEquals("+OK\r\n", client.call("CONFIG", "REWRITE"));
            assertEquals(after, Files.readString(file));
            client.call("CONFIG", "SET", "slowlog-max-len", "4");
            assertEquals("+OK\r\n", client.call("CONFIG", "REWRITE"));
            assertEquals(after + "slowlog-max-len 4\n", Files.readString(file));
        }
        assertEquals(
                "rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void shouldWriteUsersAndNoPassword() throws IOException {
        Path file = file(BEFORE + "user bob on nopass\n");
        try (TestListener listener = open(file);
                RawClient client = listener.connect()) {
            client.call("ACL", "SETUSER", "al\u00c3\u00afce", "on", ">hidden", "~a*", "+get");
            client.call("CONFIG", "SET", "requirepass", "hidden too");
            assertEquals("+OK\r\n", client.call("CONFIG", "REWRITE"));
            List<String> lines = Files.readAllLines(file, UTF_8);
            String all = String.join("\n", lines);
            assertFalse(all.contains("hidden") || all.contains("secret"), all);
            assertFalse(all.contains("user bob"), all);
            assertTrue(all.contains("\nuser al\u00efce on #"), all);
            assertTrue(all.contains("\nuser default on #"), all);
            assertEquals("+OK\r\n", client.call("CONFIG", "REWRITE"));
            assertEquals(lines, Files.readAllLines(file, UTF_8));
            client.call("ACL", "DELUSER", "al\u00c3\u00afce");
            assertEquals("+OK\r\n", client.call("CONFIG", "REWRITE"));
            assertFalse(Files.readString(file).contains("al\u00efce"), all);
        }
    }

    @Test
    void shouldKeepNoPasswordThatNobodyHasChanged() throws IOException {
        Path file = file(BEFORE + "user bob on nopass\n");
        try (TestListener listener =
                        TestListener.open(c -> c.configFile(file).password("from elsewhere"));
                RawClient client = listener.connect()) {
            client.call("AUTH", "from elsewhere");
            client.call("ACL", "SETUSER", "alice", "on", ">hidden", "~a*", "+get");
            assertEquals("+OK\r\n", client.call("CONFIG", "REWRITE"));
            String text = Files.readString(file);
            assertTrue(text.startsWith(BEFORE + "# Generated"), text);
            assertTrue(text.contains("\nuser alice on #"), text);
            assertFalse(text.contains("user default"), text);
        }
    }

    @Test
    void shouldLetNoRuleBecomeALine() throws IOException {
        Path file = file(BEFORE);
        try (TestListener listener = open(file);
                RawClient client = listener.connect()) {
            for (String rule :
                    List.of("+get|a\nenable-debug-command yes", "(+get|a\rdir ~*)", "+get|a +b")) {
                String refused = client.call("ACL", "SETUSER", "bob", rule);
                assertTrue(refused.startsWith("-ERR Error in ACL SETUSER modifier"), refused);
            }
            for (String name : List.of("\"q", "")) {
                client.call("ACL", "SETUSER", name, "on", "+get|\"");
                assertEquals(
                        "-ERR Rewriting config file: a user's rules need a file of their own"
                                + " (aclfile)\r\n",
                        client.call("CONFIG", "REWRITE"));
                client.call("ACL", "DELUSER", name);
            }
            assertEquals(BEFORE, Files.readString(file));
        }
    }

    @Test
    void shouldLeaveUsersToTheirOwnFile() throws IOException {
        Path file = file(BEFORE);
        Path users =
                Files.writeString(directory.resolve("users"), "user default on nopass +@all\n");
        try (TestListener listener =
                        TestListener.open(config -> config.configFile(file).aclFile(users));
                RawClient client = listener.connect()) {
            client.call("ACL", "SETUSER", "alice", "on", ">hidden", "~a*", "+get");
            assertEquals("+OK\r\n", client.call("CONFIG", "REWRITE"));
            assertEquals(BEFORE, Files.readString(file));
        }
    }

    @Test
    void shouldKeepTheFileWhenItCannotBeWritten() throws IOException {
        Path file = file(BEFORE);
        try (TestListener listener = open(file);
                RawClient client = listener.connect()) {
            client.send("*4\r\n$3\r\nACL\r\n$7\r\nSETUSER\r\n$1\r\nu\r\n$2\r\n~\u00ff\r\n");
            assertEquals("+OK\r\n", client.reply());
            assertEquals(
                    "-ERR Rewriting config file: a user's rules need a file of their own"
                            + " (aclfile)\r\n",
                    client.call("CONFIG", "REWRITE"));
            assertEquals(BEFORE, Files.readString(file));
            Files.delete(file);
            assertEquals(
                    "-ERR Rewriting config file: No such file or directory\r\n",
                    client.call("CONFIG", "REWRITE"));
        }
    }
}
