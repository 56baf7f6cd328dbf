package io.hotpair.log;

import io.hotpair.SavedSnapshot;
import java.nio.file.Path;

/**
 * Takes in a snapshot that another log has saved, byte by byte, so that this log begins with it.
 * Not thread-safe. Until {@link #install} the log and its snapshots are as they were, whatever
 * becomes of this; afterwards they are what the snapshot says. There is nothing in between, also
 * not on a machine that goes down in the middle.
 *
 * <p>First all bytes of the file, in order, then {@link #check}, then {@link #install}, then {@link
 * #close}.
 */
public interface SnapshotReceiver extends AutoCloseable {

    /**
     * Takes the next bytes of the file.
     *
     * @param bytes where they are; not kept
     * @param offset of the first one
     * @param length how many
     * @throws io.hotpair.HotpairException {@code LOG_FAILED} if they can't be written
     */
    void write(byte[] bytes, int offset, int length);

    /**
     * Says that all bytes were given. Reads them back, checks every checksum and that nothing is
     * missing, and brings the file to the device.
     *
     * @return what the snapshot says of itself
     * @throws io.hotpair.HotpairException {@code CORRUPTION}, {@code UNKNOWN_VERSION}, or {@code
     *     LOG_FAILED} if it can't be read back
     */
    default SavedSnapshot check() {
        return check(() -> {});
    }

    /**
     * The same, for a caller that must not be silent while a large file is read.
     *
     * @param onProgress called from time to time; what it throws is thrown on
     * @return what the snapshot says of itself
     * @throws io.hotpair.HotpairException {@code CORRUPTION}, {@code UNKNOWN_VERSION}, or {@code
     *     LOG_FAILED} if it can't be read back
     */
    SavedSnapshot check(Runnable onProgress);

    /**
     * Lets the log begin with the snapshot: {@link OperationLog#lastOpId} is then the opId that it
     * shows, and it is the only snapshot of the log. The log keeps its id. What the log held goes;
     * of it, whatever came after an opId is saved first, as {@link OperationLog#cutAfter} saves it.
     * Called by the thread that appends. Sources that are open give nothing any more: they throw
     * {@code NOT_RETAINED}.
     *
     * @param lineage the terms that wrote what the snapshot shows; later ones are ignored. {@link
     *     OperationLog#lineage} of the log that has saved it
     * @param sharedOpId the last opId of this log that the other log has, or had, as well, so that
     *     nothing up to it need be saved; from 0 to {@link OperationLog#lastOpId}
     * @return the directory with what was saved of the log; where such directories are kept, if
     *     there was nothing to save
     * @throws IllegalArgumentException if the lineage has another term at the snapshot's opId
     * @throws IllegalStateException if the log was appended to since the check
     * @throws io.hotpair.HotpairException {@code LOG_FAILED}; if the log takes appends afterwards,
     *     it is as it was
     */
    Path install(Lineage lineage, long sharedOpId);

    /** Removes what was not installed. Idempotent. */
    @Override
    void close();
}
