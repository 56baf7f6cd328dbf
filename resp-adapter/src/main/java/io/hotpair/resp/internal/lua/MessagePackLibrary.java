package io.hotpair.resp.internal.lua;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code cmsgpack}: MessagePack as lua-cmsgpack 0.4.0 reads and writes it. */
public final class MessagePackLibrary {
    private static final int MAX_NESTING = 16;
    private static final int MAX_RESULTS = 7_960;

    private MessagePackLibrary() {}

    /**
     * Adds its functions.
     *
     * @param module the table that gets them
     */
    public static void register(LuaTable module) {
        Libraries.add(module, "pack", MessagePackLibrary::pack);
        Libraries.add(module, "unpack", a -> unpack(a, 0, 0));
        Libraries.add(module, "unpack_one", a -> unpack(a, 1, a.int32(1, 0)));
        Libraries.add(module, "unpack_limit", a -> unpack(a, a.int32(1), a.int32(2, 0)));
        module.set("_NAME", LuaString.of("cmsgpack"));
        module.set("_VERSION", LuaString.of("lua-cmsgpack 0.4.0"));
        module.set("_COPYRIGHT", LuaString.of("Copyright (C) 2012, Salvatore Sanfilippo"));
        module.set("_DESCRIPTION", LuaString.of("MessagePack C implementation for Lua"));
    }

    private static @Nullable Object[] pack(Arguments args) {
        if (args.count() == 0) {
            throw args.bad(-1, "MessagePack pack needs input.");
        }
        Writer writer = new Writer(args.state());
        for (@Nullable Object each : args.all()) {
            writer.append(each, 0);
        }
        return LuaFunction.result(writer.out.toLuaString());
    }

    private static @Nullable Object[] unpack(Arguments args, int limit, int offset) {
        byte[] bytes = args.string(0).bytes();
        LuaState state = args.state();
        if (offset < 0 || limit < 0) {
            throw state.error(
                    "Invalid request to unpack with offset of "
                            + offset
                            + " and limit of "
                            + bytes.length
                            + ".");
        }
        if (offset > bytes.length) {
            throw state.error(
                    "Start offset " + offset + " greater than input length " + bytes.length + ".");
        }
        boolean decodesAll = limit == 0 && offset == 0;
        int most = decodesAll ? Integer.MAX_VALUE : limit;
        Reader reader = new Reader(state, bytes, offset);
        List<@Nullable Object> values = new ArrayList<>();
        while (reader.at < bytes.length && values.size() < most) {
            if (values.size() >= MAX_RESULTS) {
                throw state.error("too many results to unpack");
            }
            values.add(reader.read(0));
        }
        if (!decodesAll) {
            double rest = reader.at == bytes.length ? -1 : reader.at;
            values.add(0, rest);
        }
        return values.toArray(new Object[0]);
    }

    /** Writes values. */
    private static final class Writer {
        private final LuaState state;
        private final ByteBuilder out;

        Writer(LuaState state) {
            this.state = state;
            out = new ByteBuilder(state);
        }

        private void number(int kind, int bytes, long value) {
            out.append(kind);
            for (int i = bytes - 1; i >= 0; i--) {
                out.append((int) (value >>> (8 * i)));
            }
        }

        void append(@Nullable Object value, int level) {
            state.budget().step();
            if (value instanceof LuaString string) {
                string(string.bytes());
            } else if (value instanceof Boolean bool) {
                out.append(bool ? 0xc3 : 0xc2);
            } else if (value instanceof Double number) {
                number(number);
            } else if (value instanceof LuaTable table && level < MAX_NESTING) {
                table(table, level);
            } else {
                out.append(0xc0);
            }
        }

        private void string(byte[] bytes) {
            if (bytes.length < 32) {
                out.append(0xa0 | bytes.length);
            } else if (bytes.length <= 0xff) {
                number(0xd9, 1, bytes.length);
            } else if (bytes.length <= 0xffff) {
                number(0xda, 2, bytes.length);
            } else {
                number(0xdb, 4, bytes.length);
            }
            out.append(bytes);
        }

        private void number(double number) {
            long integer = (long) number;
            if (integer == number && Math.abs(number) < 0x1p63) {
                integer(integer);
            } else if ((float) number == number) {
                number(0xca, 4, Float.floatToRawIntBits((float) number));
            } else {
                number(0xcb, 8, Double.doubleToRawLongBits(number));
            }
        }

        private void integer(long n) {
            if (n >= 0) {
                if (n <= 127) {
                    out.append((int) n);
                } else if (n <= 0xff) {
                    number(0xcc, 1, n);
                } else if (n <= 0xffff) {
                    number(0xcd, 2, n);
                } else if (n <= 0xffffffffL) {
                    number(0xce, 4, n);
                } else {
                    number(0xcf, 8, n);
                }
            } else if (n >= -32) {
                out.append((int) n);
            } else if (n >= -128) {
                number(0xd0, 1, n);
            } else if (n >= -32768) {
                number(0xd1, 2, n);
            } else if (n >= Integer.MIN_VALUE) {
                number(0xd2, 4, n);
            } else {
                number(0xd3, 8, n);
            }
        }

        private void header(int small, int kind16, int count) {
            if (count <= 15) {
                out.append(small | count);
            } else if (count <= 0xffff) {
                number(kind16, 2, count);
            } else {
                number(kind16 + 1, 4, count);
            }
        }

        private void table(LuaTable table, int level) {
            int count = 0;
            double most = 0;
            boolean isArray = true;
            for (int at = table.nextFrom(0); at >= 0; at = table.nextFrom(at + 1)) {
                state.budget().step();
                count++;
                if (table.keyAt(at) instanceof Double key && key >= 1 && Math.floor(key) == key) {
                    most = Math.max(most, key);
                } else {
                    isArray = false;
                }
            }
            if (isArray && most == count) {
                header(0x90, 0xdc, count);
                for (int i = 1; i <= count; i++) {
                    append(table.get(i), level + 1);
                }
                return;
            }
            header(0x80, 0xde, count);
            for (int at = table.nextFrom(0); at >= 0; at = table.nextFrom(at + 1)) {
                append(table.keyAt(at), level + 1);
                append(table.valueAt(at), level + 1);
            }
        }
    }

    /** Reads values. */
    private static final class Reader {
        private static final int MAX_DEPTH = 1_000;
        private static final int NODES = 3;

        private final LuaState state;
        private final byte[] bytes;
        private int at;

        Reader(LuaState state, byte[] bytes, int at) {
            this.state = state;
            this.bytes = bytes;
            this.at = at;
        }

        private void need(long count) {
            if (bytes.length - at < count) {
                throw state.error("Missing bytes in input.");
            }
        }

        private long unsigned(int count) {
            need(count);
            long value = 0;
            for (int i = 0; i < count; i++) {
                value = value << 8 | (bytes[at++] & 0xff);
            }
            return value;
        }

        private Object number(double value) {
            return Operations.number(value);
        }

        @Nullable Object read(int depth) {
            state.budget().step();
            if (depth > MAX_DEPTH) {
                throw state.error("Bad data format in input.");
            }
            int kind = (int) unsigned(1);
            if (kind < 0x80) {
                return number(kind);
            }
            if (kind >= 0xe0) {
                return number((byte) kind);
            }
            if (kind < 0x90) {
                return map(kind & 15, depth);
            }
            if (kind < 0xa0) {
                return array(kind & 15, depth);
            }
            if (kind < 0xc0) {
                return string(kind & 31);
            }
            return switch (kind) {
                case 0xc0 -> null;
                case 0xc2 -> false;
                case 0xc3 -> true;
                case 0xc4, 0xd9 -> string(unsigned(1));
                case 0xc5, 0xda -> string(unsigned(2));
                case 0xc6, 0xdb -> string(unsigned(4));
                case 0xca -> number(Float.intBitsToFloat((int) unsigned(4)));
                case 0xcb -> number(Double.longBitsToDouble(unsigned(8)));
                case 0xcc -> number((double) unsigned(1));
                case 0xcd -> number((double) unsigned(2));
                case 0xce -> number((double) unsigned(4));
                case 0xcf -> unsigned64(unsigned(8));
                case 0xd0 -> number((byte) unsigned(1));
                case 0xd1 -> number((short) unsigned(2));
                case 0xd2 -> number((int) unsigned(4));
                case 0xd3 -> number((double) unsigned(8));
                case 0xdc -> array(unsigned(2), depth);
                case 0xdd -> array(unsigned(4), depth);
                case 0xde -> map(unsigned(2), depth);
                case 0xdf -> map(unsigned(4), depth);
                default -> throw state.error("Bad data format in input.");
            };
        }

        private Object unsigned64(long value) {
            byte[] raw = ByteBuffer.allocate(8).putLong(value).array();
            return number(new java.math.BigInteger(1, raw).doubleValue());
        }

        private LuaString string(long length) {
            need(length);
            LuaString string = state.newString(Arrays.copyOfRange(bytes, at, at + (int) length));
            at += (int) length;
            return string;
        }

        private LuaTable array(long count, int depth) {
            state.budget().enter(NODES);
            LuaTable table = state.pin(state.newTable());
            for (long i = 1; i <= count; i++) {
                table.set((int) i, read(depth + 1));
            }
            state.unpin();
            state.budget().leave(NODES);
            return table;
        }

        private LuaTable map(long count, int depth) {
            state.budget().enter(NODES);
            LuaTable table = state.pin(state.newTable());
            for (long i = 0; i < count; i++) {
                Object key = read(depth + 1);
                Object value = read(depth + 1);
                Operations.rawSet(state, table, key, value);
            }
            state.unpin();
            state.budget().leave(NODES);
            return table;
        }
    }
}
