package io.hotpair.resp;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The connections of a listener. Thread-safe. */
final class Clients {
    private final Settings settings;
    private final Map<Long, Connection> connections = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicLong nextId = new AtomicLong(1);
    private final AtomicLong acceptedCount = new AtomicLong();
    private final AtomicLong rejectedCount = new AtomicLong();
    private final AtomicLong disallowedCount = new AtomicLong();

    Clients(Settings settings) {
        this.settings = settings;
    }

    /**
     * Takes a place for one more.
     *
     * @return whether there was one
     */
    boolean admit() {
        acceptedCount.incrementAndGet();
        if (count.incrementAndGet() > settings.maxClients()) {
            count.decrementAndGet();
            rejectedCount.incrementAndGet();
            return false;
        }
        return true;
    }

    /** Counts one that was refused, for which no place was taken. */
    void countRejected() {
        acceptedCount.incrementAndGet();
        rejectedCount.incrementAndGet();
    }

    /** Counts one that was sent away because of where it came from. */
    void countDisallowed() {
        acceptedCount.incrementAndGet();
        disallowedCount.incrementAndGet();
    }

    long nextId() {
        return nextId.getAndIncrement();
    }

    void add(Connection connection) {
        connections.put(connection.client().id(), connection);
    }

    void remove(Connection connection) {
        if (connections.remove(connection.client().id(), connection)) {
            count.decrementAndGet();
        }
    }

    int count() {
        return count.get();
    }

    long acceptedCount() {
        return acceptedCount.get();
    }

    long rejectedCount() {
        return rejectedCount.get();
    }

    long disallowedCount() {
        return disallowedCount.get();
    }

    void resetCounts() {
        disallowedCount.set(0);
        acceptedCount.set(0);
        rejectedCount.set(0);
    }

    /** The client with an id, or null if it is gone. */
    @Nullable Connection find(long id) {
        Connection found = connections.get(id);
        return found == null || !found.isOpen() ? null : found;
    }

    /** All that are not closed, the oldest first. */
    List<Connection> all() {
        List<Connection> all = new ArrayList<>();
        for (Connection connection : connections.values()) {
            if (connection.isOpen()) {
                all.add(connection);
            }
        }
        all.sort(Comparator.comparingLong(c -> c.client().id()));
        return all;
    }
}
