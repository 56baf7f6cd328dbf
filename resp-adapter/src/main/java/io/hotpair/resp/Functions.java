package io.hotpair.resp;

import io.hotpair.resp.internal.lua.Budget;
import io.hotpair.resp.internal.lua.Libraries;
import io.hotpair.resp.internal.lua.LuaChunk;
import io.hotpair.resp.internal.lua.LuaError;
import io.hotpair.resp.internal.lua.LuaFunction;
import io.hotpair.resp.internal.lua.LuaState;
import io.hotpair.resp.internal.lua.LuaString;
import io.hotpair.resp.internal.lua.LuaTable;
import io.hotpair.resp.internal.lua.Operations;
import java.util.ArrayList;
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
    private static final String FAILED = "ERR Error registering functions: ";
    private static final long LOAD_NS = TimeUnit.MILLISECONDS.toNanos(500);

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
     * Looks whether a library can be added, as far as that is known before it is compiled.
     *
     * @throws CommandException if it can't
     */
    synchronized void check(FunctionLibrary library, boolean replaces) {
        FunctionLibrary known = libraries.get(library.name());
        if (known != null && !replaces) {
            throw alreadyExists("'" + library.name() + "'");
        }
        checkRoom(bytes() - (known == null ? 0 : known.bytes()) + library.bytes());
    }

    private static CommandException alreadyExists(String library) {
        return new CommandException("ERR Library " + library + " already exists");
    }

    private void checkRoom(long bytes) {
        if (bytes > server.config().scriptCacheLimitBytes()) {
            throw new CommandException("ERR there is no room for more functions");
        }
    }

    /**
     * Adds several libraries.
     *
     * @throws CommandException if one of them can't be; then nothing has changed
     */
    private synchronized void join(Collection<FunctionLibrary> added, Policy policy) {
        Map<String, FunctionLibrary> all =
                new LinkedHashMap<>(policy == Policy.FLUSH ? Map.of() : libraries);
        for (FunctionLibrary library : added) {
            if (all.put(library.name(), library) != null && policy != Policy.REPLACE) {
                throw alreadyExists(library.name());
            }
        }
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

    private synchronized void add(FunctionLibrary library, boolean replaces) {
        check(library, replaces);
        for (String function : library.functions().keySet()) {
            FunctionLibrary other = byFunction.get(function);
            if (other != null && !other.name().equals(library.name())) {
                throw new CommandException("ERR Function " + function + " already exists");
            }
        }
        boolean unused = delete(library.name());
        libraries.put(library.name(), library);
        library.functions().keySet().forEach(name -> byFunction.put(name, library));
    }

    /** Executes a library's code to see what it registers. */
    private Map<String, FunctionLibrary.Function> functions(
            FunctionLibrary library, Budget budget) {
        try {
            Map<String, FunctionLibrary.Function> found = register(library, budget);
            if (found.isEmpty()) {
                throw new CommandException("ERR No functions registered");
            }
            return found;
        } catch (LuaError e) {
            if (e.value() instanceof LuaTable table) {
                byte[] text = Operations.toBytes(table.get("err"));
                throw new CommandException(
                        FAILED + (text == null ? "ERR unknown error" : new LuaString(text)));
            }
            throw new CommandException(FAILED + "ERR " + e.value());
        }
    }

    private Map<String, FunctionLibrary.Function> register(FunctionLibrary library, Budget budget) {
        FunctionLibrary.Registry registry = new FunctionLibrary.Registry();
        try (LuaState state =
                new LuaState(
                        budget, forLoading.globals(), forLoading.stringMetatable(), registry)) {
            Object unused = state.run(state.load(library.compile(budget)));
        }
        return registry.functions();
    }

    /** Adds a library, of which it gives the name. */
    ScriptRun.Program loading(FunctionLibrary library, boolean replaces) {
        return new Loading(List.of(library)) {
            @Override
            public Object execute(LuaState state, ScriptRun run) {
                return LuaString.of(library.name());
            }

            @Override
            void addAll() {
                add(library, replaces);
            }
        };
    }

    /**
     * Adds several libraries.
     *
     * @throws CommandException if their beginnings tell already that they can't be
     */
    ScriptRun.Program restoring(List<byte[]> sources, Policy policy) {
        Map<String, FunctionLibrary> added = new LinkedHashMap<>();
        for (byte[] source : sources) {
            FunctionLibrary library = new FunctionLibrary(source);
            if (added.putIfAbsent(library.name(), library) != null) {
                throw alreadyExists("'" + library.name() + "'");
            }
        }
        checkRoom(added.values().stream().mapToLong(FunctionLibrary::bytes).sum());
        return new Loading(List.copyOf(added.values())) {
            @Override
            public Object execute(LuaState state, ScriptRun run) {
                LuaTable ok = state.newTable();
                ok.set("ok", LuaString.of("OK"));
                return ok;
            }

            @Override
            void addAll() {
                join(added.values(), policy);
            }
        };
    }

    /** Compiles libraries and executes their code, as far as there is time. */
    private abstract class Loading implements ScriptRun.Program {
        private final List<FunctionLibrary> loaded;

        /** What each of them registers, as far as the present attempt has come. */
        private final List<Map<String, FunctionLibrary.Function>> registered = new ArrayList<>();

        private volatile boolean isLong;

        Loading(List<FunctionLibrary> loaded) {
            this.loaded = loaded;
        }

        @Override
        public String name() {
            return loaded.isEmpty() ? "" : loaded.get(0).name();
        }

        @Override
        public boolean isFunction() {
            return true;
        }

        @Override
        public boolean isReadOnly() {
            return true;
        }

        @Override
        public boolean isLong() {
            return isLong;
        }

        @Override
        public void isLong(boolean whether) {
            isLong = whether;
        }

        @Override
        public long mostNs() {
            return LOAD_NS * Math.max(1, loaded.size());
        }

        @Override
        public String timedOut() {
            return FAILED + "ERR FUNCTION LOAD timeout";
        }

        @Override
        public void prepare(Budget budget, ScriptRun run) {
            for (FunctionLibrary each : loaded) {
                LuaChunk unused = each.compile(budget);
            }
        }

        @Override
        public LuaState open(Budget budget, ScriptRun run) {
            registered.clear();
            long bytes = 0;
            for (FunctionLibrary each : loaded) {
                Map<String, FunctionLibrary.Function> kept = new LinkedHashMap<>();
                functions(each, budget).forEach((name, f) -> kept.put(name, f.withoutCallback()));
                registered.add(kept);
                long more = kept.values().stream().mapToLong(FunctionLibrary.Function::bytes).sum();
                // The execution that registered them is over, and counts for them no more.
                budget.hold(more);
                bytes += each.bytes() + more;
                checkRoom(bytes);
            }
            return new LuaState(budget, forCalls.globals(), forCalls.stringMetatable(), run);
        }

        @Override
        public void finish() {
            for (int i = 0; i < loaded.size(); i++) {
                loaded.get(i).functions(registered.get(i));
            }
            addAll();
        }

        abstract void addAll();
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
            public boolean isLong() {
                return library.isLong();
            }

            @Override
            public void isLong(boolean whether) {
                library.isLong(whether);
            }

            @Override
            public void prepare(Budget budget, ScriptRun run) {
                LuaChunk unused = library.compile(budget);
            }

            @Override
            public boolean isReadOnly() {
                return readOnly || function.flags().contains(Script.Flag.NO_WRITES);
            }

            @Override
            public boolean allowsOutOfMemory() {
                return function.flags().contains(Script.Flag.ALLOW_OOM);
            }

            @Override
            public LuaState open(Budget budget, ScriptRun run) {
                own = register(library, budget).get(function.name());
                return new LuaState(budget, forCalls.globals(), forCalls.stringMetatable(), run);
            }

            @Override
            public @Nullable Object execute(LuaState state, ScriptRun run) {
                FunctionLibrary.Function present = own;
                LuaFunction callback = present == null ? null : present.callback();
                if (callback == null) {
                    throw state.error("Function not found");
                }
                return state.run(
                        callback,
                        ScriptRun.table(state, run.keys()),
                        ScriptRun.table(state, run.args()));
            }
        };
    }
}
