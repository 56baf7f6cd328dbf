package io.hotpair;

import java.util.List;

/**
 * Where two strings have their longest common subsequence.
 *
 * @param matches the pieces that they have in common, from the last one to the first
 * @param length bytes of the whole subsequence
 */
public record LcsMatches(List<Match> matches, long length) {

    /**
     * Takes a copy of the list.
     *
     * @param matches the pieces
     * @param length bytes of the subsequence
     */
    public LcsMatches {
        matches = List.copyOf(matches);
    }

    /**
     * A piece that stands in both.
     *
     * @param firstStart its first byte in the first string
     * @param firstEnd its last byte there
     * @param secondStart its first byte in the second string
     * @param secondEnd its last byte there
     */
    public record Match(long firstStart, long firstEnd, long secondStart, long secondEnd) {

        /**
         * Its length.
         *
         * @return bytes
         */
        public long length() {
            return firstEnd - firstStart + 1;
        }
    }
}
