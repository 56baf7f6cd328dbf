package io.hotpair;

/** Is told how far something is that takes long. */
@FunctionalInterface
public interface Progress {
    /** Tells nobody. */
    Progress NONE = (done, total) -> {};

    /**
     * So much is done. Called from time to time in the thread that does it; must be short. What it
     * throws ends the work.
     *
     * @param doneBytes how much
     * @param totalBytes of how much, about
     */
    void at(long doneBytes, long totalBytes);
}
