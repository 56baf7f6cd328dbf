package io.hotpair.internal;

import io.hotpair.BackupManifest;
import io.hotpair.BackupOptions;
import io.hotpair.Clock;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a backup when the newest is old enough, and removes those that are too many. What is there
 * it reads from the names, so that it goes on after a restart where it was. {@link #check} is
 * called by one thread; what takes long is a task of its own.
 */
final class BackupSchedule {
    private static final Logger LOGGER = LoggerFactory.getLogger(BackupSchedule.class);
    private static final Duration FIRST_AFTER = Duration.ofHours(1);
    private static final Duration LOOK_AFTER = Duration.ofMinutes(1);
    private static final Duration CLOCK_SLACK = Duration.ofMinutes(5);
    private static final Duration RETRY_AFTER = Duration.ofMinutes(10);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMdd't'HHmmss'z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private final String prefix;
    private final BackupOptions options;
    private final BackupPlace place;
    private final Clock clock;
    private final Tasks tasks;
    private final long firstDueMs;
    private volatile boolean running;
    private volatile long notBeforeMs;
    private volatile @Nullable Instant since;
    private volatile @Nullable BackupManifest last;
    private volatile @Nullable String failure;

    /**
     * Makes one.
     *
     * @param prefix what the names of this keyspace's backups begin with, and of no other's
     */
    BackupSchedule(
            String prefix, BackupOptions options, BackupPlace place, Clock clock, Tasks tasks) {
        this.prefix = prefix;
        this.options = options;
        this.place = place;
        this.clock = clock;
        this.tasks = tasks;
        firstDueMs = fromNow(soon());
        notBeforeMs = fromNow(shorter(LOOK_AFTER, options.interval()));
    }

    /** The last one that was made since the keyspace was opened. */
    @Nullable BackupManifest last() {
        return last;
    }

    /** When the one that is being made was begun; null if none is. */
    @Nullable Instant since() {
        return since;
    }

    /** Why the last attempt failed; null if it did not. */
    @Nullable String failure() {
        return failure;
    }

    /** Begins what is due. Never throws. */
    void check() {
        long nowMs = clock.currentTimeMs();
        // Never later than an interval from now: the clock may have been put back.
        boolean isTime =
                nowMs >= notBeforeMs || notBeforeMs - nowMs > options.interval().toMillis();
        if (running || !isTime) {
            return;
        }
        running = true;
        try {
            CompletableFuture<Boolean> unused = tasks.run("backup", this::round);
        } catch (RuntimeException | Error e) {
            // A thread can't be had just now.
            failed(e);
            running = false;
        }
    }

    private boolean round() {
        try {
            if (place.isMine()) {
                place.check();
                notBeforeMs = makeIfDue();
                removeOld();
            } else {
                notBeforeMs = fromNow(soon());
            }
            failure = null;
        } catch (IOException | RuntimeException | Error e) {
            failed(e);
        } finally {
            since = null;
            running = false;
        }
        return true;
    }

    private void failed(Throwable e) {
        notBeforeMs = fromNow(shorter(RETRY_AFTER, options.interval()));
        failure = String.valueOf(e.getMessage());
        LOGGER.warn("making a backup failed, it is tried again: {}", e.getMessage(), e);
    }

    /** Returns when the next one is due. */
    private long makeIfDue() throws IOException {
        Instant now = Instant.ofEpochMilli(clock.currentTimeMs());
        // What seems to be of the future was made while the clock was wrong.
        long dueMs =
                newestFirst().stream()
                        .map(this::timeOf)
                        .filter(time -> !time.isAfter(now.plus(CLOCK_SLACK)))
                        .findFirst()
                        .map(this::dueAfter)
                        .orElse(firstDueMs);
        if (dueMs > now.toEpochMilli()) {
            return dueMs;
        }
        since = now;
        String name = prefix + TIME.format(now) + place.suffix();
        BackupManifest made = place.make(name);
        last = made;
        LOGGER.info("made backup {} of opId={}", name, made.lastOpId());
        return dueAfter(now);
    }

    private void removeOld() throws IOException {
        List<String> there = newestFirst();
        for (int i = options.keep(); i < there.size(); i++) {
            place.delete(there.get(i));
            LOGGER.info("removed backup {}: {} are kept", there.get(i), options.keep());
        }
    }

    private long dueAfter(Instant time) {
        return time.plus(options.interval()).toEpochMilli();
    }

    /** Those of this keyspace. */
    private List<String> newestFirst() throws IOException {
        return place.names().stream()
                .filter(this::isOwn)
                .sorted(Comparator.reverseOrder())
                .toList();
    }

    private boolean isOwn(String name) {
        try {
            return name.startsWith(prefix)
                    && name.endsWith(place.suffix())
                    && timeOf(name).isAfter(Instant.MIN);
        } catch (DateTimeParseException e) {
            // Somebody else's.
            return false;
        }
    }

    private Instant timeOf(String name) {
        int end = name.length() - place.suffix().length();
        return TIME.parse(name.substring(prefix.length(), end), Instant::from);
    }

    private Duration soon() {
        return shorter(FIRST_AFTER, options.interval());
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    private long fromNow(Duration duration) {
        return clock.currentTimeMs() + duration.toMillis();
    }
}
