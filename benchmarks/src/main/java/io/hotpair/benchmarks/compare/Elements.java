package io.hotpair.benchmarks.compare;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;

/**
 * The collections of one size, and what a command at its place in the sequence of all commands is
 * about: the same on both sides, as only the place decides. Arrays are used again.
 */
final class Elements {
    /** How many elements a range has. */
    static final int RANGE = 10;

    private static final long ABSENT = 1L << 40;
    private static final int SCORE_BITS = 28;

    final byte[] hash;
    final byte[] set;
    final byte[] sortedSet;
    final byte[] list;

    private final int size;
    private final byte[] member = new byte[Keys.LENGTH];
    private final byte[] value = new byte[Dataset.VALUE_LENGTH];

    Elements(int size) {
        this.size = size;
        hash = key("hash");
        set = key("set");
        sortedSet = key("sorted-set");
        list = key("list");
        Arrays.fill(value, (byte) 'v');
    }

    private byte[] key(String type) {
        return (type + ":" + size).getBytes(US_ASCII);
    }

    int size() {
        return size;
    }

    /** The member with a number below the size. */
    byte[] memberAt(long number) {
        Keys.write(number, member);
        return member;
    }

    /** One of the members. */
    byte[] member(long at) {
        return memberAt(random(at, size));
    }

    /** What is no member, unless it was added; the same one for a place and the one after it. */
    byte[] absentMember(long at) {
        return memberAt(ABSENT + (at >> 1));
    }

    byte[] value(long at) {
        Keys.putLong(value, 0, at);
        return value;
    }

    /** A whole number. */
    long score(long at) {
        return Keys.mix(~at) >>> (Long.SIZE - SCORE_BITS);
    }

    /** Anywhere in the collection. */
    long index(long at) {
        return random(at, size);
    }

    /** Where a range may begin that is whole. */
    long start(long at) {
        return random(at, Math.max(1, size - RANGE + 1));
    }

    private static long random(long at, int bound) {
        return ((Keys.mix(at) >>> 32) * bound) >>> 32;
    }
}
