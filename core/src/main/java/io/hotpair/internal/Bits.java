package io.hotpair.internal;

import io.hotpair.BitField;
import io.hotpair.BitOperator;
import io.hotpair.BitUnit;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Strings as rows of bits, the highest bit of a byte being its first. */
final class Bits {
    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    /** An integer of 64 bits that begins inside a byte ends in the ninth one. */
    private static final int WINDOW_LENGTH = 9;

    /** How much of a combination is made at a time; a result no longer than this is one piece. */
    static final int PART_LENGTH = 128 * StringContent.CHUNK_LENGTH;

    private Bits() {}

    // ---- ranges

    /** A range of bits; empty if it does not end behind its beginning. */
    record Range(long from, long to) {
        /**
         * The range that a caller means.
         *
         * @param start the first one; a negative number counts from the end
         * @param end the last one, likewise
         * @param length bytes of the string
         */
        static Range of(long start, long end, BitUnit unit, long length) {
            long width = unit == BitUnit.BYTE ? Byte.SIZE : 1;
            long total = unit == BitUnit.BYTE ? length : length * Byte.SIZE;
            long first = Math.max(0, start < 0 ? Math.max(start, -total) + total : start);
            long last = end < 0 ? Math.max(0, Math.max(end, -total - 1) + total) : end;
            last = Math.min(last, total - 1);
            return first > last ? new Range(0, 0) : new Range(first * width, (last + 1) * width);
        }

        /** Whether a caller's range is empty however long the string is. */
        static boolean isReversed(long start, long end) {
            return start < 0 && end < 0 && start > end;
        }

        boolean isEmpty() {
            return from >= to;
        }
    }

    // ---- counting

    static long count(StringContent content, Range range) {
        if (range.isEmpty()) {
            return 0;
        }
        long firstByte = range.from() >>> 3;
        long lastByte = (range.to() - 1) >>> 3;
        long[] sum = new long[1];
        boolean unused =
                content.range(
                        firstByte,
                        lastByte + 1,
                        (bytes, offset, count) -> {
                            sum[0] += count(bytes, offset, count);
                            return true;
                        });
        byte[] ends = {0, 0};
        content.copyOut(firstByte, ends, 0, 1);
        content.copyOut(lastByte, ends, 1, 1);
        int before = (ends[0] & 0xFF) >>> (8 - (range.from() & 7));
        int behind = ends[1] & (0x7F >>> ((range.to() - 1) & 7));
        return sum[0] - Integer.bitCount(before) - Integer.bitCount(behind);
    }

    private static long count(byte[] bytes, int offset, int count) {
        long sum = 0;
        int at = offset;
        for (int end = offset + count - Long.BYTES; at <= end; at += Long.BYTES) {
            sum += Long.bitCount((long) LONGS.get(bytes, at));
        }
        for (; at < offset + count; at++) {
            sum += Integer.bitCount(bytes[at] & 0xFF);
        }
        return sum;
    }

    // ---- searching

    /** The first bit of a kind in a range, counted from the string's start; -1 for none. */
    static long find(StringContent content, boolean bit, Range range) {
        if (range.isEmpty()) {
            return -1;
        }
        long[] state = {range.from() >>> 3, -1};
        boolean unused =
                content.range(
                        state[0],
                        (range.to() + 7) >>> 3,
                        (bytes, offset, count) -> {
                            int skipped = (int) Math.max(0, range.from() - state[0] * 8);
                            long found = find(bytes, offset, count, bit, skipped);
                            state[1] = found < 0 ? -1 : state[0] * 8 + found;
                            state[0] += count;
                            return found < 0;
                        });
        return state[1] < range.to() ? state[1] : -1;
    }

    private static long find(byte[] bytes, int offset, int count, boolean bit, int skipped) {
        int flip = bit ? 0 : 0xFF;
        int mask = 0xFF >>> skipped;
        int at = offset;
        int end = offset + count;
        while (at < end) {
            int candidates = ((bytes[at] & 0xFF) ^ flip) & mask;
            if (candidates != 0) {
                return (at - offset) * 8L + Integer.numberOfLeadingZeros(candidates) - 24;
            }
            mask = 0xFF;
            at++;
            long uninteresting = bit ? 0 : -1;
            while (at + Long.BYTES <= end && (long) LONGS.get(bytes, at) == uninteresting) {
                at += Long.BYTES;
            }
        }
        return -1;
    }

    // ---- integers

    /** How many bytes a string must have for all steps that change something; 0 if none does. */
    static long neededLength(BitField[] steps) {
        long needed = 0;
        for (BitField step : steps) {
            if (step.action() != BitField.Action.GET) {
                needed = Math.max(needed, (step.offset() + step.bits() + 7) >>> 3);
            }
        }
        return needed;
    }

    /** What a step gives, and writes; null if it fails. */
    static @Nullable Long apply(StringContent content, BitField step) {
        byte[] window = new byte[WINDOW_LENGTH];
        long firstByte = step.offset() >>> 3;
        int shift = (int) (step.offset() & 7);
        content.copyOut(firstByte, window, 0, WINDOW_LENGTH);
        long present = integer(window, shift, step.bits(), step.signed());
        if (step.action() == BitField.Action.GET) {
            return present;
        }
        boolean sets = step.action() == BitField.Action.SET;
        Long result = result(step, sets ? 0 : present);
        if (result == null) {
            return null;
        }
        if (result != present) {
            put(window, shift, step.bits(), result);
            content.write(firstByte, window, 0, (shift + step.bits() + 7) >>> 3);
        }
        return sets ? present : result;
    }

    private static long integer(byte[] window, int shift, int bits, boolean signed) {
        long high = (long) LONGS.get(window, 0) << shift;
        long low = (window[Long.BYTES] & 0xFFL) >>> (8 - shift);
        long aligned = high | low;
        return signed ? aligned >> (64 - bits) : aligned >>> (64 - bits);
    }

    private static void put(byte[] window, int shift, int bits, long number) {
        for (int i = 0; i < bits; i++) {
            int at = shift + i;
            int mask = 0x80 >>> (at & 7);
            boolean bit = (number >>> (bits - 1 - i) & 1) != 0;
            window[at >>> 3] = (byte) (bit ? window[at >>> 3] | mask : window[at >>> 3] & ~mask);
        }
    }

    /** The operand added to a number that fits, made to fit; null if it fails. */
    private static @Nullable Long result(BitField step, long base) {
        long sum = base + step.operand();
        int overflow = overflow(step, base, sum);
        if (overflow == 0) {
            return sum;
        }
        int unused = 64 - step.bits();
        return switch (step.overflow()) {
            case WRAP -> step.signed() ? sum << unused >> unused : sum << unused >>> unused;
            case SATURATE -> overflow > 0 ? max(step) : min(step);
            case FAIL -> null;
        };
    }

    private static long max(BitField step) {
        return (1L << (step.signed() ? step.bits() - 1 : step.bits())) - 1;
    }

    private static long min(BitField step) {
        return step.signed() ? -max(step) - 1 : 0;
    }

    /** Above 0 if a sum is too large, below if it is too small. */
    private static int overflow(BitField step, long base, long sum) {
        boolean carried = ((base ^ sum) & (step.operand() ^ sum)) < 0;
        if (carried) {
            return step.operand() > 0 ? 1 : -1;
        }
        if (step.action() == BitField.Action.SET && sum < 0 && isTooHigh(step, sum)) {
            return 1;
        }
        return sum > max(step) ? 1 : sum < min(step) ? -1 : 0;
    }

    /**
     * Whether a negative number that is to be set counts as too large: one for an unsigned integer,
     * where it stands for 2^63 and more; and, as in Redis, one that is farther below the largest
     * that fits than 63 bits can say.
     */
    private static boolean isTooHigh(BitField step, long number) {
        return !step.signed() || (step.bits() < 64 && number < max(step) - Long.MAX_VALUE);
    }

    // ---- combining

    /**
     * Writes the combination of several strings into a new one, a part after the other, so that the
     * heap holds a few parts however long they are.
     *
     * @param length of the longest of them, above 0
     */
    static void combine(
            BitOperator operator, List<StringContent> strings, long length, StringContent into) {
        int partLength = (int) Math.min(length, PART_LENGTH);
        Combination combination = new Combination(operator, strings, partLength);
        if (length <= PART_LENGTH) {
            into.write(0, combination.part(0, partLength), 0, partLength);
            return;
        }
        for (long at = 0; at < length; at += PART_LENGTH) {
            int count = (int) Math.min(PART_LENGTH, length - at);
            into.writeButZeros(at, combination.part(at, count), count);
        }
        into.growTo(length);
    }

    /** One part of a combination. */
    private static final class Combination {
        private final BitOperator operator;
        private final List<StringContent> strings;
        private final byte[] result;
        private final byte[] next;
        private final byte[] twice;

        Combination(BitOperator operator, List<StringContent> strings, int partLength) {
            this.operator = operator;
            this.strings = strings;
            result = new byte[partLength];
            next = new byte[partLength];
            twice = new byte[operator == BitOperator.ONE ? partLength : 0];
        }

        /** Gives bytes of the combination, in an array that is valid until the next call. */
        byte[] part(long from, int count) {
            List<StringContent> others = strings.subList(1, strings.size());
            Arrays.fill(result, 0, count, (byte) 0);
            switch (operator) {
                case AND -> {
                    strings.get(0).copyOut(from, result, 0, count);
                    fold(others, from, count, BitOperator.AND);
                }
                case OR, XOR -> fold(strings, from, count, operator);
                case NOT -> {
                    strings.get(0).copyOut(from, result, 0, count);
                    for (int i = 0; i < count; i++) {
                        result[i] = (byte) ~result[i];
                    }
                }
                case ONE -> one(from, count);
                case DIFF, DIFF1, ANDOR -> {
                    fold(others, from, count, BitOperator.OR);
                    fold(strings.subList(0, 1), from, count, operator);
                }
            }
            return result;
        }

        private void fold(List<StringContent> of, long from, int count, BitOperator as) {
            for (StringContent string : of) {
                string.copyOut(from, next, 0, count);
                for (int i = 0; i < count; i++) {
                    result[i] = (byte) step(as, result[i], next[i]);
                }
            }
        }

        /** Of the last three operators the second is the first string. */
        private static int step(BitOperator operator, int so, int next) {
            return switch (operator) {
                case AND -> so & next;
                case OR -> so | next;
                case XOR -> so ^ next;
                case DIFF -> next & ~so;
                case DIFF1 -> so & ~next;
                case ANDOR -> so & next;
                case NOT, ONE -> throw new IllegalStateException("operator=" + operator);
            };
        }

        private void one(long from, int count) {
            Arrays.fill(twice, 0, count, (byte) 0);
            for (StringContent string : strings) {
                string.copyOut(from, next, 0, count);
                for (int i = 0; i < count; i++) {
                    twice[i] |= (byte) (result[i] & next[i]);
                    result[i] |= next[i];
                }
            }
            for (int i = 0; i < count; i++) {
                result[i] &= (byte) ~twice[i];
            }
        }
    }

    /** Opens the strings of several records. */
    static List<StringContent> open(Edit edit, long[] records) {
        List<StringContent> strings = new ArrayList<>();
        for (long record : records) {
            strings.add(new StringContent(edit).open(record));
        }
        return strings;
    }
}
