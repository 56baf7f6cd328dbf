package io.hotpair.resp.internal.lua;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A function as it was written, without the variables around it. Immutable once parsed. */
final class Prototype {
    /** Where a function gets a variable of one around it. */
    record Upvalue(String name, boolean isLocalOfParent, int index) {}

    private static final int CALL_NODES = 6;

    private final String source;
    private final int line;
    private final int parameters;
    private final boolean[] captured;
    private final boolean isVararg;
    private final int argSlot;
    private final int slotCount;
    private final int nodes;
    private final Upvalue[] upvalues;
    private final Tree tree;
    private final Statement body;

    Prototype(
            String source,
            int line,
            boolean[] captured,
            boolean isVararg,
            int argSlot,
            int slotCount,
            int nodes,
            Upvalue[] upvalues,
            Tree tree,
            Statement body) {
        this.source = source;
        this.line = line;
        boolean hasArg = isVararg && line > 0;
        parameters = captured.length - (hasArg ? 1 : 0);
        this.captured = captured;
        this.isVararg = isVararg;
        this.argSlot = argSlot;
        this.slotCount = slotCount;
        this.nodes = nodes + CALL_NODES + slotCount / 8;
        this.upvalues = upvalues;
        this.tree = tree;
        this.body = body;
    }

    /** The chunk's name, with its sign. */
    String source() {
        return source;
    }

    int line() {
        return line;
    }

    int slotCount() {
        return slotCount;
    }

    /** How much of the stack a call takes at most. */
    int nodes() {
        return nodes;
    }

    Upvalue[] upvalues() {
        return upvalues;
    }

    /** The tree that it is a part of. */
    Tree tree() {
        return tree;
    }

    Statement body() {
        return body;
    }

    /**
     * Gives the parameters their values.
     *
     * @return the arguments that are none's
     */
    @Nullable Object[] bind(LuaState state, @Nullable Object[] args, @Nullable Object[] slots) {
        int bound = Math.min(parameters, args.length);
        System.arraycopy(args, 0, slots, 0, bound);
        @Nullable Object[] rest =
                isVararg && args.length > parameters
                        ? Arrays.copyOfRange(args, parameters, args.length)
                        : LuaFunction.NOTHING;
        state.budget().allocate(8L * rest.length);
        if (argSlot >= 0) {
            slots[argSlot] = argTable(state, rest);
        }
        for (int i = 0; i < captured.length; i++) {
            if (captured[i]) {
                state.budget().allocateCell();
                slots[i] = new Cell(slots[i]);
            }
        }
        return rest;
    }

    /** What a function gets that says "..." and never uses it. */
    private static LuaTable argTable(LuaState state, @Nullable Object[] rest) {
        LuaTable table = state.newArray(rest.length);
        for (int i = 0; i < rest.length; i++) {
            table.set(i + 1, rest[i]);
        }
        table.set("n", (double) rest.length);
        return table;
    }
}
