package io.hotpair.persistence;

import io.hotpair.HotpairException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens a log, step by step: takes the directory, finds out who the log is, verifies what is in it,
 * and only then lets Chronicle near it. If a step fails, what the steps before have taken is
 * released.
 */
final class LogOpening {
    private static final Logger LOG = LoggerFactory.getLogger(LogOpening.class);

    private final Path home;
    private final Path queue;
    private final LogOptions options;
    private final DirectoryLock directoryLock;
    private final HourClock clock = new HourClock();
    private final Release release = new Release();
    private boolean isChronicleRetained;
    private @Nullable DurableMark mark;
    private @Nullable AllocatedFile current;
    private @Nullable QueueWriter writer;

    private LogOpening(DirectoryLock directoryLock, LogOptions options) {
        this.directoryLock = directoryLock;
        this.options = options;
        home = directoryLock.directory();
        queue = home.resolve(ChronicleLog.QUEUE_DIRECTORY);
    }

    static ChronicleLog open(Path directory, LogOptions options) {
        Path home = prepare(directory);
        DirectoryLock lock = DirectoryLock.acquire(home, options.wallClockMs().getAsLong());
        LogOpening opening = new LogOpening(lock, options);
        try {
            return opening.run();
        } catch (HotpairException e) {
            throw opening.abandoned(e);
        } catch (Throwable t) {
            throw opening.abandoned(
                    Failures.logFailed("log " + home + " can't be opened: " + t, t));
        }
    }

    private static Path prepare(Path directory) {
        try {
            Directories.create(directory);
            return directory.toRealPath();
        } catch (FileAlreadyExistsException e) {
            throw Failures.logFailed("directory=" + directory + ", expected a directory", e);
        } catch (IOException e) {
            throw Failures.logFailed("directory=" + directory + " can't be created: " + e, e);
        }
    }

    private ChronicleLog run() throws IOException {
        LogIdentity identity = readOrCreateIdentity();
        DurableMark openedMark = DurableMark.open(home);
        mark = openedMark;
        CutJournal cuts = CutJournal.read(home);
        Directories.deleteTree(home.resolve(SegmentRebuild.DIRECTORY));
        History history = recover(openedMark, cuts);
        openedMark.begin(options.bootId());
        ChronicleThreads.retain();
        isChronicleRetained = true;
        String disagreement = openQueue(history);
        if (disagreement != null) {
            history = rebuild(history, openedMark, cuts, disagreement);
        }
        return new ChronicleLog(
                options,
                directoryLock,
                identity,
                openedMark,
                cuts,
                history,
                Objects.requireNonNull(writer),
                clock,
                current);
    }

    private History recover(DurableMark openedMark, CutJournal cuts) throws IOException {
        return Recovery.run(home, queue, openedMark, cuts, options.bootId());
    }

    private LogIdentity readOrCreateIdentity() throws IOException {
        Path file = home.resolve(LogIdentity.FILE_NAME);
        if (Files.exists(file)) {
            return LogIdentity.read(home);
        }
        Directories.create(queue);
        if (hasSegments()) {
            throw Failures.corruption(file + " is missing, but there are segments in " + queue);
        }
        DurableMark.create(home);
        LogIdentity identity =
                new LogIdentity(UUID.randomUUID(), options.wallClockMs().getAsLong());
        identity.write(home);
        return identity;
    }

    private boolean hasSegments() throws IOException {
        try (Stream<Path> files = Files.list(queue)) {
            return files.anyMatch(p -> p.toString().endsWith(Segment.SUFFIX));
        }
    }

    /**
     * Lets Chronicle open the queue.
     *
     * @return why what it sees is not what was read, or null if it is
     */
    private @Nullable String openQueue(History history) throws IOException {
        Segment last = history.lastSegment();
        if (last != null) {
            long firstCycle = last.isSealed() ? last.cycle() + 1L : last.cycle();
            clock.advanceTo(firstCycle * Segment.CYCLE_MS);
        }
        if (last != null && !last.isSealed()) {
            current = AllocatedFile.open(last.file(), options, last.contentEnd());
        }
        try {
            QueueWriter opened = QueueWriter.open(queue, clock);
            writer = opened;
            return last == null || opened.agreesWith(last)
                    ? null
                    : "Chronicle sees another end of " + last;
        } catch (RuntimeException | AssertionError e) {
            if (last == null) {
                throw e;
            }
            return "Chronicle can't open " + last + ": " + e;
        }
    }

    private History rebuild(
            History history, DurableMark openedMark, CutJournal cuts, String disagreement)
            throws IOException {
        Segment last = Objects.requireNonNull(history.lastSegment());
        LOG.warn(
                "log={}: {}, though all of its frames are sound: it is written anew",
                home,
                disagreement);
        closeQueue();
        SegmentRebuild.run(home, last, options);
        History again = recover(openedMark, cuts);
        String disagreementAgain = openQueue(again);
        if (disagreementAgain != null || again.lastOpId() != history.lastOpId()) {
            throw Failures.corruption(
                    last.file() + " was written anew, to no avail: " + disagreementAgain);
        }
        return again;
    }

    private void closeQueue() throws IOException {
        QueueWriter openedWriter = writer;
        AllocatedFile openedFile = current;
        writer = null;
        current = null;
        if (openedWriter != null) {
            openedWriter.close();
        }
        if (openedFile != null) {
            openedFile.close();
        }
    }

    private HotpairException abandoned(HotpairException reason) {
        release.run(writer);
        if (isChronicleRetained) {
            release.run(ChronicleThreads::release);
        }
        release.run(current);
        release.run(mark);
        release.run(directoryLock);
        try {
            release.throwAs("log " + home + " was not released cleanly");
        } catch (HotpairException e) {
            reason.addSuppressed(e);
        }
        return reason;
    }
}
