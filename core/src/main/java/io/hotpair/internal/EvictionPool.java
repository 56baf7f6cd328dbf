package io.hotpair.internal;

/**
 * The records worth least of those that were looked at lately, so that what an earlier look found
 * is not lost: it makes a few records at a time as good a choice as many. One for each stripe, used
 * by one thread at a time. What it says of a record may be out of date: the record gone, or used
 * since. So whoever takes one out looks at it again; the others can wait until it is their turn.
 */
public final class EvictionPool {
    static final int CAPACITY = 16;

    private final long[] records = new long[CAPACITY];
    private final long[] priorities = new long[CAPACITY];
    private int count;

    /** How many records are in it. */
    public int count() {
        return count;
    }

    /** A record in it. */
    public long record(int i) {
        return records[i];
    }

    /** Corrects what a record in the pool is worth; whether it is worth least even so. */
    public boolean isLowestWith(int i, long priority) {
        priorities[i] = priority;
        return priorities[lowest()] == priority;
    }

    /** Takes a record out; the last one takes its place. */
    public void remove(int i) {
        count--;
        records[i] = records[count];
        priorities[i] = priorities[count];
    }

    /** Puts a record in, or corrects it, if there is room or one that is worth more. */
    public void offer(long record, long priority) {
        int i = indexOf(record);
        if (i == count && count == CAPACITY) {
            i = highest();
            if (priority >= priorities[i]) {
                return;
            }
        } else if (i == count) {
            count++;
        }
        records[i] = record;
        priorities[i] = priority;
    }

    private int indexOf(long record) {
        for (int i = 0; i < count; i++) {
            if (records[i] == record) {
                return i;
            }
        }
        return count;
    }

    private int highest() {
        int highest = 0;
        for (int i = 1; i < count; i++) {
            highest = priorities[i] > priorities[highest] ? i : highest;
        }
        return highest;
    }

    /** Where the record is that is worth least, or -1 if the pool is empty. */
    public int lowest() {
        int lowest = count - 1;
        for (int i = count - 2; i >= 0; i--) {
            lowest = priorities[i] <= priorities[lowest] ? i : lowest;
        }
        return lowest;
    }
}
