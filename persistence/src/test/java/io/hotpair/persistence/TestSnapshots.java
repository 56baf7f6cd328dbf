package io.hotpair.persistence;

import io.hotpair.SavedSnapshot;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.OperationReader;
import io.hotpair.log.SnapshotWriter;
import io.hotpair.log.TestFrames;

/** Saves snapshots whose operations follow from a term and an opId. */
final class TestSnapshots {
    private TestSnapshots() {}

    /** Saves one of a log as it is, of a few operations. */
    static SavedSnapshot save(ChronicleLog log) {
        return save(log, 10, 50);
    }

    static SavedSnapshot save(ChronicleLog log, int count, int valueLength) {
        log.force();
        try (SnapshotWriter writer = log.snapshots().begin(log.lastOpId(), written -> {})) {
            add(writer, count, valueLength);
            return writer.seal();
        }
    }

    static void add(SnapshotWriter writer, int count, int valueLength) {
        TestFrames frames = new TestFrames();
        OperationReader reader = new OperationReader();
        for (int opId = 1; opId <= count; opId++) {
            FrameBuffer frame = frames.frame(1, opId - 1, valueLength, opId);
            reader.wrap(frame);
            while (reader.next()) {
                writer.add(reader);
            }
        }
    }
}
