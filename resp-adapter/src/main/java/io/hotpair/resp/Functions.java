package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.KeyArea;
import io.hotpair.Session;
import io.hotpair.resp.internal.lua.Budget;
import io.hotpair.resp.internal.lua.Libraries;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The libraries of functions that clients have loaded. They are a value of the keyspace ({@link
 * FunctionSet}), under a key that no client can name: so they are written to the log with the keys,
 * reach the replica, and are loaded or not with the transaction that loads them. Thread-safe.
 */
final class Functions {
    private static final String FAILED = "ERR Error registering functions: ";
    private static final long LOAD_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final byte[] KEY =
            KeyArea.key(KeyArea.OWN, "functions".getBytes(StandardCharsets.US_ASCII));

    private final RespServer server;

    /** What a library's code sees while it is loaded: nothing but what it needs to register. */
    private final Libraries forLoading = Libraries.empty();

    private final Libraries forCalls = new Libraries();

    /** What was read last, with what was compiled of it. */
    private volatile Seen last = new Seen(0, 0, FunctionSet.NONE);

    /** What the value was when it had a version in a term. */
    private record Seen(long version, long term, FunctionSet set) {}

    Functions(RespServer server) {
        this.server = server;
        RedisLibrary.registerLoading(RedisLibrary.module(forLoading));
        forLoading.protect();
        RedisLibrary.registerShared(RedisLibrary.module(forCalls));
        forCalls.protect();
    }

    /** Whether a key is the one under which the libraries are. */
    static boolean isKey(byte[] key) {
        return Arrays.equals(key, KEY);
    }

    // ---- what there is

    /** What there is for who reads by a session, which may be that of a transaction. */
    FunctionSet in(Session session) {
        return session instanceof TransactionSession ? within(session) : outside(session);
    }

    /** To ask for a version, unlike a value, is no read that statistics count. */
    private FunctionSet outside(Session session) {
        // A number that was taken back may be given again, but not in the same term.
        long term = server.keyspace().term();
        long version = session.version(KEY);
        Seen known = last;
        if (known.version() == version && known.term() == term) {
            return known.set();
        }
        // Newer than its version if somebody writes it now, which the next look corrects.
        byte[] value = version == 0 ? null : session.get(KEY, 0, KEY.length);
        FunctionSet present = FunctionSet.decode(value, known.set());
        last = new Seen(version, term, present);
        return present;
    }

    /** With what the transaction itself has written, which is nobody else's to see. */
    private FunctionSet within(Session session) {
        FunctionSet known = last.set();
        return known.hasId(session.strings().getRange(KEY, 0, FunctionSet.ID_LENGTH - 1))
                ? known
                : FunctionSet.decode(session.get(KEY, 0, KEY.length), known);
    }

    /** What there is, or was when it could be read last: to tell of in any state of the node. */
    FunctionSet lastSeen() {
        try {
            return in(server.keyspace().unnoticed());
        } catch (HotpairException | CommandException e) {
            return last.set();
        }
    }

    /**
     * Changes what there is, as a session may; null if it stays as it is.
     *
     * @param forgets whether what there is makes no difference; then it need not be understood
     */
    private void change(
            Session session, boolean forgets, UnaryOperator<@Nullable FunctionSet> change) {
        boolean unused =
                session.update(
                        KEY,
                        0,
                        KEY.length,
                        entry -> {
                            FunctionSet present =
                                    forgets
                                            ? FunctionSet.NONE
                                            : FunctionSet.decode(entry.current(), last.set());
                            FunctionSet changed = change.apply(present);
                            byte[] value = changed == null ? null : changed.encode();
                            if (value != null) {
                                entry.set(value);
                            } else if (changed != null) {
                                entry.delete();
                            }
                        });
    }

    void flush(Session session) {
        change(session, true, present -> FunctionSet.NONE);
    }

    /** Deletes a library; whether it was there. */
    boolean delete(Session session, String name) {
        boolean[] found = new boolean[1];
        change(
                session,
                false,
                present -> {
                    FunctionSet rest = present.without(name);
                    found[0] = rest != null;
                    return rest;
                });
        return found[0];
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
            FunctionSet addTo(FunctionSet present) {
                present.check(library, replaces, limitBytes());
                return present.with(List.of(library), FunctionSet.Policy.REPLACE, limitBytes());
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
            boolean forgets() {
                return policy == FunctionSet.Policy.FLUSH;
            }

            @Override
            FunctionSet addTo(FunctionSet present) {
                return present.with(added.values(), policy, limitBytes());
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
            change(run.client().session(), forgets(), this::addTo);
            return answer(state);
        }

        /** Whether it takes the place of what there is. */
        boolean forgets() {
            return false;
        }

        abstract FunctionSet addTo(FunctionSet present);

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
