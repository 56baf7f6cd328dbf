package io.hotpair.log;

import io.hotpair.SavedSnapshot;
import java.time.Duration;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots that are kept beside a log, and what they allow: to begin a recovery with one of
 * them, and to shorten the log. Thread-safe, but for {@link #begin} and {@link #retain}, which one
 * thread at a time calls, and {@link #receive}.
 */
public interface SnapshotStore {

    /**
     * The snapshots whose files are sealed and whose operations are all live in the log. What is in
     * them has not been read yet.
     *
     * @return an immutable list, newest first
     */
    List<SavedSnapshot> list();

    /**
     * Begins to save one.
     *
     * @param opId what it shows; live in the log
     * @param onWritten told from time to time how many bytes were written so far; may take its
     *     time, and what it throws is thrown on
     * @return receives the operations; the caller closes it
     * @throws io.hotpair.HotpairException {@code LOG_FAILED} if it can't be written
     */
    SnapshotWriter begin(long opId, LongConsumer onWritten);

    /**
     * Reads all of a snapshot and checks it. One that is damaged is reported, by file and block,
     * and set aside.
     *
     * @param snapshot one of {@link #list}
     * @return whether it is sound
     */
    boolean verify(SavedSnapshot snapshot);

    /**
     * Opens one to read it.
     *
     * @param snapshot one of {@link #list}
     * @return the reader; the caller closes it
     * @throws io.hotpair.HotpairException {@code LOG_FAILED} if it can't be read
     */
    SnapshotSource open(SavedSnapshot snapshot);

    /**
     * Opens the file of one, to copy it: what a {@link SnapshotReceiver} takes.
     *
     * @param snapshot one of {@link #list}
     * @return its bytes; the caller closes it. The file can be read to its end even if the snapshot
     *     is deleted meanwhile
     * @throws io.hotpair.HotpairException {@code LOG_FAILED} if it can't be opened
     */
    SnapshotBytes read(SavedSnapshot snapshot);

    /**
     * Begins to take in a snapshot of another log, with which this one is to begin. One at a time.
     *
     * @return what takes it; the caller closes it
     * @throws io.hotpair.HotpairException {@code LOG_FAILED} if it can't be written, or if another
     *     one is being taken in
     */
    SnapshotReceiver receive();

    /**
     * How much was logged after a snapshot.
     *
     * @param snapshot the snapshot, or null for all of the log
     * @return bytes
     */
    long logBytesAfter(@Nullable SavedSnapshot snapshot);

    /**
     * Deletes what is not needed any more: of the log, whole files before the newest two snapshots
     * that nobody reads; of the snapshots, those that are of no use without it.
     *
     * @param window the log can be taken back to any moment in it
     * @param logBytes above this length the window does not count
     * @throws io.hotpair.HotpairException {@code LOG_FAILED} if something can't be deleted; the log
     *     goes on all the same
     */
    void retain(Duration window, long logBytes);
}
