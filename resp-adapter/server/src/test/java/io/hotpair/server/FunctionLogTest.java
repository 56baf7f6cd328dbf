package io.hotpair.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Keyspace;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.LogProvider;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationSource;
import io.hotpair.resp.RespConfig;
import io.hotpair.resp.RespListener;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a log has of the libraries of functions, and what is there again when it was read. */
class FunctionLogTest {
    private static final int LIBRARIES = 2_000;

    /** A library, the field that says where its function is, and the totals; names, not counted. */
    private static final int MOST_BYTES = 400;

    @TempDir private Path directory;

    /** A keyspace with a log, and a client of it. */
    private final class Node implements AutoCloseable {
        private final Keyspace keyspace =
                Keyspace.open(Keyspace.builder().directory(directory).maxMemory(64 << 20).build());
        private final RespListener listener =
                RespListener.open(keyspace, RespConfig.builder().port(0).build());
        private final Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.port());
        private final BufferedReader in =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));

        Node() throws IOException {}

        /** The first line of a reply, or the value. */
        String ask(String command) throws IOException {
            socket.getOutputStream().write((command + "\r\n").getBytes(US_ASCII));
            String line = in.readLine();
            return line.startsWith("$") ? in.readLine() : line;
        }

        void load(String name, int answer) throws IOException {
            String library =
                    "#!lua name=%s\\nredis.register_function('%s', function() return %d end)";
            assertEquals(
                    name,
                    ask("FUNCTION LOAD REPLACE \"" + library.formatted(name, name, answer) + "\""));
        }

        @Override
        public void close() throws IOException {
            socket.close();
            listener.close();
            keyspace.close();
        }
    }

    /** How many bytes the log has for each opId: those of a transaction have the same one. */
    private Map<Long, Integer> lengths() {
        LogProvider provider = ServiceLoader.load(LogProvider.class).findFirst().orElseThrow();
        Map<Long, Integer> lengths = new TreeMap<>();
        try (OperationLog log = provider.open(directory.resolve("log"));
                OperationSource source = log.openSource()) {
            FrameBuffer frame = new FrameBuffer();
            OperationReader operation = new OperationReader();
            source.seekAfter(0);
            while (source.poll(frame)) {
                operation.wrap(frame);
                while (operation.next()) {
                    lengths.merge(operation.opId(), operation.operationLength(), Integer::sum);
                }
            }
        }
        return lengths;
    }

    @Test
    void shouldWriteOfEachChangeWhatItChanges() throws IOException {
        try (Node node = new Node()) {
            for (int i = 0; i < LIBRARIES; i++) {
                node.load("name" + i, i);
            }
            node.load("name7", -7);
            assertEquals("+OK", node.ask("FUNCTION DELETE name8"));
        }
        List<Integer> lengths = List.copyOf(lengths().values());
        assertTrue(lengths.size() >= LIBRARIES + 2, "operations=" + lengths.size());
        lengths.forEach(length -> assertTrue(length <= MOST_BYTES, "length=" + length));
        try (Node node = new Node()) {
            assertEquals(":-7", node.ask("FCALL name7 0"));
            assertEquals("-ERR Function not found", node.ask("FCALL name8 0"));
            assertEquals(":1999", node.ask("FCALL NAME1999 0"));
            assertEquals("*" + (LIBRARIES - 1), node.ask("FUNCTION LIST"));
        }
        try (Node node = new Node()) {
            assertEquals("+OK", node.ask("FUNCTION FLUSH"));
        }
        List<Integer> flushed = List.copyOf(lengths().values());
        assertTrue(flushed.size() > lengths.size(), "operations=" + flushed.size());
        flushed.forEach(length -> assertTrue(length <= MOST_BYTES, "length=" + length));
        try (Node node = new Node()) {
            assertEquals("*0", node.ask("FUNCTION LIST"));
            assertEquals("-ERR Function not found", node.ask("FCALL name7 0"));
        }
    }
}
