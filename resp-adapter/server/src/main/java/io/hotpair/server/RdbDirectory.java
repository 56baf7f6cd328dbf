package io.hotpair.server;

import io.hotpair.Backup;
import io.hotpair.BackupOptions;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceConfig;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.Progress;
import io.hotpair.SnapshotOptions;
import io.hotpair.log.BackupStore;
import io.hotpair.persistence.ChronicleLogProvider;
import io.hotpair.resp.RdbExport;
import io.hotpair.resp.RedisImport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.stream.Stream;

/** Makes a keyspace's directory of files of Redis, and the other way: all of it, or nothing. */
final class RdbDirectory {
    private static final long LEAST_MEMORY_BYTES = 1L << 30;

    private RdbDirectory() {}

    /**
     * Makes it of files.
     *
     * @param maxMemoryBytes off-heap memory to load it with; 0 for ten times the files' length
     * @param reader reads them
     */
    static <R> R make(
            Path source, Path directory, long maxMemoryBytes, Function<Keyspace, R> reader) {
        return make(directory, maxMemoryBytes == 0 ? memoryFor(source) : maxMemoryBytes, reader);
    }

    /** Makes it of a Redis that is running. */
    static RedisImport.Report makeOfRedis(URI source, Path directory, long maxMemoryBytes) {
        long memory = maxMemoryBytes == 0 ? LEAST_MEMORY_BYTES : maxMemoryBytes;
        return make(
                directory, memory, keyspace -> RedisImport.read(source, keyspace, Progress.NONE));
    }

    private static <R> R make(Path directory, long memory, Function<Keyspace, R> reader) {
        BackupStore store = new ChronicleLogProvider().backups();
        Path partial = store.begin(directory);
        try {
            R read;
            try (Keyspace keyspace = Keyspace.open(config(partial, memory))) {
                read = reader.apply(keyspace);
            }
            store.complete(partial, directory);
            return read;
        } catch (RuntimeException | Error e) {
            store.discard(partial);
            throw e;
        }
    }

    /**
     * Writes the keyspace of a directory that no process has open.
     *
     * @param maxMemoryBytes off-heap memory to load it with; 0 for ten times what is in the
     *     directory
     * @param writer writes it
     */
    static RdbExport.Report write(
            Path directory, long maxMemoryBytes, Function<Keyspace, RdbExport.Report> writer) {
        // To open a directory makes it a keyspace's, so it has to be one.
        Backup.openLog(directory).close();
        long memory = maxMemoryBytes == 0 ? memoryFor(directory) : maxMemoryBytes;
        try (Keyspace keyspace = Keyspace.open(config(directory, memory))) {
            return writer.apply(keyspace);
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.NODE_OF_PAIR) {
                throw e;
            }
            throw new IllegalStateException(
                    "--dir="
                            + directory
                            + " is that of a node of a pair: clone it to another directory (clone"
                            + " --dir "
                            + directory
                            + " --to DIRECTORY) and export that",
                    e);
        }
    }

    private static long memoryFor(Path source) {
        try (Stream<Path> files = Files.walk(source)) {
            long length = 0;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                length += Files.size(file);
            }
            return Math.min(
                    KeyspaceConfig.MAX_MEMORY_BYTES, Math.max(LEAST_MEMORY_BYTES, 10 * length));
        } catch (IOException e) {
            throw new UncheckedIOException(source + " can't be read: " + e, e);
        }
    }

    private static KeyspaceConfig config(Path directory, long memory) {
        return Keyspace.builder()
                .directory(directory)
                .maxMemory(memory)
                .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                .snapshots(SnapshotOptions.defaults().onDemand())
                .backups(BackupOptions.defaults().onDemand())
                .build();
    }
}
