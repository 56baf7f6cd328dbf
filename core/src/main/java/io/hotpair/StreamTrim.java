package io.hotpair;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What of a stream's oldest entries is to go; Redis's {@code MAXLEN} and {@code MINID}. Immutable.
 * Trimming by a range takes O(log n), so it is exact if {@link #wholeNodes} is not asked for, as
 * Redis's {@code ~} does. A policy that looks at what is pending costs O(log n) more for each
 * pending entry among those that are to go.
 *
 * @param maxLength how many entries may stay; looked at if there is no minId
 * @param minId the lowest id that may stay, or null
 * @param limit at most how many entries go; 0 for any number
 * @param nodeEntries how many entries a node has, of which only whole ones go; 0 to be exact
 * @param nodeBytes how many bytes a node has at most; 0 for any number
 * @param policy what the references of consumer groups mean
 */
public record StreamTrim(
        long maxLength,
        @Nullable StreamId minId,
        long limit,
        long nodeEntries,
        long nodeBytes,
        StreamDeletionPolicy policy) {

    /**
     * Checks what is given.
     *
     * @param maxLength how many entries may stay; looked at if there is no minId
     * @param minId the lowest id that may stay, or null
     * @param limit at most how many entries go; 0 for any number
     * @param nodeEntries how many entries a node has, of which only whole ones go; 0 to be exact
     * @param nodeBytes how many bytes a node has at most; 0 for any number
     * @param policy what the references of consumer groups mean
     */
    public StreamTrim {
        Objects.requireNonNull(policy, "policy");
        if (maxLength < 0 || limit < 0 || nodeEntries < 0 || nodeBytes < 0) {
            throw new IllegalArgumentException(
                    "maxLength="
                            + maxLength
                            + ", limit="
                            + limit
                            + ", nodeEntries="
                            + nodeEntries
                            + ", nodeBytes="
                            + nodeBytes
                            + ", expected 0 or more");
        }
    }

    /**
     * Keeps the newest entries.
     *
     * @param maxLength how many
     * @return what goes
     */
    public static StreamTrim toLength(long maxLength) {
        return new StreamTrim(maxLength, null, 0, 0, 0, StreamDeletionPolicy.KEEP_REFERENCES);
    }

    /**
     * Keeps the entries from an id on.
     *
     * @param minId the lowest id that stays
     * @return what goes
     */
    public static StreamTrim toMinId(StreamId minId) {
        return new StreamTrim(0, minId, 0, 0, 0, StreamDeletionPolicy.KEEP_REFERENCES);
    }

    /**
     * Removes no more than some.
     *
     * @param limit at most how many; 0 for any number
     * @return what goes
     */
    public StreamTrim limit(long limit) {
        return new StreamTrim(maxLength, minId, limit, nodeEntries, nodeBytes, policy);
    }

    /**
     * Removes only whole nodes, as Redis does when it is told that the length is approximate. A
     * node is a run of entries, counted from the first one that the stream ever had; where entries
     * are large, of fewer, as far as the oldest tells. Streams are not kept in such nodes here:
     * this is for programs that count on what is left.
     *
     * <p>With another {@link #policy} than to keep references it is other than whole nodes that
     * Redis goes by nodes for, also where it is exact: a node whose entries are more than the limit
     * leaves, be they kept or not, ends it, and so does one that is not surplus as a whole.
     *
     * @param entries how many entries a node has; 0 to be exact
     * @param bytes how many bytes a node has at most; 0 for any number
     * @return what goes
     * @see <a href="https://redis.io/docs/latest/commands/xtrim/">Redis, XTRIM</a>
     */
    public StreamTrim wholeNodes(long entries, long bytes) {
        return new StreamTrim(maxLength, minId, limit, entries, bytes, policy);
    }

    /**
     * Looks at the references of consumer groups. By default they stay as they are.
     *
     * @param policy what they mean
     * @return what goes
     */
    public StreamTrim policy(StreamDeletionPolicy policy) {
        return new StreamTrim(maxLength, minId, limit, nodeEntries, nodeBytes, policy);
    }
}
