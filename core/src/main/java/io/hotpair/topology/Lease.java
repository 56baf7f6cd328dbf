package io.hotpair.topology;

import io.hotpair.Clock;

/**
 * Until when a master may act without asking again, by the monotonic clock. One thread extends it,
 * any thread asks. A master that was paused finds it ended as soon as it runs again, because nobody
 * has to end it.
 */
public final class Lease {
    private static final long PERMANENT = Long.MAX_VALUE;

    private final Clock clock;
    private final long startNs;
    private volatile long validForNs;

    private Lease(Clock clock, long validForNs) {
        this.clock = clock;
        this.startNs = clock.nanoTime();
        this.validForNs = validForNs;
    }

    /**
     * A lease that never ends: of a keyspace that nobody else can be master of.
     *
     * @param clock the clock
     * @return the lease
     */
    public static Lease permanent(Clock clock) {
        return new Lease(clock, PERMANENT);
    }

    /**
     * A lease that has ended already, to be extended.
     *
     * @param clock the clock
     * @return the lease
     */
    public static Lease ended(Clock clock) {
        return new Lease(clock, 0);
    }

    /**
     * Whether the master may act now.
     *
     * @return whether it may
     */
    public boolean isValid() {
        long validFor = validForNs;
        return validFor == PERMANENT || clock.nanoTime() - startNs < validFor;
    }

    /**
     * Moves the end. The caller measures from when it <em>sent</em> the renewal, never from the
     * reply.
     *
     * @param endNs the new end, by {@link Clock#nanoTime()}
     */
    public void extendTo(long endNs) {
        validForNs = endNs - startNs;
    }

    /** Ends it for good, as seen by every check that begins after this call. */
    public void end() {
        validForNs = 0;
    }
}
