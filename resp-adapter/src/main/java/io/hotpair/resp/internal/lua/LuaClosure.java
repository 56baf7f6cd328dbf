package io.hotpair.resp.internal.lua;

import org.jspecify.annotations.Nullable;

/** A function of a script, with the variables around it. */
final class LuaClosure extends LuaFunction {
    private final Prototype prototype;
    private final Cell[] cells;

    /** The walk over live memory that came by last; see {@link Budget}. */
    int mark;

    LuaClosure(Prototype prototype, Cell[] cells) {
        this.prototype = prototype;
        this.cells = cells;
    }

    Prototype prototype() {
        return prototype;
    }

    Cell[] cells() {
        return cells;
    }

    @Override
    public @Nullable Object[] call(LuaState state, @Nullable Object[] args) {
        Frame caller = state.frame();
        Budget budget = state.budget();
        LuaClosure function = this;
        @Nullable Object[] given = args;
        boolean isTailCall = false;
        while (true) {
            int nodes = function.prototype.nodes();
            budget.step();
            state.enter(nodes);
            Frame frame = new Frame(state, function, given, isTailCall);
            state.frame(frame);
            int outcome;
            try {
                outcome = function.prototype.body().execute(frame);
            } finally {
                state.frame(caller);
                state.leave(nodes);
            }
            if (outcome == Statement.NORMAL) {
                return NOTHING;
            }
            LuaClosure next = frame.tailCall;
            if (next == null) {
                return frame.result;
            }
            function = next;
            given = frame.result;
            isTailCall = true;
        }
    }
}
