package io.hotpair.resp;

import io.hotpair.resp.internal.lua.Arguments;
import io.hotpair.resp.internal.lua.Budget;
import io.hotpair.resp.internal.lua.LuaChunk;
import io.hotpair.resp.internal.lua.LuaError;
import io.hotpair.resp.internal.lua.LuaFunction;
import io.hotpair.resp.internal.lua.LuaState;
import io.hotpair.resp.internal.lua.LuaString;
import io.hotpair.resp.internal.lua.LuaTable;
import io.hotpair.resp.internal.lua.Operations;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A library of functions, as FUNCTION LOAD was given it. Each call of a function executes the
 * library's code anew, in an execution of its own, so what it keeps in variables lives as long as a
 * call. Immutable once it has been loaded, but for what its executions were like.
 */
final class FunctionLibrary {
    private static final String NAME_RULE =
            "ERR Library names can only contain letters, numbers, or underscores(_) and must be at"
                    + " least one character long";
    private static final int OVERHEAD_BYTES = 512;
    private static final long FUNCTION_BYTES = 256;

    /**
     * A function.
     *
     * @param description what it is for, or null
     * @param callback what it does, as long as the execution lasts that registered it; else null
     */
    record Function(
            String name,
            @Nullable String description,
            Set<Script.Flag> flags,
            @Nullable LuaFunction callback) {
        /** What of it outlives the execution. */
        Function withoutCallback() {
            return new Function(name, description, flags, null);
        }

        long bytes() {
            return FUNCTION_BYTES
                    + name.length()
                    + (description == null ? 0 : description.length());
        }
    }

    /** Receives what the code of a library registers. */
    static final class Registry {
        private final Map<String, Function> functions = new LinkedHashMap<>();

        Map<String, Function> functions() {
            return functions;
        }

        private void add(LuaState state, Function function) {
            if (!isName(function.name())) {
                throw RedisLibrary.error(state, NAME_RULE.substring("ERR ".length()));
            }
            state.budget().hold(function.bytes());
            if (functions.putIfAbsent(function.name(), function) != null) {
                throw RedisLibrary.error(state, "Function already exists in the library");
            }
        }
    }

    private final UUID id;
    private final byte[] source;
    private final String name;
    private final int bodyFrom;
    private volatile @Nullable LuaChunk chunk;
    private volatile Map<String, Function> functions;
    private volatile long loadedBytes;
    private volatile boolean isLong;

    /** One that is to be loaded. */
    FunctionLibrary(byte[] source) {
        this(UUID.randomUUID(), 0, source, Map.of());
    }

    /**
     * One that was loaded.
     *
     * @param id what it was given then
     * @param bytes what it took then
     * @param source its text
     * @param functions what it registers
     */
    FunctionLibrary(UUID id, long bytes, byte[] source, Map<String, Function> functions) {
        this.id = id;
        this.source = source;
        this.functions = Collections.unmodifiableMap(functions);
        loadedBytes = bytes;
        int end = 0;
        while (end < source.length && source[end] != '\n') {
            end++;
        }
        if (source.length < 2 || source[0] != '#' || source[1] != '!') {
            throw new CommandException("ERR Missing library metadata");
        }
        if (end == source.length) {
            throw new CommandException("ERR Invalid library metadata");
        }
        name = name(new String(source, 0, end, StandardCharsets.ISO_8859_1));
        bodyFrom = end;
    }

    /**
     * The library's code compiled, once.
     *
     * @throws CommandException if it is none
     */
    LuaChunk compile(Budget budget) {
        LuaChunk known = chunk;
        if (known != null) {
            return known;
        }
        byte[] body = Arrays.copyOfRange(source, bodyFrom, source.length);
        try {
            LuaChunk compiled = LuaChunk.compile(body, "@user_function", budget);
            chunk = compiled;
            return compiled;
        } catch (LuaError e) {
            throw new CommandException("ERR Error compiling function: " + e.getMessage());
        }
    }

    /** A function by its name, which is the same in capital letters. */
    @Nullable Function function(String called) {
        Function same = functions.get(called);
        return same != null
                ? same
                : functions.values().stream()
                        .filter(each -> each.name().equalsIgnoreCase(called))
                        .findFirst()
                        .orElse(null);
    }

    private static String[] words(String line) {
        byte[] bytes = line.getBytes(StandardCharsets.ISO_8859_1);
        Request words = new Request();
        if (!InlineArguments.split(bytes, 0, bytes.length, words)) {
            throw new CommandException("ERR Invalid library metadata");
        }
        return IntStream.range(0, words.count()).mapToObj(words::text).toArray(String[]::new);
    }

    private static String name(String line) {
        String[] words = words(line.trim());
        String engine = words[0].substring(2);
        String name = null;
        for (int i = 1; i < words.length; i++) {
            if (!words[i].toLowerCase(Locale.ROOT).startsWith("name=")) {
                throw new CommandException("ERR Invalid metadata value given: " + words[i]);
            }
            if (name != null) {
                throw new CommandException(
                        "ERR Invalid metadata value, name argument was given multiple times");
            }
            name = words[i].substring("name=".length());
        }
        if (name == null) {
            throw new CommandException("ERR Library name was not given");
        }
        if (!isName(name)) {
            throw new CommandException(NAME_RULE);
        }
        if (!engine.equalsIgnoreCase("lua")) {
            throw new CommandException("ERR Engine '" + engine + "' not found");
        }
        return name;
    }

    private static boolean isName(String name) {
        return name.matches("[A-Za-z0-9_]+");
    }

    /** Another one for each time that a library is loaded. */
    UUID id() {
        return id;
    }

    byte[] source() {
        return source;
    }

    String name() {
        return name;
    }

    Map<String, Function> functions() {
        return functions;
    }

    /** Says what it registers, before it is anybody's to call. */
    void functions(Map<String, Function> registered) {
        functions = Collections.unmodifiableMap(registered);
        loadedBytes = presentBytes();
    }

    /** About what it took when it was loaded; before that, what it takes. */
    long bytes() {
        return loadedBytes == 0 ? presentBytes() : loadedBytes;
    }

    /** Before it is compiled, that of its text. */
    private long presentBytes() {
        LuaChunk compiled = chunk;
        return OVERHEAD_BYTES
                + source.length
                + (compiled == null ? 0 : compiled.bytes())
                + functions.values().stream().mapToLong(Function::bytes).sum();
    }

    boolean isLong() {
        return isLong;
    }

    void isLong(boolean whether) {
        isLong = whether;
    }

    // ---- what the code of a library calls

    /** {@code redis.register_function}. */
    static @Nullable Object[] register(Arguments args) {
        LuaState state = args.state();
        if (!(state.host() instanceof Registry registry)) {
            throw RedisLibrary.error(
                    state, "redis.register_function can only be called on FUNCTION LOAD command");
        }
        switch (args.count()) {
            case 1 -> registry.add(state, named(state, args.get(0)));
            case 2 -> registry.add(state, positional(state, args.get(0), args.get(1)));
            default ->
                    throw RedisLibrary.error(
                            state, "wrong number of arguments to redis.register_function");
        }
        return new @Nullable Object[0];
    }

    private static Function positional(
            LuaState state, @Nullable Object first, @Nullable Object second) {
        byte[] name = Operations.toBytes(first);
        if (name == null) {
            throw RedisLibrary.error(
                    state, "first argument to redis.register_function must be a string");
        }
        if (!(second instanceof LuaFunction callback)) {
            throw RedisLibrary.error(
                    state, "second argument to redis.register_function must be a function");
        }
        return new Function(new LuaString(name).toString(), null, Set.of(), callback);
    }

    private static Function named(LuaState state, @Nullable Object argument) {
        if (!(argument instanceof LuaTable table)) {
            throw RedisLibrary.error(
                    state,
                    "calling redis.register_function with a single argument is only applicable to"
                            + " Lua table (representing named arguments).");
        }
        String[] texts = new String[2];
        LuaFunction[] callback = new LuaFunction[1];
        Set<Script.Flag> flags = EnumSet.noneOf(Script.Flag.class);
        table.forEach(
                (key, value) -> {
                    switch (key.toString()) {
                        case "function_name" -> texts[0] = text(state, "function_name", value);
                        case "description" -> texts[1] = text(state, "description", value);
                        case "callback" -> callback[0] = callback(state, value);
                        case "flags" -> flags.addAll(flags(state, value));
                        default ->
                                throw RedisLibrary.error(
                                        state, "unknown argument given to redis.register_function");
                    }
                });
        if (texts[0] == null) {
            throw RedisLibrary.error(
                    state, "redis.register_function must get a function name argument");
        }
        if (callback[0] == null) {
            throw RedisLibrary.error(state, "redis.register_function must get a callback argument");
        }
        return new Function(texts[0], texts[1], flags, callback[0]);
    }

    private static String text(LuaState state, String what, Object value) {
        byte[] text = Operations.toBytes(value);
        if (text == null) {
            throw RedisLibrary.error(
                    state, what + " argument given to redis.register_function must be a string");
        }
        return new LuaString(text).toString();
    }

    private static LuaFunction callback(LuaState state, Object value) {
        if (value instanceof LuaFunction function) {
            return function;
        }
        throw RedisLibrary.error(
                state, "callback argument given to redis.register_function must be a function");
    }

    private static Set<Script.Flag> flags(LuaState state, Object value) {
        if (!(value instanceof LuaTable table)) {
            throw RedisLibrary.error(
                    state,
                    "flags argument to redis.register_function must be a table representing"
                            + " function flags");
        }
        Set<Script.Flag> flags = EnumSet.noneOf(Script.Flag.class);
        List<Script.Flag> known = new ArrayList<>(List.of(Script.Flag.values()));
        for (int i = 1; table.get(i) != null; i++) {
            Object given = table.get(i);
            String text = String.valueOf(given);
            Script.Flag flag =
                    known.stream().filter(f -> f.text().equals(text)).findFirst().orElse(null);
            if (flag == null) {
                throw RedisLibrary.error(state, "unknown flag given");
            }
            flags.add(flag);
        }
        return flags;
    }
}
