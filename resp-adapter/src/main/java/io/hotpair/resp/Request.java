package io.hotpair.resp;

import io.hotpair.KeyArea;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.UnaryOperator;

/**
 * A command as it arrived: its arguments are slices of one array. Reused for the next one; valid
 * while the command executes, unless it is parked, which copies what it needs.
 */
final class Request {
    private static final int INITIAL_ARGUMENTS = 16;
    private static final int COPY_OVERHEAD = 40;
    private static final int PARKED_OVERHEAD = 64;
    private static final int PARKED_COPIES = 2;
    private static final int WAITING_OVERHEAD = 224;
    private static final int WAITING_COPIES = 4;

    /** Each connection may keep as many when it has nothing to do, and nobody charges them. */
    private static final int MAX_KEPT_ARGUMENTS = 64;

    private static final int MAX_EXPECTED_ARGUMENTS = 1_024;
    private static final byte[] NOTHING = {};

    private byte[] bytes = NOTHING;
    private int base;
    private int[] offsets = new int[INITIAL_ARGUMENTS];
    private int[] lengths = new int[INITIAL_ARGUMENTS];
    private int count;

    /** Forgets its arguments, and the array that they are in. */
    void reset() {
        bytes = NOTHING;
        count = 0;
        if (offsets.length > MAX_KEPT_ARGUMENTS) {
            offsets = new int[INITIAL_ARGUMENTS];
            lengths = new int[INITIAL_ARGUMENTS];
        }
    }

    /** Makes room for as many arguments as are announced, within limits; for none below zero. */
    void expect(long arguments) {
        int room = (int) Math.min(Math.max(arguments, 0), MAX_EXPECTED_ARGUMENTS);
        if (room > offsets.length) {
            offsets = new int[room];
            lengths = new int[room];
        }
    }

    /** Says where the arguments are, and from where their offsets count. */
    void locate(byte[] array, int offset) {
        bytes = array;
        base = offset;
    }

    void add(int offset, int length) {
        if (count == offsets.length) {
            offsets = Arrays.copyOf(offsets, count * 2);
            lengths = Arrays.copyOf(lengths, count * 2);
        }
        offsets[count] = offset;
        lengths[count++] = length;
    }

    /** What the two index arrays take, for the budget of client memory. */
    int indexBytes() {
        return offsets.length * 2 * Integer.BYTES;
    }

    /** What copies of all arguments take, with their places in an array and a number for each. */
    long copiedBytes() {
        return argumentBytes() + (long) count * COPY_OVERHEAD;
    }

    /**
     * What a command keeps at most while it is parked: its arguments as it needs them, and as they
     * came.
     */
    long parkedBytes() {
        return argumentBytes() * PARKED_COPIES + (long) count * PARKED_OVERHEAD;
    }

    /**
     * What a command keeps at most that waits for keys: also its place in the line of each of them.
     */
    long waitingBytes() {
        return argumentBytes() * WAITING_COPIES + (long) count * WAITING_OVERHEAD;
    }

    /** The bytes of all arguments. */
    long argumentBytes() {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += lengths[i];
        }
        return sum;
    }

    /** Its length as an array of strings, as which nearly all commands come. */
    long encodedLength() {
        long sum = headLength(count);
        for (int i = 0; i < count; i++) {
            sum += headLength(lengths[i]) + lengths[i] + 2;
        }
        return sum;
    }

    /** A character, the number, and the end of the line. */
    private static int headLength(int number) {
        return Decimals.lengthOf(number) + 3;
    }

    /** The same command with some arguments replaced by what is made of them. */
    Request replaced(BitSet which, UnaryOperator<byte[]> by) {
        byte[][] arguments = copies(0);
        long total = 0;
        for (int i = 0; i < count; i++) {
            arguments[i] = which.get(i) ? by.apply(arguments[i]) : arguments[i];
            total += arguments[i].length;
        }
        Request replaced = new Request();
        replaced.bytes = new byte[Math.toIntExact(total)];
        int at = 0;
        for (byte[] argument : arguments) {
            System.arraycopy(argument, 0, replaced.bytes, at, argument.length);
            replaced.add(at, argument.length);
            at += argument.length;
        }
        return replaced;
    }

    /** The same command, in arrays of its own. */
    Request copy() {
        Request copy = new Request();
        copy.bytes = new byte[Math.toIntExact(argumentBytes())];
        copy.offsets = new int[count];
        copy.lengths = Arrays.copyOf(lengths, count);
        copy.count = count;
        int at = 0;
        for (int i = 0; i < count; i++) {
            System.arraycopy(bytes, offset(i), copy.bytes, at, lengths[i]);
            copy.offsets[i] = at;
            at += lengths[i];
        }
        return copy;
    }

    byte[] bytes() {
        return bytes;
    }

    /** Arguments, the command's name included. */
    int count() {
        return count;
    }

    int offset(int argument) {
        return base + offsets[argument];
    }

    int length(int argument) {
        return lengths[argument];
    }

    byte[] copy(int argument) {
        int from = offset(argument);
        return Arrays.copyOfRange(bytes, from, from + lengths[argument]);
    }

    /** An argument with a character for each byte. */
    String text(int argument) {
        return text(argument, Integer.MAX_VALUE);
    }

    /** An argument as Redis prints it in an error: what follows a zero byte is not printed. */
    String inError(int argument) {
        return inError(argument, Integer.MAX_VALUE);
    }

    String inError(int argument, int maxLength) {
        return inError(text(argument, maxLength));
    }

    /** A key as Redis prints it in an error: by its name in its database. */
    String keyInError(int argument) {
        return inError(new String(KeyArea.name(copy(argument)), StandardCharsets.ISO_8859_1));
    }

    private static String inError(String text) {
        int zero = text.indexOf('\0');
        return zero < 0 ? text : text.substring(0, zero);
    }

    private String text(int argument, int maxLength) {
        return new String(
                bytes,
                offset(argument),
                Math.min(maxLength, lengths[argument]),
                StandardCharsets.ISO_8859_1);
    }

    /** Whether an argument is a word, whatever its case. */
    boolean is(int argument, String upperCase) {
        int length = lengths[argument];
        if (length != upperCase.length()) {
            return false;
        }
        int from = offset(argument);
        for (int i = 0; i < length; i++) {
            int b = bytes[from + i];
            if (b >= 'a' && b <= 'z') {
                b -= 'a' - 'A';
            }
            if (b != upperCase.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Whether an argument is these bytes. */
    boolean isSame(int argument, byte[] other) {
        int from = offset(argument);
        return Arrays.equals(bytes, from, from + lengths[argument], other, 0, other.length);
    }

    boolean isInteger(int argument) {
        return Decimals.isLong(bytes, offset(argument), lengths[argument]);
    }

    long integer(int argument) {
        if (!isInteger(argument)) {
            throw CommandException.notAnInteger();
        }
        return Decimals.parse(bytes, offset(argument), lengths[argument]);
    }

    /** A number that must lie between two. */
    long integer(int argument, long min, long max, String otherwise) {
        if (!isInteger(argument)) {
            throw new CommandException(otherwise);
        }
        long value = integer(argument);
        if (value < min || value > max) {
            throw new CommandException(otherwise);
        }
        return value;
    }

    /** A floating point number, not a NaN. */
    double floating(int argument) {
        return floating(argument, "ERR value is not a valid float");
    }

    double floating(int argument, String otherwise) {
        Double value = Doubles.strict(bytes, offset(argument), lengths[argument]);
        if (value == null) {
            throw new CommandException(otherwise);
        }
        return value;
    }

    /** Copies of some arguments. */
    byte[][] copies(int from, int howMany) {
        byte[][] copies = new byte[howMany][];
        for (int i = 0; i < howMany; i++) {
            copies[i] = copy(from + i);
        }
        return copies;
    }

    /** Copies of an argument and of all behind it. */
    byte[][] copies(int from) {
        return copies(from, count - from);
    }
}
