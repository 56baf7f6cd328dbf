package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Only who is on this machine may be the default user without a password. */
class ProtectedModeTest {
    private static final String EVERYWHERE = "0.0.0.0";
    private static final String NO_AUTH = "-NOAUTH Authentication required.\r\n";
    private static final String WRONG =
            "-WRONGPASS invalid username-password pair or user is disabled.\r\n";

    @TempDir private Path directory;

    /** An address of this machine where who connects is taken to be elsewhere. */
    private String elsewhere = "";

    @BeforeEach
    void find() throws SocketException {
        Optional<String> found =
                NetworkInterface.networkInterfaces()
                        .flatMap(NetworkInterface::inetAddresses)
                        .filter(each -> each instanceof Inet4Address)
                        .filter(each -> !each.isLoopbackAddress())
                        .map(InetAddress::getHostAddress)
                        .findFirst();
        assumeTrue(found.isPresent(), "this machine has no address but those of its loopback");
        elsewhere = found.get();
    }

    private static String untilClosed(String address, int port) {
        try (RawClient client = new RawClient(address, port)) {
            return client.untilClosed();
        }
    }

    @Test
    void shouldDenyWhoIsElsewhereAsRedisDoes() {
        try (RealRedis redis = RealRedis.start("--bind", EVERYWHERE);
                RawClient theirs = new RawClient(redis.port());
                TestListener listener = TestListener.open(c -> c.bind(EVERYWHERE).password("pw"));
                RawClient ours = listener.connect()) {
            ours.call("AUTH", "pw");
            ours.call("ACL", "SETUSER", "default", "nopass");
            String expected = untilClosed(elsewhere, redis.port());
            String actual = untilClosed(elsewhere, listener.port());
            int advice = expected.indexOf(" to Redis you may adopt");
            assertTrue(expected.startsWith("-DENIED ") && advice > 0, expected);
            assertTrue(actual.startsWith(expected.substring(0, advice)), actual);
            assertTrue(actual.endsWith(".\r\n"), actual);
            for (RawClient each : new RawClient[] {theirs, ours}) {
                String stats = each.call("INFO", "stats");
                assertTrue(stats.contains("\r\nrejected_connections:1\r\n"), stats);
                assertTrue(each.call("CLIENT", "LIST").contains(" addr=127.0.0.1:"));
            }
            assertEquals(1, listener.listener().clientCount());
            try (RawClient another = listener.connect()) {
                assertEquals("+PONG\r\n", another.call("PING"));
            }

            String password = "CONFIG SET requirepass pw\r\nCONFIG GET protected-mode\r\n";
            theirs.send(password);
            ours.send(password);
            assertEquals(theirs.replies(2), ours.replies(2));
            try (RawClient their = new RawClient(elsewhere, redis.port());
                    RawClient our = new RawClient(elsewhere, listener.port())) {
                assertEquals(their.call("PING"), our.call("PING"));
                assertEquals(their.call("AUTH", "pw"), our.call("AUTH", "pw"));
                assertEquals(their.call("PING"), our.call("PING"));
            }
            assertEquals(
                    "-ERR CONFIG SET failed (possibly related to argument 'protected-mode') -"
                            + " can't set immutable config\r\n",
                    ours.call("CONFIG", "SET", "protected-mode", "no"));
        }
    }

    @Test
    void shouldLetNobodyElsewhereBecomeTheDefaultUserWithoutAPassword() {
        try (TestListener listener =
                        TestListener.open(
                                c ->
                                        c.bind(EVERYWHERE)
                                                .password("pw")
                                                .user("alice", "on", ">pw", "+@connection"));
                RawClient local = listener.connect();
                RawClient known = new RawClient(elsewhere, listener.port());
                RawClient unknown = new RawClient(elsewhere, listener.port());
                RawClient alice = new RawClient(elsewhere, listener.port())) {
            assertEquals(NO_AUTH, local.call("PING"));
            assertEquals("+OK\r\n", known.call("AUTH", "pw"));
            assertEquals(NO_AUTH, unknown.call("PING"));
            assertEquals("+OK\r\n", alice.call("AUTH", "alice", "pw"));

            assertEquals("+OK\r\n", known.call("ACL", "SETUSER", "default", "nopass"));

            assertEquals("+PONG\r\n", local.call("PING"));
            assertEquals("+PONG\r\n", known.call("PING"));
            assertEquals("+PONG\r\n", alice.call("PING"));
            assertEquals(NO_AUTH, unknown.call("PING"));
            assertEquals(WRONG, unknown.call("AUTH", "default", "guess"));
            assertEquals("+RESET\r\n", alice.call("RESET"));
            assertEquals(NO_AUTH, alice.call("PING"));
            assertEquals(WRONG, alice.call("HELLO", "2", "AUTH", "default", ""));
            assertEquals("+OK\r\n", alice.call("AUTH", "alice", "pw"));
            assertEquals("+OK\r\n", local.call("AUTH", "default", "any"));
        }
    }

    /** As in Redis, who is in is the only one who can let others in again. */
    @Test
    void shouldLockAllOutWithoutALoopbackUntilThereIsAPassword() {
        try (RealRedis redis = RealRedis.start("--bind", elsewhere, "--requirepass", "pw");
                TestListener listener = TestListener.open(c -> c.bind(elsewhere).password("pw"));
                RawClient theirs = new RawClient(elsewhere, redis.port());
                RawClient ours = new RawClient(elsewhere, listener.port())) {
            for (RawClient each : new RawClient[] {theirs, ours}) {
                assertEquals("+OK\r\n", each.call("AUTH", "pw"));
                assertEquals("+OK\r\n", each.call("CONFIG", "SET", "requirepass", ""));
            }
            for (int port : new int[] {redis.port(), listener.port()}) {
                assertTrue(untilClosed(elsewhere, port).startsWith("-DENIED "));
            }
            for (RawClient each : new RawClient[] {theirs, ours}) {
                assertEquals("+OK\r\n", each.call("CONFIG", "SET", "requirepass", "again"));
            }
            for (int port : new int[] {redis.port(), listener.port()}) {
                try (RawClient next = new RawClient(elsewhere, port)) {
                    assertEquals("+OK\r\n", next.call("AUTH", "again"));
                }
            }
        }
    }

    @Test
    void shouldDenyWhoIsElsewhereAfterAFileSaysSo() throws IOException {
        Path file = directory.resolve("users.acl");
        Files.writeString(file, "user default on >pw ~* &* +@all\n");
        try (TestListener listener = TestListener.open(c -> c.bind(EVERYWHERE).aclFile(file));
                RawClient local = listener.connect()) {
            local.call("AUTH", "pw");
            Files.writeString(file, "user default on nopass ~* &* +@all\n");
            assertEquals("+OK\r\n", local.call("ACL", "LOAD"));
            assertTrue(untilClosed(elsewhere, listener.port()).startsWith("-DENIED "));
        }
    }

    @Test
    void shouldEndConnectionsFromElsewhereByTlsWithoutAWord() {
        TlsConfig tls = new TestCertificates(directory).config().build();
        try (TestListener listener =
                        TestListener.open(c -> c.bind(EVERYWHERE).password("pw").tls(tls));
                RawClient local = listener.connect()) {
            local.call("AUTH", "pw");
            local.call("CONFIG", "SET", "requirepass", "");
            assertEquals("", untilClosed(elsewhere, listener.listener().tlsPort()));
            assertTrue(local.call("INFO", "stats").contains("\r\nrejected_connections:1\r\n"));
        }
    }
}
