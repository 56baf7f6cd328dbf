package io.hotpair.persistence;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * Directory entries that survive a power cut, and that only their owner can read.
 *
 * <p>Files are written through streams, not channels: an interrupt closes a channel under whoever
 * uses it, and here application threads may be at work.
 */
final class Directories {
    private Directories() {}

    /** Creates a directory with its parents, 0700, unless it is there. */
    static void create(Path directory) throws IOException {
        Files.createDirectories(directory, ownerOnly(directory, "rwx------"));
    }

    /** Creates an empty file, 0600. */
    static void createFile(Path file) throws IOException {
        Files.createFile(file, ownerOnly(file, "rw-------"));
    }

    /**
     * Creates an empty file, 0600, unless it is there. Asking first would leave a gap in which
     * another process creates it.
     */
    static void createFileIfAbsent(Path file) throws IOException {
        try {
            createFile(file);
        } catch (FileAlreadyExistsException e) {
            // As wanted, whoever made it.
        }
    }

    /** Takes a file that somebody else created from all but its owner. */
    static void restrict(Path file) throws IOException {
        if (isPosix(file)) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
    }

    /** Replaces a file as a whole: after a crash the old or the new content is there. */
    static void writeAtomically(Path file, byte[] content) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        Files.deleteIfExists(partial);
        writeForced(partial, content);
        Files.move(
                partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        force(parent(file));
    }

    /** Writes a new file and forces its content, though not its directory entry. */
    static void writeForced(Path file, byte[] content) throws IOException {
        createFile(file);
        try (FileOutputStream out = new FileOutputStream(file.toFile())) {
            out.write(content);
            out.getFD().sync();
        }
    }

    /**
     * Forces the entries of a directory.
     *
     * <p>An interrupt may close the channel in the middle, and Java has no other way to open a
     * directory; so this tries again, and restores the flag. That is no retry of a failed force: a
     * device that refuses a directory's journal refuses it the next time too.
     */
    static void force(Path directory) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (!forcedUninterrupted(directory)) {
                interrupted |= Thread.interrupted();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static boolean forcedUninterrupted(Path directory) throws IOException {
        if (File.separatorChar == '\\') {
            // Windows can't open a directory; its file system journals the entries by itself.
            return true;
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
            return true;
        } catch (ClosedByInterruptException e) {
            return false;
        }
    }

    /** Deletes a file or a directory with all that is in it. */
    static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        Files.walkFileTree(
                root,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(
                            Path directory, @Nullable IOException e) throws IOException {
                        if (e != null) {
                            throw e;
                        }
                        Files.delete(directory);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    static Path parent(Path file) {
        Path parent = file.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IllegalArgumentException("file=" + file + ", expected one in a directory");
        }
        return parent;
    }

    private static FileAttribute<?>[] ownerOnly(Path path, String permissions) {
        if (!isPosix(path)) {
            return new FileAttribute<?>[0];
        }
        return new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        };
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
