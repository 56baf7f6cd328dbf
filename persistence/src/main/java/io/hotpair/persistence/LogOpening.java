package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.Progress;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Opens a log, step by step: takes the directory, finds out who the log is, verifies what is in it,
 * and only then lets Chronicle near it. If a step fails, what the steps before have taken is
 * released.
 */
final class LogOpening {
    private final Path home;
    private final Path queue;
    private final LogOptions options;
    private final Progress progress;
    private final DirectoryLock directoryLock;
    private final HourClock clock = new HourClock();
    private final Release release = new Release();
    private boolean isChronicleRetained;
    private @Nullable DurableMark mark;
    private @Nullable AllocatedFile current;
    private @Nullable QueueWriter writer;

    private LogOpening(DirectoryLock directoryLock, LogOptions options, Progress progress) {
        this.progress = progress;
        this.directoryLock = directoryLock;
        this.options = options;
        home = directoryLock.directory();
        queue = home.resolve(ChronicleLog.QUEUE_DIRECTORY);
    }

    static ChronicleLog open(Path directory, LogOptions options, Progress progress) {
        Path home = prepare(directory);
        DirectoryLock lock = DirectoryLock.acquire(home, options.wallClockMs().getAsLong());
        LogOpening opening = new LogOpening(lock, options, progress);
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
        DiskSpace space = new DiskSpace(home, options);
        LogIdentity identity = readOrCreateIdentity();
        DurableMark openedMark = DurableMark.open(home);
        mark = openedMark;
        CutJournal cuts = CutJournal.read(home);
        LogBegin begin = LogBegin.read(home);
        SegmentSummaries summaries = new SegmentSummaries(home, identity.id());
        Recovery.Result recovered =
                Recovery.run(home, queue, begin, openedMark, cuts, summaries, progress, options);
        History history = recovered.history();
        SnapshotDirectory snapshots = SnapshotDirectory.open(home, identity.id(), history);
        openedMark.begin(options.bootId());
        ChronicleThreads.retain();
        isChronicleRetained = true;
        clock.advanceTo(begin.cycle() * Segment.CYCLE_MS);
        QueueWriter openedWriter = openQueue(history.lastSegment(), space);
        recovered.found().forEach(summaries::write);
        return new ChronicleLog(
                options,
                space,
                directoryLock,
                identity,
                openedMark,
                cuts,
                history,
                snapshots,
                openedWriter,
                clock,
                current,
                summaries,
                new BackgroundReader(recovered, summaries, options));
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

    private QueueWriter openQueue(@Nullable Segment last, DiskSpace space) throws IOException {
        if (last != null) {
            long firstCycle = last.isSealed() ? last.cycle() + 1L : last.cycle();
            clock.advanceTo(firstCycle * Segment.CYCLE_MS);
        }
        if (last != null && !last.isSealed()) {
            current = AllocatedFile.open(last.file(), space, last.contentEnd());
        } else if (last != null) {
            // Nobody will come to it again, and the process that ended it may have died then.
            try (RandomAccessFile sealed = new RandomAccessFile(last.file().toFile(), "rw")) {
                sealed.getFD().sync();
            }
            Directories.force(queue);
        }
        QueueWriter opened = QueueWriter.open(queue, clock);
        writer = opened;
        if (last != null) {
            opened.requireEnd(last);
        }
        return opened;
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
