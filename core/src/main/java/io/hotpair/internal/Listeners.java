package io.hotpair.internal;

import io.hotpair.ChangeListener;
import io.hotpair.ChangeListener.Event;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who is to hear of changes: listeners, and then consumers that wait. With nobody there, a write
 * pays one load for it.
 */
final class Listeners {
    private static final Logger LOGGER = LoggerFactory.getLogger(Listeners.class);

    private final AtomicInteger audience = new AtomicInteger();
    private final List<ChangeListener> listeners = new CopyOnWriteArrayList<>();
    private final BlockedConsumers consumers;

    Listeners(Timers timers) {
        consumers = new BlockedConsumers(audience, timers);
    }

    BlockedConsumers blockedConsumers() {
        return consumers;
    }

    void add(ChangeListener listener) {
        audience.incrementAndGet();
        listeners.add(listener);
    }

    void remove(ChangeListener listener) {
        if (listeners.remove(listener)) {
            audience.decrementAndGet();
        }
    }

    boolean isEmpty() {
        return audience.get() == 0;
    }

    /** Tells of a change of one key. */
    void changed(byte[] key, int offset, int length, Event event, long opId) {
        byte[] name = Arrays.copyOfRange(key, offset, offset + length);
        tell(name, event, opId);
        consumers.changed(name, event);
    }

    /** Tells of what a transaction changed. */
    void changed(List<Transaction.Change> changes, long opId) {
        List<byte[]> keys = new ArrayList<>(changes.size());
        for (Transaction.Change change : changes) {
            tell(change.key(), change.present() ? Event.CHANGED : Event.DELETED, opId);
            keys.add(change.key());
        }
        consumers.changed(keys);
    }

    private void tell(byte[] key, Event event, long opId) {
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
