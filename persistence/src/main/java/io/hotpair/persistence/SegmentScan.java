package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How far a segment has been read and checked, frame by frame, and what was found. Where it has
 * come to can be kept as a {@link SegmentSummary}, and gone on from.
 */
final class SegmentScan {
    private final History history;
    private final Segment segment;
    private final SegmentIndex index;
    private long first;
    private int firstCrc;
    private int lastCrc;
    private long chain;

    /** Begins at a segment's beginning. */
    SegmentScan(History history, Segment segment) {
        this.history = history;
        this.segment = segment;
        index = new SegmentIndex();
    }

    private SegmentScan(History history, Segment segment, SegmentSummary summary) {
        this.history = history;
        this.segment = segment;
        SegmentSummary.Frames frames = summary.frames();
        index = new SegmentIndex(summary.pages(), summary.indexed(), frames.count(), frames.last());
        first = frames.first();
        firstCrc = frames.firstCrc();
        lastCrc = frames.lastCrc();
        chain = frames.chain();
    }

    /** Goes on where another one has come to: what it found becomes part of the history. */
    static SegmentScan resume(History history, Segment segment, SegmentSummary summary) {
        history.restore(segment, summary);
        return new SegmentScan(history, segment, summary);
    }

    SegmentIndex index() {
        return index;
    }

    /**
     * Reads the frame that a reader stands at.
     *
     * @return what is wrong with it, or null
     * @throws HotpairException {@code UNKNOWN_VERSION}
     */
    static @Nullable HotpairException read(SegmentReader reader, FrameBuffer into) {
        reader.copyTo(into);
        try {
            FrameDescriptor.verify(into, reader::place);
            return null;
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.CORRUPTION) {
                throw e;
            }
            return e;
        }
    }

    /** Takes a frame that is right and to which the history has no objection. */
    void accept(FrameBuffer frame, SegmentReader reader) {
        lastCrc = FrameDescriptor.crc(frame);
        if (index.isEmpty()) {
            first = reader.header();
            firstCrc = lastCrc;
        }
        chain = SegmentSummary.chain(chain, lastCrc);
        history.accept(frame, segment, reader.header(), reader.end());
        index.addFrame(reader.header());
    }

    /**
     * What was found.
     *
     * @param end how the segment ends, or null if it may go on
     * @return the summary, or null as long as there is nothing to go on from: no frame, or a large
     *     operation that goes on behind the last one
     */
    @Nullable SegmentSummary summary(UUID logId, SegmentSummary.@Nullable End end) {
        Lineage before = segment.previousLineage();
        if (before == null || index.isEmpty() || history.isInsideOperation()) {
            return null;
        }
        return new SegmentSummary(
                logId,
                segment.cycle(),
                new SegmentSummary.State(segment.previousOpId(), before),
                new SegmentSummary.Frames(
                        segment.documentCount(),
                        first,
                        firstCrc,
                        segment.lastHeader(),
                        lastCrc,
                        segment.written(),
                        chain,
                        segment.firstOpId(),
                        segment.firstLiveOpId()),
                new SegmentSummary.State(history.lastOpId(), history.lineage()),
                history.cutsIn(segment.cycle(), segment.lastHeader()),
                // What lies behind the last frame is met again by whoever goes on there.
                end == null ? index.pagesBetweenFrames() : index.pages(),
                index.indexed(),
                history.waypointsIn(segment.cycle()),
                end);
    }
}
