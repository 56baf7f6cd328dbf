package io.hotpair.examples.failover;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a node reported so far, since it was started. Thread-safe. */
final class NodeState {
    /** Something that happened to the node's role, with the parent's time of its arrival. */
    record Event(
            String kind, long term, long opId, long operations, long durationNs, long arrivedNs) {}

    private final List<Event> events = new ArrayList<>();
    private boolean ready;
    private String role = "starting";
    private long term;
    private long loggedOpId;
    private long inSyncCount;
    private long fullCopyCount;
    private String digest = "";

    synchronized void ready() {
        ready = true;
    }

    synchronized void status(
            String newRole,
            long newTerm,
            long newLoggedOpId,
            long newInSyncCount,
            long newFullCopyCount) {
        role = newRole;
        term = newTerm;
        loggedOpId = newLoggedOpId;
        inSyncCount = newInSyncCount;
        fullCopyCount = newFullCopyCount;
    }

    synchronized void event(Event event) {
        events.add(event);
    }

    synchronized void digest(String newDigest) {
        digest = newDigest;
    }

    synchronized void forgetDigest() {
        digest = "";
    }

    synchronized boolean isReady() {
        return ready;
    }

    synchronized boolean isMaster() {
        return role.equals("master");
    }

    synchronized String role() {
        return role;
    }

    synchronized long term() {
        return term;
    }

    synchronized long loggedOpId() {
        return loggedOpId;
    }

    /** How many members the in-sync set has, as far as this node knows. */
    synchronized long inSyncCount() {
        return inSyncCount;
    }

    synchronized long fullCopyCount() {
        return fullCopyCount;
    }

    synchronized String digest() {
        return digest;
    }

    /** The last event of a kind that came after a moment. */
    synchronized Optional<Event> last(String kind, long afterNs) {
        return events.stream()
                .filter(event -> event.kind().equals(kind) && event.arrivedNs() - afterNs > 0)
                .reduce((first, second) -> second);
    }

    @Override
    public synchronized String toString() {
        return role + " term=" + term + " loggedOpId=" + loggedOpId + " events=" + events;
    }
}
