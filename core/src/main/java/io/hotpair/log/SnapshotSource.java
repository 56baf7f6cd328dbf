package io.hotpair.log;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads one snapshot. Used by one thread at a time; its blocks by any. */
public interface SnapshotSource extends AutoCloseable {

    /**
     * Reads the next block.
     *
     * @return the block, or null after the last one
     * @throws io.hotpair.HotpairException {@code CORRUPTION}, naming file, block and both checksums
     */
    @Nullable Block next();

    /** Releases the file. Idempotent. */
    @Override
    void close();

    /** Some operations of a snapshot, still packed. */
    interface Block {

        /**
         * Whether it begins with an operation that goes on with the key of the block before, which
         * then must be applied first.
         *
         * @return whether it does
         */
        boolean continuesKey();

        /**
         * How much of the file has been read with it.
         *
         * @return bytes
         */
        long endPosition();

        /**
         * Unpacks it and gives its operations in order. One thread, once.
         *
         * @param consumer receives a reader that stands at an operation
         * @throws io.hotpair.HotpairException {@code CORRUPTION}
         */
        default void forEach(Consumer<OperationReader> consumer) {
            forEach(consumer, () -> {});
        }

        /**
         * Unpacks it and gives its operations in order. One thread, once.
         *
         * @param consumer receives a reader that stands at an operation; always the same one, which
         *     can go back to operations that it stood at before
         * @param atEnd run after the last one, while the reader can still be used; not afterwards
         * @throws io.hotpair.HotpairException {@code CORRUPTION}
         */
        void forEach(Consumer<OperationReader> consumer, Runnable atEnd);
    }
}
