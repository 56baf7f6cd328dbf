package io.hotpair.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server as its user starts it: {@code java -jar}, no flag, a mistake now and then. */
@Timeout(120)
class ServerIT {
    private static final Path JAR = Path.of("target", "hotpair-server.jar");

    @TempDir private Path directory;
    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void endProcesses() throws InterruptedException {
        for (Process process : started) {
            process.destroyForcibly().waitFor();
        }
    }

    private Process start(String... options) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx128m", "-jar", JAR.toString()));
        command.addAll(List.of(options));
        Process process =
                new ProcessBuilder(command)
                        .redirectError(directory.resolve("err").toFile())
                        .redirectOutput(directory.resolve("out").toFile())
                        .start();
        started.add(process);
        return process;
    }

    private String text(String file) throws IOException {
        return Files.readString(directory.resolve(file));
    }

    private Process startServing(int port, String... more) throws Exception {
        List<String> options =
                new ArrayList<>(
                        List.of(
                                "--port",
                                Integer.toString(port),
                                "--dir",
                                directory.resolve("data").toString(),
                                "--maxmemory",
                                "64mb"));
        options.addAll(List.of(more));
        return awaitServing(start(options.toArray(String[]::new)));
    }

    private Process awaitServing(Process process) throws Exception {
        long giveUpNs = System.nanoTime() + 30_000_000_000L;
        while (!text("err").contains("ready to accept connections")) {
            assertTrue(process.isAlive() && System.nanoTime() < giveUpNs, text("err"));
            Thread.sleep(20);
        }
        return process;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private String fails(int exitCode, String... options) throws Exception {
        Process process = start(options);
        assertTrue(process.waitFor(30, TimeUnit.SECONDS), "it should have ended: " + text("err"));
        assertEquals(exitCode, process.exitValue(), text("err"));
        return text("err");
    }

    /** Sends inline commands and gives the first line of each reply. */
    private static List<String> ask(int port, List<String> commands) throws IOException {
        List<String> replies = new ArrayList<>();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                BufferedReader in =
                        new BufferedReader(
                                new InputStreamReader(socket.getInputStream(), US_ASCII))) {
            for (String command : commands) {
                socket.getOutputStream().write((command + "\r\n").getBytes(US_ASCII));
                String line = in.readLine();
                replies.add(line.startsWith("$") && !line.equals("$-1") ? in.readLine() : line);
            }
        }
        return replies;
    }

    private static void fill(int port, int count) throws IOException {
        List<String> commands = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            commands.add("SET key" + i + " value" + i);
        }
        assertTrue(ask(port, commands).stream().allMatch("+OK"::equals));
    }

    private static void check(int port, int count) throws IOException {
        List<String> commands = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            commands.add("GET key" + i);
        }
        List<String> replies = ask(port, commands);
        for (int i = 0; i < count; i++) {
            assertEquals("value" + i, replies.get(i));
        }
    }

    @Test
    void shouldServeByJavaJarAloneAndKeepItsKeysThroughAKill() throws Exception {
        int port = freePort();
        Process server = startServing(port);
        fill(port, 2_000);
        server.destroyForcibly().waitFor();
        startServing(port);
        check(port, 2_000);
    }

    @Test
    void shouldKeepItsDatabasesThroughAKill() throws Exception {
        int port = freePort();
        Process server = startServing(port, "--databases", "6");
        List<String> fill =
                List.of("SET k 0", "SELECT 3", "SET k 3 EX 1000", "SET l 3", "SWAPDB 3 5");
        assertTrue(ask(port, fill).stream().allMatch("+OK"::equals));
        server.destroyForcibly().waitFor();
        startServing(port, "--databases", "6");
        assertEquals(
                List.of(":1", "+OK", ":0", "+OK", ":2", "3", "-ERR DB index is out of range"),
                ask(
                        port,
                        List.of(
                                "DBSIZE",
                                "SELECT 3",
                                "DBSIZE",
                                "SELECT 5",
                                "DBSIZE",
                                "GET k",
                                "SELECT 6")));
    }

    @Test
    void shouldKeepItsFunctionsThroughAKill() throws Exception {
        int port = freePort();
        Process server = startServing(port);
        String library =
                "FUNCTION LOAD \"#!lua name=%s\\nredis.register_function('%s', function() return %d"
                        + " end)\"";
        assertEquals(
                List.of("a", "b", "+OK"),
                ask(
                        port,
                        List.of(
                                library.formatted("a", "one", 1),
                                library.formatted("b", "two", 2),
                                "FUNCTION DELETE b")));
        server.destroyForcibly().waitFor();
        startServing(port);
        assertEquals(
                List.of(":1", "-ERR Function not found"),
                ask(port, List.of("FCALL one 0", "FCALL two 0")));
    }

    @Test
    void shouldKeepNothingWithoutALog() throws Exception {
        int port = freePort();
        Process server = startServing(port, "--appendonly", "no", "--io-threads", "1");
        fill(port, 100);
        check(port, 100);
        server.destroyForcibly().waitFor();
        assertFalse(Files.exists(directory.resolve("data")));
        startServing(port, "--appendonly", "no");
        assertEquals(List.of(":0"), ask(port, List.of("DBSIZE")));
        assertTrue(fails(1, "--appendonly", "maybe").contains("--appendonly=maybe, expected yes"));
    }

    @Test
    void shouldSaveASnapshotWhenAskedTo() throws Exception {
        int port = freePort();
        Process server = startServing(port);
        assertEquals(
                List.of("+OK", "+Background saving started"), ask(port, List.of("SAVE", "BGSAVE")));
        fill(port, 2_000);
        long before = Long.parseLong(ask(port, List.of("LASTSAVE")).get(0).substring(1));
        assertEquals(List.of("+OK"), ask(port, List.of("SAVE")));
        long after = Long.parseLong(ask(port, List.of("LASTSAVE")).get(0).substring(1));
        assertTrue(before <= after && after <= System.currentTimeMillis() / 1000);
        try (Stream<Path> files = Files.walk(directory.resolve("data"))) {
            assertEquals(1, files.filter(f -> f.toString().endsWith(".snapshot")).count());
        }
        server.destroyForcibly().waitFor();
        startServing(port);
        check(port, 2_000);
    }

    @Test
    void shouldKeepWhatWasPushedAndWhatWasTakenThroughAKill() throws Exception {
        int port = freePort();
        Process server = startServing(port);
        try (Socket waiting = new Socket(InetAddress.getLoopbackAddress(), port);
                BufferedReader in =
                        new BufferedReader(
                                new InputStreamReader(waiting.getInputStream(), US_ASCII))) {
            waiting.getOutputStream().write("BLPOP list 0\r\n".getBytes(US_ASCII));
            assertEquals(
                    List.of(":3", ":2", ":2"),
                    ask(port, List.of("RPUSH list a b c", "HSET hash f v g w", "SADD set x y")));
            assertEquals("*2", in.readLine());
        }
        assertEquals(List.of("*2"), ask(port, List.of("BRPOP none list 0")));
        server.destroyForcibly().waitFor();
        startServing(port);
        assertEquals(
                List.of(":1", "b", "w", ":2"),
                ask(port, List.of("LLEN list", "LINDEX list 0", "HGET hash g", "SCARD set")));
    }

    @Test
    void shouldEndInAnOrderlyWayOnSigterm() throws Exception {
        int port = freePort();
        Process server = startServing(port);
        fill(port, 10);
        server.destroy();
        assertTrue(server.waitFor(20, TimeUnit.SECONDS), text("err"));
        assertEquals(143, server.exitValue(), text("err"));
        // Else it would look as after a kill, which leaves no word.
        assertTrue(
                text("err").matches("(?s).*closing, as the process was told to end\n.*closed\n"),
                text("err"));
        startServing(port);
        check(port, 10);
    }

    @Test
    void shouldEndByShutdownWithoutAReply() throws Exception {
        int port = freePort();
        Process server = startServing(port, "--user", "alice on >pw ~* +@all -@admin");
        fill(port, 10);
        assertEquals(
                List.of("-ERR No shutdown in progress.", "+OK"),
                ask(port, List.of("SHUTDOWN ABORT", "AUTH alice pw")));
        assertTrue(ask(port, List.of("AUTH alice pw", "SHUTDOWN")).get(1).startsWith("-NOPERM"));
        assertEquals("", whole(port, "SHUTDOWN SAVE"));
        assertTrue(server.waitFor(20, TimeUnit.SECONDS), text("err"));
        assertEquals(0, server.exitValue(), text("err"));
        try (Stream<Path> files = Files.walk(directory.resolve("data"))) {
            assertEquals(1, files.filter(f -> f.toString().endsWith(".snapshot")).count());
        }
        Process again = startServing(port);
        check(port, 10);
        assertEquals("", whole(port, "SHUTDOWN NOSAVE"));
        assertTrue(again.waitFor(20, TimeUnit.SECONDS), text("err"));
        assertEquals(0, again.exitValue(), text("err"));
    }

    /** All that comes back until the connection ends. */
    private static String whole(int port, String command) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write((command + "\r\n").getBytes(US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), US_ASCII);
        }
    }

    @Test
    void shouldLogWhatItIsTold() throws Exception {
        int port = freePort();
        Process quiet = start("--port", "" + port, "--appendonly", "no", "--loglevel", "nothing");
        long giveUpNs = System.nanoTime() + 30_000_000_000L;
        while (!answers(port)) {
            assertTrue(quiet.isAlive() && System.nanoTime() < giveUpNs, text("err"));
            Thread.sleep(20);
        }
        assertEquals("", text("err"));
        assertTrue(fails(1, "--loglevel", "loud").contains("--loglevel=loud, expected one of"));
    }

    private static boolean answers(int port) {
        try {
            return ask(port, List.of("PING")).equals(List.of("+PONG"));
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void shouldNameTheOwnerOfADirectoryThatIsInUse() throws Exception {
        int port = freePort();
        Process owner = startServing(port);
        fill(port, 100);
        String error =
                fails(
                        2,
                        "--port",
                        Integer.toString(freePort()),
                        "--dir",
                        directory.resolve("data").toString());
        assertTrue(error.contains(directory.resolve("data").toString()), error);
        assertTrue(error.contains(Long.toString(owner.pid())), error);
        check(port, 100);
    }

    @Test
    void shouldRefuseADirectoryThatIsAFile() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "not a directory");
        String error = fails(2, "--port", "0", "--dir", file.toString());
        assertTrue(error.contains(file.toString()), error);
        assertEquals("not a directory", Files.readString(file));
    }

    @Test
    void shouldNameAPortThatIsInUse() throws Exception {
        int port = freePort();
        startServing(port);
        fill(port, 100);
        String error =
                fails(
                        2,
                        "--port",
                        Integer.toString(port),
                        "--dir",
                        directory.resolve("other").toString());
        assertTrue(error.contains(Integer.toString(port)), error);
        check(port, 100);
    }

    @Test
    void shouldNameADamagedPageOfTheLogAndLoseNothingElse() throws Exception {
        int port = freePort();
        Process server = startServing(port);
        fill(port, 2_000);
        server.destroyForcibly().waitFor();
        Path segment = segment();
        long at = offsetOf(segment, "value1000");
        flip(segment, at);
        String error =
                fails(
                        2,
                        "--port",
                        Integer.toString(port),
                        "--dir",
                        directory.resolve("data").toString());
        assertTrue(error.contains(segment.getFileName().toString()), error);
        assertTrue(error.contains("checksum"), error);
        assertTrue(error.contains("(restore --dir BACKUP --to DIRECTORY)"), error);
        flip(segment, at);
        startServing(port);
        check(port, 2_000);
    }

    private Path segment() throws IOException {
        try (Stream<Path> files = Files.walk(directory.resolve("data"))) {
            return files.filter(file -> file.toString().endsWith(".cq4"))
                    .filter(file -> !file.toString().contains("metadata"))
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
        }
    }

    private static long offsetOf(Path file, String text) throws IOException {
        byte[] head = new byte[4 << 20];
        try (RandomAccessFile data = new RandomAccessFile(file.toFile(), "r")) {
            int length = data.read(head);
            int at = new String(head, 0, length, ISO_8859_1).indexOf(text);
            assertTrue(at > 0, "text=" + text + " is not in the first 4 MiB");
            return at;
        }
    }

    private static void flip(Path file, long at) throws IOException {
        try (RandomAccessFile data = new RandomAccessFile(file.toFile(), "rw")) {
            data.seek(at);
            int old = data.read();
            data.seek(at);
            data.write(old ^ 4);
        }
    }

    @Test
    void shouldSayWhatIsWrongWithItsOptions() throws Exception {
        assertTrue(fails(1, "--port", "70000").contains("expected 0 to 65535"));
        assertTrue(
                fails(1, "--allowed-addresses", "10.0.0.0/33").contains("10.0.0.0/33, expected"));
        assertTrue(fails(1, "--mode", "king").contains("standalone, pair, witness"));
        assertTrue(fails(1, "--maxmemory", "lots").contains("expected a size such as 512mb"));
        assertTrue(fails(1, "--maxmemory", "999999999999gb").contains("such as 512mb"));
        assertTrue(fails(1, "--nonsense", "x").contains("--help lists"));
        assertTrue(
                fails(1, "--bind", "0.0.0.0", "--dir", directory.toString()).contains("password"));
        assertTrue(fails(1, "--mode", "witness").contains("--witness is missing"));
        Path witness = directory.resolve("witness");
        String alone =
                fails(
                        1,
                        "--mode",
                        "witness",
                        "--dir",
                        witness.toString(),
                        "--witness",
                        "w=127.0.0.1:" + freePort());
        assertTrue(alone.contains("--peer is given for no node"), alone);
        assertFalse(Files.exists(witness));
        String maxClients =
                fails(1, "--maxclients", "x", "--port", "0", "--dir", directory + "/new");
        assertTrue(maxClients.contains("--maxclients=x: argument couldn't be parsed"), maxClients);
        Path none = directory.resolve("none");
        String noUsers = fails(1, "--aclfile=" + none, "--port", "0", "--dir", directory + "/new");
        assertTrue(noUsers.contains("NoSuchFileException: " + none), noUsers);
        assertFalse(noUsers.contains("\tat "), noUsers);
        String noCertificate =
                fails(
                        2,
                        "--tls-cert-file=" + none,
                        "--tls-key-file=" + none,
                        "--tls-auth-clients=no",
                        "--tls-port=" + freePort(),
                        "--dir=" + directory + "/new");
        assertTrue(noCertificate.contains("NoSuchFileException: " + none), noCertificate);
        for (String asked : List.of("--version", "-v", "version")) {
            assertEquals(0, start(asked).waitFor());
            assertTrue(text("out").matches("hotpair-server \\d+\\.\\d+\\.\\d+.*\n"), text("out"));
        }
        Process help = start("--help");
        assertEquals(0, help.waitFor());
        assertTrue(text("out").startsWith("usage: java -jar hotpair-server.jar"), text("out"));
        assertEquals("", new String(Files.readAllBytes(directory.resolve("err")), UTF_8));
    }

    @Test
    void shouldTakeOptionsFromAFileAndTheEnvironment() throws Exception {
        Path file = directory.resolve("hotpair.conf");
        Files.writeString(
                file,
                """
                # users
                user alice on >pw ~a* +@all

                user "bob off"
                maxmemory 64mb
                port 1
                allowed-addresses 10.0.0.0/8, 192.168.1.7
                allowed-addresses fd00::/8
                enable-migrate-command yes
                """);
        ServerOptions options =
                ServerOptions.parse(
                        new String[] {file.toString(), "--port", "7"},
                        Map.of(
                                "HOTPAIR_PORT",
                                "5",
                                "HOTPAIR_TLS_PORT",
                                "6",
                                "HOTPAIR_TLS_CERT_FILE",
                                "c",
                                "HOTPAIR_TLS_KEY_FILE",
                                "k"));
        assertEquals(7, options.port);
        assertEquals(6, options.tlsPort);
        assertEquals(64L << 20, options.maxMemoryBytes);
        assertTrue(options.migrateCommand);
        assertFalse(new ServerOptions().migrateCommand);
        assertEquals(List.of("10.0.0.0/8", "192.168.1.7", "fd00::/8"), options.allowedAddresses);
        assertEquals(List.of("alice on >pw ~a* +@all", "bob off"), options.users);
        Files.writeString(file, "allowed-addresses \"\"\nmin-slaves-to-write 0\nmaxmemory 1mb\n");
        ServerOptions more =
                ServerOptions.parse(
                        new String[] {
                            file.toString(), "--min-replicas-to-write", "3", "--user", "eve off"
                        },
                        Map.of("HOTPAIR_USER", "bob off", "HOTPAIR_MIN_REPLICAS_TO_WRITE", "2"));
        assertEquals(List.of(), more.allowedAddresses);
        assertEquals(List.of("bob off", "eve off"), more.users);
        assertEquals(
                List.of(
                        Map.entry("min-slaves-to-write", "0"),
                        Map.entry("maxmemory", "1mb"),
                        Map.entry("min-replicas-to-write", "3")),
                more.parameters);
    }

    @Test
    void shouldStartAgainWithWhatWasRewritten() throws Exception {
        int port = freePort();
        Path file = directory.resolve("hotpair.conf");
        String before =
                "# mine\nport %d\nmaxclients 20\nrequirepass first\nappendonly no\n"
                        .formatted(port);
        Files.writeString(file, before);
        Process first = awaitServing(start(file.toString()));
        assertEquals(
                List.of("+OK", "+OK", "+OK", "+OK", "+OK"),
                ask(
                        port,
                        List.of(
                                "auth first",
                                "config set maxclients 30 slowlog-max-len 7 requirepass second",
                                "config set notify-keyspace-events KEA maxmemory 0",
                                "acl setuser alice on >pw ~a* +@all",
                                "config rewrite")));
        first.destroy();
        assertEquals(143, first.waitFor());
        awaitServing(start(file.toString()));
        assertEquals(
                List.of("+OK", "+OK", "alice"),
                ask(port, List.of("auth second", "auth alice pw", "acl whoami")));
        Map<String, String> now = parameters(port, "second");
        assertEquals("30", now.get("maxclients"));
        assertEquals("7", now.get("slowlog-max-len"));
        assertEquals("AKE", now.get("notify-keyspace-events"));
        assertEquals("0", now.get("maxmemory"));
        assertTrue(
                Files.readString(file)
                        .startsWith(before.replace("20", "30").replace("requirepass first\n", "")));
    }

    @Test
    void shouldHaveAnOptionForEveryParameter() throws Exception {
        int port = freePort();
        startServing(port);
        Map<String, String> parameters = parameters(port, null);
        assertTrue(parameters.size() > 50, parameters.toString());
        parameters.keySet().removeAll(List.of("replicaof", "slaveof"));
        parameters.forEach((name, value) -> ServerOptions.parse(new String[] {"--" + name, value}));
    }

    private static Map<String, String> parameters(int port, @Nullable String password)
            throws IOException {
        Map<String, String> parameters = new TreeMap<>();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            String asked = (password == null ? "" : "auth " + password + "\r\n");
            socket.getOutputStream().write((asked + "config get *\r\nquit\r\n").getBytes(US_ASCII));
            String all = new String(socket.getInputStream().readAllBytes(), US_ASCII);
            List<String> lines = new ArrayList<>(List.of(all.split("\r\n", -1)));
            // Replies to AUTH and QUIT, and the number of elements.
            lines = lines.subList(password == null ? 1 : 2, lines.size() - 2);
            for (int i = 0; i < lines.size(); i += 4) {
                parameters.put(lines.get(i + 1), lines.get(i + 3));
            }
        }
        return parameters;
    }

    @Test
    void shouldKnowUsersAndSpeakTls() throws Exception {
        openssl("server");
        int tlsPort = freePort();
        int port = freePort();
        startServing(
                port,
                "--user",
                "alice on >pw ~a* +@all",
                "--tls-port",
                Integer.toString(tlsPort),
                "--tls-cert-file",
                directory.resolve("server.crt").toString(),
                "--tls-key-file",
                directory.resolve("server.key").toString(),
                "--tls-auth-clients",
                "no");
        assertEquals(List.of("+OK", "alice"), ask(port, List.of("auth alice pw", "acl whoami")));
        assertEquals("CN=server", name(tlsPort));
        openssl("renewed");
        Files.move(
                directory.resolve("renewed.key"),
                directory.resolve("server.key"),
                StandardCopyOption.REPLACE_EXISTING);
        Files.move(
                directory.resolve("renewed.crt"),
                directory.resolve("server.crt"),
                StandardCopyOption.REPLACE_EXISTING);
        long giveUpNs = System.nanoTime() + 30_000_000_000L;
        while (!name(tlsPort).equals("CN=renewed")) {
            assertTrue(System.nanoTime() < giveUpNs, text("err"));
            Thread.sleep(20);
        }
    }

    private void openssl(String name) throws Exception {
        Process process =
                new ProcessBuilder(
                                "openssl",
                                "req",
                                "-x509",
                                "-newkey",
                                "rsa:2048",
                                "-nodes",
                                "-subj",
                                "/CN=" + name,
                                "-keyout",
                                name + ".key",
                                "-out",
                                name + ".crt")
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("openssl").toFile())
                        .start();
        assertEquals(0, process.waitFor(), text("openssl"));
    }

    /** The name on the certificate that is shown at a port. */
    private static String name(int port) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustsAll()}, null);
        try (SSLSocket socket =
                (SSLSocket)
                        context.getSocketFactory()
                                .createSocket(InetAddress.getLoopbackAddress(), port)) {
            socket.startHandshake();
            X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            return shown.getSubjectX500Principal().getName();
        }
    }

    /** What is shown is looked at, not trusted. */
    private static final class TrustsAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
