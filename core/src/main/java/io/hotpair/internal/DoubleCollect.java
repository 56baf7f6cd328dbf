package io.hotpair.internal;

/**
 * Reads the records of several keys as they were at one moment, by a double collect: each entry is
 * read, and then each is read once more. If none has changed between the two, all were so at any
 * moment M after the last read of the first pass and before the first read of the second one.
 *
 * <ul>
 *   <li><b>C1</b> The first pass numbers what it finds, so at M each key has a record with an opId,
 *       and whatever supersedes one of them is installed after M and numbered after that. So the
 *       read stands in the order of opIds where M does.
 *   <li><b>C2</b> To read an entry once more is to compare its word, where the word was neither
 *       frozen nor a descriptor's: such a word does not come back while this epoch lasts, unless a
 *       commit was aborted or only read the key, and then the key's record was the same all the
 *       time ({@link Index}, I1; {@link MultiCommit}). As the entry is not frozen, its segment has
 *       not been replaced, so it is this entry still that says which record the key has.
 *   <li><b>C3</b> That holds for an absent key, too: the entry is the empty one at which the search
 *       ended. While it is empty the key stands nowhere behind it, and those before it belong to
 *       other keys as long as the segment lasts (I2).
 *   <li><b>C4</b> A frozen entry, one with a descriptor, whose meaning may change while its word
 *       does not, and one that has changed are searched for again; then the records are compared,
 *       or, of an absent key, the places: no record that this epoch has met is reused.
 *   <li><b>C5</b> A record that was moved, its copy standing for it now, counts as changed. That
 *       costs one more pass and is right.
 * </ul>
 *
 * <p>The first pass goes through the keys several times, a step of the search for each key at a
 * time: the loads of one step do not depend on each other, so that a processor which waits for
 * memory waits for many of them at once. Java has no instruction that prefetches, but a load whose
 * result is only added up does the same.
 *
 * <p>Belongs to a stripe, and has no state between two reads but its arrays.
 */
final class DoubleCollect {
    /** Keys whose misses overlap: more than a processor has under way, few enough to stay near. */
    private static final int GROUP = 32;

    /** So many keys at most have room kept for them until the next read. */
    private static final int MAX_KEPT = 1024;

    private final Mem mem;
    private final Index index;
    private final Numbering numbering;
    private long[] hashes = new long[GROUP];
    private long[] slots = new long[GROUP];
    private long[] words = new long[GROUP];
    private long[] records = new long[GROUP];

    /** What was loaded for its cache line only; kept so that no compiler leaves the loads out. */
    private long unusedSum;

    DoubleCollect(Mem mem, Index index, Numbering numbering) {
        this.mem = mem;
        this.index = index;
        this.numbering = numbering;
    }

    /**
     * Reads.
     *
     * @param maxPasses how often at most the entries are read once more
     * @return whether it saw all of them at one moment; if not, others were writing all the time
     */
    boolean read(Stripe stripe, KeyList keys, int maxPasses) {
        int count = keys.count();
        stripe.holdsMuch |= count > MAX_KEPT;
        reserve(count);
        for (int from = 0; from < count; from += GROUP) {
            search(stripe, keys, from, Math.min(from + GROUP, count));
        }
        boolean same = false;
        for (int pass = 0; pass < maxPasses && !same; pass++) {
            same = readAgain(stripe, keys);
        }
        return same;
    }

    /** Brings what finding some keys takes into the cache, for all of them side by side. */
    void prefetch(Stripe stripe, byte[] keys, int[] offsets, int[] lengths, int count) {
        stripe.holdsMuch |= count > MAX_KEPT;
        reserve(count);
        for (int i = 0; i < count; i++) {
            hashes[i] = index.hash(keys, offsets[i], lengths[i]);
        }
        unusedSum += index.probe(hashes, slots, words, 0, count);
    }

    private void reserve(int count) {
        if (hashes.length < count) {
            int length = Math.max(GROUP, count);
            hashes = new long[length];
            slots = new long[length];
            words = new long[length];
            records = new long[length];
        }
    }

    /** The record that was found for a key, whatever it says; 0 if there is none. */
    long record(int i) {
        // An odd number is the place of an absent key.
        return (records[i] & 1) == 0 ? records[i] : 0;
    }

    private void search(Stripe stripe, KeyList keys, int from, int to) {
        for (int i = from; i < to; i++) {
            hashes[i] = index.hash(keys.bytes(i), keys.offset(i), keys.length(i));
        }
        unusedSum += index.probe(hashes, slots, words, from, to);
        for (int i = from; i < to; i++) {
            long record = slots[i] == 0 ? Index.UNKNOWN : confirm(keys, i);
            boolean unused =
                    record == Index.UNKNOWN ? searchAlone(stripe, keys, i) : found(i, record);
        }
    }

    private long confirm(KeyList keys, int i) {
        return index.confirm(words[i], keys.bytes(i), keys.offset(i), keys.length(i));
    }

    private boolean searchAlone(Stripe stripe, KeyList keys, int i) {
        stripe.key.set(keys.bytes(i), keys.offset(i), keys.length(i), hashes[i]);
        long record = index.find(stripe, false);
        slots[i] = stripe.slot;
        words[i] = stripe.word;
        return found(i, record);
    }

    /** Numbers a record that was found (C1); returns whether the same was found before. */
    private boolean found(int i, long record) {
        if (record != 0) {
            numbering.number(record);
        }
        long seen = record == 0 ? slots[i] | 1 : record;
        boolean same = records[i] == seen;
        records[i] = seen;
        return same;
    }

    private boolean readAgain(Stripe stripe, KeyList keys) {
        boolean same = true;
        for (int i = 0; i < keys.count(); i++) {
            long word = words[i];
            boolean plain = slots[i] != 0 && (word & Index.DESC) == 0;
            // A search takes the mark of a frozen word off, so that it differs here (C4).
            if (!plain || mem.getLongVolatile(slots[i]) != word) {
                same &= searchAlone(stripe, keys, i);
            }
        }
        return same;
    }
}
