package io.hotpair.benchmarks.hitratio;

import io.hotpair.internal.EvictionPolicy;
import io.hotpair.internal.EvictionPool;
import io.hotpair.internal.Mem;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A keyspace as eviction sees it: records in the order of their hashes, each with an access word,
 * of which a writer that needs room looks at a few neighbours. A hand goes round through all of
 * them, so that none is looked at twice before every other was once: the stripes take turns at it,
 * a stretch of the way each, and look there until they come to its end.
 *
 * <p>The keys of a {@link Trace} are numbered by hash, so a set of bits is that order, and a run of
 * set bits is what a run of neighbouring buckets holds.
 */
final class SampledCache implements Replay {
    private static final int REQUESTS_PER_SECOND = 1000;
    private static final long DAY_MS = 86_400_000;

    /** About how many records a stretch has, as 16 buckets of an index do. */
    private static final int STRETCH = 64;

    /** How records are chosen: how many at a time, by how many stripes, by a hand or at random. */
    record Sampling(int size, int stripes, boolean sweeps) {
        static Sampling of(int size) {
            return new Sampling(size, 1, true);
        }
    }

    /** Makes a policy for a cache. */
    interface PolicyFactory {
        /** Makes one. */
        EvictionPolicy make(SampledCache cache);
    }

    private final Trace trace;
    private final int capacity;
    private final Sampling sampling;
    private final SplittableRandom random;
    private final Mem mem = Mem.platform();
    private final EvictionPolicy policy;
    private final EvictionPool[] pools;
    private final int[] places;
    private final int[] left;
    private final int[] lengths;
    private final long limitBytes;
    private long usedBytes;
    private int hand;
    private final long[] resident;
    private final int[] access;
    private int count;
    private long requestCount;
    private long hitCount;
    private long writeCount;

    /**
     * Creates an empty one.
     *
     * @param capacity how many records of mean length there is memory for
     */
    SampledCache(Trace trace, int capacity, Sampling sampling, long seed, PolicyFactory factory) {
        this.trace = trace;
        this.capacity = capacity;
        this.sampling = sampling;
        random = new SplittableRandom(seed);
        pools = new EvictionPool[sampling.stripes()];
        Arrays.setAll(pools, i -> new EvictionPool());
        places = new int[sampling.stripes()];
        left = new int[sampling.stripes()];
        hand = random.nextInt(trace.keyCount());
        resident = new long[(trace.keyCount() + 63) / 64];
        access = new int[trace.keyCount()];
        lengths = new int[trace.keyCount()];
        Arrays.setAll(lengths, trace::length);
        limitBytes = (long) (capacity * trace.meanLength());
        policy = factory.make(this);
    }

    /** Where a policy has what it remembers. */
    Mem mem() {
        return mem;
    }

    @Override
    public void close() {
        mem.close();
    }

    long limitBytes() {
        return limitBytes;
    }

    int count() {
        return count;
    }

    int capacity() {
        return capacity;
    }

    long requestCount() {
        return requestCount;
    }

    long nextRandom() {
        return random.nextLong();
    }

    @Override
    public double writesPerHit() {
        return (double) writeCount / Math.max(1, hitCount);
    }

    @Override
    public boolean request(int key) {
        requestCount++;
        int now = now();
        if (isResident(key)) {
            hit(key, now);
            return true;
        }
        if (makeRoom(lengths[key], now)) {
            usedBytes += lengths[key];
            policy.onAllocate(lengths[key]);
            access[key] = policy.onCreate(trace.hash(key), now());
            resident[key >>> 6] |= 1L << key;
            count++;
        }
        return false;
    }

    private int now() {
        return policy.now(requestCount * 1000 / REQUESTS_PER_SECOND);
    }

    private void hit(int key, int now) {
        hitCount++;
        int after = policy.onAccess(access[key], now);
        if (after != access[key]) {
            access[key] = after;
            writeCount++;
        }
    }

    private boolean isResident(int key) {
        return (resident[key >>> 6] >>> key & 1) != 0;
    }

    private boolean makeRoom(int length, int now) {
        while (usedBytes + length > limitBytes && count > 0) {
            int stripe = sampling.stripes() == 1 ? 0 : random.nextInt(sampling.stripes());
            look(stripe, now);
            int key = takeLowest(pools[stripe], now);
            if (key < 0) {
                return false;
            }
            if (!isSpared(key, now)) {
                evict(key, now);
            }
        }
        return true;
    }

    /** Looks at the next few records and remembers those worth least. */
    private void look(int stripe, int now) {
        if (!sampling.sweeps()) {
            places[stripe] = random.nextInt(trace.keyCount());
            left[stripe] = trace.keyCount();
        }
        for (int i = Math.min(sampling.size(), count); i > 0; i--) {
            int key = next(stripe);
            if (policy.isEligible(deadlineMs(key))) {
                pools[stripe].offer(key, priority(key, now));
            }
        }
    }

    /** The next record of a stripe's stretch, or of one more of the shared hand's way. */
    private int next(int stripe) {
        int key = nextResident(places[stripe]);
        int way = distance(places[stripe], key);
        if (way >= left[stripe]) {
            key = nextResident(hand);
            way = distance(hand, key);
            left[stripe] = Math.max(way + 1, stretch());
            hand = (hand + left[stripe]) % trace.keyCount();
        }
        left[stripe] -= way + 1;
        places[stripe] = (key + 1) % trace.keyCount();
        return key;
    }

    private int distance(int from, int to) {
        return Math.floorMod(to - from, trace.keyCount());
    }

    private int stretch() {
        return Math.max(1, (int) ((long) STRETCH * trace.keyCount() / capacity));
    }

    /** Takes out what is worth least at present; -1 if there is nothing. */
    private int takeLowest(EvictionPool pool, int now) {
        while (pool.count() > 0) {
            int lowest = pool.lowest();
            int key = (int) pool.record(lowest);
            if (!isResident(key)) {
                pool.remove(lowest);
            } else if (pool.isLowestWith(lowest, priority(key, now))) {
                pool.remove(lowest);
                return key;
            }
        }
        return -1;
    }

    private boolean isSpared(int key, int now) {
        if (!(policy instanceof SecondChance secondChance)) {
            return false;
        }
        int after = secondChance.onSelect(access[key], now);
        boolean spared = after != access[key];
        access[key] = after;
        return spared;
    }

    private void evict(int key, int now) {
        policy.onEvict(trace.hash(key), access[key], now);
        resident[key >>> 6] &= ~(1L << key);
        usedBytes -= lengths[key];
        count--;
    }

    private long priority(int key, int now) {
        return policy.priority(access[key], now, deadlineMs(key), lengths[key]);
    }

    /** Every key has a deadline, none of which comes while a trace is replayed. */
    private long deadlineMs(int key) {
        return DAY_MS + Long.remainderUnsigned(trace.hash(key), DAY_MS);
    }

    private int nextResident(int from) {
        int i = from >>> 6;
        long word = resident[i] >>> from << from;
        while (word == 0) {
            i = i + 1 == resident.length ? 0 : i + 1;
            word = resident[i];
        }
        return (i << 6) + Long.numberOfTrailingZeros(word);
    }
}
