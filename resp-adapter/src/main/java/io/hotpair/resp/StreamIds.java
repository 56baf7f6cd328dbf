package io.hotpair.resp;

import io.hotpair.StreamId;
import io.hotpair.StreamRange;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Ids of stream entries, and ranges of them, as Redis reads them. */
final class StreamIds {
    private static final int MAX_LENGTH = 127;
    private static final long MAX_SEQUENCE = -1;
    private static final String BLANKS = " \t\n\u000b\f\r";

    /**
     * An id that may have no sequence of its own.
     *
     * @param id the id; its sequence is 0 if it is to be made
     * @param makesSequence whether its sequence is to be made
     */
    record Partial(StreamId id, boolean makesSequence) {}

    private StreamIds() {}

    static CommandException invalid() {
        return new CommandException("ERR Invalid stream ID specified as stream command argument");
    }

    /** An id that must be two numbers, or one for the first entry of a time. */
    static StreamId strict(Request request, int argument) {
        StreamId id = find(request, argument);
        if (id == null) {
            throw invalid();
        }
        return id;
    }

    /** As {@link #strict}, or null if it is no id. */
    static @Nullable StreamId find(Request request, int argument) {
        byte[] bytes = request.copy(argument);
        return isEnd(bytes) ? null : parse(text(bytes), 0);
    }

    /** An id, where {@code -} and {@code +} stand for the lowest and the highest one. */
    static StreamId any(Request request, int argument) {
        return any(request.copy(argument), 0);
    }

    private static StreamId any(byte[] bytes, long missingSequence) {
        String text = text(bytes);
        if (text.equals("-")) {
            return StreamId.MIN;
        }
        if (text.equals("+")) {
            return StreamId.MAX;
        }
        StreamId id = parse(text, missingSequence);
        if (id == null) {
            throw invalid();
        }
        return id;
    }

    /** The id of XADD, which may end in {@code -*}. */
    static Partial partial(Request request, int argument) {
        String text = text(request.copy(argument));
        int hyphen = text.indexOf('-');
        if (hyphen > 0 && text.substring(hyphen + 1).equals("*")) {
            Long timeMs = number(text.substring(0, hyphen));
            if (timeMs == null) {
                throw invalid();
            }
            return new Partial(new StreamId(timeMs, 0), true);
        }
        return new Partial(strict(request, argument), false);
    }

    /** The low end of a range, which may be one that is not part of it. */
    static StreamId first(Request request, int argument) {
        byte[] bytes = request.copy(argument);
        if (!isExclusive(bytes)) {
            return any(bytes, 0);
        }
        StreamId id = exclusive(bytes, 0);
        if (id.equals(StreamId.MAX)) {
            throw new CommandException("ERR invalid start ID for the interval");
        }
        return id.next();
    }

    /** The high end of a range. */
    static StreamId last(Request request, int argument) {
        byte[] bytes = request.copy(argument);
        if (!isExclusive(bytes)) {
            return any(bytes, MAX_SEQUENCE);
        }
        StreamId id = exclusive(bytes, MAX_SEQUENCE);
        if (id.equals(StreamId.MIN)) {
            throw new CommandException("ERR invalid end ID for the interval");
        }
        return id.previous();
    }

    /** The range between two arguments. */
    static StreamRange range(Request request, int low, int high) {
        StreamId first = first(request, low);
        return StreamRange.of(first, last(request, high));
    }

    private static boolean isExclusive(byte[] bytes) {
        return bytes.length > 1 && bytes[0] == '(';
    }

    private static StreamId exclusive(byte[] bytes, long missingSequence) {
        byte[] rest = new byte[bytes.length - 1];
        System.arraycopy(bytes, 1, rest, 0, rest.length);
        StreamId id = isEnd(rest) ? null : parse(text(rest), missingSequence);
        if (id == null) {
            throw invalid();
        }
        return id;
    }

    private static boolean isEnd(byte[] bytes) {
        String text = text(bytes);
        return text.equals("-") || text.equals("+");
    }

    /** What stands before a zero byte, as C reads text; what is too long is none. */
    private static String text(byte[] bytes) {
        if (bytes.length > MAX_LENGTH) {
            return "";
        }
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int zero = text.indexOf('\0');
        return zero < 0 ? text : text.substring(0, zero);
    }

    private static @Nullable StreamId parse(String text, long missingSequence) {
        int hyphen = text.indexOf('-');
        Long timeMs = number(hyphen < 0 ? text : text.substring(0, hyphen));
        Long sequence =
                hyphen < 0 ? Long.valueOf(missingSequence) : number(text.substring(hyphen + 1));
        return timeMs == null || sequence == null ? null : new StreamId(timeMs, sequence);
    }

    /** An unsigned number, as C's strtoull reads it if it is no canonical negative one. */
    private static @Nullable Long number(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        if (Decimals.isLong(bytes, 0, bytes.length)) {
            long value = Decimals.parse(bytes, 0, bytes.length);
            return value < 0 ? null : value;
        }
        int from = 0;
        while (from < text.length() && BLANKS.indexOf(text.charAt(from)) >= 0) {
            from++;
        }
        boolean negative = text.startsWith("-", from);
        if (negative || text.startsWith("+", from)) {
            from++;
        }
        try {
            String digits = text.substring(from);
            if (digits.startsWith("+") || digits.startsWith("-")) {
                return null;
            }
            long value = Long.parseUnsignedLong(digits);
            return negative ? -value : value;
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
