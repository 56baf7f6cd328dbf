package io.hotpair;

/**
 * What {@link Keyspace#memoryReport(MemoryReportOptions)} is to tell. Immutable.
 *
 * @param prefixSeparator the byte that ends a key's prefix
 * @param prefixCount how many prefixes are named at most, 0 to {@link #MAX_COUNT}
 * @param keyCount how many keys are named at most, 0 to {@link #MAX_COUNT}
 */
public record MemoryReportOptions(byte prefixSeparator, int prefixCount, int keyCount) {
    /** The most prefixes, and the most keys, that a report names. */
    public static final int MAX_COUNT = 10_000;

    private static final MemoryReportOptions DEFAULTS = new MemoryReportOptions((byte) ':', 20, 20);

    /**
     * Checks what is given.
     *
     * @param prefixSeparator the byte that ends a key's prefix
     * @param prefixCount how many prefixes are named at most
     * @param keyCount how many keys are named at most
     * @throws IllegalArgumentException if a count is out of its range
     */
    public MemoryReportOptions {
        check("prefixCount", prefixCount);
        check("keyCount", keyCount);
    }

    private static void check(String name, int count) {
        if (count < 0 || count > MAX_COUNT) {
            throw new IllegalArgumentException(name + "=" + count + ", expected 0 to " + MAX_COUNT);
        }
    }

    /**
     * Prefixes that end with a colon, 20 of them, and 20 keys.
     *
     * @return the options
     */
    public static MemoryReportOptions defaults() {
        return DEFAULTS;
    }

    /**
     * The same with another separator.
     *
     * @param separator the byte that ends a key's prefix
     * @return the options
     */
    public MemoryReportOptions withPrefixSeparator(byte separator) {
        return new MemoryReportOptions(separator, prefixCount, keyCount);
    }

    /**
     * The same with another number of prefixes.
     *
     * @param count how many prefixes are named at most
     * @return the options
     */
    public MemoryReportOptions withPrefixes(int count) {
        return new MemoryReportOptions(prefixSeparator, count, keyCount);
    }

    /**
     * The same with another number of keys.
     *
     * @param count how many keys are named at most
     * @return the options
     */
    public MemoryReportOptions withKeys(int count) {
        return new MemoryReportOptions(prefixSeparator, prefixCount, count);
    }
}
