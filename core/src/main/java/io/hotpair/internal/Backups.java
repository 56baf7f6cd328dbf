package io.hotpair.internal;

import io.hotpair.BackupManifest;
import io.hotpair.Moment;
import io.hotpair.Progress;
import io.hotpair.log.BackupStore;
import io.hotpair.log.LogProvider;
import io.hotpair.log.OperationLog;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.function.Function;

/** Copies of keyspaces, sealed as backups or ready to be opened, and the way back. */
public final class Backups {
    private final LogProvider provider;
    private final BackupStore store;

    private Backups(LogProvider provider, BackupStore store) {
        this.provider = provider;
        this.store = store;
    }

    /**
     * The backups of the log that is on the class path.
     *
     * @throws IllegalStateException if there is none, or it has no backups
     */
    public static Backups ofProvider() {
        LogProvider provider = Core.provider();
        BackupStore store = provider.backups();
        if (store == null) {
            throw new IllegalStateException(
                    "logs of " + provider.getClass().getName() + " can't be backed up");
        }
        return new Backups(provider, store);
    }

    /** Makes a directory, step by step, that is there when all went well. */
    private BackupManifest make(Path directory, Function<Path, BackupManifest> steps) {
        Path partial = store.begin(directory);
        try {
            BackupManifest made = steps.apply(partial);
            store.complete(partial, directory);
            return made;
        } catch (RuntimeException | Error e) {
            try {
                store.discard(partial);
            } catch (RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /** Makes a directory that a keyspace can be opened in. */
    BackupManifest copy(LogCopy copy, String keyspace, Path directory, Moment moment, long nowMs) {
        return make(directory, partial -> copy.copy(keyspace, provider, partial, moment, nowMs));
    }

    /** Makes a backup. */
    BackupManifest backUp(LogCopy copy, String keyspace, Path directory, long nowMs) {
        return make(directory, partial -> sealed(copy, keyspace, partial, nowMs));
    }

    private BackupManifest sealed(LogCopy copy, String keyspace, Path partial, long nowMs) {
        BackupManifest made = copy.copy(keyspace, provider, partial, Moment.latest(), nowMs);
        store.seal(partial, made, copy::add);
        return made;
    }

    /** Makes a backup of no directory, but of a stream. */
    BackupManifest backUp(
            LogCopy copy, String keyspace, Path scratch, OutputStream out, long nowMs) {
        Path partial = store.begin(scratch);
        try {
            BackupManifest made = sealed(copy, keyspace, partial, nowMs);
            store.pack(partial, new Counted(out, copy));
            return made;
        } finally {
            store.discard(partial);
        }
    }

    /** Counts what is written as done, which may end the copy, before it is written. */
    private static final class Counted extends OutputStream {
        private final OutputStream out;
        private final LogCopy copy;

        Counted(OutputStream out, LogCopy copy) {
            this.out = out;
            this.copy = copy;
        }

        @Override
        public void write(int b) throws IOException {
            copy.add(1);
            out.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            copy.add(length);
            out.write(bytes, offset, length);
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }
    }

    /** Removes a directory that was made here and is not wanted. */
    void discard(Path directory) {
        store.discard(directory);
    }

    /** The last operation up to a moment; see {@link io.hotpair.Backup#opIdOf}. */
    public static long opIdOf(OperationLog log, Moment moment) {
        return LogCopy.opIdOf(log, moment);
    }

    /** Checks a backup; see {@link io.hotpair.Backup#verify}. */
    public BackupManifest verify(Path backup) {
        return store.verify(backup);
    }

    /** Checks a backup; see {@link io.hotpair.Backup#verify(InputStream)}. */
    public BackupManifest verify(InputStream in) {
        return store.verify(in);
    }

    /** Makes a keyspace's directory from a backup; see {@link io.hotpair.Backup#restore}. */
    public void restore(Path backup, Path directory, Moment moment, Progress progress) {
        restore(directory, moment, progress, partial -> store.copy(backup, partial));
    }

    /** Makes a backup of a keyspace that is not open; see {@link io.hotpair.Backup#make}. */
    public BackupManifest backUp(Path keyspace, Path backup, long nowMs, Progress progress) {
        try (OperationLog log = openExisting(keyspace)) {
            return backUp(new LogCopy(log, progress), nameOf(keyspace), backup, nowMs);
        }
    }

    /** Copies a keyspace that is not open; see {@link io.hotpair.Backup#copy}. */
    public BackupManifest copy(
            Path keyspace, Path directory, Moment moment, long nowMs, Progress progress) {
        try (OperationLog log = openExisting(keyspace)) {
            return copy(new LogCopy(log, progress), nameOf(keyspace), directory, moment, nowMs);
        }
    }

    /** Opens the log of a keyspace to read it; makes none where there is none. */
    public OperationLog openExisting(Path keyspace) {
        return provider.open(store.logOf(keyspace));
    }

    private static String nameOf(Path keyspace) {
        return String.valueOf(keyspace.toAbsolutePath().normalize().getFileName());
    }

    /** Makes a keyspace's directory from a stream; see {@link io.hotpair.Backup#restore}. */
    public void restore(InputStream in, Path directory, Moment moment, Progress progress) {
        restore(directory, moment, progress, partial -> store.unpack(in, partial));
    }

    private void restore(
            Path directory,
            Moment moment,
            Progress progress,
            Function<Path, BackupManifest> unpack) {
        if (moment.isLatest()) {
            BackupManifest unused =
                    make(
                            directory,
                            partial -> {
                                BackupManifest manifest = unpack.apply(partial);
                                // Opening it reads and checks all of it.
                                provider.open(partial.resolve("log")).close();
                                return manifest;
                            });
            return;
        }
        Path whole = directory.resolveSibling(directory.getFileName() + ".whole");
        Path partial = store.begin(whole);
        try {
            BackupManifest unused = unpack.apply(partial);
            try (OperationLog log = provider.open(partial.resolve("log"))) {
                unused = copy(new LogCopy(log, progress), "", directory, moment, 0);
            }
        } finally {
            store.discard(partial);
        }
    }
}
