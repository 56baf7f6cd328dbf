package io.hotpair.resp;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whether clients are held back, as CLIENT PAUSE asks; what expires meanwhile stays in memory, so
 * that the keys are the same all the time. Thread-safe.
 */
final class Pause {
    private final KeyspacePort keyspace;
    private final Set<PauseWait> held = ConcurrentHashMap.newKeySet();
    private volatile boolean active;
    private volatile boolean writesOnly;
    private volatile long endNs;

    Pause(KeyspacePort keyspace) {
        this.keyspace = keyspace;
    }

    /** Begins a pause, or lets the present one last longer; it never gets shorter or milder. */
    synchronized void begin(long untilNs, boolean onlyWrites, long nowNs) {
        if (active && endNs - nowNs > 0) {
            endNs = endNs - untilNs > 0 ? endNs : untilNs;
            writesOnly = writesOnly && onlyWrites;
        } else {
            endNs = untilNs;
            writesOnly = onlyWrites;
        }
        active = true;
        keyspace.keepExpired(Duration.ofNanos(Math.max(0, endNs - nowNs)));
    }

    /**
     * Ends it.
     *
     * @return who was held back, and is to be woken, or will look before long by himself
     */
    synchronized Set<PauseWait> end() {
        boolean isUnderWay = isActive(keyspace.nanoTime());
        active = false;
        if (isUnderWay) {
            keyspace.keepExpired(Duration.ZERO);
        }
        return Set.copyOf(held);
    }

    /** Somebody is held back from now on; he looks himself whether that is still so. */
    void add(PauseWait wait) {
        held.add(wait);
    }

    void remove(PauseWait wait) {
        held.remove(wait);
    }

    boolean holdsBack(PauseWait wait) {
        return held.contains(wait);
    }

    /** Whether there may be one; false while nobody asked for any, or it was ended. */
    boolean isBegun() {
        return active;
    }

    boolean isActive(long nowNs) {
        return active && endNs - nowNs > 0;
    }

    /** Whether a command has to wait. CLIENT does not, or nobody could end the pause. */
    boolean holds(Command command, boolean isHeldWithWrites) {
        return active && !command.fullName().startsWith("client") && leftNs(isHeldWithWrites) > 0;
    }

    /** How long a command has to wait, be it a write or another; 0 or less for not at all. */
    long leftNs(boolean isHeldWithWrites) {
        return active && (isHeldWithWrites || !writesOnly) ? endNs - keyspace.nanoTime() : 0;
    }
}
