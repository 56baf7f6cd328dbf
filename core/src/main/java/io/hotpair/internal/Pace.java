package io.hotpair.internal;

import io.hotpair.Clock;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.locks.LockSupport;

/**
 * Holds back a background thread that reads or writes very much, so that it disturbs nobody: it
 * moves so many bytes a second, and rests so long that its work takes an eighth of all processors'
 * time, which on eight or more is as much as one thread can use. Who reads or writes keys and finds
 * it on the processor waits until its next small step has ended; so the less of the time it is
 * there, the fewer wait.
 *
 * <p>Its processor time counts, not the time that it waits for a device or for others to let it
 * run: on a busy machine it would come to nothing otherwise. Used by one thread.
 */
final class Pace {
    private static final double SHARE = 1 / 8.0;
    private static final long MAX_PAUSE_NS = 50_000_000;
    private static final long LOOK_EVERY_BYTES = 16 << 10;
    private static final int LOOK_EVERY_STEPS = 16;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Clock clock;
    private final long bytesPerSecond;
    private final double restPerWork;
    private final Runnable requireOpen;
    private boolean begun;
    private long beganNs;
    private long beganCpuNs;
    private long lookedAtBytes;
    private int steps;
    private long restedNs;

    /**
     * Makes one, which begins when the first step is done.
     *
     * @param bytesPerSecond how much is done in a second at most
     * @param hurries whether only that counts
     * @param requireOpen throws if the work is to be given up
     */
    Pace(Clock clock, long bytesPerSecond, boolean hurries, Runnable requireOpen) {
        this.clock = clock;
        this.bytesPerSecond = bytesPerSecond;
        this.requireOpen = requireOpen;
        double share = Math.min(1, SHARE * Runtime.getRuntime().availableProcessors());
        boolean rests = !hurries && threads.isCurrentThreadCpuTimeSupported();
        restPerWork = rests ? 1 / share - 1 : 0;
    }

    private long workedNs() {
        return restPerWork > 0 ? threads.getCurrentThreadCpuTime() : 0;
    }

    /** Rests until what was done is not more than the time allows. */
    void at(long doneBytes) {
        requireOpen.run();
        if (!begun) {
            begun = true;
            beganNs = clock.nanoTime();
            beganCpuNs = workedNs();
        }
        if (doneBytes - lookedAtBytes < LOOK_EVERY_BYTES && ++steps < LOOK_EVERY_STEPS) {
            return;
        }
        lookedAtBytes = doneBytes;
        steps = 0;
        long untilNs = beganNs + (long) ((double) doneBytes / bytesPerSecond * 1e9);
        for (long ns = untilNs - clock.nanoTime(); ns > 0; ns = untilNs - clock.nanoTime()) {
            rest(ns);
        }
        long owedNs = (long) ((workedNs() - beganCpuNs) * restPerWork);
        while (restedNs < owedNs) {
            rest(owedNs - restedNs);
        }
    }

    private void rest(long ns) {
        long pauseNs = Math.min(ns, MAX_PAUSE_NS);
        LockSupport.parkNanos(this, pauseNs);
        restedNs += pauseNs;
        requireOpen.run();
    }
}
