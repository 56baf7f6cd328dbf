package io.hotpair.internal;

import io.hotpair.HotpairException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongPredicate;

/**
 * The index: from a key's hash to the entry that points to its record. Extendible hashing over
 * segments of 256 buckets of 8 entries.
 *
 * <pre>
 *   hash (64 bits):  [ directory, up to 24 | bucket 8 ][ ... 16 | tag 16 ]
 *                      \________ upper 32 ________/
 *   directory[top bits] ──► segment: header 64 bytes, then 256 buckets of 64 bytes
 *   entry word:  tag 16 | address 45 (8-byte aligned) | 0 | DESC | FROZEN
 *   segment header:  next 8 | sibling 8 | generation 8 | depth 4 | prefix 4
 * </pre>
 *
 * <ul>
 *   <li><b>I1</b> A word never repeats in an entry while anybody could compare with its first
 *       coming: the record's address is reused only after the grace period of whoever read it.
 *   <li><b>I2</b> Empty entries of a segment fill strictly in probe order and are emptied only by
 *       rebuilding the segment. So whoever inserts a key passes the entry where another one would,
 *       a key stands in one entry at most, and a search that meets an empty entry is over.
 *   <li><b>S1</b> A segment is replaced when every entry of it is frozen: then its content is
 *       final. The children are built in private and published by one CAS of {@code next}, which
 *       never changes again. While {@code next} is 0, a frozen entry still is the key's current
 *       state: a reader that sees it 0 <em>after</em> it read the entry may use what it read.
 *   <li><b>S2</b> A directory entry may be stale, pointing to a segment that was replaced: whoever
 *       comes that way goes on by {@code next}. Generations grow along such a way, and a directory
 *       entry is only ever replaced by one of a higher generation.
 *   <li><b>S3</b> A replaced segment is freed after: repair of the directory → grace period →
 *       repair → grace period. A thread that doubles the directory may publish a stale copy, but it
 *       copied before the first repair ended, so it has published before the first grace period
 *       ends; the second repair cleans that copy, and the second grace period waits for readers
 *       that used it. Nor does who copies that copy pass it on: in the place of a segment that was
 *       replaced it takes what took its place, where the larger directory has an entry for that;
 *       where it has none, the first repair has not ended. A repair looks at a child only for an
 *       entry that is stale, and then that child can't have been freed, because its own repair
 *       would have replaced the entry.
 * </ul>
 *
 * <table>
 *   <caption>What is published how</caption>
 *   <tr><td>CAS of an entry</td><td>volatile load of it</td><td>the record, whole</td></tr>
 *   <tr><td>CAS of next</td><td>volatile load of it</td><td>both children, whole</td></tr>
 *   <tr><td>CAS of a directory entry or of the directory</td><td>volatile load</td><td>segments</td></tr>
 * </table>
 *
 * <p>Progress: a search is wait-free in a segment; replacing a segment is lock-free, since anybody
 * who meets a frozen entry can do all of it alone. Paper: Fagin et al., Extendible hashing (1979).
 */
final class Index {
    static final int BUCKETS = 256;
    static final int SLOTS = BUCKETS * 8;
    static final int HEADER_LENGTH = 64;
    static final int SEGMENT_LENGTH = HEADER_LENGTH + SLOTS * Long.BYTES;

    static final int NEXT = 0;
    static final int SIBLING = 8;
    static final int GENERATION = 16;
    static final int DEPTH = 24;
    static final int PREFIX = 28;

    static final long FROZEN = 1;

    /** The address is that of a descriptor; see {@link MultiCommit}. */
    static final long DESC = 2;

    static final long ADDRESS_MASK = 0x0000_FFFF_FFFF_FFF8L;

    private static final int MAX_DEPTH = 24;

    /** A key that would stand farther from its home has the segment replaced instead. */
    private static final int MAX_DISTANCE = 6 * 8;

    /** A segment is rebuilt, not split, if that leaves no more entries than this ... */
    private static final int REBUILD_LIMIT = SLOTS / 2;

    /** ... and drops at least so many: a rebuild that drops nothing would change nothing. */
    private static final int REBUILD_GAIN = SLOTS / 8;

    /** Of so many keys in its range, one or another mostly has no place in a segment any more. */
    private static final int FULL = SLOTS * 5 / 6;

    /** That {@link #confirm} can't tell; no record has this address. */
    static final long UNKNOWN = -1;

    private static final int CACHE_LINE = 64;
    private static final int BUCKET_SLOTS = 8;

    /** As much of a record is loaded before it is asked for. */
    private static final long MAX_LOADED = 8 * CACHE_LINE;

    private static final long FIRST_GRACE = -1;
    private static final long SECOND_GRACE = -2;

    private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle DIRECTORY;

    static {
        try {
            DIRECTORY =
                    MethodHandles.lookup().findVarHandle(Index.class, "directory", long[].class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Mem mem;
    private final Slab slab;
    private final SipHash sipHash;
    private final LongPredicate isPurgeable;
    private final MultiCommit commits;
    private final LongAdder segmentCount = new LongAdder();
    private volatile long[] directory;

    /**
     * Creates an empty one.
     *
     * @param isPurgeable whether a record may be left out when its segment is rebuilt
     */
    Index(
            Mem mem,
            Slab slab,
            SipHash sipHash,
            Stripe stripe,
            MultiCommit commits,
            LongPredicate isPurgeable) {
        this.mem = mem;
        this.slab = slab;
        this.sipHash = sipHash;
        this.commits = commits;
        this.isPurgeable = isPurgeable;
        slab.retirement(this::released);
        directory = new long[] {newSegment(stripe, 1, 0, 1), newSegment(stripe, 1, 1 << 31, 1)};
    }

    /**
     * Makes an empty index as large as so many keys will make it, so that they can come without
     * segments being split again and again. For whoever is alone with it. Never takes more than
     * growing would: a range of hashes gets a segment of its own only where its keys would not fit
     * in a larger one.
     */
    void expect(Stripe stripe, long keys) {
        long[] before = directory;
        int depth = depthFor(keys);
        if (depth <= 1 || before.length != 2) {
            return;
        }
        long[] entries = new long[1 << depth];
        fill(stripe, entries, keys, 0, depth, 0);
        directory = entries;
        for (long segment : before) {
            freeSegment(stripe, segment);
        }
    }

    /** How deep the densest range of so many keys is. */
    private static int depthFor(long keys) {
        int depth = 1;
        while (depth < MAX_DEPTH && keys * (1 - below(1 - Math.scalb(1.0, -depth))) > FULL) {
            depth++;
        }
        return depth;
    }

    /** Fills the part of the directory that a prefix stands for. */
    private void fill(Stripe stripe, long[] entries, long keys, int depth, int bits, int prefix) {
        int count = 1 << (bits - depth);
        double from = (double) prefix / entries.length;
        double to = (double) (prefix + count) / entries.length;
        boolean splits = depth == 0 || keys * (below(to) - below(from)) > FULL;
        if (splits && count > 1) {
            fill(stripe, entries, keys, depth + 1, bits, prefix);
            fill(stripe, entries, keys, depth + 1, bits, prefix + count / 2);
        } else {
            long segment = newSegment(stripe, depth, prefix << (32 - bits), 1);
            Arrays.fill(entries, prefix, prefix + count, segment);
        }
    }

    /**
     * The part of all hashes that lies below one, which is given as a part too; see {@link #slope}.
     */
    private static double below(double hash) {
        return 2 - Math.sqrt(4 - 3 * hash);
    }

    /**
     * Parts all hashes into ranges with as many keys each; gives the ends of their upper halves.
     */
    static long[] equalParts(int count) {
        long[] ends = new long[count];
        for (int i = 0; i < count; i++) {
            double x = (i + 1.0) / count;
            // As slope() has it.
            ends[i] = (long) Math.scalb(x + x * (1 - x) / 3, Integer.SIZE);
        }
        ends[count - 1] = 1L << Integer.SIZE;
        return ends;
    }

    /**
     * Loads the home buckets of some hashes, in steps that do not wait for each other, so that the
     * searches that follow find them in the cache.
     *
     * @return what was loaded, added up
     */
    long warm(long[] hashes, int count) {
        long loaded = 0;
        for (int i = 0; i < count; i++) {
            int upper = (int) (hashes[i] >>> 32);
            loaded += mem.getLong(slotAt(segmentOf(upper), (upper & (BUCKETS - 1)) << 3));
        }
        return loaded;
    }

    /** The hash of a key, by which it is found. */
    long hash(byte[] key, int offset, int length) {
        return slope(sipHash.hash(key, offset, length));
    }

    /**
     * Makes low hashes rarer than high ones: from one end to the other their density doubles. Were
     * they all alike, all segments would be full, and split, at about the same time, and half empty
     * afterwards. So there are always some of each kind, and memory and splits come evenly.
     */
    private static long slope(long hash) {
        long upper = hash >>> 32;
        // Of x from 0 to 1: x + x (1 - x) / 3, whose derivative goes from 4/3 to 2/3.
        long product = (upper * ((1L << 32) - upper)) >>> 32;
        long sloped = upper + ((product * 85) >>> 8);
        return (sloped << 32) | (hash & 0xFFFF_FFFFL);
    }

    /** That of a record's key. A record does not keep it: it is asked for seldom. */
    private long hash(long record) {
        long key = record + Records.keyOffset(mem, record);
        return slope(sipHash.hash(mem, key, Records.keyLength(mem, record)));
    }

    private int upper(long record) {
        return (int) (hash(record) >>> 32);
    }

    private long newSegment(Stripe stripe, int depth, int prefix, long generation) {
        long segment = slab.allocateBlock(stripe, SizeClass.SEGMENT, true);
        if (segment == 0) {
            if (slab.mayHaveRoomSoon()) {
                throw new NoRoomNow();
            }
            throw new HotpairException(
                    HotpairException.Category.MEMORY_LIMIT,
                    "maxMemory="
                            + slab.accountant().limit()
                            + " bytes are in use: no room for the index to grow");
        }
        stripe.debt += SEGMENT_LENGTH;
        segmentCount.increment();
        mem.setZero(segment, SEGMENT_LENGTH);
        mem.putLong(segment + GENERATION, generation);
        mem.putInt(segment + DEPTH, depth);
        mem.putInt(segment + PREFIX, prefix);
        return segment;
    }

    /**
     * Searches for the stripe's key. Leaves in the stripe where it is, or where it would be
     * inserted: {@code slot} (0 if the segment is full), {@code word}, {@code segment} and {@code
     * distance} from home.
     *
     * @param forWrite whether the word found will be compared with: then it is never a frozen one
     * @return the record, or 0 if there is no entry for the key
     */
    long find(Stripe stripe, boolean forWrite) {
        Key key = stripe.key;
        int upper = key.upper();
        int tag = (int) key.hash & 0xFFFF;
        int home = (upper & (BUCKETS - 1)) << 3;
        long segment = segmentOf(upper);
        search:
        while (true) {
            for (int i = 0; i < SLOTS; i++) {
                long slot = segment + HEADER_LENGTH + (((home + i) & (SLOTS - 1)) << 3);
                long word = mem.getLongVolatile(slot);
                if ((word & FROZEN) != 0) {
                    long next = forWrite ? replace(stripe, segment, false) : next(segment);
                    if (next != 0) {
                        segment = childOf(next, upper);
                        continue search;
                    }
                    word &= ~FROZEN;
                }
                if (word == 0) {
                    found(stripe, slot, 0, segment, i);
                    return 0;
                }
                if ((int) (word >>> 48) == tag) {
                    if (forWrite && (word & DESC) != 0) {
                        boolean unused = commits.help(word & ADDRESS_MASK);
                        i--;
                        continue;
                    }
                    long record = record(slot, word);
                    if (Records.hasKey(mem, record, key.bytes, key.offset, key.length)) {
                        found(stripe, slot, word, segment, i);
                        return record;
                    }
                }
            }
            found(stripe, 0, 0, segment, SLOTS);
            return 0;
        }
    }

    /**
     * Searches for a key, for a reader. Leaves nothing in the stripe if it finds the key or its
     * absence in the home bucket, as it mostly does: to store a reference to the key's array there
     * costs a fence, if the collector is one that has to know of it.
     *
     * @return the record, or 0 if there is no entry for the key
     */
    long find(Stripe stripe, byte[] key, int offset, int length, long hash) {
        int upper = (int) (hash >>> 32);
        long bucket = slotAt(segmentOf(upper), (upper & (BUCKETS - 1)) << 3);
        int at = mem.tagged(bucket, hash & 0xFFFF);
        if (at == Mem.NONE) {
            // Eight entries, none of them frozen, and the last one is empty.
            return 0;
        }
        if (at != Mem.UNCLEAR) {
            long word = mem.getLongVolatile(bucket + ((long) at << 3));
            long record = plainRecord(word);
            if (record != 0 && Records.hasKey(mem, record, key, offset, length)) {
                return record;
            }
        }
        stripe.key.set(key, offset, length, hash);
        return find(stripe, false);
    }

    /**
     * Searches for the stripe's key as {@link #find} does for a write: first in the home bucket,
     * where it mostly is.
     */
    long findToWrite(Stripe stripe) {
        Key key = stripe.key;
        int upper = key.upper();
        long segment = segmentOf(upper);
        int home = (upper & (BUCKETS - 1)) << 3;
        int at = mem.tagged(slotAt(segment, home), key.hash & 0xFFFF);
        if (at >= 0 && at < Mem.NONE) {
            long slot = slotAt(segment, home + at);
            long word = mem.getLongVolatile(slot);
            long record = plainRecord(word);
            if (record != 0 && Records.hasKey(mem, record, key.bytes, key.offset, key.length)) {
                found(stripe, slot, word, segment, at);
                return record;
            }
        }
        return find(stripe, true);
    }

    /**
     * Searches for many keys side by side, in steps whose loads do not depend on each other, so
     * that their cache misses overlap. Only the home bucket is looked at, and no key is compared.
     * Of each hash it leaves
     *
     * <ul>
     *   <li>the first entry with its tag, or the empty entry where it is known to be absent, and
     *       the word that was read there, which is not frozen, for {@link #confirm};
     *   <li>or 0 as the slot: only {@link #find} can tell.
     * </ul>
     *
     * @return what was loaded, added up
     */
    long probe(long[] hashes, long[] slots, long[] words, int from, int to) {
        for (int i = from; i < to; i++) {
            int upper = (int) (hashes[i] >>> 32);
            slots[i] = slotAt(segmentOf(upper), (upper & (BUCKETS - 1)) << 3);
        }
        long loaded = 0;
        for (int i = from; i < to; i++) {
            loaded += mem.getLong(slots[i]);
        }
        for (int i = from; i < to; i++) {
            loaded += probeBucket((int) hashes[i] & 0xFFFF, slots, words, i);
        }
        for (int i = from; i < to; i++) {
            if (slots[i] != 0 && words[i] != 0) {
                loaded += loadRecord(words[i] & ADDRESS_MASK);
            }
        }
        return loaded;
    }

    private long probeBucket(int tag, long[] slots, long[] words, int i) {
        long slot = slots[i];
        long end = slot + BUCKET_SLOTS * Long.BYTES;
        for (; slot < end; slot += Long.BYTES) {
            long word = mem.getLongVolatile(slot);
            if ((word & FROZEN) != 0) {
                break;
            }
            if (word == 0 || (int) (word >>> 48) == tag) {
                slots[i] = slot;
                words[i] = word;
                return word == 0 ? 0 : mem.getLong(word & ADDRESS_MASK);
            }
        }
        slots[i] = 0;
        return 0;
    }

    /** Loads the cache lines of a record whose first one was asked for already. */
    private long loadRecord(long record) {
        long last = record + Math.min(Records.blockLength(mem, record), MAX_LOADED) - Long.BYTES;
        long loaded = mem.getLong(last);
        for (long at = record + CACHE_LINE; at < last; at += CACHE_LINE) {
            loaded += mem.getLong(at);
        }
        return loaded;
    }

    /**
     * Says what a word means that {@link #probe} left for a key.
     *
     * @return the record, 0 if the key is absent, or {@link #UNKNOWN}
     */
    long confirm(long word, byte[] key, int offset, int length) {
        if (word == 0) {
            return 0;
        }
        long record = word & ADDRESS_MASK;
        boolean isKeys = (word & DESC) == 0 && Records.hasKey(mem, record, key, offset, length);
        return isKeys ? record : UNKNOWN;
    }

    /** The record of an entry that is not frozen and not a descriptor's; else 0. */
    private static long plainRecord(long word) {
        return (word & (FROZEN | DESC)) == 0 ? word & ADDRESS_MASK : 0;
    }

    /** The record that an entry leads to, be it through a descriptor. */
    private long record(long slot, long word) {
        long address = word & ADDRESS_MASK;
        return (word & DESC) == 0 ? address : commits.recordBehind(address, slot);
    }

    private static void found(Stripe stripe, long slot, long word, long segment, int distance) {
        stripe.slot = slot;
        stripe.word = word;
        stripe.segment = segment;
        stripe.distance = distance;
    }

    /**
     * Puts a record where the last search of this stripe ended: in the place of the record found,
     * or in the empty entry.
     *
     * @return whether it did; if not, search again
     */
    boolean install(Stripe stripe, long record) {
        if (stripe.word == 0 && stripe.distance > MAX_DISTANCE) {
            replace(stripe, stripe.segment, false);
            return false;
        }
        return mem.compareAndSetLong(stripe.slot, stripe.word, (stripe.key.hash << 48) | record);
    }

    private long next(long segment) {
        return mem.getLongVolatile(segment + NEXT);
    }

    private int depth(long segment) {
        return mem.getInt(segment + DEPTH);
    }

    private long generation(long segment) {
        return mem.getLong(segment + GENERATION);
    }

    private long segmentOf(int upper) {
        long[] entries = directory;
        return (long) ENTRY.getVolatile(entries, upper >>> shift(entries));
    }

    /** How far a hash is shifted to give an index: 32 less the binary logarithm of the length. */
    private static int shift(long[] entries) {
        return Integer.numberOfLeadingZeros(entries.length) + 1;
    }

    /** Of a first child and its sibling, if it has one, the one that a hash belongs to. */
    private long childOf(long first, int upper) {
        long sibling = mem.getLong(first + SIBLING);
        boolean second = sibling != 0 && (upper << (depth(first) - 1)) < 0;
        return second ? sibling : first;
    }

    /** The segment that is not replaced, for a hash. */
    private long liveSegment(int upper) {
        long segment = segmentOf(upper);
        for (long next = next(segment); next != 0; next = next(segment)) {
            segment = childOf(next, upper);
        }
        return segment;
    }

    /**
     * Replaces a segment by one or two that have room, or helps whoever does.
     *
     * @param purges whether it is done to drop records only: then there is one child
     * @return its first child
     */
    private long replace(Stripe stripe, long segment, boolean purges) {
        long next = next(segment);
        if (next != 0) {
            return next;
        }
        // The memory first: once an entry is frozen there is no way back.
        int depth = depth(segment);
        int prefix = mem.getInt(segment + PREFIX);
        long generation = generation(segment) + 1;
        long first = newSegment(stripe, depth, prefix, generation);
        long second = purges ? 0 : secondChild(stripe, first, depth, prefix, generation);
        freeze(segment);
        long[] dropped = new long[SLOTS];
        int droppedCount = selectPurgeable(segment, dropped);
        boolean rebuild =
                droppedCount >= REBUILD_GAIN && count(segment) - droppedCount <= REBUILD_LIMIT;
        if (second != 0 && (rebuild || depth == MAX_DEPTH)) {
            freeSegment(stripe, second);
            second = 0;
        } else if (second != 0) {
            mem.putInt(first + DEPTH, depth + 1);
        }
        mem.putLong(first + SIBLING, second);
        fill(segment, first, dropped, droppedCount);
        if (!mem.compareAndSetLong(segment + NEXT, 0, first)) {
            freeSegment(stripe, first);
            if (second != 0) {
                freeSegment(stripe, second);
            }
            return next(segment);
        }
        repairDirectory(segment);
        stripe.tombstoneCount -= droppedCount;
        for (int i = 0; i < droppedCount; i++) {
            stripe.debt -= Records.blockLength(mem, dropped[i]);
            slab.retire(stripe, dropped[i]);
        }
        stripe.debt -= SEGMENT_LENGTH;
        slab.retireSegment(stripe, segment, FIRST_GRACE);
        return first;
    }

    /** How many segments there are, those that wait for their grace periods included. */
    long segmentCount() {
        return segmentCount.sum();
    }

    private void freeSegment(Stripe stripe, long segment) {
        segmentCount.decrement();
        stripe.debt -= SEGMENT_LENGTH;
        slab.freeBlock(stripe, segment, SizeClass.SEGMENT);
    }

    /** Drops what is purgeable from the segment of a hash, if that is worth it. */
    void purge(Stripe stripe, int upper) {
        long segment = liveSegment(upper);
        if (selectPurgeable(segment, new long[SLOTS]) >= REBUILD_GAIN) {
            long unused = replace(stripe, segment, true);
        }
    }

    /** Purges the segment of a hash, and rebuilds it anyway if its address is one to be left. */
    void relocate(Stripe stripe, int upper, LongPredicate moves) {
        long segment = liveSegment(upper);
        if (moves.test(segment)) {
            long unused = replace(stripe, segment, true);
        } else {
            purge(stripe, upper);
        }
    }

    private long secondChild(Stripe stripe, long first, int depth, int prefix, long generation) {
        try {
            return newSegment(stripe, depth + 1, prefix | (1 << (31 - depth)), generation);
        } catch (RuntimeException | Error e) {
            freeSegment(stripe, first);
            throw e;
        }
    }

    private void freeze(long segment) {
        for (int i = 0; i < SLOTS; i++) {
            long slot = segment + HEADER_LENGTH + ((long) i << 3);
            long word = mem.getLongVolatile(slot);
            while ((word & FROZEN) == 0) {
                // A descriptor is never frozen, so that children get records only.
                if ((word & DESC) != 0) {
                    boolean unused = commits.help(word & ADDRESS_MASK);
                } else if (mem.compareAndSetLong(slot, word, word | FROZEN)) {
                    break;
                }
                word = mem.getLongVolatile(slot);
            }
        }
    }

    /** Finds the records that the children need not have. What is purgeable once is so for ever. */
    private int selectPurgeable(long segment, long[] into) {
        int count = 0;
        for (int i = 0; i < SLOTS; i++) {
            long record = recordAt(segment, i);
            if (record != 0 && isPurgeable.test(record)) {
                into[count++] = record;
            }
        }
        Arrays.sort(into, 0, count);
        return count;
    }

    private int count(long segment) {
        int count = 0;
        for (int i = 0; i < SLOTS; i++) {
            count += recordAt(segment, i) == 0 ? 0 : 1;
        }
        return count;
    }

    private long recordAt(long segment, int slot) {
        long at = segment + HEADER_LENGTH + ((long) slot << 3);
        return record(at, mem.getLongVolatile(at));
    }

    private void fill(long segment, long first, long[] dropped, int droppedCount) {
        for (int i = 0; i < SLOTS; i++) {
            long word = mem.getLong(segment + HEADER_LENGTH + ((long) i << 3)) & ~FROZEN;
            long record = word & ADDRESS_MASK;
            if (record != 0 && Arrays.binarySearch(dropped, 0, droppedCount, record) < 0) {
                int upper = upper(record);
                place(childOf(first, upper), upper, word);
            }
        }
    }

    /**
     * Puts a word into a segment that is still private. There is room: a child has no more entries.
     */
    private void place(long segment, int upper, long word) {
        int at = (upper & (BUCKETS - 1)) << 3;
        while (mem.getLong(segment + HEADER_LENGTH + ((long) at << 3)) != 0) {
            at = (at + 1) & (SLOTS - 1);
        }
        mem.putLong(segment + HEADER_LENGTH + ((long) at << 3), word);
    }

    /** Replaces every directory entry that still leads to a segment, or to one before it (S2). */
    private void repairDirectory(long segment) {
        while (true) {
            long[] entries = directory;
            int shift = shift(entries);
            int prefix = mem.getInt(segment + PREFIX);
            int depth = depth(segment);
            boolean tooSmall = 32 - shift < depth + 1;
            int from = prefix >>> shift;
            int count = 32 - shift > depth ? 1 << (32 - shift - depth) : 1;
            for (int i = from; i < from + count; i++) {
                tooSmall &= !repairEntry(entries, i, i << shift, segment);
            }
            if (tooSmall && entries == directory) {
                doubleDirectory(entries);
            } else if (entries == directory) {
                return;
            }
        }
    }

    /**
     * Repairs one entry.
     *
     * @return whether the entry is right for its whole range: always, but when the segment was
     *     split and the entry stands for both halves
     */
    private boolean repairEntry(long[] entries, int i, int upper, long segment) {
        while (true) {
            long current = (long) ENTRY.getVolatile(entries, i);
            if (generation(current) > generation(segment)) {
                return true;
            }
            long child = childOf(next(segment), upper);
            if (depth(child) > 32 - shift(entries)) {
                return false;
            }
            if (ENTRY.compareAndSet(entries, i, current, child)) {
                return true;
            }
        }
    }

    private void doubleDirectory(long[] entries) {
        long[] larger = new long[entries.length * 2];
        for (int i = 0; i < larger.length; i++) {
            larger[i] = newest(larger, i, (long) ENTRY.getVolatile(entries, i >>> 1));
        }
        if (DIRECTORY.compareAndSet(this, entries, larger)) {
            // What was repaired after it was copied is carried over: no stale entry outlives the
            // epoch of the thread that copied it.
            for (int i = 0; i < larger.length; i++) {
                carryOver(larger, i, (long) ENTRY.getVolatile(entries, i >>> 1));
            }
        }
    }

    /**
     * What an entry of a directory is to lead to: of a segment that was replaced, what took its
     * place, as far as the directory tells its children apart. What was copied may be a copy that
     * is not yet repaired (S3).
     */
    private long newest(long[] entries, int i, long copied) {
        int shift = shift(entries);
        long segment = copied;
        for (long next = next(segment); next != 0; next = next(segment)) {
            long child = childOf(next, i << shift);
            if (depth(child) > 32 - shift) {
                break;
            }
            segment = child;
        }
        return segment;
    }

    private void carryOver(long[] larger, int i, long segment) {
        long current = (long) ENTRY.getVolatile(larger, i);
        while (generation(current) < generation(segment)
                && !ENTRY.compareAndSet(larger, i, current, segment)) {
            current = (long) ENTRY.getVolatile(larger, i);
        }
    }

    private boolean released(Stripe stripe, long segment, long kind) {
        if (kind == SECOND_GRACE) {
            segmentCount.decrement();
            return true;
        }
        repairDirectory(segment);
        slab.retireSegment(stripe, segment, SECOND_GRACE);
        return false;
    }

    /** Receives a record while the caller is inside an epoch. */
    interface Visitor {
        /** Called with a record that was the current one of its key at some moment of the walk. */
        void visit(long record);
    }

    /**
     * Visits the records of the segment that holds a hash.
     *
     * @return the first hash of the next segment, or 0 after the last one
     */
    int visitSegment(int upper, Visitor visitor) {
        long segment = liveSegment(upper);
        for (int i = 0; i < SLOTS; i++) {
            long record = recordAt(segment, i);
            if (record != 0) {
                visitor.visit(record);
            }
        }
        return mem.getInt(segment + PREFIX) + (1 << (32 - depth(segment)));
    }

    /**
     * Where a walk by buckets stands: a range of hashes, given by its prefix and the number of bits
     * of it, and the home bucket to go on with. It means the same whatever splits happen, because a
     * key keeps its hash.
     */
    static final class Cursor {
        int prefix;
        int depth;
        int bucket;

        Cursor(long encoded) {
            // A client may send any number: whatever it is, it becomes a place to go on from.
            depth = (int) Math.min((encoded >>> 9) & 0x7F, MAX_DEPTH);
            prefix = depth == 0 ? 0 : ((int) (encoded >>> 16) << 8) & (-1 << (32 - depth));
            bucket = (int) encoded & (BUCKETS - 1);
        }

        long encode() {
            return ((long) (prefix >>> 8) << 16) | ((long) depth << 9) | bucket;
        }
    }

    /**
     * Visits the records of one home bucket in the cursor's range and moves on; false at the end.
     */
    boolean visitBucket(Cursor cursor, NamedVisitor visitor) {
        if (cursor.depth == 0) {
            cursor.depth = depth(liveSegment(cursor.prefix));
        }
        int upper = cursor.prefix;
        int end = cursor.prefix + (1 << (32 - cursor.depth));
        do {
            long segment = liveSegment(upper);
            visitBucket(segment, cursor.bucket, visitor);
            upper = mem.getInt(segment + PREFIX) + (1 << (32 - depth(segment)));
            // A cursor of a client's making may name a smaller range than the segment has.
        } while (upper != 0 && (end == 0 || Integer.compareUnsigned(upper, end) < 0));
        cursor.bucket++;
        if (cursor.bucket == BUCKETS) {
            cursor.bucket = 0;
            cursor.prefix = upper;
            cursor.depth = upper == 0 ? 0 : depth(liveSegment(upper));
            return upper != 0;
        }
        return true;
    }

    private void visitBucket(long segment, int bucket, NamedVisitor visitor) {
        for (int i = 0; i < SLOTS; i++) {
            long slot = slotAt(segment, (bucket << 3) + i);
            long word = mem.getLongVolatile(slot);
            long record = record(slot, word);
            if (record == 0) {
                return;
            }
            int upper = upper(record);
            if ((upper & (BUCKETS - 1)) == bucket) {
                visitor.visit(((long) upper << 32) | (word >>> 48), record);
            }
        }
    }

    private static long slotAt(long segment, int slot) {
        return segment + HEADER_LENGTH + ((long) (slot & (SLOTS - 1)) << 3);
    }

    /** Receives a record, with what the index knows of its key's hash. */
    interface NamedVisitor {
        /** Called as {@link Visitor#visit} is; the name is that of {@link #name}. */
        void visit(long name, long record);
    }

    /** Of a hash the bits that the index keeps: they are enough to find a record again. */
    static long name(long hash) {
        return hash & 0xFFFF_FFFF_0000_FFFFL;
    }

    /** A record whose key's hash has this name, most likely the one it was taken from; or 0. */
    long findByName(long name) {
        int upper = (int) (name >>> 32);
        int home = (upper & (BUCKETS - 1)) << 3;
        long segment = liveSegment(upper);
        for (int i = 0; i < SLOTS; i++) {
            long slot = slotAt(segment, home + i);
            long word = mem.getLongVolatile(slot);
            long record = record(slot, word);
            if (record == 0) {
                return 0;
            }
            if ((int) (word >>> 48) == (int) (name & 0xFFFF) && upper(record) == upper) {
                return record;
            }
        }
        return 0;
    }
}
