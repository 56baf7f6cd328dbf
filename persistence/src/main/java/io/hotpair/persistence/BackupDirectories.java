package io.hotpair.persistence;

import io.hotpair.BackupManifest;
import io.hotpair.log.BackupStore;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Backups as directories: the files of a closed log, and {@code backup.manifest}, which names each
 * with its length and checksum. See {@code docs/backup-format.md}.
 *
 * <p>Names in a manifest or a stream are taken for what they are only if they lie inside the
 * directory.
 */
final class BackupDirectories implements BackupStore {
    private static final String PARTIAL_SUFFIX = ".partial";

    /** What belongs to a log that is open, and is made anew. */
    private static final List<String> NOT_SEALED =
            List.of("log/lock", "log/reserve", "log/queue/" + QueueWriter.TABLE_FILE);

    /** What is being made in this JVM. */
    private static final Set<Path> PARTIAL = ConcurrentHashMap.newKeySet();

    private final LogOptions.FreeSpace freeSpace;

    BackupDirectories(LogOptions.FreeSpace freeSpace) {
        this.freeSpace = freeSpace;
    }

    /** Something that is done with files. */
    @FunctionalInterface
    private interface Work<T> {
        T run() throws IOException;
    }

    /** Something that is done with files and gives nothing. */
    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }

    private static void guarded(String what, Path path, Step step) {
        boolean unused =
                guarded(
                        what,
                        path,
                        () -> {
                            step.run();
                            return true;
                        });
    }

    private static <T> T guarded(String what, Path path, Work<T> work) {
        boolean interrupted = Thread.interrupted();
        try {
            return work.run();
        } catch (IOException e) {
            throw Failures.logFailed(path + " can't be " + what + ": " + e, e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public Path begin(Path directory) {
        Path absolute = directory.toAbsolutePath().normalize();
        return guarded(
                "made",
                directory,
                () -> {
                    if (Files.exists(absolute) && !isEmptyDirectory(absolute)) {
                        throw new IllegalArgumentException(
                                "directory=" + directory + " is there, expected none, or an empty");
                    }
                    Path partial = absolute.resolveSibling(absolute.getFileName() + PARTIAL_SUFFIX);
                    if (!PARTIAL.add(partial)) {
                        throw new IllegalArgumentException(
                                "directory=" + directory + " is being made by somebody else");
                    }
                    boolean begun = false;
                    try {
                        Directories.deleteTree(partial);
                        Directories.create(partial);
                        begun = true;
                    } finally {
                        if (!begun) {
                            PARTIAL.remove(partial);
                        }
                    }
                    return partial;
                });
    }

    private static boolean isEmptyDirectory(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return false;
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.findAny().isEmpty();
        }
    }

    @Override
    public void complete(Path partial, Path directory) {
        Path absolute = directory.toAbsolutePath().normalize();
        guarded(
                "completed",
                directory,
                () -> {
                    forceAll(partial);
                    Files.deleteIfExists(absolute);
                    Files.move(partial, absolute, StandardCopyOption.ATOMIC_MOVE);
                    Directories.force(Directories.parent(absolute));
                    PARTIAL.remove(partial);
                });
    }

    private static void forceAll(Path root) throws IOException {
        List<Path> all;
        try (Stream<Path> tree = Files.walk(root)) {
            all = tree.toList();
        }
        for (Path path : all) {
            if (Files.isDirectory(path)) {
                Directories.force(path);
            } else {
                try (FileOutputStream file = new FileOutputStream(path.toFile(), true)) {
                    file.getFD().sync();
                }
            }
        }
    }

    @Override
    public void discard(Path partial) {
        guarded(
                "removed",
                partial,
                () -> {
                    try {
                        Directories.deleteTree(partial);
                    } finally {
                        PARTIAL.remove(partial);
                    }
                });
    }

    @Override
    public void discardPartial(Path parent, String prefix) {
        guarded(
                "cleared",
                parent,
                () -> {
                    for (Path path : entries(parent)) {
                        String name = path.getFileName().toString();
                        if (name.startsWith(prefix)
                                && name.endsWith(PARTIAL_SUFFIX)
                                && !PARTIAL.contains(path.toAbsolutePath().normalize())) {
                            Directories.deleteTree(path);
                        }
                    }
                });
    }

    @Override
    public List<String> list(Path parent) {
        return guarded(
                "listed",
                parent,
                () ->
                        entries(parent).stream()
                                .filter(path -> !path.toString().endsWith(PARTIAL_SUFFIX))
                                .filter(path -> Files.exists(path.resolve(SealedFiles.FILE_NAME)))
                                .map(path -> path.getFileName().toString())
                                .toList());
    }

    private static List<Path> entries(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(Files::isDirectory).toList();
        }
    }

    @Override
    public void remove(Path backup) {
        guarded(
                "removed",
                backup,
                () -> {
                    // From here on it is none, whenever the process ends.
                    Path partial = backup.resolveSibling(backup.getFileName() + PARTIAL_SUFFIX);
                    Directories.deleteTree(partial);
                    Files.move(backup, partial, StandardCopyOption.ATOMIC_MOVE);
                    Directories.deleteTree(partial);
                });
    }

    @Override
    public long usableBytes(Path directory) {
        Path there = directory.toAbsolutePath().normalize();
        while (!Files.exists(there)) {
            there = Directories.parent(there);
        }
        return freeSpace.usableBytes(there);
    }

    @Override
    public Path logOf(Path keyspace) {
        Path log = keyspace.resolve("log");
        if (!Files.isDirectory(log)) {
            throw new IllegalArgumentException(
                    "directory=" + keyspace + ", expected that of a keyspace, with a log in it");
        }
        return log;
    }

    @Override
    public void seal(Path directory, BackupManifest manifest, LongConsumer onRead) {
        guarded(
                "sealed",
                directory,
                () -> {
                    for (String name : NOT_SEALED) {
                        Files.deleteIfExists(directory.resolve(name));
                    }
                    // Whoever restores it reads all of it.
                    Directories.deleteTree(
                            directory.resolve("log").resolve(SegmentSummaries.DIRECTORY));
                    SealedFiles.write(directory, manifest, sealedFiles(directory), onRead);
                });
    }

    /** The names of all files in it, relative, in order. */
    private static List<String> sealedFiles(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            return tree.filter(Files::isRegularFile)
                    .map(file -> directory.relativize(file).toString().replace('\\', '/'))
                    .sorted()
                    .toList();
        }
    }

    @Override
    public BackupManifest verify(Path backup) {
        return guarded(
                "read",
                backup,
                () -> {
                    SealedFiles sealed = SealedFiles.read(backup);
                    for (SealedFiles.Entry entry : sealed.entries()) {
                        transfer(backup, entry, OutputStream.nullOutputStream());
                    }
                    return sealed.manifest();
                });
    }

    @Override
    public BackupManifest copy(Path backup, Path into) {
        return guarded(
                "copied",
                backup,
                () -> {
                    SealedFiles sealed = SealedFiles.read(backup);
                    for (SealedFiles.Entry entry : sealed.entries()) {
                        try (OutputStream out = newFile(into, entry.name())) {
                            transfer(backup, entry, out);
                        }
                    }
                    return sealed.manifest();
                });
    }

    @Override
    public void pack(Path backup, OutputStream out) {
        guarded("packed", backup, () -> packAll(backup, out));
    }

    private static void packAll(Path backup, OutputStream out) throws IOException {
        ZipOutputStream zip = new ZipOutputStream(out);
        zip.putNextEntry(new ZipEntry(SealedFiles.FILE_NAME));
        Files.copy(backup.resolve(SealedFiles.FILE_NAME), zip);
        zip.closeEntry();
        for (SealedFiles.Entry entry : SealedFiles.read(backup).entries()) {
            zip.putNextEntry(new ZipEntry(entry.name()));
            transfer(backup, entry, zip);
            zip.closeEntry();
        }
        zip.finish();
        zip.flush();
    }

    @Override
    public BackupManifest unpack(InputStream in, Path into) {
        return guarded(
                "unpacked",
                into,
                () -> {
                    unpackAll(in, into);
                    BackupManifest manifest = verify(into);
                    Files.delete(into.resolve(SealedFiles.FILE_NAME));
                    return manifest;
                });
    }

    private static void unpackAll(InputStream in, Path into) throws IOException {
        readPacked(
                in,
                (name, zip) -> {
                    try (OutputStream out = newFile(into, name)) {
                        zip.transferTo(out);
                    }
                });
    }

    /** What is done with a file of a packed backup. */
    @FunctionalInterface
    private interface PackedFile {
        void read(String name, InputStream in) throws IOException;
    }

    private static void readPacked(InputStream in, PackedFile each) throws IOException {
        ZipInputStream zip = new ZipInputStream(in);
        Set<String> names = new HashSet<>();
        String name = "its beginning";
        try {
            for (ZipEntry entry = next(zip); entry != null; entry = next(zip)) {
                name = entry.getName();
                if (!names.add(name)) {
                    throw new ZipException("it has that name twice");
                }
                each.read(name, zip);
            }
        } catch (ZipException | EOFException e) {
            throw Failures.corruption(
                    "the backup's ZIP is damaged at or behind " + name + ": " + e.getMessage());
        }
        // Its own directory says nothing new; but whoever sends it may wait until it is taken.
        long unused = in.transferTo(OutputStream.nullOutputStream());
    }

    private static @Nullable ZipEntry next(ZipInputStream zip) throws IOException {
        try {
            return zip.getNextEntry();
        } catch (IllegalArgumentException e) {
            // What Java 17 says of a name that is no UTF-8.
            ZipException damaged = new ZipException("a name in it is damaged");
            damaged.initCause(e);
            throw damaged;
        }
    }

    @Override
    public BackupManifest verify(InputStream in) {
        return guarded("verified", Path.of("a backup's stream"), () -> verifyPacked(in));
    }

    private static BackupManifest verifyPacked(InputStream in) throws IOException {
        List<SealedFiles> seals = new ArrayList<>();
        Map<String, SealedFiles.Entry> found = new HashMap<>();
        readPacked(
                in,
                (name, zip) -> {
                    // Where the directory would be does not matter: what lies outside of it does.
                    Path unused = SealedFiles.inside(Path.of("backup"), name);
                    if (name.equals(SealedFiles.FILE_NAME)) {
                        seals.add(SealedFiles.of(name, SealedText.read(name, zip)));
                    } else {
                        found.put(
                                name,
                                SealedFiles.Entry.copying(
                                        zip, name, OutputStream.nullOutputStream()));
                    }
                });
        if (seals.isEmpty()) {
            throw SealedFiles.missing("the stream");
        }
        SealedFiles sealed = seals.get(0);
        for (SealedFiles.Entry entry : sealed.entries()) {
            SealedFiles.Entry present = found.get(entry.name());
            if (present == null) {
                throw Failures.corruption(entry.name() + " is missing");
            }
            entry.check(present, entry.name());
        }
        return sealed.manifest();
    }

    private static OutputStream newFile(Path root, String name) throws IOException {
        Path file = SealedFiles.inside(root, name);
        Directories.create(Directories.parent(file));
        Directories.createFile(file);
        return new SparseFile(file);
    }

    /** Copies a file's bytes and checks that they are those that were sealed. */
    private static void transfer(Path root, SealedFiles.Entry entry, OutputStream out)
            throws IOException {
        Path file = SealedFiles.inside(root, entry.name());
        if (!Files.isRegularFile(file)) {
            throw Failures.corruption(file + " is missing");
        }
        entry.check(SealedFiles.Entry.copying(root, entry.name(), out), file);
    }
}
