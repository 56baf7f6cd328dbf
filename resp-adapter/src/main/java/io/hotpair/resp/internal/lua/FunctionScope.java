package io.hotpair.resp.internal.lua;

import io.hotpair.resp.internal.lua.Expressions.LocalVariable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the parser knows of the function that it is in. */
final class FunctionScope {
    private static final int MAX_LOCALS = 200;
    private static final int MAX_UPVALUES = 60;

    final @Nullable FunctionScope parent;
    final int line;
    boolean isVararg;
    boolean usesVarargs;
    private final List<LocalVariable> active = new ArrayList<>();
    private final List<Prototype.Upvalue> upvalues = new ArrayList<>();
    private int freeSlot;
    private int slotCount;
    private int loops;
    private int depth;
    private int deepest;

    FunctionScope(@Nullable FunctionScope parent, int line) {
        this.parent = parent;
        this.line = line;
    }

    /** Takes slots, until they are given back in the opposite order. */
    int take(int count) {
        int first = freeSlot;
        freeSlot += count;
        slotCount = Math.max(slotCount, freeSlot);
        return first;
    }

    void give(int count) {
        freeSlot -= count;
    }

    /** Takes slots that nothing else uses. */
    int fresh(int count) {
        slotCount += count;
        return slotCount - count;
    }

    int slotCount() {
        return slotCount;
    }

    LocalVariable makeLocal(Lexer lexer, String name, int index) {
        if (active.size() + index >= MAX_LOCALS) {
            throw tooMany(lexer, MAX_LOCALS, "local variables");
        }
        return new LocalVariable(name, take(1));
    }

    private LuaError tooMany(Lexer lexer, int most, String what) {
        String where = line == 0 ? "main function" : "function at line " + line;
        return lexer.error(where + " has more than " + most + " " + what);
    }

    void activate(LocalVariable variable) {
        active.add(variable);
    }

    int mark() {
        return active.size();
    }

    void close(int mark) {
        while (active.size() > mark) {
            active.remove(active.size() - 1);
            give(1);
        }
    }

    @Nullable LocalVariable local(String name) {
        for (int i = active.size() - 1; i >= 0; i--) {
            if (active.get(i).name().equals(name)) {
                return active.get(i);
            }
        }
        return null;
    }

    /** The index of a variable of a function around, or -1 if there is none of the name. */
    int upvalue(Lexer lexer, String name) {
        for (int i = 0; i < upvalues.size(); i++) {
            if (upvalues.get(i).name().equals(name)) {
                return i;
            }
        }
        if (parent == null) {
            return -1;
        }
        LocalVariable local = parent.local(name);
        int index;
        if (local != null) {
            local.capture();
            index = local.slot();
        } else {
            index = parent.upvalue(lexer, name);
            if (index < 0) {
                return -1;
            }
        }
        if (upvalues.size() >= MAX_UPVALUES) {
            throw tooMany(lexer, MAX_UPVALUES, "upvalues");
        }
        upvalues.add(new Prototype.Upvalue(name, local != null, index));
        return upvalues.size() - 1;
    }

    Prototype.Upvalue[] upvalues() {
        return upvalues.toArray(new Prototype.Upvalue[0]);
    }

    void enterLoop() {
        loops++;
    }

    void leaveLoop() {
        loops--;
    }

    boolean isInLoop() {
        return loops > 0;
    }

    void enterNode() {
        deepest = Math.max(deepest, ++depth);
    }

    void leaveNode() {
        depth--;
    }

    /**
     * Begins an expression whose beginning gets deeper as it goes on.
     *
     * @return what {@link #endChain} wants to know
     */
    int beginChain() {
        int before = deepest;
        deepest = depth;
        return before;
    }

    /** Says that all since the chain began is one deeper. */
    int deepen() {
        return ++deepest;
    }

    void endChain(int before) {
        deepest = Math.max(deepest, before);
    }

    /** How many variables are looked at, at most, to find one. */
    int variableCount() {
        int total = 0;
        for (FunctionScope each = this; each != null; each = each.parent) {
            total += each.active.size() + each.upvalues.size();
        }
        return total;
    }

    int deepest() {
        return deepest;
    }
}
