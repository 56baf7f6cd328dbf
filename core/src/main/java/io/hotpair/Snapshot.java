package io.hotpair;

import io.hotpair.log.OperationReader;
import java.util.function.Consumer;

/**
 * A keyspace as it was at one moment: after the operation {@link #opId()}, with all before it and
 * none after it. Writers go on meanwhile; what they replace is kept until the snapshot is closed,
 * so it takes memory for what changes while it is open, and for nothing else. One at a time for
 * each keyspace. Used by one thread at a time.
 */
public interface Snapshot extends AutoCloseable {

    /**
     * The last operation that it shows.
     *
     * @return the opId
     */
    long opId();

    /**
     * Gives every key as operations that make it, applied to an empty keyspace: strings as they
     * are, large values in several operations, in no particular order of keys. Nobody waits for the
     * consumer.
     *
     * @param consumer receives a reader that stands at an operation, which has the opId of the last
     *     change of its key
     * @throws IllegalStateException if the keyspace was closed, or the snapshot ended by a change
     *     of this node's role, or because writes needed the memory that was kept for it
     */
    void forEach(Consumer<OperationReader> consumer);

    /** Lets go of what was kept. Idempotent. */
    @Override
    void close();
}
