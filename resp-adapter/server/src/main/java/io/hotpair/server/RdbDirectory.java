package io.hotpair.server;

import io.hotpair.BackupOptions;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceConfig;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.Progress;
import io.hotpair.SnapshotOptions;
import io.hotpair.resp.RdbImport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Makes a keyspace's directory of a Redis RDB file: all of it, or nothing. */
final class RdbDirectory {
    private static final long LEAST_MEMORY_BYTES = 1L << 30;

    private RdbDirectory() {}

    /**
     * Makes it.
     *
     * @param maxMemoryBytes off-heap memory to load it with; 0 for ten times the file's length
     */
    static RdbImport.Report make(
            Path rdb, int database, Path directory, long maxMemoryBytes, Progress progress) {
        Path target = directory.toAbsolutePath().normalize();
        Path partial = target.resolveSibling(target.getFileName() + ".partial");
        try {
            requireUnused(target);
            delete(partial);
            long memory = maxMemoryBytes == 0 ? memoryFor(Files.size(rdb)) : maxMemoryBytes;
            RdbImport.Report read;
            try (Keyspace keyspace = Keyspace.open(config(partial, memory))) {
                read = RdbImport.read(rdb, database, keyspace, progress);
            } catch (RuntimeException | Error e) {
                delete(partial);
                throw e;
            }
            Files.deleteIfExists(target);
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
            return read;
        } catch (IOException e) {
            throw new UncheckedIOException(rdb + " can't be imported: " + e, e);
        }
    }

    private static long memoryFor(long fileBytes) {
        return Math.min(
                KeyspaceConfig.MAX_MEMORY_BYTES, Math.max(LEAST_MEMORY_BYTES, 10 * fileBytes));
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

    private static void requireUnused(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.list(directory)) {
            if (files.findAny().isPresent()) {
                throw new IllegalArgumentException(
                        "directory=" + directory + " is there, expected none, or an empty");
            }
        }
    }

    private static void delete(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> files = Files.walk(tree)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.delete(path);
        }
    }
}
