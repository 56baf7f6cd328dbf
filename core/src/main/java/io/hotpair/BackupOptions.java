package io.hotpair;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * When a keyspace with a log makes a backup by itself, where it goes, and how many are kept.
 * Immutable.
 *
 * <p>A backup is named after the keyspace, its log's identity and the time when it was begun, in
 * UTC: {@code default-6ff3c1de-20261121t204600z}; as a stream it ends with {@code .zip}. So several
 * keyspaces can use one place: each counts and removes its own. It is made when the newest that is
 * there is old enough; the first one when the keyspace was open for an hour. It is made no faster
 * than a snapshot is saved. What fails is tried again, and {@link Keyspace#persistenceStatus()}
 * tells of it. None is begun that would leave less room on its file system than it takes itself.
 *
 * <p>Of a pair, each node makes its own in a directory; for a target, only the master does. What a
 * node made that has lost its log, or was restored since, nobody removes.
 *
 * @param directory where sealed directories go; null for {@code backups} in the keyspace's own
 *     directory, or if there is a target
 * @param target where streams go instead; null for a directory
 * @param interval how old the newest backup gets
 * @param keep how many are kept, the newest
 */
public record BackupOptions(
        @Nullable Path directory, @Nullable BackupTarget target, Duration interval, int keep) {
    private static final Duration CENTURY = Duration.ofDays(36_500);

    private static final BackupOptions DEFAULTS =
            new BackupOptions(null, null, Duration.ofDays(1), 7);

    /**
     * Checks what is given.
     *
     * @param directory where sealed directories go
     * @param target where streams go instead
     * @param interval how old the newest backup gets
     * @param keep how many are kept
     * @throws IllegalArgumentException if the interval or the number is not above zero, or if there
     *     are a directory and a target
     */
    public BackupOptions {
        Objects.requireNonNull(interval, "interval");
        if (interval.isNegative() || interval.isZero()) {
            throw new IllegalArgumentException("interval=" + interval + ", expected above zero");
        }
        if (keep < 1) {
            throw new IllegalArgumentException("keep=" + keep + ", expected at least 1");
        }
        if (directory != null && target != null) {
            throw new IllegalArgumentException(
                    "directory=" + directory + " and a target, expected one of them");
        }
    }

    /**
     * One a day, seven kept, in the keyspace's own directory.
     *
     * @return the options
     */
    public static BackupOptions defaults() {
        return DEFAULTS;
    }

    /**
     * The same without any backup but those that {@link Keyspace#backup(Path)} is called for.
     *
     * @return the options
     */
    public BackupOptions onDemand() {
        return withInterval(CENTURY);
    }

    /**
     * Whether none is made by itself: the interval is a century or more.
     *
     * @return whether
     */
    public boolean isOnDemand() {
        return interval.compareTo(CENTURY) >= 0;
    }

    /**
     * The same in another directory, on another device for example.
     *
     * @param parent where the sealed directories go; made when it is needed
     * @return the options
     */
    public BackupOptions withDirectory(Path parent) {
        Objects.requireNonNull(parent, "parent");
        return new BackupOptions(parent, null, interval, keep);
    }

    /**
     * The same to a target, as streams.
     *
     * @param streams the target
     * @return the options
     */
    public BackupOptions withTarget(BackupTarget streams) {
        Objects.requireNonNull(streams, "streams");
        return new BackupOptions(null, streams, interval, keep);
    }

    /**
     * The same with another interval.
     *
     * @param age above zero
     * @return the options
     */
    public BackupOptions withInterval(Duration age) {
        return new BackupOptions(directory, target, age, keep);
    }

    /**
     * The same with another number.
     *
     * @param newest how many are kept, at least one
     * @return the options
     */
    public BackupOptions withKeep(int newest) {
        return new BackupOptions(directory, target, interval, newest);
    }
}
