package io.hotpair.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of a keyspace: where runs are cut, and where stripes leave the free blocks that they
 * have too many of and take those that they lack.
 *
 * <p>A free block lies in a list of its chunk and size class, so that a chunk can be emptied and
 * given back: {@link Compactor}. The lists of a class are guarded by a flag which nobody waits for:
 * whoever finds it taken cuts a new run or keeps its blocks. So a thread that is stopped in the
 * middle delays nobody.
 *
 * <p>Segments of the index have chunks of their own: they are long and stay, so that one of them in
 * each chunk of values would be in the way of emptying any.
 */
final class Chunks {
    private static final int MAX_RUN_LENGTH = 16 << 10;
    private static final int RUNS_OF_A_CHUNK = 64;
    private static final int VALUES = 0;
    private static final int INDEX = 1;
    private static final Chunk LAST = new Chunk(0, 0);
    private static final Chunk[] NONE = new Chunk[0];

    private static final VarHandle TABLE;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            TABLE = lookup.findVarHandle(Chunks.class, "table", Chunk[].class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Mem mem;
    private final Accountant accountant;
    private final Chunk[] available = new Chunk[SizeClass.COUNT];
    private final AtomicIntegerArray flags = new AtomicIntegerArray(SizeClass.COUNT);
    private final LongAdder freeBytes = new LongAdder();

    /** Where runs are cut: of blocks for values, and of segments of the index. */
    private final AtomicReferenceArray<Chunk> current = new AtomicReferenceArray<>(2);

    /** All chunks by address. Replaced as a whole. */
    private volatile Chunk[] table = NONE;

    Chunks(Mem mem, Accountant accountant) {
        this.mem = mem;
        this.accountant = accountant;
        Arrays.fill(available, LAST);
        current.set(VALUES, LAST);
        current.set(INDEX, LAST);
    }

    /** All chunks, by address; not to be changed. */
    Chunk[] all() {
        return table;
    }

    /** Bytes in free blocks that no stripe has; for others, out of date at once. */
    long freeBytes() {
        return freeBytes.sum();
    }

    /** Bytes of which no run has been cut yet. */
    long uncutBytes() {
        long bytes = 0;
        for (int i = 0; i < current.length(); i++) {
            Chunk present = current.get(i);
            bytes += Math.max(0, present.end - present.cursor.get());
        }
        return bytes;
    }

    /** How many blocks of a class move together. */
    int batch(int sizeClass) {
        return Math.max(1, Math.min(64, runLength() / SizeClass.length(sizeClass)));
    }

    /** Where memory is short, less of it lies with those who may not need it. */
    private int runLength() {
        return Math.min(MAX_RUN_LENGTH, accountant.chunkLength() / RUNS_OF_A_CHUNK);
    }

    /** The chunk that a block is in. */
    Chunk of(long address) {
        Chunk chunk = find(table, address);
        if (chunk == null) {
            throw new IllegalStateException("address=" + address + ", expected one of a chunk");
        }
        return chunk;
    }

    /** Of chunks by address, the one that an address is in; null if there is none. */
    static @Nullable Chunk find(Chunk[] chunks, long address) {
        int low = 0;
        int high = chunks.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (chunks[middle].end <= address) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < chunks.length && chunks[low].contains(address) ? chunks[low] : null;
    }

    // ---- cutting

    /**
     * Cuts a run of blocks for a stripe.
     *
     * @param bound how much may have been taken in all: what is uncut beyond it is for others
     * @return whether there was room
     */
    boolean cutRun(Stripe stripe, int sizeClass, long bound) {
        if (accountant.used() > bound) {
            return false;
        }
        int length = SizeClass.length(sizeClass);
        int runLength = Math.max(runLength() / length, 1) * length;
        int use = sizeClass == SizeClass.SEGMENT ? INDEX : VALUES;
        while (true) {
            Chunk present = current.get(use);
            // Aligned to a cache line, as the buckets of a segment need.
            int step = (runLength + 63) & ~63;
            long run = present.cursor.getAndAdd(step);
            if (run + runLength <= present.end) {
                present.cutBytes.addAndGet(runLength);
                stripe.runNext[sizeClass] = run;
                stripe.runEnd[sizeClass] = run + runLength;
                return true;
            }
            if (!add(use, present, step, bound)) {
                return false;
            }
        }
    }

    /** Cuts up a free block that a stripe has taken for blocks of a smaller class. */
    void cutUp(Stripe stripe, long block, int from, int sizeClass) {
        int length = SizeClass.length(sizeClass);
        int whole = SizeClass.length(from);
        of(block).cutBytes.addAndGet(-(whole % length));
        stripe.runNext[sizeClass] = block;
        stripe.runEnd[sizeClass] = block + whole;
    }

    private boolean add(int use, Chunk full, int runLength, long bound) {
        // Under a limit that was lowered far, blocks of a length from before are longer than that.
        int length = Math.max(accountant.chunkLength(), runLength);
        if (use == INDEX) {
            length -= length % Index.SEGMENT_LENGTH;
        }
        if (!accountant.charge(length, bound)) {
            // Another thread may have added one meanwhile.
            return current.get(use) != full;
        }
        Chunk fresh = allocate(length);
        // It is found by address before anybody can have a block of it.
        if (current.compareAndSet(use, full, fresh)) {
            full.sealed = true;
        } else {
            forget(fresh);
            release(fresh);
        }
        return true;
    }

    /** Takes from the machine what was charged; if it has no more, the charge is taken back. */
    private Chunk allocate(int length) {
        long address = 0;
        Chunk fresh = null;
        try {
            address = mem.allocate(length);
            fresh = new Chunk(address, length);
            note(fresh);
            return fresh;
        } catch (Error e) {
            if (address != 0) {
                mem.free(address);
            }
            accountant.refund(length);
            throw e;
        }
    }

    private void note(Chunk fresh) {
        Chunk[] present;
        Chunk[] more;
        do {
            present = table;
            more = new Chunk[present.length + 1];
            int at = 0;
            while (at < present.length && present[at].start < fresh.start) {
                at++;
            }
            System.arraycopy(present, 0, more, 0, at);
            more[at] = fresh;
            System.arraycopy(present, at, more, at + 1, present.length - at);
        } while (!TABLE.compareAndSet(this, present, more));
    }

    /** Takes a chunk out that nobody has a block of. */
    void forget(Chunk chunk) {
        Chunk[] present;
        Chunk[] fewer;
        do {
            present = table;
            fewer = new Chunk[present.length - 1];
            int at = 0;
            while (present[at] != chunk) {
                at++;
            }
            System.arraycopy(present, 0, fewer, 0, at);
            System.arraycopy(present, at + 1, fewer, at, fewer.length - at);
        } while (!TABLE.compareAndSet(this, present, fewer));
        freeBytes.add(-chunk.freeBytes.get());
    }

    /** Gives a chunk back that was forgotten, and that nobody may look at any more. */
    void release(Chunk chunk) {
        mem.free(chunk.start);
        accountant.refund(chunk.lengthBytes());
    }

    /** Sees to it that no run is cut from a chunk. What is not yet cut of it is not used. */
    static void seal(Chunk chunk) {
        chunk.cursor.set(chunk.end);
    }

    // ---- free blocks

    /** Gives a stripe some free blocks of a class, if there are any. */
    void take(Stripe stripe, int sizeClass) {
        if (!flags.compareAndSet(sizeClass, 0, 1)) {
            return;
        }
        try {
            int wanted = batch(sizeClass);
            while (wanted > 0 && available[sizeClass] != LAST) {
                Chunk chunk = available[sizeClass];
                if (chunk.evacuating || chunk.freeHead[sizeClass] == 0) {
                    unlinkFirst(sizeClass);
                } else {
                    wanted -= take(stripe, sizeClass, chunk, wanted);
                }
            }
        } finally {
            flags.set(sizeClass, 0);
        }
    }

    private int take(Stripe stripe, int sizeClass, Chunk chunk, int wanted) {
        int length = SizeClass.length(sizeClass);
        int taken = 0;
        while (taken < wanted && chunk.freeHead[sizeClass] != 0) {
            long block = chunk.freeHead[sizeClass];
            long next = mem.getLong(block);
            countFree(chunk, -length);
            mem.putLong(block, stripe.freeHead[sizeClass]);
            chunk.freeHead[sizeClass] = next;
            stripe.freeHead[sizeClass] = block;
            stripe.freeCount[sizeClass]++;
            taken++;
        }
        return taken;
    }

    private void unlinkFirst(int sizeClass) {
        Chunk first = available[sizeClass];
        Chunk next = first.nextAvailable[sizeClass];
        first.nextAvailable[sizeClass] = null;
        available[sizeClass] = next == null ? LAST : next;
    }

    /** Takes free blocks of a class from a stripe. */
    void give(Stripe stripe, int sizeClass, int count) {
        if (count == 0 || !flags.compareAndSet(sizeClass, 0, 1)) {
            return;
        }
        try {
            Chunk[] chunks = table;
            Chunk chunk = LAST;
            for (int i = 0; i < count; i++) {
                long block = stripe.freeHead[sizeClass];
                if (!chunk.contains(block)) {
                    chunk = of(chunks, block);
                }
                long next = mem.getLong(block);
                mem.putLong(block, chunk.freeHead[sizeClass]);
                stripe.freeHead[sizeClass] = next;
                stripe.freeCount[sizeClass]--;
                chunk.freeHead[sizeClass] = block;
                link(chunk, sizeClass);
                countFree(chunk, SizeClass.length(sizeClass));
            }
        } finally {
            flags.set(sizeClass, 0);
        }
    }

    private Chunk of(Chunk[] chunks, long block) {
        Chunk found = find(chunks, block);
        // One that was added since.
        return found == null ? of(block) : found;
    }

    private void link(Chunk chunk, int sizeClass) {
        if (chunk.nextAvailable[sizeClass] == null) {
            chunk.nextAvailable[sizeClass] = available[sizeClass];
            available[sizeClass] = chunk;
        }
    }

    /** Puts a free block aside that is not to be given out. */
    void putAside(Chunk chunk, long block, int length) {
        long next;
        do {
            next = chunk.asideHead.get();
            mem.putLong(block, next);
        } while (!chunk.asideHead.compareAndSet(next, block));
        countFree(chunk, length);
    }

    /** Counts bytes that came to the lists of a chunk, or left them. */
    void countFree(Chunk chunk, long bytes) {
        chunk.freeBytes.addAndGet(bytes);
        freeBytes.add(bytes);
    }

    /** Lets a chunk's free blocks be taken again: it is not emptied after all. */
    void reopen(Chunk chunk) {
        chunk.evacuating = false;
        for (int c = 0; c < SizeClass.COUNT; c++) {
            // If somebody has the flag, the next block that is given back links it.
            if (chunk.freeHead[c] != 0 && flags.compareAndSet(c, 0, 1)) {
                link(chunk, c);
                flags.set(c, 0);
            }
        }
    }
}
