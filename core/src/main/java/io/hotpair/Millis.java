package io.hotpair;

import java.time.Duration;
import java.time.Instant;

/** Times as milliseconds in a long, which not every {@link Duration} and {@link Instant} fits. */
final class Millis {
    private static final long MAX = Long.MAX_VALUE;

    private static final Duration MAX_DURATION = Duration.ofMillis(MAX);
    private static final Instant MAX_INSTANT = Instant.ofEpochMilli(MAX);

    private Millis() {}

    static long of(String name, Duration duration) {
        if (duration.compareTo(MAX_DURATION) > 0
                || duration.compareTo(MAX_DURATION.negated()) < 0) {
            throw new IllegalArgumentException(
                    name + "=" + duration + ", expected at most " + MAX_DURATION);
        }
        return duration.toMillis();
    }

    static long of(String name, Instant moment) {
        if (moment.isAfter(MAX_INSTANT) || moment.isBefore(Instant.ofEpochMilli(-MAX))) {
            throw new IllegalArgumentException(
                    name + "=" + moment + ", expected at most " + MAX_INSTANT);
        }
        return moment.toEpochMilli();
    }

    /** The moment that is so long after another one. */
    static long after(long nowMs, String name, Duration duration) {
        long durationMs = of(name, duration);
        if (durationMs > MAX - nowMs) {
            throw new IllegalArgumentException(
                    name + "=" + duration + ", expected at most " + Duration.ofMillis(MAX - nowMs));
        }
        return nowMs + durationMs;
    }
}
