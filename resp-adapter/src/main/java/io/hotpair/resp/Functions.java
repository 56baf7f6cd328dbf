package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.Session;
import io.hotpair.TypedOperations;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The libraries of functions that clients have loaded. They are in the keyspace ({@link
 * FunctionSet}): so they are written to the log with the keys, reach the replica, and are loaded or
 * not with the transaction that loads them. Thread-safe.
 */
final class Functions {
    private static final String FAILED = "ERR Error registering functions: ";
    private static final long LOAD_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private final RespServer server;

    /** What a library's code sees while it is loaded: nothing but what it needs to register. */
    private final Libraries forLoading = Libraries.empty();

    private final Libraries forCalls = new Libraries();

    private final FunctionCache cache;

    private volatile FunctionSet.Totals lastTotals = FunctionSet.Totals.NONE;

    Functions(RespServer server) {
        this.server = server;
        cache = new FunctionCache(limitBytes());
        RedisLibrary.registerLoading(RedisLibrary.module(forLoading));
        forLoading.protect();
        RedisLibrary.registerShared(RedisLibrary.module(forCalls));
        forCalls.protect();
    }

    /** What there is for who reads by a session, or in a transaction. */
    FunctionSet in(TypedOperations operations) {
        return new FunctionSet(operations, cache);
    }

    /** The library that has a function, or null. */
    @Nullable FunctionLibrary of(Session session, String function) {
        FunctionLibrary known = in(session).known(function);
        // Where it is looked up and what it is are read in one step: both may change meanwhile.
        return known != null ? known : session.transaction(view -> in(view).of(function));
    }

    /**
     * How much there is, or was when it could be read last: to tell of in any state of the node.
     */
    FunctionSet.Totals totals() {
        try {
            lastTotals = in(server.keyspace().unnoticed()).totals();
        } catch (HotpairException | CommandException e) {
            // Nobody who asks for figures can do anything about it; who calls a function is told.
        }
        return lastTotals;
    }

    void flush(Session session) {
        in(session).flush();
    }

    /** Deletes a library; whether it was there. */
    boolean delete(Session session, String name) {
        try {
            return session.transaction(view -> in(view).delete(name, true));
        } catch (HotpairException e) {
            boolean isWhole = !(session instanceof TransactionSession);
            if (!isWhole || e.category() != HotpairException.Category.MEMORY_LIMIT) {
                throw e;
            }
            // Who deletes makes room, and is not refused where others are.
            return session.transaction(view -> in(view).delete(name, false));
        }
    }

    private long limitBytes() {
        return server.config().scriptCacheLimitBytes();
    }

    /**
     * Looks whether a library can be added, as far as that is known before it is compiled.
     *
     * @throws CommandException if it can't
     */
    void check(Session session, FunctionLibrary library, boolean replaces) {
        in(session).check(library, replaces, limitBytes());
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
            void addTo(FunctionSet present) {
                present.check(library, replaces, limitBytes());
                present.add(List.of(library), FunctionSet.Policy.REPLACE, limitBytes());
            }

            @Override
            Object answer(LuaState state) {
                return LuaString.of(library.name());
            }
        };
    }

    /**
     * Adds several libraries.
     *
     * @throws CommandException if their beginnings tell already that they can't be
     */
    ScriptRun.Program restoring(List<byte[]> sources, FunctionSet.Policy policy) {
        Map<String, FunctionLibrary> added = new LinkedHashMap<>();
        for (byte[] source : sources) {
            FunctionLibrary library = new FunctionLibrary(source);
            if (added.putIfAbsent(library.name(), library) != null) {
                throw FunctionSet.alreadyExists("'" + library.name() + "'");
            }
        }
        FunctionSet.checkRoom(
                added.values().stream().mapToLong(FunctionLibrary::bytes).sum(), limitBytes());
        return new Loading(List.copyOf(added.values())) {
            @Override
            void addTo(FunctionSet present) {
                present.add(added.values(), policy, limitBytes());
            }

            @Override
            Object answer(LuaState state) {
                LuaTable ok = state.newTable();
                ok.set("ok", LuaString.of("OK"));
                return ok;
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
                FunctionSet.checkRoom(bytes, limitBytes());
            }
            return new LuaState(budget, forCalls.globals(), forCalls.stringMetatable(), run);
        }

        @Override
        public Object execute(LuaState state, ScriptRun run) {
            for (int i = 0; i < loaded.size(); i++) {
                loaded.get(i).functions(registered.get(i));
            }
            addTo(in(run.client().session()));
            return answer(state);
        }

        abstract void addTo(FunctionSet present);

        abstract Object answer(LuaState state);
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
