package io.hotpair.log;

import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The append side of a log of operations. One thread at a time appends (the caller sees to that);
 * every other method may be called from any thread.
 *
 * <p>The log is append-only. A <em>cut</em> is therefore logical: operations past it stay on the
 * medium, and every reader skips them. A log knows its cuts because it noted them, or because a
 * frame of a later term goes on from a lower opId.
 */
public interface OperationLog extends AutoCloseable {

    /**
     * The identity of this log, made when the log was created and kept for its life.
     *
     * @return the identity
     */
    UUID id();

    /**
     * Which terms wrote the live part of this log, and from where.
     *
     * @return an immutable value
     */
    Lineage lineage();

    /**
     * The lowest opId that the log still holds.
     *
     * @return the opId, or 0 while the log is empty
     */
    long firstOpId();

    /**
     * The highest live opId in the log: past it, nothing is served to a reader.
     *
     * @return the opId, or 0 while the log is empty
     */
    long lastOpId();

    /**
     * Appends a frame. On return it survives a crash of the process, and sources see it.
     *
     * @param frame a whole frame, sealed (its checksum is set). Its predecessor must be {@link
     *     #lastOpId()} and its term not below that of the last live operation; not kept after the
     *     call. Where the next fragment of a large operation is expected, a whole frame or a first
     *     fragment that continues {@code lastOpId()} does as well: the operation is then abandoned
     * @throws io.hotpair.HotpairException {@code LOG_FAILED} if it can't be written, after which
     *     every further append and force fails in the same way; {@code CORRUPTION} if its checksum
     *     is wrong; {@code DISK_FULL} if there is no room, nothing was written, and the same frame
     *     may be given again later
     * @throws IllegalArgumentException if the frame does not continue the log; nothing is written
     */
    void append(FrameBuffer frame);

    /**
     * Does ahead of time what the next appends would have to do. Called now and then while there
     * are appends, by a thread that has time for it, beside the thread that appends.
     */
    default void prepare() {}

    /**
     * Whether the medium is nearly full, so that the log should be given no more than what is on
     * its way. Called by the thread that appends.
     *
     * @return whether it is so now
     */
    default boolean isShortOfSpace() {
        return false;
    }

    /**
     * Forces all that was appended to the device. On return it survives a crash of the machine.
     * Appends may go on meanwhile; whether this force covers them is not said.
     *
     * @return the last live opId that it covers; 0 if there is none
     * @throws io.hotpair.HotpairException {@code LOG_FAILED}; a failed force is final
     */
    long force();

    /**
     * Whether operations that this log once held may be missing at its end, because damage was cut
     * off when it was opened ({@link LogProvider#openSoundPart}). It stays so over restarts.
     *
     * @return whether it is so, until {@link #acceptIncomplete()}
     */
    default boolean isIncomplete() {
        return false;
    }

    /**
     * Says that nobody relies any more on what may be missing: others hold it, or its loss was
     * accepted. Survives a crash of the machine on return.
     *
     * @throws io.hotpair.HotpairException {@code LOG_FAILED}
     */
    default void acceptIncomplete() {}

    /**
     * Ends the live part of the log after the last operation that is not above an opId, so that a
     * later term can go on from there. Saves what is cut off, as readable frames with a manifest,
     * to a directory of its own first. Survives a crash of the machine on return. Idempotent.
     *
     * @param opId the last opId that may stay; not above {@link #lastOpId()}
     * @return the directory with the divergent tail; where such directories are kept, if nothing
     *     was cut
     * @throws io.hotpair.HotpairException {@code LOG_FAILED} if the tail can't be saved, {@code
     *     NOT_RETAINED} if the log begins later; then nothing was cut
     */
    Path cutAfter(long opId);

    /**
     * Opens an independent reader, positioned before the first frame. It is used by one thread at a
     * time.
     *
     * @return the reader; the caller closes it
     */
    OperationSource openSource();

    /**
     * The snapshots beside the log.
     *
     * @return the store, or null for a log that has none, and is never shortened
     */
    default @Nullable SnapshotStore snapshots() {
        return null;
    }

    /** Forces, then releases everything: threads, files, locks. Idempotent. */
    @Override
    void close();
}
