package io.hotpair.resp.internal.lua;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One execution: what its functions share. Used by one thread at a time. */
public final class LuaState implements AutoCloseable {
    private static final int MAX_CALLS = 16_384;
    private static final int MAX_NESTED_BUILTINS = 200;
    private static final int MAX_CHUNK_NAME = 80;

    private final Budget budget;
    private final LuaTable globals;
    private final LuaTable stringMetatable;
    private final Object host;
    private final List<LuaCoroutine> coroutines = new ArrayList<>();
    private @Nullable LuaCoroutine running;
    private @Nullable Frame frame;
    private @Nullable Expression callSite;
    private int calls;
    private int nestedBuiltins;
    private final List<LuaTable> pinned = new ArrayList<>();
    private final JsonLibrary.Config jsonConfig = new JsonLibrary.Config();
    private long random;

    /**
     * Makes one.
     *
     * @param budget what it may take
     * @param globals what all scripts share, which this one gets a copy of
     * @param stringMetatable the metatable of strings
     * @param host what the host's own functions want to find here
     */
    public LuaState(Budget budget, LuaTable globals, LuaTable stringMetatable, Object host) {
        this.budget = budget;
        this.stringMetatable = stringMetatable;
        this.host = host;
        budget.state(this);
        this.globals = globals.copyFor(budget);
        if (globals.get("_G") != null) {
            this.globals.set("_G", this.globals);
        }
        seedRandom(ThreadLocalRandom.current().nextInt());
    }

    /**
     * What it may take.
     *
     * @return the budget
     */
    public Budget budget() {
        return budget;
    }

    /**
     * What the host's own functions want to find.
     *
     * @return what was given when it was made
     */
    public Object host() {
        return host;
    }

    LuaTable globals() {
        return globals;
    }

    /**
     * Sets a global variable, protected or not.
     *
     * @param name its name
     * @param value its value
     */
    public void global(String name, @Nullable Object value) {
        globals.set(name, value);
    }

    /**
     * Makes a table.
     *
     * @return an empty one
     */
    public LuaTable newTable() {
        return new LuaTable(budget);
    }

    /**
     * Makes a table with room for elements.
     *
     * @param elements how many there will be
     * @return an empty one
     */
    public LuaTable newArray(int elements) {
        return new LuaTable(budget, elements, 0);
    }

    /**
     * Makes a string.
     *
     * @param bytes what it consists of, not to be changed any more
     * @return the string
     */
    public LuaString newString(byte[] bytes) {
        budget.allocateString(bytes.length);
        return new LuaString(bytes);
    }

    LuaString newString(String text) {
        budget.allocateString(text.length());
        return LuaString.of(text);
    }

    // ---- frames

    @Nullable Frame frame() {
        return frame;
    }

    void frame(@Nullable Frame top) {
        frame = top;
    }

    void enter(int nodes) {
        if (calls >= MAX_CALLS) {
            budget.needsMore();
            throw runtimeError("stack overflow");
        }
        budget.enter(nodes);
        calls++;
    }

    void leave(int nodes) {
        calls--;
        budget.leave(nodes);
    }

    /** The expression that calls, from which the function that is called has its name. */
    void callSite(@Nullable Expression site) {
        callSite = site;
    }

    @Nullable Expression callSite() {
        return callSite;
    }

    /**
     * Calls a function from within one of a library.
     *
     * @param function any value
     * @param args the arguments
     * @return the results
     */
    @Nullable Object[] callBack(@Nullable Object function, @Nullable Object... args) {
        Frame before = frame;
        if (nestedBuiltins >= MAX_NESTED_BUILTINS) {
            throw runtimeError("C stack overflow");
        }
        nestedBuiltins++;
        frame = new Frame(this);
        callSite = null;
        try {
            return Operations.call(this, function, args, null);
        } finally {
            frame = before;
            nestedBuiltins--;
        }
    }

    /** What can be put back when an error was caught. */
    record Position(
            @Nullable Frame frame,
            int calls,
            int nestedBuiltins,
            int weight,
            int pinned,
            long heldBytes) {}

    Position position() {
        return new Position(
                frame, calls, nestedBuiltins, budget.weight(), pinned.size(), budget.heldBytes());
    }

    void position(Position before) {
        frame = before.frame();
        calls = before.calls();
        nestedBuiltins = before.nestedBuiltins();
        budget.weight(before.weight());
        budget.heldBytes(before.heldBytes());
        while (pinned.size() > before.pinned()) {
            unpin();
        }
    }

    /**
     * Has a table that is being made count as held, though no variable holds it yet.
     *
     * @param table the table
     * @return the table
     */
    public LuaTable pin(LuaTable table) {
        pinned.add(table);
        return table;
    }

    /** Ends that for the last one. */
    public void unpin() {
        pinned.remove(pinned.size() - 1);
    }

    // ---- errors

    /**
     * Where a function is at the moment, as errors begin.
     *
     * @param level 1 for the one that runs, 2 for its caller
     * @return the chunk's name and the line, or nothing if that is not a function of a script
     */
    String where(int level) {
        Frame at = frame;
        for (int i = 1; i < level && at != null; i++) {
            if (at.isTailCall) {
                return "";
            }
            at = at.caller;
            if (at != null && at.closure == null) {
                // Between the two is the library's function that called back.
                i++;
                at = i < level ? at.caller : at;
            }
        }
        if (at == null || at.closure == null) {
            return "";
        }
        return chunkName(at.closure.prototype().source()) + ":" + at.line + ": ";
    }

    /**
     * An error of a library's function, which says where it was called.
     *
     * @param message what is wrong
     * @return the error, to be thrown
     */
    public LuaError error(String message) {
        return raise(newString(where(1) + message));
    }

    /** An error in what a script does itself; in a library's function nobody says where. */
    LuaError runtimeError(String message) {
        Frame top = frame;
        boolean inScript = top != null && top.closure != null && !top.inBuiltin;
        return raise(newString(inScript ? where(1) + message : message));
    }

    /**
     * An error of any value.
     *
     * @param value the value
     * @return the error, to be thrown
     */
    public LuaError raise(@Nullable Object value) {
        Frame top = frame;
        if (top == null) {
            return new LuaError(value, null, -1);
        }
        LuaClosure closure = top.closure;
        return closure == null
                ? new LuaError(value, "=[C]", -1)
                : new LuaError(value, closure.prototype().source(), top.line);
    }

    /**
     * A chunk's name as errors say it.
     *
     * @param source the name with its sign
     * @return for people
     */
    static String chunkName(String source) {
        if (source.startsWith("@")) {
            String name = source.substring(1);
            int most = MAX_CHUNK_NAME - 4 - 4;
            return name.length() > most ? "..." + name.substring(name.length() - most) : name;
        }
        if (source.startsWith("=")) {
            String name = source.substring(1);
            return name.substring(0, Math.min(name.length(), MAX_CHUNK_NAME - 1));
        }
        int end = source.indexOf('\n');
        int carriageReturn = source.indexOf('\r');
        end = end < 0 || (carriageReturn >= 0 && carriageReturn < end) ? carriageReturn : end;
        int length = end < 0 ? source.length() : end;
        int most = MAX_CHUNK_NAME - 17;
        length = Math.min(length, most);
        return length < source.length()
                ? "[string \"" + source.substring(0, length) + "...\"]"
                : "[string \"" + source + "\"]";
    }

    // ---- what strings and libraries need

    @Nullable LuaTable metatable(@Nullable Object value) {
        if (value instanceof LuaTable table) {
            return table.metatable();
        }
        return value instanceof LuaString ? stringMetatable : null;
    }

    /** The next of 2^31 random numbers: what lrand48 gives. */
    int nextRandom() {
        random = (random * 0x5DEECE66DL + 0xB) & ((1L << 48) - 1);
        return (int) (random >>> 17);
    }

    void seedRandom(int seed) {
        random = (Integer.toUnsignedLong(seed) << 16) | 0x330E;
    }

    JsonLibrary.Config jsonConfig() {
        return jsonConfig;
    }

    // ---- coroutines

    @Nullable LuaCoroutine running() {
        return running;
    }

    void running(@Nullable LuaCoroutine coroutine) {
        running = coroutine;
    }

    int nestedBuiltins() {
        return nestedBuiltins;
    }

    void add(LuaCoroutine coroutine) {
        coroutines.removeIf(LuaCoroutine::isOver);
        coroutines.add(coroutine);
    }

    /** How many have begun and are not over. */
    int liveCoroutines() {
        int live = 0;
        for (LuaCoroutine each : coroutines) {
            live += each.hasThread() ? 1 : 0;
        }
        return live;
    }

    /** Shows what the execution holds. */
    void roots(Consumer<@Nullable Object> visitor) {
        visitor.accept(globals);
        for (int i = 0; i < globals.hashValues().length; i++) {
            visitor.accept(globals.hashValues()[i]);
        }
        frames(frame, visitor);
        LuaCoroutine present = running;
        if (present != null) {
            present.waiting(visitor);
        }
        pinned.forEach(visitor);
        for (LuaCoroutine each : coroutines) {
            visitor.accept(each);
        }
    }

    static void frames(@Nullable Frame from, Consumer<@Nullable Object> visitor) {
        for (Frame at = from; at != null; at = at.caller) {
            visitor.accept(at.closure);
            visitor.accept(at.slots);
            visitor.accept(at.varargs);
        }
    }

    /** Ends its coroutines. */
    @Override
    public void close() {
        for (LuaCoroutine each : coroutines) {
            each.end();
        }
        coroutines.clear();
    }

    // ---- execution

    /**
     * Does something in the thread that the execution belongs to, which a coroutine is not in.
     *
     * @param task gives bytes
     * @return the bytes
     */
    public byte[] inOwnThread(Supplier<byte[]> task) {
        LuaCoroutine present = running;
        if (present == null) {
            return task.get();
        }
        @Nullable Object[] results = present.inOwnThread(() -> LuaFunction.result(task.get()));
        return results[0] instanceof byte[] bytes ? bytes : new byte[0];
    }

    /**
     * Makes a function of a chunk.
     *
     * @param chunk the chunk
     * @return the function
     */
    public LuaFunction load(LuaChunk chunk) {
        return new LuaClosure(chunk.prototype(), new Cell[0]);
    }

    /**
     * Calls a function, as the first of an execution.
     *
     * @param function the function
     * @param args the arguments
     * @return its first result, or null
     * @throws LuaError what it did not catch
     * @throws LuaStopped if it was ended
     */
    public @Nullable Object run(LuaFunction function, @Nullable Object... args) {
        Position before = position();
        try {
            @Nullable Object[] results = function.call(this, args);
            return results.length == 0 ? null : results[0];
        } catch (StackOverflowError e) {
            position(before);
            budget.needsMore();
            throw raise(LuaString.of("stack overflow"));
        } finally {
            position(before);
        }
    }
}
