package io.hotpair.internal;

import io.hotpair.ChangeListener;
import io.hotpair.ChangeListener.Event;
import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.KeyArea;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.Session.ReadTrace;
import io.hotpair.WriteListener;
import io.hotpair.WriteListener.Before;
import io.hotpair.log.OperationReader;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The operations on a keyspace in memory.
 *
 * <p>One write:
 *
 * <pre>
 *   mode and room in the ring?  refuse or wait here, holding nothing
 *   claim a stripe (epoch)      Stripes
 *   build the record            private, version 0
 *   find the entry              number its record, if it has no number yet (I3)
 *   CAS entry old → new         lost: find again
 *   number the new record       OperationRing
 *   retire the old record, leave
 * </pre>
 *
 * <ul>
 *   <li><b>I3</b> Nothing is superseded, and nothing is returned, that has no opId.
 *   <li><b>I4</b> Memory is freed only when epoch-safe and taken over by the log ({@link Slab}).
 *   <li><b>I5</b> A reader writes nothing shared, but for numbering a record that it found
 *       unnumbered.
 * </ul>
 *
 * <p>A read that finds a record is placed right after the record's number or at its own load of the
 * entry, whichever is later; both lie within the read, and before the successor's number. A read
 * that finds nothing is placed at its load of the empty entry.
 *
 * <p>Progress: reads are wait-free where they meet no unnumbered record and no frozen segment, else
 * lock-free; writes are lock-free. What waits: a full ring, before the write holds anything.
 */
public final class Engine {
    /** The answer for an absent key. */
    public static final int ABSENT = -1;

    private static final VarHandle MODE;
    private static final VarHandle SNAPSHOT_VIEW;

    static {
        try {
            SNAPSHOT_VIEW =
                    MethodHandles.lookup()
                            .findVarHandle(Engine.class, "snapshotView", SnapshotView.class);
            MODE = MethodHandles.lookup().findVarHandle(Engine.class, "mode", Mode.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final byte[] NO_BYTES = new byte[0];

    /** Of all memory a snapshot may keep a 16th where memory is nearly full. */
    private static final int HELD_SHIFT = 4;

    /**
     * So much of what is idle in full memory is of no use to a write: it waits for other lengths.
     */
    private static final int UNSUITED_CHUNKS = 2;

    /** The policy's time goes on in steps of this part of the limit. */
    private static final int POLICY_STEP_SHIFT = 12;

    /** What a write that found no room evicts first; twice as much each time again. */
    private static final long EVICTION_STEP = 16 << 10;

    /** A segment that was split has about so many at least. */
    private static final int MIN_SEGMENT_KEYS = 600;

    private static final int SPARE_SEGMENTS = 8;

    /** What has the wrong size for compaction to use it, once the limit was lowered. */
    private static final int SPARE_CHUNKS = 4;

    /** How much more time the background takes for memory while more is used than may be. */
    private static final int EXCESS_FACTOR = 10;

    /** Another writer came first. */
    private static final long LOST = -1;

    private static final long BACKPRESSURE_PARK_NS = 50_000;
    private static final int MAX_SUMS = 8;
    private static final int MAX_STATE_ATTEMPTS = 20_000;
    private static final int MAX_MEMORY_ATTEMPTS = 100;
    private static final int MAX_COLLECT_ATTEMPTS = 1_000;

    /** Of an index as small as this, with its records, most stays in a core's own cache. */
    private static final int MIN_PREFETCHED_SEGMENTS = 4;

    /** How often a read of several keys looks whether they have changed before it starts anew. */
    private static final int COLLECT_PASSES = 8;

    private static final int ATTEMPTS_BESIDE_SNAPSHOT = 8;
    private static final long MEMORY_PARK_NS = 1_000_000;

    private final Mem mem;
    private final Stripes stripes;
    private final Slab slab;
    private final Index index;
    private final MultiCommit commits;
    private final Compactor compactor;
    private final Transactions transactions;
    private final SipHash sipHash;
    private final RightOfWay rightOfWay = new RightOfWay();
    private final ClockCell clock;
    private final Clock clocks;
    private final Numbering numbering;
    private final @Nullable OperationRing ring;
    private final long writeTimeoutNs;
    private volatile @Nullable SnapshotView snapshotView;

    /** How many threads release what was held for a snapshot that had to end. */
    private final AtomicInteger releasing = new AtomicInteger();

    private int snapshotGeneration;
    private volatile long appliedOpId;
    private volatile long applyingOpId;
    private final @Nullable Evictor evictor;
    private volatile long coarseMs;
    private final Listeners listeners;
    private final BlockedConsumers consumers;
    private final LongAdder expiredCount = new LongAdder();
    private final AreaCounts areas = new AreaCounts();
    private volatile Mode mode = Mode.REPLICA;

    /**
     * Creates an empty keyspace that refuses writes.
     *
     * @param mem its memory, closed with it
     * @param maxMemoryBytes the limit
     * @param maxMemoryPolicy what happens at the limit
     * @param withLog whether what it does goes to a log
     * @param clocks where time comes from
     * @param writeTimeoutNs how long a write waits for room in the ring
     */
    public Engine(
            Mem mem,
            long maxMemoryBytes,
            MaxMemoryPolicy maxMemoryPolicy,
            boolean withLog,
            Clock clocks,
            long writeTimeoutNs) {
        this.mem = mem;
        this.clocks = clocks;
        this.writeTimeoutNs = writeTimeoutNs;
        clock = new ClockCell(clocks);
        listeners = new Listeners(new Timers(clocks));
        consumers = listeners.blockedConsumers();
        stripes = new Stripes(Runtime.getRuntime().availableProcessors());
        ring = withLog ? new OperationRing(mem) : null;
        numbering = ring == null ? new CounterNumbering(mem) : ring;
        slab = new Slab(mem, stripes, maxMemoryBytes, numbering::takenOpId);
        compactor = new Compactor(this, stripes, slab);
        slab.compaction(compactor::isWanted);
        commits = new MultiCommit(mem, numbering);
        transactions = new Transactions(this);
        SecureRandom random = new SecureRandom();
        sipHash = new SipHash(random.nextLong(), random.nextLong());
        Stripe stripe = stripes.enter();
        try {
            index = new Index(mem, slab, sipHash, stripe, commits, this::isPurgeable);
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
        evictor =
                maxMemoryPolicy == MaxMemoryPolicy.NOEVICTION
                        ? null
                        : new Evictor(this, mem, index, slab, maxMemoryPolicy);
        if (evictor != null) {
            slab.evicts();
            slab.indexRoom(this::indexRoom);
        }
        // What is written before the first tick must not look as old as the epoch.
        coarseMs = clock.nowMs();
    }

    Mem mem() {
        return mem;
    }

    Stripes stripes() {
        return stripes;
    }

    @Nullable OperationRing ring() {
        return ring;
    }

    /** What it may do right now. */
    public Mode mode() {
        return mode;
    }

    /** Changes what it may do. Writes that began before may still be under way on return. */
    void mode(Mode to) {
        mode = to;
        if (!to.isMaster()) {
            consumers.failAll(
                    () ->
                            new HotpairException(
                                    HotpairException.Category.NOT_MASTER,
                                    "this node is not the master any more"));
        }
    }

    /** Changes what it may do, depending on what it may do now. */
    void changeMode(UnaryOperator<Mode> change) {
        Mode present = mode;
        while (!MODE.compareAndSet(this, present, change.apply(present))) {
            present = mode;
        }
    }

    /** Waits until every operation under way at the call has left. */
    void awaitGrace() {
        stripes.awaitGrace();
    }

    /** Refuses every operation from now on, and waits until those under way have left. */
    void refuseAll() {
        mode = mode.close();
        consumers.failAll(() -> new IllegalStateException("keyspace is closed"));
        compactor.close();
        stripes.awaitGrace();
    }

    /** Gives memory back. Nobody may be inside. */
    void release() {
        mem.close();
    }

    // ---- reads

    /** For whoever is to see a state that there was. */
    private Stripe enterToRead() {
        Stripe stripe = stripes.enter();
        Mode present = mode;
        try {
            if (!present.readable()) {
                present.checkReadable();
            }
            return stripe;
        } catch (RuntimeException | Error e) {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
            throw e;
        }
    }

    /** For what is done to memory whatever it shows. */
    private Stripe enterToWork() {
        Stripe stripe = stripes.enter();
        Mode present = mode;
        if (present.closed()) {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
            present.checkOpen();
        }
        return stripe;
    }

    /**
     * Finds the record of the stripe's key as a reader sees it: numbered, not deleted, not expired.
     *
     * @return the record, or 0
     */
    private long read(
            Stripe stripe, byte[] key, int offset, int length, long hash, ReadTrace trace) {
        long record = index.find(stripe, key, offset, length, hash);
        long live = record == 0 ? 0 : live(record);
        return counted(stripe, live, trace);
    }

    /** Counts a read of a record, or of none, and tells eviction of it, as far as it is to. */
    private long counted(Stripe stripe, long live, ReadTrace trace) {
        if (trace == ReadTrace.NONE) {
            return live;
        }
        if (live == 0) {
            stripe.missCount++;
        } else {
            stripe.hitCount++;
            if (trace == ReadTrace.USE) {
                touch(live);
            }
        }
        return live;
    }

    /** Tells eviction of a read, if that changes what it knows. */
    private void touch(long record) {
        Evictor present = evictor;
        if (present != null) {
            EvictionPolicy policy = present.policy();
            int access = Records.access(mem, record);
            int after = policy.onAccess(access, policy.now(coarseMs));
            if (after != access) {
                Records.setAccess(mem, record, after);
            }
        }
    }

    /** What eviction is to know of a new record, in the place of another one or of none. */
    int accessOf(Key key, long before) {
        Evictor present = evictor;
        if (present == null) {
            return 0;
        }
        EvictionPolicy policy = present.policy();
        int now = policy.now(coarseMs);
        return before != 0 && Records.isValue(mem, before)
                ? policy.onAccess(Records.access(mem, before), now)
                : policy.onCreate(Index.name(key.hash), now);
    }

    /** How often a key is used; empty if it is absent, or if the policy does not tell. */
    public OptionalInt frequency(byte[] key) {
        Evictor present = evictor;
        OptionalInt access = access(key);
        if (present == null || access.isEmpty()) {
            return OptionalInt.empty();
        }
        EvictionPolicy policy = present.policy();
        return policy.useFrequency(access.getAsInt(), policy.now(coarseMs));
    }

    /** For how long a key was not used; empty if it is absent, or if the policy does not tell. */
    public OptionalLong idleMs(byte[] key) {
        Evictor present = evictor;
        OptionalInt access = access(key);
        if (present == null || access.isEmpty()) {
            return OptionalLong.empty();
        }
        EvictionPolicy policy = present.policy();
        return policy.idleMs(access.getAsInt(), policy.now(coarseMs));
    }

    private OptionalInt access(byte[] key) {
        return inspect(
                key,
                (edit, record) ->
                        record == 0 || live(record) == 0
                                ? OptionalInt.empty()
                                : OptionalInt.of(Records.access(mem, record)));
    }

    /** Moves the clock on that eviction reads: often enough is ten times a second. */
    void tick() {
        coarseMs = clock.nowMs();
    }

    // ---- eviction

    /** Chooses a key to evict; false if none was found that may go. */
    boolean select(Evictor by, Evictor.Victim into) {
        Stripe stripe = enterToWork();
        try {
            return by.select(stripe, coarseMs, into);
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /**
     * Evicts a key, if it is still what was chosen.
     *
     * @return bytes gained: what it took, less its tombstone; 0 if it was not evicted
     */
    long evict(Evictor.Victim victim) {
        Mutation mutation =
                (edit, current) ->
                        current != 0 && Records.version(mem, current) == victim.version
                                ? edit.tombstone()
                                : Mutation.UNCHANGED;
        Outcome outcome = new Outcome();
        boolean evicted =
                mutate(victim.key, 0, victim.key.length, mutation, outcome, Event.EVICTED);
        // Of a tree only the root is counted as it goes: the estimate is better then.
        long estimate = victim.length - Records.HEADER_LENGTH - victim.key.length;
        return evicted ? Math.max(-outcome.takeDebt(), estimate) : 0;
    }

    /** Evicts what a write added, once memory is nearly full. The caller holds nothing. */
    private void payDebt(Outcome outcome) {
        long debt = outcome.takeDebt();
        Evictor present = evictor;
        if (present == null || debt == 0) {
            return;
        }
        try {
            present.pay(debt);
        } catch (HotpairException | IllegalStateException e) {
            // The write is made: that the next one, which evicts, is refused must not look as if it
            // were not. It stays owed, and who writes next is told by his own write.
            boolean isRefused =
                    e instanceof HotpairException refusal
                            ? refusal.category() != HotpairException.Category.CORRUPTION
                            : mode.closed();
            if (!isRefused) {
                throw e;
            }
        }
    }

    /** Notes what a write added, for {@link #payDebt}, and lets the policy's time go on. */
    void note(Stripe stripe, Outcome outcome) {
        Evictor present = evictor;
        if (present == null) {
            return;
        }
        outcome.owe(stripe.debt);
        stripe.debt = 0;
        if (stripe.allocated >= maxMemoryBytes() >>> POLICY_STEP_SHIFT) {
            present.policy().onAllocate(stripe.allocated);
            stripe.allocated = 0;
        }
    }

    /** Makes room for a write that found none; the caller holds nothing. */
    void makeRoom(int attempt, Event whenGone) {
        Evictor present = evictor;
        // What is evicted while it is up may be kept for it, and then makes no room. But what was
        // freed a moment ago may only wait for somebody who is inside.
        if (snapshotView != null && attempt < ATTEMPTS_BESIDE_SNAPSHOT) {
            awaitRoomInMemory(attempt);
            return;
        }
        if (endSnapshotHolding(present == null ? 0 : slab.accountant().reserve())
                || compactor.run()) {
            return;
        }
        if (present != null && whenGone != Event.EVICTED) {
            long unused = present.evict(EVICTION_STEP << Math.min(attempt, 8));
        }
        awaitRoomInMemory(attempt);
    }

    /** What the index may take yet for the keys there are: it grows by whole segments. */
    private long indexRoom() {
        long most = sum(Counter.KEYS) / MIN_SEGMENT_KEYS + SPARE_SEGMENTS;
        return Math.max(SPARE_SEGMENTS, most - index.segmentCount()) * Index.SEGMENT_LENGTH;
    }

    /** Whether keys are evicted to make room. */
    boolean evicts() {
        return evictor != null;
    }

    /** How many keys were evicted. */
    public long evictedCount() {
        return evictor == null ? 0 : evictor.evictedCount();
    }

    /** Null only if the reader's result is, and then its caller knows. */
    @SuppressWarnings("NullAway")
    <R> R result(@Nullable R result) {
        return result;
    }

    /** Looks at a key, which is a use of it. */
    public <R> R read(byte[] key, Reader<R> reader) {
        return read(key, reader, ReadTrace.USE);
    }

    /** Looks at a key; the result is null only if the reader's is. */
    public <R> R read(byte[] key, Reader<R> reader, ReadTrace trace) {
        long hash = hash(key);
        Stripe stripe = enterToRead();
        try {
            long record = read(stripe, key, 0, key.length, hash, trace);
            return result(reader.read(edit(stripe), record));
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /** Looks at several keys as of one moment, which is a use of each. */
    public <R> R readAll(byte[][] keys, MultiReader<R> reader) {
        return readAll(keys, reader, ReadTrace.USE);
    }

    /** Looks at several keys as of one moment. */
    public <R> R readAll(byte[][] keys, MultiReader<R> reader, ReadTrace trace) {
        return readTogether(
                KeyList.of(keys),
                (stripe, found) -> {
                    long[] records = new long[keys.length];
                    for (int i = 0; i < keys.length; i++) {
                        long record = found.record(i);
                        records[i] = counted(stripe, record == 0 ? 0 : live(record), trace);
                    }
                    return result(reader.read(edit(stripe), records));
                });
    }

    /** Looks at the records that a double collect has found, inside its epoch. */
    private interface CollectReader<R> {
        R read(Stripe stripe, DoubleCollect found);
    }

    /**
     * Reads several keys as of one moment. While others write them all the time, each attempt is in
     * an epoch of its own, so that what they replace does not pile up, and asks them to wait.
     */
    private <R> R readTogether(KeyList keys, CollectReader<R> reader) {
        boolean asked = false;
        try {
            for (int attempt = 0; attempt < MAX_COLLECT_ATTEMPTS; attempt++) {
                Stripe stripe = enterToRead();
                try {
                    DoubleCollect collect = collect(stripe);
                    if (collect.read(stripe, keys, COLLECT_PASSES)) {
                        return reader.read(stripe, collect);
                    }
                } finally {
                    try {
                        stripes.leave(stripe);
                    } catch (StackOverflowError noStack) {
                        stripe.isLeft = true;
                    }
                }
                rightOfWay.ask();
                asked = true;
            }
        } finally {
            if (asked) {
                rightOfWay.end();
            }
        }
        throw new HotpairException(
                HotpairException.Category.BUSY,
                "others wrote the keys all the time, also when asked to wait, in "
                        + MAX_COLLECT_ATTEMPTS
                        + " attempts to see all of them at one moment");
    }

    /**
     * Brings what finding some keys takes into the cache, if they may be read at all. The keys of a
     * small keyspace are there already.
     */
    public void prefetch(byte[] keys, int[] offsets, int[] lengths, int count) {
        mode.checkOpen();
        if (index.segmentCount() < MIN_PREFETCHED_SEGMENTS) {
            return;
        }
        Stripe stripe = enterToWork();
        try {
            if (mode.readable()) {
                collect(stripe).prefetch(stripe, keys, offsets, lengths, count);
            }
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    private DoubleCollect collect(Stripe stripe) {
        DoubleCollect known = stripe.collect;
        if (known == null) {
            known = new DoubleCollect(mem, index, numbering);
            stripe.collect = known;
        }
        return known;
    }

    /** The version of a key's record, whatever it says; 0 if there is none. */
    public long version(byte[] key) {
        Stripe stripe = enterToRead();
        try {
            stripe.key.set(key, 0, key.length, hash(key));
            long record = index.find(stripe, false);
            return record == 0 ? 0 : numbering.number(record);
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    long hash(byte[] key) {
        return index.hash(key, 0, key.length);
    }

    // ---- snapshots

    @Nullable SnapshotView snapshotView() {
        return snapshotView;
    }

    /** Fixes the state that a snapshot shows. One at a time; {@link #closeSnapshot} ends it. */
    synchronized SnapshotView openSnapshot() {
        if (snapshotView != null) {
            throw new IllegalStateException("a snapshot is open, expected one at a time");
        }
        int generation = Math.min(snapshotGeneration + 1, SnapshotView.MAX_GENERATION);
        snapshotGeneration = generation;
        while (releasing.get() > 0) {
            // What is held from now on must not be released with what was held before.
            LockSupport.parkNanos(this, BACKPRESSURE_PARK_NS);
        }
        // The last generation comes again and again: it tells nothing, so nothing is born in it.
        boolean spent = generation == SnapshotView.MAX_GENERATION;
        int marked = spent ? 0 : generation;
        SnapshotView raised = new SnapshotView(marked, SnapshotView.UNKNOWN);
        snapshotView = raised;
        try {
            stripes.awaitGrace();
            SnapshotView fixed = new SnapshotView(marked, stateOpId());
            if (!SNAPSHOT_VIEW.compareAndSet(this, raised, fixed)) {
                // Who has begun to write since has found no view, and left no link (V1).
                throw roleIsChanging();
            }
            return fixed;
        } catch (RuntimeException | Error e) {
            snapshotView = null;
            throw e;
        }
    }

    private static IllegalStateException roleIsChanging() {
        return new IllegalStateException(
                "this node's role is changing, expected it to be settled for a snapshot");
    }

    /** The opId up to which memory holds what happened: the last one given, or applied. */
    private long stateOpId() {
        long upTo = Long.MAX_VALUE;
        for (int attempt = 0; attempt < MAX_STATE_ATTEMPTS; attempt++) {
            // Asked once: what was applied is out of date on a master, and so it is on one that
            // has just ceased to be it.
            if (mode.isMaster()) {
                return numbering.lastOpId();
            }
            // An operation that was begun under no view has left no link: it must count (V1). Asked
            // after the role: who ceases to be master says before that nothing is settled.
            upTo = Math.min(upTo, applyingOpId);
            long applied = appliedOpId;
            if (applied >= upTo) {
                return applied;
            }
            LockSupport.parkNanos(this, BACKPRESSURE_PARK_NS);
        }
        throw roleIsChanging();
    }

    /** Says which operation of a log is about to be applied. */
    void applying(long opId) {
        applyingOpId = opId;
    }

    /** Says that memory is about to change in another way: no snapshot until it is said how far. */
    void unsettled() {
        applyingOpId = Long.MAX_VALUE;
    }

    /** Says how far the operations of a log have been applied. */
    void applied(long opId) {
        appliedOpId = opId;
        if (applyingOpId != opId) {
            applyingOpId = opId;
        }
    }

    /** Ends an open snapshot whatever it is at: versions are about to go back. */
    void dropSnapshot() {
        snapshotView = null;
    }

    /**
     * Ends an open snapshot unless it shows no more than what happened up to an opId: numbers above
     * that were given, and will be given again.
     */
    void dropSnapshotAfter(long opId) {
        SnapshotView present = snapshotView;
        if (present != null && (!present.isFixed() || present.opId() > opId)) {
            dropSnapshot();
        }
    }

    /** Evicts as much as a snapshot may keep, so that it can stay up while memory is full. */
    void makeHeadroom() {
        Evictor present = evictor;
        if (present != null && mode.isMaster() && slab.isNearlyFull()) {
            long unsuited = UNSUITED_CHUNKS * (long) slab.accountant().chunkLength();
            long wanted = mostHeldBytes() + unsuited - slab.idleBytes();
            if (wanted > 0) {
                long unused = present.evict(wanted);
            }
        }
    }

    private long mostHeldBytes() {
        return maxMemoryBytes() >>> HELD_SHIFT;
    }

    /** Ends an open snapshot, where memory is nearly full, that keeps more than it may (V5). */
    boolean yieldSnapshot() {
        return endSnapshotHolding(mostHeldBytes());
    }

    /**
     * Waits for nobody, since the caller may be inside in the middle of another operation. What
     * those hold who still saw it up is released when it is closed.
     */
    private boolean endSnapshotHolding(long moreThanBytes) {
        SnapshotView present = snapshotView;
        if (present == null || !present.isFixed() || heldBytes() <= moreThanBytes) {
            return false;
        }
        releasing.incrementAndGet();
        try {
            if (SNAPSHOT_VIEW.compareAndSet(this, present, null)) {
                for (int i = 0; i < stripes.count(); i++) {
                    releaseHeld(i);
                }
            }
        } finally {
            releasing.decrementAndGet();
        }
        return true;
    }

    /** Lets go of what was held for a snapshot. The caller holds nothing. */
    synchronized void closeSnapshot(SnapshotView view) {
        if (snapshotView == view) {
            snapshotView = null;
        } else if (snapshotView != null) {
            // It was ended, and there is another one: what is held may be for that.
            return;
        }
        // Those who still hold something for it have seen it up: when they have left, nobody adds.
        stripes.awaitGrace();
        for (int i = 0; i < stripes.count(); i++) {
            releaseHeld(i);
        }
    }

    private void releaseHeld(int i) {
        for (int attempt = 0; attempt < MAX_MEMORY_ATTEMPTS; attempt++) {
            if (stripes.claim(i)) {
                Stripe stripe = stripes.stripe(i);
                try {
                    slab.releaseHeld(stripe);
                    return;
                } finally {
                    try {
                        stripes.leave(stripe);
                    } catch (StackOverflowError noStack) {
                        stripe.isLeft = true;
                    }
                }
            }
            // Its holder releases it, too, if it is a writer.
            LockSupport.parkNanos(this, BACKPRESSURE_PARK_NS);
        }
    }

    /** Bytes that are kept for a snapshot. */
    long heldBytes() {
        long sum = 0;
        for (int i = 0; i < stripes.count(); i++) {
            sum += stripes.stripe(i).heldBytes();
        }
        return sum;
    }

    /**
     * Visits every value of a segment as of the open snapshot, in an epoch.
     *
     * @return the first hash of the next segment, or 0 after the last one
     */
    int visitSnapshot(SnapshotView view, int upper, SnapshotVisitor visitor) {
        int[] next = new int[1];
        inSnapshot(
                view,
                edit ->
                        next[0] =
                                index.visitSegment(
                                        upper,
                                        record -> {
                                            long seen = asOf(view, record);
                                            if (seen != 0 && Records.isValue(mem, seen)) {
                                                visitor.visit(edit, seen);
                                            }
                                        }));
        return next[0];
    }

    /** Does a step of a snapshot's walk in an epoch of its own. */
    void inSnapshot(SnapshotView view, Consumer<Edit> step) {
        Stripe stripe = enterToWork();
        try {
            // What it needs is released after the view is down, so not before this epoch ends.
            if (snapshotView != view) {
                throw new IllegalStateException(
                        "the snapshot was ended by a change of this node's role, or because"
                                + " writes needed the memory that was kept for it");
            }
            step.accept(edit(stripe));
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /** The newest record of a key that is not above a snapshot's opId (V2); 0 if there is none. */
    private long asOf(SnapshotView view, long record) {
        long seen = record;
        while (seen != 0 && numbering.number(seen) > view.opId()) {
            seen = Records.previous(mem, seen);
        }
        return seen;
    }

    /** Receives a record inside an epoch. */
    interface SnapshotVisitor {
        void visit(Edit edit, long record);
    }

    // ---- several keys

    /** Does several things as one step; see {@link Executor#transact}. */
    public <R> R transact(Function<Executor, R> body, Outcome outcome) {
        try {
            R result = transactions.run(body, outcome);
            payDebt(outcome);
            return result;
        } catch (Error e) {
            consumers.allPostponed = true;
            throw e;
        }
    }

    Transaction beginTransaction(Outcome outcome) {
        Mode present = mode;
        // One that only reads may run on a replica, too.
        boolean writable = present.refusal() == null;
        Stripe stripe = writable ? enterToWrite(outcome) : enterToRead();
        try {
            if (!writable) {
                outcome.begin(present.term());
            }
            Edit edit = edit(stripe);
            edit.beginGroup(0, ring != null);
            return new Transaction(
                    this,
                    mem,
                    index,
                    commits,
                    slab,
                    stripe,
                    edit,
                    outcome,
                    writable ? null : present);
        } catch (RuntimeException | Error e) {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
            throw e;
        }
    }

    /** One that does again what the log says; see {@link #apply}. */
    Transaction beginReplay(long opId) {
        Stripe stripe = enterToWork();
        stripe.unbounded = true;
        Edit edit = edit(stripe);
        edit.beginGroup(opId, false);
        return new Transaction(this, mem, index, commits, slab, stripe, edit, new Outcome(), null);
    }

    /**
     * Puts a tombstone where a key has no entry, so that there is a record to compare with. It says
     * what was so already, takes no opId, and counts as older than everything.
     *
     * @return the record, or 0 if another one came first and the search must be repeated
     */
    long installVoid(Stripe stripe, Edit edit) {
        long record = edit.voidRecord();
        if (index.install(stripe, record)) {
            stripe.tombstoneCount++;
            edit.forget(record);
        } else {
            edit.discard(record);
        }
        return index.find(stripe, true);
    }

    private Edit edit(Stripe stripe) {
        Edit edit = stripe.edit;
        if (edit == null) {
            edit = new Edit(this, mem, slab, stripe);
            stripe.edit = edit;
        }
        return edit;
    }

    long nowMs() {
        return clock.nowMs();
    }

    /** The clock by which deadlines are judged. */
    ClockCell deadlineClock() {
        return clock;
    }

    int memberHash(byte[] bytes, int offset, int length) {
        return (int) (sipHash.hash(bytes, offset, length) >>> 32);
    }

    /** The record itself if it is a value that has not expired, else 0. Numbers it first (I3). */
    long live(long record) {
        numbering.number(record);
        if (Records.type(mem, record) == Records.TOMBSTONE) {
            return 0;
        }
        long deadlineMs = Records.deadlineMs(mem, record);
        return deadlineMs != 0 && deadlineMs <= clock.nowMs() ? 0 : record;
    }

    /** Copies a value if it fits; returns its length, or {@link #ABSENT}. */
    public int get(
            byte[] key, int keyOffset, int keyLength, byte[] into, int offset, ReadTrace trace) {
        long hash = index.hash(key, keyOffset, keyLength);
        Stripe stripe = enterToRead();
        try {
            long record = read(stripe, key, keyOffset, keyLength, hash, trace);
            if (record == 0) {
                return ABSENT;
            }
            Edit.expect(mem, record, Records.STRING);
            int length = (int) StringContent.length(mem, record);
            if (length > into.length - offset) {
                return length;
            }
            if (Records.isTree(mem, record)) {
                new StringContent(edit(stripe)).open(record).copyOut(0, into, offset, length);
            } else {
                Records.copyValue(mem, record, keyLength, into, offset, length);
            }
            return length;
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /** Gives a copy of a value, or null; a use of the key. */
    public byte @Nullable [] get(byte[] key, int keyOffset, int keyLength) {
        return get(key, keyOffset, keyLength, ReadTrace.USE);
    }

    /** Gives a copy of a value, or null. */
    public byte @Nullable [] get(byte[] key, int keyOffset, int keyLength, ReadTrace trace) {
        long hash = index.hash(key, keyOffset, keyLength);
        Stripe stripe = enterToRead();
        try {
            long record = read(stripe, key, keyOffset, keyLength, hash, trace);
            return StringContent.copy(edit(stripe), record);
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /** The length of a value, or {@link #ABSENT}. */
    public int length(byte[] key, int keyOffset, int keyLength, ReadTrace trace) {
        long hash = index.hash(key, keyOffset, keyLength);
        Stripe stripe = enterToRead();
        try {
            long record = read(stripe, key, keyOffset, keyLength, hash, trace);
            Edit.expect(mem, record, Records.STRING);
            return record == 0 ? ABSENT : (int) StringContent.length(mem, record);
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /** The deadline of a key, 0 for none, or {@link #ABSENT}. */
    public long deadlineMs(byte[] key, int keyOffset, int keyLength, ReadTrace trace) {
        long hash = index.hash(key, keyOffset, keyLength);
        Stripe stripe = enterToRead();
        try {
            long record = read(stripe, key, keyOffset, keyLength, hash, trace);
            return record == 0 ? ABSENT : Records.deadlineMs(mem, record);
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /** Copies of several strings as of one moment; null for an absent key or another type. */
    public byte @Nullable [][] getAll(
            byte[] keys, int[] offsets, int[] lengths, int count, ReadTrace trace) {
        byte @Nullable [][] values = new byte[count][];
        return readTogether(
                KeyList.of(keys, offsets, lengths, count),
                (stripe, found) -> {
                    for (int i = 0; i < count; i++) {
                        values[i] = stringOf(stripe, found.record(i), trace);
                    }
                    return values;
                });
    }

    private byte @Nullable [] stringOf(Stripe stripe, long found, ReadTrace trace) {
        long record = counted(stripe, found == 0 ? 0 : live(found), trace);
        boolean isString = record != 0 && Records.type(mem, record) == Records.STRING;
        return isString ? StringContent.copy(edit(stripe), record) : null;
    }

    /** Visits about so many keys from a cursor on; returns where to go on, or 0. */
    public long scan(long cursor, int count, Consumer<byte[]> consumer) {
        Index.Cursor at = new Index.Cursor(cursor);
        List<byte[]> keys = new ArrayList<>();
        boolean more = true;
        Stripe stripe = enterToRead();
        try {
            while (more && keys.size() < count) {
                more =
                        index.visitBucket(
                                at,
                                (name, record) -> {
                                    if (live(record) != 0) {
                                        keys.add(Records.key(mem, record));
                                    }
                                });
            }
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
        // The consumer may take its time: it holds no epoch.
        keys.forEach(consumer);
        return more ? at.encode() : 0;
    }

    /** A key chosen at random, or null. */
    public byte @Nullable [] randomKey() {
        Stripe stripe = enterToRead();
        try {
            int start = ThreadLocalRandom.current().nextInt();
            int[] seen = new int[1];
            long[] chosen = new long[1];
            int upper = start;
            do {
                // Each live record of the segment has the same chance of being the one kept.
                upper =
                        index.visitSegment(
                                upper,
                                record -> {
                                    if (live(record) != 0
                                            && ThreadLocalRandom.current().nextInt(++seen[0])
                                                    == 0) {
                                        chosen[0] = record;
                                    }
                                });
            } while (seen[0] == 0 && Integer.compareUnsigned(upper, start) > 0);
            if (seen[0] == 0 && start != 0) {
                firstLive(chosen);
            }
            return chosen[0] == 0 ? null : Records.key(mem, chosen[0]);
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    private void firstLive(long[] chosen) {
        int upper = 0;
        do {
            upper =
                    index.visitSegment(
                            upper,
                            record -> {
                                if (live(record) != 0) {
                                    chosen[0] = record;
                                }
                            });
        } while (chosen[0] == 0 && upper != 0);
    }

    /**
     * Visits every record segment by segment, each in an epoch of its own, so that a long walk
     * holds nothing up.
     */
    void walk(Index.Visitor visitor) {
        int upper = 0;
        do {
            upper = walkSegment(upper, (edit, record) -> visitor.visit(record));
        } while (upper != 0);
    }

    /**
     * Visits every record of a segment, in an epoch.
     *
     * @return the first hash of the next segment, or 0 after the last one
     */
    int walkSegment(int upper, SnapshotVisitor visitor) {
        Stripe stripe = enterToWork();
        try {
            Edit edit = edit(stripe);
            return index.visitSegment(upper, record -> visitor.visit(edit, record));
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /**
     * Looks at the record of a key, whatever it says, 0 if there is none. For figures: it counts
     * neither as a hit or a miss nor as a use.
     */
    <R> R inspect(byte[] key, Reader<R> reader) {
        Stripe stripe = enterToRead();
        try {
            stripe.key.set(key, 0, key.length, hash(key));
            return result(reader.read(edit(stripe), index.find(stripe, false)));
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    // ---- writes

    private Stripe enterToWrite(Outcome outcome) {
        long giveUpNs = 0;
        rightOfWay.give();
        outcome.begin(0);
        while (true) {
            Stripe stripe = stripes.enter();
            Mode present = mode;
            try {
                boolean hasRoom = ring == null || ring.hasRoom();
                if (hasRoom && present.refusal() == null) {
                    outcome.begin(present.term());
                    return stripe;
                }
            } catch (Error e) {
                try {
                    stripes.leave(stripe);
                } catch (StackOverflowError noStack) {
                    stripe.isLeft = true;
                }
                throw e;
            }
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
            present.checkWritable();
            giveUpNs = awaitRoom(giveUpNs);
        }
    }

    private long awaitRoom(long giveUpNs) {
        long nowNs = clocks.nanoTime();
        if (giveUpNs != 0 && nowNs - giveUpNs > 0) {
            throw new HotpairException(
                    HotpairException.Category.BUSY,
                    "the log did not keep up for " + writeTimeoutNs / 1_000_000 + " ms");
        }
        LockSupport.parkNanos(this, BACKPRESSURE_PARK_NS);
        return giveUpNs == 0 ? nowNs + writeTimeoutNs : giveUpNs;
    }

    /** Between two attempts of a write that found no memory: the caller holds nothing here. */
    void awaitRoomInMemory(int attempt) {
        if (attempt == MAX_MEMORY_ATTEMPTS) {
            throw memoryLimit("the write");
        }
        stripes.advance();
        if (!compactor.run() && attempt > 0) {
            LockSupport.parkNanos(this, MEMORY_PARK_NS);
        }
    }

    /** The refusal of a write that found no memory; the caller throws it. */
    RuntimeException noRoom(long lengthBytes) {
        // What is longer than all memory is no reason to evict anything.
        boolean mayHaveRoom = slab.mayHaveRoomSoon() || (snapshotView != null && heldBytes() > 0);
        return lengthBytes < maxMemoryBytes() && mayHaveRoom
                ? new NoRoomNow()
                : memoryLimit(lengthBytes + " bytes");
    }

    private HotpairException memoryLimit(String wanted) {
        return new HotpairException(
                HotpairException.Category.MEMORY_LIMIT,
                "no room for "
                        + wanted
                        + ": "
                        + usedMemoryBytes()
                        + " bytes are in use, maxMemory="
                        + maxMemoryBytes());
    }

    /**
     * Changes a key.
     *
     * @param mutation decides; what it throws is thrown, and nothing is changed
     * @return whether the key was changed
     */
    public boolean mutate(byte[] key, int offset, int length, Mutation mutation, Outcome outcome) {
        boolean changed = mutate(key, offset, length, mutation, outcome, Event.DELETED);
        payDebt(outcome);
        return changed;
    }

    private boolean mutate(
            byte[] key,
            int offset,
            int length,
            Mutation mutation,
            Outcome outcome,
            Event whenGone) {
        for (int attempt = 0; ; attempt++) {
            try {
                int type = tryMutate(key, offset, length, mutation, outcome);
                if (type != 0 && !listeners.isEmpty()) {
                    Event event = type == Records.TOMBSTONE ? whenGone : Event.CHANGED;
                    listeners.changed(key, offset, length, event, type, outcome);
                }
                return type != 0;
            } catch (NoRoomNow e) {
                makeRoom(attempt, whenGone);
            } catch (Error e) {
                // Perhaps behind the change, and nobody has heard of it.
                consumers.allPostponed = true;
                throw e;
            }
        }
    }

    /** Returns the type of the new record, or 0 if the key was left alone. */
    private int tryMutate(byte[] key, int offset, int length, Mutation mutation, Outcome outcome) {
        long hash = index.hash(key, offset, length);
        Stripe stripe = enterToWrite(outcome);
        try {
            stripe.key.set(key, offset, length, hash);
            slab.expect(stripe);
            while (true) {
                long old = index.findToWrite(stripe);
                long current = old == 0 ? 0 : live(old);
                Edit edit = edit(stripe);
                edit.begin(0, ring != null);
                edit.nextKey(old, current);
                long record = replace(stripe, edit, mutation, current);
                if (record == Mutation.UNCHANGED) {
                    return 0;
                }
                if (record != LOST) {
                    outcome.committed(numbering.number(record));
                    outcome.found(before(old, current));
                    int type = Records.type(mem, record);
                    replaced(stripe, edit, old, record);
                    note(stripe, outcome);
                    return type;
                }
            }
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /** What a key had, given its record and the same unless it has expired or was deleted. */
    Before before(long found, long current) {
        return current != 0 ? Before.PRESENT : count(found) == 0 ? Before.ABSENT : Before.EXPIRED;
    }

    /**
     * Builds a record and installs it in the place of the one found.
     *
     * @return the record, {@link Mutation#UNCHANGED}, or {@link #LOST} if another one came first
     */
    private long replace(Stripe stripe, Edit edit, Mutation mutation, long current) {
        boolean installed = false;
        try {
            long record = mutation.apply(edit, current);
            if (record == Mutation.UNCHANGED) {
                return Mutation.UNCHANGED;
            }
            edit.settle();
            installed = index.install(stripe, record);
            return installed ? record : LOST;
        } finally {
            if (!installed) {
                edit.abandon();
            }
        }
    }

    /** Counts a record that took the place of another one. */
    void count(Stripe stripe, long old, long record) {
        int keys = count(record) - count(old);
        int deadlines = countDeadline(record) - countDeadline(old);
        if ((keys | deadlines) != 0) {
            stripe.keyCount += keys;
            stripe.deadlineCount += deadlines;
            areas.add(mem, record, keys, deadlines);
        }
        stripe.tombstoneCount += countTombstone(record) - countTombstone(old);
        stripe.timedCount += countTimed(record) - countTimed(old);
    }

    /** Counts, and retires what a record replaced. */
    private void replaced(Stripe stripe, Edit edit, long old, long record) {
        count(stripe, old, record);
        edit.commit();
        if (old != 0) {
            edit.retire(old);
        }
    }

    private int count(long record) {
        return record != 0 && Records.isValue(mem, record) ? 1 : 0;
    }

    private int countTombstone(long record) {
        return record != 0 && Records.type(mem, record) == Records.TOMBSTONE ? 1 : 0;
    }

    /** How many entries of the index say that a key is absent. */
    long tombstoneCount() {
        long sum = 0;
        for (int i = 0; i < stripes.count(); i++) {
            sum += stripes.stripe(i).tombstoneCount;
        }
        return sum;
    }

    private int countDeadline(long record) {
        return record != 0 && Records.deadlineMs(mem, record) != 0 ? 1 : 0;
    }

    private int countTimed(long record) {
        return record != 0 && Records.isTimed(mem, record) ? 1 : 0;
    }

    /** Replaces a key by a tombstone if it has expired; returns whether it did. Masters only. */
    boolean removeIfExpired(byte[] key, Outcome outcome) {
        boolean removed =
                mutate(
                        key,
                        0,
                        key.length,
                        (edit, current) ->
                                isExpiredValue(edit.found())
                                        ? edit.tombstone()
                                        : Mutation.UNCHANGED,
                        outcome,
                        Event.EXPIRED);
        if (removed) {
            expiredCount.increment();
        }
        return removed;
    }

    private boolean isExpiredValue(long record) {
        return record != 0 && isExpired(record);
    }

    /** Removes some of a hash's expired fields; returns whether it did. Masters only. */
    boolean removeExpiredFields(byte[] key, Outcome outcome) {
        outcome.origin(WriteListener.FIELD_EXPIRY);
        try {
            return mutate(key, 0, key.length, HashCommands::removeExpired, outcome);
        } finally {
            outcome.origin(null);
        }
    }

    /**
     * Adds the expired keys of one segment to a list, and hashes with expired fields to another;
     * returns the next segment's hash, 0 at the end.
     */
    int collectExpired(int upper, List<byte[]> into, List<byte[]> hashes) {
        Stripe stripe = enterToWork();
        try {
            Edit edit = edit(stripe);
            return index.visitSegment(
                    upper,
                    record -> {
                        if (isExpired(record)) {
                            into.add(Records.key(mem, record));
                        } else if (Records.isTimed(mem, record)
                                && edit.members().open(record).hasExpired()) {
                            hashes.add(Records.key(mem, record));
                        }
                    });
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    private boolean isExpired(long record) {
        long deadlineMs = Records.deadlineMs(mem, record);
        return deadlineMs != 0 && deadlineMs <= clock.nowMs() && Records.isValue(mem, record);
    }

    // ---- memory

    /**
     * Moves what one segment holds, and the segment, away from addresses to be left, and purges it.
     *
     * @return the first hash of the next segment, or 0 after the last one
     */
    int relocateSegment(int upper, Relocation relocation) {
        List<byte[]> keys = new ArrayList<>();
        int next;
        Stripe stripe = enterToCompact();
        long debt = stripe.debt;
        try {
            relocateIndex(stripe, upper, relocation);
            next =
                    index.visitSegment(
                            upper,
                            record -> {
                                if (relocation.moves(record) || Records.isTree(mem, record)) {
                                    keys.add(Records.key(mem, record));
                                }
                            });
        } finally {
            stripe.debt = debt;
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
        for (byte[] key : keys) {
            relocation.begin();
            do {
                relocate(key, relocation);
            } while (relocation.advance());
        }
        return next;
    }

    private void relocateIndex(Stripe stripe, int upper, Relocation relocation) {
        try {
            index.relocate(stripe, upper, relocation::moves);
        } catch (NoRoomNow e) {
            // Its chunk is not emptied this time. Those of values have no segments in them.
            slab.reclaim(stripe);
        }
    }

    private Stripe enterToCompact() {
        Stripe stripe = enterToWork();
        stripe.compacts = true;
        return stripe;
    }

    /** Replaces a record by a copy that says the same, with the same version. */
    private void relocate(byte[] key, Relocation relocation) {
        Stripe stripe = enterToCompact();
        // What is moved is nobody's debt.
        long debt = stripe.debt;
        try {
            stripe.key.set(key, 0, key.length, hash(key));
            long record = LOST;
            while (record == LOST) {
                long old = index.find(stripe, true);
                if (old == 0) {
                    relocation.end();
                    return;
                }
                Edit edit = edit(stripe);
                edit.begin(numbering.number(old), false);
                if (edit.hasSnapshot()) {
                    relocation.end();
                    return;
                }
                edit.nextKey(old, old);
                record = replace(stripe, edit, relocation, old);
                if (record != LOST && record != Mutation.UNCHANGED) {
                    replaced(stripe, edit, old, record);
                }
            }
        } catch (NoRoomNow e) {
            relocation.miss();
        } finally {
            stripe.debt = debt;
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /**
     * Does some of what memory needs besides writes: what was deleted becomes free blocks, less is
     * used after the limit was lowered, free blocks of the wrong size become others, and eviction
     * is prepared.
     */
    void maintainMemory(long budgetNs) {
        long startNs = clocks.nanoTime();
        while (slab.reclaimIdle() && clocks.nanoTime() - startNs < budgetNs) {
            // A huge value is freed in parts, so that who writes meanwhile finds its stripe soon.
        }
        Accountant accountant = slab.accountant();
        long excess = accountant.used() - accountant.limit();
        if (excess > 0 && !endSnapshotHolding(0)) {
            evictExcess(excess, accountant.chunkLength());
        }
        compactor.runFor(clocks, excess > 0 ? EXCESS_FACTOR * budgetNs : budgetNs);
        if (evictor != null) {
            // Last: while the machine has no memory for it, all else is needed the more.
            evictor.prepare();
        }
    }

    /** Evicts until compaction can give so much back. While it is at work, nobody can tell. */
    private void evictExcess(long excess, int chunkLength) {
        Evictor present = evictor;
        if (present != null && mode.isMaster() && !compactor.isActive()) {
            long kept = excess + SPARE_CHUNKS * (long) chunkLength - slab.idleBytes();
            if (kept > 0 || !compactor.isWanted()) {
                long unused = present.evict(Math.max(kept, chunkLength));
            }
        }
    }

    /**
     * Changes the limit. What is above a lower one is given back in the background, as far as keys
     * may be evicted; until then, or else, writes that need memory are refused.
     */
    public void maxMemoryBytes(long bytes) {
        mode.checkOpen();
        slab.accountant().limit(bytes);
    }

    // ---- the log's side

    /**
     * A tombstone that the log holds need not be kept: there is nothing older that it would hide.
     */
    private boolean isPurgeable(long record) {
        if (Records.type(mem, record) != Records.TOMBSTONE || snapshotView != null) {
            return false;
        }
        long version = Records.version(mem, record);
        return version != 0 && version <= numbering.takenOpId();
    }

    /**
     * Gives back the operation that a record carried, when the log role has copied it or throws it
     * away. Nobody else looks at it.
     */
    void releaseEffect(Stripe stripe, long record) {
        long effect = Records.effect(mem, record);
        if (effect != 0) {
            Records.clearEffect(mem, record);
            slab.free(stripe, effect, mem.getLong(effect));
        }
    }

    /** Writes a barrier: an operation that touches no key. Returns its opId. */
    long writeBarrier() {
        for (int attempt = 0; ; attempt++) {
            try {
                return tryWriteBarrier();
            } catch (NoRoomNow e) {
                awaitRoomInMemory(attempt);
            }
        }
    }

    private long tryWriteBarrier() {
        Stripe stripe = stripes.enter();
        try {
            stripe.key.set(NO_BYTES, 0, 0, 0);
            Edit edit = edit(stripe);
            edit.begin(0, false);
            edit.shrinks();
            long record = edit.record(Records.BARRIER, 0, 0, NO_BYTES, 0, 0);
            long opId = numbering.number(record);
            slab.retire(stripe, record);
            return opId;
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /**
     * Changes a key as an operation with a known opId did, while writes are refused. For each key
     * one thread at a time.
     *
     * @param force whether a record that is as new or newer is replaced as well, as a rewind must
     */
    void apply(byte[] key, int offset, int length, Mutation mutation, long opId, boolean force) {
        apply(key, offset, length, hash(key, offset, length), mutation, opId, force);
    }

    /** The hash of a key, as {@link #warm} and {@link #apply} take it. */
    long hash(byte[] key, int offset, int length) {
        return index.hash(key, offset, length);
    }

    /**
     * Brings what is needed to find some keys into the cache, all of it side by side.
     *
     * @return a number that says nothing, and keeps this from being left out
     */
    long warm(long[] hashes, int count) {
        Stripe stripe = enterToWork();
        try {
            return index.warm(hashes, count);
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /** Makes room in the index for keys that will come. Nobody else may use the engine yet. */
    void expect(long keys) {
        Stripe stripe = enterToWork();
        stripe.unbounded = true;
        try {
            index.expect(stripe, keys);
        } finally {
            stripe.debt = 0;
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /** Does what the other one does, for a key whose hash is known. */
    void apply(
            byte[] key,
            int offset,
            int length,
            long hash,
            Mutation mutation,
            long opId,
            boolean force) {
        for (int attempt = 0; ; attempt++) {
            try {
                Outcome outcome = listeners.isEmpty() ? null : new Outcome();
                int type = tryApply(key, offset, length, hash, mutation, opId, force, outcome);
                if (type != 0 && outcome != null) {
                    listeners.changed(key, offset, length, event(type), type, outcome);
                }
                return;
            } catch (NoRoomNow e) {
                awaitRoomInMemory(attempt);
            }
        }
    }

    private int tryApply(
            byte[] key,
            int offset,
            int length,
            long hash,
            Mutation mutation,
            long opId,
            boolean force,
            @Nullable Outcome outcome) {
        Stripe stripe = enterToWork();
        stripe.unbounded = true;
        try {
            stripe.key.set(key, offset, length, hash);
            while (true) {
                long old = index.find(stripe, true);
                if (old != 0 && !force && Records.version(mem, old) >= opId) {
                    return 0;
                }
                // What has expired is still there for an operation that does not say otherwise.
                long current = count(old) == 0 ? 0 : old;
                Edit edit = edit(stripe);
                edit.begin(opId, false);
                edit.nextKey(old, current);
                long record = replace(stripe, edit, mutation, current);
                if (record == Mutation.UNCHANGED) {
                    return 0;
                }
                if (record != LOST) {
                    int type = Records.type(mem, record);
                    if (outcome != null) {
                        outcome.committed(opId);
                        outcome.found(before(old, current));
                    }
                    replaced(stripe, edit, old, record);
                    return type;
                }
            }
        } finally {
            // What the log says is nobody's debt.
            stripe.debt = 0;
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    private static Event event(int type) {
        return type == Records.TOMBSTONE ? Event.DELETED : Event.CHANGED;
    }

    /** Tells listeners of a commit of several keys. */
    void tell(Transaction transaction) {
        if (!listeners.isEmpty()) {
            listeners.changed(transaction.changes(), transaction.writes(), transaction.opId());
        }
    }

    /** Whoever is to hear of changes. */
    public void listen(ChangeListener listener) {
        mode.checkOpen();
        listeners.add(listener);
    }

    /** Ends that. */
    public void unlisten(ChangeListener listener) {
        listeners.remove(listener);
    }

    /** Whoever is to hear of writes. */
    public void listen(WriteListener listener) {
        mode.checkOpen();
        listeners.add(listener);
    }

    /** Ends that. */
    public void unlisten(WriteListener listener) {
        listeners.remove(listener);
    }

    /** Waits for keys; see {@link io.hotpair.Keyspace#whenAvailable}. */
    public <R> CompletableFuture<R> await(byte[][] keys, Supplier<@Nullable R> attempt) {
        mode.checkOpen();
        return consumers.await(keys, attempt);
    }

    /** Those who wait for keys. */
    BlockedConsumers blockedConsumers() {
        return consumers;
    }

    /**
     * Does again a commit of several operations, as one step. The reader stands at the first of
     * them and is left at the last.
     */
    void applyGroup(OperationReader operation, Replay replay) {
        int start = operation.operationOffset();
        long opId = operation.opId();
        for (int attempt = 0; ; attempt++) {
            Transaction transaction = beginReplay(opId);
            try {
                operation.returnTo(start);
                boolean more = true;
                while (more) {
                    transaction.replay(operation, replay, opId);
                    more = operation.hasMore() && operation.next();
                }
                if (transaction.commit(new Outcome())) {
                    break;
                }
            } catch (NoRoomNow e) {
                // Waits below, holding nothing.
            } finally {
                try {
                    transaction.end(new Outcome());
                } finally {
                    stripes.leave(transaction.stripe);
                }
                tell(transaction);
            }
            awaitRoomInMemory(attempt);
        }
    }

    // ---- figures

    /** What the stripes counted, summed up. */
    public enum Counter {
        /** Keys. */
        KEYS,
        /** Keys with a deadline. */
        DEADLINES,
        /** Hashes whose fields have deadlines. */
        FIELD_DEADLINES,
        /** Reads that found their key. */
        HITS,
        /** Reads that did not. */
        MISSES,
        /** Keys removed because they had expired. */
        EXPIRED,
        /** Fields of hashes removed because they had expired. */
        EXPIRED_FIELDS
    }

    /** The sum of a counter. */
    public long sum(Counter counter) {
        long sum = counter == Counter.EXPIRED ? expiredCount.sum() : 0;
        for (int i = 0; i < stripes.count(); i++) {
            Stripe stripe = stripes.stripe(i);
            sum +=
                    switch (counter) {
                        case KEYS -> stripe.keyCount;
                        case DEADLINES -> stripe.deadlineCount;
                        case FIELD_DEADLINES -> stripe.timedCount;
                        case EXPIRED_FIELDS -> stripe.expiredFieldCount;
                        case HITS -> stripe.hitCount;
                        case MISSES -> stripe.missCount;
                        case EXPIRED -> 0;
                    };
        }
        return sum;
    }

    /** The keys of a {@link KeyArea}, or of {@link KeyArea#NONE}. */
    public long keyCount(int area) {
        return area == 0 ? rest(Counter.KEYS, areas::otherKeyCount) : areas.keyCount(area);
    }

    /** Whether a {@link KeyArea} never had a key; of area 0 nothing is known. */
    public boolean isUnused(int area) {
        return area != 0 && areas.isUnused(area);
    }

    /** Those of them that have a deadline. */
    public long deadlineCount(int area) {
        return area == 0
                ? rest(Counter.DEADLINES, areas::otherDeadlineCount)
                : areas.deadlineCount(area);
    }

    /** All without those that are counted apart, which may change while all are summed up. */
    private long rest(Counter all, LongSupplier others) {
        long rest = 0;
        long before = others.getAsLong();
        for (int attempt = 0; attempt < MAX_SUMS; attempt++) {
            rest = sum(all) - before;
            long after = others.getAsLong();
            if (before == after) {
                break;
            }
            before = after;
        }
        return Math.max(0, rest);
    }

    /** A digest of all that is live; see {@link io.hotpair.Keyspace#digest}. */
    public String digest() {
        Values.Digest digest = new Values.Digest();
        int upper = 0;
        do {
            Stripe stripe = enterToRead();
            try {
                Edit edit = edit(stripe);
                upper =
                        index.visitSegment(
                                upper,
                                record -> {
                                    if (live(record) != 0) {
                                        digest.add(edit, record);
                                    }
                                });
            } finally {
                try {
                    stripes.leave(stripe);
                } catch (StackOverflowError noStack) {
                    stripe.isLeft = true;
                }
            }
        } while (upper != 0);
        return digest.hex();
    }

    /** Bytes that the segments of the index take, those that wait for their readers included. */
    long indexBytes() {
        return index.segmentCount() * Index.SEGMENT_LENGTH;
    }

    /**
     * Bytes of what was replaced and waits for readers, the log or a snapshot; out of date at once.
     */
    long retiredBytes() {
        long sum = heldBytes();
        for (int i = 0; i < stripes.count(); i++) {
            sum += stripes.stripe(i).limboBytes();
        }
        return sum;
    }

    /** Bytes that a block of a length takes. */
    long occupiedBytes(long lengthBytes) {
        return slab.occupied(lengthBytes);
    }

    /** The limit on that. */
    public long maxMemoryBytes() {
        return slab.accountant().limit();
    }

    /** Bytes of it in blocks that nobody uses, or uncut. */
    public long idleMemoryBytes() {
        return slab.idleBytes();
    }

    /** Bytes of off-heap memory taken. */
    public long usedMemoryBytes() {
        return slab.accountant().used();
    }

    /** The last opId given. */
    public long lastOpId() {
        return numbering.lastOpId();
    }
}
