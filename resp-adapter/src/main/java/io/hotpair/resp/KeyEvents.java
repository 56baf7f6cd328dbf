package io.hotpair.resp;

import io.hotpair.ChangeListener.Event;
import io.hotpair.KeyArea;
import io.hotpair.WriteListener;
import io.hotpair.WriteListener.Before;
import io.hotpair.WriteListener.Write;
import io.hotpair.resp.Topic.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells subscribers of events of keys, under Redis's names. The keyspace says what was written and
 * on whose behalf; {@link KeyEventRules} says what a command's writes are called.
 *
 * <p>While nobody can hear of anything there is no listener at the keyspace, and a write pays
 * nothing. Thread-safe.
 */
final class KeyEvents implements WriteListener {
    private static final String KEYSPACE = "__keyspace@";
    private static final String KEYEVENT = "__keyevent@";

    private final RespServer server;

    /** Which database has which area; null for as it is now. */
    private final Databases.@Nullable Mapping mapping;

    private volatile int flags;
    private volatile boolean listening;
    private boolean closed;

    KeyEvents(RespServer server) {
        this(server, null);
    }

    private KeyEvents(RespServer server, Databases.@Nullable Mapping mapping) {
        this.server = server;
        this.mapping = mapping;
    }

    /** Tells of what was done when the databases may have been others than now. */
    private KeyEvents asOf(Databases.@Nullable Mapping then) {
        if (then == null) {
            return this;
        }
        KeyEvents teller = new KeyEvents(server, then);
        teller.flags = flags;
        return teller;
    }

    int flags() {
        return flags;
    }

    /** Says which events are told. */
    synchronized void flags(int newFlags) {
        flags = newFlags;
        listenIfNeeded();
    }

    /** Begins or ends to listen, whichever is right now. */
    synchronized void listenIfNeeded() {
        boolean needed =
                !closed && (KeyEventFlags.tellsAnything(flags) || server.tracking().isActive());
        if (needed && !listening) {
            server.keyspace().addWriteListener(this);
        } else if (!needed && listening) {
            server.keyspace().removeWriteListener(this);
        }
        listening = needed;
    }

    /** Ends to listen for good. */
    synchronized void close() {
        closed = true;
        listenIfNeeded();
    }

    /** Whether somebody may hear of what commands do. */
    boolean isListening() {
        return listening;
    }

    /** Prepares a command: what is to be known of its keys before it is executed. */
    void prepare(Origin origin) {
        server.tracking().note(origin);
        int present = flags;
        if (server.pubSub().isSilent() || !KeyEventFlags.tellsAnything(present)) {
            return;
        }
        if ((present & KeyEventFlags.of('m')) != 0) {
            origin.missing(KeyMisses.before(origin.command(), origin.request(), origin.client()));
        }
        if ((present & KeyEventFlags.of('t')) != 0) {
            origin.probe(StreamProbe.of(origin.command(), origin.request(), origin.client()));
        }
    }

    @Override
    public void written(List<Write> writes) {
        if (server.tracking().isActive()) {
            server.tracking().written(writes);
        }
        Worker worker = server.currentWorker();
        if (worker != null && worker.isLoggingWrites()) {
            // What the command is called, and what it does besides, is told when it has ended.
            worker.logWrites(writes);
        } else {
            tell(List.of(), writes);
        }
    }

    /**
     * Tells of what happened while commands were executed: what made room for them, they
     * themselves, and those who were served because of them.
     *
     * @param commands in their order
     * @param writes all that was written meanwhile
     */
    void tell(List<Origin> commands, List<Write> writes) {
        if (server.pubSub().isSilent() || !KeyEventFlags.tellsAnything(flags)) {
            return;
        }
        Set<Origin> own = Set.copyOf(commands);
        List<Write> after = new ArrayList<>();
        boolean begun = false;
        for (Write write : writes) {
            if (write.origin() instanceof Origin origin && own.contains(origin)) {
                origin.writes().add(write);
                begun = true;
            } else if (begun || write.origin() != null) {
                after.add(write);
            } else {
                plain(write);
            }
        }
        for (Origin command : commands) {
            tell(command);
        }
        tellOfOthers(after);
    }

    private void tellOfOthers(List<Write> writes) {
        Map<Origin, List<Write>> served = new LinkedHashMap<>();
        for (Write write : writes) {
            if (write.origin() instanceof Origin origin) {
                served.computeIfAbsent(origin, o -> new ArrayList<>()).add(write);
            } else {
                plain(write);
            }
        }
        served.forEach((origin, its) -> tell(origin.served(its)));
    }

    private void tell(Origin origin) {
        KeyEvents teller = asOf(origin.mapping());
        if (!origin.hasFailed() || origin.missedItsKey()) {
            origin.missing().forEach(key -> teller.emit('m', "keymiss", key));
        }
        if (!origin.hasFailed() || !origin.writes().isEmpty()) {
            KeyEventRules.of(origin.command()).tell(origin, teller);
        }
    }

    /** Tells of a write of which nothing more is known: by a thread of the application, say. */
    private void plain(Write write) {
        if (write.origin() == FIELD_EXPIRY) {
            write(write, 'h', "hexpired");
            return;
        }
        switch (write.event()) {
            case EXPIRED -> emit('x', "expired", write.key());
            case EVICTED -> emit('e', "evicted", write.key());
            case DELETED -> emit('g', "del", write.key());
            case CHANGED -> {
                switch (write.type() == null ? "" : write.type()) {
                    case "string" -> write(write, '$', "set");
                    case "hash" -> write(write, 'h', "hset");
                    case "list" -> write(write, 'l', "lset");
                    case "set" -> write(write, 's', "sadd");
                    case "zset" -> write(write, 'z', "zadd");
                    default -> write(write, 't', "xadd");
                }
            }
        }
    }

    /** Tells of a write, with what comes before and behind its own event. */
    void write(Write write, char type, String event) {
        begin(write);
        emit(type, event, write.key());
        end(write);
    }

    /** Tells that the key expired, or that it is new, if that is so. */
    void begin(Write write) {
        expired(write);
        if (write.created()) {
            emit('n', "new", write.key());
        }
    }

    /** Tells that the key had expired, if that is so. */
    void expired(Write write) {
        if (write.before() == Before.EXPIRED && write.event() != Event.EXPIRED) {
            emit('x', "expired", write.key());
        }
    }

    /** Tells that the key is gone, if that is so. */
    void end(Write write) {
        if (write.type() == null) {
            emit('g', "del", write.key());
        }
    }

    /** Tells of an event of what stands under a key. */
    void emit(char type, String event, byte[] key) {
        int present = flags;
        int area = KeyArea.of(key);
        if ((present & KeyEventFlags.of(type)) == 0 || area >= KeyArea.OWN) {
            return;
        }
        Databases.Mapping then = mapping == null ? server.databases().lastSeen() : mapping;
        String database = then.database(area) + "__:";
        byte[] name = KeyArea.name(key);
        byte[] eventName = ascii(event);
        if ((present & KeyEventFlags.KEYSPACE) != 0) {
            publish(joined(ascii(KEYSPACE + database), name), eventName);
        }
        if ((present & KeyEventFlags.KEYEVENT) != 0) {
            publish(joined(ascii(KEYEVENT + database), eventName), name);
        }
    }

    private void publish(byte[] channel, byte[] message) {
        int unused = server.pubSub().publish(Kind.CHANNEL, channel, message, null);
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] both = new byte[first.length + second.length];
        System.arraycopy(first, 0, both, 0, first.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
