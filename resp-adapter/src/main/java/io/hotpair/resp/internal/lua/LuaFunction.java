package io.hotpair.resp.internal.lua;

import org.jspecify.annotations.Nullable;

/** What can be called. */
public abstract class LuaFunction {
    static final @Nullable Object[] NOTHING = {};

    /** For subclasses. */
    protected LuaFunction() {}

    /**
     * Calls it.
     *
     * @param state the execution
     * @param args the arguments, which the function may keep
     * @return the results, which the caller may keep
     */
    public abstract @Nullable Object[] call(LuaState state, @Nullable Object[] args);

    /** One result. */
    static @Nullable Object[] result(@Nullable Object value) {
        return new @Nullable Object[] {value};
    }
}
