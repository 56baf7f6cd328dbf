package io.hotpair.persistence;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a log holds: its segments in order, where it was cut, which terms wrote the live part, and
 * waypoints to find an opId without reading everything.
 *
 * <p>Frames lie on the medium in the order in which they were appended. A cut leaves dead ones
 * behind: an operation is live if its opId is at most the kept opId of every cut whose boundary
 * lies after it. Nothing else has to be known to tell live from dead, whatever the terms are.
 *
 * <p>One thread at a time changes it (recovery, then the appending thread). Any thread may read the
 * volatile fields, and the waypoints under their lock.
 */
final class History {
    /** A seek reads at most about this much that it does not want. */
    private static final long WAYPOINT_DISTANCE = 256 * 1024;

    private volatile Segment[] segments = {};
    private volatile Cut[] cuts = {};
    private volatile Lineage lineage;
    private volatile long firstOpId;
    private volatile long lastOpId;
    private volatile LogBegin begin;

    /**
     * Held while a reader goes to another segment, and while segments are taken away: so a reader
     * either has its segment, which is then not taken away, or sees that it is gone.
     */
    private final ReentrantLock readers = new ReentrantLock();

    private final List<Waypoint> waypoints = new ArrayList<>();
    private boolean waypointDue;
    private long lastWaypointPosition;

    // The large operation of which some fragments were seen, but not yet all.
    private int fragmentsSeen;
    private int fragmentCount;
    private long fragmentedOpId;
    private long fragmentedTerm;

    /**
     * A frame at which reading can begin.
     *
     * @param segment where
     * @param position of its document
     * @param previousOpId the last live opId before it, when it was appended
     */
    record Waypoint(Segment segment, long position, long previousOpId) {}

    /**
     * Creates the history of a log that has been read up to its beginning.
     *
     * @param begin where that is
     */
    History(LogBegin begin) {
        this.begin = begin;
        lineage = begin.lineage();
        lastOpId = begin.previousOpId();
    }

    /** That of a log that begins with a segment of another one, to read that by itself. */
    static History before(Segment segment) {
        Lineage lineage = segment.previousLineage();
        return new History(
                new LogBegin(
                        segment.cycle(),
                        segment.previousOpId(),
                        lineage == null ? Lineage.EMPTY : lineage));
    }

    LogBegin begin() {
        return begin;
    }

    ReentrantLock readers() {
        return readers;
    }

    Lineage lineage() {
        return lineage;
    }

    long firstOpId() {
        return firstOpId;
    }

    long lastOpId() {
        return lastOpId;
    }

    @Nullable Segment lastSegment() {
        Segment[] all = segments;
        return all.length == 0 ? null : all[all.length - 1];
    }

    /** The oldest segment, or the one after another; null if there is none yet. */
    @Nullable Segment segmentAfter(@Nullable Segment segment) {
        int cycle = segment == null ? -1 : segment.cycle();
        for (Segment candidate : segments) {
            if (candidate.cycle() > cycle) {
                return candidate;
            }
        }
        return null;
    }

    /** Where the next frame will be appended, or later. For the appending thread. */
    Place end() {
        Segment last = lastSegment();
        return last == null ? begin.place() : new Place(last.cycle(), last.written());
    }

    /** Up to where readers may read. */
    Place published() {
        Segment last = lastSegment();
        return last == null ? begin.place() : new Place(last.cycle(), last.end());
    }

    Segment addSegment(int cycle, Path directory) {
        Segment segment = new Segment(cycle, directory);
        segment.follow(lastOpId, isInsideOperation() ? null : lineage);
        Segment[] grown = Arrays.copyOf(segments, segments.length + 1);
        grown[grown.length - 1] = segment;
        segments = grown;
        waypointDue = true;
        return segment;
    }

    /** How many bytes of frames there are after a place, about. */
    long lengthAfter(Place place) {
        long length = 0;
        for (Segment segment : segments) {
            if (segment.cycle() > place.cycle()) {
                length += segment.end();
            } else if (segment.cycle() == place.cycle()) {
                length += Math.max(0, segment.end() - place.position());
            }
        }
        return length;
    }

    /**
     * How much of the log's beginning is not needed.
     *
     * @param spare nothing after it may go: the newest snapshot but one
     * @param base what lies before it may go; null if nothing may for that reason
     * @param maxLength as long as the log is longer, what lies before {@code spare} may go
     * @param wholly of segments that begin before it, something is forced
     * @param firstRead the first segment that somebody reads
     * @return the segment that may be the first one, or null if none may but the present one
     */
    @Nullable Segment firstNeeded(
            SnapshotDirectory.Entry spare,
            SnapshotDirectory.@Nullable Entry base,
            long maxLength,
            Place wholly,
            int firstRead) {
        Segment[] all = segments;
        Segment first = null;
        long length = lengthAfter(Place.START);
        for (int i = 0; i + 1 < all.length; i++) {
            Segment next = all[i + 1];
            boolean old = base != null && base.reaches(next);
            boolean free =
                    spare.reaches(next)
                            && next.cycle() <= firstRead
                            && wholly.isAfter(next.cycle(), 0);
            if (!free || (!old && length <= maxLength)) {
                return first;
            }
            length -= all[i].end();
            if (canBeginWith(next)) {
                first = next;
            }
        }
        return first;
    }

    /**
     * Whether the first operation of a segment is live, so that all live ones before it are older.
     */
    private boolean canBeginWith(Segment segment) {
        return segment.firstOpId() != 0 && liveLimit(segment.cycle(), 0) >= segment.firstOpId();
    }

    /** Forgets all segments before one with which the log can begin. */
    LogBegin beginWith(Segment first) {
        long previous = first.previousOpId();
        LogBegin next =
                new LogBegin(
                        first.cycle(),
                        previous,
                        new Lineage(
                                lineage.terms().stream()
                                        .filter(t -> t.firstOpId() <= previous)
                                        .toList()));
        begin = next;
        firstOpId = first.firstOpId();
        segments =
                Arrays.stream(segments)
                        .filter(s -> s.cycle() >= first.cycle())
                        .toArray(Segment[]::new);
        synchronized (waypoints) {
            waypoints.removeIf(w -> w.segment().cycle() < first.cycle());
        }
        return next;
    }

    /** Forgets everything: the log begins elsewhere, and nothing is in it yet. */
    void beginAnew(LogBegin next) {
        begin = next;
        segments = new Segment[0];
        cuts = new Cut[0];
        lineage = next.lineage();
        firstOpId = 0;
        lastOpId = next.previousOpId();
        fragmentCount = 0;
        lastWaypointPosition = 0;
        synchronized (waypoints) {
            waypoints.clear();
        }
    }

    /** Takes back the last segment, which holds no frame. */
    void removeLastSegment() {
        segments = Arrays.copyOf(segments, segments.length - 1);
    }

    /**
     * The highest opId that is live in a frame.
     *
     * @param cycle the frame's segment
     * @param position where its document begins
     */
    long liveLimit(int cycle, long position) {
        long limit = Long.MAX_VALUE;
        for (Cut cut : cuts) {
            if (cut.boundary().isAfter(cycle, position)) {
                limit = Math.min(limit, cut.keptOpId());
            }
        }
        return limit;
    }

    /** Whether a large operation was begun and not completed. */
    boolean isInsideOperation() {
        return fragmentCount != 0;
    }

    /**
     * Why a frame does not continue this history.
     *
     * <p>While a large operation lacks fragments, that is the next of them, or whatever could stand
     * in its place: then its fragments are abandoned (see {@link #abandons}).
     *
     * @return the reason, or null if it does
     */
    @Nullable String objectionTo(FrameBuffer frame) {
        return isInsideOperation() && !abandons(frame)
                ? objectionToFragment(frame)
                : objectionToFirst(frame);
    }

    /**
     * Whether a frame begins anew where the next fragment of a large operation was expected.
     * Whoever sent the fragments so far has died, or lost its connection, and nobody has the rest:
     * a new master goes on, or the same one begins the operation again.
     */
    boolean abandons(FrameBuffer frame) {
        return isInsideOperation() && FrameDescriptor.fragmentIndex(frame) == 0;
    }

    private @Nullable String objectionToFirst(FrameBuffer frame) {
        long previous = FrameDescriptor.previousOpId(frame);
        long first = FrameDescriptor.firstOpId(frame);
        long last = FrameDescriptor.lastOpId(frame);
        long term = FrameDescriptor.term(frame);
        int count = FrameDescriptor.fragmentCount(frame);
        if (previous != lastOpId) {
            return "previousOpId=" + previous + ", expected " + lastOpId;
        }
        if (first <= previous || last < first) {
            return "opIds=" + first + " to " + last + ", expected to ascend from " + previous;
        }
        if (term < lineage.lastTerm()) {
            return "term=" + term + ", expected at least " + lineage.lastTerm();
        }
        if (FrameDescriptor.fragmentIndex(frame) != 0
                || count < 1
                || (count > 1 && first != last)) {
            return "fragment="
                    + FrameDescriptor.fragmentIndex(frame)
                    + " of "
                    + count
                    + ", expected a whole frame or the first fragment of one operation";
        }
        return null;
    }

    private @Nullable String objectionToFragment(FrameBuffer frame) {
        boolean continues =
                FrameDescriptor.fragmentIndex(frame) == fragmentsSeen
                        && FrameDescriptor.fragmentCount(frame) == fragmentCount
                        && FrameDescriptor.firstOpId(frame) == fragmentedOpId
                        && FrameDescriptor.lastOpId(frame) == fragmentedOpId
                        && FrameDescriptor.previousOpId(frame) == lastOpId
                        && FrameDescriptor.term(frame) == fragmentedTerm;
        return continues
                ? null
                : "fragment="
                        + FrameDescriptor.fragmentIndex(frame)
                        + " of opId="
                        + FrameDescriptor.firstOpId(frame)
                        + ", expected fragment "
                        + fragmentsSeen
                        + " of opId="
                        + fragmentedOpId;
    }

    /**
     * Takes a frame that is written and to which there is no objection. Readers see it when it
     * completes its operations.
     */
    void accept(FrameBuffer frame, Segment segment, long header, long frameEnd) {
        if (FrameDescriptor.fragmentIndex(frame) == 0) {
            addWaypoint(segment, header, FrameDescriptor.previousOpId(frame));
        }
        segment.add(header, frameEnd);
        if (!FrameDescriptor.isComplete(frame)) {
            fragmentsSeen = FrameDescriptor.fragmentIndex(frame) + 1;
            fragmentCount = FrameDescriptor.fragmentCount(frame);
            fragmentedOpId = FrameDescriptor.firstOpId(frame);
            fragmentedTerm = FrameDescriptor.term(frame);
            return;
        }
        fragmentCount = 0;
        segment.publish(FrameDescriptor.firstOpId(frame));
        // There may be a gap before the frame's first opId, and what another history has there is
        // dead.
        lineage =
                lineage.begin(FrameDescriptor.term(frame), FrameDescriptor.previousOpId(frame) + 1);
        if (firstOpId == 0) {
            firstOpId = FrameDescriptor.firstOpId(frame);
        }
        lastOpId = FrameDescriptor.lastOpId(frame);
    }

    /** Ends the live part. The boundary is not before any frame that was accepted. */
    void cut(Cut cut) {
        long kept = cut.keptOpId();
        Cut[] grown = Arrays.copyOf(cuts, cuts.length + 1);
        grown[grown.length - 1] = cut;
        cuts = grown;
        fragmentCount = 0;
        lineage = new Lineage(lineage.terms().stream().filter(t -> t.firstOpId() <= kept).toList());
        lastOpId = kept;
        if (kept < firstOpId) {
            firstOpId = 0;
        }
        Segment last = lastSegment();
        if (last != null) {
            last.cutAfter(kept);
        }
        forgetWaypointsAbove(kept);
        waypointDue = true;
    }

    /** The cuts between the frames of a segment, the last of which begins at a position. */
    List<Cut> cutsIn(int cycle, long lastHeader) {
        List<Cut> found = new ArrayList<>();
        for (Cut cut : cuts) {
            if (cut.boundary().cycle() == cycle && cut.boundary().position() <= lastHeader) {
                found.add(cut);
            }
        }
        return List.copyOf(found);
    }

    /** Those of one segment. */
    List<SegmentSummary.Mark> waypointsIn(int cycle) {
        synchronized (waypoints) {
            return waypoints.stream()
                    .filter(w -> w.segment().cycle() == cycle)
                    .map(w -> new SegmentSummary.Mark(w.position(), w.previousOpId()))
                    .toList();
        }
    }

    /**
     * Takes what a summary says of the last segment, of which nothing was taken yet, instead of its
     * frames one by one.
     */
    void restore(Segment segment, SegmentSummary summary) {
        for (Cut cut : summary.cuts()) {
            cut(cut);
        }
        segment.restore(summary.frames());
        if (firstOpId == 0) {
            firstOpId = summary.frames().firstLiveOpId();
        }
        lineage = summary.after().lineage();
        lastOpId = summary.after().opId();
        restoreWaypoints(segment, summary.waypoints());
    }

    private void restoreWaypoints(Segment segment, List<SegmentSummary.Mark> marks) {
        synchronized (waypoints) {
            marks.forEach(
                    mark ->
                            waypoints.add(
                                    new Waypoint(segment, mark.position(), mark.previousOpId())));
        }
        waypointDue = marks.isEmpty();
        lastWaypointPosition = waypointDue ? 0 : marks.get(marks.size() - 1).position();
    }

    /** Whether a segment still is one of the log's. */
    boolean holds(Segment segment) {
        for (Segment candidate : segments) {
            if (candidate == segment) {
                return true;
            }
        }
        return false;
    }

    /** The fragments seen so far belong to an operation that was never completed. */
    void abandonOperation(Place boundary) {
        cut(new Cut(boundary, lastOpId));
    }

    /**
     * The last frame before which no live operation is newer than an opId.
     *
     * @return where to begin reading for what is newer; null to begin with the first segment
     */
    @Nullable Waypoint waypointFor(long opId) {
        synchronized (waypoints) {
            int low = 0;
            int high = waypoints.size();
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (waypoints.get(middle).previousOpId() <= opId) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low == 0 ? null : waypoints.get(low - 1);
        }
    }

    private void addWaypoint(Segment segment, long position, long previousOpId) {
        if (!waypointDue && position - lastWaypointPosition < WAYPOINT_DISTANCE) {
            return;
        }
        waypointDue = false;
        lastWaypointPosition = position;
        synchronized (waypoints) {
            waypoints.add(new Waypoint(segment, position, previousOpId));
        }
    }

    /** Those that remain ascend in their opIds, which is what the binary search rests on. */
    private void forgetWaypointsAbove(long opId) {
        synchronized (waypoints) {
            int size = waypoints.size();
            while (size > 0 && waypoints.get(size - 1).previousOpId() > opId) {
                waypoints.remove(--size);
            }
        }
    }
}
