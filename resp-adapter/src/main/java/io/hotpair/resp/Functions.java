package io.hotpair.resp;

import io.hotpair.resp.internal.lua.Budget;
import io.hotpair.resp.internal.lua.Libraries;
import io.hotpair.resp.internal.lua.LuaError;
import io.hotpair.resp.internal.lua.LuaState;
import io.hotpair.resp.internal.lua.LuaStopped;
import io.hotpair.resp.internal.lua.LuaStopped.Reason;
import io.hotpair.resp.internal.lua.LuaString;
import io.hotpair.resp.internal.lua.LuaTable;
import io.hotpair.resp.internal.lua.Operations;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The libraries of functions that clients have loaded at this node. They are no part of the
 * keyspace. Thread-safe.
 */
final class Functions {
    private static final long LOAD_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long LOAD_BYTES = 4L << 20;
    private static final int LOAD_NODES = 700;

    /** What becomes of the libraries that are there when others are restored. */
    enum Policy {
        FLUSH,
        APPEND,
        REPLACE
    }

    private final RespServer server;

    /** What a library's code sees while it is loaded: nothing but what it needs to register. */
    private final Libraries forLoading = Libraries.empty();

    private final Libraries forCalls = new Libraries();
    private Map<String, FunctionLibrary> libraries = new LinkedHashMap<>();

    /** By names of functions, which are the same in capital letters. */
    private Map<String, FunctionLibrary> byFunction = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    Functions(RespServer server) {
        this.server = server;
        RedisLibrary.registerLoading(forLoading.module("redis"));
        forLoading.protect();
        RedisLibrary.registerShared(forCalls.module("redis"));
        forCalls.protect();
    }

    // ---- what there is

    synchronized @Nullable FunctionLibrary of(String function) {
        return byFunction.get(function);
    }

    synchronized Collection<FunctionLibrary> all() {
        return List.copyOf(libraries.values());
    }

    synchronized int functionCount() {
        return byFunction.size();
    }

    synchronized long bytes() {
        return libraries.values().stream().mapToLong(FunctionLibrary::bytes).sum();
    }

    synchronized void flush() {
        libraries = new LinkedHashMap<>();
        byFunction = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    }

    synchronized boolean delete(String name) {
        if (libraries.remove(name) == null) {
            return false;
        }
        byFunction.values().removeIf(library -> library.name().equals(name));
        return true;
    }

    /**
     * Adds a library.
     *
     * @return its name
     * @throws CommandException if it can't be; then nothing has changed
     */
    String load(byte[] source, boolean replaces) {
        FunctionLibrary library = new FunctionLibrary(source);
        if (!replaces) {
            checkNew(library);
        }
        library.functions().putAll(functions(library));
        add(library, replaces);
        return library.name();
    }

    /**
     * Adds several libraries.
     *
     * @throws CommandException if one of them can't be; then nothing has changed
     */
    void restore(List<byte[]> sources, Policy policy) {
        checkRoom(sources.stream().mapToLong(source -> FunctionLibrary.bytes(source.length)).sum());
        Map<String, FunctionLibrary> added = new LinkedHashMap<>();
        for (byte[] source : sources) {
            FunctionLibrary library = new FunctionLibrary(source);
            if (added.putIfAbsent(library.name(), library) != null) {
                throw alreadyExists("'" + library.name() + "'");
            }
            library.functions().putAll(functions(library));
        }
        join(added, policy);
    }

    private synchronized void join(Map<String, FunctionLibrary> added, Policy policy) {
        Map<String, FunctionLibrary> all =
                new LinkedHashMap<>(policy == Policy.FLUSH ? Map.of() : libraries);
        added.forEach(
                (name, library) -> {
                    if (all.put(name, library) != null && policy != Policy.REPLACE) {
                        throw alreadyExists(name);
                    }
                });
        Map<String, FunctionLibrary> allByFunction = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (FunctionLibrary library : all.values()) {
            for (String function : library.functions().keySet()) {
                if (allByFunction.put(function, library) != null) {
                    throw new CommandException("ERR Function " + function + " already exists");
                }
            }
        }
        checkRoom(all.values().stream().mapToLong(FunctionLibrary::bytes).sum());
        libraries = all;
        byFunction = allByFunction;
    }

    private static CommandException alreadyExists(String library) {
        return new CommandException("ERR Library " + library + " already exists");
    }

    private void checkRoom(long bytes) {
        if (bytes > server.config().scriptCacheLimitBytes()) {
            throw new CommandException("ERR there is no room for more functions");
        }
    }

    private synchronized void checkNew(FunctionLibrary library) {
        if (libraries.containsKey(library.name())) {
            throw alreadyExists("'" + library.name() + "'");
        }
    }

    private synchronized void add(FunctionLibrary library, boolean replaces) {
        if (!replaces) {
            checkNew(library);
        }
        for (String function : library.functions().keySet()) {
            FunctionLibrary other = byFunction.get(function);
            if (other != null && !other.name().equals(library.name())) {
                throw new CommandException("ERR Function " + function + " already exists");
            }
        }
        checkRoom(bytes() + library.bytes());
        boolean unused = delete(library.name());
        libraries.put(library.name(), library);
        library.functions().keySet().forEach(name -> byFunction.put(name, library));
    }

    /** Executes a library's code to see what it registers. */
    private Map<String, FunctionLibrary.Function> functions(FunctionLibrary library) {
        long endNs = server.keyspace().nanoTime() + LOAD_NS;
        Budget budget =
                new Budget(
                        () -> server.keyspace().nanoTime() - endNs < 0 ? null : Reason.TIMED_OUT,
                        LOAD_BYTES,
                        LOAD_NODES,
                        false);
        String failed = "ERR Error registering functions: ";
        try {
            Map<String, FunctionLibrary.Function> found = register(library, budget);
            if (found.isEmpty()) {
                throw new CommandException("ERR No functions registered");
            }
            return found;
        } catch (LuaStopped e) {
            throw new CommandException(failed + "ERR FUNCTION LOAD timeout");
        } catch (LuaError e) {
            if (e.value() instanceof LuaTable table) {
                byte[] text = Operations.toBytes(table.get("err"));
                throw new CommandException(
                        failed + (text == null ? "ERR unknown error" : new LuaString(text)));
            }
            throw new CommandException(failed + "ERR " + e.value());
        }
    }

    private Map<String, FunctionLibrary.Function> register(FunctionLibrary library, Budget budget) {
        FunctionLibrary.Registry registry = new FunctionLibrary.Registry();
        try (LuaState state =
                new LuaState(
                        budget, forLoading.globals(), forLoading.stringMetatable(), registry)) {
            Object unused = state.run(state.load(library.chunk()));
        }
        return registry.functions();
    }

    // ---- calls

    /** A call of a function. */
    ScriptRun.Program program(
            FunctionLibrary library, FunctionLibrary.Function function, boolean readOnly) {
        return new ScriptRun.Program() {
            private FunctionLibrary.@Nullable Function own;

            @Override
            public String name() {
                return function.name();
            }

            @Override
            public boolean isFunction() {
                return true;
            }

            @Override
            public boolean isReadOnly() {
                return readOnly || function.flags().contains(Script.Flag.NO_WRITES);
            }

            @Override
            public boolean isLong() {
                return library.isLong();
            }

            @Override
            public void isLong(boolean whether) {
                library.isLong(whether);
            }

            @Override
            public LuaState open(Budget budget, ScriptRun run) {
                own = register(library, budget).get(function.name());
                return new LuaState(budget, forCalls.globals(), forCalls.stringMetatable(), run);
            }

            @Override
            public @Nullable Object execute(LuaState state, ScriptRun run) {
                FunctionLibrary.Function present = own;
                if (present == null) {
                    throw state.error("Function not found");
                }
                return state.run(
                        present.callback(),
                        ScriptRun.table(state, run.keys()),
                        ScriptRun.table(state, run.args()));
            }
        };
    }
}
