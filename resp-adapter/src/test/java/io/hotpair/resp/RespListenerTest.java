package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Acknowledgement;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RespListenerTest {
    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("hotpair-resp") || name.contains("Netty"))
                .toList();
    }

    @Test
    void shouldLeaveNoTraceWhenItIsClosed() throws IOException {
        TestListener listener = TestListener.open();
        int port = listener.port();
        try (RawClient client = listener.connect()) {
            assertEquals("+PONG\r\n", client.call("PING"));
            listener.close();
            assertEquals("", client.untilClosed());
            listener.close();
        }
        Await.until(() -> threads().isEmpty(), RespListenerTest::threads);
        new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
    }

    @Test
    void shouldNameTheAddressOfAPortThatIsTaken() {
        try (TestListener first = TestListener.open()) {
            int port = first.port();
            HotpairException refused =
                    assertThrows(
                            HotpairException.class, () -> TestListener.open(c -> c.port(port)));
            assertEquals(HotpairException.Category.NETWORK, refused.category());
            assertTrue(
                    String.valueOf(refused.getMessage())
                            .startsWith("bind=127.0.0.1 port=" + port + ", expected a free port"),
                    refused.getMessage());
            try (RawClient client = first.connect()) {
                assertEquals("+PONG\r\n", client.call("PING"));
            }
        }
        Await.until(() -> threads().isEmpty(), RespListenerTest::threads);
    }

    @Test
    void shouldRefuseToListenToTheWorldWithoutAPassword() {
        IllegalStateException refused =
                assertThrows(
                        IllegalStateException.class,
                        () -> TestListener.open(c -> c.bind("127.0.0.1", "0.0.0.0")));
        assertEquals(
                "bind=0.0.0.0 without a password, expected a password, or an address of this"
                        + " machine's loopback such as 127.0.0.1",
                refused.getMessage());
        try (TestListener open = TestListener.open(c -> c.bind("0.0.0.0").password("pw"));
                RawClient client = open.connect()) {
            assertEquals("-NOAUTH Authentication required.\r\n", client.call("PING"));
        }
    }

    @Test
    void shouldListenAtSeveralAddresses() {
        try (TestListener listener = TestListener.open(c -> c.bind("127.0.0.1", "::1"));
                RawClient client = listener.connect()) {
            assertEquals("+PONG\r\n", client.call("PING"));
        }
    }

    @Test
    void shouldRefuseALevelThatTheKeyspaceCanNotReach() {
        assertThrows(
                IllegalStateException.class,
                () -> TestListener.open(c -> c.acknowledgement(Acknowledgement.LOG)));
    }

    @Test
    void shouldRefuseBadSettingsAtOnce() {
        RespConfigBuilder builder = RespConfig.builder();
        assertThrows(IllegalArgumentException.class, () -> builder.port(65_536));
        assertThrows(IllegalArgumentException.class, () -> builder.bind());
        assertThrows(IllegalArgumentException.class, () -> builder.password(""));
        assertThrows(IllegalArgumentException.class, () -> builder.maxClients(0));
        assertThrows(IllegalArgumentException.class, () -> builder.eventLoopThreads(0));
        assertFalse(builder.password("secret").build().toString().contains("secret"));
    }

    @Test
    void shouldRefuseAKeyspaceThatIsClosed() {
        Keyspace keyspace = Keyspace.open(Keyspace.builder().inMemory().build());
        keyspace.close();
        RespConfig config = RespConfig.builder().port(0).build();
        IllegalStateException refused =
                assertThrows(
                        IllegalStateException.class, () -> RespListener.open(keyspace, config));
        assertEquals("keyspace is closed", refused.getMessage());
        assertEquals(List.of(), threads());
    }

    @Test
    void shouldLetTheHostSayWhatShutdownDoes() {
        AtomicInteger asked = new AtomicInteger();
        try (TestListener listener =
                        TestListener.open(c -> c.shutdownCommand(asked::incrementAndGet));
                RawClient first = listener.connect();
                RawClient second = listener.connect()) {
            assertEquals("-ERR No shutdown in progress.\r\n", first.call("SHUTDOWN", "ABORT"));
            assertEquals("-ERR syntax error\r\n", first.call("SHUTDOWN", "SAVE", "NOSAVE"));
            assertEquals(
                    "-ERR Errors trying to SHUTDOWN. Check logs.\r\n",
                    first.call("SHUTDOWN", "SAVE"));
            assertEquals(0, asked.get());
            first.send(RawClient.command("SHUTDOWN"));
            assertEquals("", first.untilClosed());
            Await.until(() -> asked.get() == 1, asked::toString);
            assertEquals("+PONG\r\n", second.call("PING"));
        }
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            assertTrue(client.call("SHUTDOWN").startsWith("-ERR SHUTDOWN is refused"));
        }
    }

    @Test
    void shouldTellItsVersion() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            String told = client.call("INFO", "server");
            assertTrue(
                    told.matches("(?s).*\r\nhotpair_version:\\d+\\.\\d+\\.\\d+[^\r]*\r\n.*"), told);
        }
    }

    @Test
    void shouldEndItsClientsWhenTheKeyspaceIsClosedFirst() {
        Keyspace keyspace = Keyspace.open(Keyspace.builder().inMemory().build());
        try (RespListener listener =
                        RespListener.open(keyspace, RespConfig.builder().port(0).build());
                RawClient client = new RawClient(listener.port())) {
            assertEquals("+OK\r\n", client.call("SET", "a", "1"));
            keyspace.close();
            client.send(RawClient.command("GET", "a"));
            assertTrue(client.untilClosed().startsWith("-ERR "));
        }
    }

    @Test
    void shouldAllocateNextToNothingForACommand() {
        try (TestListener listener = TestListener.open(c -> c.eventLoopThreads(1));
                RawClient client = listener.connect()) {
            String value = "x".repeat(100);
            StringBuilder pipeline = new StringBuilder();
            for (int i = 0; i < 50; i++) {
                pipeline.append(RawClient.command("SET", "key:" + i, value));
                pipeline.append(RawClient.command("GET", "key:" + i));
                pipeline.append(RawClient.command("INCR", "counter"));
            }
            exchange(client, pipeline.toString(), 150, 200);
            long before = loopBytes();
            exchange(client, pipeline.toString(), 150, 200);
            long perCommand = (loopBytes() - before) / (150 * 200);
            assertTrue(perCommand <= 20, "bytes per command=" + perCommand);
        }
    }

    /** A string of 256 MiB, of which next to nothing is there. */
    @Test
    void shouldTakeLittleOfTheHeapForAPartOfALongString() {
        try (TestListener listener = TestListener.open(c -> c.eventLoopThreads(1));
                RawClient client = listener.connect()) {
            assertEquals(":0\r\n", client.call("SETBIT", "k", "2147483647", "1"));
            long before = loopBytes();
            assertEquals(":268435456\r\n", client.call("SETRANGE", "k", "200000000", "abc"));
            assertEquals("$3\r\nabc\r\n", client.call("GETRANGE", "k", "200000000", "200000002"));
            assertEquals("$1\r\n\1\r\n", client.call("SUBSTR", "k", "-1", "-1"));
            assertEquals(":268435457\r\n", client.call("APPEND", "k", "x"));
            assertEquals("$3\r\nraw\r\n", client.call("OBJECT", "ENCODING", "k"));
            assertEquals(":268435457\r\n", client.call("STRLEN", "k"));
            String[] field = {"BITFIELD", "k", "SET", "u8", "1000000000", "7"};
            assertEquals("*1\r\n:0\r\n", client.call(field));
            assertEquals(
                    "-ERR value is not a valid float\r\n", client.call("INCRBYFLOAT", "k", "1"));
            String invalid = "-WRONGTYPE Key is not a valid HyperLogLog string value.\r\n";
            assertEquals(invalid, client.call("PFCOUNT", "k"));
            assertEquals(invalid, client.call("PFADD", "k", "a"));
            assertTrue(client.call("LCS", "k", "k").startsWith("-ERR "));
            assertTrue(loopBytes() - before < 10_000_000, "bytes=" + (loopBytes() - before));
        }
    }

    /** What asks for more than a reply may have changes nothing. */
    @Test
    void shouldLeaveALongStringThatNoReplyMayHave() {
        try (TestListener listener =
                        TestListener.open(c -> c.eventLoopThreads(1).outputBufferLimit(256 << 20));
                RawClient client = listener.connect()) {
            assertEquals(":0\r\n", client.call("SETBIT", "k", "4294967295", "1"));
            long before = loopBytes();
            for (String command :
                    List.of("GETDEL k", "GETSET k v", "SET k v GET", "GETEX k EX 9", "DUMP k")) {
                String reply = client.call(command.split(" ", -1));
                assertTrue(
                        reply.startsWith("-ERR the reply is longer than"),
                        () -> command + ": " + reply.substring(0, Math.min(reply.length(), 200)));
            }
            assertEquals(":536870912\r\n", client.call("STRLEN", "k"));
            assertEquals(":-1\r\n", client.call("TTL", "k"));
            assertTrue(loopBytes() - before < 10_000_000, "bytes=" + (loopBytes() - before));
        }
    }

    private static void exchange(RawClient client, String pipeline, int replies, int rounds) {
        for (int i = 0; i < rounds; i++) {
            client.send(pipeline);
            for (int j = 0; j < replies; j++) {
                client.reply();
            }
        }
    }

    private static long loopBytes() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long bytes = 0;
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("hotpair-resp")) {
                bytes += threads.getThreadAllocatedBytes(thread.getId());
            }
        }
        return bytes;
    }
}
