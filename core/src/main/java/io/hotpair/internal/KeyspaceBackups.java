package io.hotpair.internal;

import io.hotpair.BackupManifest;
import io.hotpair.BackupOptions;
import io.hotpair.BackupTarget;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceConfig;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.Moment;
import io.hotpair.RollBackReport;
import io.hotpair.SavedSnapshot;
import io.hotpair.SnapshotOptions;
import io.hotpair.log.BackupStore;
import io.hotpair.log.OperationLog;
import io.hotpair.log.SnapshotStore;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Backups and clones of a keyspace that is open, when it is asked to and from time to time, and the
 * way back.
 */
public final class KeyspaceBackups {
    private static final int OWNER_LENGTH = 8;

    private final Core core;
    private final KeyspaceConfig config;
    private final @Nullable OperationLog log;
    private final Tasks tasks;
    private final ReentrantLock backupScratch = new ReentrantLock();
    private final ReentrantLock rollBackScratch = new ReentrantLock();

    KeyspaceBackups(Core core, @Nullable OperationLog log, Tasks tasks) {
        this.core = core;
        config = core.config();
        this.log = log;
        this.tasks = tasks;
    }

    /** Makes a backup; see {@link io.hotpair.Keyspace#backup(Path)}. */
    public CompletableFuture<BackupManifest> backup(Path directory) {
        return run(own -> make(slowCopy(own), directory));
    }

    /** Makes a backup; see {@link io.hotpair.Keyspace#backup(OutputStream)}. */
    public CompletableFuture<BackupManifest> backup(OutputStream out) {
        return run(own -> make(slowCopy(own), out));
    }

    /** Makes another keyspace; see {@link io.hotpair.Keyspace#cloneTo}. */
    public CompletableFuture<BackupManifest> cloneTo(Path directory, Moment moment) {
        return run(own -> copyTo(own, directory, moment));
    }

    /** Puts everything back; see {@link io.hotpair.Keyspace#rollBack}. */
    public CompletableFuture<RollBackReport> rollBack(
            Moment moment, Executor writer, Outcome outcome) {
        return run(own -> rollBack(own, moment, writer, outcome));
    }

    private <T> CompletableFuture<T> run(Function<OperationLog, T> task) {
        OperationLog own = log;
        return own == null
                ? CompletableFuture.failedFuture(
                        new IllegalStateException("log=none, expected one to copy"))
                : tasks.run("backup", () -> task.apply(own));
    }

    private BackupManifest make(LogCopy copy, Path directory) {
        return Backups.ofProvider().backUp(copy, config.name(), directory, nowMs());
    }

    private BackupManifest make(LogCopy copy, OutputStream out) {
        Path scratch = home().resolve("backup");
        // One at a time, as all are made in one place, which the next one clears after a crash.
        backupScratch.lock();
        try {
            return Backups.ofProvider().backUp(copy, config.name(), scratch, out, nowMs());
        } finally {
            backupScratch.unlock();
        }
    }

    private BackupManifest copyTo(OperationLog own, Path directory, Moment moment) {
        Instant time = moment.time();
        Instant now = Instant.ofEpochMilli(nowMs());
        if (time != null && time.isAfter(now)) {
            throw new IllegalArgumentException(
                    "moment=" + moment + ", expected one that has come: it is " + now);
        }
        return Backups.ofProvider().copy(copy(own), config.name(), directory, moment, nowMs());
    }

    private LogCopy copy(OperationLog own) {
        return new LogCopy(own, (done, total) -> tasks.requireOpen());
    }

    /** One that is to disturb nobody: as fast as a snapshot is saved. */
    private LogCopy slowCopy(OperationLog own) {
        Pace pace =
                new Pace(
                        config.clock(),
                        config.snapshotOptions().bytesPerSecond(),
                        false,
                        tasks::requireOpen);
        return new LogCopy(own, (done, total) -> pace.at(done));
    }

    private RollBackReport rollBack(
            OperationLog own, Moment moment, Executor writer, Outcome outcome) {
        Path scratch = home().resolve("rollback");
        rollBackScratch.lock();
        try {
            Backups stored = Backups.ofProvider();
            stored.discard(scratch);
            try {
                long opId = copyTo(own, scratch, moment).lastOpId();
                Core then = Core.open(configOf(scratch));
                try {
                    RollBack back =
                            new RollBack(
                                    core.engine(),
                                    then.engine(),
                                    writer,
                                    outcome,
                                    tasks::requireOpen);
                    back.run();
                    if (back.lastOpId() > 0) {
                        core.await(
                                core.config().acknowledgement(), back.lastOpId(), back.lastTerm());
                    }
                    return new RollBackReport(
                            opId, back.restoredCount(), back.removedCount(), back.lastOpId());
                } finally {
                    then.close();
                }
            } finally {
                stored.discard(scratch);
            }
        } finally {
            rollBackScratch.unlock();
        }
    }

    /** That of a keyspace beside this one, for as long as it takes to copy from it. */
    private KeyspaceConfig configOf(Path directory) {
        return Keyspace.builder()
                .name(config.name())
                .directory(directory)
                .maxMemory(
                        Math.max(KeyspaceConfig.MIN_MEMORY_BYTES, core.engine().maxMemoryBytes()))
                .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                .snapshots(SnapshotOptions.defaults().onDemand())
                .backups(BackupOptions.defaults().onDemand())
                .clock(config.clock())
                .threadFactory(config.threadFactory())
                .build();
    }

    private long nowMs() {
        return config.clock().currentTimeMs();
    }

    private Path home() {
        Path directory = config.directory();
        if (directory == null) {
            throw new IllegalStateException("directory=none, expected that of the log");
        }
        return directory;
    }

    /** What looks after those that are made from time to time; null if there are none. */
    @Nullable BackupSchedule schedule() {
        BackupOptions options = config.backupOptions();
        OperationLog own = log;
        SnapshotStore snapshots = own == null ? null : own.snapshots();
        BackupStore store = own == null ? null : Core.provider().backups();
        if (own == null || snapshots == null || store == null || options.isOnDemand()) {
            return null;
        }
        BackupTarget target = options.target();
        String prefix = prefix(own);
        Path given = options.directory();
        Path directory = given == null ? home().resolve("backups") : given;
        BackupPlace place =
                target == null
                        ? new BackupsInDirectory(
                                directory,
                                prefix,
                                store,
                                into -> make(slowCopy(own), requireRoom(into, store, snapshots)))
                        : new BackupsAtTarget(
                                target,
                                () -> core.engine().mode().isMaster(),
                                out -> {
                                    Path unused = requireRoom(home(), store, snapshots);
                                    return make(slowCopy(own), out);
                                });
        return new BackupSchedule(prefix, options, place, config.clock(), tasks);
    }

    /** Of this keyspace on this node: others may have the same name and use the same place. */
    private String prefix(OperationLog own) {
        return config.name() + "-" + own.id().toString().substring(0, OWNER_LENGTH) + "-";
    }

    /** Nobody watches when it is made: it must not take what the log needs. */
    private static Path requireRoom(Path where, BackupStore store, SnapshotStore snapshots) {
        List<SavedSnapshot> all = snapshots.list();
        SavedSnapshot newest = all.isEmpty() ? null : all.get(0);
        long takes = snapshots.logBytesAfter(newest) + (newest == null ? 0 : newest.lengthBytes());
        long usable = store.usableBytes(where);
        if (usable / 2 < takes) {
            throw new HotpairException(
                    HotpairException.Category.DISK_FULL,
                    "a backup takes about "
                            + takes
                            + " bytes, and the file system of "
                            + where
                            + " has "
                            + usable
                            + " left, expected at least twice as many");
        }
        return where;
    }
}
