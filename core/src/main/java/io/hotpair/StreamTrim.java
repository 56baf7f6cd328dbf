package io.hotpair;

import org.jspecify.annotations.Nullable;

/**
 * What of a stream's oldest entries is to go; Redis's {@code MAXLEN} and {@code MINID}. Immutable.
 * Trimming by a range takes O(log n), so it is always exact: Redis's {@code ~} only allows a {@link
 * #limit}.
 *
 * @param maxLength how many entries may stay; looked at if there is no minId
 * @param minId the lowest id that may stay, or null
 * @param limit at most how many entries go; 0 for any number
 */
public record StreamTrim(long maxLength, @Nullable StreamId minId, long limit) {

    /**
     * Checks what is given.
     *
     * @param maxLength how many entries may stay; looked at if there is no minId
     * @param minId the lowest id that may stay, or null
     * @param limit at most how many entries go; 0 for any number
     */
    public StreamTrim {
        if (maxLength < 0 || limit < 0) {
            throw new IllegalArgumentException(
                    "maxLength=" + maxLength + ", limit=" + limit + ", expected 0 or more");
        }
    }

    /**
     * Keeps the newest entries.
     *
     * @param maxLength how many
     * @return what goes
     */
    public static StreamTrim toLength(long maxLength) {
        return new StreamTrim(maxLength, null, 0);
    }

    /**
     * Keeps the entries from an id on.
     *
     * @param minId the lowest id that stays
     * @return what goes
     */
    public static StreamTrim toMinId(StreamId minId) {
        return new StreamTrim(0, minId, 0);
    }

    /**
     * Removes no more than some.
     *
     * @param limit at most how many; 0 for any number
     * @return what goes
     */
    public StreamTrim limit(long limit) {
        return new StreamTrim(maxLength, minId, limit);
    }
}
