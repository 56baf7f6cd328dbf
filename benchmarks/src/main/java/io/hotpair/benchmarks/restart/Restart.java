package io.hotpair.benchmarks.restart;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.hotpair.Acknowledgement;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceBuilder;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.SnapshotOptions;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * The Java side of {@code benchmarks/restart}: makes the data, as a keyspace and as commands for
 * Redis, and opens the keyspace. Keys have 16 bytes; values have 100, and are random.
 */
public final class Restart {
    private static final int VALUE_LENGTH = 100;
    private static final long BYTES_PER_KEY = 400;
    private static final byte[] SET = "*3\r\n$3\r\nSET\r\n$16\r\n".getBytes(US_ASCII);
    private static final byte[] VALUE = "\r\n$100\r\n".getBytes(US_ASCII);
    private static final byte[] END = "\r\n".getBytes(US_ASCII);

    private Restart() {}

    /**
     * Does what the first argument says: {@code snapshot}, {@code log}, {@code open}, {@code
     * commands}.
     */
    public static void main(String[] arguments) throws IOException {
        long keys = Long.parseLong(arguments[1]);
        switch (arguments[0]) {
            case "snapshot" -> fill(Path.of(arguments[2]), keys, true);
            case "log" -> fill(Path.of(arguments[2]), keys, false);
            case "open" -> open(Path.of(arguments[2]), keys);
            case "commands" -> commands(keys);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static KeyspaceBuilder builder(Path directory, long keys) {
        return Keyspace.builder()
                .directory(directory)
                .maxMemory((256L << 20) + keys * BYTES_PER_KEY)
                .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                .acknowledgement(Acknowledgement.MEMORY)
                .snapshots(SnapshotOptions.defaults().onDemand());
    }

    /** All keys; with a snapshot, one in a hundred is written again after it. */
    private static void fill(Path directory, long keys, boolean withSnapshot) {
        SplittableRandom random = new SplittableRandom(7);
        byte[] value = new byte[VALUE_LENGTH];
        try (Keyspace keyspace = Keyspace.open(builder(directory, keys).build())) {
            for (long i = 0; i < keys; i++) {
                random.nextBytes(value);
                keyspace.put(key(i), value);
            }
            if (withSnapshot) {
                keyspace.saveSnapshot().join();
                for (long i = 0; i < keys; i += 100) {
                    random.nextBytes(value);
                    keyspace.put(key(i), value);
                }
            }
        }
    }

    /**
     * Prints when the first read was answered, in seconds since 1970, and how long opening took.
     */
    private static void open(Path directory, long keys) {
        long beganNs = System.nanoTime();
        try (Keyspace keyspace = Keyspace.open(builder(directory, keys).build())) {
            byte[] value = keyspace.get(key(keys / 2));
            Instant now = Instant.now();
            double tookMs = (System.nanoTime() - beganNs) / 1e6;
            long count = keyspace.statistics().keyCount();
            if (value == null || count != keys) {
                throw new IllegalStateException("keys=" + count + ", expected " + keys);
            }
            System.out.printf(
                    Locale.ROOT, "%d.%09d %.0f%n", now.getEpochSecond(), now.getNano(), tookMs);
        }
    }

    private static void commands(long keys) throws IOException {
        SplittableRandom random = new SplittableRandom(7);
        byte[] value = new byte[VALUE_LENGTH];
        try (OutputStream out =
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 20)) {
            for (long i = 0; i < keys; i++) {
                random.nextBytes(value);
                out.write(SET);
                out.write(key(i));
                out.write(VALUE);
                out.write(value);
                out.write(END);
            }
        }
    }

    private static byte[] key(long i) {
        byte[] key = "key:000000000000".getBytes(US_ASCII);
        long rest = i;
        for (int at = key.length - 1; rest > 0; at--) {
            key[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return key;
    }
}
