package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.SavedSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshot files of a log. A file is in the list if it is sealed and shows nothing that was cut
 * from the log; what is in its blocks is known when it is read.
 *
 * <p>Its lock is held by whoever changes what snapshots and log have to do with each other: a
 * snapshot is sealed, the log is cut or shortened. It is taken before the log's own, and never by
 * an append.
 */
final class SnapshotDirectory {
    static final String DIRECTORY = "snapshots";
    static final String SUFFIX = ".snapshot";
    static final String DAMAGED_SUFFIX = ".damaged";
    static final String RECEIVED_SUFFIX = ".received";

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotDirectory.class);

    private final Path path;
    private final UUID logId;
    private final History history;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile List<Entry> newestFirst = List.of();

    /**
     * A snapshot.
     *
     * @param saved what others know of it
     * @param place the frame that was the log's last when it was begun
     */
    record Entry(SavedSnapshot saved, Place place) {

        /** Whether all that it shows comes before a segment's first frame or with it. */
        boolean reaches(Segment segment) {
            return segment.previousOpId() <= saved.opId()
                    && new Place(segment.cycle(), 0).compareTo(place) <= 0;
        }
    }

    private SnapshotDirectory(Path path, UUID logId, History history) {
        this.path = path;
        this.logId = logId;
        this.history = history;
    }

    /**
     * Looks at what is there. Removes what was never sealed and what shows operations that were
     * cut, and sets aside what is damaged.
     *
     * @throws HotpairException {@code UNKNOWN_VERSION} if a newer build wrote one, {@code
     *     LOG_FAILED} if one can't be read
     */
    static SnapshotDirectory open(Path home, UUID logId, History history) throws IOException {
        Path path = home.resolve(DIRECTORY);
        Directories.create(path);
        SnapshotDirectory directory = new SnapshotDirectory(path, logId, history);
        directory.readAll();
        return directory;
    }

    private void readAll() throws IOException {
        completeInstall();
        List<Entry> found = new ArrayList<>();
        for (Path file : files()) {
            if (file.toString().endsWith(SnapshotFileWriter.PARTIAL_SUFFIX)) {
                Files.delete(file);
            } else if (file.toString().endsWith(SUFFIX)) {
                read(file, found);
            }
        }
        found.sort(Comparator.comparingLong((Entry e) -> e.saved().opId()).reversed());
        newestFirst = List.copyOf(found);
    }

    /**
     * Gives a received snapshot its name if the log begins with it, and removes every other one: a
     * session ended while it installed it.
     */
    private void completeInstall() throws IOException {
        Path installed = receivedFileFor(history.begin());
        for (Path file : files()) {
            if (file.equals(installed)) {
                LOG.info("snapshot {}: the log begins with it, it gets its name", file);
                nameReceived(file, fileFor(history.begin().previousOpId()));
            } else if (file.toString().endsWith(RECEIVED_SUFFIX)) {
                Files.delete(file);
            }
        }
    }

    private void nameReceived(Path received, Path file) throws IOException {
        Files.move(
                received,
                file,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        Directories.force(path);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.sorted().toList();
        }
    }

    private void read(Path file, List<Entry> into) throws IOException {
        try (SnapshotFileReader reader = SnapshotFileReader.open(file)) {
            SnapshotHeader header = reader.header();
            if (isDead(header.opId(), header.place())) {
                LOG.info("snapshot {}: its opId={} was cut from the log", file, header.opId());
                Files.delete(file);
                return;
            }
            if (isLeftBehind(header.opId(), header.place())) {
                LOG.info("snapshot {}: the log begins after its opId={}", file, header.opId());
                Files.delete(file);
                return;
            }
            requireFitting(file, header);
            into.add(new Entry(saved(file, header, reader.footer()), header.place()));
        } catch (HotpairException e) {
            requireDamage(e);
            setAside(file, e);
        }
    }

    private void requireFitting(Path file, SnapshotHeader header) {
        long lastOpId = history.lastOpId();
        long term = history.lineage().termAt(header.opId());
        if (!header.logId().equals(logId) || header.opId() > lastOpId || header.term() != term) {
            throw Failures.corruption(
                    "snapshot "
                            + file
                            + ": log="
                            + header.logId()
                            + " opId="
                            + header.opId()
                            + " term="
                            + header.term()
                            + ", expected log="
                            + logId
                            + ", at most opId="
                            + lastOpId
                            + " and term="
                            + term);
        }
    }

    /** Whether the log was cut below an opId after a place. */
    private boolean isDead(long opId, Place place) {
        return history.liveLimit(place.cycle(), place.position()) < opId;
    }

    /** Whether a snapshot was saved before the log's beginning, and is not what it begins with. */
    private boolean isLeftBehind(long opId, Place place) {
        LogBegin begin = history.begin();
        return begin.isAfter(place) && opId != begin.previousOpId();
    }

    static SavedSnapshot saved(Path file, SnapshotHeader header, SnapshotFooter footer) {
        return new SavedSnapshot(
                header.opId(),
                header.term(),
                Instant.ofEpochMilli(header.timestampMs()),
                file,
                footer.fileLength(),
                footer.operationCount());
    }

    ReentrantLock lock() {
        return lock;
    }

    Path path() {
        return path;
    }

    List<Entry> newestFirst() {
        return newestFirst;
    }

    Path fileFor(long opId) {
        return path.resolve(String.format(Locale.ROOT, "%019d%s", opId, SUFFIX));
    }

    /** What a snapshot is called that is complete, and that the log is about to begin with. */
    Path receivedFileFor(LogBegin begin) {
        Path file = fileFor(begin.previousOpId());
        return path.resolve(file.getFileName() + "." + begin.cycle() + RECEIVED_SUFFIX);
    }

    /**
     * Makes a received snapshot the only one. The log begins with it by now; should this end
     * halfway, the next opening does the rest. The caller holds the lock.
     */
    void beginWith(LogBegin begin, Entry entry) throws IOException {
        List<Entry> before = newestFirst;
        newestFirst = List.of(entry);
        nameReceived(receivedFileFor(begin), entry.saved().file());
        for (Entry old : before) {
            if (!old.saved().file().equals(entry.saved().file())) {
                Files.deleteIfExists(old.saved().file());
            }
        }
    }

    /**
     * Gives a complete file its name.
     *
     * @throws IllegalStateException if what it shows was cut from the log meanwhile
     */
    SavedSnapshot publish(Path partial, SnapshotHeader header, SnapshotFooter footer)
            throws IOException {
        lock.lock();
        try {
            if (isLeftBehind(header.opId(), header.place())) {
                throw new IllegalStateException(
                        "opId=" + header.opId() + ": the log begins with another one by now");
            }
            if (isDead(header.opId(), header.place())) {
                throw new IllegalStateException(
                        "opId=" + header.opId() + " was cut from the log meanwhile");
            }
            Path file = fileFor(header.opId());
            Files.move(
                    partial,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
            Directories.force(path);
            SavedSnapshot saved = saved(file, header, footer);
            List<Entry> grown = new ArrayList<>();
            grown.add(new Entry(saved, header.place()));
            // One of the same opId was the same file.
            newestFirst.stream().filter(e -> e.saved().opId() != saved.opId()).forEach(grown::add);
            newestFirst = List.copyOf(grown);
            return saved;
        } finally {
            lock.unlock();
        }
    }

    /** Removes what shows operations that are not live any more, after a cut. */
    void removeDead() {
        for (Entry entry : newestFirst) {
            if (isDead(entry.saved().opId(), entry.place())) {
                LOG.info("snapshot {} is removed: the log was cut before it", entry.saved().file());
                remove(entry);
            }
        }
    }

    /** Removes a snapshot. One that can't be deleted is out of the list all the same. */
    void remove(Entry entry) {
        newestFirst = newestFirst.stream().filter(e -> !e.equals(entry)).toList();
        try {
            Files.deleteIfExists(entry.saved().file());
        } catch (IOException e) {
            throw Failures.logFailed("snapshot " + entry.saved().file() + " can't be deleted", e);
        }
    }

    /** Reads all of one; sets it aside if that fails. */
    boolean verify(SavedSnapshot snapshot) {
        try (SnapshotFileReader reader = SnapshotFileReader.open(snapshot.file())) {
            reader.check(() -> {}, crc -> {});
            return true;
        } catch (HotpairException e) {
            lock.lock();
            try {
                newestFirst =
                        newestFirst.stream().filter(x -> !x.saved().equals(snapshot)).toList();
                setAside(snapshot.file(), e);
            } finally {
                lock.unlock();
            }
            return false;
        }
    }

    /** What can't be read now, or by this build, may be as good as ever. */
    static void requireDamage(HotpairException e) {
        if (e.category() != HotpairException.Category.CORRUPTION) {
            throw e;
        }
    }

    private static void setAside(Path file, HotpairException reason) {
        Path aside = file.resolveSibling(file.getFileName() + DAMAGED_SUFFIX);
        LOG.error(
                "snapshot {} can't be used and is kept as {}: {}",
                file,
                aside.getFileName(),
                reason.getMessage(),
                reason);
        try {
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            // It is out of the list, and the next opening finds it as it is.
            LOG.error("snapshot {} can't be renamed", file, e);
        }
    }

    /** Deletes what was set aside, when there are two newer ones. */
    void removeDamagedBefore(long opId) {
        try {
            for (Path file : files()) {
                String name = String.valueOf(file.getFileName());
                if (name.endsWith(DAMAGED_SUFFIX)
                        && name.compareTo(String.valueOf(fileFor(opId).getFileName())) < 0) {
                    Files.delete(file);
                }
            }
        } catch (IOException e) {
            throw Failures.logFailed(path + " can't be cleared of damaged snapshots", e);
        }
    }
}
