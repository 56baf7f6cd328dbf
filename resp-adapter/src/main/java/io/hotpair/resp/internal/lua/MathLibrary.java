package io.hotpair.resp.internal.lua;

import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/** {@code math}. */
final class MathLibrary {
    private MathLibrary() {}

    static void register(LuaTable module) {
        one(module, "abs", Math::abs);
        one(module, "acos", Math::acos);
        one(module, "asin", Math::asin);
        one(module, "atan", Math::atan);
        one(module, "ceil", Math::ceil);
        one(module, "cos", Math::cos);
        one(module, "cosh", Math::cosh);
        one(module, "deg", x -> x / (Math.PI / 180));
        one(module, "exp", Math::exp);
        one(module, "floor", Math::floor);
        one(module, "log", Math::log);
        one(module, "log10", Math::log10);
        one(module, "rad", x -> x * (Math.PI / 180));
        one(module, "sin", Math::sin);
        one(module, "sinh", Math::sinh);
        one(module, "sqrt", Math::sqrt);
        one(module, "tan", Math::tan);
        one(module, "tanh", Math::tanh);
        Libraries.add(module, "atan2", a -> number(Math.atan2(a.number(0), a.number(1))));
        Libraries.add(module, "fmod", a -> number(a.number(0) % a.number(1)));
        Libraries.add(module, "mod", a -> number(a.number(0) % a.number(1)));
        Libraries.add(module, "pow", a -> number(Math.pow(a.number(0), a.number(1))));
        Libraries.add(module, "ldexp", a -> number(ldexp(a.number(0), a.int32(1))));
        Libraries.add(module, "frexp", MathLibrary::frexp);
        Libraries.add(module, "modf", MathLibrary::modf);
        Libraries.add(module, "max", MathLibrary::max);
        Libraries.add(module, "min", MathLibrary::min);
        Libraries.add(module, "random", MathLibrary::random);
        Libraries.add(
                module,
                "randomseed",
                a -> {
                    a.state().seedRandom(a.int32(0));
                    return LuaFunction.NOTHING;
                });
        module.set("pi", Math.PI);
        module.set("huge", Double.POSITIVE_INFINITY);
    }

    private static void one(LuaTable module, String name, DoubleUnaryOperator function) {
        Libraries.add(module, name, a -> number(function.applyAsDouble(a.number(0))));
    }

    private static @Nullable Object[] number(double value) {
        return LuaFunction.result(value);
    }

    private static double ldexp(double mantissa, int exponent) {
        int bounded = Math.max(-2200, Math.min(2200, exponent));
        int half = bounded / 2;
        return Math.scalb(Math.scalb(mantissa, half), bounded - half);
    }

    private static @Nullable Object[] frexp(Arguments args) {
        double x = args.number(0);
        if (x == 0 || Double.isNaN(x) || Double.isInfinite(x)) {
            return new @Nullable Object[] {x, 0.0};
        }
        int exponent = Math.getExponent(x);
        double scaled = x;
        int shift = 0;
        if (exponent < Double.MIN_EXPONENT) {
            scaled = x * 0x1p54;
            shift = -54;
            exponent = Math.getExponent(scaled);
        }
        return new @Nullable Object[] {
            Math.scalb(scaled, -exponent - 1), (double) (exponent + 1 + shift)
        };
    }

    private static @Nullable Object[] modf(Arguments args) {
        double x = args.number(0);
        double whole = x < 0 ? Math.ceil(x) : Math.floor(x);
        double rest = Double.isInfinite(x) ? Math.copySign(0.0, x) : Math.copySign(x - whole, x);
        return new @Nullable Object[] {whole, rest};
    }

    private static @Nullable Object[] max(Arguments args) {
        double most = args.number(0);
        for (int i = 1; i < args.count(); i++) {
            double next = args.number(i);
            most = next > most ? next : most;
        }
        return number(most);
    }

    private static @Nullable Object[] min(Arguments args) {
        double least = args.number(0);
        for (int i = 1; i < args.count(); i++) {
            double next = args.number(i);
            least = next < least ? next : least;
        }
        return number(least);
    }

    private static @Nullable Object[] random(Arguments args) {
        double r = (double) (args.state().nextRandom() % Integer.MAX_VALUE) / Integer.MAX_VALUE;
        return switch (args.count()) {
            case 0 -> number(r);
            case 1 -> {
                int most = args.int32(0);
                if (most < 1) {
                    throw args.bad(0, "interval is empty");
                }
                yield number(Math.floor(r * most) + 1);
            }
            case 2 -> {
                int from = args.int32(0);
                int to = args.int32(1);
                if (from > to) {
                    throw args.bad(1, "interval is empty");
                }
                // The width overflows in C too.
                int width = to - from + 1;
                yield number(Math.floor(r * width) + from);
            }
            default -> throw args.state().error("wrong number of arguments");
        };
    }
}
