package io.hotpair.internal;

import io.hotpair.log.OperationReader;

/**
 * Some operations that one thread applies: first it fetches the memory that finding their keys
 * takes, for all of them at once and not for one after the other.
 */
final class LoadBatch {
    /** So many cache misses side by side are enough, and what they fetch stays in the cache. */
    static final int CAPACITY = 64;

    private final Engine engine;
    private final boolean force;
    private final Replay replay = new Replay();
    private final long[] hashes = new long[CAPACITY];
    private final int[] offsets = new int[CAPACITY];
    private int count;

    /** Of no meaning: so that nobody finds that what it sums up is not needed. */
    private long unusedSum;

    /**
     * Creates an empty one.
     *
     * @param force whether what is newer is replaced as well
     */
    LoadBatch(Engine engine, boolean force) {
        this.engine = engine;
        this.force = force;
    }

    int count() {
        return count;
    }

    boolean isFull() {
        return count == CAPACITY;
    }

    /**
     * Adds an operation; there is room.
     *
     * @param offset where it begins in what the reader reads
     */
    void add(int offset, long hash) {
        offsets[count] = offset;
        hashes[count] = hash;
        count++;
    }

    /** Applies what was added, and is empty again; the reader stands at the last one then. */
    void apply(OperationReader operation) {
        unusedSum += engine.warm(hashes, count);
        for (int i = 0; i < count; i++) {
            operation.returnTo(offsets[i]);
            engine.apply(
                    operation.bytes(),
                    operation.keyOffset(),
                    operation.keyLength(),
                    hashes[i],
                    replay.of(operation),
                    operation.opId(),
                    force);
        }
        count = 0;
    }
}
