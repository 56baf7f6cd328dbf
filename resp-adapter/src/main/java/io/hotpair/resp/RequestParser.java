package io.hotpair.resp;

import java.util.Locale;

/**
 * Takes commands out of an array as they arrive, in the multi-bulk form or inline. Keeps where it
 * stopped, so that a command that comes byte by byte is not scanned from its start each time. What
 * is wrong, and how it is said, is Redis 7.0.15's.
 *
 * <pre>
 *  bytes:  ... already executed | complete arguments | part of the next one | room
 *                               ^ start              ^ start + position     ^ end
 * </pre>
 *
 * <p>Positions count from {@code start}, so the array may be moved or replaced between calls.
 */
final class RequestParser {
    /** The longest line: an inline command, or a count or length. */
    static final int MAX_LINE = 64 << 10;

    /** The most arguments, and the longest one, before a client has authenticated. */
    static final int MAX_ARGUMENTS_BEFORE_AUTH = 10;

    static final int MAX_BULK_BEFORE_AUTH = 16 << 10;

    private static final int NONE = -1;

    /** What a call to {@link #next} found. */
    enum Outcome {
        /** A command, in {@link #request()}. */
        REQUEST,
        /** Nothing complete. */
        INCOMPLETE,
        /** Bytes that are no command, {@link #error()} says why. Nothing after them counts. */
        ERROR
    }

    private Request request = new Request();
    private byte[] bytes = {};
    private int start;
    private int end;
    private int position;
    private int scanned;
    private int argumentsLeft = NONE;
    private int bulkLength = NONE;
    private final int maxBulkLength;
    private String error = "";

    RequestParser(int maxBulkLength) {
        this.maxBulkLength = maxBulkLength;
    }

    /** Says where the input is now; what was parsed of an incomplete command stays parsed. */
    void input(byte[] array, int from, int to) {
        bytes = array;
        start = from;
        end = to;
    }

    Request request() {
        return request;
    }

    /** Gives the last command away, and goes on with another place for the next one. */
    Request takeRequest(Request spare) {
        Request taken = request;
        request = spare;
        return taken;
    }

    /** Why the input is no command, without "Protocol error: ". */
    String error() {
        return error;
    }

    /** Where the first command begins that was not given yet. */
    int start() {
        return start;
    }

    /** Bytes from {@link #start} on. */
    int remaining() {
        return end - start;
    }

    /**
     * How many bytes from {@link #start} on the argument that is being received needs, as far as it
     * said; 0 if it did not say.
     */
    long needed() {
        return bulkLength == NONE ? 0 : (long) position + bulkLength + 2;
    }

    /**
     * Begins anew at a command that was given before, or at {@link #start}.
     *
     * @param requestStart where {@link #start} was before the call that gave it
     */
    void rewindTo(int requestStart) {
        start = requestStart;
        error = "";
        forget();
    }

    /**
     * Looks for the next command.
     *
     * @param authenticated whether the client may send long ones
     */
    Outcome next(boolean authenticated) {
        while (true) {
            if (argumentsLeft == NONE) {
                if (start == end) {
                    return Outcome.INCOMPLETE;
                }
                if (bytes[start] != '*') {
                    Outcome outcome = inline();
                    if (outcome != Outcome.REQUEST || request.count() > 0) {
                        return outcome;
                    }
                    continue;
                }
                Outcome outcome = header(authenticated);
                if (outcome != Outcome.REQUEST) {
                    return outcome;
                }
                if (argumentsLeft <= 0) {
                    finish();
                    continue;
                }
            }
            return arguments(authenticated);
        }
    }

    private Outcome header(boolean authenticated) {
        int line = lineEnd(0, "too big mbulk count string");
        if (line < 0) {
            return stopped();
        }
        int length = line - start - 1;
        if (!Decimals.isLong(bytes, start + 1, length)) {
            return fail("invalid multibulk length");
        }
        long count = Decimals.parse(bytes, start + 1, length);
        if (count > Integer.MAX_VALUE) {
            return fail("invalid multibulk length");
        }
        if (!authenticated && count > MAX_ARGUMENTS_BEFORE_AUTH) {
            return fail("unauthenticated multibulk length");
        }
        request.reset();
        request.expect(count);
        argumentsLeft = (int) Math.max(count, 0);
        position = line + 2 - start;
        return Outcome.REQUEST;
    }

    private Outcome arguments(boolean authenticated) {
        while (argumentsLeft > 0) {
            if (bulkLength == NONE) {
                Outcome outcome = bulkHeader(authenticated);
                if (outcome != Outcome.REQUEST) {
                    return outcome;
                }
            }
            if (end - start - position - 2 < bulkLength) {
                return Outcome.INCOMPLETE;
            }
            request.add(position, bulkLength);
            position += bulkLength + 2;
            bulkLength = NONE;
            argumentsLeft--;
        }
        request.locate(bytes, start);
        finish();
        return Outcome.REQUEST;
    }

    private Outcome bulkHeader(boolean authenticated) {
        int line = lineEnd(position, "too big bulk count string");
        if (line < 0) {
            return stopped();
        }
        int at = start + position;
        if (bytes[at] != '$') {
            return fail(
                    String.format(
                            Locale.ROOT, "expected '$', got '%c'", (char) (bytes[at] & 0xff)));
        }
        int length = line - at - 1;
        long bulk =
                Decimals.isLong(bytes, at + 1, length)
                        ? Decimals.parse(bytes, at + 1, length)
                        : NONE;
        if (bulk < 0 || bulk > maxBulkLength) {
            return fail("invalid bulk length");
        }
        if (!authenticated && bulk > MAX_BULK_BEFORE_AUTH) {
            return fail("unauthenticated bulk length");
        }
        bulkLength = (int) bulk;
        position = line + 2 - start;
        return Outcome.REQUEST;
    }

    /**
     * Where the carriage return of a line is, once the byte behind it is there too.
     *
     * @param from where the line begins, from start
     * @return the index, or -1 with {@link #error} set if the line is too long
     */
    private int lineEnd(int from, String tooLong) {
        for (int i = start + Math.max(from, scanned); i < end; i++) {
            if (bytes[i] == '\r') {
                scanned = i - start;
                return i + 1 < end ? i : -1;
            }
        }
        scanned = end - start;
        if (end - start - from > MAX_LINE) {
            error = tooLong;
        }
        return -1;
    }

    private Outcome inline() {
        if (isTlsHello()) {
            return fail("a TLS handshake on a port without TLS");
        }
        int line = -1;
        for (int i = start + scanned; i < end; i++) {
            if (bytes[i] == '\n') {
                line = i;
                break;
            }
        }
        if (line < 0) {
            scanned = end - start;
            return scanned > MAX_LINE ? fail("too big inline request") : Outcome.INCOMPLETE;
        }
        int lineEnd = line > start && bytes[line - 1] == '\r' ? line - 1 : line;
        request.reset();
        if (!InlineArguments.split(bytes, start, lineEnd, request)) {
            return fail("unbalanced quotes in request");
        }
        position = line + 1 - start;
        finish();
        return Outcome.REQUEST;
    }

    /** A TLS record begins 22, 3; an inline command never does. */
    private boolean isTlsHello() {
        return bytes[start] == 22 && end - start > 1 && bytes[start + 1] == 3;
    }

    private void finish() {
        start += position;
        forget();
    }

    private void forget() {
        position = 0;
        scanned = 0;
        argumentsLeft = NONE;
        bulkLength = NONE;
    }

    private Outcome stopped() {
        return error.isEmpty() ? Outcome.INCOMPLETE : Outcome.ERROR;
    }

    private Outcome fail(String why) {
        error = why;
        return Outcome.ERROR;
    }
}
