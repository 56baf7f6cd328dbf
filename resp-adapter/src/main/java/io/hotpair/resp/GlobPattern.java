package io.hotpair.resp;

/**
 * Redis's glob patterns: {@code *}, {@code ?}, {@code [a-z]}, {@code [^a]}, and a backslash before
 * what stands for itself.
 *
 * <p>Only the last star is ever tried again: what an earlier one took can stay as short as it was,
 * since the last one can take the rest. So a match takes at most pattern times text steps, where
 * trying every star again takes exponentially many.
 */
final class GlobPattern {
    /** Longer ones are refused: this times the longest key bounds what a match can take. */
    static final int MAX_LENGTH = 1024;

    private final byte[] pattern;
    private final boolean ignoreCase;

    GlobPattern(byte[] pattern, boolean ignoreCase) {
        if (pattern.length > MAX_LENGTH) {
            throw new CommandException(
                    "ERR pattern of " + pattern.length + " bytes, expected at most " + MAX_LENGTH);
        }
        this.pattern = pattern;
        this.ignoreCase = ignoreCase;
    }

    boolean isEmpty() {
        return pattern.length == 0;
    }

    private boolean matchesAll() {
        return pattern.length == 1 && pattern[0] == '*';
    }

    boolean matches(byte[] text) {
        if (text.length == 0) {
            // In Redis only these match the empty key; two stars do not.
            return pattern.length == 0 || matchesAll();
        }
        return matches(text, 0, text.length);
    }

    /** Whether some bytes match, at least one. Allocates nothing. */
    boolean matches(byte[] text, int from, int length) {
        int p = 0;
        int t = 0;
        int afterStar = -1;
        int starText = 0;
        while (t < length) {
            if (p < pattern.length && pattern[p] == '*') {
                afterStar = ++p;
                starText = t;
            } else if (p < pattern.length && matchesOne(p, text[from + t])) {
                p = next(p);
                t++;
            } else if (afterStar >= 0) {
                p = afterStar;
                t = ++starText;
            } else {
                return false;
            }
        }
        while (p < pattern.length && pattern[p] == '*') {
            p++;
        }
        return p == pattern.length;
    }

    private boolean matchesOne(int p, byte b) {
        return switch (pattern[p]) {
            case '?' -> true;
            case '[' -> inClass(p + 1, b);
            case '\\' -> same(p + 1 < pattern.length ? pattern[p + 1] : pattern[p], b);
            default -> same(pattern[p], b);
        };
    }

    /** Where what begins at an index ends. */
    private int next(int p) {
        return switch (pattern[p]) {
            case '[' -> classEnd(p + 1);
            case '\\' -> Math.min(p + 2, pattern.length);
            default -> p + 1;
        };
    }

    /**
     * Behind the bracket that closes a class; a class that nothing closes ends with the pattern.
     */
    private int classEnd(int from) {
        int p = from < pattern.length && pattern[from] == '^' ? from + 1 : from;
        while (p < pattern.length && pattern[p] != ']') {
            p = nextInClass(p);
        }
        return Math.min(p + 1, pattern.length);
    }

    private int nextInClass(int p) {
        if (pattern[p] == '\\' && p + 1 < pattern.length) {
            return p + 2;
        }
        return isRange(p) ? p + 3 : p + 1;
    }

    private boolean isRange(int p) {
        return p + 2 < pattern.length && pattern[p + 1] == '-';
    }

    private boolean inClass(int from, byte b) {
        boolean negated = from < pattern.length && pattern[from] == '^';
        boolean found = false;
        for (int p = negated ? from + 1 : from;
                p < pattern.length && pattern[p] != ']';
                p = nextInClass(p)) {
            if (pattern[p] == '\\' && p + 1 < pattern.length) {
                found |= pattern[p + 1] == b;
            } else if (isRange(p)) {
                found |= inRange(pattern[p], pattern[p + 2], b);
            } else {
                found |= same(pattern[p], b);
            }
        }
        return found != negated;
    }

    private boolean inRange(byte first, byte last, byte b) {
        int low = folded(first);
        int high = folded(last);
        int c = folded(b);
        return c >= Math.min(low, high) && c <= Math.max(low, high);
    }

    private boolean same(byte a, byte b) {
        return folded(a) == folded(b);
    }

    private int folded(byte b) {
        int c = b & 0xff;
        return ignoreCase && c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    }
}
