package io.hotpair.benchmarks.hitratio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.benchmarks.hitratio.Contestants.Contestant;
import io.hotpair.internal.EvictionPolicy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReplayTest {
    private static Trace skewed(long seed, int requests, int keys) {
        SplittableRandom random = new SplittableRandom(seed);
        long[] asked = new long[requests];
        for (int i = 0; i < requests; i++) {
            double x = random.nextDouble();
            asked[i] = (long) (x * x * x * keys);
        }
        return Trace.of("skewed", asked);
    }

    /** The best of all ways to serve a trace, by trying every set of keys that could be kept. */
    private static int mostHits(Trace trace, int capacity) {
        Map<Set<Integer>, Integer> reachable = Map.of(Set.of(), 0);
        for (int i = 0; i < trace.requestCount(); i++) {
            int key = trace.key(i);
            Map<Set<Integer>, Integer> next = new LinkedHashMap<>();
            reachable.forEach(
                    (kept, hits) -> {
                        int after = hits + (kept.contains(key) ? 1 : 0);
                        for (Set<Integer> choice : choices(kept, key, capacity)) {
                            next.merge(choice, after, Math::max);
                        }
                    });
            reachable = next;
        }
        return reachable.values().stream().mapToInt(hits -> hits).max().orElseThrow();
    }

    private static List<Set<Integer>> choices(Set<Integer> kept, int key, int capacity) {
        List<Set<Integer>> choices = new ArrayList<>();
        choices.add(kept);
        Set<Integer> all = new HashSet<>(kept);
        all.add(key);
        if (all.size() <= capacity) {
            choices.add(all);
            return choices;
        }
        for (int without : all) {
            Set<Integer> fewer = new HashSet<>(all);
            fewer.remove(without);
            choices.add(fewer);
        }
        return choices;
    }

    @Test
    void shouldFindTheOptimum() {
        long seed = System.nanoTime();
        for (int i = 0; i < 50; i++) {
            Trace trace = skewed(seed + i, 40, 8);
            for (int capacity = 1; capacity <= 4; capacity++) {
                double hits =
                        Replay.hitRatio(trace, new Optimum(trace, capacity)) * trace.requestCount();
                assertEquals(mostHits(trace, capacity), hits, 1e-9, "seed=" + (seed + i));
            }
        }
    }

    @Test
    void shouldNeverHitMoreThanTheOptimum() {
        Trace trace = skewed(42, 20_000, 2000);
        double optimum = Replay.hitRatio(trace, new Optimum(trace, 100));
        for (Contestant contestant : Contestants.offered()) {
            double ratio = Replay.hitRatio(trace, contestant.factory().make(trace, 100, 1));
            assertTrue(ratio <= optimum + 1e-9, contestant.name() + " " + ratio + " " + optimum);
        }
    }

    @Test
    void shouldEvictAsLruDoesWhenEveryRecordIsLookedAt() {
        Trace trace = skewed(42, 20_000, 500);
        int capacity = 50;
        Replay exact = new ExactLru(capacity);
        Replay sampled =
                new SampledCache(
                        trace,
                        capacity,
                        SampledCache.Sampling.of(capacity),
                        1,
                        cache -> new OneTickPerRequest());
        for (int i = 0; i < trace.requestCount(); i++) {
            assertEquals(exact.request(trace.key(i)), sampled.request(trace.key(i)), "i=" + i);
        }
    }

    @Test
    void shouldPlayTheSameWithTheSameSeed() {
        Trace trace = skewed(42, 20_000, 500);
        for (Contestant contestant : Contestants.matching(Pattern.compile(".*"))) {
            if (!contestant.name().equals(Contestants.CAFFEINE)) {
                double first = Replay.hitRatio(trace, contestant.factory().make(trace, 50, 7));
                double again = Replay.hitRatio(trace, contestant.factory().make(trace, 50, 7));
                assertEquals(first, again, 0, contestant.name());
            }
        }
    }

    @Test
    void shouldKeepCaffeineToItsLimit() {
        Trace trace = skewed(42, 20_000, 500);
        CaffeineReplay caffeine = new CaffeineReplay(trace, 50);
        Replay.hitRatio(trace, caffeine);
        assertTrue(caffeine.cleanedSize() <= 50);
    }

    @Test
    void shouldKeepWhatIsUsedOftenThroughAScan() {
        int hot = 80;
        List<Long> asked = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(42);
        for (int i = 0; i < 20_000; i++) {
            asked.add((long) random.nextInt(hot));
            asked.add(1000L + i);
        }
        Trace trace = Trace.of("scan", asked.stream().mapToLong(key -> key).toArray());

        assertTrue(hitRatioOf(Contestants.DEFAULT, trace, 100) > 0.47);
        assertTrue(hitRatioOf("allkeys-lru", trace, 100) < 0.40);
    }

    @Test
    void shouldKeepPartOfALoopThatDoesNotFit() {
        long[] asked = new long[50_000];
        for (int i = 0; i < asked.length; i++) {
            asked[i] = i % 200;
        }
        Trace trace = Trace.of("loop", asked);

        assertTrue(hitRatioOf(Contestants.DEFAULT, trace, 100) > 0.35);
        assertTrue(hitRatioOf("allkeys-lru", trace, 100) < 0.10);
    }

    private static double hitRatioOf(String name, Trace trace, int capacity) {
        for (Contestant contestant : Contestants.offered()) {
            if (contestant.name().equals(name)) {
                return Replay.hitRatio(trace, contestant.factory().make(trace, capacity, 1));
            }
        }
        throw new AssertionError(name);
    }

    private static final class ExactLru implements Replay {
        private final Map<Integer, Boolean> records;

        ExactLru(int capacity) {
            records =
                    new LinkedHashMap<>(16, 0.75f, true) {
                        private static final long serialVersionUID = 1;

                        @Override
                        protected boolean removeEldestEntry(Map.Entry<Integer, Boolean> eldest) {
                            return size() > capacity;
                        }
                    };
        }

        @Override
        public boolean request(int key) {
            boolean hit = records.get(key) != null;
            records.put(key, true);
            return hit;
        }
    }

    private static final class OneTickPerRequest implements EvictionPolicy {
        private int requests;

        @Override
        public int now(long clockMs) {
            return requests;
        }

        @Override
        public int onCreate(long hash, int now) {
            return requests++;
        }

        @Override
        public int onAccess(int access, int now) {
            return requests++;
        }

        @Override
        public long priority(int access, int now, long deadlineMs, long length) {
            return access;
        }
    }
}
