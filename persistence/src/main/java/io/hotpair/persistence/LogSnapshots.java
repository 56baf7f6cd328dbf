package io.hotpair.persistence;

import io.hotpair.SavedSnapshot;
import io.hotpair.log.SnapshotBytes;
import io.hotpair.log.SnapshotReceiver;
import io.hotpair.log.SnapshotSource;
import io.hotpair.log.SnapshotStore;
import io.hotpair.log.SnapshotWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** The snapshots of an open log, as core sees them. Holds nothing of its own. */
final class LogSnapshots implements SnapshotStore {
    private final ChronicleLog log;
    private final SnapshotDirectory directory;
    private final History history;
    private final LogOptions options;

    LogSnapshots(
            ChronicleLog log, SnapshotDirectory directory, History history, LogOptions options) {
        this.log = log;
        this.directory = directory;
        this.history = history;
        this.options = options;
    }

    @Override
    public List<SavedSnapshot> list() {
        return directory.newestFirst().stream().map(SnapshotDirectory.Entry::saved).toList();
    }

    @Override
    public SnapshotWriter begin(long opId, LongConsumer onWritten) {
        SnapshotHeader header = log.snapshotHeader(opId);
        Path file = directory.fileFor(opId);
        Path partial = file.resolveSibling(file.getFileName() + SnapshotFileWriter.PARTIAL_SUFFIX);
        try {
            return new SnapshotFileWriter(directory, header, partial, options, onWritten);
        } catch (IOException e) {
            throw Failures.logFailed("snapshot " + partial + " can't be created: " + e, e);
        }
    }

    @Override
    public boolean verify(SavedSnapshot snapshot) {
        return directory.verify(snapshot);
    }

    @Override
    public SnapshotSource open(SavedSnapshot snapshot) {
        return SnapshotFileReader.open(snapshot.file());
    }

    @Override
    public SnapshotBytes read(SavedSnapshot snapshot) {
        return SnapshotFileBytes.open(snapshot.file());
    }

    @Override
    public SnapshotReceiver receive() {
        return ReceivedSnapshot.create(log, directory, options);
    }

    @Override
    public long logBytesAfter(@Nullable SavedSnapshot snapshot) {
        for (SnapshotDirectory.Entry entry : directory.newestFirst()) {
            if (entry.saved().equals(snapshot)) {
                return history.lengthAfter(entry.place());
            }
        }
        return history.lengthAfter(Place.START);
    }

    @Override
    public void retain(Duration window, long logBytes) {
        Instant now = Instant.ofEpochMilli(options.wallClockMs().getAsLong());
        directory.lock().lock();
        try {
            List<SnapshotDirectory.Entry> newestFirst = directory.newestFirst();
            if (newestFirst.size() < Retention.ALWAYS_KEPT) {
                return;
            }
            SnapshotDirectory.Entry spare = newestFirst.get(Retention.ALWAYS_KEPT - 1);
            log.trim(spare, Retention.base(newestFirst, now, window), logBytes);
            long previousOpId = history.begin().previousOpId();
            Retention.unneeded(newestFirst, now, window, previousOpId).forEach(directory::remove);
            directory.removeDamagedBefore(spare.saved().opId());
        } finally {
            directory.lock().unlock();
        }
    }
}
