package io.hotpair.persistence;

import io.hotpair.HotpairException;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what is damaged out of a log that nobody has opened, so that it can be opened; nothing is
 * deleted. Three ways, the first that can be had:
 *
 * <pre>
 *   segments      1        2        3   snapshot   4
 *                 ├────────├───✗────├──────◆───────├──────────
 *   begin later                     └─────────────────────────  the state is whole
 *   end earlier   └────────────┘                                incomplete
 *   nothing                                                     incomplete: no snapshot, and the
 *                                                               log's beginning was deleted
 * </pre>
 *
 * <p>What an incomplete log lacks may have been acknowledged, so the file {@code incomplete} says
 * it before anything is moved, until somebody accepts it. A repair that is interrupted is found as
 * a log that is damaged, or that ends where it should, and is repaired again. Tests interrupt it
 * between its steps, so it is not final.
 */
class LogRepair {
    static final String DIRECTORY = "damaged";

    private static final Logger LOG = LoggerFactory.getLogger(LogRepair.class);
    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);
    private static final String REASON_FILE = "reason";

    private final Path home;
    private final Path queue;
    private final long nowMs;
    private final List<Snapshot> snapshots;
    private final Map<Snapshot, Boolean> soundness = new HashMap<>();

    /**
     * A snapshot file of which header and footer are sound.
     *
     * @param file where
     * @param opId the last operation that it shows
     * @param place in the log, behind that
     */
    private record Snapshot(Path file, long opId, Place place) {}

    LogRepair(Path home, Path queue, long nowMs) throws IOException {
        this.home = home;
        this.queue = queue;
        this.nowMs = nowMs;
        snapshots = snapshots(home.resolve(SnapshotDirectory.DIRECTORY));
    }

    /**
     * Whether the state up to some place can be rebuilt: from the log's beginning, or from a
     * snapshot that shows what was before it.
     *
     * @param lastOpId the last operation up to there
     */
    private boolean hasBase(LogBegin begin, Place end, long lastOpId) {
        return begin.previousOpId() == 0
                || snapshots.stream()
                        .filter(s -> s.place.compareTo(end) <= 0)
                        .anyMatch(s -> s.opId >= begin.previousOpId() && s.opId <= lastOpId);
    }

    /**
     * Sets aside what can't be used.
     *
     * @param failed the attempt to read the log
     * @param damage what it met
     */
    void run(
            Recovery failed,
            HotpairException damage,
            CutJournal cuts,
            DurableMark mark,
            SegmentSummaries summaries)
            throws IOException {
        LogBegin later = soundBegin(failed, cuts, summaries);
        LogBegin begin = failed.history().begin();
        Segment last = lastWithFrames(failed.history());
        Place end = last == null ? begin.place() : new Place(last.cycle(), last.written());
        long found = last == null ? begin.previousOpId() : failed.history().lastOpId();
        long kept = cuts.liveLimit(end, found);
        if (later != null) {
            beginWith(later, damage);
        } else if (hasBase(begin, end, kept)) {
            Path aside = createAside(damage);
            IncompleteMark.write(home, kept, aside);
            mark.retreat(end.compareTo(mark.place()) < 0 ? end : mark.place(), kept);
            cuts.endAt(end, found);
            // Its segment may come to end just where it did, though not with the same frames.
            summaries.delete(failed.stoppedAt().cycle());
            moveAllBehind(end, kept, failed.stoppedAt(), aside);
            tellMissing("its part after opId=" + kept, aside, damage);
        } else {
            startAnew(damage);
        }
    }

    /**
     * Sets aside everything: what opens the directory then begins an empty log. Without its mark a
     * log is damaged, so that goes first. What names the log goes last: until then what is left of
     * it is not taken for a new one.
     */
    void startAnew(HotpairException damage) throws IOException {
        Path aside = createAside(damage);
        IncompleteMark.write(home, 0, aside);
        List<String> staying =
                List.of(DirectoryLock.FILE_NAME, DIRECTORY, IncompleteMark.FILE_NAME);
        try (Stream<Path> files = Files.list(home)) {
            Comparator<Path> order = Comparator.comparingInt(LogRepair::rank);
            for (Path file : files.sorted(order.thenComparing(f -> f)).toList()) {
                if (!staying.contains(String.valueOf(file.getFileName()))) {
                    move(file, aside);
                }
            }
        }
        Directories.force(aside);
        Directories.force(home);
        tellMissing("all of it", aside, damage);
    }

    private static int rank(Path file) {
        return switch (String.valueOf(file.getFileName())) {
            case DurableMark.FILE_NAME -> 0;
            case ChronicleLog.QUEUE_DIRECTORY -> 2;
            case LogIdentity.FILE_NAME -> 3;
            default -> 1;
        };
    }

    private void tellMissing(String what, Path aside, HotpairException damage) {
        LOG.error(
                "log={} is damaged: {} is set aside in {}, and has to be fetched again from another"
                        + " node: {}",
                home,
                what,
                aside,
                damage.getMessage(),
                damage);
    }

    private Path createAside(HotpairException damage) throws IOException {
        Path parent = home.resolve(DIRECTORY);
        Directories.create(parent);
        Directories.force(home);
        String name = NAME.format(Instant.ofEpochMilli(nowMs));
        Path aside = parent.resolve(name);
        for (int i = 2; Files.exists(aside); i++) {
            aside = parent.resolve(name + "-" + i);
        }
        Directories.create(aside);
        SealedText.write(
                aside.resolve(REASON_FILE),
                List.of(String.valueOf(damage.getMessage()).replace('\n', ' ')));
        Directories.force(parent);
        return aside;
    }

    // ---- a later beginning

    /** The first later segment of which all before it is known, and shown by a sound snapshot. */
    private @Nullable LogBegin soundBegin(
            Recovery failed, CutJournal cuts, SegmentSummaries summaries) throws IOException {
        int damaged = failed.stoppedAt().cycle();
        for (Path file : Recovery.segmentFiles(queue)) {
            int cycle = Segment.cycleOf(file);
            SegmentSummary summary = cycle >= damaged ? summaries.read(cycle) : null;
            if (summary != null
                    && (cycle > damaged || isOnlyMissingBefore(summary, failed))
                    && !isCutBefore(summary, cuts)
                    && isShown(summary)) {
                SegmentSummary.State before = summary.before();
                return new LogBegin(cycle, before.opId(), before.lineage());
            }
        }
        return null;
    }

    /** Whether it is sound where reading stopped, and what it should continue is not there. */
    private static boolean isOnlyMissingBefore(SegmentSummary summary, Recovery failed) {
        return summary.cycle() > failed.history().begin().cycle()
                && summary.frames().first() == failed.stoppedAt().position()
                && failed.beginsAs(summary);
    }

    /** Whether a later cut reaches back over a segment's beginning: then no log begins with it. */
    private static boolean isCutBefore(SegmentSummary summary, CutJournal cuts) {
        Place place = new Place(summary.cycle(), 0);
        return cuts.entries().stream()
                .map(CutJournal.Entry::cut)
                .filter(cut -> cut.boundary().compareTo(place) >= 0)
                .anyMatch(cut -> cut.keptOpId() < summary.before().opId());
    }

    private boolean isShown(SegmentSummary later) {
        return snapshots.stream()
                .filter(s -> s.opId >= later.before().opId())
                .filter(s -> s.place.compareTo(new Place(later.cycle(), 0)) >= 0)
                .anyMatch(s -> soundness.computeIfAbsent(s, LogRepair::isSound));
    }

    private static boolean isSound(Snapshot snapshot) {
        try (SnapshotFileReader reader = SnapshotFileReader.open(snapshot.file)) {
            reader.check(() -> {}, crc -> {});
            return true;
        } catch (HotpairException e) {
            SnapshotDirectory.requireDamage(e);
            LOG.error("snapshot {} is no good either: {}", snapshot.file, e.getMessage(), e);
            return false;
        }
    }

    private void beginWith(LogBegin later, HotpairException damage) throws IOException {
        Path aside = createAside(damage);
        for (Snapshot snapshot : snapshots) {
            if (later.isAfter(snapshot.place)) {
                move(snapshot.file, aside);
            }
        }
        for (Path file : Recovery.segmentFiles(queue)) {
            if (Segment.cycleOf(file) < later.cycle()) {
                move(file, aside);
            }
        }
        forceMoves(aside);
        later.write(home);
        LOG.error(
                "log={} is damaged: its part up to opId={} is set aside in {}. A snapshot shows all"
                        + " of that part, so nothing is missing, but nobody can go back to a moment"
                        + " in it: {}",
                home,
                later.previousOpId(),
                aside,
                damage.getMessage(),
                damage);
    }

    // ---- an earlier end

    private static @Nullable Segment lastWithFrames(History history) {
        Segment found = null;
        for (Segment segment = history.segmentAfter(null);
                segment != null;
                segment = history.segmentAfter(segment)) {
            found = segment.documentCount() > 0 ? segment : found;
        }
        return found;
    }

    /** From the newest on: what is left, should this be interrupted, is a log with an end. */
    private void moveAllBehind(Place end, long kept, Place damaged, Path aside) throws IOException {
        for (Snapshot snapshot : snapshots) {
            if (snapshot.opId > kept || snapshot.place.compareTo(end) > 0) {
                move(snapshot.file, aside);
            }
        }
        List<Path> newestFirst = new ArrayList<>(Recovery.segmentFiles(queue));
        Collections.reverse(newestFirst);
        for (Path file : newestFirst) {
            int cycle = Segment.cycleOf(file);
            if (cycle > end.cycle()) {
                move(file, aside);
            } else if (cycle == end.cycle() && cycle == damaged.cycle()) {
                replaceByBeginning(file, damaged.position(), aside);
            }
        }
        forceMoves(aside);
    }

    private void replaceByBeginning(Path file, long length, Path aside) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        Files.deleteIfExists(partial);
        Directories.createFile(partial);
        try (InputStream in = new FileInputStream(file.toFile());
                FileOutputStream out = new FileOutputStream(partial.toFile())) {
            copy(in, out, length);
            out.getFD().sync();
        }
        move(file, aside);
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void copy(InputStream in, FileOutputStream out, long length) throws IOException {
        byte[] chunk = new byte[64 * 1024];
        long left = length;
        while (left > 0) {
            int count = in.read(chunk, 0, (int) Math.min(chunk.length, left));
            if (count < 0) {
                throw new IOException("the file is shorter than it was: " + left + " bytes");
            }
            out.write(chunk, 0, count);
            left -= count;
        }
    }

    // ---- files

    private static List<Snapshot> snapshots(Path directory) throws IOException {
        List<Snapshot> found = new ArrayList<>();
        if (!Files.isDirectory(directory)) {
            return found;
        }
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.sorted().toList()) {
                if (!file.toString().endsWith(SnapshotDirectory.SUFFIX)) {
                    continue;
                }
                try (SnapshotFileReader reader = SnapshotFileReader.open(file)) {
                    SnapshotHeader header = reader.header();
                    found.add(new Snapshot(file, header.opId(), header.place()));
                } catch (HotpairException e) {
                    SnapshotDirectory.requireDamage(e);
                    // Whoever opens the log sets it aside as well.
                    LOG.error("snapshot {} is damaged: {}", file, e.getMessage(), e);
                }
            }
        }
        return found;
    }

    void move(Path file, Path aside) throws IOException {
        Path target = aside.resolve(String.valueOf(file.getFileName()));
        if (Files.exists(target)) {
            throw new FileAlreadyExistsException(target.toString());
        }
        Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
    }

    private void forceMoves(Path aside) throws IOException {
        Directories.force(aside);
        Directories.force(queue);
        Path snapshotDirectory = home.resolve(SnapshotDirectory.DIRECTORY);
        if (Files.isDirectory(snapshotDirectory)) {
            Directories.force(snapshotDirectory);
        }
    }
}
