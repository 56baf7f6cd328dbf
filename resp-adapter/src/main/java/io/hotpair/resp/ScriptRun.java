package io.hotpair.resp;

import io.hotpair.MaxMemoryPolicy;
import io.hotpair.resp.internal.lua.Budget;
import io.hotpair.resp.internal.lua.LuaError;
import io.hotpair.resp.internal.lua.LuaFunction;
import io.hotpair.resp.internal.lua.LuaState;
import io.hotpair.resp.internal.lua.LuaStopped;
import io.hotpair.resp.internal.lua.LuaStopped.Reason;
import io.hotpair.resp.internal.lua.LuaString;
import io.hotpair.resp.internal.lua.LuaTable;
import io.hotpair.resp.internal.lua.Operations;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One execution of a script for a client: a transaction of the keyspace, in which the script calls
 * commands. An attempt that loses to another writer is forgotten with all that it said, and the
 * script begins anew.
 *
 * <p>Used by one thread at a time: the event loop's, and, if it takes long, one of {@link Scripts},
 * while the client is parked.
 */
final class ScriptRun implements Parked {
    private static final long LOOP_NS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long EXEC_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long LOOP_BYTES = 4L << 20;
    private static final int LOOP_NODES = 700;
    private static final long LOOP_UNBROKEN_BYTES = 1L << 20;
    private static final int OWN_NODES = 150_000;
    private static final int MAX_LOG_LINES = 1_000;
    private static final String ERR = "err";

    /** What is executed. */
    interface Program {
        /** What errors call it. */
        String name();

        boolean isFunction();

        boolean isReadOnly();

        /** The second argument of the command that executes it, if that is its text and kept. */
        default byte @Nullable [] text() {
            return null;
        }

        /** Whether it says that it can stand it that there is no memory. */
        default boolean allowsOutOfMemory() {
            return false;
        }

        /** Whether it took long when it was executed last. */
        boolean isLong();

        void isLong(boolean whether);

        /**
         * What its execution takes at most once it is compiled; scripts have a limit of their own.
         */
        default long mostNs() {
            return TimeUnit.DAYS.toNanos(1);
        }

        /** What is answered when that is over. */
        default String timedOut() {
            return "ERR the script was ended, for it took longer than any script may";
        }

        /** Compiles it, if that has not been done. */
        void prepare(Budget budget, ScriptRun run);

        /** Prepares an execution. */
        LuaState open(Budget budget, ScriptRun run);

        /** Executes it. */
        @Nullable Object execute(LuaState state, ScriptRun run);
    }

    /**
     * What a script has to say when it has been committed.
     *
     * @param level as in the log of Redis
     */
    private record LogLine(int level, String text) {}

    private final Client client;
    private final RespServer server;
    private final Program program;
    private final @Nullable Request request;
    private final byte[][] keys;
    private final byte[][] args;
    private final List<LogLine> logged = new ArrayList<>();
    private final long begunNs;
    private boolean isAlone;
    private byte[][] head = {};
    private int protocol = 2;
    private @Nullable ScriptContext context;
    private @Nullable Boolean lacksMemory;
    private volatile boolean hasWritten;
    private volatile boolean killed;
    private volatile boolean begun;
    private volatile boolean done;
    private byte @Nullable [] answer;
    private @Nullable RuntimeException failure;
    private long endNs;
    private long aloneNs;

    /** For what has neither keys nor arguments. */
    ScriptRun(Client client, Program program) {
        this(client, program, null, new byte[0][], new byte[0][]);
    }

    /**
     * Creates one.
     *
     * @param request the client's command, or null if it has neither keys nor arguments
     */
    ScriptRun(
            Client client,
            Program program,
            @Nullable Request request,
            byte[][] keys,
            byte[][] args) {
        this.client = client;
        this.program = program;
        this.request = request;
        this.keys = keys;
        this.args = args;
        server = client.server();
        begunNs = server.keyspace().nanoTime();
    }

    Client client() {
        return client;
    }

    Program program() {
        return program;
    }

    boolean isFunction() {
        return program.isFunction();
    }

    byte[][] keys() {
        return keys;
    }

    /** The client's command, of one that takes long. */
    List<byte[]> command() {
        return Stream.of(head, keys, args).flatMap(Stream::of).toList();
    }

    byte[][] args() {
        return args;
    }

    /** What the script understands: 2, or 3 if it has said so. */
    int protocol() {
        return protocol;
    }

    void protocol(int version) {
        protocol = version;
    }

    void log(int level, String text) {
        if (logged.size() < MAX_LOG_LINES) {
            logged.add(new LogLine(level, text));
        }
    }

    ScriptContext context() {
        ScriptContext present = context;
        if (present == null) {
            throw new IllegalStateException("context=null, expected that the script runs");
        }
        return present;
    }

    /** Says that it calls a command that writes. */
    void writes() {
        hasWritten = true;
    }

    /**
     * Whether no memory may be taken: as it was when the script first asked, and not behind a write
     * of its own.
     */
    boolean lacksMemory() {
        if (lacksMemory == null) {
            lacksMemory =
                    client.keyspace().maxMemoryPolicy() == MaxMemoryPolicy.NOEVICTION
                            && ScriptCommands.isFull(client);
        }
        return lacksMemory && !hasWritten && !program.allowsOutOfMemory();
    }

    /** Whether it may be ended: while others wait for it, not when it has written. */
    boolean isKillable() {
        return !hasWritten || server.settings().busyReplyThresholdMs() == 0;
    }

    void kill() {
        killed = true;
    }

    boolean isBegun() {
        return begun && !done;
    }

    boolean isDone() {
        return done;
    }

    long runningMs() {
        return TimeUnit.NANOSECONDS.toMillis(server.keyspace().nanoTime() - begunNs);
    }

    // ---- in the event loop's thread

    /** Executes it at once, or parks the client until it is done. */
    void execute(ReplyBuffer reply) {
        boolean inExec = client.transaction().isExecuting();
        if (program.isLong() && !inExec) {
            executeElsewhere();
            return;
        }
        long execNs = server.isUnhurried() ? server.config().scriptTimeout().toNanos() : EXEC_NS;
        endNs = server.keyspace().nanoTime() + (inExec ? execNs : LOOP_NS);
        int from = reply.length();
        try {
            attempts(client.connection().worker().scriptContext(), reply);
        } catch (LuaStopped e) {
            reply.truncate(from);
            if (inExec) {
                // As an error among others it would leave a part of what the script did.
                throw new TransactionEnd(
                        e.reason() == Reason.TOO_LONG_HERE
                                ? "the script needs more than there is for one in a transaction"
                                : text(e.reason()));
            }
            if (e.reason() != Reason.TOO_LONG_HERE) {
                throw new CommandException(text(e.reason()));
            }
            executeElsewhere();
            return;
        }
        if (!inExec) {
            client.noteTransaction();
        }
        tellLog();
    }

    private void executeElsewhere() {
        program.isLong(true);
        isAlone = true;
        if (request != null) {
            head = head(request, request.count() - keys.length - args.length);
        }
        // Before it begins: from then on what parks is a command of the script's.
        client.park(this);
        try {
            server.scripts().submit(this);
        } catch (CommandException e) {
            client.unpark();
            throw e;
        }
    }

    /** What the command begins with; a text of megabytes is not copied once more. */
    private byte[][] head(Request command, int count) {
        byte[] text = program.text();
        byte[][] all = new byte[count][];
        for (int i = 0; i < count; i++) {
            all[i] = i == 1 && text != null ? text : command.copy(i);
        }
        return all;
    }

    @Override
    public long advance(ReplyBuffer reply) {
        if (!done) {
            return UNTIL_WOKEN;
        }
        RuntimeException thrown = failure;
        if (thrown != null) {
            throw thrown;
        }
        byte[] bytes = answer;
        if (bytes == null) {
            throw new CommandException("ERR the server has no memory for the script");
        }
        client.noteTransaction();
        context().countFor(client.connection().worker().statistics());
        reply.encoded(bytes);
        return DONE;
    }

    /** To the log of what took long it is the client's command, wherever it is executed. */
    @Override
    public long spentNs() {
        return aloneNs;
    }

    private String text(Reason reason) {
        return reason == Reason.KILLED
                ? "ERR Script killed by user with SCRIPT KILL."
                : program.timedOut();
    }

    /**
     * Who has gone wants no answer: what has not begun goes; what runs is finished, as in Redis.
     */
    @Override
    public void cancel() {
        if (!begun) {
            killed = true;
            server.scripts().forget(this);
        }
    }

    // ---- in a thread of its own

    /** Executes it in a thread that may take its time. */
    void executeAlone() {
        // From here on it may be ended, which what an attempt before wrote is no reason against.
        hasWritten = false;
        begun = true;
        long startNs = server.keyspace().nanoTime();
        endNs = startNs + server.config().scriptTimeout().toNanos();
        try {
            ReplyBuffer reply = new ReplyBuffer(server.errorCounts());
            reply.begin(client.protocol(), server.replyLimitBytes());
            attempts(new ScriptContext(server), reply);
            answer = Arrays.copyOf(reply.bytes(), reply.length());
            tellLog();
        } catch (LuaStopped e) {
            failure = new CommandException(text(e.reason()));
        } catch (RuntimeException e) {
            failure = e;
        } catch (Error e) {
            // The script is charged for what it takes, so it is the host that has no more.
            RespServer.LOGGER.error("A script ended with an error of the virtual machine", e);
        } finally {
            // One that is quick again, as its data got smaller, need not change threads again.
            long tookNs = server.keyspace().nanoTime() - startNs;
            program.isLong(tookNs > LOOP_NS / 4);
            aloneNs = tookNs;
            done = true;
            client.connection().wake(this);
        }
    }

    // ---- in either

    private void attempts(ScriptContext in, ReplyBuffer reply) {
        context = in;
        int from = reply.length();
        in.begin();
        try {
            client.transaction()
                    .executeScript(
                            keys,
                            isAlone,
                            () -> {
                                reply.truncate(from);
                                attempt(reply);
                            });
        } finally {
            // What was long for one is not kept for all.
            in.reply().begin(2, 0);
        }
    }

    private Budget budget() {
        long limitBytes = server.config().scriptMemoryLimitBytes();
        if (isAlone) {
            return new Budget(this::look, limitBytes, OWN_NODES, false, Long.MAX_VALUE);
        }
        // In a transaction there is nowhere else to go, and a second.
        boolean inExec = client.transaction().isExecuting();
        return new Budget(
                this::look,
                inExec && server.isUnhurried() ? limitBytes : Math.min(LOOP_BYTES, limitBytes),
                LOOP_NODES,
                true,
                inExec ? Long.MAX_VALUE : LOOP_UNBROKEN_BYTES);
    }

    private @Nullable Reason look() {
        if (killed) {
            return Reason.KILLED;
        }
        if (server.keyspace().nanoTime() - endNs < 0) {
            return null;
        }
        return isAlone ? Reason.TIMED_OUT : Reason.TOO_LONG_HERE;
    }

    private void attempt(ReplyBuffer reply) {
        logged.clear();
        hasWritten = false;
        lacksMemory = null;
        protocol = 2;
        int from = reply.length();
        try {
            program.prepare(budget(), this);
            endNs = Math.min(endNs, server.keyspace().nanoTime() + program.mostNs());
            Budget budget = budget();
            try (LuaState state = program.open(budget, this)) {
                Object result = program.execute(state, this);
                ScriptValues.write(result, this, budget, reply);
            }
        } catch (LuaError e) {
            reply.truncate(from);
            String text = describe(e);
            if (e.value() instanceof LuaTable table) {
                ScriptValues.writeError(table, text, reply);
            } else {
                reply.error(text);
            }
        }
    }

    /** What Redis says of an error that the script did not catch. */
    private String describe(LuaError error) {
        String message;
        if (error.value() instanceof LuaTable table) {
            byte[] text = Operations.toBytes(table.get(ERR));
            message = text == null ? "ERR unknown error" : new LuaString(text).toString();
        } else {
            byte[] text = Operations.toBytes(error.value());
            message = "ERR " + (text == null ? error.value() : new LuaString(text));
            message = text == null && error.value() == null ? "ERR nil" : message;
        }
        return error.source() == null
                ? message + " script: " + program.name()
                : message
                        + " script: "
                        + program.name()
                        + ", on "
                        + error.source()
                        + ":"
                        + error.line()
                        + ".";
    }

    private void tellLog() {
        for (LogLine line : logged) {
            switch (line.level()) {
                case 0 -> RespServer.LOGGER.trace("Script: {}", line.text());
                case 1 -> RespServer.LOGGER.debug("Script: {}", line.text());
                case 2 -> RespServer.LOGGER.info("Script: {}", line.text());
                default -> RespServer.LOGGER.warn("Script: {}", line.text());
            }
        }
        logged.clear();
    }

    /** Gives a script its two tables. */
    static void giveArguments(LuaState state, ScriptRun run) {
        state.global("KEYS", table(state, run.keys));
        state.global("ARGV", table(state, run.args));
    }

    static LuaTable table(LuaState state, byte[][] values) {
        LuaTable table = state.newArray(values.length);
        for (int i = 0; i < values.length; i++) {
            table.set(i + 1, state.newString(values[i]));
        }
        return table;
    }

    /**
     * A script of EVAL.
     *
     * @param isText whether it was given by its text, and not by its name
     */
    static Program program(Script script, boolean readOnly, boolean isText) {
        return new OfScript(script, readOnly) {
            @Override
            public byte @Nullable [] text() {
                return isText ? script.source() : null;
            }

            @Override
            public @Nullable Object execute(LuaState state, ScriptRun run) {
                LuaFunction function = state.load(script.compile(state.budget()));
                return state.run(function);
            }
        };
    }

    /** Only compiles a script, and gives its name. */
    static Program loading(Script script) {
        return new OfScript(script, true) {
            @Override
            public void prepare(Budget budget, ScriptRun run) {
                run.server.scripts().load(script, budget);
            }

            @Override
            public Object execute(LuaState state, ScriptRun run) {
                return LuaString.of(script.sha());
            }
        };
    }

    /** What is the same for all that is done with a script. */
    private abstract static class OfScript implements Program {
        private final Script script;
        private final boolean readOnly;

        OfScript(Script script, boolean readOnly) {
            this.script = script;
            this.readOnly = readOnly;
        }

        @Override
        public String name() {
            return script.sha();
        }

        @Override
        public boolean isFunction() {
            return false;
        }

        @Override
        public boolean isReadOnly() {
            return readOnly || script.has(Script.Flag.NO_WRITES);
        }

        @Override
        public boolean allowsOutOfMemory() {
            return script.has(Script.Flag.ALLOW_OOM);
        }

        @Override
        public boolean isLong() {
            return script.isLong();
        }

        @Override
        public void isLong(boolean whether) {
            script.isLong(whether);
        }

        @Override
        public void prepare(Budget budget, ScriptRun run) {
            run.server.scripts().prepare(script, budget);
        }

        @Override
        public LuaState open(Budget budget, ScriptRun run) {
            var libraries = run.server.scripts().libraries();
            LuaState state =
                    new LuaState(budget, libraries.globals(), libraries.stringMetatable(), run);
            giveArguments(state, run);
            return state;
        }
    }
}
