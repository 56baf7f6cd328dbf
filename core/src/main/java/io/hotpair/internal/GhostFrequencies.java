package io.hotpair.internal;

/**
 * How often keys were used that are no longer there: 16 bits for each, found by a fingerprint.
 *
 * <pre>
 *   a set, one long:   slot 3 | slot 2 | slot 1 | slot 0       the youngest in slot 0
 *   a slot, 16 bits:   fingerprint 9 | frequency 4 | period 3   0 if empty
 * </pre>
 *
 * <p>Outside the heap, since it grows with the limit of memory and the heap shall not.
 *
 * <p>A wrong answer costs a little hit ratio and nothing else, so a set is replaced by one CAS that
 * is not repeated when it is lost. A key is mistaken for another with a probability of 4 / 512.
 */
public final class GhostFrequencies {
    /** Slots of a keyspace that is small: 8 KiB, since a small cache gains most from a history. */
    static final int MIN_SLOTS = 4096;

    static final int MAX_FREQUENCY = 15;

    private static final int SLOTS_PER_SET = 4;
    private static final int SLOT_BITS = 16;
    private static final int PERIOD_MASK = 7;
    private static final int FREQUENCY_SHIFT = 3;
    private static final int FINGERPRINT_SHIFT = 7;
    private static final int FINGERPRINT_MASK = 511;

    private final Mem mem;
    private final long sets;
    private final int indexMask;

    /**
     * Creates an empty one.
     *
     * @param mem what its memory is taken from, and given back with
     * @param slots how many keys it shall remember; rounded up to a power of two
     */
    public GhostFrequencies(Mem mem, long slots) {
        this.mem = mem;
        long atLeast = Math.max(slots, MIN_SLOTS) / SLOTS_PER_SET;
        indexMask = (int) Math.min(1 << 28, Long.highestOneBit(atLeast * 2 - 1)) - 1;
        sets = mem.allocate(lengthBytes());
    }

    /** What it takes from the memory. */
    long lengthBytes() {
        return (indexMask + 1L) * Long.BYTES;
    }

    /** Remembers a key, in place of one whose frequency has decayed, or else of the oldest. */
    public void put(long hash, int frequency, int period) {
        long at = set(hash);
        long set = mem.getLong(at);
        int bits = dispensable(set, period) * SLOT_BITS;
        long younger = set & ((1L << bits) - 1);
        long older = bits == 48 ? 0 : set & (-1L << (bits + SLOT_BITS));
        mem.compareAndSetLong(
                at, set, older | (younger << SLOT_BITS) | slot(hash, frequency, period));
    }

    private static int slot(long hash, int frequency, int period) {
        return (fingerprint(hash) << FINGERPRINT_SHIFT)
                | (frequency << FREQUENCY_SHIFT)
                | (period & PERIOD_MASK);
    }

    private static int dispensable(long set, int period) {
        for (int i = 0; i < SLOTS_PER_SET - 1; i++) {
            if (frequency(slot(set, i), period) == 0) {
                return i;
            }
        }
        return SLOTS_PER_SET - 1;
    }

    /** Forgets a key and returns what its frequency has decayed to; 0 if it is not known. */
    public int take(long hash, int period) {
        long at = set(hash);
        long set = mem.getLong(at);
        int fingerprint = fingerprint(hash);
        for (int i = 0; i < SLOTS_PER_SET; i++) {
            int slot = slot(set, i);
            if (slot != 0 && slot >>> FINGERPRINT_SHIFT == fingerprint) {
                mem.compareAndSetLong(at, set, set & ~(0xFFFFL << (i * SLOT_BITS)));
                return frequency(slot, period);
            }
        }
        return 0;
    }

    private static int slot(long set, int i) {
        return (int) (set >>> (i * SLOT_BITS)) & 0xFFFF;
    }

    private static int frequency(int slot, int period) {
        int periods = (period - slot) & PERIOD_MASK;
        return ((slot >>> FREQUENCY_SHIFT) & MAX_FREQUENCY) >>> periods;
    }

    // The index uses the bits that choose a key's bucket, spread; the fingerprint those of its tag.
    private long set(long hash) {
        int index = (int) ((hash * 0x9E3779B97F4A7C15L) >>> 32) & indexMask;
        return sets + (long) index * Long.BYTES;
    }

    private static int fingerprint(long hash) {
        return (int) (hash >>> 3) & FINGERPRINT_MASK;
    }
}
