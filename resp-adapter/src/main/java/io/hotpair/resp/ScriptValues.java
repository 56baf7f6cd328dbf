package io.hotpair.resp;

import io.hotpair.resp.internal.lua.Budget;
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

    /** What a value that is written takes at most, besides its bytes. */
    private static final int ELEMENT_BYTES = 32;

    /** What a table in a table takes of the stack. */
    private static final int NODES = 4;

    private static final String COUNTED = "ignore_error_stats_update";

    private ScriptValues() {}

    /** Marks what a command answered: the error was counted then. */
    static void markCounted(LuaTable error) {
        error.set(COUNTED, true);
    }

    /**
     * Writes the error of a table.
     *
     * @param text what is said of it
     */
    static void writeError(LuaTable table, String text, ReplyBuffer reply) {
        if (Boolean.TRUE.equals(table.get(COUNTED))) {
            reply.uncountedError(text);
        } else {
            reply.error(text);
        }
    }

    // ---- from a script to the client

    /**
     * Writes what a script returned.
     *
     * @param budget pays for it
     */
    static void write(@Nullable Object value, ScriptRun run, Budget budget, ReplyBuffer reply) {
        new Writer(run, budget, reply).write(value, 0);
    }

    /** Writes values; one may stand in many places, and within itself. */
    private static final class Writer {
        private final ScriptRun run;
        private final Budget budget;
        private final ReplyBuffer reply;

        Writer(ScriptRun run, Budget budget, ReplyBuffer reply) {
            this.run = run;
            this.budget = budget;
            this.reply = reply;
        }

        private void write(@Nullable Object value, int depth) {
            budget.steps(1);
            if (depth > MAX_DEPTH) {
                reply.error("ERR reached lua stack limit");
            } else if (value instanceof LuaString string) {
                budget.hold(string.length() + ELEMENT_BYTES);
                reply.bulk(string.bytes());
            } else if (value instanceof LuaTable table) {
                budget.hold(ELEMENT_BYTES);
                budget.enter(NODES);
                table(table, depth);
                budget.leave(NODES);
            } else {
                budget.hold(ELEMENT_BYTES);
                scalar(value);
            }
        }

        private void scalar(@Nullable Object value) {
            if (value instanceof Double number) {
                reply.integer(Operations.toLong(number));
            } else if (value instanceof Boolean bool) {
                if (run.protocol() == 3) {
                    reply.bool(bool);
                } else if (bool) {
                    reply.integer(1);
                } else {
                    reply.nullValue();
                }
            } else {
                reply.nullValue();
            }
        }

        private void table(LuaTable table, int depth) {
            if (table.get("err") instanceof LuaString error) {
                budget.hold(error.length());
                writeError(table, error.toString(), reply);
                return;
            }
            if (table.get("ok") instanceof LuaString status) {
                reply.status(oneLine(status));
            } else if (table.get("double") instanceof Double number) {
                reply.number(number);
            } else if (table.get("map") instanceof LuaTable map) {
                map(map, depth);
            } else if (table.get("set") instanceof LuaTable set) {
                set(set, depth);
            } else if (table.get("big_number") instanceof LuaString digits) {
                reply.bigNumber(oneLine(digits));
            } else if (!verbatim(table)) {
                array(table, depth);
            }
        }

        private String oneLine(LuaString text) {
            budget.hold(text.length());
            return text.toString().replace('\r', ' ').replace('\n', ' ');
        }

        private void map(LuaTable map, int depth) {
            int from = reply.length();
            int[] count = {0};
            map.forEach(
                    (key, value) -> {
                        write(key, depth + 1);
                        write(value, depth + 1);
                        count[0]++;
                    });
            payForClosing(from);
            reply.closeMap(from, count[0]);
        }

        private void set(LuaTable set, int depth) {
            int from = reply.length();
            int[] count = {0};
            set.forEach(
                    (key, value) -> {
                        write(key, depth + 1);
                        count[0]++;
                    });
            payForClosing(from);
            reply.closeSet(from, count[0]);
        }

        private boolean verbatim(LuaTable table) {
            if (!(table.get("verbatim_string") instanceof LuaTable inner)) {
                return false;
            }
            if (inner.get("string") instanceof LuaString text
                    && inner.get("format") instanceof LuaString format) {
                budget.hold((long) text.length() + format.length());
                reply.verbatim(text.bytes(), format.toString());
                return true;
            }
            return false;
        }

        private void array(LuaTable table, int depth) {
            int from = reply.length();
            int count = 0;
            while (true) {
                Object element = table.get(count + 1);
                if (element == null) {
                    break;
                }
                write(element, depth + 1);
                count++;
            }
            payForClosing(from);
            reply.closeArray(from, count);
        }

        /** The header stands before what is there already, which moves. */
        private void payForClosing(int from) {
            budget.steps((reply.length() - from) >>> 8);
        }
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
            markCounted(table);
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
