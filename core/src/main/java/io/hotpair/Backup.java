package io.hotpair;

import io.hotpair.internal.Backups;
import io.hotpair.log.OperationLog;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * What can be done with backups without a keyspace. A backup is made by {@link
 * Keyspace#backup(Path)}: a directory, or a stream, with the keyspace's newest snapshot, the log
 * after it, and a manifest that seals both.
 */
public final class Backup {
    private Backup() {}

    /**
     * Makes a backup of a keyspace that no process has open. One that is open makes it itself, by
     * {@link Keyspace#backup(Path)}.
     *
     * @param keyspace the keyspace's directory
     * @param backup where it goes; must not be there yet, or be empty
     * @param progress told how far it is
     * @return what the backup says of itself
     * @throws HotpairException {@code DIRECTORY_IN_USE}; {@code LOG_FAILED} if it can't be written;
     *     or what is wrong with the log
     * @throws IllegalArgumentException if the one is no keyspace's directory, or the other is used
     * @throws IllegalStateException if no log is on the class path
     */
    public static BackupManifest make(Path keyspace, Path backup, Progress progress) {
        return Backups.ofProvider()
                .backUp(keyspace, backup, Clock.SYSTEM.currentTimeMs(), progress);
    }

    /**
     * Makes another keyspace of one that no process has open, as it was at some moment. One that is
     * open makes it itself, by {@link Keyspace#cloneTo}.
     *
     * @param keyspace the keyspace's directory
     * @param directory where it goes; must not be there yet, or be empty
     * @param moment which moment
     * @param progress told how far it is
     * @return what the copy holds
     * @throws HotpairException {@code DIRECTORY_IN_USE}, {@code NOT_RETAINED}, {@code LOG_FAILED},
     *     or what is wrong with the log
     * @throws IllegalArgumentException if the one is no keyspace's directory, the other is used, or
     *     the moment has not come yet
     * @throws IllegalStateException if no log is on the class path
     */
    public static BackupManifest copy(
            Path keyspace, Path directory, Moment moment, Progress progress) {
        return Backups.ofProvider()
                .copy(keyspace, directory, moment, Clock.SYSTEM.currentTimeMs(), progress);
    }

    /**
     * Opens the log of a keyspace that no process has open, to read it.
     *
     * @param keyspace the keyspace's directory
     * @return the log; the caller closes it
     * @throws HotpairException {@code DIRECTORY_IN_USE}, or what is wrong with the log
     * @throws IllegalArgumentException if that is no keyspace's directory
     * @throws IllegalStateException if no log is on the class path
     */
    public static OperationLog openLog(Path keyspace) {
        return Backups.ofProvider().openExisting(keyspace);
    }

    /**
     * The last operation in a log up to a moment.
     *
     * @param log the log
     * @param moment the moment
     * @return its opId; 0 if there was none by then
     * @throws HotpairException {@code NOT_RETAINED} if the log does not reach back so far
     * @throws IllegalArgumentException if the log has not come so far
     */
    public static long opIdOf(OperationLog log, Moment moment) {
        return Backups.opIdOf(log, moment);
    }

    /**
     * Checks that every file of a backup is what it was when it was made.
     *
     * @param backup its directory
     * @return what it says of itself
     * @throws HotpairException {@code CORRUPTION}, naming the file and both checksums; {@code
     *     UNKNOWN_VERSION}; {@code LOG_FAILED} if it can't be read
     * @throws IllegalStateException if no log is on the class path
     */
    public static BackupManifest verify(Path backup) {
        return Backups.ofProvider().verify(backup);
    }

    /**
     * The same of a stream that {@link Keyspace#backup(java.io.OutputStream)} wrote. Takes no room
     * on disk.
     *
     * @param in the stream; read to its end, not closed
     * @return what it says of itself
     * @throws HotpairException as for a directory
     * @throws IllegalStateException if no log is on the class path
     */
    public static BackupManifest verify(InputStream in) {
        return Backups.ofProvider().verify(in);
    }

    /**
     * Makes a directory that a keyspace can be opened in, as it was at some moment. The backup
     * stays as it is. The directory appears when all is there and checked, or not at all.
     *
     * @param backup the backup's directory
     * @param directory the keyspace's directory; must not be there yet, or be empty
     * @param moment which moment, from {@link BackupManifest#firstOpId} to the latest
     * @param progress told how far it is
     * @throws HotpairException {@code CORRUPTION} if the backup is damaged, {@code NOT_RETAINED} if
     *     it does not reach back so far, {@code UNKNOWN_VERSION}, {@code MISSING_JVM_FLAG}, or
     *     {@code LOG_FAILED} if something can't be read or written
     * @throws IllegalArgumentException if there is something in the directory, or the backup has
     *     not come as far as the moment
     * @throws IllegalStateException if no log is on the class path
     */
    public static void restore(Path backup, Path directory, Moment moment, Progress progress) {
        Backups.ofProvider().restore(backup, directory, moment, progress);
    }

    /**
     * The same from a stream that {@link Keyspace#backup(java.io.OutputStream)} wrote.
     *
     * @param in the stream; read to its end, not closed
     * @param directory the keyspace's directory; must not be there yet, or be empty
     * @param moment which moment
     * @param progress told how far it is
     * @throws HotpairException as for a directory
     * @throws IllegalArgumentException as for a directory
     * @throws IllegalStateException if no log is on the class path
     */
    public static void restore(InputStream in, Path directory, Moment moment, Progress progress) {
        Backups.ofProvider().restore(in, directory, moment, progress);
    }
}
