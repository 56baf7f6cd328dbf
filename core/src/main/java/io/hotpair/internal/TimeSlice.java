package io.hotpair.internal;

/**
 * What a background thread that has a lot to do gives up after each small step. A writer that wakes
 * up on its processor would otherwise wait until the kernel ends the time slice, which takes
 * milliseconds; with nobody waiting it costs less than a microsecond.
 */
final class TimeSlice {
    private TimeSlice() {}

    /** Lets others run; correct without it, so that it may be a hint to the scheduler. */
    @SuppressWarnings("ThreadPriorityCheck")
    static void giveUp() {
        Thread.yield();
    }
}
