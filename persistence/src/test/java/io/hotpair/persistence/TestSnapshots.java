package io.hotpair.persistence;

import io.hotpair.SavedSnapshot;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationSource;
import io.hotpair.log.SnapshotBytes;
import io.hotpair.log.SnapshotReceiver;
import io.hotpair.log.SnapshotStore;
import io.hotpair.log.SnapshotWriter;
import io.hotpair.log.TestFrames;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Function;

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

    /** Has a log begin with the newest snapshot of another one. */
    static Path copy(ChronicleLog from, ChronicleLog to, long sharedOpId) {
        return send(from, to, receiver -> receiver.install(from.lineage(), sharedOpId));
    }

    /** Gives the newest snapshot of a log to another one, and lets it be installed. */
    static Path send(OperationLog from, OperationLog to, Function<SnapshotReceiver, Path> install) {
        SnapshotStore source = Objects.requireNonNull(from.snapshots());
        SnapshotStore target = Objects.requireNonNull(to.snapshots());
        SavedSnapshot newest = source.list().get(0);
        byte[] chunk = new byte[5_000];
        try (SnapshotBytes in = source.read(newest);
                SnapshotReceiver receiver = target.receive()) {
            for (int n = in.read(chunk, 5_000); n >= 0; n = in.read(chunk, 5_000)) {
                receiver.write(chunk, 0, n);
            }
            SavedSnapshot unused = receiver.check();
            return install.apply(receiver);
        }
    }

    /** Appends to a log what another one has and it has not. */
    static void follow(ChronicleLog from, ChronicleLog to) {
        FrameBuffer frame = new FrameBuffer();
        try (OperationSource source = from.openSource()) {
            source.seekAfter(to.lastOpId());
            while (source.poll(frame)) {
                to.append(frame);
            }
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
