package io.hotpair.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * The ring between those who write and the log: its positions are the opIds.
 *
 * <pre>
 *   taken                                    tail
 *     │   drained in order by the log role     │  claimed by fetch-add
 *     ▼                                        ▼
 *   [ rec 41 ][ SKIP ][ rec 43 ][ EMPTY 44 ] ...
 *
 *   slot of opId p:  EMPTY(p) ─► record ─► EMPTY(p + capacity)
 *                        │          └────► SKIP ─► EMPTY(p + capacity)   another number came first
 *                        └───────────────► POISON ─► EMPTY(p + capacity) claimed, but long empty
 * </pre>
 *
 * <ul>
 *   <li><b>N1</b> Installing a record comes first, numbering it second; whoever meets a record
 *       without its number numbers it before acting on it (I3). So with LP(w) = the fetch-add that
 *       gave w its version: install(w) &lt; LP(w) &lt; the version's CAS &lt;= the return of
 *       whatever depends on w. A successor of w installs only after w's version is set: the order
 *       of opIds is the order of each key, and extends to a linearisation of all point operations.
 *   <li><b>N2</b> A record's version is set by one CAS from 0. Of several claims for it one is p =
 *       version; the others' slots become SKIP.
 *   <li><b>N3</b> A claimer resolves its slot (record numbered, or SKIP) before it leaves its
 *       epoch. So a record that stands in a slot, as seen by two loads around a load of its
 *       version, was not freed before the second load, and the version belongs to it.
 *   <li><b>N4</b> A slot is written for position p only from EMPTY(p), which the log role stores
 *       when it has taken p - capacity. So a claimer that was stopped for a whole lap can't write
 *       into a later lap, and one that is early waits for its turn.
 *   <li><b>N5</b> The log role helps: it numbers a record that it finds in a slot without a
 *       version, and poisons a slot that stays empty, so that no stopped claimer can hold the log
 *       up.
 * </ul>
 *
 * <table>
 *   <caption>What is published how</caption>
 *   <tr><td>CAS of a slot</td><td>volatile load by the log role</td><td>the record, whole</td></tr>
 *   <tr><td>CAS of a version</td><td>volatile load by anybody</td><td>the place in the order</td></tr>
 *   <tr><td>volatile store of taken</td><td>load by whoever frees</td><td>the log has its copy</td></tr>
 * </table>
 *
 * <p>Writers and the log role share no cache line but those through which they talk: the counters
 * and the role's own place stand apart from each other. The role reads the tail when it has come to
 * the last one that it knows, and asks for records some places ahead, each of which is a cache miss
 * to it. Such a record may be free by then, or another one: by N3 its memory is still there, and
 * nothing is made of what was read.
 *
 * <p>Progress: numbering is lock-free but for a full ring, where it waits for the log role; writers
 * ask {@link #hasRoom()} before they hold anything, and what is kept free beyond that is for
 * helpers.
 */
final class OperationRing implements Numbering {
    static final int CAPACITY = 1 << 15;
    private static final int HELPER_RESERVE = CAPACITY / 4;
    private static final int MASK = CAPACITY - 1;
    private static final long SKIP = 2;
    private static final long POISON = 3;
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    /** Two cache lines, since processors fetch them in pairs. */
    private static final int STRIDE = 16;

    private static final int TAIL = STRIDE;
    private static final int TAKEN = 2 * STRIDE;

    // Used by the log role only.
    private static final int POSITION = 3 * STRIDE;
    private static final int RECORD = POSITION + 1;
    private static final int SEEN_TAIL = POSITION + 2;
    private static final int FETCHED = POSITION + 3;

    /** How many places ahead the log role asks for a record. */
    private static final int AHEAD = 8;

    /** What the log role finds at the next position. */
    enum Next {
        /** Nothing was claimed. */
        NONE,
        /** Claimed, but nothing is there yet. */
        PENDING,
        /** The position holds no operation. */
        GAP,
        /** {@link OperationRing#record()} is the operation of {@link OperationRing#position()}. */
        RECORD
    }

    private final Mem mem;
    private final long[] slots = new long[CAPACITY];
    private final long[] cells = new long[POSITION + 2 * STRIDE];

    OperationRing(Mem mem) {
        this.mem = mem;
        reset(0);
    }

    /**
     * Starts anew after an opId. Nobody may be inside an operation, and nothing may be in the ring.
     *
     * @param opId the last one given so far
     */
    void reset(long opId) {
        for (long p = opId + 1; p <= opId + CAPACITY; p++) {
            SLOT.setVolatile(slots, (int) p & MASK, empty(p));
        }
        CELL.setVolatile(cells, TAKEN, opId);
        cells[POSITION] = opId + 1;
        cells[SEEN_TAIL] = opId + 1;
        CELL.setVolatile(cells, TAIL, opId + 1);
    }

    private static long empty(long p) {
        return (p << 4) | 1;
    }

    /** Stops numbering: from now on, records come with opIds that the log holds already. */
    void suspend() {
        CELL.setVolatile(cells, TAKEN, Long.MAX_VALUE);
    }

    /** Whether a writer may begin. */
    boolean hasRoom() {
        return tail() - takenOpId() < CAPACITY - HELPER_RESERVE;
    }

    /** The next position that will be claimed. */
    private long tail() {
        return (long) CELL.getVolatile(cells, TAIL);
    }

    @Override
    public long number(long record) {
        while (true) {
            long version = Records.version(mem, record);
            if (version != 0) {
                return version;
            }
            long p = (long) CELL.getAndAdd(cells, TAIL, 1L);
            if (!claim(p, record)) {
                continue;
            }
            if (Records.number(mem, record, p)) {
                return p;
            }
            version = Records.version(mem, record);
            if (version != p) {
                // Another number came first (N2). If it was p, the log role helped (N5).
                SLOT.compareAndSet(slots, (int) p & MASK, record, SKIP);
            }
            return version;
        }
    }

    /** Puts a record into a position; false if the position was poisoned. */
    private boolean claim(long p, long record) {
        int at = (int) p & MASK;
        while (!SLOT.compareAndSet(slots, at, empty(p), record)) {
            if (takenOpId() >= p || isPoisoned(p, at)) {
                return false;
            }
            // The lap before has not been taken yet (N4).
            LockSupport.parkNanos(this, 10_000);
        }
        return true;
    }

    /** A poison of the lap before is gone before {@code taken} says that the lap was taken. */
    private boolean isPoisoned(long p, int at) {
        return takenOpId() >= p - CAPACITY && (long) SLOT.getVolatile(slots, at) == POISON;
    }

    @Override
    public long takenOpId() {
        return (long) CELL.getVolatile(cells, TAKEN);
    }

    @Override
    public long lastOpId() {
        return tail() - 1;
    }

    /** Looks at the next position, for the log role, inside an epoch. */
    Next peek() {
        long position = cells[POSITION];
        if (position >= cells[SEEN_TAIL]) {
            cells[SEEN_TAIL] = tail();
            if (position >= cells[SEEN_TAIL]) {
                return Next.NONE;
            }
        }
        int at = (int) position & MASK;
        long content = (long) SLOT.getVolatile(slots, at);
        if (content == empty(position)) {
            return Next.PENDING;
        }
        if (content == SKIP || content == POISON) {
            return Next.GAP;
        }
        long version = Records.version(mem, content);
        if ((long) SLOT.getVolatile(slots, at) != content) {
            return Next.GAP;
        }
        if (version == 0) {
            Records.number(mem, content, position);
            version = Records.version(mem, content);
        }
        if (version != position) {
            return Next.GAP;
        }
        cells[RECORD] = content;
        return Next.RECORD;
    }

    /** Whether nothing is claimed that was not passed; for anybody, and out of date at once. */
    boolean isEmpty() {
        return tail() - 1 <= takenOpId();
    }

    /** The position that was last peeked at. */
    long position() {
        return cells[POSITION];
    }

    /** The record found there. */
    long record() {
        return cells[RECORD];
    }

    /** Gives up on a position that was claimed but stays empty. */
    void poison() {
        long position = cells[POSITION];
        SLOT.compareAndSet(slots, (int) position & MASK, empty(position), POISON);
    }

    /** Goes on to the next position. What was passed is still held until {@link #release()}. */
    void advance() {
        long position = ++cells[POSITION];
        if (position + AHEAD < cells[SEEN_TAIL]) {
            fetch(position + AHEAD);
        }
    }

    /** Has the record of a position on its way into the cache. */
    private void fetch(long p) {
        long content = (long) SLOT.getVolatile(slots, (int) p & MASK);
        boolean isRecord = (content & (Long.BYTES - 1)) == 0;
        if (isRecord) {
            cells[FETCHED] += mem.getLong(content);
        }
    }

    /** Gives back every position that was passed, with its record. */
    void release() {
        long position = cells[POSITION];
        long taken = takenOpId();
        if (taken >= position - 1) {
            // Nothing was passed; or numbering is suspended, and nothing ever will be.
            return;
        }
        for (long p = taken + 1; p < position; p++) {
            SLOT.setRelease(slots, (int) p & MASK, empty(p + CAPACITY));
        }
        CELL.setVolatile(cells, TAKEN, position - 1);
    }
}
