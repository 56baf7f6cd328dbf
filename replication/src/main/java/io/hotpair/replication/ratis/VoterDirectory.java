package io.hotpair.replication.ratis;

import io.hotpair.HotpairException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A voter's directory, held by one voter at a time and belonging to one voter for ever. A voter
 * that came up on another's votes could vote twice in a term, and then two voters would lead.
 */
final class VoterDirectory implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(VoterDirectory.class);

    private static final Set<PosixFilePermission> OWNERS_DIRECTORY =
            PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> OWNERS_FILE =
            PosixFilePermissions.fromString("rw-------");

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
            // Somebody else may have made it, with rights as they are usual.
            restrict(real, OWNERS_DIRECTORY);
            if (!OPEN.add(real)) {
                throw inUse(real);
            }
            try {
                return lock(real, config);
            } catch (IOException | RuntimeException | Error e) {
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
            restrict(path.resolve(LOCK_FILE), OWNERS_FILE);
            restrict(path.resolve(OWNER_FILE), OWNERS_FILE);
            return new VoterDirectory(path, channel);
        } catch (IOException | RuntimeException | Error e) {
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

    /**
     * Takes the directories that the engine has made from all but their owner. It makes them, and
     * the files in them, with the rights that are usual, and the files anew again and again: so it
     * is the directories that nobody else gets into.
     *
     * @param engineDirectory the name of the engine's directory in this one
     */
    void restrict(String engineDirectory) throws IOException {
        Files.walkFileTree(path.resolve(engineDirectory), new Restriction());
    }

    /** The engine renames and deletes files meanwhile. */
    private static final class Restriction extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                throws IOException {
            restrict(directory, OWNERS_DIRECTORY);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw e;
        }
    }

    /** A volume may belong to somebody else, who decides; then it is said. */
    private static void restrict(Path path, Set<PosixFilePermission> most) throws IOException {
        if (!isPosix() || most.containsAll(Files.getPosixFilePermissions(path))) {
            return;
        }
        try {
            Files.setPosixFilePermissions(path, most);
        } catch (FileSystemException e) {
            LOG.warn(
                    "{} is open to others than its owner, and this process may not close it: {}",
                    path,
                    e.toString());
        }
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

    private static boolean isPosix() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    }

    private static FileAttribute<?>[] ownerOnly() {
        return isPosix()
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNERS_DIRECTORY)}
                : new FileAttribute<?>[0];
    }
}
