package io.hotpair.resp.internal.lua;

import io.hotpair.resp.internal.lua.LuaStopped.Reason;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A function that is executed in pieces. It has a thread, since the tree is executed by calls from
 * node to node; but only one thread of an execution runs at a time: who resumes waits until the
 * other yields, ends, or has something done by the thread that the execution belongs to.
 *
 * <p>Threads are few, for an execution and for all; who wants more gets an error.
 */
final class LuaCoroutine {
    static final int BYTES = 512;

    private static final int MAX_FOR_EXECUTION = 16;
    private static final Semaphore THREADS = new Semaphore(64);
    private static final long STACK_BYTES = 64L << 20;

    /** What one side tells the other. */
    @SuppressWarnings("ArrayRecordComponent") // Handed on, and never compared.
    private record Signal(
            Kind kind,
            @Nullable Object[] values,
            @Nullable Throwable failure,
            @Nullable Supplier<@Nullable Object[]> task) {}

    private enum Kind {
        RESUME,
        YIELD,
        RETURN,
        FAIL,
        /** Have something done in the execution's own thread. */
        TASK,
        END
    }

    private final LuaState state;
    private final LuaClosure function;
    private final SynchronousQueue<Signal> toIt = new SynchronousQueue<>();
    private final SynchronousQueue<Signal> fromIt = new SynchronousQueue<>();
    private @Nullable Thread thread;
    private boolean started;
    private boolean over;
    private boolean resuming;
    private @Nullable Frame frame;
    private @Nullable LuaCoroutine resumedBy;
    private @Nullable Frame resumedFrom;
    private int calls;
    private int weight;
    private int nestedBuiltins;
    private int nestedAtStart;

    /** The walk over live memory that came by last; see {@link Budget}. */
    int mark;

    LuaCoroutine(LuaState state, LuaClosure function) {
        this.state = state;
        this.function = function;
    }

    boolean isOver() {
        return over;
    }

    boolean hasThread() {
        return thread != null && !over;
    }

    int nestedBuiltinsAtStart() {
        return nestedAtStart;
    }

    String status() {
        return over ? "dead" : resuming ? "normal" : "suspended";
    }

    void roots(Consumer<@Nullable Object> visitor) {
        visitor.accept(function);
        LuaState.frames(frame, visitor);
    }

    /** The frames of those that wait for this one. */
    void waiting(Consumer<@Nullable Object> visitor) {
        LuaState.frames(resumedFrom, visitor);
        if (resumedBy != null) {
            resumedBy.waiting(visitor);
        }
    }

    // ---- the side that resumes

    @Nullable Object[] resume(@Nullable Object[] args) {
        if (over || resuming) {
            throw new LuaError(
                    LuaString.of(
                            "cannot resume "
                                    + (over ? "dead" : resuming ? "normal" : "non-suspended")
                                    + " coroutine"),
                    null,
                    -1);
        }
        if (state.running() == this) {
            throw new LuaError(LuaString.of("cannot resume running coroutine"), null, -1);
        }
        LuaState.Position before = state.position();
        LuaCoroutine resumer = state.running();
        begin();
        if (resumer != null) {
            resumer.resuming = true;
        }
        resumedBy = resumer;
        resumedFrom = before.frame();
        state.running(this);
        state.position(
                new LuaState.Position(
                        frame,
                        before.calls() + calls,
                        before.nestedBuiltins() + nestedBuiltins,
                        before.weight() + weight,
                        before.pinned(),
                        before.heldBytes()));
        state.budget().suspend(-weight);
        nestedAtStart = before.nestedBuiltins();
        Signal signal;
        try {
            send(toIt, new Signal(Kind.RESUME, args, null, null));
            signal = receive(fromIt);
            while (signal.kind() == Kind.TASK) {
                send(toIt, done(signal, resumer));
                signal = receive(fromIt);
            }
        } finally {
            if (resumer != null) {
                resumer.resuming = false;
            }
        }
        LuaState.Position after = state.position();
        frame = after.frame();
        calls = after.calls() - before.calls();
        nestedBuiltins = after.nestedBuiltins() - before.nestedBuiltins();
        weight = signal.kind() == Kind.YIELD ? after.weight() - before.weight() : 0;
        state.budget().suspend(weight);
        resumedBy = null;
        resumedFrom = null;
        state.position(before);
        state.running(resumer);
        return result(signal);
    }

    private @Nullable Object[] result(Signal signal) {
        if (signal.kind() == Kind.YIELD) {
            return signal.values();
        }
        over = true;
        frame = null;
        Throwable failure = signal.failure();
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
        return signal.values();
    }

    /** Does for it what only the execution's own thread may do; which may be one further up. */
    private Signal done(Signal signal, @Nullable LuaCoroutine resumer) {
        Supplier<@Nullable Object[]> task = signal.task();
        try {
            if (task == null) {
                throw new IllegalStateException("task=null, expected one");
            }
            @Nullable Object[] values = resumer == null ? task.get() : resumer.inOwnThread(task);
            return new Signal(Kind.RESUME, values, null, null);
        } catch (RuntimeException | Error e) {
            return new Signal(Kind.FAIL, LuaFunction.NOTHING, e, null);
        }
    }

    private void begin() {
        if (started) {
            return;
        }
        if (state.liveCoroutines() >= MAX_FOR_EXECUTION || !THREADS.tryAcquire()) {
            throw new LuaError(LuaString.of("too many coroutines"), null, -1);
        }
        started = true;
        Thread made = new Thread(null, this::execute, "hotpair-script-coroutine", STACK_BYTES);
        made.setDaemon(true);
        thread = made;
        try {
            made.start();
        } catch (OutOfMemoryError e) {
            // The host has no more threads; there is nobody to end it.
            thread = null;
            over = true;
            THREADS.release();
            throw new LuaError(LuaString.of("too many coroutines"), null, -1);
        }
    }

    /** Ends it, if it has not ended. Called when the execution is over. */
    void end() {
        Thread present = thread;
        if (present == null || over) {
            return;
        }
        over = true;
        send(toIt, new Signal(Kind.END, LuaFunction.NOTHING, null, null));
        Signal unused = receive(fromIt);
    }

    // ---- its own side

    private void execute() {
        Signal last;
        try {
            Signal first = receive(toIt);
            last =
                    first.kind() == Kind.END
                            ? first
                            : new Signal(
                                    Kind.RETURN, function.call(state, first.values()), null, null);
        } catch (StackOverflowError e) {
            last =
                    new Signal(
                            Kind.FAIL,
                            LuaFunction.NOTHING,
                            new LuaError(LuaString.of("stack overflow"), null, -1),
                            null);
        } catch (RuntimeException | Error e) {
            last = new Signal(Kind.FAIL, LuaFunction.NOTHING, e, null);
        }
        // Before the other side goes on, so that it finds the thread free again.
        THREADS.release();
        send(fromIt, last);
    }

    @Nullable Object[] suspend(@Nullable Object[] values) {
        return exchange(new Signal(Kind.YIELD, values, null, null));
    }

    /** Has something done by the thread that the execution belongs to. */
    @Nullable Object[] inOwnThread(Supplier<@Nullable Object[]> task) {
        return exchange(new Signal(Kind.TASK, LuaFunction.NOTHING, null, task));
    }

    private @Nullable Object[] exchange(Signal signal) {
        send(fromIt, signal);
        Signal answer = receive(toIt);
        if (answer.kind() == Kind.END) {
            throw new LuaStopped(Reason.KILLED);
        }
        Throwable failure = answer.failure();
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
        return answer.values();
    }

    // ---- both

    private static void send(SynchronousQueue<Signal> queue, Signal signal) {
        boolean interrupted = false;
        while (true) {
            try {
                queue.put(signal);
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static Signal receive(SynchronousQueue<Signal> queue) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return queue.take();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
