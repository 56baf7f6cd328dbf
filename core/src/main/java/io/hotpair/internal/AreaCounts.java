package io.hotpair.internal;

import io.hotpair.KeyArea;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How many keys there are in each {@link KeyArea} but the first, whose are the rest. Of an area 0
 * key nothing is counted here, so it costs a look at its first bytes. Thread-safe.
 */
final class AreaCounts {
    private static final int MARK_LENGTH = KeyArea.PREFIX_LENGTH - 1;

    /** What an int is compared with that was read where a key begins, and which bits of it. */
    private static final int MARK;

    private static final int MARK_BITS;
    private static final int AREA_SHIFT;

    static {
        byte[] mark = new byte[Integer.BYTES];
        KeyArea.prefix(0, mark, 0);
        MARK = ByteBuffer.wrap(mark).order(ByteOrder.nativeOrder()).getInt();
        AREA_SHIFT = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 24 : 0;
        MARK_BITS = ~(0xFF << AREA_SHIFT);
    }

    private final AtomicLongArray keys = new AtomicLongArray(KeyArea.NONE + 1);
    private final AtomicLongArray deadlines = new AtomicLongArray(KeyArea.NONE + 1);

    /** 1 for an area that ever had a key. */
    private final AtomicIntegerArray used = new AtomicIntegerArray(KeyArea.NONE + 1);

    /** The area of a record's key. */
    private static int area(Mem mem, long record) {
        int keyLength = Records.keyLength(mem, record);
        if (keyLength < MARK_LENGTH) {
            return 0;
        }
        // One byte more than the mark there always is, as blocks are cut in words.
        int begins = mem.getInt(record + Records.keyOffset(mem, record));
        if ((begins & MARK_BITS) != MARK) {
            return 0;
        }
        return keyLength == MARK_LENGTH ? KeyArea.NONE : (begins >>> AREA_SHIFT) & 0xFF;
    }

    /** Whether a record's key is of no database. */
    static boolean isOwn(Mem mem, long record) {
        return area(mem, record) >= KeyArea.OWN;
    }

    /** Counts a change of a record's key, by so many keys and deadlines. */
    void add(Mem mem, long record, int keyCount, int deadlineCount) {
        int area = area(mem, record);
        if (area != 0) {
            if (used.get(area) == 0) {
                used.set(area, 1);
            }
            keys.addAndGet(area, keyCount);
            deadlines.addAndGet(area, deadlineCount);
        }
    }

    /** The keys of an area but the first, or of {@link KeyArea#NONE}. */
    long keyCount(int area) {
        return keys.get(area);
    }

    /** Whether an area but the first never had a key since the keyspace was opened. */
    boolean isUnused(int area) {
        return used.get(area) == 0;
    }

    /** Those of them that have a deadline. */
    long deadlineCount(int area) {
        return deadlines.get(area);
    }

    /** The keys that are not in the first area. */
    long otherKeyCount() {
        return sum(keys);
    }

    /** Those of them that have a deadline. */
    long otherDeadlineCount() {
        return sum(deadlines);
    }

    private static long sum(AtomicLongArray counts) {
        long sum = 0;
        for (int area = 1; area < counts.length(); area++) {
            sum += counts.get(area);
        }
        return sum;
    }
}
