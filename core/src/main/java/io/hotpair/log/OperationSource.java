package io.hotpair.log;

/**
 * The read side of a log: gives live frames in order, each verified. Not thread-safe: one thread at
 * a time.
 */
public interface OperationSource extends AutoCloseable {

    /**
     * Positions the reader so that the next frame is the first one that holds an operation newer
     * than the given one. That frame may begin with operations that are not newer; a reader skips
     * them by their opId.
     *
     * @param opId the last opId that the reader has; 0 for the beginning
     * @throws io.hotpair.HotpairException {@code NOT_RETAINED} if the log begins after {@code opId
     *     + 1}
     * @throws IllegalArgumentException if the opId lies after the end of the log
     */
    void seekAfter(long opId);

    /**
     * Reads the next live frame, if there is one. Operations of a dead term past the cut are never
     * given: a frame that holds live and dead ones is given without the dead ones, sealed anew.
     *
     * @param into receives the frame; grown if it is too small
     * @return whether there was one
     * @throws io.hotpair.HotpairException {@code CORRUPTION}, naming file, position and both
     *     checksums
     */
    boolean poll(FrameBuffer into);

    /** Releases the reader. Idempotent. */
    @Override
    void close();
}
