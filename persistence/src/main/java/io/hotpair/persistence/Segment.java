package io.hotpair.persistence;

import io.hotpair.log.Lineage;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One file of the queue. The appending thread alone changes it; any thread reads {@link #end()}.
 */
final class Segment {
    static final String SUFFIX = ".cq4";
    static final long CYCLE_MS = 3_600_000;

    /** As Chronicle's roll cycle FAST_HOURLY names its files. */
    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HH'F'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private static final DateTimeFormatter PARSED_NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HH'F'mm", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final int cycle;
    private final Path file;
    private volatile long end;
    private long previousOpId;
    private @Nullable Lineage previousLineage;
    private long firstLiveOpId;
    private volatile long firstOpId;
    private long written;
    private long documentCount;
    private long lastHeader;
    private long contentEnd;
    private boolean sealed;

    Segment(int cycle, Path directory) {
        this.cycle = cycle;
        file = directory.resolve(nameOf(cycle));
    }

    static String nameOf(int cycle) {
        return NAME.format(Instant.ofEpochMilli(cycle * CYCLE_MS)) + SUFFIX;
    }

    /**
     * Which cycle a file belongs to.
     *
     * @throws io.hotpair.HotpairException {@code CORRUPTION} if it is none of ours
     */
    static int cycleOf(Path file) {
        String name = String.valueOf(file.getFileName());
        try {
            String hour = name.substring(0, name.length() - SUFFIX.length());
            Instant begin = Instant.from(PARSED_NAME.parse(hour + "00"));
            return Math.toIntExact(begin.toEpochMilli() / CYCLE_MS);
        } catch (DateTimeParseException e) {
            throw Failures.corruption(file + " is not the name of a segment");
        }
    }

    int cycle() {
        return cycle;
    }

    Path file() {
        return file;
    }

    /** The last live opId before it, when it was begun. */
    long previousOpId() {
        return previousOpId;
    }

    /** Which terms wrote what is live before it; null if it begins inside an operation. */
    @Nullable Lineage previousLineage() {
        return previousLineage;
    }

    /**
     * Says what it continues.
     *
     * @param lineage null if it begins inside an operation
     */
    void follow(long opId, @Nullable Lineage lineage) {
        previousOpId = opId;
        previousLineage = lineage;
    }

    /** The first opId in it, live or dead by now; 0 while there is none. */
    long firstOpId() {
        return firstOpId;
    }

    /** The first opId in it that no cut has ended while it was the last segment; 0 if none. */
    long firstLiveOpId() {
        return firstLiveOpId;
    }

    /** The log was cut, with this as its last segment. */
    void cutAfter(long keptOpId) {
        if (keptOpId < firstLiveOpId) {
            firstLiveOpId = 0;
        }
    }

    /**
     * Up to where a reader may read: the end of the last frame that completes its operations. All
     * before it is written (release store of the appending thread, acquire load here).
     */
    long end() {
        return end;
    }

    /** Where the last frame ends, completing or not. */
    long written() {
        return written;
    }

    /**
     * Where only zeros followed when the log was opened: behind the last frame, and behind index
     * pages that follow it.
     */
    long contentEnd() {
        return contentEnd;
    }

    void contentEnd(long position) {
        contentEnd = position;
    }

    /** How many frames it holds, dead ones too: the sequence number that Chronicle gives next. */
    long documentCount() {
        return documentCount;
    }

    /** Where the last frame's document begins; 0 if there is none. */
    long lastHeader() {
        return lastHeader;
    }

    /** Whether Chronicle has marked its end, so that nothing can be appended. */
    boolean isSealed() {
        return sealed;
    }

    void seal() {
        sealed = true;
    }

    /** Takes note of a frame. */
    void add(long header, long frameEnd) {
        lastHeader = header;
        written = frameEnd;
        documentCount++;
    }

    /**
     * Lets readers see all that is written.
     *
     * @param completedOpId the first opId that the last frame completes
     */
    void publish(long completedOpId) {
        if (firstOpId == 0) {
            firstOpId = completedOpId;
        }
        if (firstLiveOpId == 0) {
            firstLiveOpId = completedOpId;
        }
        end = written;
    }

    /** Takes note of frames that were read before, all of them complete. */
    void restore(SegmentSummary.Frames frames) {
        lastHeader = frames.last();
        written = frames.written();
        documentCount = frames.count();
        firstOpId = frames.firstOpId();
        firstLiveOpId = frames.firstLiveOpId();
        end = frames.written();
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
