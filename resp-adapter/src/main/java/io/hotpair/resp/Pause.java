package io.hotpair.resp;

import java.time.Duration;

/**
 * Whether clients are held back, as CLIENT PAUSE asks; what expires meanwhile stays in memory, so
 * that the keys are the same all the time. Thread-safe.
 */
final class Pause {
    private final KeyspacePort keyspace;
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

    synchronized void end() {
        boolean isUnderWay = isActive(keyspace.nanoTime());
        active = false;
        if (isUnderWay) {
            keyspace.keepExpired(Duration.ZERO);
        }
    }

    /** Whether there may be one; false while nobody asked for any, or it was ended. */
    boolean isBegun() {
        return active;
    }

    boolean isActive(long nowNs) {
        return active && endNs - nowNs > 0;
    }

    /** Whether a command has to wait. CLIENT does not, or nobody could end the pause. */
    boolean holds(Command command, boolean isHeldWithWrites, long nowNs) {
        return active
                && (isHeldWithWrites || !writesOnly)
                && !command.fullName().startsWith("client")
                && endNs - nowNs > 0;
    }
}
