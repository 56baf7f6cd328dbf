package io.hotpair.persistence;

import io.hotpair.SavedSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which snapshots a log needs. To go back to a moment takes a snapshot from before it and the log
 * from there on; so what keeps the whole window within reach is the newest snapshot that is older
 * than the window, its base, and the log from the base on.
 */
final class Retention {
    /** The newest one may turn out to be damaged. */
    static final int ALWAYS_KEPT = 2;

    /** Of those in the window, so many are kept, evenly: each becomes the base in its turn. */
    private static final int BASES_IN_WINDOW = 7;

    private Retention() {}

    /**
     * The snapshot from which the whole window is within reach.
     *
     * @return the newest that is not younger than the window; null if there is none
     */
    static SnapshotDirectory.@Nullable Entry base(
            List<SnapshotDirectory.Entry> newestFirst, Instant now, Duration window) {
        for (SnapshotDirectory.Entry entry : newestFirst) {
            if (age(entry.saved(), now).compareTo(window) >= 0) {
                return entry;
            }
        }
        return null;
    }

    /**
     * Those that are of no use: older than the base, or too close to another one, or not continued
     * by the log. Never one of the newest two.
     *
     * @param previousOpId the last opId before the log's beginning
     */
    static List<SnapshotDirectory.Entry> unneeded(
            List<SnapshotDirectory.Entry> newestFirst,
            Instant now,
            Duration window,
            long previousOpId) {
        SnapshotDirectory.Entry base = base(newestFirst, now, window);
        Duration distance = window.dividedBy(BASES_IN_WINDOW);
        List<SnapshotDirectory.Entry> unneeded = new ArrayList<>();
        Instant last = null;
        for (int i = newestFirst.size() - 1; i >= ALWAYS_KEPT; i--) {
            SnapshotDirectory.Entry entry = newestFirst.get(i);
            Instant time = entry.saved().time();
            boolean reached = entry.saved().opId() >= previousOpId;
            boolean inWindow = base == null || entry.saved().opId() >= base.saved().opId();
            boolean apart = last == null || Duration.between(last, time).compareTo(distance) >= 0;
            if (reached && inWindow && (apart || entry.equals(base))) {
                last = time;
            } else {
                unneeded.add(entry);
            }
        }
        return unneeded;
    }

    private static Duration age(SavedSnapshot snapshot, Instant now) {
        return Duration.between(snapshot.time(), now);
    }
}
