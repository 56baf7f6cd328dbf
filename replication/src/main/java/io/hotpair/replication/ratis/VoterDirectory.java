package io.hotpair.replication.ratis;

import io.hotpair.HotpairException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A voter's directory, held by one voter at a time and belonging to one voter for ever. A voter
 * that came up on another's votes could vote twice in a term, and then two voters would lead.
 */
final class VoterDirectory implements AutoCloseable {

    private static final String OWNER_FILE = "voter";
    private static final String LOCK_FILE = "voter.lock";

    /** A file lock does not tell two holders in one JVM apart; this does. */
    private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

    /**
     * Channels that met the lock of another copy of this class, loaded by another class loader.
     * POSIX drops a process's lock on a file as soon as the process closes any descriptor of that
     * file, so they stay open.
     */
    private static final Queue<FileChannel> NEVER_CLOSED = new ConcurrentLinkedQueue<>();

    private final Path path;
    private final FileChannel lockChannel;

    private VoterDirectory(Path path, FileChannel lockChannel) {
        this.path = path;
        this.lockChannel = lockChannel;
    }

    static VoterDirectory open(VoterConfig config) {
        Path path = config.directory();
        try {
            Files.createDirectories(path, ownerOnly());
            Path real = path.toRealPath();
            if (!OPEN.add(real)) {
                throw inUse(real);
            }
            try {
                return lock(real, config);
            } catch (IOException | RuntimeException e) {
                OPEN.remove(real);
                throw e;
            }
        } catch (IOException e) {
            throw unusable(path, e);
        }
    }

    private static VoterDirectory lock(Path path, VoterConfig config) throws IOException {
        FileChannel channel =
                FileChannel.open(
                        path.resolve(LOCK_FILE),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        try {
            if (!tryLock(channel, path)) {
                throw inUse(path);
            }
            requireOwner(path, "pair=" + config.pair() + " voter=" + config.voter());
            return new VoterDirectory(path, channel);
        } catch (IOException | RuntimeException e) {
            if (!NEVER_CLOSED.contains(channel)) {
                channel.close();
            }
            throw e;
        }
    }

    private static boolean tryLock(FileChannel channel, Path path) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            NEVER_CLOSED.add(channel);
            throw inUse(path);
        }
    }

    private static void requireOwner(Path path, String owner) throws IOException {
        Path file = path.resolve(OWNER_FILE);
        if (Files.exists(file)) {
            String found = Files.readString(file, StandardCharsets.UTF_8).strip();
            if (!found.equals(owner)) {
                throw new IllegalStateException(
                        "directory=" + path + " belongs to " + found + ", expected " + owner);
            }
            return;
        }
        Path unfinished = path.resolve(OWNER_FILE + ".new");
        Files.writeString(
                unfinished,
                owner + "\n",
                StandardCharsets.UTF_8,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE,
                StandardOpenOption.SYNC);
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    }

    Path path() {
        return path;
    }

    @Override
    public void close() {
        try {
            lockChannel.close();
        } catch (IOException e) {
            throw unusable(path, e);
        } finally {
            OPEN.remove(path);
        }
    }

    private static HotpairException inUse(Path path) {
        return new HotpairException(
                HotpairException.Category.DIRECTORY_IN_USE,
                "directory=" + path + ", expected one that no other voter has open");
    }

    private static HotpairException unusable(Path path, IOException cause) {
        return new HotpairException(
                HotpairException.Category.CONSENSUS,
                "directory=" + path + ", expected one that can be written to",
                cause);
    }

    private static FileAttribute<?>[] ownerOnly() {
        if (!FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            return new FileAttribute<?>[0];
        }
        return new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        };
    }
}
