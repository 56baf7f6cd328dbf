package io.hotpair.resp;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The connections of a listener. Thread-safe. */
final class Clients {
    private final Settings settings;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicLong nextId = new AtomicLong(1);
    private final AtomicLong acceptedCount = new AtomicLong();
    private final AtomicLong rejectedCount = new AtomicLong();

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

    long nextId() {
        return nextId.getAndIncrement();
    }

    void add(Connection connection) {
        connections.add(connection);
    }

    void remove(Connection connection) {
        if (connections.remove(connection)) {
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

    void resetCounts() {
        acceptedCount.set(0);
        rejectedCount.set(0);
    }

    /** All that are not closed, the oldest first. */
    List<Connection> all() {
        List<Connection> all = new ArrayList<>();
        for (Connection connection : connections) {
            if (connection.isOpen()) {
                all.add(connection);
            }
        }
        all.sort(Comparator.comparingLong(c -> c.client().id()));
        return all;
    }
}
