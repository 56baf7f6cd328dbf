package io.hotpair.internal;

/**
 * There is no memory now, but much waits for its grace period: leave the epoch, wait a moment
 * holding nothing, and try again. Never leaves the engine.
 */
final class NoRoomNow extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoRoomNow() {
        super("no room now", null, false, false);
    }
}
