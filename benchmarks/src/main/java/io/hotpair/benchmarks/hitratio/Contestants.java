package io.hotpair.benchmarks.hitratio;

import io.hotpair.benchmarks.hitratio.SampledCache.Sampling;
import io.hotpair.internal.EvictionPolicy;
import io.hotpair.internal.GhostFrequencies;
import io.hotpair.internal.RedisPolicies;
import io.hotpair.internal.WindowedLfu;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Whom a trace is played to. */
final class Contestants {
    static final String CAFFEINE = "caffeine";
    static final String OPTIMUM = "optimum";

    /** The default policy's name. */
    static final String DEFAULT = "allkeys-windowed-lfu";

    private static final Set<String> COMPARED_WITH = Set.of(CAFFEINE, OPTIMUM, DEFAULT);

    /** How many records are looked at for each that is evicted. */
    static final int DEFAULT_SAMPLES = 8;

    /** Redis's default of maxmemory-samples. */
    private static final int REDIS_SAMPLES = 5;

    private static final String[] REDIS = {
        "noeviction",
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl"
    };

    /** Makes a cache of a capacity for a trace. */
    interface Factory {
        /** Makes one. */
        Replay make(Trace trace, int capacity, long seed);
    }

    /** One of them. */
    record Contestant(String name, Factory factory) {}

    private Contestants() {}

    /** Caffeine, the optimum and every policy that a keyspace offers. */
    static List<Contestant> offered() {
        List<Contestant> contestants = new ArrayList<>();
        contestants.add(new Contestant(CAFFEINE, (trace, n, seed) -> new CaffeineReplay(trace, n)));
        contestants.add(new Contestant(OPTIMUM, (trace, n, seed) -> new Optimum(trace, n)));
        contestants.add(sampled(DEFAULT, Sampling.of(DEFAULT_SAMPLES), Contestants::windowedLfu));
        for (String name : REDIS) {
            contestants.add(
                    sampled(
                            name,
                            Sampling.of(REDIS_SAMPLES),
                            cache -> RedisPolicies.of(name, cache::nextRandom)));
        }
        return contestants;
    }

    /**
     * Those of a name, and always the three that the others are compared with: Caffeine, the
     * optimum and the default.
     *
     * @param names what a name matches
     */
    static List<Contestant> matching(Pattern names) {
        return Stream.concat(offered().stream(), Candidates.all().stream())
                .filter(
                        contestant ->
                                COMPARED_WITH.contains(contestant.name())
                                        || names.matcher(contestant.name()).matches())
                .toList();
    }

    static EvictionPolicy windowedLfu(SampledCache cache) {
        return windowedLfu(cache, 1);
    }

    static EvictionPolicy windowedLfu(SampledCache cache, int slotsPerRecord) {
        WindowedLfu policy = new WindowedLfu(cache::limitBytes, cache::count, cache::requestCount);
        policy.remember(
                new GhostFrequencies(cache.mem(), (long) cache.capacity() * slotsPerRecord));
        return policy;
    }

    static Contestant sampled(String name, Sampling sampling, SampledCache.PolicyFactory policy) {
        return new Contestant(
                name, (trace, n, seed) -> new SampledCache(trace, n, sampling, seed, policy));
    }
}
