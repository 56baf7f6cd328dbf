package io.hotpair.resp.internal.lua;

import org.jspecify.annotations.Nullable;

/** Writes a value as JSON. */
final class JsonWriter {
    private static final String HEX = "0123456789abcdef";

    private final LuaState state;
    private final JsonLibrary.Config config;
    private final ByteBuilder out;

    JsonWriter(LuaState state, JsonLibrary.Config config) {
        this.state = state;
        this.config = config;
        out = new ByteBuilder(state);
    }

    LuaString write(@Nullable Object value) {
        append(value, 0);
        return out.toLuaString();
    }

    private LuaError unsupported(@Nullable Object value, String why) {
        return state.error("Cannot serialise " + Operations.typeName(value) + ": " + why);
    }

    private void append(@Nullable Object value, int depth) {
        state.budget().step();
        if (value instanceof LuaString string) {
            string(string);
        } else if (value instanceof Double number) {
            number(number);
        } else if (value instanceof Boolean || value == null || value == LuaPointer.NULL) {
            out.append(value instanceof Boolean ? value.toString() : "null");
        } else if (value instanceof LuaTable table) {
            table(table, depth + 1);
        } else {
            throw unsupported(value, "type not supported");
        }
    }

    private void number(double number) {
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            if (config.encodeInvalidAsNull) {
                out.append("null");
                return;
            }
            if (!config.encodeInvalid) {
                throw unsupported(number, "must not be NaN or Inf");
            }
            out.append(Double.isNaN(number) ? "nan" : Numbers.text(number));
            return;
        }
        out.append(
                config.precision == 14
                        ? Numbers.text(number)
                        : Numbers.general(number, config.precision, false));
    }

    private void string(LuaString string) {
        out.append('"');
        for (byte b : string.bytes()) {
            switch (b) {
                case '"', '\\', '/' -> {
                    out.append('\\');
                    out.append(b);
                }
                case '\b' -> out.append("\\b");
                case '\t' -> out.append("\\t");
                case '\n' -> out.append("\\n");
                case '\f' -> out.append("\\f");
                case '\r' -> out.append("\\r");
                default -> {
                    if ((b >= 0 && b < 0x20) || b == 0x7f) {
                        out.append("\\u00");
                        out.append(HEX.charAt(b >> 4));
                        out.append(HEX.charAt(b & 15));
                    } else {
                        out.append(b);
                    }
                }
            }
        }
        state.budget().steps(string.length() >>> 5);
        out.append('"');
    }

    private void table(LuaTable table, int depth) {
        if (depth > config.encodeMaxDepth) {
            throw state.error("Cannot serialise, excessive nesting (" + depth + ")");
        }
        // The call that is nested here takes as much of the stack as a few nodes.
        state.budget().enter(4);
        int length = arrayLength(table);
        if (length > 0) {
            array(table, length, depth);
        } else {
            object(table, depth);
        }
        state.budget().leave(4);
    }

    /** How long it is, if all its keys are indexes; else -1. */
    private int arrayLength(LuaTable table) {
        double most = 0;
        int items = 0;
        for (int at = table.nextFrom(0); at >= 0; at = table.nextFrom(at + 1)) {
            state.budget().step();
            if (!(table.keyAt(at) instanceof Double key)
                    || key < 1
                    || Math.floor(key) != key
                    || key > Integer.MAX_VALUE) {
                return -1;
            }
            most = Math.max(most, key);
            items++;
        }
        if (config.sparseRatio > 0
                && most > (double) items * config.sparseRatio
                && most > config.sparseSafe) {
            if (!config.sparseConvert) {
                throw unsupported(table, "excessively sparse array");
            }
            return -1;
        }
        return (int) most;
    }

    private void array(LuaTable table, int length, int depth) {
        out.append('[');
        for (int i = 1; i <= length; i++) {
            if (i > 1) {
                out.append(',');
            }
            append(table.get(i), depth);
        }
        out.append(']');
    }

    private void object(LuaTable table, int depth) {
        out.append('{');
        boolean isFirst = true;
        for (int at = table.nextFrom(0); at >= 0; at = table.nextFrom(at + 1)) {
            if (!isFirst) {
                out.append(',');
            }
            isFirst = false;
            Object key = table.keyAt(at);
            if (key instanceof Double number) {
                out.append('"');
                number(number);
                out.append('"');
            } else if (key instanceof LuaString string) {
                string(string);
            } else {
                throw unsupported(key, "table key must be a number or string");
            }
            out.append(':');
            append(table.valueAt(at), depth);
        }
        out.append('}');
    }
}
