package io.hotpair.resp.internal.lua;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The functions without a table. */
final class BaseLibrary {
    private static final LuaString ERR = LuaString.of("err");

    /** Lua's limit for what is on its stack at a call, the arguments included. */
    static final int MAX_STACK = 8_000;

    /** What goes through a table; {@code pairs} gives it. */
    private static final Builtin NEXT = new Builtin("next", BaseLibrary::next);

    private static final Builtin IPAIRS_STEP = new Builtin("ipairs", BaseLibrary::ipairsStep);

    private BaseLibrary() {}

    static void register(LuaTable globals) {
        globals.set("next", NEXT);
        Libraries.add(globals, "pairs", BaseLibrary::pairs);
        Libraries.add(globals, "ipairs", BaseLibrary::ipairs);
        Libraries.add(globals, "assert", BaseLibrary::assertTrue);
        Libraries.add(globals, "error", BaseLibrary::error);
        Libraries.add(globals, "pcall", BaseLibrary::pcall);
        Libraries.add(globals, "xpcall", BaseLibrary::xpcall);
        Libraries.add(
                globals, "type", a -> one(a.state().newString(Operations.typeName(a.any(0)))));
        Libraries.add(globals, "tostring", a -> one(toText(a.state(), a.any(0))));
        Libraries.add(globals, "tonumber", BaseLibrary::toNumber);
        Libraries.add(globals, "select", BaseLibrary::select);
        Libraries.add(globals, "unpack", BaseLibrary::unpack);
        Libraries.add(globals, "rawequal", a -> one(Operations.rawEqual(a.any(0), a.any(1))));
        Libraries.add(globals, "rawget", a -> one(a.table(0).get(a.any(1))));
        Libraries.add(globals, "rawset", BaseLibrary::rawset);
        Libraries.add(globals, "getmetatable", BaseLibrary::getMetatable);
        Libraries.add(globals, "setmetatable", BaseLibrary::setMetatable);
        Libraries.add(globals, "collectgarbage", BaseLibrary::collectGarbage);
        Libraries.add(
                globals,
                "gcinfo",
                a -> one(Operations.number((double) (a.state().budget().usedBytes() >> 10))));
        Libraries.add(globals, "load", BaseLibrary::load);
        Libraries.add(globals, "loadstring", BaseLibrary::loadString);
        Libraries.add(globals, "__redis__err__handler", BaseLibrary::errorHandler);
    }

    static @Nullable Object[] one(@Nullable Object value) {
        return LuaFunction.result(value);
    }

    // ---- going through tables

    private static @Nullable Object[] next(Arguments args) {
        LuaTable table = args.table(0);
        int place = table.placeBehind(args.get(1));
        if (place < 0) {
            throw args.state().runtimeError("invalid key to 'next'");
        }
        int found = table.nextFrom(place);
        return found < 0
                ? one(null)
                : new @Nullable Object[] {table.keyAt(found), table.valueAt(found)};
    }

    private static @Nullable Object[] pairs(Arguments args) {
        return new @Nullable Object[] {NEXT, args.table(0), null};
    }

    private static @Nullable Object[] ipairs(Arguments args) {
        return new @Nullable Object[] {IPAIRS_STEP, args.table(0), 0.0};
    }

    private static @Nullable Object[] ipairsStep(Arguments args) {
        int index = args.int32(1) + 1;
        Object value = args.table(0).get(index);
        return value == null
                ? LuaFunction.NOTHING
                : new @Nullable Object[] {Operations.number(index), value};
    }

    private static @Nullable Object[] rawset(Arguments args) {
        LuaTable table = args.table(0);
        Object key = args.any(1);
        Object value = args.any(2);
        Operations.rawSet(args.state(), table, key, value);
        return one(table);
    }

    private static @Nullable Object[] getMetatable(Arguments args) {
        LuaTable metatable = args.state().metatable(args.any(0));
        if (metatable == null) {
            return one(null);
        }
        Object shown = metatable.get(Operations.METATABLE);
        return one(shown == null ? metatable : shown);
    }

    private static @Nullable Object[] setMetatable(Arguments args) {
        LuaTable table = args.table(0);
        Object metatable = args.get(1);
        if (args.count() < 2 || !(metatable == null || metatable instanceof LuaTable)) {
            throw args.bad(1, "nil or table expected");
        }
        LuaTable before = table.metatable();
        if (before != null && before.get(Operations.METATABLE) != null) {
            throw args.state().error("cannot change a protected metatable");
        }
        if (table.isReadOnly()) {
            throw args.state().runtimeError("Attempt to modify a readonly table");
        }
        table.metatable((LuaTable) metatable);
        return one(table);
    }

    // ---- errors

    private static @Nullable Object[] assertTrue(Arguments args) {
        if (!Operations.isTrue(args.any(0))) {
            LuaString message = args.string(1, LuaString.of("assertion failed!"));
            throw args.state().raise(args.state().newString(args.state().where(1) + message));
        }
        return args.all();
    }

    private static @Nullable Object[] error(Arguments args) {
        int level = args.int32(1, 1);
        Object value = args.get(0);
        LuaState state = args.state();
        byte[] text = Operations.toBytes(value);
        if (text != null && level > 0) {
            value = state.newString(state.where(level) + new LuaString(text));
        }
        throw state.raise(value);
    }

    /** As the one of Redis: of an error that is a table with a message the message is given. */
    private static @Nullable Object[] pcall(Arguments args) {
        LuaState state = args.state();
        LuaState.Position before = state.position();
        try {
            // Without a function it takes what it has put there itself for one, as that of Redis.
            boolean hasFunction = args.count() > 0;
            Object function = hasFunction ? args.get(0) : (Object) true;
            @Nullable Object[] given =
                    hasFunction
                            ? Arrays.copyOfRange(args.all(), 1, args.count())
                            : LuaFunction.NOTHING;
            return Operations.withSelf(true, state.callBack(function, given));
        } catch (LuaError e) {
            state.position(before);
            Object value = e.value();
            if (value instanceof LuaTable table && Operations.toBytes(table.get(ERR)) != null) {
                value = table.get(ERR);
            }
            return new @Nullable Object[] {false, value};
        } catch (StackOverflowError e) {
            return overflown(state, before);
        }
    }

    private static @Nullable Object[] overflown(LuaState state, LuaState.Position before) {
        state.position(before);
        state.budget().needsMore();
        return new @Nullable Object[] {false, LuaString.of("stack overflow")};
    }

    private static @Nullable Object[] xpcall(Arguments args) {
        args.any(1);
        LuaState state = args.state();
        LuaState.Position before = state.position();
        try {
            return Operations.withSelf(true, state.callBack(args.get(0)));
        } catch (LuaError e) {
            state.position(before);
            return handled(state, before, args.get(1), e.value());
        } catch (StackOverflowError e) {
            return overflown(state, before);
        }
    }

    /** An error in the function that handles errors is not handled. */
    private static @Nullable Object[] handled(
            LuaState state,
            LuaState.Position before,
            @Nullable Object handler,
            @Nullable Object error) {
        try {
            @Nullable Object[] results = state.callBack(handler, error);
            return new @Nullable Object[] {false, Operations.first(results)};
        } catch (LuaError e) {
            state.position(before);
            return new @Nullable Object[] {false, e.value()};
        } catch (StackOverflowError e) {
            return overflown(state, before);
        }
    }

    /** What makes a table of an error; the host does the same with what nobody caught. */
    private static @Nullable Object[] errorHandler(Arguments args) {
        Object error = args.get(0);
        if (error instanceof LuaTable) {
            return one(error);
        }
        LuaTable table = args.state().newTable();
        table.set("err", args.state().newString("ERR " + Operations.text(error)));
        return one(table);
    }

    // ---- conversions

    static Object toText(LuaState state, @Nullable Object value) {
        if (value instanceof LuaString) {
            return value;
        }
        Object method = Operations.metamethod(state, value, Operations.TOSTRING);
        if (method != null) {
            Object text = Operations.first(state.callBack(method, value));
            if (Operations.toBytes(text) == null || text == null) {
                throw state.error("'tostring' must return a string to 'print'");
            }
            return text;
        }
        return state.newString(Operations.text(value));
    }

    private static @Nullable Object[] toNumber(Arguments args) {
        int base = args.int32(1, 10);
        if (base == 10) {
            Double number = Operations.toNumber(args.state(), args.any(0));
            return one(number);
        }
        LuaString digits = args.string(0);
        if (base < 2 || base > 36) {
            throw args.bad(1, "base out of range");
        }
        args.state().budget().work(4L * digits.length());
        return one(inBase(digits.toString(), base));
    }

    /** As C reads an unsigned number in some base, blanks around it allowed. */
    private static @Nullable Object inBase(String text, int base) {
        String digits = text.strip();
        boolean isNegative = digits.startsWith("-");
        if (isNegative || digits.startsWith("+")) {
            digits = digits.substring(1);
        }
        if (base == 16 && (digits.startsWith("0x") || digits.startsWith("0X"))) {
            digits = digits.substring(2);
        }
        if (digits.isEmpty()) {
            return null;
        }
        double value = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(i) < 128 ? Character.digit(digits.charAt(i), base) : -1;
            if (digit < 0) {
                return null;
            }
            value = value * base + digit;
        }
        value = Math.min(value, 0x1p64);
        return isNegative ? (Object) (0x1p64 - value) : (Object) value;
    }

    private static @Nullable Object[] select(Arguments args) {
        int count = args.count() - 1;
        if (args.get(0) instanceof LuaString what && what.length() > 0 && what.bytes()[0] == '#') {
            return one(Operations.number(count));
        }
        int from = args.int32(0);
        if (from < 0) {
            from = count + 1 + from;
        } else if (from > count) {
            return LuaFunction.NOTHING;
        }
        if (from < 1) {
            throw args.bad(0, "index out of range");
        }
        args.state().budget().steps((count - from) >>> 4);
        return Arrays.copyOfRange(args.all(), from, args.count());
    }

    private static @Nullable Object[] unpack(Arguments args) {
        LuaTable table = args.table(0);
        int from = args.int32(1, 1);
        int to = args.isAbsent(2) ? table.length() : args.int32(2);
        if (from > to) {
            return LuaFunction.NOTHING;
        }
        long count = (long) to - from + 1;
        if (count > MAX_STACK - args.count()) {
            throw args.state().error("too many results to unpack");
        }
        @Nullable Object[] values = new Object[(int) count];
        for (int i = 0; i < values.length; i++) {
            values[i] = table.get(from + i);
        }
        args.state().budget().steps(values.length);
        return values;
    }

    private static @Nullable Object[] collectGarbage(Arguments args) {
        String what = args.string(0, LuaString.of("collect")).toString();
        double kilobytes = args.state().budget().usedBytes() / 1024.0;
        return switch (what) {
            case "stop", "restart", "collect" -> one(0.0);
            case "count" -> one(kilobytes);
            case "step" -> one(true);
            case "setpause", "setstepmul" -> one(200.0);
            default -> throw args.bad(0, "invalid option '" + what + "'");
        };
    }

    // ---- loading

    private static @Nullable Object[] loadString(Arguments args) {
        LuaString chunk = args.string(0);
        return compile(args.state(), chunk.bytes(), args.string(1, chunk).toString());
    }

    private static @Nullable Object[] load(Arguments args) {
        LuaFunction reader = args.function(0);
        String name = args.string(1, LuaString.of("=(load)")).toString();
        LuaState state = args.state();
        ByteBuilder chunk = new ByteBuilder(state);
        LuaState.Position before = state.position();
        try {
            while (true) {
                Object piece = Operations.first(state.callBack(reader));
                if (piece == null) {
                    break;
                }
                byte[] bytes = Operations.toBytes(piece);
                if (bytes == null) {
                    throw state.error("reader function must return a string");
                }
                if (bytes.length == 0) {
                    break;
                }
                chunk.append(bytes);
            }
        } catch (LuaError e) {
            state.position(before);
            return new @Nullable Object[] {null, e.value()};
        }
        return compile(state, chunk.toBytes(), name);
    }

    private static @Nullable Object[] compile(LuaState state, byte[] chunk, String name) {
        LuaState.Position before = state.position();
        try {
            return one(state.load(LuaChunk.compileOwned(chunk, name, state.budget())));
        } catch (LuaError e) {
            if (e.value() == Budget.NOT_ENOUGH) {
                throw e;
            }
            state.position(before);
            return new @Nullable Object[] {null, e.value()};
        }
    }
}
