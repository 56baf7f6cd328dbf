package io.hotpair.resp.internal.lua;

/** A chunk that was compiled. Immutable. */
public final class LuaChunk {
    private final Prototype prototype;

    private LuaChunk(Prototype prototype) {
        this.prototype = prototype;
    }

    /**
     * Compiles a chunk.
     *
     * @param source its text
     * @param name its name, with a sign: {@code @} for a file, {@code =} for anything else, none
     *     for the text itself
     * @return the chunk
     * @throws LuaError if it is no Lua, or compiled already: such code could do anything
     */
    public static LuaChunk compile(byte[] source, String name) {
        if (source.length > 0 && source[0] == 0x1b) {
            throw new LuaError(
                    LuaString.of(LuaState.chunkName(name) + ": a compiled chunk is not accepted"),
                    null,
                    -1);
        }
        try {
            return new LuaChunk(new Parser(source, name).chunk());
        } catch (StackOverflowError e) {
            throw new LuaError(
                    LuaString.of(LuaState.chunkName(name) + ":1: chunk has too many syntax levels"),
                    null,
                    -1);
        }
    }

    Prototype prototype() {
        return prototype;
    }
}
