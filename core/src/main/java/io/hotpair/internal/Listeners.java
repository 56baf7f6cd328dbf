package io.hotpair.internal;

import io.hotpair.ChangeListener;
import io.hotpair.ChangeListener.Event;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who wants to hear of changes. With nobody there, a write pays one load for it. */
final class Listeners {
    private static final Logger LOGGER = LoggerFactory.getLogger(Listeners.class);

    private final List<ChangeListener> listeners = new CopyOnWriteArrayList<>();

    void add(ChangeListener listener) {
        listeners.add(listener);
    }

    void remove(ChangeListener listener) {
        listeners.remove(listener);
    }

    boolean isEmpty() {
        return listeners.isEmpty();
    }

    void changed(byte[] key, Event event, long opId) {
        for (ChangeListener listener : listeners) {
            try {
                listener.changed(key.clone(), event, opId);
            } catch (RuntimeException e) {
                // The change is made: nothing that a listener does may look as if it were not.
                LOGGER.error("a listener of changes failed", e);
            }
        }
    }
}
