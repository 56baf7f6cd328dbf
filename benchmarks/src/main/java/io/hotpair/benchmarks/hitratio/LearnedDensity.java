package io.hotpair.benchmarks.hitratio;

import io.hotpair.internal.EvictionPolicy;
import java.util.Arrays;

/**
 * A candidate: evicts what promises least hits for the time it will take, as learned from what
 * happened to records of the same class at the same age. After LHD (Beckmann, Chen and Cidon,
 * 2018), with two differences: a record that comes back after it was evicted counts as a hit at its
 * true age, so that what is learned does not depend on what was evicted; and what an age is worth
 * is the best ratio over all horizons, not that of the present policy (Gittins' index).
 *
 * <pre>
 *   access word:  tick of the last access 16 | - 12 | class 4: uses, up to 3 or more
 *   a ghost:      fingerprint 12 | tick 16 | class 4
 * </pre>
 */
final class LearnedDensity implements EvictionPolicy {
    private static final int TICKS_PER_TURNOVER = 64;
    private static final int GHOST_TURNOVERS = 4;
    private static final int MIN_GHOSTS = 4096;
    private static final int TICK_SHIFT = 16;
    private static final int CLASS_MASK = 15;
    private static final int CLASSES = 4;
    private static final int AGES = 64;
    private static final double DECAY = 0.95;

    private final SampledCache cache;
    private final double[][] hits = new double[CLASSES][AGES];
    private final double[][] losses = new double[CLASSES][AGES];
    private final long[][] worth = new long[CLASSES][AGES];
    private final int[] ghosts;
    private long allocated;
    private long learnAt;

    LearnedDensity(SampledCache cache) {
        this.cache = cache;
        int count = Math.max(MIN_GHOSTS, cache.capacity() * GHOST_TURNOVERS);
        ghosts = new int[Integer.highestOneBit(2 * count - 1)];
        for (long[] ofClass : worth) {
            Arrays.setAll(ofClass, age -> (1L << 40) / (start(age) + 1));
        }
    }

    /** Ages up to 16 ticks as they are, older ones in quarters of octaves. */
    private static int ageClass(int ticks) {
        if (ticks < 16) {
            return ticks;
        }
        int octave = 31 - Integer.numberOfLeadingZeros(ticks);
        int ageClass = 16 + (octave - 4) * 4 + ((ticks >>> (octave - 2)) & 3);
        return Math.min(ageClass, AGES - 1);
    }

    private static int start(int ageClass) {
        if (ageClass < 16) {
            return ageClass;
        }
        int octave = (ageClass - 16) / 4 + 4;
        return (1 << octave) + (((ageClass - 16) & 3) << (octave - 2));
    }

    @Override
    public int now(long clockMs) {
        return (int) (allocated * TICKS_PER_TURNOVER / cache.limitBytes()) << TICK_SHIFT;
    }

    private static int age(int word, int now) {
        return ((now >>> TICK_SHIFT) - (word >>> TICK_SHIFT)) & 0xFFFF;
    }

    private static int next(int word) {
        return Math.min(CLASSES - 1, (word & CLASS_MASK) + 1);
    }

    @Override
    public int onCreate(long hash, int now) {
        int i = (int) (hash >>> 16) & (ghosts.length - 1);
        int ghost = ghosts[i];
        if (ghost == 0 || ghost >>> 20 != fingerprint(hash)) {
            return now;
        }
        ghosts[i] = 0;
        int word = word(ghost);
        hits[word & CLASS_MASK][ageClass(age(word, now))]++;
        return now | next(word);
    }

    @Override
    public int onAccess(int access, int now) {
        int age = age(access, now);
        if (age == 0 && (access & CLASS_MASK) > 0) {
            return access;
        }
        hits[access & CLASS_MASK][ageClass(age)]++;
        return now | next(access);
    }

    @Override
    public long priority(int access, int now, long deadlineMs, long length) {
        int age = age(access, now);
        return (worth[access & CLASS_MASK][ageClass(age)] << 16) - age;
    }

    @Override
    public void onEvict(long hash, int access, int now) {
        int i = (int) (hash >>> 16) & (ghosts.length - 1);
        int lost = ghosts[i];
        if (lost != 0) {
            losses[lost & CLASS_MASK][ageClass(age(word(lost), now))]++;
        }
        ghosts[i] =
                (fingerprint(hash) << 20) | (access >>> TICK_SHIFT << 4) | (access & CLASS_MASK);
    }

    private static int word(int ghost) {
        return (ghost >>> 4 << TICK_SHIFT) | (ghost & CLASS_MASK);
    }

    private static int fingerprint(long hash) {
        return (int) (hash & 0xFFF) | 1;
    }

    @Override
    public void onAllocate(long bytes) {
        allocated += bytes;
        if (allocated >= learnAt) {
            learnAt =
                    allocated
                            + cache.limitBytes() / 8
                            + cache.limitBytes() * 256 / cache.capacity();
            for (int i = 0; i < CLASSES; i++) {
                learn(hits[i], losses[i], worth[i]);
            }
        }
    }

    private static void learn(double[] hits, double[] losses, long[] worth) {
        double[] left = new double[AGES + 1];
        for (int age = AGES - 1; age >= 0; age--) {
            left[age] = left[age + 1] + hits[age] + losses[age];
        }
        for (int age = 0; age < AGES; age++) {
            worth[age] = (long) (best(hits, left, age) * (1L << 40));
        }
        for (int age = 0; age < AGES; age++) {
            hits[age] *= DECAY;
            losses[age] *= DECAY;
        }
    }

    private static double best(double[] hits, double[] left, int from) {
        double best = 0;
        double expectedHits = 0;
        double expectedTime = 0;
        for (int age = from; age < AGES - 1; age++) {
            expectedHits += hits[age];
            expectedTime += (left[age] + left[age + 1]) / 2 * (start(age + 1) - start(age));
            best = expectedTime > 0 ? Math.max(best, expectedHits / expectedTime) : best;
        }
        return best;
    }
}
