package io.hotpair;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Objects;

/**
 * When a keyspace with a log saves a snapshot, how fast, and how much of the log is kept.
 * Immutable.
 *
 * <p>A snapshot is saved when enough was logged since the last one, or when the last one is old
 * enough and something was logged since. What is logged goes, a file of an hour or 256 MiB at a
 * time, when it lies before the newest two snapshots and is not needed any more to go back to a
 * moment within the retention; or when the log is longer than its limit. What a connected replica
 * has not read yet is kept in any case.
 *
 * <p>Who saves one, or makes a backup, also rests so long that this takes an eighth of all
 * processors' time at most; one that is tried again after it failed doesn't.
 *
 * <p>What is overwritten while one is saved is kept in memory until then, and counts as used. A
 * keyspace that evicts gives up to a sixteenth of its memory for that. Where writes need more of
 * it, the snapshot gives way and is tried again.
 *
 * @param afterLogBytes how much is logged between two snapshots; where the last snapshot is longer
 *     than that, as much as it is long, so that the work stays in proportion
 * @param interval how old the last one gets while something is logged
 * @param bytesPerSecond how fast a file is written at most
 * @param retention how far back the log reaches at least, unless its limit says otherwise
 * @param retentionBytes how long the log gets, if what lies before the newest two snapshots allows
 */
public record SnapshotOptions(
        long afterLogBytes,
        Duration interval,
        long bytesPerSecond,
        Duration retention,
        long retentionBytes) {
    private static final Duration NEVER = ChronoUnit.FOREVER.getDuration();

    private static final SnapshotOptions DEFAULTS =
            new SnapshotOptions(
                    512L << 20, Duration.ofDays(1), 100L << 20, Duration.ofDays(7), 64L << 30);

    /**
     * Checks what is given.
     *
     * @param afterLogBytes how much is logged between two snapshots
     * @param interval how old the last one gets
     * @param bytesPerSecond how fast a file is written at most
     * @param retention how far back the log reaches at least
     * @param retentionBytes how long the log gets
     * @throws IllegalArgumentException if one of them is not above zero
     */
    public SnapshotOptions {
        check("afterLogBytes", afterLogBytes);
        check("interval", interval);
        check("bytesPerSecond", bytesPerSecond);
        check("retention", retention);
        check("retentionBytes", retentionBytes);
    }

    private static void check(String name, long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException(name + "=" + bytes + ", expected above zero");
        }
    }

    private static void check(String name, Duration duration) {
        Objects.requireNonNull(duration, name);
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(name + "=" + duration + ", expected above zero");
        }
    }

    /**
     * A snapshot after 512 MiB of log or a day, at 100 MiB/s at most; the log of seven days, or 64
     * GiB of it.
     *
     * @return the options
     */
    public static SnapshotOptions defaults() {
        return DEFAULTS;
    }

    /**
     * The same without any snapshot but those that {@link Keyspace#saveSnapshot} is called for.
     *
     * @return the options
     */
    public SnapshotOptions onDemand() {
        return new SnapshotOptions(
                Long.MAX_VALUE, NEVER, bytesPerSecond, retention, retentionBytes);
    }

    /**
     * The same with another length of log between two snapshots.
     *
     * @param bytes above zero; {@link Long#MAX_VALUE} for no snapshot for this reason
     * @return the options
     */
    public SnapshotOptions withAfterLogBytes(long bytes) {
        return new SnapshotOptions(bytes, interval, bytesPerSecond, retention, retentionBytes);
    }

    /**
     * The same with another age.
     *
     * @param age above zero
     * @return the options
     */
    public SnapshotOptions withInterval(Duration age) {
        return new SnapshotOptions(afterLogBytes, age, bytesPerSecond, retention, retentionBytes);
    }

    /**
     * The same with another speed.
     *
     * @param bytes above zero; {@link Long#MAX_VALUE} for no limit
     * @return the options
     */
    public SnapshotOptions withBytesPerSecond(long bytes) {
        return new SnapshotOptions(afterLogBytes, interval, bytes, retention, retentionBytes);
    }

    /**
     * The same with another retention.
     *
     * @param window above zero
     * @return the options
     */
    public SnapshotOptions withRetention(Duration window) {
        return new SnapshotOptions(afterLogBytes, interval, bytesPerSecond, window, retentionBytes);
    }

    /**
     * The same with another limit of the log's length.
     *
     * @param bytes above zero; {@link Long#MAX_VALUE} for no limit
     * @return the options
     */
    public SnapshotOptions withRetentionBytes(long bytes) {
        return new SnapshotOptions(afterLogBytes, interval, bytesPerSecond, retention, bytes);
    }
}
