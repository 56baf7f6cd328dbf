package io.hotpair;

import io.hotpair.topology.Replication;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * What a keyspace is opened with; made by {@link Keyspace#builder()}. Immutable.
 *
 * @param name the keyspace's name
 * @param maxMemoryBytes the limit of its off-heap memory when it is opened
 * @param maxMemoryPolicy what happens at the limit
 * @param directory where its log is; null for a keyspace in memory only
 * @param acknowledgement the level that a write waits for if it says nothing else
 * @param acknowledgementTimeout how long it waits
 * @param forceInterval how often the log is forced to the device
 * @param snapshotOptions when snapshots are saved, and how much of the log is kept
 * @param backupOptions when backups are made, where they go, and how many are kept
 * @param openingProgress told how far the opening is
 * @param replication what makes it one of a pair, or null
 * @param apartFromPair whether the directory of a node of a pair is opened without the pair
 * @param clock where time comes from
 * @param threadFactory makes the threads that it needs: one for the log, one for snapshots, one for
 *     housekeeping, and while a snapshot is loaded one for each core
 */
public record KeyspaceConfig(
        String name,
        long maxMemoryBytes,
        MaxMemoryPolicy maxMemoryPolicy,
        @Nullable Path directory,
        Acknowledgement acknowledgement,
        Duration acknowledgementTimeout,
        Duration forceInterval,
        SnapshotOptions snapshotOptions,
        BackupOptions backupOptions,
        Progress openingProgress,
        @Nullable Replication replication,
        boolean apartFromPair,
        Clock clock,
        ThreadFactory threadFactory) {

    /** The lowest limit of off-heap memory, in bytes. */
    public static final long MIN_MEMORY_BYTES = 4L << 20;

    /** The highest one. */
    public static final long MAX_MEMORY_BYTES = 1L << 42;
}
