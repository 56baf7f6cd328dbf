package io.hotpair.internal;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What one operation has to itself while it runs: an epoch, free blocks of every size class, blocks
 * that wait for their grace period, and counters. Claimed with {@link Stripes#enter}, so nothing in
 * it is shared while it is in use; claiming and leaving order its plain fields between one holder
 * and the next.
 */
final class Stripe {
    /** Where in {@link Stripes} it stands. */
    final int index;

    // Free blocks, by size class: a list through the blocks' first words, and a run not yet cut up.
    final long[] freeHead = new long[SizeClass.COUNT];
    final int[] freeCount = new int[SizeClass.COUNT];
    final long[] runNext = new long[SizeClass.COUNT];
    final long[] runEnd = new long[SizeClass.COUNT];

    /** The size class of the block that was taken last. */
    int lastClass;

    /** What was loaded for its cache line only; kept so that no compiler leaves the loads out. */
    long unusedSum;

    /** Free blocks of chunks that are being emptied: next 8, size class 8. */
    long asideHead;

    /** The last request to drain it that was followed; see {@link Slab#requestDrain}. */
    volatile int drained;

    // What the last search found; see Index.
    long slot;
    long word;
    long segment;
    int distance;

    /**
     * Whether its holder may take memory past the limit: it does what the log says, and what the
     * log says has happened.
     */
    boolean unbounded;

    /** Whether its holder moves what is there already, so that it may use what is kept uncut. */
    boolean compacts;

    /** Whether its holder is done with it, and could not say so; see {@link Stripes#leave}. */
    volatile boolean isLeft;

    /**
     * Whether its working places hold more than should wait for the next operation, which may be
     * long in coming: the elements of a huge value, or a caller's array of very many keys.
     */
    boolean holdsMuch;

    /** What the operation is about. */
    final Key key = new Key();

    /** The working place of operations that build values; made when it is first needed. */
    @Nullable Edit edit;

    /** The working place of reads of several keys; made when it is first needed. */
    @Nullable DoubleCollect collect;

    // Room for a decimal integer, with its sign.
    final byte[] scratch = new byte[20];

    // Counters. Read by whoever sums them up, without order: each is right some moments ago.
    long keyCount;
    long tombstoneCount;
    long deadlineCount;
    long timedCount;
    long expiredFieldCount;
    long hitCount;
    long missCount;

    /** The records worth least of those that were looked at. */
    final EvictionPool evictionPool = new EvictionPool();

    /** Bytes allocated less bytes retired, since the debt was last taken. */
    long debt;

    /** Bytes allocated, since the policy was last told. */
    long allocated;

    // Limbo: a ring of (address, epoch of retirement, length or kind), oldest first. It has room
    // for a power of two of them, so that no write divides.
    private int limboCapacity = 64;
    private long[] limbo = new long[3 * limboCapacity];
    private int limboHead;
    private int limboCount;
    private long limboBytes;
    private long heldBytes;

    Stripe(int index) {
        this.index = index;
    }

    int limboCount() {
        return limboCount;
    }

    /** Bytes in limbo; for others, out of date at once. */
    long limboBytes() {
        return limboBytes;
    }

    /**
     * Puts a block into limbo.
     *
     * @param lengthOrKind a record's length, or a negative number that says what else it is
     */
    void addToLimbo(long address, long epoch, long lengthOrKind) {
        reserveLimbo(1);
        int at = ((limboHead + limboCount) & (limboCapacity - 1)) * 3;
        limbo[at] = address;
        limbo[at + 1] = epoch;
        limbo[at + 2] = lengthOrKind;
        limboCount++;
        limboBytes += bytes(lengthOrKind);
    }

    /** Puts a block before the oldest one. */
    void addOldest(long address, long epoch, long lengthOrKind) {
        reserveLimbo(1);
        limboHead = (limboHead - 1) & (limboCapacity - 1);
        int at = limboHead * 3;
        limbo[at] = address;
        limbo[at + 1] = epoch;
        limbo[at + 2] = lengthOrKind;
        limboCount++;
        limboBytes += bytes(lengthOrKind);
    }

    /** Makes sure that so many blocks can be added without taking heap memory. */
    void reserveLimbo(int more) {
        while (limboCount + more > limboCapacity) {
            growLimbo();
        }
    }

    /**
     * Has the next operation begin with new working places. One whose stack has ended may have left
     * what the next one is to go on with: that stays.
     */
    void forgetMuch() {
        if (edit != null && edit.isDone()) {
            edit = null;
        }
        collect = null;
        key.forget();
        holdsMuch = false;
    }

    // What a snapshot may need: pairs of (address, length or kind).
    private long[] held = new long[0];
    private int heldCount;

    int heldCount() {
        return heldCount;
    }

    /** Keeps a block until the snapshot is closed; there must be room for it. */
    void hold(long address, long lengthOrKind) {
        reserveHeld(1);
        held[2 * heldCount] = address;
        held[2 * heldCount + 1] = lengthOrKind;
        heldCount++;
        heldBytes += bytes(lengthOrKind);
    }

    void reserveHeld(int more) {
        if (2 * (heldCount + more) > held.length) {
            held = Arrays.copyOf(held, Math.max(2 * (heldCount + more), held.length * 2 + 64));
        }
    }

    /** Moves to the limbo what was held. */
    void releaseHeld(long epoch) {
        reserveLimbo(heldCount);
        for (int i = 0; i < heldCount; i++) {
            addToLimbo(held[2 * i], epoch, held[2 * i + 1]);
        }
        held = new long[0];
        heldCount = 0;
        heldBytes = 0;
    }

    /** Bytes held; for others, out of date at once. */
    long heldBytes() {
        return heldBytes;
    }

    /** A kind is negative, and marks stand above every length. */
    private static long bytes(long lengthOrKind) {
        return lengthOrKind < 0 ? 0 : lengthOrKind & 0xFFFF_FFFFL;
    }

    private void growLimbo() {
        long[] larger = new long[limbo.length * 2];
        int headWords = limboHead * 3;
        System.arraycopy(limbo, headWords, larger, 0, limbo.length - headWords);
        System.arraycopy(limbo, 0, larger, limbo.length - headWords, headWords);
        limbo = larger;
        limboCapacity *= 2;
        limboHead = 0;
    }

    long oldestAddress() {
        return limbo[limboHead * 3];
    }

    long oldestEpoch() {
        return limbo[limboHead * 3 + 1];
    }

    long oldestLengthOrKind() {
        return limbo[limboHead * 3 + 2];
    }

    void removeOldest() {
        limboBytes -= bytes(oldestLengthOrKind());
        limboHead = (limboHead + 1) & (limboCapacity - 1);
        limboCount--;
    }

    @Override
    public String toString() {
        return "Stripe[index=" + index + ", freeCount=" + Arrays.toString(freeCount) + "]";
    }
}
