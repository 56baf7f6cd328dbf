package io.hotpair.internal;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Blocks of off-heap memory, by size class, and their way back.
 *
 * <pre>
 *   Mem ──chunks──► runs ──► a stripe's free blocks ◄──► the lists of the chunk
 *                                   ▲
 *   retired block ──► the stripe's limbo, until epoch-safe and taken over by the log (I4)
 * </pre>
 *
 * <p>Allocating and freeing touch the caller's own stripe only; blocks move between stripes in
 * batches through lists of the chunk that they are in ({@link Chunks}). Only a keyspace at its
 * limit retries, because blocks that others freed are then the only ones left.
 *
 * <p>A free block of a larger class is cut up for a smaller one when nothing else is left. Small
 * blocks become memory for larger ones when all of their chunk is free, and {@link Compactor} sees
 * to that: a chunk that it empties gets its blocks back and gives none out.
 */
final class Slab {
    private static final int RECLAIM_INTERVAL = 32;
    private static final int SCAVENGE_ATTEMPTS = 2;

    /** Both reserves, and more for what waits for its grace period. */
    private static final long HEADROOM_CHUNKS = 4;

    /** Less in limbo than this is what writers at work have between two reclamations. */
    private static final long PINNED_BYTES = 64 << 10;

    /**
     * Marks a region that passes its second grace period. What is in a chunk stays mapped, so that
     * the log role may look at a record that is gone and find out by its slot (N3); a region is
     * unmapped. The first period ends when every claimer has resolved its slot, the second when the
     * log role, which may have read the slot before that, has left its epoch.
     */
    private static final long SECOND_GRACE = 1L << 62;

    private static final long UNBOUNDED = Long.MAX_VALUE;

    private static final int CACHE_LINE = 64;

    /** As much of a block is asked for before it is taken. */
    private static final int MAX_EXPECTED = 4 * CACHE_LINE;

    /** Marks a node: there is no version to wait for. */
    private static final long NODE = 1L << 61;

    /** Marks a node that takes all below it along. */
    private static final long TREE = 1L << 60;

    /** Marks a block of any length that passes two grace periods. */
    private static final long TWICE = 1L << 59;

    private static final long KINDS = NODE | TREE;

    /** So that a huge value that was deleted makes no single write slow. */
    private static final int MAX_RECLAIMED = 1024;

    /** What a reclaimed address needs besides being freed, if it is not an ordinary record. */
    interface Retirement {
        /**
         * Called when a block's grace period is over.
         *
         * @return whether the block may be freed now; false if it was retired once more
         */
        boolean released(Stripe stripe, long address, long kind);
    }

    private final Mem mem;
    private final Stripes stripes;
    private final Accountant accountant;
    private final Chunks chunks;
    private final LongSupplier takenOpId;
    private final int maxBlockLength;
    private volatile boolean evicts;
    private LongSupplier indexRoom = () -> 0;
    private BooleanSupplier canCompact = () -> false;

    /** The chunks that are being emptied, by address; null if there are none. */
    private volatile Chunk @Nullable [] evacuation;

    private volatile long usedAtEvacuation;

    /** Counted up by the compactor only. */
    private final AtomicInteger drainRequests = new AtomicInteger();

    private Retirement retirement = (stripe, address, kind) -> true;

    /**
     * Creates one.
     *
     * @param maxMemoryBytes the limit
     * @param takenOpId records up to this opId are no longer needed by the log
     */
    Slab(Mem mem, Stripes stripes, long maxMemoryBytes, LongSupplier takenOpId) {
        this.mem = mem;
        this.stripes = stripes;
        this.takenOpId = takenOpId;
        accountant = new Accountant(maxMemoryBytes);
        chunks = new Chunks(mem, accountant);
        maxBlockLength = Math.min(SizeClass.MAX_LENGTH, accountant.chunkLength() / 4);
    }

    void retirement(Retirement of) {
        retirement = of;
    }

    Accountant accountant() {
        return accountant;
    }

    Chunks chunks() {
        return chunks;
    }

    /** Bytes that {@link #allocate} takes for a length. */
    long occupied(long lengthBytes) {
        return lengthBytes > maxBlockLength
                ? lengthBytes
                : SizeClass.length(SizeClass.of((int) lengthBytes));
    }

    /** Whether so little is left that what is added should be taken away elsewhere. */
    boolean isNearlyFull() {
        return accountant.used()
                        + HEADROOM_CHUNKS * accountant.chunkLength()
                        + indexRoom.getAsLong()
                > accountant.limit();
    }

    /**
     * Takes a block of at least this length, aligned to 8 bytes, its content unspecified.
     *
     * @return its address, or 0 if the limit leaves no room
     */
    long allocate(Stripe stripe, long lengthBytes, boolean fromReserve) {
        if (lengthBytes > maxBlockLength) {
            return allocateRegion(stripe, lengthBytes, fromReserve);
        }
        return allocateBlock(stripe, SizeClass.of((int) lengthBytes), fromReserve);
    }

    /**
     * Asks for the cache lines of the block that the stripe most likely takes next, while its
     * caller still waits for others. Nobody has looked at most of them since they were retired, and
     * the compare-and-set that publishes a record waits for all stores before it.
     */
    void expect(Stripe stripe) {
        long block = stripe.freeHead[stripe.lastClass];
        if (block != 0) {
            int length = Math.min(SizeClass.length(stripe.lastClass), MAX_EXPECTED);
            long loaded = 0;
            for (int i = CACHE_LINE; i < length; i += CACHE_LINE) {
                loaded += mem.getLong(block + i);
            }
            stripe.unusedSum += loaded;
        }
    }

    long allocateBlock(Stripe stripe, int sizeClass, boolean fromReserve) {
        stripe.lastClass = sizeClass;
        long head = stripe.freeHead[sizeClass];
        if (head != 0) {
            stripe.freeHead[sizeClass] = mem.getLong(head);
            stripe.freeCount[sizeClass]--;
            return head;
        }
        long next = stripe.runNext[sizeClass];
        int length = SizeClass.length(sizeClass);
        if (next != 0 && next + length <= stripe.runEnd[sizeClass]) {
            stripe.runNext[sizeClass] = next + length;
            return next;
        }
        return refill(stripe, sizeClass, fromReserve);
    }

    private long refill(Stripe stripe, int sizeClass, boolean fromReserve) {
        reclaim(stripe);
        if (stripe.freeHead[sizeClass] == 0) {
            chunks.take(stripe, sizeClass);
        }
        // What is left uncut goes to the index, if that can be helped: it needs long blocks.
        if (stripe.freeHead[sizeClass] == 0
                && sizeClass != SizeClass.SEGMENT
                && isNearlyFull()
                && cutLargerBlock(stripe, sizeClass)) {
            return allocateBlock(stripe, sizeClass, fromReserve);
        }
        if (stripe.freeHead[sizeClass] != 0
                || chunks.cutRun(stripe, sizeClass, bound(stripe, sizeClass, fromReserve))) {
            return allocateBlock(stripe, sizeClass, fromReserve);
        }
        for (int i = 0; i < SCAVENGE_ATTEMPTS; i++) {
            scavenge(stripe);
            chunks.take(stripe, sizeClass);
            if (stripe.freeHead[sizeClass] != 0 || cutLargerBlock(stripe, sizeClass)) {
                return allocateBlock(stripe, sizeClass, fromReserve);
            }
        }
        // What gives memory back is never refused: it takes less than it gives.
        boolean shrinks = fromReserve && sizeClass != SizeClass.SEGMENT;
        if ((shrinks || stripe.unbounded) && chunks.cutRun(stripe, sizeClass, UNBOUNDED)) {
            return allocateBlock(stripe, sizeClass, fromReserve);
        }
        return 0;
    }

    /**
     * Cuts up a free block of a larger class, so that a keyspace full of large values can take
     * small ones, not least the tombstones with which it is emptied.
     */
    private boolean cutLargerBlock(Stripe stripe, int sizeClass) {
        int length = SizeClass.length(sizeClass);
        for (int larger = sizeClass + 1; larger < SizeClass.COUNT; larger++) {
            if (SizeClass.length(larger) < length) {
                continue;
            }
            if (stripe.freeHead[larger] == 0) {
                chunks.take(stripe, larger);
            }
            long block = stripe.freeHead[larger];
            if (block != 0) {
                stripe.freeHead[larger] = mem.getLong(block);
                stripe.freeCount[larger]--;
                chunks.cutUp(stripe, block, larger, sizeClass);
                return true;
            }
        }
        return false;
    }

    private long allocateRegion(Stripe stripe, long lengthBytes, boolean fromReserve) {
        // What is written there was put together on the heap.
        stripe.holdsMuch = true;
        for (int i = 0; i < SCAVENGE_ATTEMPTS; i++) {
            if (accountant.charge(lengthBytes, bound(fromReserve))) {
                return allocateCharged(lengthBytes);
            }
            scavenge(stripe);
        }
        return stripe.unbounded && accountant.charge(lengthBytes, UNBOUNDED)
                ? allocateCharged(lengthBytes)
                : 0;
    }

    /**
     * How much may be taken. The last chunk is there for compaction, which begins where nothing
     * else is left, and the one before for the index and for operations that give memory back.
     */
    private long bound(Stripe stripe, int sizeClass, boolean fromReserve) {
        if (stripe.compacts) {
            // What a lowered limit has left above it is in the way of nobody but this.
            return Math.max(accountant.limit(), usedAtEvacuation + accountant.reserve());
        }
        return sizeClass == SizeClass.SEGMENT
                ? accountant.limit() - accountant.reserve()
                : bound(fromReserve) - indexRoom.getAsLong();
    }

    private long bound(boolean fromReserve) {
        return accountant.limit() - (fromReserve ? 1 : 2) * accountant.reserve();
    }

    /** Takes from the machine what was charged; if it has no more, the charge is taken back. */
    private long allocateCharged(long lengthBytes) {
        long address = 0;
        try {
            address = mem.allocate(lengthBytes);
            return address;
        } finally {
            if (address == 0) {
                accountant.refund(lengthBytes);
            }
        }
    }

    /** Gives back a block that was never published, or whose grace period is over. */
    void free(Stripe stripe, long address, long lengthBytes) {
        if (lengthBytes > maxBlockLength) {
            mem.free(address);
            accountant.refund(lengthBytes);
            return;
        }
        freeBlock(stripe, address, SizeClass.of((int) lengthBytes));
    }

    void freeBlock(Stripe stripe, long address, int sizeClass) {
        Chunk[] emptied = evacuation;
        if (emptied != null && Chunks.find(emptied, address) != null) {
            putAside(stripe, address, sizeClass);
            return;
        }
        mem.putLong(address, stripe.freeHead[sizeClass]);
        stripe.freeHead[sizeClass] = address;
        int batch = chunks.batch(sizeClass);
        if (++stripe.freeCount[sizeClass] >= 2 * batch) {
            chunks.give(stripe, sizeClass, batch);
        }
    }

    /** Retires a record that was just unlinked. */
    void retire(Stripe stripe, long address) {
        long length = Records.blockLength(mem, address);
        stripe.addToLimbo(address, stripes.retirementEpoch(), length);
        if (length > maxBlockLength) {
            // A region is worth an epoch of its own: the next write may need its room.
            stripes.advance();
        }
        if (stripe.limboCount() % RECLAIM_INTERVAL == 0) {
            reclaim(stripe);
        }
    }

    /** Retires a descriptor; {@link MultiCommit} says why it needs two grace periods. */
    void retireTwice(Stripe stripe, long descriptor) {
        long length = Records.blockLength(mem, descriptor);
        stripe.addToLimbo(descriptor, stripes.retirementEpoch(), length | TWICE);
    }

    /** What the limbo notes of a node that no published root leads to any more. */
    static long nodeKind(long header) {
        return Tree.nodeLength(header) | NODE;
    }

    /** What it notes of a node that takes all below it along. */
    static long treeKind(long header) {
        return Tree.nodeLength(header) | KINDS;
    }

    /** Retires a node that no published root leads to any more. The log never looks at nodes. */
    void retireNode(Stripe stripe, long node) {
        stripe.addToLimbo(node, stripes.retirementEpoch(), nodeKind(mem.getLong(node)));
    }

    /** Retires a node with all that is below it. */
    void retireTree(Stripe stripe, long root) {
        stripe.addToLimbo(root, stripes.retirementEpoch(), treeKind(mem.getLong(root)));
    }

    /** Retires what was held for a snapshot that is closed. */
    void releaseHeld(Stripe stripe) {
        stripe.releaseHeld(stripes.retirementEpoch());
    }

    /** Retires a segment that was just unlinked; {@link Retirement} says what its kind means. */
    void retireSegment(Stripe stripe, long address, long kind) {
        stripe.addToLimbo(address, stripes.retirementEpoch(), kind);
    }

    /** Frees some of what this stripe retired and nobody can reach any more. */
    void reclaim(Stripe stripe) {
        if (stripe.limboCount() == 0) {
            return;
        }
        stripes.advance();
        long safe = stripes.safeEpoch();
        long taken = takenOpId.getAsLong();
        // What is retired once more here has a newer epoch than any that is safe.
        for (int i = 0;
                i < MAX_RECLAIMED && stripe.limboCount() > 0 && stripe.oldestEpoch() < safe;
                i++) {
            long address = stripe.oldestAddress();
            long lengthOrKind = stripe.oldestLengthOrKind();
            if (lengthOrKind < 0) {
                stripe.removeOldest();
                if (retirement.released(stripe, address, lengthOrKind)) {
                    freeBlock(stripe, address, SizeClass.SEGMENT);
                }
            } else if ((lengthOrKind & NODE) != 0) {
                reclaimNode(stripe, address, lengthOrKind);
            } else if (mem.getLong(address) > taken) {
                return;
            } else {
                reclaimRecord(stripe, address, lengthOrKind);
            }
        }
    }

    private void reclaimRecord(Stripe stripe, long address, long length) {
        stripe.removeOldest();
        if (length > maxBlockLength && (length & SECOND_GRACE) == 0) {
            stripe.addToLimbo(address, stripes.retirementEpoch(), length | SECOND_GRACE);
        } else {
            free(stripe, address, length & ~(SECOND_GRACE | TWICE));
        }
    }

    /**
     * Frees a node. What is below it comes to the front of the limbo, so that a tree is freed depth
     * first: of however many nodes, few stand there at a time.
     */
    private void reclaimNode(Stripe stripe, long node, long lengthAndKind) {
        long epoch = stripe.oldestEpoch();
        long header = mem.getLong(node);
        int children =
                (lengthAndKind & TREE) == 0 || Tree.level(header) == 0 ? 0 : Tree.nodeCount(header);
        stripe.reserveLimbo(children);
        stripe.removeOldest();
        for (int i = 0; i < children; i++) {
            long child = Tree.child(mem, node, i);
            stripe.addOldest(
                    child, epoch, Tree.nodeLength(mem.getLong(child)) | (lengthAndKind & KINDS));
        }
        free(stripe, node, Tree.nodeLength(header));
    }

    /** Brings what idle stripes hold to the shared lists: the last resort before refusing. */
    private void scavenge(Stripe own) {
        reclaim(own);
        for (int i = 0; i < stripes.count(); i++) {
            Stripe other = stripes.stripe(i);
            if (other != own && stripes.claim(i)) {
                try {
                    reclaim(other);
                    for (int c = 0; c < SizeClass.COUNT; c++) {
                        cutUpRun(other, c);
                        chunks.give(other, c, other.freeCount[c]);
                    }
                } finally {
                    try {
                        stripes.leave(other);
                    } catch (StackOverflowError noStack) {
                        other.isLeft = true;
                    }
                }
            }
        }
    }

    /**
     * Frees some of what idle stripes have in limbo. Their next writer would do that, but may not
     * come: what was deleted last would be kept until then.
     *
     * @return whether it did
     */
    boolean reclaimIdle() {
        boolean freed = false;
        // What is in limbo now is older than those who claim a stripe from here on.
        stripes.advance();
        for (int i = 0; i < stripes.count(); i++) {
            Stripe stripe = stripes.stripe(i);
            if (stripe.limboCount() > 0 && stripes.claim(i)) {
                try {
                    freed |= reclaimSome(stripe);
                } finally {
                    try {
                        stripes.leave(stripe);
                    } catch (StackOverflowError noStack) {
                        stripe.isLeft = true;
                    }
                }
            }
        }
        return freed;
    }

    private boolean reclaimSome(Stripe stripe) {
        if (stripe.limboCount() == 0) {
            return false;
        }
        long oldest = stripe.oldestAddress();
        reclaim(stripe);
        return stripe.limboCount() == 0 || stripe.oldestAddress() != oldest;
    }

    /** Bytes taken that hold nothing, or soon will: free blocks and what is uncut or in limbo. */
    long idleBytes() {
        long bytes = chunks.freeBytes() + chunks.uncutBytes();
        for (int i = 0; i < stripes.count(); i++) {
            Stripe stripe = stripes.stripe(i);
            bytes += stripe.limboBytes();
            for (int c = 0; c < SizeClass.COUNT; c++) {
                bytes += (long) stripe.freeCount[c] * SizeClass.length(c);
                bytes += stripe.runNext[c] == 0 ? 0 : stripe.runEnd[c] - stripe.runNext[c];
            }
        }
        return bytes;
    }

    /** Says that keys may be evicted to make room. */
    void evicts() {
        evicts = true;
    }

    /** Keeps uncut what the index may need yet: nothing else can become blocks as long as its. */
    void indexRoom(LongSupplier bytes) {
        indexRoom = bytes;
    }

    /**
     * Whether to try again is better than to refuse: keys may be evicted, or much is in limbo. A
     * thread that was descheduled inside an epoch, and the caller's own epoch too, keep there what
     * others replaced meanwhile, which is soon more than a small keyspace has free.
     */
    boolean mayHaveRoomSoon() {
        if (evicts || canCompact.getAsBoolean()) {
            return true;
        }
        long bytes = 0;
        for (int i = 0; i < stripes.count(); i++) {
            bytes += stripes.stripe(i).limboBytes();
        }
        return bytes >= PINNED_BYTES;
    }

    private void cutUpRun(Stripe stripe, int sizeClass) {
        int length = SizeClass.length(sizeClass);
        long next = stripe.runNext[sizeClass];
        while (next != 0 && next + length <= stripe.runEnd[sizeClass]) {
            mem.putLong(next, stripe.freeHead[sizeClass]);
            stripe.freeHead[sizeClass] = next;
            stripe.freeCount[sizeClass]++;
            next += length;
        }
        stripe.runNext[sizeClass] = 0;
    }

    // ---- emptying chunks

    /** Says how to find out whether compacting would give room. */
    void compaction(BooleanSupplier isWanted) {
        canCompact = isWanted;
    }

    /** Has no more blocks of these chunks given out; null ends that. */
    void evacuate(Chunk @Nullable [] by) {
        usedAtEvacuation = accountant.used();
        evacuation = by;
    }

    /** Whether an address is in a chunk that is being emptied. */
    boolean isEvacuated(long address) {
        Chunk[] emptied = evacuation;
        return emptied != null && Chunks.find(emptied, address) != null;
    }

    private void putAside(Stripe stripe, long block, int sizeClass) {
        mem.putLong(block, stripe.asideHead);
        mem.putLong(block + Long.BYTES, sizeClass);
        stripe.asideHead = block;
    }

    /**
     * Asks that all blocks that stripes have of the chunks that are being emptied be brought back.
     * Once each stripe has been drained, whoever enters knows of the evacuation, so none takes
     * another one.
     */
    void requestDrain() {
        drainRequests.incrementAndGet();
    }

    /**
     * Drains a stripe if nobody is inside.
     *
     * @return whether it is drained, be it by its last holder
     */
    boolean drain(int index) {
        Stripe stripe = stripes.stripe(index);
        if (stripe.drained == drainRequests.get()) {
            return true;
        }
        if (!stripes.claim(index)) {
            return false;
        }
        try {
            drainIfAsked(stripe);
            return true;
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }

    /** Drains a stripe that the caller holds and has taken no block from yet. */
    void drainIfAsked(Stripe stripe) {
        int asked = drainRequests.get();
        if (stripe.drained == asked) {
            return;
        }
        for (int c = 0; c < SizeClass.COUNT; c++) {
            if (isEvacuated(stripe.runNext[c])) {
                cutUpRun(stripe, c);
            }
            freeAgain(stripe, c);
        }
        reclaimAll(stripe);
        collectAside(stripe);
        stripe.drained = asked;
    }

    private void freeAgain(Stripe stripe, int sizeClass) {
        long block = stripe.freeHead[sizeClass];
        stripe.freeHead[sizeClass] = 0;
        stripe.freeCount[sizeClass] = 0;
        while (block != 0) {
            long next = mem.getLong(block);
            freeBlock(stripe, block, sizeClass);
            block = next;
        }
    }

    private void reclaimAll(Stripe stripe) {
        int before;
        do {
            before = stripe.limboCount();
            reclaim(stripe);
        } while (stripe.limboCount() < before);
    }

    /** Gives what was put aside to its chunk, or to everybody, if that is not emptied any more. */
    private void collectAside(Stripe stripe) {
        while (stripe.asideHead != 0) {
            long block = stripe.asideHead;
            int sizeClass = (int) mem.getLong(block + Long.BYTES);
            stripe.asideHead = mem.getLong(block);
            Chunk chunk = chunks.of(block);
            if (chunk.evacuating) {
                chunks.putAside(chunk, block, SizeClass.length(sizeClass));
                if (!chunk.evacuating) {
                    // Whoever reopened it may have looked before.
                    takeAside(stripe, chunk);
                }
            } else {
                freeBlock(stripe, block, sizeClass);
            }
        }
    }

    private void takeAside(Stripe stripe, Chunk chunk) {
        long block = chunk.asideHead.getAndSet(0);
        while (block != 0) {
            long next = mem.getLong(block);
            int sizeClass = (int) mem.getLong(block + Long.BYTES);
            chunks.countFree(chunk, -SizeClass.length(sizeClass));
            freeBlock(stripe, block, sizeClass);
            block = next;
        }
    }

    /** Lets blocks of a chunk be given out again; it must not be in {@link #evacuate} any more. */
    void reopen(Chunk chunk) {
        chunks.reopen(chunk);
        Stripe stripe = stripes.enter();
        try {
            takeAside(stripe, chunk);
        } finally {
            try {
                stripes.leave(stripe);
            } catch (StackOverflowError noStack) {
                stripe.isLeft = true;
            }
        }
    }
}
