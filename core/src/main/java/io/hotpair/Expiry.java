package io.hotpair;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/**
 * What becomes of a key's deadline when the key is written or read. Immutable.
 *
 * @param kind what
 * @param millis milliseconds since 1970 for {@link Kind#AT}, from now for {@link Kind#AFTER}, else
 *     0
 */
public record Expiry(Kind kind, long millis) {
    private static final Expiry NEVER = new Expiry(Kind.NEVER, 0);
    private static final Expiry UNCHANGED = new Expiry(Kind.UNCHANGED, 0);

    /** What becomes of a deadline. */
    public enum Kind {
        /** There is none, or none any more. */
        NEVER,
        /** It stays as it is. */
        UNCHANGED,
        /** A moment. */
        AT,
        /** Some time after the command is executed. */
        AFTER
    }

    /**
     * Checks what is given.
     *
     * @param kind what becomes of the deadline
     * @param millis the moment or the time
     */
    public Expiry {
        Objects.requireNonNull(kind, "kind");
        boolean timed = kind == Kind.AT || kind == Kind.AFTER;
        if (timed ? millis < 1 : millis != 0) {
            throw new IllegalArgumentException(
                    "millis=" + millis + ", expected " + (timed ? "1 or more" : "0"));
        }
    }

    /**
     * No deadline; one that the key had is gone.
     *
     * @return the expiry
     */
    public static Expiry never() {
        return NEVER;
    }

    /**
     * The deadline stays as it is.
     *
     * @return the expiry
     */
    public static Expiry unchanged() {
        return UNCHANGED;
    }

    /**
     * A moment. One that has passed deletes the key.
     *
     * @param moment when, after 1970-01-01T00:00:00Z
     * @return the expiry
     */
    public static Expiry at(Instant moment) {
        return new Expiry(Kind.AT, Millis.of("moment", moment));
    }

    /**
     * Some time after the command is executed.
     *
     * @param timeToLive how long, at least a millisecond
     * @return the expiry
     */
    public static Expiry after(Duration timeToLive) {
        return new Expiry(Kind.AFTER, Millis.of("timeToLive", timeToLive));
    }

    /**
     * The deadline that a key has then.
     *
     * @param nowMs the present moment, milliseconds since 1970
     * @param presentMs the deadline that it has, 0 for none
     * @return milliseconds since 1970, 0 for none
     * @throws ArithmeticException if it does not fit
     */
    public long deadlineMs(long nowMs, long presentMs) {
        return switch (kind) {
            case NEVER -> Session.NEVER;
            case UNCHANGED -> presentMs;
            case AT -> millis;
            case AFTER -> Math.addExact(nowMs, millis);
        };
    }

    /**
     * The same, but that it no longer depends on when the command is executed.
     *
     * @param nowMs the present moment, milliseconds since 1970
     * @return a moment in the place of a time from now on
     * @throws ArithmeticException if it does not fit
     */
    public Expiry asOf(long nowMs) {
        return kind == Kind.AFTER ? new Expiry(Kind.AT, Math.addExact(nowMs, millis)) : this;
    }
}
