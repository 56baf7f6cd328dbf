package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationSource;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads live frames. It follows the appending thread through {@link Segment#end()} alone, so it
 * never meets a document that is half written.
 */
final class LogSource implements OperationSource {
    private final History history;
    private final Consumer<LogSource> onClose;
    private final IntConsumer onDamage;
    private final FrameEncoder encoder = new FrameEncoder();
    private volatile @Nullable SegmentReader reader;
    private volatile boolean closed;
    private volatile boolean replaced;

    // Frames before this place are wanted only for operations newer than this opId. What is
    // appended later is wanted whatever its opIds are: after a cut they begin lower again.
    private Place seekBoundary = Place.START;
    private long soughtOpId;

    /**
     * Creates one.
     *
     * @param onDamage told of a segment, by its cycle, in which damage was met
     */
    LogSource(History history, Consumer<LogSource> onClose, IntConsumer onDamage) {
        this.history = history;
        this.onClose = onClose;
        this.onDamage = onDamage;
        soughtOpId = history.begin().previousOpId();
    }

    @Override
    public void seekAfter(long opId) {
        requireOpen();
        long lastOpId = history.lastOpId();
        if (opId < 0 || opId > lastOpId) {
            throw new IllegalArgumentException("opId=" + opId + ", expected 0 to " + lastOpId);
        }
        seekBoundary = history.published();
        soughtOpId = opId;
        history.readers().lock();
        try {
            beginAt(history.waypointFor(opId));
        } finally {
            history.readers().unlock();
        }
    }

    private void beginAt(History.@Nullable Waypoint waypoint) {
        closeReader();
        if (waypoint != null) {
            SegmentReader opened = new SegmentReader(waypoint.segment());
            opened.position(waypoint.position());
            reader = opened;
            if (closed) {
                closeReader();
                requireOpen();
            }
        } else {
            requireRetained();
        }
    }

    private void requireRetained() {
        long previousOpId = history.begin().previousOpId();
        if (soughtOpId < previousOpId) {
            throw new HotpairException(
                    HotpairException.Category.NOT_RETAINED,
                    "opId=" + soughtOpId + ", expected at least " + previousOpId);
        }
    }

    /** The segment that it reads; none before it has begun. */
    int readingCycle() {
        SegmentReader current = reader;
        return current == null ? Integer.MAX_VALUE : current.segment().cycle();
    }

    @Override
    public boolean poll(FrameBuffer into) {
        requireOpen();
        try {
            return pollOpen(into);
        } catch (HotpairException e) {
            // Closing the log closes the files of its readers, also in the middle of a read.
            requireOpen();
            SegmentReader current = reader;
            if (current != null && e.category() == HotpairException.Category.CORRUPTION) {
                onDamage.accept(current.segment().cycle());
            }
            throw e;
        }
    }

    private boolean pollOpen(FrameBuffer into) {
        while (nextFrame(into)) {
            if (keepLive(into) && isWanted(into)) {
                return true;
            }
        }
        return false;
    }

    /** Reads and verifies the next frame, live or dead. */
    private boolean nextFrame(FrameBuffer into) {
        SegmentReader current = reader;
        while (true) {
            // Asked before its end is: when there is a next segment, this one's end is final.
            Segment next = history.segmentAfter(current == null ? null : current.segment());
            if (current != null && nextFrameOf(current, into)) {
                return true;
            }
            if (next == null) {
                return false;
            }
            current = goTo(current, next);
            if (closed) {
                // The log was closed meanwhile, and has not seen this reader.
                closeReader();
                requireOpen();
            }
        }
    }

    private SegmentReader goTo(@Nullable SegmentReader from, Segment next) {
        history.readers().lock();
        try {
            Segment segment = next;
            if (from == null) {
                // Nothing kept the beginning from being taken away.
                requireRetained();
                Segment first = history.segmentAfter(null);
                segment = first == null ? next : first;
            }
            closeReader();
            SegmentReader opened = new SegmentReader(segment);
            reader = opened;
            return opened;
        } finally {
            history.readers().unlock();
        }
    }

    private static boolean nextFrameOf(SegmentReader current, FrameBuffer into) {
        long end = current.segment().end();
        while (current.position() < end) {
            switch (current.next(end)) {
                case FRAME -> {
                    current.copyTo(into);
                    FrameDescriptor.verify(into, current::place);
                    return true;
                }
                case METADATA -> {
                    // Chronicle's own.
                }
                default ->
                        throw Failures.corruption(
                                current.place()
                                        + " is damaged: "
                                        + current.damage()
                                        + " before the last frame's end at "
                                        + end);
            }
        }
        return false;
    }

    /** Takes the dead operations out of a frame. */
    private boolean keepLive(FrameBuffer frame) {
        SegmentReader current = reader;
        if (current == null) {
            return false;
        }
        long limit = history.liveLimit(current.segment().cycle(), current.header());
        if (FrameDescriptor.lastOpId(frame) <= limit) {
            return true;
        }
        return FrameDescriptor.firstOpId(frame) <= limit && encodeUpTo(frame, limit);
    }

    private boolean encodeUpTo(FrameBuffer frame, long limit) {
        FrameBuffer sealed = encoder.slice(frame, FrameDescriptor.previousOpId(frame), limit);
        if (sealed == null) {
            return false;
        }
        System.arraycopy(sealed.bytes(), 0, frame.bytes(), 0, sealed.length());
        frame.length(sealed.length());
        return true;
    }

    private boolean isWanted(FrameBuffer frame) {
        SegmentReader current = reader;
        return current == null
                || FrameDescriptor.lastOpId(frame) > soughtOpId
                || !seekBoundary.isAfter(current.segment().cycle(), current.header());
    }

    /**
     * The highest live opId that is not above a limit.
     *
     * @return the opId, or 0 if there is none
     */
    static long lastLiveUpTo(History history, long limit) {
        long before = history.begin().previousOpId();
        if (limit <= before) {
            return before;
        }
        History.Waypoint waypoint = history.waypointFor(limit - 1);
        long found = waypoint == null ? before : waypoint.previousOpId();
        FrameBuffer frame = new FrameBuffer();
        OperationReader reader = new OperationReader();
        try (LogSource source = new LogSource(history, ignored -> {}, cycle -> {})) {
            source.beginAt(waypoint);
            while (source.poll(frame) && FrameDescriptor.firstOpId(frame) <= limit) {
                reader.wrap(frame);
                while (reader.next() && reader.opId() <= limit) {
                    found = reader.opId();
                }
            }
        }
        return found;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            closeReader();
            onClose.accept(this);
        }
    }

    private void closeReader() {
        SegmentReader current = reader;
        reader = null;
        if (current != null) {
            current.close();
        }
    }

    /** Ends it: what it reads is not the log any more. */
    void replace() {
        replaced = true;
        close();
    }

    private void requireOpen() {
        if (replaced) {
            throw new HotpairException(
                    HotpairException.Category.NOT_RETAINED,
                    "what this reader was reading was replaced by a copy of another log");
        }
        if (closed) {
            throw new IllegalStateException("the reader, or its log, is closed");
        }
    }
}
