package io.hotpair.benchmarks.hitratio;

import io.hotpair.benchmarks.hitratio.Contestants.Contestant;
import io.hotpair.benchmarks.hitratio.SampledCache.Sampling;
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
        return new Forgetful(Contestants.windowedLfu(cache));
    }

    private static void add(
            List<Contestant> candidates,
            String name,
            Sampling sampling,
            SampledCache.PolicyFactory policy) {
        candidates.add(Contestants.sampled(PREFIX + name, sampling, policy));
    }

    /** Another policy that is not told what was evicted. */
    private static final class Forgetful implements EvictionPolicy {
        private final EvictionPolicy policy;

        Forgetful(EvictionPolicy policy) {
            this.policy = policy;
        }

        @Override
        public int now(long clockMs) {
            return policy.now(clockMs);
        }

        @Override
        public int onCreate(long hash, int now) {
            return policy.onCreate(hash, now);
        }

        @Override
        public int onAccess(int access, int now) {
            return policy.onAccess(access, now);
        }

        @Override
        public long priority(int access, int now, long deadlineMs, long length) {
            return policy.priority(access, now, deadlineMs, length);
        }

        @Override
        public void onAllocate(long bytes) {
            policy.onAllocate(bytes);
        }
    }
}
