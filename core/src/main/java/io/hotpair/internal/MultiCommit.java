package io.hotpair.internal;

/**
 * Commits records of several keys as one step.
 *
 * <pre>
 *   descriptor: a record of type DESCRIPTOR whose value is
 *     status 8 | count 8 | count × ( slot 8 | old word 8 | old record 8 | new record 8 | new word 8 )
 *
 *   entry of the index:   old word ──► tag | descriptor | DESC ──► new word     committed
 *                                                            └───► old word     aborted
 *   status:               UNDECIDED ──► COMMITTED or ABORTED, once
 * </pre>
 *
 * <p>The owner finds the entries, fills a descriptor, and calls {@link #help}; so does whoever
 * meets the descriptor in an entry and wants to write there. Each helper puts the descriptor into
 * the entries, in the order of their addresses, then decides, then takes the descriptor out again.
 *
 * <ul>
 *   <li><b>D1</b> While the status is UNDECIDED, an entry that holds the descriptor keeps it: it is
 *       taken out only after the decision. So when a helper that has seen all entries hold it sets
 *       COMMITTED, they all hold it at that moment, which is the commit. Before it each key has its
 *       old record, from it on its new one; a reader that meets the descriptor asks the status.
 *   <li><b>D2</b> An entry that holds anything else, or is frozen, means ABORTED: nothing happened,
 *       and the owner looks again.
 *   <li><b>D3</b> A slow helper may put the descriptor into an entry after the decision, if the
 *       entry holds the old word. That is so only if the commit was aborted, or the key was only
 *       read, so that old word and new word are the same: a word that was replaced never comes back
 *       while the helper's epoch lasts. In both cases the key's record is the old one, which is
 *       what the status makes of the entry; and each helper takes the descriptor out of all entries
 *       after its last step that could put it in, before it leaves.
 *   <li><b>D4</b> So the descriptor may appear again in an entry after the owner has taken it out,
 *       but only by a helper that entered before the owner retired it. When these have left, the
 *       first grace period is over and it appears no more; those who met it until then leave before
 *       the second one is over; then it is freed.
 *   <li><b>D5</b> The number: a committed descriptor is numbered like a record, and its opId is
 *       then the version of all its new records, set before any entry shows them plainly. Whoever
 *       reads a new record through the descriptor does so first (I3). So the log has one commit
 *       with one opId, and N1 of {@link OperationRing} holds for it: the entries were all installed
 *       before the number is taken, and a successor of any of them comes after it.
 * </ul>
 *
 * <p>Old words that come back after an abort are no danger to those who compare with them (I1): the
 * record is the same, and was the key's record all the time.
 *
 * <p>Progress: lock-free. Helpers of several descriptors follow the order of addresses, so they
 * help each other in no circle. A transaction of many keys can starve among short ones; see {@link
 * Transactions}. Paper: Harris, Fraser and Pratt, A practical multi-word compare-and-swap operation
 * (2002), whose conditional first step D3 and D4 make unnecessary.
 */
final class MultiCommit {
    static final int UNDECIDED = 0;
    static final int COMMITTED = 1;
    static final int ABORTED = 2;

    private static final int STATUS = 0;
    private static final int COUNT = 8;
    private static final int ENTRIES = 16;
    private static final int ENTRY_LENGTH = 40;
    private static final int OLD_WORD = 8;
    private static final int OLD_RECORD = 16;
    private static final int NEW_RECORD = 24;
    private static final int NEW_WORD = 32;

    private final Mem mem;
    private final Numbering numbering;

    MultiCommit(Mem mem, Numbering numbering) {
        this.mem = mem;
        this.numbering = numbering;
    }

    /** Bytes of a descriptor's value. */
    static int valueLength(int count) {
        return ENTRIES + count * ENTRY_LENGTH;
    }

    /** Begins a descriptor that {@link Edit} made. */
    void begin(long descriptor, int count) {
        long value = Records.value(mem, descriptor, 0);
        mem.putLong(value + STATUS, UNDECIDED);
        mem.putLong(value + COUNT, count);
    }

    /** Fills in an entry. They must come in the order of their slots. */
    void entry(long descriptor, int i, long slot, long oldWord, long oldRecord, long newRecord) {
        long at = at(descriptor, i);
        mem.putLong(at, slot);
        mem.putLong(at + OLD_WORD, oldWord);
        mem.putLong(at + OLD_RECORD, oldRecord);
        mem.putLong(at + NEW_RECORD, newRecord);
        mem.putLong(at + NEW_WORD, (oldWord & ~Index.ADDRESS_MASK) | newRecord);
    }

    private long at(long descriptor, int i) {
        return Records.value(mem, descriptor, ENTRIES + i * ENTRY_LENGTH);
    }

    private int count(long descriptor) {
        return (int) mem.getLong(Records.value(mem, descriptor, COUNT));
    }

    int status(long descriptor) {
        return (int) mem.getLongVolatile(Records.value(mem, descriptor, STATUS));
    }

    private void decide(long descriptor, int status) {
        mem.compareAndSetLong(Records.value(mem, descriptor, STATUS), UNDECIDED, status);
    }

    private static long word(long descriptor, long oldWord) {
        return (oldWord & ~Index.ADDRESS_MASK) | descriptor | Index.DESC;
    }

    /** Brings a commit to its end, whoever's it is; returns whether it is committed. */
    boolean help(long descriptor) {
        int count = count(descriptor);
        int installed = 0;
        while (installed < count && status(descriptor) == UNDECIDED) {
            if (install(descriptor, at(descriptor, installed))) {
                installed++;
            }
        }
        if (installed == count) {
            decide(descriptor, COMMITTED);
        }
        boolean committed = status(descriptor) == COMMITTED;
        if (committed) {
            complete(descriptor, count);
        } else {
            takeOut(descriptor, count, OLD_WORD);
        }
        return committed;
    }

    /** Puts the descriptor into an entry; false if the status must be looked at before going on. */
    private boolean install(long descriptor, long at) {
        long slot = mem.getLong(at);
        long oldWord = mem.getLong(at + OLD_WORD);
        long word = mem.getLongVolatile(slot);
        if (word == word(descriptor, oldWord)) {
            return true;
        }
        if (word == oldWord) {
            return mem.compareAndSetLong(slot, oldWord, word(descriptor, oldWord));
        }
        if ((word & Index.DESC) != 0) {
            boolean unused = help(word & Index.ADDRESS_MASK);
        } else {
            decide(descriptor, ABORTED);
        }
        return false;
    }

    private void complete(long descriptor, int count) {
        long opId = numbering.number(descriptor);
        for (int i = 0; i < count; i++) {
            stamp(mem.getLong(at(descriptor, i) + NEW_RECORD), opId);
        }
        takeOut(descriptor, count, NEW_WORD);
    }

    private void stamp(long record, long opId) {
        if (Records.version(mem, record) == 0) {
            boolean unused = Records.number(mem, record, opId);
        }
    }

    private void takeOut(long descriptor, int count, int replacement) {
        for (int i = 0; i < count; i++) {
            long at = at(descriptor, i);
            long word = word(descriptor, mem.getLong(at + OLD_WORD));
            long slot = mem.getLong(at);
            if (mem.getLongVolatile(slot) == word) {
                mem.compareAndSetLong(slot, word, mem.getLong(at + replacement));
            }
        }
    }

    /** The record that a key has now whose entry holds a descriptor, for a reader. */
    long recordBehind(long descriptor, long slot) {
        int low = 0;
        int high = count(descriptor) - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(mem.getLong(at(descriptor, middle)), slot) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        long at = at(descriptor, low);
        if (status(descriptor) != COMMITTED) {
            return mem.getLong(at + OLD_RECORD);
        }
        long record = mem.getLong(at + NEW_RECORD);
        stamp(record, numbering.number(descriptor));
        return record;
    }
}
