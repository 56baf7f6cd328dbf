package io.hotpair.resp.internal.lua;

import org.jspecify.annotations.Nullable;

/** {@code string}. */
final class StringLibrary {
    private static final byte[] CHUNK_HEADER = {0x1b, 'L', 'u', 'a', 0x51, 0, 1, 4, 8, 4, 8, 0};
    private static final String SPECIAL = "^$*+?.([%-";

    private StringLibrary() {}

    static void register(LuaTable module) {
        Libraries.add(module, "byte", StringLibrary::bytes);
        Libraries.add(module, "char", StringLibrary::character);
        Libraries.add(module, "dump", StringLibrary::dump);
        Libraries.add(module, "find", a -> find(a, true));
        Libraries.add(module, "format", a -> one(new StringFormat(a).format()));
        Libraries.add(module, "gmatch", StringLibrary::gmatch);
        Libraries.add(module, "gfind", StringLibrary::gmatch);
        Libraries.add(module, "gsub", StringLibrary::gsub);
        Libraries.add(module, "len", a -> one((double) a.string(0).length()));
        Libraries.add(module, "lower", a -> one(mapped(a, 'A', 'Z', 32)));
        Libraries.add(module, "upper", a -> one(mapped(a, 'a', 'z', -32)));
        Libraries.add(module, "match", a -> find(a, false));
        Libraries.add(module, "rep", StringLibrary::rep);
        Libraries.add(module, "reverse", StringLibrary::reverse);
        Libraries.add(module, "sub", StringLibrary::sub);
    }

    private static @Nullable Object[] one(@Nullable Object value) {
        return LuaFunction.result(value);
    }

    /** A position counted from the start, of one that may be counted from the end. */
    private static long position(long position, int length) {
        long fromStart = position < 0 ? position + length + 1 : position;
        return Math.max(fromStart, 0);
    }

    private static @Nullable Object[] sub(Arguments args) {
        LuaString string = args.string(0);
        long from = Math.max(1, position(args.integer(1), string.length()));
        long to = Math.min(string.length(), position(args.integer(2, -1), string.length()));
        if (from > to) {
            return one(LuaString.EMPTY);
        }
        args.state().budget().allocateString(to - from + 1);
        return one(string.part((int) from - 1, (int) to));
    }

    private static @Nullable Object[] bytes(Arguments args) {
        LuaString string = args.string(0);
        long first = position(args.integer(1, 1), string.length());
        long to = Math.min(string.length(), position(args.integer(2, first), string.length()));
        long from = Math.max(1, first);
        if (from > to) {
            return LuaFunction.NOTHING;
        }
        if (to - from + 1 > BaseLibrary.MAX_STACK - args.count()) {
            throw args.state().error("string slice too long");
        }
        args.state().budget().steps((int) (to - from) >>> 3);
        @Nullable Object[] values = new Object[(int) (to - from + 1)];
        for (int i = 0; i < values.length; i++) {
            values[i] = Operations.number(string.bytes()[(int) from - 1 + i] & 0xff);
        }
        return values;
    }

    private static @Nullable Object[] character(Arguments args) {
        byte[] bytes = new byte[args.count()];
        for (int i = 0; i < bytes.length; i++) {
            int value = args.int32(i);
            if (value < 0 || value > 255) {
                throw args.bad(i, "invalid value");
            }
            bytes[i] = (byte) value;
        }
        return one(args.state().newString(bytes));
    }

    /** A compiled chunk is never accepted, so no more than its beginning is given. */
    private static @Nullable Object[] dump(Arguments args) {
        if (!(args.function(0) instanceof LuaClosure)) {
            throw args.state().error("unable to dump given function");
        }
        return one(args.state().newString(CHUNK_HEADER.clone()));
    }

    private static LuaString mapped(Arguments args, int from, int to, int difference) {
        byte[] bytes = args.string(0).bytes();
        args.state().budget().reserve(bytes.length);
        args.state().budget().steps(bytes.length >>> 5);
        byte[] mapped = bytes.clone();
        for (int i = 0; i < mapped.length; i++) {
            if (mapped[i] >= from && mapped[i] <= to) {
                mapped[i] += (byte) difference;
            }
        }
        return args.state().newString(mapped);
    }

    private static @Nullable Object[] rep(Arguments args) {
        byte[] bytes = args.string(0).bytes();
        int times = args.int32(1);
        if (times <= 0 || bytes.length == 0) {
            return one(LuaString.EMPTY);
        }
        long total = (long) bytes.length * times;
        LuaState state = args.state();
        state.budget().reserve(total);
        if (total > Integer.MAX_VALUE - 64) {
            throw state.error("resulting string too large");
        }
        state.budget().steps((int) (total >>> 6));
        byte[] all = new byte[(int) total];
        System.arraycopy(bytes, 0, all, 0, bytes.length);
        for (int done = bytes.length; done < all.length; done *= 2) {
            System.arraycopy(all, 0, all, done, Math.min(done, all.length - done));
            if (done > all.length / 2) {
                break;
            }
        }
        return one(state.newString(all));
    }

    private static @Nullable Object[] reverse(Arguments args) {
        byte[] bytes = args.string(0).bytes();
        args.state().budget().reserve(bytes.length);
        args.state().budget().steps(bytes.length >>> 5);
        byte[] reversed = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            reversed[i] = bytes[bytes.length - 1 - i];
        }
        return one(args.state().newString(reversed));
    }

    // ---- patterns

    private static boolean isPlain(LuaString pattern) {
        for (byte b : pattern.bytes()) {
            if (b == 0) {
                break;
            }
            if (SPECIAL.indexOf(b) >= 0) {
                return false;
            }
        }
        return true;
    }

    private static @Nullable Object[] find(Arguments args, boolean wantsPlace) {
        LuaString string = args.string(0);
        LuaString pattern = args.string(1);
        long init = position(args.integer(2, 1), string.length()) - 1;
        int from = (int) Math.min(Math.max(init, 0), string.length());
        args.state().budget().steps(pattern.length() >>> 2);
        if (wantsPlace && (Operations.isTrue(args.get(3)) || isPlain(pattern))) {
            int at = indexOf(args.state(), string.bytes(), pattern.bytes(), from);
            return at < 0
                    ? one(null)
                    : new @Nullable Object[] {
                        Operations.number(at + 1), Operations.number(at + pattern.length())
                    };
        }
        boolean anchored = pattern.length() > 0 && pattern.bytes()[0] == '^';
        StringPattern match = new StringPattern(args.state(), string, pattern, anchored ? 1 : 0);
        int at = from;
        do {
            int end = match.match(at);
            if (end >= 0) {
                return wantsPlace ? place(match, at, end) : match.captures(at, end);
            }
            at++;
        } while (at <= string.length() && !anchored);
        return one(null);
    }

    private static @Nullable Object[] place(StringPattern match, int at, int end) {
        @Nullable Object[] captures = match.capturesOnly();
        @Nullable Object[] all = new Object[captures.length + 2];
        all[0] = Operations.number(at + 1);
        all[1] = Operations.number(end);
        System.arraycopy(captures, 0, all, 2, captures.length);
        return all;
    }

    private static int indexOf(LuaState state, byte[] in, byte[] what, int from) {
        int last = in.length - what.length;
        for (int i = from; i <= last; i++) {
            if ((i & 63) == 0) {
                state.budget().step();
            }
            int same = 0;
            while (same < what.length && in[i + same] == what[same]) {
                same++;
            }
            state.budget().steps(same >>> 5);
            if (same == what.length) {
                return i;
            }
        }
        return -1;
    }

    private static @Nullable Object[] gmatch(Arguments args) {
        LuaString string = args.string(0);
        LuaString pattern = args.string(1);
        int[] next = {0};
        args.state().budget().allocateFunction(3);
        return one(
                new Builtin(
                        "gmatch",
                        call -> {
                            StringPattern match =
                                    new StringPattern(call.state(), string, pattern, 0);
                            for (int at = next[0]; at <= string.length(); at++) {
                                int end = match.match(at);
                                if (end >= 0) {
                                    // Behind an empty match it goes on one further.
                                    next[0] = end == at ? end + 1 : end;
                                    return match.captures(at, end);
                                }
                            }
                            next[0] = string.length() + 1;
                            return LuaFunction.NOTHING;
                        },
                        string,
                        pattern));
    }

    private static @Nullable Object[] gsub(Arguments args) {
        LuaString string = args.string(0);
        LuaString pattern = args.string(1);
        Object replacement = args.get(2);
        if (!(replacement instanceof LuaFunction) && !(replacement instanceof LuaTable)) {
            if (Operations.toBytes(replacement) == null) {
                throw args.bad(2, "string/function/table expected");
            }
            replacement = args.string(2);
        }
        int most = args.int32(3, string.length() + 1);
        boolean anchored = pattern.length() > 0 && pattern.bytes()[0] == '^';
        StringPattern match = new StringPattern(args.state(), string, pattern, anchored ? 1 : 0);
        ByteBuilder result = new ByteBuilder(args.state());
        byte[] bytes = string.bytes();
        int at = 0;
        int count = 0;
        while (count < most) {
            int end = match.match(at);
            if (end >= 0) {
                count++;
                replace(args, match, at, end, replacement, result);
            }
            if (end >= 0 && end > at) {
                at = end;
            } else if (at < bytes.length) {
                result.append(bytes[at++]);
            } else {
                break;
            }
            if (anchored) {
                break;
            }
        }
        result.append(bytes, at, bytes.length - at);
        return new @Nullable Object[] {result.toLuaString(), Operations.number(count)};
    }

    private static void replace(
            Arguments args,
            StringPattern match,
            int at,
            int end,
            @Nullable Object replacement,
            ByteBuilder result) {
        LuaState state = args.state();
        Object value;
        if (replacement instanceof LuaFunction function) {
            value = Operations.first(state.callBack(function, match.captures(at, end)));
        } else if (replacement instanceof LuaTable table) {
            value = Operations.index(state, table, match.capture(0, at, end), null);
        } else {
            if (replacement instanceof LuaString text) {
                expand(match, text.bytes(), at, end, result);
            }
            return;
        }
        if (!Operations.isTrue(value)) {
            result.append(match.bytes(), at, end - at);
            return;
        }
        byte[] text = Operations.toBytes(value);
        if (text == null) {
            throw state.error("invalid replacement value (a " + Operations.typeName(value) + ")");
        }
        result.append(text);
    }

    private static void expand(
            StringPattern match, byte[] text, int at, int end, ByteBuilder result) {
        int i = 0;
        while (i < text.length) {
            int c = text[i++];
            if (c != '%') {
                result.append(c);
                continue;
            }
            c = i < text.length ? text[i] : 0;
            i++;
            if (!Numbers.isDigit(c)) {
                result.append(c);
            } else if (c == '0') {
                result.append(match.bytes(), at, end - at);
            } else {
                byte[] captured = Operations.toBytes(match.capture(c - '1', at, end));
                result.append(captured == null ? new byte[0] : captured);
            }
        }
    }
}
