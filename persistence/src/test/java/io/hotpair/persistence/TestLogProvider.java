package io.hotpair.persistence;

import io.hotpair.Progress;
import io.hotpair.log.BackupStore;
import io.hotpair.log.LogProvider;
import io.hotpair.log.OperationLog;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Opens the logs of keyspaces with what a test supplies: a clock that jumps, a disk that fills. */
public final class TestLogProvider implements LogProvider {
    private static final Map<Path, LogOptions> OPTIONS = new ConcurrentHashMap<>();

    private static volatile LogOptions.FreeSpace backupSpace = LogOptions.standard().freeSpace();

    /** Says how much room there is for backups from now on. */
    static void useBackupSpace(LogOptions.FreeSpace space) {
        backupSpace = space;
    }

    /** Says with what the log of a keyspace's directory is opened from now on. */
    static void use(Path keyspaceDirectory, LogOptions options) {
        OPTIONS.put(keyspaceDirectory.resolve("log"), options);
    }

    @Override
    public OperationLog open(Path directory) {
        return open(directory, Progress.NONE);
    }

    @Override
    public OperationLog open(Path directory, Progress progress) {
        return ChronicleLog.open(
                directory, OPTIONS.getOrDefault(directory, LogOptions.standard()), progress);
    }

    @Override
    public boolean belongsToPair(Path directory) {
        return new ChronicleLogProvider().belongsToPair(directory);
    }

    @Override
    public void leavePair(Path directory) {
        new ChronicleLogProvider().leavePair(directory);
    }

    @Override
    public BackupStore backups() {
        return new BackupDirectories(path -> backupSpace.usableBytes(path));
    }
}
