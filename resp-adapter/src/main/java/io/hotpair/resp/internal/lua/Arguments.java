package io.hotpair.resp.internal.lua;

import org.jspecify.annotations.Nullable;

/** What a library's function was called with, and the errors about it. */
public final class Arguments {
    private final LuaState state;
    private final @Nullable Object[] values;
    private final @Nullable Expression callSite;

    Arguments(LuaState state, @Nullable Object[] values) {
        this.state = state;
        this.values = values;
        callSite = state.callSite();
    }

    /**
     * The execution.
     *
     * @return the execution
     */
    public LuaState state() {
        return state;
    }

    /**
     * How many there are.
     *
     * @return the count
     */
    public int count() {
        return values.length;
    }

    /**
     * All of them.
     *
     * @return the values
     */
    public @Nullable Object[] all() {
        return values;
    }

    /**
     * One of them.
     *
     * @param index from 0
     * @return the value, null also if there is none
     */
    public @Nullable Object get(int index) {
        return index < values.length ? values[index] : null;
    }

    boolean isAbsent(int index) {
        return index >= values.length || values[index] == null;
    }

    /** An error about an argument. */
    LuaError bad(int index, String why) {
        Expression site = callSite;
        String name = site == null ? null : site.calleeName();
        int number = index + 1;
        if (site != null && site.isMethodCall()) {
            number--;
            if (number == 0) {
                return state.error("calling '" + name + "' on bad self (" + why + ")");
            }
        }
        return state.error(
                "bad argument #"
                        + number
                        + " to '"
                        + (name == null ? "?" : name)
                        + "' ("
                        + why
                        + ")");
    }

    LuaError badType(int index, String expected) {
        String got = index < values.length ? Operations.typeName(values[index]) : "no value";
        return bad(index, expected + " expected, got " + got);
    }

    @Nullable Object any(int index) {
        if (index >= values.length) {
            throw bad(index, "value expected");
        }
        return values[index];
    }

    LuaTable table(int index) {
        if (get(index) instanceof LuaTable table) {
            return table;
        }
        throw badType(index, "table");
    }

    LuaFunction function(int index) {
        if (get(index) instanceof LuaFunction function) {
            return function;
        }
        throw badType(index, "function");
    }

    double number(int index) {
        Double number = Operations.toNumber(state, get(index));
        if (number == null) {
            throw badType(index, "number");
        }
        return number;
    }

    long integer(int index) {
        return Operations.toLong(number(index));
    }

    int int32(int index) {
        return (int) integer(index);
    }

    long integer(int index, long otherwise) {
        return isAbsent(index) ? otherwise : integer(index);
    }

    int int32(int index, int otherwise) {
        return isAbsent(index) ? otherwise : int32(index);
    }

    LuaString string(int index) {
        LuaString string = Operations.toLuaString(state, get(index));
        if (string == null) {
            throw badType(index, "string");
        }
        return string;
    }

    LuaString string(int index, LuaString otherwise) {
        return isAbsent(index) ? otherwise : string(index);
    }
}
