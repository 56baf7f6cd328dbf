package io.hotpair.resp.internal.lua;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code struct}: values in the form that C programs keep them, as struct 0.2 does it. */
public final class StructLibrary {
    private static final int MAX_INTEGER = 32;
    private static final int MAX_ALIGNMENT = 8;
    private static final int MAX_RESULTS = 7_960;

    private StructLibrary() {}

    /**
     * Adds its functions.
     *
     * @param module the table that gets them
     */
    public static void register(LuaTable module) {
        Libraries.add(module, "pack", StructLibrary::pack);
        Libraries.add(module, "unpack", StructLibrary::unpack);
        Libraries.add(module, "size", StructLibrary::size);
    }

    /** A format that is gone through. */
    private static final class Format {
        private final LuaState state;
        private final Arguments args;
        private final byte[] bytes;
        private int at;
        private boolean isLittle = true;
        private int alignment = 1;

        Format(Arguments args) {
            this.args = args;
            state = args.state();
            bytes = args.string(0).bytes();
        }

        boolean hasNext() {
            return at < bytes.length && bytes[at] != 0;
        }

        int next() {
            state.budget().step();
            return bytes[at++];
        }

        private int number(int otherwise) {
            if (at >= bytes.length || !Numbers.isDigit(bytes[at])) {
                return otherwise;
            }
            int value = 0;
            while (at < bytes.length && Numbers.isDigit(bytes[at])) {
                if (value > Integer.MAX_VALUE / 10
                        || value * 10 > Integer.MAX_VALUE - (bytes[at] - '0')) {
                    throw state.error("integral size overflow");
                }
                value = value * 10 + (bytes[at++] - '0');
            }
            return value;
        }

        /** How many bytes a value takes, -1 if it is none. */
        int size(int option) {
            return switch (option) {
                case 'B', 'b', 'x' -> 1;
                case 'H', 'h' -> 2;
                case 'L', 'l', 'T', 'd' -> 8;
                case 'f' -> 4;
                case 'c' -> number(1);
                case 'i', 'I' -> integerSize();
                default -> 0;
            };
        }

        private int integerSize() {
            int size = number(4);
            if (size > MAX_INTEGER) {
                throw state.error(
                        "integral size " + size + " is larger than limit of " + MAX_INTEGER);
            }
            return size;
        }

        /** How many bytes are left out before it. */
        int padding(int total, int option, int size) {
            int align = size;
            if (align == 0 || option == 'c' || alignment <= 1) {
                return 0;
            }
            align = Math.min(align, alignment);
            return (align - (total & (align - 1))) & (align - 1);
        }

        /** Takes what is no value, but says how values are. */
        void control(int option) {
            switch (option) {
                case ' ' -> {}
                case '>' -> isLittle = false;
                case '<' -> isLittle = true;
                case '!' -> {
                    int asked = number(MAX_ALIGNMENT);
                    if (asked == 0 || (asked & (asked - 1)) != 0) {
                        throw state.error("alignment " + asked + " is not a power of 2");
                    }
                    alignment = asked;
                }
                default ->
                        throw args.bad(0, "invalid format option '" + (char) (option & 0xff) + "'");
            }
        }
    }

    private static boolean isValue(int option) {
        return "bBhHlLTiIcfdsx".indexOf(option) >= 0;
    }

    private static @Nullable Object[] pack(Arguments args) {
        Format format = new Format(args);
        ByteBuilder out = new ByteBuilder(args.state());
        int argument = 1;
        while (format.hasNext()) {
            int option = format.next();
            int size = format.size(option);
            checkPresent(args, argument, option);
            for (int i = format.padding(out.length(), option, size); i > 0; i--) {
                out.append(0);
            }
            switch (option) {
                case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I' ->
                        integer(out, integer(args, argument++), size, format.isLittle);
                case 'x' -> out.append(0);
                case 'f' ->
                        integer(
                                out,
                                Float.floatToRawIntBits((float) args.number(argument++)),
                                size,
                                format.isLittle);
                case 'd' ->
                        integer(
                                out,
                                Double.doubleToRawLongBits(args.number(argument++)),
                                size,
                                format.isLittle);
                case 'c', 's' -> {
                    byte[] text = args.string(argument++).bytes();
                    int length = size == 0 ? text.length : size;
                    if (text.length < length) {
                        throw args.bad(argument, "string too short");
                    }
                    out.append(text, 0, length);
                    if (option == 's') {
                        out.append(0);
                    }
                }
                default -> format.control(option);
            }
        }
        return LuaFunction.result(out.toLuaString());
    }

    /** Behind the last argument stands a nil, as in the original. */
    private static void checkPresent(Arguments args, int index, int option) {
        if (index == args.count() && option != 'x' && isValue(option)) {
            String expected = option == 'c' || option == 's' ? "string" : "number";
            throw args.bad(index, expected + " expected, got nil");
        }
    }

    private static long integer(Arguments args, int index) {
        return Operations.toLong(args.number(index));
    }

    private static void integer(ByteBuilder out, long value, int size, boolean isLittle) {
        for (int i = 0; i < size; i++) {
            int place = isLittle ? i : size - 1 - i;
            out.append(place < 8 ? (int) (value >>> (8 * place)) : 0);
        }
    }

    private static @Nullable Object[] unpack(Arguments args) {
        Format format = new Format(args);
        LuaState state = args.state();
        byte[] bytes = args.string(1).bytes();
        long from = args.integer(2, 1) - 1;
        if (from < 0) {
            throw args.bad(2, "offset must be 1 or greater");
        }
        // With room for what padding adds to it.
        int at = (int) Math.min(from, Integer.MAX_VALUE - MAX_INTEGER);
        List<@Nullable Object> values = new ArrayList<>();
        while (format.hasNext()) {
            int option = format.next();
            int size = format.size(option);
            at += format.padding(at, option, size);
            if ((long) at + size > bytes.length) {
                throw args.bad(1, "data string too short");
            }
            if (values.size() >= MAX_RESULTS) {
                throw state.error("too many results");
            }
            switch (option) {
                case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I' -> {
                    boolean isSigned = Character.isLowerCase(option);
                    values.add(integer(bytes, at, size, format.isLittle, isSigned));
                }
                case 'x' -> {}
                case 'f' ->
                        values.add(
                                (double)
                                        Float.intBitsToFloat(
                                                (int) bits(bytes, at, size, format.isLittle)));
                case 'd' ->
                        values.add(Double.longBitsToDouble(bits(bytes, at, size, format.isLittle)));
                case 'c' -> {
                    if (size == 0) {
                        Object last = values.isEmpty() ? null : values.remove(values.size() - 1);
                        if (!(last instanceof Double length)) {
                            throw state.error("format 'c0' needs a previous size");
                        }
                        size = (int) Operations.toLong(length);
                        if (size < 0 || (long) at + size > bytes.length) {
                            throw args.bad(1, "data string too short");
                        }
                    }
                    values.add(state.newString(Arrays.copyOfRange(bytes, at, at + size)));
                }
                case 's' -> {
                    int end = at;
                    while (end < bytes.length && bytes[end] != 0) {
                        end++;
                    }
                    state.budget().work(end - at);
                    if (end == bytes.length) {
                        throw state.error("unfinished string in data");
                    }
                    values.add(state.newString(Arrays.copyOfRange(bytes, at, end)));
                    size = end - at + 1;
                }
                default -> format.control(option);
            }
            at += size;
        }
        values.add((double) (at + 1));
        return values.toArray(new Object[0]);
    }

    private static long bits(byte[] bytes, int at, int size, boolean isLittle) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            int place = isLittle ? size - 1 - i : i;
            value = value << 8 | (bytes[at + place] & 0xff);
        }
        return value;
    }

    private static Object integer(
            byte[] bytes, int at, int size, boolean isLittle, boolean isSigned) {
        long value = bits(bytes, at, size, isLittle);
        if (isSigned && size < 8 && size > 0) {
            int unused = 64 - 8 * size;
            value = value << unused >> unused;
        }
        if (!isSigned && value < 0) {
            return (double) (value >>> 1) * 2;
        }
        return Operations.number((double) value);
    }

    private static @Nullable Object[] size(Arguments args) {
        Format format = new Format(args);
        int total = 0;
        while (format.hasNext()) {
            int option = format.next();
            int size = format.size(option);
            total += format.padding(total, option, size);
            if (option == 's' || (option == 'c' && size == 0)) {
                String what = option == 's' ? "s" : "c0";
                throw args.bad(0, "option '" + what + "' has no fixed size");
            }
            if (!isValue(option)) {
                format.control(option);
            }
            total += size;
        }
        return LuaFunction.result((double) total);
    }
}
