package io.hotpair;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How streams are read for a consumer of a group; the options of Redis's {@code XREADGROUP}.
 * Immutable.
 *
 * @param limit at most how many entries of each stream; 0 for all
 * @param acknowledges whether new entries count as acknowledged at once
 * @param minIdle what is pending, be it another consumer's, and was not delivered for so long is
 *     delivered first, and the consumer's own then; null for new entries only
 */
public record StreamGroupRead(long limit, boolean acknowledges, @Nullable Duration minIdle) {

    /**
     * Checks what is given.
     *
     * @param limit at most how many entries of each stream; 0 for all
     * @param acknowledges whether new entries count as acknowledged at once
     * @param minIdle after how long what is pending is delivered again, or null for never
     */
    public StreamGroupRead {
        if (limit < 0) {
            throw new IllegalArgumentException("limit=" + limit + ", expected 0 or more");
        }
        if (minIdle != null && minIdle.isNegative()) {
            throw new IllegalArgumentException("minIdle=" + minIdle + ", expected 0 or more");
        }
    }

    /**
     * All new entries, which become pending.
     *
     * @return the options
     */
    public static StreamGroupRead all() {
        return new StreamGroupRead(0, false, null);
    }

    /**
     * Sets how many entries are read; Redis's {@code COUNT}.
     *
     * @param most at most how many of each stream; 0 for all
     * @return the options
     */
    public StreamGroupRead limit(long most) {
        return new StreamGroupRead(most, acknowledges, minIdle);
    }

    /**
     * Has new entries count as acknowledged at once; Redis's {@code NOACK}. What is claimed is
     * pending all the same.
     *
     * @return the options
     */
    public StreamGroupRead acknowledging() {
        return new StreamGroupRead(limit, true, minIdle);
    }

    /**
     * Has what others left pending delivered first; Redis's {@code CLAIM}.
     *
     * @param idleFor entries that were delivered more recently are left alone
     * @return the options
     */
    public StreamGroupRead claiming(Duration idleFor) {
        return new StreamGroupRead(limit, acknowledges, idleFor);
    }
}
