package io.hotpair.resp;

import io.hotpair.resp.internal.lua.LuaState;
import io.hotpair.resp.internal.lua.LuaString;
import io.hotpair.resp.internal.lua.LuaTable;
import io.hotpair.resp.internal.lua.Operations;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What replies become in scripts, and what scripts return becomes in replies. */
final class ScriptValues {
    private static final int MAX_DEPTH = 1_000;

    private ScriptValues() {}

    // ---- from a script to the client

    static void write(@Nullable Object value, ScriptRun run, ReplyBuffer reply) {
        write(value, run, reply, 0);
    }

    private static void write(@Nullable Object value, ScriptRun run, ReplyBuffer reply, int depth) {
        if (depth > MAX_DEPTH) {
            reply.error("ERR reached lua stack limit");
        } else if (value instanceof LuaString string) {
            reply.bulk(string.bytes());
        } else if (value instanceof Double number) {
            reply.integer(Operations.toLong(number));
        } else if (value instanceof Boolean bool) {
            if (run.protocol() == 3) {
                reply.bool(bool);
            } else if (bool) {
                reply.integer(1);
            } else {
                reply.nullValue();
            }
        } else if (value instanceof LuaTable table) {
            table(table, run, reply, depth);
        } else {
            reply.nullValue();
        }
    }

    private static void table(LuaTable table, ScriptRun run, ReplyBuffer reply, int depth) {
        if (table.get("err") instanceof LuaString error) {
            reply.error(error.toString());
            return;
        }
        if (table.get("ok") instanceof LuaString status) {
            reply.status(oneLine(status));
        } else if (table.get("double") instanceof Double number) {
            reply.number(number);
        } else if (table.get("map") instanceof LuaTable map) {
            map(map, run, reply, depth);
        } else if (table.get("set") instanceof LuaTable set) {
            set(set, run, reply, depth);
        } else if (table.get("big_number") instanceof LuaString digits) {
            reply.bigNumber(oneLine(digits));
        } else if (!verbatim(table, reply)) {
            array(table, run, reply, depth);
        }
    }

    private static String oneLine(LuaString text) {
        return text.toString().replace('\r', ' ').replace('\n', ' ');
    }

    private static void map(LuaTable map, ScriptRun run, ReplyBuffer reply, int depth) {
        int from = reply.length();
        int[] count = {0};
        map.forEach(
                (key, value) -> {
                    write(key, run, reply, depth + 1);
                    write(value, run, reply, depth + 1);
                    count[0]++;
                });
        reply.closeMap(from, count[0]);
    }

    private static void set(LuaTable set, ScriptRun run, ReplyBuffer reply, int depth) {
        int from = reply.length();
        int[] count = {0};
        set.forEach(
                (key, value) -> {
                    write(key, run, reply, depth + 1);
                    count[0]++;
                });
        reply.closeSet(from, count[0]);
    }

    private static boolean verbatim(LuaTable table, ReplyBuffer reply) {
        if (!(table.get("verbatim_string") instanceof LuaTable inner)) {
            return false;
        }
        if (inner.get("string") instanceof LuaString text
                && inner.get("format") instanceof LuaString format) {
            reply.verbatim(text.bytes(), format.toString());
            return true;
        }
        return false;
    }

    private static void array(LuaTable table, ScriptRun run, ReplyBuffer reply, int depth) {
        int from = reply.length();
        int count = 0;
        while (true) {
            Object element = table.get(count + 1);
            if (element == null) {
                break;
            }
            write(element, run, reply, depth + 1);
            count++;
        }
        reply.closeArray(from, count);
    }

    // ---- from a command to a script

    /** Reads the reply of a command. */
    static final class Reader {
        private final LuaState state;
        private final byte[] bytes;
        private int at;

        Reader(LuaState state, byte[] bytes) {
            this.state = state;
            this.bytes = bytes;
        }

        @Nullable Object read() {
            int kind = bytes[at++];
            return switch (kind) {
                case ':' -> Operations.number((double) Long.parseLong(line()));
                case '$' -> bulk();
                case '+' -> field("ok", text());
                case '-' -> error(line());
                case '*', '>' -> array();
                case '%' -> field("map", map());
                case '~' -> field("set", set());
                case '_' -> {
                    String unused = line();
                    yield null;
                }
                case '#' -> line().equals("t");
                case ',' -> field("double", floating(line()));
                case '(' -> field("big_number", text());
                case '=' -> verbatim();
                default ->
                        throw new IllegalStateException("kind=" + (char) kind + ", expected RESP");
            };
        }

        private String line() {
            int from = at;
            while (bytes[at] != '\r') {
                at++;
            }
            at += 2;
            return new String(bytes, from, at - 2 - from, StandardCharsets.ISO_8859_1);
        }

        private LuaString text() {
            return state.newString(line().getBytes(StandardCharsets.ISO_8859_1));
        }

        private LuaTable field(String name, @Nullable Object value) {
            LuaTable table = state.newTable();
            table.set(name, value);
            return table;
        }

        private LuaTable error(String message) {
            LuaTable table =
                    field("err", state.newString(message.getBytes(StandardCharsets.ISO_8859_1)));
            table.set("ignore_error_stats_update", true);
            return table;
        }

        private static double floating(String text) {
            return switch (text) {
                case "inf" -> Double.POSITIVE_INFINITY;
                case "-inf" -> Double.NEGATIVE_INFINITY;
                case "nan", "-nan" -> Double.NaN;
                default -> Double.parseDouble(text);
            };
        }

        private Object bulk() {
            int length = Integer.parseInt(line());
            if (length < 0) {
                return false;
            }
            LuaString string = state.newString(Arrays.copyOfRange(bytes, at, at + length));
            at += length + 2;
            return string;
        }

        private Object verbatim() {
            int length = Integer.parseInt(line());
            LuaTable inner = state.newTable();
            inner.set("string", state.newString(Arrays.copyOfRange(bytes, at + 4, at + length)));
            inner.set("format", state.newString(Arrays.copyOfRange(bytes, at, at + 3)));
            at += length + 2;
            return field("verbatim_string", inner);
        }

        private Object array() {
            int count = Integer.parseInt(line());
            if (count < 0) {
                return false;
            }
            LuaTable table = state.pin(state.newArray(count));
            for (int i = 1; i <= count; i++) {
                table.set(i, read());
            }
            state.unpin();
            return table;
        }

        private LuaTable map() {
            int count = Integer.parseInt(line());
            LuaTable table = state.pin(state.newTable());
            for (int i = 0; i < count; i++) {
                Object key = read();
                Object value = read();
                table.put(key, value);
            }
            state.unpin();
            return table;
        }

        private LuaTable set() {
            int count = Integer.parseInt(line());
            LuaTable table = state.pin(state.newTable());
            for (int i = 0; i < count; i++) {
                table.put(read(), true);
            }
            state.unpin();
            return table;
        }
    }
}
