package io.hotpair;

/**
 * An opId that only grows, until a change of role resets it, and whoever waits for it. Thread-safe.
 */
public interface Watermark {

    /**
     * Where it stands.
     *
     * @return the opId
     */
    long get();

    /**
     * Calls back when the watermark has come to an opId: at once, in this thread, if it has, else
     * in the thread that raises it. The call must be short and must not block.
     *
     * @param opId the opId
     * @param waiter called exactly once
     */
    void whenReached(long opId, Waiter waiter);

    /** Somebody who waits. */
    @FunctionalInterface
    interface Waiter {
        /**
         * The wait is over.
         *
         * @param reached false if the watermark was reset or closed before it came so far
         */
        void done(boolean reached);
    }
}
