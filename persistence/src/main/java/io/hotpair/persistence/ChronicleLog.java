package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.Progress;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationSource;
import io.hotpair.log.SnapshotStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The append side of a log on Chronicle Queue.
 *
 * <p>Callers see to it that one thread at a time appends; the lock here is for the one mistake that
 * would end the JVM, an append to files that a close is unmapping, and for what appends and forces
 * share. While the device works on a force, appends go on: only a roll waits for it. Readers take
 * no lock.
 *
 * <p>It fails once and for all: whatever goes wrong in an append or a force, nothing is written
 * afterwards, because nobody can say what of it has reached the device. Opening it again finds out.
 *
 * <p>The thread may be an application's, and interrupted. An interrupt closes channels in use, so
 * the flag is taken away while files are touched, and put back.
 */
final class ChronicleLog implements OperationLog {
    static final String QUEUE_DIRECTORY = "queue";

    private static final Logger LOG = LoggerFactory.getLogger(ChronicleLog.class);

    private final Path home;
    private final Path queue;
    private final LogOptions options;
    private final DiskSpace space;
    private final DirectoryLock directoryLock;
    private final LogIdentity identity;
    private final DurableMark mark;
    private final CutJournal cuts;
    private final History history;
    private final SnapshotDirectory snapshots;
    private final HourClock clock;
    private final SegmentSummaries summaries;
    private final BackgroundReader background;
    private final Set<LogSource> sources = ConcurrentHashMap.newKeySet();
    // Taken in this order: the lock of the snapshots, that of the forces, and this.
    private final ReentrantLock forceLock = new ReentrantLock();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition forcingEnded = lock.newCondition();

    // Guarded by the lock of the snapshots.
    private int deletedBefore;

    // Guarded by the lock.
    private QueueWriter writer;
    private @Nullable Segment segment;
    private @Nullable AllocatedFile current;
    private @Nullable AllocatedFile before;
    private boolean isForced;
    private boolean isDirectoryForced;
    private boolean isForcing;
    private @Nullable Throwable failure;
    private boolean closed;

    /** The hour of the wall clock in which the segment was begun, or opened again. */
    private long hourOfRoll;

    /**
     * Takes over what an opening has brought together.
     *
     * @param current the last segment's file, if it can be appended to
     */
    ChronicleLog(
            LogOptions options,
            DiskSpace space,
            DirectoryLock directoryLock,
            LogIdentity identity,
            DurableMark mark,
            CutJournal cuts,
            History history,
            SnapshotDirectory snapshots,
            QueueWriter writer,
            HourClock clock,
            @Nullable AllocatedFile current,
            SegmentSummaries summaries,
            BackgroundReader background) {
        this.options = options;
        this.space = space;
        this.directoryLock = directoryLock;
        this.identity = identity;
        this.mark = mark;
        this.cuts = cuts;
        this.history = history;
        this.snapshots = snapshots;
        this.writer = writer;
        this.clock = clock;
        this.summaries = summaries;
        this.background = background;
        this.current = current;
        home = directoryLock.directory();
        queue = home.resolve(QUEUE_DIRECTORY);
        deletedBefore = history.begin().cycle();
        segment = current == null ? null : history.lastSegment();
        hourOfRoll = Math.min(history.end().cycle(), hourOf(options.wallClockMs().getAsLong()));
        // What a process that died has left may be in the page cache only.
        isForced = current == null;
        isDirectoryForced = current == null;
        background.start();
    }

    static ChronicleLog open(Path directory, LogOptions options) {
        return open(directory, options, Progress.NONE);
    }

    static ChronicleLog open(Path directory, LogOptions options, Progress progress) {
        return open(directory, options, progress, false);
    }

    /** Opens what is sound of a log, and sets the rest aside. */
    static ChronicleLog openSoundPart(Path directory, LogOptions options, Progress progress) {
        return open(directory, options, progress, true);
    }

    private static ChronicleLog open(
            Path directory, LogOptions options, Progress progress, boolean repairs) {
        boolean interrupted = Thread.interrupted();
        try {
            return LogOpening.open(directory, options, progress, repairs);
        } finally {
            restoreInterrupt(interrupted);
        }
    }

    @Override
    public UUID id() {
        return identity.id();
    }

    @Override
    public Lineage lineage() {
        return history.lineage();
    }

    @Override
    public long firstOpId() {
        return history.firstOpId();
    }

    @Override
    public long lastOpId() {
        return history.lastOpId();
    }

    @Override
    public void append(FrameBuffer frame) {
        lock.lock();
        boolean interrupted = Thread.interrupted();
        try {
            requireUsable();
            FrameDescriptor.verify(frame, this::place);
            String objection = history.objectionTo(frame);
            if (objection != null) {
                throw new IllegalArgumentException(objection);
            }
            if (history.abandons(frame)) {
                abandonOperation();
            }
            write(frame);
        } finally {
            restoreInterrupt(interrupted);
            lock.unlock();
        }
    }

    private String place() {
        return "the end of log " + home;
    }

    /**
     * Leaves the fragments of an operation that nobody will complete. They are dead from here on;
     * on the medium the frame that follows says so.
     */
    private void abandonOperation() {
        LOG.info(
                "log={}: the operation after opId={} was not sent to its end and is dropped",
                home,
                history.lastOpId());
        history.abandonOperation(history.end());
    }

    // Whatever is thrown, an Error too, the log can't be trusted with another append; but for want
    // of space, which shows before anything is written.
    private void write(FrameBuffer frame) {
        try {
            Segment target = segmentForNextFrame();
            AllocatedFile file = current;
            if (file == null) {
                throw new IllegalStateException("no file for " + target);
            }
            file.allocate(target.written() + frame.length());
            isForced = false;
            long header = writer.append(frame, target);
            long end = header + SegmentReader.HEADER_LENGTH + frame.length();
            history.accept(frame, target, header, end);
        } catch (Throwable t) {
            if (t instanceof HotpairException e
                    && e.category() == HotpairException.Category.DISK_FULL) {
                throw e;
            }
            throw fail("an append", t);
        }
    }

    @Override
    public void prepare() {
        // An append is under way: the one after the next will do.
        if (!lock.tryLock()) {
            return;
        }
        AllocatedFile file;
        try {
            file = failure == null && !closed ? current : null;
        } finally {
            lock.unlock();
        }
        if (file != null) {
            file.prepare();
        }
    }

    @Override
    public boolean isShortOfSpace() {
        return space.isShort();
    }

    /**
     * Rolls if the hour has changed, or the segment is long, though never between the fragments of
     * one operation.
     */
    private Segment segmentForNextFrame() throws IOException {
        Segment target = segment;
        if (target != null && history.isInsideOperation()) {
            return target;
        }
        long nowMs = options.wallClockMs().getAsLong();
        long hour = hourOf(nowMs);
        if (target != null
                && hour == hourOfRoll
                && target.cycle() == clock.cycle()
                && target.written() < options.segmentBytes()) {
            return target;
        }
        clock.advanceTo(nowMs);
        if (target != null) {
            clock.advanceTo((target.cycle() + 1L) * Segment.CYCLE_MS);
        }
        Segment next = roll(clock.cycle());
        hourOfRoll = hour;
        return next;
    }

    private static long hourOf(long timeMs) {
        return timeMs / Segment.CYCLE_MS;
    }

    private Segment roll(int cycle) throws IOException {
        while (isForcing) {
            forcingEnded.awaitUninterruptibly();
        }
        requireUsable();
        // With all of the old segment on the device, only the last one can ever be found torn.
        forceOutsideLock();
        AllocatedFile old = current;
        current = AllocatedFile.create(queue.resolve(Segment.nameOf(cycle)), space);
        // Chronicle will mark the old one's end: it is forced once more with the next force.
        before = old;
        isForced = false;
        isDirectoryForced = false;
        Segment next = history.addSegment(cycle, queue);
        segment = next;
        return next;
    }

    @Override
    public long force() {
        forceLock.lock();
        boolean interrupted = Thread.interrupted();
        try {
            checkUsable();
            return forceOutsideLock();
        } finally {
            restoreInterrupt(interrupted);
            forceLock.unlock();
        }
    }

    /** Notes what there is, lets appends go on while the device takes it, and says that it has. */
    private long forceOutsideLock() {
        Forcing forcing;
        lock.lock();
        try {
            if (isForced) {
                return history.lastOpId();
            }
            forcing =
                    new Forcing(
                            before, current, !isDirectoryForced, history.end(), history.lastOpId());
            before = null;
            isForced = true;
            isDirectoryForced = true;
            isForcing = true;
        } finally {
            lock.unlock();
        }
        Throwable refused = null;
        try {
            forcing.run(queue);
        } catch (Throwable t) {
            refused = t;
        }
        lock.lock();
        try {
            isForcing = false;
            if (refused == null) {
                mark.advance(forcing.end(), forcing.lastOpId());
                return forcing.lastOpId();
            }
            // Before anybody else may write or force: the device would say yes the next time.
            throw fail("a force", refused);
        } catch (IOException e) {
            throw fail("noting a force", e);
        } finally {
            forcingEnded.signalAll();
            lock.unlock();
        }
    }

    /**
     * What one force has to bring to the device.
     *
     * @param before the file that was rolled from, which is closed afterwards; null if there is
     *     none
     * @param current the file that is appended to; null if there is none
     * @param forcesDirectory whether the name of the file has to be forced too
     * @param end up to where the log is forced then
     * @param lastOpId the last live operation before that
     */
    private record Forcing(
            @Nullable AllocatedFile before,
            @Nullable AllocatedFile current,
            boolean forcesDirectory,
            Place end,
            long lastOpId) {
        void run(Path queue) throws IOException {
            if (before != null) {
                try (before) {
                    before.force();
                }
            }
            if (current != null) {
                current.force();
            }
            if (forcesDirectory) {
                Directories.force(queue);
            }
        }
    }

    @Override
    public boolean isIncomplete() {
        return IncompleteMark.exists(home);
    }

    @Override
    public void acceptIncomplete() {
        boolean interrupted = Thread.interrupted();
        try {
            IncompleteMark.delete(home);
        } catch (IOException e) {
            throw Failures.logFailed("log " + home + " can't note that it is complete: " + e, e);
        } finally {
            restoreInterrupt(interrupted);
        }
    }

    @Override
    public Path cutAfter(long opId) {
        return exclusively(() -> cutExclusively(opId));
    }

    private Path cutExclusively(long opId) {
        requireUsable();
        if (opId < 0 || opId > history.lastOpId()) {
            throw new IllegalArgumentException(
                    "opId=" + opId + ", expected 0 to " + history.lastOpId());
        }
        if (opId < history.begin().previousOpId()) {
            throw new HotpairException(
                    HotpairException.Category.NOT_RETAINED,
                    "log "
                            + home
                            + " can't be cut after opId="
                            + opId
                            + ", expected at least "
                            + history.begin().previousOpId()
                            + ": what lies before was deleted");
        }
        long kept = LogSource.lastLiveUpTo(history, opId);
        Path parent = home.resolve(DivergentTail.DIRECTORY);
        return kept == history.lastOpId()
                ? parent.resolve(lastTail())
                : parent.resolve(cutTail(kept));
    }

    /** Where the last cut's tail is, if the log still ends where it was cut; else nothing is. */
    private String lastTail() {
        int count = cuts.entries().size();
        if (count == 0) {
            return "";
        }
        CutJournal.Entry last = cuts.entries().get(count - 1);
        boolean isEnd = last.cut().boundary().equals(history.end());
        return isEnd && last.cut().keptOpId() == history.lastOpId() ? last.tail() : "";
    }

    private String saveTail(long kept) {
        force();
        try {
            return DivergentTail.save(
                    home, identity, history, kept, options.wallClockMs().getAsLong());
        } catch (IOException | RuntimeException e) {
            throw Failures.logFailed(
                    "log " + home + " can't save its tail after opId=" + kept + ": not cut", e);
        }
    }

    private String cutTail(long kept) {
        String tail = saveTail(kept);
        Cut cut = new Cut(history.end(), kept);
        try {
            cuts.add(new CutJournal.Entry(cut, tail));
        } catch (IOException | RuntimeException e) {
            throw fail("noting a cut", e);
        }
        LOG.info("log={}: cut after opId={}, the tail is in {}", home, kept, tail);
        history.cut(cut);
        snapshots.removeDead();
        return tail;
    }

    /**
     * Where a snapshot stands with which the log is to begin: behind everything that the log holds,
     * so that one word about where the log begins takes all of it away at once.
     */
    Place placeOfNextBeginning() {
        lock.lock();
        try {
            requireUsable();
            clock.advanceTo(options.wallClockMs().getAsLong());
            return new Place(Math.max(clock.cycle(), history.end().cycle() + 1), 0);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Begins anew with a received snapshot.
     *
     * <pre>
     *   what is not shared is saved ─► log.begin names the snapshot ─► it gets its name,
     *                                  and nothing before it counts    the rest is deleted
     * </pre>
     *
     * <p>Up to the second step the old log is found after a crash, from then on the new one:
     * opening it does what was left to do.
     *
     * @param sharedOpId the last opId of this log that need not be saved
     * @return where the rest of it was saved
     */
    Path beginWith(LogBegin begin, SnapshotDirectory.Entry snapshot, long sharedOpId) {
        return exclusively(() -> replaceWith(begin, snapshot, sharedOpId));
    }

    private Path replaceWith(LogBegin begin, SnapshotDirectory.Entry snapshot, long sharedOpId) {
        requireUsable();
        if (sharedOpId < 0 || sharedOpId > history.lastOpId()) {
            throw new IllegalArgumentException(
                    "sharedOpId=" + sharedOpId + ", expected 0 to " + history.lastOpId());
        }
        if (history.end().cycle() >= begin.cycle()) {
            throw new IllegalStateException(
                    "log=" + home + " was appended to while a snapshot of another one came");
        }
        long kept = LogSource.lastLiveUpTo(history, sharedOpId);
        String tail = kept == history.lastOpId() ? "" : saveTail(kept);
        long lastOpId = history.lastOpId();
        try {
            replaceAll(begin, snapshot);
        } catch (Throwable t) {
            throw fail("beginning with snapshot " + snapshot.saved().file(), t);
        }
        LOG.info(
                "log={}: begins with snapshot {} now, opId={}{}{}",
                home,
                snapshot.saved().file(),
                begin.previousOpId(),
                lastOpId == 0 ? "" : "; what it held up to opId=" + lastOpId + " is deleted",
                tail.isEmpty() ? "" : ", its tail is in " + tail);
        return home.resolve(DivergentTail.DIRECTORY).resolve(tail);
    }

    private void replaceAll(LogBegin begin, SnapshotDirectory.Entry snapshot) throws IOException {
        begin.write(home);
        history.readers().lock();
        try {
            sources.forEach(LogSource::replace);
            history.beginAnew(begin);
        } finally {
            history.readers().unlock();
        }
        closeFiles();
        Recovery.removeForgotten(queue, begin);
        summaries.deleteBefore(begin.cycle());
        deletedBefore = begin.cycle();
        snapshots.beginWith(begin, snapshot);
        clock.advanceTo(begin.cycle() * Segment.CYCLE_MS);
        writer = QueueWriter.open(queue, clock);
        mark.advance(history.end(), history.lastOpId());
    }

    /** Lets go of the segments, so that they can be deleted and the next append begins another. */
    private void closeFiles() {
        Release release = new Release();
        release.run(writer);
        release.run(before);
        release.run(current);
        before = null;
        current = null;
        segment = null;
        isForced = true;
        isDirectoryForced = true;
        release.throwAs("the segments of log " + home + " were not closed cleanly");
    }

    /** Whether something went wrong that only opening it again can judge. */
    boolean hasFailed() {
        lock.lock();
        try {
            return failure != null;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public OperationSource openSource() {
        lock.lock();
        try {
            requireNotClosed();
            LogSource source = new LogSource(history, sources::remove, summaries::delete);
            sources.add(source);
            return source;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public SnapshotStore snapshots() {
        return new LogSnapshots(this, snapshots, history, options);
    }

    /** Says what a snapshot of an opId has to do with the log as it is now. */
    SnapshotHeader snapshotHeader(long opId) {
        lock.lock();
        try {
            requireUsable();
            Segment last = history.lastSegment();
            if (opId < 1 || opId > history.lastOpId() || last == null) {
                throw new IllegalArgumentException(
                        "opId=" + opId + ", expected 1 to " + history.lastOpId());
            }
            return new SnapshotHeader(
                    identity.id(),
                    opId,
                    history.lineage().termAt(opId),
                    options.wallClockMs().getAsLong(),
                    new Place(last.cycle(), last.lastHeader()));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Deletes segments from the beginning; see {@link History#firstNeeded}. The caller holds the
     * lock of the snapshots, so that nothing is cut meanwhile; appends go on. First the segments
     * are forgotten in memory, then on the medium, then they are deleted: wherever this ends, what
     * is left is a log.
     */
    void trim(
            SnapshotDirectory.Entry spare, SnapshotDirectory.@Nullable Entry base, long maxLength) {
        LogBegin begin = forgetUnneeded(spare, base, maxLength);
        if (begin.cycle() == deletedBefore) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            begin.write(home);
            Recovery.removeForgotten(queue, begin);
            summaries.deleteBefore(begin.cycle());
            deletedBefore = begin.cycle();
            report(begin, base, maxLength);
            refreshQueue();
        } catch (IOException e) {
            throw Failures.logFailed("log " + home + " can't be shortened: " + e, e);
        } finally {
            restoreInterrupt(interrupted);
        }
    }

    private void report(LogBegin begin, SnapshotDirectory.@Nullable Entry base, long maxLength) {
        if (base == null || base.saved().opId() < begin.previousOpId()) {
            LOG.warn(
                    "log={}: longer than {} bytes, so that a part of the retention is deleted: it"
                            + " begins with opId={} now",
                    home,
                    maxLength,
                    firstOpId());
        } else {
            LOG.info("log={}: shortened, it begins with opId={} now", home, firstOpId());
        }
    }

    private LogBegin forgetUnneeded(
            SnapshotDirectory.Entry spare, SnapshotDirectory.@Nullable Entry base, long maxLength) {
        lock.lock();
        history.readers().lock();
        try {
            requireUsable();
            int firstRead =
                    sources.stream()
                            .mapToInt(LogSource::readingCycle)
                            .min()
                            .orElse(Integer.MAX_VALUE);
            // What was rolled from and is still open, to be forced once more, is not before the
            // mark.
            Segment first = history.firstNeeded(spare, base, maxLength, mark.place(), firstRead);
            return first == null ? history.begin() : history.beginWith(first);
        } finally {
            history.readers().unlock();
            lock.unlock();
        }
    }

    private void refreshQueue() {
        lock.lock();
        try {
            if (!closed) {
                writer.refresh();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        boolean unused =
                exclusively(
                        () -> {
                            if (!closed) {
                                closed = true;
                                closeOpen();
                            }
                            return true;
                        });
    }

    /** Does something while nobody appends, forces, or touches the snapshots. */
    private <T> T exclusively(Supplier<T> work) {
        snapshots.lock().lock();
        forceLock.lock();
        lock.lock();
        boolean interrupted = Thread.interrupted();
        try {
            return work.get();
        } finally {
            restoreInterrupt(interrupted);
            lock.unlock();
            forceLock.unlock();
            snapshots.lock().unlock();
        }
    }

    private void closeOpen() {
        boolean usable = failure == null;
        Release release = new Release();
        if (usable) {
            release.run(() -> forceOutsideLock());
        }
        release.run(background::stop);
        sources.forEach(source -> release.run(source));
        release.run(writer);
        release.run(ChronicleThreads::release);
        if (usable && release.isClean()) {
            release.run(() -> mark.end(history.end(), history.lastOpId()));
        }
        release.run(mark);
        release.run(before);
        release.run(current);
        release.run(directoryLock);
        release.throwAs("log " + home + " was not closed cleanly");
    }

    private void checkUsable() {
        lock.lock();
        try {
            requireUsable();
        } finally {
            lock.unlock();
        }
    }

    private void requireUsable() {
        requireNotClosed();
        if (failure != null) {
            throw Failures.logFailed(
                    "log " + home + " takes no more writes: " + failure.getMessage(), failure);
        }
    }

    private void requireNotClosed() {
        if (closed) {
            throw new IllegalStateException("log " + home + " is closed");
        }
    }

    private HotpairException fail(String what, Throwable cause) {
        HotpairException reported =
                Failures.logFailed(
                        what + " to log " + home + " failed, it takes no more writes: " + cause,
                        cause);
        failure = reported;
        return reported;
    }

    private static void restoreInterrupt(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
