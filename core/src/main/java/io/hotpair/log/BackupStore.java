package io.hotpair.log;

import io.hotpair.BackupManifest;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Directories that appear whole or not at all, and backups: such a directory, sealed by a manifest
 * with the length and the checksum of every file in it. Stateless and thread-safe.
 *
 * <p>What fails throws {@link io.hotpair.HotpairException} of {@code LOG_FAILED} if files can't be
 * written or read, and {@code CORRUPTION}, with the file's name, if one is not what its seal says.
 */
public interface BackupStore {

    /**
     * Begins to make a directory.
     *
     * @param directory what it will be called; must not be there yet, or be empty
     * @return an empty directory beside it
     * @throws IllegalArgumentException if there is something in it already
     */
    Path begin(Path directory);

    /**
     * Gives a directory its name. On return it survives a crash of the machine.
     *
     * @param partial from {@link #begin}
     * @param directory what it is called from now on
     */
    void complete(Path partial, Path directory);

    /**
     * Removes what was begun and is not wanted. Does nothing if it is not there.
     *
     * @param partial from {@link #begin}
     */
    void discard(Path partial);

    /**
     * Removes what was begun in a directory by a process that ended before it was complete.
     *
     * @param parent the directory
     * @param prefix what the names begin with
     */
    void discardPartial(Path parent, String prefix);

    /**
     * The backups in a directory.
     *
     * @param parent the directory, which need not be there
     * @return their names, in any order
     */
    List<String> list(Path parent);

    /**
     * Removes a backup.
     *
     * @param backup its directory
     */
    void remove(Path backup);

    /**
     * How much room there is.
     *
     * @param directory a directory, which need not be there yet
     * @return what its file system has left, in bytes
     */
    long usableBytes(Path directory);

    /**
     * Where a keyspace's log is.
     *
     * @param keyspace the keyspace's directory
     * @return the log's directory
     * @throws IllegalArgumentException if there is none
     */
    Path logOf(Path keyspace);

    /**
     * Seals a directory: all files in it that are part of a log that is closed.
     *
     * @param directory the directory
     * @param manifest what to say of it
     * @param onRead told after every few KiB how many bytes more were read for the checksums; may
     *     take its time
     */
    void seal(Path directory, BackupManifest manifest, LongConsumer onRead);

    /**
     * Checks every file of a backup against its seal.
     *
     * @param backup the directory
     * @return what it says of itself
     */
    BackupManifest verify(Path backup);

    /**
     * Checks every file of a backup's stream against its seal.
     *
     * @param in what {@link #pack} wrote; read to its end, not closed
     * @return what it says of itself
     */
    BackupManifest verify(InputStream in);

    /**
     * Copies the files of a backup, checking each, without its seal.
     *
     * @param backup the directory
     * @param into a directory that is there
     * @return what it says of itself
     */
    BackupManifest copy(Path backup, Path into);

    /**
     * Writes a backup as one stream, a ZIP file.
     *
     * @param backup the directory
     * @param out receives it; flushed, not closed
     */
    void pack(Path backup, OutputStream out);

    /**
     * Writes the files of a backup from its stream, checking each, without its seal.
     *
     * @param in the stream; read to its end, not closed
     * @param into a directory that is there
     * @return what it says of itself
     */
    BackupManifest unpack(InputStream in, Path into);
}
