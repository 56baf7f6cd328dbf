package io.hotpair.resp.internal.lua;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code cjson}: JSON as lua-cjson 2.1.0 reads and writes it. */
public final class JsonLibrary {
    /** What a script may set; it is the execution's own. */
    static final class Config {
        boolean sparseConvert;
        int sparseRatio = 2;
        int sparseSafe = 10;
        int encodeMaxDepth = 1000;
        int decodeMaxDepth = 1000;
        int precision = 14;
        boolean keepBuffer = true;
        boolean encodeInvalid;
        boolean encodeInvalidAsNull;
        boolean decodeInvalid = true;
    }

    /** What the functions of one take that a script has made for itself. */
    private static final int OWN_BYTES = 1_024;

    private JsonLibrary() {}

    /**
     * Adds its functions.
     *
     * @param module the table that gets them
     */
    public static void register(LuaTable module) {
        register(module, args -> args.state().jsonConfig());
    }

    private static void register(LuaTable module, Function<Arguments, Config> config) {
        Libraries.add(
                module,
                "encode",
                a -> {
                    checkOne(a);
                    return result(new JsonWriter(a.state(), config.apply(a)).write(a.get(0)));
                });
        Libraries.add(
                module,
                "decode",
                a -> {
                    checkOne(a);
                    return result(
                            new JsonReader(a.state(), config.apply(a), a.string(0).bytes()).read());
                });
        Libraries.add(module, "encode_sparse_array", a -> sparse(a, config.apply(a)));
        Libraries.add(
                module,
                "encode_max_depth",
                a -> {
                    Config c = config.apply(a);
                    c.encodeMaxDepth = integer(a, 0, c.encodeMaxDepth, 1, Integer.MAX_VALUE);
                    return result((double) c.encodeMaxDepth);
                });
        Libraries.add(
                module,
                "decode_max_depth",
                a -> {
                    Config c = config.apply(a);
                    c.decodeMaxDepth = integer(a, 0, c.decodeMaxDepth, 1, Integer.MAX_VALUE);
                    return result((double) c.decodeMaxDepth);
                });
        Libraries.add(
                module,
                "encode_number_precision",
                a -> {
                    Config c = config.apply(a);
                    c.precision = integer(a, 0, c.precision, 1, 14);
                    return result((double) c.precision);
                });
        Libraries.add(
                module,
                "encode_keep_buffer",
                a -> {
                    Config c = config.apply(a);
                    c.keepBuffer = bool(a, c.keepBuffer);
                    return result(c.keepBuffer);
                });
        Libraries.add(module, "encode_invalid_numbers", a -> invalid(a, config.apply(a)));
        Libraries.add(
                module,
                "decode_invalid_numbers",
                a -> {
                    Config c = config.apply(a);
                    c.decodeInvalid = bool(a, c.decodeInvalid);
                    return result(c.decodeInvalid);
                });
        Libraries.add(
                module,
                "new",
                a -> {
                    Config own = new Config();
                    LuaTable made = a.state().newTable();
                    a.state().budget().allocate(OWN_BYTES);
                    register(made, any -> own);
                    return result(made);
                });
        module.set("null", LuaPointer.NULL);
        module.set("_NAME", LuaString.of("cjson"));
        module.set("_VERSION", LuaString.of("2.1.0"));
    }

    private static @Nullable Object[] result(@Nullable Object value) {
        return LuaFunction.result(value);
    }

    private static void checkOne(Arguments args) {
        if (args.count() != 1) {
            throw args.bad(0, "expected 1 argument");
        }
    }

    private static int integer(Arguments args, int index, int present, int min, int max) {
        if (args.isAbsent(index)) {
            return present;
        }
        int value = args.int32(index);
        if (value < min || value > max) {
            throw args.bad(index, "expected integer between " + min + " and " + max);
        }
        return value;
    }

    private static boolean bool(Arguments args, boolean present) {
        return args.isAbsent(0) ? present : Operations.isTrue(args.get(0));
    }

    private static @Nullable Object[] invalid(Arguments args, Config config) {
        Object value = args.get(0);
        if (value != null) {
            config.encodeInvalidAsNull =
                    value instanceof LuaString text && text.toString().equals("null");
            config.encodeInvalid = Operations.isTrue(value) && !config.encodeInvalidAsNull;
        }
        return config.encodeInvalidAsNull
                ? result(LuaString.of("null"))
                : result(config.encodeInvalid);
    }

    private static @Nullable Object[] sparse(Arguments args, Config config) {
        config.sparseConvert = bool(args, config.sparseConvert);
        config.sparseRatio = integer(args, 1, config.sparseRatio, 0, Integer.MAX_VALUE);
        config.sparseSafe = integer(args, 2, config.sparseSafe, 0, Integer.MAX_VALUE);
        return new @Nullable Object[] {
            config.sparseConvert, (double) config.sparseRatio, (double) config.sparseSafe
        };
    }
}
