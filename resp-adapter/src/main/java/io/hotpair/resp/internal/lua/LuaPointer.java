package io.hotpair.resp.internal.lua;

/** A value that is only equal to itself, such as the null of JSON. */
public final class LuaPointer {
    /** The pointer to nowhere. */
    public static final LuaPointer NULL = new LuaPointer();

    private LuaPointer() {}

    @Override
    public String toString() {
        return "userdata: (nil)";
    }
}
