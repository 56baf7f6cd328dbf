package io.hotpair.log;

/** The file of one snapshot, from its beginning, to copy it. Used by one thread at a time. */
public interface SnapshotBytes extends AutoCloseable {

    /**
     * Reads the next bytes.
     *
     * @param into receives them, from its beginning on
     * @param most how many at most; above 0
     * @return how many there were, or -1 after the last one
     * @throws io.hotpair.HotpairException {@code LOG_FAILED} if they can't be read
     */
    int read(byte[] into, int most);

    /** Releases the file. Idempotent. */
    @Override
    void close();
}
