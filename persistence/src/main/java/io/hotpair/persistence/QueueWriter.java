package io.hotpair.persistence;

import io.hotpair.log.FrameBuffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.core.io.BackgroundResourceReleaser;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.RollCycles;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.wire.DocumentContext;

/**
 * Appends frames to a Chronicle queue: the only class that touches Chronicle's documents. One
 * thread at a time.
 */
final class QueueWriter implements AutoCloseable {
    /** Locks, and a list of the segments. */
    static final String TABLE_FILE = "metadata.cq4t";

    /**
     * Between two frames there may be index pages of 32 KiB, before the first one also the file's
     * header; a frame that would land further off is about to land in the wrong place.
     */
    private static final long MAX_GAP = 128 * 1024;

    /** How long Chronicle waits for a half-made header before it takes it for abandoned. */
    private static final long TIMEOUT_MS = 1_000;

    private final SingleChronicleQueue queue;
    private final ExcerptAppender appender;

    private QueueWriter(SingleChronicleQueue queue) {
        this.queue = queue;
        appender = queue.createAppender();
        // Whoever waits for an acknowledgement may append; the log sees to it that it is one at a
        // time.
        appender.singleThreadedCheckDisabled(true);
    }

    /**
     * Opens a queue in a directory that is ours alone.
     *
     * <p>Its table is made anew each time: it holds nothing that is not in the segments but the
     * locks, and a lock whose owner died is never freed if another process has its pid now, as is
     * usual in containers.
     */
    static QueueWriter open(Path directory, HourClock clock) throws IOException {
        Files.deleteIfExists(directory.resolve(TABLE_FILE));
        WarmUp.run();
        SingleChronicleQueue queue =
                SingleChronicleQueueBuilder.binary(directory)
                        .rollCycle(RollCycles.FAST_HOURLY)
                        .blockSize(LogOptions.BLOCK_BYTES)
                        .timeProvider(clock)
                        .timeoutMS(TIMEOUT_MS)
                        .build();
        queue.singleThreadedCheckDisabled(true);
        try {
            Directories.restrict(directory.resolve(TABLE_FILE));
            return new QueueWriter(queue);
        } catch (Throwable t) {
            queue.close();
            throw t;
        }
    }

    /**
     * Appends a frame as one document.
     *
     * @param segment the segment that the clock points to
     * @return where the document begins
     */
    long append(FrameBuffer frame, Segment segment) {
        DocumentContext document = appender.writingDocument();
        boolean written = false;
        try {
            Bytes<?> bytes = document.wire().bytes();
            long header = bytes.writePosition() - SegmentReader.HEADER_LENGTH;
            requireExpected(document.index(), header, segment);
            bytes.write(frame.bytes(), 0, frame.length());
            written = true;
            return header;
        } finally {
            // Closing commits, whatever was written until then, unless this is said before.
            if (!written) {
                document.rollbackOnClose();
            }
            document.close();
        }
    }

    private static void requireExpected(long index, long header, Segment segment) {
        long expected = RollCycles.FAST_HOURLY.toIndex(segment.cycle(), segment.documentCount());
        boolean inPlace = header >= segment.written() && header <= segment.written() + MAX_GAP;
        if (index != expected || !inPlace) {
            throw Failures.corruption(
                    segment
                            + " at position "
                            + header
                            + ": Chronicle would append index="
                            + Long.toHexString(index)
                            + ", expected "
                            + Long.toHexString(expected)
                            + " after position "
                            + segment.written());
        }
    }

    /**
     * Checks that the last document which Chronicle can read is the last one that was read from the
     * segment.
     *
     * @throws io.hotpair.HotpairException {@code CORRUPTION}
     */
    void requireEnd(Segment last) {
        long expected = RollCycles.FAST_HOURLY.toIndex(last.cycle(), last.documentCount() - 1);
        long found = queue.lastIndex();
        if (found != expected) {
            throw Failures.corruption(
                    last
                            + " at position "
                            + last.lastHeader()
                            + ": Chronicle's last index="
                            + Long.toHexString(found)
                            + ", expected "
                            + Long.toHexString(expected));
        }
    }

    /** Has Chronicle look anew at which segments there are. */
    void refresh() {
        queue.refreshDirectoryListing();
    }

    @Override
    public void close() {
        appender.close();
        queue.close();
        BackgroundResourceReleaser.releasePendingResources();
    }
}
