package io.hotpair.persistence;

import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Writes the last segment anew from its verified frames, when Chronicle's own structures in it do
 * not agree with them: after a power cut, or when a bit flipped where no checksum is. The frames
 * end up where they were, and the new file takes the old one's place at once.
 */
final class SegmentRebuild {
    static final String DIRECTORY = "queue.rebuild";

    private SegmentRebuild() {}

    static void run(Path home, Segment old, LogOptions options) throws IOException {
        Path directory = home.resolve(DIRECTORY);
        Directories.deleteTree(directory);
        Directories.create(directory);
        HourClock clock = new HourClock();
        clock.advanceTo(old.cycle() * Segment.CYCLE_MS);
        Segment rebuilt = new Segment(old.cycle(), directory);
        try (AllocatedFile file = AllocatedFile.create(rebuilt.file(), options)) {
            try (QueueWriter writer = QueueWriter.open(directory, clock)) {
                copy(old, rebuilt, file, writer);
            }
            file.force();
        }
        Files.move(
                rebuilt.file(),
                old.file(),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        Path queue = old.file().getParent();
        if (queue != null) {
            Directories.force(queue);
        }
        Directories.deleteTree(directory);
    }

    private static void copy(Segment old, Segment rebuilt, AllocatedFile file, QueueWriter writer)
            throws IOException {
        FrameBuffer frame = new FrameBuffer();
        try (SegmentReader reader = new SegmentReader(old)) {
            while (reader.position() < old.written()) {
                if (reader.next(old.written()) != SegmentReader.Document.FRAME) {
                    continue;
                }
                reader.copyTo(frame);
                FrameDescriptor.verify(frame, reader.place());
                file.allocate(rebuilt.written() + frame.length());
                long header = writer.append(frame, rebuilt);
                if (header != reader.header()) {
                    // The journal of cuts and the durable mark name positions.
                    throw Failures.corruption(
                            old
                                    + " can't be rebuilt: a frame went from position "
                                    + reader.header()
                                    + " to "
                                    + header);
                }
                rebuilt.add(header, header + SegmentReader.HEADER_LENGTH + frame.length());
            }
        }
    }
}
