package io.hotpair.internal;

import java.util.Arrays;

/**
 * A set of addresses, by open addressing: a place is searched from its hash on, and a removal moves
 * what was pushed aside back. Not thread-safe; used again and again.
 */
final class AddressSet {
    private static final int MIN_CAPACITY = 16;
    private static final int MAX_KEPT_CAPACITY = 64;
    private static final long MULTIPLIER = 0x9E37_79B9_7F4A_7C15L;

    private long[] table = new long[MIN_CAPACITY];
    private int count;

    void clear() {
        if (count == 0) {
            return;
        }
        if (table.length > MAX_KEPT_CAPACITY) {
            table = new long[MIN_CAPACITY];
        } else {
            Arrays.fill(table, 0);
        }
        count = 0;
    }

    /** Takes the heap memory that one more address needs. */
    void ensureRoom() {
        if (2 * (count + 1) <= table.length) {
            return;
        }
        long[] smaller = table;
        table = new long[2 * smaller.length];
        for (long address : smaller) {
            if (address != 0) {
                table[place(address)] = address;
            }
        }
    }

    /** Adds an address that is not there; {@link #ensureRoom()} was called before. */
    void add(long address) {
        table[place(address)] = address;
        count++;
    }

    boolean isEmpty() {
        return count == 0;
    }

    boolean contains(long address) {
        return table[place(address)] != 0;
    }

    /** Removes an address; returns whether it was there. */
    boolean remove(long address) {
        int gap = place(address);
        if (table[gap] == 0) {
            return false;
        }
        int mask = table.length - 1;
        for (int at = (gap + 1) & mask; table[at] != 0; at = (at + 1) & mask) {
            // It may move back unless its own place lies behind the gap.
            if (((at - home(table[at])) & mask) >= ((at - gap) & mask)) {
                table[gap] = table[at];
                gap = at;
            }
        }
        table[gap] = 0;
        count--;
        return true;
    }

    /** How many places there are to look at with {@link #at}. */
    int capacity() {
        return count == 0 ? 0 : table.length;
    }

    /** The address at a place, or 0. */
    long at(int place) {
        return table[place];
    }

    /** Takes the address at a place, or 0. Only {@link #clear} may follow when all are taken. */
    long take(int place) {
        long address = table[place];
        table[place] = 0;
        return address;
    }

    private int place(long address) {
        int mask = table.length - 1;
        int at = home(address);
        while (table[at] != 0 && table[at] != address) {
            at = (at + 1) & mask;
        }
        return at;
    }

    private int home(long address) {
        return (int) ((address * MULTIPLIER) >>> 32) & (table.length - 1);
    }
}
