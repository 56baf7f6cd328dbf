package io.hotpair.resp;

import io.hotpair.Keyspace;
import io.hotpair.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Writes a keyspace as what a rewrite of the append-only log leaves behind in Redis 7.0: a
 * directory with a base, which is an RDB file, an empty file for what comes after it, and their
 * manifest. It is what {@code appenddirname} names, for the {@code appendfilename} that Redis comes
 * with.
 */
public final class AofExport {
    private static final String NAME = "appendonly.aof";
    private static final String BASE = NAME + ".1.base.rdb";
    private static final String INCREMENT = NAME + ".1.incr.aof";

    private AofExport() {}

    /**
     * Writes a keyspace, as it was at one moment, to a directory, which appears when all of it is
     * on the disk, readable by its owner alone.
     *
     * @param keyspace the keyspace
     * @param format which Redis is to read it
     * @param target the directory; must not be there
     * @param progress told how far it is, in bytes of the keyspace's values
     * @return what was written
     * @throws IllegalArgumentException if the directory is there
     * @throws IllegalStateException as {@link RdbExport#write}; there is no directory then
     * @throws UncheckedIOException if it can't be written; there is no directory then
     */
    public static RdbExport.Report toDirectory(
            Keyspace keyspace, RdbExport.Format format, Path target, Progress progress) {
        RdbExport.requireAbsent(target);
        Path parent = Objects.requireNonNull(target.toAbsolutePath().getParent(), "parent");
        try {
            // Java makes such a directory with mode 0700.
            Path partial = Files.createTempDirectory(parent, target.getFileName() + ".partial");
            try {
                RdbExport.Report report =
                        RdbExport.toFile(keyspace, format, partial.resolve(BASE), progress, true);
                write(partial, INCREMENT, "");
                write(
                        partial,
                        NAME + ".manifest",
                        "file " + BASE + " seq 1 type b\nfile " + INCREMENT + " seq 1 type i\n");
                RdbExport.force(partial);
                Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
                RdbExport.force(parent);
                return report;
            } finally {
                discard(partial);
            }
        } catch (FileAlreadyExistsException e) {
            throw new IllegalArgumentException(target + " is there, expected none", e);
        } catch (IOException e) {
            throw new UncheckedIOException(target + " can't be written: " + e, e);
        }
    }

    private static void write(Path directory, String name, String text) throws IOException {
        // Java makes such a file with mode 0600.
        Path file = Files.createTempFile(directory, name, "");
        Files.writeString(file, text, StandardCharsets.US_ASCII);
        RdbExport.force(file);
        Files.move(file, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private static void discard(Path partial) throws IOException {
        if (!Files.exists(partial)) {
            return;
        }
        try (Stream<Path> all = Files.walk(partial)) {
            List<Path> deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
            for (Path each : deepestFirst) {
                Files.delete(each);
            }
        }
    }
}
