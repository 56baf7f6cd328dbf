package io.hotpair.resp.internal.lua;

import io.hotpair.resp.internal.lua.LuaStopped.Reason;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What an execution may take: steps, which are a measure of time; memory; depth. Counted where
 * something is taken, so that it ends with an error of the script and never with one of the host.
 *
 * <p>Memory is counted as it is allocated. Nobody tells when it becomes garbage, so when the sum
 * passes the limit what is alive is counted anew: the values that can be reached from the frames of
 * the running functions. If that left little room the script gets an error; else it goes on with
 * the new sum.
 */
public final class Budget {
    /** Asked from time to time whether the execution may go on. */
    @FunctionalInterface
    public interface Watch {
        /**
         * Looks at the clock, and at whoever may want to end it.
         *
         * @return why it is to end, or null if it goes on
         */
        @Nullable Reason look();
    }

    /** What an error says if a script needs more memory. */
    static final LuaString NOT_ENOUGH = LuaString.of("not enough memory");

    private static final int STEPS_BETWEEN_LOOKS = 2048;
    private static final AtomicInteger MARKS = new AtomicInteger();
    private static final int STRING_BYTES = 40;
    private static final int FUNCTION_BYTES = 48;
    private static final int CELL_BYTES = 40;

    private final Watch watch;
    private final long limitBytes;
    private final int maxWeight;
    private final boolean isProvisional;
    private final long unbrokenBytes;
    private int fuel = STEPS_BETWEEN_LOOKS;
    private long usedBytes;
    private long heldBytes;
    private int weight;
    private int suspendedWeight;
    private @Nullable LuaState state;

    /**
     * Makes one.
     *
     * @param watch asked whether it may go on
     * @param limitBytes how much memory may be alive
     * @param maxWeight how deep calls may be nested, in nodes of the tree
     * @param isProvisional whether who needs more is to be executed again elsewhere
     * @param unbrokenBytes what more than this goes through without a look at the clock needs more
     */
    public Budget(
            Watch watch,
            long limitBytes,
            int maxWeight,
            boolean isProvisional,
            long unbrokenBytes) {
        this.watch = watch;
        this.limitBytes = limitBytes;
        this.maxWeight = maxWeight;
        this.isProvisional = isProvisional;
        this.unbrokenBytes = unbrokenBytes;
    }

    void state(LuaState owner) {
        state = owner;
    }

    /**
     * What it has taken.
     *
     * @return bytes
     */
    public long usedBytes() {
        return usedBytes;
    }

    // ---- time

    void step() {
        if (--fuel < 0) {
            look();
        }
    }

    /**
     * Takes several at once.
     *
     * @param count how many
     */
    public void steps(int count) {
        fuel -= count;
        if (fuel < 0) {
            look();
        }
    }

    /**
     * Announces what goes through so many bytes in one go; more than little is not for an event
     * loop.
     *
     * @param bytes how many
     */
    public void work(long bytes) {
        if (bytes > unbrokenBytes) {
            needsMore();
        }
        steps((int) Math.min(bytes >>> 5, 1 << 20));
    }

    private void look() {
        fuel = STEPS_BETWEEN_LOOKS;
        Reason why = watch.look();
        if (why != null) {
            throw new LuaStopped(why);
        }
    }

    /** Ends one that needs what it can't have here. */
    void needsMore() {
        if (isProvisional) {
            throw new LuaStopped(Reason.TOO_LONG_HERE);
        }
    }

    // ---- depth

    /**
     * Begins a call that takes this much of the stack.
     *
     * @param nodes how many nodes of a tree take as much
     */
    public void enter(int nodes) {
        weight += nodes;
        if (weight + suspendedWeight > maxWeight) {
            weight -= nodes;
            needsMore();
            throw error("stack overflow");
        }
    }

    /**
     * Ends it.
     *
     * @param nodes as when it began
     */
    public void leave(int nodes) {
        weight -= nodes;
    }

    /** Counts the stack of a coroutine that waits, until it goes on: the same, negative. */
    void suspend(int nodes) {
        suspendedWeight += nodes;
    }

    int weight() {
        return weight;
    }

    void weight(int nodes) {
        weight = nodes;
    }

    private LuaError error(String message) {
        LuaState owner = state;
        return owner == null
                ? new LuaError(LuaString.of(message), null, -1)
                : owner.runtimeError(message);
    }

    // ---- memory

    /**
     * Takes memory.
     *
     * @param bytes how much
     */
    public void allocate(long bytes) {
        usedBytes += bytes;
        // To fill it takes time, too; whoever steps next looks at the clock.
        fuel -= (int) Math.min(bytes >>> 8, 1 << 20);
        if (usedBytes > limitBytes) {
            recount(bytes);
        }
    }

    void allocateString(long length) {
        allocate(STRING_BYTES + length);
    }

    void allocateFunction(int upvalues) {
        allocate(FUNCTION_BYTES + 8L * upvalues);
    }

    void allocateCell() {
        allocate(CELL_BYTES);
    }

    /** Checks that so much can be had, before it is made. */
    void reserve(long bytes) {
        allocate(bytes);
        usedBytes -= bytes;
    }

    /**
     * Takes memory for what is being made, which nothing that can be reached holds yet.
     *
     * @param bytes how much
     */
    public void hold(long bytes) {
        allocate(bytes);
        heldBytes += bytes;
    }

    /**
     * Gives it back.
     *
     * @param bytes how much was held
     */
    public void release(long bytes) {
        heldBytes -= bytes;
        usedBytes -= bytes;
    }

    long heldBytes() {
        return heldBytes;
    }

    void heldBytes(long bytes) {
        heldBytes = bytes;
    }

    private void recount(long asked) {
        needsMore();
        LuaState owner = state;
        long live = owner == null ? usedBytes - asked : heldBytes + new Walk().count(owner);
        // Without some room left it would be counted again and again.
        if (live + asked > limitBytes - limitBytes / 8) {
            usedBytes = live;
            throw new LuaError(NOT_ENOUGH, null, -1);
        }
        usedBytes = live + asked;
    }

    /** Goes through all that can be reached, once, and adds up what it takes. */
    private final class Walk {
        private final int mark = MARKS.incrementAndGet();
        private final ArrayDeque<Object> pending = new ArrayDeque<>();
        private long bytes;
        private int seen;

        long count(LuaState owner) {
            owner.roots(this::meet);
            while (!pending.isEmpty()) {
                inside(pending.pop());
                if (++seen % STEPS_BETWEEN_LOOKS == 0) {
                    look();
                }
            }
            return bytes;
        }

        private void meet(@Nullable Object value) {
            if (value instanceof LuaString string) {
                if (string.mark != mark) {
                    string.mark = mark;
                    bytes += STRING_BYTES + string.length();
                }
            } else if (value instanceof LuaTable table) {
                if (table.mark != mark && !table.isShared()) {
                    table.mark = mark;
                    bytes += table.bytes();
                    pending.push(table);
                }
            } else if (value instanceof LuaClosure closure) {
                if (closure.mark != mark) {
                    closure.mark = mark;
                    bytes += FUNCTION_BYTES + 8L * closure.cells().length;
                    meet(closure.prototype().tree());
                    pending.push(closure);
                }
            } else if (value instanceof Builtin builtin) {
                if (builtin.mark != mark) {
                    builtin.mark = mark;
                    bytes += FUNCTION_BYTES;
                    all(builtin.held());
                }
            } else if (value instanceof Cell || value instanceof Object[]) {
                pending.push(value);
            } else if (value instanceof LuaCoroutine coroutine && coroutine.mark != mark) {
                coroutine.mark = mark;
                bytes += LuaCoroutine.BYTES;
                coroutine.roots(this::meet);
            }
        }

        /** A tree that the execution has made itself goes when its last function goes. */
        private void meet(Tree tree) {
            if (tree.isOwned() && tree.mark != mark) {
                tree.mark = mark;
                bytes += tree.bytes();
            }
        }

        private void inside(Object value) {
            if (value instanceof LuaTable table) {
                meet(table.metatable());
                all(table.arrayPart());
                all(table.hashKeys());
                all(table.hashValues());
            } else if (value instanceof LuaClosure closure) {
                all(closure.cells());
            } else if (value instanceof Cell cell) {
                bytes += CELL_BYTES;
                meet(cell.value);
            } else if (value instanceof @Nullable Object[] values) {
                bytes += 16 + 24L * values.length;
                all(values);
            }
        }

        private void all(@Nullable Object[] values) {
            for (Object value : values) {
                if (value != null) {
                    meet(value);
                }
            }
        }
    }
}
