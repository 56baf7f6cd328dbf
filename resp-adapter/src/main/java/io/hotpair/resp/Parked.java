package io.hotpair.resp;

/**
 * A command that can't be answered yet, or not in one go. Its connection executes nothing else
 * meanwhile; the event loop's thread serves others.
 */
interface Parked {
    /** The reply is written. */
    long DONE = -1;

    /** It goes on when more of its reply can be sent, or when its connection is told. */
    long UNTIL_ROOM = Long.MAX_VALUE - 1;

    /** It goes on when its connection is {@link Connection#wake told}. */
    long UNTIL_WOKEN = Long.MAX_VALUE;

    /**
     * Goes on. Called in the event loop's thread; must be short.
     *
     * @param reply receives the reply, in the call that returns {@link #DONE}
     * @return nanoseconds until it should be called again, 0 for as soon as others had their turn,
     *     {@link #UNTIL_ROOM}, {@link #UNTIL_WOKEN}, or {@link #DONE}
     */
    long advance(ReplyBuffer reply);

    /** Whether the command was not begun, and is given again when this is done. */
    default boolean isHeldBack() {
        return false;
    }

    /** Whether it sends a file, in the middle of which nothing else may be sent. */
    default boolean isTransfer() {
        return false;
    }

    /** Whether Redis too would have its client wait, and so count it among those that do. */
    default boolean isBlocking() {
        return !isTransfer();
    }

    /** How long it was at work besides {@link #advance}; known when it is done. */
    default long spentNs() {
        return 0;
    }

    /** The client went before {@link #DONE}. */
    default void cancel() {}
}
