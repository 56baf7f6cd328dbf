package io.hotpair.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Keyspace;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the commands for directories say when they are used in a wrong way. */
class OfflineToolTest {
    @TempDir private Path root;

    private static String run(int exitCode, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int ended =
                OfflineTool.run(
                        args, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
        assertEquals(exitCode, ended, err.toString(UTF_8));
        return exitCode == 0 ? out.toString(UTF_8) : err.toString(UTF_8);
    }

    @Test
    void shouldSayWhatIsMissing() {
        assertTrue(
                run(1, "import", "--to", "x")
                        .contains("--rdb, --aof, --from: none is given, expected one of them"));
        assertTrue(
                run(1, "export", "--dir", "x")
                        .contains("--rdb, --aof: none is given, expected one of them"));
        assertTrue(run(1, "backup", "--dir").contains("option=--dir, expected a value after it"));
    }

    @Test
    void shouldSayThatADirectoryIsNotThere() {
        Path none = root.resolve("none");
        for (String command : new String[] {"backup", "verify", "restore", "clone", "inspect"}) {
            assertTrue(
                    run(1, command, "--dir=" + none).contains("--dir=" + none + " is not there"));
        }
    }

    @Test
    void shouldPrintHelpForACommand() {
        assertTrue(run(0, "backup", "--help").startsWith("Usage: hotpair-server COMMAND"));
    }

    @Test
    void shouldNameThePortThatItCanNotConnectTo() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        String source = "redis://user:hidden@127.0.0.1:" + port;
        String error = run(2, "import", "--from", source, "--to", root.resolve("to").toString());
        assertTrue(error.contains("127.0.0.1:" + port), error);
        assertTrue(!error.contains("hidden"), error);
    }

    @Test
    void shouldVerifyAndRestoreAZip() throws Exception {
        Path zip = root.resolve("backup.zip");
        try (Keyspace keyspace =
                        Keyspace.open(Keyspace.builder().directory(root.resolve("k")).build());
                OutputStream out = Files.newOutputStream(zip)) {
            keyspace.put("a", "1");
            assertEquals(1, keyspace.backup(out).get(60, TimeUnit.SECONDS).lastOpId());
        }
        String verified = run(0, "verify", "--dir", zip.toString());
        assertTrue(verified.contains(" to 1\n"), verified);
        Path to = root.resolve("r");
        assertEquals(
                "restored to " + to + ": up to opId 1\n",
                run(0, "restore", "--dir", zip.toString(), "--to", to.toString()));
        Path early = root.resolve("early");
        String nothing =
                run(0, "restore", "--dir=" + zip, "--to=" + early, "--at=2020-01-01T00:00:00Z");
        assertEquals("restored to " + early + ": nothing, nothing was written by then\n", nothing);
        try (Keyspace restored = Keyspace.open(Keyspace.builder().directory(to).build())) {
            assertEquals("1", restored.get("a"));
        }
        byte[] packed = Files.readAllBytes(zip);
        packed[100] ^= 1;
        Path damaged = Files.write(root.resolve("damaged.zip"), packed);
        String refused = run(2, "verify", "--dir", damaged.toString());
        assertTrue(refused.contains("is damaged at or behind backup.manifest"), refused);
    }
}
