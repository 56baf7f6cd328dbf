package io.hotpair.internal;

import io.hotpair.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Empties chunks of which little is in use, so that their memory can become blocks of other sizes,
 * or the machine's again. It is why a keyspace whose values change their sizes does not end with
 * its memory in blocks that nobody wants, and why a limit can be lowered.
 *
 * <pre>
 *   choose    the chunks that have least in use, as many as the others have free blocks for
 *   drain     from here on no block of them is given out, and what comes back is put aside
 *   walk      records and nodes in them are replaced by copies elsewhere, segments are rebuilt,
 *             and all tombstones that can be are purged
 *   settle    until all that was cut of a chunk has come back, at most some passes
 *   release   a grace period later: the log's side may still look at what was in them (N3)
 * </pre>
 *
 * <ul>
 *   <li><b>M1</b> Once every stripe has been drained, no block of such a chunk is in the hands of
 *       anybody who could give it out: free ones are in the chunk's own lists, which are closed,
 *       and one that becomes free is put aside by whoever entered after the evacuation was
 *       published.
 *   <li><b>M2</b> A record is replaced as any write replaces one, by a compare-and-set of its
 *       entry, after it was numbered; its copy has the same version and says the same. So for
 *       readers nothing has happened and the log hears nothing; a writer, a commit or a double
 *       collect that comes between sees another word and searches again. The effect for the log
 *       stays with the old record, which the log's side may still hold.
 *   <li><b>M3</b> A chunk whose free bytes are as many as were cut of it holds nothing. It leaves
 *       the table then, and goes back to the machine a grace period later. Both counts err on the
 *       side of a chunk in use ({@link Chunk}).
 * </ul>
 *
 * <p>Nobody is stopped, and whoever is stopped can stop no one but this. What can't be moved now,
 * since a snapshot holds it, a thread stays in its epoch or no block is left to move to, ends the
 * attempt; chunks that are not empty go on as before.
 *
 * <p>One step at a time is done, by whoever needs room or by the background thread, whichever
 * comes; a step moves what one segment holds, or a part of one large collection.
 */
final class Compactor {
    private static final int MAX_CHUNKS = 64;
    private static final int MIN_FREE_CHUNKS = 4;

    /** So much of the memory may be free in blocks of the wrong size: a part of 2^5. */
    private static final int MIN_FREE_SHIFT = 5;

    /** Chunks with more than so much of them in use, in eighths, cost more than they give. */
    private static final int MAX_USED_EIGHTHS = 6;

    /** What a tombstone takes, about: it depends on the key. */
    private static final long TOMBSTONE_BYTES = 64;

    /** So often may a walk find no block to move to before it ends. */
    private static final int MAX_MISSES = 16;

    /** So many attempts are small ones after one that found no block to move to. */
    private static final int CAUTIOUS_ATTEMPTS = 8;

    private static final int MAX_PASSES = 3;
    private static final int MAX_WAITS = 600;
    private static final long WAIT_NS = 50_000;
    private static final Chunk[] NONE = new Chunk[0];

    private enum Phase {
        IDLE,
        DRAIN,
        WALK,
        SETTLE,
        RELEASE
    }

    private final Engine engine;
    private final Stripes stripes;
    private final Slab slab;
    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile Phase phase = Phase.IDLE;
    private final AtomicLong releasedCount = new AtomicLong();

    /** After an attempt that failed: how much there was to gain. */
    private volatile long failedAtBytes;

    private Chunk[] emptied = NONE;
    private final BitSet undrained = new BitSet();
    private int upper;
    private int pass;
    private int waits;
    private int misses;
    private int cautious;
    private long tombstonesBefore;
    private long releaseEpoch;

    Compactor(Engine engine, Stripes stripes, Slab slab) {
        this.engine = engine;
        this.stripes = stripes;
        this.slab = slab;
    }

    /** How many chunks were given back. */
    long releasedCount() {
        return releasedCount.get();
    }

    /** Whether an attempt is under way. */
    boolean isActive() {
        return phase != Phase.IDLE;
    }

    /** Whether there is room to be had, and somebody has use for it. */
    boolean isWanted() {
        if (isActive()) {
            return true;
        }
        long gain = gainBytes();
        int chunkLength = slab.accountant().chunkLength();
        // What did not help is worth another try when there is more to gain.
        if (gain - failedAtBytes < Math.max(chunkLength, failedAtBytes / 8)) {
            return false;
        }
        return gain >= minGainBytes(chunkLength) && (slab.isNearlyFull() || isMostlyFree(gain));
    }

    /** What is free in chunks that hold other things, and what the log has of deleted keys. */
    private long gainBytes() {
        return slab.chunks().freeBytes() + tombstoneBytes();
    }

    /** Of a keyspace that evicts keys the tombstones are purged all along. */
    private long tombstoneBytes() {
        return engine.evicts() ? 0 : engine.tombstoneCount() * TOMBSTONE_BYTES;
    }

    private long minGainBytes(int chunkLength) {
        long used = slab.accountant().used();
        return used > slab.accountant().limit()
                ? chunkLength
                : Math.max((long) MIN_FREE_CHUNKS * chunkLength, used >>> MIN_FREE_SHIFT);
    }

    /** Then the machine gets it back, even if nobody here has use for it. */
    private boolean isMostlyFree(long gain) {
        return gain > slab.accountant().used() / 2;
    }

    /**
     * Works until memory was given back, or nothing is left to do. The caller holds nothing.
     *
     * @return whether memory was given back
     */
    boolean run() {
        long before = releasedCount.get();
        int idle = 0;
        while (releasedCount.get() == before && isWanted() && idle < MAX_WAITS) {
            if (!tryStep()) {
                idle++;
                stripes.advance();
                LockSupport.parkNanos(this, WAIT_NS);
            }
        }
        return releasedCount.get() != before;
    }

    /** Works for some time, if there is something to do. The caller holds nothing. */
    void runFor(Clock clock, long budgetNs) {
        long startNs = clock.nanoTime();
        while (isWanted() && clock.nanoTime() - startNs < budgetNs) {
            if (!tryStep()) {
                LockSupport.parkNanos(this, WAIT_NS);
            }
        }
    }

    /** Does a step, if there is one to do that need not wait; returns whether it did. */
    private boolean tryStep() {
        if (!isWanted() || !busy.compareAndSet(false, true)) {
            return false;
        }
        try {
            return step();
        } finally {
            busy.set(false);
        }
    }

    /** Waits for the step under way; there is none after it. The caller holds nothing. */
    void close() {
        while (!busy.compareAndSet(false, true)) {
            LockSupport.parkNanos(this, WAIT_NS);
        }
    }

    private boolean step() {
        boolean done = false;
        try {
            boolean progress =
                    switch (phase) {
                        case IDLE -> choose();
                        case DRAIN -> drain();
                        case WALK -> walk();
                        case SETTLE -> settle();
                        case RELEASE -> release();
                    };
            done = true;
            return progress;
        } finally {
            if (!done) {
                giveUp();
            }
        }
    }

    // ---- which

    private boolean choose() {
        Chunk[] chosen = select();
        upper = 0;
        pass = 0;
        waits = 0;
        misses = 0;
        if (chosen.length == 0) {
            if (tombstoneBytes() < slab.accountant().chunkLength()) {
                failedAtBytes = gainBytes();
                return false;
            }
            // To purge tombstones is what a walk does in any case.
            tombstonesBefore = engine.tombstoneCount();
            pass = MAX_PASSES - 1;
            phase = Phase.WALK;
            return true;
        }
        for (Chunk chunk : chosen) {
            chunk.evacuating = true;
            Chunks.seal(chunk);
        }
        Arrays.sort(chosen, Comparator.comparingLong(chunk -> chunk.start));
        emptied = chosen;
        slab.evacuate(chosen);
        requestDrain();
        phase = Phase.DRAIN;
        return true;
    }

    /** A chunk, and how much of it was in use when that was asked: others go on meanwhile. */
    private record Candidate(Chunk chunk, long usedBytes, long freeBytes) {}

    private Chunk[] select() {
        List<Candidate> candidates = new ArrayList<>();
        for (Chunk chunk : slab.chunks().all()) {
            Candidate candidate = new Candidate(chunk, chunk.usedBytes(), chunk.freeBytes.get());
            long most = chunk.lengthBytes() * MAX_USED_EIGHTHS;
            if (chunk.sealed && candidate.usedBytes * 8 <= most) {
                candidates.add(candidate);
            }
        }
        candidates.sort(Comparator.comparingLong(Candidate::usedBytes));
        // What is to be moved goes to free blocks of the chunks that stay, half of which may be of
        // the wrong size, and to the reserve; or, where that was too much, to the reserve alone.
        long reserve = slab.accountant().reserve() / 2;
        long free = slab.chunks().freeBytes();
        long used = 0;
        List<Chunk> chosen = new ArrayList<>();
        for (Candidate candidate : candidates) {
            used += candidate.usedBytes;
            free -= candidate.freeBytes;
            boolean fits = used <= reserve + (cautious > 0 ? 0 : free / 2);
            if (chosen.size() == MAX_CHUNKS || (!fits && !chosen.isEmpty())) {
                break;
            }
            chosen.add(candidate.chunk);
        }
        return chosen.toArray(NONE);
    }

    // ---- how

    private boolean drain() {
        drainStripes();
        if (undrained.isEmpty()) {
            phase = Phase.WALK;
            return true;
        }
        if (++waits > MAX_WAITS) {
            // Somebody does not come out.
            giveUp();
        }
        return false;
    }

    private void requestDrain() {
        slab.requestDrain();
        // A stripe that is added later is entered later, and whoever enters it knows.
        undrained.set(0, stripes.count());
    }

    private void drainStripes() {
        for (int i = undrained.nextSetBit(0); i >= 0; i = undrained.nextSetBit(i + 1)) {
            if (slab.drain(i)) {
                undrained.clear(i);
            }
        }
    }

    private boolean walk() {
        if (engine.snapshotView() != null) {
            giveUp();
            return false;
        }
        Relocation relocation = new Relocation(slab::isEvacuated);
        upper = engine.relocateSegment(upper, relocation);
        misses += relocation.misses();
        if (misses > MAX_MISSES) {
            // There is nowhere to move the rest to. What was moved may be enough for some chunks.
            upper = 0;
            pass = MAX_PASSES - 1;
        }
        if (upper == 0) {
            pass++;
            misses = 0;
            waits = 0;
            requestDrain();
            phase = Phase.SETTLE;
        }
        return true;
    }

    private boolean settle() {
        stripes.advance();
        drainStripes();
        if (Arrays.stream(emptied).allMatch(chunk -> chunk.usedBytes() == 0)) {
            beginRelease(emptied);
            return true;
        }
        if (undrained.isEmpty()) {
            requestDrain();
        }
        if (++waits > MAX_WAITS / MAX_PASSES) {
            if (pass == MAX_PASSES) {
                giveUp();
            } else {
                phase = Phase.WALK;
            }
        }
        return false;
    }

    /** Ends the attempt. Chunks that are empty are given back, all others go on as before. */
    private void giveUp() {
        if (phase == Phase.IDLE || phase == Phase.RELEASE) {
            return;
        }
        // Before all stripes were drained nothing is sure to be empty.
        boolean drained = phase != Phase.DRAIN;
        List<Chunk> empty = new ArrayList<>();
        slab.evacuate(null);
        for (Chunk chunk : emptied) {
            if (drained && chunk.usedBytes() == 0) {
                empty.add(chunk);
            } else {
                slab.reopen(chunk);
            }
        }
        beginRelease(empty.toArray(NONE));
    }

    private void beginRelease(Chunk[] empty) {
        emptied = empty;
        slab.evacuate(null);
        releaseEpoch = stripes.retirementEpoch();
        phase = Phase.RELEASE;
        for (Chunk chunk : empty) {
            slab.chunks().forget(chunk);
        }
        stripes.advance();
    }

    private void noteResult(int released) {
        boolean bold = cautious == 0;
        if (tombstonesBefore != 0) {
            boolean helped = engine.tombstoneCount() < tombstonesBefore / 2;
            failedAtBytes = helped ? 0 : gainBytes();
            tombstonesBefore = 0;
        } else if (released == 0 && bold) {
            cautious = CAUTIOUS_ATTEMPTS;
        } else if (released == 0) {
            failedAtBytes = gainBytes();
            cautious = 0;
        } else {
            failedAtBytes = 0;
            cautious = Math.max(0, cautious - 1);
        }
    }

    private boolean release() {
        if (stripes.safeEpoch() <= releaseEpoch) {
            return false;
        }
        Chunk[] empty = emptied;
        emptied = NONE;
        phase = Phase.IDLE;
        for (Chunk chunk : empty) {
            slab.chunks().release(chunk);
        }
        releasedCount.addAndGet(empty.length);
        noteResult(empty.length);
        return true;
    }
}
