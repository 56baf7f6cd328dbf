package io.hotpair;

import io.hotpair.internal.Backups;
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
     * Makes a directory that a keyspace can be opened in, as it was at some moment. The backup
     * stays as it is. The directory appears when all is there and checked, or not at all.
     *
     * @param backup the backup's directory
     * @param directory the keyspace's directory; must not be there yet, or be empty
     * @param moment which moment; from {@link BackupManifest#firstOpId} to the latest
     * @throws HotpairException {@code CORRUPTION} if the backup is damaged, {@code NOT_RETAINED} if
     *     it does not reach back so far, {@code UNKNOWN_VERSION}, {@code MISSING_JVM_FLAG}, or
     *     {@code LOG_FAILED} if something can't be read or written
     * @throws IllegalArgumentException if there is something in the directory, or the backup has
     *     not come as far as the moment
     * @throws IllegalStateException if no log is on the class path
     */
    public static void restore(Path backup, Path directory, Moment moment) {
        Backups.ofProvider().restore(backup, directory, moment);
    }

    /**
     * The same from a stream that {@link Keyspace#backup(java.io.OutputStream)} wrote.
     *
     * @param in the stream; read to its end, not closed
     * @param directory the keyspace's directory; must not be there yet, or be empty
     * @param moment which moment
     * @throws HotpairException as for a directory
     * @throws IllegalArgumentException as for a directory
     * @throws IllegalStateException if no log is on the class path
     */
    public static void restore(InputStream in, Path directory, Moment moment) {
        Backups.ofProvider().restore(in, directory, moment);
    }
}
