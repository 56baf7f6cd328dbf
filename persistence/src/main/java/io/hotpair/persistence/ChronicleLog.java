package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The append side of a log on Chronicle Queue.
 *
 * <p>Callers see to it that one thread at a time appends and forces; the lock here is for the one
 * mistake that would end the JVM, an append to files that a close is unmapping. Readers take no
 * lock.
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
    private final DirectoryLock directoryLock;
    private final LogIdentity identity;
    private final DurableMark mark;
    private final CutJournal cuts;
    private final History history;
    private final QueueWriter writer;
    private final HourClock clock;
    private final Set<LogSource> sources = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();

    // Guarded by the lock.
    private @Nullable Segment segment;
    private @Nullable AllocatedFile current;
    private @Nullable AllocatedFile before;
    private boolean isForced = true;
    private boolean isDirectoryForced = true;
    private @Nullable Throwable failure;
    private boolean closed;

    /**
     * Takes over what an opening has brought together.
     *
     * @param current the last segment's file, if it can be appended to
     */
    ChronicleLog(
            LogOptions options,
            DirectoryLock directoryLock,
            LogIdentity identity,
            DurableMark mark,
            CutJournal cuts,
            History history,
            QueueWriter writer,
            HourClock clock,
            @Nullable AllocatedFile current) {
        this.options = options;
        this.directoryLock = directoryLock;
        this.identity = identity;
        this.mark = mark;
        this.cuts = cuts;
        this.history = history;
        this.writer = writer;
        this.clock = clock;
        this.current = current;
        home = directoryLock.directory();
        queue = home.resolve(QUEUE_DIRECTORY);
        segment = current == null ? null : history.lastSegment();
    }

    static ChronicleLog open(Path directory, LogOptions options) {
        boolean interrupted = Thread.interrupted();
        try {
            return LogOpening.open(directory, options);
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
            FrameDescriptor.verify(frame, "the end of log " + home);
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

    // Whatever is thrown, an Error too, the log can't be trusted with another append.
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
            throw fail("an append", t);
        }
    }

    /** Rolls if the hour has changed, though never between the fragments of one operation. */
    private Segment segmentForNextFrame() throws IOException {
        Segment target = segment;
        if (target != null && history.isInsideOperation()) {
            return target;
        }
        clock.advanceTo(options.wallClockMs().getAsLong());
        if (target != null && target.cycle() == clock.cycle()) {
            return target;
        }
        return roll(clock.cycle());
    }

    private Segment roll(int cycle) throws IOException {
        // With all of the old segment on the device, only the last one can ever be found torn.
        forceFiles();
        AllocatedFile old = current;
        current = AllocatedFile.create(queue.resolve(Segment.nameOf(cycle)), options);
        // Chronicle will mark the old one's end: it is forced once more with the next force.
        before = old;
        isForced = false;
        isDirectoryForced = false;
        Segment next = history.addSegment(cycle, queue);
        segment = next;
        return next;
    }

    @Override
    public void force() {
        lock.lock();
        boolean interrupted = Thread.interrupted();
        try {
            requireUsable();
            try {
                forceFiles();
            } catch (Throwable t) {
                throw fail("a force", t);
            }
        } finally {
            restoreInterrupt(interrupted);
            lock.unlock();
        }
    }

    private void forceFiles() throws IOException {
        if (isForced) {
            return;
        }
        AllocatedFile old = before;
        if (old != null) {
            before = null;
            try (old) {
                old.force();
            }
        }
        if (current != null) {
            current.force();
        }
        if (!isDirectoryForced) {
            Directories.force(queue);
            isDirectoryForced = true;
        }
        isForced = true;
        mark.advance(history.end(), history.lastOpId());
    }

    @Override
    public Path cutAfter(long opId) {
        lock.lock();
        boolean interrupted = Thread.interrupted();
        try {
            requireUsable();
            if (opId < 0 || opId > history.lastOpId()) {
                throw new IllegalArgumentException(
                        "opId=" + opId + ", expected 0 to " + history.lastOpId());
            }
            long kept = LogSource.lastLiveUpTo(history, opId);
            Path parent = home.resolve(DivergentTail.DIRECTORY);
            return kept == history.lastOpId()
                    ? parent.resolve(lastTail())
                    : parent.resolve(cutTail(kept));
        } finally {
            restoreInterrupt(interrupted);
            lock.unlock();
        }
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

    private String cutTail(long kept) {
        force();
        String tail;
        try {
            tail =
                    DivergentTail.save(
                            home, identity, history, kept, options.wallClockMs().getAsLong());
        } catch (IOException | RuntimeException e) {
            throw Failures.logFailed(
                    "log " + home + " can't save its tail after opId=" + kept + ": not cut", e);
        }
        Cut cut = new Cut(history.end(), kept);
        try {
            cuts.add(new CutJournal.Entry(cut, tail));
        } catch (IOException | RuntimeException e) {
            throw fail("noting a cut", e);
        }
        LOG.info("log={}: cut after opId={}, the tail is in {}", home, kept, tail);
        history.cut(cut);
        return tail;
    }

    @Override
    public OperationSource openSource() {
        lock.lock();
        try {
            requireNotClosed();
            LogSource source = new LogSource(history, sources::remove);
            sources.add(source);
            return source;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        boolean interrupted = Thread.interrupted();
        try {
            if (!closed) {
                closed = true;
                closeOpen();
            }
        } finally {
            restoreInterrupt(interrupted);
            lock.unlock();
        }
    }

    private void closeOpen() {
        boolean usable = failure == null;
        Release release = new Release();
        if (usable) {
            release.run(this::forceFiles);
        }
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
