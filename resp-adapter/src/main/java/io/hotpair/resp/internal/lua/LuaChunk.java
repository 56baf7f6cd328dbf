package io.hotpair.resp.internal.lua;

/** A chunk that was compiled. Immutable. */
public final class LuaChunk {
    private final Prototype prototype;

    private LuaChunk(Prototype prototype) {
        this.prototype = prototype;
    }

    /**
     * Compiles a chunk that any execution may use.
     *
     * @param source its text
     * @param name its name, with a sign: {@code @} for a file, {@code =} for anything else, none
     *     for the text itself
     * @param budget what it may take to compile it
     * @return the chunk
     * @throws LuaError if it is no Lua, or compiled already: such code could do anything
     * @throws LuaStopped if the budget was ended
     */
    public static LuaChunk compile(byte[] source, String name, Budget budget) {
        return compile(source, name, budget, new Tree(false));
    }

    /** Compiles a chunk that belongs to an execution, which pays for it as long as it is there. */
    static LuaChunk compileOwned(byte[] source, String name, Budget budget) {
        Tree tree = new Tree(true);
        LuaChunk chunk = compile(source, name, budget, tree);
        budget.allocate(tree.bytes());
        return chunk;
    }

    private static LuaChunk compile(byte[] source, String name, Budget budget, Tree tree) {
        if (source.length > 0 && source[0] == 0x1b) {
            throw new LuaError(
                    LuaString.of(LuaState.chunkName(name) + ": a compiled chunk is not accepted"),
                    null,
                    -1);
        }
        long heldBefore = budget.heldBytes();
        try {
            return new LuaChunk(new Parser(source, name, budget, tree).chunk());
        } catch (StackOverflowError e) {
            throw new LuaError(
                    LuaString.of(LuaState.chunkName(name) + ":1: chunk has too many syntax levels"),
                    null,
                    -1);
        } finally {
            budget.release(budget.heldBytes() - heldBefore);
        }
    }

    /**
     * About what it takes.
     *
     * @return bytes, without its text
     */
    public long bytes() {
        return prototype.tree().bytes();
    }

    Prototype prototype() {
        return prototype;
    }
}
