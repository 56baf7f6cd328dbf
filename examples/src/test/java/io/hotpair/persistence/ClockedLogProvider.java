package io.hotpair.persistence;

import io.hotpair.Progress;
import io.hotpair.log.BackupStore;
import io.hotpair.log.LogProvider;
import io.hotpair.log.OperationLog;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Opens logs whose hours pass when a test says so, besides as ever. */
public final class ClockedLogProvider implements LogProvider {
    private static final AtomicLong AHEAD_MS = new AtomicLong();
    private static final Map<Path, Long> FREE_BYTES = new ConcurrentHashMap<>();

    /** Lets an hour pass, so that every log goes on in another segment. */
    public static void passAnHour() {
        long unused = AHEAD_MS.addAndGet(Segment.CYCLE_MS);
    }

    /** Says how much room a keyspace's directory has; null for what it really has. */
    public static void freeBytes(Path keyspaceDirectory, @Nullable Long bytes) {
        Path log = keyspaceDirectory.resolve("log");
        if (bytes == null) {
            FREE_BYTES.remove(log);
        } else {
            FREE_BYTES.put(log, bytes);
        }
    }

    @Override
    public OperationLog open(Path directory) {
        return ChronicleLog.open(directory, options(directory));
    }

    @Override
    public OperationLog openSoundPart(Path directory, Progress progress) {
        return ChronicleLog.openSoundPart(directory, options(directory), progress);
    }

    private static LogOptions options(Path directory) {
        LogOptions standard = LogOptions.standard();
        return standard.withWallClock(() -> System.currentTimeMillis() + AHEAD_MS.get())
                .withFreeSpace(
                        asked -> {
                            Long bytes = FREE_BYTES.get(directory);
                            return bytes == null ? standard.freeSpace().usableBytes(asked) : bytes;
                        });
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
    public @Nullable BackupStore backups() {
        return new ChronicleLogProvider().backups();
    }
}
