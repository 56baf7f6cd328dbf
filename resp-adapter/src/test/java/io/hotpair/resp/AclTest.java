package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.hotpair.Keyspace;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Users of a configuration and in a file; what they may is compared in AclDifferentialTest. */
class AclTest {
    private static final String DENIED = "-NOPERM this user has no permissions to run the ";

    @TempDir Path directory;

    private Path file() {
        return directory.resolve("users.acl");
    }

    private TestListener withFile(String... lines) throws IOException {
        Files.writeString(file(), String.join("\n", lines));
        return TestListener.open(config -> config.aclFile(file()));
    }

    @Test
    void shouldKnowTheUsersOfTheConfiguration() {
        try (TestListener listener =
                        TestListener.open(
                                config ->
                                        config.user("alice", "on", ">pw", "~a*", "(", "+get", ")")
                                                .user("default", "on", "nopass", "+ping"));
                RawClient client = listener.connect()) {
            assertEquals("+PONG\r\n", client.call("PING"));
            assertEquals(DENIED + "'get' command\r\n", client.call("GET", "a"));
            assertEquals("+OK\r\n", client.call("AUTH", "alice", "pw"));
            assertEquals(DENIED + "'acl|whoami' command\r\n", client.call("ACL", "WHOAMI"));
            assertEquals(DENIED + "'ping' command\r\n", client.call("PING"));
        }
    }

    @Test
    void shouldRefuseRulesThatItDoesNotUnderstand() {
        RespConfigBuilder builder = RespConfig.builder();
        for (String rule : List.of("foo", "+nosuch", "#12", "(+get", "%~x", "+@nosuch", "<p")) {
            assertThrows(IllegalArgumentException.class, () -> builder.user("a", rule), rule);
        }
        assertThrows(IllegalArgumentException.class, () -> builder.user("a b", "on"));
        assertThrows(IllegalArgumentException.class, () -> builder.aclPubSubDefault("none"));
        builder.user("a", "on");
        assertThrows(IllegalArgumentException.class, () -> builder.user("a", "on"));
        builder.aclFile(file());
        assertThrows(IllegalStateException.class, builder::build);
    }

    @Test
    void shouldNotKeepPasswordsOfTheConfiguration() {
        RespConfig config = RespConfig.builder().user("a", "on", ">secret").build();
        assertFalse(config.users().toString().contains("secret"));
        assertFalse(config.toString().contains("secret"));
    }

    @Test
    void shouldWantAPasswordOfTheDefaultUserOffLoopback() {
        try (Keyspace keyspace = Keyspace.open(Keyspace.builder().inMemory().build())) {
            RespConfig open = RespConfig.builder().port(0).bind("0.0.0.0").user("a", "on").build();
            assertThrows(IllegalStateException.class, () -> RespListener.open(keyspace, open));
            RespConfig closed =
                    RespConfig.builder().port(0).bind("0.0.0.0").user("default", "off").build();
            RespListener.open(keyspace, closed).close();
        }
    }

    @Test
    void shouldReadAndWriteTheFileAsRedisDoes() throws IOException {
        try (TestListener listener =
                        withFile(
                                "user default on nopass ~* &* +@all",
                                "",
                                "  user bob on >pw ~b* (+get ~x*) -@all +@read\r",
                                "user alice off");
                RawClient client = listener.connect()) {
            assertEquals(
                    "*3\r\n$5\r\nalice\r\n$3\r\nbob\r\n$7\r\ndefault\r\n",
                    client.call("ACL", "USERS"));
            assertEquals("+OK\r\n", client.call("ACL", "SETUSER", "carol", "on", "+get"));
            assertEquals("+OK\r\n", client.call("ACL", "SAVE"));
            List<String> saved = Files.readAllLines(file());
            assertEquals(4, saved.size());
            assertTrue(saved.get(1).startsWith("user bob on #30c952fab122"), saved.get(1));
            assertEquals(
                    "rw-------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
            try (Stream<Path> files = Files.list(directory)) {
                assertEquals(1, files.count());
            }
            assertEquals(saved, inRedis(file()));
            Files.writeString(file(), "user bob on nopass +@all ~*\n");
            try (RawClient bob = listener.connect()) {
                assertEquals("+OK\r\n", bob.call("AUTH", "bob", "pw"));
                assertEquals("+OK\r\n", client.call("ACL", "LOAD"));
                assertEquals("", bob.untilClosed());
                assertEquals("+PONG\r\n", client.call("PING"));
            }
            assertEquals("*2\r\n$3\r\nbob\r\n$7\r\ndefault\r\n", client.call("ACL", "USERS"));
        }
    }

    /** What a real server makes of a file, as it writes it back; single commands are few here. */
    private static List<String> inRedis(Path file) throws IOException {
        try (RealRedis redis = RealRedis.start("--aclfile", file.toString());
                RawClient client = new RawClient(redis.port())) {
            assertEquals("+OK\r\n", client.call("ACL", "SAVE"));
            return Files.readAllLines(file);
        }
    }

    @Test
    void shouldSayWhatIsWrongWithTheFileAsRedisDoes() throws IOException {
        String[] wrong = {
            "foo",
            "user",
            "user bob on +nosuch",
            "user bob on >x +nosuch ~* ~x foo +@nosuch",
            "user bob on\nuser bob off",
            "user bob (+get",
            "user bob on\n\nfoo bar\nuser bob nopass bar",
            "User bob",
            "user bob foo bar",
        };
        for (String text : wrong) {
            Files.writeString(file(), "");
            try (RealRedis redis = RealRedis.start("--aclfile", file().toString());
                    TestListener listener = TestListener.open(c -> c.aclFile(file()));
                    RawClient theirs = new RawClient(redis.port());
                    RawClient ours = listener.connect()) {
                Files.writeString(file(), text);
                assertEquals(
                        theirs.call("ACL", "LOAD").replace(directory + "/", ""),
                        ours.call("ACL", "LOAD"),
                        text);
                assertEquals(theirs.call("ACL", "LIST"), ours.call("ACL", "LIST"));
            }
            assertThrows(
                    IllegalStateException.class,
                    () -> TestListener.open(config -> config.aclFile(file())));
        }
    }

    @Test
    void shouldKeepTheFileWhenItCannotWriteAnother() throws IOException {
        Path inside = Files.createDirectory(directory.resolve("inside"));
        Path users = inside.resolve("users.acl");
        Files.writeString(users, "");
        try (TestListener listener = TestListener.open(config -> config.aclFile(users));
                RawClient client = listener.connect()) {
            Files.delete(users);
            Files.delete(inside);
            assertEquals(
                    "-ERR There was an error trying to save the ACLs. Please check the server logs"
                            + " for more information\r\n",
                    client.call("ACL", "SAVE"));
            assertEquals(
                    "-ERR Error loading ACLs, opening file 'users.acl': No such file or"
                            + " directory\r\n",
                    client.call("ACL", "LOAD"));
        }
    }

    @Test
    void shouldCountWhatItRefuses() {
        try (TestListener listener =
                        TestListener.open(c -> c.user("a", "on", "nopass", "~k", "+@all", "-del"));
                RawClient client = listener.connect()) {
            client.call("AUTH", "a", "x");
            client.call("DEL", "k");
            client.call("GET", "x");
            client.call("GET", "y");
            client.call("PUBLISH", "c", "m");
            client.call("AUTH", "b", "x");
            String info = client.call("INFO", "stats");
            assertTrue(info.contains("acl_access_denied_auth:1\r\n"), info);
            assertTrue(info.contains("acl_access_denied_cmd:1\r\n"), info);
            assertTrue(info.contains("acl_access_denied_key:2\r\n"), info);
            assertTrue(info.contains("acl_access_denied_channel:1\r\n"), info);
        }
    }

    @Test
    void shouldLookForKeysWhereTheCommandDoes() {
        try (TestListener listener =
                        TestListener.open(
                                c -> c.user("a", "on", "nopass", "~STREAMS", "~ok*", "+@all"));
                RawClient client = listener.connect()) {
            client.call("XGROUP", "CREATE", "secret", "g", "0", "MKSTREAM");
            client.call("GEOADD", "ok", "1", "1", "m");
            client.call("AUTH", "a", "x");
            String denied = "-NOPERM this user has no permissions to access one of the keys";
            for (String command :
                    List.of(
                            "XREADGROUP COUNT 1 GROUP g streams STREAMS secret >",
                            "XREADGROUP GROUP streams c STREAMS secret >",
                            "GEORADIUS ok 1 1 1 km STORE ok2 STORE secret",
                            "GEORADIUSBYMEMBER ok m 1 km STOREDIST ok2 STOREDIST secret")) {
                String reply = client.call(command.split(" ", -1));
                assertTrue(reply.startsWith(denied), () -> command + ": " + reply);
            }
            assertEquals(
                    ":1\r\n",
                    client.call("GEORADIUS", "ok", "1", "1", "1", "km", "STORE", "okSTORE"));
        }
    }

    @Test
    void shouldGiveWhoHasToAuthenticateAgainAllItsTimeForThat() {
        try (ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true);
                RespListener listener =
                        keyspace.listen(
                                c -> c.password("pw").handshakeTimeout(Duration.ofMinutes(1)));
                RawClient admin = new RawClient(listener.port());
                RawClient early = new RawClient(listener.port())) {
            String unknown = "-NOAUTH Authentication required.\r\n";
            assertEquals(unknown, early.call("PING"));
            assertEquals("+OK\r\n", admin.call("AUTH", "pw"));
            assertEquals("+OK\r\n", admin.call("CONFIG", "SET", "requirepass", ""));
            assertEquals("+PONG\r\n", early.call("PING"));
            keyspace.later(Duration.ofMinutes(10));
            tick(listener);
            assertEquals("+OK\r\n", admin.call("CONFIG", "SET", "requirepass", "pw"));
            assertEquals("+RESET\r\n", admin.call("RESET"));
            tick(listener);
            assertEquals(unknown, early.call("PING"));
            assertEquals("+OK\r\n", admin.call("AUTH", "pw"));
            keyspace.later(Duration.ofMinutes(20));
            assertEquals("", early.untilClosed());
            assertEquals("+PONG\r\n", admin.call("PING"));
        }
    }

    /** Has all event loops look at the time. */
    private static void tick(RespListener listener) {
        for (Worker worker : listener.server().workers()) {
            CompletableFuture.runAsync(worker::tick, worker::execute).join();
        }
    }

    @Test
    void shouldNotListenToAGuesserInTransactions() {
        try (TestListener listener = TestListener.open(c -> c.user("root", "on", ">pw", "+@all"));
                RawClient client = listener.connect()) {
            for (int i = 0; i < 3; i++) {
                assertTrue(client.call("AUTH", "root", "x").startsWith("-WRONGPASS"));
            }
            client.call("MULTI");
            client.call("AUTH", "root", "pw");
            client.call("ACL", "WHOAMI");
            String replies = client.call("EXEC");
            assertTrue(replies.contains("-WRONGPASS"), replies);
            assertTrue(replies.contains("default"), replies);
            assertEquals("", client.untilClosed());
        }
    }

    @Test
    void shouldHidePasswordsInTheSlowLog() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("CONFIG", "SET", "slowlog-log-slower-than", "0");
            client.call("ACL", "SETUSER", "a", ">secret");
            String log = client.call("SLOWLOG", "GET");
            assertTrue(log.contains("(redacted)"), log);
            assertFalse(log.contains("secret"), log);
        }
    }

    @Test
    void shouldCheckRightsWithoutAllocating() {
        CommandTable table = new CommandTable();
        AclCatalog catalog = new AclCatalog(table);
        AclUser user = new AclUser(catalog, false);
        for (String rule : List.of("on", "+@all", "-get", "~x*", "%W~k*", "(+get %R~k*)", "&c*")) {
            user.apply(rule, false);
        }
        check(table, user, "GET", "k1");
        check(table, user, "SET", "k1", "v");
        check(table, user, "MSET", "k1", "1", "x2", "2");
        check(table, user, "ZUNIONSTORE", "x1", "2", "x2", "x3");
        check(table, user, "PUBLISH", "channel", "m");
    }

    private static void check(CommandTable table, AclUser user, String... words) {
        Request request = new Request();
        byte[] bytes = String.join("", words).getBytes(StandardCharsets.ISO_8859_1);
        int at = 0;
        for (String word : words) {
            request.add(at, word.length());
            at += word.length();
        }
        request.locate(bytes, 0);
        Command command = Objects.requireNonNull(table.find(bytes, 0, request.length(0)));
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int rounds = 20_000;
        long allowed = 0;
        for (int i = 0; i < rounds; i++) {
            allowed += user.check(command, request, 0) == AclSelector.OK ? 1 : 0;
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < rounds; i++) {
            allowed += user.check(command, request, 0) == AclSelector.OK ? 1 : 0;
        }
        long bytesPerCheck = (threads.getCurrentThreadAllocatedBytes() - before) / rounds;
        assertEquals(2L * rounds, allowed, words[0]);
        assertEquals(0, bytesPerCheck, words[0]);
    }
}
