package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.Progress;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a log before it is used: verifies every frame and that each one continues the one before,
 * finds the cuts, and takes a torn tail off the last segment. What a summary vouches for was read
 * and verified before, and is not read again: see {@code persistence/docs/log-format.md}.
 *
 * <p>What counts as a torn tail depends on how the last session ended. All before the durable mark
 * was forced, so damage there is corruption, always. After a clean close the mark stands at the
 * end, so there is no torn tail at all. If the process died but the machine stayed up, the page
 * cache has what was stored in the order in which it was stored: at most one document at the end is
 * incomplete, and anything else is corruption. If the machine went down, any of the pages after the
 * mark may be old, new or missing: the log ends before the first one that does not fit.
 */
final class Recovery {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

    /** A segment that was never completed holds its header and two index pages, no more. */
    private static final long MAX_UNBORN_LENGTH = 128 * 1024;

    /** At opening, a summary of the last segment is made after this part of the usual distance. */
    private static final int SUMMARY_FRACTION = 16;

    private static final int COPY_BYTES = 64 * 1024;
    private static final int FIRST_HEADER_INCOMPLETE = 0x8000_0000;

    private final Path home;
    private final Path queue;
    private final DurableMark mark;
    private final boolean sameBoot;
    private final List<CutJournal.Entry> pendingCuts;
    private final LogBegin begin;
    private final History history;
    private final SegmentSummaries summaries;
    private final List<SegmentSummary> skipped = new ArrayList<>();
    private final List<SegmentSummary> found = new ArrayList<>();
    private final long minSummarisedBytes;
    private final Reading reading;
    private final FrameBuffer frame = new FrameBuffer();
    private @Nullable SegmentSummary last;
    private Place stoppedAt = Place.START;

    /**
     * What came out of it.
     *
     * @param history what the log holds
     * @param skipped what was taken from summaries, and not read
     * @param found what was read and is worth a summary
     * @param last how far the last segment is known; null if there is nothing to go on from
     */
    record Result(
            History history,
            List<SegmentSummary> skipped,
            List<SegmentSummary> found,
            @Nullable SegmentSummary last) {}

    Recovery(
            Path home,
            Path queue,
            LogBegin begin,
            DurableMark mark,
            CutJournal cuts,
            SegmentSummaries summaries,
            Progress progress,
            LogOptions options) {
        this.home = home;
        this.queue = queue;
        this.mark = mark;
        sameBoot = mark.isSameBoot(options.bootId());
        this.begin = begin;
        this.summaries = summaries;
        minSummarisedBytes = options.summaryStepBytes() / SUMMARY_FRACTION;
        reading = new Reading(home, progress);
        history = new History(begin);
        pendingCuts = new ArrayList<>(cuts.entries());
        pendingCuts.removeIf(entry -> begin.isAfter(entry.cut().boundary()));
    }

    /**
     * Recovers, once.
     *
     * @throws HotpairException {@code CORRUPTION} naming file, position and both checksums, or
     *     {@code UNKNOWN_VERSION}
     */
    Result run() throws IOException {
        removeForgotten(queue, begin);
        List<Path> files = segmentFiles();
        summaries.retain(files);
        reading.begin(files);
        if (begin.cycle() != 0 && files.isEmpty() && mark.place().isAfter(begin.cycle(), 0)) {
            throw beginIsMissing();
        }
        for (int i = 0; i < files.size(); i++) {
            stoppedAt = new Place(Segment.cycleOf(files.get(i)), 0);
            readSegment(files.get(i), i == files.size() - 1);
        }
        stoppedAt = history.end();
        if (history.isInsideOperation()) {
            LOG.warn(
                    "log={}: the operation after opId={} was not written to its end and is dropped",
                    home,
                    history.lastOpId());
            history.abandonOperation(history.end());
        }
        applyCutsBefore(history.end().cycle(), history.end().position());
        if (!pendingCuts.isEmpty() || mark.place().compareTo(history.end()) > 0) {
            throw Failures.corruption(
                    queue
                            + ": the log ends at "
                            + history.end()
                            + ", expected at least "
                            + mark.place()
                            + ": something is missing at its end");
        }
        reading.end();
        return new Result(history, skipped, found, last);
    }

    /** After a failure: where the document begins that is no good. */
    Place stoppedAt() {
        return stoppedAt;
    }

    /** What was read so far. */
    History history() {
        return history;
    }

    /** Whether the first frame of a segment is the one that its summary says. */
    boolean beginsAs(SegmentSummary summary) {
        try (SegmentReader reader = new SegmentReader(new Segment(summary.cycle(), queue))) {
            return isFrameAt(reader, summary.frames().first(), summary.frames().firstCrc());
        }
    }

    private HotpairException beginIsMissing() {
        return Failures.corruption(
                queue.resolve(Segment.nameOf(begin.cycle()))
                        + " is missing: the log begins with it");
    }

    /** Deletes what lies before a log's beginning: also what another session did not come to. */
    static void removeForgotten(Path queue, LogBegin begin) throws IOException {
        boolean deleted = false;
        for (Path file : segmentFiles(queue)) {
            if (Segment.cycleOf(file) < begin.cycle()) {
                Files.delete(file);
                deleted = true;
            }
        }
        if (deleted) {
            Directories.force(queue);
        }
    }

    private List<Path> segmentFiles() throws IOException {
        return segmentFiles(queue);
    }

    /** The segments of a log, in order. */
    static List<Path> segmentFiles(Path queue) throws IOException {
        try (Stream<Path> entries = Files.list(queue)) {
            // The names sort as the hours do.
            return entries.filter(p -> p.toString().endsWith(Segment.SUFFIX)).sorted().toList();
        }
    }

    private void readSegment(Path file, boolean isLast) throws IOException {
        int cycle = Segment.cycleOf(file);
        boolean unborn;
        try (SegmentReader reader = new SegmentReader(new Segment(cycle, queue))) {
            unborn = isLast && isUnborn(reader, cycle);
        }
        if (unborn) {
            LOG.warn("log={}: {} was being created when the session ended: removed", home, file);
            Files.delete(file);
            Directories.force(queue);
            return;
        }
        // So that the segment knows which opId it continues.
        applyCutsBefore(cycle, 0);
        Segment segment = history.addSegment(cycle, queue);
        SegmentIndex index;
        try (SegmentReader reader = new SegmentReader(segment)) {
            index = readFrames(reader, segment, isLast);
        }
        if (isLast && segment.documentCount() == 0 && !mark.place().isAfter(cycle, 0)) {
            // Nothing was appended to it, so nothing needs it, whatever state it is in.
            history.removeLastSegment();
            last = null;
            Files.delete(file);
            Directories.force(queue);
            return;
        }
        restore(index, file);
    }

    /** Reads a segment, but for what its summary vouches for. */
    private SegmentIndex readFrames(SegmentReader reader, Segment segment, boolean isLast)
            throws IOException {
        SegmentSummary known = trustedSummary(segment, reader);
        SegmentScan scan = scanFrom(segment, known, reader);
        SegmentSummary.End end = known == null ? null : known.end();
        if (end == null) {
            readDocuments(reader, segment, scan, isLast);
            segment.contentEnd(reader.header());
            if (segment.isSealed()) {
                end = new SegmentSummary.End(reader.header(), reader.fileLength());
            }
            summarise(scan, end, known, segment, isLast);
        } else {
            segment.seal();
            segment.contentEnd(end.header());
        }
        reading.segmentDone(reader.fileLength());
        return scan.index();
    }

    private SegmentScan scanFrom(
            Segment segment, @Nullable SegmentSummary known, SegmentReader reader) {
        if (known == null) {
            reader.position(0);
            return new SegmentScan(history, segment);
        }
        skipped.add(known);
        last = known;
        pendingCuts.removeIf(entry -> known.cuts().contains(entry.cut()));
        reader.position(known.position());
        return SegmentScan.resume(history, segment, known);
    }

    private void summarise(
            SegmentScan scan,
            SegmentSummary.@Nullable End end,
            @Nullable SegmentSummary known,
            Segment segment,
            boolean isLast) {
        SegmentSummary summary = scan.summary(summaries.logId(), end);
        long knownBytes = known == null ? 0 : known.frames().written();
        if (summary != null && (!isLast || segment.written() - knownBytes >= minSummarisedBytes)) {
            found.add(summary);
        }
        last = summary;
    }

    /** The summary of a segment, if there is one and it is of what the file holds. */
    private @Nullable SegmentSummary trustedSummary(Segment segment, SegmentReader reader) {
        SegmentSummary summary = summaries.read(segment.cycle());
        if (summary == null) {
            return null;
        }
        String objection = objectionTo(summary, segment, reader);
        if (objection != null) {
            LOG.info(
                    "log={}: {} is read anew, its summary does not fit: {}",
                    home,
                    segment,
                    objection);
            return null;
        }
        return summary;
    }

    private @Nullable String objectionTo(
            SegmentSummary summary, Segment segment, SegmentReader reader) {
        Lineage before = segment.previousLineage();
        SegmentSummary.Frames frames = summary.frames();
        if (before == null
                || !summary.before()
                        .equals(new SegmentSummary.State(segment.previousOpId(), before))) {
            return "before it the log is another one";
        }
        if (!sameBoot && mark.place().compareTo(new Place(segment.cycle(), frames.written())) < 0) {
            return "perhaps it was not on the device";
        }
        if (!summary.cuts().containsAll(cutsIn(segment.cycle(), frames.last()))) {
            return "the log was cut in it";
        }
        SegmentSummary.End end = summary.end();
        if (end == null
                ? reader.fileLength() < frames.written()
                : reader.fileLength() != end.fileLength()) {
            return "the file's length is " + reader.fileLength();
        }
        if (!isFrameAt(reader, frames.first(), frames.firstCrc())
                || !isFrameAt(reader, frames.last(), frames.lastCrc())
                || reader.end() != frames.written()) {
            return "its first or last frame is another one";
        }
        if (end != null) {
            reader.position(end.header());
            if (reader.next(reader.fileLength()) != SegmentReader.Document.END) {
                return "its end is not marked";
            }
        }
        return null;
    }

    private List<Cut> cutsIn(int cycle, long lastHeader) {
        return pendingCuts.stream()
                .map(CutJournal.Entry::cut)
                .filter(cut -> cut.boundary().cycle() == cycle)
                .filter(cut -> cut.boundary().position() <= lastHeader)
                .toList();
    }

    private boolean isFrameAt(SegmentReader reader, long position, int crc) {
        reader.position(position);
        return reader.next(reader.fileLength()) == SegmentReader.Document.FRAME
                && SegmentScan.read(reader, frame) == null
                && FrameDescriptor.crc(frame) == crc;
    }

    private void restore(SegmentIndex index, Path file) throws IOException {
        long difference = index.restore(file);
        if (difference >= 0 && mark.isClosed()) {
            LOG.warn(
                    "log={}: {} at position {} was damaged, though no frame was: Chronicle's index"
                            + " has been computed anew",
                    home,
                    file,
                    difference);
        }
    }

    private void readDocuments(
            SegmentReader reader, Segment segment, SegmentScan scan, boolean isLast)
            throws IOException {
        long limit = reader.fileLength();
        while (true) {
            SegmentReader.Document document = reader.next(limit);
            stoppedAt = new Place(segment.cycle(), reader.header());
            switch (document) {
                case FRAME -> {
                    HotpairException damage = SegmentScan.read(reader, frame);
                    if (damage != null) {
                        endAt(reader, isLast, damage);
                        return;
                    }
                    acceptFrame(reader, segment, scan);
                    reading.at(reader.end());
                }
                case METADATA -> scan.index().addPage(reader.header());
                case NOTHING -> {
                    requireNothingFrom(reader, reader.header(), isLast);
                    return;
                }
                case END -> {
                    segment.seal();
                    requireNothingFrom(reader, reader.endOfSegmentMark(), isLast);
                    return;
                }
                case DAMAGED -> {
                    endAt(reader, isLast, damaged(reader, reader.damage()));
                    return;
                }
            }
        }
    }

    private void acceptFrame(SegmentReader reader, Segment segment, SegmentScan scan) {
        Place place = new Place(segment.cycle(), reader.header());
        applyCutsBefore(place.cycle(), place.position());
        String objection = history.objectionTo(frame);
        if (objection != null && cutsDeadTerm()) {
            history.cut(new Cut(place, FrameDescriptor.previousOpId(frame)));
            objection = history.objectionTo(frame);
        }
        boolean isFirst = history.lastOpId() == begin.previousOpId();
        if (objection != null && isFirst && place.cycle() > begin.cycle() && begin.cycle() != 0) {
            // A log that begins with a snapshot may go on in any later segment, but at that opId.
            throw beginIsMissing();
        }
        if (objection != null) {
            throw Failures.corruption(
                    "frame at "
                            + reader.place()
                            + String.format(
                                    Locale.ROOT,
                                    " (checksum=%08x, computed the same)",
                                    FrameDescriptor.crc(frame))
                            + " does not continue the log: "
                            + objection
                            + ": something is missing or damaged before it");
        }
        if (history.abandons(frame)) {
            history.abandonOperation(place);
        }
        scan.accept(frame, reader);
    }

    private void applyCutsBefore(int cycle, long position) {
        while (!pendingCuts.isEmpty()) {
            Cut cut = pendingCuts.get(0).cut();
            if (cut.boundary().isAfter(cycle, position)) {
                return;
            }
            if (cut.keptOpId() > history.lastOpId()) {
                throw Failures.corruption(
                        home.resolve(CutJournal.FILE_NAME)
                                + ": kept opId="
                                + cut.keptOpId()
                                + ", expected at most "
                                + history.lastOpId());
            }
            history.cut(cut);
            pendingCuts.remove(0);
        }
    }

    /** A later term went on from an opId that it shares with the term before. */
    private boolean cutsDeadTerm() {
        long previous = FrameDescriptor.previousOpId(frame);
        return FrameDescriptor.fragmentIndex(frame) == 0
                && FrameDescriptor.term(frame) > history.lineage().lastTerm()
                && previous < history.lastOpId()
                && (previous == 0 || LogSource.lastLiveUpTo(history, previous) == previous);
    }

    private void requireNothingFrom(SegmentReader reader, long from, boolean isLast)
            throws IOException {
        long found = reader.firstNonZero(from);
        if (found < 0) {
            return;
        }
        HotpairException damage =
                damaged(reader, "the segment ends here, but there is more at position " + found);
        endAt(reader, isLast, damage);
    }

    /** The document that the reader stands at is no good: cuts there, or refuses. */
    private void endAt(SegmentReader reader, boolean isLast, HotpairException damage)
            throws IOException {
        long position = reader.header();
        int cycle = reader.segment().cycle();
        boolean forced = mark.place().isAfter(cycle, position);
        if (!isLast || forced || mark.isClosed() || (sameBoot && !isOneDocument(reader))) {
            throw damage;
        }
        long last = reader.lastNonZero(position);
        LOG.warn(
                "log={}: {} ends in {} bytes that were not completely written: cut off",
                home,
                reader.place(),
                last + 1 - position,
                damage);
        saveTorn(reader, position, last);
        eraseBackwards(reader.segment().file(), position, last);
    }

    /**
     * Whether what stands behind the last whole document can be one that was being written:
     * Chronicle stores the content first and the header, until then zero, last.
     */
    private static boolean isOneDocument(SegmentReader reader) {
        long begin = reader.header();
        reader.position(begin);
        boolean hasNoHeader = reader.next(reader.fileLength()) == SegmentReader.Document.NOTHING;
        long length = reader.lastNonZero(begin) + 1 - begin - SegmentReader.HEADER_LENGTH;
        if (!hasNoHeader || begin == 0 || length > FrameDescriptor.MAX_LENGTH) {
            return false;
        }
        if (length < FrameDescriptor.HEADER_LENGTH) {
            return true;
        }
        byte[] content = reader.bytes(begin + SegmentReader.HEADER_LENGTH, (int) length);
        return FrameDescriptor.getInt(content, 0) == FrameDescriptor.MAGIC
                ? length <= FrameDescriptor.getInt(content, FrameDescriptor.LENGTH_OFFSET)
                : length <= SegmentIndex.MAX_PAGE_LENGTH && !holdsFrame(content);
    }

    /** Whether a session died while it created the segment, so that no frame can be in it. */
    private boolean isUnborn(SegmentReader reader, int cycle) {
        if (mark.isClosed() || mark.place().isAfter(cycle, 0)) {
            return false;
        }
        long length = reader.lastNonZero(0) + 1;
        if (length == 0) {
            return true;
        }
        byte[] content = reader.bytes(0, (int) Math.min(length, MAX_UNBORN_LENGTH));
        int header = content.length < Integer.BYTES ? 0 : FrameDescriptor.getInt(content, 0);
        return (header == 0 || header == FIRST_HEADER_INCOMPLETE)
                && length <= MAX_UNBORN_LENGTH
                && !holdsFrame(content);
    }

    private static boolean holdsFrame(byte[] content) {
        for (int i = 0; i + Integer.BYTES <= content.length; i += Integer.BYTES) {
            if (FrameDescriptor.getInt(content, i) == FrameDescriptor.MAGIC) {
                return true;
            }
        }
        return false;
    }

    /** Keeps what is cut off, for whoever wants to know what it was. */
    private void saveTorn(SegmentReader reader, long position, long last) throws IOException {
        Path directory = home.resolve(DivergentTail.DIRECTORY);
        Directories.create(directory);
        Path file =
                directory.resolve(
                        "torn-" + Segment.nameOf(reader.segment().cycle()) + "-" + position);
        Files.deleteIfExists(file);
        Directories.createFile(file);
        try (FileOutputStream out = new FileOutputStream(file.toFile())) {
            for (long at = position; at <= last; at += COPY_BYTES) {
                out.write(reader.bytes(at, (int) Math.min(COPY_BYTES, last + 1 - at)));
            }
            out.getFD().sync();
        }
        Directories.force(directory);
    }

    /**
     * Puts zeros over a torn tail, from its end to its beginning: should this be interrupted, what
     * is left is a torn tail still.
     */
    private static void eraseBackwards(Path file, long position, long last) throws IOException {
        byte[] zeros = new byte[4096];
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            long end = last + 1;
            while (end > position) {
                int count = (int) Math.min(zeros.length, end - position);
                end -= count;
                out.seek(end);
                out.write(zeros, 0, count);
            }
            out.getFD().sync();
        }
    }

    private static HotpairException damaged(SegmentReader reader, String what) {
        return Failures.corruption(reader.place() + " is damaged: " + what);
    }
}
