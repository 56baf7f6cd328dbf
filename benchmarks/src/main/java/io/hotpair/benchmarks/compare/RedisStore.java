package io.hotpair.benchmarks.compare;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A redis-server on this machine. Each caller has a connection, and waits for each reply. */
final class RedisStore implements Contestant {
    private static final int BATCH = 500;
    private static final byte[] GET = "GET".getBytes(US_ASCII);
    private static final byte[] SET = "SET".getBytes(US_ASCII);

    private final int port;
    private final List<RedisConnection> connections = new ArrayList<>();

    RedisStore(int port) {
        this.port = port;
    }

    @Override
    public Caller caller() {
        RedisConnection connection = new RedisConnection(port);
        connections.add(connection);
        return new ConnectionCaller(connection);
    }

    /** Puts all keys of a data set with random values, many at a time. */
    void fill(Dataset dataset, SplittableRandom random) {
        try (RedisConnection connection = new RedisConnection(port)) {
            byte[] key = new byte[Keys.LENGTH];
            byte[] value = new byte[Dataset.VALUE_LENGTH];
            for (int number = 0; number < dataset.keyCount(); ) {
                int end = Math.min(number + BATCH, dataset.keyCount());
                int count = end - number;
                for (; number < end; number++) {
                    Keys.write(number, key);
                    Snapshots.fillRandomly(value, random);
                    Keys.putLong(value, 0, number);
                    set(connection, key, value, value.length);
                }
                connection.flush();
                for (int i = 0; i < count; i++) {
                    byte[] unused = connection.reply();
                }
            }
        }
    }

    private static void set(RedisConnection connection, byte[] key, byte[] value, int length) {
        connection.send(SET, key, value.length == length ? value : Arrays.copyOf(value, length));
    }

    /** Sends a command; returns its reply as text. */
    String command(String... words) {
        try (RedisConnection connection = new RedisConnection(port)) {
            return connection.command(words);
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
        connections.forEach(RedisConnection::close);
    }

    private static final class ConnectionCaller extends StoreCaller {
        private final RedisConnection connection;

        ConnectionCaller(RedisConnection connection) {
            this.connection = connection;
        }

        @Override
        void put(int length) {
            set(connection, key, value, length);
            connection.flush();
            byte[] unused = connection.reply();
        }

        @Override
        byte @Nullable [] read() {
            connection.send(GET, key);
            connection.flush();
            return connection.reply();
        }
    }
}
