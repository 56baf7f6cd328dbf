package io.hotpair;

/** The machine's clocks. The only place in core that asks them. */
final class SystemClock implements Clock {
    @Override
    public long currentTimeMs() {
        return System.currentTimeMillis();
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }
}
