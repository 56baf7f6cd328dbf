package io.hotpair.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * Epochs for memory reclamation, and the stripes that go with them.
 *
 * <pre>
 *   globalEpoch ──► grows whenever somebody retires a batch of blocks
 *   epochs[i]       0: stripe i is free; e: its holder entered when globalEpoch was e (or less, if it
 *                   was slow between reading and claiming: that errs on the safe side)
 * </pre>
 *
 * <ul>
 *   <li><b>E1</b> A block is retired after it was unlinked, with the global epoch read after
 *       unlinking.
 *   <li><b>E2</b> It is reused only when every claimed stripe has an epoch above the one of
 *       retirement.
 *   <li><b>E3</b> So no holder that could have met it is still inside: one that claimed its stripe
 *       later than the scan reads memory after the unlinking, by the total order of the volatile
 *       accesses (unlink, read of the epoch, scan | claim, read of memory).
 * </ul>
 *
 * <p>A thread claims a stripe rather than having one, so that any number of virtual threads may
 * come, and none leaves anything behind. Claiming is one CAS on a cache line that is usually the
 * thread's own. A holder that stalls keeps its stripe and delays reclamation; all others go on with
 * other stripes. Papers: Fraser, Practical lock-freedom (2004); Li et al., FASTER (2018), for the
 * form without a three-epoch cycle.
 */
final class Stripes {
    private static final int MAX_COUNT = 1024;
    private static final int STRIDE = 16;
    private static final VarHandle EPOCH = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle GLOBAL_EPOCH;
    private static final VarHandle COUNT;
    private static final VarHandle STRIPE = MethodHandles.arrayElementVarHandle(Stripe[].class);

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            GLOBAL_EPOCH = lookup.findVarHandle(Stripes.class, "globalEpoch", long.class);
            COUNT = lookup.findVarHandle(Stripes.class, "count", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long[] epochs = new long[(MAX_COUNT + 1) * STRIDE];
    private final Stripe[] stripes = new Stripe[MAX_COUNT];
    private volatile long globalEpoch = 1;
    private volatile int count;

    Stripes(int concurrency) {
        int initial = Integer.highestOneBit(Math.max(4, concurrency * 2 - 1)) * 2;
        count = Math.min(initial, MAX_COUNT);
        for (int i = 0; i < count; i++) {
            stripes[i] = new Stripe(i);
        }
    }

    /** Claims a stripe and enters its epoch. Allocates nothing in the ordinary case. */
    Stripe enter() {
        while (true) {
            int mask = count - 1;
            int start = spread(Thread.currentThread().getId());
            for (int i = 0; i <= mask; i++) {
                int at = (start + i) & mask;
                if (claim(at)) {
                    return stripes[at];
                }
            }
            growOrYield(mask + 1);
        }
    }

    /** Claims one particular stripe if nobody has it. */
    boolean claim(int at) {
        int cell = (at + 1) * STRIDE;
        return (long) EPOCH.getOpaque(epochs, cell) == 0
                && EPOCH.compareAndSet(epochs, cell, 0L, globalEpoch);
    }

    /**
     * Leaves. Where a caller's stack may end, this call may itself fail for want of it: so whoever
     * works for one catches that, and sets {@link Stripe#isLeft}, which takes no stack. He must not
     * where the failure may come from behind this call: then somebody else may have the stripe.
     */
    void leave(Stripe stripe) {
        stripe.unbounded = false;
        stripe.compacts = false;
        if (stripe.holdsMuch) {
            stripe.forgetMuch();
        }
        try {
            EPOCH.setRelease(epochs, (stripe.index + 1) * STRIDE, 0L);
        } catch (StackOverflowError e) {
            // Any call may end so here, though not a store. Whoever reclaims memory does the rest.
            stripe.isLeft = true;
        }
    }

    /** Leaves for a holder that is done with a stripe, and had no stack left to say so. */
    private synchronized void leaveForHolder(Stripe stripe) {
        if (stripe.isLeft) {
            stripe.isLeft = false;
            try {
                leave(stripe);
            } catch (StackOverflowError e) {
                stripe.isLeft = true;
            }
        }
    }

    private static int spread(long threadId) {
        return (int) ((threadId * 0x9E3779B97F4A7C15L) >>> 48);
    }

    private void growOrYield(int full) {
        if (full == MAX_COUNT) {
            LockSupport.parkNanos(this, 10_000);
            return;
        }
        for (int i = full; i < full * 2; i++) {
            // Whoever comes second finds it there: a stripe is never replaced.
            STRIPE.compareAndSet(stripes, i, null, new Stripe(i));
        }
        COUNT.compareAndSet(this, full, full * 2);
    }

    int count() {
        return count;
    }

    Stripe stripe(int at) {
        return stripes[at];
    }

    /** The epoch with which something that was just unlinked is retired (E1). */
    long retirementEpoch() {
        return globalEpoch;
    }

    void advance() {
        GLOBAL_EPOCH.getAndAdd(this, 1L);
    }

    /** Everything retired in an epoch below this one may be reused (E2). */
    long safeEpoch() {
        long safe = globalEpoch;
        int present = count;
        for (int i = 0; i < present; i++) {
            long epoch = (long) EPOCH.getVolatile(epochs, (i + 1) * STRIDE);
            if (epoch != 0 && epoch < safe) {
                if (stripes[i].isLeft) {
                    leaveForHolder(stripes[i]);
                } else {
                    safe = epoch;
                }
            }
        }
        return safe;
    }

    /**
     * Waits until every operation that was under way at the call has left. The caller must hold no
     * stripe.
     */
    void awaitGrace() {
        advance();
        long target = globalEpoch;
        while (safeEpoch() < target) {
            LockSupport.parkNanos(this, 10_000);
        }
    }
}
