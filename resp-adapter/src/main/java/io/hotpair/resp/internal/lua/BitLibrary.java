package io.hotpair.resp.internal.lua;

import java.util.function.IntBinaryOperator;
import org.jspecify.annotations.Nullable;

/** {@code bit}: operations on 32 bits, as the library of the same name for LuaJIT has them. */
final class BitLibrary {
    private BitLibrary() {}

    static void register(LuaTable module) {
        Libraries.add(module, "tobit", a -> result(bits(a, 0)));
        Libraries.add(module, "bnot", a -> result(~bits(a, 0)));
        Libraries.add(module, "bswap", a -> result(Integer.reverseBytes(bits(a, 0))));
        fold(module, "band", (x, y) -> x & y);
        fold(module, "bor", (x, y) -> x | y);
        fold(module, "bxor", (x, y) -> x ^ y);
        shift(module, "lshift", (x, n) -> x << n);
        shift(module, "rshift", (x, n) -> x >>> n);
        shift(module, "arshift", (x, n) -> x >> n);
        shift(module, "rol", Integer::rotateLeft);
        shift(module, "ror", Integer::rotateRight);
        Libraries.add(module, "tohex", BitLibrary::toHex);
    }

    private static int bits(Arguments args, int index) {
        // The sum puts the integer, rounded, into the lowest bits of the mantissa.
        return (int) Double.doubleToRawLongBits(args.number(index) + 0x1.8p52);
    }

    private static @Nullable Object[] result(int value) {
        return LuaFunction.result((double) value);
    }

    private static void fold(LuaTable module, String name, IntBinaryOperator operator) {
        Libraries.add(
                module,
                name,
                args -> {
                    int value = bits(args, 0);
                    for (int i = 1; i < args.count(); i++) {
                        value = operator.applyAsInt(value, bits(args, i));
                    }
                    return result(value);
                });
    }

    private static void shift(LuaTable module, String name, IntBinaryOperator operator) {
        Libraries.add(
                module,
                name,
                args -> {
                    int value = bits(args, 0);
                    return result(operator.applyAsInt(value, bits(args, 1) & 31));
                });
    }

    private static @Nullable Object[] toHex(Arguments args) {
        int value = bits(args, 0);
        int digits = args.isAbsent(1) ? 8 : bits(args, 1);
        boolean isUpper = digits < 0;
        // What is negative even when its sign is changed is all digits.
        int count = digits == Integer.MIN_VALUE ? 8 : Math.min(8, Math.abs(digits));
        StringBuilder text = new StringBuilder();
        String alphabet = isUpper ? "0123456789ABCDEF" : "0123456789abcdef";
        for (int i = count - 1; i >= 0; i--) {
            text.append(alphabet.charAt((value >>> (4 * i)) & 15));
        }
        return LuaFunction.result(args.state().newString(text.toString()));
    }
}
