package io.hotpair.resp;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads an append-only log of Redis into a keyspace: a directory of Redis 7.0 with its manifest, or
 * a log of one file, also one that begins as an RDB file.
 *
 * <p>Its commands are executed on a keyspace in memory in which it is as late as when they were
 * written: a key whose deadline has passed by now may have been given another one in time. What is
 * there at the end goes to the keyspace that is asked for, by way of an RDB file in the directory
 * for temporary files.
 */
public final class AofImport {
    /**
     * What was read. Immutable.
     *
     * @param keyCount keys that were written
     * @param expiredCount keys that are past their deadline, and were left out
     * @param commandCount commands that were executed
     * @param otherDatabaseCount commands and keys of other databases, left out
     * @param cutBytes bytes at the end of the log that were left out because its last command, or
     *     group of commands, is not there as a whole
     * @param libraryCount libraries of functions that were written
     */
    public record Report(
            long keyCount,
            long expiredCount,
            long commandCount,
            long otherDatabaseCount,
            long cutBytes,
            int libraryCount) {}

    private AofImport() {}

    /**
     * Reads a log, as {@link #read(Path, int, Keyspace, RespConfig, Progress)} does, with the
     * limits of scripts that a listener has by default.
     *
     * @param source a directory with a manifest, a manifest, or a log of one file
     * @param database the number of the database in it that is wanted, which becomes database 0, or
     *     {@link RdbImport#ALL_DATABASES}, which keep their numbers
     * @param keyspace where the keys go
     * @param progress told how far it is, in bytes of the log
     * @return what was read
     * @throws HotpairException as the other one does
     * @throws IllegalArgumentException as the other one does
     * @throws UncheckedIOException if it can't be read
     */
    public static Report read(Path source, int database, Keyspace keyspace, Progress progress) {
        return read(source, database, keyspace, RespConfig.builder().build(), progress);
    }

    /**
     * Reads a log. Keys of the same name are replaced, all others stay, and so it is with libraries
     * of functions. On return all of it is in the keyspace's log, if it has one.
     *
     * @param source a directory with a manifest, a manifest, or a log of one file
     * @param database the number of the database in it that is wanted, which becomes database 0, or
     *     {@link RdbImport#ALL_DATABASES}, which keep their numbers
     * @param keyspace where the keys go; to execute the commands as much memory is taken, at most,
     *     as this one may have
     * @param listener how those are served who call the functions: its limits of scripts are those
     *     that libraries are loaded under
     * @param progress told how far it is, in bytes of the log
     * @return what was read
     * @throws HotpairException {@code CORRUPTION} if a file is damaged before the end of the log,
     *     or {@code MEMORY_LIMIT} if what it says does not fit in that memory, with nothing
     *     written; or as a write may fail, with a part of the keys written
     * @throws IllegalArgumentException if the log has a command that can't be executed here, with
     *     nothing written
     * @throws UncheckedIOException if it can't be read
     */
    public static Report read(
            Path source, int database, Keyspace keyspace, RespConfig listener, Progress progress) {
        try {
            Path state = Files.createTempFile("hotpair-aof", ".rdb");
            try {
                Files.delete(state);
                Report replayed = replay(source, database, keyspace, listener, state, progress);
                boolean isAll = database == RdbImport.ALL_DATABASES;
                RdbImport.Report read =
                        RdbImport.read(
                                state, isAll ? database : 0, keyspace, listener, Progress.NONE);
                return new Report(
                        read.keyCount(),
                        read.expiredCount(),
                        replayed.commandCount,
                        replayed.otherDatabaseCount,
                        replayed.cutBytes,
                        read.libraryCount());
            } finally {
                boolean unused = Files.deleteIfExists(state);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(source + " can't be read: " + e, e);
        }
    }

    private static Report replay(
            Path source,
            int database,
            Keyspace keyspace,
            RespConfig limits,
            Path state,
            Progress progress)
            throws IOException {
        List<Path> files = AofManifest.files(source);
        long totalBytes = 0;
        for (Path file : files) {
            totalBytes += Files.size(file);
        }
        PastClock clock = new PastClock();
        try (Keyspace past = past(keyspace.statistics().maxMemoryBytes(), clock);
                AofReplay replay =
                        new AofReplay(past, limits, clock, database, progress, totalBytes)) {
            for (int i = 0; i < files.size(); i++) {
                replay.replay(files.get(i), i == files.size() - 1);
            }
            RdbExport.Report unused =
                    RdbExport.toFile(past, RdbExport.Format.REDIS_7_4, state, Progress.NONE);
            return new Report(
                    0, 0, replay.commandCount(), replay.otherDatabaseCount(), replay.cutBytes(), 0);
        }
    }

    /** An empty one in memory, to try in it what may not fit, or may not be possible. */
    static Keyspace past(long maxMemoryBytes, Clock clock) {
        return Keyspace.open(
                Keyspace.builder()
                        .inMemory()
                        .maxMemory(maxMemoryBytes)
                        .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                        .clock(clock)
                        .build());
    }

    /**
     * As late as it was, at least, when the command was written that is being executed: so far as
     * the log tells.
     */
    static final class PastClock implements Clock {
        private volatile long nowMs = 1;

        /** Says that it was so late. Called by one thread. */
        void reach(long timeMs) {
            nowMs = Math.max(nowMs, timeMs);
        }

        @Override
        public long currentTimeMs() {
            return nowMs;
        }

        @Override
        public long nanoTime() {
            return Clock.SYSTEM.nanoTime();
        }
    }
}
