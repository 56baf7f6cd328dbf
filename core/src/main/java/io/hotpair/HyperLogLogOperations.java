package io.hotpair;

/**
 * Operations on HyperLogLogs: estimates of how many different elements were added, with a standard
 * error of 0.81 %, in at most 12 KiB. Each is one atomic step, those on several keys too. Named
 * after Redis's commands, and with their meaning. A HyperLogLog is a string, to the byte as Redis
 * would write it; but to count leaves it alone, while Redis keeps the estimate in it.
 *
 * <p>A string that is no HyperLogLog is refused with {@link HotpairException.Category#WRONG_TYPE},
 * "Key is not a valid HyperLogLog string value.", or, if only its length is right, with {@link
 * HotpairException.Category#WRONG_VALUE}, "Corrupted HLL object detected".
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=hyperloglog">Redis, HyperLogLog
 *     commands</a>
 */
public interface HyperLogLogOperations {

    /**
     * Adds elements; an absent key is created even if none is given. A deadline stays.
     *
     * @param key the key
     * @param elements the elements
     * @return whether anything changed, so that the estimate may be another one
     */
    boolean pfAdd(byte[] key, byte[]... elements);

    /**
     * Estimates how many different elements were added to any of some keys.
     *
     * @param keys the keys, at least one
     * @return the estimate
     */
    long pfCount(byte[]... keys);

    /**
     * Adds to a key what was added to others. A deadline stays.
     *
     * @param destination the key
     * @param sources the others
     */
    void pfMerge(byte[] destination, byte[]... sources);
}
