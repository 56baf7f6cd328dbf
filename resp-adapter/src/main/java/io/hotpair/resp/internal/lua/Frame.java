package io.hotpair.resp.internal.lua;

import org.jspecify.annotations.Nullable;

/** A call of a function that runs: its variables, and where it is. */
final class Frame {
    /** What fewer take is paid for by the depth of the call. */
    private static final int MANY_SLOTS = 256;

    final LuaState state;
    final @Nullable Frame caller;

    /** What runs; null where a library's function calls back. */
    final @Nullable LuaClosure closure;

    /** Variables, {@link Cell}s of such, and what waits while an expression is evaluated. */
    final @Nullable Object[] slots;

    final @Nullable Object[] varargs;

    /** Whether who called it is gone, as this was the last that it did. */
    final boolean isTailCall;

    /** The line that is executed. */
    int line;

    /** Whether a library's function runs that this one called. */
    boolean inBuiltin;

    /** What a return statement returns; for a tail call the arguments. */
    @Nullable Object[] result = LuaFunction.NOTHING;

    @Nullable LuaClosure tailCall;

    Frame(LuaState state, LuaClosure closure, @Nullable Object[] args, boolean isTailCall) {
        this.state = state;
        this.closure = closure;
        this.isTailCall = isTailCall;
        caller = state.frame();
        Prototype prototype = closure.prototype();
        int slotCount = prototype.slotCount();
        if (slotCount > MANY_SLOTS) {
            state.budget().allocate(8L * slotCount);
        }
        slots = new Object[slotCount];
        varargs = prototype.bind(state, args, slots);
        line = prototype.line();
    }

    /** Where a library's function calls back. */
    Frame(LuaState state) {
        this.state = state;
        caller = state.frame();
        closure = null;
        slots = LuaFunction.NOTHING;
        varargs = LuaFunction.NOTHING;
        isTailCall = false;
    }

    LuaClosure running() {
        LuaClosure known = closure;
        if (known == null) {
            throw new IllegalStateException("closure=null, expected a frame of a function");
        }
        return known;
    }
}
