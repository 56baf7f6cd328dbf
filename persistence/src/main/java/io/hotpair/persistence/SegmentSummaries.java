package io.hotpair.persistence;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of the summaries, one for each segment that has one, in the directory {@code
 * summaries}. Nothing is lost with one of them but time: they are not forced, and one that can't be
 * written or read, or is not right, is reported and done without.
 */
final class SegmentSummaries {
    static final String DIRECTORY = "summaries";
    static final String SUFFIX = ".summary";

    private static final Logger LOG = LoggerFactory.getLogger(SegmentSummaries.class);
    private static final String PARTIAL_SUFFIX = ".partial";

    /** No segment has a longer one; read no more if a bad disk claims so. */
    private static final long MAX_LENGTH = 64 * 1024 * 1024;

    private final Path path;
    private final UUID logId;

    SegmentSummaries(Path home, UUID logId) {
        path = home.resolve(DIRECTORY);
        this.logId = logId;
    }

    UUID logId() {
        return logId;
    }

    private Path fileFor(int cycle) {
        String segment = Segment.nameOf(cycle);
        return path.resolve(
                segment.substring(0, segment.length() - Segment.SUFFIX.length()) + SUFFIX);
    }

    /** The summary of a segment, as it was written; null if there is none that is sound. */
    @Nullable SegmentSummary read(int cycle) {
        Path file = fileFor(cycle);
        try {
            if (!Files.exists(file)) {
                return null;
            }
            SegmentSummary found =
                    Files.size(file) > MAX_LENGTH
                            ? null
                            : SegmentSummary.decode(Files.readAllBytes(file));
            boolean isOurs = found != null && found.cycle() == cycle && found.logId().equals(logId);
            if (!isOurs) {
                LOG.warn("{} is damaged, or not of this log: its segment is read instead", file);
            }
            return isOurs ? found : null;
        } catch (IOException e) {
            LOG.warn("{} can't be read: its segment is read instead", file, e);
            return null;
        }
    }

    /** Writes one, in the place of the one before. */
    void write(SegmentSummary summary) {
        Path file = fileFor(summary.cycle());
        Path partial = file.resolveSibling(file.getFileName() + PARTIAL_SUFFIX);
        try {
            Directories.create(path);
            Files.deleteIfExists(partial);
            Directories.createFile(partial);
            try (FileOutputStream out = new FileOutputStream(partial.toFile())) {
                out.write(summary.encode());
            }
            Files.move(
                    partial,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOG.warn("{} can't be written: the next opening reads its segment: {}", file, e, e);
        }
    }

    /** Takes back what was said of a segment. */
    void delete(int cycle) {
        try {
            Files.deleteIfExists(fileFor(cycle));
        } catch (IOException e) {
            LOG.warn("{} can't be deleted", fileFor(cycle), e);
        }
    }

    /** Takes back what was said of segments that are deleted. */
    void deleteBefore(int cycle) {
        retainIf(file -> file.compareTo(fileFor(cycle)) >= 0);
    }

    /** Deletes all that belongs to no segment. */
    void retain(List<Path> segments) {
        Set<Path> kept = new HashSet<>();
        segments.forEach(segment -> kept.add(fileFor(Segment.cycleOf(segment))));
        retainIf(kept::contains);
    }

    /** What stays although it should not is not trusted: nothing fails for it. */
    private void retainIf(Predicate<Path> isKept) {
        if (!Files.isDirectory(path)) {
            return;
        }
        try (Stream<Path> files = Files.list(path)) {
            for (Path file : files.toList()) {
                if (!isKept.test(file)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            LOG.warn("summaries in {} can't be deleted", path, e);
        }
    }
}
