package io.hotpair;

/**
 * Hears of changes, in the thread that made them, after they can be seen. It holds up that thread
 * and nothing else, and must not throw. Changes of one key by several threads may be heard of in
 * another order than they happened; their opIds tell.
 */
@FunctionalInterface
public interface ChangeListener {

    /** What became of a key. */
    enum Event {
        /** It has a value, another one than before. */
        CHANGED,
        /** It was deleted. */
        DELETED,
        /** Its deadline had passed, and it was removed. */
        EXPIRED,
        /** It was removed to make room. */
        EVICTED
    }

    /**
     * Called once for each change of a key.
     *
     * @param key the key, the listener's own
     * @param event what became of it
     * @param opId the change's opId
     */
    void changed(byte[] key, Event event, long opId);
}
