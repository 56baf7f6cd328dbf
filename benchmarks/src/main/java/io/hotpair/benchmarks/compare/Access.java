package io.hotpair.benchmarks.compare;

import java.util.SplittableRandom;

/** Walks a sequence of keys that was drawn beforehand. One for each thread and chunk. */
final class Access {
    private static final int SEQUENCE_LENGTH = 1 << 22;

    private final int[] numbers;
    private int position;

    private Access(int[] numbers, int position) {
        this.numbers = numbers;
        this.position = position;
    }

    /** Draws a sequence. */
    static int[] draw(Distribution distribution, int keyCount, long seed) {
        int[] numbers = new int[SEQUENCE_LENGTH];
        distribution.fill(numbers, keyCount, new SplittableRandom(seed));
        return numbers;
    }

    /** Begins anywhere in a sequence, and goes round. */
    static Access of(int[] numbers, int position) {
        return new Access(numbers, position);
    }

    long next() {
        return numbers[position++ & (SEQUENCE_LENGTH - 1)];
    }

    /** Counts the calls of {@link #next()}. */
    int turn() {
        return position;
    }

    /** A number from 0 to 99 that looks random, another one after each {@link #next()}. */
    int percent() {
        return (int) ((((position * 0x9E3779B9L) & 0xFFFFFF) * 100) >>> 24);
    }
}
