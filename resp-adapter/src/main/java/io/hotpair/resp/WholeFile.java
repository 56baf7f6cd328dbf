package io.hotpair.resp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Files that are written as a whole, or not at all. */
final class WholeFile {
    static final Set<PosixFilePermission> OWNER_ONLY =
            Set.copyOf(EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));

    private WholeFile() {}

    /**
     * Puts bytes into the place of what was there, on the device, in one step that a crash can't
     * tear.
     *
     * @param path absolute
     * @param permissions who may read and write it, where the file system knows such things
     * @throws IOException if that fails; what was there is still there then
     */
    static void write(Path path, byte[] bytes, Set<PosixFilePermission> permissions)
            throws IOException {
        Path directory = path.getParent();
        Path temporary =
                Files.createTempFile(directory, path.getFileName() + ".", ".tmp", ownerOnly(path));
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            if (isPosix(path)) {
                Files.setPosixFilePermissions(temporary, permissions);
            }
            Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            delete(temporary);
            throw e;
        }
        forceDirectory(directory);
    }

    /** Who may read and write a file that there is. */
    static Set<PosixFilePermission> permissions(Path path) throws IOException {
        return isPosix(path) ? Files.getPosixFilePermissions(path) : OWNER_ONLY;
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    private static FileAttribute<?>[] ownerOnly(Path path) {
        return isPosix(path)
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
                : new FileAttribute<?>[0];
    }

    /**
     * The new name is on the device only with its directory; not every system lets it be forced.
     */
    private static void forceDirectory(@Nullable Path directory) {
        if (directory == null) {
            return;
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            RespServer.LOGGER.debug("The directory {} can't be forced", directory, e);
        }
    }

    private static void delete(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            RespServer.LOGGER.debug("{} can't be deleted", temporary, e);
        }
    }
}
