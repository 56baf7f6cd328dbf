package io.hotpair.examples.failover;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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
    private String digest = "";

    synchronized void ready() {
        ready = true;
    }

    synchronized void status(
            String newRole, long newTerm, long newLoggedOpId, long newInSyncCount) {
        role = newRole;
        term = newTerm;
        loggedOpId = newLoggedOpId;
        inSyncCount = newInSyncCount;
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

    synchronized String digest() {
        return digest;
    }

    /** The first event of a kind that came after a moment. */
    synchronized Optional<Event> first(String kind, long afterNs) {
        return since(kind, afterNs).findFirst();
    }

    /** The last event of a kind that came after a moment. */
    synchronized Optional<Event> last(String kind, long afterNs) {
        return since(kind, afterNs).reduce((first, second) -> second);
    }

    private Stream<Event> since(String kind, long afterNs) {
        return events.stream()
                .filter(event -> event.kind().equals(kind) && event.arrivedNs() - afterNs > 0);
    }

    /** How a node that was started again took up its log. */
    record Return(long foundOpId, long cutOperations, long resumedOpId) {
        /** Whether it goes on from what it had, so that nothing but the rest had to be sent. */
        boolean fromItsLog() {
            return resumedOpId > 0 && resumedOpId == foundOpId - cutOperations;
        }
    }

    /** Its return after a moment, if it follows again. */
    synchronized Optional<Return> returned(long afterNs) {
        return first("RESUMED", afterNs)
                .map(
                        resumed ->
                                new Return(
                                        first("REGISTERED", afterNs).map(Event::opId).orElse(-1L),
                                        first("CUT", afterNs)
                                                .filter(cut -> cut.opId() == resumed.opId())
                                                .map(Event::operations)
                                                .orElse(0L),
                                        resumed.opId()));
    }

    @Override
    public synchronized String toString() {
        return role + " term=" + term + " loggedOpId=" + loggedOpId + " events=" + events;
    }
}
