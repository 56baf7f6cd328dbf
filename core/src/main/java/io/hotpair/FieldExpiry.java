package io.hotpair;

import java.time.Duration;
import java.time.Instant;

/**
 * What becomes of the deadline of a hash's field. Immutable.
 *
 * @see HashOperations#hgetex
 * @see HashOperations#hsetex
 */
public final class FieldExpiry {
    /** The latest deadline that a field can have: milliseconds since 1970, as in Redis. */
    public static final long MAX_DEADLINE_MS = (1L << 46) - 1;

    /** A deadline that the field has stays. */
    public static final FieldExpiry KEEP = new FieldExpiry(Kind.KEEP, 0);

    /** The field has no deadline from now on. */
    public static final FieldExpiry PERSIST = new FieldExpiry(Kind.PERSIST, 0);

    private enum Kind {
        KEEP,
        PERSIST,
        AT,
        IN
    }

    private final Kind kind;
    private final long ms;

    private FieldExpiry(Kind kind, long ms) {
        this.kind = kind;
        this.ms = ms;
    }

    /**
     * The field expires at a moment. One that has passed deletes it.
     *
     * @param deadline when, from 1970 to {@link #MAX_DEADLINE_MS}; counted in milliseconds
     * @return the expiry
     */
    public static FieldExpiry at(Instant deadline) {
        if (deadline.isBefore(Instant.EPOCH)
                || deadline.isAfter(Instant.ofEpochMilli(MAX_DEADLINE_MS))) {
            throw new IllegalArgumentException(
                    "deadline=" + deadline + ", expected 0 to " + MAX_DEADLINE_MS + " ms");
        }
        return new FieldExpiry(Kind.AT, Math.max(1, deadline.toEpochMilli()));
    }

    /**
     * The field expires some time after the operation. None at all deletes it.
     *
     * @param timeToLive how long, not negative; the moment must be in {@link #at}'s range
     * @return the expiry
     */
    public static FieldExpiry in(Duration timeToLive) {
        if (timeToLive.isNegative() || timeToLive.toSeconds() > MAX_DEADLINE_MS / 1000) {
            throw new IllegalArgumentException(
                    "timeToLive=" + timeToLive + ", expected 0 to " + MAX_DEADLINE_MS + " ms");
        }
        return new FieldExpiry(Kind.IN, timeToLive.toMillis());
    }

    /**
     * The field's deadline as of this.
     *
     * @param presentMs the one it has, milliseconds since 1970, or 0 for none
     * @param nowMs the present time
     * @return the new one, or 0 for none
     */
    public long deadlineMs(long presentMs, long nowMs) {
        return switch (kind) {
            case KEEP -> presentMs;
            case PERSIST -> 0;
            case AT -> ms;
            case IN -> checked(nowMs + ms);
        };
    }

    private static long checked(long deadlineMs) {
        if (deadlineMs > MAX_DEADLINE_MS) {
            throw new IllegalArgumentException(
                    "deadlineMs=" + deadlineMs + ", expected at most " + MAX_DEADLINE_MS);
        }
        return deadlineMs;
    }
}
