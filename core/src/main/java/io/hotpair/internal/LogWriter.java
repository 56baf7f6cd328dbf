package io.hotpair.internal;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.FrameEncoder;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationType;
import io.hotpair.topology.Lease;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes operations from the ring to the log. Whoever holds the <em>log role</em> does it: mostly
 * the thread that runs this, but a writer that waits for its operation to be logged takes the role
 * when it is free, and so spares itself two hand-overs between threads.
 *
 * <p>Only the holder touches the ring's reading side, the log's appending side and the fields below
 * that say so. A batch is one frame. What was encoded is copied, so the ring gives records back as
 * soon as a frame is appended, and no epoch is held while the log writes.
 *
 * <p>While writes come, the thread naps between two batches, and nobody wakes it but who waits for
 * its operation and finds neither the role free nor the operation logged ({@link #help}). To be
 * woken for each write would cost a writer who waits for nothing more than his write, and make
 * batches of one. Only when a nap has passed in which nothing was logged at all it sleeps until it
 * is woken.
 *
 * <pre>
 *   AWAKE ──► NAPPING   for {@value #NAP_NS} to {@value #MAX_NAP_NS} ns; woken by who waits
 *     ▲  └──► PARKED    woken by any writer
 *     └── each sets it first and looks into the ring afterwards, a writer the other way round
 * </pre>
 *
 * <p>While the log has no room, what was taken from the ring for it waits in its encoded form, and
 * is tried again; new writes are refused from a little before that on, until there is room. While
 * the heap has no room for an operation to be encoded, it waits in the ring.
 *
 * <p>A failure of the log is final: from then on what the ring holds is thrown away, so that nobody
 * hangs, writes are refused, and every watermark stops.
 */
final class LogWriter implements Runnable {
    private static final Logger LOGGER = LoggerFactory.getLogger(LogWriter.class);
    private static final long POISON_AFTER_NS = 2_000_000;
    private static final long IDLE_PARK_NS = 100_000_000;
    private static final long SHORT_PARK_NS = 10_000_000;
    private static final long BLOCKED_PARK_NS = 100_000;
    private static final long NAP_NS = 50_000;
    private static final long MAX_NAP_NS = 1_000_000;
    private static final int SPINS_OF_HELPER = 50;
    private static final long RETRY_NS = 20_000_000;

    /** Each try has the JVM collect all of its garbage. */
    private static final long HEAP_RETRY_NS = 1_000_000_000;

    /** Not a part of what it belongs to, which writers look at: it changes with each batch. */
    private static final class Role {
        private volatile boolean isTaken;
    }

    /** What came of an attempt to take a batch to the log. */
    private enum Drained {
        /** Somebody else holds the role. */
        NOT,
        /** Nothing moved. */
        NOTHING,
        SOME
    }

    /** How the log's thread rests. */
    private enum Rest {
        AWAKE,
        NAPPING,
        PARKED
    }

    private static final VarHandle TAKEN;

    static {
        try {
            TAKEN = MethodHandles.lookup().findVarHandle(Role.class, "isTaken", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Engine engine;
    private final OperationRing ring;
    private final OperationLog log;
    private final Clock clock;
    private final OpIdWatermark logged;
    private final List<OpIdWatermark> ofPair;
    private final Forcer forcer;

    private final Role role = new Role();

    /** The highest opId that somebody waits for who found the role taken. */
    private final AtomicLong wanted = new AtomicLong();

    private volatile Rest rest = Rest.AWAKE;
    private volatile boolean stopped;
    private volatile boolean isShort;
    private volatile @Nullable Thread thread;
    private volatile @Nullable HotpairException failure;

    /**
     * What the log failed by, for whoever holds the role next, if it could not be said to all then,
     * for want of stack or of heap.
     */
    private volatile @Nullable Throwable broken;

    /** Whether all who are to know of the failure know. Guarded by this. */
    private boolean isFailed;

    // Used by the holder of the role only.

    /** Where it is inside an epoch; whoever had no stack to leave it leaves it to the next. */
    private @Nullable Stripe inside;

    private final FrameEncoder encoder = new FrameEncoder();
    private final FrameBuffer fragment = new FrameBuffer();
    private long term;
    private @Nullable Lease lease;
    private long lastAppended;
    private long lastTimestampMs;
    private long pendingPosition;
    private long pendingSinceNs;
    private boolean isEncoded;
    private int nextFragment;
    private long refusedNs;
    private long noHeapNs;
    private boolean isNoHeapTold;

    LogWriter(
            Engine engine,
            OperationRing ring,
            OperationLog log,
            Clock clock,
            long forceIntervalNs,
            OpIdWatermark logged,
            OpIdWatermark durable,
            List<OpIdWatermark> ofPair) {
        this.engine = engine;
        this.ring = ring;
        this.log = log;
        this.clock = clock;
        this.logged = logged;
        this.ofPair = ofPair;
        forcer = new Forcer(log, clock, forceIntervalNs, durable, this::fail);
    }

    Forcer forcer() {
        return forcer;
    }

    // ---- the log role

    boolean tryTakeRole() {
        return !role.isTaken && TAKEN.compareAndSet(role, false, true);
    }

    /** Takes the role, however long its holder needs: an append, or a force. */
    void takeRole() {
        while (!tryTakeRole()) {
            LockSupport.parkNanos(this, 20_000);
        }
    }

    void leaveRole() {
        role.isTaken = false;
    }

    // ---- by the holder of the role

    /** Goes on after what the log holds, in a term. */
    void begin(long inTerm, Lease underLease) {
        term = inTerm;
        lease = underLease;
        lastAppended = log.lastOpId();
        isEncoded = false;
        wanted.set(0);
        ring.reset(lastAppended);
    }

    /** Whether all that was written is in the log. */
    boolean isIdle() {
        return !isEncoded && ring.isEmpty();
    }

    /**
     * Appends what is in the ring until it is empty, the lease has ended, or there is no room, be
     * it on the disk or on the heap.
     */
    void drainAll() {
        refusedNs = 0;
        noHeapNs = 0;
        while (mayAppend() && !isIdle() && refusedNs == 0 && noHeapNs == 0) {
            drain();
        }
    }

    private boolean mayAppend() {
        Lease held = lease;
        return failure == null && held != null && held.isValid();
    }

    /** Throws away what is in the ring, and stops numbering. Nobody is inside an operation. */
    long discardAll() {
        long count = isEncoded ? encoder.count() : 0;
        isEncoded = false;
        Stripe stripe = engine.stripes().enter();
        try {
            for (OperationRing.Next next = ring.peek();
                    next != OperationRing.Next.NONE;
                    next = ring.peek()) {
                if (next == OperationRing.Next.RECORD) {
                    engine.releaseEffect(stripe, ring.record());
                    count++;
                }
                ring.advance();
            }
        } finally {
            engine.stripes().leave(stripe);
        }
        lease = null;
        ring.suspend();
        return count;
    }

    /**
     * Takes one batch to the log.
     *
     * @return whether anything moved
     */
    private boolean drain() {
        endWhatWasBegun();
        if (!mayAppend()) {
            return failure != null && discardFailed();
        }
        try {
            boolean moved = isEncoded || encode();
            if (isEncoded && !append()) {
                return false;
            }
            ring.release();
            logged.raise(lastAppended);
            forcer.signal();
            watchSpace();
            return moved;
        } catch (RuntimeException | Error e) {
            // Whatever was passed in the ring is not in the log: going on would leave a hole. That
            // is said first, by a store: a writer who helps may have no stack for anything else.
            broken = e;
            fail(e);
            return true;
        }
    }

    /** Ends what somebody began who had no stack left. */
    private void endWhatWasBegun() {
        Stripe stripe = inside;
        if (stripe != null) {
            engine.stripes().leave(stripe);
            inside = null;
        }
        Throwable cause = broken;
        if (cause != null) {
            fail(cause);
        }
    }

    /** Encodes the next batch, if there is one; returns whether anything moved. */
    private boolean encode() {
        encoder.begin(term, lastAppended);
        boolean moved = fill();
        isEncoded = encoder.count() > 0;
        nextFragment = 0;
        return moved;
    }

    private boolean discardFailed() {
        Stripe stripe = engine.stripes().enter();
        inside = stripe;
        try {
            boolean moved = false;
            for (OperationRing.Next next = ring.peek();
                    next == OperationRing.Next.RECORD || next == OperationRing.Next.GAP;
                    next = ring.peek()) {
                if (next == OperationRing.Next.RECORD) {
                    engine.releaseEffect(stripe, ring.record());
                }
                ring.advance();
                moved = true;
            }
            ring.release();
            return moved;
        } finally {
            engine.stripes().leave(stripe);
            inside = null;
        }
    }

    private boolean fill() {
        boolean moved = false;
        Stripe stripe = engine.stripes().enter();
        inside = stripe;
        try {
            while (encoder.length() < FrameDescriptor.BATCH_LENGTH) {
                OperationRing.Next next = ring.peek();
                if (next == OperationRing.Next.NONE
                        || (next == OperationRing.Next.PENDING && !poisonIfStuck())
                        || (next == OperationRing.Next.RECORD && !encode(ring.record()))) {
                    return moved;
                }
                if (next == OperationRing.Next.RECORD) {
                    engine.releaseEffect(stripe, ring.record());
                }
                if (next != OperationRing.Next.PENDING) {
                    ring.advance();
                    moved = true;
                }
            }
            return moved;
        } finally {
            engine.stripes().leave(stripe);
            inside = null;
        }
    }

    /** N5: a claimer that was stopped between claiming and writing must not stop the log. */
    private boolean poisonIfStuck() {
        long nowNs = clock.nanoTime();
        if (pendingPosition != ring.position()) {
            pendingPosition = ring.position();
            pendingSinceNs = nowNs;
        }
        if (nowNs - pendingSinceNs < POISON_AFTER_NS) {
            return false;
        }
        ring.poison();
        return true;
    }

    /** Encodes a record; false if it must begin a frame of its own, or the heap has no room. */
    private boolean encode(long record) {
        Mem mem = engine.mem();
        long effect = Records.effect(mem, record);
        long contentLength =
                effect == 0
                        ? (long) Records.keyLength(mem, record) + Records.valueLength(mem, record)
                        : mem.getLong(effect);
        if (encoder.count() > 0
                && encoder.length() + contentLength > FrameDescriptor.MAX_LENGTH / 2) {
            return false;
        }
        if (noHeapNs != 0 && clock.nanoTime() - noHeapNs < HEAP_RETRY_NS) {
            return false;
        }
        int at;
        try {
            at = effect == 0 ? begin(mem, record) : encoder.beginGroup(groupLength(contentLength));
        } catch (OutOfMemoryError e) {
            noteNoHeap(contentLength);
            return false;
        }
        noHeapNs = 0;
        isNoHeapTold = false;
        if (effect == 0) {
            encodeRecord(mem, record, at);
        } else {
            int length = groupLength(contentLength);
            mem.copyOut(effect + Long.BYTES, encoder.bytes(), at, length);
            encoder.commitGroup(length, ring.position());
        }
        return true;
    }

    private static int groupLength(long effectLength) {
        return (int) effectLength - Long.BYTES;
    }

    /**
     * That the heap has no room just now is no failure of the log's: the application may have taken
     * it for a moment. The operation stays in the ring, and those after it; when that is full, who
     * writes waits, and gives up as he does when the disk is slow.
     */
    private void noteNoHeap(long contentLength) {
        noHeapNs = clock.nanoTime() | 1;
        if (isNoHeapTold) {
            return;
        }
        try {
            LOGGER.error(
                    "the Java heap has no room for an operation of {} bytes that is to be logged;"
                            + " it is tried again every second, and what was written since waits"
                            + " with it",
                    contentLength);
            isNoHeapTold = true;
        } catch (OutOfMemoryError e) {
            // Then it is told at the next try.
        }
    }

    private int begin(Mem mem, long record) {
        return encoder.beginOperation(
                type(Records.type(mem, record)),
                ring.position(),
                Records.deadlineMs(mem, record),
                Records.keyLength(mem, record),
                Records.valueLength(mem, record));
    }

    private void encodeRecord(Mem mem, long record, int at) {
        int keyLength = Records.keyLength(mem, record);
        int valueLength = Records.valueLength(mem, record);
        mem.copyOut(
                record + Records.keyOffset(mem, record),
                encoder.bytes(),
                at,
                keyLength + valueLength);
        encoder.commitOperation();
    }

    private static OperationType type(int recordType) {
        return switch (recordType) {
            case Records.STRING -> OperationType.SET;
            case Records.TOMBSTONE -> OperationType.DELETE;
            case Records.BARRIER -> OperationType.TERM_BARRIER;
            default -> throw new IllegalStateException("record type=" + recordType);
        };
    }

    /** Appends what is encoded; false if there was no room for all of it. */
    private boolean append() {
        if (refusedNs != 0 && clock.nanoTime() - refusedNs < RETRY_NS) {
            return false;
        }
        try {
            appendFragments();
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.DISK_FULL) {
                throw e;
            }
            refusedNs = clock.nanoTime();
            watchSpace();
            return false;
        }
        refusedNs = 0;
        isEncoded = false;
        lastAppended = encoder.lastOpId();
        encoder.clear();
        return true;
    }

    private void appendFragments() {
        int fragments = encoder.fragmentCount();
        if (nextFragment == 0) {
            lastTimestampMs = Math.max(lastTimestampMs, clock.currentTimeMs());
        }
        for (; nextFragment < fragments; nextFragment++) {
            if (fragments == 1) {
                log.append(encoder.seal(lastTimestampMs));
            } else {
                encoder.fragment(nextFragment, lastTimestampMs, fragment);
                log.append(fragment);
            }
        }
    }

    /** Refuses writes while the log is short of space, and takes them again afterwards. */
    private void watchSpace() {
        boolean isShortNow = isEncoded || log.isShortOfSpace();
        if (isShortNow) {
            engine.changeMode(
                    mode ->
                            mode.isMaster() && mode.refusal() == null
                                    ? mode.refusing(
                                            HotpairException.Category.DISK_FULL,
                                            "the log's file system has too little room left")
                                    : mode);
        } else if (isShort) {
            engine.changeMode(
                    mode ->
                            mode.refusalCategory() == HotpairException.Category.DISK_FULL
                                    ? mode.accepting()
                                    : mode);
        }
        isShort = isShortNow;
    }

    /** Stops numbering again, for a promotion that came to nothing. */
    void abandon() {
        lease = null;
        ring.suspend();
    }

    /** Timestamps never go back, whoever's clock they are from. */
    void noteTimestamp(FrameBuffer frame) {
        lastTimestampMs = Math.max(lastTimestampMs, FrameDescriptor.timestampMs(frame));
    }

    /** Appends a frame of the master's, on a replica. */
    void append(FrameBuffer frame) {
        try {
            log.append(frame);
            noteTimestamp(frame);
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.DISK_FULL) {
                fail(e);
            }
            throw e;
        }
        lastAppended = log.lastOpId();
    }

    /**
     * Ends the log for writing, whoever finds that it failed; what is said first stays. Begun again
     * by whoever holds the role next, where it ended with an error, for want of stack or of heap.
     */
    synchronized void fail(Throwable cause) {
        if (isFailed) {
            return;
        }
        if (broken == null) {
            broken = cause;
        }
        HotpairException reason = failure;
        if (reason == null) {
            reason =
                    cause instanceof HotpairException hotpair
                            ? hotpair
                            : new HotpairException(
                                    HotpairException.Category.LOG_FAILED, cause.toString(), cause);
            failure = reason;
        }
        LOGGER.error(
                "log failed, the keyspace takes no more writes: {}", reason.getMessage(), cause);
        refuse(reason);
        logged.close();
        forcer.close();
        ofPair.forEach(OpIdWatermark::close);
        isFailed = true;
    }

    private void refuse(HotpairException reason) {
        engine.changeMode(
                mode ->
                        mode.closed()
                                ? mode
                                : mode.refusing(
                                        HotpairException.Category.LOG_FAILED,
                                        "the log failed: " + reason.getMessage()));
    }

    /** A force may fail at any time: whoever lets writes in asks afterwards. */
    void refuseIfFailed() {
        HotpairException known = failure;
        if (known != null) {
            refuse(known);
        }
    }

    // ---- by anybody

    /** Why the log takes nothing any more, or null. */
    @Nullable HotpairException failure() {
        return failure;
    }

    /** Tells the log's thread that there is something to do, if it sleeps until it is told. */
    void signal() {
        if (rest == Rest.PARKED) {
            wake();
        }
    }

    /** Tells it that somebody waits, if it rests at all. */
    private void urge() {
        if (rest != Rest.AWAKE) {
            wake();
        }
    }

    private void wake() {
        LockSupport.unpark(thread);
    }

    /**
     * Takes the log role if it is free and drains the ring until it is empty or an operation is
     * logged. If that is left to somebody else, the operation is logged without delay all the same:
     * who waits says so before he looks at the role once more, and whoever leaves the role looks at
     * what is wanted afterwards.
     */
    void help(long opId) {
        int spins = 0;
        while (logged.get() < opId) {
            Drained drained = tryDrain();
            if (drained == Drained.NOT) {
                if (wanted.get() >= opId) {
                    break;
                }
                wanted.accumulateAndGet(opId, Math::max);
            } else if (drained == Drained.NOTHING) {
                // Somebody is about to number a record, or there is nothing, or no room.
                if (ring.isEmpty() || ++spins > SPINS_OF_HELPER) {
                    break;
                }
                Thread.onSpinWait();
            }
        }
        long present = logged.get();
        if (!ring.isEmpty() && (present < opId || present < wanted.get())) {
            urge();
        } else {
            // Others may have written while this thread held the role, and found nobody to signal.
            signal();
        }
    }

    /**
     * Takes one batch to the log, unless somebody else holds the role. What takes the role leaves
     * it in the same frame, without a call: where a writer's stack ends, the role would stay taken.
     */
    private Drained tryDrain() {
        if (!tryTakeRole()) {
            return Drained.NOT;
        }
        try {
            return drain() ? Drained.SOME : Drained.NOTHING;
        } finally {
            role.isTaken = false;
        }
    }

    // ---- the log's own thread

    @Override
    public void run() {
        thread = Thread.currentThread();
        long seen = logged.get();
        long napNs = NAP_NS;
        while (!stopped) {
            if (work()) {
                napNs = NAP_NS;
                continue;
            }
            long present = logged.get();
            if (present != seen) {
                prepare();
            }
            rest(present == seen ? Rest.PARKED : Rest.NAPPING, napNs);
            // As long as those who wait take everything to the log there is less and less to do.
            napNs = Math.min(napNs * 2, MAX_NAP_NS);
            seen = present;
        }
    }

    /** Beside those who append, so that they need not do it. */
    private void prepare() {
        try {
            log.prepare();
        } catch (RuntimeException | Error e) {
            // Said in the next round: this thread must not end where that can't be done now.
            broken = e;
        }
    }

    private boolean work() {
        try {
            return tryDrain() == Drained.SOME;
        } catch (RuntimeException | Error e) {
            if (broken == null) {
                broken = e;
            }
            return false;
        }
    }

    private void rest(Rest how, long napNs) {
        rest = how;
        // Whoever claims a number, or wants one, after this load sees how this thread rests.
        if (!ring.isEmpty()) {
            rest = Rest.PARKED;
            LockSupport.parkNanos(this, BLOCKED_PARK_NS);
        } else {
            // While the log is short of space nobody writes, so nobody wakes who looks for room.
            long parkNs = isShort ? SHORT_PARK_NS : IDLE_PARK_NS;
            LockSupport.parkNanos(this, how == Rest.NAPPING ? napNs : parkNs);
        }
        rest = Rest.AWAKE;
        if (Thread.interrupted()) {
            LOGGER.warn("log writer was interrupted; it goes on until the keyspace is closed");
        }
    }

    void stop() {
        stopped = true;
        wake();
    }
}
