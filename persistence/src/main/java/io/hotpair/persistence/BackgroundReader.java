package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads an open log behind everybody's back, slowly, for two ends. What the opening took from
 * summaries is read all the same, so that damage does not wait for the day on which somebody needs
 * it. And what is appended is read back and summarised, so that the next opening need not do it:
 *
 * <pre>
 *   skipped at opening ──► read, compared with its summary ──► differs? said, the summary deleted
 *   appended           ──► read, each 64 MiB and at a roll ──► summary written
 * </pre>
 *
 * <p>A thread of its own, which holds no lock: it follows the appending thread as readers do. A
 * segment may be deleted, or stop to be the log's, while it is being read; what is found in it then
 * is not said.
 */
final class BackgroundReader implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(BackgroundReader.class);

    /** So much is read at a stretch ... */
    private static final long SLICE_BYTES = 4L * 1024 * 1024;

    /** ... and then there is a pause: 64 MiB/s at most, and mostly far less than that. */
    private static final long PAUSE_NS = 62_500_000;

    private static final long STOP_MS = 10_000;

    private final History history;
    private final SegmentSummaries summaries;
    private final LogOptions options;
    private final Deque<SegmentSummary> skipped;
    private final Thread thread;
    private final FrameBuffer frame = new FrameBuffer();
    private @Nullable Scan following;
    private @Nullable Scan checking;
    private int finishedCycle;
    private volatile boolean stopped;

    /**
     * Creates it.
     *
     * @param recovered what the opening has read, and what not
     */
    BackgroundReader(Recovery.Result recovered, SegmentSummaries summaries, LogOptions options) {
        history = recovered.history();
        this.summaries = summaries;
        this.options = options;
        skipped = new ArrayDeque<>(recovered.skipped());
        Segment segment = history.lastSegment();
        SegmentSummary last = recovered.last();
        if (segment == null || segment.isSealed()) {
            finishedCycle = segment == null ? -1 : segment.cycle();
        } else {
            finishedCycle = segment.cycle() - 1;
            following = last == null ? null : new Scan(segment, last, List.of(), true);
        }
        thread = new Thread(this, "hotpair-log-reader");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Ends it; nothing of it is running on return. */
    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join(STOP_MS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void run() {
        while (!stopped) {
            boolean hasMore = false;
            try {
                hasMore = follow();
                hasMore |= check();
            } catch (RuntimeException e) {
                // Whatever it is, it must not be silence that tells of it.
                LOG.error("the log is not read in the background any more: {}", e.getMessage(), e);
                return;
            }
            if (!stopped) {
                LockSupport.parkNanos(
                        this,
                        hasMore
                                ? Math.min(PAUSE_NS, options.summaryRoundNs())
                                : options.summaryRoundNs());
            }
        }
    }

    // ---- what is appended

    /** Reads a slice of what was appended; returns whether there is more to read now. */
    private boolean follow() {
        Scan scan = following;
        if (scan != null && !history.holds(scan.segment)) {
            finishedCycle = scan.segment.cycle();
            scan = null;
        }
        Segment segment = scan == null ? nextToFollow() : scan.segment;
        if (segment == null) {
            following = null;
            return false;
        }
        // Asked before its end is: when there is a next one with a frame, this one is complete.
        boolean isComplete = isRolled(segment);
        long end = segment.end();
        if (scan == null) {
            scan = new Scan(segment, null, List.of(), true);
        }
        following = scan;
        if (!isComplete && end - scan.summarised < options.summaryStepBytes()) {
            return false;
        }
        if (!advance(scan, end)) {
            return true;
        }
        if (!scan.isDamaged) {
            SegmentSummary summary = scan.summary(isComplete);
            if (summary != null) {
                summaries.write(summary);
                scan.summarised = end;
            }
        }
        if (isComplete) {
            finishedCycle = segment.cycle();
            following = null;
        }
        return isComplete;
    }

    private @Nullable Segment nextToFollow() {
        for (Segment segment = history.segmentAfter(null);
                segment != null;
                segment = history.segmentAfter(segment)) {
            if (segment.cycle() > finishedCycle) {
                return segment;
            }
        }
        return null;
    }

    private boolean isRolled(Segment segment) {
        Segment next = history.segmentAfter(segment);
        return next != null && next.end() > 0;
    }

    // ---- what was not read at opening

    /** Reads a slice of what the opening has skipped; returns whether there is more. */
    private boolean check() {
        Scan scan = checking;
        if (scan == null) {
            SegmentSummary next = skipped.poll();
            Segment segment = next == null ? null : segmentOf(next.cycle());
            if (next == null || segment == null) {
                return next != null;
            }
            scan = new Scan(segment, null, next.cuts(), false);
            scan.expected = next;
            checking = scan;
        }
        SegmentSummary expected = scan.expected;
        if (expected == null || !advance(scan, expected.frames().written())) {
            return true;
        }
        if (!scan.isDamaged && history.holds(scan.segment)) {
            compare(scan, expected);
        }
        checking = null;
        return true;
    }

    private @Nullable Segment segmentOf(int cycle) {
        Segment segment = history.segmentAfter(null);
        while (segment != null && segment.cycle() < cycle) {
            segment = history.segmentAfter(segment);
        }
        return segment != null && segment.cycle() == cycle ? segment : null;
    }

    private void compare(Scan scan, SegmentSummary expected) {
        SegmentSummary found = scan.summary(expected.end() != null);
        if (scan.isDamaged) {
            return;
        }
        if (found == null || !found.agreesWith(expected)) {
            scan.report(
                    Failures.corruption(
                            scan.segment
                                    + " holds frames that are whole, but others than when it was"
                                    + " read last: frames="
                                    + (found == null ? null : found.frames())
                                    + ", expected "
                                    + expected.frames()));
        }
    }

    /** Reads a slice; returns whether it has come to a position. */
    private boolean advance(Scan scan, long end) {
        if (scan.isDamaged || !history.holds(scan.segment)) {
            return true;
        }
        try {
            return scan.advance(end);
        } catch (HotpairException e) {
            scan.report(e);
            return true;
        }
    }

    /** Reads one segment, with a history of its own, so that the log's is not touched. */
    private final class Scan {
        private final Segment segment;
        private final History own;
        private final Segment ownSegment;
        private final SegmentScan scan;
        private final List<Cut> cuts;
        private final boolean follows;
        private @Nullable SegmentSummary expected;
        private long position;
        private long summarised;
        private int cutsTaken;
        private boolean isDamaged;

        /**
         * Begins.
         *
         * @param from where to go on; null for the segment's beginning
         * @param cuts those in it
         * @param follows whether the log's cuts count instead, as they come
         */
        Scan(Segment segment, @Nullable SegmentSummary from, List<Cut> cuts, boolean follows) {
            this.segment = segment;
            this.cuts = cuts;
            this.follows = follows;
            own = History.before(segment);
            ownSegment = own.addSegment(segment.cycle(), Directories.parent(segment.file()));
            if (from == null) {
                scan = new SegmentScan(own, ownSegment);
            } else {
                scan = SegmentScan.resume(own, ownSegment, from);
                position = from.position();
                summarised = from.frames().written();
                List<Cut> known = cuts();
                while (cutsTaken < known.size()
                        && isAt(known.get(cutsTaken), from.frames().last())) {
                    cutsTaken++;
                }
            }
        }

        private List<Cut> cuts() {
            return follows ? history.cutsIn(segment.cycle(), Long.MAX_VALUE) : cuts;
        }

        private boolean isAt(Cut cut, long header) {
            return cut.boundary().position() <= header;
        }

        /** Reads a slice; returns whether it has come to the end of a frame. */
        boolean advance(long end) {
            long stop = Math.min(end, position + SLICE_BYTES);
            List<Cut> known = cuts();
            try (SegmentReader reader = new SegmentReader(segment)) {
                reader.position(position);
                while (reader.position() < stop) {
                    next(reader, end, known);
                }
                position = reader.position();
            }
            return position >= end;
        }

        private void next(SegmentReader reader, long end, List<Cut> known) {
            switch (reader.next(end)) {
                case FRAME -> accept(reader, known);
                case METADATA -> scan.index().addPage(reader.header());
                default ->
                        throw Failures.corruption(
                                reader.place() + " is damaged: " + reader.damage());
            }
        }

        private void accept(SegmentReader reader, List<Cut> known) {
            HotpairException damage = SegmentScan.read(reader, frame);
            if (damage != null) {
                throw damage;
            }
            while (cutsTaken < known.size() && isAt(known.get(cutsTaken), reader.header())) {
                own.cut(known.get(cutsTaken++));
            }
            String objection = own.objectionTo(frame);
            if (objection != null) {
                throw Failures.corruption(
                        "frame at "
                                + reader.place()
                                + " (checksum="
                                + Integer.toHexString(FrameDescriptor.crc(frame))
                                + ", computed the same) does not continue the log: "
                                + objection);
            }
            if (own.abandons(frame)) {
                own.abandonOperation(new Place(segment.cycle(), reader.header()));
            }
            scan.accept(frame, reader);
        }

        /** What there is behind the last frame that was read; null if it can't be gone on from. */
        @Nullable SegmentSummary summary(boolean isComplete) {
            if (!isComplete) {
                return scan.summary(summaries.logId(), null);
            }
            try (SegmentReader reader = new SegmentReader(segment)) {
                return scan.summary(summaries.logId(), endIn(reader));
            } catch (HotpairException e) {
                report(e);
                return null;
            }
        }

        /** The end of a segment that is not appended to any more, if it is marked. */
        private SegmentSummary.@Nullable End endIn(SegmentReader reader) {
            reader.position(position);
            long length = reader.fileLength();
            SegmentReader.Document document = reader.next(length);
            while (document == SegmentReader.Document.METADATA) {
                scan.index().addPage(reader.header());
                document = reader.next(length);
            }
            if (document != SegmentReader.Document.END) {
                return null;
            }
            SegmentSummary.End end = new SegmentSummary.End(reader.header(), length);
            long more = reader.firstNonZero(reader.endOfSegmentMark());
            if (more >= 0) {
                throw Failures.corruption(
                        segment
                                + " at position "
                                + end.header()
                                + " is damaged: the segment ends here, but there is more at"
                                + " position "
                                + more);
            }
            return end;
        }

        /** Says what was found, and sees to it that the next opening does not trust the segment. */
        void report(HotpairException damage) {
            isDamaged = true;
            if (!history.holds(segment)) {
                return;
            }
            if (damage.category() == HotpairException.Category.LOG_FAILED) {
                // It says nothing of what the segment holds: a file could not be opened, perhaps.
                LOG.warn("{} can't be read in the background", segment, damage);
                return;
            }
            LOG.error(
                    "{} is damaged; nothing of it is served. The next opening refuses it, or sets it"
                            + " aside on a node of a pair: {}",
                    segment,
                    damage.getMessage(),
                    damage);
            summaries.delete(segment.cycle());
        }
    }
}
