package io.hotpair.benchmarks.compare;

import org.jspecify.annotations.Nullable;

/**
 * One thread's way into a contestant, with the arrays that an application would use again and
 * again. The key to act on stands in {@link #key}. What a user of the contestant's interface has to
 * do to get there, such as wrapping the key, is part of the operation.
 */
abstract class Caller {
    /** What {@link #get()} answers for an absent key. */
    static final int ABSENT = -1;

    /** How many keys {@link #getAll()} reads. */
    static final int BATCH = 16;

    final byte[] key = new byte[Keys.LENGTH];

    /** The keys that {@link #getAll()} reads. */
    final long[] numbers = new long[BATCH];

    /** Where {@link #put} takes the value from: a stamp of eight bytes, then zeros. */
    final byte[] value = new byte[Dataset.MAX_VALUE_LENGTH];

    /** Where {@link #get()} may copy the value. */
    final byte[] into = new byte[Dataset.MAX_VALUE_LENGTH];

    /**
     * Reads the value, so that all of it is in the caller's hands.
     *
     * @return its last byte, which is 0, or {@link #ABSENT}
     */
    abstract int get();

    /** Overwrites the value by the first bytes of {@link #value}. */
    abstract void put(int length);

    /** Adds 1 to the counter of the key. */
    abstract long increment();

    /** The value as the contestant holds it, to check it. Not measured. */
    abstract byte @Nullable [] read();

    /**
     * Reads several values; one after the other, where there is nothing better.
     *
     * @return 0 if all were there
     */
    int getAll() {
        int wrong = 0;
        for (long number : numbers) {
            Keys.write(number, key);
            wrong |= get();
        }
        return wrong;
    }
}
