package io.hotpair;

import java.time.Duration;

/**
 * How an entry was pending before it was delivered this time.
 *
 * @param idle since when, measured from now; zero if it was not pending
 * @param count how many times it had been delivered; 0 if it was not pending
 */
public record StreamDelivery(Duration idle, long count) {

    /** An entry's that is delivered for the first time. */
    public static final StreamDelivery NONE = new StreamDelivery(Duration.ZERO, 0);
}
