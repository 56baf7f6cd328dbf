package io.hotpair.benchmarks.hitratio;

import io.hotpair.benchmarks.hitratio.Contestants.Contestant;
import io.hotpair.benchmarks.hitratio.SampledCache.Sampling;
import io.hotpair.internal.DelegatingPolicy;
import io.hotpair.internal.EvictionPolicy;
import java.util.ArrayList;
import java.util.List;

/** What was tried beside the default, under the same restrictions. */
final class Candidates {
    private static final String PREFIX = "candidate-";
    private static final Sampling SAMPLING = Sampling.of(Contestants.DEFAULT_SAMPLES);

    private Candidates() {}

    static List<Contestant> all() {
        List<Contestant> candidates = new ArrayList<>();
        add(candidates, "hyperbolic", SAMPLING, Hyperbolic::new);
        add(candidates, "s3-fifo", SAMPLING, SampledS3Fifo::new);
        add(candidates, "learned-density", SAMPLING, LearnedDensity::new);
        add(candidates, "no-ghosts", SAMPLING, Candidates::withoutGhosts);
        add(candidates, "ghosts-4", SAMPLING, cache -> Contestants.windowedLfu(cache, 4));
        add(candidates, "lost-updates", SAMPLING, Candidates::losingUpdates);
        add(candidates, "length-ignored", SAMPLING, Candidates::ignoringLengths);
        add(candidates, "length-divides", SAMPLING, Candidates::dividingByLength);
        for (int size : new int[] {2, 3, 4, 5, 6, 12, 16, 32}) {
            addDefault(candidates, "samples-" + size, Sampling.of(size));
        }
        for (int size : new int[] {5, 8, 16, 32}) {
            addDefault(candidates, "random-samples-" + size, new Sampling(size, 1, false));
        }
        for (int stripes : new int[] {4, 16, 64}) {
            addDefault(
                    candidates,
                    "stripes-" + stripes,
                    new Sampling(Contestants.DEFAULT_SAMPLES, stripes, true));
        }
        return candidates;
    }

    private static void addDefault(List<Contestant> candidates, String name, Sampling sampling) {
        add(candidates, name, sampling, Contestants::windowedLfu);
    }

    private static EvictionPolicy withoutGhosts(SampledCache cache) {
        return new DelegatingPolicy(Contestants.windowedLfu(cache)) {
            @Override
            public void onEvict(long hash, int access, int now) {
                // Nothing is remembered of it.
            }
        };
    }

    /** Updates of access words race with each other; here one in ten is lost. */
    private static EvictionPolicy losingUpdates(SampledCache cache) {
        return new DelegatingPolicy(Contestants.windowedLfu(cache)) {
            @Override
            public int onAccess(int access, int now) {
                boolean lost = cache.nextRandom() >>> 1 < Long.MAX_VALUE / 10;
                return lost ? access : super.onAccess(access, now);
            }
        };
    }

    private static EvictionPolicy ignoringLengths(SampledCache cache) {
        return new DelegatingPolicy(Contestants.windowedLfu(cache)) {
            @Override
            public long priority(int access, int now, long deadlineMs, long length) {
                return super.priority(access, now, deadlineMs, 1);
            }
        };
    }

    /** A use counts in proportion to the length itself, not to its square root. */
    private static EvictionPolicy dividingByLength(SampledCache cache) {
        return new DelegatingPolicy(Contestants.windowedLfu(cache)) {
            @Override
            public long priority(int access, int now, long deadlineMs, long length) {
                return super.priority(access, now, deadlineMs, length * length);
            }
        };
    }

    private static void add(
            List<Contestant> candidates,
            String name,
            Sampling sampling,
            SampledCache.PolicyFactory policy) {
        candidates.add(Contestants.sampled(PREFIX + name, sampling, policy));
    }
}
