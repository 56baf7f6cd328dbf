package io.hotpair.internal;

import io.hotpair.LcsMatches;
import java.util.ArrayList;
import java.util.List;

/**
 * The longest common subsequence of two strings, by dynamic programming. Of those that are equally
 * long it is the one that Redis gives. Only two rows of lengths are kept, and a bit for each pair
 * of prefixes: which of the two to shorten.
 */
final class Lcs {
    /** As many pairs as Redis has memory for. */
    private static final long MAX_PAIRS = 1L << 27;

    private final byte[] first;
    private final byte[] second;
    private final long[] shortenFirst;
    private final int rowWords;
    private final int length;

    /**
     * Finds it, in strings that {@link #checkLengths} lets pass.
     *
     * @param withPath whether more than the length will be asked for
     */
    Lcs(byte[] first, byte[] second, boolean withPath) {
        this.first = first;
        this.second = second;
        rowWords = second.length / Long.SIZE + 1;
        shortenFirst = new long[withPath ? Math.multiplyExact(rowWords, first.length + 1) : 0];
        length = fill(withPath);
    }

    /** Refuses strings of which there would be too many pairs of prefixes. */
    static void checkLengths(long first, long second) {
        long pairs = (first + 1) * (second + 1);
        if (pairs > MAX_PAIRS) {
            throw new IllegalArgumentException(
                    "(first.length + 1) * (second.length + 1)="
                            + pairs
                            + ", expected at most "
                            + MAX_PAIRS);
        }
    }

    private int fill(boolean withPath) {
        int[] above = new int[second.length + 1];
        int[] row = new int[second.length + 1];
        for (int i = 1; i <= first.length; i++) {
            byte next = first[i - 1];
            for (int j = 1; j <= second.length; j++) {
                if (next == second[j - 1]) {
                    row[j] = above[j - 1] + 1;
                } else if (above[j] > row[j - 1]) {
                    row[j] = above[j];
                    if (withPath) {
                        shortenFirst[i * rowWords + (j >>> 6)] |= 1L << j;
                    }
                } else {
                    row[j] = row[j - 1];
                }
            }
            int[] done = above;
            above = row;
            row = done;
        }
        return above[second.length];
    }

    int length() {
        return length;
    }

    private boolean shortensFirst(int i, int j) {
        return (shortenFirst[i * rowWords + (j >>> 6)] & (1L << j)) != 0;
    }

    byte[] bytes() {
        byte[] bytes = new byte[length];
        int at = length;
        for (LcsMatches.Match match : matches(0)) {
            int count = (int) match.length();
            at -= count;
            System.arraycopy(first, (int) match.firstStart(), bytes, at, count);
        }
        return bytes;
    }

    /** The pieces that both have and that are so long, from the last one to the first. */
    List<LcsMatches.Match> matches(long minLength) {
        List<LcsMatches.Match> matches = new ArrayList<>();
        int i = first.length;
        int j = second.length;
        while (i > 0 && j > 0) {
            int count = 0;
            while (i > 0 && j > 0 && first[i - 1] == second[j - 1]) {
                i--;
                j--;
                count++;
            }
            if (count > 0 && count >= minLength) {
                matches.add(new LcsMatches.Match(i, i + count - 1L, j, j + count - 1L));
            }
            if (i > 0 && j > 0 && shortensFirst(i, j)) {
                i--;
            } else {
                j--;
            }
        }
        return matches;
    }
}
