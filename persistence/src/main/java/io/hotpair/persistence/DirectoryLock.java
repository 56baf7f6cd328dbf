package io.hotpair.persistence;

import io.hotpair.HotpairException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Keeps all others out of a log's directory: a lock of the operating system on the file {@code
 * lock}, which ends with the process however that ends, and a registry of this JVM.
 *
 * <p>The registry is asked first, because POSIX drops a process's lock on a file as soon as the
 * process closes <em>any</em> descriptor of that file: whoever holds the lock must be the only one
 * here that ever opens it.
 */
final class DirectoryLock implements AutoCloseable {
    static final String FILE_NAME = "lock";

    private static final Set<Path> OPEN_HERE = ConcurrentHashMap.newKeySet();

    /**
     * Channels that met the lock of another copy of this class, loaded by another class loader.
     * Closing one would free that lock, so they stay open.
     */
    private static final Queue<FileChannel> NEVER_CLOSED = new ConcurrentLinkedQueue<>();

    private static final int MAX_NOTE_LENGTH = 256;

    private final Path directory;
    private final FileChannel channel;

    private DirectoryLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Takes a directory.
     *
     * @param directory its real path
     * @throws HotpairException {@code DIRECTORY_IN_USE}, or {@code LOG_FAILED} if the lock file
     *     can't be written
     */
    static DirectoryLock acquire(Path directory, long nowMs) {
        if (!OPEN_HERE.add(directory)) {
            throw inUse(directory, "pid=" + ProcessHandle.current().pid() + " (this JVM)");
        }
        FileChannel channel = null;
        try {
            channel = openLocked(directory);
            writeNote(channel, nowMs);
            return new DirectoryLock(directory, channel);
        } catch (IOException e) {
            release(directory, channel);
            throw Failures.logFailed("directory=" + directory + ", expected to be writable", e);
        } catch (RuntimeException e) {
            release(directory, channel);
            throw e;
        }
    }

    Path directory() {
        return directory;
    }

    private static FileChannel openLocked(Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        Directories.createFileIfAbsent(file);
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            NEVER_CLOSED.add(channel);
            throw inUse(directory, "this JVM, through another class loader");
        }
        if (lock == null) {
            String note = readNote(channel);
            channel.close();
            throw inUse(directory, note);
        }
        return channel;
    }

    private static void writeNote(FileChannel channel, long nowMs) throws IOException {
        String note =
                "pid="
                        + ProcessHandle.current().pid()
                        + " since "
                        + Instant.ofEpochMilli(nowMs)
                        + "\n";
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(note.getBytes(StandardCharsets.US_ASCII)), 0);
    }

    private static String readNote(FileChannel channel) throws IOException {
        ByteBuffer note = ByteBuffer.allocate(MAX_NOTE_LENGTH);
        channel.read(note, 0);
        String text = new String(note.array(), 0, note.position(), StandardCharsets.US_ASCII);
        return text.isBlank() ? "another process" : text.strip();
    }

    private static HotpairException inUse(Path directory, String owner) {
        return new HotpairException(
                HotpairException.Category.DIRECTORY_IN_USE,
                "directory=" + directory + " is in use by " + owner);
    }

    private static void release(Path directory, @Nullable FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            throw Failures.logFailed("directory=" + directory + " could not be unlocked", e);
        } finally {
            OPEN_HERE.remove(directory);
        }
    }

    @Override
    public void close() {
        release(directory, channel);
    }
}
