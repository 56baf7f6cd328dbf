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
    private static final Duration RETRY_AFTER = Duration.ofMinutes(10);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMdd't'HHmmss'z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private final String prefix;
    private final BackupOptions options;
    private final BackupPlace place;
    private final Clock clock;
    private final Tasks tasks;
    private volatile boolean running;
    private volatile long notBeforeMs;
    private volatile @Nullable BackupManifest last;
    private volatile @Nullable String failure;

    BackupSchedule(
            String keyspace, BackupOptions options, BackupPlace place, Clock clock, Tasks tasks) {
        prefix = keyspace + "-";
        this.options = options;
        this.place = place;
        this.clock = clock;
        this.tasks = tasks;
        notBeforeMs = fromNow(soon());
    }

    /** The last one that was made since the keyspace was opened. */
    @Nullable BackupManifest last() {
        return last;
    }

    /** Why the last attempt failed; null if it did not. */
    @Nullable String failure() {
        return failure;
    }

    /** Begins what is due. */
    void check() {
        if (!running && clock.currentTimeMs() >= notBeforeMs) {
            running = true;
            CompletableFuture<Boolean> unused = tasks.run(this::round);
        }
    }

    private boolean round() {
        try {
            notBeforeMs = place.isMine() ? makeIfDue() : fromNow(soon());
            failure = null;
        } catch (IOException | RuntimeException | Error e) {
            notBeforeMs = fromNow(shorter(RETRY_AFTER, options.interval()));
            failure = String.valueOf(e.getMessage());
            LOGGER.warn("making a backup failed, it is tried again: {}", e.getMessage(), e);
        } finally {
            running = false;
        }
        return true;
    }

    /** Returns when the next one is due. */
    private long makeIfDue() throws IOException {
        List<String> there = newestFirst();
        Instant now = Instant.ofEpochMilli(clock.currentTimeMs());
        long dueMs = there.isEmpty() ? 0 : dueAfter(timeOf(there.get(0)));
        if (dueMs > now.toEpochMilli()) {
            return dueMs;
        }
        String name = prefix + TIME.format(now) + place.suffix();
        BackupManifest made = place.make(name);
        last = made;
        LOGGER.info("made backup {} of opId={}", name, made.lastOpId());
        for (int i = options.keep() - 1; i < there.size(); i++) {
            place.delete(there.get(i));
            LOGGER.info("removed backup {}: {} are kept", there.get(i), options.keep());
        }
        return dueAfter(now);
    }

    private long dueAfter(Instant time) {
        return time.plus(options.interval()).toEpochMilli();
    }

    /** Those of this keyspace. */
    private List<String> newestFirst() throws IOException {
        return place.names().stream()
                .filter(name -> name.startsWith(prefix) && name.endsWith(place.suffix()))
                .filter(this::hasTime)
                .sorted(Comparator.reverseOrder())
                .toList();
    }

    private boolean hasTime(String name) {
        try {
            return !timeOf(name).equals(Instant.MIN);
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
