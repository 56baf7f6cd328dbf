package io.hotpair.resp.internal.lua;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What scripts find in their global variables: made once, protected, shared by all executions. */
public final class Libraries {
    private final LuaTable globals = new LuaTable(null);
    private final LuaTable stringMetatable = new LuaTable(null);
    private final Map<String, LuaTable> otherNames = new HashMap<>();

    /**
     * For who is to have nothing but what is added.
     *
     * @return without anything
     */
    public static Libraries empty() {
        return new Libraries(false);
    }

    /** Makes them, without those of the host. */
    public Libraries() {
        this(true);
    }

    private Libraries(boolean withAll) {
        if (!withAll) {
            return;
        }
        BaseLibrary.register(globals);
        StringLibrary.register(module("string"));
        TableLibrary.register(module("table"));
        MathLibrary.register(module("math"));
        CoroutineLibrary.register(module("coroutine"));
        BitLibrary.register(module("bit"));
        JsonLibrary.register(module("cjson"));
        MessagePackLibrary.register(module("cmsgpack"));
        StructLibrary.register(module("struct"));
        stringMetatable.set("__index", globals.get("string"));
        globals.set("_G", globals);
        globals.set("_VERSION", LuaString.of("Lua 5.1"));
    }

    /**
     * Adds a table of functions.
     *
     * @param name the global variable
     * @return the table, empty
     */
    public LuaTable module(String name) {
        LuaTable module = new LuaTable(null);
        globals.set(name, module);
        return module;
    }

    /**
     * Lets a table be found under another name too, which is not among the global variables that a
     * script can list.
     *
     * @param name the other name
     * @param module the table
     */
    public void otherName(String name, LuaTable module) {
        otherNames.put(name, module);
    }

    /**
     * Adds a function.
     *
     * @param module the table that gets it
     * @param name its name
     * @param body what it does
     */
    public static void add(LuaTable module, String name, Builtin.Body body) {
        module.set(name, new Builtin(name, body));
    }

    /**
     * The global variables.
     *
     * @return the table that executions copy
     */
    public LuaTable globals() {
        return globals;
    }

    /**
     * The metatable of strings.
     *
     * @return the table
     */
    public LuaTable stringMetatable() {
        return stringMetatable;
    }

    /** Forbids changes, and makes it an error to read a global variable that is not there. */
    public void protect() {
        globals.metatable(strict(otherNames));
        for (@Nullable Object each : globals.hashValues()) {
            if (each instanceof LuaTable table) {
                table.protect();
            }
        }
        stringMetatable.protect();
        globals.protect();
    }

    /**
     * Makes it an error to read a field that is not there.
     *
     * @param module the table
     */
    public static void strict(LuaTable module) {
        module.metatable(strict(Map.of()));
    }

    private static LuaTable strict(Map<String, LuaTable> otherNames) {
        LuaTable metatable = new LuaTable(null);
        add(
                metatable,
                "__index",
                args -> {
                    String name = Operations.text(args.get(1));
                    LuaTable module = otherNames.get(name);
                    if (module == null) {
                        throw args.state()
                                .error(
                                        "Script attempted to access nonexistent global variable '"
                                                + name
                                                + "'");
                    }
                    return new @Nullable Object[] {module};
                });
        metatable.protect();
        return metatable;
    }
}
