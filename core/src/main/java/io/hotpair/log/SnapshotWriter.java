package io.hotpair.log;

import io.hotpair.SavedSnapshot;

/** Saves one snapshot. Not thread-safe. Takes its time; nobody else waits for it. */
public interface SnapshotWriter extends AutoCloseable {

    /**
     * Adds an operation. Those of one key follow each other; the first of them replaces what there
     * was.
     *
     * @param operation a reader that stands at it
     * @throws io.hotpair.HotpairException {@code LOG_FAILED} if it can't be written
     */
    void add(OperationReader operation);

    /**
     * Completes the snapshot. All that it shows must be durable in the log. On return it survives a
     * crash of the machine.
     *
     * @return what was saved
     * @throws io.hotpair.HotpairException {@code LOG_FAILED} if it can't be written
     * @throws IllegalStateException if the log was cut before its opId meanwhile
     */
    SavedSnapshot seal();

    /** Gives up what is not sealed. Idempotent. */
    @Override
    void close();
}
