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
    private final boolean repairs;
    private final DirectoryLock directoryLock;
    private final HourClock clock = new HourClock();
    private final Release release = new Release();
    private boolean isChronicleRetained;
    private @Nullable DurableMark mark;
    private @Nullable AllocatedFile current;
    private @Nullable QueueWriter writer;

    private LogOpening(
            DirectoryLock directoryLock, LogOptions options, Progress progress, boolean repairs) {
        this.progress = progress;
        this.repairs = repairs;
        this.directoryLock = directoryLock;
        this.options = options;
        home = directoryLock.directory();
        queue = home.resolve(ChronicleLog.QUEUE_DIRECTORY);
    }

    /**
     * Opens.
     *
     * @param repairs whether damage is set aside, and is no reason to refuse
     */
    static ChronicleLog open(
            Path directory, LogOptions options, Progress progress, boolean repairs) {
        Path home = prepare(directory);
        DirectoryLock lock = DirectoryLock.acquire(home, options.wallClockMs().getAsLong());
        LogOpening opening = new LogOpening(lock, options, progress, repairs);
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
        Known known = read();
        History history = known.recovered.history();
        known.mark.begin(options.bootId());
        ChronicleThreads.retain();
        isChronicleRetained = true;
        clock.advanceTo(history.begin().cycle() * Segment.CYCLE_MS);
        QueueWriter openedWriter = openQueue(history.lastSegment(), space);
        known.recovered.found().forEach(known.summaries::write);
        return new ChronicleLog(
                options,
                space,
                directoryLock,
                known.identity,
                known.mark,
                known.cuts,
                history,
                known.snapshots,
                openedWriter,
                clock,
                current,
                known.summaries,
                new BackgroundReader(known.recovered, known.summaries, options));
    }

    /** What stands beside the segments, and what is about to read them. */
    private record Parts(
            LogIdentity identity,
            DurableMark mark,
            CutJournal cuts,
            SegmentSummaries summaries,
            Recovery recovery) {}

    /** What is known of a log once it has been read. */
    private record Known(
            LogIdentity identity,
            DurableMark mark,
            CutJournal cuts,
            SegmentSummaries summaries,
            Recovery.Result recovered,
            SnapshotDirectory snapshots) {}

    /** Where a log began, and where the attempt to read it ended. */
    private record Attempt(LogBegin begin, Place stoppedAt) {}

    /** Reads the log. Each repair leaves less to be read, or nothing, so this ends. */
    private Known read() throws IOException {
        requireComplete();
        Attempt before = null;
        while (true) {
            Parts parts = null;
            try {
                parts = readParts();
                Recovery.Result recovered = parts.recovery.run();
                History history = recovered.history();
                SnapshotDirectory snapshots =
                        SnapshotDirectory.open(home, parts.identity.id(), history);
                if (!repairs || hasBase(history, snapshots)) {
                    return new Known(
                            parts.identity,
                            parts.mark,
                            parts.cuts,
                            parts.summaries,
                            recovered,
                            snapshots);
                }
                closeMark();
                repair().startAnew(noBase(history.begin()));
            } catch (HotpairException e) {
                requireRepairable(e);
                before = repair(parts, e, before);
                closeMark();
            }
        }
    }

    private void requireComplete() {
        if (!repairs && IncompleteMark.exists(home)) {
            throw Failures.corruption(
                    "log "
                            + home
                            + " lost what was damaged, and has not fetched it again: see "
                            + home.resolve(IncompleteMark.FILE_NAME)
                            + ". Open it as a node of its pair, or restore a backup");
        }
    }

    private Parts readParts() throws IOException {
        LogIdentity identity = readOrCreateIdentity();
        DurableMark openedMark = DurableMark.open(home);
        mark = openedMark;
        CutJournal cuts = CutJournal.read(home);
        SegmentSummaries summaries = new SegmentSummaries(home, identity.id());
        Recovery recovery =
                new Recovery(
                        home,
                        queue,
                        LogBegin.read(home),
                        openedMark,
                        cuts,
                        summaries,
                        progress,
                        options);
        return new Parts(identity, openedMark, cuts, summaries, recovery);
    }

    private void requireRepairable(HotpairException e) {
        if (!repairs || e.category() != HotpairException.Category.CORRUPTION) {
            throw e;
        }
    }

    /**
     * Sets aside what is damaged; everything, if the last repair did not help.
     *
     * @param parts null if one of the small files is damaged
     */
    private @Nullable Attempt repair(
            @Nullable Parts parts, HotpairException damage, @Nullable Attempt before)
            throws IOException {
        if (parts == null) {
            closeMark();
            repair().startAnew(damage);
            return null;
        }
        Recovery failed = parts.recovery;
        Attempt attempt = new Attempt(failed.history().begin(), failed.stoppedAt());
        if (attempt.equals(before)) {
            closeMark();
            repair().startAnew(damage);
        } else {
            repair().run(failed, damage, parts.cuts, parts.mark, parts.summaries);
        }
        return attempt;
    }

    private LogRepair repair() throws IOException {
        return new LogRepair(home, queue, options.wallClockMs().getAsLong());
    }

    /** Whoever can't fetch it elsewhere may still read what there is. */
    private static boolean hasBase(History history, SnapshotDirectory snapshots) {
        long previousOpId = history.begin().previousOpId();
        return previousOpId == 0
                || snapshots.newestFirst().stream()
                        .anyMatch(entry -> entry.saved().opId() >= previousOpId);
    }

    private HotpairException noBase(LogBegin begin) {
        return Failures.corruption(
                "log "
                        + home
                        + " begins after opId="
                        + begin.previousOpId()
                        + ", and no snapshot shows what was before");
    }

    private void closeMark() throws IOException {
        DurableMark opened = mark;
        mark = null;
        if (opened != null) {
            opened.close();
        }
    }

    private LogIdentity readOrCreateIdentity() throws IOException {
        Path file = home.resolve(LogIdentity.FILE_NAME);
        // Also of a log that is there: what was copied file by file has no empty directories, and
        // the log of a backup may have no segment. That one should be there, the mark tells.
        Directories.create(queue);
        if (Files.exists(file)) {
            return LogIdentity.read(home);
        }
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
