package io.hotpair.benchmarks.hitratio;

import io.hotpair.internal.EvictionPolicy;

/**
 * A candidate: hyperbolic caching (Blankstein, Sen and Freedman, 2017), which evicts what was used
 * least often in relation to how long it has been there.
 *
 * <pre>
 *   access word:  creation, in 1/1024 of a turnover, 18 | uses 14
 * </pre>
 */
final class Hyperbolic implements EvictionPolicy {
    private static final int CREATION_SHIFT = 14;
    private static final int MAX_USES = (1 << CREATION_SHIFT) - 1;
    private static final int UNITS_PER_TURNOVER = 1024;

    private final SampledCache cache;
    private long allocated;

    Hyperbolic(SampledCache cache) {
        this.cache = cache;
    }

    @Override
    public int now(long clockMs) {
        return (int) (allocated * UNITS_PER_TURNOVER / cache.limitBytes()) << CREATION_SHIFT;
    }

    @Override
    public int onCreate(long hash, int now) {
        return now | 1;
    }

    @Override
    public int onAccess(int access, int now) {
        return (access & MAX_USES) == MAX_USES ? access : access + 1;
    }

    @Override
    public long priority(int access, int now, long deadlineMs, long length) {
        int age =
                ((now >>> CREATION_SHIFT) - (access >>> CREATION_SHIFT)) & (-1 >>> CREATION_SHIFT);
        return ((long) (access & MAX_USES) << 32) / (age + 1);
    }

    @Override
    public void onAllocate(long bytes) {
        allocated += bytes;
    }
}
