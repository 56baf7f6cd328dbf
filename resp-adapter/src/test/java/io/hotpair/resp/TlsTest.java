package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.Progress;
import io.hotpair.resp.TlsConfig.ClientAuth;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SslOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** TLS: real clients, certificates that are not right, and who never finishes a handshake. */
class TlsTest {
    @TempDir Path directory;
    private TestCertificates certificates;

    @BeforeEach
    void makeCertificates() {
        certificates = new TestCertificates(directory);
    }

    private TestListener open(UnaryOperator<TlsConfigBuilder> settings) {
        TlsConfig config = settings.apply(certificates.config()).build();
        return TestListener.open(c -> c.tls(config));
    }

    private static String cli(TestListener listener, String... arguments) throws Exception {
        RealRedis.require("redis-cli");
        List<String> command = new ArrayList<>(List.of("redis-cli", "--tls", "-p"));
        command.add(Integer.toString(listener.listener().tlsPort()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        process.waitFor();
        return out.strip();
    }

    @Test
    void shouldServeRedisCli() throws Exception {
        String[] trust = {"--cacert", certificates.cert("ca").toString()};
        String[] mine = {
            trust[0],
            trust[1],
            "--cert",
            certificates.cert("client").toString(),
            "--key",
            certificates.key("client").toString()
        };
        try (TestListener listener = open(tls -> tls)) {
            assertEquals("OK", cli(listener, CommandSource.plus(mine, "SET", "a", "1")));
            assertEquals("1", cli(listener, CommandSource.plus(mine, "GET", "a")));
            Path file = directory.resolve("dump.rdb");
            listener.keyspace().put("large", "x".repeat(5 << 20));
            String fetched = cli(listener, CommandSource.plus(mine, "--rdb", file.toString()));
            assertTrue(fetched.contains("Transfer finished with success"), fetched);
            try (Keyspace read = RdbImportTest.inMemory()) {
                assertEquals(2, RdbImport.read(file, 0, read, Progress.NONE).keyCount());
                assertEquals(listener.keyspace().digest(), read.digest());
            }
            String refused = cli(listener, CommandSource.plus(trust, "GET", "a"));
            assertTrue(!refused.equals("1"), refused);
            String stranger = cli(listener, "--insecure", "GET", "a");
            assertTrue(!stranger.equals("1"), stranger);
            try (RawClient plain = listener.connect()) {
                assertEquals("$1\r\n1\r\n", plain.call("GET", "a"));
            }
        }
        try (TestListener listener = open(tls -> tls.authClients(ClientAuth.NO))) {
            assertEquals("PONG", cli(listener, CommandSource.plus(trust, "PING")));
            assertEquals("PONG", cli(listener, "--insecure", "PING"));
            assertNotEquals("PONG", cli(listener, "PING"));
        }
    }

    @ParameterizedTest
    @EnumSource(RedisProtocol.class)
    void shouldServeJedis(RedisProtocol protocol) {
        try (TestListener listener = open(tls -> tls)) {
            HostAndPort address = new HostAndPort("localhost", listener.listener().tlsPort());
            DefaultJedisClientConfig config =
                    DefaultJedisClientConfig.builder()
                            .protocol(protocol)
                            .ssl(true)
                            .sslSocketFactory(certificates.client("client").getSocketFactory())
                            .build();
            try (Jedis jedis = new Jedis(address, config)) {
                assertEquals("OK", jedis.set("a", "x".repeat(1 << 20)));
                assertEquals(1 << 20, jedis.get("a").length());
            }
            DefaultJedisClientConfig without =
                    DefaultJedisClientConfig.builder()
                            .ssl(true)
                            .sslSocketFactory(certificates.client(null).getSocketFactory())
                            .build();
            assertThrows(
                    JedisConnectionException.class,
                    () -> {
                        try (Jedis jedis = new Jedis(address, without)) {
                            jedis.ping();
                        }
                    });
        }
    }

    @Test
    void shouldServeLettuce() {
        try (TestListener listener = open(tls -> tls)) {
            RedisURI uri =
                    RedisURI.builder()
                            .withHost("localhost")
                            .withPort(listener.listener().tlsPort())
                            .withSsl(true)
                            .build();
            RedisClient client = RedisClient.create(uri);
            try {
                client.setOptions(
                        ClientOptions.builder()
                                .sslOptions(
                                        SslOptions.builder()
                                                .jdkSslProvider()
                                                .trustManager(certificates.cert("ca").toFile())
                                                .keyManager(
                                                        certificates.cert("client").toFile(),
                                                        certificates.key("client").toFile(),
                                                        new char[0])
                                                .build())
                                .build());
                try (StatefulRedisConnection<String, String> connection = client.connect()) {
                    assertEquals("OK", connection.sync().set("a", "1"));
                    assertEquals(2, connection.sync().incr("a"));
                }
            } finally {
                client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
            }
        }
    }

    private void assertRefused(@Nullable String who, TestListener listener) {
        assertThrows(
                IOException.class,
                () -> {
                    try (SSLSocket socket =
                            certificates.socket(who, listener.listener().tlsPort())) {
                        socket.setSoTimeout(20_000);
                        socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.UTF_8));
                        // With TLS 1.3 the client hears of it only when it reads.
                        if (socket.getInputStream().read() < 0) {
                            throw new IOException("closed");
                        }
                    }
                });
    }

    /** Java's client keeps back what the server would not take, redis-cli shows it. */
    @Test
    void shouldRefuseAWrongCertificateThatNeedNotBeShown() throws Exception {
        certificates.authority("other");
        certificates.make("stranger", "other", 10);
        try (TestListener listener = open(tls -> tls.authClients(ClientAuth.OPTIONAL))) {
            for (String who : List.of("client", "stranger")) {
                String answer =
                        cli(
                                listener,
                                "--insecure",
                                "--cert",
                                certificates.cert(who).toString(),
                                "--key",
                                certificates.key(who).toString(),
                                "PING");
                assertEquals(who.equals("client"), answer.equals("PONG"), answer);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void shouldRefuseCertificatesThatAreNotRight(String version) {
        certificates.make("expired", "ca", -1);
        certificates.authority("other");
        certificates.make("stranger", "other", 10);
        for (ClientAuth whether : List.of(ClientAuth.YES, ClientAuth.OPTIONAL)) {
            try (TestListener listener = open(tls -> tls.protocols(version).authClients(whether))) {
                assertRefused("expired", listener);
                int port = listener.listener().tlsPort();
                try (RawClient client = certificates.connect("client", port)) {
                    assertEquals("+PONG\r\n", client.call("PING"));
                }
                if (whether == ClientAuth.YES) {
                    assertRefused("stranger", listener);
                    assertRefused(null, listener);
                } else {
                    try (RawClient client = certificates.connect(null, port)) {
                        assertEquals("+PONG\r\n", client.call("PING"));
                    }
                }
            }
        }
    }

    @Test
    void shouldSpeakWhatItIsToldTo() throws IOException {
        try (TestListener listener =
                open(
                        tls ->
                                tls.protocols("TLSv1.2")
                                        .ciphers("ECDHE-RSA-AES256-GCM-SHA384")
                                        .preferServerCiphers(true))) {
            try (SSLSocket socket = certificates.socket("client", listener.listener().tlsPort())) {
                socket.startHandshake();
                assertEquals("TLSv1.2", socket.getSession().getProtocol());
                assertEquals(
                        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                        socket.getSession().getCipherSuite());
            }
            try (SSLSocket socket = certificates.socket("client", listener.listener().tlsPort())) {
                socket.setEnabledProtocols(new String[] {"TLSv1.3"});
                assertThrows(SSLException.class, socket::startHandshake);
            }
        }
    }

    @Test
    void shouldRefuseSettingsThatDoNotFit() {
        TlsConfigBuilder tls =
                TlsConfig.builder(certificates.cert("server"), certificates.key("server"));
        assertThrows(IllegalStateException.class, tls::build);
        assertThrows(IllegalArgumentException.class, () -> tls.protocols("SSLv3"));
        assertThrows(IllegalArgumentException.class, () -> tls.ciphers("HIGH"));
        assertThrows(IllegalArgumentException.class, () -> tls.cipherSuites("AES"));
        assertThrows(IllegalArgumentException.class, () -> tls.port(65_536));
        Path missing = directory.resolve("missing");
        TlsConfig[] wrong = {
            TlsConfig.builder(missing, certificates.key("server"))
                    .authClients(ClientAuth.NO)
                    .build(),
            TlsConfig.builder(certificates.cert("server"), missing)
                    .authClients(ClientAuth.NO)
                    .build(),
            TlsConfig.builder(certificates.cert("server"), certificates.key("client"))
                    .authClients(ClientAuth.NO)
                    .build(),
            TlsConfig.builder(certificates.cert("server"), certificates.cert("server"))
                    .authClients(ClientAuth.NO)
                    .build(),
        };
        for (TlsConfig config : wrong) {
            assertThrows(HotpairException.class, () -> TestListener.open(c -> c.tls(config)));
        }
    }

    @Test
    void shouldReadKeysOfEveryForm() {
        certificates.openssl("rsa -in server.key -traditional -out old.key");
        certificates.openssl(
                "pkcs8 -topk8 -in server.key -out sealed.key -passout pass:secret -v2 aes-256-cbc");
        certificates.openssl("ecparam -name prime256v1 -genkey -noout -out sec1.key");
        certificates.openssl("pkcs8 -topk8 -nocrypt -in sec1.key -out ec.key");
        assertEquals("RSA", TlsKeyFile.read(certificates.key("old"), null).getAlgorithm());
        assertEquals("RSA", TlsKeyFile.read(certificates.key("sealed"), "secret").getAlgorithm());
        assertEquals("EC", TlsKeyFile.read(certificates.key("ec"), null).getAlgorithm());
        assertThrows(
                HotpairException.class, () -> TlsKeyFile.read(certificates.key("sealed"), null));
        assertThrows(
                HotpairException.class, () -> TlsKeyFile.read(certificates.key("sealed"), "x"));
        assertThrows(HotpairException.class, () -> TlsKeyFile.read(certificates.key("sec1"), null));
    }

    @Test
    void shouldListenForTlsAlone() {
        try (TestListener listener = open(TlsConfigBuilder::alone)) {
            assertEquals(0, listener.port());
            int port = listener.listener().tlsPort();
            try (RawClient client = certificates.connect("client", port)) {
                String info = client.call("INFO", "server");
                assertTrue(info.contains("tcp_port:" + port + "\r\n"), info);
                assertEquals(
                        "*2\r\n$4\r\nport\r\n$1\r\n0\r\n", client.call("CONFIG", "GET", "port"));
            }
        }
    }

    @Test
    void shouldCloseAConnectionThatIsNotTls() {
        try (TestListener listener = open(tls -> tls);
                RawClient plain = new RawClient(listener.listener().tlsPort())) {
            plain.send("PING\r\nPING\r\nPING\r\nPING\r\nPING\r\n");
            assertTrue(!plain.untilClosed().contains("PONG"));
        }
    }

    @Test
    void shouldSayGoodbyeBeforeItCloses() throws IOException {
        try (TestListener listener = open(tls -> tls);
                SSLSocket socket = certificates.socket("client", listener.listener().tlsPort())) {
            socket.getOutputStream().write("QUIT\r\n".getBytes(StandardCharsets.US_ASCII));
            // An end without a word of TLS would be an exception.
            assertEquals(
                    "+OK\r\n",
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        }
    }

    @Test
    void shouldUseNewCertificatesWhenToldTo() throws IOException {
        try (TestListener listener = open(tls -> tls)) {
            int port = listener.listener().tlsPort();
            RawClient before = certificates.connect("client", port);
            String first = name(port);
            certificates.make("renewed", "ca", 10);
            copy("renewed.crt", "server.crt");
            assertThrows(HotpairException.class, listener.listener()::reloadCertificates);
            assertEquals(first, name(port));
            copy("renewed.key", "server.key");
            listener.listener().reloadCertificates();
            assertEquals("CN=renewed", name(port));
            assertEquals("+PONG\r\n", before.call("PING"));
            before.close();
        }
        try (TestListener plain = TestListener.open()) {
            assertThrows(IllegalStateException.class, plain.listener()::reloadCertificates);
        }
    }

    private void copy(String from, String to) throws IOException {
        Files.copy(
                directory.resolve(from),
                directory.resolve(to),
                StandardCopyOption.REPLACE_EXISTING);
    }

    /** The name that the server shows. */
    private String name(int port) throws IOException {
        try (SSLSocket socket = certificates.socket("client", port)) {
            socket.startHandshake();
            X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            return shown.getSubjectX500Principal().getName();
        }
    }

    @Test
    void shouldEndAHandshakeThatTakesTooLong() throws IOException {
        TlsConfig tls = certificates.config().build();
        try (TestListener listener =
                        TestListener.open(c -> c.tls(tls).handshakeTimeout(Duration.ofSeconds(3)));
                RawClient silent = new RawClient(listener.listener().tlsPort());
                RawClient patient = certificates.connect("client", listener.listener().tlsPort())) {
            assertEquals("+PONG\r\n", patient.call("PING"));
            assertEquals("", silent.untilClosed());
            Await.until(
                    () -> listener.server().handshakes().count() == 0,
                    () -> listener.server().handshakes().count());
            assertEquals("+PONG\r\n", patient.call("PING"));
        }
    }

    @Test
    void shouldServeOthersWhileHandshakesAreLeftHalfOpen() throws IOException {
        TlsConfig tls = certificates.config().build();
        try (TestListener listener = TestListener.open(c -> c.tls(tls).maxClients(60))) {
            int port = listener.listener().tlsPort();
            RawClient there = certificates.connect("client", port);
            assertEquals("+PONG\r\n", there.call("PING"));
            List<Socket> silent = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                silent.add(halfOpen(port, i % 2 == 0));
                if (i % 50 == 49) {
                    try (RawClient client = certificates.connect("client", port)) {
                        assertEquals("+PONG\r\n", client.call("PING"));
                    }
                    assertEquals("+PONG\r\n", there.call("PING"));
                }
            }
            int limit = listener.server().handshakes().limit();
            Await.until(
                    () ->
                            listener.server().handshakes().count() <= limit
                                    && listener.listener().clientCount() <= limit + 2,
                    () -> listener.listener().clientCount());
            there.close();
            for (Socket socket : silent) {
                socket.close();
            }
        }
    }

    /** Sends nothing, or the beginning of a greeting. */
    private static Socket halfOpen(int port, boolean greets) {
        try {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
            if (greets) {
                socket.getOutputStream().write(new byte[] {22, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc});
            }
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void shouldNotEncryptAheadOfAClientThatDoesNotRead() {
        try (TestListener listener = open(tls -> tls);
                RawClient plain = listener.connect()) {
            plain.call("SET", "big", "x".repeat(40 << 20));
            try (RawClient slow = certificates.connect("client", listener.listener().tlsPort())) {
                slow.call("PING");
                slow.send(RawClient.command("GET", "big"));
                Await.until(() -> queuedBytes(listener) > 36 << 20, () -> queuedBytes(listener));
                assertEquals((40 << 20) + 13, slow.reply().length());
                slow.send(RawClient.command("PING").repeat(10_000));
                slow.replies(10_000);
            }
        }
    }

    private static long queuedBytes(TestListener listener) {
        return listener.server().clients().all().stream()
                .mapToLong(connection -> connection.outbox().queuedBytes())
                .max()
                .orElse(0);
    }
}
