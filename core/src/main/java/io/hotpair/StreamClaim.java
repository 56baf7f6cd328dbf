package io.hotpair;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How pending entries are claimed; the options of Redis's {@code XCLAIM}. Immutable.
 *
 * @param minIdle entries delivered more recently are left alone
 * @param idle how long ago the delivery is to have been, or null
 * @param deliveredAt when the delivery is to have been, or null; looked at if there is no idle
 * @param deliveries what the count of deliveries becomes; -1 for one more than before
 * @param force whether entries of the stream that are not pending become so
 * @param lastId the group's last delivered id becomes this one if that is higher; null for no
 *     change
 */
public record StreamClaim(
        Duration minIdle,
        @Nullable Duration idle,
        @Nullable Instant deliveredAt,
        long deliveries,
        boolean force,
        @Nullable StreamId lastId) {

    /**
     * Without any option.
     *
     * @param minIdle entries delivered more recently are left alone
     * @return the options
     */
    public static StreamClaim idleFor(Duration minIdle) {
        return new StreamClaim(minIdle, null, null, -1, false, null);
    }

    /**
     * Sets how long ago the delivery is to have been; by default it is now. A moment in the future
     * or before 1970 means now.
     *
     * @param ago how long ago
     * @return the options
     */
    public StreamClaim idle(Duration ago) {
        return new StreamClaim(minIdle, ago, null, deliveries, force, lastId);
    }

    /**
     * Sets when the delivery is to have been. A moment in the future or before 1970 means now.
     *
     * @param moment when
     * @return the options
     */
    public StreamClaim deliveredAt(Instant moment) {
        return new StreamClaim(minIdle, null, moment, deliveries, force, lastId);
    }

    /**
     * Sets the count of deliveries; Redis's {@code RETRYCOUNT}.
     *
     * @param count how many; below 0 for one more than before
     * @return the options
     */
    public StreamClaim deliveries(long count) {
        return new StreamClaim(minIdle, idle, deliveredAt, Math.max(-1, count), force, lastId);
    }

    /**
     * Makes entries pending that are not.
     *
     * @return the options
     */
    public StreamClaim forced() {
        return new StreamClaim(minIdle, idle, deliveredAt, deliveries, true, lastId);
    }

    /**
     * Raises the group's last delivered id.
     *
     * @param id what it is to be at least
     * @return the options
     */
    public StreamClaim lastId(StreamId id) {
        return new StreamClaim(minIdle, idle, deliveredAt, deliveries, force, id);
    }
}
