package io.hotpair.resp.internal.lua;

import org.jspecify.annotations.Nullable;

/** A node of the tree that has a value. */
abstract class Expression {
    /** Its value; the first one if there are several, null if there is none. */
    abstract @Nullable Object eval(Frame frame);

    /** Its values. */
    @Nullable Object[] evalAll(Frame frame) {
        return new @Nullable Object[] {eval(frame)};
    }

    /** Whether there may be several values, or none. */
    boolean isMultiple() {
        return false;
    }

    /** What errors call it, as {@code local 'x'}, or null. */
    @Nullable String describe() {
        return null;
    }

    /** The name by which this call calls a function, or null. */
    @Nullable String calleeName() {
        return null;
    }

    boolean isMethodCall() {
        return false;
    }

    /** A constant string, or null. */
    @Nullable LuaString constantString() {
        return null;
    }

    /** Whether its value is always the same, and needs nothing to be got. */
    boolean isConstant() {
        return false;
    }
}
