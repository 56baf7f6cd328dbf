package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What Redis 7.0 makes of all that a client has sent, read from its start in one go: simple, slow,
 * and without anything in common with {@link RequestParser}.
 *
 * <p>Two things are as they are meant here, not as they are in Redis: a zero byte ends no line, and
 * a TLS handshake is refused.
 */
final class ReferenceParser {
    /** A command, with where it begins and ends among all that was sent. */
    record Parsed(int start, int end, List<byte[]> arguments) {}

    private static final int MAX_LINE = 65_536;
    private static final int NOT_THERE = -1;
    private static final int NOT_WHOLE = -2;

    private final byte[] bytes;
    private final int end;
    private final int signedInAfter;
    private final long maxBulkLength;
    private final List<Parsed> commands = new ArrayList<>();
    private String error = "";
    private int at;
    private long needed;

    /**
     * Parses.
     *
     * @param length how many of the bytes have come
     * @param signedInAfter how many commands it takes until the client has authenticated
     */
    ReferenceParser(byte[] bytes, int length, int signedInAfter, long maxBulkLength) {
        this.bytes = bytes;
        end = length;
        this.signedInAfter = signedInAfter;
        this.maxBulkLength = maxBulkLength;
        boolean goesOn = true;
        while (goesOn && at < end) {
            goesOn = bytes[at] == '*' ? multiBulk() : inline();
        }
    }

    /** Those that are complete and not empty. */
    List<Parsed> commands() {
        return commands;
    }

    /** Why what follows is no command, or nothing. */
    String error() {
        return error;
    }

    /** Where begins what is no whole command. */
    int consumed() {
        return at;
    }

    /** How many bytes from there the argument takes that is being received; 0 if not known. */
    long needed() {
        return needed;
    }

    private boolean isSignedIn() {
        return commands.size() >= signedInAfter;
    }

    private boolean inline() {
        if (bytes[at] == 22 && at + 1 < end && bytes[at + 1] == 3) {
            return fail("a TLS handshake on a port without TLS");
        }
        int newline = indexOf('\n', at);
        if (newline == NOT_THERE) {
            return end - at > MAX_LINE && fail("too big inline request");
        }
        String line = latin(at, newline);
        List<byte[]> words = split(line.endsWith("\r") ? cut(line) : line);
        return words == null ? fail("unbalanced quotes in request") : take(newline + 1, words);
    }

    private boolean multiBulk() {
        int line = lineEnd(at, "too big mbulk count string");
        if (line < 0) {
            return false;
        }
        Long count = number(at + 1, line);
        if (count == null || count > Integer.MAX_VALUE) {
            return fail("invalid multibulk length");
        }
        if (!isSignedIn() && count > 10) {
            return fail("unauthenticated multibulk length");
        }
        List<byte[]> arguments = new ArrayList<>();
        int next = line + 2;
        for (long i = 0; i < count; i++) {
            line = lineEnd(next, "too big bulk count string");
            if (line < 0) {
                return false;
            }
            if (bytes[next] != '$') {
                return fail("expected '$', got '" + (char) (bytes[next] & 0xFF) + "'");
            }
            Long length = number(next + 1, line);
            if (length == null || length < 0 || length > maxBulkLength) {
                return fail("invalid bulk length");
            }
            if (!isSignedIn() && length > 16_384) {
                return fail("unauthenticated bulk length");
            }
            long dataEnd = line + 2 + length;
            if (dataEnd + 2 > end) {
                needed = dataEnd + 2 - at;
                return false;
            }
            arguments.add(Arrays.copyOfRange(bytes, line + 2, (int) dataEnd));
            next = (int) dataEnd + 2;
        }
        return take(next, arguments);
    }

    /** Where a line's CR is; below 0 if it, or the byte behind it, has not come. */
    private int lineEnd(int from, String tooLong) {
        int carriageReturn = indexOf('\r', from);
        if (carriageReturn == NOT_THERE) {
            boolean unused = end - from > MAX_LINE && fail(tooLong);
            return NOT_THERE;
        }
        return carriageReturn + 2 > end ? NOT_WHOLE : carriageReturn;
    }

    private boolean take(int next, List<byte[]> arguments) {
        if (!arguments.isEmpty()) {
            commands.add(new Parsed(at, next, arguments));
        }
        at = next;
        return true;
    }

    private boolean fail(String why) {
        error = why;
        return false;
    }

    private @Nullable Long number(int from, int to) {
        String text = latin(from, to);
        try {
            long number = Long.parseLong(text);
            return Long.toString(number).equals(text) ? number : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private int indexOf(char wanted, int from) {
        for (int i = from; i < end; i++) {
            if (bytes[i] == wanted) {
                return i;
            }
        }
        return NOT_THERE;
    }

    private String latin(int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private static String cut(String line) {
        return line.substring(0, line.length() - 1);
    }

    /** As {@code sdssplitargs} does it; null if a quote is not closed as it should be. */
    private static @Nullable List<byte[]> split(String line) {
        List<byte[]> words = new ArrayList<>();
        int i = 0;
        while (true) {
            while (i < line.length() && isSpace(line.charAt(i))) {
                i++;
            }
            if (i == line.length()) {
                return words;
            }
            StringBuilder word = new StringBuilder();
            char quote = 0;
            boolean done = false;
            while (!done) {
                char c = i < line.length() ? line.charAt(i) : 0;
                boolean isEnd = i == line.length();
                if (quote == 0) {
                    if (isEnd || c == ' ' || c == '\n' || c == '\r' || c == '\t') {
                        done = true;
                    } else if (c == '"' || c == '\'') {
                        quote = c;
                    } else {
                        word.append(c);
                    }
                } else if (isEnd) {
                    return null;
                } else if (c == quote) {
                    if (i + 1 < line.length() && !isSpace(line.charAt(i + 1))) {
                        return null;
                    }
                    done = true;
                } else if (quote == '"' && isHexEscape(line, i)) {
                    word.append((char) Integer.parseInt(line.substring(i + 2, i + 4), 16));
                    i += 3;
                } else if (quote == '"' && c == '\\' && i + 1 < line.length()) {
                    i++;
                    int known = "nrtba".indexOf(line.charAt(i));
                    word.append(known < 0 ? line.charAt(i) : "\n\r\t\b\007".charAt(known));
                } else if (quote == '\'' && line.startsWith("\\'", i)) {
                    i++;
                    word.append('\'');
                } else {
                    word.append(c);
                }
                if (!isEnd) {
                    i++;
                }
            }
            words.add(word.toString().getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    private static boolean isHexEscape(String line, int at) {
        return line.startsWith("\\x", at)
                && at + 3 < line.length()
                && Character.digit(line.charAt(at + 2), 16) >= 0
                && Character.digit(line.charAt(at + 3), 16) >= 0;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }
}
