package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the replies to one read of one client, and remembers where each begins and what it rests
 * on. That is what an {@link Outbox} needs to take replies back that must not be sent. One for each
 * event loop, whose thread alone uses it; emptied into an outbox before another client's turn.
 *
 * <p>The shapes follow the client's protocol: what RESP3 has of its own is written as RESP2 has it
 * for a client that did not ask for RESP3.
 */
final class ReplyBuffer {
    /** What a reply rests on. */
    enum Ground {
        /** Nothing in the keyspace: sent as it is. */
        NOTHING,
        /** Something read: to be sent only by a node that can vouch for it. */
        READ,
        /** Something written: to be sent only when the write has come as far as it must. */
        WRITE
    }

    /** Reading of keys has not begun in this batch. */
    static final long NO_TERM = Long.MIN_VALUE;

    private static final int INITIAL_LENGTH = 32 << 10;
    private static final int KEPT_LENGTH = 1 << 20;
    private static final byte[] NULL_BULK = ascii("$-1\r\n");
    private static final byte[] NULL_ARRAY = ascii("*-1\r\n");
    private static final byte[] NULL_3 = ascii("_\r\n");
    private static final byte[] OK = ascii("+OK\r\n");
    private static final byte[] TRUE_3 = ascii("#t\r\n");
    private static final byte[] FALSE_3 = ascii("#f\r\n");

    private final ErrorCounts errorCounts;
    private byte[] bytes = new byte[INITIAL_LENGTH];
    private int length;
    private boolean resp3;
    private long limit = Integer.MAX_VALUE;
    private int expectedDigits = 1;

    private int[] ends = new int[64];
    private Ground[] grounds = new Ground[64];
    private int count;
    private long readTerm = NO_TERM;
    private long writeOpId;
    private long writeTerm;
    private boolean closing;

    /** Where pushes begin and end that were written since the last reply ended. */
    private int[] pushes = new int[8];

    private int pushCount;

    ReplyBuffer(ErrorCounts errorCounts) {
        this.errorCounts = errorCounts;
    }

    /**
     * Empties it for a client.
     *
     * @param protocol 2 or 3
     * @param maxLength how long all replies together may become
     */
    void begin(int protocol, long maxLength) {
        if (bytes.length > KEPT_LENGTH) {
            bytes = new byte[INITIAL_LENGTH];
        }
        length = 0;
        count = 0;
        pushCount = 0;
        readTerm = NO_TERM;
        writeOpId = 0;
        closing = false;
        resp3 = protocol == 3;
        limit = maxLength;
    }

    void protocol(int protocol) {
        resp3 = protocol == 3;
    }

    /** Says in which term keys are about to be read; the first one of a batch counts. */
    void reads(long term) {
        if (readTerm == NO_TERM) {
            readTerm = term;
        }
    }

    void wrote(long opId, long term) {
        writeOpId = opId;
        writeTerm = term;
    }

    /** Ends the connection once these replies are sent. */
    void close() {
        closing = true;
    }

    /** Marks the end of a reply. */
    void end(Ground ground) {
        if (count == ends.length) {
            ends = Arrays.copyOf(ends, count * 2);
            grounds = Arrays.copyOf(grounds, count * 2);
        }
        ends[count] = length;
        grounds[count++] = ground;
        pushCount = 0;
    }

    /** Drops what was written since the length was this. */
    void truncate(int toLength) {
        length = toLength;
        while (pushCount > 0 && pushes[pushCount - 2] >= toLength) {
            pushCount -= 2;
        }
    }

    /** Drops what was written since the length was this, but for pushes, which nothing mutes. */
    void mute(int from) {
        length = from;
        for (int i = 0; i < pushCount; i += 2) {
            // What came before it stays where it is.
            if (pushes[i] >= from) {
                int pushLength = pushes[i + 1] - pushes[i];
                System.arraycopy(bytes, pushes[i], bytes, length, pushLength);
                length += pushLength;
            }
        }
        pushCount = 0;
    }

    /** Says that what follows is no reply, but something that the client subscribed to. */
    void beginPush() {
        if (pushCount == pushes.length) {
            pushes = Arrays.copyOf(pushes, pushCount * 2);
        }
        pushes[pushCount] = length;
        pushes[pushCount + 1] = length;
        pushCount += 2;
    }

    void endPush() {
        pushes[pushCount - 1] = length;
    }

    /** Writes a whole push. */
    void push(byte[] encoded) {
        beginPush();
        raw(encoded);
        endPush();
    }

    /** The header of a push: in RESP2 that of an array. */
    void pushHeader(long elements) {
        prefixed(resp3 ? '>' : '*', elements);
    }

    int length() {
        return length;
    }

    byte[] bytes() {
        return bytes;
    }

    int count() {
        return count;
    }

    int end(int reply) {
        return ends[reply];
    }

    Ground ground(int reply) {
        return grounds[reply];
    }

    long readTerm() {
        return readTerm;
    }

    long writeOpId() {
        return writeOpId;
    }

    long writeTerm() {
        return writeTerm;
    }

    boolean closing() {
        return closing;
    }

    boolean isEmpty() {
        return length == 0 && writeOpId == 0 && !closing;
    }

    /** Gives the array away, with what is in it, and goes on with another. */
    byte[] takeBytes() {
        byte[] taken = bytes;
        bytes = new byte[INITIAL_LENGTH];
        return taken;
    }

    void ok() {
        raw(OK);
    }

    /** A status; the text is ours and has no line break. */
    void status(String text) {
        line('+', text);
    }

    /**
     * An error. Line breaks in it become blanks, so that nothing a client sent can end the error
     * and begin a reply of its own.
     *
     * @param text the error code, a blank, the sentence; a character for each byte
     */
    void error(String text) {
        errorCounts.count(text);
        uncountedError(text);
    }

    /** The same, of one that was counted where it came about, or that a client asked for. */
    void uncountedError(String text) {
        reserve(text.length() + 3);
        bytes[length++] = '-';
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            bytes[length++] = c == '\r' || c == '\n' ? (byte) ' ' : (byte) c;
        }
        lineBreak();
    }

    void integer(long value) {
        prefixed(':', value);
    }

    void bulk(byte[] value) {
        bulk(value, 0, value.length);
    }

    void bulk(byte[] value, int offset, int valueLength) {
        reserve(valueLength + Decimals.MAX_LENGTH + 5);
        prefixed('$', valueLength);
        System.arraycopy(value, offset, bytes, length, valueLength);
        length += valueLength;
        lineBreak();
    }

    /** Text of ours, or a client's with a character for each byte. */
    void bulk(String text) {
        bulk(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    void bulkOrNull(byte @Nullable [] value) {
        if (value == null) {
            nullValue();
        } else {
            bulk(value);
        }
    }

    void bulkInteger(long value) {
        int digits = Decimals.lengthOf(value);
        reserve(digits + Decimals.MAX_LENGTH + 5);
        prefixed('$', digits);
        length = Decimals.write(value, bytes, length);
        lineBreak();
    }

    /** Text for people: RESP3 says that it is. */
    void verbatim(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        if (!resp3) {
            bulk(utf8);
            return;
        }
        reserve(utf8.length + Decimals.MAX_LENGTH + 9);
        prefixed('=', utf8.length + 4L);
        bytes[length++] = 't';
        bytes[length++] = 'x';
        bytes[length++] = 't';
        bytes[length++] = ':';
        System.arraycopy(utf8, 0, bytes, length, utf8.length);
        length += utf8.length;
        lineBreak();
    }

    /** Text of a format, which is three letters. */
    void verbatim(byte[] value, String format) {
        if (!resp3) {
            bulk(value);
            return;
        }
        reserve(value.length + Decimals.MAX_LENGTH + 9);
        prefixed('=', value.length + 4L);
        for (int i = 0; i < 3; i++) {
            bytes[length++] = (byte) (i < format.length() ? format.charAt(i) : ' ');
        }
        bytes[length++] = ':';
        System.arraycopy(value, 0, bytes, length, value.length);
        length += value.length;
        lineBreak();
    }

    /** An integer of any length, as its digits. */
    void bigNumber(String digits) {
        if (resp3) {
            line('(', digits);
        } else {
            bulk(digits);
        }
    }

    /** What was encoded elsewhere. */
    void encoded(byte[] reply) {
        raw(reply);
    }

    void nullValue() {
        raw(resp3 ? NULL_3 : NULL_BULK);
    }

    void nullArray() {
        raw(resp3 ? NULL_3 : NULL_ARRAY);
    }

    void bool(boolean value) {
        if (resp3) {
            raw(value ? TRUE_3 : FALSE_3);
        } else {
            integer(value ? 1 : 0);
        }
    }

    /** A floating point number, as C's {@code %.17g} prints it. */
    void number(double value) {
        String text = Doubles.text(value);
        if (resp3) {
            line(',', text);
        } else {
            bulk(text);
        }
    }

    void array(long elements) {
        prefixed('*', elements);
    }

    /** A floating point number without an exponent, with at most 17 digits after the point. */
    void plainNumber(double value) {
        String text = Doubles.plainText(value);
        if (resp3) {
            line(',', text);
        } else {
            bulk(text);
        }
    }

    /** Whether the client speaks RESP3. */
    boolean isResp3() {
        return resp3;
    }

    /** Makes an array of what was written since the length was this, its length being known now. */
    void closeArray(int from, long elements) {
        close('*', from, elements);
    }

    void closeSet(int from, long elements) {
        close(resp3 ? '~' : '*', from, elements);
    }

    void closeMap(int from, long entries) {
        close(resp3 ? '%' : '*', from, resp3 ? entries : 2 * entries);
    }

    private void close(char kind, int from, long elements) {
        int headerLength = Decimals.lengthOf(elements) + 3;
        reserve(headerLength);
        int end = length + headerLength;
        System.arraycopy(bytes, from, bytes, from + headerLength, length - from);
        length = from;
        prefixed(kind, elements);
        length = end;
    }

    void set(long elements) {
        prefixed(resp3 ? '~' : '*', elements);
    }

    void map(long entries) {
        prefixed(resp3 ? '%' : '*', resp3 ? entries : 2 * entries);
    }

    /**
     * Where a value may be put straight away, before its length is known, as {@link #valueRead}
     * expects it.
     *
     * @return the offset in {@link #bytes()}
     */
    int valueOffset() {
        reserve(expectedDigits + 5);
        return length + 1 + expectedDigits + 2;
    }

    /** Makes room for a value of this length at {@link #valueOffset()}, and expects it. */
    void expectValue(int valueLength) {
        expectedDigits = Decimals.lengthOf(valueLength);
        reserve(valueLength + expectedDigits + 5);
    }

    /**
     * Makes a bulk string of the value that was put at {@link #valueOffset()}. The header's length
     * was a guess, that of the value before; a wrong one costs a move.
     */
    void valueRead(int valueLength) {
        int digits = Decimals.lengthOf(valueLength);
        reserve(valueLength + Math.max(digits, expectedDigits) + 5);
        if (digits != expectedDigits) {
            int from = valueOffset();
            expectedDigits = digits;
            System.arraycopy(bytes, from, bytes, valueOffset(), valueLength);
        }
        bytes[length++] = '$';
        length = Decimals.write(valueLength, bytes, length);
        lineBreak();
        length += valueLength;
        lineBreak();
    }

    private void prefixed(char kind, long value) {
        reserve(Decimals.MAX_LENGTH + 3);
        bytes[length++] = (byte) kind;
        length = Decimals.write(value, bytes, length);
        lineBreak();
    }

    private void line(char kind, String text) {
        reserve(text.length() + 3);
        bytes[length++] = (byte) kind;
        for (int i = 0; i < text.length(); i++) {
            bytes[length++] = (byte) text.charAt(i);
        }
        lineBreak();
    }

    private void raw(byte[] encoded) {
        reserve(encoded.length);
        System.arraycopy(encoded, 0, bytes, length, encoded.length);
        length += encoded.length;
    }

    private void lineBreak() {
        bytes[length++] = '\r';
        bytes[length++] = '\n';
    }

    private void reserve(int more) {
        long needed = (long) length + more;
        if (needed <= bytes.length) {
            return;
        }
        // Errors are short and must get through, so a little is always granted.
        if (needed > limit + 1024) {
            throw CommandException.replyTooLong(limit);
        }
        bytes =
                Arrays.copyOf(
                        bytes, (int) Math.min(Math.max(needed, 2L * bytes.length), maxArray()));
    }

    private long maxArray() {
        return Math.min(Integer.MAX_VALUE - 64, limit + 2048 + INITIAL_LENGTH);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
