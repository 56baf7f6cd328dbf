package io.hotpair.resp.internal.lua;

import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the operators do, and the conversions between values. */
public final class Operations {
    private static final int MAX_META_LOOP = 100;
    private static final Object[] SMALL = new Object[1024];

    static final LuaString INDEX = LuaString.of("__index");
    static final LuaString NEW_INDEX = LuaString.of("__newindex");
    static final LuaString CALL = LuaString.of("__call");
    static final LuaString EQ = LuaString.of("__eq");
    static final LuaString LT = LuaString.of("__lt");
    static final LuaString LE = LuaString.of("__le");
    static final LuaString UNM = LuaString.of("__unm");
    static final LuaString CONCAT = LuaString.of("__concat");
    static final LuaString TOSTRING = LuaString.of("__tostring");
    static final LuaString METATABLE = LuaString.of("__metatable");

    static {
        for (int i = 0; i < SMALL.length; i++) {
            SMALL[i] = (double) i;
        }
    }

    private Operations() {}

    // ---- types

    /**
     * What kind of value it is.
     *
     * @param value any value
     * @return the name of its type
     */
    public static String typeName(@Nullable Object value) {
        if (value == null) {
            return "nil";
        }
        if (value instanceof Double) {
            return "number";
        }
        if (value instanceof LuaString) {
            return "string";
        }
        if (value instanceof Boolean) {
            return "boolean";
        }
        if (value instanceof LuaTable) {
            return "table";
        }
        if (value instanceof LuaFunction) {
            return "function";
        }
        return value instanceof LuaCoroutine ? "thread" : "userdata";
    }

    static boolean isTrue(@Nullable Object value) {
        return value != null && !Boolean.FALSE.equals(value);
    }

    /**
     * A number as a value.
     *
     * @param number the number
     * @return the value
     */
    public static Object number(double number) {
        int small = (int) number;
        if (small == number && small > 0 && small < SMALL.length) {
            return SMALL[small];
        }
        return number;
    }

    /** The number that a value is or says, or null. */
    static @Nullable Double toNumber(LuaState state, @Nullable Object value) {
        if (value instanceof Double number) {
            return number;
        }
        if (!(value instanceof LuaString string)) {
            return null;
        }
        state.budget().work(8L * string.length());
        return Numbers.parse(string.bytes());
    }

    /**
     * As C converts it on the machines that Redis runs on.
     *
     * @param number any number
     * @return the integer, or the least one if there is none
     */
    public static long toLong(double number) {
        boolean fits = number >= -0x1p63 && number < 0x1p63;
        return fits ? (long) number : Long.MIN_VALUE;
    }

    /**
     * The string that a string or a number is.
     *
     * @param value any value
     * @return the string, or null if it is neither
     */
    public static byte @Nullable [] toBytes(@Nullable Object value) {
        if (value instanceof LuaString string) {
            return string.bytes();
        }
        return value instanceof Double number ? LuaString.of(Numbers.text(number)).bytes() : null;
    }

    static @Nullable LuaString toLuaString(LuaState state, @Nullable Object value) {
        if (value instanceof LuaString string) {
            return string;
        }
        return value instanceof Double number ? state.newString(Numbers.text(number)) : null;
    }

    /** What {@code tostring} says, without metamethods. */
    static String text(@Nullable Object value) {
        if (value == null) {
            return "nil";
        }
        if (value instanceof LuaString || value instanceof Boolean || value instanceof LuaPointer) {
            return value.toString();
        }
        if (value instanceof Double number) {
            return Numbers.text(number);
        }
        return typeName(value)
                + ": 0x"
                + String.format(Locale.ROOT, "%014x", System.identityHashCode(value));
    }

    // ---- calls

    /** The function that is called when a value is, with the arguments that it gets. */
    static @Nullable Object[] call(
            LuaState state,
            @Nullable Object function,
            @Nullable Object[] args,
            @Nullable Expression site) {
        if (function instanceof LuaFunction known) {
            return known.call(state, args);
        }
        LuaFunction meta = callable(state, function, site);
        return meta.call(state, withSelf(function, args));
    }

    static LuaFunction callable(LuaState state, @Nullable Object value, @Nullable Expression site) {
        if (metamethod(state, value, CALL) instanceof LuaFunction function) {
            return function;
        }
        throw typeError(state, "call", value, site);
    }

    static @Nullable Object[] withSelf(@Nullable Object self, @Nullable Object[] args) {
        @Nullable Object[] all = new Object[args.length + 1];
        all[0] = self;
        System.arraycopy(args, 0, all, 1, args.length);
        return all;
    }

    static @Nullable Object first(@Nullable Object[] results) {
        return results.length == 0 ? null : results[0];
    }

    static @Nullable Object metamethod(LuaState state, @Nullable Object value, LuaString event) {
        LuaTable metatable = state.metatable(value);
        return metatable == null ? null : metatable.get(event);
    }

    private static @Nullable Object callMeta(
            LuaState state, Object method, @Nullable Object... args) {
        Frame top = state.frame();
        boolean before = top != null && top.inBuiltin;
        state.callSite(null);
        @Nullable Object[] results = call(state, method, args, null);
        if (top != null) {
            top.inBuiltin = before;
        }
        return first(results);
    }

    static LuaError typeError(
            LuaState state, String what, @Nullable Object value, @Nullable Expression site) {
        String kind = site == null ? null : site.describe();
        return state.runtimeError(
                "attempt to "
                        + what
                        + (kind == null ? " a " : " " + kind + " (a ")
                        + typeName(value)
                        + " value"
                        + (kind == null ? "" : ")"));
    }

    // ---- tables

    static @Nullable Object index(
            LuaState state,
            @Nullable Object object,
            @Nullable Object key,
            @Nullable Expression site) {
        Object at = object;
        for (int loop = 0; loop < MAX_META_LOOP; loop++) {
            Object handler;
            if (at instanceof LuaTable table) {
                Object value = table.get(key);
                LuaTable metatable = table.metatable();
                if (value != null || metatable == null) {
                    return value;
                }
                handler = metatable.get(INDEX);
                if (handler == null) {
                    return null;
                }
            } else {
                handler = metamethod(state, at, INDEX);
                if (handler == null) {
                    throw typeError(state, "index", at, loop == 0 ? site : null);
                }
            }
            if (handler instanceof LuaFunction) {
                return callMeta(state, handler, at, key);
            }
            at = handler;
        }
        throw state.runtimeError("loop in gettable");
    }

    static void setIndex(
            LuaState state,
            @Nullable Object object,
            @Nullable Object key,
            @Nullable Object value,
            @Nullable Expression site) {
        Object at = object;
        for (int loop = 0; loop < MAX_META_LOOP; loop++) {
            Object handler;
            if (at instanceof LuaTable table) {
                LuaTable metatable = table.metatable();
                handler =
                        metatable == null || table.isReadOnly() || table.get(key) != null
                                ? null
                                : metatable.get(NEW_INDEX);
                if (handler == null) {
                    rawSet(state, table, key, value);
                    return;
                }
            } else {
                handler = metamethod(state, at, NEW_INDEX);
                if (handler == null) {
                    throw typeError(state, "index", at, loop == 0 ? site : null);
                }
            }
            if (handler instanceof LuaFunction) {
                Object unused = callMeta(state, handler, at, key, value);
                return;
            }
            at = handler;
        }
        throw state.runtimeError("loop in settable");
    }

    static void rawSet(
            LuaState state, LuaTable table, @Nullable Object key, @Nullable Object value) {
        if (table.isReadOnly()) {
            throw state.runtimeError("Attempt to modify a readonly table");
        }
        if (key == null) {
            throw state.runtimeError("table index is nil");
        }
        if (key instanceof Double number && number.isNaN()) {
            throw state.runtimeError("table index is NaN");
        }
        table.set(key, value);
    }

    // ---- arithmetic

    /** The operators of arithmetic. */
    enum Arithmetic {
        ADD("__add"),
        SUB("__sub"),
        MUL("__mul"),
        DIV("__div"),
        MOD("__mod"),
        POW("__pow");

        private final String event;

        Arithmetic(String event) {
            this.event = event;
        }

        double apply(double a, double b) {
            return switch (this) {
                case ADD -> a + b;
                case SUB -> a - b;
                case MUL -> a * b;
                case DIV -> a / b;
                // Lua 5.1 computes it this way, also where the quotient is not exact.
                case MOD -> a - Math.floor(a / b) * b;
                case POW -> Math.pow(a, b);
            };
        }
    }

    static @Nullable Object arithmetic(
            LuaState state,
            Arithmetic operator,
            @Nullable Object a,
            @Nullable Object b,
            Expression siteA,
            Expression siteB) {
        Double x = toNumber(state, a);
        Double y = toNumber(state, b);
        if (x != null && y != null) {
            return number(operator.apply(x, y));
        }
        LuaString event = LuaString.of(operator.event);
        Object method = metamethod(state, a, event);
        if (method == null) {
            method = metamethod(state, b, event);
        }
        if (method == null) {
            boolean second = x != null;
            throw typeError(state, "perform arithmetic on", second ? b : a, second ? siteB : siteA);
        }
        return callMeta(state, method, a, b);
    }

    static @Nullable Object negate(LuaState state, @Nullable Object a, Expression site) {
        Double x = toNumber(state, a);
        if (x != null) {
            return number(-x);
        }
        Object method = metamethod(state, a, UNM);
        if (method == null) {
            throw typeError(state, "perform arithmetic on", a, site);
        }
        return callMeta(state, method, a, a);
    }

    static @Nullable Object length(LuaState state, @Nullable Object a, Expression site) {
        if (a instanceof LuaTable table) {
            return number(table.length());
        }
        if (a instanceof LuaString string) {
            return number(string.length());
        }
        throw typeError(state, "get length of", a, site);
    }

    /** Concatenates from the right to the left. */
    static @Nullable Object concat(
            LuaState state, @Nullable Object[] operands, Expression[] sites) {
        int at = operands.length - 1;
        Object result = operands[at];
        while (at > 0) {
            int from = at;
            long total = isText(result) ? textLength(result) : -1;
            while (total >= 0 && from > 0 && isText(operands[from - 1])) {
                total += textLength(operands[--from]);
            }
            if (from < at) {
                result = join(state, operands, from, at, result);
                at = from;
            } else {
                result = concatMeta(state, operands[at - 1], result, sites[at - 1], sites[at]);
                at--;
            }
        }
        return result;
    }

    private static boolean isText(@Nullable Object value) {
        return value instanceof LuaString || value instanceof Double;
    }

    private static int textLength(@Nullable Object value) {
        return value instanceof LuaString string
                ? string.length()
                : value instanceof Double number ? Numbers.text(number).length() : 0;
    }

    private static LuaString join(
            LuaState state, @Nullable Object[] operands, int from, int to, @Nullable Object last) {
        long total = textLength(last);
        for (int i = from; i < to; i++) {
            total += textLength(operands[i]);
        }
        state.budget().steps((int) Math.min(total >>> 6, 1 << 20));
        state.budget().reserve(total);
        if (total > Integer.MAX_VALUE - 64) {
            throw state.runtimeError("string length overflow");
        }
        byte[] joined = new byte[(int) total];
        int at = 0;
        for (int i = from; i <= to; i++) {
            byte[] part = toBytes(i == to ? last : operands[i]);
            if (part != null) {
                System.arraycopy(part, 0, joined, at, part.length);
                at += part.length;
            }
        }
        return state.newString(joined);
    }

    private static @Nullable Object concatMeta(
            LuaState state,
            @Nullable Object a,
            @Nullable Object b,
            Expression siteA,
            Expression siteB) {
        Object method = metamethod(state, a, CONCAT);
        if (method == null) {
            method = metamethod(state, b, CONCAT);
        }
        if (method == null) {
            boolean second = isText(a);
            throw typeError(state, "concatenate", second ? b : a, second ? siteB : siteA);
        }
        return callMeta(state, method, a, b);
    }

    // ---- comparison

    static boolean rawEqual(@Nullable Object a, @Nullable Object b) {
        if (a == b) {
            return !(a instanceof Double number && number.isNaN());
        }
        if (a == null || b == null) {
            return false;
        }
        if (a instanceof Double x) {
            return b instanceof Double y && x.doubleValue() == y.doubleValue();
        }
        return (a instanceof LuaString || a instanceof Boolean) && a.equals(b);
    }

    static boolean equal(LuaState state, @Nullable Object a, @Nullable Object b) {
        if (a instanceof LuaString x && b instanceof LuaString y && x.length() == y.length()) {
            state.budget().steps(x.length() >>> 8);
        }
        if (rawEqual(a, b)) {
            return true;
        }
        if (!(a instanceof LuaTable x) || !(b instanceof LuaTable y)) {
            return false;
        }
        Object method = commonMethod(x.metatable(), y.metatable(), EQ);
        return method != null && isTrue(callMeta(state, method, a, b));
    }

    private static @Nullable Object commonMethod(
            @Nullable LuaTable a, @Nullable LuaTable b, LuaString event) {
        Object method = a == null ? null : a.get(event);
        if (method == null || b == null) {
            return null;
        }
        return a == b || rawEqual(method, b.get(event)) ? method : null;
    }

    static boolean lessThan(LuaState state, @Nullable Object a, @Nullable Object b) {
        if (a instanceof Double x && b instanceof Double y) {
            return x < y;
        }
        if (a instanceof LuaString x && b instanceof LuaString y) {
            state.budget().steps(Math.min(x.length(), y.length()) >>> 6);
            return x.compareTo(y) < 0;
        }
        Object method = orderMethod(state, a, b, LT);
        if (method == null) {
            throw incomparable(state, a, b);
        }
        return isTrue(callMeta(state, method, a, b));
    }

    static boolean lessOrEqual(LuaState state, @Nullable Object a, @Nullable Object b) {
        if (a instanceof Double x && b instanceof Double y) {
            return x <= y;
        }
        if (a instanceof LuaString x && b instanceof LuaString y) {
            state.budget().steps(Math.min(x.length(), y.length()) >>> 6);
            return x.compareTo(y) <= 0;
        }
        Object method = orderMethod(state, a, b, LE);
        if (method != null) {
            return isTrue(callMeta(state, method, a, b));
        }
        method = orderMethod(state, b, a, LT);
        if (method == null) {
            throw incomparable(state, a, b);
        }
        return !isTrue(callMeta(state, method, b, a));
    }

    private static @Nullable Object orderMethod(
            LuaState state, @Nullable Object a, @Nullable Object b, LuaString event) {
        if (!typeName(a).equals(typeName(b))) {
            return null;
        }
        Object method = metamethod(state, a, event);
        return method != null && rawEqual(method, metamethod(state, b, event)) ? method : null;
    }

    private static LuaError incomparable(LuaState state, @Nullable Object a, @Nullable Object b) {
        String x = typeName(a);
        String y = typeName(b);
        return state.runtimeError(
                x.equals(y)
                        ? "attempt to compare two " + x + " values"
                        : "attempt to compare " + x + " with " + y);
    }

    /** All results of the last of several, one of each before. */
    static @Nullable Object[] append(
            @Nullable Object[] before, int count, @Nullable Object[] last) {
        @Nullable Object[] all = Arrays.copyOf(before, count + last.length);
        System.arraycopy(last, 0, all, count, last.length);
        return all;
    }
}
