package io.hotpair.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One that waits for keys to have something for it.
 *
 * <pre>
 *   WAITING ──► SERVING ──► WAITING     nothing was found
 *      │           └──────► ENDED       something was taken for it, or it can't be any more
 *      └──────────────────► ENDED       a time-out, a cancellation, the end of the keyspace
 * </pre>
 *
 * <ul>
 *   <li><b>B1</b> Only whoever moved it to SERVING takes anything for it, so what is taken has one
 *       receiver, which has not gone: to end it meanwhile is only noted (ENDING), and happens if
 *       nothing is found.
 *   <li><b>B2</b> Who finds it SERVING says so (MISSED) and leaves; the server then serves all its
 *       keys once more, as what was missed may be for others who stand behind it.
 * </ul>
 *
 * @param <R> what it gets
 */
final class BlockedConsumer<R> {
    private static final int WAITING = 0;
    private static final int SERVING = 1;
    private static final int MISSED = 2;
    private static final int ENDING = 4;
    private static final int ENDED = 8;

    private static final VarHandle AGAIN;

    static {
        try {
            AGAIN =
                    MethodHandles.lookup()
                            .findVarHandle(BlockedConsumer.class, "again", Again.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** What came of an attempt. */
    enum Served {
        /** It waits no more, and this attempt ended it. */
        ENDED,
        /** It was not waiting any more. */
        GONE,
        /** It goes on waiting. */
        NOTHING,
        /** It goes on waiting, and should be served again soon though nothing changes. */
        LATER,
        /** Somebody else is at it, and sees to its keys afterwards. */
        BUSY
    }

    /** Tries to take something. */
    interface Attempt<R> {
        /** Gives what was found in a key that has changed, or null. */
        @Nullable R on(byte[] key);
    }

    /** Thrown by an attempt that could not be made now. */
    static final class TryLater extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** Thrown where there may be no memory for another one; it says nothing of the place. */
        @SuppressWarnings("StaticAssignmentOfThrowable")
        static final TryLater INSTANCE = new TryLater();

        private TryLater() {
            super("try later", null, false, false);
        }
    }

    /** That it is to be served at some time. */
    static final class Again {
        final long atMs;
        Timers.@Nullable Key timer;

        Again(long atMs) {
            this.atMs = atMs;
        }
    }

    final BlockedConsumers all;

    /** Where it stands, by its keys; null for a key that was given before. */
    final BlockedConsumers.@Nullable Place[] places;

    final Rivals rivals;
    long ticket;
    Timers.@Nullable Key timer;

    /** Set by whoever serves it, taken back by its timer. Most never have one. */
    private volatile @Nullable Again again;

    /** The next one that has ended, in a list of those who are to be finished. */
    @Nullable BlockedConsumer<?> next;

    private final Attempt<R> attempt;
    private final @Nullable Thread parked;
    private final AtomicInteger state = new AtomicInteger(SERVING);
    private final AtomicReference<@Nullable Runnable> ending = new AtomicReference<>();
    private @Nullable Runnable whenServed;
    private @Nullable R result;
    private @Nullable Throwable failure;
    private boolean served;
    private volatile boolean done;

    /**
     * Creates one that nobody can serve or end before it {@link #begin begins}.
     *
     * @param keyCount how many keys it waits for
     * @param parked the thread that waits for {@link #isDone}; null if none does
     */
    BlockedConsumer(
            BlockedConsumers all,
            int keyCount,
            Rivals rivals,
            Attempt<R> attempt,
            @Nullable Thread parked) {
        this.all = all;
        this.rivals = rivals;
        this.attempt = attempt;
        this.parked = parked;
        places = new BlockedConsumers.@Nullable Place[keyCount];
    }

    /** When it is to be served though nothing changes; null for never. */
    @Nullable Again again() {
        return again;
    }

    /** Sets that moment, unless it is not the one any more that was seen last. */
    boolean replaceAgain(@Nullable Again seen, @Nullable Again next) {
        return AGAIN.compareAndSet(this, seen, next);
    }

    /** Has something done when an attempt has ended the wait; not in the middle of serving. */
    void whenServed(Runnable then) {
        whenServed = then;
    }

    // ---- by whoever serves

    /**
     * Tries once, unless somebody else does.
     *
     * @param key a key that has changed; copied, as what is found may name it
     * @param ifMissed called if somebody missed it meanwhile; must not throw, as something may have
     *     been taken
     */
    Served tryServe(byte[] key, Consumer<BlockedConsumer<?>> ifMissed) {
        byte[] own = key.clone();
        int seen = state.get();
        while (seen != WAITING || !state.compareAndSet(WAITING, SERVING)) {
            if ((seen & ENDED) != 0) {
                return Served.GONE;
            }
            if ((seen & SERVING) != 0 && state.compareAndSet(seen, seen | MISSED)) {
                return Served.BUSY;
            }
            seen = state.get();
        }
        boolean later = false;
        try {
            result = attempt.on(own);
            served = result != null;
        } catch (TryLater e) {
            later = true;
        } catch (RuntimeException | Error e) {
            failure = e;
            served = true;
        }
        // Asked before others can serve it, who may find something at once.
        boolean servedHere = served;
        int left = leaveServing();
        if ((left & MISSED) != 0) {
            ifMissed.accept(this);
        }
        if (servedHere || (left & ENDING) != 0) {
            return Served.ENDED;
        }
        return later ? Served.LATER : Served.NOTHING;
    }

    /** Lets others serve and end it; returns the state until then. */
    private int leaveServing() {
        while (true) {
            int seen = state.get();
            boolean ends = served || (seen & ENDING) != 0;
            if (state.compareAndSet(seen, ends ? ENDED : WAITING)) {
                return seen;
            }
        }
    }

    /** Begins the wait; false if it has ended by now. */
    boolean begin() {
        return (leaveServing() & ENDING) == 0;
    }

    /** Whether a thread is parked until it is done: nothing of a user's runs when it ends. */
    boolean isParked() {
        return parked != null;
    }

    /** Tells whoever waits that it has ended. Once more does no harm. */
    void finish() {
        finish(served ? whenServed : ending.get());
    }

    private void finish(@Nullable Runnable how) {
        if (how != null) {
            how.run();
        }
        done = true;
        LockSupport.unpark(parked);
    }

    // ---- by anybody

    /**
     * Ends the wait, if nothing is being taken for it.
     *
     * @param how what is to happen then, here or, if an attempt is being made which finds nothing,
     *     in the thread that makes it
     * @return whether it has ended so; false if it had ended before, or if an attempt is being made
     */
    boolean end(Runnable how) {
        while (true) {
            int seen = state.get();
            if ((seen & (ENDED | ENDING)) != 0) {
                return false;
            }
            if (seen == WAITING) {
                if (state.compareAndSet(WAITING, ENDED)) {
                    all.leave(this);
                    finish(how);
                    return true;
                }
            } else if (!ending.compareAndSet(null, how) && ending.get() != how) {
                return false;
            } else if (state.compareAndSet(seen, seen | ENDING)) {
                return false;
            }
        }
    }

    /** As {@link #end}, for a reason that whoever waits is told. */
    void abort(RuntimeException reason) {
        boolean unused =
                end(
                        () -> {
                            failure = reason;
                            Runnable then = whenServed;
                            if (then != null) {
                                then.run();
                            }
                        });
    }

    boolean isDone() {
        return done;
    }

    /** What was taken; null if nothing was. To be asked when it is done, or has been served. */
    @Nullable R result() {
        return result;
    }

    /** Why nothing can be; null unless it failed. */
    @Nullable Throwable failure() {
        return failure;
    }
}
