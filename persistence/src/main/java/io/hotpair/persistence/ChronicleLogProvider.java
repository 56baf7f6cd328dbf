package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.Progress;
import io.hotpair.log.BackupStore;
import io.hotpair.log.LogProvider;
import io.hotpair.log.OperationLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Opens logs on Chronicle Queue. Stateless, and safe for use by any thread; registered with {@link
 * java.util.ServiceLoader}.
 *
 * <p>The JVM must have been started with {@code --add-opens java.base/java.lang.reflect=ALL-UNNAMED
 * --add-exports java.base/sun.nio.ch=ALL-UNNAMED}. That is checked before any class of Chronicle is
 * loaded.
 *
 * <p>A directory belongs to one log at a time, in this JVM and in all others on the machine. The
 * files in it are readable by their owner only.
 */
public final class ChronicleLogProvider implements LogProvider {

    /** What a node of a pair keeps of itself, beside the log's directory. */
    private static final Path PAIR_MARKER = Path.of("replication", "node");

    /** Creates the provider; touches nothing. */
    public ChronicleLogProvider() {}

    /**
     * {@inheritDoc}
     *
     * <p>Reads and checks what was not read before: mostly the end of the log. The rest is read
     * afterwards, in the background.
     */
    @Override
    public OperationLog open(Path directory) {
        JvmFlags.require();
        return ChronicleLog.open(directory, LogOptions.standard(), Progress.NONE);
    }

    @Override
    public OperationLog open(Path directory, Progress progress) {
        JvmFlags.require();
        requireNoBackup(directory);
        return ChronicleLog.open(directory, LogOptions.standard(), progress);
    }

    @Override
    public OperationLog openSoundPart(Path directory, Progress progress) {
        JvmFlags.require();
        requireNoBackup(directory);
        return ChronicleLog.openSoundPart(directory, LogOptions.standard(), progress);
    }

    /**
     * {@inheritDoc}
     *
     * <p>A node that was part of a pair has a file {@code replication/node} beside the log's
     * directory; neither a clone nor a restored backup has that.
     */
    @Override
    public boolean belongsToPair(Path directory) {
        return Files.exists(directory.resolveSibling(PAIR_MARKER));
    }

    @Override
    public void leavePair(Path directory) {
        Path marker = directory.resolveSibling(PAIR_MARKER);
        try {
            if (Files.deleteIfExists(marker)) {
                Directories.force(directory.resolveSibling(PAIR_MARKER.getName(0)));
            }
        } catch (IOException e) {
            throw new HotpairException(
                    HotpairException.Category.LOG_FAILED,
                    "file=" + marker + " can't be removed, so the directory is still a pair's",
                    e);
        }
    }

    @Override
    public BackupStore backups() {
        return new BackupDirectories(LogOptions.standard().freeSpace());
    }

    /** The first write would break its seal, and nothing could be restored from it any more. */
    private static void requireNoBackup(Path log) {
        if (Files.exists(log.resolveSibling(SealedFiles.FILE_NAME))) {
            throw new IllegalArgumentException(
                    "directory="
                            + log.resolveSibling("")
                            + " is a backup, expected a keyspace's: restore it to another"
                            + " directory, and open that");
        }
    }
}
