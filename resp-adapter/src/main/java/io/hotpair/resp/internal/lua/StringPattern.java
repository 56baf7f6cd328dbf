package io.hotpair.resp.internal.lua;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Matches a pattern of Lua ("Programming in Lua", chapter 20). Each step is one of the execution's,
 * so a pattern that tries every way there is gets no further than any other loop.
 */
final class StringPattern {
    private static final int MAX_CAPTURES = 32;
    private static final int MAX_DEPTH = 2000;

    /** What a part of a pattern takes of the stack. */
    private static final int NODES = 2;

    private static final int UNFINISHED = -1;
    private static final int POSITION = -2;
    private static final int NO_MATCH = -1;

    private final LuaState state;
    private final byte[] string;
    private final byte[] pattern;
    private final int patternFrom;
    private final int[] starts = new int[MAX_CAPTURES];
    private final int[] lengths = new int[MAX_CAPTURES];
    private int level;
    private int depth;

    StringPattern(LuaState state, LuaString string, LuaString pattern, int patternFrom) {
        this.state = state;
        this.string = string.bytes();
        this.pattern = upToZero(pattern.bytes());
        this.patternFrom = patternFrom;
        state.budget().work(this.pattern.length);
    }

    /** A pattern ends at a zero byte. */
    static byte[] upToZero(byte[] pattern) {
        for (int i = 0; i < pattern.length; i++) {
            if (pattern[i] == 0) {
                return Arrays.copyOf(pattern, i);
            }
        }
        return pattern;
    }

    byte[] bytes() {
        return string;
    }

    /** Where a match that begins here ends, or -1. */
    int match(int at) {
        level = 0;
        depth = 0;
        return match(at, patternFrom);
    }

    // ---- captures

    /** The captures, or all that matched if there are none. */
    @Nullable Object[] captures(int at, int end) {
        return level == 0 ? LuaFunction.result(capture(0, at, end)) : capturesOnly();
    }

    @Nullable Object[] capturesOnly() {
        @Nullable Object[] all = new Object[level];
        for (int i = 0; i < level; i++) {
            all[i] = capture(i, 0, 0);
        }
        return all;
    }

    Object capture(int index, int at, int end) {
        if (index >= level) {
            if (index != 0) {
                throw state.error("invalid capture index");
            }
            return part(at, end - at);
        }
        if (lengths[index] == UNFINISHED) {
            throw state.error("unfinished capture");
        }
        return lengths[index] == POSITION
                ? Operations.number(starts[index] + 1)
                : part(starts[index], lengths[index]);
    }

    private LuaString part(int from, int length) {
        return state.newString(Arrays.copyOfRange(string, from, from + length));
    }

    // ---- matching

    private int match(int atString, int atPattern) {
        if (++depth > MAX_DEPTH) {
            // Deeper than any useful pattern goes; what stands in the pattern's loop is no depth.
            throw state.error("pattern too complex");
        }
        state.budget().enter(NODES);
        try {
            return matchRest(atString, atPattern);
        } finally {
            state.budget().leave(NODES);
            depth--;
        }
    }

    private int matchRest(int atString, int atPattern) {
        int s = atString;
        int p = atPattern;
        while (true) {
            state.budget().step();
            if (p == pattern.length) {
                return s;
            }
            int c = pattern[p];
            int next = p + 1 < pattern.length ? pattern[p + 1] : 0;
            if (c == '(') {
                return next == ')'
                        ? startCapture(s, p + 2, POSITION)
                        : startCapture(s, p + 1, UNFINISHED);
            }
            if (c == ')') {
                return endCapture(s, p + 1);
            }
            if (c == '$' && p + 1 == pattern.length) {
                return s == string.length ? s : NO_MATCH;
            }
            if (c == '%' && (next == 'b' || next == 'f' || Numbers.isDigit(next))) {
                s = matchSpecial(s, p, next);
                if (s == NO_MATCH) {
                    return NO_MATCH;
                }
                p = next == 'b' ? p + 4 : next == 'f' ? classEnd(p + 2) : p + 2;
                continue;
            }
            int end = classEnd(p);
            int suffix = end < pattern.length ? pattern[end] : 0;
            boolean matches = s < string.length && matchesOne(string[s] & 0xff, p, end);
            switch (suffix) {
                case '?' -> {
                    int rest = matches ? match(s + 1, end + 1) : NO_MATCH;
                    if (rest != NO_MATCH) {
                        return rest;
                    }
                    p = end + 1;
                }
                case '*' -> {
                    return expandMost(s, p, end);
                }
                case '+' -> {
                    return matches ? expandMost(s + 1, p, end) : NO_MATCH;
                }
                case '-' -> {
                    return expandLeast(s, p, end);
                }
                default -> {
                    if (!matches) {
                        return NO_MATCH;
                    }
                    s++;
                    p = end;
                }
            }
        }
    }

    /**
     * Matches what a letter or a digit behind a percent sign means that stands for no character.
     */
    private int matchSpecial(int s, int p, int letter) {
        if (letter == 'b') {
            return matchBalance(s, p + 2);
        }
        if (letter != 'f') {
            return matchCapture(s, letter);
        }
        if (p + 2 >= pattern.length || pattern[p + 2] != '[') {
            throw state.error("missing '[' after '%f' in pattern");
        }
        int end = classEnd(p + 2);
        int before = s == 0 ? 0 : string[s - 1] & 0xff;
        int here = s < string.length ? string[s] & 0xff : 0;
        boolean isFrontier = !inSet(before, p + 2, end - 1) && inSet(here, p + 2, end - 1);
        return isFrontier ? s : NO_MATCH;
    }

    private int expandMost(int s, int p, int end) {
        int count = 0;
        while (s + count < string.length && matchesOne(string[s + count] & 0xff, p, end)) {
            count++;
            state.budget().step();
        }
        while (count >= 0) {
            int rest = match(s + count, end + 1);
            if (rest != NO_MATCH) {
                return rest;
            }
            count--;
        }
        return NO_MATCH;
    }

    private int expandLeast(int from, int p, int end) {
        int s = from;
        while (true) {
            int rest = match(s, end + 1);
            if (rest != NO_MATCH) {
                return rest;
            }
            if (s < string.length && matchesOne(string[s] & 0xff, p, end)) {
                s++;
            } else {
                return NO_MATCH;
            }
        }
    }

    private int startCapture(int s, int p, int what) {
        if (level >= MAX_CAPTURES) {
            throw state.error("too many captures");
        }
        starts[level] = s;
        lengths[level] = what;
        level++;
        int end = match(s, p);
        if (end == NO_MATCH) {
            level--;
        }
        return end;
    }

    private int endCapture(int s, int p) {
        int open = level - 1;
        while (open >= 0 && lengths[open] != UNFINISHED) {
            open--;
        }
        if (open < 0) {
            throw state.error("invalid pattern capture");
        }
        lengths[open] = s - starts[open];
        int end = match(s, p);
        if (end == NO_MATCH) {
            lengths[open] = UNFINISHED;
        }
        return end;
    }

    private int matchCapture(int s, int digit) {
        int index = digit - '1';
        if (index < 0 || index >= level || lengths[index] == UNFINISHED) {
            throw state.error("invalid capture index");
        }
        int length = Math.max(0, lengths[index]);
        state.budget().steps(length >>> 6);
        boolean same =
                string.length - s >= length
                        && Arrays.equals(
                                string,
                                starts[index],
                                starts[index] + length,
                                string,
                                s,
                                s + length);
        return same ? s + length : NO_MATCH;
    }

    private int matchBalance(int s, int p) {
        if (p + 1 >= pattern.length) {
            throw state.error("unbalanced pattern");
        }
        if (s >= string.length || string[s] != pattern[p]) {
            return NO_MATCH;
        }
        int opening = pattern[p];
        int closing = pattern[p + 1];
        int open = 1;
        for (int at = s + 1; at < string.length; at++) {
            state.budget().step();
            if (string[at] == closing) {
                if (--open == 0) {
                    return at + 1;
                }
            } else if (string[at] == opening) {
                open++;
            }
        }
        return NO_MATCH;
    }

    // ---- classes

    private int classEnd(int from) {
        int p = from;
        int c = pattern[p++];
        if (c == '%') {
            if (p == pattern.length) {
                throw state.error("malformed pattern (ends with '%')");
            }
            return p + 1;
        }
        if (c == '[') {
            if (p < pattern.length && pattern[p] == '^') {
                p++;
            }
            do {
                if (p >= pattern.length) {
                    throw state.error("malformed pattern (missing ']')");
                }
                if (pattern[p++] == '%' && p < pattern.length) {
                    p++;
                }
            } while (p >= pattern.length || pattern[p] != ']');
            state.budget().steps((p - from) >>> 3);
            return p + 1;
        }
        return p;
    }

    private boolean matchesOne(int c, int p, int end) {
        return switch (pattern[p]) {
            case '.' -> true;
            case '%' -> isInClass(c, pattern[p + 1]);
            case '[' -> inSet(c, p, end - 1);
            default -> (pattern[p] & 0xff) == c;
        };
    }

    /** Whether it is in a set, whose closing bracket stands at the last place. */
    private boolean inSet(int c, int from, int last) {
        int p = from + 1;
        boolean isNegated = pattern[p] == '^';
        if (isNegated) {
            p++;
        }
        for (; p < last; p++) {
            state.budget().step();
            if (pattern[p] == '%') {
                p++;
                if (isInClass(c, pattern[p])) {
                    return !isNegated;
                }
            } else if (p + 2 < last && pattern[p + 1] == '-') {
                if ((pattern[p] & 0xff) <= c && c <= (pattern[p + 2] & 0xff)) {
                    return !isNegated;
                }
                p += 2;
            } else if ((pattern[p] & 0xff) == c) {
                return !isNegated;
            }
        }
        return isNegated;
    }

    private static boolean isInClass(int c, int letter) {
        boolean is;
        switch (letter | 0x20) {
            case 'a' -> is = isLetter(c);
            case 'c' -> is = c < 0x20 || c == 0x7f;
            case 'd' -> is = Numbers.isDigit(c);
            case 'l' -> is = c >= 'a' && c <= 'z';
            case 'p' -> is = c > 0x20 && c < 0x7f && !isLetter(c) && !Numbers.isDigit(c);
            case 's' -> is = Numbers.isSpace(c);
            case 'u' -> is = c >= 'A' && c <= 'Z';
            case 'w' -> is = isLetter(c) || Numbers.isDigit(c);
            case 'x' -> is = c < 128 && Character.digit(c, 16) >= 0;
            case 'z' -> is = c == 0;
            default -> {
                return (letter & 0xff) == c;
            }
        }
        boolean isCapital = letter >= 'A' && letter <= 'Z';
        if (!isCapital && !(letter >= 'a' && letter <= 'z')) {
            return (letter & 0xff) == c;
        }
        return isCapital != is;
    }

    private static boolean isLetter(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
}
