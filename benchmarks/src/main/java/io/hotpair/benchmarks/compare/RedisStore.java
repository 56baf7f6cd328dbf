package io.hotpair.benchmarks.compare;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A redis-server on this machine. Each caller has a connection, and waits for each reply. */
final class RedisStore implements Contestant {
    private static final int BATCH = 500;

    private final int port;
    private final List<Connection> connections = new ArrayList<>();

    RedisStore(int port) {
        this.port = port;
    }

    @Override
    public Caller caller() {
        Connection connection = new Connection(port);
        connections.add(connection);
        return new ConnectionCaller(connection);
    }

    /** Puts all keys of a data set with random values, many at a time. */
    void fill(Dataset dataset, SplittableRandom random) {
        try (Connection connection = new Connection(port)) {
            byte[] key = new byte[Keys.LENGTH];
            byte[] value = new byte[Dataset.VALUE_LENGTH];
            for (int number = 0; number < dataset.keyCount(); ) {
                int end = Math.min(number + BATCH, dataset.keyCount());
                int count = end - number;
                for (; number < end; number++) {
                    Keys.write(number, key);
                    Snapshots.fillRandomly(value, random);
                    Keys.putLong(value, 0, number);
                    connection.set(key, value, value.length);
                }
                connection.flush();
                for (int i = 0; i < count; i++) {
                    byte[] unused = connection.reply();
                }
            }
        }
    }

    /** Sends a command; returns its reply as text. */
    String command(String... words) {
        try (Connection connection = new Connection(port)) {
            byte[][] parts =
                    Arrays.stream(words).map(w -> w.getBytes(US_ASCII)).toArray(byte[][]::new);
            connection.send(parts);
            connection.flush();
            byte[] reply = connection.reply();
            return reply == null ? "" : new String(reply, US_ASCII);
        }
    }

    /** A figure of INFO. */
    long info(String name) {
        for (String line : command("INFO").split("\r\n", -1)) {
            if (line.startsWith(name + ":")) {
                return Long.parseLong(line.substring(name.length() + 1));
            }
        }
        throw new IllegalStateException(name + " is not in INFO");
    }

    /** The server goes on: it belongs to whoever has started it. */
    @Override
    public void close() {
        connections.forEach(Connection::close);
    }

    private static final class ConnectionCaller extends StoreCaller {
        private final Connection connection;

        ConnectionCaller(Connection connection) {
            this.connection = connection;
        }

        @Override
        void put(int length) {
            connection.set(key, value, length);
            connection.flush();
            byte[] unused = connection.reply();
        }

        @Override
        byte @Nullable [] read() {
            connection.send(Connection.GET, key);
            connection.flush();
            return connection.reply();
        }
    }

    /** Speaks as much of the protocol as that takes. */
    private static final class Connection implements AutoCloseable {
        static final byte[] GET = "GET".getBytes(US_ASCII);
        private static final byte[] SET = "SET".getBytes(US_ASCII);
        private static final byte[] END = "\r\n".getBytes(US_ASCII);

        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;

        Connection(int port) {
            try {
                socket = new Socket(InetAddress.getLoopbackAddress(), port);
                socket.setTcpNoDelay(true);
                in = new BufferedInputStream(socket.getInputStream());
                out = new BufferedOutputStream(socket.getOutputStream(), 1 << 17);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void set(byte[] key, byte[] value, int length) {
            send(SET, key, value.length == length ? value : Arrays.copyOf(value, length));
        }

        void send(byte[]... words) {
            try {
                head('*', words.length);
                for (byte[] word : words) {
                    head('$', word.length);
                    out.write(word);
                    out.write(END);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void head(char type, int number) throws IOException {
            out.write(type);
            out.write(Integer.toString(number).getBytes(US_ASCII));
            out.write(END);
        }

        void flush() {
            try {
                out.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        byte @Nullable [] reply() {
            try {
                String line = line();
                String rest = line.substring(1);
                switch (line.charAt(0)) {
                    case '+', ':' -> {
                        return rest.getBytes(US_ASCII);
                    }
                    case '$' -> {
                        int length = Integer.parseInt(rest);
                        return length < 0 ? null : body(length);
                    }
                    default -> throw new IllegalStateException(line);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private byte[] body(int length) throws IOException {
            byte[] body = in.readNBytes(length);
            if (!line().isEmpty()) {
                throw new IllegalStateException("a value of " + length + " bytes goes on");
            }
            return body;
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int c = in.read(); c != '\r'; c = in.read()) {
                if (c < 0) {
                    throw new EOFException("the server hung up");
                }
                line.append((char) c);
            }
            if (in.read() != '\n') {
                throw new IOException("expected a line feed after " + line);
            }
            return line.toString();
        }

        @Override
        public void close() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
