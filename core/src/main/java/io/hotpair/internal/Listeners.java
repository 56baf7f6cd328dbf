package io.hotpair.internal;

import io.hotpair.ChangeListener;
import io.hotpair.ChangeListener.Event;
import io.hotpair.WriteListener;
import io.hotpair.WriteListener.Write;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
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
    private final List<WriteListener> writeListeners = new CopyOnWriteArrayList<>();
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

    void add(WriteListener listener) {
        audience.incrementAndGet();
        writeListeners.add(listener);
    }

    void remove(WriteListener listener) {
        if (writeListeners.remove(listener)) {
            audience.decrementAndGet();
        }
    }

    boolean isEmpty() {
        return audience.get() == 0;
    }

    /** Tells of a change of one key, which now has a record of a type. */
    void changed(byte[] key, int offset, int length, Event event, int type, Outcome outcome) {
        byte[] name = Arrays.copyOfRange(key, offset, offset + length);
        tell(name, event, outcome.opId());
        if (!writeListeners.isEmpty()) {
            tell(
                    List.of(
                            new Write(
                                    name,
                                    outcome.before(),
                                    event,
                                    typeName(type),
                                    outcome.opId(),
                                    outcome.origin())));
        }
        consumers.changed(name, event);
    }

    private static @Nullable String typeName(int type) {
        return type == Records.TOMBSTONE ? null : KeyCommands.name(type);
    }

    private static Write write(Transaction.Written written, long opId) {
        Event event = written.type() == Records.TOMBSTONE ? Event.DELETED : Event.CHANGED;
        return new Write(
                written.key(),
                written.before(),
                event,
                typeName(written.type()),
                opId,
                written.origin());
    }

    /** Tells of what a transaction changed. */
    void changed(List<Transaction.Change> changes, List<Transaction.Written> writes, long opId) {
        List<byte[]> keys = new ArrayList<>(changes.size());
        for (Transaction.Change change : changes) {
            tell(change.key(), change.present() ? Event.CHANGED : Event.DELETED, opId);
            keys.add(change.key());
        }
        if (opId != 0 && !writes.isEmpty() && !writeListeners.isEmpty()) {
            tell(writes.stream().map(written -> write(written, opId)).toList());
        }
        consumers.changed(keys);
    }

    private void tell(List<Write> writes) {
        for (WriteListener listener : writeListeners) {
            try {
                listener.written(writes);
            } catch (RuntimeException | Error e) {
                failed("a listener of writes failed", e);
            }
        }
    }

    private void tell(byte[] key, Event event, long opId) {
        for (ChangeListener listener : listeners) {
            try {
                listener.changed(key.clone(), event, opId);
            } catch (RuntimeException | Error e) {
                failed("a listener of changes failed", e);
            }
        }
    }

    /**
     * The change is made: nothing that a listener does may look as if it were not. That the machine
     * has no memory or no stack left is not its doing.
     */
    private static void failed(String what, Throwable e) {
        if (e instanceof VirtualMachineError machine) {
            throw machine;
        }
        LOGGER.error(what, e);
    }
}
