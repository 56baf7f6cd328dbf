package io.hotpair.resp.internal.lua;

import org.jspecify.annotations.Nullable;

/** A function of a library, written in Java. */
public final class Builtin extends LuaFunction {
    /** What it does. */
    @FunctionalInterface
    public interface Body {
        /**
         * Does it.
         *
         * @param args its arguments
         * @return its results
         */
        @Nullable Object[] call(Arguments args);
    }

    private final String name;
    private final Body body;
    private final @Nullable Object[] held;

    /** The walk over live memory that came by last; see {@link Budget}. */
    int mark;

    /**
     * Makes one.
     *
     * @param name as errors about its arguments say it
     * @param body what it does
     * @param held the values that it keeps for that
     */
    public Builtin(String name, Body body, @Nullable Object... held) {
        this.name = name;
        this.body = body;
        this.held = held;
    }

    @Nullable Object[] held() {
        return held;
    }

    String name() {
        return name;
    }

    @Override
    public @Nullable Object[] call(LuaState state, @Nullable Object[] args) {
        state.budget().step();
        return body.call(new Arguments(state, args));
    }
}
