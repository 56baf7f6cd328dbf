package io.hotpair.persistence;

import net.openhft.chronicle.core.time.TimeProvider;

/**
 * The time that Chronicle rolls by. It only moves when the log moves it, and never back: a wall
 * clock that steps back over a roll would make every append fail, and a roll in the middle of a
 * large operation would spread its fragments over two segments. It is ahead of the wall clock where
 * segments were rolled for their length.
 */
final class HourClock implements TimeProvider {
    private volatile long nowMs;

    /** Moves to a time, unless it is past it already. */
    void advanceTo(long timeMs) {
        if (timeMs > nowMs) {
            nowMs = timeMs;
        }
    }

    int cycle() {
        return (int) (nowMs / Segment.CYCLE_MS);
    }

    @Override
    public long currentTimeMillis() {
        return nowMs;
    }
}
