package io.hotpair.resp;

import io.hotpair.resp.internal.lua.Budget;
import io.hotpair.resp.internal.lua.Libraries;
import io.hotpair.resp.internal.lua.LuaChunk;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What scripts share: the libraries, the cache of those that were given, and the threads of those
 * that take long.
 *
 * <p>A script is executed by the event loop's thread, as any command, with little of everything. If
 * that is not enough it is forgotten, as a transaction is that lost, and executed again by a thread
 * that it may hold; the loop serves others meanwhile. Thread-safe.
 */
final class Scripts implements AutoCloseable {
    private static final int THREADS = 2;
    private static final long STACK_BYTES = 64L << 20;
    private static final long IDLE_SECONDS = 5;
    private static final long CLOSE_SECONDS = 5;

    private final RespServer server;
    private final Libraries libraries;
    private static final int MAX_WAITING = 1_000;

    /** How many that were only executed are kept; Redis from 7.4 on keeps as many. */
    private static final int MAX_EXECUTED = 500;

    /** Those of SCRIPT LOAD. */
    private final Map<String, Script> loaded = new HashMap<>();

    /** Those of EVAL, the one that was not used for longest first. */
    private final Map<String, Script> executed = new LinkedHashMap<>(16, 0.75f, true);

    /** Those that take long, with what executes each. */
    private final Map<ScriptRun, Runnable> running = new ConcurrentHashMap<>();

    private final AtomicInteger threadCount = new AtomicInteger();
    private final ThreadPoolExecutor threads;
    private long loadedBytes;
    private long executedBytes;

    Scripts(RespServer server) {
        this.server = server;
        libraries = new Libraries();
        RedisLibrary.register(RedisLibrary.module(libraries));
        libraries.protect();
        threads =
                new ThreadPoolExecutor(
                        THREADS,
                        THREADS,
                        IDLE_SECONDS,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        this::makeThread);
        threads.allowCoreThreadTimeOut(true);
    }

    private Thread makeThread(Runnable task) {
        String name =
                "hotpair-script-" + server.keyspace().name() + "-" + threadCount.incrementAndGet();
        Thread thread = new Thread(null, task, name, STACK_BYTES);
        thread.setDaemon(true);
        return thread;
    }

    Libraries libraries() {
        return libraries;
    }

    // ---- the cache

    // What is kept has one limit in bytes. A script that was only executed is kept as long as there
    // is room: who goes on executing by its name must stand it that nobody knows that, as after a
    // restart. What was loaded stays until SCRIPT FLUSH.

    synchronized @Nullable Script find(String sha) {
        Script known = loaded.get(sha);
        return known == null ? executed.get(sha) : known;
    }

    /**
     * The script of a text; a new one is neither compiled nor cached yet.
     *
     * @throws CommandException if there is no room for it
     */
    Script of(byte[] source) {
        String sha = Script.sha(source);
        Script known = find(sha);
        if (known == null) {
            known = new Script(source, sha);
            requireRoom(known.bytes());
        }
        return known;
    }

    /**
     * Compiles a script that is to be executed and puts it into the cache, if that has not been
     * done.
     *
     * @throws CommandException if it is none, or there is no room for it
     */
    void prepare(Script script, Budget budget) {
        if (!script.isCompiled()) {
            LuaChunk unused = script.compile(budget);
            add(script);
        }
    }

    /**
     * Compiles a script and keeps it until all are flushed.
     *
     * @throws CommandException if it is none, or there is no room for it
     */
    void load(Script script, Budget budget) {
        LuaChunk unused = script.compile(budget);
        keep(script);
    }

    private synchronized void requireRoom(long bytes) {
        long limitBytes = server.config().scriptCacheLimitBytes();
        if (loadedBytes + bytes > limitBytes) {
            throw new CommandException(
                    "ERR the script cache is full, "
                            + limitBytes
                            + " bytes; SCRIPT FLUSH empties it");
        }
    }

    private synchronized void add(Script script) {
        if (loaded.containsKey(script.sha()) || executed.containsKey(script.sha())) {
            return;
        }
        requireRoom(script.bytes());
        makeRoom(script.bytes(), MAX_EXECUTED - 1);
        executed.put(script.sha(), script);
        executedBytes += script.bytes();
    }

    private synchronized void keep(Script script) {
        if (loaded.containsKey(script.sha())) {
            return;
        }
        requireRoom(script.bytes());
        Script known = executed.remove(script.sha());
        if (known != null) {
            executedBytes -= known.bytes();
        }
        makeRoom(script.bytes(), MAX_EXECUTED);
        loaded.put(script.sha(), script);
        loadedBytes += script.bytes();
    }

    /** Forgets scripts that were only executed. */
    private void makeRoom(long bytes, int maxCount) {
        long limitBytes = server.config().scriptCacheLimitBytes();
        Iterator<Script> oldest = executed.values().iterator();
        while (oldest.hasNext()
                && (executed.size() > maxCount
                        || loadedBytes + executedBytes + bytes > limitBytes)) {
            executedBytes -= oldest.next().bytes();
            oldest.remove();
        }
    }

    synchronized void flush() {
        loaded.clear();
        executed.clear();
        loadedBytes = 0;
        executedBytes = 0;
    }

    synchronized int count() {
        return loaded.size() + executed.size();
    }

    synchronized long bytes() {
        return loadedBytes + executedBytes;
    }

    // ---- those that take long

    /** Executes one in a thread that it may hold. */
    void submit(ScriptRun run) {
        if (running.size() >= MAX_WAITING) {
            throw new CommandException("ERR too many scripts wait that take long");
        }
        Runnable task =
                () -> {
                    try {
                        run.executeAlone();
                    } finally {
                        running.remove(run);
                    }
                };
        running.put(run, task);
        threads.execute(task);
    }

    /** Has one that has not begun never begin. */
    void forget(ScriptRun run) {
        Runnable task = running.get(run);
        if (task != null && threads.remove(task)) {
            running.remove(run);
        }
    }

    /**
     * Ends those that run.
     *
     * @param functions whether those that FCALL began are meant, or those of EVAL
     * @throws CommandException if there is none, or it may not be ended
     */
    void kill(boolean functions) {
        boolean any = false;
        boolean spared = false;
        for (ScriptRun run : running.keySet()) {
            if (!run.isKillable()) {
                spared = true;
            } else if (run.isFunction() == functions) {
                run.kill();
                any = true;
            }
        }
        if (any) {
            return;
        }
        if (spared) {
            throw CommandException.unkillable();
        }
        requireNotBusy();
        throw new CommandException("NOTBUSY No scripts in execution right now.");
    }

    /** One that runs and takes long, or null. */
    @Nullable ScriptRun anyRunning() {
        for (ScriptRun run : running.keySet()) {
            if (run.isBegun()) {
                return run;
            }
        }
        return null;
    }

    /** One that runs for so long that others are told so, or null. */
    @Nullable ScriptRun busy() {
        long thresholdMs = server.settings().busyReplyThresholdMs();
        if (thresholdMs == 0 || running.isEmpty()) {
            return null;
        }
        for (ScriptRun run : running.keySet()) {
            if (run.isBegun() && run.runningMs() >= thresholdMs) {
                return run;
            }
        }
        return null;
    }

    /**
     * Refuses what may not be done while there is such a one.
     *
     * @throws CommandException if there is
     */
    void requireNotBusy() {
        ScriptRun busy = busy();
        if (busy != null) {
            throw CommandException.busy(busy.isFunction());
        }
    }

    @Override
    public void close() {
        threads.shutdown();
        boolean interrupted = false;
        long untilNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_SECONDS);
        boolean ended = false;
        while (!ended && System.nanoTime() - untilNs < 0) {
            running.keySet().forEach(ScriptRun::kill);
            try {
                ended = threads.awaitTermination(20, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (!ended) {
            RespServer.LOGGER.warn("A script did not end within {} s", CLOSE_SECONDS);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
