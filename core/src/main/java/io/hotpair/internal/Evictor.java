package io.hotpair.internal;

import io.hotpair.MaxMemoryPolicy;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Makes room by evicting keys. Once memory is nearly all taken, each writer evicts as much as it
 * added, when its write is done and it holds nothing; so a full keyspace stays as full as it is,
 * and nobody sweeps. {@code benchmarks/docs/eviction.md} has what was tried.
 *
 * <p>One hand for the keyspace goes round over the index in the order of hashes. A writer looks at
 * the next few records on the way and offers them to its stripe's pool; the one that is worth least
 * in the pool is looked at again, since it may have been used meanwhile, and goes.
 */
final class Evictor {
    /** So many records are looked at for each that is evicted. */
    private static final int LOOKED_AT = 8;

    /** What a large collection is taken to hold for each element: it need not be exact. */
    private static final int ELEMENT_LENGTH = 64;

    private static final int MAX_MISSES = 64;

    /** So that no single write pays for many others. */
    private static final long MAX_PAYMENT = 256 << 10;

    private final Engine engine;
    private final Mem mem;
    private final Index index;
    private final Slab slab;
    private final EvictionPolicy policy;
    private final AtomicLong hand = new AtomicLong();
    private final AtomicLong owed = new AtomicLong();
    private final LongAdder evictedCount = new LongAdder();

    Evictor(Engine engine, Mem mem, Index index, Slab slab, MaxMemoryPolicy name) {
        this.engine = engine;
        this.mem = mem;
        this.index = index;
        this.slab = slab;
        policy = policy(name);
    }

    private EvictionPolicy policy(MaxMemoryPolicy name) {
        if (name != MaxMemoryPolicy.ALLKEYS_WINDOWED_LFU) {
            return RedisPolicies.of(
                    name.configName(), () -> ThreadLocalRandom.current().nextLong());
        }
        return new WindowedLfu(
                slab.accountant()::limit,
                () -> engine.sum(Engine.Counter.KEYS),
                () -> engine.sum(Engine.Counter.HITS) + engine.sum(Engine.Counter.MISSES));
    }

    /**
     * Takes the memory in which evicted keys are remembered, once half of the limit is taken: a
     * keyspace that stays small needs none. One caller at a time, who is nobody's write, as there
     * may be much to take.
     */
    void prepare() {
        Accountant accountant = slab.accountant();
        if (policy instanceof WindowedLfu lfu
                && !lfu.remembers()
                && accountant.used() > accountant.limit() / 2) {
            // A record of a small value takes about so much; the ghosts take 2 bytes for each.
            GhostFrequencies ghosts = new GhostFrequencies(mem, accountant.limit() / 256);
            // A 64th of the limit at most: of what was loaded up to the limit so much has to go.
            boolean unused = accountant.charge(ghosts.lengthBytes(), Long.MAX_VALUE);
            lfu.remember(ghosts);
        }
    }

    EvictionPolicy policy() {
        return policy;
    }

    long evictedCount() {
        return evictedCount.sum();
    }

    /**
     * Takes note of what a write added, or took away, and evicts what is owed once memory is nearly
     * full. What the index gave back when it dropped tombstones is a credit for those who come
     * next.
     */
    void pay(long added) {
        if (!slab.isNearlyFull()) {
            owed.set(0);
            return;
        }
        if (engine.yieldSnapshot()) {
            return;
        }
        long now = owed.addAndGet(added);
        if (now > 0) {
            owed.addAndGet(-evict(Math.min(now, MAX_PAYMENT)));
        }
    }

    /**
     * Evicts keys. The caller holds nothing.
     *
     * @param bytes how much shall be freed
     * @return how much it was, which is less if no more keys were found that may go
     */
    long evict(long bytes) {
        long freed = 0;
        int misses = 0;
        Victim victim = new Victim();
        while (freed < bytes && misses < MAX_MISSES) {
            long gained = engine.select(this, victim) ? engine.evict(victim) : 0;
            if (gained != 0) {
                freed += gained;
                misses = 0;
                evictedCount.increment();
            } else {
                misses++;
            }
        }
        return freed;
    }

    /** A key that was chosen, so far as it can be named outside an epoch. */
    static final class Victim {
        byte[] key = new byte[0];
        long version;
        long length;
    }

    /** Looks at a few records and chooses the one worth least; false if there is none. */
    boolean select(Stripe stripe, long clockMs, Victim into) {
        int now = policy.now(clockMs);
        EvictionPool pool = stripe.evictionPool;
        look(stripe, pool, now);
        while (pool.count() > 0) {
            int lowest = pool.lowest();
            // A name, as an address might be another record's by now.
            long hash = pool.record(lowest);
            long record = index.findByName(hash);
            if (record == 0 || !isEligible(record)) {
                pool.remove(lowest);
            } else if (pool.isLowestWith(lowest, priority(record, now))) {
                pool.remove(lowest);
                into.key = Records.key(mem, record);
                into.version = Records.version(mem, record);
                into.length = length(record);
                policy.onEvict(hash, Records.access(mem, record), now);
                return true;
            }
        }
        return false;
    }

    private void look(Stripe stripe, EvictionPool pool, int now) {
        int[] looked = new int[1];
        for (int stretches = 0; looked[0] < LOOKED_AT && stretches < MAX_MISSES; stretches++) {
            Index.Cursor cursor = new Index.Cursor(hand.get());
            long before = cursor.encode();
            int prefix = cursor.prefix;
            boolean more =
                    index.visitBucket(
                            cursor,
                            (name, record) -> {
                                if (isEligible(record)) {
                                    looked[0]++;
                                    pool.offer(name, priority(record, now));
                                }
                            });
            if (cursor.bucket == 0) {
                // Past a segment: its tombstones go, or they would take the place of keys.
                purge(stripe, prefix);
            }
            // Whoever loses looks at what the other one looked at: a little work twice.
            boolean unused = hand.compareAndSet(before, more ? cursor.encode() : 0);
        }
    }

    private void purge(Stripe stripe, int prefix) {
        try {
            index.purge(stripe, prefix);
        } catch (NoRoomNow e) {
            // There is no segment to spare just now: the hand comes by again.
            slab.reclaim(stripe);
        }
    }

    /** What belongs to all databases is nobody's to evict: it says which keys are whose. */
    private boolean isEligible(long record) {
        return Records.isValue(mem, record)
                && policy.isEligible(Records.deadlineMs(mem, record))
                && !AreaCounts.isOwn(mem, record);
    }

    private long priority(long record, int now) {
        return policy.priority(
                Records.access(mem, record), now, Records.deadlineMs(mem, record), length(record));
    }

    private long length(long record) {
        long length = Records.blockLength(mem, record);
        if (!Records.isTree(mem, record)) {
            return length;
        }
        long count = mem.getLong(Records.value(mem, record, Records.TREE_COUNT));
        int type = Records.type(mem, record);
        return length + count * (type == Records.STRING ? 1 : ELEMENT_LENGTH);
    }
}
