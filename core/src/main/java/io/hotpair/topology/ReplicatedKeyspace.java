package io.hotpair.topology;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.SavedSnapshot;
import io.hotpair.Watermark;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.Lineage;
import io.hotpair.log.OperationLog;
import io.hotpair.log.SnapshotReceiver;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * A keyspace as replication steers it. {@link #promote}, {@link #demote}, {@link #apply}, {@link
 * #rewindTo} and {@link #replaceWith} are called by one thread at a time; the rest is thread-safe.
 */
public interface ReplicatedKeyspace {

    /**
     * The keyspace's name.
     *
     * @return the name
     */
    String name();

    /**
     * The directory of this keyspace, in which replication keeps its own files in a directory of
     * its own.
     *
     * @return the directory
     */
    Path directory();

    /**
     * The keyspace's log. Replication reads it; it never appends.
     *
     * @return the log
     */
    OperationLog log();

    /**
     * The clock.
     *
     * @return the clock
     */
    Clock clock();

    /**
     * Makes the threads that replication needs.
     *
     * @return the factory
     */
    ThreadFactory threadFactory();

    /**
     * How far this keyspace's own log has come.
     *
     * @return the watermark of opIds in the log
     */
    Watermark logged();

    /**
     * How far this keyspace's own log was forced to the device.
     *
     * @return the watermark of opIds forced
     */
    Watermark durable();

    /**
     * How far the pair has come, as {@link #commit} said.
     *
     * @return the watermark of opIds acknowledged by the in-sync set
     */
    Watermark committed();

    /**
     * Says that every member that has to has the operations up to here.
     *
     * @param opId the opId; a lower one than before is ignored
     */
    void commit(long opId);

    /**
     * How far the pair has come on its devices, as {@link #commitToDisk} said.
     *
     * @return the watermark of opIds forced to the device of every member of the in-sync set
     */
    Watermark committedToDisk();

    /**
     * Says that the operations up to here are on the device of every member that has to have them.
     *
     * @param opId the opId; a lower one than before is ignored
     */
    void commitToDisk(long opId);

    /**
     * The highest opId that somebody waits for to be on all devices.
     *
     * @return the opId; it may not be in the log yet
     */
    long wantedOnDisk();

    /**
     * Says who is called when {@link #wantedOnDisk} has grown, in the thread that waits then. The
     * call must be short and must not block.
     *
     * @param listener called each time, until it is removed
     */
    void addDiskListener(Runnable listener);

    /**
     * Calls a listener no more.
     *
     * @param listener one that was added
     */
    void removeDiskListener(Runnable listener);

    /**
     * Sees to it that an opId is forced here as soon as it is logged. Never blocks.
     *
     * @param opId the opId
     */
    void forceSoon(long opId);

    /**
     * Says whether what is logged is forced to the device at once, as a master that stands alone in
     * its in-sync set needs. Otherwise the log is forced at its interval, or when somebody waits
     * for it.
     *
     * @param everyBatch whether it is
     */
    void forceEveryBatch(boolean everyBatch);

    /**
     * Says whether writes are taken at all, for a master with fewer members in sync than it was
     * told to have.
     *
     * @param refusal null to take writes, else the sentence with which they are refused
     */
    void refuseWrites(@Nullable String refusal);

    /**
     * Makes this node the master: writes a barrier as the term's first operation, then takes
     * writes.
     *
     * @param term the term, above the log's last one
     * @param lease asked before every append and every reply
     * @return the barrier's opId: the last opId before it, plus one
     */
    long promote(long term, Lease lease);

    /**
     * Makes this node a replica: refuses writes, waits until those under way have left, fails
     * whoever still waits for an acknowledgement with {@code OUTCOME_UNKNOWN}, and puts memory back
     * to what the log holds. Harmless on a replica.
     */
    void demote();

    /**
     * Applies a frame on a replica: checks it, appends it to the log, then makes its operations
     * visible.
     *
     * @param frame a sealed frame that continues the log; not kept
     * @return the last opId in the log now
     * @throws HotpairException {@code CORRUPTION} if it is damaged, {@code LOG_FAILED}, or {@code
     *     MEMORY_LIMIT} if this node's memory can't hold what the master's can
     * @throws IllegalArgumentException if it does not continue the log
     */
    long apply(FrameBuffer frame);

    /**
     * Why the log takes nothing any more. A failure is final until the keyspace is opened anew, so
     * a master that has one should hand over.
     *
     * @return the failure, or null while there is none
     */
    @Nullable HotpairException logFailure();

    /** Forces the log of a replica. */
    void force();

    /**
     * Cuts a replica's log after an opId and puts memory back to that moment. The cut tail is
     * saved.
     *
     * @param opId the last opId that stays
     * @return where the tail was saved
     * @throws HotpairException {@code NOT_RETAINED} if neither log nor snapshots reach back that
     *     far; then nothing was touched
     */
    Path rewindTo(long opId);

    /**
     * Saves a snapshot of the present state, or finds that one was saved already.
     *
     * @return done when it is in {@link OperationLog#snapshots}; failed if it could not be saved
     */
    CompletableFuture<SavedSnapshot> saveSnapshot();

    /**
     * How fast the device and the network may be kept busy with snapshots.
     *
     * @return bytes a second
     */
    long snapshotBytesPerSecond();

    /**
     * Replaces everything that a replica holds, its log and its memory, by a snapshot of another
     * node. The log is the old one or the new one at any time, also after a crash. Memory shows the
     * old state until the log begins with the snapshot. From then on reads are refused with {@code
     * LOADING}, until all of the new state is there.
     *
     * <p>If it fails after that, the node takes part no more until it is opened again, which loads
     * what the log has. If {@code onProgress} throws a {@link
     * java.util.concurrent.CancellationException}, only the memory is left unfinished: nothing is
     * read, nothing applied, and no promotion possible, until the keyspace is opened again or
     * another copy is taken.
     *
     * @param copy complete, and checked
     * @param lineage the terms that wrote it
     * @param sharedOpId the last opId of this log that the other node has as well; the rest of the
     *     log is saved
     * @param onProgress called from time to time, by the calling thread
     * @return where the rest was saved
     * @throws HotpairException {@code LOG_FAILED}, {@code CORRUPTION}, or {@code MEMORY_LIMIT} if
     *     this node's memory can't hold what the master's can
     */
    Path replaceWith(SnapshotReceiver copy, Lineage lineage, long sharedOpId, Runnable onProgress);
}
