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

    /**
     * Makes one.
     *
     * @param name as errors about its arguments say it
     * @param body what it does
     */
    public Builtin(String name, Body body) {
        this.name = name;
        this.body = body;
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
