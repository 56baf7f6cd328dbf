package io.hotpair;

import java.time.Duration;
import java.time.Instant;

/** Times as milliseconds in a long, which not every {@link Duration} and {@link Instant} fits. */
final class Millis {
    private Millis() {}

    static long of(String name, Duration duration) {
        try {
            return duration.toMillis();
        } catch (ArithmeticException e) {
            throw tooLong(name, duration, Duration.ofMillis(Long.MAX_VALUE), e);
        }
    }

    static long of(String name, Instant moment) {
        try {
            return moment.toEpochMilli();
        } catch (ArithmeticException e) {
            throw tooLong(name, moment, Instant.ofEpochMilli(Long.MAX_VALUE), e);
        }
    }

    /** The moment that is so long after another one. */
    static long after(long nowMs, String name, Duration duration) {
        try {
            return Math.addExact(nowMs, of(name, duration));
        } catch (ArithmeticException e) {
            throw tooLong(name, duration, Duration.ofMillis(Long.MAX_VALUE - nowMs), e);
        }
    }

    private static IllegalArgumentException tooLong(
            String name, Object given, Object most, ArithmeticException why) {
        return new IllegalArgumentException(name + "=" + given + ", expected at most " + most, why);
    }
}
