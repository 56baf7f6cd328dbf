package io.hotpair.benchmarks.hitratio;

import io.hotpair.internal.GhostFrequencies;

/**
 * A candidate: S3-FIFO (Yang et al., 2023) with samples for queues. A tenth is for newcomers, which
 * go when they were not used twice; what comes back soon after, and what was used, is spared round
 * after round until its counter is 0.
 *
 * <pre>
 *   access word:  insertion 29 | main 1 | counter 2
 * </pre>
 */
final class SampledS3Fifo implements SecondChance {
    private static final int INSERTION_SHIFT = 3;
    private static final int MAIN = 4;
    private static final int COUNTER_MASK = 3;
    private static final long NOT_FIRST = 1L << 32;

    private final SampledCache cache;
    private final GhostFrequencies ghosts;
    private int insertions;
    private int newcomers;

    SampledS3Fifo(SampledCache cache) {
        this.cache = cache;
        ghosts = new GhostFrequencies(cache.mem(), cache.capacity());
    }

    @Override
    public int now(long clockMs) {
        return insertions << INSERTION_SHIFT;
    }

    @Override
    public int onCreate(long hash, int now) {
        insertions++;
        if (ghosts.take(hash, 0) > 0) {
            return now | MAIN;
        }
        newcomers++;
        return now;
    }

    @Override
    public int onAccess(int access, int now) {
        return (access & COUNTER_MASK) == COUNTER_MASK ? access : access + 1;
    }

    @Override
    public long priority(int access, int now, long deadlineMs, long length) {
        boolean newcomersFirst = newcomers * 10L >= cache.capacity();
        boolean first = newcomersFirst == ((access & MAIN) == 0);
        return (first ? 0 : NOT_FIRST) - ((now - access) >>> INSERTION_SHIFT);
    }

    @Override
    public int onSelect(int access, int now) {
        int counter = access & COUNTER_MASK;
        if ((access & MAIN) != 0) {
            return counter == 0 ? access : now | MAIN | (counter - 1);
        }
        if (counter <= 1) {
            return access;
        }
        newcomers--;
        return now | MAIN;
    }

    @Override
    public void onEvict(long hash, int access, int now) {
        if ((access & MAIN) == 0) {
            newcomers--;
            ghosts.put(hash, 1, 0);
        }
    }
}
