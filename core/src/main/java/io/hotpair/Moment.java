package io.hotpair;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A moment in the life of a keyspace: the latest, that after an operation, or that of a clock. */
public final class Moment {
    private static final Moment LATEST = new Moment(0, null);

    private final long opId;
    private final @Nullable Instant time;

    private Moment(long opId, @Nullable Instant time) {
        this.opId = opId;
        this.time = time;
    }

    /**
     * After everything that there is.
     *
     * @return the moment
     */
    public static Moment latest() {
        return LATEST;
    }

    /**
     * After an operation and all before it.
     *
     * @param opId above 0
     * @return the moment
     */
    public static Moment after(long opId) {
        if (opId <= 0) {
            throw new IllegalArgumentException("opId=" + opId + ", expected above 0");
        }
        return new Moment(opId, null);
    }

    /**
     * After everything that the master logged up to a time by its clock, in milliseconds.
     *
     * @param time the time
     * @return the moment
     */
    public static Moment at(Instant time) {
        return new Moment(0, Objects.requireNonNull(time, "time"));
    }

    /**
     * Whether it is the latest.
     *
     * @return whether it is
     */
    public boolean isLatest() {
        return opId == 0 && time == null;
    }

    /**
     * The operation.
     *
     * @return its opId; 0 if the moment is not given so
     */
    public long opId() {
        return opId;
    }

    /**
     * The time.
     *
     * @return the time, or null if the moment is not given so
     */
    public @Nullable Instant time() {
        return time;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Moment moment
                && moment.opId == opId
                && Objects.equals(moment.time, time);
    }

    @Override
    public int hashCode() {
        return Objects.hash(opId, time);
    }

    @Override
    public String toString() {
        return time != null ? time.toString() : opId == 0 ? "latest" : "opId=" + opId;
    }
}
