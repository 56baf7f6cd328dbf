/**
 * The log on Chronicle Queue. {@link io.hotpair.persistence.ChronicleLogProvider} is found by
 * {@link java.util.ServiceLoader}; everything else is package-private.
 *
 * <p>A tour: {@code ChronicleLog} is the append side; it keeps {@code QueueWriter} (the only class
 * that touches Chronicle) behind {@code AllocatedFile}, which allocates and forces, and it tells
 * {@code History} what was written. {@code History} knows the segments, the cuts and which
 * operations are live. {@code SegmentReader} walks a segment file by itself, copying what it reads;
 * {@code Recovery} checks a log with it at open, {@code LogSource} serves readers with it, and
 * {@code BackgroundReader} reads what the opening left out and what is appended. What reading a
 * segment has shown is a {@code SegmentSummary}, kept by {@code SegmentSummaries}. {@code
 * DirectoryLock}, {@code LogIdentity}, {@code DurableMark} and {@code CutJournal} are the small
 * files beside the queue, and {@code LogBegin}, if the log was shortened.
 *
 * <p>{@code SnapshotDirectory} knows the snapshots beside the log; {@code SnapshotFileWriter} and
 * {@code SnapshotFileReader} write and read one. {@code LogSnapshots} is what core sees of them.
 * {@code Retention} says which are needed, and {@code ChronicleLog} deletes what of the log is not.
 *
 * <p>The layout on disk is in {@code persistence/docs/log-format.md} and {@code
 * persistence/docs/snapshot-format.md}, the reasons are in {@code persistence/docs/decisions.md}.
 */
@NullMarked
package io.hotpair.persistence;

import org.jspecify.annotations.NullMarked;
